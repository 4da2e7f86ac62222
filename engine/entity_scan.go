package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/asofdb/asof/engine/history"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
	"github.com/asofdb/asof/storage/key"
)

// EntityType is what Entities tells of an entity: its name and key columns, none for a feature without key, and the names of its features, the oldest first.
type EntityType struct {
	Name     string
	Keys     types.Schema
	Features []string
}

// Entities lists the entities of the features that the reader may see: those without a key first, by name.
func (r *EntityReader) Entities() []EntityType {
	var all []EntityType
	for _, l := range r.eng.catalog.Load().layouts().sorted() {
		t := EntityType{Name: l.name, Keys: l.keys}
		for _, f := range l.features {
			if r.may == nil || r.may(f.rec.Name) {
				t.Features = append(t.Features, f.rec.Name)
			}
		}
		if t.Features != nil {
			all = append(all, t)
		}
	}
	return all
}

// KeyColumns is how many key columns the entity of this name has that has some; 0 where there is none.
func (r *EntityReader) KeyColumns(entity string) int {
	l := r.eng.catalog.Load().layouts().keyed[entity]
	if l == nil {
		return 0
	}
	return len(l.keys)
}

// Scan walks through the entities that exist at t (NoTime: now), a slice in each call, as Redis's SCAN does: cursor is 0 in the first call and what the call before
// returned in the others; 0 is returned with the last slice. It looks at about count entities in a call, more where a hash slot has more. An entity
// that exists from the first call to the last is emitted, and once only if its type is not changed; one that comes or goes meanwhile may be. The cursor
// says all: any reader can go on. name restricts the walk to one entity type, "" does not.
//
// The key that emit gets is good until it returns.
func (r *EntityReader) Scan(ctx context.Context, name string, t int64, cursor uint64, count int, emit func(EntityRef) error) (next uint64, err error) {
	defer func() {
		if p := recover(); p != nil {
			next, err = 0, r.eng.caught(p)
		}
	}()
	if err := r.eng.usable(); err != nil {
		return 0, err
	}
	for {
		next, err := r.scan(ctx, name, t, cursor, max(count, 1), emit)
		if !errors.Is(err, errDropped) {
			return next, readError(ctx, err)
		}
	}
}

// A cursor is the id of an entity type and, below it, a hash slot: the next to look at. Ids begin with 1, so that no cursor inside a scan is 0. The features without key
// come in one slice before all others, in the call whose cursor is 0.
const slotBits = 14

func (r *EntityReader) scan(ctx context.Context, name string, t int64, cursor uint64, count int, emit func(EntityRef) error) (uint64, error) {
	layouts := r.eng.catalog.Load().layouts()
	if cursor == 0 {
		for _, feature := range slices.Sorted(maps.Keys(layouts.single)) {
			if name != "" && feature != name {
				continue
			}
			ref := EntityRef{Entity: feature}
			exists, err := r.Exists(ctx, ref, t)
			if err == nil && exists {
				err = emit(ref)
			}
			if err != nil {
				return 0, err
			}
		}
	}
	l, id := r.typeFrom(layouts, name, cursor>>slotBits)
	if l == nil {
		return 0, nil
	}
	from := uint16(0)
	if id == cursor>>slotBits {
		from = uint16(cursor & (1<<slotBits - 1))
	}
	keys, end, err := r.keysFrom(l, from, count)
	if err != nil {
		return 0, err
	}
	ref := EntityRef{Entity: l.name}
	for _, k := range keys {
		if err := context.Cause(ctx); err != nil {
			return 0, err
		}
		if ref.Key, err = l.groups[k.group].gen.readKey(ref.Key[:0], k.key); err != nil {
			return 0, err
		}
		exists, err := r.Exists(ctx, ref, t)
		if err == nil && exists {
			err = emit(ref)
		}
		if err != nil {
			return 0, err
		}
	}
	if end < key.Slots {
		return id<<slotBits | uint64(end), nil
	}
	if l, id = r.typeFrom(layouts, name, id+1); l == nil {
		return 0, nil
	}
	return id << slotBits, nil
}

