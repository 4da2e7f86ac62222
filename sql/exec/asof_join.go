package exec

import (
	"context"
	"errors"
	"math"
	"runtime"

	"github.com/apache/arrow/go/v17/arrow"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// asOfJoin reads its spine in chunks, asks the relation for the rows of a chunk all at once, and hands the pairs out in the spine's order. A chunk
// is as large as memory allows, because the relation sorts its questions by key and moment and looks at each key's past once.
type asOfJoin struct {
	node  *plan.AsOfJoin
	c     *Context
	in    Operator
	w, sw int // columns of the spine and of the scan
	env   expr.Env
	read  reader // the columns that keys and moment read
	pair  expr.Env
	arrow *arrow.Schema
	types codec // of the scan's columns
	// keyTypes are the types of the relation's key; key is the room for one.
	keyTypes []types.Type
	key      []types.Value
}

func newAsOfJoin(n *plan.AsOfJoin, in Operator, c *Context) Operator {
	j := &asOfJoin{node: n, c: c, in: in, w: len(n.In.Schema()), sw: len(n.Scan.Columns)}
	j.env, j.pair = c.env(j.w), c.env(j.w+j.sw)
	j.read = newReader(append([]expr.Expr{n.At}, n.Keys...)...)
	j.arrow, j.types = types.ArrowSchema(n.Schema()), typesOf(n.Scan.Schema())
	for _, k := range n.Scan.Relation.Key {
		j.keyTypes = append(j.keyTypes, n.Scan.Relation.Columns[k].Type)
	}
	j.key = make([]types.Value, len(n.Keys))
	return &loop{body: j.run, closed: in.Close}
}

// maxQuestions bounds a chunk, whatever the memory: beyond it a sweep gets no cheaper for a question.
const maxQuestions = 1 << 20

// chunk is some batches of the spine, the questions of their rows, and the answers.
type chunk struct {
	batches   []*types.Batch
	questions Questions
	answers   answers
	// used is the memory of all but the answers.
	used, limit int64
}

func (k *chunk) release() {
	for _, b := range k.batches {
		b.Release()
	}
	k.batches = nil
}

func (j *asOfJoin) run(ctx context.Context, emit func(*types.Batch) error) error {
	for {
		k, err := j.gather(ctx)
		if err != nil || k.questions.Len() == 0 {
			k.release()
			return err
		}
		if err := j.join(ctx, k, emit); err != nil {
			return err
		}
	}
}

// join sweeps a chunk and hands it out, which releases it. One whose answers take more memory than there is is swept in halves.
func (j *asOfJoin) join(ctx context.Context, k *chunk, emit func(*types.Batch) error) error {
	defer k.release()
	err := j.sweep(ctx, k)
	if errors.Is(err, errAnswers) {
		first, second := k.halves()
		defer second.release() // also where the first fails
		if err := j.join(ctx, first, emit); err != nil {
			return err
		}
		return j.join(ctx, second, emit)
	}
	if err != nil {
		return err
	}
	return j.handOut(k, emit)
}

// errAnswers says that the answers of a chunk take too much memory.
var errAnswers = errors.New("too many answers")

// halves divides the chunk in two, which have their batches for themselves. It must have two rows.
func (k *chunk) halves() (first, second *chunk) {
	n := k.questions.Len() / 2
	first = &chunk{questions: k.questions.slice(0, n), limit: k.limit, used: k.used / 2}
	second = &chunk{questions: k.questions.slice(n, k.questions.Len()), limit: k.limit, used: k.used / 2}
	for _, b := range k.batches {
		rows := b.Rows()
		here := min(n, rows)
		if here > 0 {
			first.batches = append(first.batches, part(b, 0, here))
		}
		if here < rows {
			second.batches = append(second.batches, part(b, here, rows))
		}
		n -= here
	}
	return first, second
}

// gather reads the next chunk. It takes at most half of the memory; the answers have the other half.
func (j *asOfJoin) gather(ctx context.Context) (*chunk, error) {
	k := &chunk{limit: j.c.limit()}
	for len(k.batches) == 0 || k.questions.Len() < maxQuestions && k.used < k.limit/2 {
		b, err := pull(ctx, j.in)
		if b == nil || err != nil {
			return k, err
		}
		k.batches = append(k.batches, b)
		before := len(k.questions.keys)
		for i := range b.Rows() {
			if err := j.ask(&k.questions, b, i); err != nil {
				return k, err
			}
		}
		k.used += batchSize(b) + int64(b.Rows())*questionSize + int64(len(k.questions.keys)-before)
	}
	return k, nil
}

// ask adds the question for row i of b.
func (j *asOfJoin) ask(qs *Questions, b *types.Batch, i int) error {
	j.read.read(b, i, j.env.Row)
	at, err := j.node.At.Eval(&j.env)
	if err != nil {
		return err
	}
	if at.IsNull() {
		qs.AddNone()
		return nil
	}
	moment := at.I
	if j.node.Before && at.I != types.Infinity && at.I != types.NegInfinity {
		moment--
	}
	for n, x := range j.node.Keys {
		v, err := x.Eval(&j.env)
		if err != nil {
			return err
		}
		ok := !v.IsNull()
		if t := j.keyTypes[n]; ok && t != x.Type() {
			v, ok = exactly(v, t)
		}
		if !ok {
			qs.AddNone()
			return nil
		}
		j.key[n] = v
	}
	qs.Add(j.key, moment)
	return nil
}

// sweep asks the questions of a chunk and keeps the answers that count. The condition on pairs, where there is one, is evaluated by one goroutine.
func (j *asOfJoin) sweep(ctx context.Context, k *chunk) error {
	room := k.limit - k.used
	if k.questions.Len() == 1 {
		room = math.MaxInt64 // it cannot be halved
	}
	workers := runtime.GOMAXPROCS(0)
	if j.node.Residual != nil {
		workers = 1
	}
	k.answers = newAnswers(k.questions.Len(), room, workers, j.types)
	takers := k.answers.takers()
	if j.node.Residual != nil {
		takers[0] = j.thatPass(k, takers[0])
	}
	return j.c.Tables.Sweep(ctx, j.node.Scan, &k.questions, takers)
}

// thatPass hands the answers that pass the residual condition to answer.
func (j *asOfJoin) thatPass(k *chunk, answer Answer) Answer {
	rows := newPlaces(k.batches)
	return func(i int, row []types.Value) error {
		if row == nil {
			return nil
		}
		b, n := rows.of(i)
		b.Row(n, j.pair.Row[:j.w])
		copy(j.pair.Row[j.w:], row)
		if ok, err := expr.True(j.node.Residual, &j.pair); err != nil || !ok {
			return err
		}
		return answer(i, row)
	}
}

// places finds the batch of a row by its number.
type places struct {
	batches []*types.Batch
	last    int // the batch that had the row before
	first   []int
}

func newPlaces(batches []*types.Batch) *places {
	p := &places{batches: batches, first: make([]int, len(batches)+1)}
	for i, b := range batches {
		p.first[i+1] = p.first[i] + b.Rows()
	}
	return p
}

// of returns the batch that has row i, and its number there.
func (p *places) of(i int) (*types.Batch, int) {
	for i < p.first[p.last] {
		p.last--
	}
	for i >= p.first[p.last+1] {
		p.last++
	}
	return p.batches[p.last], i - p.first[p.last]
}

// handOut hands out the rows of a chunk. The spine's columns are not copied unless rows are left out. Several batches are put together at a time, each by
// a goroutine of its own, which has ended when they are handed out.
func (j *asOfJoin) handOut(k *chunk, emit func(*types.Batch) error) error {
	builders := make([]*types.Builder, runtime.GOMAXPROCS(0))
	for i := range builders {
		builders[i] = types.NewBuilder(j.node.Scan.Schema())
	}
	firsts, outs := make([]int, len(builders)), make([]*types.Batch, len(builders))
	first := 0
	for from := 0; from < len(k.batches); from += len(builders) {
		batches := k.batches[from:min(from+len(builders), len(k.batches))]
		for i, b := range batches {
			firsts[i], outs[i] = first, nil
			first += b.Rows()
		}
		err := sideBySide(len(batches), func(i int) (err error) {
			outs[i], err = j.pairs(k, batches[i], firsts[i], builders[i])
			return err
		})
		for _, out := range outs[:len(batches)] {
			switch {
			case out == nil:
			case err != nil:
				out.Release()
			default:
				err = emit(out)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// pairs are the rows of a batch, which is the chunk's from row first on, with their answers; nil where there are none.
func (j *asOfJoin) pairs(k *chunk, b *types.Batch, first int, found *types.Builder) (*types.Batch, error) {
	rows := b.Rows()
	if j.node.Kind == plan.InnerJoin && k.answers.found(first, first+rows) < rows {
		return j.pairsFound(k, b, first)
	}
	found.Reserve(rows)
	for i := range rows {
		encoded, ok := k.answers.row(first + i)
		if !ok {
			found.AppendNulls()
		} else if err := found.AppendEncoded(encoded); err != nil {
			return nil, err
		}
	}
	return j.beside(b, found.Batch(), j.node.Schema()), nil
}

// pairsFound is pairs for a batch of which some rows have no answer, and are left out.
func (j *asOfJoin) pairsFound(k *chunk, b *types.Batch, first int) (*types.Batch, error) {
	all := types.NewBuilder(j.node.Schema())
	row := make([]types.Value, j.w+j.sw)
	for i := range b.Rows() {
		encoded, ok := k.answers.row(first + i)
		if !ok {
			continue
		}
		if _, err := j.types.read(encoded, row[j.w:]); err != nil {
			return nil, err
		}
		b.Row(i, row[:j.w])
		all.Append(row)
	}
	return finish(all), nil
}

// beside is a batch of the columns of two batches. The left one stays with its owner, the right one is released.
func (j *asOfJoin) beside(l, r *types.Batch, schema types.Schema) *types.Batch {
	defer r.Release()
	columns := make([]arrow.Array, 0, len(schema))
	columns = append(append(columns, l.Record.Columns()...), r.Record.Columns()...)
	return assemble(schema, j.arrow, columns, l.Rows())
}
