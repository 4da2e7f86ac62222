package window

import (
	"fmt"
	"slices"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// twelveValues are what models ask for: four aggregates over three windows.
const twelveValues = `CREATE FEATURE f AS SELECT customer,
	COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS c1, SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS s1,
	AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS a1, MAX(amount) FILTER (WHERE created_at > NOW() - INTERVAL '1 hour') AS m1,
	COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS c7, SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS s7,
	AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS a7, MAX(amount) FILTER (WHERE created_at > NOW() - INTERVAL '7 days') AS m7,
	COUNT(*) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS c30, SUM(amount) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS s30,
	AVG(amount) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS a30, MAX(amount) FILTER (WHERE created_at > NOW() - INTERVAL '30 days') AS m30
	FROM orders WHERE status = 'paid' GROUP BY customer`

func benchmarkLog(b *testing.B, entries int64) (*Evaluator, Log) {
	l, cols, log := paidOrders(entries)
	ev, err := New(compile(b, types.Timestamptz, twelveValues), l, cols)
	if err != nil {
		b.Fatal(err)
	}
	return ev, log
}

func BenchmarkTwelveValues(b *testing.B) {
	for _, n := range []int64{1, 8, 32, 250, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ev, log := benchmarkLog(b, n)
			at := start + n*600*second
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ev.Eval(ann, log, at); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(n), "ns/entry")
		})
	}
}

func BenchmarkEvalMany(b *testing.B) {
	for _, size := range []struct{ entries, labels int64 }{{10, 2}, {10, 10}, {100, 10}, {250, 25}, {5000, 500}, {5000, 20000}, {100_000, 10_000}} {
		b.Run(fmt.Sprintf("%dx%d", size.entries, size.labels), func(b *testing.B) {
			ev, log := benchmarkLog(b, size.entries)
			var times []int64
			for i := range size.labels {
				times = append(times, start+(i*size.entries/size.labels)*600*second+i%599*second)
			}
			slices.Sort(times)
			rows := 0
			b.ReportAllocs()
			for b.Loop() {
				err := ev.EvalMany(ann, log, times, func(_ int, row []types.Value) error {
					if row != nil {
						rows++
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size.labels), "ns/label")
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(size.entries), "ns/entry")
		})
	}
}

func BenchmarkChanges(b *testing.B) {
	for _, n := range []int64{100, 5000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			ev, log := benchmarkLog(b, n)
			changes := 0
			b.ReportAllocs()
			for b.Loop() {
				err := ev.Changes(ann, log, start-1, start+n*600*second, func(int64, []types.Value) error {
					changes++
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(changes), "ns/change")
		})
	}
}
