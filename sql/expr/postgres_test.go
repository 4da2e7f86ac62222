package expr

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// ofEach writes a template once for each column: % stands for its name.
func ofEach(template string, columns ...string) []string {
	var out []string
	for _, c := range columns {
		out = append(out, strings.ReplaceAll(template, "%", c))
	}
	return out
}

// ofPairs writes "l op r" for all pairs of columns and operators.
func ofPairs(ops []string, columns ...string) []string {
	var out []string
	for _, op := range ops {
		for _, l := range columns {
			for _, r := range columns {
				out = append(out, l+" "+op+" "+r)
			}
		}
	}
	return out
}

var (
	numbers   = []string{"i2", "i4", "i8", "f4", "f8", "n", "n2"}
	strs      = []string{"t", "v", "c"}
	points    = []string{"d", "tm", "ts", "tz"}
	everyType = []string{"b", "i2", "i4", "i8", "f4", "f8", "n", "n2", "t", "v", "c", "d", "tm", "ts", "tz", "iv", "u", "by", "ai", "at"}
)

func TestOperatorsEqualPostgres(t *testing.T) {
	t.Parallel()
	var exprs []string
	exprs = append(exprs, ofPairs([]string{"+", "-", "*", "/", "%"}, numbers...)...)
	exprs = append(exprs, ofPairs([]string{"=", "<", ">="}, everyType...)...)
	exprs = append(exprs, ofPairs([]string{"<>", "<=", ">"}, numbers...)...)
	exprs = append(exprs, ofPairs([]string{"||"}, append(strs, "i4", "n", "b", "by", "d", "tz", "ai", "at")...)...)
	exprs = append(exprs, ofPairs([]string{"IS DISTINCT FROM"}, everyType...)...)
	exprs = append(exprs, ofPairs([]string{"LIKE", "NOT LIKE", "ILIKE"}, append(strs, "by", "i4")...)...)
	for _, unary := range []string{"- %", "+ %", "NOT %", "% IS NULL", "% IS NOT NULL", "% IS TRUE", "% IS NOT FALSE", "% IS UNKNOWN"} {
		exprs = append(exprs, ofEach(unary, everyType...)...)
	}
	for _, literal := range []string{"'1'", "'abc'", "NULL", "1", "2.5", "9223372036854775807", "'1 day'", "'2025-05-20'", "TRUE"} {
		for _, op := range []string{"=", "+", "||", "LIKE"} {
			exprs = append(exprs, ofEach("% "+op+" "+literal, everyType...)...)
			exprs = append(exprs, ofEach(literal+" "+op+" %", everyType...)...)
		}
		exprs = append(exprs, ofEach("% - "+literal, everyType...)...)
		// Not over texts, where PostgreSQL takes the literal for a jsonb and removes a key from it.
		exprs = append(exprs, ofEach(literal+" - %", "b", "i2", "i4", "i8", "f8", "n", "d", "tm", "ts", "tz", "iv")...)
	}
	exprs = append(exprs, ofEach("iv * %", numbers...)...)
	exprs = append(exprs, ofEach("iv / %", numbers...)...)
	newOracle(t, "UTC").compare(t, exprs, 0)
}

// Where the session is not in UTC, dates and timestamps without zone are moments of its zone.
func TestTimesOfAZoneEqualPostgres(t *testing.T) {
	t.Parallel()
	var exprs []string
	exprs = append(exprs, ofPairs([]string{"+", "-", "=", "<", ">=", "IS DISTINCT FROM"}, append(points, "iv")...)...)
	for _, template := range []string{
		"% IN ('2025-05-20 14:30', '2024-02-29')", "% = ANY (ARRAY[tz])", "NULLIF(%, tz)", "%::text", "%::date", "%::time", "%::timestamp", "%::timestamptz", "concat(%)",
		"% = '2025-05-20 14:30'", "% > NOW()", "COALESCE(%, tz)", "date_trunc('day', %)", "date_trunc('month', %)", "EXTRACT(hour FROM %)", "EXTRACT(epoch FROM %)", "% + '1 mon'", "% - iv", "% || ''", "% BETWEEN '2025-01-01' AND CURRENT_DATE",
	} {
		exprs = append(exprs, ofEach(template, points...)...)
	}
	exprs = append(exprs, "'2025-03-09 02:30'::timestamptz", "TIMESTAMPTZ '2025-11-02 01:30'", "CURRENT_DATE", "LOCALTIMESTAMP", "DATE '2025-03-09'::timestamptz", "NOW()::text", "t::timestamptz", "date_bin('1 day', tz, '2000-01-01')", "tz - '1 day'::interval * 100")
	newOracle(t, "America/New_York").compare(t, exprs, 0)
}

