package engine

import (
	"context"

	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// Sweep implements exec.Tables: each question is answered on its own, as a scan by key at its moment would.
func (st *statement) Sweep(ctx context.Context, s *plan.Scan, qs []exec.Question, answer func(i int, row []types.Value) error) error {
	if s.AsOf.Served {
		return notYetServed()
	}
	source := st.sourceOf(s.Relation.Name)
	for i, q := range qs {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if q.NoKey {
			if err := answer(i, nil); err != nil {
				return err
			}
			continue
		}
		p, err := source.at(ctx, q.At, st.wait)
		if err != nil {
			return err
		}
		if err := st.answerOne(ctx, s, q, scanMoment{q.At, p}, func(row []types.Value) error { return answer(i, row) }); err != nil {
			return err
		}
	}
	return nil
}

// answerOne reads the row of one key at a moment; nil where there is none.
func (st *statement) answerOne(ctx context.Context, s *plan.Scan, q exec.Question, m scanMoment, answer func([]types.Value) error) error {
	rows, err := st.open(ctx, s, [][]types.Value{q.Key}, m)
	if err != nil {
		return err
	}
	defer rows.Close()
	row, err := rows.Next(ctx)
	if err != nil {
		return err
	}
	return answer(row)
}

func notYetServed() error {
	return types.Errorf(types.CodeNotSupported, "AS OF SERVED is not yet supported")
}
