package resp_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/asofdb/asof/connectors/serve/resp"
)

// seen is what every client sees of the shop, in whatever protocol.
const seen = `{
	"hgetall": {"orders_1h": "2", "spend_1h": "17.50", "note": "a:b", "mean": "8.7500000000000000", "orders": "2", "ever.note": "10.00",
		"ever.updated_at": "2025-05-20 10:00:00+00", "as_of": "2025-05-20 10:59:00.123456+00", "updated_at": "1747738740123"},
	"hmget": ["17.50", null], "exists": 1, "scan": ["features:customer:cust_123", "features:customer:{{b%:}}"], "multi": ["17.50", 9, 1],
	"pipeline": true, "past": "12.50", "type": "hash", "ready": true}`

// needed returns a variable that names a service's address or a place, or skips the test; in CI it fails.
func needed(t *testing.T, variable, how string) string {
	t.Helper()
	v := os.Getenv(variable)
	switch {
	case v != "":
	case os.Getenv("CI") != "":
		t.Fatalf("%s is not set: %s", variable, how)
	default:
		t.Skipf("%s is not set: %s", variable, how)
	}
	return v
}

func TestClients(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{})
	_, port, _ := net.SplitHostPort(addr)
	script := func(name string) string {
		path, err := filepath.Abs(filepath.Join("testdata", "clients", name))
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
	for _, c := range []struct {
		client, name, write string
		command             func(t *testing.T) []string
		env                 string
	}{
		{"redis-py", "py", "ReadOnlyError", func(t *testing.T) []string {
			return []string{needed(t, "ASOF_TEST_PYTHON", ".ci/services/python.sh installs one"), script("redis_py.py")}
		}, ""},
		{"ioredis", "io", "READONLY", func(*testing.T) []string { return []string{"node", script("ioredis.cjs")} }, "ASOF_TEST_NODE"},
		{"node-redis", "node", "READONLY", func(*testing.T) []string { return []string{"node", script("node_redis.cjs")} }, "ASOF_TEST_NODE"},
	} {
		for _, protocol := range []string{"2", "3"} {
			t.Run(c.client+"/"+protocol, func(t *testing.T) {
				t.Parallel()
				words := append(c.command(t), port, protocol)
				ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
				defer cancel()
				cmd := exec.CommandContext(ctx, words[0], words[1:]...)
				cmd.Env = os.Environ()
				if c.env != "" {
					cmd.Env = append(cmd.Env, "NODE_PATH="+filepath.Join(needed(t, c.env, ".ci/services/node.sh installs one"), "node_modules"))
				}
				var stderr strings.Builder
				cmd.Stderr = &stderr
				out, err := cmd.Output()
				if err != nil {
					t.Fatalf("%v\n%s", err, stderr.String())
				}
				var got, want map[string]any
				if err := json.Unmarshal(out, &got); err != nil {
					t.Fatalf("%v: %s", err, out)
				}
				if err := json.Unmarshal([]byte(seen), &want); err != nil {
					t.Fatal(err)
				}
				want["name"], want["write"] = c.name, c.write
				if c.client == "redis-py" {
					want["hscan"] = map[string]any{"orders_1h": "2", "orders": "2"}
				}
				if !reflect.DeepEqual(got, want) {
					t.Errorf("got  %v\nwant %v", got, want)
				}
			})
		}
	}
}

func TestGoRedis(t *testing.T) {
	addr, _ := serve(t, openShop(t), resp.Options{})
	for _, protocol := range []int{2, 3} {
		t.Run(fmt.Sprint(protocol), func(t *testing.T) {
			r := redis.NewClient(&redis.Options{Addr: addr, Protocol: protocol, ClientName: "go", MaxRetries: -1})
			defer r.Close()
			ctx := t.Context()
			const key = "features:customer:cust_123"
			all, err := r.HGetAll(ctx, key).Result()
			if err != nil || len(all) != 9 || all["spend_1h"] != "17.50" || all["as_of"] != "2025-05-20 10:59:00.123456+00" {
				t.Errorf("HGETALL: %v %v", all, err)
			}
			var x struct {
				Orders int    `redis:"orders"`
				Spend  string `redis:"spend_1h"`
			}
			if err := r.HMGet(ctx, key, "orders", "spend_1h").Scan(&x); err != nil || x.Orders != 2 || x.Spend != "17.50" {
				t.Errorf("HMGET: %v %v", x, err)
			}
			if _, err := r.HGet(ctx, key, "nothing").Result(); err != redis.Nil { //nolint:errorlint // go-redis promises the value itself
				t.Errorf("HGET: %v", err)
			}
			var gets []*redis.StringCmd
			if _, err := r.TxPipelined(ctx, func(p redis.Pipeliner) error {
				for range 20 {
					gets = append(gets, p.HGet(ctx, key, "spend_1h"))
				}
				return nil
			}); err != nil || gets[19].Val() != "17.50" {
				t.Errorf("MULTI: %v", err)
			}
			n := 0
			for it := r.Scan(ctx, 0, "", 2).Iterator(); it.Next(ctx); {
				n++
			}
			if n != 9 {
				t.Errorf("SCAN found %d", n)
			}
			if past, err := r.Do(ctx, "ASOF.AT", "2025-05-20T10:30:00Z", "HGET", key, "spend_1h").Text(); err != nil || past != "12.50" {
				t.Errorf("ASOF.AT: %q %v", past, err)
			}
			if name, err := r.ClientGetName(ctx).Result(); err != nil || name != "go" {
				t.Errorf("name %q %v", name, err)
			}
			if err := r.Set(ctx, "a", "b", 0).Err(); err == nil || !strings.HasPrefix(err.Error(), "READONLY") {
				t.Errorf("SET: %v", err)
			}
		})
	}
}

