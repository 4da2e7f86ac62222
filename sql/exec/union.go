package exec

import (
	"context"
	"errors"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// union hands out the rows of its inputs, one after the other.
type union struct {
	ins    []Operator
	at     int
	schema types.Schema
}

func buildUnion(n *plan.UnionAll, c *Context, atMost int64) (Operator, error) {
	u := &union{schema: n.Schema()}
	for _, in := range n.Ins {
		op, err := build(in, c, atMost)
		if err != nil {
			return nil, errors.Join(err, u.Close())
		}
		u.ins = append(u.ins, op)
	}
	return u, nil
}

func (u *union) Next(ctx context.Context) (*types.Batch, error) {
	for ; u.at < len(u.ins); u.at++ {
		b, err := pull(ctx, u.ins[u.at])
		if err != nil {
			return nil, err
		}
		if b != nil { // the inputs' types may have modifiers that the union's have not
			return &types.Batch{Schema: u.schema, Record: b.Record}, nil
		}
	}
	return nil, nil
}

func (u *union) Close() error {
	var err error
	for _, op := range u.ins {
		err = errors.Join(err, op.Close())
	}
	return err
}
