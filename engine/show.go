package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// show answers SHOW.
func (s *Session) show(st *syntax.Show) (*Rows, error) {
	switch st.What {
	case "SOURCES":
		return s.eng.showSources(), nil
	case "FEATURES":
		return s.eng.showFeatures(), nil
	case "REJECTS":
		return s.eng.showRejects(st)
	case "SECRETS":
		return s.eng.showSecrets(), nil
	case "USERS":
		return s.eng.showUsers(), nil
	case "TABLES":
		return s.showTables(), nil
	case "STORAGE":
		return s.eng.showStorage(), nil
	case "FRESHNESS":
		return s.eng.showFreshness(), nil
	}
	if st.Name == "all" {
		return s.showAll(), nil
	}
	return s.showSetting(st.Name)
}

// timeOrNull is a moment, NULL where there is none.
func timeOrNull(us int64) types.Value {
	switch us {
	case NoTime:
		return types.Value{}
	case always:
		return types.NewTimestamptz(types.NegInfinity)
	default:
		return types.NewTimestamptz(us)
	}
}

func textOrNull(s string) types.Value {
	if s == "" {
		return types.Value{}
	}
	return types.NewText(s)
}

var sourceColumnsShown = []types.Column{
	textColumn("name"), textColumn("connector"), textColumn("state"), timeColumn("frontier"), timeColumn("history_from"),
	intColumn("changes"), intColumn("records"), intColumn("rejected"), intColumn("repeated"), intColumn("unchanged"), intColumn("unknown_rows"),
	intColumn("shifted_changes"),
	{Name: "worst_shift", Type: types.Type{Kind: types.Interval}},
	timeColumn("shifted_since"),
	intColumn("inverted_commits"), intColumn("split_transactions"), intColumn("truncates"),
	{Name: "idle_lag", Type: types.Type{Kind: types.Interval}},
	textColumn("position"), intColumn("lag_records"),
	{Name: "lag", Type: types.Type{Kind: types.Interval}},
	textColumn("next_step"),
}

func (e *Engine) showSources() *Rows {
	c := e.catalog.Load()
	var rows [][]types.Value
	for _, name := range slices.Sorted(maps.Keys(c.sources)) {
		rows = append(rows, c.sources[name].shown())
	}
	for _, name := range slices.Sorted(maps.Keys(c.origins)) {
		row := make([]types.Value, len(sourceColumnsShown))
		row[0], row[1], row[2] = types.NewText(name), types.NewText(c.origins[name].Options["connector"]), types.NewText(fmt.Sprintf("origin of %d sources", len(c.tables(name))))
		rows = append(rows, row)
	}
	return fixedRows("SHOW", sourceColumnsShown, rows)
}

func (s *source) shown() []types.Value {
	p := s.published.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	state, next := s.describeLocked(p)
	frontier, history := timeOrNull(p.frontier), timeOrNull(p.history)
	if p.frontier == endless {
		frontier = types.NewTimestamptz(types.Infinity)
	}
	if s.relation.PlainTable {
		frontier, history = types.Value{}, types.Value{}
	}
	k := s.state.Counters
	shifted, worst, since := s.shiftsLocked()
	lag := types.Value{}
	if s.settings.clock && s.settings.follow {
		lag = types.Value{Kind: types.Interval, I: s.lag.Microseconds()}
	}
	n := types.NewInt8
	live, behind := s.eng.options.Connectors.Sources[s.rec.Options["connector"]].Live, types.Value{}
	if live {
		behind = types.NewInt8(s.behind)
	}
	return []types.Value{
		types.NewText(s.rec.Name), types.NewText(s.rec.Options["connector"]), types.NewText(state), frontier, history,
		n(k.Changes), n(k.Records), n(k.Rejected), n(k.Repeated), n(k.Unchanged), n(k.UnknownRows),
		shifted, worst, since, n(k.Inverted), n(k.Split), n(k.Truncates), lag,
		types.NewText(s.positionLocked()), behind, s.ageOf(p), textOrNull(next),
	}
}

// ageOf is how old what readers see is by the clock; NULL where a source has no present.
func (s *source) ageOf(p *published) types.Value {
	if p.frontier == NoTime || p.frontier == endless || s.relation.PlainTable || !s.settings.follow {
		return types.Value{}
	}
	return types.Value{Kind: types.Interval, I: max(0, s.eng.options.Clock().UnixMicro()-p.frontier)}
}

