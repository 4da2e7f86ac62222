package pgwire_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"go.uber.org/goleak"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/serve/pgwire"
	"github.com/asofdb/asof/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// served is an engine with the source orders and the feature spend, and its door's address.
func served(t *testing.T, o pgwire.Options) (e *engine.Engine, addr string) {
	t.Helper()
	e = shop(t)
	addr, _ = serve(t, e, o)
	return e, addr
}

// servedBy is served, for those who look at the server.
func servedBy(t testing.TB, o pgwire.Options) (addr string, s *pgwire.Server) {
	t.Helper()
	return serve(t, shop(t), o)
}

// shop is an engine with the source orders and the feature spend. It is closed after the server, whose cleanup comes later.
func shop(t testing.TB) *engine.Engine {
	t.Helper()
	dir := t.TempDir()
	rows := `{"op":"c","source":{"ts_ms":1747735200000},"before":null,"after":{"id":1,"customer":"ann","amount":"10.00"}}
{"op":"c","source":{"ts_ms":1747735201000},"before":null,"after":{"id":2,"customer":"ann","amount":"2.50"}}
{"op":"c","source":{"ts_ms":1747735202000},"before":null,"after":{"id":3,"customer":"bob","amount":"7.00"}}
`
	path := filepath.Join(dir, "orders.ndjson")
	if err := os.WriteFile(path, []byte(rows), 0o600); err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	err = e.Exec(t.Context(), `CREATE SOURCE orders (id BIGINT PRIMARY KEY, customer TEXT, amount NUMERIC(10,2)) WITH (connector = 'file', path = '`+path+`') FORMAT DEBEZIUM ENCODE JSON;
		CREATE FEATURE spend ENTITY customer (customer) AS SELECT customer, SUM(amount) AS total, COUNT(*) AS n FROM orders GROUP BY customer`)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func serve(t testing.TB, e *engine.Engine, o pgwire.Options) (addr string, s *pgwire.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = pgwire.New(e, o)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := errors.Join(s.Shutdown(ctx), <-done); err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), s
}

func connect(t *testing.T, url string) *pgconn.PgConn {
	t.Helper()
	c, err := pgconn.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close(context.Background()) })
	return c
}

// both connects to the door and to a real PostgreSQL.
func both(t *testing.T) (ours, theirs *pgconn.PgConn) {
	t.Helper()
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("ASOF_TEST_POSTGRES is not set")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15 to compare with it")
	}
	_, addr := served(t, pgwire.Options{})
	ours, theirs = connect(t, "postgres://"+addr+"/asof?sslmode=disable"), connect(t, url)
	for _, c := range []*pgconn.PgConn{ours, theirs} {
		if _, err := c.Exec(t.Context(), "SET TimeZone = 'Asia/Kolkata'").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	return ours, theirs
}

// edges are values of every type, as PostgreSQL and asof read them.
var edges = map[string][]string{
	"bool": {"true", "false"}, "int2": {"-32768", "32767", "0"}, "int4": {"-2147483648", "2147483647"}, "int8": {"-9223372036854775808", "9223372036854775807", "0"},
	"float4":        {"0", "-0", "1e-45", "3.4028235e38", "0.1", "NaN", "Infinity", "-Infinity", "16777217"},
	"float8":        {"0", "-0", "5e-324", "1.7976931348623157e308", "0.1", "NaN", "Infinity", "-Infinity", "1e20", "123456789012345678"},
	"numeric":       {"0", "0.00", "-1.50", "1e-20", "123456789012345678901234567890.123456789", "NaN", "10000", "99990000", "0.0001", "1e30"},
	"numeric(10,2)": {"0", "12.5", "-99999999.99"}, "text": {"", "a", "ü€😀", "tab\ttab", "line\nline", `back\slash`, `"quoted"`}, "varchar(5)": {"", "abcde"}, "char(4)": {"a", "abcd"},
	"date": {"2025-05-20", "1999-12-31", "infinity", "-infinity", "0001-01-01", "4713-01-01 BC"}, "time": {"00:00:00", "23:59:59.999999", "24:00:00"},
	"timestamp":   {"2025-05-20 14:30:00.123456", "infinity", "-infinity", "1969-12-31 23:59:59.999999"},
	"timestamptz": {"2025-05-20 14:30:00.123456+00", "2025-05-20 14:30:00+02", "infinity", "-infinity", "0001-01-01 00:00:00+00"},
	"interval":    {"0", "1 day", "-1 day +02:03:04.5", "1 year 2 months", "-00:00:00.000001"},
	"uuid":        {"00000000-0000-0000-0000-000000000000", "A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11"}, "bytea": {"", `\x00ff`}, "json": {`{"a": [1, null]}`, `"x"`},
	"int4[]": {"{}", "{1,NULL,-3}"}, "text[]": {"{}", `{a,"b,c",NULL,"NULL",""}`}, "numeric[]": {"{1.50,NULL}"}, "timestamptz[]": {"{2025-05-20 14:30:00+00}"}, "bool[]": {"{t,f}"},
}

