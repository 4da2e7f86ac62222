// Package remote is a session on an asof server elsewhere, over the Postgres protocol: as much of engine.Session as a shell needs, with the same columns, values and
// errors. It speaks the simple protocol, whose rows are text; a value's text is the same bytes whatever way it takes.
package remote

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgconn/ctxwatch"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// Session is a connection. One goroutine at a time.
type Session struct {
	conn *pgconn.PgConn
	// rows are those that have not been closed: the connection is theirs.
	rows *Rows
}

// Connect opens a session. url is PostgreSQL's: postgres://user:password@host:port/database?sslmode=…, or key=value pairs; what it leaves out comes from PGHOST and the like. notice
// hears what the server has to say beside results.
func Connect(ctx context.Context, url string, notice func(engine.Notice)) (*Session, error) {
	config, err := pgconn.ParseConfig(url)
	if err != nil {
		return nil, types.Errorf(types.CodeInvalidParameter, "the address of the server is malformed: %s", reason(err)).WithHint("it looks like postgres://user@127.0.0.1:6543/asof")
	}
	if config.RuntimeParams["application_name"] == "" {
		config.RuntimeParams["application_name"] = "asof sql"
	}
	// Cancelling a statement is asking the server to: the connection goes on.
	config.BuildContextWatcherHandler = func(c *pgconn.PgConn) ctxwatch.Handler {
		return &pgconn.CancelRequestContextWatcherHandler{Conn: c, DeadlineDelay: 5 * time.Second}
	}
	config.OnNotice = func(_ *pgconn.PgConn, n *pgconn.Notice) { notice(engine.Notice{Message: n.Message, Hint: n.Hint}) }
	conn, err := pgconn.ConnectConfig(ctx, config)
	if err != nil {
		var pe *pgconn.PgError
		if errors.As(err, &pe) {
			return nil, fromServer(pe, "")
		}
		return nil, types.Errorf("08001", "no connection to %s: %s", hostOf(config), reason(err)).WithHint("is `asof serve` running there?")
	}
	return &Session{conn: conn}, nil
}

func hostOf(c *pgconn.Config) string {
	if strings.HasPrefix(c.Host, "/") {
		return c.Host
	}
	return c.Host + ":" + strconv.Itoa(int(c.Port))
}

// reason is the innermost cause, which names no password.
func reason(err error) string {
	for {
		next := errors.Unwrap(err)
		if next == nil {
			return err.Error()
		}
		err = next
	}
}

// Server says where the session is, for people.
func (s *Session) Server() string {
	return s.conn.ParameterStatus("server_version") + " at " + s.conn.Conn().RemoteAddr().String()
}

// Query runs one statement. The caller closes the Rows, and asks for nothing else before that.
func (s *Session) Query(ctx context.Context, sql string) (*Rows, error) {
	if s.rows != nil {
		return nil, fmt.Errorf("remote: a result has not been closed")
	}
	if st, err := syntax.Parse(sql); err == nil && len(st) == 1 {
		if c, ok := st[0].(*syntax.Copy); ok && c.Std {
			return &Rows{s: s, ctx: ctx, sql: sql, copies: &engine.CopyStream{In: c.From}}, nil
		}
	}
	r := &Rows{s: s, ctx: ctx, sql: sql, results: s.conn.Exec(ctx, sql)}
	s.rows = r
	for r.results.NextResult() {
		r.reader = r.results.ResultReader()
		if r.columns = columnsOf(r.reader.FieldDescriptions()); r.columns != nil {
			r.zone = s.zone()
			return r, nil
		}
		if _, err := r.reader.Close(); err != nil {
			break
		}
		r.noteTag()
	}
	if err := r.finish(); err != nil {
		return nil, err
	}
	return r, nil
}

// Close ends the session.
func (s *Session) Close() error {
	ctx, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	return s.conn.Close(ctx)
}

// zone is the server's word for the session's TimeZone.
func (s *Session) zone() *time.Location {
	if z, err := types.LoadSessionZone(s.conn.ParameterStatus("TimeZone")); err == nil {
		return z
	}
	return time.UTC
}

