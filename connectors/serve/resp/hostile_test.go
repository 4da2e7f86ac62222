package resp_test

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/connectors/wiretest"
)

// patient reads a value again and again while somebody misbehaves, and fails the test when that takes long.
func patient(t *testing.T, addr string) {
	t.Helper()
	begun := time.Now()
	c := dial(t, addr)
	if got := c.do("HGET", "features:totals", "n"); got != "3" {
		t.Errorf("HGET: %s", got)
	}
	if took := time.Since(begun); took > 30*time.Second {
		t.Errorf("somebody else waited for %v", took)
	}
}

func TestGarbageIsClosed(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{RequestTimeout: 200 * time.Millisecond})
	for _, s := range []struct{ name, bytes, said string }{
		{"no length", "*1\r\nPING\r\n", "-ERR Protocol error: expected '$', got 'P'\r\n"},
		{"huge array", "*1000000000\r\n", "-ERR Protocol error: invalid multibulk length\r\n"},
		{"huge string", "*1\r\n$900000000\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"negative string", "*1\r\n$-1\r\n", "-ERR Protocol error: invalid bulk length\r\n"},
		{"long line", strings.Repeat("x", 70<<10), "-ERR Protocol error: too big inline request\r\n"},
		{"long count", "*" + strings.Repeat("1", 70<<10), "-ERR Protocol error: too big mbulk count string\r\n"},
		{"open quote", "HGET \"x\r\n", "-ERR Protocol error: unbalanced quotes in request\r\n"},
		{"wrong end", "*1\r\n$4\r\nPINGxx", "-ERR Protocol error: a bulk string does not end where its length says\r\n"},
		{"web page", "POST / HTTP/1.1\r\nHost: x\r\n\r\n", "-ERR this is no web server\r\n"},
		{"half a request", "*2\r\n$4\r\nHGET\r\n$10\r\nfea", ""},
		{"noise without a line", "\x00\x01\x16\x03\x01\x02", ""},
		{"after good ones", "PING\r\n*1\r\n$4\r\nPING\r\n*x\r\n", "+PONG\r\n+PONG\r\n-ERR Protocol error: invalid multibulk length\r\n"},
	} {
		t.Run(s.name, func(t *testing.T) {
			c := dial(t, addr)
			go func() { _, _ = c.Write([]byte(s.bytes)) }() // the peer may close before it has taken all
			said := make([]byte, len(s.said)+1)
			n := 0
			for {
				k, err := c.r.Read(said[n:])
				n += k
				if err != nil || n == len(said) {
					break
				}
			}
			if string(said[:n]) != s.said {
				t.Errorf("said %q, want %q", said[:n], s.said)
			}
		})
	}
	patient(t, addr)
}

// A client that asks and does not read holds a chunk of output and no more, and is closed.
func TestWhoDoesNotReadIsClosed(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{WriteTimeout: 300 * time.Millisecond})
	c := dial(t, addr)
	ask := []byte(strings.Repeat(request("ECHO", strings.Repeat("x", 8000)), 100))
	begun := time.Now()
	for {
		if _, err := c.Write(ask); err != nil {
			break
		}
		if time.Since(begun) > time.Minute {
			t.Fatal("still served")
		}
	}
	patient(t, addr)
}

// Five hundred clients at a bounded cost each, half of which stop in the middle of a request.
func TestManyConnections(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{MaxConnections: 500})
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var all []*talker
	for i := range 500 {
		c := dial(t, addr)
		if i%2 == 0 {
			c.send("*3\r\n$4\r\nHGET\r\n")
		}
		all = append(all, c)
	}
	for i, c := range all {
		if i%2 == 1 {
			if got := c.do("HGET", "features:totals", "n"); got != "3" {
				t.Fatalf("connection %d: %s", i, got)
			}
			if got := c.do("HGETALL", "features:customer:cust_123"); !strings.Contains(got, "orders_1h") {
				t.Fatalf("connection %d: %s", i, got)
			}
		}
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (int64(after.HeapInuse+after.StackInuse) - int64(before.HeapInuse+before.StackInuse)) / 500
	t.Logf("%d bytes for each client and its server's side", each)
	if each > 64<<10 { // both ends are in this process
		t.Errorf("a client costs %d bytes", each)
	}
	if said := dial(t, addr).closed(); said != "-ERR max number of clients reached\r\n" {
		t.Errorf("one too many: %q", said)
	}
}

