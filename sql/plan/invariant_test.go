package plan

import (
	"fmt"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// checkTree checks invariant 1 throughout a statement: every expression reads columns that the row has, with their types, and only outer values that
// are handed in; and every node's row is what its parts make it.
func checkTree(root Node) (err error) {
	everywhere(root, func(n Node) {
		if err != nil {
			return
		}
		if e := checkNode(n); e != nil {
			err = fmt.Errorf("%s: %w", n.Describe(), e)
		}
	})
	return err
}

func checkNode(n Node) error {
	over := func(row types.Schema, xs ...expr.Expr) error {
		for _, x := range xs {
			if x == nil {
				continue
			}
			if err := checkExpr(x, row); err != nil {
				return err
			}
		}
		return nil
	}
	var row types.Schema
	switch n := n.(type) {
	case *Scan:
		for _, c := range n.Columns {
			if c >= len(n.Relation.Columns)+len(n.Relation.System) {
				return fmt.Errorf("column %d", c)
			}
		}
	case *Join:
		for _, k := range n.Keys {
			if err := over(n.L.Schema(), k.L); err != nil {
				return err
			}
			if err := over(n.R.Schema(), k.R); err != nil {
				return err
			}
		}
		return over(append(n.L.Schema(), n.R.Schema()...), n.On)
	case *AsOfJoin:
		if err := over(n.In.Schema(), append([]expr.Expr{n.At}, n.Keys...)...); err != nil {
			return err
		}
		return over(n.Schema(), n.Residual)
	case *Lateral:
		if err := over(n.In.Schema(), n.Sub); err != nil {
			return err
		}
		return over(n.Schema(), n.On)
	case *UnionAll:
		for _, in := range n.Ins {
			if err := sameKinds(in.Schema(), n.Out); err != nil {
				return err
			}
		}
	case *SetOp:
		if err := sameKinds(n.L.Schema(), n.Out); err != nil {
			return err
		}
		return sameKinds(n.R.Schema(), n.Out)
	case *Limit:
	default:
		if ins := inputs(n); len(ins) == 1 {
			row = (*ins[0]).Schema()
		}
	}
	for _, x := range expressionsOf(n) {
		if err := checkExpr(*x, row); err != nil {
			return err
		}
	}
	return nil
}

func sameKinds(a, b types.Schema) error {
	if len(a) != len(b) {
		return fmt.Errorf("%d columns, not %d", len(a), len(b))
	}
	for i := range a {
		if plain(a[i].Type) != plain(b[i].Type) {
			return fmt.Errorf("column %d is %s, not %s", i, a[i].Type, b[i].Type)
		}
	}
	return nil
}

func checkExpr(x expr.Expr, row types.Schema) (err error) {
	expr.Walk(x, func(y expr.Expr) bool {
		switch y := y.(type) {
		case *expr.Column:
			if y.Index >= len(row) || y.Index < 0 {
				err = fmt.Errorf("%s is column %d of %d", y, y.Index, len(row))
			} else if plain(row[y.Index].Type) != plain(y.T) {
				err = fmt.Errorf("%s is a %s and column %d a %s", y, y.T, y.Index, row[y.Index].Type)
			}
		case *expr.Subquery:
			p := y.Query.(*Subplan)
			if !p.done {
				err = fmt.Errorf("%s is not optimised", y)
			}
			for _, u := range outersOf(p.Root) {
				if u >= len(y.Args) {
					err = fmt.Errorf("%s reads outer value %d of %d", y, u, len(y.Args))
				}
			}
			if len(y.Left) != len(y.Right) || len(y.Left) > 0 && len(p.Root.Schema()) != len(y.Left) {
				err = fmt.Errorf("%s compares %d with %d", y, len(y.Left), len(p.Root.Schema()))
			}
		}
		return err == nil
	})
	return err
}