// A value has the bytes, and its column the description, that PostgreSQL gives it: in text, in binary, as a result and as a parameter that comes back, and in COPY.
func TestValuesAreTheBytesOfPostgres(t *testing.T) {
	ours, theirs := both(t)
	for typ, values := range edges {
		for _, v := range append(values, "\x00") {
			lit := "'" + strings.ReplaceAll(v, "'", "''") + "'"
			if v == "\x00" {
				lit = "NULL"
			}
			sql := fmt.Sprintf("SELECT %s::%s AS v", lit, typ)
			for _, format := range []int16{0, 1} {
				a, b := ask(t, ours, sql, nil, format), ask(t, theirs, sql, nil, format)
				if a != b {
					t.Errorf("%s in format %d:\n ours   %s\n theirs %s", sql, format, a, b)
				}
				if v == "\x00" {
					continue
				}
				// What PostgreSQL sent in binary is a parameter of ours.
				echo := fmt.Sprintf("SELECT $1::%s AS v", typ)
				raw := theirs.ExecParams(t.Context(), sql, nil, nil, nil, []int16{format}).Read()
				param := [][]byte{raw.Rows[0][0]}
				a, b = askWith(t, ours, echo, param, format), askWith(t, theirs, echo, param, format)
				if a != b {
					t.Errorf("%s of %s in format %d:\n ours   %s\n theirs %s", echo, lit, format, a, b)
				}
			}
			for _, options := range []string{"", "(FORMAT csv)", "(FORMAT csv, HEADER, FORCE_QUOTE *, NULL 'none')", "(FORMAT binary)", "(DELIMITER '|', NULL '')"} {
				copied := fmt.Sprintf("COPY (%s) TO STDOUT %s", sql, options)
				var a, b bytes.Buffer
				_, errA := ours.CopyTo(t.Context(), &a, copied)
				_, errB := theirs.CopyTo(t.Context(), &b, copied)
				if errA != nil || errB != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
					t.Errorf("%s:\n ours   %q %v\n theirs %q %v", copied, a.Bytes(), errA, b.Bytes(), errB)
				}
			}
		}
	}
}

// ask is a result, with what describes its column.
func ask(t *testing.T, c *pgconn.PgConn, sql string, params [][]byte, format int16) string {
	t.Helper()
	return text(c.ExecParams(t.Context(), sql, params, nil, nil, []int16{format}).Read())
}

func askWith(t *testing.T, c *pgconn.PgConn, sql string, params [][]byte, format int16) string {
	t.Helper()
	return text(c.ExecParams(t.Context(), sql, params, nil, []int16{format}, []int16{format}).Read())
}

func text(r *pgconn.Result) string {
	var b strings.Builder
	for _, f := range r.FieldDescriptions {
		fmt.Fprintf(&b, "%s type %d size %d modifier %d format %d ", f.Name, f.DataTypeOID, f.DataTypeSize, f.TypeModifier, f.Format)
	}
	for _, row := range r.Rows {
		fmt.Fprintf(&b, "%q", row)
	}
	var pe *pgconn.PgError
	if errors.As(r.Err, &pe) {
		return pe.Code + " " + pe.Message
	}
	return fmt.Sprint(b.String(), r.CommandTag, r.Err)
}

// Errors have PostgreSQL's code, words and place, and the connection goes on after them.
func TestErrorsAreThoseOfPostgres(t *testing.T) {
	ours, theirs := both(t)
	for _, sql := range []string{
		"SELECT nothing", "SELECT 1 FROM nowhere", "SELECT 'x'::int4", "SELECT 1/0", "SELECT 'ü€', nothing", "SELECT nofunction(1)", "SELECT 1; SELECT 2/0; SELECT 3",
		"", ";", "-- a comment", "SELECT 32768::int2", "SELECT 'x' + 1", "SELECT '2025-13-01'::date", "BEGIN; SELECT 1/0", "SELECT 1", "ROLLBACK", "SELECT 2",
		"COMMIT", "EXECUTE nothing", "PREPARE p AS SELECT $1::int4 + 1", "EXECUTE p(41)", "DEALLOCATE p", "EXECUTE p(1)",
		"BEGIN", "DECLARE c CURSOR FOR SELECT x FROM (VALUES (1),(2),(3)) v(x)", "FETCH 2 FROM c", "FETCH ALL FROM c", "CLOSE c", "COMMIT", "SHOW nothing", "SET nothing.x = 1", "SHOW nothing.x",
		"SET statement_timeout = '5s'", "SHOW statement_timeout", "RESET ALL", "SHOW TimeZone", "SAVEPOINT s", "BEGIN", "SAVEPOINT s", "SELECT 1/0", "ROLLBACK TO s", "SELECT 5", "RELEASE s", "END",
	} {
		a, b := script(t, ours, sql), script(t, theirs, sql)
		if a != b {
			t.Errorf("%s:\n ours   %s\n theirs %s", sql, a, b)
		}
	}
}

