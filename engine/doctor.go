package engine

import (
	"context"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// Finding is what Examine found of one thing.
type Finding struct {
	Health Health
	What   string // "the log of source orders"
	Detail string
	// Next is what the reader can do about it, "" where there is nothing to be done.
	Next string
}

// Health says how bad a finding is.
type Health uint8

// Sound is as it should be; a Remark is not damage, but somebody should know; of what is Damaged answers are wrong, or cannot be given.
const (
	Sound Health = iota
	Remark
	Damaged
)

// Examine looks at everything in a data directory that nobody has open, and tells what it finds, one thing after the other: whether every byte can be read, whether each source's log is whole and its rows are what the
// log says, and whether each feature's values are what the changes give, by VERIFY FEATURE for at most sample of its entities (0: all of them). Nothing is changed, but that opening the directory brings it into order after
// a crash, as any opening does. The error is that of looking: no data directory is there, it is in use, or ctx has ended.
func Examine(ctx context.Context, dir string, o Options, sample int64, tell func(Finding)) (err error) {
	if err := existing(dir); err != nil {
		return err
	}
	e, err := openQuiet(dir, o, false)
	var locked *storage.LockedError
	switch {
	case errors.As(err, &locked):
		return err
	case err != nil:
		tell(unopened(dir, err))
		return nil
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	x := &examination{e: e, tell: tell}
	if err := x.storage(ctx); err != nil {
		return err
	}
	c := e.catalog.Load()
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		if err := x.source(ctx, c.sources[name]); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.features)) {
		if err := x.feature(ctx, name, sample); err != nil {
			return err
		}
	}
	for _, name := range slices.Sorted(maps.Keys(c.secrets)) {
		if _, err := e.secret(name); err != nil {
			x.wrong("secret "+name, err, "")
		}
	}
	return nil
}

// unopened explains why a directory cannot be opened.
func unopened(dir string, err error) Finding {
	f := Finding{Health: Damaged, What: "the data directory", Detail: err.Error(), Next: "its files are as they were found: asof restore BACKUP --data-dir NEW; or a new directory, and its sources read anew"}
	var said *types.Error
	if errors.As(err, &said) {
		f.Detail = said.Message
		if said.Hint != "" {
			f.Next = said.Hint
		}
	}
	var version *storage.VersionError
	var space *storage.SpaceError
	switch {
	case errors.As(err, &version):
		f.Next = "use the asof that wrote it; `asof version` tells which format this one reads"
	case errors.As(err, &space):
		f.Health, f.Next = Remark, "free some space, and look again"
	case errors.As(err, new(*storage.DamagedError)):
	case said != nil && said.Code == types.CodeCorrupted:
		f.Next = "asof restore BACKUP --data-dir NEW"
	}
	return f
}

type examination struct {
	e    *Engine
	tell func(Finding)
}

// wrong tells an error as a finding.
func (x *examination) wrong(what string, err error, next string) {
	f := Finding{Health: Damaged, What: what, Detail: err.Error(), Next: next}
	var said *types.Error
	if errors.As(err, &said) {
		f.Detail = said.Message
		if next == "" {
			f.Next = said.Hint
		}
	}
	x.tell(f)
}

// storage reads every key and value once, as a backup does.
func (x *examination) storage(ctx context.Context) error {
	var read countingWriter
	defer x.e.progress(ctx, "reading everything", "bytes", func() (int64, int64) { return read.n.Load(), 0 })()
	info, err := x.e.db.Backup(ctx, &read)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err != nil:
		x.wrong("the storage", err, "asof restore BACKUP --data-dir NEW")
	default:
		x.tell(Finding{What: "the storage", Detail: fmt.Sprintf("%d entries, %d bytes, commits to %d", info.Entries, info.Bytes, info.Seq)})
	}
	return nil
}

// countingWriter counts what is written, and forgets it.
type countingWriter struct{ n counter }

func (w *countingWriter) Write(p []byte) (int, error) {
	w.n.Add(int64(len(p)))
	return io.Discard.Write(p)
}

