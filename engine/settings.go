package engine

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/asofdb/asof/engine/setting"
	"github.com/asofdb/asof/sql/plan"
	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

const (
	codeCannotChange    = "55P02"
	codeNoTransaction   = "25P01"
	codeInTransaction   = "25001"
	codeFailed          = "25P02"
	codeNoSavepoint     = "3B001"
	codeActiveStatement = "25001"
)

// variables are a session's settings in their base form, by their names in lower case: what was SET, and what was SET LOCAL, which hides it until the transaction ends.
// They are values: who changes them makes new ones, so that a transaction can go back to what there was.
type variables struct{ set, local map[string]string }

func (v variables) get(name string) (string, bool) {
	if x, ok := v.local[name]; ok {
		return x, true
	}
	x, ok := v.set[name]
	return x, ok
}

// with returns the variables with one changed: value nil takes it away.
func (v variables) with(name string, value *string, local bool) variables {
	if local {
		v.local = changed(v.local, name, value)
		return v
	}
	v.set, v.local = changed(v.set, name, value), changed(v.local, name, nil)
	return v
}

func changed(m map[string]string, name string, value *string) map[string]string {
	n := maps.Clone(m)
	switch {
	case value == nil:
		delete(n, name)
	case n == nil:
		n = map[string]string{name: *value}
	default:
		n[name] = *value
	}
	return n
}

// value is a setting's value in its base form.
func (s *Session) value(d *setting.Setting) string {
	name := strings.ToLower(d.Name)
	switch name {
	case "transaction_isolation":
		return s.transactionModes().Isolation
	case "transaction_read_only":
		return s.transactionModes().ReadOnly
	case "transaction_deferrable":
		return s.transactionModes().Deferrable
	}
	if v, ok := s.vars.get(name); ok {
		return v
	}
	return s.initial(d)
}

// initial is the value that RESET goes back to.
func (s *Session) initial(d *setting.Setting) string {
	name := strings.ToLower(d.Name)
	if v, ok := s.startup[name]; ok {
		return v
	}
	switch name {
	case "memory_limit":
		return fmt.Sprint(s.eng.options.MemoryLimit)
	case "session_authorization":
		return s.options.User
	}
	return d.Default
}

// Setting is a setting's value as SHOW prints it; ok is false where there is none of that name.
func (s *Session) Setting(name string) (value string, ok bool) {
	if d := setting.Find(name); d != nil {
		return d.Show(s.value(d)), true
	}
	return s.vars.get(strings.ToLower(name))
}

// on reports whether a setting that is on or off is on.
func (s *Session) on(name string) bool { return s.value(setting.Find(name)) == "on" }

// SetDefault sets what a session begins with and RESET goes back to: the parameters of a client's startup message.
func (s *Session) SetDefault(name, value string) error {
	d, err := s.settable(name)
	if err != nil {
		return err
	}
	if d != nil {
		if value, err = s.check(d, value); err != nil {
			return err
		}
	}
	s.startup = changed(s.startup, strings.ToLower(name), &value)
	s.derive()
	return nil
}

// settable finds a setting that a session can change; nil for one of the names that anybody may give a meaning.
func (s *Session) settable(name string) (*setting.Setting, error) {
	d := setting.Find(name)
	switch {
	case d == nil && setting.Custom(name):
		return nil, nil
	case d == nil:
		e := types.Errorf(types.CodeUndefinedObject, "unrecognized configuration parameter %q", name)
		if near := plan.Nearest(strings.ToLower(name), setting.Names()); near != "" {
			return nil, e.WithHint("did you mean %q?", near)
		}
		return nil, e
	case d.Fixed:
		return nil, types.Errorf(codeCannotChange, "parameter \"%s\" cannot be changed", d.Name)
	}
	return d, nil
}

// check brings a value to its base form.
func (s *Session) check(d *setting.Setting, value string) (string, error) {
	switch d.Name {
	case "as_of":
		if value == "" {
			return "", nil
		}
		v, err := types.ParseIn(types.Type{Kind: types.Timestamptz}, value, s.zone)
		if err != nil {
			return "", err
		}
		if v.I == types.Infinity || v.I == types.NegInfinity {
			return "", types.Errorf(types.CodeInvalidParameter, "AS OF %s is no moment", v)
		}
		return v.String(), nil
	case "as_of_wait":
		if v, err := d.Check(value); err == nil {
			return v, nil
		}
		w, err := durationOption(map[string]string{d.Name: value}, d.Name)
		if err != nil {
			return "", settingError(d.Name, value, "a time such as '100 ms' or '4 seconds'")
		}
		return fmt.Sprint(w.Milliseconds()), nil
	case "memory_limit":
		v, err := d.Check(value)
		if err != nil {
			return "", settingError(d.Name, value, "a size such as '256MB'")
		}
		return v, nil
	case "TimeZone":
		z, err := types.LoadSessionZone(value)
		if err != nil {
			return "", types.Errorf(types.CodeInvalidParameter, "invalid value for parameter \"TimeZone\": %q", value).WithHint("a name such as 'UTC' or 'Europe/Berlin'")
		}
		return z.String(), nil
	case "DateStyle":
		return setting.DateStyle(value)
	case "client_encoding":
		return setting.Encoding(value)
	case "session_authorization", "role":
		if value == s.options.User || d.Name == "role" && value == "none" {
			return value, nil
		}
		return "", types.Errorf(types.CodeInvalidParameter, "role %q does not exist", value).WithHint("a session stays the user's who began it")
	case "transaction_isolation", "default_transaction_isolation":
		return d.Check(strings.Join(strings.Fields(value), " "))
	}
	v, err := d.Check(value)
	if err == nil {
		err = d.Unsupported(v)
	}
	return v, err
}

