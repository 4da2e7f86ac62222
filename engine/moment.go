package engine

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/asofdb/asof/sql/types"
)

// now is the source's own present: its frontier, or for a complete source its last commit.
func (s *source) now(p *published) (int64, error) {
	t := p.frontier
	if t == endless {
		if t = p.lastC; t == NoTime {
			t = s.eng.options.Clock().UnixMicro()
		}
	}
	if t == NoTime || t < p.history || p.history == NoTime {
		return 0, s.notYet(p)
	}
	return t, nil
}

// notYet says why a source cannot be read at all, and how far it is.
func (s *source) notYet(p *published) *types.Error {
	e := types.Errorf(types.CodeNotReady, "source %q cannot be read yet", s.rec.Name)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case p.snapshotRows > 0:
		e.Message += fmt.Sprintf(": its snapshot has not ended; rows read so far: %d", p.snapshotRows)
	case s.failure != nil:
		e.Message += ": " + s.failure.Error()
	case s.held != "":
		e.Message += ": " + s.held
	case s.trouble != "":
		e.Message += ": " + s.trouble
	case s.state.Counters.Records == 0:
		e.Message += ": nothing has come from it"
	default:
		e.Message += fmt.Sprintf(": %d records have been read and no transaction is known to be complete", s.state.Counters.Records)
	}
	return e.WithHint("SHOW SOURCES tells how far it is")
}

// statementNow is NOW() of a statement without AS OF over these sources: the smallest frontier; if all of them are complete, their largest c. A plain table has no part in it.
func (e *Engine) statementNow(sources []*source, ps []*published) (int64, error) {
	now, last := endless, NoTime
	for i, s := range sources {
		if s.relation.PlainTable {
			continue
		}
		if _, err := s.now(ps[i]); err != nil {
			return 0, err
		}
		now, last = min(now, ps[i].frontier), max(last, ps[i].lastC)
	}
	switch {
	case now != endless:
		return now, nil
	case last != NoTime:
		return last, nil
	default:
		return e.options.Clock().UnixMicro(), nil
	}
}

// errLate is the cause of a wait that was given up.
var errLate = errors.New("as_of_wait")

// at checks that the source can be read at t, waiting at most wait for its frontier to come that far, and returns what is published then.
func (s *source) at(ctx context.Context, t int64, wait time.Duration) (*published, error) {
	p, err := s.reached(ctx, t, wait)
	if err == nil && t < p.history {
		return nil, s.tooEarly(t, p)
	}
	if err == nil {
		err = s.known(t, p)
	}
	return p, err
}

// reached is at for a moment that may lie before the history.
func (s *source) reached(ctx context.Context, t int64, wait time.Duration) (*published, error) {
	p := s.published.Load()
	if s.relation.PlainTable {
		return p, nil
	}
	if t > p.frontier {
		waiting, cancel := context.WithTimeoutCause(ctx, wait, errLate)
		defer cancel()
		err := s.await(waiting, func() bool {
			p = s.published.Load()
			return t <= p.frontier || s.running == nil
		})
		if err != nil && !errors.Is(err, errLate) {
			return nil, err
		}
		if p = s.published.Load(); t > p.frontier {
			return nil, s.tooLate(t, p, wait)
		}
	}
	if p.history == NoTime {
		return nil, s.notYet(p)
	}
	return p, nil
}

func (s *source) tooLate(t int64, p *published, wait time.Duration) error {
	if p.frontier == NoTime {
		return s.notYet(p)
	}
	e := types.Errorf(types.CodeNotReady, "AS OF %s is later than the frontier of source %q, which is at %s", types.NewTimestamptz(t), s.rec.Name, types.NewTimestamptz(p.frontier))
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.running == nil {
		return e.WithHint("the source is not being read; SHOW SOURCES tells why")
	}
	return e.WithHint("it was waited for %s (SET as_of_wait)", wait)
}

func (s *source) tooEarly(t int64, p *published) error {
	return types.Errorf(types.CodeNotReady, "AS OF %s is before the history of source %q begins, at %s", types.NewTimestamptz(t), s.rec.Name, types.NewTimestamptz(p.history)).
		WithHint("ask for %s or later; what came before is not known (history = 'from_empty' if there was nothing)", types.NewTimestamptz(p.history))
}
