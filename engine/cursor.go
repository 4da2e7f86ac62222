package engine

import (
	"context"
	"fmt"
	"slices"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

const (
	codeNoCursor        = "34000"
	codeDuplicateCursor = "42P03"
	codeBadCursor       = "42P11"
)

// cursor is a query that is read a piece at a time. One that goes forward only hands on its rows as they come. One that scrolls, or outlives its transaction, keeps
// them: in memory as long as the session's tables leave room there, then on disk.
type cursor struct {
	name    string
	number  int
	columns []types.Column
	scroll  bool
	hold    bool
	binary  bool
	rows    *Rows     // what is still to be read; nil when all has been
	kept    *keptRows // nil where nothing is kept
	// at is the row it stands on, from 1; 0 is before the first, and one more than there are behind the last. skipped are those that are gone and not kept.
	at, skipped int64
	ended       bool // it stands behind the last row
}

// declare runs DECLARE CURSOR.
func (s *Session) declare(ctx context.Context, st *syntax.DeclareCursor, in input) error {
	switch {
	case st.Scroll && st.NoScroll:
		return types.Errorf(codeBadCursor, "cannot specify both SCROLL and NO SCROLL")
	case s.tx == nil && !st.Hold:
		return types.Errorf(codeNoTransaction, "DECLARE CURSOR can only be used in transaction blocks")
	case s.cursors[st.Name] != nil:
		return types.Errorf(codeDuplicateCursor, "cursor \"%s\" already exists", st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
	}
	rows, err := s.stream(context.WithoutCancel(ctx), selectBinding(st.Query), in)
	if err != nil {
		return err
	}
	c := &cursor{name: st.Name, number: s.nextCursor, columns: rows.Columns(), scroll: st.Scroll, hold: st.Hold, binary: st.Binary, rows: rows}
	if s.tx == nil {
		if err := c.keep(ctx, s); err != nil {
			c.close()
			return err
		}
	}
	s.nextCursor++
	if s.cursors == nil {
		s.cursors = map[string]*cursor{}
	}
	s.cursors[st.Name] = c
	return nil
}

// cursor finds a cursor by its name.
func (s *Session) cursor(name string, at syntax.Span) (*cursor, error) {
	if c := s.cursors[name]; c != nil {
		return c, nil
	}
	e := types.Errorf(codeNoCursor, "cursor \"%s\" does not exist", name).At(int(at.Pos), int(at.End-at.Pos))
	var names []string
	for n := range s.cursors {
		names = append(names, n)
	}
	if near := plan.Nearest(name, names); near != "" {
		return nil, e.WithHint("did you mean %q?", near)
	}
	return nil, e
}

// CursorColumns are the columns of a cursor that DECLARE made, which clients describe as a portal; ok is false where there is none.
func (s *Session) CursorColumns(name string) (columns []types.Column, ok bool) {
	c := s.cursors[name]
	if c == nil {
		return nil, false
	}
	return c.columns, true
}

// closeCursors closes the cursors that which says.
func (s *Session) closeCursors(which func(*cursor) bool) {
	for name, c := range s.cursors {
		if which(c) {
			delete(s.cursors, name)
			c.close()
		}
	}
}

// holdCursors prepares the cursors for the end of their transaction: those that it does not end keep what is left of their rows.
func (s *Session) holdCursors(ctx context.Context) error {
	for _, c := range s.cursors {
		if c.hold && c.rows != nil {
			if err := c.keep(ctx, s); err != nil {
				return err
			}
		}
	}
	s.closeCursors(func(c *cursor) bool { return !c.hold })
	return nil
}

func (c *cursor) close() {
	if c.rows != nil {
		_ = c.rows.Close()
	}
	if c.kept != nil {
		c.kept.close()
	}
}

// keep reads all that is left of the rows and keeps it.
func (c *cursor) keep(ctx context.Context, s *Session) error {
	k, err := keep(ctx, s, c.columns, func(ctx context.Context) ([]types.Value, error) { return c.pull(ctx) })
	if err != nil {
		return err
	}
	c.kept, c.skipped = k, c.at
	if c.ended {
		c.skipped = c.at - 1
	}
	return nil
}

// pull is the next row of the query, nil at the end.
func (c *cursor) pull(ctx context.Context) ([]types.Value, error) {
	if c.rows == nil {
		return nil, nil
	}
	c.rows.ctx = ctx
	if c.rows.Next() {
		return c.rows.Values(), nil
	}
	err := c.rows.Err()
	c.rows = nil
	return nil, err
}

// row is the row n, nil where there is none. A cursor that keeps nothing has only the one behind where it stands.
func (c *cursor) row(ctx context.Context, n int64) ([]types.Value, error) {
	switch {
	case c.kept != nil && n > c.skipped && n-c.skipped <= c.kept.count:
		return c.kept.row(n - c.skipped - 1)
	case c.kept != nil && n > c.skipped, n == 0:
		return nil, nil
	case c.kept == nil && n == c.at+1 && !c.ended:
		return c.pull(ctx)
	}
	return nil, types.Errorf(types.CodeNotReady, "cursor can only scan forward").WithHint("Declare it with SCROLL option to enable backward scan.")
}

// close runs CLOSE.
func (s *Session) closeCursor(st *syntax.CloseCursor) error {
	if st.Name == "" {
		s.closeCursors(func(*cursor) bool { return true })
		return nil
	}
	c, err := s.cursor(st.Name, st.NamePos)
	if err != nil {
		return err
	}
	delete(s.cursors, st.Name)
	c.close()
	return nil
}

// fetch runs FETCH and MOVE.
func (s *Session) fetch(ctx context.Context, st *syntax.Fetch) (*Rows, error) {
	c, err := s.cursor(st.Name, st.NamePos)
	if err != nil {
		return nil, err
	}
	if c.scroll && c.kept == nil && c.rows != nil {
		if err := c.keep(ctx, s); err != nil {
			return nil, err
		}
	}
	ctx, end := s.eng.during(ctx)
	next := c.walk(ctx, st.How, st.Count)
	if !st.Move {
		return &Rows{eng: s.eng, ctx: ctx, columns: c.columns, pull: next, verb: "FETCH", binary: c.binary, onClose: []func(){end}}, nil
	}
	defer end()
	for n := 0; ; n++ {
		row, err := next()
		if err != nil {
			return nil, readError(ctx, err)
		}
		if row == nil {
			return &Rows{tag: fmt.Sprintf("MOVE %d", n)}, nil
		}
	}
}

// walk returns what takes the next step of a FETCH: the row that it comes to, nil where the walk has ended.
func (c *cursor) walk(ctx context.Context, how string, count int64) func() ([]types.Value, error) {
	if (how == "FORWARD" || how == "BACKWARD") && count < 0 {
		how, count = map[string]string{"FORWARD": "BACKWARD", "BACKWARD": "FORWARD"}[how], -count
	}
	done := false
	once := func(to func() (int64, error)) func() ([]types.Value, error) {
		return func() ([]types.Value, error) {
			if done {
				return nil, nil
			}
			done = true
			n, err := to()
			if err != nil {
				return nil, err
			}
			return c.jump(ctx, n)
		}
	}
	switch {
	case how == "ABSOLUTE" && count < 0:
		return once(func() (int64, error) { return c.fromEnd(ctx, count) })
	case how == "ABSOLUTE":
		return once(func() (int64, error) { return count, nil })
	case how == "RELATIVE", count == 0:
		return once(func() (int64, error) {
			if how == "RELATIVE" {
				return max(0, c.at+count), nil
			}
			return c.at, nil
		})
	}
	step := int64(1)
	if how == "BACKWARD" {
		step = -1
	}
	return func() ([]types.Value, error) {
		if count == 0 || done {
			return nil, nil
		}
		count--
		row, err := c.step(ctx, step)
		done = row == nil
		return row, err
	}
}

// step goes one row on or back.
func (c *cursor) step(ctx context.Context, by int64) ([]types.Value, error) {
	if by > 0 && c.ended || by < 0 && c.at == 0 {
		return nil, nil
	}
	row, err := c.row(ctx, c.at+by)
	if err != nil {
		return nil, err
	}
	c.at += by
	c.ended = row == nil && by > 0
	return row, nil
}

// jump goes to row n, or behind the last one where there are fewer.
func (c *cursor) jump(ctx context.Context, n int64) ([]types.Value, error) {
	if c.kept != nil {
		if last := c.skipped + c.kept.count; n > last {
			c.at, c.ended = last+1, true
			return nil, nil
		}
		row, err := c.row(ctx, n)
		if err == nil {
			c.at, c.ended = n, false
		}
		return row, err
	}
	if n == 0 && c.at == 0 {
		return nil, nil
	}
	if n <= c.at {
		return c.row(ctx, n) // says that it cannot
	}
	for {
		row, err := c.step(ctx, 1)
		if err != nil || row == nil || c.at == n {
			return row, err
		}
	}
}

// fromEnd is the number of the row that is -count-th from the end, 0 where there are fewer.
func (c *cursor) fromEnd(ctx context.Context, count int64) (int64, error) {
	if c.kept != nil {
		return max(0, c.skipped+c.kept.count+1+count), nil
	}
	_, err := c.row(ctx, -1)
	return 0, err
}

// keptRows are rows that can be read in any order.
type keptRows struct {
	table *tempTable
	count int64
	first []int64 // the number of the first row of each block
	// block is the one that was read last, its rows in rows.
	block int
	rows  [][]types.Value
}

// keep takes the rows of next.
func keep(ctx context.Context, s *Session, columns []types.Column, next func(context.Context) ([]types.Value, error)) (*keptRows, error) {
	t := &tempTable{relation: &plan.Relation{Columns: columns}, keys: map[string]struct{}{}}
	for _, c := range columns {
		t.types = append(t.types, c.Type)
	}
	a := t.append(s)
	for {
		row, err := next(ctx)
		if err == nil && row != nil {
			err = a.add(row)
		}
		if err != nil {
			return nil, firstOf(err, a.abandon(), t.close())
		}
		if row == nil {
			break
		}
	}
	if err := a.commit(); err != nil {
		return nil, firstOf(err, t.close())
	}
	k := &keptRows{table: t, count: a.count, block: -1}
	for n, i := int64(0), 0; i < len(t.blocks); i++ {
		k.first = append(k.first, n)
		n += int64(t.blocks[i].rows)
	}
	return k, nil
}

func (k *keptRows) close() { _ = k.table.close() }

// row is the row n, from 0.
func (k *keptRows) row(n int64) ([]types.Value, error) {
	b, found := slices.BinarySearch(k.first, n)
	if !found {
		b--
	}
	if b != k.block {
		if err := k.read(b); err != nil {
			return nil, err
		}
	}
	return k.rows[n-k.first[b]], nil
}

// read decodes a block.
func (k *keptRows) read(b int) error {
	all := make([]int, len(k.table.types))
	for i := range all {
		all[i] = i
	}
	r := &tempRows{types: k.table.types, blocks: k.table.blocks[b : b+1], file: k.table.file, columns: all, row: make([]types.Value, len(all)), out: make([]types.Value, len(all))}
	k.rows, k.block = k.rows[:0:0], b
	for {
		row, err := r.Next(context.Background())
		if err != nil || row == nil {
			return err
		}
		k.rows = append(k.rows, slices.Clone(row))
	}
}
