package engine_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// clientStatement is a recorded statement with the values of its parameters.
type clientStatement struct {
	client, text string
	params       []string
}

func clientStatements(t *testing.T) []clientStatement {
	b, err := os.ReadFile("testdata/clients/statements.txt")
	if err != nil {
		t.Fatal(err)
	}
	var out []clientStatement
	for line := range strings.Lines(string(b)) {
		f := strings.SplitN(strings.TrimSuffix(line, "\n"), "\t", 3)
		if len(f) < 3 || strings.HasPrefix(line, "#") {
			continue
		}
		s := clientStatement{client: f[0], text: f[2]}
		if f[1] != "" {
			s.params = strings.Split(f[1], "|")
		}
		out = append(out, s)
	}
	return out
}

// TestClientsReadCatalogs runs what clients send when they look around: every statement has an answer.
func TestClientsReadCatalogs(t *testing.T) {
	e := clientsShop(t)
	s := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "app"})
	for _, st := range clientStatements(t) {
		if !strings.Contains(st.text, "pg_") && !strings.Contains(st.text, "information_schema") {
			continue
		}
		if _, err := answer(s, st); err != nil {
			t.Errorf("%s\n%s\n%.400s", st.client, err, st.text)
		}
	}
	if n := e.UnplannedCatalogQueries(); n > 0 {
		t.Errorf("%d statements could not be planned", n)
	}
}

