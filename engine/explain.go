package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// explain prints the plan of a SELECT; with ANALYZE it runs it first and prints what each part of it did.
func (s *Session) explain(ctx context.Context, st *syntax.Explain, in input) (*Rows, error) {
	q, ok := st.Stmt.(*syntax.Query)
	if !ok {
		return nil, types.Errorf(types.CodeNotSupported, "EXPLAIN takes a SELECT")
	}
	b, bound, params, ps, err := s.bind(ctx, selectBinding(q.Select), in)
	if err != nil {
		return nil, err
	}
	if !st.Analyze {
		return explained(plan.Explain(bound.Root)), nil
	}
	read := slices.Concat(bound.Scans, bound.Sweeps)
	unpin, ok := b.pin(read)
	if !ok {
		return s.explain(ctx, st, in) // a feature was replaced meanwhile
	}
	defer unpin()
	ctx, end := s.eng.during(ctx)
	defer end()
	now, err := s.fix(ctx, b, bound, params)
	if err != nil {
		return nil, err
	}
	if !b.current(read) {
		return s.explain(ctx, st, in)
	}
	ec, err := s.execContext(b, params, now, ps)
	if err != nil {
		return nil, err
	}
	ec.Instrument = exec.NewInstrument()
	start := time.Now()
	if err := s.eng.runToEnd(ctx, bound, ec); err != nil {
		return nil, err
	}
	took := time.Since(start)
	b.sayBeforeHistory(ctx)
	text := plan.ExplainWith(bound.Root, ec.Instrument.Note)
	return explained(text + fmt.Sprintf("Time: %v\n", took.Round(time.Microsecond))), nil
}

// runToEnd runs a query and discards its rows.
func (e *Engine) runToEnd(ctx context.Context, q *plan.Query, c *exec.Context) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = e.caught(p)
		}
	}()
	op, err := exec.Build(q, c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, op.Close()) }()
	for {
		b, err := op.Next(ctx)
		if b == nil || err != nil {
			return readError(ctx, err)
		}
		b.Release()
	}
}

// planColumns are the columns of EXPLAIN.
var planColumns = []types.Column{textColumn("QUERY PLAN")}

func explained(text string) *Rows {
	var rows [][]types.Value
	for line := range strings.Lines(text) {
		rows = append(rows, []types.Value{types.NewText(strings.TrimRight(line, "\n"))})
	}
	return fixedRows("EXPLAIN", planColumns, rows)
}
