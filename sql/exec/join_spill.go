package exec

import (
	"context"
	"slices"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// spilled joins when the right side does not fit into memory. t holds the rows that have been read of it, right has the others.
func (j *join) spilled(ctx context.Context, t *joinTable, right *pulled, out *joinOutput) error {
	if len(j.node.Keys) == 0 || j.depth >= maxDepth {
		return j.inPieces(ctx, t, right, out)
	}
	rights := j.partitioning(j.node.R.Schema())
	if err := j.divideRight(ctx, t, right, rights); err != nil {
		return err
	}
	if j.kind == plan.NullAntiJoin && t.null { // nothing is certainly none of the rows
		return nil
	}
	lefts := j.partitioning(j.node.L.Schema())
	if err := j.divideLeft(ctx, lefts, out); err != nil {
		return err
	}
	return j.joinPartitions(ctx, lefts, rights, out)
}

// partitioning begins to divide rows of schema s; they are deleted when the join is closed at the latest.
func (j *join) partitioning(s types.Schema) *partitioning {
	p := newPartitioning(j.c, typesOf(s), j.seed, j.depth)
	j.owned = append(j.owned, p)
	return p
}

// divideRight writes the right side to partitions, beginning with what the table has. Rows without a key match nothing and come to some partition
// if they come out at all.
func (j *join) divideRight(ctx context.Context, t *joinTable, right *pulled, to *partitioning) error {
	add := func(row []types.Value) error {
		key, ok, err := j.rkey.of(row)
		if err != nil {
			return err
		}
		if !ok {
			t.null = true
			if !j.rightOut() {
				return nil
			}
		}
		return to.add(key, row)
	}
	kept := make([]types.Value, j.rw)
	for _, p := range slices.Concat(t.rows, t.loose) {
		if err := j.get(t, p, kept); err != nil {
			return err
		}
		if err := add(kept); err != nil {
			return err
		}
	}
	t.forget()
	for {
		row, err := right.next(ctx)
		if err != nil {
			return err
		}
		if row == nil {
			return to.finish()
		}
		if err := add(row); err != nil {
			return err
		}
	}
}

// forget frees the table's rows.
func (t *joinTable) forget() {
	*t = joinTable{null: t.null}
}

// divideLeft writes the left side to partitions. Rows without a key match nothing: they come out at once, or never.
func (j *join) divideLeft(ctx context.Context, to *partitioning, out *joinOutput) error {
	err := eachRow(ctx, j.l, j.lw, func(row []types.Value) error {
		key, ok, err := j.lkey.of(row)
		switch {
		case err != nil:
			return err
		case ok:
			return to.add(key, row)
		case j.kind == plan.NullAntiJoin: // NULL NOT IN some rows is unknown
			return nil
		}
		return j.unmatchedLeft(nil, row, false, out)
	})
	if err != nil {
		return err
	}
	if j.kind == plan.NullAntiJoin { // no NULLs are left on either side
		j.kind = plan.AntiJoin
	}
	return to.finish()
}

// joinPartitions joins each pair of partitions as if they were the sides.
func (j *join) joinPartitions(ctx context.Context, lefts, rights *partitioning, out *joinOutput) error {
	total := int64(0)
	for _, r := range rights.runs {
		if r != nil {
			total += r.total
		}
	}
	for i := range partitions {
		l, r := lefts.runs[i], rights.runs[i]
		if l == nil && (r == nil || !j.rightOut()) {
			continue
		}
		part := *j
		part.l, part.r, part.depth, part.owned = partition(l, j.node.L.Schema()), partition(r, j.node.R.Schema()), j.depth+1, nil
		if r != nil && r.total == total && total > 1 { // one key has nearly all rows: dividing again would not help
			part.depth = maxDepth
		}
		err := part.into(ctx, out)
		if e := part.close(); err == nil {
			err = e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// partition reads a partition, which is nil where it has no rows.
func partition(r *rowFile, s types.Schema) Operator {
	if r == nil {
		return &values{out: types.NewBuilder(s)}
	}
	return newFileScan(r, s)
}

// inPieces joins when the right side cannot be divided: as much of it as fits is kept at a time, and the left side read once for each piece.
func (j *join) inPieces(ctx context.Context, t *joinTable, right *pulled, out *joinOutput) error {
	if err := j.keepLeft(ctx); err != nil {
		return err
	}
	matched := make([]uint64, (j.left.total+63)/64)
	for {
		if err := j.piece(ctx, t, matched, out); err != nil {
			return err
		}
		t = j.newTable()
		read := false
		for full := false; !full; {
			row, err := right.next(ctx)
			if err != nil {
				return err
			}
			if row == nil {
				break
			}
			read = true
			if full, err = j.add(t, row); err != nil {
				return err
			}
		}
		if !read {
			break
		}
	}
	if j.kind == plan.SemiJoin {
		return nil
	}
	return j.eachLeft(ctx, func(i int64, row []types.Value) error {
		return j.unmatchedLeft(nil, row, matched[i/64]>>(i%64)&1 != 0, out)
	})
}

// keepLeft writes the left side to a file.
func (j *join) keepLeft(ctx context.Context) (err error) {
	if j.left, err = newRowFile(&j.c.state.temp, typesOf(j.node.L.Schema()), j.c.limit()); err != nil {
		return err
	}
	if err := eachRow(ctx, j.l, j.lw, j.left.append); err != nil {
		return err
	}
	return j.left.finish()
}

// piece hands out the pairs with the rows that t has.
func (j *join) piece(ctx context.Context, t *joinTable, matched []uint64, out *joinOutput) error {
	err := j.eachLeft(ctx, func(i int64, row []types.Value) error {
		known := matched[i/64]>>(i%64)&1 != 0
		if known && j.half() {
			return nil
		}
		found, err := j.probe(t, row, out)
		if err != nil || !found {
			return err
		}
		matched[i/64] |= 1 << (i % 64)
		if j.kind == plan.SemiJoin {
			return out.output.row(row)
		}
		return nil
	})
	if err != nil {
		return err
	}
	return j.unmatchedRight(t, out)
}

// eachLeft calls f for the rows of the left side and their numbers.
func (j *join) eachLeft(ctx context.Context, f func(i int64, row []types.Value) error) error {
	reader := j.left.open()
	row := make([]types.Value, j.lw)
	for i := int64(0); ; i++ {
		if i%batchRows == 0 {
			if err := cancelled(ctx); err != nil {
				return err
			}
		}
		ok, err := reader.next(row)
		if !ok || err != nil {
			return err
		}
		if err := f(i, row); err != nil {
			return err
		}
	}
}
