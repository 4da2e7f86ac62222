package exec

import (
	"context"

	"github.com/asofdb/asof/sql/types"
)

// A group that is written to a partition is a row: its keys, the number of its first row, and the encodings of its states. The states of one group
// meet again in one partition, where they are merged, which is exact (agg's first invariant).

func (a *aggregate) spillTypes() codec {
	var ts codec
	for _, k := range a.node.Keys {
		ts = append(ts, k.T)
	}
	ts = append(ts, types.Type{Kind: types.Int8})
	for range a.node.Aggs {
		ts = append(ts, types.Type{Kind: types.Bytea})
	}
	return ts
}

// spill writes all groups to partitions and forgets them.
func (a *aggregate) spill() error {
	if len(a.node.Keys) == 0 { // one group cannot be divided
		return a.mem.tooMuch()
	}
	if a.rest == nil {
		a.rest = newPartitioning(a.c, a.spillTypes(), a.seed, 0)
	}
	if err := a.rest.addGroups(a.groups); err != nil {
		return err
	}
	a.groupTable, a.mem.used = newGroupTable(), 0
	clear(a.seen)
	return nil
}

func (p *partitioning) addGroups(groups []*group) error {
	var row []types.Value
	var buf []byte
	for _, g := range groups {
		row = append(append(row[:0], g.keys...), types.NewInt8(int64(g.number)))
		for _, s := range g.states {
			buf = s.AppendTo(buf[:0])
			row = append(row, types.Value{Kind: types.Bytea, S: string(buf)})
		}
		if err := p.add([]byte(g.key), row); err != nil {
			return err
		}
	}
	return nil
}

// mergeSpilled hands out the groups of all partitions.
func (a *aggregate) mergeSpilled(ctx context.Context, out *output) error {
	if err := a.rest.addGroups(a.groups); err != nil {
		return err
	}
	a.groupTable, a.seen = groupTable{}, nil
	if err := a.mergePartitions(ctx, a.rest, out); err != nil {
		return err
	}
	return out.flush()
}

func (a *aggregate) mergePartitions(ctx context.Context, p *partitioning, out *output) error {
	if err := p.finish(); err != nil {
		return err
	}
	for _, r := range p.runs {
		if r == nil {
			continue
		}
		if err := a.mergePartition(ctx, r, p.depth+1, out); err != nil {
			return err
		}
		if err := r.close(); err != nil {
			return err
		}
	}
	return nil
}

// mergePartition merges the states of a partition and hands its groups out, or divides it further.
func (a *aggregate) mergePartition(ctx context.Context, r *rowFile, depth int, out *output) error {
	m := groupMerge{a: a, groupTable: newGroupTable(), mem: newAccount("GROUP BY", a.c), depth: depth}
	reader := r.open()
	row := make([]types.Value, len(r.types))
	for n := 0; ; n++ {
		if n%batchRows == 0 {
			if err := cancelled(ctx); err != nil {
				return err
			}
		}
		ok, err := reader.next(row)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := m.add(row); err != nil {
			return err
		}
	}
	if m.rest == nil {
		return emitGroups(m.groups, out)
	}
	if err := m.rest.addGroups(m.groups); err != nil {
		return err
	}
	m.groupTable = groupTable{}
	return a.mergePartitions(ctx, m.rest, out)
}

// groupMerge merges the groups of one partition.
type groupMerge struct {
	a *aggregate
	groupTable
	mem   account
	depth int
	rest  *partitioning
}

// add merges a row that addGroups wrote.
func (m *groupMerge) add(row []types.Value) error {
	k := len(m.a.node.Keys)
	m.key = appendKeys(m.key[:0], row[:k])
	number := int(row[k].I)
	g, known := m.byKey[string(m.key)]
	grown := int64(0)
	if !known {
		g = m.groupTable.add(m.a.node, number, cloneRow(row[:k]))
		grown = g.size()
	}
	if number < g.number { // the keys shown are those of the group's first row
		g.number, g.keys = number, cloneRow(row[:k])
	}
	for i, c := range m.a.node.Aggs {
		encoded := row[k+1+i].S
		if c.Fn.Distinct { // a set that is decoded takes several times its encoding
			grown += 8 * int64(len(encoded))
		}
		state := g.states[i]
		if known {
			state = c.Fn.NewAddOnly()
		}
		if _, err := state.ReadFrom([]byte(encoded)); err != nil {
			return err
		}
		if known {
			g.states[i].Merge(state)
		}
	}
	return m.grow(grown)
}

// grow accounts for n bytes and divides the partition further where they are too many.
func (m *groupMerge) grow(n int64) error {
	full, err := m.mem.full(n)
	if err != nil || !full {
		return err
	}
	if m.depth >= maxDepth || len(m.groups) == 1 && m.rest != nil {
		return m.mem.tooMuch()
	}
	if m.rest == nil {
		m.rest = newPartitioning(m.a.c, m.a.spillTypes(), m.a.seed, m.depth)
	}
	if err := m.rest.addGroups(m.groups); err != nil {
		return err
	}
	m.groupTable, m.mem.used = newGroupTable(), 0
	return nil
}
