package pgcatalog

import (
	"slices"
	"strconv"

	"github.com/asofdb/asof/sql/types"
)

// Snapshot is what a session can see of a database.
type Snapshot struct {
	Database, User string
	Users          []User // User is one of them
	Relations      []Relation
	// Hidden are those that the session's user may not read: nothing tells of them but who may.
	Hidden   []Relation
	Settings []Setting
	Started  int64 // when the server started, µs
}

// User is a role.
type User struct {
	Name  string
	Admin bool
	// MayCreate is the right to create sources and features, MaySelect those that he may read; an admin may everything.
	MayCreate bool
	MaySelect map[string]bool
}

// Relation is a source, a feature, a history or a temporary table, in the schema public.
type Relation struct {
	OID     uint32
	Name    string
	Temp    bool   // a session's own: a table, or with a Definition a view; the others are views
	Right   string // which source or feature one may read who may read it
	Columns types.Schema
	// Key are the columns of its key, with an OID for the constraint and one for the index; nil where it has none.
	Key              []int
	KeyOID, IndexOID uint32
	Definition       string // the SELECT of a view
	Description      string
}

// Setting is a setting with its value as SHOW prints it.
type Setting struct{ Name, Value string }

// FirstOID is the smallest OID that is nobody's in PostgreSQL: those of relations begin there.
const FirstOID = 16384

// OIDs of the schemas.
const (
	catalogSchema     = 11
	publicSchema      = 2200
	informationSchema = 13207
	firstRole         = 10
)

func schemaOID(name string) int {
	switch name {
	case "pg_catalog":
		return catalogSchema
	case "information_schema":
		return informationSchema
	}
	return publicSchema
}

// Rows are the rows of t, each with a value for every column and then for System.
func (s *Snapshot) Rows(t *Table) [][]types.Value {
	rows := loaded().rows[t.Name]
	if t.Schema == "pg_catalog" {
		if of := catalogRows[t.Name]; of != nil {
			rows = of(s, t)
		}
	} else if of := informationRows[t.Name]; of != nil {
		rows = of(s, t)
	} else {
		rows = nil
	}
	out := make([][]types.Value, len(rows))
	for i, r := range rows {
		out[i] = append(slices.Clone(r), types.NewInt8(int64(t.OID)), types.NewInt8(2))
	}
	return out
}

// kind is the relkind.
func (r *Relation) kind() string {
	if r.Temp && r.Definition == "" {
		return "r"
	}
	return "v"
}

func (s *Snapshot) users() []User {
	if len(s.Users) == 0 {
		return []User{{Name: s.User, Admin: true}}
	}
	return s.Users
}