func TestCastsEqualPostgres(t *testing.T) {
	names := []string{
		"boolean", "smallint", "integer", "bigint", "real", "double precision", "numeric", "numeric(6,2)", "text", "varchar", "varchar(3)",
		"char(4)", "date", "time", "timestamp", "timestamptz", "interval", "uuid", "bytea", "integer[]", "text[]", "bigint[]",
	}
	t.Parallel()
	var exprs []string
	for _, name := range names {
		exprs = append(exprs, ofEach("%::"+name, everyType...)...)
		exprs = append(exprs, ofEach("%::"+name, "'12'", "'abc'", "NULL", "7", "2.5", "TRUE", "'2025-05-20 12:00'", "'{1,2}'")...)
	}
	newOracle(t, "Europe/Berlin").compare(t, exprs, 0)
}

func TestPredicatesEqualPostgres(t *testing.T) {
	t.Parallel()
	o := newOracle(t, "UTC")
	exprs := []string{
		"i4 IN (1, 2, 3)", "i4 IN (3, NULL)", "i4 NOT IN (3, NULL)", "i4 NOT IN (3, 10)", "i4 IN (3, 2.5)", "i4 IN ('3', 10)", "i4 IN (i8, 3)", "i4 IN (i2, i8, n)",
		"i4 IN (0,1,2,3,4,5,6,7,8,9,10)", "i4 NOT IN (0,1,2,3,4,5,6,7,8,9,NULL)", "i8 IN (0,1,2,3,4,5,6,7,8,9,9007199254740993)", "n IN (0,1,1.5,3,4,5,6,7,8,9,10,'NaN')",
		"t IN ('abc','b','c','d','e','f','g','h','i')", "v IN ('abc','b','c','d','e','f','g','h','i')", "c IN ('abc','b','c','d','e','f','g','h','i')",
		"f8 IN (0,1,2.5,3,4,5,6,7,8,'NaN')", "d IN ('2025-05-20','2024-02-29','infinity','2020-01-01','2020-01-02','2020-01-03','2020-01-04','2020-01-05','2020-01-06')",
		"iv IN ('1 day','24 hours','1 mon','30 days','2 days','3 days','4 days','5 days','6 days')",
		"u IN ('00000000-0000-0000-0000-000000000000', NULL)", "b IN (TRUE, NULL)", "t IN (1, 2)", "t IN (v, 'abc')", "i4 IN (t)", "1 IN (i4, i8)", "'abc' IN (t, v)", "NULL IN (i4, 1)",
		"d IN (tz, ts)", "ts IN (tz, '2025-01-01')", "i4 BETWEEN 0 AND 5", "i4 NOT BETWEEN i2 AND i8", "n BETWEEN f8 AND 3", "t BETWEEN 'a' AND 'b'", "d BETWEEN '2024-01-01' AND ts", "t BETWEEN 1 AND 2",
		"i4 = ANY (ai)", "i4 <> ALL (ai)", "i8 = ANY (ai)", "n < ANY (ai)", "n >= ALL (ai)", "f8 > ANY (ai)", "t = ANY (at)", "v = ANY (at)", "c = ANY (at)", "'abc' = ANY (at)", "i4 = ANY ('{1,2,3,NULL}')",
		"i4 = ANY (ARRAY[1,2,3])", "i4 = ANY (ARRAY[1,2.5])", "t = ANY (ARRAY['abc', NULL])", "i4 = ANY (ARRAY[0,1,2,3,4,5,6,7,8,9,10])", "i4 <> ALL (ARRAY[0,1,2,3,4,5,6,7,8,9,NULL])", "i4 = ANY (i4)", "i4 = ANY (at)",
		"t = ANY ('{abc,x}')", "NULL = ANY (ai)", "i4 = ALL ('{}')", "NULL::int = ANY ('{}'::int[])", "i4 < ALL (NULL::int[])", "tz = ANY (ARRAY['2025-05-20 14:30:00+00'::timestamptz])", "d = ANY (ARRAY[ts])",
		"(i4, i8) = (3, 5)", "(i4, t) < (3, 'b')", "(i4, t) >= (i8, 'abc')", "(i4, i8, n) <= (0, 0, 0)", "(i4, t) <> (3, NULL)", "(i4, t) IN ((3, 'abc'), (0, NULL))", "(i4, t) NOT IN ((3, 'abc'))", "(1, 2) = (1, 2, 3)",
		"(i4, i8) IS NULL", "(i4, i8) IS NOT NULL", "(i4, t) IS DISTINCT FROM (3, NULL)", "(i4, i8) BETWEEN (0, 0) AND (3, 5)",
		"CASE WHEN i4 > 0 THEN i4 ELSE i8 END", "CASE i4 WHEN 3 THEN 'three' WHEN 10 THEN 'ten' END", "CASE WHEN b THEN 1 ELSE 2.5 END", "CASE WHEN b THEN 'x' ELSE v END", "CASE b WHEN TRUE THEN i2 ELSE NULL END",
		"CASE WHEN i4 = 0 THEN 0 ELSE 10 / i4 END", "CASE WHEN i4 THEN 1 END", "CASE WHEN b THEN 1 ELSE 'x' END", "CASE WHEN b THEN t ELSE 1 END", "CASE WHEN b THEN d ELSE tz END", "CASE WHEN b THEN ts ELSE tz END", "CASE WHEN b THEN NULL END",
		"CASE t WHEN 'abc' THEN 1 WHEN NULL THEN 2 ELSE 3 END", "CASE 1 WHEN i4 THEN 1 END", "CASE i4 WHEN t THEN 1 END", "CASE 'abc' WHEN t THEN 1 ELSE 0 END", "CASE WHEN NULL THEN 1 ELSE 2 END", "CASE WHEN FALSE THEN 1 ELSE i4 END",
		"COALESCE(i4, i8)", "COALESCE(i4, 1.5)", "COALESCE(NULL, i4)", "COALESCE(t, 'x')", "COALESCE(v, c)", "COALESCE(c, v)", "COALESCE(i4, 'x')", "COALESCE(i4, t)", "COALESCE(NULL, NULL)", "COALESCE(d, tz)", "COALESCE(1, 1/0)", "COALESCE(n2, 0)", "COALESCE(i2, '7')",
		"NULLIF(i4, 3)", "NULLIF(i4, 2.5)", "NULLIF(v, 'abc')", "NULLIF(t, v)", "NULLIF(i4, i8)", "NULLIF('a', 'b')", "NULLIF(i4, t)", "NULLIF(f8, 'NaN')", "NULLIF(n, n2)", "NULLIF(d, ts)", "NULLIF(i4, NULL)", "NULLIF(NULL, i4)", "i8 / NULLIF(i4, 0)",
		"GREATEST(i4, i8)", "LEAST(i4, n)", "GREATEST(t, 'b')", "LEAST(d, ts)", "GREATEST(f4, f8)", "GREATEST(i4)", "LEAST(NULL, i4)", "GREATEST(NULL, NULL)", "GREATEST(i4, t)", "LEAST(iv, '1 day')", "GREATEST(c, v)", "GREATEST(b, FALSE)", "LEAST(ai, '{1}')",
		"ARRAY[i4, i8]", "ARRAY[1, 2.5]", "ARRAY['a', t]", "ARRAY[NULL, 1]", "ARRAY['a', NULL]", "ARRAY[i4, t]", "ARRAY[]::int[]", "ARRAY[d, tz]", "ARRAY[v]", "ARRAY[n2]", "(ai)[1]", "(ai)[i4]", "(ai)[0]", "(at)[2]", "(ARRAY[1,2,3])[2]", "(ai)['1']", "(ai)[1.4]", "(i4)[1]", "(ai)[t]",
		"ai || 4", "4 || ai", "ai || ai", "ai || NULL", "at || 'x'", "at || '{x}'", "ai || at", "ai || ARRAY[9]", "ai = '{1,2,3}'", "ai < at", "cardinality(ai)", "array_length(ai, 1)", "array_length(at, 2)",
		"i4 = 3 AND t = 'abc'", "i4 = 3 OR NULL", "b AND NULL", "b OR NULL", "b AND i4", "NOT NULL", "b AND 'true'", "b OR 'x'", "NOT 'f'", "b = 'yes'", "TRUE AND b", "FALSE AND i4 / 0 = 1", "b OR TRUE",
		"t LIKE '%b%'", "t LIKE 'a%'", "t LIKE '%c'", "t LIKE '_b_'", "t LIKE 'a\\%b\\_c\\\\'", "t LIKE 'a#%b#_c%' ESCAPE '#'", "t LIKE 'abc' ESCAPE ''", "t LIKE 'abc' ESCAPE 'ab'", "t LIKE 'abc\\'", "t LIKE NULL", "t NOT LIKE '%b%'", "t ILIKE 'ÄÖ%'", "t ILIKE 'äöü_'",
		"c LIKE 'abc'", "c LIKE 'abc%'", "c LIKE 'abc  '", "by LIKE '%a%'::bytea", "t LIKE '%%_%%'", "t LIKE ''", "t LIKE '%' ESCAPE '%'", "t LIKE '日_語%'", "t LIKE t", "v LIKE v || '%'", "t LIKE '#a#b' ESCAPE '#'", "t ILIKE v", "i4 LIKE '1'", "t LIKE 'a' || '%'", "t LIKE v ESCAPE '%'",
		"'abc' LIKE 'a%'", "NULL LIKE 'a'",
	}
	o.compare(t, exprs, 0)
}