func columnsOf(fields []pgconn.FieldDescription) []types.Column {
	if fields == nil {
		return nil
	}
	columns := make([]types.Column, len(fields))
	for i, f := range fields {
		t, ok := types.TypeOfOID(f.DataTypeOID, f.TypeModifier)
		if !ok {
			t = types.Type{Kind: types.Text}
		}
		columns[i] = types.Column{Name: f.Name, Type: t}
	}
	return columns
}

// Rows is a statement's result, as engine.Rows is.
type Rows struct {
	s       *Session
	ctx     context.Context
	sql     string
	results *pgconn.MultiResultReader // nil once it has ended
	reader  *pgconn.ResultReader
	columns []types.Column
	zone    *time.Location
	row     []types.Value
	tag     string
	err     error
	copies  *engine.CopyStream
}

// Columns are the result's columns, nil for a statement that returns none.
func (r *Rows) Columns() []types.Column { return r.columns }

// Zone is the session's TimeZone.
func (r *Rows) Zone() *time.Location {
	if r.zone == nil {
		return time.UTC
	}
	return r.zone
}

// Next advances to the next row.
func (r *Rows) Next() bool {
	if r.results == nil || r.err != nil {
		return false
	}
	if !r.reader.NextRow() {
		r.err = r.finish()
		return false
	}
	if r.row == nil {
		r.row = make([]types.Value, len(r.columns))
	}
	for i, b := range r.reader.Values() {
		if b == nil {
			r.row[i] = types.Value{}
			continue
		}
		if r.row[i], r.err = types.ParseIn(r.columns[i].Type, string(b), r.Zone()); r.err != nil {
			return false
		}
	}
	return true
}

// Values is the current row, valid until the next Next.
func (r *Rows) Values() []types.Value { return r.row }

// Err is what ended the rows early.
func (r *Rows) Err() error { return r.err }

// Tag is the statement's command tag.
func (r *Rows) Tag() string { return r.tag }

// Close reads what is left and gives the connection back.
func (r *Rows) Close() error {
	if r.results != nil {
		if err := r.finish(); r.err == nil {
			r.err = err
		}
	}
	return nil
}

func (r *Rows) noteTag() {
	if r.reader != nil {
		if tag, err := r.reader.Close(); err == nil {
			r.tag = tag.String()
		}
	}
}

// finish ends the results and returns what ended them early.
func (r *Rows) finish() error {
	r.noteTag()
	err := r.results.Close()
	r.results, r.s.rows = nil, nil
	return r.failure(err)
}

// Copy is the stream of a COPY that has one.
func (r *Rows) Copy() *engine.CopyStream { return r.copies }

// CopyOut writes what COPY … TO STDOUT sends.
func (r *Rows) CopyOut(w io.Writer) error {
	tag, err := r.s.conn.CopyTo(r.ctx, w, r.sql)
	r.tag = tag.String()
	return r.failure(err)
}

// CopyIn sends src to COPY … FROM STDIN.
func (r *Rows) CopyIn(src io.Reader) error {
	tag, err := r.s.conn.CopyFrom(r.ctx, src, r.sql)
	r.tag = tag.String()
	return r.failure(err)
}

// failure is err as the engine would have returned it.
func (r *Rows) failure(err error) error {
	var pe *pgconn.PgError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &pe):
		return fromServer(pe, r.sql)
	case r.ctx.Err() != nil:
		return types.Errorf(types.CodeCanceled, "canceling statement due to user request")
	default:
		return types.Errorf("08006", "the connection to the server is lost: %s", reason(err))
	}
}

// fromServer is a server's error; its position counts characters, ours bytes.
func fromServer(pe *pgconn.PgError, sql string) error {
	e := &types.Error{Code: pe.Code, Message: pe.Message, Detail: pe.Detail, Hint: pe.Hint}
	if pe.Position > 0 {
		at := 0
		for range int(pe.Position) - 1 {
			_, n := utf8.DecodeRuneInString(sql[at:])
			at += n
		}
		e.Pos, e.Len = at+1, wordAt(sql[min(at, len(sql)):])
	}
	return e
}

// wordAt is how many bytes the caret underlines: the server says where an error begins and not where it ends.
func wordAt(sql string) int {
	if st, _, _ := strings.Cut(sql, "\n"); len(st) > 0 {
		return syntax.TokenLength(st)
	}
	return 0
}
