package kafka_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kadm"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/connectors/wiretest"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

// world is a Kafka in this process, and an engine that reads from it.
type world struct {
	*testing.T
	cluster *kfake.Cluster
	client  *kgo.Client
	admin   *kadm.Client
	dir     string
	eng     *engine.Engine
	commit  int64 // of the last change, µs
	lsn     int64
}

const topic = "shop.public.t"

func newWorld(t *testing.T, partitions int32, opts ...kfake.Opt) *world {
	t.Helper()
	w := &world{T: t, dir: filepath.Join(t.TempDir(), "data"), commit: time.Now().UnixMicro()}
	var err error
	if w.cluster, err = kfake.NewCluster(append(opts, kfake.NumBrokers(1), kfake.SeedTopics(partitions, topic))...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.cluster.Close)
	w.connect()
	w.open()
	t.Cleanup(func() {
		if err := w.eng.Close(); err != nil {
			t.Error(err)
		}
	})
	return w
}

// connect makes a client that knows the partitions of now.
func (w *world) connect(opts ...kgo.Opt) {
	w.Helper()
	var err error
	if w.client, err = kgo.NewClient(append(opts, kgo.SeedBrokers(w.address()), kgo.RecordPartitioner(kgo.ManualPartitioner()))...); err != nil {
		w.Fatal(err)
	}
	w.Cleanup(w.client.Close)
	w.admin = kadm.NewClient(w.client)
}

func (w *world) address() string { return strings.Join(w.cluster.ListenAddrs(), ",") }

func (w *world) open() {
	w.Helper()
	var err error
	if w.eng, err = engine.Open(w.dir, engine.Options{Connectors: connectors.Default()}); err != nil {
		w.Fatal(err)
	}
}

func (w *world) close() {
	w.Helper()
	if err := w.eng.Close(); err != nil {
		w.Fatal(err)
	}
}

func (w *world) exec(sql string) {
	w.Helper()
	if err := w.eng.Exec(w.Context(), sql); err != nil {
		w.Fatalf("%s: %v", sql, err)
	}
}

// refused runs a statement that must fail, with words that say why.
func (w *world) refused(sql string, says ...string) {
	w.Helper()
	err := w.eng.Exec(w.Context(), sql)
	var e *types.Error
	if !errors.As(err, &e) {
		w.Fatalf("%s: %v", sql, err)
	}
	for _, part := range says {
		if !strings.Contains(e.Message+" "+e.Hint, part) {
			w.Errorf("%s: the error does not say %q: %s (%s)", sql, part, e.Message, e.Hint)
		}
	}
}

// createSource declares the table t over the topic.
func (w *world) createSource(with string) {
	w.Helper()
	w.exec(w.source(with))
}

func (w *world) source(with string) string {
	return fmt.Sprintf("CREATE SOURCE t (id BIGINT PRIMARY KEY, n BIGINT, at TIMESTAMPTZ) WITH (connector = 'kafka', brokers = '%s', topic = '%s', idle_lag = '100 ms'%s) FORMAT DEBEZIUM ENCODE JSON", w.address(), topic, with)
}

// insert sends a row of its own transaction to a partition, committed now.
func (w *world) insert(partition int32, id, n int64) {
	w.Helper()
	w.send(w.row(partition, id, n))
}

func (w *world) row(partition int32, id, n int64) *kgo.Record {
	w.commit, w.lsn = max(w.commit+1, time.Now().UnixMicro()), w.lsn+8
	value := fmt.Sprintf(`{"before":null,"after":{"id":%d,"n":%d,"at":"%s"},"source":{"ts_us":%d,"txId":%d,"lsn":%d,"schema":"public","table":"t"},"op":"c"}`,
		id, n, time.UnixMicro(w.commit).UTC().Format("2006-01-02T15:04:05.000000Z"), w.commit, 700+w.lsn, w.lsn)
	return &kgo.Record{Topic: topic, Partition: partition, Key: fmt.Appendf(nil, `{"id":%d}`, id), Value: []byte(value)}
}

func (w *world) send(records ...*kgo.Record) {
	w.Helper()
	if err := w.client.ProduceSync(w.Context(), records...).FirstErr(); err != nil {
		w.Fatal(err)
	}
}

// query returns the rows of a query, a line each.
func (w *world) query(sql string) (string, error) {
	rows, err := w.eng.Query(w.Context(), sql)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var lines []string
	for rows.Next() {
		var fields []string
		for _, v := range rows.Values() {
			fields = append(fields, string(types.AppendText(nil, v)))
		}
		lines = append(lines, strings.Join(fields, ","))
	}
	return strings.Join(lines, " "), rows.Err()
}

