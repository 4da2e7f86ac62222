package types

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// TestBatchHoldsWhatWasAppended builds batches of every type, of values, of encoded values and of NULLs, with one builder again and again, and reads them back.
func TestBatchHoldsWhatWasAppended(t *testing.T) {
	var schema Schema
	for i, typ := range testTypes {
		schema = append(schema, Column{Name: fmt.Sprint("c", i), Type: typ})
	}
	schema = append(schema, Column{Name: "nothing"})
	r := rand.New(rand.NewPCG(41, 1))
	b := NewBuilder(schema)
	defer b.Release()
	for range 3 {
		rows := make([][]Value, 50)
		for i := range rows {
			for _, c := range schema[:len(testTypes)] {
				rows[i] = append(rows[i], sampleValues(c.Type, r, 2)[r.IntN(2)])
			}
			rows[i] = append(rows[i], Value{})
			switch i % 3 {
			case 0:
				b.Append(rows[i])
			case 1:
				var encoded []byte
				for c := range schema {
					encoded = AppendValue(encoded, schema[c].Type, rows[i][c])
				}
				if err := b.AppendEncoded(encoded); err != nil {
					t.Fatal(err)
				}
			default:
				clear(rows[i])
				b.AppendNulls()
			}
		}
		if b.Len() != len(rows) {
			t.Fatalf("%d rows after %d appends", b.Len(), len(rows))
		}
		batch := b.Batch()
		if batch.Rows() != len(rows) || b.Len() != 0 {
			t.Fatalf("a batch of %d rows and %d left, of %d", batch.Rows(), b.Len(), len(rows))
		}
		got := make([]Value, len(schema))
		for i, row := range rows {
			batch.Row(i, got)
			for c := range row {
				if !Identical(got[c], row[c]) {
					t.Fatalf("row %d, %s: %s came back as %s", i, schema[c].Type, row[c], got[c])
				}
			}
		}
		batch.Release()
	}
}

// TestBatchWithoutColumns counts rows that hold nothing, as SELECT FROM t makes them.
func TestBatchWithoutColumns(t *testing.T) {
	b := NewBuilder(nil)
	defer b.Release()
	b.Append(nil)
	b.Append(nil)
	batch := b.Batch()
	defer batch.Release()
	if batch.Rows() != 2 {
		t.Fatalf("%d rows, want 2", batch.Rows())
	}
}

func BenchmarkBuilder(b *testing.B) {
	var schema Schema
	var row []Value
	for _, c := range benchRow {
		schema = append(schema, Column{Name: "c", Type: c.t})
		row = append(row, c.v)
	}
	builder := NewBuilder(schema)
	defer builder.Release()
	b.ReportAllocs()
	for b.Loop() {
		builder.Append(row)
		if builder.Len() == 4096 {
			builder.Batch().Release()
		}
	}
}
