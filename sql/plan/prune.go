package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
)

// prune makes every scan read only what the tree above it uses, in the order in which it is used first, and drops
// projections that then change nothing.
func prune(root Node) Node {
	all := make([]int, len(root.Schema()))
	for i := range all {
		all[i] = i
	}
	n, _ := narrow(root, all)
	return n
}

// narrow returns n reading less: its row has at least the columns need of the old row, and moved[old] says where they are.
func narrow(n Node, need []int) (Node, map[int]int) {
	switch n := n.(type) {
	case *Scan:
		return n.narrow(need)
	case *Filter:
		in, moved := narrow(n.In, union(need, columnsOf(n.X)))
		n.In, n.X = in, move(n.X, moved)
		return n, moved
	case *Project:
		in, moved := narrow(n.In, columnsOf(expressions(n.Exprs)...))
		n.In = in
		moveOutputs(n.Exprs, moved)
		if n.idle() {
			return in, identity(len(n.Exprs))
		}
		return n, identity(len(n.Exprs))
	case *Aggregation:
		xs := expressions(n.Keys)
		for _, c := range n.Aggs {
			xs = append(xs, c.Arg, c.Filter)
		}
		in, moved := narrow(n.In, columnsOf(xs...))
		n.In = in
		moveOutputs(n.Keys, moved)
		for i := range n.Aggs {
			n.Aggs[i].Arg, n.Aggs[i].Filter = move(n.Aggs[i].Arg, moved), move(n.Aggs[i].Filter, moved)
		}
		return n, identity(len(n.Keys) + len(n.Aggs))
	case *Sort:
		for _, k := range n.Keys {
			need = union(need, columnsOf(k.X))
		}
		in, moved := narrow(n.In, need)
		n.In = in
		for i := range n.Keys {
			n.Keys[i].X = move(n.Keys[i].X, moved)
		}
		return n, moved
	case *Distinct: // which rows are equal depends on every column
		n.In = prune(n.In)
		return n, identity(len(n.Schema()))
	case *Limit:
		in, moved := narrow(n.In, need)
		n.In = in
		return n, moved
	}
	return n, identity(len(n.Schema()))
}

func (s *Scan) narrow(need []int) (Node, map[int]int) {
	moved := make(map[int]int, len(need))
	columns := make([]int, len(need))
	for i, c := range need {
		columns[i], moved[c] = s.Columns[c], i
	}
	s.Columns = columns
	return s, moved
}

// idle reports whether the projection hands on its input's row unchanged, names included.
func (p *Project) idle() bool {
	in := p.In.Schema()
	if len(in) != len(p.Exprs) || len(in) == 0 {
		return false
	}
	for i, o := range p.Exprs {
		if c, ok := o.X.(*expr.Column); !ok || c.Index != i || o.Name != in[i].Name {
			return false
		}
	}
	return true
}

func expressions(outputs []Output) []expr.Expr {
	xs := make([]expr.Expr, len(outputs))
	for i, o := range outputs {
		xs[i] = o.X
	}
	return xs
}

func moveOutputs(outputs []Output, moved map[int]int) {
	for i := range outputs {
		outputs[i].X = move(outputs[i].X, moved)
	}
}

func move(x expr.Expr, moved map[int]int) expr.Expr {
	return remap(x, func(i int) int { return moved[i] })
}

func union(a, b []int) []int {
	out := slices.Clone(a)
	for _, i := range b {
		if !slices.Contains(out, i) {
			out = append(out, i)
		}
	}
	return out
}

func identity(n int) map[int]int {
	m := make(map[int]int, n)
	for i := range n {
		m[i] = i
	}
	return m
}
