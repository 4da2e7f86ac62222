package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/window"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// EntityRef names one entity: customer 42. Key has a value for each key column, which may be a TEXT to be read as the column's type; it is empty
// for a feature without key, whose entity is the feature itself.
type EntityRef struct {
	Entity string
	Key    []types.Value
}

// EntityFields is what an EntityReader has read. It is the reader's, and good until the reader is used again.
type EntityFields struct {
	// Exists says that one of the features that were read has a row.
	Exists bool
	// Names and Values belong together. Where all fields were asked for, those that are NULL are missing; where some were, there is a value for
	// each, NULL also for what does not exist.
	Names  []string
	Values []types.Value
}

// EntityReader reads all features of one entity as one record of fields, or some of its fields: one snapshot, no SQL. One goroutine at a time
// uses a reader; it holds nothing between the calls.
type EntityReader struct {
	eng *Engine
	// may says which features the reader may see; nil: all.
	may  func(feature string) bool
	wait time.Duration // for a frontier to come as far as a moment

	fields EntityFields
	asked  []int // the places of the fields asked for
	wanted []bool
	rows   [][]types.Value
	key    []types.Value
	bytes  []byte
	runs   []*history.Pending
	logs   []groupLog
	// sources and published belong together.
	sources   []*source
	published []*published
	updated   int64
}

// groupLog is what one read needs of a group: nothing of it is looked at before its memory, then the disk were.
type groupLog struct {
	group        *entityGroup
	key          []byte
	values       []types.Value
	older, newer history.Pending
}

// NewEntityReader returns a reader that sees the features that may reports true for: all where it is nil. Fields are called the same for whoever reads them.
func (e *Engine) NewEntityReader(may func(feature string) bool) *EntityReader {
	return &EntityReader{eng: e, may: may, wait: defaultAsOfWait}
}

// Now returns the moment that a statement over all of these entities would read at: what is read at it is one snapshot. Names of no
// entity are passed over; no names at all stand for every entity.
func (r *EntityReader) Now(refs []EntityRef) (int64, error) {
	l := r.eng.catalog.Load().layouts()
	r.forgetSources()
	if len(refs) == 0 {
		for _, e := range l.sorted() {
			r.addSources(e, nil)
		}
	}
	for _, ref := range refs {
		if e := l.of(ref.Entity, len(ref.Key) > 0); e != nil {
			r.addSources(e, nil)
		}
	}
	return r.eng.statementNow(r.sources, r.published)
}

// All reads all fields of an entity at t, microseconds since 1970, or with NoTime at its frontier. After the features' columns come as_of and updated_at.
func (r *EntityReader) All(ctx context.Context, ref EntityRef, t int64) (*EntityFields, error) {
	return r.read(ctx, ref, nil, t)
}

// Some reads the fields of these names, as All does.
func (r *EntityReader) Some(ctx context.Context, ref EntityRef, names []string, t int64) (*EntityFields, error) {
	if names == nil {
		names = []string{}
	}
	return r.read(ctx, ref, names, t)
}

// Exists reports whether a feature of the entity has a row at t.
func (r *EntityReader) Exists(ctx context.Context, ref EntityRef, t int64) (bool, error) {
	f, err := r.read(ctx, ref, []string{FieldAsOf}, t)
	if err != nil {
		return false, err
	}
	return f.Exists, nil
}

func (r *EntityReader) read(ctx context.Context, ref EntityRef, names []string, t int64) (f *EntityFields, err error) {
	defer func() {
		if p := recover(); p != nil {
			f, err = nil, r.eng.caught(p)
		}
	}()
	if err := r.eng.usable(); err != nil {
		return nil, err
	}
	for {
		err := r.try(ctx, ref, names, t)
		if !errors.Is(err, errDropped) {
			return &r.fields, readError(ctx, err)
		}
	}
}

// try reads with the catalog as it is now. Where a generation has been replaced meanwhile, it is errDropped.
func (r *EntityReader) try(ctx context.Context, ref EntityRef, names []string, t int64) error {
	r.fields.Exists, r.fields.Names, r.fields.Values = false, r.fields.Names[:0], r.fields.Values[:0]
	l := r.eng.catalog.Load().layouts().of(ref.Entity, len(ref.Key) > 0)
	if l == nil {
		for _, n := range names {
			r.fields.Names, r.fields.Values = append(r.fields.Names, n), append(r.fields.Values, types.Value{})
		}
		return nil
	}
	r.want(l, names)
	t, err := r.moment(ctx, l, t)
	if err != nil {
		return err
	}
	stamped := names == nil || slices.Contains(r.asked, placeUpdatedAt)
	if err := r.evaluate(l, ref, t, stamped); err != nil {
		return err
	}
	if names == nil {
		r.showAll(l, t)
	} else {
		r.showSome(l, names, t)
	}
	return nil
}

