package exact

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/exact/naive"
)

// columns are those of the test table, with their types in SQL.
var columns = []struct{ name, sql string }{
	{"id", "BIGINT PRIMARY KEY"},
	{"cust", "TEXT"},
	{"grp", "BIGINT"},
	{"amount", "NUMERIC(12,2)"},
	{"free", "NUMERIC"},
	{"qty", "INTEGER"},
	{"score", "DOUBLE PRECISION"},
	{"status", "TEXT"},
	{"flag", "BOOLEAN"},
	{"created_at", "TIMESTAMPTZ"},
}

func columnList() string {
	var defs []string
	for _, c := range columns {
		defs = append(defs, c.name+" "+c.sql)
	}
	return strings.Join(defs, ", ")
}

// op is one row change of a transaction. A key change is a delete and a create that share an LSN.
type op struct {
	kind    byte // c, u, d
	old     *naive.Row
	new     *naive.Row
	before  bool // the record carries a before image
	sameLSN bool // as the op before it
}

// tx is one source transaction.
type tx struct {
	commit int64 // µs
	xid    int64
	lsn    int64 // of its first op
	ops    []op
}

// origin is the moment that workloads begin around.
var origin = time.Date(2025, 5, 1, 10, 0, 0, 0, time.UTC).UnixMicro()

// workload is a random history of the test table.
type workload struct {
	txs []tx
}

// generator makes a workload's transactions one after the other.
type generator struct {
	rng    *rand.Rand
	state  map[int64]naive.Row
	gone   []int64
	now    int64
	nextID int64
	nextX  int64
	lsn    int64
	step   int64 // µs between commits, at most
}

func newWorkload(rng *rand.Rand, n int) workload {
	g := &generator{rng: rng, state: map[int64]naive.Row{}, now: origin, nextX: 700, lsn: 1 << 20}
	g.step = []int64{3, 50, 5_000, 2_000_000}[rng.IntN(4)]
	var w workload
	for range n {
		if t := g.tx(); len(t.ops) > 0 {
			w.txs = append(w.txs, t)
		}
	}
	return w
}

func (g *generator) tx() tx {
	if g.rng.IntN(6) > 0 { // else: the same commit time as the transaction before
		g.now += 1 + g.rng.Int64N(g.step)
	}
	g.nextX++
	t := tx{commit: g.now, xid: g.nextX, lsn: g.lsn}
	n := 1
	if g.rng.IntN(4) == 0 {
		n = 1 + g.rng.IntN(5)
	}
	for range n {
		t.ops = append(t.ops, g.ops()...)
	}
	g.lsn += int64(len(t.ops)) * 64
	return t
}

// ops is one of: insert 55, update 30, delete 8, key change 3, delete and reinsert 4.
func (g *generator) ops() []op {
	dice := g.rng.IntN(100)
	id, ok := g.anyRow()
	if dice < 55 || !ok {
		return []op{g.insert(g.freshID())}
	}
	old := g.state[id]
	switch {
	case dice < 85:
		r := g.changed(old)
		g.state[id] = r
		return []op{{kind: 'u', old: &old, new: &r, before: g.rng.IntN(2) == 0}}
	case dice < 93:
		return []op{g.remove(old)}
	case dice < 96:
		r := old
		r.ID = g.freshID()
		d := g.remove(old)
		g.state[r.ID] = r
		return []op{d, {kind: 'c', new: &r, sameLSN: true}}
	default:
		d := g.remove(old)
		return []op{d, g.insert(id)}
	}
}

