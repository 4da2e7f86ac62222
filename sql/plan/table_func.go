package plan

import (
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// FunctionScan is the rows of a function in FROM, and with Ordinality their numbers from 1.
type FunctionScan struct {
	Set        *expr.Set
	Ordinality bool
	Out        types.Schema
}

// Schema of a FunctionScan is the function's column, then the number.
func (f *FunctionScan) Schema() types.Schema { return append(types.Schema(nil), f.Out...) }

// Children of a FunctionScan are none: what the function is given are expressions.
func (*FunctionScan) Children() []Node { return nil }

// Describe of a FunctionScan is the call.
func (f *FunctionScan) Describe() string { return "Function scan on " + f.Set.String() }

// tableFunc binds a function in FROM. It sees the queries around this one and what stands to its left, with or without the word LATERAL.
func (b *binder) tableFunc(x *syntax.TableFunc, s *scope, offset int) (input, error) {
	call, ok := x.Call.(*syntax.Call)
	if !ok {
		return input{}, notYet(x.Span, "this in FROM is")
	}
	if schemas, ok := b.cat.(SchemaCatalog); ok && len(call.Args) == 0 && !x.Ordinality {
		if rel, err := schemas.SchemaRelation("pg_catalog", call.Name+"()"); err == nil {
			return b.relationScan(rel, x.Span, call.Name, x.Alias, x.Columns, offset)
		}
	}
	set, err := expr.BindSet(call, b.newScope(s.beside()).in("functions in FROM"))
	if err != nil {
		return input{}, at(err, x.Span)
	}
	name := x.Alias
	if name == "" {
		name = call.Name
	}
	f := &FunctionScan{Set: set, Ordinality: x.Ordinality, Out: types.Schema{{Name: name, Type: set.T}}}
	if x.Ordinality {
		f.Out = append(f.Out, types.Column{Name: "ordinality", Type: types.Type{Kind: types.Int8}})
	}
	t, err := newTable(x.Span, call.Name, x.Alias, x.Columns, derivedRelation(name, f), offset)
	if err != nil {
		return input{}, err
	}
	t.hidden = ""
	return t.input(f), nil
}

// relationScan is a scan of a relation that has no past.
func (b *binder) relationScan(rel *Relation, place syntax.Span, name, alias string, columns []string, offset int) (input, error) {
	t, err := newTable(place, name, alias, columns, rel, offset)
	if err != nil {
		return input{}, err
	}
	scan := &Scan{Relation: rel}
	for i := range t.width() {
		scan.Columns = append(scan.Columns, i)
	}
	return t.input(scan), nil
}