func TestPipeline(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{})
	c := dial(t, addr)
	one := request("HGET", "features:an_order:2", "amount") + "PING\r\n\r\n" + request("HGET", "features:an_order:99", "amount")
	c.send(strings.Repeat(one, 500))
	for range 500 {
		if got := c.reply() + c.reply() + c.reply(); got != "7.50PONG<nil>" {
			t.Fatal(got)
		}
	}
	for i := range len(one) { // however the bytes are cut
		c.send(one[:i])
		time.Sleep(100 * time.Microsecond)
		c.send(one[i:])
		if got := c.reply() + c.reply() + c.reply(); got != "7.50PONG<nil>" {
			t.Fatalf("cut at %d: %s", i, got)
		}
	}
	c.send(request("QUIT") + request("PING"))
	if said := c.closed(); said != "+OK\r\n" {
		t.Errorf("after QUIT: %q", said)
	}
}

func TestTransactions(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{})
	c := dial(t, addr)
	for _, s := range []struct{ words, reply string }{
		{"EXEC", "(error) ERR EXEC without MULTI"},
		{"DISCARD", "(error) ERR DISCARD without MULTI"},
		{"MULTI", "OK"},
		{"MULTI", "(error) ERR MULTI calls can not be nested"},
		{"HGET features:totals n", "QUEUED"},
		{"PING", "QUEUED"},
		{"HGET features:an_order:x amount", "QUEUED"},
		{"ASOF.AT 2025-05-20T10:30:00Z HGET features:totals n", "QUEUED"},
		{"EXEC", `[3 PONG (error) ERR key column "id": invalid input syntax for type bigint: "x" 1]`},
		{"MULTI", "OK"},
		{"HGET features:totals", "(error) ERR wrong number of arguments for 'hget' command"},
		{"EXEC", "(error) EXECABORT Transaction discarded because of previous errors."},
		{"MULTI", "OK"},
		{"SET a b", "(error) READONLY 'set' writes, and nothing is written here: features are computed from their sources; CREATE FEATURE defines them"},
		{"DISCARD", "OK"},
		{"MULTI", "OK"},
		{"EXEC", "[]"},
		{"MULTI", "OK"},
		{"RESET", "RESET"},
		{"EXEC", "(error) ERR EXEC without MULTI"},
		{"CLIENT SETNAME me", "OK"},
		{"CLIENT GETNAME", "me"},
		{"RESET", "RESET"},
		{"CLIENT GETNAME", "<nil>"},
	} {
		if got := c.do(strings.Fields(s.words)...); got != s.reply {
			t.Errorf("%s: %s, want %s", s.words, got, s.reply)
		}
	}
}

func TestUsersAndTheirRights(t *testing.T) {
	eng := openShop(t)
	addr, _ := serve(t, eng, resp.Options{RequestTimeout: 3 * time.Second})
	before := dial(t, addr)
	if got := before.do("HGET", "features:totals", "n"); got != "3" {
		t.Fatal(got)
	}
	if err := eng.Exec(t.Context(), `CREATE USER boss PASSWORD 'b'; CREATE USER ann PASSWORD 'a'; CREATE USER "default" PASSWORD 'd'; GRANT SELECT ON ever TO ann`); err != nil {
		t.Fatal(err)
	}
	const no = "(error) NOAUTH Authentication required."
	const wrong = "(error) WRONGPASS invalid username-password pair or user is disabled."
	if got := before.do("HGET", "features:totals", "n"); got != no {
		t.Errorf("who was here before: %s", got)
	}
	c := dial(t, addr)
	for _, s := range []struct{ words, reply string }{
		{"PING", no},
		{"HGETALL features:totals", no},
		{"NOSUCH", "(error) ERR unknown command 'NOSUCH', with args beginning with: "},
		{"AUTH ann b", wrong},
		{"AUTH nobody a", wrong},
		{"AUTH x", wrong},
		{"AUTH d", "OK"},
		{"HGETALL features:totals", "[]"},
		{"AUTH ann a", "OK"},
		{"HGETALL features:totals", "[]"},
		{"HGETALL features:customer:cust_123", "[orders 2 ever.note 10.00 ever.updated_at 2025-05-20 10:00:00+00 as_of 2025-05-20 10:59:00.123456+00 updated_at 1747738740123]"},
		{"HMGET features:customer:cust_123 spend_1h note orders spend.note", "[<nil> <nil> 2 <nil>]"},
		{"DBSIZE", "2"},
		{"KEYS features:c*:cust_123*", "[features:customer:cust_123]"},
		{"HELLO 3 AUTH boss x", wrong},
	} {
		if got := c.do(strings.Fields(s.words)...); got != s.reply {
			t.Errorf("%s: %s, want %s", s.words, got, s.reply)
		}
	}
	if got := c.do("HELLO", "3", "AUTH", "boss", "b"); !strings.Contains(got, "proto: 3") {
		t.Error(got)
	}
	if got := c.do("DBSIZE"); got != "9" {
		t.Error(got)
	}
	if err := eng.Exec(t.Context(), `REVOKE SELECT ON ever FROM ann; DROP USER ann`); err != nil {
		t.Fatal(err)
	}
	// Strangers may not send much, and not for long.
	for bytes, said := range map[string]string{
		"*11\r\n":            "-ERR Protocol error: unauthenticated multibulk length\r\n",
		"*1\r\n$16385\r\n":   "-ERR Protocol error: unauthenticated bulk length\r\n",
		"":                   "",
		request("AUTH", "x"): "-WRONGPASS invalid username-password pair or user is disabled.\r\n",
	} {
		c := dial(t, addr)
		c.send(bytes)
		if got := c.closed(); got != said {
			t.Errorf("%q: %q, want %q", bytes, got, said)
		}
	}
}

