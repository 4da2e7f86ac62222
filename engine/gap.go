package engine

import (
	"errors"
	"maps"
	"slices"

	"github.com/asofdb/asof/sql/types"
)

// gap is a part of the source's history that its input lost, before it was read and somebody has accepted that, or before another snapshot was taken: what was committed after From and before To is not known, and of rows that were
// changed then no more than what came after.
type gap struct {
	From, To int64
	// Open are the partitions of which it is not known yet where the gap ends.
	Open []string `json:",omitempty"`
	// Whole is set where a snapshot at To has told every row.
	Whole bool `json:",omitempty"`
}

// acceptGap lets a source that stopped at a gap go on behind it.
func (e *Engine) acceptGap(s *source) error {
	s.mu.Lock()
	failure, running := s.failure, s.running
	st := s.state
	s.mu.Unlock()
	var lost *GapError
	if running != nil || !errors.As(failure, &lost) {
		return types.Errorf(types.CodeNotReady, "source %q has no gap to accept", s.rec.Name).WithHint("SHOW SOURCES tells its state")
	}
	st.Positions = maps.Clone(st.Positions)
	g := gap{From: st.Frontier, To: st.Frontier}
	for _, l := range lost.Gaps {
		st.Positions[l.Partition] = l.To
		g.Open = append(g.Open, l.Partition)
	}
	st.Gaps = append(slices.Clone(st.Gaps), g)
	st.StagedWritten, st.StagedThrough = 0, nil
	b := e.db.NewBatch()
	putJSON(b, s.stateKey(), &st)
	if err := e.commit(b); err != nil {
		return err
	}
	s.publish(st)
	return nil
}

// closeGaps notes where gaps end: in each partition at the first moment through which it has been read since.
func (in *ingest) closeGaps() {
	for i := range in.state.Gaps {
		g := &in.state.Gaps[i]
		if len(g.Open) == 0 {
			continue
		}
		closed := gap{From: g.From, To: g.To}
		for _, name := range g.Open {
			at := slices.Index(in.names, name)
			switch {
			case at >= 0 && in.merge.parts[at].bound != NoTime:
				closed.To = max(closed.To, in.merge.parts[at].bound+1)
			case at >= 0:
				closed.Open = append(closed.Open, name)
			}
		}
		in.state.Gaps = slices.Clone(in.state.Gaps) // the old list is what readers have
		in.state.Gaps[i] = closed
	}
}

// inside reports whether a moment lies in a gap.
func (g *gap) inside(t int64) bool { return t > g.From && (len(g.Open) > 0 || t < g.To) }

// start is the moment from which a source's rows are known at t, for one that began in mid-stream or has a gap before t; NoTime for one whose history is whole.
func (p *published) start(t int64) int64 {
	start := p.partialFrom
	for i := range p.gaps {
		switch g := &p.gaps[i]; {
		case t <= g.From:
		case g.Whole:
			start = NoTime
		default:
			start = max(start, g.To)
		}
	}
	return start
}

// known refuses a moment that lies in a gap.
func (s *source) known(t int64, p *published) error {
	for i := range p.gaps {
		if g := &p.gaps[i]; g.inside(t) {
			e := types.Errorf(types.CodeNotReady, "what source %q was at %s is not known: its input lost the changes after %s", s.rec.Name, types.NewTimestamptz(t), types.NewTimestamptz(g.From))
			if len(g.Open) > 0 {
				return e.WithHint("ask for an earlier moment, or when its partitions have been read again")
			}
			return e.WithHint("ask for %s or earlier, or for %s or later", types.NewTimestamptz(g.From), types.NewTimestamptz(g.To))
		}
	}
	return nil
}
