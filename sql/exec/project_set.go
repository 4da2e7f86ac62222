package exec

import (
	"context"
	"iter"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// projectSet gives for each row below those of the sets beside it, in step.
type projectSet struct {
	node *plan.ProjectSet
	in   Operator
	w    int // of a row below
	env  expr.Env
}

func newProjectSet(n *plan.ProjectSet, in Operator, c *Context) Operator {
	w := len(n.In.Schema())
	p := &projectSet{node: n, in: in, w: w, env: c.env(w)}
	return &loop{body: p.run, closed: in.Close}
}

func (p *projectSet) run(ctx context.Context, emit func(*types.Batch) error) error {
	out := newOutput(p.node.Schema(), emit)
	row := make([]types.Value, p.w+len(p.node.Sets))
	err := eachRow(ctx, p.in, p.w, func(below []types.Value) error {
		copy(row, below)
		p.env.Row = below
		return p.expand(ctx, row, out)
	})
	if err != nil {
		return err
	}
	return out.flush()
}

// expand hands out the rows that begin with the one below, which row does.
func (p *projectSet) expand(ctx context.Context, row []types.Value, out *output) error {
	next := make([]func() (types.Value, bool), len(p.node.Sets))
	for i, s := range p.node.Sets {
		values, err := s.Rows(&p.env)
		if err != nil {
			return err
		}
		pull, stop := iter.Pull(values)
		defer stop()
		next[i] = pull
	}
	for n := 1; ; n++ {
		some := false
		for i := range next {
			v, ok := next[i]()
			row[p.w+i] = v
			some = some || ok
		}
		if !some {
			return nil
		}
		if n%batchRows == 0 {
			if err := cancelled(ctx); err != nil {
				return err
			}
		}
		if err := out.row(row); err != nil {
			return err
		}
	}
}
