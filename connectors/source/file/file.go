// Package file reads files as sources: one record a line, of a file that is complete or of one that grows.
//
// Invariants:
//
//  1. A position is only ever gone on from if the file still is the one that was read: the bytes before it have the checksum that the
//     position carries. A file that was truncated, replaced or rewritten is an error by name and never read again from its start.
//  2. A line of a followed file is a record once its line break is there. The last line of a complete file is one without.
//  3. The bytes of records stay as they are until the reader's next Read. No line is copied or allocated for by itself.
package file

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// Connector returns the source connector for connector = 'file'. Its options are path, relative to the working directory;
// follow, whether the file may grow; and max_record_bytes, the longest record that is read (64 MiB).
//
// The option __record = 'csv', which the engine sets and no user does, says that line breaks inside quotes do not end a record;
// quotes are then found by the option delimiter.
func Connector() engine.SourceConnector {
	return engine.SourceConnector{
		Options: []string{"path", "follow", "max_record_bytes"},
		Paths:   []string{"path"},
		Check: func(with map[string]string) error {
			o, err := readOptions(with)
			if err != nil {
				return err
			}
			f, _, err := o.open()
			if err != nil {
				return err
			}
			return f.Close()
		},
		Open: func(_ context.Context, with map[string]string, from engine.Positions) (engine.Reader, error) {
			o, err := readOptions(with)
			if err != nil {
				return nil, err
			}
			return newReader(o, from[""])
		},
	}
}

// options are a file source's options, read.
type options struct {
	path      string // absolute
	follow    bool
	max       int
	csv       bool
	delimiter byte
}

const defaultMaxRecord = 64 << 20

func readOptions(with map[string]string) (o options, err error) {
	path := with["path"]
	if path == "" {
		return o, types.Errorf(types.CodeInvalidParameter, "a file source needs the option path").
			WithHint("WITH (connector = 'file', path = 'orders.ndjson')")
	}
	if o.path, err = filepath.Abs(path); err != nil {
		return o, types.Errorf(types.CodeIO, "the working directory of path %q is unknown: %v", path, err)
	}
	if follow, ok := with["follow"]; ok {
		if o.follow, err = strconv.ParseBool(follow); err != nil {
			return o, types.Errorf(types.CodeInvalidParameter, "follow = %q is neither true nor false", follow)
		}
	}
	o.max = defaultMaxRecord
	if limit, ok := with["max_record_bytes"]; ok {
		n, err := strconv.ParseInt(limit, 10, 32)
		if err != nil || n < 1 {
			return o, types.Errorf(types.CodeInvalidParameter, "max_record_bytes = %q is not a number of bytes from 1 to %d", limit, 1<<31-1)
		}
		o.max = int(n)
	}
	o.csv, o.delimiter = with["__record"] == "csv", ','
	if d := with["delimiter"]; d == `\t` {
		o.delimiter = '\t'
	} else if len(d) == 1 {
		o.delimiter = d[0]
	}
	return o, nil
}

// open opens the file, which must be a regular one that can be read.
func (o *options) open() (*os.File, fs.FileInfo, error) {
	// Stat comes first: opening a pipe would wait for its writer.
	info, err := os.Stat(o.path)
	if err != nil {
		return nil, nil, o.unreadable(err)
	}
	if !info.Mode().IsRegular() {
		what := "not a regular file"
		if info.IsDir() {
			what = "a directory"
		}
		return nil, nil, types.Errorf(types.CodeBadFile, "%s is %s", o.path, what).WithHint("path names one file, as 'data/orders.ndjson'")
	}
	f, err := os.Open(o.path)
	if err != nil {
		return nil, nil, o.unreadable(err)
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, nil, o.unreadable(err)
	}
	return f, info, nil
}

func (o *options) unreadable(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		e := types.Errorf(types.CodeBadFile, "there is no file %s", o.path)
		e.Err = err
		return e.WithHint("a path that does not begin with / is relative to the working directory of the process that reads it")
	}
	var cause *fs.PathError
	reason := err
	if errors.As(err, &cause) {
		reason = cause.Err
	}
	e := types.Errorf(types.CodeBadFile, "file %s cannot be read: %v", o.path, reason)
	e.Err = err
	return e
}
