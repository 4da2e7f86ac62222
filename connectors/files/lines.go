package files

import (
	"bytes"
	"context"

	"github.com/asofdb/asof/connectors/source/file"
	"github.com/asofdb/asof/engine"
)

// lines reads the records of a text file one after the other, by the same rules as a source.
type lines struct {
	in       input
	r        engine.Reader
	poll     engine.Poll
	next     int // record of poll
	progress func(done, total int64)
}

// pollRecords is how many records are asked for at a time.
const pollRecords = 4096

// openLines opens a file; csv says that quotes may hold line breaks.
func openLines(ctx context.Context, in input, csv bool, progress func(done, total int64)) (*lines, error) {
	options := map[string]string{"path": in.path}
	if csv {
		options["__record"] = "csv"
	}
	r, err := file.Connector().Open(ctx, options, nil)
	if err != nil {
		return nil, err
	}
	return &lines{in: in, r: r, progress: progress}, nil
}

// read returns the next record, nil at the end. Its bytes are good until the next read.
func (l *lines) read(ctx context.Context) (*engine.Record, error) {
	for l.next == len(l.poll.Records) {
		if l.poll.Complete {
			return nil, l.in.same()
		}
		var err error
		if l.poll, err = l.r.Read(ctx, pollRecords); err != nil {
			if changed := l.in.same(); changed != nil && ctx.Err() == nil {
				return nil, changed // rather than what came of it
			}
			return nil, err
		}
		l.next = 0
		if n := len(l.poll.Records); n > 0 && l.progress != nil {
			l.progress(l.poll.Records[n-1].Next.Offset, l.in.info.Size())
		}
	}
	rec := &l.poll.Records[l.next]
	l.next++
	if rec.Line == 1 {
		rec.Value = bytes.TrimPrefix(rec.Value, []byte("\xef\xbb\xbf")) // what some programs put before UTF-8
	}
	return rec, nil
}

func (l *lines) close() error { return l.r.Close() }
