package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// copy runs COPY, to and from files and streams.
func (s *Session) copy(ctx context.Context, st *syntax.Copy) (*Rows, error) {
	if st.Std {
		return s.copyStream(ctx, st)
	}
	path, err := s.pathOf(st.Path)
	if err != nil {
		return nil, placed(err, st.PathPos)
	}
	if st.From {
		return s.copyFrom(ctx, st, path)
	}
	return s.copyTo(ctx, st, path)
}

// copyTo writes the rows of a query to a file: Arrow batches from the operators to the file's writer. The file is there when the statement has ended well, and not before.
func (s *Session) copyTo(ctx context.Context, st *syntax.Copy, path string) (_ *Rows, err error) {
	format, options, err := s.eng.copyFormat(st)
	if err != nil {
		return nil, err
	}
	connector, ok := s.eng.options.Connectors.Sinks[format]
	if !ok {
		return nil, s.eng.noFormat(st, format, slices.Sorted(maps.Keys(s.eng.options.Connectors.Sinks)))
	}
	if err := checkCopyOptions(st, format, connector.Options); err != nil {
		return nil, err
	}
	rows, err := s.stream(ctx, selectBinding(copiedQuery(st)), input{})
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	if err := copyable(rows.Columns()); err != nil {
		return nil, err
	}
	sink, err := connector.Create(path, SinkSpec{Columns: rows.Columns(), Zone: s.zone, Options: options})
	if err != nil {
		return nil, placed(err, st.PathPos)
	}
	defer func() { err = errors.Join(err, sink.Close()) }()
	var count atomic.Int64
	defer s.eng.progress(ctx, "writing "+filepath.Base(path), "rows", func() (int64, int64) { return count.Load(), 0 })()
	for {
		b, err := rows.nextBatch()
		if err != nil {
			return nil, err
		}
		if b == nil {
			break
		}
		err = sink.Write(b)
		count.Add(int64(b.Rows()))
		b.Release()
		if err != nil {
			return nil, err
		}
	}
	if err := context.Cause(ctx); err != nil { // cancelled behind the last row: no file
		return nil, err
	}
	if err := sink.Commit(); err != nil {
		return nil, err
	}
	return &Rows{tag: fmt.Sprintf("COPY %d", count.Load())}, nil
}

// copiedQuery is the query whose rows are copied; COPY of a table is one as well.
func copiedQuery(st *syntax.Copy) *syntax.Select {
	if st.Query != nil {
		return st.Query
	}
	sel := &syntax.Select{Span: st.TablePos, From: &syntax.Table{Span: st.TablePos, Name: st.Table, NamePos: st.TablePos}}
	for _, c := range st.Columns {
		sel.Items = append(sel.Items, syntax.Item{X: &syntax.ColumnRef{Span: st.ColumnsPos, Name: c}, Span: st.ColumnsPos})
	}
	if sel.Items == nil {
		sel.Items = []syntax.Item{{X: &syntax.Star{Span: st.TablePos}, Span: st.TablePos}}
	}
	return sel
}

// copyable refuses columns that a file cannot have, or a reader of it not find.
func copyable(columns []types.Column) error {
	if len(columns) == 0 {
		return types.Errorf(types.CodeSyntax, "a file needs a column")
	}
	seen := map[string]bool{}
	for _, c := range columns {
		if seen[c.Name] {
			return types.Errorf(types.CodeDuplicateColumn, "two columns of the file would be called %q", c.Name).WithHint("give one of them another name: … AS other_name")
		}
		seen[c.Name] = true
	}
	return nil
}

// copyFrom appends the rows of a file to a temporary table: columns by their names, or by their places where the file has none.
func (s *Session) copyFrom(ctx context.Context, st *syntax.Copy, path string) (_ *Rows, err error) {
	format, options, err := s.eng.copyFormat(st)
	if err != nil {
		return nil, err
	}
	connector, ok := s.eng.options.Connectors.Files[format]
	if !ok {
		return nil, s.eng.noFormat(st, format, s.eng.fileFormats())
	}
	if err := checkCopyOptions(st, format, connector.Options); err != nil {
		return nil, err
	}
	t, to, err := s.copyTarget(ctx, st)
	if err != nil {
		return nil, err
	}
	spec := FileSpec{Zone: s.zone, Options: options, Columns: make(types.Schema, len(to))}
	all := make([]int, len(to))
	for i, c := range to {
		spec.Columns[i], all[i] = t.relation.Columns[c], i
	}
	ctx, end := s.eng.during(ctx)
	defer end()
	f, err := s.eng.openFile(ctx, connector, path, spec)
	if err != nil {
		return nil, placed(err, st.PathPos)
	}
	rows, err := f.Rows(ctx, all)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	var count atomic.Int64
	defer s.eng.progress(ctx, "reading "+filepath.Base(path), "rows", func() (int64, int64) { return count.Load(), 0 })()
	a := t.append(s)
	row := make([]types.Value, len(t.types))
	for {
		values, err := rows.Next(ctx)
		if err == nil && values == nil {
			break
		}
		if err == nil {
			for i, c := range to {
				row[c] = values[i]
			}
			err = a.add(row)
		}
		if err != nil {
			return nil, errors.Join(err, a.abandon())
		}
		count.Add(1)
	}
	if err := a.commit(); err != nil {
		return nil, err
	}
	return &Rows{tag: fmt.Sprintf("COPY %d", a.count)}, nil
}

