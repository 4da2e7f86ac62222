package plan

import (
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/cockroachdb/datadriven"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// world is the catalog of a story: CREATE SOURCE and CREATE FEATURE fill it.
type world struct {
	relations map[string]*Relation
	session   Session
}

func (w *world) Relation(name string) (*Relation, error) {
	if r, ok := w.relations[name]; ok {
		return r, nil
	}
	err := types.Errorf(types.CodeUndefinedTable, "relation %q does not exist", name)
	names := make([]string, 0, len(w.relations))
	for n := range w.relations {
		names = append(names, n)
	}
	sort.Strings(names)
	if near := Nearest(name, names); near != "" {
		err = err.WithHint("did you mean %q?", near)
	}
	return nil, err
}

// createSource is what an engine's catalog makes of a source. The option plain_table stands for a file without commit_time.
func (w *world) createSource(st *syntax.CreateSource) {
	r := &Relation{Name: st.Name, EventTime: -1}
	for _, c := range st.Columns {
		r.Columns = append(r.Columns, types.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull || c.PrimaryKey})
	}
	times := 0
	for i, c := range r.Columns {
		if c.Type.Kind == types.Timestamptz {
			times++
			r.EventTime = i
		}
	}
	if times != 1 {
		r.EventTime = -1
	}
	for _, k := range st.Key {
		r.Key = append(r.Key, r.Columns.Index(k))
	}
	for _, o := range st.Options {
		r.PlainTable = r.PlainTable || o.Name == "plain_table"
	}
	r.System = types.Schema{{Name: "as_of", Type: types.Type{Kind: types.Timestamptz}}, {Name: "reconstructed", Type: types.Type{Kind: types.Bool}}}
	w.relations[st.Name] = r
}

// addFeature is what an engine's catalog makes of a feature.
func (w *world) addFeature(f *Feature) {
	r := &Relation{Name: f.Name, Kind: FeatureRelation, EventTime: -1, Key: f.KeyOutputs()}
	for _, o := range f.Outputs {
		r.Columns = append(r.Columns, types.Column{Name: o.Name, Type: o.T})
	}
	r.System = types.Schema{
		{Name: "as_of", Type: types.Type{Kind: types.Timestamptz}},
		{Name: "reconstructed", Type: types.Type{Kind: types.Bool}},
		{Name: "feature_version", Type: types.Type{Kind: types.Text}},
	}
	w.relations[f.Name] = r
	h := &Relation{Name: f.Name + historySuffix, Kind: FeatureHistory, EventTime: -1}
	for _, k := range r.Key {
		h.Key = append(h.Key, len(h.Columns))
		h.Columns = append(h.Columns, r.Columns[k])
	}
	at := types.Type{Kind: types.Timestamptz}
	h.Columns = append(h.Columns, types.Column{Name: "event_time", Type: at}, types.Column{Name: "valid_to", Type: at})
	for i, c := range r.Columns {
		if !slices.Contains(r.Key, i) {
			h.Columns = append(h.Columns, c)
		}
	}
	w.relations[h.Name] = h
}

// File knows one file.
func (w *world) File(path string) (*Relation, error) {
	if path != "labels.csv" {
		return nil, types.Errorf(types.CodeBadFile, "could not open %q: no such file", path)
	}
	return &Relation{Name: path, Kind: FileRelation, EventTime: -1, Columns: types.Schema{
		{Name: "label_id", Type: types.Type{Kind: types.Int8}}, {Name: "customer_id", Type: types.Type{Kind: types.Text}}, {Name: "ts", Type: types.Type{Kind: types.Timestamptz}},
	}}, nil
}

// run executes one statement and prints what it means, or its error as a shell would.
func (w *world) run(text string) string {
	sts, err := syntax.Parse(text)
	if err != nil {
		return showError(text, err)
	}
	var b strings.Builder
	for _, st := range sts {
		switch st := st.(type) {
		case *syntax.CreateSource:
			w.createSource(st)
		case *syntax.CreateFeature:
			f, notices, err := BindFeature(st, w, w.session)
			if err != nil {
				return b.String() + showError(text, err)
			}
			w.addFeature(f)
			b.WriteString(showFeature(f))
			for _, n := range notices {
				b.WriteString("NOTICE: " + n + "\n")
			}
		case *syntax.Insert:
			i, err := BindInsert(st, w, w.session)
			if err != nil {
				return b.String() + showError(text, err)
			}
			b.WriteString("into " + i.Target.Name + "\n" + showQuery(i.Query))
		case *syntax.Query:
			q, err := BindQuery(st.Select, w, w.session)
			if err != nil {
				return b.String() + showError(text, err)
			}
			b.WriteString(showQuery(q))
		default:
			fmt.Fprintf(&b, "unexpected %T\n", st)
		}
	}
	return b.String()
}

func showQuery(q *Query) string {
	var b strings.Builder
	columns := make([]string, len(q.Columns))
	for i, c := range q.Columns {
		columns[i] = c.Name + " " + c.Type.String()
	}
	b.WriteString("-> " + strings.Join(columns, ", ") + "\n")
	for i, p := range q.Params {
		fmt.Fprintf(&b, "$%d %s\n", i+1, p)
	}
	if q.AsOf.X != nil {
		b.WriteString("statement" + q.AsOf.describe() + "\n")
	}
	b.WriteString(Explain(q.Root))
	if err := checkTree(q.Root); err != nil {
		b.WriteString("INVALID: " + err.Error() + "\n")
	}
	return b.String()
}

func showFeature(f *Feature) string {
	text := f.Canonical()
	if f.Entity != "" {
		text = "entity " + f.Entity + "\n" + text
	}
	return text
}

// showError prints an error with its caret, as the shell does.
func showError(text string, err error) string {
	var e *types.Error
	if !errors.As(err, &e) {
		return "not a user's error: " + err.Error() + "\n"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "ERROR %s: %s\n", e.Code, e.Message)
	if e.Pos > 0 {
		start := strings.LastIndexByte(text[:e.Pos-1], '\n') + 1
		line, _, _ := strings.Cut(text[start:], "\n")
		length := min(max(1, e.Len), len(line)-(e.Pos-1-start))
		fmt.Fprintf(&b, "| %s\n| %s%s\n", line, strings.Repeat(" ", e.Pos-1-start), strings.Repeat("^", max(1, length)))
	} else {
		b.WriteString("(no place)\n")
	}
	if e.Hint != "" {
		b.WriteString("HINT: " + e.Hint + "\n")
	}
	return b.String()
}

// TestStories runs testdata: SQL in, the plan or the error out. `sql zone=…` sets the session's zone, `sql off=…` turns a rule off.
// `go test -rewrite` accepts what came out.
func TestStories(t *testing.T) {
	datadriven.Walk(t, "testdata", func(t *testing.T, path string) {
		w := &world{relations: map[string]*Relation{}}
		datadriven.RunTest(t, path, func(t *testing.T, d *datadriven.TestData) string {
			w.session = Session{}
			if d.HasArg("zone") {
				var name string
				d.ScanArgs(t, "zone", &name)
				zone, err := time.LoadLocation(name)
				if err != nil {
					d.Fatalf(t, "%v", err)
				}
				w.session.Zone = zone
			}
			if d.HasArg("off") {
				var rule string
				d.ScanArgs(t, "off", &rule)
				w.session.Off = map[string]bool{rule: true}
			}
			return w.run(d.Input)
		})
	})
}
