package exec

import (
	"context"
	"errors"
	"fmt"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Build makes the operator tree for a query's root.
func Build(q *plan.Query, c *Context) (Operator, error) {
	own := *c
	own.state = newState(&own)
	op, err := build(q.Root, &own, 0)
	if err != nil {
		return nil, errors.Join(err, own.state.close())
	}
	return &root{op, own.state}, nil
}

// root is the operator tree of a statement with what its operators share.
type root struct {
	Operator
	state *state
}

// Next makes the context known to the queries in expressions.
func (r *root) Next(ctx context.Context) (*types.Batch, error) {
	r.state.ctx = ctx
	return r.Operator.Next(ctx)
}

func (r *root) Close() error { return errors.Join(r.Operator.Close(), r.state.close()) }

// build makes the operators of n. atMost is how many of n's first rows can be used above, 0 where all can.
func build(n plan.Node, c *Context, atMost int64) (Operator, error) {
	op, err := operatorOf(n, c, atMost)
	if err != nil || c.Instrument == nil {
		return op, err
	}
	return c.Instrument.measure(n, op), nil
}

// operatorOf is the one switch from nodes to operators.
func operatorOf(n plan.Node, c *Context, atMost int64) (Operator, error) {
	switch n := n.(type) {
	case *plan.Scan:
		return newScan(n, nil, c), nil
	case *plan.One:
		return &one{}, nil
	case *plan.Values:
		return newValues(n, c), nil
	case *plan.FunctionScan:
		return newFunctionScan(n, c), nil
	case *plan.Spool:
		return newSpool(n, c), nil
	case *plan.Recursion:
		return newRecursion(n, c), nil
	case *plan.WorkTable:
		return newWorkScan(n, c), nil
	case *plan.Limit:
		return buildLimit(n, c)
	case *plan.Join:
		return buildJoin(n, c)
	case *plan.SetOp:
		return buildSetOp(n, c)
	case *plan.UnionAll:
		return buildUnion(n, c, atMost)
	case *plan.Filter:
		if s, ok := n.In.(*plan.Scan); ok {
			return newScan(s, n.X, c), nil
		}
	}
	if len(n.Children()) != 1 {
		return nil, fmt.Errorf("exec: no operator for %T", n)
	}
	below := int64(0)
	if _, ok := n.(*plan.Project); ok {
		below = atMost
	}
	in, err := build(n.Children()[0], c, below)
	if err != nil {
		return nil, err
	}
	switch n := n.(type) {
	case *plan.Project:
		return newProject(n, in, c), nil
	case *plan.Sort:
		return newSort(n, in, c, atMost), nil
	case *plan.Filter:
		return newFilter(n, in, c), nil
	case *plan.Aggregation:
		return newAggregate(n, in, c), nil
	case *plan.Distinct:
		return newDistinct(n, in, c), nil
	case *plan.AsOfJoin:
		return newAsOfJoin(n, in, c), nil
	case *plan.Lateral:
		return newLateral(n, in, c), nil
	case *plan.ProjectSet:
		return newProjectSet(n, in, c), nil
	}
	return nil, fmt.Errorf("exec: no operator for %T", n)
}
