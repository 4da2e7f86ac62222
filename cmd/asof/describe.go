package main

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// listing is a SHOW statement and which of its columns a meta command lists.
type listing struct {
	sql     string
	columns []string
}

var (
	sourceList  = listing{"SHOW SOURCES", []string{"name", "connector", "state", "frontier", "changes"}}
	featureList = listing{"SHOW FEATURES", []string{"name", "entity", "key", "source", "as_of"}}
)

// answer is a result that has been read to its end.
type answer struct {
	columns []types.Column
	rows    [][]types.Value
	zone    *time.Location
}

// ask runs a statement and keeps its rows.
func (sh *shell) ask(ctx context.Context, sql string) (*answer, error) {
	rows, err := sh.session.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	a := &answer{columns: rows.Columns(), zone: rows.Zone()}
	for rows.Next() {
		a.rows = append(a.rows, slices.Clone(rows.Values()))
	}
	return a, rows.Err()
}

// column is the place of the named column.
func (a *answer) column(name string) int {
	return slices.IndexFunc(a.columns, func(c types.Column) bool { return c.Name == name })
}

// texts is the named column as text.
func (a *answer) texts(name string) []string {
	at := a.column(name)
	texts := make([]string, len(a.rows))
	for i := range a.rows {
		texts[i] = a.rows[i][at].String()
	}
	return texts
}

// only keeps the named columns.
func (a *answer) only(names []string) *answer {
	kept := &answer{zone: a.zone, rows: make([][]types.Value, len(a.rows))}
	for _, name := range names {
		at := a.column(name)
		kept.columns = append(kept.columns, a.columns[at])
		for i := range a.rows {
			kept.rows[i] = append(kept.rows[i], a.rows[i][at])
		}
	}
	return kept
}

// blank shows nothing where the named column is NULL.
func (a *answer) blank(name string) {
	at := a.column(name)
	for i := range a.rows {
		if a.rows[i][at].IsNull() {
			a.rows[i][at] = types.NewText("")
		}
	}
}

// matching keeps the rows whose name matches.
func (a *answer) matching(p pattern) *answer {
	at := a.column("name")
	a.rows = slices.DeleteFunc(a.rows, func(row []types.Value) bool { return !p.matches(row[at].String()) })
	return a
}

// write writes a with a heading; only tables have one, and they have no count, which would be of no interest.
func (a *answer) write(f format) error {
	if err := f.begin(a.columns, a.zone); err != nil {
		return err
	}
	for _, row := range a.rows {
		if err := f.row(row); err != nil {
			return err
		}
	}
	if t, ok := f.(*tableFormat); ok {
		return t.close()
	}
	return f.end("", 0)
}

// pattern is a name as it is written in SQL, or one with * and ? for any letters and any letter.
type pattern string

// newPattern folds what is not quoted, as SQL does.
func newPattern(arg string) pattern {
	var b strings.Builder
	quoted := false
	for i := 0; i < len(arg); i++ {
		switch c := arg[i]; {
		case c == '"' && quoted && i+1 < len(arg) && arg[i+1] == '"':
			b.WriteByte('"')
			i++
		case c == '"':
			quoted = !quoted
		case quoted && strings.IndexByte(`*?[\`, c) >= 0, strings.IndexByte(`[\`, c) >= 0:
			b.WriteByte('\\')
			b.WriteByte(c)
		case !quoted && 'A' <= c && c <= 'Z':
			b.WriteByte(c + 'a' - 'A')
		default:
			b.WriteByte(c)
		}
	}
	return pattern(b.String())
}

func (p pattern) matches(name string) bool {
	ok, err := path.Match(string(p), name)
	return ok && err == nil
}

// name is the one name that p matches, false where p matches several.
func (p pattern) name() (string, bool) {
	var b strings.Builder
	for i := 0; i < len(p); i++ {
		switch p[i] {
		case '*', '?':
			return "", false
		case '\\':
			i++
		}
		b.WriteByte(p[i])
	}
	return b.String(), true
}

// metaList lists the sources or the features, those that match the arguments where there are some.
func (sh *shell) metaList(args []string, l listing) error {
	p := pattern("*")
	if len(args) > 0 {
		p = newPattern(args[0])
	}
	return sh.interruptible(func(ctx context.Context) error {
		a, err := sh.ask(ctx, l.sql)
		if err != nil {
			return err
		}
		return sh.write(a.only(l.columns).matching(p).write)
	})
}

// metaDescribe lists all relations, or describes those that the arguments name.
func (sh *shell) metaDescribe(args []string) error {
	return sh.interruptible(func(ctx context.Context) error {
		all, err := sh.relations(ctx)
		if err != nil {
			return err
		}
		if len(args) == 0 {
			return sh.write(all.withoutHistories().write)
		}
		for _, arg := range args {
			p := newPattern(arg)
			names := []string{}
			if name, ok := p.name(); ok {
				names = append(names, name)
			} else if names = all.withoutHistories().matching(p).texts("name"); len(names) == 0 {
				return types.Errorf(types.CodeUndefinedTable, "no relation matches %s", arg).WithHint(`\d lists them`)
			}
			for _, name := range names {
				if err := sh.describe(ctx, all, name); err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// relations is everything that can be read from by name, with what it is and where it comes from.
func (sh *shell) relations(ctx context.Context) (*answer, error) {
	all, err := sh.ask(ctx, "SHOW TABLES")
	if err != nil {
		return nil, err
	}
	all.blank("from")
	return all.only([]string{"name", "kind", "from"}), nil
}

// withoutHistories are the relations without those that each feature has beside itself.
func (a *answer) withoutHistories() *answer {
	at := a.column("kind")
	history := func(row []types.Value) bool { return row[at].String() == "history" }
	return &answer{columns: a.columns, rows: slices.DeleteFunc(slices.Clone(a.rows), history), zone: a.zone}
}

// describe shows a relation's columns and, in a table, its key and its definition.
func (sh *shell) describe(ctx context.Context, all *answer, name string) error {
	columns, err := sh.ask(ctx, "DESCRIBE "+syntax.QuoteIdent(name))
	if err != nil {
		return withoutPlace(err)
	}
	kind, definition := "Relation", ""
	if i := slices.Index(all.texts("name"), name); i >= 0 {
		kind = all.texts("kind")[i]
	}
	if kind == "source" || kind == "feature" {
		created, err := sh.ask(ctx, fmt.Sprintf("SHOW CREATE %s %s", strings.ToUpper(kind), syntax.QuoteIdent(name)))
		if err != nil {
			return withoutPlace(err)
		}
		definition = created.texts("create_statement")[0]
	}
	var key []string
	for i, note := range columns.texts("note") {
		if note == "key" {
			key = append(key, columns.texts("column")[i])
		}
	}
	return sh.write(func(f format) error {
		t, ok := f.(*tableFormat)
		if !ok {
			return columns.write(f)
		}
		_, _ = fmt.Fprintf(t.w, "%s\n", t.terminal.bold(strings.ToUpper(kind[:1])+kind[1:]+" "+name))
		columns.blank("note")
		if err := columns.write(t); err != nil {
			return err
		}
		if len(key) > 0 {
			_, _ = fmt.Fprintf(t.w, "Key: %s\n", strings.Join(key, ", "))
		}
		for line := range strings.Lines(definition) {
			_, _ = t.w.WriteString(oneLine(strings.TrimSuffix(line, "\n")).text + "\n")
		}
		return nil
	})
}

// withoutPlace is err without where it stands in a statement that the user did not write.
func withoutPlace(err error) error {
	e := *userError(err)
	e.Pos, e.Len = 0, 0
	return &e
}