// want finds out which features are to be read.
func (r *EntityReader) want(l *entityLayout, names []string) {
	r.wanted = append(r.wanted[:0], make([]bool, len(l.features))...)
	r.asked = r.asked[:0]
	all := names == nil
	for _, n := range names {
		place, ok := l.names[n]
		switch {
		case !ok:
			place = len(l.fields)
		case place < 0:
			all = true
		default:
			r.wanted[l.fields[place].feature] = true
		}
		r.asked = append(r.asked, place)
	}
	for i, f := range l.features {
		r.wanted[i] = (all || r.wanted[i]) && (r.may == nil || r.may(f.rec.Name))
	}
}

func (r *EntityReader) forgetSources() {
	r.sources, r.published = r.sources[:0], r.published[:0]
}

// addSources adds the sources of an entity's features, each once, with what is published of them now. wanted nil: of those that may be seen.
func (r *EntityReader) addSources(l *entityLayout, wanted []bool) {
	for i, f := range l.features {
		if wanted != nil && !wanted[i] || wanted == nil && r.may != nil && !r.may(f.rec.Name) {
			continue
		}
		if s := f.gen.source; !slices.Contains(r.sources, s) {
			r.sources, r.published = append(r.sources, s), append(r.published, s.published.Load())
		}
	}
}

// moment settles when the wanted features are read, and checks that all of them can be.
func (r *EntityReader) moment(ctx context.Context, l *entityLayout, t int64) (int64, error) {
	r.forgetSources()
	r.addSources(l, r.wanted)
	if t == NoTime {
		var err error
		if t, err = r.eng.statementNow(r.sources, r.published); err != nil {
			return 0, err
		}
	}
	for i, s := range r.sources {
		if p := r.published[i]; t <= p.frontier && p.history != NoTime && p.history <= t {
			continue
		}
		p, err := s.at(ctx, t, r.wait)
		if err != nil {
			return 0, err
		}
		r.published[i] = p
	}
	for i, f := range l.features {
		if !r.wanted[i] {
			continue
		}
		if err := f.readable(t, r.publishedOf(f)); err != nil {
			return 0, err
		}
	}
	return t, nil
}

func (r *EntityReader) publishedOf(f *feature) *published {
	return r.published[slices.Index(r.sources, f.gen.source)]
}

// evaluate fills rows with those of the wanted features at t, nil where one has none. With stamped, updated is when the youngest of them began to hold.
func (r *EntityReader) evaluate(l *entityLayout, ref EntityRef, t int64, stamped bool) error {
	r.rows = append(r.rows[:0], make([][]types.Value, len(l.features))...)
	r.updated = NoTime
	if err := r.find(l, ref); err != nil {
		return err
	}
	for i := range r.logs {
		g := &r.logs[i]
		g.older, g.newer = g.group.gen.pending(g.key)
	}
	view := r.eng.db.View() // after memory was asked: invariant 4
	defer view.Close()
	for i := range r.logs {
		if err := r.evaluateGroup(l, &r.logs[i], view, t, stamped); err != nil {
			return err
		}
	}
	return nil
}

// find fills logs with the groups of the wanted features, and what the entity's key is in each.
func (r *EntityReader) find(l *entityLayout, ref EntityRef) error {
	if len(ref.Key) != len(l.keys) {
		return types.Errorf(types.CodeInvalidParameter, "the key of entity %q has %d parts, not %d", l.name, len(l.keys), len(ref.Key)).WithHint("they are: %s", columnNames(l.keys))
	}
	r.logs, r.key, r.bytes = r.logs[:0], r.key[:0], r.bytes[:0]
	var refused error
	for i := range l.groups {
		g := &l.groups[i]
		if !slices.ContainsFunc(g.features, func(f int) bool { return r.wanted[f] }) {
			continue
		}
		values, bytes := len(r.key), len(r.bytes)
		for k, v := range ref.Key {
			v, err := convertParam(v, g.gen.source.types[g.gen.rec.Keys[k]], time.UTC)
			if err != nil {
				refused = saidOf(fmt.Sprintf("key column %q", l.keys[k].Name), err)
				break
			}
			r.key, r.bytes = append(r.key, v), types.AppendKey(r.bytes, v)
		}
		if len(r.key) < values+len(ref.Key) { // the key is none of this group's, such as an integer beyond its type
			r.key, r.bytes = r.key[:values], r.bytes[:bytes]
			continue
		}
		key := r.bytes[bytes:len(r.bytes):len(r.bytes)]
		if err := checkEntityKey(key); err != nil {
			return err
		}
		r.logs = append(r.logs, groupLog{group: g, key: key, values: r.key[values:len(r.key):len(r.key)]})
	}
	if len(r.logs) == 0 {
		return refused
	}
	return nil
}