func TestFunctionsEqualPostgres(t *testing.T) {
	t.Parallel()
	newOracle(t, "UTC").compare(t, functionCalls(), 0)
}

// functionCalls calls every exact function over edge values and every type it might be given.
func functionCalls() []string {
	var exprs []string
	for _, f := range []string{
		"abs(%)", "ceil(%)", "ceiling(%)", "floor(%)", "round(%)", "sign(%)", "sqrt(%)", "lower(%)", "upper(%)", "length(%)", "char_length(%)",
		"octet_length(%)", "reverse(%)", "initcap(%)", "btrim(%)", "trim(%)", "ltrim(%)", "rtrim(%)", "to_timestamp(%)", "concat(%)", "concat('a', %, NULL, 'b')", "concat_ws('-', %, NULL, %)", "concat_ws(NULL, %)", "concat_ws(t, %, 'x')",
		"text(%)", "date(%)", "float8(%)", "int4(%)", "numeric(%)", "timestamptz(%)", "repeat(%, 2)", "left(%, 2)", "right(%, 2)", "lpad(%, 5)", "rpad(%, 5, 'xy')", "strpos(%, 'b')",
		"replace(%, 'b', 'XX')", "split_part(%, 'b', 1)", "substr(%, 2)", "substring(%, 1, 2)", "starts_with(%, 'a')", "coalesce(%)", "lowr(%)",
	} {
		exprs = append(exprs, ofEach(f, everyType...)...)
		exprs = append(exprs, ofEach(f, "'12'", "NULL", "1", "1.5")...)
	}
	for _, f := range []string{"round(%, 2)", "round(%, -1)", "trunc(%, 1)", "trunc(%, -2)", "round(%, i4)", "mod(%, 3)", "mod(%, 2.5)", "mod(i4, %)", "div(%, 2)", "div(n, %)", "div(%, 0)", "power(%, 2)", "power(2, %)", "power(%, -1)", "power(n, %)", "power(%, 0.5)"} {
		exprs = append(exprs, ofEach(f, "i2", "i4", "n2", "n")...)
	}
	exprs = append(exprs, "mod(f8, 2)", "div(f8, 2)", "round(f8, 1)", "round('2.5')", "abs('-1')", "mod('7', '2')", "mod(7, '2')", "n ^ 2", "n ^ 0.5", "n ^ (-2)", "2 ^ n", "n2 ^ 3", "i4 ^ n", "2 ^ 3", "2.0 ^ 100", "0.5 ^ 17", "(-8.0) ^ 3", "(-8.0) ^ 0.5", "0.0 ^ (-1)", "10.0 ^ 140000", "0.0 ^ 0", "1.1 ^ 100.5",
		"1.000000001 ^ 2000000000", "'NaN'::numeric ^ 0", "1 ^ 'NaN'::numeric", "'inf'::numeric ^ (-1)", "'-inf'::numeric ^ 3", "'-inf'::numeric ^ 2", "0.5 ^ 'inf'::numeric", "(-1.0) ^ '-inf'::numeric", "2.0 ^ (-1)", "3.7 ^ (-5)", "0.1 ^ 20", "5.0 ^ (-30)", "(-2.5) ^ 5", "12345.678 ^ 0.333")
	exprs = append(exprs, ofEach("trunc(%)", everyType...)...)
	for _, f := range []string{"exp(%)", "ln(%)", "log(%)", "log(2.0, %)", "log(%, 2.0)", "sqrt(%)"} {
		exprs = append(exprs, ofEach(f, "n", "n2", "0.0", "1.0", "0.95", "1.05", "1.0000000001", "2.0", "10.0", "0.00001", "123456.789", "99999999999999999999.0", "-1.0", "100.00", "5000.0", "-5000.5", "1e-30", "7.77777777777777777777777")...)
	}
	exprs = append(exprs, "exp(7000.0)", "exp(-7000.0)", "log(1.0, 5.0)", "log(10.0, 1000.0)", "log('inf'::numeric, 2)", "log(2, 'inf'::numeric)")
	for _, s := range strs {
		exprs = append(exprs, ofEach("left(%, i4)", s)...)
		exprs = append(exprs, ofEach("right(%, i2)", s)...)
		for _, f := range []string{
			"left(%, -1)", "right(%, -1)", "left(%, 0)", "substr(%, -1, 3)", "substr(%, 2, 2)", "substr(%, 0)", "substr(%, 1, -1)", "substr(%, 2, 2147483647)", "substring(%, i4, 2)", "substring(% FROM 2 FOR 1)", "substring(% FOR 2)", "position('b' IN %)", "position('' IN %)",
			"lpad(%, 2)", "lpad(%, 8, 'é-')", "rpad(%, 8, '')", "lpad(%, -1, 'x')", "rpad(%, 2, 'x')", "lpad(%, 536870912)", "repeat(%, -1)", "repeat(%, 0)", "repeat('x', i2)", "replace(%, '', 'x')", "replace(%, 'a', '')", "split_part(%, 'b', -1)", "split_part(%, 'b', 0)", "split_part(%, '', 1)", "split_part(%, '', 2)", "split_part(%, 'b', 3)", "split_part(%, ' ', -2)",
			"btrim(%, ' a')", "ltrim(%, 'aÄ')", "rtrim(%, 'cß')", "trim(BOTH 'a' FROM %)", "trim(LEADING FROM %)", "trim(TRAILING 'c' FROM %)", "overlay(% PLACING 'XY' FROM 2)", "overlay(% PLACING 'XY' FROM 2 FOR 0)", "overlay(% PLACING 'XY' FROM 0)", "overlay(% PLACING 'XY' FROM 2 FOR -1)", "starts_with(%, v)", "strpos(%, v)", "strpos(%, '')",
		} {
			exprs = append(exprs, ofEach(f, s)...)
		}
	}
	for _, field := range []string{"year", "month", "day", "hour", "minute", "second", "milliseconds", "microseconds", "epoch", "dow", "isodow", "doy", "week", "isoyear", "quarter", "decade", "century", "millennium", "julian", "timezone", "timezone_hour", "timezone_minute", "nonsense", "YEAR"} {
		exprs = append(exprs, ofEach("EXTRACT("+field+" FROM %)", "d", "tm", "ts", "tz", "iv", "t")...)
		exprs = append(exprs, ofEach("date_part('"+field+"', %)", "d", "tm", "ts", "tz", "iv")...)
		exprs = append(exprs, ofEach("date_trunc('"+field+"', %)", "d", "tm", "ts", "tz", "iv", "'2025-05-20 14:35'")...)
	}
	for _, zone := range []string{"'UTC'", "'Europe/Berlin'", "'america/new_york'", "'+02'", "'EST'", "'nonsense'", "''", "INTERVAL '2 hours'", "INTERVAL '1 day'", "NULL", "v"} {
		exprs = append(exprs, ofEach("% AT TIME ZONE "+zone, "ts", "tz", "d", "'2025-07-01 12:00'", "t")...)
	}
	for _, stride := range []string{"15 minutes", "1 day", "1 mon", "0", "-1 hour", "7 days 1 second"} {
		exprs = append(exprs, ofEach("date_bin('"+stride+"', %, '2001-02-03 04:05')", "ts", "tz", "d")...)
	}
	// What this leaves out on purpose: age() of infinite moments and overflows in make_interval(), where PostgreSQL computes garbage and we refuse;
	// bare literals given to trunc() and age(), which PostgreSQL finds ambiguous because of types that we do not have.
	return append(exprs, "date_trunc('day', tz, 'Asia/Tokyo')", "date_trunc('hour', tz, 'nonsense')", "date_trunc('month', d)", "date_bin(iv, ts, ts)", "age(NULLIF(NULLIF(tz, 'infinity'), '-infinity'), '2000-01-01')", "age(NULLIF(NULLIF(ts, 'infinity'), '-infinity'))", "age(NULLIF(NULLIF(d, 'infinity'), '-infinity'))", "age('2001-04-10', TIMESTAMP '1957-06-13')",
		"make_interval()", "make_interval(1)", "make_interval(1, 2, 3, 4, 5, 6, 7.5)", "make_interval(i2, i2, i2, i2, i2, i2, i2)", "make_interval(0,0,0,0,0,0,f8 / 1e300)", "make_interval('1')", "make_interval(1.5)",
		"to_timestamp(0)", "to_timestamp(1747751400.123456)", "to_timestamp('infinity')", "to_timestamp(1e20)", "to_timestamp('x')", "to_timestamp('NaN')",
		"NOW() - INTERVAL '30 days'", "NOW() > tz", "NOW() - tz", "date_trunc('month', NOW())", "CURRENT_DATE", "CURRENT_TIMESTAMP", "LOCALTIMESTAMP", "CURRENT_DATE - d", "tz > NOW() - INTERVAL '1 hour'", "ts < NOW()", "d = CURRENT_DATE", "NOW()::date", "NOW()::text", "EXTRACT(epoch FROM NOW() - tz)",
		"TIMESTAMPTZ '2025-05-20 14:30'", "DATE '2025-02-30'", "INTERVAL '1 fortnight'", "int2 '2'", "NUMERIC(5,2) '1.234'", "TIMESTAMP '2025-05-20 14:30'", "-2147483648", "- 2147483648", "2147483648", "-9223372036854775808", "9223372036854775808", "1.", ".5", "1e-3", "1E5", "i4 + 2147483647", "i8 * 2", "i2 + 1", "i2 + i2", "i2 * 1000", "-i2",
		"tz + '1 day'", "tz - '1 day'", "'1 day' + tz", "ts - '2025-01-01'", "d + 1", "1 + d", "d - '2025-01-01'", "d + '1 day'", "d + '1'", "tm + '1 hour'", "d + tm", "iv + iv", "iv = '1 day'", "ts + iv * 2", "iv * 0.5", "iv / 0", "iv * f8", "- iv", "tz - ts", "d - ts",
		"i4::text || 'x'", "'x' || i4", "t || v", "c || t", "c || c", "'a' || 'b'", "NULL || 'b'", "by || by", "1 || 2", "t || NULL", "b || t", "t || b", "tz || ''", "pi()", "degrees(180)", "radians(f8)", "upper()", "upper(t, t)", "now(1)", "abs(1, 2)", "sqrt(-1)", "sqrt(-1.0)", "ln(0)", "log(-1)", "power(0, -1)", "power(-8, 0.333)", "exp(1000)", "exp(-1000)", "sin('infinity')", "asin(2)", "cos('-infinity')")
}

