package golden

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// loss is a value that reaches us otherwise than the database has it, and why. A loss that does not occur fails the test.
type loss struct {
	where  func(c Capture) bool
	before bool   // in the snapshot's rows, else in the last ones
	column string // "table.column"
	rows   string // by key; "" for every row where want differs
	want   func(text string) string
	why    string
}

func in(modes ...string) func(Capture) bool {
	return func(c Capture) bool {
		return c.Group == "types" && (len(modes) == 0 || slices.Contains(modes, c.mode()))
	}
}

func group(name string) func(Capture) bool {
	return func(c Capture) bool { return c.Group == name }
}

func schemaless(name string) func(Capture) bool {
	return func(c Capture) bool { return c.Group == name && c.Schemaless() }
}

func withSchema(name string) func(Capture) bool {
	return func(c Capture) bool { return c.Group == name && !c.Schemaless() }
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
		{where: group("shop"), column: "orders.state", rows: "100 101 104 106 107 1030", want: is(Null), why: "written before status was renamed"},
		{where: group("shop"), column: "orders.priority", rows: "100 104 106 1030", want: is(Null), why: "ADD COLUMN … DEFAULT sends no change"},
		{where: in(), column: "types.c_generated", rows: "5", want: is(Null), why: "generated columns are not published"},
	},
	both(loss{where: in(), column: "types.c_money", want: func(s string) string { return strings.NewReplacer("$", "", ",", "").Replace(s) }, why: "money is sent as a decimal"}),
	both(loss{where: in(), column: "types.c_bit1", want: from(map[string]string{"1": "t", "0": "f"}), why: "bit(1) is sent as a boolean"}),
	both(loss{where: in(), column: "types.c_bit5", want: littleEndian, why: "bit(n) is sent as little-endian bytes"}),
	both(loss{where: in(), column: "types.c_varbit", want: littleEndian, why: "bit(n) is sent as little-endian bytes"}),
	both(loss{where: hexWithoutSchema, column: "types.c_bit5", want: hexToBase64, why: "bit(n) stays base64 in hex mode, so it is Declared as text"}),
	both(loss{where: hexWithoutSchema, column: "types.c_varbit", want: hexToBase64, why: "bit(n) stays base64 in hex mode, so it is Declared as text"}),
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
		{where: in("nanoseconds"), before: true, column: "types.c_ts", rows: "3", want: is(Null), why: "nanoseconds end in 2262"},
		{where: in("nanoseconds"), before: true, column: "types.c_ts3", rows: "3", want: is(Null), why: "nanoseconds end in 2262"},
		{where: in("nanoseconds"), before: true, column: "types.c_ts0", rows: "3", want: is(Null), why: "nanoseconds end in 2262"},
		{where: in("double"), before: true, column: "types.c_num", rows: "3", want: is("123456789012345680000000000000"), why: "a double has 17 digits"},
		{where: in("double"), before: true, column: "types.c_num38_10", rows: "3", want: is("1234567890123456900000000000.0000000000"), why: "a double has 17 digits"},
		{where: in("double"), before: true, column: "types.c_money", rows: "3", want: is("92233720368547760.00"), why: "a double has 17 digits"},
	},
	both(loss{where: in("double"), column: "types.c_num", rows: "4", want: is("-0.0000000010"), why: "a double keeps no scale"}),
	both(loss{where: notMode("string", "double"), column: "edges.c_num", rows: "10 11 12", want: is(Null), why: "precise decimals have no NaN and no Infinity"}),
	both(loss{where: notMode("string", "double"), column: "edges.c_num12_2", rows: "14", want: is(Null), why: "precise decimals have no NaN"}),
	[]loss{
		{where: in(), before: true, column: "edges.c_date", rows: "22", want: is("0044-03-15"), why: "the snapshot drops the era"},
		{where: in(), before: true, column: "edges.c_date", rows: "24", want: is("4713-01-01"), why: "the snapshot drops the era"},
	},
	both(loss{where: in("nanoseconds"), column: "edges.c_ts", rows: "32 33 34", want: is(Null), why: "nanoseconds span 1677 to 2262"}),
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
	where func(c Capture) bool
	table string
	row   string
	why   string
}{
	{notMode("nanoseconds"), "edges", "33", "the connector's number has overflowed, or lies after 294247, where our timestamps end"},
	{in(), "edges", "43", "lies after 294247, where our timestamps end"},
}

func notMode(modes ...string) func(Capture) bool {
	return func(c Capture) bool { return c.Group == "types" && !slices.Contains(modes, c.mode()) }
}

// hundredth is a value of two decimals read as one of four.
func hundredth(s string) string {
	v, ok := new(big.Rat).SetString(s)
	if !ok || !new(big.Rat).Mul(v, big.NewRat(100, 1)).IsInt() {
		return s
	}
	return v.Mul(v, big.NewRat(1, 100)).FloatString(4)
}

func hexWithoutSchema(c Capture) bool { return c.Name == "types_string" }

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

// Expected returns the truth of a table as far as it reaches us.
func (c Capture) Expected(t testing.TB, table string, before bool) Truth {
	t.Helper()
	d := c.Tables[table]
	moment := ".after"
	if before {
		moment = ".before"
	}
	rows := readTruth(t, c.Group+"."+table+moment, d.Key)
	for _, r := range lostRows {
		if r.where(c) && r.table == table {
			if rows[r.row] == nil {
				t.Errorf("row %s of %s is not in the truth", r.row, table)
			}
			delete(rows, r.row)
		}
	}
	for i, l := range knownLosses {
		name, column, _ := strings.Cut(l.column, ".")
		if l.before != before || name != table || !l.where(c) {
			continue
		}
		for id, row := range rows {
			if row[column] == Null || l.rows != "" && !slices.Contains(strings.Fields(l.rows), id) {
				continue
			}
			if want := l.want(row[column]); want != row[column] {
				row[column] = want
				usedLosses.Store(i, true)
			}
		}
	}
	return rows
}

// LostRows returns the keys of the rows of a table whose records are rejects.
func (c Capture) LostRows(table string) []string {
	var keys []string
	for _, r := range lostRows {
		if r.where(c) && r.table == table {
			keys = append(keys, r.row)
		}
	}
	return keys
}

// usedLosses are the indexes of the known losses that made a difference in some capture. Captures are replayed side by side.
var usedLosses sync.Map

// UnusedLosses describes the losses that no call of Expected has met.
func UnusedLosses() []string {
	var all []string
	for i, l := range knownLosses {
		if _, used := usedLosses.Load(i); !used {
			all = append(all, fmt.Sprintf("%s (before %v, rows %q): %s", l.column, l.before, l.rows, l.why))
		}
	}
	return all
}
