package engine

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/asofdb/asof/engine/derive"
	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
	"github.com/asofdb/asof/storage/key"
)

// generation is one build of a group's entity logs. Features over the same source, entity key and event time share a group; its logs carry the union of
// the columns they read. A feature that needs another column starts a new generation, which is built from the stream log while the old one
// serves and takes its place by one catalog record.
//
// New entries wait in memory, by entity, until a checkpoint writes them into the entities' roots.
type generation struct {
	eng    *Engine
	source *source
	rec    generationRecord
	shape  derive.Shape
	layout history.Layout

	// mu guards what follows. One goroutine at a time applies (the source's apply lock); a checkpoint swaps the maps.
	mu       sync.RWMutex
	active   map[string]*history.Pending // entity key -> entries after the last checkpoint
	flushing map[string]*history.Pending
	frozen   flushMark
	applied  int64
	appliedC int64
	flushed  int64
	bytes    int // what active costs, about
	tooLong  int // rows left out because their key cannot be stored

	// dropped is set when changes are no longer applied: a reader that finds it unset after it took a frontier finds everything up to it.
	dropped atomic.Bool
	// use is held shared by the statements that read the generation: it is deleted when they have ended.
	use sync.RWMutex
	// flush is held while a checkpoint writes this generation, and while it is deleted.
	flush sync.Mutex
	// listing is for the scans of entities.
	listing listing
}

func newGeneration(e *Engine, s *source, r generationRecord) *generation {
	g := &generation{
		eng: e, source: s, rec: r, active: map[string]*history.Pending{}, appliedC: NoTime,
		shape: derive.Shape{Keys: r.Keys, EventTime: r.EventTime, Cols: r.Cols},
	}
	for _, c := range r.Cols {
		g.layout.Types = append(g.layout.Types, s.types[c])
	}
	return g
}

func (g *generation) key() string { return fmt.Sprint(metaGeneration, g.rec.ID) }

func (g *generation) flushedKey() string {
	return fmt.Sprintf("%sgeneration/%d", metaFlushed, g.rec.ID)
}

// fits reports whether the generation can serve a feature with this key, event time and columns.
func (g *generation) fits(source string, keys []int, eventTime int, reads []int) bool {
	return g.sameGroup(source, keys, eventTime) && !slices.ContainsFunc(reads, func(c int) bool { return !slices.Contains(g.rec.Cols, c) })
}

func (g *generation) sameGroup(source string, keys []int, eventTime int) bool {
	return g.rec.Source == source && slices.Equal(g.rec.Keys, keys) && g.rec.EventTime == eventTime
}

// apply brings changes of the source's log to the logs of their entities. Changes that the generation has are skipped, and so is a commit that it has not come up to yet
// (its builder will bring it).
func (g *generation) apply(changes []record.Change) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(changes) == 0 || changes[0].Pos > g.applied+1 {
		return nil
	}
	a := applier{g: g, e: history.Entry{Cols: make([]types.Value, len(g.layout.Types))}}
	for i := range changes {
		ch := &changes[i]
		if ch.Pos <= g.applied {
			continue
		}
		a.change(ch)
		g.applied, g.appliedC = ch.Pos, ch.C
	}
	return nil
}

// applier keeps the buffers of one apply.
type applier struct {
	g   *generation
	e   history.Entry
	key []byte
	ch  *record.Change
}

func (a *applier) change(ch *record.Change) {
	a.ch = ch
	a.g.shape.Entries(ch, a.emit)
}

func (a *applier) emit(sign int8, row []types.Value) {
	g := a.g
	g.shape.Entry(&a.e, a.ch, sign, row)
	a.key = g.shape.AppendKey(a.key[:0], row)
	if len(a.key) > maxEntityKey {
		g.tooLong++ // a feature over it was refused, or the row was, unless both came at once; reads by such a key are errors
		return
	}
	p := g.active[string(a.key)]
	if p == nil {
		p = &history.Pending{}
		g.active[string(a.key)] = p
		g.bytes += len(a.key) + mapEntryBytes
	}
	size := p.Size()
	p.Append(&g.layout, &a.e)
	g.bytes += p.Size() - size
}

// pending returns snapshots of an entity's entries in memory, the older ones first.
func (g *generation) pending(key []byte) (older, newer history.Pending) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if p := g.flushing[string(key)]; p != nil {
		older = *p
	}
	if p := g.active[string(key)]; p != nil {
		newer = *p
	}
	return older, newer
}

// load brings the generation from its last checkpoint to the end of the log.
func (g *generation) load(v *storage.View) error {
	mark, err := loadMark(v, g.flushedKey())
	if err != nil {
		return err
	}
	g.applied, g.appliedC, g.flushed = mark.Pos, mark.C, mark.Pos
	if g.eng.rebuilding {
		return nil
	}
	return g.source.replay(v, mark, g.reads(), g.apply)
}

// reads are the source's columns that applying a change looks at.
func (g *generation) reads() []int {
	want := append(slices.Clone(g.rec.Keys), g.rec.Cols...)
	if g.rec.EventTime >= 0 {
		want = append(want, g.rec.EventTime)
	}
	slices.Sort(want)
	return slices.Compact(want)
}

// entityKey is where the entity with these key bytes and values lives. The slot is that of the text that clients use for the key.
func (g *generation) entityKey(k []byte, values []types.Value) storage.EntityKey {
	return storage.NewEntityKey(g.rec.Entity, k, slotText(values), g.rec.ID)
}

// slotText is the key's values as text, joined by colons.
func slotText(values []types.Value) string {
	if len(values) == 1 && values[0].Kind == types.Text {
		return values[0].S
	}
	var b strings.Builder
	for i, v := range values {
		if i > 0 {
			b.WriteByte(':')
		}
		if !v.IsNull() {
			b.WriteString(v.String())
		}
	}
	return b.String()
}

// maxEntityKey is the longest key that the store takes.
const maxEntityKey = key.MaxLen

// keyNames are the source's columns that make the key.
func (g *generation) keyNames() string {
	var names []string
	for _, c := range g.rec.Keys {
		names = append(names, g.source.rec.Columns[c].Name)
	}
	return strings.Join(names, ", ")
}

// checkEntityKey refuses a key that cannot have been stored.
func checkEntityKey(k []byte) error {
	if len(k) > maxEntityKey {
		return types.Errorf(types.CodeTooComplex, "the entity's key is %d bytes long, at most %d can be stored", len(k), maxEntityKey).
			WithHint("use a shorter column as the entity, or a hash of this one made by the application")
	}
	return nil
}

// freeze takes the entries to write; until thaw readers find them in memory. A checkpoint that failed freezes the same entries again.
func (g *generation) freeze() (map[string]*history.Pending, flushMark) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.flushing == nil {
		g.flushing, g.active, g.bytes = g.active, map[string]*history.Pending{}, 0
		g.frozen = flushMark{g.applied, g.appliedC}
	}
	return g.flushing, g.frozen
}

func (g *generation) thaw() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.flushing, g.flushed = nil, g.frozen.Pos
}
