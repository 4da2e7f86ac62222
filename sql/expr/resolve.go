package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// resolve chooses among candidates the one PostgreSQL would call for arguments of the given base types (Unknown for a bare
// literal, NULL or parameter). many is set where several are equally good.
func resolve(candidates []*function, given []types.Type) (f *function, many bool) {
	var fit []*function
	for _, c := range candidates {
		if !c.accepts(len(given)) {
			continue
		}
		if exact(c, given) {
			return c, false
		}
		if callable(c, given) {
			fit = append(fit, c)
		}
	}
	if len(fit) > 1 {
		fit = narrow(fit, given)
	}
	switch len(fit) {
	case 0:
		return nil, false
	case 1:
		return fit[0], false
	}
	return nil, true
}

func exact(f *function, given []types.Type) bool {
	for i, t := range given {
		if f.arg(i) != t {
			return false
		}
	}
	return true
}

func callable(f *function, given []types.Type) bool {
	for i, t := range given {
		if !implicitly(t, f.arg(i)) {
			return false
		}
	}
	_, ok := element(f, given)
	return ok
}

// element is the element type that f's polymorphic arguments agree on, Unknown where they say nothing; ok is false where they disagree.
func element(f *function, given []types.Type) (elem types.Type, ok bool) {
	var elems []types.Type
	same := true
	for i, t := range given {
		e := base(t)
		switch f.arg(i).Kind {
		case kindAnyArray, kindLikeArray:
			if e = base(types.Type{Kind: t.Elem}); t.Kind == types.Unknown {
				e = untyped
			}
		case kindLikeElement:
		default:
			continue
		}
		if e.Kind == types.Unknown {
			continue
		}
		elems = append(elems, e)
		same = same && e == elems[0]
	}
	if len(elems) == 0 {
		return untyped, true
	}
	if same {
		return elems[0], true
	}
	if f.args[0].Kind == kindAnyArray {
		return untyped, false
	}
	elem, err := commonType("", elems)
	for _, e := range elems {
		if err != nil || !implicitly(e, elem) {
			return untyped, false
		}
	}
	return elem, true
}

// narrow applies the rules of PostgreSQL's func_select_candidate in order, each to what the one before left.
func narrow(fit []*function, given []types.Type) []*function {
	fit = best(fit, func(f *function) int { return countArgs(f, given, isExact) })
	if len(fit) == 1 {
		return fit
	}
	fit = best(fit, func(f *function) int { return countArgs(f, given, isPreferred) })
	if len(fit) == 1 {
		return fit
	}
	fit, ok := byCategory(fit, given)
	if !ok || len(fit) == 1 {
		return fit
	}
	return likeTheKnown(fit, given)
}

// best keeps the candidates with the highest score.
func best(fit []*function, score func(*function) int) []*function {
	top, kept := -1, fit[:0:0]
	for _, f := range fit {
		switch s := score(f); {
		case s > top:
			top, kept = s, append(kept[:0:0], f)
		case s == top:
			kept = append(kept, f)
		}
	}
	return kept
}

func countArgs(f *function, given []types.Type, good func(want, given types.Type) bool) int {
	n := 0
	for i, t := range given {
		if t.Kind != types.Unknown && good(f.arg(i), t) {
			n++
		}
	}
	return n
}

func isExact(want, given types.Type) bool { return want == given }

func isPreferred(want, given types.Type) bool {
	return want == given || preferred(want.Kind) && category(want.Kind) == category(given.Kind)
}

// byCategory lets each untyped argument choose a category, text before all others, and keeps the candidates that take that
// category there; ok is false where the candidates leave the choice open.
func byCategory(fit []*function, given []types.Type) (kept []*function, ok bool) {
	kept = fit
	for i, t := range given {
		if t.Kind != types.Unknown {
			continue
		}
		chosen, single := byte(0), true
		for _, f := range fit {
			c := category(f.arg(i).Kind)
			if c == 'S' {
				chosen, single = 'S', true
				break
			}
			single = single && (chosen == 0 || chosen == c)
			chosen = c
		}
		if !single {
			return fit, true
		}
		kept = keepCategory(kept, fit, i, chosen)
	}
	if len(kept) == 0 {
		return fit, true
	}
	return kept, true
}

