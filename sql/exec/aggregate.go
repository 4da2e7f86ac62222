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

// aggregate groups all rows by the keys' values. Groups come out in the order in which their first rows came, if they all fit into memory; if not,
// the states go to partitions (aggregate_spill.go).
type aggregate struct {
	in   Operator
	c    *Context
	node *plan.Aggregation
	env  expr.Env
	row  reader
	mem  account
	groupTable
	number int           // of the next group
	vals   []types.Value // the keys of the row at hand
	// seen holds a hash of every value that an aggregate over DISTINCT values has got, with its group: only what is new takes memory.
	seen map[uint64]struct{}
	seed maphash.Seed
	rest *partitioning // nil while everything fits
}

// groupTable finds groups by their keys.
type groupTable struct {
	byKey  map[string]*group // of AppendKey of the keys
	groups []*group
	key    []byte
}

// group is one group's keys (of its first row) and states.
type group struct {
	number int
	key    string // of byKey
	keys   []types.Value
	states []agg.State
}

func newAggregate(n *plan.Aggregation, in Operator, c *Context) Operator {
	var xs []expr.Expr
	for _, k := range n.Keys {
		xs = append(xs, k.X)
	}
	for _, a := range n.Aggs {
		xs = append(xs, a.Arg, a.Filter)
	}
	a := &aggregate{
		in: in, c: c, node: n, env: c.env(len(n.In.Schema())), row: newReader(xs...),
		mem: newAccount("GROUP BY", c), groupTable: newGroupTable(), vals: make([]types.Value, len(n.Keys)),
		seen: map[uint64]struct{}{}, seed: maphash.MakeSeed(),
	}
	return &loop{body: a.run, closed: a.close}
}

func newGroupTable() groupTable { return groupTable{byKey: map[string]*group{}} }

func (a *aggregate) run(ctx context.Context, emit func(*types.Batch) error) error {
	out := newOutput(a.node.Schema(), emit)
	if err := a.readAll(ctx); err != nil {
		return err
	}
	if a.rest != nil {
		return a.mergeSpilled(ctx, out)
	}
	if err := emitGroups(a.groups, out); err != nil {
		return err
	}
	return out.flush()
}

// emitGroups hands out a row for each group.
func emitGroups(groups []*group, out *output) error {
	var row []types.Value
	for _, g := range groups {
		row = append(row[:0], g.keys...)
		for _, s := range g.states {
			v, err := s.Result()
			if err != nil {
				return err
			}
			row = append(row, v)
		}
		if err := out.row(row); err != nil {
			return err
		}
	}
	return nil
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
	g, grown, err := a.groupOf()
	if err != nil {
		return err
	}
	for i := range a.node.Aggs {
		n, err := a.addTo(g, i)
		if err != nil {
			return err
		}
		grown += n
	}
	if grown == 0 {
		return nil
	}
	full, err := a.mem.full(grown)
	if err != nil || !full {
		return err
	}
	return a.spill()
}

// addTo adds the row at hand to aggregate i of the group and returns by how much that grew.
func (a *aggregate) addTo(g *group, i int) (int64, error) {
	s, c := g.states[i], &a.node.Aggs[i]
	if c.Filter != nil {
		if ok, err := expr.True(c.Filter, &a.env); err != nil || !ok {
			return 0, err
		}
	}
	if c.Arg == nil {
		s.Add(types.NewBool(true))
		return 0, nil
	}
	v, err := c.Arg.Eval(&a.env)
	if err != nil {
		return 0, err
	}
	s.Add(v)
	if c.Fn.Collects != nil {
		return valueSize + payload(&v), nil
	}
	if c.Fn.Distinct && !v.IsNull() {
		return a.collected(g, i, v), nil
	}
	return 0, nil
}

// collected is the memory of a value that aggregate i of the group keeps, if it is a new one.
func (a *aggregate) collected(g *group, i int, v types.Value) int64 {
	a.key = binary.AppendUvarint(a.key[:0], uint64(g.number))
	a.key = binary.AppendUvarint(a.key, uint64(i))
	h := maphash.Bytes(a.seed, types.AppendKey(a.key, v))
	if _, ok := a.seen[h]; ok {
		return 0
	}
	a.seen[h] = struct{}{}
	return 2*mapEntry + payload(&v)
}

// groupOf returns the group of the row at hand and the memory it takes if it is new.
func (a *aggregate) groupOf() (*group, int64, error) {
	if len(a.node.Keys) == 0 {
		return a.groups[0], 0, nil
	}
	for i, k := range a.node.Keys {
		v, err := k.X.Eval(&a.env)
		if err != nil {
			return nil, 0, err
		}
		a.vals[i] = v
	}
	a.key = appendKeys(a.key[:0], a.vals)
	if g, ok := a.byKey[string(a.key)]; ok {
		return g, 0, nil
	}
	g := a.newGroup(cloneRow(a.vals))
	return g, g.size(), nil
}

// size is the memory of a group but for what its states collect.
func (g *group) size() int64 {
	return mapEntry + int64(len(g.key)) + rowSize(g.keys) + sliceHeader + stateSize*int64(len(g.states))
}

func (a *aggregate) newGroup(keys []types.Value) *group {
	g := a.groupTable.add(a.node, a.number, keys)
	a.number++
	return g
}

// add adds a group whose key is t.key.
func (t *groupTable) add(n *plan.Aggregation, number int, keys []types.Value) *group {
	g := &group{number: number, key: string(t.key), keys: keys, states: make([]agg.State, len(n.Aggs))}
	for i := range g.states {
		g.states[i] = n.Aggs[i].Fn.NewAddOnly()
	}
	t.groups = append(t.groups, g)
	t.byKey[g.key] = g
	return g
}

func (a *aggregate) close() error {
	a.groupTable = groupTable{}
	return a.in.Close()
}
