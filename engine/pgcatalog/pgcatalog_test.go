package pgcatalog

import (
	"context"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/asofdb/asof/sql/types"
)

// Every relation of pg_catalog and information_schema has the columns that a real server's has, in order.
func TestRelationsHavePostgresColumns(t *testing.T) {
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		t.Skip("ASOF_TEST_POSTGRES is not set")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(ctx) }()
	rows, err := conn.Query(ctx, `SELECT n.nspname, c.relname, array_agg(a.attname::text ORDER BY a.attnum), array_agg(a.atttypid::int8 ORDER BY a.attnum)
		FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
		WHERE n.nspname IN ('pg_catalog', 'information_schema') AND c.relkind IN ('r', 'v') GROUP BY 1, 2`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var schema, name string
		var columns []string
		var oids []int64
		if err := rows.Scan(&schema, &name, &columns, &oids); err != nil {
			t.Fatal(err)
		}
		n++
		table := Find(schema, name)
		if table == nil {
			t.Errorf("%s.%s is missing", schema, name)
			continue
		}
		var have []string
		for i, c := range table.Columns {
			have = append(have, c.Name)
			if _, known := types.TypeOfOID(uint32(oids[i]), -1); known && i < len(oids) && int64(c.Type.OID()) != oids[i] {
				t.Errorf("%s.%s.%s is %s, OID %d on PostgreSQL", schema, name, c.Name, c.Type, oids[i])
			}
		}
		if strings.Join(have, " ") != strings.Join(columns, " ") {
			t.Errorf("%s.%s has %v, PostgreSQL's %v", schema, name, have, columns)
		}
	}
	if rows.Err() != nil || n < 200 {
		t.Error(n, rows.Err())
	}
}

func TestRowsHaveAValueForEveryColumn(t *testing.T) {
	s := &Snapshot{Database: "d", User: "u", Relations: []Relation{
		{OID: FirstOID, Name: "f", Columns: types.Schema{{Name: "n", Type: types.Type{Kind: types.Numeric, Precision: 12, Scale: 2}}}, Definition: "SELECT 1;", Description: "x"},
		{OID: FirstOID + 2, Name: "t", Temp: true, Columns: types.Schema{{Name: "a", Type: types.ArrayOf(types.Type{Kind: types.Text})}}},
	}}
	for _, table := range loaded().tables {
		for _, row := range s.Rows(table) {
			if len(row) != len(table.Columns)+len(System) {
				t.Fatalf("%s: %d values for %d columns", table.Name, len(row), len(table.Columns))
			}
			for i, c := range table.Columns {
				if v := row[i]; !v.IsNull() && v.Kind != c.Type.Kind {
					t.Fatalf("%s.%s is a %s, not a %s", table.Name, c.Name, v.Kind, c.Type)
				}
			}
		}
	}
}

func TestNamesAndOIDs(t *testing.T) {
	s := &Snapshot{Database: "d", User: "u", Relations: []Relation{{OID: FirstOID, Name: "Odd name"}, {OID: FirstOID + 2, Name: "orders"}}}
	for _, c := range []struct {
		alias   types.Alias
		written string
		oid     int64
		printed string
	}{
		{types.Regclass, "orders", FirstOID + 2, "orders"},
		{types.Regclass, `public."Odd name"`, FirstOID, `"Odd name"`},
		{types.Regclass, "pg_class", 1259, "pg_class"},
		{types.Regclass, "pg_catalog.pg_constraint", 2606, "pg_constraint"},
		{types.Regtype, "int8", 20, "bigint"},
		{types.Regtype, "text[]", 1009, "text[]"},
		{types.Regnamespace, "public", 2200, "public"},
		{types.Regproc, "pg_catalog.array_in", 750, "array_in"},
		{types.Regrole, "u", 10, "u"},
		{types.Regclass, "-", 0, "-"},
	} {
		oid, err := s.resolve(c.alias, c.written)
		if err != nil || oid != c.oid || s.print(c.alias, oid) != c.printed {
			t.Errorf("%s %s: %d, %v, %q", c.alias, c.written, oid, err, s.print(c.alias, oid))
		}
	}
	if _, err := s.resolve(types.Regclass, "nothing"); err == nil {
		t.Error("there is no relation nothing")
	}
}

