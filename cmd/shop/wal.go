package shop

import (
	"bytes"
	"encoding/json"
	"fmt"
	"time"
)

// wal is the log of the shop's database as the connector sees it: it numbers transactions and changes and writes envelopes.
type wal struct {
	commit     time.Time // of the transaction that is open
	txID       int64
	lsn        int64 // of the last change
	lastCommit int64 // LSN of the commit before this transaction, 0 before the first
	lines      []Line
}

// envelope is one change as connector version 3.7 writes it with decimal.handling.mode = string, without transaction metadata.
type envelope struct {
	Before      any    `json:"before"`
	After       any    `json:"after"`
	Source      source `json:"source"`
	Transaction any    `json:"transaction"`
	Op          string `json:"op"`
	TsMs        int64  `json:"ts_ms"`
	TsUs        int64  `json:"ts_us"`
	TsNs        int64  `json:"ts_ns"`
}

type source struct {
	Version   string `json:"version"`
	Connector string `json:"connector"`
	Name      string `json:"name"`
	TsMs      int64  `json:"ts_ms"`
	Snapshot  string `json:"snapshot"`
	DB        string `json:"db"`
	Sequence  string `json:"sequence"`
	TsUs      int64  `json:"ts_us"`
	TsNs      int64  `json:"ts_ns"`
	Schema    string `json:"schema"`
	Table     string `json:"table"`
	TxID      int64  `json:"txId"`
	LSN       int64  `json:"lsn"`
	Xmin      *int64 `json:"xmin"`
	Origin    any    `json:"origin"`
	OriginLSN any    `json:"origin_lsn"`
}

// connectorDelay is how long after a commit the connector's own clock stands in its envelopes.
const connectorDelay = 3127 * time.Microsecond

func (w *wal) begin(now time.Time) {
	now = now.Truncate(time.Microsecond)
	if earliest := w.commit.Add(time.Microsecond); now.Before(earliest) {
		now = earliest
	}
	w.commit = now
	w.txID++
}

func (w *wal) end() Transaction {
	t := Transaction{Commit: w.commit, Lines: w.lines}
	w.lines = nil
	w.lsn += 48 // the commit record
	w.lastCommit = w.lsn
	return t
}

func (w *wal) insert(table string, row any) { w.change(table, "c", nil, row) }

// update writes no before image: the table's REPLICA IDENTITY is DEFAULT and its key has not changed.
func (w *wal) update(table string, row any) { w.change(table, "u", nil, row) }

func (w *wal) delete(table string, keyImage any) {
	w.change(table, "d", keyImage, nil)
	w.lines = append(w.lines, Line{Table: table, JSON: []byte("null")})
}

// changeKey writes the two halves under one LSN, as the connector does.
func (w *wal) changeKey(table string, oldKeyImage, row any) {
	w.delete(table, oldKeyImage)
	w.write(table, "c", nil, row)
}

func (w *wal) change(table, op string, before, after any) {
	w.lsn += 152
	w.write(table, op, before, after)
}

func (w *wal) write(table, op string, before, after any) {
	at, seen := w.commit, w.commit.Add(connectorDelay)
	e := envelope{
		Before: before, After: after, Op: op,
		TsMs: seen.UnixMilli(), TsUs: seen.UnixMicro(), TsNs: seen.UnixNano(),
		Source: source{
			Version: "3.7.0.Final", Connector: "postgresql", Name: "shop", Snapshot: "false", DB: "shop", Schema: "public", Table: table,
			TsMs: at.UnixMilli(), TsUs: at.UnixMicro(), TsNs: at.UnixMicro() * 1000, TxID: w.txID, LSN: w.lsn, Sequence: w.sequence(),
		},
	}
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false) // the connector does not escape either
	if err := enc.Encode(e); err != nil {
		panic("shop: an envelope of plain structs always encodes: " + err.Error())
	}
	w.lines = append(w.lines, Line{Table: table, JSON: bytes.TrimRight(buf.Bytes(), "\n"), Change: true})
}

// sequence is the LSN of the last commit and of the change, as a JSON array in a string.
func (w *wal) sequence() string {
	if w.lastCommit == 0 {
		return fmt.Sprintf("[null,\"%d\"]", w.lsn)
	}
	return fmt.Sprintf("[\"%d\",\"%d\"]", w.lastCommit, w.lsn)
}
