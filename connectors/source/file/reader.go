package file

import (
	"context"
	"io"
	"io/fs"
	"os"
	"sync"
	"time"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

const (
	// chunk is how much is read at a time: large enough that a record costs no system call of its own to speak of.
	chunk = 1 << 20
	// pollInterval is how often the end of a followed file is looked at. A stat costs 2 µs; inotify would save the
	// wait and not work on every file system.
	pollInterval = 25 * time.Millisecond
)

// reader reads one file. buf holds the part of the file from base to base + len(buf): first up to markWindow bytes that have been
// handed out already, then, from start on, what has not.
type reader struct {
	options
	f    *os.File
	info fs.FileInfo // of the file when its end was last found as it should be

	buf   []byte
	base  int64
	start int
	scan  splitter
	pos   engine.Position

	head    []byte // the file's first bytes, up to markWindow
	headSum uint32

	records  []engine.Record
	size     int64
	atEnd    bool // the last Read found the end and nothing else
	complete bool

	closing sync.Once
	closed  chan struct{}
}

func newReader(o options, from engine.Position) (*reader, error) {
	f, info, err := o.open()
	if err != nil {
		return nil, err
	}
	r := &reader{options: o, f: f, info: info, pos: from, size: info.Size(), closed: make(chan struct{})}
	r.scan = splitter{csv: o.csv, delimiter: o.delimiter}
	if err := r.resume(); err != nil {
		f.Close()
		return nil, err
	}
	return r, nil
}

// resume checks that the file is the one that r.pos was taken from and goes there.
func (r *reader) resume() error {
	same, err := holds(r.f, r.pos)
	if err != nil {
		return r.unreadable(err)
	}
	if !same {
		return r.replaced()
	}
	n := min(r.pos.Offset, markWindow)
	r.base, r.buf, r.start = r.pos.Offset-n, make([]byte, n, chunk), int(n)
	r.scan.rewind(r.start)
	r.head = make([]byte, n, markWindow)
	if n == 0 {
		return nil
	}
	if _, err := r.f.Seek(r.pos.Offset, io.SeekStart); err != nil {
		return r.unreadable(err)
	}
	if _, err := r.f.ReadAt(r.head, 0); err != nil {
		return r.unreadable(err)
	}
	if _, err := r.f.ReadAt(r.buf, r.base); err != nil {
		return r.unreadable(err)
	}
	r.headSum = checksum(r.head)
	return nil
}

func (r *reader) replaced() error {
	return types.Errorf(types.CodeInvalidSource, "file %s was truncated or replaced: %d bytes of it had been read, and they are no longer there", r.path, r.pos.Offset).
		WithHint("nothing is read twice; drop the source and create it again to read the new file")
}

// Close ends a Read that waits.
func (r *reader) Close() error {
	var err error
	r.closing.Do(func() {
		close(r.closed)
		err = r.f.Close()
	})
	return err
}

// Read implements engine.Reader.
func (r *reader) Read(ctx context.Context, limit int) (engine.Poll, error) {
	if err := ctx.Err(); err != nil {
		return engine.Poll{}, err
	}
	r.records = r.records[:0]
	var waited time.Duration
	if r.atEnd && !r.complete {
		if err := r.wait(ctx); err != nil {
			return engine.Poll{}, err
		}
		waited = pollInterval
	}
	end := r.complete
	for !end {
		if err := r.cut(limit); err != nil {
			return engine.Poll{}, err
		}
		if len(r.records) > 0 {
			break
		}
		n, err := r.fill()
		if end = n == 0; end && err == nil {
			err = r.finish()
		}
		if err != nil {
			return engine.Poll{}, err
		}
	}
	r.atEnd = end
	return engine.Poll{Records: r.records, AtEnd: end, Complete: r.complete, Waited: waited, Size: max(r.size, r.pos.Offset)}, nil
}

// wait passes the time until the end of the file is looked at again.
func (r *reader) wait(ctx context.Context) error {
	timer := time.NewTimer(pollInterval)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-r.closed:
		return fs.ErrClosed
	case <-timer.C:
		return nil
	}
}

