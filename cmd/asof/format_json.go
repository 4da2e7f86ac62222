package main

import (
	"bufio"
	"time"

	"github.com/asofdb/asof/connectors/sink"
	"github.com/asofdb/asof/sql/types"
)

// jsonFormat writes each row as an object: a line each (ndjson), or one array for each result (json).
// Numbers keep PostgreSQL's digits and never go through a double.
type jsonFormat struct {
	w     *bufio.Writer
	array bool
	zone  *time.Location

	keys [][]byte // each column's `"name":`
	rows int
	buf  []byte // one row, used again
}

func (f *jsonFormat) begin(cols []types.Column, zone *time.Location) error {
	f.keys, f.rows, f.zone = nil, 0, zone
	for i := range cols {
		f.keys = append(f.keys, append(sink.AppendJSONString(nil, []byte(cols[i].Name)), ':'))
	}
	return nil
}

func (f *jsonFormat) row(values []types.Value) error {
	f.buf = f.buf[:0]
	if f.array {
		if f.rows == 0 {
			f.buf = append(f.buf, "[\n"...)
		} else {
			f.buf = append(f.buf, ",\n"...)
		}
	}
	f.rows++
	f.buf = append(f.buf, '{')
	for i := range values {
		if i > 0 {
			f.buf = append(f.buf, ',')
		}
		f.buf = append(f.buf, f.keys[i]...)
		f.buf = sink.AppendJSON(f.buf, values[i], f.zone)
	}
	f.buf = append(f.buf, '}')
	if !f.array {
		f.buf = append(f.buf, '\n')
	}
	_, err := f.w.Write(f.buf)
	return err
}

func (f *jsonFormat) end(string, time.Duration) error {
	text := ""
	if f.array && f.keys != nil {
		if text = "\n]\n"; f.rows == 0 {
			text = "[]\n"
		}
	}
	_, err := f.w.WriteString(text)
	return err
}
