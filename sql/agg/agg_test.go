package agg

import (
	"bytes"
	"fmt"
	"math/big"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/asofdb/asof/sql/types"
)

// argTypes are all that the aggregates are tried over.
var argTypes = []string{
	"boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "numeric(12,2)", "text", "varchar(5)", "char(3)",
	"date", "time", "timestamp", "timestamptz", "interval", "uuid", "bytea", "json", "jsonb", "integer[]", "text[]", "numeric[]", "json[]",
}

// samples are literals of each type: duplicates by value, equal ones that are not the same, ends of the range.
var samples = map[string][]string{
	"boolean":          {"t", "f"},
	"smallint":         {"0", "1", "-1", "32767", "-32768", "7"},
	"integer":          {"0", "1", "-1", "2147483647", "-2147483648", "12", "100"},
	"bigint":           {"0", "1", "-1", "9223372036854775807", "-9223372036854775808", "9223372036854775806", "42"},
	"real":             {"0", "-0", "1.5", "-2.25", "0.1", "3e38", "1e-45", "NaN", "Infinity", "-Infinity"},
	"double precision": {"0", "-0", "1.5", "-2.25", "0.1", "0.2", "5e-324", "NaN", "Infinity", "-Infinity", "1e15"},
	"numeric": {
		"0", "0.00", "1", "1.0", "1.00", "-1.5", "-1.50", "12345678901234567890.123", "0.000000000000001",
		"99999999999999999999999999999999", "NaN", "Infinity", "-Infinity", "1e40", "123.456",
	},
	"numeric(12,2)": {"0.00", "1.50", "-1.50", "9999999999.99", "0.01"},
	"text":          {"", "a", "A", "ab", "b", "zz", "ä"},
	"varchar(5)":    {"", "a", "A", "ab", "b"},
	"char(3)":       {"a", "ab", "b", "abc"},
	"date":          {"2024-02-29", "1970-01-01", "0001-01-01", "infinity", "-infinity"},
	"time":          {"00:00:00", "24:00:00", "12:34:56.789012"},
	"timestamp":     {"2024-02-29 12:00:00.000001", "1970-01-01 00:00:00", "infinity", "-infinity"},
	"timestamptz":   {"2024-02-29 12:00:00.000001+00", "1970-01-01 00:00:00+00", "infinity", "-infinity"},
	"interval": {
		"1 mon", "30 days", "720:00:00", "-1 mon", "1 year 2 mons 3 days 04:05:06.789", "00:00:00.000001", "-00:00:01", "0",
		"29 days 24:00:00", "5 days", "-3 days 12:00:00",
	},
	"uuid":      {"a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "00000000-0000-0000-0000-000000000000"},
	"bytea":     {`\x00`, `\x`, `\xff00`},
	"json":      {"{}", "[1]"},
	"jsonb":     {`"a"`, "1"},
	"integer[]": {"{}", "{1}", "{1,2}", "{NULL}"},
	"text[]":    {"{}", "{a}", "{a,b}"},
	"numeric[]": {"{1.0}", "{1.00}", "{1.0,2}", "{0.5}"},
	"json[]":    {"{}"},
}

func mustType(t testing.TB, name string) types.Type {
	t.Helper()
	typ, err := types.ParseType(name)
	if err != nil {
		t.Fatal(err)
	}
	return typ
}

// values parses the samples of a type, as the type that the aggregate takes, and NULL.
func values(t testing.TB, name string, arg types.Type) []types.Value {
	t.Helper()
	out := []types.Value{{}}
	for _, s := range samples[name] {
		v, err := types.Parse(mustType(t, name), s)
		if err != nil {
			t.Fatalf("%s %q: %v", name, s, err)
		}
		if v.Kind == types.Time && arg.Kind == types.Interval {
			v = types.Value{Kind: types.Interval, I: v.I}
		}
		v.Kind = arg.Kind // varchar and text, which differ in nothing else
		out = append(out, v)
	}
	return out
}

// eachFunc calls f for every aggregate over every type that it takes.
func eachFunc(t *testing.T, f func(t *testing.T, fn *Func, typeName string)) {
	for _, name := range Names() {
		for _, typeName := range argTypes {
			for _, distinct := range []bool{false, true} {
				fn, ok, err := Resolve(name, false, distinct, mustType(t, typeName))
				if !ok {
					t.Fatalf("%s is no aggregate", name)
				}
				if err != nil {
					continue
				}
				t.Run(fmt.Sprintf("%s(%s)/distinct=%v", name, typeName, distinct), func(t *testing.T) { f(t, fn, typeName) })
			}
		}
	}
	t.Run("count(*)", func(t *testing.T) {
		fn, _, err := Resolve("count", true, false, types.Type{})
		if err != nil {
			t.Fatal(err)
		}
		f(t, fn, "integer")
	})
}

// outcome is the result of s as text, or its error's code.
func outcome(s State) string {
	v, err := s.Result()
	if err != nil {
		if e, ok := err.(*types.Error); ok {
			return "error " + e.Code
		}
		return err.Error()
	}
	return fmt.Sprintf("%s/%d/%d", v.String(), v.Kind, v.Scale)
}

// TestOrderAndGroupingDoNotMatter is invariants 1 and 2: a multiset gives one result and one encoding, in
// whatever order it was added, merged, taken back and added again.
func TestOrderAndGroupingDoNotMatter(t *testing.T) {
	eachFunc(t, func(t *testing.T, fn *Func, typeName string) {
		r := rand.New(rand.NewPCG(1, uint64(len(typeName))))
		pool := values(t, typeName, fn.Arg)
		for round := range 60 {
			if round%3 > 0 { // special values hide the others
				pool = slices.DeleteFunc(slices.Clone(pool), func(v types.Value) bool { return v.Scale < 0 })
			}
			rows := make([]types.Value, r.IntN(50))
			for i := range rows {
				rows[i] = pool[r.IntN(len(pool))]
			}
			want, addOnly := fn.New(), fn.NewAddOnly()
			for _, v := range rows {
				want.Add(v)
				addOnly.Add(v)
			}
			if got := outcome(addOnly); got != outcome(want) {
				t.Fatalf("add-only %s, want %s for %v", got, outcome(want), rows)
			}
			check := func(got State, how string) {
				t.Helper()
				if outcome(got) != outcome(want) {
					t.Fatalf("%s: %s, want %s for %v", how, outcome(got), outcome(want), rows)
				}
				if !bytes.Equal(got.AppendTo(nil), want.AppendTo(nil)) {
					t.Fatalf("%s: %x, want %x", how, got.AppendTo(nil), want.AppendTo(nil))
				}
			}
			check(shuffled(r, fn, rows, pool), "shuffled")
			check(merged(r, fn, rows, pool), "merged")

			back := fn.New()
			back.Add(pool[r.IntN(len(pool))])
			rest, err := back.ReadFrom(append(want.AppendTo(nil), 7, 7))
			if err != nil || len(rest) != 2 {
				t.Fatalf("read back: %v, %d bytes left", err, len(rest))
			}
			check(back, "read back")
			back.Reset()
			check2 := fn.New()
			if outcome(back) != outcome(check2) || !bytes.Equal(back.AppendTo(nil), check2.AppendTo(nil)) {
				t.Fatalf("%s is left after Reset", outcome(back))
			}
		}
	})
}

// shuffled adds rows and noise in a random order, retractions of the noise also before their additions.
func shuffled(r *rand.Rand, fn *Func, rows, pool []types.Value) State {
	type op struct {
		v    types.Value
		sign int
	}
	var ops []op
	for _, v := range rows {
		ops = append(ops, op{v, 1})
	}
	for range r.IntN(40) {
		noise := pool[r.IntN(len(pool))]
		ops = append(ops, op{noise, 1}, op{noise, -1})
	}
	r.Shuffle(len(ops), func(i, j int) { ops[i], ops[j] = ops[j], ops[i] })
	s := fn.New()
	for _, o := range ops {
		// What a caller hands over is the caller's: change it afterwards.
		v := o.v
		buf := []byte(v.S)
		if len(buf) > 0 {
			v.S = borrowed(buf)
		}
		if o.sign > 0 {
			s.Add(v)
		} else {
			s.Retract(v)
		}
		clear(buf)
	}
	return s
}

// merged spreads rows over three states, with noise added in one and retracted in another.
func merged(r *rand.Rand, fn *Func, rows, pool []types.Value) State {
	parts := []State{fn.New(), fn.New(), fn.New()}
	for _, v := range rows {
		parts[r.IntN(3)].Add(v)
	}
	for range r.IntN(20) {
		noise := pool[r.IntN(len(pool))]
		parts[r.IntN(3)].Add(noise)
		parts[r.IntN(3)].Retract(noise)
	}
	before := parts[1].AppendTo(nil)
	parts[0].Merge(parts[1])
	if !bytes.Equal(before, parts[1].AppendTo(nil)) {
		panic("Merge changed its argument")
	}
	parts[2].Merge(parts[0])
	return parts[2]
}

func TestNoRows(t *testing.T) {
	eachFunc(t, func(t *testing.T, fn *Func, _ string) {
		want := "NULL"
		if fn.Name == "count" {
			want = "0"
		}
		for _, s := range []State{fn.New(), fn.NewAddOnly()} {
			if v, err := s.Result(); err != nil || v.String() != want {
				t.Errorf("%v, %v; want %s", v, err, want)
			}
		}
	})
}

func TestScaleOfASumIsThatOfTheRowsInIt(t *testing.T) {
	fn, _, _ := Resolve("sum", false, false, numeric)
	s := fn.New()
	steps := []struct {
		add  bool
		v    types.Value
		want string
	}{
		{true, types.NewNumeric(15, 1), "1.5"},
		{true, types.NewNumeric(2000, 3), "3.500"},
		{true, types.NewNumeric(1, 0), "4.500"},
		{false, types.NewNumeric(2000, 3), "2.5"},
		{false, types.NewNumeric(15, 1), "1"},
		{true, types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}, "NaN"},
		{true, types.Value{Kind: types.Numeric, Scale: types.ScaleInf}, "NaN"},
		{false, types.Value{Kind: types.Numeric, Scale: types.ScaleNaN}, "Infinity"},
		{true, types.Value{Kind: types.Numeric, Scale: types.ScaleNegInf}, "NaN"},
		{false, types.Value{Kind: types.Numeric, Scale: types.ScaleInf}, "-Infinity"},
		{false, types.Value{Kind: types.Numeric, Scale: types.ScaleNegInf}, "1"},
		{false, types.NewNumeric(1, 0), "NULL"},
	}
	for i, step := range steps {
		if step.add {
			s.Add(step.v)
		} else {
			s.Retract(step.v)
		}
		if v, err := s.Result(); err != nil || v.String() != step.want {
			t.Fatalf("step %d: %v, %v; want %s", i, v, err, step.want)
		}
	}
}

