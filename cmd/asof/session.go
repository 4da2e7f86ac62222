package main

import (
	"context"
	"io"
	"time"

	"github.com/asofdb/asof/connectors/remote"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// session is where statements run: an engine in this process, or a server elsewhere.
type session interface {
	Query(ctx context.Context, sql string) (rows, error)
	Close() error
}

// rows are a statement's result.
type rows interface {
	Columns() []types.Column
	Zone() *time.Location
	Next() bool
	Values() []types.Value
	Err() error
	Close() error
	Tag() string
	Copy() *engine.CopyStream
	CopyOut(w io.Writer) error
	CopyIn(src io.Reader) error
}

// embedded is a session of an engine in this process.
type embedded struct{ *engine.Session }

func (s embedded) Query(ctx context.Context, sql string) (rows, error) {
	r, err := s.Session.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return r, nil
}

// connected is a session of a server elsewhere.
type connected struct{ *remote.Session }

func (s connected) Query(ctx context.Context, sql string) (rows, error) {
	r, err := s.Session.Query(ctx, sql)
	if err != nil {
		return nil, err
	}
	return r, nil
}
