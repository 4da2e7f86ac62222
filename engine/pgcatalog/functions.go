package pgcatalog

import (
	"encoding/json"
	"math"
	"strconv"
	"strings"

	"github.com/asofdb/asof/sql/expr"
	"github.com/asofdb/asof/sql/types"
)

// The types that signatures are written with.
var (
	boolean = types.Type{Kind: types.Bool}
	int4    = types.Type{Kind: types.Int4}
	int8    = types.Type{Kind: types.Int8}
	text    = types.Type{Kind: types.Text}
	name    = types.AliasOf(types.Name)
)

// Functions are the functions called name: what PostgreSQL's answer from the catalogs.
func (s *Snapshot) Functions(called string) []expr.Function {
	if f, ok := constants[called]; ok {
		return []expr.Function{f}
	}
	if f := s.privileges(called); f != nil {
		return f
	}
	if f := s.keyFunctions(called); f != nil {
		return f
	}
	one := func(arg, result types.Type, optional int, more []types.Type, eval func(args []types.Value) (types.Value, error)) []expr.Function {
		return []expr.Function{{Args: append([]types.Type{arg}, more...), Optional: optional, Result: result, Eval: eval}}
	}
	switch called {
	case "format_type":
		return []expr.Function{{Args: []types.Type{int8, int4}, Result: text, Lax: true, Eval: formatType}}
	case "pg_get_userbyid":
		return one(int8, name, 0, nil, func(a []types.Value) (types.Value, error) { return types.NewText(s.roleName(a[0].I)), nil })
	case "pg_get_viewdef":
		byOID := func(a []types.Value) (types.Value, error) { return s.viewText(a[0].I), nil }
		byName := func(a []types.Value) (types.Value, error) {
			oid, err := s.resolve(types.Regclass, a[0].S)
			return s.viewText(oid), err
		}
		return append(one(int8, text, 1, []types.Type{boolean}, byOID), one(text, text, 1, []types.Type{boolean}, byName)...)
	case "pg_table_is_visible":
		return one(int8, boolean, 0, nil, func(a []types.Value) (types.Value, error) {
			schema, _ := s.relationName(a[0].I)
			if schema == "" {
				return types.Value{}, nil
			}
			return types.NewBool(schema != "information_schema"), nil
		})
	case "obj_description":
		return one(int8, text, 1, []types.Type{text}, func(a []types.Value) (types.Value, error) {
			for _, r := range s.Relations {
				if int64(r.OID) == a[0].I && r.Description != "" && (len(a) < 2 || a[1].S == "pg_class") {
					return types.NewText(r.Description), nil
				}
			}
			return types.Value{}, nil
		})
	case "pg_postmaster_start_time":
		return []expr.Function{{Result: types.Type{Kind: types.Timestamptz}, Eval: func([]types.Value) (types.Value, error) { return types.NewTimestamptz(s.Started), nil }}}
	}
	for _, alias := range []types.Alias{types.Regclass, types.Regtype, types.Regproc, types.Regprocedure, types.Regnamespace, types.Regrole, types.Regoperator} {
		switch called {
		case alias.String() + "in":
			return one(text, types.AliasOf(alias), 0, nil, func(a []types.Value) (types.Value, error) {
				oid, err := s.resolve(alias, a[0].S)
				return types.NewInt8(oid), err
			})
		case alias.String() + "out":
			return one(int8, text, 0, nil, func(a []types.Value) (types.Value, error) { return types.NewText(s.print(alias, a[0].I)), nil })
		case "to_" + alias.String():
			return one(text, types.AliasOf(alias), 0, nil, func(a []types.Value) (types.Value, error) {
				oid, err := s.resolve(alias, a[0].S)
				if err != nil {
					return types.Value{}, nil
				}
				return types.NewInt8(oid), nil
			})
		}
	}
	return nil
}