func TestSumsOutOfRange(t *testing.T) {
	for _, c := range []struct{ typ, v, code string }{
		{"real", "3e38", types.CodeOutOfRange},
		{"double precision", "1e308", types.CodeOutOfRange},
		{"interval", "178000000 years", types.CodeDatetimeOverflow},
	} {
		fn, _, _ := Resolve("sum", false, false, mustType(t, c.typ))
		v, err := types.Parse(fn.Arg, c.v)
		if err != nil {
			t.Fatal(err)
		}
		s := fn.New()
		s.Add(v)
		s.Add(v)
		if got := outcome(s); got != "error "+c.code {
			t.Errorf("sum of two %s: %s", c.v, got)
		}
		s.Retract(v)
		if got, err := s.Result(); err != nil || !types.Identical(got, v) {
			t.Errorf("sum of one %s: %v, %v", c.v, got, err)
		}
	}
	// SUM of more integers than can be added one by one.
	s := &intTotal{n: 1 << 33, finish: sumToBigint}
	s.sum.setBig(new(big.Int).Lsh(big.NewInt(1), 63))
	if got := outcome(s); got != "error "+types.CodeOutOfRange {
		t.Errorf("sum of 2^63: %s", got)
	}
	s.Retract(types.NewInt(types.Int4, 1))
	if got := outcome(s); !strings.HasPrefix(got, "9223372036854775807/") {
		t.Errorf("sum of 2^63-1: %s", got)
	}
}