// source reads a source's log, compares its rows with it, and tells whether it is being read.
func (x *examination) source(ctx context.Context, s *source) error {
	what := "source " + syntax.QuoteIdent(s.rec.Name)
	sums := newRowSums(s)
	next, last := int64(1), NoTime
	stop := x.e.progress(ctx, "reading the log of "+s.rec.Name, "changes", func() (int64, int64) { return sums.changes.Load(), s.state.NextPos - 1 })
	v := x.e.db.View()
	defer v.Close()
	err := s.replay(v, flushMark{C: NoTime}, nil, func(changes []record.Change) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		for i := range changes {
			switch ch := &changes[i]; {
			case ch.Pos != next:
				return s.blockError(fmt.Errorf("change %d follows %d", ch.Pos, next-1))
			case ch.C < last:
				return s.blockError(fmt.Errorf("change %d is at %s, before the one ahead of it", ch.Pos, types.NewTimestamptz(ch.C)))
			default:
				next, last = ch.Pos+1, ch.C
				sums.add(ch)
			}
		}
		return nil
	})
	stop()
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil && next != s.state.NextPos:
		err = s.blockError(fmt.Errorf("it ends with change %d, and the source has %d", next-1, s.state.NextPos-1))
	}
	if err != nil {
		x.wrong(what, err, "asof restore BACKUP --data-dir NEW; or DROP SOURCE, and read it anew")
		return nil
	}
	detail := fmt.Sprintf("%d changes", next-1)
	if s.rows != nil {
		have, err := s.rows.sums(v)
		if err == nil && have != sums.total {
			err = damaged(fmt.Sprintf("the rows of source %q", s.rec.Name), fmt.Errorf("they are not what its changes give: there are %d, and should be %d", have.rows, sums.total.rows))
		}
		if err != nil {
			x.wrong(what, err, "asof rebuild")
			return nil
		}
		detail += fmt.Sprintf(", %d rows", have.rows)
	}
	x.tell(Finding{What: what, Detail: detail})
	if s.state.Stopped != "" {
		x.wrong(what, s.stoppedError(&stopped{s.state.StoppedPartition, s.state.StoppedLine, s.state.Stopped}), "")
	}
	return nil
}

// feature compares values with the changes.
func (x *examination) feature(ctx context.Context, name string, sample int64) error {
	what, verify := "feature "+syntax.QuoteIdent(name), "VERIFY FEATURE "+syntax.QuoteIdent(name)
	if sample > 0 {
		verify += fmt.Sprintf(" SAMPLE %d", sample)
	}
	rows, err := x.e.Query(ctx, verify)
	var entities, values int64
	if err == nil {
		for rows.Next() {
			entities, values = rows.Values()[1].I, rows.Values()[3].I
		}
		err = errors.Join(rows.Err(), rows.Close())
	}
	var said *types.Error
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case err == nil:
		x.tell(Finding{What: what, Detail: fmt.Sprintf("%d entities, %d values are what the changes give", entities, values)})
	case errors.As(err, &said) && said.Code == types.CodeCorrupted:
		x.wrong(what, err, "asof rebuild")
	case errors.As(err, &said):
		x.tell(Finding{Health: Remark, What: what, Detail: "it was not compared: " + said.Message, Next: said.Hint})
	default:
		x.wrong(what, err, "")
	}
	return nil
}

// rowSum is a sum over rows that no order changes: two sets of rows with the same one are the same, but for a chance of 2^-128.
type rowSum struct {
	rows   int64
	hashes [2]uint64
}

var rowSeeds = [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}

func (r *rowSum) add(row []byte, sign int64) {
	r.rows += sign
	for i, seed := range rowSeeds {
		r.hashes[i] += uint64(sign) * maphash.Bytes(seed, row)
	}
}

// rowSums is the sum of the rows that a log leaves.
type rowSums struct {
	s       *source
	total   rowSum
	changes counter
	buf     []byte
}

func newRowSums(s *source) *rowSums { return &rowSums{s: s} }

func (r *rowSums) add(ch *record.Change) {
	r.changes.Add(1)
	switch ch.Op {
	case record.Noop:
	case record.Truncate:
		r.total = rowSum{}
	default:
		r.image(ch.Old, -1)
		r.image(ch.New, +1)
	}
}

func (r *rowSums) image(row []types.Value, sign int64) {
	if row == nil {
		return
	}
	r.buf = r.buf[:0]
	for i, v := range row {
		r.buf = types.AppendValue(r.buf, r.s.types[i], v)
	}
	r.total.add(r.buf, sign)
}

// sums is the sum of the rows that are current.
func (r *rowStore) sums(v *storage.View) (sum rowSum, err error) {
	row, buf := make([]types.Value, len(r.src.types)), []byte(nil)
	truncated := lastTruncation(*r.src.truncations.Load())
	add := func(stored []byte) error {
		_, pos, err := readRow(stored, r.src.types, row)
		if err != nil {
			return damaged(fmt.Sprintf("the rows of source %q", r.src.rec.Name), err)
		}
		if pos < truncated {
			return nil
		}
		buf = buf[:0]
		for i, v := range row {
			buf = types.AppendValue(buf, r.src.types[i], v)
		}
		sum.add(buf, +1)
		return nil
	}
	memory := map[string][]byte{}
	r.mu.RLock()
	maps.Copy(memory, r.flushing)
	maps.Copy(memory, r.active)
	r.mu.RUnlock()
	for _, stored := range memory {
		if stored != nil {
			err = errors.Join(err, add(stored))
		}
	}
	if err != nil {
		return sum, err
	}
	err = v.ScanRows(r.src.rec.ID, func(key, stored []byte) error {
		if _, newer := memory[string(key)]; newer {
			return nil
		}
		return add(stored)
	})
	return sum, err
}