// cut makes records of the complete lines in the buffer, at most limit.
func (r *reader) cut(limit int) error {
	for len(r.records) < limit {
		end, lines := r.scan.record(r.buf)
		switch {
		case end < 0:
			return nil
		case end-r.start <= r.max:
			r.emit(end, end+1, lines)
		case len(r.records) > 0:
			r.scan.rewind(r.start) // the records before it come first
			return nil
		default:
			return r.tooLong()
		}
	}
	return nil
}

// emit makes buf[start:end] a record, after which buf goes on at next.
func (r *reader) emit(end, next int, lines int64) {
	value := r.buf[r.start:end]
	if n := len(value); n > 0 && value[n-1] == '\r' {
		value = value[:n-1]
	}
	r.keepHead(next)
	line := r.pos.Line + 1
	tail := r.buf[max(0, next-markWindow):next]
	r.pos = engine.Position{Offset: r.base + int64(next), Line: r.pos.Line + lines}
	r.pos.Mark = mark(r.headSum, tail)
	r.records = append(r.records, engine.Record{Value: value, Line: line, Next: r.pos})
	r.start = next
}

// keepHead adds what stands before buf[next] to head until that is full. All of it still is in the buffer then.
func (r *reader) keepHead(next int) {
	if n := int64(len(r.head)); n < markWindow {
		r.head = append(r.head, r.buf[n-r.base:min(int64(next), markWindow-r.base)]...)
		r.headSum = checksum(r.head)
	}
}

// fill reads on behind the buffer. Records that were handed out are no longer used when it is called.
func (r *reader) fill() (int, error) {
	if len(r.buf)-r.start > r.max {
		return 0, r.tooLong()
	}
	if cap(r.buf)-len(r.buf) < chunk/2 {
		r.makeRoom()
	}
	n, err := r.f.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	if err != nil && err != io.EOF {
		return 0, r.unreadable(err)
	}
	return n, nil
}

func (r *reader) tooLong() error {
	return types.Errorf(types.CodeInvalidSource, "file %s: the record at line %d is longer than max_record_bytes = %d", r.path, r.pos.Line+1, r.max).
		WithHint("raise max_record_bytes in the source's options if the file is right")
}

// makeRoom drops what has been handed out, but for a mark's bytes, and grows the buffer for a record that is longer than it.
func (r *reader) makeRoom() {
	drop := max(0, r.start-markWindow)
	rest := r.buf[drop:]
	if 2*len(rest) > cap(r.buf) {
		r.buf = append(make([]byte, 0, 2*cap(r.buf)), rest...)
	} else {
		r.buf = append(r.buf[:0], rest...)
	}
	r.base += int64(drop)
	r.start -= drop
	r.scan.shift(drop)
}

// finish looks at the file whose end has been reached: it must still be the one that was opened, and if it is not
// followed, what stands behind its last line break is a record.
func (r *reader) finish() error {
	if r.follow {
		return r.check()
	}
	if info, err := r.f.Stat(); err == nil {
		r.size = info.Size()
	}
	if r.size < r.base+int64(len(r.buf)) {
		return r.replaced()
	}
	if rest := len(r.buf) - r.start; rest > r.max {
		return r.tooLong()
	} else if rest > 0 {
		r.emit(len(r.buf), len(r.buf), 1)
	}
	r.complete = true
	return nil
}

// check reports a followed file that was removed, replaced by another, truncated, or rewritten in place.
func (r *reader) check() error {
	info, err := os.Stat(r.path)
	if err != nil {
		return r.unreadable(err)
	}
	size := info.Size()
	if !os.SameFile(info, r.info) || size < r.base+int64(len(r.buf)) {
		return r.replaced()
	}
	if size != r.size || !info.ModTime().Equal(r.info.ModTime()) {
		same, err := holds(r.f, r.pos)
		if err != nil {
			return r.unreadable(err)
		}
		if !same {
			return r.replaced()
		}
	}
	r.size, r.info = size, info
	return nil
}
