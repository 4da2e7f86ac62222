package exec

import (
	"context"
	"encoding/binary"
	"hash/maphash"

	"github.com/asofdb/asof/sql/agg"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// aggregate groups all rows by the keys' values. Groups come out in the order in which their first rows came.
type aggregate struct {
	in     Operator
	node   *plan.Aggregation
	env    expr.Env
	row    reader
	out    *types.Builder
	mem    account
	byKey  map[string]*group // of AppendKey of the keys
	groups []*group
	key    []byte
	vals   []types.Value // the keys of the row at hand
	// seen holds a hash of every value that an aggregate over DISTINCT values has got, with its group: only what is new takes memory.
	seen map[uint64]struct{}
	hash maphash.Seed
	read bool
	next int
}

// group is one group's keys (of its first row) and states.
type group struct {
	number int
	keys   []types.Value
	states []agg.State
}

func newAggregate(n *plan.Aggregation, in Operator, c *Context) *aggregate {
	s := n.In.Schema()
	var xs []expr.Expr
	for _, k := range n.Keys {
		xs = append(xs, k.X)
	}
	for _, a := range n.Aggs {
		xs = append(xs, a.Arg, a.Filter)
	}
	return &aggregate{
		in: in, node: n, env: c.env(len(s)), row: newReader(xs...), out: types.NewBuilder(n.Schema()),
		mem: newAccount("GROUP BY", c), byKey: map[string]*group{}, vals: make([]types.Value, len(n.Keys)),
		seen: map[uint64]struct{}{}, hash: maphash.MakeSeed(),
	}
}

func (a *aggregate) Next(ctx context.Context) (*types.Batch, error) {
	if !a.read {
		if err := a.readAll(ctx); err != nil {
			return nil, err
		}
		a.read = true
	}
	row := make([]types.Value, 0, len(a.node.Keys)+len(a.node.Aggs))
	for ; a.next < len(a.groups) && a.out.Len() < batchRows; a.next++ {
		g := a.groups[a.next]
		row = append(row[:0], g.keys...)
		for _, s := range g.states {
			v, err := s.Result()
			if err != nil {
				return nil, err
			}
			row = append(row, v)
		}
		a.out.Append(row)
	}
	return finish(a.out), nil
}

func (a *aggregate) readAll(ctx context.Context) error {
	if len(a.node.Keys) == 0 { // one group, also over no rows
		a.newGroup(nil)
	}
	for {
		b, err := pull(ctx, a.in)
		if b == nil || err != nil {
			return err
		}
		for i := range b.Rows() {
			a.row.read(b, i, a.env.Row)
			if err := a.add(); err != nil {
				return err
			}
		}
		b.Release()
	}
}

// add counts the row at hand in its group.
func (a *aggregate) add() error {
	g, err := a.groupOf()
	if err != nil {
		return err
	}
	for i := range a.node.Aggs {
		if err := a.addTo(g, i); err != nil {
			return err
		}
	}
	return nil
}

func (a *aggregate) addTo(g *group, i int) error {
	s, c := g.states[i], &a.node.Aggs[i]
	if c.Filter != nil {
		if ok, err := expr.True(c.Filter, &a.env); err != nil || !ok {
			return err
		}
	}
	if c.Arg == nil {
		s.Add(types.NewBool(true))
		return nil
	}
	v, err := c.Arg.Eval(&a.env)
	if err != nil {
		return err
	}
	s.Add(v)
	if c.Fn.Distinct && !v.IsNull() {
		return a.collected(g, i, v)
	}
	return nil
}

// collected accounts for a value that aggregate i of the group keeps, if it is a new one.
func (a *aggregate) collected(g *group, i int, v types.Value) error {
	a.key = binary.AppendUvarint(a.key[:0], uint64(g.number))
	a.key = binary.AppendUvarint(a.key, uint64(i))
	h := maphash.Bytes(a.hash, types.AppendKey(a.key, v))
	if _, ok := a.seen[h]; ok {
		return nil
	}
	a.seen[h] = struct{}{}
	return a.mem.grow(2*mapEntry + payload(&v))
}

// groupOf returns the group of the row at hand.
func (a *aggregate) groupOf() (*group, error) {
	if len(a.node.Keys) == 0 {
		return a.groups[0], nil
	}
	for i, k := range a.node.Keys {
		v, err := k.X.Eval(&a.env)
		if err != nil {
			return nil, err
		}
		a.vals[i] = v
	}
	a.key = appendKeys(a.key[:0], a.vals)
	if g, ok := a.byKey[string(a.key)]; ok {
		return g, nil
	}
	g := a.newGroup(cloneRow(a.vals))
	a.byKey[string(a.key)] = g
	return g, a.mem.grow(mapEntry + int64(len(a.key)) + rowSize(g.keys) + sliceHeader + stateSize*int64(len(g.states)))
}

func (a *aggregate) newGroup(keys []types.Value) *group {
	g := &group{number: len(a.groups), keys: keys, states: make([]agg.State, len(a.node.Aggs))}
	for i := range g.states {
		g.states[i] = a.node.Aggs[i].Fn.NewAddOnly()
	}
	a.groups = append(a.groups, g)
	return g
}

func (a *aggregate) Close() error {
	a.byKey, a.groups = nil, nil
	return a.in.Close()
}
