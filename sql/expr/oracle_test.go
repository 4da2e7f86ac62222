package expr

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/asofdb/asof/sql/syntax"
	"github.com/asofdb/asof/sql/types"
)

// edges are the columns of the table that expressions are evaluated over, with the values that have bitten someone. Row i
// takes value i modulo the number of them, so that columns of different lengths meet in many pairs.
var edges = []struct {
	name, typ string
	values    []string // "" is NULL
}{
	{"b", "boolean", []string{"t", "f", ""}},
	{"i2", "smallint", []string{"0", "1", "-1", "32767", "-32768", "", "7"}},
	{"i4", "integer", []string{"0", "3", "-7", "2147483647", "-2147483648", "", "10", "2"}},
	{"i8", "bigint", []string{"0", "5", "-1", "9223372036854775807", "-9223372036854775808", "", "9007199254740993", "2147483648", "12"}},
	{"f4", "real", []string{"0", "1.5", "-0", "NaN", "Infinity", "-Infinity", "", "3.4e38", "1e-45", "16777217", "0.1"}},
	{"f8", "double precision", []string{"0", "2.5", "-0", "NaN", "Infinity", "-Infinity", "", "1e308", "5e-324", "9007199254740992", "0.1", "-3.5", "0.5"}},
	{"n", "numeric", []string{"0", "1.50", "-2.345", "NaN", "Infinity", "-Infinity", "", "12345678901234567890.123456789", "0.000000001", "100", "9223372036854775808", "2", "-1", "0.5"}},
	{"n2", "numeric(12,2)", []string{"0.00", "12.30", "-0.01", "9999999999.99", "", "100.00", "2.50"}},
	{"t", "text", []string{"", "abc", "ÄöÜß", "a%b_c\\", "  pad  ", "\x00NULL", "12", "true", "2025-05-20", "日本語 text"}},
	{"v", "character varying(10)", []string{"abc", "\x00NULL", "ABC", "x y", "12"}},
	{"c", "character(5)", []string{"abc", "\x00NULL", "ab", "ABCDE", "é"}},
	{"d", "date", []string{"2025-05-20", "2024-02-29", "infinity", "-infinity", "", "1999-12-31", "0044-03-15 BC", "1970-01-01"}},
	{"tm", "time", []string{"00:00:00", "23:59:59.999999", "", "12:30:00", "24:00:00"}},
	{"ts", "timestamp", []string{"2025-05-20 14:30:00.123456", "infinity", "-infinity", "", "2024-02-29 23:59:59.999999", "1969-12-31 23:59:59", "2025-03-30 02:30:00"}},
	{"tz", "timestamptz", []string{"2025-05-20 14:30:00+00", "infinity", "-infinity", "", "2025-10-26 01:30:00+00", "1900-01-01 00:00:00+00", "2025-03-09 07:00:00+00", "2025-01-31 12:00:00+00"}},
	{"iv", "interval", []string{"1 day", "1 mon -3 days 04:05:06.789", "", "-1 year", "00:00:00.000001", "30 days", "0", "25:00:00", "-5 days +10:00"}},
	{"u", "uuid", []string{"00000000-0000-0000-0000-000000000000", "", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11"}},
	{"by", "bytea", []string{`\x`, `\x00ff61`, "", `\x616263`}},
	{"ai", "integer[]", []string{"{1,2,3}", "{}", "", "{NULL,7}", "{-7}", "{0,1,2,3,4,5,6,7,8,9,10}"}},
	{"at", "text[]", []string{"{abc,NULL}", "{}", "", `{"",ABC,"x y"}`}},
}

const edgeRows = 30

// edgeText is the text of column c in row r, ok false for NULL. In text columns the empty string is a value.
func edgeText(c, r int) (s string, ok bool) {
	e := edges[c]
	s = e.values[r%len(e.values)]
	if s == "\x00NULL" || s == "" && !strings.HasPrefix(e.typ, "char") && e.typ != "text" {
		return "", false
	}
	return s, true
}

func edgeSchema(t testing.TB) types.Schema {
	var schema types.Schema
	for _, e := range edges {
		typ, err := types.ParseType(e.typ)
		if err != nil {
			t.Fatal(err)
		}
		schema = append(schema, types.Column{Name: e.name, Type: typ})
	}
	return schema
}

func edgeValues(t testing.TB, schema types.Schema) [][]types.Value {
	rows := make([][]types.Value, edgeRows)
	for r := range rows {
		rows[r] = make([]types.Value, len(schema))
		for c := range schema {
			s, ok := edgeText(c, r)
			if !ok {
				continue
			}
			v, err := types.Parse(schema[c].Type, s)
			if err != nil {
				t.Fatalf("column %s, value %q: %v", schema[c].Name, s, err)
			}
			rows[r][c] = v
		}
	}
	return rows
}

// edgeScope gives the table's columns their meaning.
type edgeScope struct {
	schema types.Schema
	zone   *time.Location
	params map[int]types.Type
}

func (s *edgeScope) Column(ref *syntax.ColumnRef) (Expr, error) {
	i := s.schema.Index(ref.Name)
	if i < 0 {
		return nil, types.Errorf(types.CodeUndefinedColumn, "column \"%s\" does not exist", ref.Name)
	}
	return &Column{Index: i, Name: ref.Name, T: s.schema[i].Type}, nil
}

func (*edgeScope) Call(*syntax.Call) (Expr, error) { return nil, nil }

func (*edgeScope) Sub(syntax.Expr) (Expr, error) {
	return nil, types.Errorf(types.CodeNotSupported, "subqueries are not part of the test")
}

func (s *edgeScope) Param(n int, want types.Type) (types.Type, error) {
	if t, ok := s.params[n]; ok {
		return t, nil
	}
	if want.Kind != types.Null && s.params != nil {
		s.params[n] = want
	}
	return want, nil
}

func (s *edgeScope) Zone() *time.Location { return s.zone }

// oracle is a PostgreSQL whose table edge has the rows of edgeValues.
type oracle struct {
	conn *pgx.Conn
	now  int64
	zone *time.Location
	// planned excuses errors of evaluation that one side does not have, or not first: which operands are evaluated at all is a matter of planning,
	// which PostgreSQL leaves undefined. rows counts what was compared, excused what was forgiven.
	planned       bool
	rows, excused int
}

// newOracle connects to the server in ASOF_TEST_POSTGRES. Everything happens in one transaction, so that now() stands still,
// and in temporary objects, so that nothing is left behind.
func newOracle(t *testing.T, zone string) *oracle {
	t.Helper()
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("ASOF_TEST_POSTGRES must name a PostgreSQL server")
		}
		t.Skip("set ASOF_TEST_POSTGRES=postgres://… to compare with PostgreSQL")
	}
	ctx := context.Background()
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(ctx) })
	o := &oracle{conn: conn}
	if o.zone, err = types.LoadZone(zone); err != nil {
		t.Fatal(err)
	}
	o.exec(t, "BEGIN")
	o.exec(t, "SET TimeZone = '"+zone+"'; SET client_min_messages = error")
	var columns []string
	for _, e := range edges {
		columns = append(columns, e.name+" "+e.typ)
	}
	o.exec(t, "CREATE TEMP TABLE edge (id integer, "+strings.Join(columns, ", ")+")")
	for r := range edgeRows {
		row := []string{strconv.Itoa(r)}
		for c := range edges {
			s, ok := edgeText(c, r)
			if ok {
				s = quote(s)
			} else {
				s = "NULL"
			}
			row = append(row, s)
		}
		o.exec(t, "INSERT INTO edge VALUES ("+strings.Join(row, ", ")+")")
	}
	o.exec(t, tryFunction)
	if err := conn.QueryRow(ctx, "SELECT (extract(epoch FROM now()) * 1000000)::bigint").Scan(&o.now); err != nil {
		t.Fatal(err)
	}
	return o
}