func TestSizesArePretty(t *testing.T) {
	for n, want := range map[int64]string{0: "0 bytes", 10239: "10239 bytes", 10240: "10 kB", 10*1024*1024 - 1: "10 MB", 3 << 40: "3072 GB"} {
		if got := prettySize(n); got != want {
			t.Errorf("%d is %q, want %q", n, got, want)
		}
	}
}

// call calls one of the catalogs' functions with texts and numbers; an error is its SQLSTATE.
func call(s *Snapshot, name string, args ...any) string {
	values := make([]types.Value, len(args))
	for i, a := range args {
		switch a := a.(type) {
		case string:
			values[i] = types.NewText(a)
		case int:
			values[i] = types.NewInt8(int64(a))
		}
	}
	for _, f := range s.Functions(name) {
		if len(args) > len(f.Args) || len(args) < len(f.Args)-f.Optional {
			continue
		}
		v, err := f.Eval(values)
		var e *types.Error
		if errors.As(err, &e) {
			return e.Code
		}
		return v.String()
	}
	return "no such function"
}

// What has_table_privilege and its kin answer is what a statement would be allowed to do.
func TestPrivilegesAreRights(t *testing.T) {
	s := &Snapshot{
		Database: "d", User: "ana",
		Users:     []User{{Name: "root", Admin: true}, {Name: "ana", MaySelect: map[string]bool{"spend": true}}, {Name: "bob", MayCreate: true, MaySelect: map[string]bool{"orders": true}}},
		Relations: []Relation{{OID: 20000, Name: "spend", Right: "spend"}, {OID: 20001, Name: "spend_history", Right: "spend"}, {OID: 20002, Name: "labels", Temp: true}},
		Hidden:    []Relation{{OID: 20004, Name: "orders", Right: "orders"}},
	}
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"has_table_privilege", []any{"spend", "SELECT"}, "t"},
		{"has_table_privilege", []any{20001, "select"}, "t"},
		{"has_table_privilege", []any{`public."spend"`, "INSERT, SELECT"}, "t"},
		{"has_table_privilege", []any{"spend", "INSERT"}, "f"},
		{"has_table_privilege", []any{"spend", "SELECT WITH GRANT OPTION"}, "f"},
		{"has_table_privilege", []any{"root", "spend", "SELECT WITH GRANT OPTION"}, "t"},
		{"has_table_privilege", []any{"orders", "SELECT"}, "f"},
		{"has_table_privilege", []any{20004, "SELECT"}, "f"},
		{"has_table_privilege", []any{"bob", "orders", "SELECT"}, "t"},
		{"has_table_privilege", []any{"bob", "spend_history", "SELECT"}, "f"},
		{"has_table_privilege", []any{"root", "public.orders", "SELECT"}, "t"},
		{"has_table_privilege", []any{"root", "orders", "DELETE"}, "f"},
		{"has_table_privilege", []any{"public", "orders", "SELECT"}, "f"},
		{"has_table_privilege", []any{11, "spend", "SELECT"}, "t"},
		{"has_table_privilege", []any{99, "spend", "SELECT"}, "NULL"},
		{"has_table_privilege", []any{"labels", "INSERT"}, "t"},
		{"has_table_privilege", []any{"pg_class", "SELECT"}, "t"},
		{"has_table_privilege", []any{"pg_class", "UPDATE"}, "f"},
		{"has_table_privilege", []any{"nothing", "SELECT"}, "42P01"},
		{"has_table_privilege", []any{"nobody", "spend", "SELECT"}, "42704"},
		{"has_table_privilege", []any{1, "SELECT"}, "NULL"},
		{"has_table_privilege", []any{"spend", "USAGE"}, "22023"},
		{"has_any_column_privilege", []any{"bob", "spend", "SELECT"}, "f"},
		{"has_column_privilege", []any{"spend", "total", "SELECT"}, "t"},
		{"has_column_privilege", []any{"bob", "spend", "total", "SELECT"}, "f"},
		{"has_schema_privilege", []any{"public", "USAGE"}, "t"},
		{"has_schema_privilege", []any{"public", "CREATE"}, "f"},
		{"has_schema_privilege", []any{"bob", 2200, "CREATE"}, "t"},
		{"has_schema_privilege", []any{"root", "pg_catalog", "CREATE"}, "f"},
		{"has_schema_privilege", []any{"nothing", "USAGE"}, "3F000"},
		{"has_database_privilege", []any{"d", "CONNECT"}, "t"},
		{"has_database_privilege", []any{"d", "CREATE"}, "f"},
		{"has_database_privilege", []any{"d", "TEMP, CREATE"}, "t"},
		{"has_function_privilege", []any{"now()", "EXECUTE"}, "t"},
		{"has_parameter_privilege", []any{"work_mem", "ALTER SYSTEM"}, "f"},
		{"has_parameter_privilege", []any{"work_mem", "ALTER"}, "22023"},
		{"pg_has_role", []any{"ana", "USAGE"}, "t"},
		{"pg_has_role", []any{"bob", "MEMBER"}, "f"},
		{"pg_has_role", []any{"root", "bob", "MEMBER"}, "t"},
		{"pg_has_role", []any{11, "USAGE"}, "t"},
	} {
		if got := call(s, c.name, c.args...); got != c.want {
			t.Errorf("%s%v is %s, want %s", c.name, c.args, got, c.want)
		}
	}
	everybody := &Snapshot{Database: "d", User: "app", Relations: []Relation{{OID: 20000, Name: "spend", Right: "spend"}}}
	if got := call(everybody, "has_table_privilege", "spend", "SELECT") + call(everybody, "has_schema_privilege", "public", "CREATE"); got != "tt" {
		t.Errorf("without users %s", got)
	}
}

