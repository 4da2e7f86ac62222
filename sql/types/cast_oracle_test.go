package types

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestCastRulesLikePostgres compares which casts there are, and in which context, with PostgreSQL's own catalog.
func TestCastRulesLikePostgres(t *testing.T) {
	c := newComparison(t)
	letters := map[castContext]string{castImplicit: "i", castAssignment: "a", castExplicit: "e", castNever: "NULL"}
	for from := Bool; from < Array; from++ {
		for to := Bool; to < Array; to++ {
			level := castLevel(from, to)
			switch {
			case from == to:
				continue
			case from == JSONB && (to == Bool || numericKind(to)):
				continue // PostgreSQL takes numbers and booleans out of jsonb; we keep jsonb as text
			case stringKind(from) != stringKind(to) && level >= castAssignment && from != Bool:
				// Conversions through text are in no catalog.
				if want := castAssignment; stringKind(to) && level != want || stringKind(from) && level != castExplicit {
					t.Errorf("%s to %s is %s", from, to, letters[level])
				}
				continue
			}
			name := func(k Kind) string { return quote(k.String()) + "::regtype" }
			c.addText(fmt.Sprintf("SELECT castcontext FROM pg_cast WHERE castsource = %s AND casttarget = %s", name(from), name(to)), letters[level])
		}
	}
	c.check(nil)
}

// TestCastsLikePostgres casts random values of each kind to each other kind there is a cast to.
func TestCastsLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(31, 1))
	for _, from := range testTypes {
		if from.Kind == Array {
			continue
		}
		values := sampleValues(from, r, 40)
		for _, to := range testTypes {
			if to.Kind == Array || !CanCast(from, to) {
				continue
			}
			for _, v := range values {
				if from.Kind == Interval && to.Kind == Time && v.I < minTimestamp {
					continue // PostgreSQL 15 overflows
				}
				got, err := Cast(v, to)
				if from.Kind == Unknown || v.IsNull() && err != nil {
					t.Errorf("NULL::%s: %v", to, err)
				}
				if (to.Kind == Timestamp || to.Kind == Timestamptz) && from.Kind == Date && v.I > maxTimestamp/day {
					continue // beyond the end of our timestamps
				}
				c.add(literal(from, v)+"::"+to.String(), got, err)
			}
		}
	}
	c.check(nil)
}

// TestStringCastsLikePostgres casts texts to the kinds they may spell.
func TestStringCastsLikePostgres(t *testing.T) {
	c := newComparison(t)
	texts := []string{"12", " 12 ", "1.5", "abc", "", "true", "2025-05-20", "2025-05-20 14:30:00+02", "1 day", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", `\x00ff`, "{1,2}", "99999999999", "1e400", "NaN"}
	for _, from := range []Type{{Kind: Text}, {Kind: Varchar}, {Kind: Char, Len: 40}} {
		for _, to := range testTypes {
			if to.Kind == JSON || to.Kind == JSONB {
				continue // the details of the messages differ
			}
			for _, s := range texts {
				v, err := Coerce(NewText(s), from)
				if err != nil {
					t.Fatal(err)
				}
				if s == `\x00ff` && to.Kind == Time {
					continue // in PostgreSQL x00ff is a time zone with a summer time called ff
				}
				got, err := Cast(v, to)
				c.add(quote(s)+"::"+from.String()+"::"+to.String(), got, err)
			}
		}
	}
	c.check(nil)
}

// TestAssignmentLikePostgres stores values in a column of each type, where nothing may be cut.
func TestAssignmentLikePostgres(t *testing.T) {
	o := openOracle(t)
	r := rand.New(rand.NewPCG(31, 2))
	for _, to := range []Type{{Kind: Varchar, Len: 5}, {Kind: Char, Len: 4}, {Kind: Text}, {Kind: Int2}, {Kind: Numeric, Precision: 6, Scale: 2}, {Kind: Float4}} {
		if _, err := o.conn.Exec(t.Context(), "DROP TABLE IF EXISTS target; CREATE TEMP TABLE target (x "+to.String()+`);
			CREATE OR REPLACE FUNCTION pg_temp.store(q text) RETURNS text LANGUAGE plpgsql AS $f$
			DECLARE r text;
			BEGIN
				EXECUTE 'INSERT INTO pg_temp.target SELECT ' || q || ' RETURNING coalesce(format(''%s'', x), ''NULL'')' INTO r;
				RETURN r;
			EXCEPTION WHEN OTHERS THEN
				RETURN 'ERROR ' || SQLSTATE || ': ' || SQLERRM;
			END $f$`); err != nil {
			t.Fatal(err)
		}
		c := &comparison{t: t, oracle: o}
		for _, from := range []Type{{Kind: Text}, {Kind: Int8}, {Kind: Numeric}, {Kind: Float8}, {Kind: Bool}} {
			if !CanCoerce(from, to) {
				continue
			}
			for _, v := range sampleValues(from, r, 60)[1:] {
				got, err := Coerce(v, to)
				c.add("pg_temp.store("+quote(literal(from, v))+")", got, err)
			}
		}
		c.check(nil)
	}
}

func TestCoerceRefuses(t *testing.T) {
	for _, c := range []struct {
		v    Value
		t    Type
		code string
	}{
		{NewText("12"), Type{Kind: Int4}, CodeDatatypeMismatch},
		{NewBool(true), Type{Kind: Int4}, CodeDatatypeMismatch},
		{NewInt8(1 << 40), Type{Kind: Int4}, CodeOutOfRange},
		{NewText("abcdef"), Type{Kind: Varchar, Len: 5}, CodeStringTooLong},
		{NewArray([]Value{NewText("x")}), Type{Kind: Array, Elem: Int4}, CodeCannotCoerce},
		{NewArray(nil), Type{Kind: Int4}, CodeCannotCoerce},
		{NewDate(0), Type{Kind: Interval}, CodeDatatypeMismatch},
	} {
		got, err := Coerce(c.v, c.t)
		if e, ok := err.(*Error); !ok || e.Code != c.code {
			t.Errorf("%s as %s is %s, %v; want %s", c.v, c.t, got, err, c.code)
		}
	}
}

// TestArithmeticLikePostgres compares the operators of integers and floats, their overflows included.
func TestArithmeticLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(32, 1))
	for _, typ := range []Type{{Kind: Int2}, {Kind: Int4}, {Kind: Int8}, {Kind: Float4}, {Kind: Float8}} {
		values := sampleValues(typ, r, 60)[1:]
		for range 250 {
			a, b := pick(r, values...), pick(r, values...)
			x, y := literal(typ, a), literal(typ, b)
			for op, f := range map[string]func(a, b Value) (Value, error){"+": Add, "-": Sub, "*": Mul, "/": Div, "%": Mod} {
				if op == "%" && (typ.Kind == Float4 || typ.Kind == Float8) {
					continue
				}
				v, err := f(a, b)
				c.add(x+" "+op+" "+y, v, err)
			}
			v, err := Neg(a)
			c.add("- "+x, v, err)
			v, err = Abs(a)
			c.add("abs("+x+")", v, err)
		}
	}
	c.check(nil)
}