// script is all that a script answers in the simple protocol.
func script(t *testing.T, c *pgconn.PgConn, sql string) string {
	t.Helper()
	var b strings.Builder
	results, err := c.Exec(t.Context(), sql).ReadAll()
	for _, r := range results {
		if r.CommandTag.String() != "" { // PostgreSQL computes constants before it describes the result
			fmt.Fprintf(&b, "%q %s; ", r.Rows, r.CommandTag)
		}
	}
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		if pe.Code == "26000" {
			pe.Position = 0 // ours says where the name stands
		}
		fmt.Fprintf(&b, "%s %s: %s at %d", pe.Severity, pe.Code, pe.Message, pe.Position)
	} else if err != nil {
		b.WriteString(err.Error())
	}
	return fmt.Sprintf("%s [%c]", b.String(), c.TxStatus())
}

func TestFeaturesThroughPgx(t *testing.T) {
	_, addr := served(t, pgwire.Options{})
	c, err := pgx.Connect(t.Context(), "postgres://ana@"+addr+"/shop?sslmode=disable")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(context.Background())
	for range 7 { // the sixth is prepared by name
		var total string
		var n int64
		if err := c.QueryRow(t.Context(), "SELECT total::text, n FROM spend WHERE customer = $1", "ann").Scan(&total, &n); err != nil || total != "12.50" || n != 2 {
			t.Fatalf("%s, %d, %v", total, n, err)
		}
		at := time.UnixMilli(1747735200001)
		if err := c.QueryRow(t.Context(), "SELECT total::text, n FROM spend AS OF $2 WHERE customer = $1", "ann", at).Scan(&total, &n); err != nil || total != "10.00" || n != 1 {
			t.Fatalf("AS OF: %s, %d, %v", total, n, err)
		}
	}
	var user, database string
	if err := c.QueryRow(t.Context(), "SELECT current_user, current_database()").Scan(&user, &database); err != nil || user != "ana" || database != "shop" {
		t.Errorf("%s, %s, %v", user, database, err)
	}
	if _, err := c.Exec(t.Context(), "CREATE TEMP TABLE labels (k TEXT, ts TIMESTAMPTZ)"); err != nil {
		t.Fatal(err)
	}
	rows := [][]any{{"ann", time.UnixMilli(1747735200500)}, {"bob", time.UnixMilli(1747735202001)}, {nil, time.UnixMilli(1747735202000)}}
	if n, err := c.CopyFrom(t.Context(), pgx.Identifier{"labels"}, []string{"k", "ts"}, pgx.CopyFromRows(rows)); err != nil || n != 3 {
		t.Fatalf("%d, %v", n, err)
	}
	var out bytes.Buffer
	if _, err := c.PgConn().CopyTo(t.Context(), &out, "COPY (SELECT l.k, s.total FROM labels l LEFT JOIN spend AS OF l.ts s ON s.customer = l.k) TO STDOUT"); err != nil || out.String() != "ann\t10.00\nbob\t7.00\n\\N\t\\N\n" {
		t.Errorf("%q, %v", out.String(), err)
	}
}

// With users the password is proved by SCRAM-SHA-256, and what is not granted is denied.
func TestUsers(t *testing.T) {
	o := pgwire.Options{}
	dir := t.TempDir()
	e, err := engine.Open(dir, engine.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	o.Users = e
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := pgwire.New(e, o)
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	defer func() { _ = s.Shutdown(context.Background()); <-done }()
	if err := e.Exec(t.Context(), "CREATE USER ana PASSWORD 'secret'; CREATE USER bo PASSWORD 'other'"); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ user, code string }{{"ana:secret", ""}, {"ana:Secret", "28P01"}, {"eve:secret", "28P01"}, {"bo:other", ""}} {
		conn, err := pgconn.Connect(t.Context(), "postgres://"+c.user+"@"+l.Addr().String()+"/asof?sslmode=disable")
		var pe *pgconn.PgError
		if errors.As(err, &pe); (err == nil) != (c.code == "") || pe != nil && pe.Code != c.code {
			t.Errorf("%s: %v", c.user, err)
		}
		if err == nil {
			_, err = conn.Exec(t.Context(), "CREATE USER x PASSWORD 'y'; DROP USER x").ReadAll()
			if (err == nil) != (c.user == "ana:secret") {
				t.Errorf("%s defines a user: %v", c.user, err)
			}
			conn.Close(context.Background())
		}
	}
}

