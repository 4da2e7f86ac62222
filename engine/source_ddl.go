package engine

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// createSource declares a source and reads it: to the end of a file, or to the first end of one that is followed.
func (e *Engine) createSource(ctx context.Context, st *syntax.CreateSource) error {
	if isOrigin(st) {
		return e.createOrigin(ctx, st)
	}
	s, err := e.startSource(ctx, st)
	if err != nil || s == nil {
		return err
	}
	return e.untilRead(ctx, s)
}

// startSource declares a source and begins to read it. It returns nil where there is nothing to wait for.
func (e *Engine) startSource(ctx context.Context, st *syntax.CreateSource) (*source, error) {
	if err := e.lockCatalog(); err != nil {
		return nil, err
	}
	defer e.ddl.Unlock()
	c := e.catalog.Load()
	if old := c.sources[st.Name]; old != nil && st.IfNotExists {
		return e.continueSource(ctx, old, st)
	}
	if err := c.unused(st); err != nil {
		return nil, err
	}
	r, err := e.sourceRecord(st)
	if err != nil {
		return nil, err
	}
	s, err := e.newSource(r)
	if err != nil {
		return nil, err
	}
	if check := e.options.Connectors.Sources[r.Options["connector"]].Check; check != nil {
		options, err := s.connectorOptions()
		if err != nil {
			return nil, err
		}
		if err := check(options); err != nil {
			return nil, err
		}
	}
	if err := e.addSource(s); err != nil {
		return nil, err
	}
	if err := s.startIngest(); err != nil { // nothing was read: the statement is to be mended, not the source
		return nil, errors.Join(err, e.removeSource(s))
	}
	return s, nil
}

// addSource makes the source durable and visible.
func (e *Engine) addSource(s *source) error {
	b := e.db.NewBatch()
	b.AddSource(s.rec.ID)
	e.putNext(b)
	putJSON(b, metaSource+s.rec.Name, &s.rec)
	putJSON(b, s.stateKey(), &s.state)
	if err := e.commit(b); err != nil {
		return err
	}
	c := e.catalog.Load().clone()
	c.sources[s.rec.Name] = s
	e.catalog.Store(c)
	return nil
}

// continueSource is CREATE SOURCE IF NOT EXISTS of one that exists: the same text goes on where an interruption left it.
func (e *Engine) continueSource(ctx context.Context, s *source, st *syntax.CreateSource) (*source, error) {
	s.mu.Lock()
	unfinished := s.running == nil && !s.state.Complete && !s.paused
	s.mu.Unlock()
	if s.rec.Text != st.Text {
		e.notice(ctx, fmt.Sprintf("relation %q already exists with another definition, skipping", st.Name), "SHOW CREATE SOURCE "+st.Name)
		return nil, nil
	}
	if !unfinished {
		e.notice(ctx, fmt.Sprintf("relation %q already exists, skipping", st.Name), "")
		return nil, nil
	}
	return s, s.startIngest()
}

// sourceRecord checks a declaration and makes its record.
func (e *Engine) sourceRecord(st *syntax.CreateSource) (sourceRecord, error) {
	r := sourceRecord{Name: st.Name, Text: st.Text, Options: map[string]string{}, Secrets: map[string]string{}, Created: e.options.Clock().UnixMicro()}
	var origin *sourceRecord
	if st.Origin != "" {
		var err error
		if origin, err = e.catalog.Load().originOf(st); err != nil {
			return r, err
		}
	}
	if err := sourceColumns(&r, st); err != nil {
		return r, err
	}
	if err := e.readOptions(&r, st, origin); err != nil {
		return r, err
	}
	if origin != nil {
		r.inherit(origin, st.Table)
	}
	r.ID = e.takeID()
	return r, nil
}

