// Package golden has what Debezium really sent: captures of records, the tables that it was told to capture as the database printed
// them before and after, and the losses in between that everyone who reads the captures must expect. It is for tests.
package golden

import (
	"maps"
	"strings"
)

var shopTables = map[string]Declared{
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

var keyedShopTables = only(shopTables, "customers", "orders", "documents", "articles", "required", "order_lines")

var typesTables = map[string]Declared{
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

var otherTables = map[string]Declared{
	"payments":        {"id integer, amount numeric(12,2)", []string{"id"}},
	"items":           {"id integer, v text", []string{"id"}},
	"debezium_signal": {"id text, type text, data text", []string{"id"}},
}

var mariadbTables = map[string]Declared{
	"orders": {"order_id bigint, customer_id numeric(20,0) NOT NULL, amount numeric(14,4) NOT NULL, free numeric(30,10), status text NOT NULL, flags text, " +
		"paid smallint, bits bytea, n smallint, y smallint, d date, t interval, created_at timestamp(0) NOT NULL, dt3 timestamp(3), dt6 timestamp(6), ts timestamp, " +
		"ts6 timestamp, f real, dbl double precision, j text, b bytea, u text, coupon text", []string{"order_id"}},
}

// Capture is one file of records and how a user would declare a source over each of its tables.
type Capture struct {
	Name    string
	Group   string // of its truth
	Tables  map[string]Declared
	Options map[string]string
	Partial bool // only some rows of the tables were kept
}

// Flattened is what ExtractNewRecordState leaves of the shop's records as it comes: rows by their keys, and nothing that says what happened to them or when.
func Flattened() Capture {
	return Capture{Name: "shop_flat_default", Group: "shop", Tables: keyedShopTables}
}

// Captures returns all captures.
func Captures() []Capture {
	all := []Capture{
		{Name: "shop_json", Group: "shop", Tables: shopTables},
		{Name: "shop_schema", Group: "shop", Tables: shopTables},
		{Name: "shop_parts3", Group: "shop", Tables: shopTables},
		// TRUNCATE does not come through the transform, and rows without a key have no old image.
		{Name: "shop_flat", Group: "shop", Tables: keyedShopTables},
		{Name: "incremental", Group: "incremental", Tables: only(otherTables, "items", "debezium_signal")},
		{Name: "restart", Group: "restart", Tables: only(otherTables, "payments")},
		{Name: "mariadb_json", Group: "mariadb", Tables: mariadbTables, Options: map[string]string{"time_precision": "adaptive"}},
		{Name: "mariadb_schema", Group: "mariadb", Tables: mariadbTables},
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
			ddl := strings.NewReplacer("c_bit5 bytea", "c_bit5 text", "c_varbit bytea", "c_varbit text").Replace(tables["types"].DDL)
			tables["types"] = Declared{ddl, tables["types"].Key}
		}
		all = append(all,
			Capture{Name: "types_" + mode.name, Group: "types", Tables: tables, Options: options},
			// With schemas nothing is left to say but how text holds bytes.
			Capture{Name: "types_" + mode.name + "_schema", Group: "types", Tables: typesTables, Partial: mode.name != "precise", Options: only(options, "binary_handling_mode")})
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

// only returns the entries of some names.
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
func (c Capture) mode() string {
	_, mode, _ := strings.Cut(strings.TrimSuffix(c.Name, "_schema"), "_")
	return mode
}

// Schemaless reports whether the records come without schemas.
func (c Capture) Schemaless() bool {
	return !strings.HasSuffix(c.Name, "_schema") && c.Name != Flattened().Name
}

// Table returns a table of a capture.
func Table(capture, name string) Declared {
	for _, c := range Captures() {
		if c.Name == capture {
			return c.Tables[name]
		}
	}
	return Declared{}
}
