package engine

import (
	"fmt"
	"strings"
	"time"

	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/types"
)

// sourceSettings are the engine's own WITH options, parsed.
type sourceSettings struct {
	follow      bool // the input goes on
	rejects     bool // on_bad_record = 'reject'
	clock       bool // frontier = 'clock'
	partial     bool
	fromEmpty   bool
	recordTime  bool // a record's own time is the commit time of its row
	upsert      bool
	snapshot    bool // before its first record nothing is known of the table: a snapshot is still to come
	immutable   int  // column of history = 'assume_immutable(col)', -1 for none
	commitTime  int  // column, -1 for none
	eventTime   int  // column that windows speak of where a feature does not say it, -1 for none
	closeAfter  time.Duration
	idleLag     time.Duration // 0: auto
	allowedSkew time.Duration
}

const (
	defaultCloseAfter  = 100 * time.Millisecond
	defaultAllowedSkew = 10 * time.Second
)

// engineOptions are the WITH options of CREATE SOURCE that every connector shares.
var engineOptions = []string{
	"connector", "history", "missing_before", "append_only", "frontier", "table", "on_schema_change", "on_bad_record",
	"commit_time", "event_time", "close_after", "idle_lag", "allowed_skew", "follow",
}

// parseSettings reads the engine's own options of a source, and refuses what would be ignored.
func parseSettings(r *sourceRecord, c SourceConnector) (set sourceSettings, err error) {
	o := r.Options
	set = sourceSettings{immutable: -1, commitTime: -1, closeAfter: defaultCloseAfter, allowedSkew: defaultAllowedSkew}
	if c.Live && o["follow"] != "" {
		return set, types.Errorf(types.CodeInvalidParameter, "the option follow means nothing with connector = '%s', which always goes on", o["connector"]).WithHint("leave it away")
	}
	if set.follow, err = boolOption(o, "follow"); err != nil {
		return set, err
	}
	if set.rejects, err = choice(o, "on_bad_record", "stop", "reject"); err != nil {
		return set, err
	}
	if set.clock, err = choice(o, "frontier", "commit", "clock"); err != nil {
		return set, err
	}
	if c.Live {
		set.follow, set.clock = true, o["frontier"] != "commit"
	}
	if _, err = choice(o, "on_schema_change", "pause", "add_columns"); err != nil {
		return set, err
	}
	for _, d := range []struct {
		name string
		into *time.Duration
	}{{"close_after", &set.closeAfter}, {"idle_lag", &set.idleLag}, {"allowed_skew", &set.allowedSkew}} {
		if o[d.name] == "" || d.name == "idle_lag" && o[d.name] == "auto" {
			continue
		}
		if *d.into, err = durationOption(o, d.name); err != nil {
			return set, err
		}
	}
	if o["commit_time"] != "" {
		if set.commitTime, err = r.timeColumn("commit_time", o["commit_time"]); err != nil {
			return set, err
		}
	}
	set.upsert = strings.HasPrefix(r.Format, "UPSERT ")
	set.recordTime = c.Timed && set.commitTime < 0 && (set.upsert || strings.HasPrefix(r.Format, "PLAIN "))
	if set.eventTime, err = r.eventTime(); err != nil {
		return set, err
	}
	if err := set.history(r); err != nil {
		return set, err
	}
	return set, set.check(r)
}

// history reads where the source's history begins.
func (set *sourceSettings) history(r *sourceRecord) (err error) {
	switch h := r.Options["history"]; {
	case h == "" || h == "from_snapshot":
		set.snapshot = strings.HasPrefix(r.Format, "DEBEZIUM ")
	case h == "partial":
		set.partial = true
	case h == "from_empty":
		set.fromEmpty = true
	case strings.HasPrefix(h, "assume_immutable(") && strings.HasSuffix(h, ")"):
		name := strings.TrimSuffix(strings.TrimPrefix(h, "assume_immutable("), ")")
		set.snapshot = true
		set.immutable, err = r.timeColumn("history", strings.TrimSpace(name))
	default:
		err = optionError("history", h, "'from_snapshot', 'assume_immutable(column)', 'partial' or 'from_empty'")
	}
	return err
}