// readOptions reads what a declaration says about its input. A table of an origin says only what concerns the table.
func (e *Engine) readOptions(r *sourceRecord, st *syntax.CreateSource, origin *sourceRecord) (err error) {
	var allowed, secrets []string
	if origin != nil {
		if st.Format != "" {
			return types.Errorf(types.CodeInvalidParameter, "source %q has the FORMAT of its origin", st.Name).At(int(st.FormatPos.Pos), int(st.FormatPos.End-st.FormatPos.Pos)).WithHint("leave it away")
		}
		allowed = slices.DeleteFunc(slices.Concat(engineOptions, e.options.Connectors.Formats[origin.Format].Options), func(o string) bool { return slices.Contains([]string{"connector", "table", "follow"}, o) })
	} else {
		connector, err := e.connectorOf(st)
		if err != nil {
			return err
		}
		format, err := e.formatOf(r, st)
		if err != nil {
			return err
		}
		allowed, secrets = slices.Concat(engineOptions, connector.Options, format.Options), connector.Secrets
	}
	for _, o := range slices.Concat(st.Options, st.EncodeOption) {
		if err := e.checkOption(o, allowed, secrets, r.Options); err != nil {
			return err
		}
		r.Options[o.Name] = o.Value
		if o.Secret {
			r.Options[o.Name] = "" // given, and not told
			r.Secrets[o.Name] = o.Value
		}
	}
	if r.Dir, err = os.Getwd(); err != nil {
		return types.Errorf(types.CodeIO, "the working directory is unknown: %v", err)
	}
	return nil
}

// formatOf reads FORMAT and ENCODE.
func (e *Engine) formatOf(r *sourceRecord, st *syntax.CreateSource) (FormatConnector, error) {
	r.Format = strings.TrimSpace(st.Format + " " + st.Encode)
	format, ok := e.options.Connectors.Formats[r.Format]
	if ok {
		return format, nil
	}
	var known []string
	for f := range e.options.Connectors.Formats {
		known = append(known, "FORMAT "+strings.Replace(f, " ", " ENCODE ", 1))
	}
	slices.Sort(known)
	what := "FORMAT " + st.Format + " ENCODE " + st.Encode + " is not yet supported"
	if r.Format == "" {
		what = "a source needs a FORMAT"
	}
	return format, types.Errorf(types.CodeNotSupported, "%s", what).At(int(st.FormatPos.Pos), int(st.FormatPos.End-st.FormatPos.Pos)).WithHint("write one of: %s", strings.Join(known, ", "))
}

func (e *Engine) checkOption(o syntax.Option, allowed, secrets []string, seen map[string]string) error {
	at := func(err *types.Error) *types.Error { return err.At(int(o.Pos), int(o.End-o.Pos)) }
	switch {
	case o.Secret && !slices.Contains(secrets, o.Name):
		return at(types.Errorf(types.CodeInvalidParameter, "option %q is no secret", o.Name)).WithHint("write its value as it is")
	case !o.Secret && slices.Contains(secrets, o.Name):
		return at(types.Errorf(types.CodeInvalidParameter, "option %q must be a secret: who may see the source would see it", o.Name)).WithHint("CREATE SECRET s AS '…', and then %s = SECRET s", o.Name)
	case o.Secret && e.catalog.Load().secrets[o.Value] == nil:
		return at(e.noSecret(o.Value))
	}
	if _, ok := seen[o.Name]; ok {
		return at(types.Errorf(types.CodeInvalidParameter, "option %q is given twice", o.Name))
	}
	if !slices.Contains(allowed, o.Name) {
		err := at(types.Errorf(types.CodeInvalidParameter, "unknown option %q", o.Name))
		if near := plan.Nearest(o.Name, allowed); near != "" {
			return err.WithHint("did you mean %q?", near)
		}
		slices.Sort(allowed)
		return err.WithHint("options here are: %s", strings.Join(slices.Compact(allowed), ", "))
	}
	return nil
}

func (e *Engine) connectorOf(st *syntax.CreateSource) (SourceConnector, error) {
	names := slices.Sorted(maps.Keys(e.options.Connectors.Sources))
	for _, o := range st.Options {
		if o.Name != "connector" {
			continue
		}
		c, ok := e.options.Connectors.Sources[o.Value]
		if !ok {
			return c, types.Errorf(types.CodeNotSupported, "connector %q is not yet supported", o.Value).At(int(o.Pos), int(o.End-o.Pos)).
				WithHint("there is: %s", strings.Join(names, ", "))
		}
		return c, nil
	}
	return SourceConnector{}, types.Errorf(types.CodeInvalidParameter, "source %q has no connector", st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos)).
		WithHint("add WITH (connector = '%s', …)", strings.Join(names, "' or '"))
}

