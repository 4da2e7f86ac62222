package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Insert is a bound INSERT: the rows of Query, whose columns are Target's in order and of its types. That what is NOT NULL is not NULL is
// checked by whoever stores the rows.
type Insert struct {
	Target *Relation
	Query  *Query
}

// BindInsert binds INSERT INTO table [(columns)] query. Values are converted as PostgreSQL converts what is assigned; columns that are not named,
// and DEFAULT, are NULL.
func BindInsert(st *syntax.Insert, cat Catalog, s Session) (*Insert, error) {
	b := newBinder(cat, s)
	rel, err := cat.Relation(st.Table)
	if err != nil {
		return nil, at(err, st.TablePos)
	}
	to, err := insertColumns(st, rel)
	if err != nil {
		return nil, err
	}
	i := insertion{b: b, st: st, rel: rel, columns: to}
	asOf, err := b.asOf(st.Select.AsOf, b.newScope(around{}))
	if err != nil {
		return nil, err
	}
	node, err := i.rows()
	if err != nil {
		return nil, err
	}
	return &Insert{Target: rel, Query: b.whole(i.complete(node), asOf)}, nil
}

// insertColumns are the columns that the query's columns go to: those named, or the table's from the first on.
func insertColumns(st *syntax.Insert, rel *Relation) ([]int, error) {
	if st.Columns == nil {
		return identityList(len(rel.Columns)), nil
	}
	to := make([]int, len(st.Columns))
	for i, name := range st.Columns {
		if to[i] = rel.Columns.Index(name); to[i] >= 0 {
			continue
		}
		err := errorAt(st.ColumnsPos, types.CodeUndefinedColumn, "column %q of relation %q does not exist", name, rel.Name)
		names := make([]string, len(rel.Columns))
		for c := range rel.Columns {
			names[c] = rel.Columns[c].Name
		}
		if near := Nearest(name, names); near != "" {
			err = err.WithHint("did you mean %q?", near)
		}
		return nil, err
	}
	return to, nil
}

func identityList(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// insertion is an INSERT being bound.
type insertion struct {
	b       *binder
	st      *syntax.Insert
	rel     *Relation
	columns []int // where the query's columns go
}

// rows binds the query, its columns of the types that they are assigned to.
func (i *insertion) rows() (Node, error) {
	sel := i.st.Select
	if sel.Values != nil && len(sel.With) == 0 && len(sel.OrderBy) == 0 && sel.Limit == nil && sel.Offset == nil {
		return i.values(sel)
	}
	o, err := i.b.setOperand(sel, around{})
	if err != nil {
		return nil, err
	}
	if err := i.count(len(o.schema), sel.Span); err != nil {
		return nil, err
	}
	if o.open != nil {
		for c, t := range o.open.targets {
			if untyped(t.x.Type()) {
				if o.open.targets[c].x, err = i.assign(c, t.x, t.src, o.open.scope); err != nil {
					return nil, at(err, t.place)
				}
			}
		}
		if err := o.open.group(); err != nil {
			return nil, err
		}
		o.node = o.open.arrange()
	}
	p := &Project{In: o.node}
	schema := o.node.Schema()
	for c := range schema {
		x, err := i.assign(c, columnAt(schema, c), nil, o.scope())
		if err != nil {
			return nil, at(err, o.places[c])
		}
		p.Exprs = append(p.Exprs, Output{Name: i.column(c).Name, X: x, T: i.column(c).Type})
	}
	return p, nil
}

// values binds VALUES, whose every cell is assigned for itself.
func (i *insertion) values(sel *syntax.Select) (Node, error) {
	s := i.b.newScope(around{}).in("VALUES")
	n := &Values{}
	if err := i.count(len(sel.Values[0]), sel.Span); err != nil {
		return nil, err
	}
	for c := range sel.Values[0] {
		n.Out = append(n.Out, i.column(c))
	}
	for _, cells := range sel.Values {
		row := make([]expr.Expr, len(cells))
		for c, cell := range cells {
			if _, ok := cell.(*syntax.Default); ok {
				row[c] = &expr.Const{T: i.column(c).Type}
				continue
			}
			x, err := expr.BindOpen(cell, s)
			if err == nil {
				x, err = i.assign(c, x, cell, s)
			}
			if err != nil {
				return nil, at(err, cell.Place())
			}
			row[c] = x
		}
		n.Rows = append(n.Rows, row)
	}
	return n, nil
}

// column is the table's column that the query's column c goes to.
func (i *insertion) column(c int) types.Column {
	col := i.rel.Columns[i.columns[c]]
	return types.Column{Name: col.Name, Type: col.Type}
}

func (i *insertion) assign(c int, x expr.Expr, src syntax.Expr, s *scope) (expr.Expr, error) {
	col := i.column(c)
	return expr.Assign(x, src, s, col.Type, `column "`+col.Name+`"`)
}

// count checks the number of the query's columns; without names there may be fewer than the table has.
func (i *insertion) count(n int, place syntax.Span) error {
	switch {
	case n > len(i.columns):
		return errorAt(place, types.CodeSyntax, "INSERT has more expressions than target columns")
	case n < len(i.columns) && i.st.Columns != nil:
		return errorAt(i.st.ColumnsPos, types.CodeSyntax, "INSERT has more target columns than expressions")
	}
	return nil
}

// complete puts the columns into the table's order, with NULL for those that are missing.
func (i *insertion) complete(in Node) Node {
	schema := in.Schema()
	p := &Project{In: in}
	for c, col := range i.rel.Columns {
		o := Output{Name: col.Name, X: &expr.Const{T: col.Type}, T: col.Type}
		if from := slices.Index(i.columns[:len(schema)], c); from >= 0 {
			o.X = columnAt(schema, from)
		}
		p.Exprs = append(p.Exprs, o)
	}
	return p
}