// positionLocked is through where the source has been read.
func (s *source) positionLocked() string {
	if p := s.rec.Options["path"]; p != "" {
		return fmt.Sprintf("%s line %d", p, s.state.Positions[""].Line)
	}
	var places []string
	for _, name := range slices.Sorted(maps.Keys(s.state.Positions)) {
		places = append(places, fmt.Sprintf("%s:%d", name, s.state.Positions[name].Offset))
	}
	return strings.Join(places, " ")
}

// shifts are the changes that were shown later than they were committed, how much at most, and since when.
func (s *source) shifts() (n, worst, since types.Value) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shiftsLocked()
}

func (s *source) shiftsLocked() (n, worst, since types.Value) {
	k := &s.state.Counters
	if n = types.NewInt8(k.Shifted); k.Shifted > 0 {
		worst, since = types.Value{Kind: types.Interval, I: k.WorstShift}, types.NewTimestamptz(k.ShiftedSince)
	}
	return n, worst, since
}

// describeLocked is a source's state in words, and what the reader can do about it.
func (s *source) describeLocked(p *published) (state, next string) {
	var te *types.Error
	var lost *GapError
	switch {
	case s.held != "":
		return s.held, "set the clock, or wait"
	case s.running != nil && s.trouble != "":
		return s.trouble, "it is tried again by itself; look at the brokers, or DROP SOURCE"
	case s.paused:
		return "paused", "ALTER SOURCE " + s.rec.Name + " RESUME"
	case errors.As(s.failure, &lost):
		return "stopped: " + lost.Error(), "ALTER SOURCE " + s.rec.Name + " ACCEPT GAP goes on without them, as a partial source; or DROP it and read a new snapshot"
	case errors.As(s.failure, &te):
		return "stopped: " + te.Message, te.Hint
	case s.failure != nil:
		return "stopped: " + s.failure.Error(), "ALTER SOURCE " + s.rec.Name + " RESUME"
	case s.state.Complete:
		return "complete", ""
	case s.running == nil && s.state.Stopped != "":
		stop := &stopped{s.state.StoppedPartition, s.state.StoppedLine, s.state.Stopped}
		errors.As(s.stoppedError(stop), &te)
		return "stopped: " + te.Message, te.Hint
	case s.running == nil:
		return "interrupted", "ALTER SOURCE " + s.rec.Name + " RESUME"
	case p.snapshotRows > 0:
		return "reading its snapshot", ""
	case s.eng.options.Connectors.Sources[s.rec.Options["connector"]].Live && !s.assigned:
		return "connecting", ""
	case !s.reachedEnd:
		return "reading", ""
	default:
		return "following", ""
	}
}

func (e *Engine) showFeatures() *Rows {
	c := e.catalog.Load()
	var rows [][]types.Value
	for _, name := range slices.Sorted(maps.Keys(c.features)) {
		f := c.features[name]
		var keys, columns []string
		for _, k := range f.plan.Keys {
			keys = append(keys, f.plan.Columns[k].Name)
		}
		for _, o := range f.plan.Outputs {
			columns = append(columns, o.Name)
		}
		as := types.Value{}
		if t, err := f.gen.source.now(f.gen.source.published.Load()); err == nil {
			as = types.NewTimestamptz(t)
		}
		rows = append(rows, []types.Value{
			types.NewText(name), types.NewText(f.plan.Entity), types.NewText(strings.Join(keys, ", ")), types.NewText(f.plan.Source),
			types.NewText(strings.Join(columns, ", ")), as, types.NewText(f.plan.Version), textOrNull(f.plan.Options["description"]), textOrNull(f.plan.Options["owner"]),
		})
	}
	return fixedRows("SHOW", []types.Column{
		textColumn("name"), textColumn("entity"), textColumn("key"), textColumn("source"), textColumn("columns"), timeColumn("as_of"),
		textColumn("feature_version"), textColumn("description"), textColumn("owner"),
	}, rows)
}

