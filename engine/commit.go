package engine

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/storage"
)

// commit is the third stage: it makes sealed batches durable, in their order, while the next ones are gathered. It goes on to the last one although ingest is cancelled, but after a
// failure nothing more is written.
func (in *ingest) commit(batches <-chan *sealed, out chan<- *committed) error {
	var failure error
	for b := range batches {
		if failure != nil {
			continue
		}
		failure = in.guarded(func() error { return in.write(b) })
		if failure != nil {
			in.cancel(failure)
			continue
		}
		out <- &committed{changes: b.changes, state: b.state, atEnd: b.atEnd, size: b.size, lag: b.lag}
	}
	return failure
}

// write makes a batch durable, and its rows current.
func (in *ingest) write(b *sealed) error {
	s := in.src
	if err := s.eng.checkpoints.makeRoom(s.eng.ctx); err != nil {
		return err
	}
	sb := s.eng.db.NewBatch()
	for rest := b.changes; len(rest) > 0; {
		n := min(len(rest), blockChanges)
		sb.Log(s.rec.ID, rest[n-1].C, record.AppendBlock(nil, s.types, rest[:n]))
		rest = rest[n:]
	}
	if err := s.putRejects(sb, b.rejects); err != nil {
		return err
	}
	putJSON(sb, s.stateKey(), &b.state)
	if f := b.state.Frontier; f != NoTime && b.state.Snapshot != snapshotRunning {
		sb.Publish(s.rec.ID, b.wall.UnixMicro(), f)
	}
	passed(stepGathered)
	if err := s.eng.commit(sb); err != nil {
		return err
	}
	passed(stepDurable)
	if n := len(b.changes); s.rows != nil && n > 0 {
		s.rows.store(b.images, b.changes[n-1].Pos, b.changes[n-1].C)
	}
	b.images.stored.Store(true)
	if n := len(b.state.Truncations); n > len(*s.truncations.Load()) {
		s.setTruncations(b.state.Truncations)
	}
	passed(stepStored)
	return nil
}

// rejectBytes bounds the rejects in one commit.
const rejectBytes = 1 << 20

// putRejects adds rejects to a commit. Where they are so many that they do not fit it, most of them go before it in commits of their own: a crash in between repeats
// them, and nothing else.
func (s *source) putRejects(sb *storage.Batch, rejects []reject) error {
	var held [][]byte
	size := 0
	for i := range rejects {
		value, err := json.Marshal(&rejects[i])
		if err != nil {
			return err
		}
		if size += len(value); size > rejectBytes && len(held) > 0 {
			before := s.eng.db.NewBatch()
			for _, v := range held {
				before.Reject(s.rec.ID, v)
			}
			if err := s.eng.commit(before); err != nil {
				return err
			}
			held, size = held[:0], len(value)
		}
		held = append(held, value)
	}
	for _, v := range held {
		sb.Reject(s.rec.ID, v)
	}
	return nil
}

// blockChanges is the number of changes in one block of the log: enough to compress well, few enough that a reader of one entity's rows decodes little in vain.
const blockChanges = 8192

// commit makes a batch durable. A full disk is waited for, with reads going on; any other failure of the store ends the engine's writing for good.
func (e *Engine) commit(b *storage.Batch) error {
	for {
		_, err := e.db.Commit(b)
		var space *storage.SpaceError
		if !errors.As(err, &space) {
			return err
		}
		e.notice(e.ctx, "the disk is full: "+space.Error(), "free some space; ingest goes on by itself")
		select {
		case <-e.ctx.Done():
			return context.Cause(e.ctx)
		case <-time.After(time.Second):
		}
	}
}
