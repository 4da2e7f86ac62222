package files

import (
	"bytes"
	"context"
	"encoding/json"
	"time"

	"github.com/asofdb/asof/connectors/decode"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/types"
)

// ndjsonFile is a file of JSON objects, one a line. A column that an object lacks is NULL there; of a name that comes twice the last counts.
type ndjsonFile struct {
	input
	zone    *time.Location
	columns types.Schema
	index   map[string]int // of each column by its name
}

func openNDJSON(ctx context.Context, path string, s engine.FileSpec) (*engine.File, error) {
	in, err := look(path)
	if err != nil {
		return nil, err
	}
	f := &ndjsonFile{input: in, zone: s.Zone, columns: s.Columns, index: map[string]int{}}
	if s.Columns == nil {
		if err := f.infer(ctx, s.Progress); err != nil {
			return nil, err
		}
	}
	for i, c := range f.columns {
		f.index[c.Name] = i
	}
	return &engine.File{Columns: f.columns, Rows: f.rows}, nil
}

// jsonInference is what is known of a column's type: JSON tells kinds apart, and only text may hide something else.
type jsonInference struct {
	kinds [decode.JSONDocument + 1]bool
	text  inference // of strings
	num   inference // of numbers
}

func (f *jsonInference) add(m *decode.Member) {
	f.kinds[m.Kind] = true
	switch m.Kind {
	case decode.JSONString:
		f.text.add([]byte(m.Text))
	case decode.JSONNumber:
		f.num.add([]byte(m.Text))
	}
}

func (f *jsonInference) kind() types.Kind {
	found := decode.JSONNull
	for k := decode.JSONBool; k <= decode.JSONDocument; k++ {
		if f.kinds[k] {
			if found != decode.JSONNull {
				return types.Text // of several kinds
			}
			found = k
		}
	}
	switch found {
	case decode.JSONBool:
		return types.Bool
	case decode.JSONDocument:
		return types.JSON
	case decode.JSONNumber:
		return f.num.kind()
	case decode.JSONString:
		if k := f.text.kind(); k != types.Int8 && k != types.Numeric {
			return k
		}
	}
	return types.Text
}

// infer reads the file for its columns, in the order in which they come first, and their types.
func (f *ndjsonFile) infer(ctx context.Context, progress func(done, total int64)) error {
	l, err := openLines(ctx, f.input, false, progress)
	if err != nil {
		return err
	}
	defer l.close()
	r := &ndjsonRows{f: f, l: l, objects: decode.NewObjectReader()}
	columns := map[string]*jsonInference{}
	var names []string
	for {
		members, _, err := r.record(ctx)
		if err != nil {
			return err
		}
		if members == nil {
			break
		}
		for i := range members {
			c := columns[members[i].Name]
			if c == nil {
				name := string([]byte(members[i].Name)) // the member's points into the file's buffer
				c = &jsonInference{text: newInference(), num: newInference()}
				columns[name] = c
				names = append(names, name)
			}
			c.add(&members[i])
		}
	}
	if len(names) == 0 {
		return types.Errorf(types.CodeInvalidSource, "file %s has no objects, so its columns are not known", f.path).
			WithHint("declare them: CREATE TEMP TABLE t (…), then COPY t FROM '…'")
	}
	for _, name := range names {
		f.columns = append(f.columns, types.Column{Name: name, Type: types.Type{Kind: columns[name].kind()}})
	}
	return nil
}

// rows implements engine.File.Rows.
func (f *ndjsonFile) rows(ctx context.Context, columns []int) (exec.Rows, error) {
	if err := f.same(); err != nil {
		return nil, err
	}
	l, err := openLines(ctx, f.input, false, nil)
	if err != nil {
		return nil, err
	}
	r := &ndjsonRows{f: f, l: l, objects: decode.NewObjectReader(), out: make([]int, len(f.columns)), row: make([]types.Value, len(columns))}
	for i := range r.out {
		r.out[i] = -1
	}
	for i, c := range columns {
		r.out[c] = i
	}
	return r, nil
}

type ndjsonRows struct {
	f       *ndjsonFile
	l       *lines
	objects *decode.ObjectReader
	out     []int // of each column of the file: its place in row, -1 for none
	row     []types.Value
}

// record returns the members of the next object and its line, nil at the end. Empty lines are skipped.
func (r *ndjsonRows) record(ctx context.Context) ([]decode.Member, int64, error) {
	for {
		rec, err := r.l.read(ctx)
		if rec == nil || err != nil {
			return nil, 0, err
		}
		if len(bytes.TrimSpace(rec.Value)) == 0 {
			continue
		}
		members, err := r.objects.Members(rec.Value)
		if err != nil {
			return nil, 0, r.f.atLine(rec.Line, err)
		}
		if members == nil {
			members = []decode.Member{}
		}
		return members, rec.Line, nil
	}
}

// Next implements exec.Rows.
func (r *ndjsonRows) Next(ctx context.Context) ([]types.Value, error) {
	members, line, err := r.record(ctx)
	if members == nil || err != nil {
		return nil, err
	}
	clear(r.row)
	for i := range members {
		c, ok := r.f.index[members[i].Name]
		if !ok || r.out[c] < 0 {
			continue
		}
		if r.row[r.out[c]], err = r.value(r.f.columns[c], &members[i]); err != nil {
			return nil, r.f.atLine(line, err)
		}
	}
	return r.row, nil
}

// Close implements exec.Rows.
func (r *ndjsonRows) Close() error { return r.l.close() }

// value reads a member as a value of a column's type: by its text, as json_populate_record does.
func (r *ndjsonRows) value(c types.Column, m *decode.Member) (types.Value, error) {
	switch m.Kind {
	case decode.JSONNull:
		return types.Value{}, nil
	case decode.JSONString:
		if c.Type.Kind == types.JSON || c.Type.Kind == types.JSONB {
			return types.Value{Kind: c.Type.Kind, S: quoted(m.Text)}, nil
		}
	case decode.JSONNumber:
		switch c.Type.Kind {
		case types.Date, types.Time, types.Timestamp, types.Timestamptz, types.Interval:
			return types.Value{}, inColumn(c.Name, types.Errorf(types.CodeDatatypeMismatch, "%s is a number, which does not say what it counts", m.Text).
				WithHint("write times as text, as \"2026-01-31T12:00:00Z\", or declare the column BIGINT and use to_timestamp"))
		}
	case decode.JSONDocument:
		if c.Type.Kind == types.Array && m.Text[0] == '[' {
			return r.array(c, m.Text)
		}
	}
	return parse(c, m.Text, r.f.zone)
}

// array reads a JSON array as an SQL array.
func (r *ndjsonRows) array(c types.Column, text string) (types.Value, error) {
	members, err := r.objects.Elements(text)
	if err != nil {
		return types.Value{}, inColumn(c.Name, err)
	}
	elem := types.Column{Name: c.Name, Type: c.Type.ElemType()}
	values := make([]types.Value, len(members))
	for i := range members {
		if values[i], err = r.value(elem, &members[i]); err != nil {
			return types.Value{}, err
		}
	}
	return types.NewArray(values), nil
}

// quoted is a text as a JSON string.
func quoted(text string) string {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text) // a string can be encoded, and a buffer written
	return string(bytes.TrimSuffix(b.Bytes(), []byte("\n")))
}