var catalogRows = map[string]func(*Snapshot, *Table) [][]types.Value{
	"pg_namespace": func(_ *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, name := range []string{"pg_catalog", "public", "information_schema"} {
			rows = append(rows, t.row(cells{"oid": schemaOID(name), "nspname": name, "nspowner": firstRole}))
		}
		return rows
	},
	"pg_class": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, r := range s.Relations {
			persistence, am := "p", 0
			if r.Temp {
				persistence = "t"
			}
			if r.kind() == "r" {
				am = 2
			}
			rows = append(rows, t.row(cells{
				"oid": r.OID, "relname": r.Name, "relnamespace": publicSchema, "relowner": firstRole, "relkind": r.kind(), "relnatts": len(r.Columns),
				"relpersistence": persistence, "relam": am, "reltuples": -1, "relhasindex": len(r.Key) > 0, "relhasrules": r.kind() == "v", "relreplident": "n", "relispopulated": true,
			}))
			if len(r.Key) > 0 {
				rows = append(rows, t.row(cells{
					"oid": r.IndexOID, "relname": r.keyName(), "relnamespace": publicSchema, "relowner": firstRole, "relkind": "i", "relnatts": len(r.Key),
					"relpersistence": persistence, "relam": btree, "reltuples": -1, "relreplident": "n", "relispopulated": true,
				}))
			}
		}
		for _, r := range loaded().tables {
			am := 2
			if r.Kind == "v" {
				am = 0
			}
			rows = append(rows, t.row(cells{
				"oid": r.OID, "relname": r.Name, "relnamespace": schemaOID(r.Schema), "relowner": firstRole, "relkind": r.Kind, "relnatts": len(r.Columns),
				"relpersistence": "p", "relam": am, "reltuples": -1, "relhasrules": r.Kind == "v", "relreplident": "n", "relispopulated": true,
			}))
		}
		return rows
	},
	"pg_attribute": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, r := range s.Relations {
			rows = appendAttributes(rows, t, r.OID, r.Columns)
			if len(r.Key) > 0 {
				rows = appendAttributes(rows, t, r.IndexOID, r.keyColumns())
			}
		}
		for _, r := range loaded().tables {
			rows = appendAttributes(rows, t, r.OID, r.Columns)
		}
		return rows
	},
	"pg_constraint": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachKey(func(r *Relation) []types.Value { return r.constraintRow(t) })
	},
	"pg_index": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachKey(func(r *Relation) []types.Value { return r.indexRow(t) })
	},
	"pg_indexes": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachKey(func(r *Relation) []types.Value {
			return t.row(cells{"schemaname": "public", "tablename": r.Name, "indexname": r.keyName(), "indexdef": r.indexText("public.")})
		})
	},
	"pg_database": func(s *Snapshot, t *Table) [][]types.Value {
		return [][]types.Value{t.row(cells{
			"oid": 5, "datname": s.Database, "datdba": firstRole, "encoding": 6, "datlocprovider": "c", "datallowconn": true, "datconnlimit": -1,
			"dattablespace": 1663, "datcollate": "C.UTF-8", "datctype": "C.UTF-8",
		})}
	},
	"pg_roles": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for i, u := range s.users() {
			rows = append(rows, t.row(cells{
				"oid": firstRole + i, "rolname": u.Name, "rolsuper": u.Admin, "rolinherit": true, "rolcreaterole": u.Admin, "rolcreatedb": false, "rolcanlogin": true,
				"rolreplication": false, "rolconnlimit": -1, "rolpassword": "********", "rolbypassrls": u.Admin,
			}))
		}
		return rows
	},
	"pg_user": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for i, u := range s.users() {
			rows = append(rows, t.row(cells{
				"usename": u.Name, "usesysid": firstRole + i, "usecreatedb": false, "usesuper": u.Admin, "userepl": false, "usebypassrls": u.Admin, "passwd": "********",
			}))
		}
		return rows
	},
	"pg_settings": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, x := range append([]Setting{{"max_index_keys", "32"}, {"max_identifier_length", "63"}}, s.Settings...) {
			rows = append(rows, t.row(cells{
				"name": x.Name, "setting": x.Value, "category": "asof", "short_desc": "", "context": "user", "vartype": "string", "source": "default",
				"boot_val": x.Value, "reset_val": x.Value, "pending_restart": false,
			}))
		}
		return rows
	},
	"pg_description": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, r := range s.Relations {
			if r.Description != "" {
				rows = append(rows, t.row(cells{"objoid": r.OID, "classoid": Find("pg_catalog", "pg_class").OID, "description": r.Description}))
			}
		}
		return rows
	},
	"pg_tables": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachRelation("r", func(schema, name string, _ *Relation) []types.Value {
			return t.row(cells{"schemaname": schema, "tablename": name, "tableowner": s.User, "hasindexes": false, "hasrules": false, "hastriggers": false, "rowsecurity": false})
		})
	},
	"pg_views": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachRelation("v", func(schema, name string, r *Relation) []types.Value {
			c := cells{"schemaname": schema, "viewname": name, "viewowner": s.User}
			if r != nil {
				c["definition"] = r.Definition
			}
			return t.row(c)
		})
	},
}

// eachRelation makes a row of each relation of a kind, "" for all; r is nil for one of the system's.
func (s *Snapshot) eachRelation(kind string, row func(schema, name string, r *Relation) []types.Value) [][]types.Value {
	var rows [][]types.Value
	for i := range s.Relations {
		if r := &s.Relations[i]; kind == "" || r.kind() == kind {
			rows = append(rows, row("public", r.Name, r))
		}
	}
	for _, t := range loaded().tables {
		if kind == "" || t.Kind == kind {
			rows = append(rows, row(t.Schema, t.Name, nil))
		}
	}
	return rows
}

func appendAttributes(rows [][]types.Value, t *Table, relation uint32, columns types.Schema) [][]types.Value {
	for i, c := range columns {
		oid := c.Type.OID()
		at := cells{
			"attrelid": relation, "attname": c.Name, "atttypid": oid, "attstattarget": -1, "attlen": -1, "attnum": i + 1, "attcacheoff": -1,
			"atttypmod": int(c.Type.Modifier()), "attalign": "i", "attstorage": "p", "attnotnull": c.NotNull, "attislocal": true,
		}
		if c.Type.Kind == types.Array {
			at["attndims"] = 1
		}
		if base := typeRow(int64(oid)); base != nil {
			for to, from := range map[string]string{"attlen": "typlen", "attbyval": "typbyval", "attalign": "typalign", "attstorage": "typstorage", "attcollation": "typcollation"} {
				at[to] = base[Find("pg_catalog", "pg_type").Columns.Index(from)]
			}
		}
		rows = append(rows, t.row(at))
	}
	return rows
}

func typeRow(oid int64) []types.Value {
	rows := loaded().rows["pg_type"]
	i, ok := slices.BinarySearchFunc(rows, oid, func(r []types.Value, oid int64) int { return int(r[0].I - oid) })
	if !ok {
		return nil
	}
	return rows[i]
}

