package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// tempTable is a table of one session: a list of rows that only grows. Its rows are encoded in blocks, which stay in memory as long as all tables of the session
// together stay below memory_limit, and go to a file of the data directory's temp folder from there on. A statement appends its rows at its end or not at all; who reads sees the blocks that there were.
type tempTable struct {
	relation *plan.Relation
	ordinal  uint32 // of the session's tables, in the order of their creation
	types    []types.Type
	key      []int // columns of the primary key, nil where there is none
	keys     map[string]struct{}
	log      []string    // the keys that a transaction has added
	view     *syntax.CTE // the query that it stands for, nil for a table; a view has no rows of its own
	blocks   []tempBlock
	memory   int64 // of the blocks in memory, and of keys
	file     *tempFile
}

// tempBlock is a run of encoded rows: bytes, or where bytes is nil, size bytes of the table's file at offset.
type tempBlock struct {
	bytes        []byte
	offset, size int64
	rows         int
}

// blockBytes is when a block is full: large enough for the disk, and a small part of any memory_limit.
const blockBytes = 256 << 10

// What a block and a key cost beside their bytes.
const (
	blockCost = 64
	keyCost   = 64
)

const codeUnique = "23505"

// createTable runs CREATE TEMP TABLE.
func (s *Session) createTable(ctx context.Context, st *syntax.CreateTable) error {
	there, err := s.tableThere(ctx, st)
	if there || err != nil {
		return err
	}
	columns := make(types.Schema, len(st.Columns))
	for i, c := range st.Columns {
		columns[i] = types.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull}
	}
	t := newTempTable(st.Name, columns)
	for _, name := range st.Key {
		t.key = append(t.key, columns.Index(name))
	}
	s.keepTable(t)
	return nil
}

// tableThere reports whether the table that a statement creates is there already, and may be.
func (s *Session) tableThere(ctx context.Context, st *syntax.CreateTable) (bool, error) {
	switch {
	case s.tables[st.Name] == nil:
		return false, nil
	case st.IfNotExists:
		s.eng.notice(ctx, fmt.Sprintf("relation %q already exists, skipping", st.Name), "")
		return true, nil
	}
	return true, types.Errorf(types.CodeDuplicateTable, "relation %q already exists", st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)).
		WithHint("DROP TABLE %s first, or CREATE TEMP TABLE IF NOT EXISTS", syntax.QuoteIdent(st.Name))
}

// newTempTable is an empty table without a key that no session has yet.
func newTempTable(name string, columns types.Schema) *tempTable {
	t := &tempTable{relation: &plan.Relation{Name: name, Kind: plan.SourceRelation, Columns: columns, EventTime: -1, PlainTable: true}, keys: map[string]struct{}{}}
	for _, c := range columns {
		t.types = append(t.types, c.Type)
	}
	return t
}

// keepTable makes a table one of the session's.
func (s *Session) keepTable(t *tempTable) {
	if s.tables == nil {
		s.tables = map[string]*tempTable{}
	}
	s.created++
	t.ordinal = s.created
	s.tables[t.relation.Name] = t
	s.version++
}

// dropTable runs DROP TABLE and DROP VIEW, which are for temporary ones only.
func (s *Session) dropTable(ctx context.Context, st *syntax.Drop) error {
	t, what := s.tables[st.Name], strings.ToLower(st.Object)
	at := func(e *types.Error) error { return e.At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)) }
	switch {
	case t != nil && t.kind() != what:
		return at(types.Errorf(types.CodeWrongObjectType, "%q is not a %s", st.Name, what).WithHint("Use DROP %s to remove a %s.", strings.ToUpper(t.kind()), t.kind()))
	case t != nil:
		return s.forgetTable(st.Name)
	}
	if r, err := s.eng.catalog.Load().Relation(st.Name); err == nil {
		kind := kindOf(r)
		return at(types.Errorf(types.CodeWrongObjectType, "%q is a %s, not a temporary %s", st.Name, kind, what).
			WithHint("DROP %s %s", strings.ToUpper(kind), syntax.QuoteIdent(st.Name)))
	}
	if st.IfExists {
		s.eng.notice(ctx, fmt.Sprintf("%s %q does not exist, skipping", what, st.Name), "")
		return nil
	}
	e := types.Errorf(types.CodeUndefinedTable, "%s %q does not exist", what, st.Name)
	if near := plan.Nearest(st.Name, s.tableNames()); near != "" {
		e = e.WithHint("did you mean %q?", near)
	}
	return at(e)
}

func kindOf(r *plan.Relation) string {
	if r.Kind == plan.FeatureRelation || r.Kind == plan.FeatureHistory {
		return "feature"
	}
	return "source"
}

