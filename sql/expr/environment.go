package expr

import (
	"strings"

	"github.com/asofdb/asof/sql/types"
)

// Session is who runs a statement: what the functions about it answer.
type Session interface {
	// User and Database are the names that the client came with.
	User() string
	Database() string
	// PID is the number of the server's process for the client.
	PID() int32
	// Setting is a setting as SHOW prints it; ok is false where there is none of that name.
	Setting(name string) (value string, ok bool)
	// SetConfig changes a setting, with local until the transaction ends, and returns it as SHOW prints it.
	SetConfig(name, value string, local bool) (string, error)
}

// sessionFunctions are the functions whose answer is the session's. They are never computed ahead.
var sessionFunctions = []function{
	{name: "current_user", result: text, none: said(Session.User)},
	{name: "session_user", result: text, none: said(Session.User)},
	{name: "current_role", result: text, none: said(Session.User)},
	{name: "user", result: text, none: said(Session.User)},
	{name: "current_database", result: text, none: said(Session.Database)},
	{name: "current_catalog", result: text, none: said(Session.Database)},
	{name: "current_schema", result: text, none: said(func(Session) string { return "public" })},
	{name: "current_schemas", args: sig(boolean), result: types.ArrayOf(text), one: currentSchemas},
	{name: "version", result: text, none: said(versionText)},
	{name: "pg_backend_pid", result: int4, none: func(env *Env) (types.Value, error) { return types.NewInt(types.Int4, int64(env.session().PID())), nil }},
	{name: "pg_is_in_recovery", result: boolean, none: func(*Env) (types.Value, error) { return types.NewBool(false), nil }},
	{name: "current_setting", args: sig(text), result: text, one: func(env *Env, name types.Value) (types.Value, error) {
		return currentSetting(env, name.S, false)
	}},
	{name: "current_setting", args: sig(text, boolean), result: text, two: func(env *Env, name, missing types.Value) (types.Value, error) {
		return currentSetting(env, name.S, missing.I != 0)
	}},
	{name: "set_config", args: sig(text, text, boolean), result: text, many: setConfig, lax: true},
}

func init() {
	for i := range sessionFunctions {
		sessionFunctions[i].zoned = true // not folded
	}
}

// OfSession reports whether a function's answer depends on who asks: such a function has no place in what is kept for all.
func OfSession(name string) bool {
	for i := range sessionFunctions {
		if sessionFunctions[i].name == name {
			return true
		}
	}
	return false
}

// session is the statement's, or that of nobody.
func (env *Env) session() Session {
	if env.Session == nil {
		return nobody{}
	}
	return env.Session
}

func said(what func(Session) string) func(*Env) (types.Value, error) {
	return func(env *Env) (types.Value, error) { return types.NewText(what(env.session())), nil }
}

func versionText(s Session) string {
	v, _ := s.Setting("server_version")
	return "PostgreSQL " + v
}

// currentSchemas lists the schemas that names without one are looked for in; with implicit the catalog's too.
func currentSchemas(_ *Env, implicit types.Value) (types.Value, error) {
	list := []types.Value{types.NewText("public")}
	if implicit.I != 0 {
		list = []types.Value{types.NewText("pg_catalog"), types.NewText("public")}
	}
	return types.NewArray(list), nil
}

func currentSetting(env *Env, name string, missing bool) (types.Value, error) {
	v, ok := env.session().Setting(name)
	switch {
	case ok:
		return types.NewText(v), nil
	case missing:
		return types.Value{}, nil
	}
	return types.Value{}, types.Errorf(types.CodeUndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

// setConfig is set_config(name, value, is_local); a NULL value is the default.
func setConfig(env *Env, args []types.Value) (types.Value, error) {
	if args[0].IsNull() {
		return types.Value{}, types.Errorf("22004", "SET requires parameter name")
	}
	v, err := env.session().SetConfig(args[0].S, args[1].S, !args[2].IsNull() && args[2].I != 0)
	return types.NewText(v), err
}

// nobody is the session of a statement that has none.
type nobody struct{}

func (nobody) User() string     { return "asof" }
func (nobody) Database() string { return "asof" }
func (nobody) PID() int32       { return 0 }

func (nobody) Setting(name string) (string, bool) {
	return "15.0 (asof)", strings.EqualFold(name, "server_version")
}

func (nobody) SetConfig(string, string, bool) (string, error) {
	return "", types.Errorf(types.CodeNotSupported, "there is no session whose setting could be changed")
}
