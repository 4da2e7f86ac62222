package engine

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/asofdb/asof/engine/derive"
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/exec"
	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// EXPLAIN VALUE answers with the rows of the source, as they were at the moment, that made a value. The entity's log says which row versions count, by
// the columns that it carries; the rows themselves come from the stream log, where they have all columns and their primary keys.

// valueBinding plans EXPLAIN VALUE as the SELECT of the value, and notes in v what is to be explained.
func valueBinding(st *syntax.ExplainValue, v **plan.ValueQuery) binding {
	return func(cat plan.Catalog, s plan.Session) (*plan.Query, error) {
		bound, err := plan.BindExplainValue(st, cat, s)
		if err != nil {
			return nil, err
		}
		*v = bound
		return bound.Query, nil
	}
}

// explainValue runs EXPLAIN VALUE.
func (s *Session) explainValue(ctx context.Context, st *syntax.ExplainValue, in input) (*Rows, error) {
	var v *plan.ValueQuery
	b, err := s.begin(ctx, valueBinding(st, &v), in)
	if err != nil {
		return nil, err
	}
	x, err := newExplanation(b.st, v, b.context)
	if err == nil {
		err = s.MayRead(x.f.plan.Source)
	}
	if err == nil {
		err = x.find(b.ctx)
	}
	if err != nil {
		b.end()
		return nil, err
	}
	columns := valueColumns(x.f)
	return s.eng.streamedRows(b.ctx, b.end, columns, &valueRows{x: x, out: types.NewBuilder(columns)}, s.zone)
}

// valueColumns are the columns of EXPLAIN VALUE: when the row came to be as it is, its event time, what it counts for, and the row.
func valueColumns(f *feature) types.Schema {
	return append(types.Schema{timeColumn("commit_time"), timeColumn("event_time"), textColumn("part")}, f.gen.source.relation.Columns...)
}

// valueRow is a row of the source that made the value.
type valueRow struct {
	c, pos int64 // of the change that made the row what it is
	row    []types.Value
	aggs   []int // that count it
	part   string
}

// explanation is one EXPLAIN VALUE.
type explanation struct {
	st     *statement
	f      *feature
	output int
	key    []types.Value
	m      scanMoment
	rows   []valueRow
	bytes  int64
	done   counter // the changes that were looked at
}

func newExplanation(st *statement, v *plan.ValueQuery, c *exec.Context) (*explanation, error) {
	scan := v.Scans[0]
	x := &explanation{st: st, f: st.feature(scan.Relation), output: v.Output, m: st.moments[scan]}
	env := expr.Env{Now: c.Now, Params: c.Params, Zone: c.Session.Zone}
	for i, k := range v.Key {
		if k == nil {
			x.key = append(x.key, types.Value{})
			continue
		}
		value, err := k.Eval(&env)
		if err != nil {
			return nil, err
		}
		column := scan.Relation.Columns[scan.Relation.Key[i]]
		if value.IsNull() {
			return nil, types.Errorf(types.CodeInvalidParameter, "%s = NULL is true of no entity", syntax.QuoteIdent(column.Name)).
				WithHint("the entity without one is found by %s IS NULL", syntax.QuoteIdent(column.Name))
		}
		exact, err := types.Coerce(value, column.Type)
		if err != nil || types.Compare(exact, value) != 0 {
			return nil, types.Errorf(types.CodeOutOfRange, "%s of type %s cannot be %s: there is no such entity", syntax.QuoteIdent(column.Name), column.Type, value)
		}
		x.key = append(x.key, exact)
	}
	return x, x.f.readable(x.m.t, x.m.p)
}

