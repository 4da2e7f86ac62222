package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/asofdb/asof/engine/record"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
	"github.com/asofdb/asof/storage"
)

// createFeature compiles a feature and makes it readable. If no generation carries its columns, a new one is built from the stream log while
// everything else goes on, and then swapped in by one durable record.
func (e *Engine) createFeature(ctx context.Context, st *syntax.CreateFeature) error {
	if err := e.lockCatalog(); err != nil {
		return err
	}
	defer e.ddl.Unlock()
	ctx, end := e.during(ctx)
	defer end()
	c := e.catalog.Load()
	at := func(err *types.Error) *types.Error {
		return err.At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
	}
	if c.sources[st.Name] != nil {
		return at(types.Errorf(types.CodeDuplicateTable, "relation %q already exists", st.Name)).WithHint("it is a source; choose another name")
	}
	if c.features[st.Name] != nil && !st.OrReplace {
		if st.IfNotExists {
			e.notice(ctx, fmt.Sprintf("relation %q already exists, skipping", st.Name), "")
			return nil
		}
		return at(types.Errorf(types.CodeDuplicateTable, "relation %q already exists", st.Name)).WithHint("CREATE OR REPLACE FEATURE changes it")
	}
	p, notices, err := plan.BindFeature(st, c, plan.Session{})
	if err != nil {
		return err
	}
	if err := e.checkEntity(st, p, c); err != nil {
		return err
	}
	for _, n := range notices {
		e.notice(ctx, n, "")
	}
	r := featureRecord{Name: st.Name, Text: st.Text, Ordinal: e.takeID(), Created: e.options.Clock().UnixMicro()}
	if old := c.features[st.Name]; old != nil {
		r.Ordinal = old.rec.Ordinal // it is as old as what it replaces, so that names of fields stay with their features
	}
	if err := e.checkPartial(c.sources[p.Source], r, p); err != nil {
		return err
	}
	return e.installFeature(ctx, c, r, p)
}

// checkEntity refuses keys that cannot be looked up, and a second meaning of an entity's name.
func (e *Engine) checkEntity(st *syntax.CreateFeature, p *plan.Feature, c *catalog) error {
	var kinds []types.Type
	for _, k := range p.Keys {
		t := p.Columns[k].Type
		if !types.KeyReadable(t) {
			return types.Errorf(types.CodeNotSupported, "an entity column of type %s is not yet supported", t).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
		}
		kinds = append(kinds, t)
	}
	for _, name := range slices.Sorted(maps.Keys(c.features)) {
		f := c.features[name]
		if f.plan.Entity != p.Entity || name == st.Name {
			continue
		}
		same := len(f.plan.Keys) == len(kinds)
		for i := 0; same && i < len(kinds); i++ {
			same = keyKind(f.plan.Columns[f.plan.Keys[i]].Type.Kind) == keyKind(kinds[i].Kind)
		}
		if !same {
			return types.Errorf(types.CodeDatatypeMismatch, "entity %q has another key in feature %q", p.Entity, name).
				At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)).WithHint("features of one entity have equal key types; say ENTITY another_name (…)")
		}
	}
	return nil
}

// keyKind is the kind by which keys are told apart: all integers are one, all texts are one.
func keyKind(k types.Kind) types.Kind {
	switch k {
	case types.Int2, types.Int4:
		return types.Int8
	case types.Varchar, types.Char:
		return types.Text
	default:
		return k
	}
}

// checkPartial refuses a feature whose values over a source that began in mid-stream would miss rows for ever.
func (e *Engine) checkPartial(s *source, r featureRecord, p *plan.Feature) error {
	if s.published.Load().start(endless) == NoTime && !s.settings.partial || p.Options["from"] == plan.FromFirstChange {
		return nil
	}
	return (&feature{rec: r, plan: p}).refuseUnbounded()
}