// tryFunction evaluates an expression over all rows, and where that fails over each: text form or SQLSTATE, and the type.
const tryFunction = `
CREATE FUNCTION pg_temp.try(e text) RETURNS TABLE (id integer, value text, typ text, code text) LANGUAGE plpgsql AS $$
DECLARE
	one text := 'SELECT id, CASE WHEN x IS NOT DISTINCT FROM NULL THEN NULL ELSE concat(x) END, pg_typeof(x)::text, NULL::text FROM (SELECT id, (' || e || ') AS x FROM edge OFFSET 0) q';
	r integer;
BEGIN
	BEGIN
		RETURN QUERY EXECUTE one;
		RETURN;
	EXCEPTION WHEN OTHERS THEN
		IF SQLSTATE LIKE '42%' THEN
			RETURN QUERY SELECT -1, NULL::text, NULL::text, SQLSTATE::text;
			RETURN;
		END IF;
	END;
	FOR r IN SELECT edge.id FROM edge LOOP
		BEGIN
			RETURN QUERY EXECUTE replace(one, 'FROM edge OFFSET 0', 'FROM edge WHERE id = ' || r || ' OFFSET 0');
		EXCEPTION WHEN OTHERS THEN
			RETURN QUERY SELECT r, NULL::text, NULL::text, SQLSTATE::text;
		END;
	END LOOP;
END $$`

