package decode

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// The captures in testdata/debezium are what Debezium really sent; truth/ has the tables that it was told to capture, as
// the database printed them before and after.

// captured is one record of a capture.
type captured struct {
	Topic     string
	Partition int
	Key       json.RawMessage
	Value     json.RawMessage
}

// table returns the table of a topic PREFIX.SCHEMA.TABLE, or what kind of topic it is.
func (c captured) table() string { return c.Topic[strings.LastIndexByte(c.Topic, '.')+1:] }

func readCapture(t testing.TB, name string) []captured {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", "debezium", "captures", name+".ndjson.gz"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []captured
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c captured
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// truth is a table as the database printed it: its rows by their key columns' text, and each row's text by column. A NULL is the text "NULL".
type truth map[string]map[string]string

const null = "NULL"

func readTruth(t testing.TB, name string, key []string) truth {
	t.Helper()
	base := filepath.Join("testdata", "debezium", "truth", name)
	if b, err := os.ReadFile(base + ".csv"); err == nil {
		return newTruth(parseCSV(string(b)), key)
	}
	b, err := os.ReadFile(base + ".tsv")
	if err != nil {
		t.Fatal(err)
	}
	return newTruth(parseTSV(string(b)), key)
}

func newTruth(records [][]string, key []string) truth {
	rows := truth{}
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, name := range records[0] {
			row[name] = r[i]
		}
		rows.add(row, key)
	}
	return rows
}

// add puts row under its key, or under all of its text and a number where the table has no key.
func (rows truth) add(row map[string]string, key []string) {
	id := keyText(row, key)
	for n := 1; len(key) == 0 && rows[id] != nil; n++ {
		id = keyText(row, key) + "#" + strconv.Itoa(n)
	}
	rows[id] = row
}

func keyText(row map[string]string, key []string) string {
	if len(key) == 0 {
		for name := range row {
			key = append(key, name)
		}
		slices.Sort(key)
	}
	parts := make([]string, len(key))
	for i, name := range key {
		parts[i] = row[name]
	}
	return strings.Join(parts, "|")
}

// parseCSV reads COPY … (FORMAT csv) without the decoder that is tested here.
func parseCSV(s string) [][]string {
	var records [][]string
	var record []string
	for len(s) > 0 {
		field := null
		if s[0] == '"' {
			var b strings.Builder
			for s = s[1:]; ; s = s[1:] {
				if s[0] == '"' {
					if s = s[1:]; s == "" || s[0] != '"' {
						break
					}
				}
				b.WriteByte(s[0])
			}
			field = b.String()
		} else if n := strings.IndexAny(s, ",\n"); n > 0 {
			field, s = s[:n], s[n:]
		}
		record = append(record, field)
		if s[0] == '\n' {
			records, record = append(records, record), nil
		}
		s = s[1:]
	}
	return records
}

func parseTSV(s string) [][]string {
	var records [][]string
	for line := range strings.Lines(s) {
		records = append(records, strings.Split(strings.TrimSuffix(line, "\n"), "\t"))
	}
	return records
}

// declared is a table as a user would declare it.
type declared struct {
	ddl string // "name type [NOT NULL], …"
	key []string
}

func (d declared) spec(t testing.TB, options map[string]string) engine.SourceSpec {
	t.Helper()
	var s engine.SourceSpec
	for _, column := range splitColumns(d.ddl) {
		name, typ, _ := strings.Cut(column, " ")
		typ, notNull := strings.CutSuffix(typ, " NOT NULL")
		parsed, err := types.ParseType(typ)
		if err != nil {
			t.Fatalf("%s: %v", column, err)
		}
		s.Columns = append(s.Columns, types.Column{Name: name, Type: parsed, NotNull: notNull})
	}
	for _, name := range d.key {
		s.Key = append(s.Key, s.Columns.Index(name))
	}
	s.Options = options
	return s
}

// splitColumns splits at commas outside parentheses.
func splitColumns(ddl string) []string {
	var columns []string
	depth, from := 0, 0
	for i, c := range ddl {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			columns, from = append(columns, strings.TrimSpace(ddl[from:i])), i+1
		}
	}
	return append(columns, strings.TrimSpace(ddl[from:]))
}

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
func (m *model) table(key []string) truth {
	rows := truth{}
	for _, r := range m.rows {
		row := map[string]string{}
		for i, v := range r {
			row[m.columns[i].Name] = null
			if !v.IsNull() {
				row[m.columns[i].Name] = v.String()
			}
		}
		rows.add(row, key)
	}
	return rows
}

// value returns the bytes of a record as they were sent: null for a tombstone.
func (c captured) record() engine.Record {
	rec := engine.Record{Value: c.Value}
	if !bytes.Equal(c.Key, []byte("null")) {
		rec.Key = c.Key
	}
	return rec
}