func sourceColumns(r *sourceRecord, st *syntax.CreateSource) error {
	if len(st.Columns) == 0 {
		return types.Errorf(types.CodeInvalidTableDef, "source %q declares no columns", st.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
	}
	for _, c := range st.Columns {
		if r.Columns.Index(c.Name) >= 0 {
			return types.Errorf(types.CodeDuplicateColumn, "column %q is declared twice", c.Name).At(int(c.Pos), int(c.End-c.Pos))
		}
		r.Columns = append(r.Columns, types.Column{Name: c.Name, Type: c.Type, NotNull: c.NotNull || c.PrimaryKey})
	}
	for _, name := range st.Key {
		i := r.Columns.Index(name)
		if i < 0 {
			return types.Errorf(types.CodeUndefinedColumn, "column %q named in PRIMARY KEY does not exist", name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
		}
		if slices.Contains(r.Key, i) {
			return types.Errorf(types.CodeDuplicateColumn, "column %q appears twice in PRIMARY KEY", name)
		}
		r.Columns[i].NotNull = true
		r.Key = append(r.Key, i)
	}
	return nil
}

// CREATE SOURCE and ALTER SOURCE wait for a live source's first moment that can be read, so that the next statement mostly can: at most toBeReadable, and while nothing comes that is still to be read
// at most toBeKnown.
const (
	toBeReadable = 10 * time.Second
	toBeKnown    = time.Second
)

// untilRead waits until a source has been read to its end, reporting progress, and returns what went wrong. A live source is waited for until it can be read, or does
// not get that far soon.
func (e *Engine) untilRead(ctx context.Context, s *source) error {
	done := e.progress(ctx, "reading "+s.rec.Name, "bytes", func() (int64, int64) {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.state.Positions[""].Offset, s.size
	})
	defer done()
	live := e.options.Connectors.Sources[s.rec.Options["connector"]].Live
	err := s.await(ctx, func() bool { return s.running == nil || s.reachedEnd || live && (s.assigned || s.trouble != "") })
	if err != nil {
		s.stop(errPaused)
		s.mu.Lock()
		s.paused, s.failure = false, fmt.Errorf("interrupted: %w", err)
		s.mu.Unlock()
		return types.Errorf(types.CodeCanceled, "reading source %q was interrupted", s.rec.Name).WithHint("what was read is kept; ALTER SOURCE %s RESUME goes on", s.rec.Name)
	}
	if live {
		e.untilReadable(ctx, s)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.running != nil || s.reachedEnd || s.assigned:
		return s.failure
	case s.failure != nil:
		return s.failure
	default:
		return types.Errorf(types.CodeCanceled, "reading source %q was interrupted", s.rec.Name).WithHint("what was read is kept; ALTER SOURCE %s RESUME goes on", s.rec.Name)
	}
}

// untilReadable waits until a live source can be read, and says what it waits for where that is not soon. The source is read on, also where the statement is given up.
func (e *Engine) untilReadable(ctx context.Context, s *source) {
	ctx, cancel := context.WithTimeout(ctx, toBeReadable)
	defer cancel()
	known := false
	defer time.AfterFunc(toBeKnown, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		known = true
		s.broadcastLocked()
	}).Stop()
	_ = s.await(ctx, func() bool {
		return s.running == nil || known && s.reachedEnd || s.held != "" || s.trouble != "" || s.published.Load().readable()
	})
	if p := s.published.Load(); !p.readable() && s.reading() {
		said := s.notYet(p)
		e.notice(ctx, said.Message, said.Hint)
	}
}

// alterSource pauses, resumes or changes a source.
func (e *Engine) alterSource(ctx context.Context, st *syntax.AlterSource) error {
	s, err := e.alteredSource(st)
	if err != nil || s == nil {
		return err
	}
	return e.untilRead(ctx, s)
}

// alteredSource does what ALTER SOURCE says, and returns the source if it is to be waited for.
func (e *Engine) alteredSource(st *syntax.AlterSource) (*source, error) {
	if err := e.lockCatalog(); err != nil {
		return nil, err
	}
	defer e.ddl.Unlock()
	c := e.catalog.Load()
	s := c.sources[st.Name]
	list := c.tables(st.Name)
	switch {
	case s != nil:
		list = c.siblings(s)
	case c.origins[st.Name] == nil:
		return nil, e.noRelation(st.Name, "source", st.NamePos)
	case st.Action != "PAUSE" && st.Action != "RESUME":
		return nil, types.Errorf(types.CodeWrongObjectType, "%q is an origin: ALTER SOURCE … %s is of its sources", st.Name, st.Action).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
	}
	switch st.Action {
	case "PAUSE":
		for _, s := range list {
			if err := s.notComplete(st); err != nil {
				return nil, err
			}
			s.pause()
		}
		return nil, nil
	case "RESUME":
		var errs []error
		for _, s := range list {
			if s.reading() && len(list) > 1 {
				continue
			}
			if err := s.notComplete(st); err != nil {
				return nil, err
			}
			errs = append(errs, s.startIngest())
		}
		return s, errors.Join(errs...)
	case "SET":
		return nil, e.setSource(s, st.Options)
	case "ACCEPT GAP":
		if err := e.acceptGap(s); err != nil {
			return nil, err
		}
		return s, s.startIngest()
	default:
		return nil, types.Errorf(types.CodeNotSupported, "ALTER SOURCE … %s is not yet supported", st.Action)
	}
}

// notComplete refuses to pause or resume a source whose input was read to its end.
func (s *source) notComplete(st *syntax.AlterSource) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.state.Complete {
		return nil
	}
	return types.Errorf(types.CodeNotReady, "source %q is complete: its input was read to the end", s.rec.Name).At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
}

