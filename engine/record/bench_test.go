package record

import (
	"math/rand/v2"
	"strconv"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

var shopTypes = []types.Type{
	{Kind: types.Int8}, {Kind: types.Text}, {Kind: types.Numeric, Precision: 12, Scale: 2}, {Kind: types.Text}, {Kind: types.Timestamptz},
}

// shopOrders are n changes of a shop's orders: 75 % inserts, 20 % updates of the status, 5 % deletes, of customers by Zipf's law.
func shopOrders(n int) []Change {
	rnd := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(rnd, 1.1, 1, 1_000_000)
	states := []string{"new", "paid", "shipped", "returned"}
	c := int64(1_790_000_000_000_000)
	lastID, tx, lsn := int64(5_000_000), int64(900_000), int64(70_000_000_000)
	row := func(id int64, status int, created int64) []types.Value {
		return []types.Value{
			types.NewInt8(id), types.NewText("cust_" + strconv.FormatUint(zipf.Uint64(), 10)),
			types.NewNumeric(rnd.Int64N(50_000)+99, 2), types.NewText(states[status]), types.NewTimestamptz(created),
		}
	}
	changes := make([]Change, 0, n)
	for i := range n {
		if rnd.IntN(3) > 0 {
			c += rnd.Int64N(800) + 1
			tx++
		}
		lsn += rnd.Int64N(300) + 100
		ch := Change{Pos: int64(i + 1), C: c, Commit: c, Tx: tx, LSN: lsn, PrevC: NoPrevC}
		switch p := rnd.IntN(100); {
		case p < 75:
			lastID++
			created := c - rnd.Int64N(200_000)
			if rnd.IntN(50) == 0 {
				created -= rnd.Int64N(86_400_000_000)
			}
			ch.Op, ch.SentAs, ch.New = Insert, 'c', row(lastID, 0, created)
		case p < 95:
			id := lastID - rnd.Int64N(100_000)
			at := c - rnd.Int64N(10_000_000_000)
			ch.Op, ch.SentAs, ch.PrevC = Update, 'u', at
			ch.Old = row(id, 0, at-rnd.Int64N(200_000))
			ch.New = append([]types.Value(nil), ch.Old...)
			ch.New[3] = types.NewText(states[1+rnd.IntN(3)])
		default:
			at := c - rnd.Int64N(10_000_000_000)
			ch.Op, ch.SentAs, ch.PrevC = Delete, 'd', at
			ch.Old = row(lastID-rnd.Int64N(100_000), 2, at-rnd.Int64N(200_000))
		}
		changes = append(changes, ch)
	}
	return changes
}

func BenchmarkAppendBlock(b *testing.B) {
	changes := shopOrders(5000)
	var block []byte
	b.ReportAllocs()
	for b.Loop() {
		block = AppendBlock(block[:0], shopTypes, changes)
	}
	b.ReportMetric(float64(len(block))/float64(len(changes)), "B/change")
	b.ReportMetric(float64(b.N*len(changes))/b.Elapsed().Seconds()/1e6, "M/s")
}

func BenchmarkReadBlock(b *testing.B) {
	block := AppendBlock(nil, shopTypes, shopOrders(5000))
	for name, want := range map[string][]int{"all": nil, "two": {1, 2}} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ReadBlock(block, shopTypes, want); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N*5000)/b.Elapsed().Seconds()/1e6, "M/s")
		})
	}
}