// find finds the rows. Where there is nothing to show it says why.
func (x *explanation) find(ctx context.Context) error {
	defer x.st.eng.progress(ctx, "explaining "+x.f.rec.Name, "changes", func() (int64, int64) { return x.done.Load(), 0 })()
	e := x.f.pool.Get().(*evaluation)
	defer x.f.pool.Put(e)
	var value []types.Value
	var behind []window.Contributor
	err := x.f.withLog(e, x.key, func(log window.Log) (err error) {
		if err := x.fits(&log); err != nil {
			return err
		}
		if value, err = e.ev.Eval(x.key, log, x.m.t); err != nil || value == nil {
			return err
		}
		behind, err = e.ev.Contributors(x.key, log, x.m.t, x.output)
		return err
	})
	if err != nil {
		return err
	}
	switch {
	case value == nil:
		x.st.eng.notice(ctx, fmt.Sprintf("%s has no row%s at %s: no row of %s passes its WHERE", x.f.rec.Name, x.entity(" for "), x.moment(), x.f.plan.Source), "")
		return nil
	case len(behind) == 0:
		x.st.eng.notice(ctx, fmt.Sprintf("%s is %s%s at %s, and no row of %s counts for it", x.f.relation.Columns[x.output].Name, shownValue(value[x.output]),
			x.entity(" for "), x.moment(), x.f.plan.Source), "")
		return nil
	}
	return x.read(ctx, newPartTeller(x.f, behind))
}

// fits refuses an entity whose log is larger than the statement may keep.
func (x *explanation) fits(log *window.Log) error {
	entries := int64(0)
	if log.Root != nil {
		entries = log.Root.Estimate(history.All(x.m.t))
	}
	for _, p := range log.Pending {
		entries += int64(p.Count())
	}
	return x.keep(entries * int64(96+40*len(x.f.gen.layout.Types)))
}

// keep accounts for n bytes more.
func (x *explanation) keep(n int64) error {
	if x.bytes += n; x.bytes > x.st.limit {
		return types.Errorf(types.CodeOutOfMemory, "explaining a value of %q needs more than memory_limit allows", x.f.rec.Name).WithHint("SET memory_limit to more than %d", x.st.limit)
	}
	return nil
}

func (x *explanation) moment() string { return types.NewTimestamptz(x.m.t).String() }

// entity names the entity, with a word before it; a feature without key has but one.
func (x *explanation) entity(before string) string {
	if len(x.key) == 0 {
		return ""
	}
	return before + x.f.entityText(x.key)
}

// entityText names an entity as a condition: customer_id = 'c1'.
func (f *feature) entityText(key []types.Value) string {
	conditions := make([]string, len(key))
	for i, v := range key {
		name := syntax.QuoteIdent(f.plan.Columns[f.plan.Keys[i]].Name)
		if conditions[i] = name + " = " + shownValue(v); v.IsNull() {
			conditions[i] = name + " IS NULL"
		}
	}
	return strings.Join(conditions, " AND ")
}

// shownValue is a value in a message: numbers and booleans bare, all else quoted.
func shownValue(v types.Value) string {
	switch v.Kind {
	case types.Null:
		return "NULL"
	case types.Bool, types.Int2, types.Int4, types.Int8, types.Numeric, types.Float4, types.Float8:
		return v.String()
	default:
		return syntax.QuoteString(v.String())
	}
}

// read gathers the entity's rows from the stream log, from the first change that can have made one of them.
func (x *explanation) read(ctx context.Context, t *partTeller) error {
	s := x.f.gen.source
	view := s.eng.db.View()
	defer view.Close()
	l := liveRows{s: s, shape: &x.f.gen.shape, key: x.f.gen.encodeKey(x.key), rows: map[string][]valueRow{}, x: x}
	r := &sourceScan{s: s, view: view, t: x.m.t, want: s.rowColumns(x.f.plan.Keys)}
	err := r.blocksFrom(t.first, func(block []byte) error {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		return l.block(block, r)
	})
	if err != nil {
		return err
	}
	for _, rows := range l.rows {
		for _, row := range rows {
			if aggs, counts := t.aggregates(row.row); counts {
				row.aggs = aggs
				x.rows = append(x.rows, row)
			}
		}
	}
	slices.SortFunc(x.rows, func(a, b valueRow) int { return cmp.Or(cmp.Compare(a.c, b.c), cmp.Compare(a.pos, b.pos)) })
	if len(x.rows) != t.expected {
		return types.Errorf(types.CodeCorrupted, "%d rows of %q count for %s of %q%s at %s, but its changes have %d such rows", t.expected, x.f.plan.Source,
			x.f.relation.Columns[x.output].Name, x.f.rec.Name, x.entity(" for "), x.moment(), len(x.rows)).
			WithHint("VERIFY FEATURE %s compares its values with the changes", syntax.QuoteIdent(x.f.rec.Name))
	}
	return t.tell(x.rows, x.m.t)
}

