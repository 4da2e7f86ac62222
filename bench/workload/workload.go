// Package workload makes the seeded change stream that the benchmarks read: a shop's orders as a Debezium PostgreSQL connector writes them.
//
// One million customers order by Zipf's law with exponent 1.1, so that the busiest has 12 % of all orders. Of the changes 75 % are inserts, 20 % updates
// and 5 % deletes of orders of any age, and 2 % of the inserts are late: their created_at lies up to 20 days before their commit.
package workload

import (
	"bufio"
	"io"
	"math/rand/v2"
	"strconv"
	"time"
)

// Regime says what the records of updates and deletes carry; it decides what a change costs.
type Regime byte

const (
	// AppendOnly has inserts alone.
	AppendOnly Regime = 'A'
	// FullBefore has complete before images (REPLICA IDENTITY FULL).
	FullBefore Regime = 'B'
	// NoBefore has none: an update's before is null, a delete's has the key alone.
	NoBefore Regime = 'C'
)

// Spec is a workload. Equal specs make equal bytes.
type Spec struct {
	Regime    Regime
	Changes   int
	Customers int
	Seed      uint64
	// Live bounds the orders that are there at a time, 0 means that nothing does: what would insert one more updates or deletes one instead.
	Live int
	// Span is the time over which the changes are committed, evenly.
	Span time.Duration
}

// Start is the commit time of the first change.
var Start = time.Date(2025, 5, 1, 0, 0, 0, 0, time.UTC)

// Exponent is that of the law by which customers order.
const Exponent = 1.1

// Customer returns the n-th customer's id; 0 is the busiest.
func Customer(n int) string { return "cust_" + strconv.Itoa(n) }

// order is what the generator remembers of a live row.
type order struct {
	customer int32
	cents    int32
	merchant int16
	status   int8
	created  int64 // µs
}

var statuses = [...]string{"open", "paid", "shipped", "refunded"}

// Generator makes a workload change by change.
type Generator struct {
	spec    Spec
	rng     *rand.Rand
	zipf    *rand.Zipf
	orders  []order
	live    []int32 // indexes into orders
	buf     []byte
	changes int
	lsn     int64
}

// New makes a generator. Next decides when changes are committed, and how many there are.
func New(s Spec) *Generator {
	g := Generator{spec: s, rng: rand.New(rand.NewPCG(s.Seed, 0)), lsn: 1 << 24}
	g.zipf = rand.NewZipf(g.rng, Exponent, 1, uint64(s.Customers-1))
	return &g
}

// Commit is when the i-th change is committed, in µs.
func (s Spec) Commit(i int) int64 {
	return Start.UnixMicro() + int64(float64(s.Span.Microseconds())/float64(s.Changes)*float64(i))
}

// Write writes the workload, one envelope a line.
func Write(w io.Writer, s Spec) error {
	g := New(s)
	out := bufio.NewWriterSize(w, 1<<20)
	for i := range s.Changes {
		envelope, _ := g.Next(s.Commit(i))
		if _, err := out.Write(append(envelope, '\n')); err != nil {
			return err
		}
	}
	return out.Flush()
}

// Next makes the next change, which is committed at commit, in µs: its envelope, valid until the next call, and the order that it is of.
func (g *Generator) Next(commit int64) (envelope []byte, id int) {
	g.buf = g.buf[:0]
	i := g.changes
	g.changes++
	dice := g.rng.IntN(100)
	switch {
	case g.spec.Regime == AppendOnly || len(g.live) == 0 || dice < 75 && (g.spec.Live == 0 || len(g.live) < g.spec.Live):
		id = g.insert(i, commit)
	case dice < 95:
		id = g.update(i, commit)
	default:
		id = g.remove(i, commit)
	}
	return g.buf, id + 1
}

func (g *Generator) insert(i int, commit int64) int {
	o := order{
		customer: int32(g.zipf.Uint64()), cents: int32(100 + g.rng.IntN(50_000)), merchant: int16(g.rng.IntN(2000)),
		status: int8(g.rng.IntN(2)), created: commit - int64(g.rng.IntN(2_000_000)),
	}
	if g.rng.IntN(50) == 0 {
		o.created -= int64(g.rng.IntN(20*24*3600)) * 1_000_000
	}
	id := int32(len(g.orders))
	g.orders = append(g.orders, o)
	g.live = append(g.live, id)
	g.text(`{"before":null,"after":`)
	g.row(id)
	g.source(i, commit, 'c')
	return int(id)
}

