package main

import (
	"bufio"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// format writes the results of statements, one after another. A statement that returns no rows begins with nil columns.
// Values belong to the caller and are valid during the call only.
type format interface {
	begin(cols []types.Column) error
	row(values []types.Value) error
	// end is called after the last row of a statement that did not fail. Tag is what psql would print for it.
	end(tag string, took time.Duration) error
}

// formats are the values of --format and what makes each.
var formats = map[string]func(w *bufio.Writer, t terminal) format{
	"table":  func(w *bufio.Writer, t terminal) format { return &tableFormat{w: w, terminal: t} },
	"csv":    func(w *bufio.Writer, _ terminal) format { return &csvFormat{w: w} },
	"tsv":    func(w *bufio.Writer, _ terminal) format { return &tsvFormat{w: w} },
	"json":   func(w *bufio.Writer, _ terminal) format { return &jsonFormat{w: w, array: true} },
	"ndjson": func(w *bufio.Writer, _ terminal) format { return &jsonFormat{w: w} },
}

// numeric reports whether values of kind k are numbers: bare in JSON, right-aligned in a table.
func numeric(k types.Kind) bool {
	switch k {
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		return true
	}
	return false
}