func columnNames(s types.Schema) string {
	text := ""
	for i, c := range s {
		if i > 0 {
			text += ", "
		}
		text += c.Name
	}
	return text
}

func (r *EntityReader) evaluateGroup(l *entityLayout, g *groupLog, view *storage.View, t int64, stamped bool) error {
	gen := g.group.gen
	if gen.dropped.Load() {
		return errDropped // its keys may be being deleted
	}
	ek := gen.entityKey(g.key, g.values)
	stored, err := view.Root(ek)
	if err != nil {
		return err
	}
	log := window.Log{Truncations: *gen.source.truncations.Load(), Fetch: fetch(view, ek)}
	if stored != nil {
		if log.Root, err = history.ReadRoot(stored); err != nil {
			return damaged("the log of an entity", err)
		}
	}
	r.runs = r.runs[:0]
	for _, p := range []*history.Pending{&g.older, &g.newer} {
		if p.Count() > 0 {
			r.runs = append(r.runs, p)
		}
	}
	log.Pending = r.runs
	for _, i := range g.group.features {
		if !r.wanted[i] {
			continue
		}
		if err := r.evaluateFeature(i, l.features[i], g.values, log, t, stamped); err != nil {
			return err
		}
	}
	return nil
}

func (r *EntityReader) evaluateFeature(i int, f *feature, key []types.Value, log window.Log, t int64, stamped bool) error {
	x := f.pool.Get().(*evaluation)
	defer f.pool.Put(x)
	row, err := x.ev.Eval(key, log, t)
	if err != nil || row == nil {
		return err
	}
	r.rows[i], r.fields.Exists = row, true
	if !stamped {
		return nil
	}
	at, known, err := f.lastChange(x, key, log, row, t, r.publishedOf(f))
	if err != nil {
		return err
	}
	if known {
		r.updated = max(r.updated, at)
	}
	return nil
}

func (r *EntityReader) showAll(l *entityLayout, t int64) {
	if !r.fields.Exists {
		return
	}
	for i := range l.fields {
		if v := r.value(l, i, t); !v.IsNull() {
			r.fields.Names, r.fields.Values = append(r.fields.Names, l.fields[i].name), append(r.fields.Values, v)
		}
	}
	r.fields.Names, r.fields.Values = append(r.fields.Names, FieldAsOf), append(r.fields.Values, r.value(l, placeAsOf, t))
	if v := r.value(l, placeUpdatedAt, t); !v.IsNull() {
		r.fields.Names, r.fields.Values = append(r.fields.Names, FieldUpdatedAt), append(r.fields.Values, v)
	}
}

func (r *EntityReader) showSome(l *entityLayout, names []string, t int64) {
	r.fields.Names = append(r.fields.Names, names...)
	for _, place := range r.asked {
		v := types.Value{}
		if place < len(l.fields) {
			v = r.value(l, place, t)
		}
		r.fields.Values = append(r.fields.Values, v)
	}
}

// value is that of the field at a place.
func (r *EntityReader) value(l *entityLayout, place int, t int64) types.Value {
	switch {
	case place == placeAsOf && r.fields.Exists:
		return types.NewTimestamptz(t)
	case place == placeUpdatedAt && r.updated != NoTime:
		return types.NewInt8(floorMillis(r.updated))
	case place < 0:
		return types.Value{}
	}
	f := &l.fields[place]
	if r.rows[f.feature] == nil {
		return types.Value{}
	}
	return r.rows[f.feature][f.column]
}

// floorMillis are the whole milliseconds that have passed by a moment, also before 1970.
func floorMillis(t int64) int64 {
	ms := t / 1000
	if t%1000 < 0 {
		ms--
	}
	return ms
}