// Go's and the C library's transcendental functions differ in the last place now and then, the circular ones of large
// angles in the last two; neither is right to the last bit.
func TestTranscendentalFunctionsEqualPostgres(t *testing.T) {
	t.Parallel()
	o := newOracle(t, "UTC")
	var exprs []string
	for _, f := range []string{"exp(%)", "ln(%)", "log(%)", "atan2(%, 2)", "atan2(1, %)", "power(%, 2)", "power(%, 0.5::float8)", "power(2::float8, %)", "% ^ 3", "asin(%)", "acos(%)", "atan(%)", "cbrt(%)", "degrees(%)", "sqrt(%)", "exp(% / 1e300)", "power(%, -1.5::float8)"} {
		exprs = append(exprs, ofEach(f, "f4", "f8", "i4", "i2", "n2::float8")...)
	}
	o.compare(t, exprs, 1)
	for _, f := range []string{"sin(%)", "cos(%)", "tan(%)"} {
		o.compare(t, ofEach(f, "f4", "f8", "i4", "i2", "n2::float8"), 2)
	}
}

func withinULPs(a, b float64, n int) bool {
	for range n {
		a = math.Nextafter(a, b)
	}
	return a == b
}

var (
	seed   = flag.Uint64("seed", 1, "seed of the random expressions")
	random = flag.Int("expressions", 800, "random expressions to compare with PostgreSQL")
)