// TestClientsSeeRelations asks what a client does of our relations, and compares the rows.
func TestClientsSeeRelations(t *testing.T) {
	e := clientsShop(t)
	s := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "app"})
	if err := s.Exec(t.Context(), "CREATE TEMP TABLE labels (id BIGINT PRIMARY KEY, ts TIMESTAMPTZ)"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, sql, want string }{
		{
			"\\d", "SELECT n.nspname, c.relname, c.relkind, pg_catalog.pg_get_userbyid(c.relowner) FROM pg_catalog.pg_class c LEFT JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind IN ('r','p','v','m','S','f','') AND n.nspname <> 'pg_catalog' AND n.nspname !~ '^pg_toast' AND n.nspname <> 'information_schema' AND pg_catalog.pg_table_is_visible(c.oid) ORDER BY 1,2",
			"public|customers|v|app public|labels|r|app public|m_orders|v|app public|m_orders_history|v|app public|orders|v|app public|v_orders|v|app public|v_orders_history|v|app",
		},
		{"\\d v_orders", "SELECT a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnum FROM pg_catalog.pg_attribute a WHERE a.attrelid = 'v_orders'::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum", "customer_id|bigint|1 total|numeric|2"},
		{
			"\\d labels", "SELECT c2.relname, i.indisprimary, c.relhasindex, pg_get_indexdef(i.indexrelid, 0, true), pg_get_constraintdef(con.oid, true) FROM pg_class c, pg_class c2, pg_index i LEFT JOIN pg_constraint con ON (conrelid = i.indrelid AND conindid = i.indexrelid AND contype IN ('p','u','x')) WHERE c.oid = 'labels'::regclass AND c.oid = i.indrelid AND i.indexrelid = c2.oid",
			"labels_pkey|t|t|CREATE UNIQUE INDEX labels_pkey ON labels USING btree (id)|PRIMARY KEY (id)",
		},
		{"keys", "SELECT table_name, constraint_name, column_name FROM information_schema.key_column_usage ORDER BY 1", "labels|labels_pkey|id m_orders|m_orders_pkey|customer_id v_orders|v_orders_pkey|customer_id"},
		{"\\sv", "SELECT pg_catalog.pg_get_viewdef('v_orders'::regclass, true)", " SELECT customer_id, SUM(amount) AS total FROM orders GROUP BY customer_id;"},
		{"comment", "SELECT obj_description('public.v_orders'::regclass, 'pg_class')", "what a customer SELECTs"},
		{
			"columns", "SELECT column_name, data_type, udt_name, numeric_precision, numeric_scale, is_nullable FROM information_schema.columns WHERE table_schema = 'public' AND table_name = 'orders' ORDER BY ordinal_position",
			"id|bigint|int8|64|0|YES customer_id|bigint|int8|64|0|YES amount|numeric|numeric|12|2|YES status|character varying|varchar|NULL|NULL|YES at|timestamp with time zone|timestamptz|NULL|NULL|YES",
		},
		{"tables", "SELECT table_name, table_type FROM information_schema.tables WHERE table_schema = 'public' ORDER BY 1", "customers|VIEW labels|LOCAL TEMPORARY m_orders|VIEW m_orders_history|VIEW orders|VIEW v_orders|VIEW v_orders_history|VIEW"},
		{"\\l", "SELECT datname, pg_encoding_to_char(encoding) FROM pg_database", "shop|UTF8"},
		{"\\du", "SELECT rolname, rolsuper FROM pg_roles", "app|t"},
		{"regclass", "SELECT 'orders'::regclass, 'orders'::regclass::oid = c.oid, c.oid::regclass::text FROM pg_class c WHERE relname = 'orders'", "orders|t|orders"},
		{"regtype", "SELECT typname, oid::regtype::text, typinput FROM pg_type WHERE oid = to_regtype('int8')", "int8|bigint|int8in"},
		{"nothing", "SELECT to_regclass('nothing'), to_regtype('hstore')", "NULL|NULL"},
		{"pgjdbc", "SELECT * FROM (SELECT a.attname, row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attnum) AS attnum FROM pg_catalog.pg_class c JOIN pg_catalog.pg_attribute a ON (a.attrelid=c.oid) WHERE c.relname LIKE 'v_orders') c ORDER BY attnum", "customer_id|1 total|2"},
		{"keywords", "select string_agg(word, ',') from pg_catalog.pg_get_keywords() where word IN ('abort', 'zone')", "abort,zone"},
		{"series", "SELECT s.i, (current_schemas(false))[s.i] FROM generate_series(1, array_upper(current_schemas(false), 1)) AS s(i)", "1|public"},
		{"ordinality", "SELECT * FROM unnest(ARRAY['a','b']) WITH ORDINALITY AS u(v, n)", "a|1 b|2"},
		{"key", "SELECT a.attname, k.n FROM pg_attribute a JOIN (SELECT conrelid, unnest(conkey) AS attnum, generate_subscripts(conkey, 1) AS n FROM pg_constraint WHERE contype = 'p') k ON a.attrelid = k.conrelid AND a.attnum = k.attnum WHERE a.attrelid = 'v_orders'::regclass", "customer_id|1"},
		{"pgjdbc's key", "SELECT r.a, r.seq, r.name FROM (SELECT a.attname AS a, (information_schema._pg_expandarray(i.indkey)).n AS seq, information_schema._pg_expandarray(i.indkey) AS keys, a.attnum AS at, ci.relname AS name FROM pg_catalog.pg_class ct JOIN pg_catalog.pg_attribute a ON (ct.oid = a.attrelid) JOIN pg_catalog.pg_index i ON (a.attrelid = i.indrelid) JOIN pg_catalog.pg_class ci ON (ci.oid = i.indexrelid) WHERE ct.relname = 'm_orders' AND i.indisprimary) r WHERE r.at = (r.keys).x", "customer_id|1|m_orders_pkey"},
		{"a transaction's age", "SELECT pg_catalog.age(l.transactionid) FROM pg_catalog.pg_locks l", ""},
		{"array", "SELECT ARRAY(SELECT word FROM pg_get_keywords() WHERE word LIKE 'zon%' ORDER BY 1)", "{zone}"},
		{"outlined", "SELECT oid, 1 AS one, rank() OVER (ORDER BY typname) FROM pg_type", ""},
	} {
		rows, err := answer(s, clientStatement{text: c.sql})
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var lines []string
		for _, r := range rows {
			lines = append(lines, strings.Join(r, "|"))
		}
		if got := strings.Join(lines, " "); got != c.want {
			t.Errorf("%s:\n%s\nwant\n%s", c.name, got, c.want)
		}
	}
	for _, wrong := range []string{
		"SELECT 'nothing'::regclass", "SELECT * FROM pg_nothing", "SELECT * FROM pg_class WHERE", "SELECT nothing FROM pg_class, orders", "SELECT rank() OVER (ORDER BY id) FROM orders",
	} {
		if _, err := answer(s, clientStatement{text: wrong}); err == nil {
			t.Errorf("%s is no error", wrong)
		}
	}
}