// placed sets the place of an error that has none.
func placed(err error, at syntax.Span) error {
	var e *types.Error
	if errors.As(err, &e) {
		e.At(int(at.Pos), int(at.End-at.Pos))
	}
	return err
}

// copyTarget finds the table that COPY FROM fills, and its columns that the file has.
func (s *Session) copyTarget(ctx context.Context, st *syntax.Copy) (t *tempTable, to []int, err error) {
	r, err := s.names(ctx, s.newStatement()).Relation(st.Table)
	if err != nil {
		return nil, nil, placed(err, st.TablePos)
	}
	if t, err = s.ownTable(r, "COPY FROM", st.TablePos); err != nil {
		return nil, nil, err
	}
	if st.Columns == nil {
		for i := range r.Columns {
			to = append(to, i)
		}
		return t, to, nil
	}
	for _, name := range st.Columns {
		c := r.Columns.Index(name)
		switch {
		case c < 0:
			return nil, nil, placed(types.Errorf(types.CodeUndefinedColumn, "column %q of relation %q does not exist", name, r.Name), st.ColumnsPos)
		case slices.Contains(to, c):
			return nil, nil, placed(types.Errorf(types.CodeDuplicateColumn, "column %q specified more than once", name), st.ColumnsPos)
		}
		to = append(to, c)
	}
	return t, to, nil
}

// copyFormat is the format, which the option FORMAT says, or the ending of the file's name, and the other options.
func (e *Engine) copyFormat(st *syntax.Copy) (format string, options map[string]string, err error) {
	format, options = endingOf(st.Path), map[string]string{}
	for _, o := range st.Options {
		switch o.Name {
		case "format":
			if format = strings.ToLower(o.Value); format == "" {
				return "", nil, types.Errorf(types.CodeSyntax, "FORMAT needs a value, as FORMAT parquet").At(int(o.Pos), int(o.End-o.Pos))
			}
		case "header":
			options[o.Name] = headerOption(o.Value)
		default:
			options[o.Name] = o.Value
		}
	}
	return format, options, nil
}

// headerOption brings PostgreSQL's ways to say yes and no to the one that connectors read. A header is matched by its names in any case.
func headerOption(value string) string {
	switch strings.ToLower(value) {
	case "", "on", "match", "yes":
		return "true"
	case "off", "no":
		return "false"
	}
	return strings.ToLower(value)
}

func (e *Engine) noFormat(st *syntax.Copy, format string, known []string) error {
	at := st.PathPos
	what := fmt.Sprintf("the name of file '%s' does not say its format", st.Path)
	for _, o := range st.Options {
		if o.Name == "format" {
			at, what = o.Span, fmt.Sprintf("COPY has no format %q", format)
		}
	}
	return types.Errorf(types.CodeInvalidParameter, "%s", what).At(int(at.Pos), int(at.End-at.Pos)).WithHint("say (FORMAT …), one of %s", strings.Join(known, ", "))
}

// checkCopyOptions refuses options that the format does not have.
func checkCopyOptions(st *syntax.Copy, format string, known []string) error {
	for _, o := range st.Options {
		if o.Name == "format" || slices.Contains(known, o.Name) {
			continue
		}
		e := types.Errorf(types.CodeInvalidParameter, "COPY has no option %q for the format %s", o.Name, format).At(int(o.Pos), int(o.End-o.Pos))
		if near := plan.Nearest(o.Name, append([]string{"format"}, known...)); near != "" {
			return e.WithHint("did you mean %q?", near)
		}
		if len(known) == 0 {
			return e.WithHint("%s has no options", format)
		}
		return e.WithHint("it has %s", strings.Join(known, ", "))
	}
	return nil
}

// nextBatch hands on a batch of the operators as it is, nil at the end, which closes the rows. It is not mixed with Next.
func (r *Rows) nextBatch() (b *types.Batch, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			b, err = nil, r.eng.caught(p)
			r.err = err
			r.closeLocked()
		}
	}()
	if r.err != nil || r.op == nil {
		return nil, r.err
	}
	b, err = r.op.Next(r.ctx)
	if err = readError(r.ctx, err); err != nil || b == nil {
		r.err = err
		r.closeLocked()
		return nil, r.err
	}
	return b, nil
}
