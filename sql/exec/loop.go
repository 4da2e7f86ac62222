package exec

import (
	"context"
	"errors"
	"iter"

	"github.com/asofdb/asof/sql/types"
)

// loop is an operator that is written as a loop: body hands out batches by emit until it returns. It runs as a coroutine of whoever
// pulls, so nothing of it is concurrent.
type loop struct {
	body func(ctx context.Context, emit func(*types.Batch) error) error
	// closed is called once, when the body has ended: it closes what is below and deletes files.
	closed func() error
	next   func() (*types.Batch, error, bool)
	stop   func()
	ended  bool
	err    error // of closed
}

// errStop ends a body whose batches nobody wants any more.
var errStop = errors.New("stopped")

// Next resumes the body until it hands out a batch. All calls must have the same context.
func (l *loop) Next(ctx context.Context) (*types.Batch, error) {
	if l.ended {
		return nil, nil
	}
	if l.next == nil {
		l.next, l.stop = iter.Pull2(func(yield func(*types.Batch, error) bool) {
			err := l.body(ctx, func(b *types.Batch) error {
				if !yield(b, nil) {
					return errStop
				}
				return nil
			})
			if err != nil && !errors.Is(err, errStop) {
				yield(nil, err)
			}
		})
	}
	b, err, ok := l.next()
	if !ok || err != nil {
		l.end()
		if err == nil {
			err = l.err
		}
		return nil, err
	}
	return b, nil
}

func (l *loop) end() {
	if l.ended {
		return
	}
	l.ended = true
	if l.stop != nil {
		l.stop()
	}
	l.err = l.closed()
}

// Close ends the body where it stands.
func (l *loop) Close() error {
	l.end()
	return l.err
}

// output collects rows and hands them out as batches.
type output struct {
	*types.Builder
	emit func(*types.Batch) error
}

func newOutput(s types.Schema, emit func(*types.Batch) error) *output {
	return &output{types.NewBuilder(s), emit}
}

// row hands out a row, with others in time.
func (o *output) row(row []types.Value) error {
	o.Append(row)
	if o.Len() < batchRows {
		return nil
	}
	return o.emit(o.Batch())
}

// flush hands out what is left.
func (o *output) flush() error {
	if b := finish(o.Builder); b != nil {
		return o.emit(b)
	}
	return nil
}

// eachRow calls f for every row of op; the row is good until f returns.
func eachRow(ctx context.Context, op Operator, width int, f func(row []types.Value) error) error {
	row := make([]types.Value, width)
	for {
		b, err := pull(ctx, op)
		if b == nil || err != nil {
			return err
		}
		for i := range b.Rows() {
			b.Row(i, row)
			if err := f(row); err != nil {
				b.Release()
				return err
			}
		}
		b.Release()
	}
}

// fileScan reads a row file as batches, and deletes it when it is closed.
type fileScan struct {
	run    *rowFile
	reader *rowReader
	row    []types.Value
	out    *types.Builder
}

func newFileScan(r *rowFile, s types.Schema) *fileScan {
	return &fileScan{run: r, reader: r.open(), row: make([]types.Value, len(s)), out: types.NewBuilder(s)}
}

func (s *fileScan) Next(context.Context) (*types.Batch, error) {
	for s.out.Len() < batchRows {
		ok, err := s.reader.next(s.row)
		if err != nil {
			return nil, err
		}
		if !ok {
			break
		}
		s.out.Append(s.row)
	}
	return finish(s.out), nil
}

func (s *fileScan) Close() error { return s.run.close() }