// TestRandomExpressionsEqualPostgres composes typed expressions at random. The errors of each operator by itself are compared,
// all of them, by the tests above; here values are.
func TestRandomExpressionsEqualPostgres(t *testing.T) {
	t.Parallel()
	o := newOracle(t, "UTC")
	o.planned = true
	g := generator{rand.New(rand.NewPCG(*seed, 0))}
	const together = 800
	for n := *random; n > 0; n -= together {
		exprs := make([]string, min(n, together))
		for i := range exprs {
			exprs[i] = g.any(4)
		}
		o.compare(t, exprs, 0)
	}
	t.Logf("seed %d: %d rows, %d with an error that one side does not have", *seed, o.rows, o.excused)
	if o.excused*100 > o.rows {
		t.Errorf("%d of %d rows have an error that one side does not have: more than planning explains", o.excused, o.rows)
	}
}

// generator writes expressions that mostly type: each method one of a family of types, depth levels deep.
type generator struct{ *rand.Rand }

func (g generator) pick(xs ...string) string { return xs[g.IntN(len(xs))] }

func (g generator) any(depth int) string {
	switch g.IntN(6) {
	case 0:
		return g.number(depth)
	case 1:
		return g.text(depth)
	case 2:
		return g.time(depth)
	case 3:
		return g.interval(depth)
	}
	return g.bool(depth)
}