// blocksFrom calls fn for each block of the log that may hold changes with from <= c <= t.
func (r *sourceScan) blocksFrom(from int64, fn func(block []byte) error) error {
	return r.view.ScanLog(r.s.rec.ID, from, func(_ int64, _ uint64, block []byte) error {
		h, err := record.ReadHeader(block)
		if err != nil {
			return r.s.blockError(err)
		}
		if h.CMin > r.t {
			return storage.ErrStop
		}
		return fn(block)
	})
}

// rowColumns are the source's columns that tell its rows apart, and those of more.
func (s *source) rowColumns(more []int) []int {
	want := slices.Concat(s.rec.Key, more)
	if s.rec.Key == nil && s.regime == believed {
		for i := range s.types {
			want = append(want, i)
		}
	}
	slices.Sort(want)
	return append([]int{}, slices.Compact(want)...)
}

// appendIdentity appends what tells a row apart from others: its primary key, or where it has none all its columns.
func (s *source) appendIdentity(dst []byte, row []types.Value) []byte {
	if s.rec.Key != nil {
		return s.appendKey(dst, row)
	}
	for i, t := range s.types {
		dst = types.AppendValue(dst, t, row[i])
	}
	return dst
}

// encodeKey is an entity's key as it is stored.
func (g *generation) encodeKey(key []types.Value) []byte {
	var k []byte
	for _, v := range key {
		k = types.AppendKey(k, v)
	}
	return k
}

// liveRows follows the rows of one entity through the stream log.
type liveRows struct {
	s      *source
	shape  *derive.Shape
	key    []byte
	rows   map[string][]valueRow // by identity, the newest last
	x      *explanation
	buffer []byte
}

// block applies a block, which is decoded in full only where it speaks of the entity.
func (l *liveRows) block(block []byte, r *sourceScan) error {
	changes, err := record.ReadBlock(block, l.s.types, r.want)
	if err != nil {
		return l.s.blockError(err)
	}
	l.x.done.Add(int64(len(changes)))
	if !slices.ContainsFunc(changes, l.concerns) {
		return nil
	}
	if changes, err = record.ReadBlock(block, l.s.types, nil); err != nil {
		return l.s.blockError(err)
	}
	for i := range changes {
		if ch := &changes[i]; ch.C <= r.t && ch.Op != record.Noop {
			if err := l.change(ch); err != nil {
				return err
			}
		}
	}
	return nil
}

func (l *liveRows) concerns(ch record.Change) bool {
	return ch.Op == record.Truncate || ch.Old != nil && l.isEntity(ch.Old) || ch.New != nil && l.isEntity(ch.New)
}

func (l *liveRows) isEntity(row []types.Value) bool {
	l.buffer = l.shape.AppendKey(l.buffer[:0], row)
	return string(l.buffer) == string(l.key)
}

func (l *liveRows) change(ch *record.Change) error {
	if ch.Op == record.Truncate {
		clear(l.rows)
	}
	if ch.Old != nil && l.isEntity(ch.Old) {
		l.buffer = l.s.appendIdentity(l.buffer[:0], ch.Old)
		if same := l.rows[string(l.buffer)]; len(same) > 0 {
			l.x.bytes -= l.cost(same[len(same)-1].row)
			l.rows[string(l.buffer)] = same[:len(same)-1]
		}
	}
	if ch.New == nil || !l.isEntity(ch.New) {
		return nil
	}
	row := make([]types.Value, len(ch.New))
	for i, v := range ch.New {
		row[i] = v.Clone()
	}
	l.buffer = l.buffer[:0]
	if l.s.regime != appendOnly { // rows that are only ever inserted need not be told apart
		l.buffer = l.s.appendIdentity(l.buffer, ch.New)
	}
	l.rows[string(l.buffer)] = append(l.rows[string(l.buffer)], valueRow{c: ch.C, pos: ch.Pos, row: row})
	return l.x.keep(l.cost(row))
}