func TestWhatCannotBeHad(t *testing.T) {
	for _, c := range []struct {
		name           string
		star, distinct bool
		arg            string
		code, message  string
	}{
		{"sum", false, false, "text", "42883", "function sum(text) does not exist"},
		{"sum", false, false, "date", "42883", "function sum(date) does not exist"},
		{"sum", false, false, "boolean", "42883", "function sum(boolean) does not exist"},
		{"sum", false, false, "integer[]", "42883", "function sum(integer[]) does not exist"},
		{"min", false, false, "uuid", "42883", "function min(uuid) does not exist"},
		{"max", false, false, "jsonb", "42883", "function max(jsonb) does not exist"},
		{"bool_and", false, false, "integer", "42883", "function bool_and(integer) does not exist"},
		{"min", false, false, "numeric(12,2)", "", ""},
		{"count", false, true, "json", "42883", "could not identify an equality operator for type json"},
		{"count", false, false, "json", "", ""},
		{"count", true, true, "", "42601", "DISTINCT does not go with *"},
		{"sum", true, false, "", "42883", "function sum() does not exist"},
		{"stddev", false, false, "integer", "0A000", "aggregate STDDEV is not yet supported"},
		{"first", false, false, "integer", "0A000", "aggregate FIRST is not yet supported"},
	} {
		var arg types.Type
		if c.arg != "" {
			arg = mustType(t, c.arg)
		}
		_, ok, err := Resolve(c.name, c.star, c.distinct, arg)
		if !ok {
			t.Errorf("%s is no aggregate", c.name)
		}
		e, _ := err.(*types.Error)
		if (c.code == "") != (err == nil) || (e != nil && (e.Code != c.code || e.Message != c.message)) {
			t.Errorf("%s(%s): %v, want %s", c.name, c.arg, err, c.message)
		}
	}
	if _, ok, _ := Resolve("upper", false, false, text); ok {
		t.Error("upper is an aggregate")
	}
	if _, _, err := Resolve("sum", false, false, types.Type{}); err == nil || err.(*types.Error).Code != "42725" {
		t.Errorf("sum(NULL): %v", err)
	}
	for _, arg := range []types.Type{{}, {Kind: types.Unknown}} {
		for name, want := range map[string]types.Type{"min": text, "count": text, "bool_or": boolean} {
			if fn, _, err := Resolve(name, false, false, arg); err != nil || fn.Arg != want {
				t.Errorf("%s of a literal takes %v, %v; want %v", name, fn, err, want)
			}
		}
	}
}

