// Package setting knows the settings that SET, SHOW and RESET speak of: PostgreSQL's, so that what a client sets is accepted and shown as PostgreSQL shows it, and
// asof's own. It checks values and prints them; what a setting does is its reader's.
//
// A value is kept in its base form: a number in the setting's unit ("5000" where the unit is ms), on or off, a word of the list, or text.
package setting

import (
	_ "embed"
	"slices"
	"strings"
	"sync"

	"github.com/asofdb/asof/sql/plan"
)

// Setting is one setting.
type Setting struct {
	// Name is as SHOW prints it: TimeZone, DateStyle, work_mem.
	Name string
	// Type is bool, integer, real, string or enum.
	Type string
	// Unit is that of an integer's or real's base value: ms, s, min, kB, 8kB, MB, B; "" where it has none.
	Unit string
	// Fixed is set for what a session cannot change.
	Fixed    bool
	Min, Max string
	Words    []string // of an enum
	// Default is the value, in its base form, of a session that has set none.
	Default string
	// List is set where the value is a list of names, which are quoted where they have to be.
	List bool
	// Reported is set where the protocol tells the client of each change.
	Reported bool
	// Hidden is set for what SHOW ALL leaves out.
	Hidden bool
	// About is what SHOW ALL says of asof's own settings.
	About string
}

//go:embed postgres.tsv
var postgres string

// all are the settings by their names in lower case.
var all = sync.OnceValue(func() map[string]*Setting {
	m := map[string]*Setting{}
	for line := range strings.Lines(postgres) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		s := &Setting{Name: f[0], Type: f[1], Unit: f[2], Fixed: f[3] == "fixed", Min: f[4], Max: f[5], Default: f[7]}
		if f[6] != "" {
			s.Words = strings.Split(f[6], ",")
		}
		m[strings.ToLower(s.Name)] = s
	}
	for i := range extra {
		m[extra[i].Name] = &extra[i]
	}
	for name, about := range plan.RuleSettings() {
		m[name] = &Setting{Name: name, Type: "bool", Default: "on", About: about}
	}
	for _, name := range []string{"search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"} {
		m[name].List = true
	}
	for _, name := range Reported() {
		m[strings.ToLower(name)].Reported = true
	}
	return m
})

// extra are the settings that pg_settings of PostgreSQL does not have, and asof's own.
var extra = []Setting{
	{Name: "is_superuser", Type: "bool", Fixed: true, Default: "on", Hidden: true},
	{Name: "role", Type: "string", Default: "none", Hidden: true},
	{Name: "session_authorization", Type: "string", Hidden: true},
	{Name: "seed", Type: "string", Default: "unavailable", Hidden: true},
	{Name: "server_version", Type: "string", Fixed: true, Default: "15.0 (asof)"},
	{Name: "server_version_num", Type: "integer", Fixed: true, Default: "150000"},
	{Name: "as_of", Type: "string", About: "the moment that statements without an AS OF read at; empty: the frontier"},
	{Name: "as_of_wait", Type: "integer", Unit: "ms", Min: "0", Max: "2147483647", Default: "5000", About: "how long an AS OF that is later than the frontier is waited for"},
	{Name: "before_history", Type: "enum", Words: []string{"error", "null"}, Default: "error", About: "what a moment before the history begins gives in a training set"},
	{Name: "memory_limit", Type: "integer", Unit: "B", Min: "1", Max: "1099511627776", Default: "268435456", About: "what one statement keeps in memory; more goes to disk"},
}

// Reported are the settings that the protocol tells a client when it connects and when they change, in PostgreSQL's order.
func Reported() []string {
	return []string{
		"application_name", "client_encoding", "DateStyle", "default_transaction_read_only", "in_hot_standby", "integer_datetimes", "IntervalStyle",
		"is_superuser", "server_encoding", "server_version", "session_authorization", "standard_conforming_strings", "TimeZone",
	}
}

// Find returns the setting of a name in any case, nil where there is none.
func Find(name string) *Setting { return all()[strings.ToLower(name)] }

// Custom reports whether a name is one of the names with a dot that anybody may set to any text.
func Custom(name string) bool {
	prefix, rest, ok := strings.Cut(name, ".")
	return ok && prefix != "" && rest != ""
}

// All are the settings in order of their names.
func All() []*Setting {
	list := make([]*Setting, 0, len(all()))
	for _, s := range all() {
		list = append(list, s)
	}
	slices.SortFunc(list, func(a, b *Setting) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	return list
}

// Names are the names of all settings in lower case.
func Names() []string {
	var names []string
	for _, s := range All() {
		names = append(names, strings.ToLower(s.Name))
	}
	return names
}