// TestUnplannedQueriesHaveTypedColumns asks what cannot be planned: it is counted, and those of its columns that can be planned alone have their types.
func TestUnplannedQueriesHaveTypedColumns(t *testing.T) {
	e := clientsShop(t)
	s := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "app"})
	for n, c := range []struct{ sql, want string }{
		{"SELECT c.oid, relname AS name, 1 AS one, rank() OVER (ORDER BY relname), relnatts::int + 1 AS n FROM pg_class c ORDER BY 2", "oid oid, name name, one integer, rank text, n integer"},
		{"SELECT n.*, rank() OVER () AS r FROM pg_namespace n", "oid oid, nspname name, nspowner oid, nspacl aclitem[], r text"},
		{"SELECT count(*), max(relname), lead(relkind) OVER () FROM pg_class GROUP BY relkind UNION SELECT 1, '', ''", "count bigint, max text, lead text"},
		{"SELECT oid, relname FROM pg_class TABLESAMPLE system (1)", "oid text, relname text"},
	} {
		r, err := s.Query(t.Context(), c.sql)
		if err != nil {
			t.Fatal(err)
		}
		var columns []string
		for _, col := range r.Columns() {
			columns = append(columns, col.Name+" "+col.Type.String())
		}
		if got := strings.Join(columns, ", "); got != c.want || r.Next() || e.UnplannedCatalogQueries() != int64(n+1) {
			t.Errorf("%s\n%s\nwant\n%s", c.sql, got, c.want)
		}
		_ = r.Close()
	}
}

// TestPrivilegesFollowGrants asks has_table_privilege and its kin through a door, before and after rights change.
func TestPrivilegesFollowGrants(t *testing.T) {
	e := clientsShop(t)
	root := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "root", Door: "postgres"})
	ana := e.NewSessionWith(engine.SessionOptions{Database: "shop", User: "ana", Door: "postgres"})
	const rights = `SELECT has_table_privilege('orders', 'SELECT'), has_table_privilege('v_orders', 'SELECT'), has_table_privilege('v_orders_history', 'SELECT'),
		has_table_privilege('root', 'orders', 'SELECT'), has_table_privilege('orders', 'INSERT'), has_schema_privilege('public', 'CREATE'), has_database_privilege('shop', 'CONNECT'),
		(SELECT count(*) FROM pg_class c WHERE relname LIKE '%orders' AND has_table_privilege(c.oid, 'SELECT'))`
	check := func(s *engine.Session, want string) {
		t.Helper()
		rows, err := answer(s, clientStatement{text: rights})
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(rows[0], " "); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	do := func(sql string) {
		t.Helper()
		if err := e.Exec(t.Context(), sql); err != nil {
			t.Fatal(err)
		}
	}
	check(root, "t t t t f t t 3")
	do("CREATE USER root PASSWORD 'secret'")
	do("CREATE USER ana PASSWORD 'secret'")
	check(root, "t t t t f t t 3")
	check(ana, "f f f t f f t 0")
	do("GRANT SELECT ON v_orders TO ana")
	check(ana, "f t t t f f t 1")
	do("GRANT CREATE ON SCHEMA public TO ana")
	do("GRANT SELECT ON orders, customers TO ana")
	check(ana, "t t t t f t t 2")
	do("REVOKE SELECT ON v_orders FROM ana")
	check(ana, "t f f t f t t 1")
}

