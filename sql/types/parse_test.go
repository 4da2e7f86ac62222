package types

import (
	"testing"
	"time"
)

// FuzzParse checks that no text makes Parse panic, and that what it reads prints as a text that reads as the same value.
func FuzzParse(f *testing.F) {
	for i, typ := range testTypes {
		for _, s := range inputs[typ.String()] {
			f.Add(uint8(i), s)
		}
		if typ.Kind == Interval {
			for _, s := range intervalInputs {
				f.Add(uint8(i), s)
			}
		}
		if typ.Kind == Timestamptz || typ.Kind == Time {
			for _, s := range timeInputs {
				f.Add(uint8(i), s)
			}
		}
	}
	f.Fuzz(func(t *testing.T, i uint8, s string) {
		if len(s) > 200 {
			return // a number of a megabyte is only slow
		}
		typ := testTypes[int(i)%len(testTypes)]
		v, err := Parse(typ, s)
		if err != nil {
			if _, ok := err.(*Error); !ok {
				t.Fatalf("%q as %s: %v is no *Error", s, typ, err)
			}
			return
		}
		if typ.Kind == Interval && v.I == -1<<63 {
			return // the one that cannot be read back
		}
		text := v.String()
		again, err := Parse(typ, text)
		if err != nil || !Identical(again, v) {
			t.Fatalf("%q as %s prints as %q, which reads as %s, %v", s, typ, text, again, err)
		}
		encoded := AppendValue(nil, typ, v)
		if decoded, rest, err := ReadValue(encoded, typ); err != nil || len(rest) > 0 || !Identical(decoded, v) {
			t.Fatalf("%q as %s is encoded as %x, which reads as %s, %v", s, typ, encoded, decoded, err)
		}
	})
}

// FuzzParseType checks that a type prints as a name of itself.
func FuzzParseType(f *testing.F) {
	for _, s := range []string{"numeric(10,2)", "TIMESTAMP (3) WITH TIME ZONE", "text[]", "varchar(5)[3]", "int array", "((", "float(53)", "numeric(5,-2)", "itneger", "char"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		typ, err := ParseType(s)
		if err != nil {
			return
		}
		if again, err := ParseType(typ.String()); err != nil || again != typ {
			t.Fatalf("%q is %+v, whose name %s is %+v, %v", s, typ, typ, again, err)
		}
	})
}

// FuzzLoadZone checks that no name makes the zone functions panic or read a file outside the database.
func FuzzLoadZone(f *testing.F) {
	for _, s := range []string{"UTC", "europe/berlin", "+03", "<x>-3", "../../etc/passwd", "EST5EDT", "local", "", "CET", "12.5", "Etc/GMT+5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if z, err := LoadZone(s); err == nil {
			AppendTextIn(nil, NewTimestamptz(0), z)
		}
		if z, err := LoadSessionZone(s); err == nil {
			toUTC(0, z)
		}
	})
}

// TestZoneNames holds what a name means where AT TIME ZONE and SET TimeZone differ.
func TestZoneNames(t *testing.T) {
	july := NewTimestamptz(daysFromCivil(2025, 7, 1) * day)
	offset := func(z *time.Location, err error) int64 {
		if err != nil {
			return -1
		}
		return offsetAt(z, july.I)
	}
	for name, want := range map[string][2]int64{
		"CET": {3600, 7200}, "utc": {0, 0}, "europe/berlin": {7200, 7200}, "America/Port-Au-Prince": {-14400, -14400}, "us/eastern": {-14400, -14400},
		"+03": {-3 * 3600, 3 * 3600}, "-3.5": {-1, -12600}, "UTC+3": {-3 * 3600, -3 * 3600}, "<abc>-5:30": {19800, 19800}, "etc/gmt+5": {-5 * 3600, -5 * 3600},
		"Mars/Phobos": {-1, -1}, "": {-1, -1}, "local": {-1, -1}, "/etc/localtime": {-1, -1}, "../zoneinfo/UTC": {-1, -1},
	} {
		if got := [2]int64{offset(LoadZone(name)), offset(LoadSessionZone(name))}; got != want {
			t.Errorf("%q is %d, %d; want %d", name, got[0], got[1], want)
		}
	}
}

func BenchmarkParseTimestamptz(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(Type{Kind: Timestamptz}, "2025-05-20 14:30:00.123456+00"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParseNumeric(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse(Type{Kind: Numeric, Precision: 12, Scale: 2}, "1234.56"); err != nil {
			b.Fatal(err)
		}
	}
}