var informationRows = map[string]func(*Snapshot, *Table) [][]types.Value{
	"schemata": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, name := range []string{"pg_catalog", "public", "information_schema"} {
			rows = append(rows, t.row(cells{"catalog_name": s.Database, "schema_name": name, "schema_owner": s.User}))
		}
		return rows
	},
	"tables": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachRelation("", func(schema, name string, r *Relation) []types.Value {
			kind, insertable := "VIEW", "NO"
			switch {
			case r != nil && r.kind() == "r":
				kind, insertable = "LOCAL TEMPORARY", "YES"
			case r == nil && Find(schema, name).Kind == "r":
				kind = "BASE TABLE"
			}
			return t.row(cells{
				"table_catalog": s.Database, "table_schema": schema, "table_name": name, "table_type": kind, "is_insertable_into": insertable, "is_typed": "NO",
			})
		})
	},
	"views": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachRelation("v", func(schema, name string, r *Relation) []types.Value {
			c := cells{
				"table_catalog": s.Database, "table_schema": schema, "table_name": name, "check_option": "NONE", "is_updatable": "NO", "is_insertable_into": "NO",
				"is_trigger_updatable": "NO", "is_trigger_deletable": "NO", "is_trigger_insertable_into": "NO",
			}
			if r != nil {
				c["view_definition"] = r.Definition
			}
			return t.row(c)
		})
	},
	"table_constraints": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachKey(func(r *Relation) []types.Value {
			return t.row(cells{
				"constraint_catalog": s.Database, "constraint_schema": "public", "constraint_name": r.keyName(), "table_catalog": s.Database, "table_schema": "public",
				"table_name": r.Name, "constraint_type": "PRIMARY KEY", "is_deferrable": "NO", "initially_deferred": "NO", "enforced": "YES",
			})
		})
	},
	"key_column_usage": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachKeyColumn(func(r *Relation, column string, n int) []types.Value {
			return t.row(cells{
				"constraint_catalog": s.Database, "constraint_schema": "public", "constraint_name": r.keyName(), "table_catalog": s.Database, "table_schema": "public",
				"table_name": r.Name, "column_name": column, "ordinal_position": n,
			})
		})
	},
	"constraint_column_usage": func(s *Snapshot, t *Table) [][]types.Value {
		return s.eachKeyColumn(func(r *Relation, column string, _ int) []types.Value {
			return t.row(cells{
				"table_catalog": s.Database, "table_schema": "public", "table_name": r.Name, "column_name": column, "constraint_catalog": s.Database,
				"constraint_schema": "public", "constraint_name": r.keyName(),
			})
		})
	},
	"columns": func(s *Snapshot, t *Table) [][]types.Value {
		var rows [][]types.Value
		for _, r := range s.Relations {
			rows = s.appendColumns(rows, t, "public", r.Name, r.Columns)
		}
		for _, r := range loaded().tables {
			rows = s.appendColumns(rows, t, r.Schema, r.Name, r.Columns)
		}
		return rows
	},
}

func (s *Snapshot) appendColumns(rows [][]types.Value, t *Table, schema, name string, columns types.Schema) [][]types.Value {
	for i, c := range columns {
		kind := c.Type.Kind
		at := cells{
			"table_catalog": s.Database, "table_schema": schema, "table_name": name, "column_name": c.Name, "ordinal_position": i + 1,
			"is_nullable": yesNo(!c.NotNull), "data_type": dataType(c.Type), "udt_catalog": s.Database, "udt_schema": "pg_catalog",
			"udt_name": loaded().typeName[int64(c.Type.OID())], "dtd_identifier": strconv.Itoa(i + 1), "is_self_referencing": "NO", "is_identity": "NO",
			"is_generated": "NEVER", "is_updatable": "NO",
		}
		switch kind {
		case types.Int2, types.Int4, types.Int8:
			if c.Type.Alias == types.NoAlias {
				at["numeric_precision"], at["numeric_precision_radix"], at["numeric_scale"] = 16<<int(kind-types.Int2), 2, 0
			}
		case types.Float4:
			at["numeric_precision"], at["numeric_precision_radix"] = 24, 2
		case types.Float8:
			at["numeric_precision"], at["numeric_precision_radix"] = 53, 2
		case types.Numeric:
			at["numeric_precision_radix"] = 10
			if c.Type.Precision > 0 {
				at["numeric_precision"], at["numeric_scale"] = int(c.Type.Precision), int(c.Type.Scale)
			}
		case types.Varchar, types.Char:
			if c.Type.Len > 0 {
				at["character_maximum_length"], at["character_octet_length"] = int(c.Type.Len), int(c.Type.Len)*4
			} else {
				at["character_octet_length"] = 1 << 30
			}
		case types.Text:
			if c.Type.Alias == types.NoAlias {
				at["character_octet_length"] = 1 << 30
			}
		case types.Date:
			at["datetime_precision"] = 0
		case types.Time, types.Timestamp, types.Timestamptz, types.Interval:
			digits := 6
			if m := c.Type.Modifier(); m >= 0 {
				digits = int(m & 0xffff)
			}
			at["datetime_precision"] = digits
		}
		rows = append(rows, t.row(at))
	}
	return rows
}

// dataType is the type's name without its modifiers.
func dataType(t types.Type) string {
	if t.Kind == types.Array {
		return "ARRAY"
	}
	if t.Alias != types.NoAlias {
		return t.Alias.String()
	}
	return t.Kind.String()
}

func yesNo(b bool) string {
	if b {
		return "YES"
	}
	return "NO"
}
