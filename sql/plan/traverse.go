package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
)

// inputs returns the places of the nodes that n reads its rows from. The scan of an AsOfJoin is none of them: it is part of the node. A Spool's
// input is left out, because it belongs to all who use the Spool.
func inputs(n Node) []*Node {
	switch n := n.(type) {
	case *Filter:
		return []*Node{&n.In}
	case *Project:
		return []*Node{&n.In}
	case *Join:
		return []*Node{&n.L, &n.R}
	case *AsOfJoin:
		return []*Node{&n.In}
	case *Lateral:
		return []*Node{&n.In}
	case *ProjectSet:
		return []*Node{&n.In}
	case *Recursion:
		return []*Node{&n.Seed, &n.Step}
	case *Aggregation:
		return []*Node{&n.In}
	case *Sort:
		return []*Node{&n.In}
	case *Distinct:
		return []*Node{&n.In}
	case *Limit:
		return []*Node{&n.In}
	case *SetOp:
		return []*Node{&n.L, &n.R}
	case *UnionAll:
		out := make([]*Node, len(n.Ins))
		for i := range n.Ins {
			out[i] = &n.Ins[i]
		}
		return out
	}
	return nil
}

// expressionsOf returns the places of all expressions of n itself; none of them is nil.
func expressionsOf(n Node) []*expr.Expr {
	var out []*expr.Expr
	add := func(x *expr.Expr) {
		if *x != nil {
			out = append(out, x)
		}
	}
	switch n := n.(type) {
	case *Scan:
		add(&n.AsOf.X)
		add(&n.Any)
		for _, tuple := range n.Keys {
			for i := range tuple {
				add(&tuple[i])
			}
		}
	case *Values:
		for _, row := range n.Rows {
			for i := range row {
				add(&row[i])
			}
		}
	case *FunctionScan:
		for i := range n.Set.Args {
			add(&n.Set.Args[i])
		}
	case *ProjectSet:
		for _, s := range n.Sets {
			for i := range s.Args {
				add(&s.Args[i])
			}
		}
	case *Filter:
		add(&n.X)
	case *Project:
		for i := range n.Exprs {
			add(&n.Exprs[i].X)
		}
	case *Join:
		for i := range n.Keys {
			add(&n.Keys[i].L)
			add(&n.Keys[i].R)
		}
		add(&n.On)
	case *AsOfJoin:
		for i := range n.Keys {
			add(&n.Keys[i])
		}
		add(&n.At)
		add(&n.Residual)
	case *Lateral:
		add(&n.Sub)
		add(&n.On)
	case *Aggregation:
		for i := range n.Keys {
			add(&n.Keys[i].X)
		}
		for i := range n.Aggs {
			add(&n.Aggs[i].Arg)
			add(&n.Aggs[i].Filter)
		}
	case *Sort:
		for i := range n.Keys {
			add(&n.Keys[i].X)
		}
	case *Limit:
		add(&n.Limit)
		add(&n.Offset)
	}
	return out
}

// walk calls f for n and every node below it, parents first, in this query: neither subqueries nor what a Spool keeps.
func walk(n Node, f func(Node)) {
	f(n)
	for _, in := range inputs(n) {
		walk(*in, f)
	}
}

// Subqueries returns the queries that stand in n's own expressions, each once.
func Subqueries(n Node) []*expr.Subquery {
	var out []*expr.Subquery
	for _, x := range expressionsOf(n) {
		expr.Walk(*x, func(y expr.Expr) bool {
			if q, ok := y.(*expr.Subquery); ok && !slices.ContainsFunc(out, func(o *expr.Subquery) bool { return o.Query == q.Query }) {
				out = append(out, q)
			}
			return true
		})
	}
	return out
}

// everywhere calls f once for each node of the statement, in subqueries and spools too.
func everywhere(root Node, f func(Node)) {
	seen := map[any]bool{}
	var visit func(n Node)
	visit = func(n Node) {
		walk(n, func(n Node) {
			f(n)
			if s, ok := n.(*Spool); ok && !seen[s] {
				seen[s] = true
				visit(s.In)
			}
			for _, q := range Subqueries(n) {
				if p := q.Query.(*Subplan); !seen[p] {
					seen[p] = true
					visit(p.Root)
				}
			}
		})
	}
	visit(root)
}

// readsOuter reports whether the rows of n depend on a query around it.
func readsOuter(n Node) bool { return len(outersOf(n)) > 0 }

// outersOf returns the outer values that n reads, ascending. What a nested subquery reads of them stands in its Args.
func outersOf(n Node) []int {
	var out []int
	var visit func(n Node)
	visit = func(n Node) {
		walk(n, func(n Node) {
			if s, ok := n.(*Spool); ok {
				visit(s.In)
			}
			for _, x := range expressionsOf(n) {
				out = append(out, outersIn(*x)...)
			}
		})
	}
	visit(n)
	slices.Sort(out)
	return slices.Compact(out)
}

// outersIn returns the outer values that x reads.
func outersIn(x expr.Expr) []int {
	var out []int
	expr.Walk(x, func(y expr.Expr) bool {
		if o, ok := y.(*expr.Outer); ok {
			out = append(out, o.Index)
		}
		return true
	})
	return out
}

// hasSubquery reports whether a query stands in x.
func hasSubquery(x expr.Expr) bool {
	found := false
	expr.Walk(x, func(y expr.Expr) bool {
		_, sub := y.(*expr.Subquery)
		found = found || sub
		return !found
	})
	return found
}