// TestOrderLikePostgres lets both sort the same values.
func TestOrderLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(33, 1))
	for _, typ := range testTypes {
		if typ.Kind == JSON || typ.Kind == JSONB {
			continue // json has no order, and that of jsonb is another
		}
		values := sampleValues(typ, r, 60)[1:]
		for range 150 {
			a, b := pick(r, values...), pick(r, values...)
			x, y := literal(typ, a), literal(typ, b)
			for op, ours := range map[string]bool{"<": Compare(a, b) < 0, "=": Equal(a, b), ">": Compare(a, b) > 0} {
				collate := ""
				if stringKind(typ.Kind) || stringKind(typ.Elem) {
					collate = ` COLLATE "C"`
				}
				c.add(x+collate+" "+op+" "+y, NewBool(ours), nil)
			}
		}
	}
	mixed := []Type{{Kind: Int2}, {Kind: Int4}, {Kind: Int8}, {Kind: Float4}, {Kind: Float8}, {Kind: Numeric}}
	times := []Type{{Kind: Date}, {Kind: Timestamp}, {Kind: Timestamptz}}
	for _, group := range [][]Type{mixed, times} {
		for range 600 {
			s, u := pick(r, group...), pick(r, group...)
			a, b := pick(r, sampleValues(s, r, 8)[1:]...), pick(r, sampleValues(u, r, 8)[1:]...)
			if mixedOverflow(a, b) {
				continue
			}
			for op, ours := range map[string]bool{"<": Compare(a, b) < 0, "=": Equal(a, b), ">": Compare(a, b) > 0} {
				c.add(literal(s, a)+" "+op+" "+literal(u, b), NewBool(ours), nil)
			}
			if Compare(a, b) != -Compare(b, a) {
				t.Errorf("Compare of %s and %s is not that of %s and %s turned round", a, b, b, a)
			}
		}
	}
	c.check(nil)
}

// mixedOverflow reports whether PostgreSQL refuses to compare a numeric with a float because it is beyond all floats.
func mixedOverflow(a, b Value) bool {
	for _, v := range []Value{a, b} {
		if v.Kind == Numeric && v.Scale >= 0 && math.IsInf(nearestFloat(v), 0) {
			return true
		}
	}
	return false
}

// TestFloatTextLikePostgres prints every power of two and its neighbours, and the floats strconv would print shorter than
// PostgreSQL does.
func TestFloatTextLikePostgres(t *testing.T) {
	c := newComparison(t)
	r := rand.New(rand.NewPCG(34, 1))
	exact := func(v Value, f float64, bits int) {
		// 17 (9) digits name the float without a doubt.
		digits := 17
		if bits == 32 {
			digits = 9
		}
		c.add(fmt.Sprintf("'%.*e'::%s", digits-1, f, v.Kind), v, nil)
	}
	add := func(f float64) {
		for _, g := range []float64{f, math.Nextafter(f, 0), math.Nextafter(f, math.Inf(1))} {
			if g != 0 && !math.IsInf(g, 0) {
				exact(NewFloat8(g), g, 64)
			}
		}
		g := float32(f)
		for _, h := range []float32{g, math.Nextafter32(g, 0), math.Nextafter32(g, float32(math.Inf(1)))} {
			if h != 0 && !math.IsInf(float64(h), 0) {
				exact(NewFloat4(h), float64(h), 32)
			}
		}
	}
	for e := -1074; e < 1024; e += 3 {
		add(math.Ldexp(1, e))
	}
	for e := -50; e < 130; e++ {
		add(math.Ldexp(1, e))
		add(math.Pow(10, float64(e/4)))
		add(5 * math.Pow(10, float64(e/4)))
	}
	for range 300 {
		add(float64(r.Int64N(1e6)) * math.Pow(10, float64(r.IntN(25))))
		add(float64(r.Uint64()))
	}
	c.check(nil)
}