func keepCategory(kept, fit []*function, i int, chosen byte) []*function {
	hasPreferred := false
	for _, f := range fit {
		k := f.arg(i).Kind
		hasPreferred = hasPreferred || category(k) == chosen && preferred(k)
	}
	var out []*function
	for _, f := range kept {
		k := f.arg(i).Kind
		if category(k) == chosen && (!hasPreferred || preferred(k)) {
			out = append(out, f)
		}
	}
	return out
}

// likeTheKnown assumes that the untyped arguments have the one type that all typed arguments have.
func likeTheKnown(fit []*function, given []types.Type) []*function {
	known := types.Type{}
	for _, t := range given {
		switch {
		case t.Kind == types.Unknown:
		case known == types.Type{}:
			known = t
		case known != t:
			return fit
		}
	}
	if known == (types.Type{}) {
		return fit
	}
	assumed := make([]types.Type, len(given))
	for i := range assumed {
		assumed[i] = known
	}
	var out []*function
	for _, f := range fit {
		if callable(f, assumed) {
			out = append(out, f)
		}
	}
	if len(out) == 1 {
		return out
	}
	return fit
}

// resolveOperator resolves a binary operator. Before all else an untyped side is assumed to have the other's type.
func resolveOperator(op string, l, r types.Type) (f *function, many bool) {
	l, r = base(l), base(r)
	assumed := sig(l, r)
	if l.Kind == types.Unknown {
		assumed[0] = r
	} else if r.Kind == types.Unknown {
		assumed[1] = l
	}
	for _, f := range operators[op] {
		if len(f.args) == 2 && exact(f, assumed) {
			return f, false
		}
	}
	return resolve(withArity(operators[op], 2), sig(l, r))
}

func withArity(fs []*function, n int) []*function {
	var out []*function
	for _, f := range fs {
		if len(f.args) == n {
			out = append(out, f)
		}
	}
	return out
}

// actual replaces f's pseudo-types by the types of the arguments at hand: what each argument is converted to, and the result.
func actual(f *function, given []types.Type) (args []types.Type, result types.Type) {
	elem, _ := element(f, given)
	fill := func(want, given types.Type) types.Type {
		switch want.Kind {
		case kindAnyArray, kindLikeArray:
			if elem.Kind == types.Unknown {
				return untyped
			}
			return types.ArrayOf(elem)
		case kindLikeElement:
			return elem
		case kindAnyNonArray: // only || takes it, and makes a text of it
			return text
		case kindAny:
			if given.Kind == types.Unknown {
				return text
			}
			return given
		}
		return want
	}
	args = make([]types.Type, len(given))
	for i, t := range given {
		args[i] = fill(f.arg(i), t)
	}
	return args, fill(f.result, untyped)
}

// commonType is the type that a CASE, UNION, VALUES, ARRAY and the like gives values of these types; where names the construct.
func commonType(where string, ts []types.Type) (types.Type, error) {
	var common types.Type
	for _, t := range ts {
		b := base(t)
		switch {
		case b.Kind == types.Unknown:
		case common == types.Type{}:
			common = b
		case common == b:
		case category(common.Kind) != category(b.Kind):
			return types.Type{}, types.Errorf(types.CodeDatatypeMismatch, "%s types %s and %s cannot be matched", where, common, b)
		case !preferred(common.Kind) && implicitly(common, b) && !implicitly(b, common):
			common = b
		}
	}
	if common == (types.Type{}) {
		return text, nil
	}
	common.Alias = commonAlias(common, ts)
	for _, t := range ts { // the modifiers stay where all agree on them
		if t != ts[0] || base(t) != base(common) {
			return common, nil
		}
	}
	return ts[0], nil
}

// commonAlias is the alias that all types have that are known.
func commonAlias(common types.Type, ts []types.Type) types.Alias {
	alias, found := types.NoAlias, false
	for _, t := range ts {
		switch {
		case base(t).Kind == types.Unknown:
		case base(t) != common, found && t.Alias != alias:
			return types.NoAlias
		default:
			alias, found = t.Alias, true
		}
	}
	return alias
}

// signature prints name(types…) as PostgreSQL's messages do.
func signature(name string, given []types.Type) string {
	var b strings.Builder
	b.WriteString(name + "(")
	for i, t := range given {
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(base(t).String())
	}
	b.WriteString(")")
	return b.String()
}
