package exec

import (
	"context"

	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// buildSetOp makes INTERSECT and EXCEPT of a GROUP BY: rows of both sides, marked with their side, are grouped by all their columns, which takes NULLs
// for equal as set operations do, and counted for each side. The counts say how often a row comes out.
func buildSetOp(n *plan.SetOp, c *Context) (Operator, error) {
	marked := make(types.Schema, 0, len(n.Out)+1)
	marked = append(marked, n.Out...)
	marked = append(marked, types.Column{Name: "left", Type: types.Type{Kind: types.Bool}})
	side := &expr.Column{Index: len(n.Out), Name: "left", T: types.Type{Kind: types.Bool}}
	mark := func(in plan.Node, left bool) plan.Node {
		p := &plan.Project{In: in}
		for i, col := range in.Schema() {
			p.Exprs = append(p.Exprs, plan.Output{Name: n.Out[i].Name, X: &expr.Column{Index: i, Name: col.Name, T: col.Type}, T: n.Out[i].Type})
		}
		p.Exprs = append(p.Exprs, plan.Output{Name: "left", X: &expr.Const{V: types.NewBool(left), T: side.T}, T: side.T})
		return p
	}
	count, _, err := agg.Resolve("count", true, false, types.Type{})
	if err != nil {
		return nil, err
	}
	group := &plan.Aggregation{In: &plan.UnionAll{Ins: []plan.Node{mark(n.L, true), mark(n.R, false)}, Out: marked}}
	for i, col := range n.Out {
		group.Keys = append(group.Keys, plan.Output{Name: col.Name, X: &expr.Column{Index: i, Name: col.Name, T: col.Type}, T: col.Type})
	}
	group.Aggs = []plan.AggCall{{Fn: count, Filter: side, Name: "left"}, {Fn: count, Filter: expr.NewNot(side), Name: "right"}}
	bare, err := operatorOf(group, c, 0)
	if err != nil {
		return nil, err
	}
	return &repeat{in: bare, times: timesOf(n), row: make([]types.Value, len(n.Out)+2), out: types.NewBuilder(n.Schema())}, nil
}

// timesOf says how often a row comes out that the left side has l times and the right side r times.
func timesOf(n *plan.SetOp) func(l, r int64) int64 {
	switch {
	case n.Op == "INTERSECT" && n.All:
		return func(l, r int64) int64 { return min(l, r) }
	case n.Op == "INTERSECT":
		return func(l, r int64) int64 { return min(l, r, 1) }
	case n.All:
		return func(l, r int64) int64 { return max(0, l-r) }
	}
	return func(l, r int64) int64 {
		if r > 0 {
			return 0
		}
		return min(l, 1)
	}
}

// repeat hands out each row as often as its last two columns say.
type repeat struct {
	in    Operator
	times func(l, r int64) int64
	batch *types.Batch
	at    int   // the row of batch at hand
	left  int64 // how often it is still to come
	row   []types.Value
	out   *types.Builder
}

func (r *repeat) Next(ctx context.Context) (*types.Batch, error) {
	for r.out.Len() < batchRows {
		if r.left > 0 {
			r.left--
			r.out.Append(r.row)
			continue
		}
		if ok, err := r.advance(ctx); err != nil {
			return nil, err
		} else if !ok {
			break
		}
	}
	return finish(r.out), nil
}

// advance goes to the next row; ok is false at the end.
func (r *repeat) advance(ctx context.Context) (ok bool, err error) {
	for r.batch == nil || r.at == r.batch.Rows() {
		r.drop()
		if r.batch, err = pull(ctx, r.in); r.batch == nil || err != nil {
			return false, err
		}
		r.at = 0
	}
	r.batch.Row(r.at, r.row)
	r.at++
	n := len(r.row)
	r.left = r.times(r.row[n-2].I, r.row[n-1].I)
	return true, nil
}

func (r *repeat) drop() {
	if r.batch != nil {
		r.batch.Release()
		r.batch = nil
	}
}

func (r *repeat) Close() error {
	r.drop()
	return r.in.Close()
}