// await waits until a query gives these rows.
func (w *world) await(sql, want string) {
	w.Helper()
	w.until(sql, func(got string) bool { return got == want })
}

// awaitState waits until SHOW SOURCES says this of the source, in its state or the next step.
func (w *world) awaitState(says ...string) {
	w.Helper()
	w.until("SHOW SOURCES", func(got string) bool {
		for _, s := range says {
			if !strings.Contains(got, s) {
				return false
			}
		}
		return true
	})
}

func (w *world) until(sql string, cond func(string) bool) {
	w.Helper()
	ctx, cancel := context.WithTimeout(w.Context(), 2*time.Minute)
	defer cancel()
	for {
		got, err := w.query(sql)
		if err == nil && cond(got) {
			return
		}
		select {
		case <-ctx.Done():
			state, _ := w.query("SHOW SOURCES")
			w.Fatalf("%s: %s, %v\n%s", sql, got, err, state)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

const sum = "SELECT COUNT(*), SUM(n) FROM t"

// The rows of all partitions are read, and read on after a restart.
func TestPartitions(t *testing.T) {
	w := newWorld(t, 3)
	w.createSource("")
	w.insert(0, 1, 10)
	w.insert(2, 2, 20)
	w.await(sum, "2,30")
	w.exec("CREATE FEATURE f AS SELECT COUNT(*) AS rows, SUM(n) FILTER (WHERE at > NOW() - INTERVAL '1 hour') AS total FROM t")
	w.insert(1, 3, 5)
	w.await("SELECT rows, total FROM f", "3,35")
	w.close()
	w.insert(0, 4, 1)
	w.open()
	w.await("SELECT rows, total FROM f", "4,36")
	w.awaitState("following", topic+"/0:2 "+topic+"/1:1 "+topic+"/2:1")
}

// A partition that is added is read from its first record.
func TestF35PartitionsAdded(t *testing.T) {
	w := newWorld(t, 1)
	w.createSource("")
	w.insert(0, 1, 1)
	w.await(sum, "1,1")
	if _, err := w.admin.CreatePartitions(t.Context(), 2, topic); err != nil {
		t.Fatal(err)
	}
	w.awaitState(topic+"/1:0", topic+"/2:0")
	w.connect()
	w.insert(2, 2, 2)
	w.insert(1, 3, 4)
	w.await(sum, "3,7")
	w.close()
	if _, err := w.admin.CreatePartitions(t.Context(), 1, topic); err != nil { // while nobody reads
		t.Fatal(err)
	}
	w.connect()
	w.insert(3, 4, 8)
	w.open()
	w.await(sum, "4,15")
}

// gap makes a source that has read three rows and, while it was closed, lost some.
func gap(t *testing.T, lose func(w *world)) *world {
	w := newWorld(t, 2)
	w.createSource("")
	w.exec("CREATE FEATURE f AS SELECT COUNT(*) AS recent FROM t WHERE at > NOW() - INTERVAL '50 milliseconds'")
	w.insert(0, 1, 1)
	w.insert(1, 2, 2)
	w.await(sum, "2,3")
	w.close()
	lose(w)
	w.open()
	return w
}

// accepted lets the source go on behind a gap: the moments in it are not known, those before it and behind it are.
func (w *world) accepted() {
	w.Helper()
	before, err := w.query("SELECT as_of FROM t LIMIT 1")
	if err != nil {
		w.Fatal(err)
	}
	was, err := w.query("SELECT COUNT(*), SUM(n) FROM t AS OF '" + before + "'")
	if err != nil {
		w.Fatal(err)
	}
	w.refused("ALTER SOURCE t RESUME", "DATA_GAP")
	w.awaitState("DATA_GAP", "ACCEPT GAP")
	w.exec("ALTER SOURCE t ACCEPT GAP")
	w.connect()
	w.insert(0, 100, 1000)
	w.until("SELECT COUNT(*) FROM t WHERE id = 100", func(got string) bool { return got == "1" })
	if got, err := w.query("SELECT COUNT(*), SUM(n) FROM t AS OF '" + before + "'"); err != nil || got != was {
		w.Errorf("before the gap there were %s, and now %s, %v", was, got, err)
	}
	at, err := time.Parse("2006-01-02 15:04:05.999999-07", before)
	if err != nil {
		w.Fatal(err)
	}
	inside := at.Add(time.Microsecond).Format("2006-01-02 15:04:05.000000-07")
	w.refused("SELECT * FROM t AS OF '"+inside+"'", "not known", "lost the changes after "+before)
	w.refused("SELECT * FROM f AS OF '"+inside+"'", "not known")
	w.until("SELECT recent FROM f", func(got string) bool { return got != "" }) // its window has left the gap behind
	w.refused("ALTER SOURCE t ACCEPT GAP", "no gap")
	w.close()
	w.open()
	w.refused("SELECT * FROM t AS OF '"+inside+"'", "not known")
	w.insert(1, 101, 1)
	w.until("SELECT COUNT(*) FROM t WHERE id = 101", func(got string) bool { return got == "1" })
}

// Records that retention has deleted before they were read are a gap with its offsets.
func TestF30RetentionPassesTheReader(t *testing.T) {
	w := gap(t, func(w *world) {
		for id := range int64(5) {
			w.insert(0, 10+id, 1)
		}
		o := kadm.Offsets{}
		o.AddOffset(topic, 0, 4, -1)
		if _, err := w.admin.DeleteRecords(w.Context(), o); err != nil {
			w.Fatal(err)
		}
	})
	w.awaitState("stopped: DATA_GAP: partition " + topic + "/0 has lost offsets 1 to 3")
	w.accepted()
	w.await("SELECT COUNT(*) FROM t WHERE id BETWEEN 10 AND 20", "2") // offsets 4 and 5
}

// A topic of the same name that is another one, with fewer records or with more, is not taken for the one that was read.
func TestF31AndF32TopicsMadeAgain(t *testing.T) {
	for _, records := range []int64{0, 1, 5} {
		t.Run(fmt.Sprintf("%d records", records), func(t *testing.T) {
			w := gap(t, func(w *world) {
				if _, err := w.admin.DeleteTopics(w.Context(), topic); err != nil {
					w.Fatal(err)
				}
				if _, err := w.admin.CreateTopics(w.Context(), 2, 1, nil, topic); err != nil {
					w.Fatal(err)
				}
				w.connect()
				for id := range records {
					w.insert(0, 10+id, 1)
				}
			})
			w.awaitState("stopped: DATA_GAP: partition "+topic+"/0 has lost offset", "was deleted and made again")
			w.accepted()
			w.await("SELECT COUNT(*) FROM t WHERE id BETWEEN 10 AND 20", fmt.Sprint(records))
		})
	}
}

// A topic that is made again while it is read is found out.
func TestF32TopicMadeAgainWhileItIsRead(t *testing.T) {
	w := newWorld(t, 1)
	w.createSource("")
	w.insert(0, 1, 1)
	w.await(sum, "1,1")
	if _, err := w.admin.DeleteTopics(t.Context(), topic); err != nil {
		t.Fatal(err)
	}
	w.awaitState("waiting for Kafka: ")
	if _, err := w.admin.CreateTopics(t.Context(), 1, 1, nil, topic); err != nil {
		t.Fatal(err)
	}
	w.awaitState("DATA_GAP", "was deleted and made again")
}

// Only what a Kafka transaction has committed is read, and while one hangs the partition is not taken to be at its end.
func TestF36KafkaTransactions(t *testing.T) {
	w := newWorld(t, 1)
	w.createSource("")
	producer, err := kgo.NewClient(kgo.SeedBrokers(w.address()), kgo.RecordPartitioner(kgo.ManualPartitioner()), kgo.TransactionalID("connect"))
	if err != nil {
		t.Fatal(err)
	}
	defer producer.Close()
	transaction := func(end kgo.TransactionEndTry, id int64) {
		t.Helper()
		if err := producer.BeginTransaction(); err != nil {
			t.Fatal(err)
		}
		if err := producer.ProduceSync(t.Context(), w.row(0, id, id)).FirstErr(); err != nil {
			t.Fatal(err)
		}
		if err := producer.EndTransaction(t.Context(), end); err != nil {
			t.Fatal(err)
		}
	}
	transaction(kgo.TryCommit, 1)
	transaction(kgo.TryAbort, 2)
	transaction(kgo.TryCommit, 4)
	w.await(sum, "2,5")
	if err := producer.BeginTransaction(); err != nil {
		t.Fatal(err)
	}
	hanging := w.row(0, 8, 8)
	if err := producer.ProduceSync(t.Context(), hanging).FirstErr(); err != nil {
		t.Fatal(err)
	}
	w.insert(0, 16, 16) // behind the hanging one
	stalled := w.commit
	w.awaitColumn("lag_records", func(v types.Value) bool { return v.I > 0 })
	for range 20 { // however long it hangs
		if f := w.column("frontier"); f.I >= stalled {
			t.Fatalf("the frontier is at %s although a Kafka transaction hangs since before %s", f, types.NewTimestamptz(stalled))
		}
		if got, err := w.query(sum); err != nil || got != "2,5" {
			t.Fatalf("%s, %v", got, err)
		}
		time.Sleep(10 * time.Millisecond)
	}
	if err := producer.EndTransaction(t.Context(), kgo.TryCommit); err != nil {
		t.Fatal(err)
	}
	w.await(sum, "4,29")
	if n := w.column("shifted_changes"); n.I != 0 {
		t.Errorf("%d changes are shifted", n.I)
	}
}

// column is a column of SHOW SOURCES.
func (w *world) column(name string) types.Value {
	w.Helper()
	rows, err := w.eng.Query(w.Context(), "SHOW SOURCES")
	if err != nil {
		w.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		for i, c := range rows.Columns() {
			if c.Name == name {
				return rows.Values()[i].Clone()
			}
		}
	}
	w.Fatalf("SHOW SOURCES has no column %s", name)
	return types.Value{}
}

func (w *world) awaitColumn(name string, cond func(types.Value) bool) {
	w.Helper()
	w.until("SHOW SOURCES", func(string) bool { return cond(w.column(name)) })
}

// While no broker answers the source waits, says so, and goes on by itself, also if it was opened meanwhile.
func TestF37BrokersAway(t *testing.T) {
	dir := t.TempDir()
	first, err := kfake.NewCluster(kfake.NumBrokers(1), kfake.SeedTopics(1, topic), kfake.DataDir(dir), kfake.SyncWrites())
	if err != nil {
		t.Fatal(err)
	}
	var port int
	if _, err := fmt.Sscanf(first.ListenAddrs()[0][strings.LastIndexByte(first.ListenAddrs()[0], ':')+1:], "%d", &port); err != nil {
		t.Fatal(err)
	}
	w := &world{T: t, dir: filepath.Join(t.TempDir(), "data"), cluster: first, commit: time.Now().UnixMicro()}
	w.connect()
	w.open()
	defer func() { w.close() }()
	w.createSource("")
	w.insert(0, 1, 1)
	w.await(sum, "1,1")
	for i := range int64(2) {
		first.Close()
		w.awaitState("waiting for Kafka: ")
		if i == 1 {
			w.close()
			w.open()
			w.awaitState("waiting for Kafka: ")
		}
		if first, err = kfake.NewCluster(kfake.NumBrokers(1), kfake.Ports(port), kfake.DataDir(dir), kfake.SyncWrites()); err != nil {
			t.Fatal(err)
		}
		w.cluster = first
		w.connect()
		w.insert(0, 2+i, 1)
		w.await(sum, fmt.Sprintf("%d,%d", 2+i, 2+i))
	}
	first.Close()
}

// proxied is a listener that brokers are told to advertise as the proxy before it.
type proxied struct {
	net.Listener
	proxy net.Addr
}

func (l proxied) Addr() net.Addr { return l.proxy }

// F33: conversations that are cut in the middle of an answer, trickle, or fall silent: every record counts once, and what is going on can be seen.
func TestF33ConversationsAreCut(t *testing.T) {
	t.Parallel()
	var proxy *wiretest.Proxy
	w := newWorld(t, 2, kfake.ListenFn(func(network, address string) (net.Listener, error) {
		l, err := net.Listen(network, address)
		if err != nil {
			return nil, err
		}
		proxy = wiretest.New(t, l.Addr().String(), wiretest.Fault{})
		at, err := net.ResolveTCPAddr("tcp", proxy.Addr)
		return proxied{l, at}, err
	}))
	rows, total := int64(0), int64(0)
	more := func(n int) {
		var records []*kgo.Record
		for range n {
			records = append(records, w.row(int32(rows%2), rows, rows))
			rows, total = rows+1, total+rows
		}
		w.send(records...)
	}
	more(2000)
	const cuts = 12
	proxy.Vary(false, func(n int) wiretest.Fault { // the writer keeps its conversations
		if n < cuts {
			return wiretest.Fault{CutDown: int64(300 + 389*n*n)}
		}
		return wiretest.Fault{}
	})
	w.createSource("")
	more(500)
	w.await(sum, fmt.Sprintf("%d,%d", rows, total))
	w.awaitState("following")

	proxy.Vary(true, func(int) wiretest.Fault { return wiretest.Fault{Trickle: true} })
	more(100)
	w.await(sum, fmt.Sprintf("%d,%d", rows, total))

	proxy.Vary(true, func(int) wiretest.Fault { return wiretest.Fault{SwallowDown: 1} })
	w.awaitState("tried again by itself")
	proxy.Vary(true, func(int) wiretest.Fault { return wiretest.Fault{} })
	more(100)
	w.await(sum, fmt.Sprintf("%d,%d", rows, total))
	w.awaitState("following")
	if records, again := w.column("records").I, w.column("repeated").I; records != rows || again != 0 {
		t.Errorf("of %d records %d were read, %d again", rows, records, again)
	}
}

// What is wrong with the options is said by name when the source is declared, and nothing is left of it.
func TestMistakes(t *testing.T) {
	ca, server := certificates(t)
	open := newWorld(t, 1, kfake.SeedTopics(2, "tx.several"))
	secured := newWorld(t, 1, kfake.EnableSASL(), kfake.Superuser("SCRAM-SHA-256", "asof", "right"))
	encrypted := newWorld(t, 1, kfake.TLS(server))
	for _, c := range []struct {
		name string
		w    *world
		from string // what to replace in a good statement
		to   string
		says []string
	}{
		{"no brokers", open, "brokers = '" + open.address() + "', ", "", []string{"needs the option brokers"}},
		{"no address", open, open.address(), "localhost:port", []string{"localhost:port", "host:port"}},
		{"nobody there", open, open.address(), "127.0.0.1:1", []string{"no broker at 127.0.0.1:1 answers", "refused", "look at the option brokers"}},
		{"no topic", open, ", topic = '" + topic + "'", "", []string{"needs the option topic"}},
		{"unknown topic", open, topic, "shop.public.orders", []string{"there is no topic", "shop.public.orders", "there are: " + topic}},
		{"unknown transaction topic", open, "idle_lag", "transaction_topic = 'tx', idle_lag", []string{"there is no topic", "tx"}},
		{"transactions in several partitions", open, "idle_lag", "transaction_topic = 'tx.several', idle_lag", []string{"tx.several", "2 partitions", "leave the option away"}},
		{"start", open, "idle_lag", "start = 'yesterday', idle_lag", []string{"start", "'earliest' or 'latest'"}},
		{"follow", open, "idle_lag", "follow = 'true', idle_lag", []string{"follow", "always goes on"}},
		{"password in the open", open, "idle_lag", "sasl_username = 'a', sasl_password = 'b', idle_lag", []string{"must be a secret"}},
		{"mechanism", open, "idle_lag", "sasl_mechanism = 'GSSAPI', sasl_username = 'a', sasl_password = SECRET wrong, idle_lag", []string{"GSSAPI", "SCRAM-SHA-256"}},
		{"half a certificate", open, "idle_lag", "tls_cert = 'a.pem', idle_lag", []string{"belong together"}},
		{"no such CA", open, "idle_lag", "tls_ca = '/nowhere/ca.pem', idle_lag", []string{"tls_ca", "/nowhere/ca.pem"}},
		{"SASL is missing", secured, "", "", []string{"no broker at", "SASL"}},
		{"wrong password", secured, "idle_lag", "sasl_mechanism = 'SCRAM-SHA-256', sasl_username = 'asof', sasl_password = SECRET wrong, idle_lag", []string{"no broker at", "sasl_password"}},
		{"TLS is missing", encrypted, "", "", []string{"no broker at", "tls = 'true'"}},
		{"unknown authority", encrypted, "idle_lag", "tls = 'true', idle_lag", []string{"x509", "tls_ca"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.w.exec("DROP SECRET IF EXISTS wrong; CREATE SECRET wrong AS 'canary-wrong'")
			sql := c.w.source("")
			if c.from != "" {
				sql = strings.Replace(sql, c.from, c.to, 1)
			}
			c.w.refused(sql, c.says...)
			if got, err := c.w.query("SHOW SOURCES"); got != "" || err != nil {
				t.Errorf("there is %s, %v", got, err)
			}
		})
	}
	secured.exec("CREATE SECRET pw AS 'right'")
	secured.createSource(", sasl_mechanism = 'SCRAM-SHA-256', sasl_username = 'asof', sasl_password = SECRET pw")
	secured.awaitState("following")
	encrypted.createSource(", tls_ca = '" + ca + "'")
	encrypted.awaitState("following")
}

// certificates makes an authority, in a file, and a server's configuration with a certificate of it.
func certificates(t *testing.T) (ca string, server *tls.Config) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	cert := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		IsCA: true, BasicConstraintsValid: true, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, DNSNames: []string{"localhost"},
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, cert, cert, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	ca = filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return ca, &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
}