func (g *Generator) update(i int, commit int64) int {
	id := g.live[g.rng.IntN(len(g.live))]
	g.before(id, false)
	o := &g.orders[id]
	o.status = (o.status + 1 + int8(g.rng.IntN(3))) % int8(len(statuses))
	if g.rng.IntN(4) == 0 {
		o.cents += int32(g.rng.IntN(500))
	}
	g.text(`,"after":`)
	g.row(id)
	g.source(i, commit, 'u')
	return int(id)
}

func (g *Generator) remove(i int, commit int64) int {
	at := g.rng.IntN(len(g.live))
	id := g.live[at]
	g.live[at] = g.live[len(g.live)-1]
	g.live = g.live[:len(g.live)-1]
	g.before(id, true)
	g.text(`,"after":null`)
	g.source(i, commit, 'd')
	return int(id)
}

func (g *Generator) before(id int32, keyOnly bool) {
	g.text(`{"before":`)
	switch {
	case g.spec.Regime == FullBefore:
		g.row(id)
	case keyOnly:
		g.text(`{"order_id":`)
		g.buf = strconv.AppendInt(g.buf, int64(id)+1, 10)
		g.text(`,"customer_id":null,"merchant_id":null,"amount":null,"status":null,"created_at":"1970-01-01T00:00:00Z"}`)
	default:
		g.text("null")
	}
}

func (g *Generator) text(s string) { g.buf = append(g.buf, s...) }

func (g *Generator) row(id int32) {
	o := &g.orders[id]
	g.text(`{"order_id":`)
	g.buf = strconv.AppendInt(g.buf, int64(id)+1, 10)
	g.text(`,"customer_id":"cust_`)
	g.buf = strconv.AppendInt(g.buf, int64(o.customer), 10)
	g.text(`","merchant_id":"m_`)
	g.buf = strconv.AppendInt(g.buf, int64(o.merchant), 10)
	g.text(`","amount":"`)
	g.buf = strconv.AppendInt(g.buf, int64(o.cents/100), 10)
	g.buf = append(g.buf, '.', byte('0'+o.cents/10%10), byte('0'+o.cents%10))
	g.text(`","status":"` + statuses[o.status] + `","created_at":"`)
	g.buf = time.UnixMicro(o.created).UTC().AppendFormat(g.buf, "2006-01-02T15:04:05.000000Z")
	g.text(`"}`)
}

func (g *Generator) source(i int, commit int64, op byte) {
	g.lsn += 200
	g.text(`,"source":{"version":"3.7.0.Final","connector":"postgresql","name":"shop","ts_ms":`)
	g.buf = strconv.AppendInt(g.buf, commit/1000, 10)
	g.text(`,"snapshot":"false","db":"shop","sequence":"[\"`)
	g.buf = strconv.AppendInt(g.buf, g.lsn-56, 10)
	g.text(`\",\"`)
	g.buf = strconv.AppendInt(g.buf, g.lsn, 10)
	g.text(`\"]","ts_us":`)
	g.buf = strconv.AppendInt(g.buf, commit, 10)
	g.text(`,"ts_ns":`)
	g.buf = strconv.AppendInt(g.buf, commit, 10)
	g.text(`000,"schema":"public","table":"orders","txId":`)
	g.buf = strconv.AppendInt(g.buf, int64(i)+1000, 10)
	g.text(`,"lsn":`)
	g.buf = strconv.AppendInt(g.buf, g.lsn, 10)
	g.text(`,"xmin":null,"origin":null,"origin_lsn":null},"transaction":null,"op":"`)
	g.buf = append(g.buf, op)
	g.text(`","ts_ms":`)
	g.buf = strconv.AppendInt(g.buf, commit/1000+137, 10)
	g.text(`,"ts_us":`)
	g.buf = strconv.AppendInt(g.buf, commit+137_000, 10)
	g.text(`,"ts_ns":`)
	g.buf = strconv.AppendInt(g.buf, commit+137_000, 10)
	g.text("000}")
}