func TestNamesAndPlannedDoNotOverlap(t *testing.T) {
	if !slices.IsSorted(Planned()) || !slices.IsSorted(Names()) {
		t.Error("not in order")
	}
	for _, name := range Names() {
		if slices.Contains(Planned(), name) {
			t.Errorf("%s is there and planned", name)
		}
	}
}

func TestAddAllocatesNothing(t *testing.T) {
	for _, c := range []struct{ name, typ string }{
		{"count", "text"},
		{"sum", "integer"},
		{"avg", "bigint"},
		{"sum", "numeric"},
		{"avg", "numeric(12,2)"},
		{"sum", "double precision"},
		{"avg", "interval"},
		{"bool_or", "boolean"},
	} {
		fn, _, err := Resolve(c.name, false, false, mustType(t, c.typ))
		if err != nil {
			t.Fatal(err)
		}
		s := fn.New()
		v := values(t, c.typ, fn.Arg)[2]
		s.Add(v)
		if n := testing.AllocsPerRun(100, func() { s.Add(v); s.Add(v); s.Retract(v) }); n > 0 {
			t.Errorf("%s(%s): %v allocations", c.name, c.typ, n)
		}
	}
}

func FuzzReadFrom(f *testing.F) {
	var funcs []*Func
	for _, name := range Names() {
		for _, typeName := range argTypes {
			for _, distinct := range []bool{false, true} {
				fn, _, err := Resolve(name, false, distinct, mustType(f, typeName))
				if err != nil {
					continue
				}
				s := fn.New()
				for _, v := range values(f, typeName, fn.Arg) {
					s.Add(v)
				}
				f.Add(uint16(len(funcs)), s.AppendTo(nil))
				funcs = append(funcs, fn)
			}
		}
	}
	f.Fuzz(func(t *testing.T, which uint16, b []byte) {
		fn := funcs[int(which)%len(funcs)]
		s := fn.New()
		if _, err := s.ReadFrom(b); err != nil {
			return
		}
		_, _ = s.Result()
		enc := s.AppendTo(nil)
		again := fn.New()
		if rest, err := again.ReadFrom(enc); err != nil || len(rest) > 0 || !bytes.Equal(again.AppendTo(nil), enc) {
			t.Fatalf("%x is read back as %x: %v", enc, again.AppendTo(nil), err)
		}
	})
}

func BenchmarkAdd(b *testing.B) {
	for _, c := range []struct {
		name, typ string
		distinct  bool
	}{{"sum", "numeric", false}, {"sum", "double precision", false}, {"max", "numeric", false}, {"max", "bigint", false}, {"count", "text", true}} {
		b.Run(fmt.Sprintf("%s_%s", c.name, c.typ), func(b *testing.B) {
			fn, _, err := Resolve(c.name, false, c.distinct, mustType(b, c.typ))
			if err != nil {
				b.Fatal(err)
			}
			pool := make([]types.Value, 300)
			for i := range pool {
				if pool[i], err = types.Parse(fn.Arg, fmt.Sprint(i*7)); err != nil {
					b.Fatal(err)
				}
			}
			s := fn.New()
			i := 0
			for b.Loop() {
				s.Add(pool[i%len(pool)])
				i++
			}
		})
	}
}
