package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// ArrayOf is ARRAY[Xs], T an array type.
type ArrayOf struct {
	Xs []Expr
	T  types.Type
}

func (a *ArrayOf) Type() types.Type { return a.T }

func (a *ArrayOf) Eval(env *Env) (types.Value, error) {
	elems := make([]types.Value, len(a.Xs))
	for i, x := range a.Xs {
		v, err := x.Eval(env)
		if err != nil {
			return types.Value{}, err
		}
		elems[i] = v
	}
	return types.Value{Kind: types.Array, X: elems}, nil
}

func (a *ArrayOf) String() string { return joined("ARRAY[", a.Xs, ", ", "]") + "::" + a.T.String() }

// Index is X[I], from 1; NULL outside the array.
type Index struct{ X, I Expr }

func (x *Index) Type() types.Type { return x.X.Type().ElemType() }

func (x *Index) Eval(env *Env) (types.Value, error) {
	a, err := x.X.Eval(env)
	if err != nil {
		return types.Value{}, err
	}
	i, err := x.I.Eval(env)
	if err != nil || a.IsNull() || i.IsNull() {
		return types.Value{}, err
	}
	elems := elements(a)
	if i.I < 1 || i.I > int64(len(elems)) {
		return types.Value{}, nil
	}
	return elems[i.I-1], nil
}

func (x *Index) String() string { return "(" + x.X.String() + ")[" + x.I.String() + "]" }

func elements(a types.Value) []types.Value {
	elems, _ := a.X.([]types.Value)
	return elems
}

// Quantified is L Op ANY (R) or L Op ALL (R) over an array R.
type Quantified struct {
	Op   string
	All  bool
	L, R Expr
	how  comparison
	set  *valueSet // of a long constant array under = ANY or <> ALL
}

func newQuantified(op string, all bool, l, r Expr) Expr {
	elem := r.Type().ElemType()
	q := &Quantified{Op: op, All: all, L: l, R: r, how: comparisonFor(op, l.Type().Kind, elem.Kind)}
	if c, ok := r.(*Const); ok && (op == "=" && !all || op == "<>" && all) {
		q.set = arraySet(q.how.by, l.Type(), elem, elements(c.V))
	}
	return fold(q)
}

func arraySet(by byte, l, elem types.Type, elems []types.Value) *valueSet {
	if len(elems) <= fewValues || by == byInstant || by == byValue && base(l) != base(elem) {
		return nil
	}
	return hashed(by, elems)
}

func (*Quantified) Type() types.Type { return boolean }

func (q *Quantified) Eval(env *Env) (types.Value, error) { return evalTruth(q, env) }

func (q *Quantified) String() string {
	word := " ANY ("
	if q.All {
		word = " ALL ("
	}
	return "(" + q.L.String() + " " + q.Op + word + q.R.String() + "))"
}

func (q *Quantified) truth(env *Env) (truth, error) {
	var lv, rv types.Value
	l, err := operand(q.L, env, &lv)
	if err != nil {
		return unknown, err
	}
	r, err := operand(q.R, env, &rv)
	if err != nil || r.Kind == types.Null {
		return unknown, err
	}
	decisive := truthIf(!q.All) // the outcome that settles the whole
	elems := elements(*r)
	switch {
	case len(elems) == 0:
		return decisive.not(), nil
	case l.Kind == types.Null:
		return unknown, nil
	case q.set != nil && q.All:
		return q.set.has(l).not(), nil
	case q.set != nil:
		return q.set.has(l), nil
	}
	t := decisive.not()
	for i := range elems {
		if elems[i].Kind == types.Null {
			t = unknown
			continue
		}
		if truth(q.how.hits>>(compare(q.how.by, l, &elems[i], env.Zone)+1)&1) == decisive {
			return decisive, nil
		}
	}
	return t, nil
}

