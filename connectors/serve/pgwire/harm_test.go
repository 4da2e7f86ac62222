package pgwire_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"

	"github.com/asofdb/asof/connectors/serve/pgwire"
	"github.com/asofdb/asof/connectors/wiretest"
)

// conversation is what a client may do in a session, from its first byte to its last, and what it was told.
func conversation(ctx context.Context, addr string) (told string, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, "postgres://ana@"+addr+"/shop?sslmode=disable")
	if err != nil {
		return "", err
	}
	defer c.Close(context.Background())
	var b strings.Builder
	var total string
	var n int64
	if err := c.QueryRow(ctx, "SELECT total::text, n FROM spend WHERE customer = $1", "ann").Scan(&total, &n); err != nil {
		return b.String(), err
	}
	fmt.Fprintln(&b, total, n)
	results, err := c.PgConn().Exec(ctx, "BEGIN; CREATE TEMP TABLE labels (who TEXT, n BIGINT); SELECT COUNT(*) FROM orders; COMMIT").ReadAll()
	if err != nil {
		return b.String(), err
	}
	fmt.Fprintf(&b, "%q\n", results[2].Rows)
	in, err := c.CopyFrom(ctx, pgx.Identifier{"labels"}, []string{"who", "n"}, pgx.CopyFromRows([][]any{{"ann", int64(1)}, {"bob", int64(2)}, {"eve", nil}}))
	if err != nil {
		return b.String(), err
	}
	var out bytes.Buffer
	if _, err := c.PgConn().CopyTo(ctx, &out, "COPY (SELECT l.who, s.total FROM labels l LEFT JOIN spend s ON s.customer = l.who ORDER BY 1) TO STDOUT (FORMAT csv)"); err != nil {
		return b.String(), err
	}
	fmt.Fprintln(&b, in, out.String())
	batch := &pgx.Batch{}
	for range 3 {
		batch.Queue("SELECT who FROM labels WHERE n = $1", 2)
	}
	err = c.SendBatch(ctx, batch).Close()
	return b.String(), err
}

const conversationTold = "12.50 2\n[[\"3\"]]\n3 ann,12.50\nbob,7.00\neve,\n\n"

// servedQuietly is served, with a server that reports what it must never say.
func servedQuietly(t testing.TB, o pgwire.Options) (addr string, s *pgwire.Server) {
	t.Helper()
	o.Logger = slog.New(slog.NewTextHandler(wiretest.NoPanic{TB: t}, nil))
	return servedBy(t, o)
}

// Wherever a conversation is cut, in either direction, the client has been told what is true or nothing, the server forgets it, and others go on.
func TestConversationsThatAreCut(t *testing.T) {
	addr, s := servedQuietly(t, pgwire.Options{})
	whole := wiretest.New(t, addr, wiretest.Fault{})
	if told, err := conversation(t.Context(), whole.Addr); err != nil || told != conversationTold {
		t.Fatalf("told %q, %v", told, err)
	}
	up, down := whole.Up.Load(), whole.Down.Load()
	step := int64(7)
	if testing.Short() {
		step = 61
	}
	cut := func(name string, f wiretest.Fault) {
		told, err := conversation(t.Context(), wiretest.New(t, addr, f).Addr)
		if !strings.HasPrefix(conversationTold, told) {
			t.Errorf("%s: told %q", name, told)
		}
		if err == nil && told != conversationTold {
			t.Errorf("%s: no error, and told %q", name, told)
		}
	}
	for at := int64(1); at < up; at += step {
		cut(fmt.Sprintf("cut after %d bytes of the client", at), wiretest.Fault{CutUp: at})
	}
	for at := int64(1); at < down; at += step {
		cut(fmt.Sprintf("cut after %d bytes of the server", at), wiretest.Fault{CutDown: at})
	}
	wiretest.Forgotten(t, s.Connections, time.Minute)
	if told, err := conversation(t.Context(), addr); err != nil || told != conversationTold {
		t.Fatalf("afterwards: told %q, %v", told, err)
	}
}

// A conversation of single bytes is the same conversation.
func TestConversationsThatTrickle(t *testing.T) {
	addr, s := servedQuietly(t, pgwire.Options{})
	if told, err := conversation(t.Context(), wiretest.New(t, addr, wiretest.Fault{Trickle: true}).Addr); err != nil || told != conversationTold {
		t.Fatalf("told %q, %v", told, err)
	}
	wiretest.Forgotten(t, s.Connections, time.Minute)
}

// Clients whose network swallows everything, and such as stop in the middle of a message, harm nobody and are forgotten.
func TestHalfOpenClients(t *testing.T) {
	addr, s := servedQuietly(t, pgwire.Options{StartupTimeout: 2 * time.Second, WriteTimeout: 300 * time.Millisecond})
	swallowing := wiretest.New(t, addr, wiretest.Fault{SwallowDown: 1})
	for i := range 40 {
		to := addr
		if i%2 == 0 {
			to = swallowing.Addr
		}
		c, err := net.Dial("tcp", to)
		if err != nil {
			t.Fatal(err)
		}
		defer c.Close()
		if _, err := c.Write(append(startupMessage("ana"), "Q\x00\x00\x01\x00SELECT"...)); err != nil {
			t.Fatal(err)
		}
	}
	if told, err := conversation(t.Context(), addr); err != nil || told != conversationTold {
		t.Fatalf("beside them: told %q, %v", told, err)
	}
	wiretest.Forgotten(t, s.Connections, time.Minute)
}

