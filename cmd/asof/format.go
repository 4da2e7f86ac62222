package main

import (
	"bufio"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// format writes the results of statements, one after another. A statement that returns no rows begins with nil columns.
// Values belong to the caller and are valid during the call only.
type format interface {
	// begin starts a result; times with a zone are shown in that of the session.
	begin(cols []types.Column, zone *time.Location) error
	row(values []types.Value) error
	// end is called after the last row of a statement that did not fail. Tag is what psql would print for it; took is 0 where nobody
	// wants to know.
	end(tag string, took time.Duration) error
}

// look is how a table is drawn.
type look struct {
	terminal terminal
	expanded string // "on": each row as a record, a column a line; "off": a box; "auto" and "": a box where it fits the terminal
}

// formats are the values of --format and what makes each.
var formats = map[string]func(w *bufio.Writer, l look) format{
	"table":  func(w *bufio.Writer, l look) format { return &tableFormat{w: w, look: l} },
	"csv":    func(w *bufio.Writer, _ look) format { return &csvFormat{w: w} },
	"tsv":    func(w *bufio.Writer, _ look) format { return &tsvFormat{w: w} },
	"json":   func(w *bufio.Writer, _ look) format { return &jsonFormat{w: w, array: true} },
	"ndjson": func(w *bufio.Writer, _ look) format { return &jsonFormat{w: w} },
}

// numeric reports whether values of kind k are numbers: bare in JSON, right-aligned in a table.
func numeric(k types.Kind) bool {
	switch k {
	case types.Int2, types.Int4, types.Int8, types.Float4, types.Float8, types.Numeric:
		return true
	}
	return false
}
