package exec

import (
	"context"
	"errors"

	"github.com/asofdb/asof/sql/plan"
)

// state is what the operators of one statement share.
type state struct {
	c    *Context
	ctx  context.Context // of the Next at hand
	temp tempFiles
	// spools are what has been kept of queries that several places read.
	spools   map[*plan.Spool]*store
	subplans map[*plan.Subplan]*subplan
}

func newState(c *Context) *state {
	return &state{
		c: c, ctx: context.Background(), temp: tempFiles{dir: c.TempDir},
		spools: map[*plan.Spool]*store{}, subplans: map[*plan.Subplan]*subplan{},
	}
}

// close gives back everything.
func (s *state) close() error {
	for _, st := range s.spools {
		st.release()
	}
	clear(s.spools)
	clear(s.subplans)
	return errors.Join(s.temp.removeAll())
}
