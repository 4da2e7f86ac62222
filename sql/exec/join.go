package exec

import (
	"context"
	"errors"
	"hash/maphash"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// join finds for each row of the left side the rows of the right side with equal keys, which it keeps in a table, and checks the rest of the condition
// on each pair. Without keys every pair is looked at. Rows come out in the order of the left side, as long as the table fits into memory. If not,
// both sides are divided into partitions by their keys (join_spill.go).
type join struct {
	node       *plan.Join
	c          *Context
	l, r       Operator
	lw, rw     int
	rtypes     codec
	lkey, rkey keyer
	on         expr.Env // over both rows
	seed       maphash.Seed
	// kind is the node's, but for a NOT IN that has been found to be a plain anti join over rows without NULLs.
	kind  plan.JoinKind
	depth int // how often the sides have been divided
	owned []*partitioning
	left  *rowFile // the left side, where it is read several times
}

func buildJoin(n *plan.Join, c *Context) (Operator, error) {
	l, err := build(n.L, c, 0)
	if err != nil {
		return nil, err
	}
	r, err := build(n.R, c, 0)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	j := &join{node: n, c: c, l: l, r: r, lw: len(n.L.Schema()), rw: len(n.R.Schema()), rtypes: typesOf(n.R.Schema()), seed: maphash.MakeSeed(), kind: n.Kind}
	var lk, rk []expr.Expr
	for _, k := range n.Keys {
		lk, rk = append(lk, k.L), append(rk, k.R)
	}
	j.lkey, j.rkey = newKeyer(lk, c), newKeyer(rk, c)
	j.on = c.env(j.lw + j.rw)
	return &loop{body: j.run, closed: j.close}, nil
}

// keyer computes the key bytes of rows.
type keyer struct {
	xs  []expr.Expr
	env expr.Env
	key []byte
}

func newKeyer(xs []expr.Expr, c *Context) keyer { return keyer{xs: xs, env: c.env(0)} }

// of is the key of a row, good until the next call; ok is false where a part of it is NULL, which equals nothing.
func (k *keyer) of(row []types.Value) (key []byte, ok bool, err error) {
	k.env.Row = row
	k.key = k.key[:0]
	ok = true
	for _, x := range k.xs {
		v, err := x.Eval(&k.env)
		if err != nil {
			return nil, false, err
		}
		ok = ok && !v.IsNull()
		k.key = types.AppendKey(k.key, v)
	}
	return k.key, ok, nil
}

// joinTable is the rows of the right side, found by key.
type joinTable struct {
	arena   arena
	rows    []place
	next    []int32 // the next row with the same key, plus one
	byKey   map[string]int32
	chains  []chain
	matched []bool
	loose   []place // rows without a key, kept where unmatched rows come out
	null    bool    // a row without a key was there
	mem     account
	buf     []byte
}

// chain is the first and the last of the rows with one key, plus one.
type chain struct{ first, last int32 }

func (j *join) newTable() *joinTable {
	return &joinTable{byKey: map[string]int32{}, mem: newAccount("JOIN", j.c)}
}

// keep copies a row into the table's arena.
func (t *joinTable) keep(c codec, row []types.Value) place {
	t.buf = c.append(t.buf[:0], row)
	return t.arena.keep(t.buf)
}

// size is what a place takes.
func (p place) size() int64 { return int64(p.to-p.from) + 16 }

// rightOut reports whether rows of the right side come out without a match.
func (j *join) rightOut() bool { return j.kind == plan.RightJoin || j.kind == plan.FullJoin }

// half reports whether only rows of the left side come out, each at most once.
func (j *join) half() bool {
	return j.kind == plan.SemiJoin || j.kind == plan.AntiJoin || j.kind == plan.NullAntiJoin
}

// add puts a row of the right side into the table and reports whether memory is full.
func (j *join) add(t *joinTable, row []types.Value) (full bool, err error) {
	key, ok, err := j.rkey.of(row)
	if err != nil {
		return false, err
	}
	if !ok {
		t.null = true
		if !j.rightOut() {
			return false, nil
		}
		p := t.keep(j.rtypes, row)
		t.loose = append(t.loose, p)
		return t.mem.full(p.size())
	}
	c, known := t.byKey[string(key)]
	if known && j.half() && j.node.On == nil { // whether there is one is all that matters
		return false, nil
	}
	p := t.keep(j.rtypes, row)
	t.rows, t.next = append(t.rows, p), append(t.next, 0)
	n := int32(len(t.rows))
	size := p.size()
	if known {
		t.next[t.chains[c].last-1] = n
		t.chains[c].last = n
	} else {
		t.byKey[string(key)] = int32(len(t.chains))
		t.chains = append(t.chains, chain{n, n})
		size += mapEntry + int64(len(key))
	}
	if j.rightOut() {
		t.matched = append(t.matched, false)
	}
	return t.mem.full(size)
}

func (j *join) run(ctx context.Context, emit func(*types.Batch) error) error {
	out := &joinOutput{output: newOutput(j.node.Schema(), emit), row: make([]types.Value, j.lw+j.rw)}
	if err := j.into(ctx, out); err != nil {
		return err
	}
	return out.flush()
}

// into joins the two sides into out.
func (j *join) into(ctx context.Context, out *joinOutput) error {
	t := j.newTable()
	right := &pulled{op: j.r, width: j.rw}
	for {
		row, err := right.next(ctx)
		if err != nil {
			return err
		}
		if row == nil {
			break
		}
		full, err := j.add(t, row)
		if err != nil {
			return err
		}
		if full {
			return j.spilled(ctx, t, right, out)
		}
	}
	err := eachRow(ctx, j.l, j.lw, func(row []types.Value) error {
		found, err := j.probe(t, row, out)
		if err != nil {
			return err
		}
		return j.unmatchedLeft(t, row, found, out)
	})
	if err != nil {
		return err
	}
	return j.unmatchedRight(t, out)
}

// probe hands out the pairs of a left row and reports whether there was one.
func (j *join) probe(t *joinTable, row []types.Value, out *joinOutput) (found bool, err error) {
	key, ok, err := j.lkey.of(row)
	if err != nil || !ok {
		return false, err
	}
	c, ok := t.byKey[string(key)]
	if !ok {
		return false, nil
	}
	copy(out.row, row)
	for n := t.chains[c].first; n > 0; n = t.next[n-1] {
		if j.node.On != nil || !j.half() {
			if err := j.get(t, t.rows[n-1], out.row[j.lw:]); err != nil {
				return false, err
			}
		}
		if j.node.On != nil {
			j.on.Row = out.row
			ok, err := expr.True(j.node.On, &j.on)
			if err != nil {
				return false, err
			}
			if !ok {
				continue
			}
		}
		found = true
		if j.half() {
			break
		}
		if j.rightOut() {
			t.matched[n-1] = true
		}
		if err := out.output.row(out.row); err != nil {
			return false, err
		}
	}
	return found, nil
}

// get reads a row of the table.
func (j *join) get(t *joinTable, p place, dst []types.Value) error {
	_, err := j.rtypes.read(t.arena.bytes(p), dst)
	return err
}

// unmatchedLeft hands out a left row as its kind of join does once all its pairs are known.
func (j *join) unmatchedLeft(t *joinTable, row []types.Value, found bool, out *joinOutput) error {
	switch j.kind {
	case plan.SemiJoin:
		if found {
			return out.output.row(row)
		}
	case plan.AntiJoin:
		if !found {
			return out.output.row(row)
		}
	case plan.NullAntiJoin:
		// Over no rows NOT IN is true even of NULL; over some a NULL on either side makes it unknown.
		empty := len(t.rows) == 0 && !t.null
		if !empty {
			_, ok, err := j.lkey.of(row)
			if err != nil || !ok || found || t.null {
				return err
			}
		}
		return out.output.row(row)
	case plan.LeftJoin, plan.FullJoin:
		if !found {
			copy(out.row, row)
			clear(out.row[j.lw:])
			return out.output.row(out.row)
		}
	}
	return nil
}

// unmatchedRight hands out the right rows that no left row has matched, where the kind of join does.
func (j *join) unmatchedRight(t *joinTable, out *joinOutput) error {
	if !j.rightOut() {
		return nil
	}
	clear(out.row[:j.lw])
	for i, p := range t.rows {
		if !t.matched[i] {
			if err := j.rightAlone(t, p, out); err != nil {
				return err
			}
		}
	}
	for _, p := range t.loose {
		if err := j.rightAlone(t, p, out); err != nil {
			return err
		}
	}
	return nil
}

// rightAlone hands out a row of the right side; the left part of out.row is NULLs.
func (j *join) rightAlone(t *joinTable, p place, out *joinOutput) error {
	if err := j.get(t, p, out.row[j.lw:]); err != nil {
		return err
	}
	return out.output.row(out.row)
}

// joinOutput is the output with the pair of rows at hand.
type joinOutput struct {
	*output
	row []types.Value
}

// close closes both sides and deletes the partitions.
func (j *join) close() error {
	err := errors.Join(j.l.Close(), j.r.Close())
	for _, p := range j.owned {
		err = errors.Join(err, p.close())
	}
	return errors.Join(err, j.left.close())
}

// pulled reads an operator row by row.
type pulled struct {
	op    Operator
	width int
	batch *types.Batch
	at    int
	row   []types.Value
}

// next returns the next row, good until the next call; nil at the end.
func (p *pulled) next(ctx context.Context) ([]types.Value, error) {
	if p.row == nil {
		p.row = make([]types.Value, p.width)
	}
	for p.batch == nil || p.at == p.batch.Rows() {
		if p.batch != nil {
			p.batch.Release()
			p.batch = nil
		}
		b, err := pull(ctx, p.op)
		if b == nil || err != nil {
			return nil, err
		}
		p.batch, p.at = b, 0
	}
	p.batch.Row(p.at, p.row)
	p.at++
	return p.row, nil
}
