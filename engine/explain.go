package engine

import (
	"context"
	"errors"
	"fmt"
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
	if !st.Analyze {
		_, bound, _, _, err := s.bind(ctx, selectBinding(q.Select), in)
		if err != nil {
			return nil, err
		}
		return explained(plan.Explain(bound.Root)), nil
	}
	b, err := s.begin(ctx, selectBinding(q.Select), in)
	if err != nil {
		return nil, err
	}
	defer b.end()
	b.context.Instrument = exec.NewInstrument()
	start := time.Now()
	if err := s.eng.runToEnd(b.ctx, b.query, b.context); err != nil {
		return nil, err
	}
	took := time.Since(start)
	b.st.sayBeforeHistory(b.ctx)
	text := plan.ExplainWith(b.query.Root, b.context.Instrument.Note)
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
