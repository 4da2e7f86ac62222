package exec

import "github.com/asofdb/asof/sql/plan"

// Build makes the operator tree for a query's root.
func Build(q *plan.Query, c *Context) (Operator, error) { panic("todo") }
