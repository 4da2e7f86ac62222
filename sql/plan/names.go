package plan

import (
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// outputName is the name PostgreSQL gives a column of a select list that has no alias.
func (b *binder) outputName(x syntax.Expr) string {
	name, _ := b.figureName(x)
	if name == "" {
		return "?column?"
	}
	return name
}

// figureName returns a name for x and whether it is a strong one: the name of a type or of CASE is weak and
// gives way to a strong one from inside.
func (b *binder) figureName(x syntax.Expr) (name string, strong bool) {
	switch x := x.(type) {
	case *syntax.ColumnRef:
		return x.Name, true
	case *syntax.Call:
		return x.Name, true
	case *syntax.Index:
		return b.figureName(x.X)
	case *syntax.Field:
		return x.Name, true
	case *syntax.ArrayLit:
		return "array", true
	case *syntax.Row:
		return "row", true
	case *syntax.Exists:
		return "exists", true
	case *syntax.Subquery:
		if x.Array {
			return "array", true
		}
		return b.subNames[x], true
	case *syntax.TypedLit:
		return typeName(x.Type), false
	case *syntax.Cast:
		return b.weakly(x.X, typeName(x.Type))
	case *syntax.Case:
		return b.weakly(x.Else, "case")
	}
	return "", false
}

// weakly names after x where x has a strong name, else name.
func (b *binder) weakly(x syntax.Expr, name string) (string, bool) {
	if x != nil {
		if inner, strong := b.figureName(x); strong {
			return inner, true
		}
	}
	return name, false
}

// typeName is a type's name in PostgreSQL's catalog, which is what it names columns after.
func typeName(t types.Type) string {
	k := t.Kind
	if k == types.Array {
		k = t.Elem
	}
	return typeNames[k]
}

var typeNames = map[types.Kind]string{
	types.Bool: "bool", types.Int2: "int2", types.Int4: "int4", types.Int8: "int8",
	types.Float4: "float4", types.Float8: "float8", types.Numeric: "numeric",
	types.Text: "text", types.Varchar: "varchar", types.Char: "bpchar",
	types.Date: "date", types.Time: "time", types.Timestamp: "timestamp", types.Timestamptz: "timestamptz",
	types.Interval: "interval", types.UUID: "uuid", types.Bytea: "bytea", types.JSON: "json", types.JSONB: "jsonb",
}
