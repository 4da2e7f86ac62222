package pgcatalog

import (
	"context"
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
