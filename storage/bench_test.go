package storage

import (
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dgraph-io/badger/v4/options"
)

// rootLike is a value as the root of a small entity's log is: a header and some dozens of entries with times and amounts in small integers.
func rootLike(r *rand.Rand) []byte {
	b := binary.AppendUvarint(nil, 1_790_000_000_000_000)
	for range 1 + r.IntN(24) {
		b = binary.AppendUvarint(b, uint64(r.IntN(4_000_000_000)))
		b = binary.AppendUvarint(b, uint64(r.IntN(200_000)))
		b = binary.AppendUvarint(b, uint64(r.IntN(50_000)))
		b = append(b, byte(r.IntN(4)))
	}
	return b
}

// BenchmarkRoots shows what compression would save of 200,000 roots, and what a read costs then.
func BenchmarkRoots(b *testing.B) {
	for name, c := range map[string]options.CompressionType{"none": options.None, "snappy": options.Snappy, "zstd": options.ZSTD} {
		b.Run(name, func(b *testing.B) {
			compression = c
			defer func() { compression = options.None }()
			o := Options{MinFree: -1}
			if c != options.None {
				o.BlockCache = 64 << 20
			}
			dir := b.TempDir()
			db, err := Open(dir, o)
			if err != nil {
				b.Fatal(err)
			}
			const n = 200_000
			r := rand.New(rand.NewPCG(1, 1))
			d := db.NewDerived()
			raw := 0
			for i := range n {
				root := rootLike(r)
				raw += len(root)
				d.PutRoot(entity(1, fmt.Sprint("cust_", i), 1), root)
			}
			if err := d.Flush(); err != nil {
				b.Fatal(err)
			}
			if err := db.Close(); err != nil { // into tables
				b.Fatal(err)
			}
			if db, err = Open(dir, o); err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			var disk int64
			for _, t := range db.bdb.Tables() {
				disk += int64(t.OnDiskSize)
			}
			v := db.View()
			defer v.Close()
			for b.Loop() {
				if root, err := v.Root(entity(1, fmt.Sprint("cust_", r.IntN(n)), 1)); err != nil || root == nil {
					b.Fatal(root, err)
				}
			}
			b.ReportMetric(float64(disk)/n, "B/root")
			b.ReportMetric(float64(raw)/n, "raw-B/root")
		})
	}
}

func BenchmarkCommit(b *testing.B) {
	for _, size := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint(size), func(b *testing.B) {
			db, err := Open(b.TempDir(), Options{MinFree: -1})
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			batch := db.NewBatch()
			batch.AddSource(1)
			block := make([]byte, size)
			for c := int64(0); b.Loop(); c++ {
				batch.Log(1, c, block)
				batch.PutMeta("position", block[:16])
				batch.Publish(1, c*1000, c)
				if _, err := db.Commit(batch); err != nil {
					b.Fatal(err)
				}
			}
			b.SetBytes(int64(size))
		})
	}
}

func BenchmarkDerivedRoots(b *testing.B) {
	db, err := Open(b.TempDir(), Options{MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	r := rand.New(rand.NewPCG(1, 1))
	root := rootLike(r)
	d := db.NewDerived()
	for i := 0; b.Loop(); i++ {
		d.PutRoot(entity(1, fmt.Sprint("cust_", r.IntN(1_000_000)), 1), root)
	}
	if err := d.Flush(); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkView(b *testing.B) {
	db, err := Open(b.TempDir(), Options{MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	for b.Loop() {
		db.View().Close()
	}
}

func BenchmarkScanRoots(b *testing.B) {
	db, err := Open(b.TempDir(), Options{MinFree: -1})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	const n = 100_000
	r := rand.New(rand.NewPCG(1, 1))
	d := db.NewDerived()
	for i := range n {
		d.PutRoot(entity(1, fmt.Sprint("cust_", i), 1), rootLike(r))
	}
	if err := d.Flush(); err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		v := db.View()
		got := 0
		if err := v.ScanRoots(1, 1, func([]byte, uint16, []byte) error { got++; return nil }); err != nil || got != n {
			b.Fatal(got, err)
		}
		v.Close()
	}
	b.ReportMetric(float64(b.N)*n/b.Elapsed().Seconds()/1e6, "M/s")
}