// constants are functions about what asof has none of: they answer the same whatever they are given.
var constants = func() map[string]expr.Function {
	m := map[string]expr.Function{}
	add := func(result types.Type, v types.Value, optional int, args []types.Type, names ...string) {
		for _, n := range names {
			m[n] = expr.Function{Args: args, Optional: optional, Result: result, Eval: func([]types.Value) (types.Value, error) { return v, nil }}
		}
	}
	null := types.Value{}
	any1, any2, any3 := []types.Type{expr.Anything}, []types.Type{expr.Anything, expr.Anything}, []types.Type{expr.Anything, expr.Anything, expr.Anything}
	add(text, null, 1, any3, "pg_get_expr")
	add(text, null, 1, any2, "pg_get_triggerdef", "pg_get_ruledef")
	add(text, null, 0, any1, "pg_get_functiondef", "pg_get_function_result", "pg_get_function_arguments", "pg_get_function_identity_arguments",
		"pg_get_partkeydef", "pg_get_statisticsobjdef_columns", "pg_tablespace_location")
	add(text, null, 0, any2, "pg_get_serial_sequence", "col_description", "shobj_description")
	add(int8, types.NewInt8(0), 0, any1, "pg_relation_size", "pg_table_size", "pg_total_relation_size", "pg_indexes_size", "pg_database_size", "pg_tablespace_size",
		"pg_stat_get_numscans")
	add(types.AliasOf(types.Regclass), null, 0, any1, "pg_partition_ancestors")
	add(boolean, types.NewBool(false), 0, any1, "pg_relation_is_publishable", "pg_is_other_temp_schema")
	add(boolean, types.NewBool(true), 0, any1, "pg_type_is_visible", "pg_function_is_visible", "pg_operator_is_visible", "pg_collation_is_visible", "pg_opclass_is_visible",
		"pg_opfamily_is_visible", "pg_conversion_is_visible", "pg_statistics_obj_is_visible", "pg_ts_config_is_visible", "pg_ts_dict_is_visible",
		"pg_ts_parser_is_visible", "pg_ts_template_is_visible")
	add(types.AliasOf(types.OID), types.NewInt8(0), 0, nil, "pg_my_temp_schema")
	add(int8, types.NewInt8(1), 0, nil, "txid_current")
	add(int4, types.NewInt(types.Int4, math.MaxInt32), 0, []types.Type{types.AliasOf(types.XID)}, "age")
	add(text, types.NewText(""), 0, nil, "pg_advisory_unlock_all")
	m["pg_encoding_to_char"] = expr.Function{Args: []types.Type{int4}, Result: name, Eval: func(a []types.Value) (types.Value, error) {
		return types.NewText(map[int64]string{0: "SQL_ASCII", 6: "UTF8"}[a[0].I]), nil
	}}
	m["json_build_object"] = expr.Function{Args: any1, Variadic: true, Lax: true, Result: types.Type{Kind: types.JSON}, Eval: jsonObject}
	m["pg_size_pretty"] = expr.Function{Args: []types.Type{int8}, Result: text, Eval: func(a []types.Value) (types.Value, error) {
		return types.NewText(prettySize(a[0].I)), nil
	}}
	return m
}()

// jsonObject is the object of names and values by turns.
func jsonObject(a []types.Value) (types.Value, error) {
	if len(a)%2 != 0 {
		return types.Value{}, types.Errorf(types.CodeInvalidParameter, "argument list must have even number of elements")
	}
	var b strings.Builder
	b.WriteByte('{')
	for i := 0; i < len(a); i += 2 {
		if a[i].IsNull() {
			return types.Value{}, types.Errorf(types.CodeInvalidParameter, "argument %d cannot be null", i+1)
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(jsonString(a[i].String()) + " : " + jsonValue(a[i+1]))
	}
	b.WriteByte('}')
	return types.Value{Kind: types.JSON, S: b.String()}, nil
}

func jsonValue(v types.Value) string {
	switch v.Kind {
	case types.Null:
		return "null"
	case types.Bool:
		return strconv.FormatBool(v.I != 0)
	case types.Int2, types.Int4, types.Int8, types.Numeric, types.JSON, types.JSONB:
		return v.String()
	}
	return jsonString(v.String())
}

func jsonString(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic("pgcatalog: a string has no JSON: " + err.Error())
	}
	return string(b)
}

// prettySize is a size as PostgreSQL shows it: in the first unit in which it is below 10240, rounded half away from zero.
func prettySize(n int64) string {
	sign, size := "", n
	if n < 0 {
		sign, size = "-", -n
	}
	if size < 10240 {
		return sign + strconv.FormatInt(size, 10) + " bytes"
	}
	half := size >> 9 // in half units
	for _, unit := range []string{"kB", "MB", "GB", "TB"} {
		if half < 20480-1 || unit == "TB" {
			return sign + strconv.FormatInt((half+1)/2, 10) + " " + unit
		}
		half >>= 10
	}
	return ""
}

func formatType(a []types.Value) (types.Value, error) {
	if a[0].IsNull() {
		return types.Value{}, nil
	}
	mod := int32(-1)
	if !a[1].IsNull() {
		mod = int32(a[1].I)
	}
	return types.NewText(typeText(a[0].I, mod)), nil
}

// typeText is a type's name for people.
func typeText(oid int64, mod int32) string {
	if oid == 0 {
		return "-"
	}
	if t, ok := types.TypeOfOID(uint32(oid), mod); ok {
		switch s := t.String(); s {
		case "bpchar":
			return "character"
		default:
			return s
		}
	}
	if n, ok := loaded().typeName[oid]; ok {
		if elem, array := strings.CutPrefix(n, "_"); array {
			return elem + "[]"
		}
		return n
	}
	return "???"
}