// check refuses options that mean nothing together.
func (set *sourceSettings) check(r *sourceRecord) error {
	format, _, _ := strings.Cut(r.Format, " ")
	if set.commitTime >= 0 && format != "PLAIN" {
		return types.Errorf(types.CodeInvalidParameter, "the option commit_time is for FORMAT PLAIN: a change carries its commit time itself").WithHint("leave commit_time away")
	}
	for _, name := range []string{"table", "missing_before", "append_only"} {
		if r.Options[name] != "" && (set.upsert || format == "PLAIN" && name != "append_only") {
			return types.Errorf(types.CodeInvalidParameter, "the option %s means nothing with FORMAT %s", name, format).WithHint("leave it away")
		}
	}
	switch {
	case set.upsert && !set.recordTime:
		return types.Errorf(types.CodeInvalidParameter, "FORMAT UPSERT needs records that have a key and a time of their own, and those of connector = '%s' have none", r.Options["connector"]).
			WithHint("read it from Kafka; a file of rows is FORMAT PLAIN, with commit_time = 'column'")
	case set.upsert && r.Key == nil:
		return types.Errorf(types.CodeInvalidParameter, "FORMAT UPSERT needs a PRIMARY KEY: a record is the row of its key").WithHint("declare as PRIMARY KEY the columns that the record's key holds")
	case set.upsert && set.immutable >= 0:
		return types.Errorf(types.CodeInvalidParameter, "history = 'assume_immutable' means nothing with FORMAT UPSERT, which has no snapshot").WithHint("leave it away")
	}
	if set.clock && !set.follow {
		return types.Errorf(types.CodeInvalidParameter, "frontier = 'clock' is for a source that goes on: a complete file can be asked AS OF any time").
			WithHint("add follow = 'true', or leave frontier away")
	}
	return nil
}

// eventTime is the column that windows speak of where a feature does not say it: the option, or the only TIMESTAMPTZ.
func (r *sourceRecord) eventTime() (int, error) {
	if name := r.Options["event_time"]; name != "" {
		return r.timeColumn("event_time", name)
	}
	found := -1
	for i, c := range r.Columns {
		if c.Type.Kind == types.Timestamptz {
			if found >= 0 {
				return -1, nil
			}
			found = i
		}
	}
	return found, nil
}

// timeColumn returns the column that an option names, which must be a time.
func (r *sourceRecord) timeColumn(option, name string) (int, error) {
	i := r.Columns.Index(name)
	if i < 0 {
		e := types.Errorf(types.CodeUndefinedColumn, "option %s names column %q, which source %q does not declare", option, name, r.Name)
		var names []string
		for _, c := range r.Columns {
			names = append(names, c.Name)
		}
		if near := plan.Nearest(strings.ToLower(name), names); near != "" {
			return 0, e.WithHint("did you mean %q?", near)
		}
		if r.Columns.Index(strings.ToLower(name)) >= 0 {
			return 0, e.WithHint("it is declared as %q", strings.ToLower(name))
		}
		return 0, e.WithHint("it has: %s", strings.Join(names[:min(len(names), 20)], ", "))
	}
	switch k := r.Columns[i].Type.Kind; k {
	case types.Timestamptz, types.Timestamp, types.Date:
		return i, nil
	default:
		return 0, types.Errorf(types.CodeDatatypeMismatch, "option %s needs a time, but column %q is %s", option, name, r.Columns[i].Type).
			WithHint("declare it TIMESTAMPTZ")
	}
}

// choice reads an option with two values, the first being the default; it reports whether the second was chosen.
func choice(o map[string]string, name, first, second string) (bool, error) {
	switch v := o[name]; v {
	case "", first:
		return false, nil
	case second:
		return true, nil
	default:
		return false, optionError(name, v, fmt.Sprintf("'%s' or '%s'", first, second))
	}
}

func boolOption(o map[string]string, name string) (bool, error) {
	if o[name] == "" {
		return false, nil
	}
	v, err := types.Parse(types.Type{Kind: types.Bool}, o[name])
	if err != nil {
		return false, optionError(name, o[name], "'true' or 'false'")
	}
	return v.I == 1, nil
}

func durationOption(o map[string]string, name string) (time.Duration, error) {
	v, err := types.Parse(types.Type{Kind: types.Interval}, o[name])
	if err != nil || v.I < 0 || v.X != nil {
		return 0, optionError(name, o[name], "a time such as '100 ms' or '4 seconds'")
	}
	return time.Duration(v.I) * time.Microsecond, nil
}

func optionError(name, value, want string) error {
	return types.Errorf(types.CodeInvalidParameter, "option %s cannot be %q", name, value).WithHint("it is %s", want)
}
