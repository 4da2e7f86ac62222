package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// InList is X [NOT] IN (List): TRUE where X equals one, NULL where it equals none and X or one of them is NULL.
type InList struct {
	X    Expr
	List []Expr
	Not  bool
	by   byte
	set  *valueSet // nil where the list is short or not constant
}

func newInList(x Expr, list []Expr, not bool) Expr {
	if isNull(x) && planned(list) {
		return boolConst(unknown)
	}
	in := &InList{X: x, List: list, Not: not, by: comparedBy(x.Type().Kind, list[0].Type().Kind)}
	if len(list) > fewValues {
		in.set = newValueSet(in.by, x.Type(), list)
	}
	return fold(in)
}

// planned reports whether PostgreSQL's planner knows NULL IN (list) without evaluating the list: its constants and what has
// columns, which it compares one by one, but not an array of several values of which one must be computed, and might fail.
func planned(list []Expr) bool {
	values, computed := 0, false
	for _, x := range list {
		if hasColumn(x) {
			continue
		}
		values++
		if _, ok := x.(*Const); !ok {
			computed = true
		}
	}
	return values < 2 || !computed
}

func hasColumn(x Expr) bool {
	found := false
	Walk(x, func(x Expr) bool {
		if _, ok := x.(*Column); ok {
			found = true
		}
		return !found
	})
	return found
}

func (*InList) Type() types.Type { return boolean }

func (in *InList) Eval(env *Env) (types.Value, error) { return evalTruth(in, env) }

func (in *InList) String() string {
	var b strings.Builder
	b.WriteString("(" + in.X.String())
	if in.Not {
		b.WriteString(" NOT")
	}
	b.WriteString(joined(" IN (", in.List, ", ", "))"))
	return b.String()
}

func (in *InList) truth(env *Env) (truth, error) {
	var tmp types.Value
	x, err := operand(in.X, env, &tmp)
	if err != nil || x.Kind == types.Null {
		return unknown, err
	}
	t := no
	if in.set != nil {
		t = in.set.has(x)
	} else {
		t, err = in.search(x, env)
	}
	if in.Not {
		t = t.not()
	}
	return t, err
}

func (in *InList) search(x *types.Value, env *Env) (truth, error) {
	t := no
	for _, e := range in.List {
		var tmp types.Value
		v, err := operand(e, env, &tmp)
		switch {
		case err != nil:
			return unknown, err
		case v.Kind == types.Null:
			t = unknown
		case compare(in.by, x, v, env.Zone) == 0:
			return yes, nil
		}
	}
	return t, nil
}

// fewValues is how many comparisons are at least as fast as one hashed look-up.
const fewValues = 8

// valueSet is a set of constants of one type, with or without NULL.
type valueSet struct {
	ints    map[int64]struct{}
	strings map[string]struct{} // of S, or of the key encoding
	encoded bool                // strings holds types.AppendKey
	null    bool
}

// newValueSet hashes constants that x of type t is compared with, or returns nil where one is no constant or equality of the
// two types is not equality of their bytes.
func newValueSet(by byte, t types.Type, list []Expr) *valueSet {
	values := make([]types.Value, 0, len(list))
	for _, e := range list {
		c, ok := e.(*Const)
		if !ok {
			return nil
		}
		values = append(values, c.V)
	}
	if by == byInstant || by == byValue && base(t) != base(list[0].Type()) {
		return nil
	}
	return hashed(by, values)
}

func hashed(by byte, values []types.Value) *valueSet {
	s := &valueSet{encoded: by != byInt && by != byString}
	if by == byInt {
		s.ints = make(map[int64]struct{}, len(values))
	} else {
		s.strings = make(map[string]struct{}, len(values))
	}
	for _, v := range values {
		switch {
		case v.IsNull():
			s.null = true
		case by == byInt:
			s.ints[v.I] = struct{}{}
		case s.encoded:
			s.strings[string(types.AppendKey(nil, v))] = struct{}{}
		default:
			s.strings[v.S] = struct{}{}
		}
	}
	return s
}

// has is x IN the set, for an x that is not NULL.
func (s *valueSet) has(x *types.Value) truth {
	var found bool
	switch {
	case s.ints != nil:
		_, found = s.ints[x.I]
	case s.encoded:
		var buf [64]byte
		_, found = s.strings[string(types.AppendKey(buf[:0], *x))]
	default:
		_, found = s.strings[x.S]
	}
	switch {
	case found:
		return yes
	case s.null:
		return unknown
	}
	return no
}