func (g *generator) anyRow() (int64, bool) {
	if len(g.state) == 0 {
		return 0, false
	}
	ids := make([]int64, 0, len(g.state))
	for id := range g.state {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids[g.rng.IntN(len(ids))], true
}

// freshID is a new id, or now and then one of a row that was deleted.
func (g *generator) freshID() int64 {
	if len(g.gone) > 0 && g.rng.IntN(5) == 0 {
		id := g.gone[g.rng.IntN(len(g.gone))]
		if _, ok := g.state[id]; !ok {
			return id
		}
	}
	g.nextID++
	return g.nextID
}

func (g *generator) insert(id int64) op {
	r := naive.Row{ID: id}
	for _, c := range columns[1:] {
		g.set(&r, c.name)
	}
	g.state[id] = r
	return op{kind: 'c', new: &r}
}

func (g *generator) remove(old naive.Row) op {
	delete(g.state, old.ID)
	g.gone = append(g.gone, old.ID)
	return op{kind: 'd', old: &old}
}

// changed is r with some columns set anew: entity moves, filter flips and event times among them.
func (g *generator) changed(r naive.Row) naive.Row {
	for range 1 + g.rng.IntN(3) {
		g.set(&r, columns[1+g.rng.IntN(len(columns)-1)].name)
	}
	return r
}

func pick[T any](rng *rand.Rand, vs ...T) *T {
	v := vs[rng.IntN(len(vs))]
	return &v
}

// set gives a column a random value, NULL one time in ten.
func (g *generator) set(r *naive.Row, column string) {
	null := g.rng.IntN(10) == 0
	switch column {
	case "cust":
		r.Cust = unless(null, pick(g.rng, "a", "b", "c", "", "ü,'\"\\"))
	case "grp":
		r.Grp = unless(null, pick(g.rng, int64(-1), 0, 1<<40))
	case "amount":
		r.Amount = unless(null, pick(g.rng, "0.00", "1.00", "-1.00", "10.50", "9999999999.99", "-0.01", "3.33", strconv.Itoa(g.rng.IntN(1000))+".25"))
	case "free":
		r.Free = unless(null, pick(g.rng, "1", "1.0", "1.000", "-0.5", "12345678901234567890.123456789", "0", "0.00", "1e3x"))
		if r.Free != nil && *r.Free == "1e3x" {
			r.Free = pick(g.rng, "0.000000000000000000001", "99999999999999999999")
		}
	case "qty":
		r.Qty = unless(null, pick(g.rng, int64(0), 1, 2, -7, 2147483647))
	case "score":
		r.Score = unless(null, pick(g.rng, 0, 0.25, -1.5, 1024.75, 3))
	case "status":
		r.Status = unless(null, pick(g.rng, "paid", "open", "void"))
	case "flag":
		r.Flag = unless(null, pick(g.rng, true, false))
	case "created_at":
		r.Created = unless(null, new(g.eventTime()))
	}
}

func unless[T any](null bool, v *T) *T {
	if null {
		return nil
	}
	return v
}

// eventTime is mostly now or a little before; late, future and equal to a commit time now and then.
func (g *generator) eventTime() int64 {
	switch g.rng.IntN(8) {
	case 0:
		return g.now - g.rng.Int64N(g.step*60+1)
	case 1:
		return g.now + g.rng.Int64N(g.step*20+1)
	case 2:
		return g.now
	default:
		return g.now - g.rng.Int64N(g.step+1)
	}
}

// table is what the naive model knows after the transactions.
func (w workload) table() *naive.Table {
	t := &naive.Table{}
	state := map[int64]naive.Row{}
	for _, x := range w.txs {
		var ids []int64
		for _, o := range x.ops {
			if o.old != nil {
				delete(state, o.old.ID)
				ids = append(ids, o.old.ID)
			}
			if o.new != nil {
				state[o.new.ID] = *o.new
				ids = append(ids, o.new.ID)
			}
		}
		slices.Sort(ids)
		t.Commit(x.commit, slices.Compact(ids), state)
	}
	return t
}

// lines are a transaction's records as Debezium writes them, tombstones included.
func (x tx) lines() []string {
	var out []string
	lsn := x.lsn
	for i, o := range x.ops {
		if i > 0 && !o.sameLSN {
			lsn += 64
		}
		var before, after any
		if o.old != nil && o.kind == 'u' && o.before {
			before = image(*o.old)
		}
		if o.kind == 'd' {
			before = map[string]any{"id": o.old.ID, "amount": "0.00", "cust": nil} // a connector knows the key, and invents the rest
		}
		if o.new != nil {
			after = image(*o.new)
		}
		b, err := json.Marshal(map[string]any{
			"before": before, "after": after, "op": string(o.kind), "ts_ms": x.commit/1000 + 400,
			"source": map[string]any{
				"version": "3.7.0.Final", "connector": "postgresql", "name": "shop", "ts_ms": x.commit / 1000, "ts_us": x.commit, "ts_ns": json.Number(fmt.Sprint(x.commit, "000")),
				"snapshot": "false", "db": "shop", "schema": "public", "table": "t", "txId": x.xid, "lsn": lsn,
			},
		})
		if err != nil {
			panic(err)
		}
		out = append(out, string(b))
		if o.kind == 'd' {
			out = append(out, "null")
		}
	}
	return out
}

func image(r naive.Row) map[string]any {
	m := map[string]any{
		"id": r.ID, "cust": r.Cust, "grp": r.Grp, "amount": r.Amount, "free": r.Free, "qty": r.Qty, "score": r.Score, "status": r.Status, "flag": r.Flag, "created_at": nil,
	}
	if r.Created != nil {
		m["created_at"] = time.UnixMicro(*r.Created).UTC().Format("2006-01-02T15:04:05.000000Z")
	}
	return m
}
