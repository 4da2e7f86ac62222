package training

import (
	"context"
	"fmt"
	"math/rand/v2"
	"path/filepath"

	"github.com/asofdb/asof/bench/workload"
	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Law is how labels are spread over customers.
type Law string

const (
	Zipf    Law = "zipf"
	Uniform Law = "uniform"
)

// Spine returns the path of a Parquet file of labels, which is made if it is not there: a number, a customer and a moment within the changes' time, evenly and
// in no order.
func (s Spec) Spine(ctx context.Context, law Law, labels int) (string, error) {
	path := filepath.Join(s.Folder, fmt.Sprintf("spine-%s-%d-%d.parquet", law, labels, s.Customers))
	return path, whole(path, func(path string) error { return s.writeSpine(path, law, labels) })
}

func (s Spec) writeSpine(path string, law Law, labels int) error {
	rng := rand.New(rand.NewPCG(7, uint64(labels)))
	zipf := rand.NewZipf(rng, workload.Exponent, 1, uint64(s.Customers-1))
	draw := func() int { return rng.IntN(s.Customers) }
	if law == Zipf {
		draw = func() int { return int(zipf.Uint64()) }
	}
	return writeParquet(path, types.Schema{{Name: "label", Type: types.Type{Kind: types.Int8}}, {Name: "customer", Type: types.Type{Kind: types.Text}}, {Name: "ts", Type: types.Type{Kind: types.Timestamptz}}},
		labels, func(i int) []types.Value {
			at := workload.Start.UnixMicro() + rng.Int64N(Span.Microseconds())
			return []types.Value{types.NewInt8(int64(i)), types.NewText(workload.Customer(draw())), types.NewTimestamptz(at)}
		})
}

// Segments returns the path of a Parquet file with the segment of every customer: what the orders are joined with.
func (s Spec) Segments(ctx context.Context) (string, error) {
	path := filepath.Join(s.Folder, fmt.Sprintf("segments-%d.parquet", s.Customers))
	segments := []string{"AUTOMOBILE", "BUILDING", "FURNITURE", "HOUSEHOLD", "MACHINERY"}
	text := types.Type{Kind: types.Text}
	return path, whole(path, func(path string) error {
		return writeParquet(path, types.Schema{{Name: "customer", Type: text}, {Name: "segment", Type: text}}, s.Customers, func(i int) []types.Value {
			return []types.Value{types.NewText(workload.Customer(i)), types.NewText(segments[i%len(segments)])}
		})
	})
}

// writeParquet writes n rows.
func writeParquet(path string, schema types.Schema, n int, row func(i int) []types.Value) error {
	f, err := connectors.Default().Sinks["parquet"].Create(path, engine.SinkSpec{Columns: schema})
	if err != nil {
		return err
	}
	defer f.Close()
	const batch = 1024
	b := types.NewBuilder(schema)
	defer b.Release()
	for i := range n {
		b.Append(row(i))
		if b.Len() < batch && i < n-1 {
			continue
		}
		rows := b.Batch()
		err := f.Write(rows)
		rows.Release()
		if err != nil {
			return err
		}
	}
	return f.Commit()
}
