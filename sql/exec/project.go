package exec

import (
	"context"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// project computes its expressions over each row. Columns that are only handed on are not copied.
type project struct {
	in      Operator
	schema  types.Schema
	arrow   *arrow.Schema
	from    []int // of each output: the input's column, or -1 - n for computed[n]
	compute []expr.Expr
	env     expr.Env
	row     reader // the columns that computed expressions read
	vals    []types.Value
	out     *types.Builder // of the computed columns
}

func newProject(n *plan.Project, in Operator, c *Context) *project {
	p := &project{in: in, schema: n.Schema(), env: c.env(len(n.In.Schema()))}
	p.arrow = types.ArrowSchema(p.schema)
	var computed types.Schema
	for i, o := range n.Exprs {
		if col, ok := o.X.(*expr.Column); ok {
			p.from = append(p.from, col.Index)
			continue
		}
		p.from = append(p.from, -1-len(p.compute))
		p.compute = append(p.compute, o.X)
		computed = append(computed, p.schema[i])
	}
	p.row, p.vals, p.out = newReader(p.compute...), make([]types.Value, len(computed)), types.NewBuilder(computed)
	return p
}

func (p *project) Next(ctx context.Context) (*types.Batch, error) {
	b, err := pull(ctx, p.in)
	if b == nil || err != nil {
		return nil, err
	}
	defer b.Release()
	columns := make([]arrow.Array, len(p.from))
	if len(p.compute) > 0 {
		computed, err := p.eval(b)
		if err != nil {
			return nil, err
		}
		defer computed.Release()
		for i, c := range p.from {
			if c < 0 {
				columns[i] = computed.Record.Column(-1 - c)
			}
		}
	}
	for i, c := range p.from {
		if c >= 0 {
			columns[i] = b.Record.Column(c)
		}
	}
	return assemble(p.schema, p.arrow, columns, b.Rows()), nil
}

// eval computes the expressions that are no plain columns.
func (p *project) eval(b *types.Batch) (*types.Batch, error) {
	for i := range b.Rows() {
		p.row.read(b, i, p.env.Row)
		for j, x := range p.compute {
			v, err := x.Eval(&p.env)
			if err != nil {
				return nil, err
			}
			p.vals[j] = v
		}
		p.out.Append(p.vals)
	}
	return p.out.Batch(), nil
}

func (p *project) Close() error { return p.in.Close() }
