package decode

import (
	"cmp"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

var shopTables = map[string]declared{
	"customers": {"customer_id bigint NOT NULL, email text NOT NULL, tier varchar(16) NOT NULL, created_at timestamptz NOT NULL", []string{"customer_id"}},
	// The last column names and types; priority was added later and is missing in older images.
	"orders": {"order_id bigint NOT NULL, customer_id bigint NOT NULL, amount numeric(14,4) NOT NULL, state text, created_at timestamptz NOT NULL, " +
		"coupon text, priority integer", []string{"order_id"}},
	"documents": {"doc_id integer, title text, body text, tags text[], raw bytea, version integer", []string{"doc_id"}},
	"articles":  {"article_id integer, body text, views integer", []string{"article_id"}},
	"required": {"id integer, c_int integer NOT NULL, c_bigint bigint NOT NULL, c_numeric numeric(12,2) NOT NULL, c_free numeric NOT NULL, " +
		"c_double double precision NOT NULL, c_bool boolean NOT NULL, c_text text NOT NULL, c_default text NOT NULL, c_date date NOT NULL, c_time time NOT NULL, " +
		"c_ts timestamp NOT NULL, c_tstz timestamptz NOT NULL, c_now timestamptz NOT NULL, c_uuid uuid NOT NULL, c_jsonb jsonb NOT NULL, " +
		"c_bytea bytea NOT NULL, c_ints integer[] NOT NULL, c_interval interval NOT NULL", []string{"id"}},
	"order_lines": {"order_id bigint, line_no integer, sku text, quantity integer", []string{"order_id", "line_no"}},
	"clicks":      {"session_id text, url text, at timestamptz", nil},
	"audit":       {"who text, what text", nil},
}

var typesTables = map[string]declared{
	"types": {"id integer, c_smallint smallint, c_int integer, c_bigint bigint, c_num12_2 numeric(12,2), c_num numeric, c_num38_10 numeric(38,10), " +
		"c_domain numeric(8,3), c_money numeric(19,2), c_real real, c_double double precision, c_text text, c_varchar varchar(20), c_char char(5), c_citext text, " +
		"c_bool boolean, c_bit1 boolean, c_bit5 bytea, c_varbit bytea, c_date date, c_time time, c_time3 time(3), c_timetz time, c_ts timestamp, " +
		"c_ts3 timestamp(3), c_ts0 timestamp(0), c_tstz timestamptz, c_tstz3 timestamptz(3), c_interval interval, c_uuid uuid, c_json json, c_jsonb jsonb, " +
		"c_xml text, c_bytea bytea, c_ints integer[], c_texts text[], c_nums numeric(10,2)[], c_tstzs timestamptz[], c_matrix integer[], c_enum text, " +
		"c_inet text, c_cidr text, c_macaddr text, c_hstore jsonb, c_range text, c_tstzrange text, c_point text, c_tsvector text, c_oid bigint, " +
		"c_default integer NOT NULL, c_generated bigint", []string{"id"}},
	"edges": {"id integer, what text, c_real real, c_double double precision, c_num numeric, c_num12_2 numeric(12,2), c_date date, c_ts timestamp, " +
		"c_tstz timestamptz, c_time time, c_interval interval", []string{"id"}},
	"negative_scale": {"id integer, c_num5_m2 numeric(5,-2)", []string{"id"}},
}

var otherTables = map[string]declared{
	"payments":        {"id integer, amount numeric(12,2)", []string{"id"}},
	"items":           {"id integer, v text", []string{"id"}},
	"debezium_signal": {"id text, type text, data text", []string{"id"}},
}

var mariadbTables = map[string]declared{
	"orders": {"order_id bigint, customer_id numeric(20,0) NOT NULL, amount numeric(14,4) NOT NULL, free numeric(30,10), status text NOT NULL, flags text, " +
		"paid smallint, bits bytea, n smallint, y smallint, d date, t interval, created_at timestamp(0) NOT NULL, dt3 timestamp(3), dt6 timestamp(6), ts timestamp, " +
		"ts6 timestamp, f real, dbl double precision, j text, b bytea, u text, coupon text", []string{"order_id"}},
}

// capture is one file of records and how a user would declare a source over each of its tables.
type capture struct {
	name    string
	group   string // of its truth
	tables  map[string]declared
	options map[string]string
	partial bool // only some rows of the tables were kept
}

func captures() []capture {
	all := []capture{
		{name: "shop_json", group: "shop", tables: shopTables},
		{name: "shop_schema", group: "shop", tables: shopTables},
		{name: "shop_parts3", group: "shop", tables: shopTables},
		{name: "incremental", group: "incremental", tables: only(otherTables, "items", "debezium_signal")},
		{name: "restart", group: "restart", tables: only(otherTables, "payments")},
		{name: "mariadb_json", group: "mariadb", tables: mariadbTables, options: map[string]string{"time_precision": "adaptive"}},
		{name: "mariadb_schema", group: "mariadb", tables: mariadbTables},
	}
	for _, mode := range typesModes {
		options := map[string]string{"time_precision": mode.times}
		if mode.binary != "" {
			options["binary_handling_mode"] = mode.binary
		}
		tables := typesTables
		if mode.binary == "hex" {
			// Bits are written in base64 all the same, and without a schema nothing says which column they are.
			tables = maps.Clone(typesTables)
			ddl := strings.NewReplacer("c_bit5 bytea", "c_bit5 text", "c_varbit bytea", "c_varbit text").Replace(tables["types"].ddl)
			tables["types"] = declared{ddl, tables["types"].key}
		}
		all = append(all,
			capture{name: "types_" + mode.name, group: "types", tables: tables, options: options},
			// With schemas nothing is left to say but how text holds bytes.
			capture{name: "types_" + mode.name + "_schema", group: "types", tables: typesTables, partial: mode.name != "precise", options: only(options, "binary_handling_mode")})
	}
	return all
}

var typesModes = []struct{ name, times, binary string }{
	{"precise", "adaptive", ""},
	{"string", "adaptive", "hex"},
	{"double", "adaptive", "base64"},
	{"atm", "adaptive_time_microseconds", ""},
	{"connect", "connect", ""},
	{"microseconds", "microseconds", ""},
	{"nanoseconds", "nanoseconds", ""},
	{"isostring", "isostring", ""},
}

func only[V any](m map[string]V, names ...string) map[string]V {
	some := map[string]V{}
	for _, name := range names {
		if v, ok := m[name]; ok {
			some[name] = v
		}
	}
	return some
}

// mode is the part of a capture's name that says how its values are encoded.
func (c capture) mode() string {
	_, mode, _ := strings.Cut(strings.TrimSuffix(c.name, "_schema"), "_")
	return mode
}

func (c capture) schemaless() bool { return !strings.HasSuffix(c.name, "_schema") }

// loss is a value that reaches us otherwise than the database has it, and why. A loss that does not occur fails the test.
type loss struct {
	where  func(c capture) bool
	before bool   // in the snapshot's rows, else in the last ones
	column string // "table.column"
	rows   string // by key; "" for every row where want differs
	want   func(text string) string
	why    string
	used   bool // it made a difference in some capture
}

func in(modes ...string) func(capture) bool {
	return func(c capture) bool {
		return c.group == "types" && (len(modes) == 0 || slices.Contains(modes, c.mode()))
	}
}

func group(name string) func(capture) bool {
	return func(c capture) bool { return c.group == name }
}

func schemaless(name string) func(capture) bool {
	return func(c capture) bool { return c.group == name && c.schemaless() }
}

func withSchema(name string) func(capture) bool {
	return func(c capture) bool { return c.group == name && !c.schemaless() }
}

func twoMoreDigits(s string) string { return s + "00" }

// from returns what stands for a text in table, and every other text as it is.
func from(table map[string]string) func(string) string {
	return func(s string) string {
		if text, ok := table[s]; ok {
			return text
		}
		return s
	}
}

func is(text string) func(string) string { return func(string) string { return text } }

// both returns the losses for snapshot and streamed rows.
func both(l loss) []loss {
	before := l
	before.before = true
	return []loss{l, before}
}

var knownLosses = slices.Concat(
	// ALTER TYPE numeric(12,2) TO numeric(14,4) left the bytes of older rows alone, and base64 without a schema does not say its scale.
	both(loss{where: schemaless("shop"), column: "orders.amount", rows: "100 101 102 104 106 107 1030", want: hundredth, why: "rescaled column without schemas"}),
	[]loss{
		{where: schemaless("mariadb"), before: true, column: "orders.amount", want: hundredth, why: "rescaled column without schemas"},
		{where: withSchema("shop"), before: true, column: "orders.amount", want: twoMoreDigits, why: "printed with the last scale"},
		{where: withSchema("mariadb"), before: true, column: "orders.amount", want: twoMoreDigits, why: "printed with the last scale"},
		{where: group("shop"), before: true, column: "required.c_interval", want: is("24:00:00"), why: "an interval is sent as microseconds"},
		{where: group("shop"), column: "orders.state", rows: "100 101 104 106 107 1030", want: is(null), why: "written before status was renamed"},
		{where: group("shop"), column: "orders.priority", rows: "100 104 106 1030", want: is(null), why: "ADD COLUMN … DEFAULT sends no change"},
		{where: in(), column: "types.c_generated", rows: "5", want: is(null), why: "generated columns are not published"},
	},
	both(loss{where: in(), column: "types.c_money", want: func(s string) string { return strings.NewReplacer("$", "", ",", "").Replace(s) }, why: "money is sent as a decimal"}),
	both(loss{where: in(), column: "types.c_bit1", want: from(map[string]string{"1": "t", "0": "f"}), why: "bit(1) is sent as a boolean"}),
	both(loss{where: in(), column: "types.c_bit5", want: littleEndian, why: "bit(n) is sent as little-endian bytes"}),
	both(loss{where: in(), column: "types.c_varbit", want: littleEndian, why: "bit(n) is sent as little-endian bytes"}),
	both(loss{where: hexWithoutSchema, column: "types.c_bit5", want: hexToBase64, why: "bit(n) stays base64 in hex mode, so it is declared as text"}),
	both(loss{where: hexWithoutSchema, column: "types.c_varbit", want: hexToBase64, why: "bit(n) stays base64 in hex mode, so it is declared as text"}),
	both(loss{where: in(), column: "types.c_timetz", want: from(map[string]string{
		"12:34:56.123456+02": "10:34:56.123456", "23:59:59.999999-12": "11:59:59.999999", "00:00:00+00": "00:00:00",
	}), why: "timetz is sent in UTC"}),
	both(loss{where: in(), column: "types.c_hstore", want: func(s string) string {
		s = strings.ReplaceAll(strings.ReplaceAll(s, "=>NULL", ":null"), `"=>"`, `":"`)
		return "{" + strings.ReplaceAll(s, `", "`, `","`) + "}"
	}, why: "hstore is sent as a map or as JSON"}),
	both(loss{where: in(), column: "types.c_point", want: from(map[string]string{
		"(1.5,-2)":   `{"x":1.5,"y":-2.0,"wkb":"AQEAAAAAAAAAAAD4PwAAAAAAAADA","srid":null}`,
		"(1e+308,0)": `{"x":1.0E308,"y":0.0,"wkb":"AQEAAACgyOuF88zhfwAAAAAAAAAA","srid":null}`,
		"(-0,0)":     `{"x":-0.0,"y":0.0,"wkb":"AQEAAAAAAAAAAAAAgAAAAAAAAAAA","srid":null}`,
	}), why: "a point is sent as a struct"}),
	both(loss{where: in(), column: "types.c_matrix", want: from(map[string]string{"{{1,2},{3,4}}": "{NULL,NULL}", "{{0}}": "{NULL}"}), why: "int[][] is sent as an array of nulls"}),
	both(loss{where: notMode("string"), column: "types.c_interval", want: from(map[string]string{
		"1 year 2 mons 3 days 04:05:06.789":         "10303:05:06.789",
		"-1 mons -2 days -00:00:00.000001":          "-778:30:00.000001",
		"100 years 11 mons 30 days 23:59:59.999999": "885379:29:59.999999",
	}), why: "an interval is sent as microseconds, a month of 30.4375 days"}),
	both(loss{where: in("connect"), column: "types.c_time", want: cutTo(3), why: "connect mode cuts to milliseconds"}),
	both(loss{where: in("connect"), column: "types.c_ts", rows: "1 3 4", want: from(map[string]string{
		"2026-11-22 12:34:56.123456": "2026-11-22 12:34:56.123",
		"9999-12-31 23:59:59.999999": "9999-12-31 23:59:59.999",
		"1969-12-31 23:59:59.999999": "1969-12-31 23:59:59.999",
	}), why: "connect mode cuts to milliseconds"}),
	[]loss{
		{where: in("nanoseconds"), before: true, column: "types.c_ts", rows: "3", want: is(null), why: "nanoseconds end in 2262"},
		{where: in("nanoseconds"), before: true, column: "types.c_ts3", rows: "3", want: is(null), why: "nanoseconds end in 2262"},
		{where: in("nanoseconds"), before: true, column: "types.c_ts0", rows: "3", want: is(null), why: "nanoseconds end in 2262"},
		{where: in("double"), before: true, column: "types.c_num", rows: "3", want: is("123456789012345680000000000000"), why: "a double has 17 digits"},
		{where: in("double"), before: true, column: "types.c_num38_10", rows: "3", want: is("1234567890123456900000000000.0000000000"), why: "a double has 17 digits"},
		{where: in("double"), before: true, column: "types.c_money", rows: "3", want: is("92233720368547760.00"), why: "a double has 17 digits"},
	},
	both(loss{where: in("double"), column: "types.c_num", rows: "4", want: is("-0.0000000010"), why: "a double keeps no scale"}),
	both(loss{where: notMode("string", "double"), column: "edges.c_num", rows: "10 11 12", want: is(null), why: "precise decimals have no NaN and no Infinity"}),
	both(loss{where: notMode("string", "double"), column: "edges.c_num12_2", rows: "14", want: is(null), why: "precise decimals have no NaN"}),
	[]loss{
		{where: in(), before: true, column: "edges.c_date", rows: "22", want: is("0044-03-15"), why: "the snapshot drops the era"},
		{where: in(), before: true, column: "edges.c_date", rows: "24", want: is("4713-01-01"), why: "the snapshot drops the era"},
	},
	both(loss{where: in("nanoseconds"), column: "edges.c_ts", rows: "32 33 34", want: is(null), why: "nanoseconds span 1677 to 2262"}),
	both(loss{where: in("connect"), column: "edges.c_ts", rows: "34", want: is("2300-01-01 00:00:00"), why: "connect mode cuts to milliseconds"}),
	both(loss{where: in("isostring"), column: "edges.c_time", rows: "50", want: is("00:00:00"), why: "isostring has no 24:00"}),
	both(loss{where: notMode("string"), column: "edges.c_interval", rows: "60 61 62", want: from(map[string]string{
		"178000000 years": types.Value{Kind: types.Interval, I: 1<<63 - 1}.String(), "1 mon": "730:30:00", "30 days": "720:00:00",
	}), why: "an interval is sent as microseconds, saturating"}),
	[]loss{
		{where: group("mariadb"), before: true, column: "orders.customer_id", rows: "101", want: is("-1"), why: "bigint unsigned is sent as a long"},
		{where: group("mariadb"), before: true, column: "orders.bits", rows: "100", want: is(`\x16`), why: "printed as bytes"},
		{where: group("mariadb"), before: true, column: "orders.b", rows: "100", want: is(`\x0041`), why: "printed as bytes"},
		{where: group("mariadb"), before: true, column: "orders.t", rows: "101", want: is("-838:59:59"), why: "printed without a fraction"},
	},
)

// lostRows are the rows whose records are rejects.
var lostRows = []struct {
	where func(c capture) bool
	table string
	row   string
	why   string
}{
	{notMode("nanoseconds"), "edges", "33", "the connector's number has overflowed, or lies after 294247, where our timestamps end"},
	{in(), "edges", "43", "lies after 294247, where our timestamps end"},
}

func notMode(modes ...string) func(capture) bool {
	return func(c capture) bool { return c.group == "types" && !slices.Contains(modes, c.mode()) }
}

func hundredth(s string) string {
	v, err := types.Parse(types.Type{Kind: types.Numeric}, s)
	if err != nil {
		return s
	}
	digits, ok := integral(types.NewNumeric(v.I*100/smallPow10[v.Scale], 0))
	if !ok {
		return s
	}
	return types.NewNumeric(digits, 4).String()
}

func hexWithoutSchema(c capture) bool { return c.name == "types_string" }

// hexToBase64 turns bytes as PostgreSQL prints them into base64.
func hexToBase64(s string) string {
	b, err := hex.DecodeString(strings.TrimPrefix(s, `\x`))
	if err != nil {
		return s
	}
	return base64.StdEncoding.EncodeToString(b)
}

// littleEndian returns how the bits of a text are sent.
func littleEndian(bits string) string {
	n, err := strconv.ParseUint("0"+bits, 2, 16)
	if err != nil {
		return bits
	}
	switch {
	case n == 0:
		return `\x`
	case n < 256:
		return fmt.Sprintf(`\x%02x`, n)
	}
	return fmt.Sprintf(`\x%02x%02x`, n&255, n>>8)
}

// cutTo cuts the fraction of a time to n digits.
func cutTo(n int) func(string) string {
	return func(s string) string {
		if point := strings.IndexByte(s, '.'); point >= 0 && len(s) > point+1+n {
			return s[:point+1+n]
		}
		return s
	}
}

// expected returns the truth of a table as far as it reaches us.
func (c capture) expected(t *testing.T, table string, before bool) truth {
	t.Helper()
	d := c.tables[table]
	moment := ".after"
	if before {
		moment = ".before"
	}
	rows := readTruth(t, c.group+"."+table+moment, d.key)
	for _, r := range lostRows {
		if r.where(c) && r.table == table {
			if rows[r.row] == nil {
				t.Errorf("row %s of %s is not in the truth", r.row, table)
			}
			delete(rows, r.row)
		}
	}
	for i := range knownLosses {
		l := &knownLosses[i]
		name, column, _ := strings.Cut(l.column, ".")
		if l.before != before || name != table || !l.where(c) {
			continue
		}
		for id, row := range rows {
			if row[column] == null || l.rows != "" && !slices.Contains(strings.Fields(l.rows), id) {
				continue
			}
			if want := l.want(row[column]); want != row[column] {
				row[column], l.used = want, true
			}
		}
	}
	return rows
}

func TestCaptures(t *testing.T) {
	for _, c := range captures() {
		t.Run(c.name, func(t *testing.T) {
			records := readCapture(t, c.name)
			for table, d := range c.tables {
				t.Run(table, func(t *testing.T) { checkTable(t, c, records, table, d) })
			}
		})
	}
	for _, l := range knownLosses {
		if !l.used {
			t.Errorf("no capture has the loss of %s (before %v, rows %q): %s", l.column, l.before, l.rows, l.why)
		}
	}
}

func checkTable(t *testing.T, c capture, records []captured, table string, d declared) {
	spec := d.spec(t, c.options)
	dec := newDecoder(t, Debezium(), spec)
	var events []engine.Event
	rejects := map[string]bool{}
	for _, r := range records {
		if r.table() != table || strings.Count(r.Topic, ".") != 2 {
			continue
		}
		var ev engine.Event
		if err := dec.Decode(r.record(), &ev); err != nil {
			rejects[strings.Trim(string(r.Key), `{"id:}`)] = true
			if !expectsReject(c, table) {
				t.Errorf("%v\n%s", err, r.Value)
			}
			continue
		}
		events = append(events, ev)
	}
	for _, lost := range lostRows {
		if lost.where(c) && lost.table == table && c.schemaless() && !rejects[lost.row] {
			t.Errorf("the record of row %s was decoded: %s", lost.row, lost.why)
		}
	}
	if c.name == "shop_parts3" {
		// Partitions are merged by commit time and the place in the transaction, as the engine does it; without tombstones.
		events = slices.DeleteFunc(events, func(ev engine.Event) bool { return ev.Kind == engine.SkipEvent })
		slices.SortStableFunc(events, func(a, b engine.Event) int {
			return cmp.Or(cmp.Compare(a.Commit, b.Commit), cmp.Compare(a.Order, b.Order))
		})
	}
	snapshot, last := newModel(spec), newModel(spec)
	for i := range events {
		if events[i].Op == engine.ReadOp && events[i].Kind == engine.ChangeEvent {
			snapshot.apply(t, &events[i])
		}
		last.apply(t, &events[i])
	}
	if c.group != "incremental" && c.group != "restart" {
		compare(t, "snapshot", c, snapshot.table(d.key), c.expected(t, table, true), d)
	}
	want := c.expected(t, table, false)
	if c.partial {
		want = only(want, map[string]string{"types": "5"}[table])
		delete(last.rows, last.keyOf([]types.Value{types.NewInt(types.Int4, 1)}))
		if table != "types" {
			return
		}
	}
	compare(t, "after", c, last.table(d.key), want, d)
}

func expectsReject(c capture, table string) bool {
	for _, r := range lostRows {
		if r.where(c) && r.table == table {
			return true
		}
	}
	return false
}

// compare compares tables in the columns that both have.
func compare(t *testing.T, what string, c capture, got, want truth, d declared) {
	t.Helper()
	if c.partial {
		want = only(want, slices.Collect(maps.Keys(got))...)
	}
	if g, w := slices.Sorted(maps.Keys(got)), slices.Sorted(maps.Keys(want)); !slices.Equal(g, w) {
		t.Errorf("%s: rows %q instead of %q", what, g, w)
	}
	for id, row := range want {
		for column, w := range row {
			g, ok := got[id][column]
			if got[id] != nil && ok && g != w {
				t.Errorf("%s: row %s: %s is %.300s instead of %.300s", what, id, column, g, w)
			}
		}
	}
	if len(want) > 0 && len(d.key) > 0 && len(got) == 0 {
		t.Errorf("%s: nothing was compared", what)
	}
}

// Every streamed row carries its transaction's commit timestamp to the microsecond.
func TestCommitTimes(t *testing.T) {
	compared := 0
	for _, c := range captures() {
		path := filepath.Join("testdata", "debezium", "truth", c.group+".commits.csv")
		b, err := os.ReadFile(path)
		if err != nil {
			continue // MariaDB has whole seconds only
		}
		commits := map[int64]int64{}
		for _, r := range parseCSV(string(b))[1:] {
			xid, _ := strconv.ParseInt(r[0], 10, 64)
			if us, err := strconv.ParseInt(r[1], 10, 64); err == nil {
				commits[xid] = us
			}
		}
		decoders := map[string]engine.Decoder{}
		for _, r := range readCapture(t, c.name) {
			d, ok := c.tables[r.table()]
			if !ok {
				continue
			}
			if decoders[r.table()] == nil {
				decoders[r.table()] = newDecoder(t, Debezium(), d.spec(t, c.options))
			}
			var ev engine.Event
			if err := decoders[r.table()].Decode(r.record(), &ev); err != nil || ev.Commit == engine.NoTime {
				continue
			}
			if us, ok := commits[ev.Tx]; ok {
				compared++
				if us != ev.Commit {
					t.Errorf("%s: transaction %d has %d instead of %d", c.name, ev.Tx, ev.Commit, us)
				}
			} else if ev.Op != engine.ReadOp && c.group != "incremental" && c.group != "restart" {
				t.Errorf("%s: no transaction %d in the truth", c.name, ev.Tx)
			}
		}
	}
	if compared < 400 {
		t.Errorf("only %d commit times were compared", compared)
	}
}

// BEGIN, END and the rows of a transaction have one Tx, and END's count is the number of its events, logical messages included.
func TestTransactionTopic(t *testing.T) {
	for _, name := range []string{"shop_json", "shop_schema", "shop_parts3", "mariadb_json", "mariadb_schema"} {
		t.Run(name, func(t *testing.T) {
			begun, ended, events := map[int64]bool{}, map[int64]int64{}, map[int64]int64{}
			heartbeats, messages := 0, 0
			for _, r := range readCapture(t, name) {
				dec := newDecoder(t, Debezium(), declared{ddl: "nothing text"}.spec(t, nil))
				var ev engine.Event
				if err := dec.Decode(r.record(), &ev); err != nil {
					t.Fatalf("%v\n%s", err, r.Value)
				}
				switch {
				case ev.Kind == engine.BeginEvent:
					begun[ev.Tx] = true
				case ev.Kind == engine.EndEvent:
					ended[ev.Tx] = ev.Count
				case ev.Kind == engine.HeartbeatEvent:
					heartbeats++
				case ev.Order > 0:
					events[ev.Tx]++
					if ev.Kind == engine.SkipEvent {
						messages++
					}
				}
			}
			for tx, n := range ended {
				if !begun[tx] || events[tx] != n {
					t.Errorf("transaction %d: begun %v, %d events of %d", tx, begun[tx], events[tx], n)
				}
			}
			if len(ended) < 8 {
				t.Errorf("only %d transactions", len(ended))
			}
			if strings.HasPrefix(name, "shop") && messages != 1 || name == "shop_json" && heartbeats < 20 {
				t.Errorf("%d logical messages, %d heartbeats", messages, heartbeats)
			}
		})
	}
}

// What comes a second time after a restart of the connector is known by the same transaction, position and order.
func TestRepeatsAfterRestart(t *testing.T) {
	type place struct {
		tx, lsn, order int64
		seq            [2]int64
		hasSeq         bool
		commit         int64
		op             engine.ChangeOp
		row            string
	}
	times := map[place]int{}
	dec := newDecoder(t, Debezium(), otherTables["payments"].spec(t, nil))
	for _, r := range readCapture(t, "restart") {
		var ev engine.Event
		if r.table() != "payments" {
			continue
		}
		if err := dec.Decode(r.record(), &ev); err != nil {
			t.Fatal(err)
		}
		if ev.Kind == engine.ChangeEvent && ev.Op != engine.ReadOp {
			if !ev.HasID {
				t.Errorf("no position: %s", r.Value)
			}
			times[place{ev.Tx, ev.LSN, ev.Order, ev.Seq, ev.HasSeq, ev.Commit, ev.Op, fmt.Sprint(ev.After)}]++
		}
	}
	repeated := 0
	for _, n := range times {
		if n == 2 {
			repeated++
		}
	}
	if len(times) != 8 || repeated != 7 {
		t.Errorf("%d different changes, %d of them twice: %v", len(times), repeated, times)
	}
}
