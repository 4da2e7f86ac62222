package decode

import (
	"slices"
	"testing"

	"github.com/asofdb/asof/connectors/decode/golden"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// declared is a table as a user would declare it.
type declared = golden.Declared

func newDecoder(t testing.TB, f engine.FormatConnector, s engine.SourceSpec) engine.Decoder {
	t.Helper()
	d, err := f.New(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// model is a table built from events as the engine builds it: from after images and its own rows, never from before images.
type model struct {
	columns types.Schema
	key     []int
	rows    map[string][]types.Value
}

func newModel(s engine.SourceSpec) *model {
	return &model{columns: s.Columns, key: s.Key, rows: map[string][]types.Value{}}
}

func (m *model) keyOf(row []types.Value) string {
	var b []byte
	if m.key == nil {
		for _, v := range row {
			b = append(append(b, v.String()...), 0)
		}
	}
	for _, i := range m.key {
		b = append(append(b, row[i].String()...), 0)
	}
	return string(b)
}

// apply applies a change. Rows without key are known by all of their text, and are all different in the captures.
func (m *model) apply(t testing.TB, ev *engine.Event) {
	t.Helper()
	if ev.Kind == engine.TruncateEvent {
		clear(m.rows)
	}
	if ev.Kind != engine.ChangeEvent {
		return
	}
	var old []types.Value
	if ev.Before != nil {
		id := m.keyOf(ev.Before)
		old = m.rows[id]
		delete(m.rows, id)
	}
	if ev.After == nil {
		return
	}
	row := slices.Clone(ev.After)
	id := m.keyOf(row)
	if old == nil {
		old = m.rows[id]
	}
	for i := range row {
		if row[i].Kind == types.Unavailable {
			if old == nil {
				t.Fatalf("column %s is left out of an unknown row", m.columns[i].Name)
			}
			row[i] = old[i]
		}
		row[i] = row[i].Clone()
	}
	m.rows[id] = row
}

// table returns the rows as the database prints them.
func (m *model) table(key []string) golden.Truth {
	rows := golden.Truth{}
	for _, r := range m.rows {
		row := map[string]string{}
		for i, v := range r {
			row[m.columns[i].Name] = golden.Null
			if !v.IsNull() {
				row[m.columns[i].Name] = v.String()
			}
		}
		rows.Add(row, key)
	}
	return rows
}
