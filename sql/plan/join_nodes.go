package plan

import (
	"fmt"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Schema of Values, a UnionAll and a SetOp is what was settled when it was bound; it is the caller's to keep.
func (v *Values) Schema() types.Schema   { return append(types.Schema(nil), v.Out...) }
func (u *UnionAll) Schema() types.Schema { return append(types.Schema(nil), u.Out...) }
func (s *SetOp) Schema() types.Schema    { return append(types.Schema(nil), s.Out...) }

// Schema of a Spool is its input's.
func (s *Spool) Schema() types.Schema { return s.In.Schema() }

// Schema of a Join is L's columns, then R's unless R's rows are only asked for.
func (j *Join) Schema() types.Schema {
	if j.Kind.half() {
		return j.L.Schema()
	}
	return append(j.L.Schema(), j.R.Schema()...)
}

// Schema of an AsOfJoin is In's columns, then the scan's.
func (j *AsOfJoin) Schema() types.Schema { return append(j.In.Schema(), j.Scan.Schema()...) }

// half reports whether the join's row is the left one alone.
func (k JoinKind) half() bool { return k == SemiJoin || k == AntiJoin || k == NullAntiJoin }

// Children of each node, in the order of its input rows. That of a Spool is shared with the others who read it.
func (*Values) Children() []Node     { return nil }
func (u *UnionAll) Children() []Node { return u.Ins }
func (s *SetOp) Children() []Node    { return []Node{s.L, s.R} }
func (s *Spool) Children() []Node    { return []Node{s.In} }
func (j *Join) Children() []Node     { return []Node{j.L, j.R} }
func (j *AsOfJoin) Children() []Node { return []Node{j.In} }

// Describe of Values is how many rows there are.
func (v *Values) Describe() string {
	if len(v.Rows) == 1 {
		return "Values, 1 row"
	}
	return fmt.Sprintf("Values, %d rows", len(v.Rows))
}

// Describe of a UnionAll and a SetOp is their operation.
func (*UnionAll) Describe() string { return "Union all" }

func (s *SetOp) Describe() string {
	text := s.Op[:1] + strings.ToLower(s.Op[1:])
	if s.All {
		text += " all"
	}
	return text
}

// Describe of a Spool names the query that WITH names.
func (s *Spool) Describe() string {
	if s.Name == "" {
		return "Keep"
	}
	return "Keep " + syntax.QuoteIdent(s.Name)
}

var joinNames = map[JoinKind]string{
	InnerJoin: "Join", LeftJoin: "Left join", RightJoin: "Right join", FullJoin: "Full join",
	SemiJoin: "Semi join", AntiJoin: "Anti join", NullAntiJoin: "Anti join of NOT IN",
}

func (k JoinKind) String() string { return joinNames[k] }

// Describe of a Join is its kind, how it finds its rows, and its condition.
func (j *Join) Describe() string {
	text := j.Kind.String()
	if len(j.Keys) > 0 {
		text = "Hash " + strings.ToLower(text[:1]) + text[1:]
	}
	var on []string
	for _, k := range j.Keys {
		on = append(on, "("+k.L.String()+" = "+k.R.String()+")")
	}
	for _, c := range conjuncts(j.On) {
		on = append(on, c.String())
	}
	if len(on) == 0 {
		return text
	}
	return text + " on " + strings.Join(on, " AND ")
}

// Describe of an AsOfJoin is the relation, the moment and the key.
func (j *AsOfJoin) Describe() string {
	text := "AS OF join "
	if j.Kind == LeftJoin {
		text = "AS OF left join "
	}
	scan := strings.TrimPrefix(j.Scan.Describe(), "Scan ")
	if len(j.Keys) > 0 {
		keys := make([]string, len(j.Keys))
		for i, k := range j.Keys {
			keys[i] = syntax.QuoteIdent(j.Scan.Relation.Columns[j.Scan.Relation.Key[i]].Name) + " = " + k.String()
		}
		scan += " on " + strings.Join(keys, ", ")
	}
	text += scan + AsOf{X: j.At, Before: j.Before, Served: j.Scan.AsOf.Served}.describe()
	if j.Residual != nil {
		text += " if " + j.Residual.String()
	}
	return text
}

// width is the number of columns of n's row.
func width(n Node) int { return len(n.Schema()) }

// columnAt is a reference to column i of a row of schema s.
func columnAt(s types.Schema, i int) *expr.Column {
	return &expr.Column{Index: i, Name: s[i].Name, T: s[i].Type}
}