func settingError(name, value, want string) error {
	return types.Errorf(types.CodeInvalidParameter, "invalid value for parameter %q: %q", name, value).WithHint("it is %s", want)
}

// derive reads the settings that statements ask for often, and tells the client of those that it follows.
func (s *Session) derive() {
	s.version++
	base := func(name string) string { return s.value(setting.Find(name)) }
	ms := func(name string) time.Duration {
		var n int64
		fmt.Sscan(base(name), &n)
		return time.Duration(n) * time.Millisecond
	}
	if z, err := types.LoadSessionZone(base("timezone")); err == nil {
		s.zone = z
	}
	s.asOf = types.Value{}
	if v := base("as_of"); v != "" {
		s.asOf, _ = types.ParseIn(types.Type{Kind: types.Timestamptz}, v, time.UTC) // check has read it
	}
	s.wait, s.timeout = ms("as_of_wait"), ms("statement_timeout")
	fmt.Sscan(base("memory_limit"), &s.limit)
	if s.options.Parameter == nil {
		return
	}
	for _, name := range setting.Reported() {
		if v, _ := s.Setting(name); s.reported[name] != v {
			if s.reported[name] != "" || s.told {
				s.options.Parameter(name, v)
			}
			s.reported[name] = v
		}
	}
	s.told = true
}

// set runs SET and RESET.
func (s *Session) set(ctx context.Context, st *syntax.Set) error {
	if st.Default && st.Name == "all" {
		s.vars = variables{}
		s.derive()
		return nil
	}
	d, err := s.settable(st.Name)
	if err != nil {
		return err
	}
	if st.Default {
		return s.assign(ctx, st.Name, d, nil, st.Local)
	}
	value := st.Value
	switch {
	case d != nil && d.List:
		value = setting.Join(st.List, syntax.QuoteIdent)
	case len(st.List) > 1 && d != nil && d.Name != "DateStyle":
		return types.Errorf(types.CodeInvalidParameter, "SET %s takes only one argument", st.Name)
	}
	return s.assign(ctx, st.Name, d, &value, st.Local)
}

// assign gives a setting a value, nil for its default.
func (s *Session) assign(ctx context.Context, name string, d *setting.Setting, value *string, local bool) error {
	name = strings.ToLower(name)
	if d != nil && value != nil {
		v, err := s.check(d, *value)
		if err != nil {
			return err
		}
		value = &v
	}
	if d != nil && strings.HasPrefix(d.Name, "transaction_") {
		return s.assignMode(ctx, d, value)
	}
	if local && s.tx == nil {
		s.eng.warn(ctx, codeNoTransaction, "SET LOCAL can only be used in transaction blocks")
		return nil
	}
	if local && value == nil && d != nil {
		v := s.initial(d)
		value = &v
	}
	s.vars = s.vars.with(name, value, local)
	s.derive()
	return nil
}

// asker is the session as the functions see that speak of it.
type asker struct{ s *Session }

func (a asker) User() string { return a.s.options.User }

func (a asker) Database() string { return a.s.options.Database }

func (a asker) PID() int32 { return a.s.options.PID }

func (a asker) Setting(name string) (string, bool) { return a.s.Setting(name) }

// SetConfig implements set_config. With local, outside a transaction block, it says something of nothing.
func (a asker) SetConfig(name, value string, local bool) (string, error) {
	s := a.s
	d, err := s.settable(name)
	if err != nil {
		return "", err
	}
	if !local || s.tx != nil {
		if err := s.assign(context.Background(), name, d, &value, local); err != nil {
			return "", err
		}
	}
	v, _ := s.Setting(name)
	return v, nil
}

// showAll answers SHOW ALL.
func (s *Session) showAll() *Rows {
	var rows [][]types.Value
	for _, d := range setting.All() {
		if !d.Hidden {
			rows = append(rows, []types.Value{types.NewText(d.Name), types.NewText(d.Show(s.value(d))), textOrNull(d.About)})
		}
	}
	return fixedRows("SHOW", []types.Column{textColumn("name"), textColumn("setting"), textColumn("description")}, rows)
}

// showSetting answers SHOW name.
func (s *Session) showSetting(name string) (*Rows, error) {
	shown := name
	if d := setting.Find(name); d != nil {
		shown = d.Name
	}
	v, ok := s.Setting(name)
	if !ok {
		e := types.Errorf(types.CodeUndefinedObject, "unrecognized configuration parameter %q", name)
		if near := plan.Nearest(strings.ToLower(name), setting.Names()); near != "" {
			return nil, e.WithHint("did you mean %q?", near)
		}
		return nil, e.WithHint("SHOW SOURCES, FEATURES, REJECTS, STORAGE, ALL, or a setting")
	}
	return fixedRows("SHOW", []types.Column{textColumn(shown)}, [][]types.Value{{types.NewText(v)}}), nil
}

// discard runs DISCARD.
func (s *Session) discard(what string) error {
	switch what {
	case "ALL":
		if s.tx != nil {
			return types.Errorf(codeActiveStatement, "DISCARD ALL cannot run inside a transaction block")
		}
		s.closeCursors(func(*cursor) bool { return true })
		s.prepared = nil
		s.vars = variables{}
		s.derive()
		return s.dropTables()
	case "TEMP":
		return s.dropTables()
	}
	return nil
}

// dropTables drops the session's temporary tables.
func (s *Session) dropTables() error {
	for _, name := range slices.Sorted(maps.Keys(s.tables)) {
		if err := s.forgetTable(name); err != nil {
			return err
		}
	}
	return nil
}
