package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/asofdb/asof/sql/copydata"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// CopyStream says what stream of bytes a COPY … TO STDOUT writes or a COPY … FROM STDIN reads.
type CopyStream struct {
	In      bool // FROM STDIN
	Binary  bool
	Columns int
}

// copying is a COPY whose stream has not come yet.
type copying struct {
	ctx     context.Context
	s       *Session
	o       copydata.Options
	columns []types.Column
	rows    *Rows      // TO STDOUT: what is written
	table   *tempTable // FROM STDIN: what is filled
	to      []int      // the table's columns that the stream has
}

// Copy is the stream of a COPY that has one, nil for every other statement. Before the Rows are closed CopyOut or CopyIn is called once; Tag then says how many rows went.
func (r *Rows) Copy() *CopyStream {
	c := r.copying
	if c == nil {
		return nil
	}
	return &CopyStream{In: c.table != nil, Binary: c.o.Format == copydata.Binary, Columns: len(c.columns)}
}

// CopyOut writes the rows to w as PostgreSQL writes them in the format asked for. Each Write has one row, as the messages of PostgreSQL have it.
func (r *Rows) CopyOut(w io.Writer) error {
	return r.copied(func(c *copying) (int64, error) {
		if c.rows == nil {
			return 0, types.Errorf(types.CodeInternal, "the statement is no COPY TO STDOUT")
		}
		return c.out(w)
	})
}

// CopyIn reads rows from src to its end and adds them to the table: all of them, or none where there is an error.
func (r *Rows) CopyIn(src io.Reader) error {
	return r.copied(func(c *copying) (int64, error) {
		if c.table == nil {
			return 0, types.Errorf(types.CodeInternal, "the statement is no COPY FROM STDIN")
		}
		return c.in(src)
	})
}

// copied runs the stream of a COPY.
func (r *Rows) copied(run func(c *copying) (int64, error)) (err error) {
	c := r.copying
	if c == nil {
		return types.Errorf(types.CodeInternal, "the statement is no COPY with a stream")
	}
	defer func() {
		if p := recover(); p != nil {
			err = c.s.eng.caught(p)
		}
		if err = readError(c.ctx, err); err != nil {
			r.err = err
			if r.failed != nil {
				r.failed()
			}
		}
		_ = r.Close()
	}()
	n, err := run(c)
	if err == nil {
		r.tag = fmt.Sprintf("COPY %d", n)
	}
	return err
}

// copyStream begins COPY … TO STDOUT and COPY … FROM STDIN.
func (s *Session) copyStream(ctx context.Context, st *syntax.Copy) (*Rows, error) {
	ctx, end := s.eng.during(ctx)
	c := &copying{ctx: ctx, s: s}
	err := c.begin(st)
	if err != nil {
		end()
		return nil, err
	}
	return &Rows{eng: s.eng, ctx: ctx, copying: c, onClose: []func(){func() {
		if c.rows != nil {
			_ = c.rows.Close()
		}
		end()
	}}}, nil
}

func (c *copying) begin(st *syntax.Copy) (err error) {
	if st.From {
		if c.table, c.to, err = c.s.copyTarget(c.ctx, st); err != nil {
			return err
		}
		for _, i := range c.to {
			c.columns = append(c.columns, c.table.relation.Columns[i])
		}
		return c.options(st)
	}
	if c.rows, err = c.s.stream(c.ctx, selectBinding(copiedQuery(st)), input{}); err != nil {
		return err
	}
	c.columns = c.rows.Columns()
	if err = c.options(st); err != nil {
		_ = c.rows.Close()
	}
	return err
}

// options reads the options of COPY.
func (c *copying) options(st *syntax.Copy) error {
	c.o.Zone = c.s.zone
	for _, o := range st.Options {
		if err := c.option(o); err != nil {
			return placed(err, o.Span)
		}
	}
	return c.o.Defaults(st.From)
}

func (c *copying) option(o syntax.Option) (err error) {
	switch o.Name {
	case "format":
		switch f := copydata.Format(strings.ToLower(o.Value)); f {
		case copydata.Text, copydata.CSV, copydata.Binary:
			c.o.Format = f
		default:
			return types.Errorf(types.CodeInvalidParameter, "COPY format \"%s\" not recognized", o.Value).WithHint("a stream is text, csv or binary; other formats go to files")
		}
	case "delimiter":
		c.o.Delimiter = o.Value
		if o.Value == "" {
			return types.Errorf(types.CodeNotSupported, "COPY delimiter must be a single one-byte character")
		}
	case "null":
		c.o.Null, c.o.NullSaid = o.Value, true
	case "header":
		c.o.Header, err = copydata.Header(o.Value)
	case "quote":
		c.o.Quote = o.Value
	case "escape":
		c.o.Escape = o.Value
	case "force_quote":
		c.o.ForceQuote, err = c.marks("FORCE_QUOTE", o)
	case "force_not_null":
		c.o.ForceNotNull, err = c.marks("FORCE_NOT_NULL", o)
	case "force_null":
		c.o.ForceNull, err = c.marks("FORCE_NULL", o)
	case "encoding":
		if e := strings.ToUpper(strings.ReplaceAll(o.Value, "-", "")); e != "UTF8" && e != "UNICODE" {
			return types.Errorf(types.CodeInvalidParameter, "argument to option \"encoding\" must be a valid encoding name").WithHint("text is UTF8")
		}
	case "freeze":
	default:
		return types.Errorf(types.CodeSyntax, "option \"%s\" not recognized", o.Name)
	}
	return err
}

// marks are the columns that an option means.
func (c *copying) marks(option string, o syntax.Option) ([]bool, error) {
	if o.Value == "*" {
		all := make([]bool, len(c.columns))
		for i := range all {
			all[i] = true
		}
		return all, nil
	}
	if o.List == nil {
		return nil, types.Errorf(types.CodeSyntax, "argument to option \"%s\" must be a list of column names", o.Name)
	}
	return copydata.Marks(option, o.List, c.columns)
}

// out writes the rows.
func (c *copying) out(w io.Writer) (n int64, err error) {
	enc := copydata.NewWriter(c.columns, c.o)
	write := func(b []byte) {
		if err == nil && b != nil {
			_, err = w.Write(b)
		}
	}
	write(enc.Header())
	for err == nil && c.rows.Next() {
		write(enc.Row(c.rows.Values()))
		n++
	}
	if err == nil {
		err = c.rows.Err()
	}
	write(enc.Trailer())
	return n, err
}

// in reads rows into the table.
func (c *copying) in(src io.Reader) (n int64, err error) {
	r := copydata.NewReader(src, c.table.relation.Name, c.columns, c.o)
	a := c.table.append(c.s)
	row := make([]types.Value, len(c.table.types))
	for {
		values, err := r.Next()
		if err == nil && values == nil {
			break
		}
		if err == nil {
			for i, to := range c.to {
				row[to] = values[i]
			}
			err = a.add(row)
		}
		if err == nil {
			err = context.Cause(c.ctx)
		}
		if err != nil {
			return 0, errors.Join(err, a.abandon())
		}
	}
	if err := a.commit(); err != nil {
		return 0, err
	}
	return a.count, nil
}
