package engine_test

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// recordWriter makes Debezium's records of short lines. A line is a commit time on 20 May 2025, an operation, words, and the row's images:
//
//	10:00:00 c {"id":1,"amount":"5.00"}             an insert
//	10:00:01 u {"id":1,"amount":"6.00"}             an update without its before image
//	10:00:01 u {"id":1,…} -> {"id":2,…}             with it
//	10:00:02 d {"id":1}                             a delete; its image is the before image
//	10:00:03 t                                      TRUNCATE
//	10:00:00 r snapshot=last {"id":1}               a snapshot row: snapshot is true where nothing is said
//	10:00:04 heartbeat                              the connector's clock
//	10:00:05 begin tx=7
//	10:00:05 end tx=7 count=2                       transaction metadata
//	null                                            a tombstone
//	{…                                              a record as it is
//
// Words are tx=, lsn= and order=, which identify a change (by itself each line has a tx and an lsn of its own; tx=0 leaves both out),
// table=, and snapshot=.
type recordWriter struct{ last int64 }

func (w *recordWriter) lines(text string) ([]string, error) {
	var out []string
	for line := range strings.SplitSeq(text, "\n") {
		record, err := w.line(strings.TrimSpace(line))
		if err != nil {
			return nil, fmt.Errorf("%w: %s", err, line)
		}
		out = append(out, record)
	}
	return out, nil
}

func (w *recordWriter) line(line string) (string, error) {
	if line == "" || line == "null" || line[0] == '{' {
		return line, nil
	}
	head, images := line, ""
	if at := strings.IndexByte(line, '{'); at >= 0 {
		head, images = line[:at], line[at:]
	}
	words := strings.Fields(head)
	if len(words) < 2 {
		return "", fmt.Errorf("a time and an operation are missing")
	}
	clock, err := time.Parse("2006-01-02 15:04:05.999999", "2025-05-20 "+words[0])
	if err != nil {
		return "", err
	}
	w.last += 10
	with := map[string]string{
		"tx": strconv.FormatInt(700+w.last, 10), "lsn": strconv.FormatInt(9000+w.last, 10), "order": "0", "table": "public.t", "snapshot": "false", "count": "0",
	}
	if words[1] == "r" {
		with["snapshot"] = "true"
	}
	for _, word := range words[2:] {
		name, value, ok := strings.Cut(word, "=")
		if _, known := with[name]; !ok || !known {
			return "", fmt.Errorf("word %q", word)
		}
		with[name] = value
	}
	return compose(words[1], clock, with, images)
}

func compose(op string, at time.Time, with map[string]string, images string) (string, error) {
	switch op {
	case "heartbeat":
		return fmt.Sprintf(`{"ts_ms":%d}`, at.UnixMilli()), nil
	case "begin":
		return fmt.Sprintf(`{"status":"BEGIN","id":"%s:1","event_count":null,"data_collections":null,"ts_ms":%d}`, with["tx"], at.UnixMilli()), nil
	case "end":
		return fmt.Sprintf(`{"status":"END","id":"%s:9","event_count":%s,"data_collections":[],"ts_ms":%d}`, with["tx"], with["count"], at.UnixMilli()), nil
	}
	before, after := "null", "null"
	switch first, second, two := strings.Cut(images, "->"); {
	case two:
		before, after = strings.TrimSpace(first), strings.TrimSpace(second)
	case op == "d" && images != "":
		before = images
	case images != "":
		after = images
	}
	schema, table, _ := strings.Cut(with["table"], ".")
	position := fmt.Sprintf(`"txId":%s,"lsn":%s,`, with["tx"], with["lsn"])
	if with["tx"] == "0" {
		position = ""
	}
	transaction := ""
	if with["order"] != "0" {
		transaction = fmt.Sprintf(`,"transaction":{"id":"%s:%s","total_order":%s,"data_collection_order":1}`, with["tx"], with["lsn"], with["order"])
	}
	record := fmt.Sprintf(`{"before":%s,"after":%s,"source":{"connector":"postgresql","ts_ms":%d,"ts_us":%d,"snapshot":"%s",%s"schema":"%s","table":"%s"},"op":"%s","ts_ms":%d%s}`,
		before, after, at.UnixMilli(), at.UnixMicro(), with["snapshot"], position, schema, table, op, at.UnixMilli()+400, transaction)
	if !json.Valid([]byte(record)) {
		return "", fmt.Errorf("the images are no JSON")
	}
	return record, nil
}