func (s *source) reading() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.running != nil
}

// pause stops reading until RESUME, or until the directory is opened again.
func (s *source) pause() {
	s.stop(errPaused)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.paused = true
	s.broadcastLocked()
}

// changeable are the options that ALTER SOURCE … SET may change: none of them touches what has been read.
var changeable = []string{"on_bad_record", "close_after", "idle_lag", "allowed_skew"}

// setSource changes options between two runs of the reader, which alone looks at them besides SHOW.
func (e *Engine) setSource(s *source, list []syntax.Option) error {
	changed := map[string]string{}
	for _, o := range list {
		if err := e.checkOption(o, changeable, nil, changed); err != nil {
			return err
		}
		changed[o.Name] = o.Value
	}
	rec := s.rec
	rec.Options = maps.Clone(rec.Options)
	maps.Copy(rec.Options, changed)
	settings, err := parseSettings(&rec, e.options.Connectors.Sources[rec.Options["connector"]])
	if err != nil {
		return err
	}
	s.mu.Lock()
	running := s.running != nil
	s.mu.Unlock()
	if running {
		s.stop(errPaused)
	}
	b := e.db.NewBatch()
	putJSON(b, metaSource+s.rec.Name, &rec)
	if err := e.commit(b); err != nil {
		return err
	}
	s.mu.Lock()
	s.rec.Options, s.settings = rec.Options, settings
	s.mu.Unlock()
	if running {
		return s.startIngest()
	}
	return nil
}

// progressAfter is how long something runs before it reports progress.
const progressAfter = time.Second

// progress reports how far something is, four times a second, once it has run for a second. The returned function ends it.
func (e *Engine) progress(ctx context.Context, what, unit string, at func() (done, total int64)) func() {
	say := e.voiceOf(ctx).progress
	if say == nil {
		return func() {}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		shown := false
		report := func(finished bool) {
			done, total := at()
			say(Progress{What: what, Unit: unit, Done: done, Total: total, Finished: finished})
			shown = true
		}
		timer := time.NewTimer(progressAfter)
		defer timer.Stop()
		for {
			select {
			case <-stop:
				if shown {
					report(true)
				}
				return
			case <-timer.C:
				report(false)
				timer.Reset(progressAfter / 4)
			}
		}
	}()
	return func() { close(stop); <-stopped }
}