// TestTypesAreIntrospectedAsByPostgres runs the recursive query by which asyncpg finds out what a type is made of, and compares the rows.
func TestTypesAreIntrospectedAsByPostgres(t *testing.T) {
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		t.Skip("set ASOF_TEST_POSTGRES: .ci/test does")
	}
	conn, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.Background()) }()
	if _, err := conn.Exec(t.Context(), "SET jit = off").ReadAll(); err != nil { // which takes a second for each, as asyncpg knows
		t.Fatal(err)
	}
	s := clientsShop(t).NewSessionWith(engine.SessionOptions{Database: "shop", User: "app"})
	compared := 0
	for _, st := range clientStatements(t) {
		if !strings.HasPrefix(st.text, "WITH RECURSIVE typeinfo_tree") {
			continue
		}
		for _, oids := range []string{"{3807,1007}", "{20,1016,1700,1231,1184,1185,25,1009,2950,2951,114,17,16}", "{3904,3912,4451,1028,18,2278}", "{}"} {
			r := conn.ExecParams(t.Context(), st.text, [][]byte{[]byte(oids)}, nil, nil, nil).Read()
			if r.Err != nil {
				t.Fatal(r.Err)
			}
			st.params = []string{oids}
			rows, err := answer(s, st)
			if err != nil {
				t.Fatal(err)
			}
			var got, want []string
			for _, row := range rows {
				got = append(got, strings.Join(row, "|"))
			}
			for _, row := range r.Rows {
				var cells []string
				for _, cell := range row {
					if cell == nil {
						cell = []byte("NULL")
					}
					cells = append(cells, string(cell))
				}
				want = append(want, strings.Join(cells, "|"))
			}
			p, err := s.Prepare(t.Context(), mustSplit(t, s, st.text), nil)
			if err != nil {
				t.Fatal(err)
			}
			described, err := conn.Prepare(t.Context(), "", st.text, nil)
			if err != nil {
				t.Fatal(err)
			}
			if oid := p.Params()[0].OID(); oid != described.ParamOIDs[0] {
				t.Errorf("%s: $1 is a %d, PostgreSQL's a %d", st.client, oid, described.ParamOIDs[0])
			}
			for i, f := range r.FieldDescriptions {
				if c := p.Columns()[i]; c.Name != f.Name || c.Type.OID() != f.DataTypeOID {
					t.Errorf("%s: column %s is a %d, PostgreSQL's %s a %d", st.client, c.Name, c.Type.OID(), f.Name, f.DataTypeOID)
				}
			}
			slices.Sort(got)
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("%s, %s\n%s\nPostgreSQL\n%s", st.client, oids, strings.Join(got, "\n"), strings.Join(want, "\n"))
			}
			compared++
		}
	}
	if compared < 8 {
		t.Errorf("%d compared", compared)
	}
}

func mustSplit(t *testing.T, s *engine.Session, text string) engine.Statement {
	t.Helper()
	statements, err := s.Split(text)
	if err != nil {
		t.Fatal(err)
	}
	return statements[0]
}

// clientsShop is a database with the relations that the statements ask about.
func clientsShop(t *testing.T) *engine.Engine {
	dir := t.TempDir()
	e := openEngine(t, filepath.Join(dir, "data"), engine.Options{})
	plainSource(t, e, dir, "customers", "id BIGINT, name TEXT, vip BOOLEAN, score DOUBLE PRECISION", `{"id":1,"name":"a","vip":true,"score":1.5,"at":"2025-05-20T10:00:00Z"}`)
	plainSource(t, e, dir, "orders", "id BIGINT, customer_id BIGINT, amount NUMERIC(12,2), status VARCHAR(20)",
		`{"id":1,"customer_id":1,"amount":"1.5","status":"paid","at":"2025-05-20T10:00:00Z"}`)
	for _, name := range []string{"v_orders", "m_orders"} {
		err := e.Exec(t.Context(), "CREATE FEATURE "+name+" WITH (description = 'what a customer SELECTs') AS SELECT customer_id, SUM(amount) AS total FROM orders GROUP BY customer_id")
		if err != nil {
			t.Fatal(err)
		}
	}
	return e
}

// answer runs a statement as a client's extended protocol does.
func answer(s *engine.Session, st clientStatement) (rows [][]string, err error) {
	ctx := context.Background()
	statements, err := s.Split(st.text)
	if err != nil {
		return nil, err
	}
	p, err := s.Prepare(ctx, statements[0], nil)
	if err != nil {
		return nil, err
	}
	params := make([]types.Value, len(p.Params()))
	for i := range params {
		if i < len(st.params) {
			params[i] = types.NewText(st.params[i])
		}
	}
	r, err := p.Query(ctx, params)
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	for r.Next() {
		var row []string
		for _, v := range r.Values() {
			row = append(row, v.String())
		}
		rows = append(rows, row)
	}
	return rows, r.Err()
}