func (e *Engine) showRejects(st *syntax.Show) (*Rows, error) {
	c := e.catalog.Load()
	names := slices.Sorted(maps.Keys(c.sources))
	if st.Name != "" {
		if c.sources[st.Name] == nil {
			return nil, e.noRelation(st.Name, "source", st.Span)
		}
		names = []string{st.Name}
	}
	var rows [][]types.Value
	view := e.db.View()
	defer view.Close()
	for _, name := range names {
		err := view.ScanRejects(c.sources[name].rec.ID, func(_ uint64, _ uint32, value []byte) error {
			var r reject
			if err := json.Unmarshal(value, &r); err != nil {
				return damaged("the rejects of source "+name, err)
			}
			rows = append(rows, []types.Value{
				types.NewText(name), textOrNull(r.Partition), types.NewInt8(r.Line), types.NewText(r.Reason), types.NewText(r.Record), types.NewTimestamptz(r.Wall),
			})
			return nil
		})
		if err != nil {
			return nil, readError(context.Background(), err)
		}
	}
	return fixedRows("SHOW", []types.Column{textColumn("source"), textColumn("partition"), intColumn("line"), textColumn("reason"), textColumn("record"), timeColumn("rejected_at")}, rows), nil
}

func (e *Engine) showStorage() *Rows {
	changes, bytes := e.checkpoints.behind()
	st := e.db.Stats()
	n := func(what string, value int64) []types.Value {
		return []types.Value{types.NewText(what), types.NewInt8(value)}
	}
	rows := [][]types.Value{n("bytes on disk", st.Tree)}
	for _, kind := range slices.Sorted(maps.Keys(st.Kinds)) {
		rows = append(rows, n("bytes of "+kind, st.Kinds[kind]))
	}
	rows = append(rows,
		n("bytes free on the disk", st.Free),
		n("bytes in memory waiting for a checkpoint", int64(bytes)),
		n("changes to replay after a crash", int64(changes)),
		n("commits", int64(st.Seq)),
	)
	return fixedRows("SHOW", []types.Column{textColumn("what"), intColumn("value")}, rows)
}

func (e *Engine) showCreate(st *syntax.ShowCreate) (*Rows, error) {
	c := e.catalog.Load()
	var text string
	switch {
	case st.Expanded:
		return nil, types.Errorf(types.CodeNotSupported, "SHOW CREATE FEATURE … EXPANDED is not yet supported").WithHint("no feature has sugar to expand yet")
	case st.Object == "SOURCE" && c.sources[st.Name] != nil:
		text = c.sources[st.Name].rec.Text
	case st.Object == "SOURCE" && c.origins[st.Name] != nil:
		text = c.origins[st.Name].Text
	case st.Object == "FEATURE" && c.features[st.Name] != nil:
		text = c.features[st.Name].rec.Text
	default:
		return nil, e.noRelation(st.Name, strings.ToLower(st.Object), st.NamePos)
	}
	return fixedRows("SHOW", []types.Column{textColumn("name"), textColumn("create_statement")}, [][]types.Value{{types.NewText(st.Name), types.NewText(text + ";")}}), nil
}

func (e *Engine) noRelation(name, kind string, at syntax.Span) error {
	_, err := e.catalog.Load().Relation(name)
	var te *types.Error
	if !errors.As(err, &te) {
		other := map[string]string{"source": "feature", "feature": "source"}[kind]
		te = types.Errorf(types.CodeWrongObjectType, "%q is not a %s", name, kind).WithHint("it is a %s", other)
	}
	return te.At(int(at.Pos), int(at.End-at.Pos))
}

// describe lists a relation's columns.
func (s *Session) describe(ctx context.Context, st *syntax.Describe) (*Rows, error) {
	r, err := s.names(ctx, s.newStatement()).Relation(st.Name)
	if err != nil {
		var te *types.Error
		if errors.As(err, &te) {
			return nil, te.At(int(st.NamePos.Pos), int(st.NamePos.End-st.NamePos.Pos))
		}
		return nil, err
	}
	var rows [][]types.Value
	add := func(c types.Column, note string) {
		rows = append(rows, []types.Value{types.NewText(c.Name), types.NewText(c.Type.String()), types.NewBool(!c.NotNull), textOrNull(note)})
	}
	for i, c := range r.Columns {
		note := ""
		if slices.Contains(r.Key, i) {
			note = "key"
		}
		add(c, note)
	}
	for _, c := range r.System {
		add(c, "system, not in *")
	}
	return fixedRows("DESCRIBE", []types.Column{textColumn("column"), textColumn("type"), {Name: "nullable", Type: types.Type{Kind: types.Bool}}, textColumn("note")}, rows), nil
}