// installFeature finds or builds the generation that will serve the feature, and swaps it in.
func (e *Engine) installFeature(ctx context.Context, c *catalog, r featureRecord, p *plan.Feature) error {
	s := c.sources[p.Source]
	s.apply.Lock()
	var serving, old *generation
	for _, g := range s.generations {
		if g.fits(p.Source, p.Keys, p.EventTime, p.Reads) && g.rec.Entity == e.entities[p.Entity] {
			serving = g
		} else if g.sameGroup(p.Source, p.Keys, p.EventTime) && g.rec.Entity == e.entities[p.Entity] {
			old = g
		}
	}
	s.apply.Unlock()
	b := e.db.NewBatch()
	moved := map[string]featureRecord{r.Name: r}
	if serving == nil {
		g, err := e.newGenerationFor(s, p, old)
		if err != nil {
			return err
		}
		if err := e.build(ctx, g); err != nil {
			e.deleteGeneration(g)
			return err
		}
		serving = g
		g.rec.Serving = true
		putJSON(b, g.key(), &g.rec)
		for name, f := range c.features {
			if f.gen == old && old != nil && name != r.Name {
				moved[name] = f.rec
			}
		}
	}
	next := c.clone()
	for name, rec := range moved {
		rec.Generation = serving.rec.ID
		f, err := e.compile(rec, c, serving)
		if err != nil {
			return err
		}
		next.features[name] = f
		putJSON(b, metaFeature+name, &rec)
	}
	e.putNext(b)
	b.PutMeta(metaEntity+p.Entity, []byte(strconv.Itoa(int(serving.rec.Entity))))
	if err := e.commit(b); err != nil {
		return err
	}
	e.catalog.Store(next)
	e.deleteUnused(next)
	return nil
}

// newGenerationFor makes the record of a generation that carries what the feature reads and what the old one of its group carried.
func (e *Engine) newGenerationFor(s *source, p *plan.Feature, old *generation) (*generation, error) {
	cols := slices.Clone(p.Reads)
	if old != nil {
		cols = append(cols, old.rec.Cols...)
	}
	slices.Sort(cols)
	entity, ok := e.entities[p.Entity]
	if !ok {
		entity = uint16(len(e.entities) + 1)
		for slices.Contains(slices.Collect(maps.Values(e.entities)), entity) {
			entity++
		}
		e.entities[p.Entity] = entity
	}
	g := newGeneration(e, s, generationRecord{
		ID: e.takeID(), Source: p.Source, Entity: entity, Keys: p.Keys, EventTime: p.EventTime, Cols: slices.Compact(cols),
	})
	b := e.db.NewBatch()
	putJSON(b, g.key(), &g.rec)
	b.PutMeta(metaEntity+p.Entity, []byte(strconv.Itoa(int(entity))))
	e.putNext(b)
	return g, e.commit(b)
}

// build brings a new generation to the present by its own cursor over the stream log, and joins it to the source's live ones.
func (e *Engine) build(ctx context.Context, g *generation) error {
	s := g.source
	done := e.progress(ctx, "building "+g.source.rec.Name, "changes", func() (int64, int64) {
		g.mu.RLock()
		defer g.mu.RUnlock()
		return g.applied, s.published.Load().position
	})
	defer done()
	for {
		s.apply.Lock()
		if g.tooLong > 0 {
			s.apply.Unlock()
			return types.Errorf(types.CodeTooComplex, "source %q has rows whose entity key is longer than the %d bytes that can be stored", s.rec.Name, maxEntityKey).
				WithHint("use a shorter column as the entity, or a hash of this one made by the application")
		}
		if g.applied >= s.applied {
			s.generations = append(s.generations, g)
			s.apply.Unlock()
			return nil
		}
		through := s.applied
		s.apply.Unlock()
		if err := e.catchUp(ctx, g, through); err != nil {
			return err
		}
	}
}

// catchUp applies what is durable up to a position, flushing as it goes.
func (e *Engine) catchUp(ctx context.Context, g *generation, through int64) error {
	view := e.db.View()
	defer view.Close()
	return g.source.replay(view, flushMark{g.applied, g.appliedC}, g.reads(), func(changes []record.Change) error {
		if err := context.Cause(ctx); err != nil {
			return types.Errorf(types.CodeCanceled, "building the feature was interrupted")
		}
		for len(changes) > 0 && changes[len(changes)-1].Pos > through {
			changes = changes[:len(changes)-1]
		}
		if len(changes) == 0 {
			return storage.ErrStop
		}
		if err := g.apply(changes); err != nil {
			return err
		}
		if int(g.applied-g.flushed) >= e.options.FlushChanges {
			return e.checkpoints.flushGeneration(g)
		}
		return nil
	})
}

// deleteUnused drops the generations that no feature uses any more.
func (e *Engine) deleteUnused(c *catalog) {
	used := map[*generation]bool{}
	for _, f := range c.features {
		used[f.gen] = true
	}
	for _, s := range c.sources {
		s.apply.Lock()
		unused := slices.DeleteFunc(slices.Clone(s.generations), func(g *generation) bool { return used[g] })
		for _, g := range unused {
			g.dropped.Store(true) // before a frontier is published that it will not follow
		}
		s.generations = slices.DeleteFunc(s.generations, func(g *generation) bool { return !used[g] })
		s.apply.Unlock()
		for _, g := range unused {
			e.tasks.Go(func() {
				g.use.Lock() // the statements that read it come to their end
				defer g.use.Unlock()
				e.deleteGeneration(g)
			})
		}
	}
}