// typeFrom returns the keyed entity type with the smallest id from one on that the reader may see; nil where there is none.
func (r *EntityReader) typeFrom(layouts *entityLayouts, name string, from uint64) (found *entityLayout, id uint64) {
	for _, l := range layouts.keyed {
		n := uint64(l.groups[0].gen.rec.Entity)
		if n < from || name != "" && l.name != name || found != nil && n > id {
			continue
		}
		if r.may == nil || slices.ContainsFunc(l.features, func(f *feature) bool { return r.may(f.rec.Name) }) {
			found, id = l, n
		}
	}
	return found, id
}

// slotKey is an entity's key in a group, and its hash slot.
type slotKey struct {
	slot  uint16
	group int
	key   []byte
}

func compareSlotKeys(a, b slotKey) int {
	return cmp.Or(cmp.Compare(a.slot, b.slot), bytes.Compare(a.key, b.key), cmp.Compare(a.group, b.group))
}

// keysFrom returns the keys of all slots from one on up to end, each key once: those slots that it takes to have count keys.
func (r *EntityReader) keysFrom(l *entityLayout, from uint16, count int) (keys []slotKey, end uint16, err error) {
	end = key.Slots
	for i := range l.groups {
		g := l.groups[i].gen
		memory := g.listing.from(g, from)
		view := r.eng.db.View() // after memory was asked: invariant 4
		if g.dropped.Load() {
			view.Close()
			return nil, 0, errDropped
		}
		mine := 0
		last := from
		keep := func(slot uint16, k []byte) bool {
			if slot >= end || mine >= count && slot != last {
				end = min(end, slot)
				return false
			}
			keys = append(keys, slotKey{slot, i, k})
			mine, last = mine+1, slot
			return true
		}
		err := view.ScanEntities(g.rec.Entity, g.rec.ID, from, func(k []byte, slot uint16) error {
			for ; len(memory) > 0 && memory[0].slot <= slot; memory = memory[1:] {
				if !keep(memory[0].slot, memory[0].key) {
					return storage.ErrStop
				}
			}
			if !keep(slot, bytes.Clone(k)) {
				return storage.ErrStop
			}
			return nil
		})
		view.Close()
		if err != nil {
			return nil, 0, err
		}
		for len(memory) > 0 && keep(memory[0].slot, memory[0].key) {
			memory = memory[1:]
		}
		if end == key.Slots {
			g.listing.forget()
		}
	}
	slices.SortFunc(keys, compareSlotKeys)
	keys = slices.CompactFunc(keys, func(a, b slotKey) bool { return bytes.Equal(a.key, b.key) })
	past, _ := slices.BinarySearchFunc(keys, end, func(k slotKey, end uint16) int { return cmp.Compare(k.slot, end) })
	return keys[:past], end, nil
}

// listing is a list of the entities in a generation's memory by slot, which the calls of a scan share. An entity that was there when a scan began is in the list,
// if that was made after, or on disk.
type listing struct {
	// begun counts the scans that have begun.
	begun atomic.Int64
	// mu guards the list; made is what begun was before it was made.
	mu   sync.Mutex
	list []slotKey
	made int64
}

// from returns the part of the list from a slot on. Slot 0 begins a scan, whose list must not be older.
func (s *listing) from(g *generation, slot uint16) []slotKey {
	oldest := int64(0)
	if slot == 0 {
		oldest = s.begun.Add(1)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.list == nil || s.made < oldest {
		s.made = s.begun.Load()
		s.list = g.keysInMemory()
	}
	at, _ := slices.BinarySearchFunc(s.list, slot, func(k slotKey, slot uint16) int { return cmp.Compare(k.slot, slot) })
	return s.list[at:]
}

// forget frees the list at the end of a scan; another scan that still goes on makes it again.
func (s *listing) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.list = nil
}

// keysInMemory lists the entities that have entries in memory.
func (g *generation) keysInMemory() []slotKey {
	g.mu.RLock()
	list := make([]slotKey, 0, len(g.active)+len(g.flushing))
	for _, m := range []map[string]*history.Pending{g.active, g.flushing} {
		for k := range m {
			list = append(list, slotKey{key: []byte(k)})
		}
	}
	g.mu.RUnlock()
	var values []types.Value
	for i := range list {
		var err error
		if values, err = g.readKey(values[:0], list[i].key); err != nil {
			panic("engine: a key in memory cannot be read: " + err.Error())
		}
		list[i].slot = key.Slot(slotText(values))
	}
	slices.SortFunc(list, compareSlotKeys)
	return slices.CompactFunc(list, func(a, b slotKey) bool { return bytes.Equal(a.key, b.key) })
}
