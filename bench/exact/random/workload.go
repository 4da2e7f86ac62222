// Package random makes random histories of a test table, as Debezium's records, and random features over it, with what the naive model must know of
// both. Everything follows from the generator's seed; nothing here knows the engine.
package random

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/asofdb/asof/bench/exact/naive"
)

// Columns are those of the test table, with their types in SQL.
var Columns = []struct{ Name, SQL string }{
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

// ColumnList is what stands between the parentheses of the table's declaration.
func ColumnList() string {
	var defs []string
	for _, c := range Columns {
		defs = append(defs, c.Name+" "+c.SQL)
	}
	return strings.Join(defs, ", ")
}

// Op is one row change of a transaction. A key change is a delete and a create that share an LSN. A TRUNCATE (t) has no row.
type Op struct {
	Kind    byte // c, u, d, t; r in a snapshot
	Old     *naive.Row
	New     *naive.Row
	before  bool // the record carries a before image
	sameLSN bool // as the op before it
}

// Tx is one source transaction.
type Tx struct {
	Commit int64 // µs
	xid    int64
	lsn    int64 // of its first op
	Ops    []Op
}

// origin is the moment that workloads begin around.
var origin = time.Date(2025, 5, 1, 10, 0, 0, 0, time.UTC).UnixMicro()

// Workload is a random history of the test table.
type Workload struct {
	Txs []Tx
}

// Generator makes a workload's transactions one after the other.
type Generator struct {
	rng    *rand.Rand
	state  map[int64]naive.Row
	gone   []int64
	now    int64
	nextID int64
	nextX  int64
	lsn    int64
	step   int64 // µs between commits, at most
}

// NewGenerator makes a generator of an empty table's history.
func NewGenerator(rng *rand.Rand) *Generator {
	g := &Generator{rng: rng, state: map[int64]naive.Row{}, now: origin, nextX: 700, lsn: 1 << 20}
	g.step = []int64{3, 50, 5_000, 2_000_000}[rng.IntN(4)]
	return g
}

// Step is the longest distance of two commits, in µs.
func (g *Generator) Step() int64 { return g.step }

// At makes the next commit times follow now.
func (g *Generator) At(now int64) { g.now = now }

// NewWorkload draws a history of n transactions. It may begin with a snapshot, and some truncate the table.
func NewWorkload(rng *rand.Rand, n int) Workload {
	g := NewGenerator(rng)
	var w Workload
	if rng.IntN(3) == 0 {
		w.Txs = append(w.Txs, g.snapshot(1+rng.IntN(12)))
	}
	truncating := rng.IntN(3) == 0
	for len(w.Txs) < n {
		t := g.Tx()
		if truncating && rng.IntN(40) == 0 {
			t.Ops = append(t.Ops, g.truncate()...)
			g.lsn += int64(len(t.Ops)) * 64
		}
		w.Txs = append(w.Txs, t)
	}
	return w
}

// Snapshot reports whether the history begins with one.
func (w Workload) Snapshot() bool { return w.Txs[0].snapshot() }

func (x Tx) snapshot() bool { return x.Ops[0].Kind == 'r' }

// snapshot is the table's rows as a connector reads them when it starts.
func (g *Generator) snapshot(n int) Tx {
	g.now++
	t := Tx{Commit: g.now}
	for range n {
		o := g.insert(g.freshID())
		o.Kind = 'r'
		t.Ops = append(t.Ops, o)
	}
	return t
}

// truncate empties the table, and mostly inserts something in the same transaction.
func (g *Generator) truncate() []Op {
	for id := range g.state {
		g.gone = append(g.gone, id)
	}
	slices.Sort(g.gone)
	clear(g.state)
	ops := []Op{{Kind: 't'}}
	for range g.rng.IntN(3) {
		ops = append(ops, g.insert(g.freshID()))
	}
	return ops
}

// Tx draws the next transaction. Its commit time may be that of the one before.
func (g *Generator) Tx() Tx {
	if g.rng.IntN(6) > 0 { // else: the same commit time as the transaction before
		g.now += 1 + g.rng.Int64N(g.step)
	}
	g.nextX++
	t := Tx{Commit: g.now, xid: g.nextX, lsn: g.lsn}
	n := 1
	if g.rng.IntN(4) == 0 {
		n = 1 + g.rng.IntN(5)
	}
	for range n {
		t.Ops = append(t.Ops, g.ops()...)
	}
	g.lsn += int64(len(t.Ops)) * 64
	return t
}

// ops is one of: insert 55, update 30, delete 8, key change 3, delete and reinsert 4.
func (g *Generator) ops() []Op {
	dice := g.rng.IntN(100)
	id, ok := g.anyRow()
	if dice < 55 || !ok {
		return []Op{g.insert(g.freshID())}
	}
	old := g.state[id]
	switch {
	case dice < 85:
		r := g.changed(old)
		g.state[id] = r
		return []Op{{Kind: 'u', Old: &old, New: &r, before: g.rng.IntN(2) == 0}}
	case dice < 93:
		return []Op{g.remove(old)}
	case dice < 96:
		r := old
		r.ID = g.freshID()
		d := g.remove(old)
		g.state[r.ID] = r
		return []Op{d, {Kind: 'c', New: &r, sameLSN: true}}
	default:
		d := g.remove(old)
		return []Op{d, g.insert(id)}
	}
}

func (g *Generator) anyRow() (int64, bool) {
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
func (g *Generator) freshID() int64 {
	if len(g.gone) > 0 && g.rng.IntN(5) == 0 {
		id := g.gone[g.rng.IntN(len(g.gone))]
		if _, ok := g.state[id]; !ok {
			return id
		}
	}
	g.nextID++
	return g.nextID
}

func (g *Generator) insert(id int64) Op {
	r := naive.Row{ID: id}
	for _, c := range Columns[1:] {
		g.set(&r, c.Name)
	}
	g.state[id] = r
	return Op{Kind: 'c', New: &r}
}

func (g *Generator) remove(old naive.Row) Op {
	delete(g.state, old.ID)
	g.gone = append(g.gone, old.ID)
	return Op{Kind: 'd', Old: &old}
}

// changed is r with some columns set anew: entity moves, filter flips and event times among them.
func (g *Generator) changed(r naive.Row) naive.Row {
	for range 1 + g.rng.IntN(3) {
		g.set(&r, Columns[1+g.rng.IntN(len(Columns)-1)].Name)
	}
	return r
}

func pick[T any](rng *rand.Rand, vs ...T) *T {
	v := vs[rng.IntN(len(vs))]
	return &v
}

// set gives a column a random value, NULL one time in ten.
func (g *Generator) set(r *naive.Row, column string) {
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
func (g *Generator) eventTime() int64 {
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

// Last is the newest commit time.
func (w Workload) Last() int64 { return w.Txs[len(w.Txs)-1].Commit }

// Step is a distance that windows over the workload can be measured in.
func (w Workload) Step() int64 {
	span := w.Last() - w.Txs[0].Commit
	return max(3, span/int64(len(w.Txs)))
}

// Moments draws about n times on every kind of edge: c, e, e + W, and a microsecond to either side; repeated ones are left out.
func (w Workload) Moments(rng *rand.Rand, lengths []int64, n int) []int64 {
	var edges []int64
	first := w.Txs[0].Commit
	for _, v := range w.Table().Versions {
		edges = append(edges, v.C)
		if v.D != naive.Forever {
			edges = append(edges, v.D)
		}
		if v.Created != nil {
			edges = append(edges, *v.Created)
			for _, l := range lengths {
				edges = append(edges, *v.Created+l, *v.Created+l/3)
			}
		}
	}
	times := []int64{first, w.Last(), w.Last() + 1}
	for len(times) < n {
		t := edges[rng.IntN(len(edges))] + int64(rng.IntN(3)) - 1
		if t >= first {
			times = append(times, t)
		}
	}
	slices.Sort(times)
	return slices.Compact(times)
}

// Table is what the naive model knows after the transactions.
func (w Workload) Table() *naive.Table {
	t := &naive.Table{}
	state := map[int64]naive.Row{}
	for _, x := range w.Txs {
		var ids []int64
		for _, o := range x.Ops {
			if o.Kind == 't' {
				ids = slices.AppendSeq(ids, maps.Keys(state))
				clear(state)
			}
			if o.Old != nil {
				delete(state, o.Old.ID)
				ids = append(ids, o.Old.ID)
			}
			if o.New != nil {
				state[o.New.ID] = *o.New
				ids = append(ids, o.New.ID)
			}
		}
		slices.Sort(ids)
		t.Commit(x.Commit, slices.Compact(ids), state)
	}
	return t
}

// Lines are a transaction's records as Debezium writes them, tombstones included.
func (x Tx) Lines() []string {
	var out []string
	for _, r := range x.Records(false) {
		out = append(out, cmp.Or(r.Value, "null"))
	}
	return out
}

// Record is a record as a connector sends it: a tombstone has no Value.
type Record struct {
	ID         int64 // of the row; 0 for a TRUNCATE
	Key, Value string
}

// Begin and End are what a connector that tells transactions sends before and behind a transaction's records. A snapshot is none.
func (x Tx) Begin() string { return x.boundary("BEGIN", "null", "null") }

// End is as Begin.
func (x Tx) End() string {
	return x.boundary("END", strconv.Itoa(len(x.Ops)), fmt.Sprintf(`[{"data_collection":"public.t","event_count":%d}]`, len(x.Ops)))
}

func (x Tx) boundary(status, count, collections string) string {
	return fmt.Sprintf(`{"status":"%s","id":"%d:%d","event_count":%s,"data_collections":%s,"ts_ms":%d}`, status, x.xid, x.lsn, count, collections, x.Commit/1000)
}

// Records are a transaction's records; told adds the place in the transaction to each.
func (x Tx) Records(told bool) []Record {
	var out []Record
	lsn := x.lsn
	for i, o := range x.Ops {
		if i > 0 && !o.sameLSN {
			lsn += 64
		}
		var before, after any
		if o.Old != nil && o.Kind == 'u' && o.before {
			before = image(*o.Old)
		}
		if o.Kind == 'd' {
			before = map[string]any{"id": o.Old.ID, "amount": "0.00", "cust": nil} // a connector knows the key, and invents the rest
		}
		if o.New != nil {
			after = image(*o.New)
		}
		snapshot, xid := "false", any(x.xid)
		if o.Kind == 'r' {
			snapshot, xid = map[bool]string{true: "last", false: "true"}[i == len(x.Ops)-1], nil
		}
		var transaction any
		if told && o.Kind != 'r' {
			transaction = map[string]any{"id": fmt.Sprintf("%d:%d", x.xid, lsn), "total_order": i + 1, "data_collection_order": i + 1}
		}
		b, err := json.Marshal(map[string]any{
			"transaction": transaction,
			"before":      before, "after": after, "op": string(o.Kind), "ts_ms": x.Commit/1000 + 400,
			"source": map[string]any{
				"version": "3.7.0.Final", "connector": "postgresql", "name": "shop", "ts_ms": x.Commit / 1000, "ts_us": x.Commit, "ts_ns": json.Number(fmt.Sprint(x.Commit, "000")),
				"snapshot": snapshot, "db": "shop", "schema": "public", "table": "t", "txId": xid, "lsn": lsn,
			},
		})
		if err != nil {
			panic(err)
		}
		r := Record{Value: string(b)}
		switch {
		case o.New != nil:
			r.ID = o.New.ID
		case o.Old != nil:
			r.ID = o.Old.ID
		}
		if r.ID != 0 {
			r.Key = fmt.Sprintf(`{"id":%d}`, r.ID)
		}
		out = append(out, r)
		if o.Kind == 'd' {
			out = append(out, Record{ID: r.ID, Key: r.Key})
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
