package engine_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"

	"github.com/asofdb/asof/connectors"
	"github.com/asofdb/asof/engine"
)

// account is a record of the table accounts, committed or, of a snapshot, begun at the time at.
func account(partition int32, op, snapshot string, at time.Time, id int, segment string) *kgo.Record {
	return &kgo.Record{Topic: "shop.public.accounts", Partition: partition, Key: fmt.Appendf(nil, `{"id":%d}`, id), Value: fmt.Appendf(nil,
		`{"op":"%s","source":{"connector":"postgresql","schema":"public","table":"accounts","ts_us":%d,"snapshot":"%s"},"before":null,"after":{"id":%d,"segment":"%s"}}`,
		op, at.UnixMicro(), snapshot, id, segment)}
}

// accounts is an engine with the source accounts of a topic of n partitions.
func accounts(t *testing.T, n int) (*engine.Engine, *broker) {
	t.Helper()
	b := newBroker(t, map[string]int{"shop.public.accounts": n})
	e, err := engine.Open(t.TempDir(), engine.Options{Connectors: connectors.Default()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	mustExec(t, e, "CREATE SOURCE accounts (id BIGINT PRIMARY KEY, segment TEXT) WITH (connector = 'kafka', brokers = '"+b.address+"', topic = 'shop.public.accounts') FORMAT DEBEZIUM ENCODE JSON")
	return e, b
}

// awaitThrough waits until n records have been read, and everything committed at the time at can be.
func awaitThrough(t *testing.T, e *engine.Engine, n int64, at time.Time) sourceRow {
	t.Helper()
	return awaitSource(t, e, "accounts", func(row sourceRow) bool {
		return row["records"].I == n && !row["frontier"].IsNull() && row["frontier"].I >= at.UnixMicro()
	})
}

func wantAccounts(t *testing.T, e *engine.Engine, want string) {
	t.Helper()
	got, err := ask(t.Context(), e, "SELECT id, segment FROM accounts ORDER BY id")
	if err != nil || got != want {
		t.Errorf("accounts %q, %v; want %q", got, err, want)
	}
}

// CREATE SOURCE returns when the source can be read, so that the next statement can; or it says what it waits for.
func TestTheNextStatementCanRead(t *testing.T) {
	b := newBroker(t, map[string]int{"shop.public.accounts": 2, "shop.public.none": 1, "shop.public.later": 1})
	begun := time.Now().Add(-time.Hour)
	b.produce(t, account(0, "r", "first", begun, 1, "a"), account(1, "r", "last", begun, 2, "b"))
	var said []string
	e, err := engine.Open(t.TempDir(), engine.Options{Connectors: connectors.Default(), Notice: func(n engine.Notice) { said = append(said, n.Message) }})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	declare := "CREATE SOURCE %s (id BIGINT PRIMARY KEY, segment TEXT) WITH (connector = 'kafka', brokers = '" + b.address + "', topic = 'shop.public.%[1]s') FORMAT DEBEZIUM ENCODE JSON"
	mustExec(t, e, fmt.Sprintf(declare, "accounts"))
	wantAccounts(t, e, "1,a,\n2,b,\n")
	if said != nil {
		t.Errorf("said of a source that can be read: %q", said)
	}
	mustExec(t, e, fmt.Sprintf(declare, "none"))
	if want := []string{`source "none" cannot be read yet: nothing has come from it`}; !slices.Equal(said, want) {
		t.Errorf("said %q, want %q", said, want)
	}
	// One who gives up waiting leaves a source that is read.
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	given := make(chan error, 1)
	go func() { given <- e.Exec(ctx, fmt.Sprintf(declare, "later")) }()
	awaitSource(t, e, "later", func(row sourceRow) bool { return row["position"].S != "" }) // it waits for the first record now
	cancel()
	if err := <-given; err != nil {
		t.Error(err)
	}
	b.produce(t, &kgo.Record{Topic: "shop.public.later", Value: []byte(`{"op":"c","source":{"connector":"postgresql","schema":"public","table":"later","ts_us":1746093600000000},"before":null,"after":{"id":1,"segment":"a"}}`)})
	awaitSource(t, e, "later", func(row sourceRow) bool { return row["records"].I == 1 && !row["frontier"].IsNull() })
}

// The record that is marked as the first of its snapshot is in one of the partitions, and may be read after rows of the same snapshot in others.
func TestASnapshotOverPartitionsIsOne(t *testing.T) {
	e, b := accounts(t, 3)
	begun := time.Now().Add(-time.Hour)
	b.produce(t,
		account(0, "r", "true", begun, 1, "a"), account(1, "r", "true", begun, 2, "b"), account(2, "r", "first_in_data_collection", begun, 3, "c"),
		account(0, "r", "true", begun, 4, "d"), account(1, "r", "true", begun, 5, "e"), account(2, "r", "last_in_data_collection", begun, 6, "f"),
		account(2, "c", "false", begun.Add(time.Minute), 7, "g"))
	if row := awaitThrough(t, e, 7, begun.Add(time.Minute)); row["truncates"].I != 0 || row["history_from"].I != begun.UnixMicro() {
		t.Errorf("SHOW SOURCES: %v", row)
	}
	wantAccounts(t, e, "1,a,\n2,b,\n3,c,\n4,d,\n5,e,\n6,f,\n7,g,\n")
}

// Of a snapshot that another one took the place of nothing stays, whichever of the new one's rows is read first.
func TestASnapshotOverPartitionsBeginsAnew(t *testing.T) {
	e, b := accounts(t, 2)
	begun := time.Now().Add(-time.Hour)
	again := begun.Add(time.Minute)
	b.produce(t,
		account(0, "r", "first_in_data_collection", begun, 1, "old"), account(1, "r", "true", begun, 2, "old"),
		account(0, "r", "true", again, 3, "new"), account(1, "r", "first_in_data_collection", again, 2, "new"), account(1, "r", "last_in_data_collection", again, 4, "new"),
		account(1, "c", "false", again.Add(time.Minute), 5, "new"))
	if row := awaitThrough(t, e, 6, again.Add(time.Minute)); row["history_from"].I != again.UnixMicro() {
		t.Errorf("SHOW SOURCES: %v", row)
	}
	wantAccounts(t, e, "2,new,\n3,new,\n4,new,\n5,new,\n")
}

// Whether a table is empty, or its snapshot is still to come, an empty topic does not tell: nothing can be read, and the history begins with the snapshot, however late its rows come.
func TestNothingIsKnownBeforeTheSnapshot(t *testing.T) {
	e, b := accounts(t, 2)
	looked := awaitSource(t, e, "accounts", func(row sourceRow) bool { return !row["lag_records"].IsNull() })
	if !looked["frontier"].IsNull() {
		t.Errorf("SHOW SOURCES: %v", looked)
	}
	begun := time.Now().Add(-time.Hour)
	b.produce(t, account(0, "r", "first", begun, 1, "a"), account(1, "r", "last", begun, 2, "b"), account(1, "u", "false", begun.Add(time.Minute), 2, "c"))
	if row := awaitThrough(t, e, 3, begun.Add(time.Minute)); row["history_from"].I != begun.UnixMicro() || row["shifted_changes"].I != 0 {
		t.Errorf("SHOW SOURCES: %v", row)
	}
	wantAccounts(t, e, "1,a,\n2,c,\n")
}