var arrayFunctions = []function{
	{name: "cardinality", args: sig(anyArray), result: int4, one: cardinality},
	{name: "array_length", args: sig(anyArray, int4), result: int4, two: arrayLength},
	{name: "array_remove", args: sig(likeArray, likeElement), result: likeArray, two: arrayRemove, lax: true},
	{name: "array_upper", args: sig(anyArray, int4), result: int4, two: arrayLength},
	{name: "array_lower", args: sig(anyArray, int4), result: int4, two: arrayLower},
	{name: "array_to_string", args: sig(anyArray, text), result: text, many: arrayToString, zoned: true},
	{name: "array_to_string", args: sig(anyArray, text, text), result: text, many: arrayToString, lax: true, zoned: true},
	{name: "string_to_array", args: sig(text, text), result: textArray, many: stringToArray, lax: true},
	{name: "string_to_array", args: sig(text, text, text), result: textArray, many: stringToArray, lax: true},
}

func cardinality(_ *Env, a types.Value) (types.Value, error) {
	return types.NewInt(types.Int4, int64(len(elements(a)))), nil
}

// arrayLength is NULL for an empty array and for any dimension but the first, the only one there is.
func arrayLength(_ *Env, a, dimension types.Value) (types.Value, error) {
	n := len(elements(a))
	if n == 0 || dimension.I != 1 {
		return types.Value{}, nil
	}
	return types.NewInt(types.Int4, int64(n)), nil
}

// arrayRemove leaves out the elements that are not distinct from e.
func arrayRemove(_ *Env, a, e types.Value) (types.Value, error) {
	if a.IsNull() {
		return a, nil
	}
	kept := []types.Value{}
	for _, v := range elements(a) {
		if !types.Equal(v, e) {
			kept = append(kept, v)
		}
	}
	return types.NewArray(kept), nil
}

func arrayLower(env *Env, a, dimension types.Value) (types.Value, error) {
	n, err := arrayLength(env, a, dimension)
	if n.Kind != types.Null {
		n.I = 1
	}
	return n, err
}

// arrayToString leaves out NULLs, or writes the third argument for them.
func arrayToString(env *Env, args []types.Value) (types.Value, error) {
	if args[0].IsNull() || args[1].IsNull() {
		return types.Value{}, nil
	}
	var b []byte
	some := false
	for _, e := range elements(args[0]) {
		null := e.IsNull()
		if null && (len(args) < 3 || args[2].IsNull()) {
			continue
		}
		if some {
			b = append(b, args[1].S...)
		}
		some = true
		switch {
		case null:
			b = append(b, args[2].S...)
		default:
			b = types.AppendTextIn(b, e, env.Zone)
		}
		if len(b) > maxText {
			return types.Value{}, tooLong()
		}
	}
	return types.NewText(string(b)), nil
}

// stringToArray cuts a text at a separator, at every character where that is NULL, nowhere where it is empty. What equals the third argument is NULL.
func stringToArray(_ *Env, args []types.Value) (types.Value, error) {
	s, by := args[0], args[1]
	if s.IsNull() {
		return types.Value{}, nil
	}
	var parts []string
	switch {
	case s.S == "":
	case by.IsNull():
		parts = strings.Split(s.S, "")
	case by.S == "":
		parts = []string{s.S}
	default:
		parts = strings.Split(s.S, by.S)
	}
	elems := make([]types.Value, len(parts))
	for i, p := range parts {
		if len(args) < 3 || args[2].IsNull() || args[2].S != p {
			elems[i] = types.NewText(p)
		}
	}
	return types.NewArray(elems), nil
}

// concatArrays takes a NULL array for an empty one; two of them give NULL.
func concatArrays(_ *Env, a, b types.Value) (types.Value, error) {
	switch {
	case a.IsNull():
		return b, nil
	case b.IsNull():
		return a, nil
	}
	return joinElements(elements(a), elements(b)), nil
}

func appendElement(_ *Env, a, e types.Value) (types.Value, error) {
	return joinElements(elements(a), []types.Value{e}), nil
}

func prependElement(_ *Env, e, a types.Value) (types.Value, error) {
	return joinElements([]types.Value{e}, elements(a)), nil
}

func joinElements(a, b []types.Value) types.Value {
	out := make([]types.Value, 0, len(a)+len(b))
	return types.NewArray(append(append(out, a...), b...))
}