// deleteGeneration deletes what a generation has on disk, and then its record; a crash in between is repaired when the directory is opened.
func (e *Engine) deleteGeneration(g *generation) {
	g.flush.Lock()
	defer g.flush.Unlock()
	g.dropped.Store(true)
	err := e.db.DropGroup(g.rec.Entity, g.rec.ID)
	if err == nil {
		b := e.db.NewBatch()
		b.DeleteMeta(g.key())
		b.DeleteMeta(g.flushedKey())
		err = e.commit(b)
	}
	if err != nil {
		e.logger.Error("deleting a generation failed; it is tried again at the next start", "generation", g.rec.ID, "error", err)
	}
}

// drop removes a source or a feature.
func (e *Engine) drop(ctx context.Context, st *syntax.Drop) error {
	if err := e.lockCatalog(); err != nil {
		return err
	}
	defer e.ddl.Unlock()
	c := e.catalog.Load()
	at := func(err *types.Error) *types.Error {
		return err.At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
	}
	_, isSource := c.sources[st.Name]
	_, isFeature := c.features[st.Name]
	switch {
	case c.origins[st.Name] != nil && st.Object == "SOURCE":
		return e.dropOrigin(c, st)
	case !isSource && !isFeature && st.IfExists:
		e.notice(ctx, fmt.Sprintf("relation %q does not exist, skipping", st.Name), "")
		return nil
	case !isSource && !isFeature:
		return e.noRelation(st.Name, "source", st.NamePos)
	case st.Object == "SOURCE" && isSource:
		return e.dropSource(c, st)
	case st.Object == "FEATURE" && isFeature:
		return e.dropFeatures(c, []string{st.Name})
	case isFeature:
		return at(types.Errorf(types.CodeWrongObjectType, "%q is not a source", st.Name)).WithHint("DROP FEATURE %s", st.Name)
	default:
		return at(types.Errorf(types.CodeWrongObjectType, "%q is not a feature", st.Name)).WithHint("DROP SOURCE %s", st.Name)
	}
}

// dropFeatures removes features, and with them the generations that none other uses, in one durable record.
func (e *Engine) dropFeatures(c *catalog, names []string) error {
	next := c.clone()
	b := e.db.NewBatch()
	for _, n := range names {
		delete(next.features, n)
		b.DeleteMeta(metaFeature + n)
		next.forgetRelation(n)
	}
	putUsers(b, c.users, next.users)
	if err := e.commit(b); err != nil {
		return err
	}
	e.catalog.Store(next)
	e.deleteUnused(next)
	return nil
}

func (e *Engine) dropSource(c *catalog, st *syntax.Drop) error {
	s := c.sources[st.Name]
	features := c.dependents(st.Name)
	if len(features) > 0 && !st.Cascade {
		err := types.Errorf(types.CodeDependents, "cannot drop source %q because features depend on it", st.Name)
		err.Detail = "feature " + strings.Join(features, ", feature ")
		return err.At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)).WithHint("DROP SOURCE %s CASCADE drops them too", st.Name)
	}
	s.breaks(types.Errorf(types.CodeUndefinedTable, "source %q was dropped", s.rec.Name))
	s.stop(errPaused)
	if err := e.dropFeatures(c, features); err != nil {
		return err
	}
	return e.removeSource(s)
}

// removeSource deletes a source that no feature depends on and that is not being read.
func (e *Engine) removeSource(s *source) error {
	b := e.db.NewBatch()
	b.DeleteMeta(metaSource + s.rec.Name)
	putJSON(b, metaDropping+strconv.FormatUint(uint64(s.rec.ID), 10), s.rec.ID)
	c := e.catalog.Load()
	next := c.clone()
	delete(next.sources, s.rec.Name)
	next.forgetRelation(s.rec.Name)
	putUsers(b, c.users, next.users)
	if err := e.commit(b); err != nil {
		return err
	}
	e.catalog.Store(next)
	return e.deleteSource(s.rec.ID)
}

// deleteSource deletes what a source has on disk; dropping it is durable already.
func (e *Engine) deleteSource(id uint32) error {
	if err := e.db.DropSource(id); err != nil {
		return err
	}
	b := e.db.NewBatch()
	n := strconv.FormatUint(uint64(id), 10)
	b.DeleteMeta(metaState + n)
	b.DeleteMeta(metaFlushed + "rows/" + n)
	b.DeleteMeta(metaDropping + n)
	return e.commit(b)
}
