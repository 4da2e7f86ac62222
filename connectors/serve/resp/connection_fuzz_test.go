package resp_test

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/connectors/wiretest"
)

// FuzzConnection sends whatever bytes: the server answers or closes, never panics, and keeps no client.
func FuzzConnection(f *testing.F) {
	for _, script := range [][]string{
		{request("HELLO", "3"), request("HGETALL", "features:customer:cust_123"), request("PING"), request("QUIT")},
		{request("MULTI"), request("HGET", "features:totals", "n"), request("EXEC"), request("DISCARD")},
		{request("SCAN", "0", "MATCH", "features:*", "COUNT", "2", "TYPE", "hash"), request("KEYS", "features:[a-z]*"), request("DBSIZE"), request("INFO")},
		{request("ASOF.AT", "2025-05-20 10:30+00", "HMGET", "features:customer:cust_123", "orders_1h", "spend.note"), request("HSCAN", "features:totals", "0")},
		{"PING\r\n", "HGET \"features:totals\" 'n'\r\n", request("CLIENT", "SETNAME", "x"), request("CLIENT", "GETNAME"), request("COMMAND", "COUNT"), request("RESET")},
		{request("AUTH", "default", "x"), request("SET", "a", "b"), request("SELECT", "1"), "*-1\r\n*0\r\n*2\r\n$3\r\nFOO"},
	} {
		f.Add([]byte(strings.Join(script, "")))
	}
	addr, s := serve(f, openShop(f), resp.Options{RequestTimeout: 200 * time.Millisecond, WriteTimeout: 2 * time.Second, Logger: slog.New(slog.NewTextHandler(wiretest.NoPanic{TB: f}, nil))})
	f.Fuzz(func(t *testing.T, sent []byte) {
		wiretest.End(t, addr, nil, sent)
		wiretest.Forgotten(t, s.Connections, 20*time.Second)
	})
}
