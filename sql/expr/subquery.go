package expr

import (
	"time"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Outer is a value that a query around this one hands in: Env.Outer[Index], one of the Args of the Subquery that this expression stands in.
// It is constant while the inner query runs.
type Outer struct {
	Index int
	Name  string
	T     types.Type
}

func (o *Outer) Type() types.Type { return o.T }

func (o *Outer) Eval(env *Env) (types.Value, error) { return env.Outer[o.Index], nil }

func (o *Outer) String() string { return "outer." + syntax.QuoteIdent(o.Name) }

// Form says what a query in an expression is used for.
type Form uint8

const (
	// Scalar is the one value of the one row, NULL where there is no row.
	Scalar Form = iota
	// Exists is whether there is a row.
	Exists
	// Any and All compare Left with every row by Op: IN is = ANY, NOT IN is <> ALL.
	Any
	All
	// List is the array of the values of all rows.
	List
	// OneRow compares Left with the one row by Op; NULL where there is no row.
	OneRow
	// Table is the rows themselves, as LATERAL joins them. It has no value.
	Table
)

// Subquery is a query used as a value. It is evaluated where it stands, and only if it is reached, by Env.Run. Its operands are expressions
// of the query around it; what it is made of inside is the planner's.
type Subquery struct {
	Form Form
	// Args are what the query reads of the queries around it: its Outer i is Args[i].
	Args []Expr
	// Left are the operands that Op compares with the query's columns, which have types that Op is defined for as they are.
	Left []Expr
	Op   string
	// Right are the types of the query's columns, where Left is used.
	Right []types.Type
	// Query is the planner's own.
	Query any
	// Text is the query's canonical text.
	Text string
	T    types.Type // of a Scalar or List; the others are BOOLEAN
}

func (q *Subquery) Type() types.Type {
	if q.Form == Scalar || q.Form == List {
		return q.T
	}
	return boolean
}

// Eval asks whoever runs the statement.
func (q *Subquery) Eval(env *Env) (types.Value, error) {
	if env.Run == nil {
		return types.Value{}, types.Errorf(types.CodeInternal, "a subquery stands where none can run")
	}
	return env.Run(q, env)
}

func (q *Subquery) String() string {
	text := "(" + q.Text + ")"
	switch q.Form {
	case Scalar:
		return text
	case List:
		return "ARRAY" + text
	case Exists:
		return "(EXISTS " + text + ")"
	case Table:
		return "LATERAL " + text
	}
	left := q.Left[0].String()
	if len(q.Left) > 1 {
		left = joined("(", q.Left, ", ", ")")
	}
	switch {
	case q.Form == Any && q.Op == "=":
		return "(" + left + " IN " + text + ")"
	case q.Form == All && q.Op == "<>":
		return "(" + left + " NOT IN " + text + ")"
	case q.Form == Any:
		return "(" + left + " " + q.Op + " ANY " + text + ")"
	case q.Form == All:
		return "(" + left + " " + q.Op + " ALL " + text + ")"
	}
	return "(" + left + " " + q.Op + " " + text + ")"
}

// Test is left Op row, as a BOOLEAN.
func (q *Subquery) Test(left, row []types.Value, zone *time.Location) types.Value {
	return q.test(q.Op, 0, left, row, zone).value()
}

// test compares from column i on.
func (q *Subquery) test(op string, i int, left, row []types.Value, zone *time.Location) truth {
	pair := func(op string, i int) truth {
		if left[i].IsNull() || row[i].IsNull() {
			return unknown
		}
		by := comparedBy(q.Left[i].Type().Kind, q.Right[i].Kind)
		return truth(hitsOf[op] >> (compare(by, &left[i], &row[i], zone) + 1) & 1)
	}
	switch op {
	case "=":
		return allOf(len(left)-i, func(n int) truth { return pair("=", i+n) })
	case "<>":
		return allOf(len(left)-i, func(n int) truth { return pair("=", i+n) }).not()
	}
	if i == len(left)-1 {
		return pair(op, i)
	}
	// The first columns decide, the others where those are equal. A NULL among them leaves it unknown, here as there.
	if pair("=", i) == yes {
		return q.test(op, i+1, left, row, zone)
	}
	return pair(op[:1], i)
}

// allOf is the conjunction of n truths.
func allOf(n int, f func(int) truth) truth {
	result := yes
	for i := range n {
		switch f(i) {
		case no:
			return no
		case unknown:
			result = unknown
		}
	}
	return result
}

// Hashable reports whether values of two types that = compares as they are, are equal exactly where their keys (types.AppendKey) are.
func Hashable(l, r types.Type) bool {
	switch by := comparedBy(l.Kind, r.Kind); by {
	case byInstant:
		return false
	case byValue:
		return base(l) == base(r) || isFloat(l.Kind) && isFloat(r.Kind)
	}
	return true
}

// BindTest binds left and resolves op between each of them and one of columns; both come back converted to what op compares. columns are
// those of a subquery; place is where it stands.
func BindTest(op string, left []syntax.Expr, columns []Expr, place syntax.Expr, s Scope) (ls, rs []Expr, err error) {
	if op == "!=" {
		op = "<>"
	}
	b := newBinder(s)
	for i, x := range left {
		l, err := b.operand(x)
		if err != nil {
			return nil, nil, err
		}
		_, le, re, err := b.pair(op, l, operandOf(columns[i], place))
		if err != nil {
			return nil, nil, err
		}
		ls, rs = append(ls, le), append(rs, re)
	}
	return ls, rs, nil
}

// IsComparison reports whether op compares: what may stand before ANY and ALL.
func IsComparison(op string) bool { return op == "!=" || hitsOf[op] != 0 }