// A peer that sends nothing, or anything but the protocol, is let go in time, and the others go on.
func TestGarbage(t *testing.T) {
	_, addr := served(t, pgwire.Options{StartupTimeout: time.Second})
	for _, bytes := range []string{"", "GET / HTTP/1.1\r\n\r\n", "\x00\x00\x00\x08\x00\x03\x00\x00", "\x7f\xff\xff\xff", "\x00\x00\x00\x04", "\x00\x00\x00\x09\x00\x03\x00\x00x", strings.Repeat("\xff", 1<<16)} {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, bytes); err != nil && !errors.Is(err, io.ErrClosedPipe) {
			t.Logf("%.20q: %v", bytes, err)
		}
		_ = c.SetReadDeadline(time.Now().Add(30 * time.Second))
		if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%.20q: still there", bytes)
		}
		c.Close()
	}
	conn := connect(t, "postgres://"+addr+"/asof?sslmode=disable")
	if got := script(t, conn, "SELECT 1"); got != `[["1"]] SELECT 1;  [I]` {
		t.Errorf("afterwards: %s", got)
	}
}

// A client that asks for gigabytes and does not read them holds a bounded part of them, stops itself alone, and is closed.
func TestAClientThatDoesNotRead(t *testing.T) {
	const rows = "FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g, orders h, orders i, orders j, orders k, orders l"
	for name, query := range map[string]string{
		"a query":      "SELECT repeat('x', 10000) " + rows,
		"COPY":         "COPY (SELECT repeat('x', 10000) " + rows + ") TO STDOUT",
		"many queries": strings.Repeat("SELECT repeat('x', 1000000); ", 5000),
	} {
		t.Run(name, func(t *testing.T) {
			addr, s := servedQuietly(t, pgwire.Options{WriteTimeout: time.Second})
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			slow, err := net.Dial("tcp", addr)
			if err != nil {
				t.Fatal(err)
			}
			defer slow.Close()
			message := startupMessage("ana")
			message = append(message, 'Q')
			message = binary.BigEndian.AppendUint32(message, uint32(len(query)+5))
			if _, err := slow.Write(append(append(message, query...), 0)); err != nil {
				t.Fatal(err)
			}
			conn := connect(t, "postgres://"+addr+"/asof?sslmode=disable")
			most := uint64(0)
			for begun := time.Now(); s.Connections() > 1; {
				if got := script(t, conn, "SELECT COUNT(*) FROM spend"); got != `[["2"]] SELECT 1;  [I]` {
					t.Fatalf("beside it: %s", got)
				}
				runtime.ReadMemStats(&after)
				most = max(most, after.HeapInuse-min(after.HeapInuse, before.HeapInuse))
				if time.Since(begun) > 30*time.Second {
					t.Fatal("the client is still there")
				}
			}
			if most > 128<<20 {
				t.Errorf("%d MB were held", most>>20)
			}
		})
	}
}

// startupMessage is the first message of a client.
func startupMessage(user string) []byte {
	body := "\x00\x03\x00\x00user\x00" + user + "\x00\x00"
	return append(binary.BigEndian.AppendUint32(nil, uint32(len(body)+4)), body...)
}

func TestCancelAndTimeout(t *testing.T) {
	_, addr := served(t, pgwire.Options{})
	c := connect(t, "postgres://"+addr+"/asof?sslmode=disable")
	heavy := "SELECT COUNT(*) FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g, orders h, orders i, orders j, orders k, orders l, orders m, orders n, orders o, orders p"
	time.AfterFunc(100*time.Millisecond, func() { _ = c.CancelRequest(context.Background()) })
	if got := script(t, c, heavy); !strings.Contains(got, "57014: canceling statement due to user request") {
		t.Errorf("cancelled: %s", got)
	}
	if got := script(t, c, "SET statement_timeout = 100"); !strings.Contains(got, "SET") {
		t.Error(got)
	}
	if got := script(t, c, heavy); !strings.Contains(got, "57014: canceling statement due to statement timeout") {
		t.Errorf("timed out: %s", got)
	}
	if got := script(t, c, "SELECT 1"); got != `[["1"]] SELECT 1;  [I]` {
		t.Errorf("afterwards: %s", got)
	}
}