func (g generator) bool(depth int) string {
	if depth == 0 {
		return g.pick("b", "TRUE", "FALSE", "NULL", "b", "'t'")
	}
	d := depth - 1
	comparison := g.pick("=", "<>", "<", "<=", ">", ">=", "IS DISTINCT FROM", "IS NOT DISTINCT FROM")
	switch g.IntN(14) {
	case 0:
		return "(" + g.bool(d) + " AND " + g.bool(d) + ")"
	case 1:
		return "(" + g.bool(d) + " OR " + g.bool(d) + ")"
	case 2:
		return "(NOT " + g.bool(d) + ")"
	case 3, 4:
		return "(" + g.number(d) + " " + comparison + " " + g.number(d) + ")"
	case 5, 6:
		return "(" + g.text(d) + " " + comparison + " " + g.text(d) + ")"
	case 7:
		return "(" + g.time(d) + " " + comparison + " " + g.time(d) + ")"
	case 8:
		return "(" + g.interval(d) + " " + comparison + " " + g.interval(d) + ")"
	case 9:
		return "(" + g.any(d) + " " + g.pick("IS NULL", "IS NOT NULL") + ")"
	case 10:
		return "(" + g.bool(d) + " IS " + g.pick("", "NOT ") + g.pick("TRUE", "FALSE", "UNKNOWN") + ")"
	case 11:
		return "(" + g.text(d) + g.pick(" LIKE ", " NOT LIKE ", " ILIKE ") + g.pick("'%b%'", "'a%'", "'_b_'", "t", "v", "'%\\%%'") + ")"
	case 12:
		return "(" + g.number(d) + g.pick(" IN (", " NOT IN (") + g.number(d) + ", " + g.number(0) + ", " + g.number(0) + "))"
	}
	return "(" + g.number(d) + " BETWEEN " + g.number(d) + " AND " + g.number(d) + ")"
}

