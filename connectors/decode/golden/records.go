package golden

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"embed"
	"encoding/json"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
)

//go:embed captures truth
var files embed.FS

// Record is one record of a capture.
type Record struct {
	Topic     string
	Partition int
	Timestamp int64 // Kafka's, in ms
	Key       json.RawMessage
	Value     json.RawMessage
}

// Table returns the table of a topic PREFIX.SCHEMA.TABLE, or what kind of topic it is.
func (c Record) Table() string { return c.Topic[strings.LastIndexByte(c.Topic, '.')+1:] }

// Records returns the records of a capture, in the order of topic, partition and offset.
func Records(t testing.TB, capture string) []Record {
	t.Helper()
	f, err := files.Open("captures/" + capture + ".ndjson.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var all []Record
	lines := bufio.NewScanner(z)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c Record
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			t.Fatal(err)
		}
		all = append(all, c)
	}
	if err := lines.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}

// Sent returns the bytes of a record as they were sent: the value null for a tombstone.
func (c Record) Sent() engine.Record {
	rec := engine.Record{Value: c.Value}
	if !bytes.Equal(c.Key, []byte("null")) {
		rec.Key = c.Key
	}
	return rec
}