func (s *Session) tableNames() []string {
	var names []string
	for name := range s.tables {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// Close ends the session: a transaction block is rolled back, and its temporary tables and cursors are gone. A session without any needs no Close.
func (s *Session) Close() error {
	var err error
	if s.tx != nil {
		err = s.rollBack()
	}
	s.closeCursors(func(*cursor) bool { return true })
	return errors.Join(err, s.dropTables())
}

// tableMemory is what the session's tables keep in memory.
func (s *Session) tableMemory() int64 {
	n := int64(0)
	for _, t := range s.tables {
		n += t.memory
	}
	for _, c := range s.cursors {
		if c.kept != nil {
			n += c.kept.table.memory
		}
	}
	return n
}

// close gives the file back; who reads it still can.
func (t *tempTable) close() error {
	if t.file == nil {
		return nil
	}
	return t.file.release()
}

// insert runs INSERT into a temporary table.
func (s *Session) insert(ctx context.Context, st *syntax.Insert, in input) (*Rows, error) {
	var t *tempTable
	rows, err := s.stream(ctx, func(cat plan.Catalog, ps plan.Session) (*plan.Query, error) {
		i, err := plan.BindInsert(st, cat, ps)
		if err != nil {
			return nil, err
		}
		t, err = s.ownTable(i.Target, "INSERT", st.TablePos)
		return i.Query, err
	}, in)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	count, err := t.take(rows, s)
	if err != nil {
		return nil, err
	}
	return &Rows{tag: fmt.Sprintf("INSERT 0 %d", count)}, nil
}

// ownTable is the temporary table that a relation is; others are filled by their connectors.
func (s *Session) ownTable(r *plan.Relation, statement string, at syntax.Span) (*tempTable, error) {
	switch t := s.tables[r.Name]; {
	case t != nil && t.view != nil:
		return nil, types.Errorf(types.CodeWrongObjectType, "%s is for temporary tables, %q is a view", statement, r.Name).At(int(at.Pos), int(at.End-at.Pos))
	case t != nil && t.relation == r:
		return t, nil
	}
	e := types.Errorf(types.CodeWrongObjectType, "%s is for temporary tables, %q is a %s", statement, r.Name, kindOf(r)).At(int(at.Pos), int(at.End-at.Pos))
	return nil, e.WithHint("the rows of a source come from its connector; CREATE TEMP TABLE makes a table of your own")
}

// appender gathers the rows of one statement, which become part of the table when it commits.
type appender struct {
	t       *tempTable
	s       *Session
	before  int64 // memory of the session's tables
	memory  int64
	blocks  []tempBlock
	keys    map[string]struct{}
	buf     []byte
	scratch []byte
	count   int64
	sealed  int64 // of count, those in blocks
	end     int64 // of the table's file, with what was written
}

func (t *tempTable) append(s *Session) *appender {
	a := &appender{t: t, s: s, before: s.tableMemory(), keys: map[string]struct{}{}}
	if t.file != nil {
		a.end = t.file.size
	}
	return a
}

// add takes a row of the table's columns, which stays the caller's.
func (a *appender) add(row []types.Value) error {
	for i, c := range a.t.relation.Columns {
		if c.NotNull && row[i].IsNull() {
			return types.Errorf(types.CodeNotNull, "null value in column %q of relation %q violates not-null constraint", c.Name, a.t.relation.Name)
		}
	}
	if a.t.key != nil {
		if err := a.addKey(row); err != nil {
			return err
		}
	}
	for i, v := range row {
		a.buf = types.AppendValue(a.buf, a.t.types[i], v)
	}
	a.count++
	if len(a.buf) >= blockBytes {
		return a.seal()
	}
	return nil
}

func (a *appender) addKey(row []types.Value) error {
	a.scratch = a.scratch[:0]
	for _, c := range a.t.key {
		a.scratch = types.AppendKey(a.scratch, row[c])
	}
	_, old := a.t.keys[string(a.scratch)]
	_, now := a.keys[string(a.scratch)]
	if old || now {
		return a.t.duplicate(row)
	}
	a.keys[string(a.scratch)] = struct{}{}
	if a.memory += int64(len(a.scratch)) + keyCost; a.before+a.memory > a.s.limit {
		return types.Errorf(types.CodeOutOfMemory, "the primary key of table %q needs more memory than the limit of %d MiB", a.t.relation.Name, max(1, a.s.limit>>20)).
			WithHint("SET memory_limit to more, or declare the table without PRIMARY KEY: its rows then go to disk")
	}
	return nil
}

func (t *tempTable) duplicate(row []types.Value) error {
	var names, values []string
	for _, c := range t.key {
		names, values = append(names, t.relation.Columns[c].Name), append(values, row[c].String())
	}
	e := types.Errorf(codeUnique, "duplicate key value violates unique constraint %q", t.relation.Name+"_pkey")
	e.Detail = fmt.Sprintf("Key (%s)=(%s) already exists.", strings.Join(names, ", "), strings.Join(values, ", "))
	return e
}

// seal ends the block at hand: it stays in memory, or goes to the file.
func (a *appender) seal() error {
	if len(a.buf) == 0 {
		return nil
	}
	size, rows := int64(len(a.buf)), int(a.count-a.sealed)
	a.sealed = a.count
	if cost := size + blockCost; a.before+a.memory+cost <= a.s.limit {
		a.blocks = append(a.blocks, tempBlock{bytes: bytes.Clone(a.buf), size: size, rows: rows})
		a.memory += cost
		a.buf = a.buf[:0]
		return nil
	}
	if a.t.file == nil {
		dir, err := a.s.eng.temp.use()
		if err != nil {
			return err
		}
		if a.t.file, err = newTempFile(dir); err != nil {
			return err
		}
	}
	if _, err := a.t.file.f.WriteAt(a.buf, a.end); err != nil {
		return tempFileError("written", err)
	}
	a.blocks = append(a.blocks, tempBlock{offset: a.end, size: size, rows: rows})
	a.end += size
	a.buf = a.buf[:0]
	return nil
}

// commit makes the rows part of the table.
func (a *appender) commit() error {
	if err := a.seal(); err != nil {
		return errors.Join(err, a.abandon())
	}
	a.t.blocks = append(a.t.blocks, a.blocks...) // whoever reads has the length that it was
	a.t.memory += a.memory
	for k := range a.keys {
		a.t.keys[k] = struct{}{}
		if a.s.tx != nil {
			a.t.log = append(a.t.log, k)
		}
	}
	if a.t.file != nil {
		a.t.file.size = a.end
	}
	return nil
}

// abandon takes back what was written to the file.
func (a *appender) abandon() error {
	if a.t.file == nil || a.end == a.t.file.size {
		return nil
	}
	if err := a.t.file.f.Truncate(a.t.file.size); err != nil {
		return tempFileError("cut", err)
	}
	return nil
}

// open is the table's opener.
func (t *tempTable) open(_ context.Context, columns []int) (exec.Rows, error) {
	r := &tempRows{types: t.types, blocks: t.blocks, columns: columns, row: make([]types.Value, len(t.types)), out: make([]types.Value, len(columns))}
	if t.file != nil {
		r.file = t.file
		r.file.retain()
	}
	return r, nil
}

// tempRows reads the rows that a table had when it was opened.
type tempRows struct {
	types   []types.Type
	blocks  []tempBlock
	file    *tempFile // nil where all blocks are in memory, and after Close
	columns []int
	left    []byte // of the block at hand
	row     []types.Value
	out     []types.Value
}

// Next implements exec.Rows.
func (r *tempRows) Next(context.Context) ([]types.Value, error) {
	for len(r.left) == 0 {
		if len(r.blocks) == 0 {
			return nil, nil
		}
		b := r.blocks[0]
		r.blocks = r.blocks[1:]
		if r.left = b.bytes; b.bytes == nil {
			r.left = make([]byte, b.size)
			if _, err := r.file.f.ReadAt(r.left, b.offset); err != nil {
				return nil, tempFileError("read", err)
			}
		}
	}
	for i, t := range r.types {
		var err error
		if r.row[i], r.left, err = types.ReadValue(r.left, t); err != nil {
			return nil, err
		}
	}
	for i, c := range r.columns {
		r.out[i] = r.row[c]
	}
	return r.out, nil
}

// Close implements exec.Rows.
func (r *tempRows) Close() error {
	if r.file == nil {
		return nil
	}
	f := r.file
	r.file = nil
	return f.release()
}

// tempFile is a file without a name: it is gone when the last who uses it releases it, or the process ends, however that happens.
type tempFile struct {
	f    *os.File
	size int64 // of what belongs to the table

	mu    sync.Mutex // guards users
	users int
}

func newTempFile(dir string) (*tempFile, error) {
	f, err := os.CreateTemp(dir, "table-*.tmp")
	if err == nil {
		err = os.Remove(f.Name())
	}
	if err != nil {
		return nil, tempFileError("created", err)
	}
	return &tempFile{f: f, users: 1}, nil
}

func (t *tempFile) retain() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.users++
}

func (t *tempFile) release() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.users--; t.users > 0 {
		return nil
	}
	return t.f.Close()
}

func tempFileError(what string, err error) error {
	code := types.CodeIO
	if errors.Is(err, syscall.ENOSPC) || errors.Is(err, syscall.EDQUOT) {
		code = types.CodeDiskFull
	}
	e := types.Errorf(code, "a temporary table's file could not be %s: %v", what, err).WithHint("make room on the disk, or SET memory_limit to more")
	e.Err = err
	return e
}