func (g generator) number(depth int) string {
	if depth == 0 {
		return g.pick("i2", "i4", "i8", "f4", "f8", "n", "n2", "0", "1", "-3", "2.50", "NULL", "1e2", "'7'", "2147483648")
	}
	d := depth - 1
	switch g.IntN(10) {
	case 0, 1, 2:
		return "(" + g.number(d) + " " + g.pick("+", "-", "*", "/", "%") + " " + g.number(d) + ")"
	case 3:
		return "(- " + g.number(d) + ")"
	case 4:
		return "CASE WHEN " + g.bool(d) + " THEN " + g.number(d) + " ELSE " + g.number(d) + " END"
	case 5:
		return g.pick("COALESCE", "GREATEST", "LEAST", "NULLIF") + "(" + g.number(d) + ", " + g.number(d) + ")"
	case 6:
		return g.pick("abs", "ceil", "floor", "round", "sign") + "(" + g.number(d) + ")"
	case 7:
		return "(" + g.number(d) + ")::" + g.pick("int", "bigint", "smallint", "numeric", "float8", "real", "numeric(8,1)")
	case 8:
		return "length(" + g.text(d) + ")"
	}
	return "EXTRACT(" + g.pick("year", "day", "hour", "epoch", "dow") + " FROM " + g.time(d) + ")"
}