func (s *Snapshot) roleName(oid int64) string {
	if users := s.users(); oid >= firstRole && oid < firstRole+int64(len(users)) {
		return users[oid-firstRole].Name
	}
	return "unknown (OID=" + strconv.FormatInt(oid, 10) + ")"
}

func (s *Snapshot) viewText(oid int64) types.Value {
	for _, r := range s.Relations {
		if int64(r.OID) == oid && r.kind() == "v" {
			return types.NewText(r.Definition)
		}
	}
	return types.Value{}
}

// relationName is the schema and the name of a relation, "" for none.
func (s *Snapshot) relationName(oid int64) (schema, called string) {
	for _, r := range s.Relations {
		switch {
		case int64(r.OID) == oid:
			return "public", r.Name
		case len(r.Key) > 0 && int64(r.IndexOID) == oid:
			return "public", r.keyName()
		}
	}
	for _, t := range loaded().tables {
		if int64(t.OID) == oid {
			return t.Schema, t.Name
		}
	}
	return "", ""
}

// print is how an OID of a reg type prints.
func (s *Snapshot) print(alias types.Alias, oid int64) string {
	text := ""
	switch alias {
	case types.Regclass:
		schema, n := s.relationName(oid)
		if n != "" {
			text = quoted(n)
			if schema == "information_schema" {
				text = schema + "." + text
			}
		}
	case types.Regtype:
		if text = typeText(oid, -1); text == "???" {
			text = ""
		}
	case types.Regproc, types.Regprocedure:
		text = loaded().procName[oid]
	case types.Regnamespace:
		for _, n := range []string{"pg_catalog", "public", "information_schema"} {
			if int64(schemaOID(n)) == oid {
				text = n
			}
		}
	case types.Regrole:
		if users := s.users(); oid >= firstRole && oid < firstRole+int64(len(users)) {
			text = quoted(users[oid-firstRole].Name)
		}
	}
	switch {
	case text != "":
		return text
	case oid == 0:
		return "-"
	}
	return strconv.FormatInt(oid, 10)
}

func quoted(s string) string {
	q, err := expr.ParseName(s)
	if err == nil && len(q) == 1 && q[0] == s {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}

// resolve is the OID of what is called so, as a cast from text reads it.
func (s *Snapshot) resolve(alias types.Alias, written string) (int64, error) {
	if oid, err := strconv.ParseUint(strings.TrimSpace(written), 10, 32); err == nil {
		return int64(oid), nil
	}
	if strings.TrimSpace(written) == "-" {
		return 0, nil
	}
	if alias == types.Regtype {
		return s.resolveType(written)
	}
	if alias == types.Regoperator {
		return 0, types.Errorf(types.CodeUndefinedFunction, "operator does not exist: %s", written)
	}
	parts, err := expr.ParseName(written)
	if err != nil {
		return 0, err
	}
	if len(parts) == 3 && parts[0] == s.Database {
		parts = parts[1:]
	}
	called, schema := parts[len(parts)-1], ""
	if len(parts) > 1 {
		schema = parts[len(parts)-2]
	}
	switch alias {
	case types.Regclass:
		if schema != "pg_catalog" && schema != "information_schema" {
			for _, r := range s.Relations {
				if r.Name == called {
					return int64(r.OID), nil
				}
			}
			index := int64(0)
			s.keyed(func(r *Relation) {
				if r.keyName() == called {
					index = int64(r.IndexOID)
				}
			})
			if index != 0 {
				return index, nil
			}
		}
		if schema == "" {
			schema = "pg_catalog"
		}
		if t := Find(schema, called); t != nil {
			return int64(t.OID), nil
		}
		return 0, types.Errorf(types.CodeUndefinedTable, "relation \"%s\" does not exist", strings.Join(parts, "."))
	case types.Regproc, types.Regprocedure:
		if oid, ok := loaded().procs[called]; ok {
			return oid, nil
		}
		return 0, types.Errorf(types.CodeUndefinedFunction, "function \"%s\" does not exist", called)
	case types.Regnamespace:
		switch called {
		case "pg_catalog", "public", "information_schema":
			return int64(schemaOID(called)), nil
		}
		return 0, types.Errorf("3F000", "schema \"%s\" does not exist", called)
	}
	for i, u := range s.users() {
		if u.Name == called {
			return int64(firstRole + i), nil
		}
	}
	return 0, types.Errorf(types.CodeUndefinedObject, "role \"%s\" does not exist", called)
}

func (s *Snapshot) resolveType(written string) (int64, error) {
	if t, err := types.ParseType(written); err == nil {
		return int64(t.OID()), nil
	}
	called := strings.TrimPrefix(strings.ToLower(strings.TrimSpace(written)), "pg_catalog.")
	if oid, ok := loaded().typeOIDs[called]; ok {
		return oid, nil
	}
	return 0, types.Errorf(types.CodeUndefinedObject, "type \"%s\" does not exist", written)
}