// A relation's key is a primary key with an index, as a real server has one.
func TestKeysAreConstraints(t *testing.T) {
	s := &Snapshot{Database: "d", User: "u", Relations: []Relation{{
		OID: 20000, Name: "Odd", Key: []int{1, 0}, KeyOID: 20001, IndexOID: 20002,
		Columns: types.Schema{{Name: "a b", Type: types.Type{Kind: types.Varchar}}, {Name: "n", Type: types.Type{Kind: types.Int8}}, {Name: "x", Type: types.Type{Kind: types.Text}}},
	}}}
	cell := func(schema, table, column string) string {
		of := Find(schema, table)
		for _, row := range s.Rows(of) {
			for i, c := range of.Columns {
				if c.Name == column && (table != "pg_class" || row[0].I == 20002) {
					return row[i].String()
				}
			}
		}
		return "no row"
	}
	for _, c := range []struct{ schema, table, column, want string }{
		{"pg_catalog", "pg_constraint", "conname", "Odd_pkey"},
		{"pg_catalog", "pg_constraint", "conkey", "{2,1}"},
		{"pg_catalog", "pg_constraint", "conindid", "20002"},
		{"pg_catalog", "pg_index", "indkey", "{2,1}"},
		{"pg_catalog", "pg_index", "indclass", "{3124,3126}"},
		{"pg_catalog", "pg_index", "indcollation", "{0,100}"},
		{"pg_catalog", "pg_class", "relkind", "i"},
		{"pg_catalog", "pg_class", "relname", "Odd_pkey"},
		{"information_schema", "table_constraints", "constraint_type", "PRIMARY KEY"},
		{"information_schema", "key_column_usage", "column_name", "n"},
	} {
		if got := cell(c.schema, c.table, c.column); got != c.want {
			t.Errorf("%s.%s.%s is %s, want %s", c.schema, c.table, c.column, got, c.want)
		}
	}
	for _, c := range []struct {
		name string
		args []any
		want string
	}{
		{"pg_get_constraintdef", []any{20001}, `PRIMARY KEY (n, "a b")`},
		{"pg_get_indexdef", []any{20002}, `CREATE UNIQUE INDEX "Odd_pkey" ON public."Odd" USING btree (n, "a b")`},
		{"pg_get_indexdef", []any{20002, 2, 1}, `"a b"`},
		{"pg_get_indexdef", []any{20002, 3, 1}, ``},
		{"pg_get_indexdef", []any{20000}, "NULL"},
	} {
		if got := call(s, c.name, c.args...); got != c.want {
			t.Errorf("%s%v is %s, want %s", c.name, c.args, got, c.want)
		}
	}
	if oid, err := s.resolve(types.Regclass, `"Odd_pkey"`); err != nil || oid != 20002 || s.print(types.Regclass, oid) != `"Odd_pkey"` {
		t.Errorf("the index is %d, %v", oid, err)
	}
	long := Relation{Name: strings.Repeat("ä", 40)}
	if got := long.keyName(); len(got) > 63 || !strings.HasSuffix(got, "ä_pkey") {
		t.Errorf("a long name's key is %q", got)
	}
}