func (g generator) text(depth int) string {
	if depth == 0 {
		return g.pick("t", "v", "c", "'abc'", "'b'", "''", "NULL", "'x y'")
	}
	d := depth - 1
	switch g.IntN(8) {
	case 0, 1:
		return "(" + g.text(d) + " || " + g.text(d) + ")"
	case 2:
		return g.pick("upper", "lower", "reverse", "btrim", "initcap") + "(" + g.text(d) + ")"
	case 3:
		return fmt.Sprintf("substr(%s, %d, %d)", g.text(d), g.IntN(5)-1, g.IntN(4))
	case 4:
		return "CASE WHEN " + g.bool(d) + " THEN " + g.text(d) + " ELSE " + g.text(d) + " END"
	case 5:
		return "COALESCE(" + g.text(d) + ", " + g.text(d) + ")"
	case 6:
		return "(" + g.any(d) + ")::" + g.pick("text", "varchar(4)", "char(3)")
	}
	return "concat(" + g.any(d) + ", " + g.any(d) + ")"
}

func (g generator) time(depth int) string {
	if depth == 0 {
		return g.pick("d", "ts", "tz", "DATE '2025-05-20'", "TIMESTAMPTZ '2025-05-20 14:30:00+00'", "NOW()", "TIMESTAMP '2024-02-29 12:00'", "NULL")
	}
	d := depth - 1
	switch g.IntN(6) {
	case 0, 1:
		return "(" + g.time(d) + g.pick(" + ", " - ") + g.interval(d) + ")"
	case 2:
		return "date_trunc(" + g.pick("'month'", "'day'", "'hour'", "'week'") + ", " + g.time(d) + ")"
	case 3:
		return "(" + g.time(d) + ")::" + g.pick("date", "timestamp", "timestamptz")
	case 4:
		return g.pick("GREATEST", "LEAST", "COALESCE") + "(" + g.time(d) + ", " + g.time(d) + ")"
	}
	return "CASE WHEN " + g.bool(d) + " THEN " + g.time(d) + " ELSE " + g.time(d) + " END"
}

func (g generator) interval(depth int) string {
	if depth == 0 {
		return g.pick("iv", "INTERVAL '1 day'", "INTERVAL '30 days'", "INTERVAL '2 hours'", "INTERVAL '1 mon'")
	}
	d := depth - 1
	switch g.IntN(4) {
	case 0:
		return "(" + g.interval(d) + g.pick(" + ", " - ") + g.interval(d) + ")"
	case 1:
		return "(" + g.interval(d) + g.pick(" * ", " / ") + g.pick("2", "0.5", "i2", "f8") + ")"
	case 2:
		return "(- " + g.interval(d) + ")"
	}
	return "COALESCE(" + g.interval(d) + ", " + g.interval(d) + ")"
}