// cost is about what a row that is kept costs.
func (l *liveRows) cost(row []types.Value) int64 {
	return int64(rowBytes(row)) + int64(56*len(row)) + 128
}

// partTeller knows the row versions behind a value, by the columns that the entity's log carries.
type partTeller struct {
	f        *feature
	first    int64 // the commit time of the first change that made one of them
	expected int
	counted  map[string][]int // the aggregates that count it
	several  bool             // the value is made of several aggregates
	entry    history.Entry
	id       []byte
}

func newPartTeller(f *feature, behind []window.Contributor) *partTeller {
	t := &partTeller{f: f, first: behind[0].Entry.C, expected: len(behind), counted: map[string][]int{}}
	t.entry.Cols = make([]types.Value, len(f.gen.layout.Types))
	all := map[int]bool{}
	for i := range behind {
		b := &behind[i]
		t.first = min(t.first, b.Entry.C)
		t.id = window.AppendVersion(t.id[:0], &f.gen.layout, &b.Entry)
		t.counted[string(t.id)] = b.Aggs
		for _, a := range b.Aggs {
			all[a] = true
		}
	}
	t.several = len(all) > 1
	return t
}

// aggregates are those that count a row; counts is false where it is none of the rows behind the value.
func (t *partTeller) aggregates(row []types.Value) (aggs []int, counts bool) {
	g := t.f.gen
	g.shape.Entry(&t.entry, &record.Change{}, +1, row)
	t.id = window.AppendVersion(t.id[:0], &g.layout, &t.entry)
	aggs, counts = t.counted[string(t.id)]
	return aggs, counts
}

// tell says of each row what it counts for, and which are those that MIN and MAX took.
func (t *partTeller) tell(rows []valueRow, now int64) error {
	if len(rows) == 0 {
		return nil
	}
	said := make([][]string, len(rows))
	env := expr.Env{Now: now}
	for a := range t.f.plan.Aggs {
		agg := &t.f.plan.Aggs[a]
		state, extreme := agg.Fn.New(), agg.Fn.Name == "min" || agg.Fn.Name == "max"
		args := make([]types.Value, len(rows))
		for i := range rows {
			if extreme && slices.Contains(rows[i].aggs, a) {
				var err error
				env.Row = rows[i].row
				if args[i], err = agg.Arg.Eval(&env); err != nil {
					return err
				}
				state.Add(args[i])
			}
		}
		result, err := state.Result()
		if err != nil {
			return err
		}
		text := t.f.plan.AggregateText(a, t.several)
		for i := range rows {
			switch {
			case !slices.Contains(rows[i].aggs, a):
			case !extreme:
				said[i] = append(said[i], "counted by "+text)
			case types.Compare(args[i], result) == 0:
				said[i] = append(said[i], "taken by "+text)
			default:
				said[i] = append(said[i], "compared by "+text)
			}
		}
	}
	for i := range rows {
		switch {
		case len(said[i]) > 0:
			rows[i].part = strings.Join(said[i], ", ")
		case t.f.plan.Attribute:
			rows[i].part = "is the row"
		default:
			rows[i].part = "makes the row exist"
		}
	}
	return nil
}

// valueRows hands out the rows in batches.
type valueRows struct {
	x   *explanation
	out *types.Builder
	at  int
}

// valueBatch is how many rows a batch has.
const valueBatch = 1024

func (r *valueRows) Next(context.Context) (*types.Batch, error) {
	f := r.x.f
	for ; r.at < len(r.x.rows) && r.out.Len() < valueBatch; r.at++ {
		row := &r.x.rows[r.at]
		event := types.Value{}
		if f.plan.EventTime >= 0 {
			if e, ok := history.EventTime(row.row[f.plan.EventTime]); ok {
				event = types.NewTimestamptz(e)
			}
		}
		r.out.Append(append([]types.Value{types.NewTimestamptz(row.c), event, types.NewText(row.part)}, row.row...))
	}
	if r.out.Len() == 0 {
		return nil, nil
	}
	return r.out.Batch(), nil
}

func (r *valueRows) Close() error {
	r.x.rows = nil
	return nil
}