// Five hundred clients are served at once, at a bounded cost each, and the next is told that they are too many.
func TestFiveHundredClients(t *testing.T) {
	addr, s := servedQuietly(t, pgwire.Options{})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	url := "postgres://ana@" + addr + "/shop?sslmode=disable"
	var all []*pgconn.PgConn
	for range 500 {
		c := connect(t, url)
		all = append(all, c)
		r := c.ExecParams(t.Context(), "SELECT n FROM spend WHERE customer = $1", [][]byte{[]byte("ann")}, nil, nil, nil).Read()
		if r.Err != nil || string(r.Rows[0][0]) != "2" {
			t.Fatalf("client %d: %q, %v", len(all), r.Rows, r.Err)
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	// Both ends are in this process: a client of pgconn costs some 30 KB.
	each := (int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)) / 500
	t.Logf("%d bytes for each client and its server's side", each)
	if each > 256<<10 {
		t.Errorf("a client costs %d bytes", each)
	}
	var pe *pgconn.PgError
	if _, err := pgconn.Connect(t.Context(), url); !errors.As(err, &pe) || pe.Code != "53300" {
		t.Errorf("one too many: %v", err)
	}
	for i, c := range all {
		if i%50 == 0 {
			if got := script(t, c, "SELECT 1"); got != `[["1"]] SELECT 1;  [I]` {
				t.Errorf("client %d: %s", i, got)
			}
		}
		c.Close(t.Context())
	}
	wiretest.Forgotten(t, s.Connections, time.Minute)
	connect(t, url)
}

// A statement that would need more memory than it may have ends with an error, or writes to disk; others go on, and its session too.
func TestStatementsThatWantAllMemory(t *testing.T) {
	addr, _ := servedQuietly(t, pgwire.Options{})
	greedy := connect(t, "postgres://"+addr+"/asof?sslmode=disable")
	other := connect(t, "postgres://"+addr+"/asof?sslmode=disable")
	if got := script(t, greedy, "SET memory_limit = '1MB'"); !strings.Contains(got, "SET") {
		t.Fatal(got)
	}
	many := "(SELECT a.id::text || b.id || c.id || d.id || e.id || f.id || g.id || h.id || i.id || j.id AS x FROM orders a, orders b, orders c, orders d, orders e, orders f, orders g, orders h, orders i, orders j) x"
	for sql, want := range map[string]string{
		"SELECT COUNT(DISTINCT x) FROM " + many:                       "53200",
		"SELECT x FROM " + many + " ORDER BY x DESC LIMIT 1 OFFSET 2": "3333333331",
	} {
		done := make(chan string)
		go func() { done <- script(t, greedy, sql) }()
		if got := script(t, other, "SELECT COUNT(*) FROM spend"); got != `[["2"]] SELECT 1;  [I]` {
			t.Errorf("beside it: %s", got)
		}
		if got := <-done; !strings.Contains(got, want) || !strings.HasSuffix(got, "[I]") {
			t.Errorf("%.40s: %.200s", sql, got)
		}
	}
}

// FuzzConnection sends whatever bytes after a good startup, or in its place: the server answers or closes, never panics, and keeps no client.
func FuzzConnection(f *testing.F) {
	for _, script := range [][]pgproto3.FrontendMessage{
		{&pgproto3.Query{String: "SELECT 1; SELECT * FROM spend"}, &pgproto3.Terminate{}},
		{&pgproto3.Parse{Name: "s", Query: "SELECT $1::int8, n FROM spend"}, &pgproto3.Describe{ObjectType: 'S', Name: "s"}, &pgproto3.Bind{PreparedStatement: "s", Parameters: [][]byte{[]byte("7")}}, &pgproto3.Execute{MaxRows: 1}, &pgproto3.Execute{}, &pgproto3.Close{ObjectType: 'S', Name: "s"}, &pgproto3.Sync{}},
		{&pgproto3.Query{String: "CREATE TEMP TABLE l (n BIGINT); COPY l FROM STDIN"}, &pgproto3.CopyData{Data: []byte("1\n2\n")}, &pgproto3.CopyDone{}, &pgproto3.Query{String: "COPY l TO STDOUT (FORMAT binary)"}},
		{&pgproto3.Bind{}, &pgproto3.Flush{}, &pgproto3.Sync{}, &pgproto3.CopyFail{Message: "no"}, &pgproto3.FunctionCall{Function: 1}},
		{&pgproto3.Query{String: "BEGIN; DECLARE c SCROLL CURSOR FOR SELECT * FROM orders; FETCH 2 FROM c; FETCH BACKWARD 1 FROM c; SAVEPOINT a; ROLLBACK TO a; COMMIT"}},
	} {
		var all []byte
		for _, m := range script {
			var err error
			if all, err = m.Encode(all); err != nil {
				f.Fatal(err)
			}
		}
		f.Add(true, all)
	}
	f.Add(false, []byte("\x00\x00\x00\x08\x04\xd2\x16\x2f\x00\x00\x00\x10\x04\xd2\x16\x2e\x00\x00\x00\x01\x00\x00\x00\x01"))
	f.Add(false, []byte("\x16\x03\x01\x02\x00\x01\x00\x01\xfc"))
	addr, s := servedQuietly(f, pgwire.Options{StartupTimeout: 50 * time.Millisecond, WriteTimeout: 2 * time.Second})
	f.Fuzz(func(t *testing.T, begun bool, sent []byte) {
		var opening []byte
		if begun {
			opening = startupMessage("ana")
		}
		wiretest.End(t, addr, opening, sent)
		wiretest.Forgotten(t, s.Connections, time.Minute)
	})
}
