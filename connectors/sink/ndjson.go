package sink

import (
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// ndjsonSink writes each row as an object on a line of its own. Numbers keep PostgreSQL's digits and never go through a double.
type ndjsonSink struct {
	file *whole
	zone *time.Location
	keys [][]byte // each column's `"name":`
	row  []types.Value
	line []byte // of one row, used again
}

func createNDJSON(path string, s engine.SinkSpec) (engine.Sink, error) {
	n := &ndjsonSink{zone: s.Zone, row: make([]types.Value, len(s.Columns))}
	for _, c := range s.Columns {
		n.keys = append(n.keys, append(AppendJSONString(nil, []byte(c.Name)), ':'))
	}
	var err error
	if n.file, err = create(path); err != nil {
		return nil, err
	}
	return n, nil
}

// Write implements engine.Sink.
func (n *ndjsonSink) Write(b *types.Batch) error {
	for i := range b.Rows() {
		b.Row(i, n.row)
		n.line = append(n.line[:0], '{')
		for j, v := range n.row {
			if j > 0 {
				n.line = append(n.line, ',')
			}
			n.line = append(n.line, n.keys[j]...)
			n.line = AppendJSON(n.line, v, n.zone)
		}
		n.line = append(n.line, "}\n"...)
		if _, err := n.file.Write(n.line); err != nil {
			return err
		}
	}
	return nil
}

// Commit implements engine.Sink.
func (n *ndjsonSink) Commit() error { return n.file.commit() }

// Close implements engine.Sink.
func (n *ndjsonSink) Close() error { return n.file.abandon() }
