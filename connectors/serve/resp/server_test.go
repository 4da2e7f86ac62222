package resp_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/serve/resp"
	"github.com/asofdb/asof/engine"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// shopChanges are orders of three customers as Debezium writes them; the last one is a day of its own.
var shopChanges = []string{
	`{"op":"c","after":{"id":1,"customer_id":"cust_123","merchant":7,"amount":"12.50","note":null,"created_at":"2025-05-20T10:00:00Z"},"source":{"ts_us":1747735200000001,"txId":1,"lsn":1}}`,
	`{"op":"c","after":{"id":2,"customer_id":"cust_123","merchant":8,"amount":"7.50","note":"a:b","created_at":"2025-05-20T10:30:00Z"},"source":{"ts_us":1747737000000002,"txId":2,"lsn":2}}`,
	`{"op":"c","after":{"id":3,"customer_id":"{b%:}","merchant":7,"amount":"1.00","note":"x","created_at":"2025-05-20T10:40:00Z"},"source":{"ts_us":1747737600000003,"txId":3,"lsn":3}}`,
	`{"op":"u","after":{"id":1,"customer_id":"cust_123","merchant":7,"amount":"10.00","note":"","created_at":"2025-05-20T10:00:00Z"},"source":{"ts_us":1747738740123456,"txId":4,"lsn":4}}`,
}

const shopSQL = `
CREATE SOURCE orders (id BIGINT PRIMARY KEY, customer_id TEXT, merchant INTEGER, amount NUMERIC(12,2), note TEXT, created_at TIMESTAMPTZ NOT NULL)
	WITH (connector = 'file', path = '%s', decimal_handling_mode = 'string') FORMAT DEBEZIUM ENCODE JSON;
CREATE FEATURE spend ENTITY customer (customer_id) AS
	SELECT customer_id, COUNT(*) AS orders_1h, SUM(amount) AS spend_1h, MAX(note) AS note, AVG(amount) AS mean
	FROM orders WHERE created_at > NOW() - INTERVAL '1 hour' GROUP BY customer_id;
CREATE FEATURE ever ENTITY customer (customer_id) AS SELECT customer_id, COUNT(*) AS orders, MAX(amount) AS note, MIN(created_at) AS updated_at FROM orders GROUP BY customer_id;
CREATE FEATURE pair ENTITY customer_merchant (customer_id, merchant) AS SELECT merchant, customer_id, COUNT(*) AS n FROM orders GROUP BY merchant, customer_id;
CREATE FEATURE account ENTITY an_order (id) AS SELECT id, amount, note FROM orders;
CREATE FEATURE totals AS SELECT COUNT(*) AS n, SUM(amount) AS total FROM orders;
`

// openShop opens an engine with the features above.
func openShop(t testing.TB) *engine.Engine {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "orders.ndjson")
	if err := os.WriteFile(path, []byte(strings.Join(shopChanges, "\n")+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	eng, err := engine.Open(filepath.Join(dir, "data"), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := eng.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := eng.Exec(t.Context(), fmt.Sprintf(shopSQL, path)); err != nil {
		t.Fatal(err)
	}
	return eng
}

// serve serves an engine until the test ends and returns the address.
func serve(t testing.TB, eng *engine.Engine, o resp.Options) (addr string, s *resp.Server) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s = resp.NewServer(eng, o)
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
		defer cancel()
		if err := s.Shutdown(ctx); err != nil {
			t.Error(err)
		}
		if err := <-ended; err != nil {
			t.Error(err)
		}
	})
	return l.Addr().String(), s
}

// talker speaks the protocol by hand.
type talker struct {
	t testing.TB
	net.Conn
	r *bufio.Reader
}

func dial(t testing.TB, addr string) *talker {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.SetDeadline(time.Now().Add(2 * time.Minute)); err != nil {
		t.Fatal(err)
	}
	return &talker{t, c, bufio.NewReader(c)}
}

func request(words ...string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(&b, "$%d\r\n%s\r\n", len(w), w)
	}
	return b.String()
}

func (c *talker) send(text string) {
	c.t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		c.t.Fatal(err)
	}
}

// do sends words and returns the reply.
func (c *talker) do(words ...string) string {
	c.t.Helper()
	c.send(request(words...))
	return c.reply()
}

// reply reads a reply and shows it as people write it: [a b] for arrays, {a: b} for maps, <nil>.
func (c *talker) reply() string {
	c.t.Helper()
	s, err := readReply(c.r)
	if err != nil {
		c.t.Fatalf("no reply: %v", err)
	}
	return s
}

// closed reports that the server has hung up, after what it still said.
func (c *talker) closed() (said string) {
	c.t.Helper()
	b, err := io.ReadAll(c.r)
	if err != nil {
		c.t.Fatalf("not closed: %v", err)
	}
	return string(b)
}

func readReply(r *bufio.Reader) (string, error) {
	line, err := r.ReadString('\n')
	if err != nil {
		return "", err
	}
	if !strings.HasSuffix(line, "\r\n") || len(line) < 3 {
		return "", fmt.Errorf("bad line %q", line)
	}
	kind, text := line[0], line[1:len(line)-2]
	n := 0
	if strings.IndexByte("$*%=", kind) >= 0 {
		if _, err := fmt.Sscan(text, &n); err != nil {
			return "", err
		}
	}
	switch {
	case kind == '+' || kind == ':':
		return text, nil
	case kind == '-':
		return "(error) " + text, nil
	case kind == '_' || n < 0:
		return "<nil>", nil
	case kind == '$' || kind == '=':
		b := make([]byte, n+2)
		if _, err := io.ReadFull(r, b); err != nil {
			return "", err
		}
		if string(b[n:]) != "\r\n" {
			return "", errors.New("a bulk string does not end")
		}
		return string(b[:n]), nil
	case kind == '*' || kind == '%':
		var parts []string
		for range n {
			p, err := readReply(r)
			if err == nil && kind == '%' {
				var v string
				v, err = readReply(r)
				p += ": " + v
			}
			if err != nil {
				return "", err
			}
			parts = append(parts, p)
		}
		if kind == '%' {
			return "{" + strings.Join(parts, ", ") + "}", nil
		}
		return "[" + strings.Join(parts, " ") + "]", nil
	}
	return "", fmt.Errorf("bad reply %q", line)
}
