package exec

import (
	"fmt"

	"github.com/asofdb/asof/sql/plan"
)

// Build makes the operator tree for a query's root.
func Build(q *plan.Query, c *Context) (Operator, error) { return build(q.Root, c, 0) }

// build makes the operators of n. atMost is how many of n's first rows can be used above, 0 where all can.
func build(n plan.Node, c *Context, atMost int64) (Operator, error) {
	switch n := n.(type) {
	case *plan.Limit:
		return buildLimit(n, c)
	case *plan.Project:
		in, err := build(n.In, c, atMost)
		if err != nil {
			return nil, err
		}
		return newProject(n, in, c), nil
	case *plan.Sort:
		in, err := build(n.In, c, 0)
		if err != nil {
			return nil, err
		}
		return newSort(n, in, c, atMost), nil
	case *plan.Filter:
		if s, ok := n.In.(*plan.Scan); ok {
			return newScan(s, n.X, c), nil
		}
		in, err := build(n.In, c, 0)
		if err != nil {
			return nil, err
		}
		return newFilter(n, in, c), nil
	case *plan.Aggregation:
		in, err := build(n.In, c, 0)
		if err != nil {
			return nil, err
		}
		return newAggregate(n, in, c), nil
	case *plan.Distinct:
		in, err := build(n.In, c, 0)
		if err != nil {
			return nil, err
		}
		return newDistinct(n, in, c), nil
	case *plan.Scan:
		return newScan(n, nil, c), nil
	case *plan.One:
		return &one{}, nil
	}
	return nil, fmt.Errorf("exec: no operator for %T", n)
}
