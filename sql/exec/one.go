package exec

import (
	"context"

	"github.com/asofdb/asof/sql/types"
)

// one is the single row without columns of a SELECT without FROM.
type one struct{ done bool }

func (o *one) Next(context.Context) (*types.Batch, error) {
	if o.done {
		return nil, nil
	}
	o.done = true
	b := types.NewBuilder(nil)
	b.Append(nil)
	return b.Batch(), nil
}

func (*one) Close() error { return nil }
