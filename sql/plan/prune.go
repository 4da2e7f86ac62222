package plan

import (
	"slices"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// prune makes every scan read only what the tree above it uses, in the order in which it is used first, and drops
// projections that then change nothing. The row of root itself stays as it is.
func prune(root Node) Node {
	all := make([]int, len(root.Schema()))
	for i := range all {
		all[i] = i
	}
	n, moved := narrow(root, all)
	s := n.Schema()
	same := len(s) == len(all)
	outputs := make([]Output, len(all))
	for i := range all {
		c := columnAt(s, moved[i])
		same = same && c.Index == i
		outputs[i] = Output{Name: c.Name, X: c, T: c.T}
	}
	if same {
		return n
	}
	return &Project{In: n, Exprs: outputs}
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
		return n.narrow(need)
	case *Join:
		return n.narrow(need)
	case *AsOfJoin:
		return n.narrow(need)
	case *Lateral:
		return n.narrow(need)
	case *ProjectSet:
		return n.narrow(need)
	case *Recursion:
		n.Seed, n.Step = prune(n.Seed), prune(n.Step)
		return n, identity(width(n))
	case *UnionAll:
		return n.narrow(need)
	case *SetOp:
		n.L, n.R = prune(n.L), prune(n.R)
		return n, identity(width(n))
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

// narrow drops the outputs that nobody reads.
func (p *Project) narrow(need []int) (Node, map[int]int) {
	kept := make([]Output, 0, len(need))
	moved := make(map[int]int, len(need))
	for i, o := range p.Exprs {
		if slices.Contains(need, i) {
			moved[i] = len(kept)
			kept = append(kept, o)
		}
	}
	p.Exprs = kept
	in, below := narrow(p.In, columnsOf(expressions(p.Exprs)...))
	p.In = in
	moveOutputs(p.Exprs, below)
	if p.idle() {
		return in, moved
	}
	return p, moved
}

func (j *Join) narrow(need []int) (Node, map[int]int) {
	w := width(j.L)
	var left, right []int
	var lk, rk []expr.Expr
	for _, k := range j.Keys {
		lk, rk = append(lk, k.L), append(rk, k.R)
	}
	for _, c := range union(need, columnsOf(j.On)) {
		if c < w {
			left = append(left, c)
		} else {
			right = append(right, c-w)
		}
	}
	l, lm := narrow(j.L, union(left, columnsOf(lk...)))
	r, rm := narrow(j.R, union(right, columnsOf(rk...)))
	j.L, j.R = l, r
	moved := beside(lm, w, rm, width(l))
	j.On = move(j.On, moved)
	for i := range j.Keys {
		j.Keys[i] = JoinKey{move(j.Keys[i].L, lm), move(j.Keys[i].R, rm)}
	}
	return j, moved
}

func (j *AsOfJoin) narrow(need []int) (Node, map[int]int) {
	w := width(j.In)
	left := columnsOf(append(slices.Clone(j.Keys), j.At)...)
	var right []int
	for _, c := range union(need, columnsOf(j.Residual)) {
		if c < w {
			left = union(left, []int{c})
		} else {
			right = append(right, c-w)
		}
	}
	in, lm := narrow(j.In, left)
	_, rm := j.Scan.narrow(right)
	j.In = in
	moved := beside(lm, w, rm, width(in))
	j.Residual, j.At = move(j.Residual, moved), move(j.At, lm)
	for i := range j.Keys {
		j.Keys[i] = move(j.Keys[i], lm)
	}
	return j, moved
}

// beside is where the columns of two rows are when one stands behind the other: the left row had w columns and has now.
func beside(left map[int]int, w int, right map[int]int, now int) map[int]int {
	moved := make(map[int]int, len(left)+len(right))
	for from, to := range left {
		moved[from] = to
	}
	for from, to := range right {
		moved[w+from] = now + to
	}
	return moved
}

// narrow gives all inputs the same row.
func (u *UnionAll) narrow(need []int) (Node, map[int]int) {
	out := make(types.Schema, len(need))
	moved := make(map[int]int, len(need))
	for i, c := range need {
		out[i], moved[c] = u.Out[c], i
	}
	for i := range u.Ins {
		in, below := narrow(u.Ins[i], need)
		s := in.Schema()
		exact := len(s) == len(need)
		outputs := make([]Output, len(need))
		for j, c := range need {
			at := below[c]
			exact = exact && at == j
			outputs[j] = Output{Name: out[j].Name, X: columnAt(s, at), T: s[at].Type}
		}
		if !exact {
			in = &Project{In: in, Exprs: outputs}
		}
		u.Ins[i] = in
	}
	u.Out = out
	return u, moved
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
