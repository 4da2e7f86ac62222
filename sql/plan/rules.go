package plan

import (
	"maps"
	"slices"

	"github.com/asofdb/asof/sql/expr"
)

// rule is one way to make a tree cheaper. Rules are applied in order, each to the whole tree of a query; a rule sees neither subqueries, which are
// optimised on their own afterwards, nor what a Spool keeps.
type rule struct {
	setting string // the session setting that turns it off
	apply   func(Node) Node
}

var rules = []rule{
	{"exists_rule", rewriteFilters(existsToJoin)},
	{"in_rule", rewriteFilters(inToJoin)},
	{"filter_rule", func(n Node) Node { return pushFilters(n, nil) }},
	{"asof_rule", recogniseAsOf},
	{"hash_rule", chooseHashJoins},
}

// spoolRule keeps the parts of a correlated subquery that are the same each time it runs.
const spoolRule = "spool_rule"

// RuleSettings are the names of the settings that turn rules off, each on by default, with what it does.
func RuleSettings() map[string]string { return maps.Clone(ruleSettings) }

var ruleSettings = map[string]string{
	"exists_rule": "EXISTS and NOT EXISTS become semi and anti joins",
	"in_rule":     "IN and NOT IN over a query become semi and anti joins",
	"filter_rule": "conditions are checked as early as possible",
	"asof_rule":   "the newest row of a history up to a moment is found by an AS OF join",
	"hash_rule":   "equalities find the rows of a join by hashing",
	spoolRule:     "what is the same in every run of a correlated subquery is computed once",
}

// optimise applies the rules to a query that is bound, to the queries in its expressions and to what WITH names.
func (b *binder) optimise(root Node) Node {
	root = inlineSpools(root)
	for _, r := range rules {
		if !b.off[r.setting] {
			root = r.apply(root)
		}
	}
	pushKeys(root)
	root = prune(root)
	walk(root, func(n Node) {
		if s, ok := n.(*Spool); ok && !s.done {
			s.done = true
			s.In = b.optimise(s.In)
			s.Outer = readsOuter(s.In)
		}
		for _, q := range Subqueries(n) {
			b.optimiseSubplan(q.Query.(*Subplan))
		}
	})
	return root
}

func (b *binder) optimiseSubplan(p *Subplan) {
	if p.done {
		return
	}
	p.done = true
	p.Root = b.optimise(p.Root)
	p.Uses = outersOf(p.Root)
	if len(p.Uses) > 0 && !b.off[spoolRule] {
		p.Root = keepConstantParts(p.Root)
	}
}

// inlineSpools puts what WITH names and one place reads into that place.
func inlineSpools(n Node) Node {
	for {
		s, ok := n.(*Spool)
		if !ok || s.uses > 1 {
			break
		}
		n = s.In
	}
	for _, in := range inputs(n) {
		*in = inlineSpools(*in)
	}
	return n
}

// rewriteFilters is a rule that replaces each Filter.
func rewriteFilters(f func(*Filter) Node) func(Node) Node {
	var rewrite func(n Node) Node
	rewrite = func(n Node) Node {
		for _, in := range inputs(n) {
			*in = rewrite(*in)
		}
		if filter, ok := n.(*Filter); ok {
			return f(filter)
		}
		return n
	}
	return rewrite
}

// pushKeys hands the values that the condition above a scan leaves to the relation's key to the scan.
func pushKeys(root Node) {
	walk(root, func(n Node) {
		if f, ok := n.(*Filter); ok {
			if s, ok := f.In.(*Scan); ok {
				s.pushKeys(f.X)
			}
		}
	})
}

// filtered is n, kept to the rows that pass all of xs.
func filtered(n Node, xs []expr.Expr) Node {
	if len(xs) == 0 {
		return n
	}
	if f, ok := n.(*Filter); ok {
		return &Filter{In: f.In, X: expr.NewAnd(slices.Concat(conjuncts(f.X), xs)...)}
	}
	return &Filter{In: n, X: expr.NewAnd(xs...)}
}
