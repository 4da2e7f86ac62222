package decode

import (
	"fmt"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// connect returns the schema of a message whose column v is of a Kafka Connect type.
func connect(field string) string {
	return `{"type":"struct","fields":[{"type":"struct","optional":true,"field":"after","fields":[{"type":"int64","optional":false,"field":"id"},` + field + `]}],"optional":false}`
}

func semantic(typ, name string) string {
	return fmt.Sprintf(`{"type":%q,"optional":true,"name":%q,"version":1,"field":"v"}`, typ, name)
}

func scaled(scale string) string {
	return `{"type":"bytes","name":"org.apache.kafka.connect.data.Decimal","parameters":{"scale":"` + scale + `"},"field":"v"}`
}

// TestValues reads one value of each type in each form. want is the value's text; with a leading ! it is what the reject says.
func TestValues(t *testing.T) {
	const ambiguousMs, us = "1775037600000", "1775037600123456"
	for _, c := range []struct {
		typ, schema, option, value, want string
	}{
		{"smallint", "", "", `32767`, "32767"},
		{"smallint", "", "", `32768`, "!out of range"},
		{"integer", "", "", `-2147483648`, "-2147483648"},
		{"integer", "", "", `-2147483649`, "!out of range"},
		{"bigint", "", "", `9223372036854775807`, "9223372036854775807"},
		{"bigint", "", "", `-9223372036854775808`, "-9223372036854775808"},
		{"bigint", "", "", `9223372036854775808`, "!no integer"},
		{"bigint", "", "", `5.0`, "5"},
		{"bigint", "", "", `1e3`, "1000"},
		{"bigint", "", "", `5.5`, "!no integer"},
		{"bigint", "", "", `"5"`, "!not a value of this type"},
		{"bigint", "", "", `true`, "!not a value of this type"},
		{"bigint", scaled("0"), "", `"D0JA"`, "1000000"},
		{"bigint", scaled("2"), "", `"D0JB"`, "!no integer"},

		{"boolean", "", "", `true`, "t"},
		{"boolean", "", "", `0`, "f"},
		{"boolean", "", "", `2`, "!not a value"},
		{"boolean", "", "", `"t"`, "!not a value"},

		{"double precision", "", "", `-0.0`, "-0"},
		{"double precision", "", "", `"NaN"`, "NaN"},
		{"double precision", "", "", `"-Infinity"`, "-Infinity"},
		{"double precision", "", "", `1e400`, "!out of range"},
		{"double precision", "", "", `1e-400`, "!out of range"},
		{"double precision", "", "", `0e-400`, "0"},
		{"double precision", "", "", `"1.5"`, "!not a value"},
		{"real", "", "", `3.4028235E38`, "3.4028235e+38"},
		{"real", "", "", `1e39`, "!out of range"},

		{"numeric(12,2)", "", "", `1234.5`, "1234.50"},
		{"numeric(12,2)", "", "", `0.1e1`, "1.00"},
		{"numeric(12,2)", "", "", `1234.500`, "1234.50"},
		{"numeric(12,2)", "", "", `1234.501`, "!more digits after the point"},
		{"numeric(12,2)", "", "", `9999999999.99`, "9999999999.99"},
		{"numeric(12,2)", "", "", `10000000000`, "!out of range"},
		{"numeric(12,2)", "", "", `-10000000000.00`, "!out of range"},
		{"numeric(38,10)", "", "", `1234567890123456789012345678.0123456789`, "1234567890123456789012345678.0123456789"},
		{"numeric(38,10)", "", "", `12345678901234567890123456789`, "!out of range"},
		{"numeric", "", "", `123456789012345678901234567890.1234567890`, "123456789012345678901234567890.1234567890"},
		{"numeric", "", "", `1e1000000000`, "!out of range"},
		{"numeric", "", "", `"NAN"`, "NaN"},
		{"numeric", "", "", `"POSITIVE_INFINITY"`, "Infinity"},
		{"numeric", "", "", `"-Infinity"`, "-Infinity"},
		{"numeric(12,2)", "", "", `"NaN"`, "NaN"},
		{"numeric(12,2)", "", "", `"POSITIVE_INFINITY"`, "!out of range"},
		{"numeric(12,2)", "", "", `"12.30"`, "12.30"},
		{"numeric(12,2)", "", "", `"-7"`, "-7.00"},
		{"numeric(12,2)", "", "", `"AeJA"`, "1234.56"},
		{"numeric(12,2)", "", "", `"/w=="`, "-0.01"},
		{"numeric(12,2)", "", "", `"\/w=="`, "-0.01"},
		{"numeric(12,2)", "", "", `"1234"`, "!can be a decimal in digits or in base64"},
		{"numeric(12,2)", "", "decimal_handling_mode=string", `"1234"`, "1234.00"},
		{"numeric(12,2)", "", "decimal_handling_mode=precise", `"1234"`, "-26588.24"},
		{"numeric(12,2)", "", "decimal_handling_mode=precise", `"12.5"`, "!cannot be read"},
		{"numeric(12,2)", "", "", `"x"`, "!cannot be read"},
		{"numeric(12,2)", "", "", `""`, "!cannot be read"},
		{"numeric(12,2)", "", "", `true`, "!not a value"},
		{"numeric", "", "", `"AeJA"`, "!without its scale"},
		{"numeric", "", "", `{"scale":4,"value":"ALxhTg=="}`, "1234.5678"},
		{"numeric", "", "", `{"value":"ALxhTg==","scale":-2}`, "1234567800"},
		{"numeric", "", "", `{"value":"ALxhTg==","scale":99999999}`, "!out of range"},
		{"numeric", "", "", `{"value":"ALxhTg=="}`, "!not a value"},
		{"numeric(12,2)", scaled("4"), "", `"D0JA"`, "100.00"},
		{"numeric(12,2)", scaled("4"), "", `"D0JB"`, "!more digits after the point"},
		{"numeric", scaled("4"), "", `"D0JA"`, "100.0000"},
		{"numeric", scaled("x"), "", `"D0JA"`, "!without its scale"},
		{"numeric", `{"type":"string","field":"v"}`, "", `"1234"`, "1234"},
		{"numeric(20,0)", scaled("0"), "", `"AP//////////"`, "18446744073709551615"},

		{"text", "", "", `"a\"\\\/\b\f\n\r\t\u00e9\ud83d\udc0e"`, "a\"\\/\b\f\n\r\té🐎"},
		{"text", "", "", `{"x": 1.50, "s": "a b\" {"}`, `{"x":1.50,"s":"a b\" {"}`},
		{"text", "", "", `5`, "!not a value"},
		{"text", scaled("2"), "", `"AeJA"`, "!not a value"},
		{"text", semantic("bytes", "io.debezium.data.Bits"), "", `"Fg=="`, "!not a value"},
		{"text", semantic("string", "io.debezium.data.Enum"), "", `"happy"`, "happy"},
		{"varchar(3)", "", "", `"äöü"`, "äöü"},
		{"varchar(3)", "", "", `"äöüx"`, "!too long"},
		{"char(3)", "", "", `"ä"`, "ä  "},
		{"char(3)", "", "", `"abcd"`, "!too long"},

		{"date", "", "", `20779`, "2026-11-22"},
		{"date", "", "", `-735160`, "0044-03-15 BC"},
		{"date", "", "", `2146033979`, "infinity"},
		{"date", "", "", `-2147472691`, "-infinity"},
		{"date", "", "", `2145042906`, "!out of range"},
		{"date", "", "", `"2026-11-22Z"`, "2026-11-22"},
		{"date", "", "", `"2026-02-29"`, "!cannot be read"},
		{"date", "", "", `"infinity"`, "infinity"},
		{"date", semantic("int64", "io.debezium.time.MicroTimestamp"), "", `0`, "!not a value"},

		{"time", "", "", `45296123456`, "12:34:56.123456"},
		{"time", "", "", `45296123`, "!can be milliseconds or microseconds"},
		{"time(3)", "", "", `45296123`, "12:34:56.123"},
		{"time(3)", "", "", `86400000`, "24:00:00"},
		{"time", "", "time_precision=connect", `45296123`, "12:34:56.123"},
		{"time", "", "time_precision=nanoseconds", `45296123456001`, "!more digits"},
		{"time", "", "", `-1`, "!out of range"},
		{"time", "", "", `86400000001`, "!out of range"},
		{"time(3)", "", "time_precision=microseconds", `45296123456`, "!more digits"},
		{"time", semantic("int32", "io.debezium.time.Time"), "", `45296123`, "12:34:56.123"},
		{"time", semantic("int64", "io.debezium.time.NanoTime"), "", `45296123456000`, "12:34:56.123456"},
		{"time", "", "", `"12:34:56.123456Z"`, "12:34:56.123456"},
		{"time", "", "", `"01:00:00+02:00"`, "23:00:00"},
		{"time", "", "", `"25:00:00"`, "!cannot be read"},

		{"timestamp", "", "", us, "2026-04-01 10:00:00.123456"},
		{"timestamp", "", "", ambiguousMs, "!can be milliseconds (2026-04-01 10:00:00) or microseconds (1970-01-21 13:03:57.6)"},
		{"timestamp(3)", "", "", ambiguousMs, "2026-04-01 10:00:00"},
		{"timestamp(6)", "", "", ambiguousMs, "1970-01-21 13:03:57.6"},
		{"timestamp(3)", "", "", us, "!can be milliseconds"},
		{"timestamp", "", "time_precision=adaptive", ambiguousMs, "1970-01-21 13:03:57.6"},
		{"timestamp", "", "time_precision=connect", ambiguousMs, "2026-04-01 10:00:00"},
		{"timestamp", "", "", "1775037600123456000", "!nanoseconds (2026-04-01 10:00:00.123456)"},
		{"timestamp", "", "time_precision=nanoseconds", "1775037600123456000", "2026-04-01 10:00:00.123456"},
		{"timestamp", "", "time_precision=nanoseconds", "1775037600123456001", "!more digits"},
		{"timestamp", "", "", "9223372036854775807", "infinity"},
		{"timestamp", "", "", "-9223372036854775808", "-infinity"},
		{"timestamp", "", "time_precision=connect", "9223372036825200000", "infinity"},
		{"timestamp", "", "time_precision=microseconds", "-9223372036853775810", "!out of range"},
		{"timestamp", "", "time_precision=connect", "9224318015999999", "!out of range"},
		{"timestamp", "", "", "0", "1970-01-01 00:00:00"},
		{"timestamp", "", "", "1.5", "!cannot be read"},
		{"timestamp", semantic("int64", "io.debezium.time.Timestamp"), "", ambiguousMs, "2026-04-01 10:00:00"},
		{"timestamp", semantic("int64", "org.apache.kafka.connect.data.Timestamp"), "", ambiguousMs, "2026-04-01 10:00:00"},
		{"timestamp", semantic("int64", "io.debezium.time.NanoTimestamp"), "", "-1000", "1969-12-31 23:59:59.999999"},
		{"timestamp", semantic("int32", "io.debezium.time.Date"), "", "1", "!not a value"},
		{"timestamp", "", "", `"2026-04-01T10:00:00.1Z"`, "2026-04-01 10:00:00.1"},
		{"timestamp", "", "", `"2026-04-01T10:00:00+02:00"`, "!has a time zone"},
		{"timestamptz", "", "", `"2026-04-01T10:00:00+02:00"`, "2026-04-01 08:00:00+00"},
		{"timestamptz", "", "", `"2026-04-01T10:00:00.123456000Z"`, "2026-04-01 10:00:00.123456+00"},
		{"timestamptz", "", "", `"2026-04-01T10:00:00.1234567Z"`, "!more digits"},
		{"timestamptz(3)", "", "", `"2026-04-01T10:00:00.1234Z"`, "!more digits"},
		{"timestamptz", "", "", `"-0043-03-15T12:00:00.000000Z"`, "0044-03-15 12:00:00+00 BC"},
		{"timestamptz", "", "", `"+294246-12-31T23:59:59.999999Z"`, "294246-12-31 23:59:59.999999+00"},
		{"timestamptz", "", "", `"+294276-12-31T23:59:59.999999Z"`, "!out of range"},
		{"timestamptz", "", "", `"-infinity"`, "-infinity"},
		{"timestamptz", "", "", `"yesterday"`, "!cannot be read"},
		{"timestamptz", "", "", `"2026-04-01"`, "!cannot be read"},
		{"timestamptz", "", "", `"2026-13-01T00:00:00Z"`, "!cannot be read"},
		{"timestamptz", "", "", us, "2026-04-01 10:00:00.123456+00"},

		{"interval", "", "", `37091106789000`, "10303:05:06.789"},
		{"interval", "", "", `"P1Y2M3DT4H5M6.789S"`, "1 year 2 mons 3 days 04:05:06.789"},
		{"interval", "", "", `"P0Y-1M-2DT0H0M-0.000001S"`, "-1 mons -2 days -00:00:00.000001"},
		{"interval", "", "", `"P178000000Y"`, "178000000 years"},
		{"interval", "", "", `"P178956971Y"`, "!cannot be read"},
		{"interval", "", "", `"PT"`, "!cannot be read"},
		{"interval", "", "", `"P1S"`, "!cannot be read"},
		{"interval", semantic("int64", "io.debezium.time.NanoDuration"), "", `1001`, "!more digits"},
		{"interval", semantic("int64", "io.debezium.time.MicroTime"), "", `-3020399000000`, "-838:59:59"},

		{"uuid", "", "", `"0F8FAD5B-d9cb-469f-a165-70867728950e"`, "0f8fad5b-d9cb-469f-a165-70867728950e"},
		{"uuid", "", "", `"0f8f"`, "!cannot be read"},
		{"json", "", "", `"{\"a\":  [1.0, null]}"`, `{"a":  [1.0, null]}`},
		{"json", "", "", `{"a":  1}`, `{"a":1}`},
		{"jsonb", "", "", `"{"`, "!cannot be read"},

		{"bytea", "", "", `"3q2+7wA="`, `\xdeadbeef00`},
		{"bytea", "", "", `"deadbeef"`, "!bytes in hex or in base64"},
		{"bytea", "", "", `"deadbeef00"`, "!bytes in hex or in base64"},
		{"bytea", "", "binary_handling_mode=hex", `"deadbeef00"`, `\xdeadbeef00`},
		{"bytea", "", "binary_handling_mode=hex", `"3q2+7wA="`, "!cannot be read"},
		{"bytea", "", "binary_handling_mode=base64", `"deadbeef"`, `\x75e69d6de79f`},
		{"bytea", "", "binary_handling_mode=base64-url-safe", `"3q2-7wA="`, `\xdeadbeef00`},
		{"bytea", `{"type":"bytes","field":"v"}`, "", `"deadbeef"`, `\x75e69d6de79f`},
		{"bytea", "", "", `"\\x00Ff"`, `\x00ff`},
		{"bytea", "", "", `""`, `\x`},
		{"bytea", "", "", `"3q2+7wB="`, "!cannot be read"},

		{"integer[]", "", "", `[1, null ,3]`, "{1,NULL,3}"},
		{"integer[]", "", "", `[]`, "{}"},
		{"integer[]", "", "", `["x"]`, "!not a value"},
		{"integer[]", "", "", `5`, "!not a value"},
		{"integer[]", "", "", `"{1,2}"`, "{1,2}"},
		{"text[]", "", "", `["a","b c","q\"x"]`, `{a,"b c","q\"x"}`},
		{"numeric(10,2)[]", "", "", `["AJY=","-2.25"]`, "{1.50,-2.25}"},
		{"timestamptz[]", "", "", `["infinity"]`, "{infinity}"},

		{"text", "", "", `"__debezium_unavailable_value"`, "unavailable"},
		{"json", "", "", `"__debezium_unavailable_value"`, "unavailable"},
		{"bytea", "", "", `"X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="`, "unavailable"},
		{"bytea", "", "binary_handling_mode=hex", `"5f5f646562657a69756d5f756e617661696c61626c655f76616c7565"`, "unavailable"},
		{"text[]", "", "", `["__debezium_unavailable_value"]`, "unavailable"},
		{"text[]", "", "", `["__debezium_unavailable_value","x"]`, "{__debezium_unavailable_value,x}"},
		{"integer[]", "", "", `[95,95,100,101,98,101,122,105,117,109,95,117,110,97,118,97,105,108,97,98,108,101,95,118,97,108,117,101]`, "unavailable"},
		{"jsonb", "", "", `{"__debezium_unavailable_value":"__debezium_unavailable_value"}`, "unavailable"},
		{"text", "", "unavailable_value_placeholder=gone", `"gone"`, "unavailable"},
		{"text", "", "unavailable_value_placeholder=hex:676f6e65", `"gone"`, "unavailable"},
		{"text", "", "unavailable_value_placeholder=gone", `"__debezium_unavailable_value"`, "__debezium_unavailable_value"},
	} {
		t.Run(c.typ+" "+c.option+" "+c.value, func(t *testing.T) {
			options := map[string]string{}
			if name, setting, ok := strings.Cut(c.option, "="); ok {
				options[name] = setting
			}
			d := newDecoder(t, Debezium(), declared{DDL: "id bigint, v " + c.typ, Key: []string{"id"}}.Spec(t, options))
			value := envelope("c", "null", `{"id":1,"v":`+c.value+`}`)
			if c.schema != "" {
				value = `{"schema":` + connect(c.schema) + `,"payload":` + value + `}`
			}
			ev, err := decodeOne(t, d, value)
			says, rejected := strings.CutPrefix(c.want, "!")
			switch {
			case rejected && err == nil:
				t.Errorf("read as %v", ev.After[1])
			case rejected:
				if !strings.Contains(err.Error(), says) || !strings.Contains(err.Error(), `column "v"`) {
					t.Errorf("the error does not say %q: %v", says, err)
				}
			case err != nil:
				t.Error(err)
			case c.want == "unavailable":
				if ev.After[1].Kind != types.Unavailable {
					t.Errorf("read as %v", ev.After[1])
				}
			case ev.After[1].String() != c.want:
				t.Errorf("read as %v", ev.After[1])
			}
		})
	}
}