func TestTypeNamesLikePostgres(t *testing.T) {
	c := newComparison(t)
	names := []string{
		"SMALLINT", "int2", "Integer", "int", "INT4", "bigint", "int8", "real", "float4", "double precision", "DOUBLE   PRECISION", "float8", "float", "float(1)", "float(24)", "float(25)", "float(53)",
		"numeric", "decimal", "dec", "numeric(10)", "numeric(10,2)", "NUMERIC ( 10 , 2 )", "numeric(5,-2)", "numeric(2,5)", "bool", "boolean", "text", "varchar", "varchar(3)", "character varying", "character varying (16)", "char varying(2)",
		"char", "char(3)", "character", "character(7)", "bpchar", "date", "time", "time without time zone", "time(3)", "time (3) without time zone", "timestamp", "timestamp without time zone", "timestamp(0)", "timestamptz", "timestamptz(6)",
		"timestamp with time zone", "timestamp (2) with time zone", "interval", "interval(3)", "uuid", "bytea", "json", "jsonb", "int[]", "int array", "text[3]", "text[][]", "numeric(10,2)[]", "varchar(5)[]", "timestamptz[]", "pg_catalog.int4",
	}
	for _, name := range names {
		typ, err := ParseType(name)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		bare := typ.Kind.String()
		if typ.Kind == Array {
			bare = typ.Elem.String() + "[]"
		}
		c.addText("pg_typeof(NULL::"+name+")", bare)
		again, err := ParseType(typ.String())
		if err != nil || again != typ {
			t.Errorf("%s prints as %s, which reads as %+v, %v", name, typ, again, err)
		}
	}
	c.check(nil)
	for name, want := range map[string]string{
		"numeric(10,2)": "numeric(10,2)", "numeric(7)": "numeric(7,0)", "varchar(16)": "character varying(16)", "char": "character(1)", "timestamp(3)": "timestamp(3) without time zone",
		"timestamptz(0)": "timestamp(0) with time zone", "interval(2)": "interval(2)", "time(6)": "time(6) without time zone", "varchar(5)[]": "character varying(5)[]", "bpchar": "bpchar", "int[]": "integer[]",
	} {
		if typ, err := ParseType(name); err != nil || typ.String() != want {
			t.Errorf("%s prints as %s, %v; want %s", name, typ, err, want)
		}
	}
}

func TestParseTypeRefuses(t *testing.T) {
	for name, code := range map[string]string{
		"": CodeSyntax, "frob": CodeUndefinedObject, "itn": CodeUndefinedObject, "timetz": CodeNotSupported, "money": CodeNotSupported, "interval year to month": CodeNotSupported,
		"numeric(0)": CodeInvalidParameter, "numeric(1001)": CodeInvalidParameter, "numeric(5,1001)": CodeInvalidParameter, "numeric(1,2,3)": CodeInvalidParameter, "varchar(0)": CodeInvalidParameter,
		"varchar(99999999)": CodeInvalidParameter, "timestamp(7)": CodeInvalidParameter, "float(0)": CodeInvalidParameter, "float(54)": CodeInvalidParameter, "text(3)": CodeSyntax, "int(4)": CodeSyntax,
		"numeric(x)": CodeInvalidText, "numeric(10": CodeSyntax, "numeric)(": CodeSyntax, "int[x]": CodeUndefinedObject,
	} {
		_, err := ParseType(name)
		if e, ok := err.(*Error); !ok || e.Code != code {
			t.Errorf("%q: %v, want %s", name, err, code)
		}
	}
	_, err := ParseType("itneger")
	if e, ok := err.(*Error); !ok || e.Hint != "Did you mean integer?" {
		t.Errorf("the hint for itneger is %q", err.(*Error).Hint)
	}
}

// TestCompareSortsAnything sorts values of all kinds together: the order is total.
func TestCompareSortsAnything(t *testing.T) {
	r := rand.New(rand.NewPCG(35, 1))
	var all []Value
	for _, typ := range testTypes {
		if !numericKind(typ.Kind) {
			all = append(all, sampleValues(typ, r, 12)[1:]...)
		}
	}
	slices.SortFunc(all, Compare)
	for i := 1; i < len(all); i++ {
		if Compare(all[i-1], all[i]) > 0 {
			t.Fatalf("%s sorts before %s, and Compare says otherwise", all[i-1], all[i])
		}
	}
}