func (o *oracle) exec(t *testing.T, sql string) {
	t.Helper()
	if _, err := o.conn.PgConn().Exec(context.Background(), sql).ReadAll(); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

// outcome is what an expression gives for one row.
type outcome struct {
	value string
	null  bool
	typ   string
	code  string
}

func (o outcome) String() string {
	switch {
	case o.code != "":
		return "SQLSTATE " + o.code
	case o.null:
		return "NULL of " + o.typ
	}
	return fmt.Sprintf("%q of %s", o.value, o.typ)
}

// answers evaluates the expressions on PostgreSQL: by expression, then row; a single outcome where binding failed.
func (o *oracle) answers(t *testing.T, exprs []string) [][]outcome {
	t.Helper()
	ctx := context.Background()
	rows, err := o.conn.Query(ctx, "SELECT e.n, t.id, t.value, t.typ, t.code FROM unnest($1::text[]) WITH ORDINALITY e (x, n), pg_temp.try(e.x) t", exprs)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	out := make([][]outcome, len(exprs))
	for rows.Next() {
		var n, id int
		var value, typ, code *string
		if err := rows.Scan(&n, &id, &value, &typ, &code); err != nil {
			t.Fatal(err)
		}
		var got outcome
		switch {
		case code != nil:
			got.code = *code
		default:
			got.typ = *typ
			if got.null = value == nil; !got.null {
				got.value = *value
			}
		}
		if id < 0 {
			out[n-1] = []outcome{got}
			continue
		}
		if out[n-1] == nil {
			out[n-1] = make([]outcome, edgeRows)
		}
		out[n-1][id] = got
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// ours is the same by this package; bound is nil where binding failed.
func (o *oracle) ours(t *testing.T, text string, schema types.Schema, rows [][]types.Value) (bound Expr, out []outcome) {
	t.Helper()
	bound, err := o.bind(text, schema)
	if err != nil {
		return nil, []outcome{{code: codeOf(t, text, err)}}
	}
	for _, row := range rows {
		v, err := bound.Eval(&Env{Row: row, Now: o.now, Zone: o.zone})
		out = append(out, o.outcome(t, text, bound.Type(), v, err))
	}
	return bound, out
}

func (o *oracle) outcome(t *testing.T, text string, typ types.Type, v types.Value, err error) outcome {
	t.Helper()
	if err != nil {
		return outcome{code: codeOf(t, text, err)}
	}
	got := outcome{typ: typeName(typ), null: v.IsNull()}
	if !got.null {
		if want := base(typ).Kind; v.Kind != want {
			t.Errorf("%s: a value of kind %s in a result of type %s", text, v.Kind, typ)
		}
		got.value = string(types.AppendTextIn(nil, v, o.zone))
	}
	return got
}

func (o *oracle) bind(text string, schema types.Schema) (Expr, error) {
	x, err := parseExpr(text)
	if err != nil {
		return nil, err
	}
	return Bind(x, &edgeScope{schema: schema, zone: o.zone})
}

func parseExpr(text string) (syntax.Expr, error) {
	stmts, err := syntax.Parse("SELECT " + text)
	if err != nil {
		return nil, err
	}
	return stmts[0].(*syntax.Query).Select.Items[0].X, nil
}

func codeOf(t *testing.T, text string, err error) string {
	t.Helper()
	var e *types.Error
	if !errors.As(err, &e) {
		t.Errorf("%s: the error %q is no *types.Error", text, err)
		return ""
	}
	return e.Code
}

// compare evaluates the expressions both ways, as they are written and as String prints them. ulps is how far floats may
// be apart, for functions that IEEE 754 does not define to the last bit.
func (o *oracle) compare(t *testing.T, exprs []string, ulps int) {
	t.Helper()
	schema := edgeSchema(t)
	rows := edgeValues(t, schema)
	want := o.answers(t, exprs)
	var printed, from []string
	var printedWant [][]outcome
	for i, text := range exprs {
		bound, got := o.ours(t, text, schema, rows)
		if !sameOutcomes(t, text, got, o.excuse(got, want[i]), ulps) || bound == nil {
			continue
		}
		printed, from, printedWant = append(printed, bound.String()), append(from, text), append(printedWant, got)
	}
	for i, theirs := range o.answers(t, printed) {
		sameOutcomes(t, from[i]+"\n\tprinted as "+printed[i], printedWant[i], o.excuse(printedWant[i], theirs), ulps)
	}
}

// excuse returns PostgreSQL's outcomes with ours in the rows whose difference planned excuses.
func (o *oracle) excuse(ours, theirs []outcome) []outcome {
	if !o.planned || len(theirs) != edgeRows {
		return theirs
	}
	if len(ours) == 1 { // refused when it was bound
		ours = slices.Repeat(ours, edgeRows)
	}
	out := slices.Clone(theirs)
	for r := range out {
		o.rows++
		if ours[r] != theirs[r] && (evaluationFailed(ours[r]) || evaluationFailed(theirs[r])) {
			out[r] = ours[r]
			o.excused++
		}
	}
	return out
}

// evaluationFailed reports an error of a row's values, as against one of names, types and syntax.
func evaluationFailed(o outcome) bool { return o.code != "" && !strings.HasPrefix(o.code, "42") }

func sameOutcomes(t *testing.T, text string, got, want []outcome, ulps int) bool {
	t.Helper()
	got, want = alwaysFails(got), alwaysFails(want)
	if len(got) != len(want) {
		t.Errorf("%s: %v, want %v", text, got[0], want[0])
		return false
	}
	for r := range got {
		if !sameOutcome(got[r], want[r], ulps) {
			t.Errorf("%s, row %d: %v, want %v", text, r, got[r], want[r])
			return false
		}
	}
	return true
}

// alwaysFails makes one outcome of the same error in every row: whether a literal is refused when it is bound or in each row
// is a matter of planning.
func alwaysFails(rows []outcome) []outcome {
	for _, r := range rows {
		if r.code == "" || r != rows[0] {
			return rows
		}
	}
	return rows[:1]
}

func sameOutcome(got, want outcome, ulps int) bool {
	if got == want {
		return true
	}
	if ulps == 0 || got.typ != want.typ || got.null || want.null || got.code != "" || want.code != "" {
		return false
	}
	g, errG := strconv.ParseFloat(got.value, 64)
	w, errW := strconv.ParseFloat(want.value, 64)
	return errG == nil && errW == nil && withinULPs(g, w, ulps)
}