func TestRedisCLI(t *testing.T) {
	needed(t, "ASOF_TEST_REDIS", ".ci/services/redis.sh start DIR prints one")
	addr, _ := serve(t, openShop(t), resp.Options{})
	_, port, _ := net.SplitHostPort(addr)
	for _, s := range []struct{ args, out string }{
		{"-2 HGETALL features:an_order:2", "amount\n7.50\nnote\na:b\nas_of\n2025-05-20 10:59:00.123456+00\nupdated_at\n1747737000000\n"},
		{"-3 HGETALL features:an_order:2", "amount 7.50\nnote a:b\nas_of 2025-05-20 10:59:00.123456+00\nupdated_at 1747737000000\n"},
		{"--scan --pattern features:tot*", "features:totals\n"},
		{"-3 --json HGET features:totals n", "\"3\"\n"},
	} {
		out, err := exec.Command("redis-cli", append([]string{"-p", port}, strings.Fields(s.args)...)...).CombinedOutput()
		if err != nil || string(out) != s.out {
			t.Errorf("redis-cli %s: %v\ngot  %q\nwant %q", s.args, err, out, s.out)
		}
	}
}

// What is wrong with a request is said in the words of a real server.
func TestErrorsAreRedis(t *testing.T) {
	url := needed(t, "ASOF_TEST_REDIS", ".ci/services/redis.sh start DIR prints one")
	addr, _ := serve(t, openShop(t), resp.Options{})
	for _, bytes := range []string{
		request("HGET"), request("hGet", "k"), request("HGETALL", "a", "b"), request("HMGET", "k"), request("NOSUCH", "a", "b"), request("nosuch"), request("NOSUCH", strings.Repeat("x", 200), "y"),
		request("CLIENT", "NOSUCH"), request("CLIENT", "ID", "x"), request("CLIENT"), request("CLIENT", "GETNAME"), request("CLIENT", "SETNAME", "a b"), request("CLIENT", "SETNAME", "a") + request("CLIENT", "GETNAME"),
		request("SELECT", "x"), request("SELECT", "99"), request("SELECT", "0"), request("SELECT"), request("PING", "a", "b"), request("PING", "a"), request("ECHO"),
		request("HELLO", "4"), request("HELLO", "x"), request("HELLO", "3", "NOSUCH"), request("HELLO", "2", "AUTH", "x", "y"), request("AUTH", "x"), request("AUTH", "a", "b"), request("AUTH", "default", "b"), request("AUTH"),
		request("MULTI") + request("MULTI") + request("EXEC"), request("EXEC"), request("DISCARD"), request("MULTI") + request("HGET") + request("EXEC"), request("MULTI") + request("NOSUCH") + request("DISCARD"),
		request("MULTI") + request("PING") + request("DISCARD") + request("EXEC"), request("EXEC", "x"), request("MULTI") + request("PING") + request("EXEC"), request("MULTI") + request("EXEC"),
		request("SCAN", "x"), request("SCAN", "0", "COUNT", "0"), request("SCAN", "0", "COUNT", "x"), request("SCAN", "0", "MATCH"), request("SCAN", "0", "NOSUCH", "x"), request("HSCAN", "nokey", "x"),
		request("HGETALL", "nokey"), request("HGET", "nokey", "f"), request("HMGET", "nokey", "f", "g"), request("HLEN", "nokey"), request("HKEYS", "nokey"), request("HVALS", "nokey"), request("HEXISTS", "nokey", "f"),
		request("HSCAN", "nokey", "0"), request("EXISTS", "nokey"), request("TYPE", "nokey"), request("TTL", "nokey"), request("PTTL", "nokey"), request("KEYS", "nokey"), request("SCAN", "0", "MATCH", "nokey"), request("HSTRLEN", "nokey", "f"),
		request("CLUSTER", "INFO"), request("READONLY"), request("RESET"), request("QUIT"), request("COMMAND", "NOSUCH"), request("COMMAND", "INFO", "nosuch"), request("ROLE"), request("UNWATCH"), request("CONFIG", "GET", "nosuch"),
		"*1\r\nPING\r\n", "*x\r\n", "*1\r\n$x\r\n", "*1\r\n$-2\r\n", "\r\nPING\r\n", "*0\r\nPING\r\n", "*-1\r\nPING\r\n", "ECHO 'a b'\r\n", "ECHO \"a\\x41\\n\"\r\n", "ECHO \"a\r\n", "ECHO 'a'b\r\n", "  PING  \n",
	} {
		for _, hello := range []string{"", request("HELLO", "3")} {
			if hello != "" && !strings.HasPrefix(bytes, "*") {
				continue
			}
			theirs, ours := exchange(t, strings.TrimPrefix(url, "redis://"), hello, bytes), exchange(t, addr, hello, bytes)
			if theirs != ours {
				t.Errorf("%.200q\nredis %.300q\nasof  %.300q", hello+bytes, theirs, ours)
			}
		}
	}
}

// exchange sends bytes and a PING that ends them, and returns what comes until its PONG or the end.
func exchange(t *testing.T, addr, hello, bytes string) string {
	t.Helper()
	c := dial(t, addr)
	defer c.Close()
	if hello != "" {
		c.do(strings.Fields("HELLO 3")...)
	}
	go func() { _, _ = c.Write([]byte(bytes + request("ECHO", "the end"))) }() // the peer may close before it has taken all
	var b strings.Builder
	for {
		line, err := c.r.ReadString('\n')
		if err != nil || line == "the end\r\n" {
			return b.String()
		}
		b.WriteString(line)
	}
}