// Shutdown answers what has come and lets no one in.
func TestShutdownDrains(t *testing.T) {
	eng := openShop(t)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := resp.NewServer(eng, resp.Options{})
	var served sync.WaitGroup
	served.Go(func() {
		if err := s.Serve(l); err != nil {
			t.Error(err)
		}
	})
	idle, half := dial(t, l.Addr().String()), dial(t, l.Addr().String())
	if idle.do("PING") != "PONG" {
		t.Fatal("no PONG")
	}
	half.send("*1\r\n$4\r\nPI")
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	served.Wait()
	if said := fmt.Sprint(idle.closed(), half.closed()); said != "" {
		t.Errorf("said %q", said)
	}
	if _, err := net.Dial("tcp", l.Addr().String()); err == nil {
		t.Error("somebody was let in")
	}
}

// talk is a conversation, and what came of it: nothing that is not so.
func talk(ctx context.Context, addr string) ([]string, error) {
	c := redis.NewClient(&redis.Options{Addr: addr, MaxRetries: -1, DialerRetries: 1, PoolSize: 1, ContextTimeoutEnabled: true, DisableIdentity: true})
	defer c.Close()
	var told []string
	n, err := c.HGet(ctx, "features:totals", "n").Result()
	if err != nil {
		return told, err
	}
	told = append(told, n)
	pipe := c.Pipeline()
	one, several := pipe.HGet(ctx, "features:an_order:2", "amount"), pipe.HMGet(ctx, "features:totals", "n", "nothing")
	if _, err := pipe.Exec(ctx); err != nil {
		return told, err
	}
	told = append(told, one.Val(), fmt.Sprint(several.Val()))
	keys, _, err := c.Scan(ctx, 0, "features:*", 100).Result()
	if err != nil {
		return told, err
	}
	return append(told, fmt.Sprint(len(keys) > 0)), nil
}

// Wherever a conversation is cut, in either direction, the client has been told what is true or nothing, the server forgets it, and others go on. Single bytes are the same conversation.
func TestConversationsThatAreCut(t *testing.T) {
	addr, s := serve(t, openShop(t), resp.Options{})
	want := []string{"3", "7.50", "[3 <nil>]", "true"}
	whole := wiretest.New(t, addr, wiretest.Fault{})
	for _, at := range []string{whole.Addr, wiretest.New(t, addr, wiretest.Fault{Trickle: true}).Addr} {
		if told, err := talk(t.Context(), at); err != nil || !slices.Equal(told, want) {
			t.Fatalf("told %q, %v", told, err)
		}
	}
	cut := func(f wiretest.Fault) {
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		told, err := talk(ctx, wiretest.New(t, addr, f).Addr)
		if len(told) > len(want) || !slices.Equal(told, want[:len(told)]) || err == nil && len(told) < len(want) {
			t.Errorf("%+v: told %q, %v", f, told, err)
		}
	}
	for at := int64(1); at < whole.Up.Load(); at += 3 {
		cut(wiretest.Fault{CutUp: at})
	}
	for at := int64(1); at < whole.Down.Load(); at += 3 {
		cut(wiretest.Fault{CutDown: at})
	}
	wiretest.Forgotten(t, s.Connections, time.Minute)
	patient(t, addr)
}
