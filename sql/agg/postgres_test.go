package agg

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/asofdb/asof/sql/types"
)

// postgres connects to the PostgreSQL that the oracle tests ask.
func postgres(t *testing.T) *pgx.Conn {
	t.Helper()
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") == "true" {
			t.Fatal("ASOF_TEST_POSTGRES is not set")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15 to compare with it")
	}
	config, err := pgx.ParseConfig(url)
	if err != nil {
		t.Fatal(err)
	}
	config.RuntimeParams["timezone"] = "UTC"
	config.RuntimeParams["datestyle"] = "ISO, MDY"
	conn, err := pgx.ConnectConfig(context.Background(), config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(context.Background()) })
	return conn
}

// ask runs an aggregate over literals of a type and returns its text and type, or the error's code.
func ask(t *testing.T, conn *pgx.Conn, call, typeName string, rows []string) (value *string, typ, code string) {
	t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "SELECT %s, format_type(pg_typeof(%s), -1) FROM (VALUES ", call, call)
	for i, s := range rows {
		if i > 0 {
			b.WriteString(", ")
		}
		if s == "NULL" {
			fmt.Fprintf(&b, "(NULL::%s)", typeName)
		} else {
			fmt.Fprintf(&b, "('%s'::%s)", s, typeName)
		}
	}
	b.WriteString(") v (x)")
	// The simple protocol sends results as the text that psql prints.
	results, err := conn.PgConn().Exec(context.Background(), b.String()).ReadAll()
	if e, ok := err.(*pgconn.PgError); ok {
		return nil, "", e.Code
	}
	if err != nil {
		t.Fatalf("%v in %s", err, &b)
	}
	row := results[0].Rows[0]
	if row[0] != nil {
		s := string(row[0])
		value = &s
	}
	return value, string(row[1]), ""
}

// withoutTies are samples from which equal values that are not the same have been left out: among those PostgreSQL takes whichever comes first or last.
func withoutTies(t *testing.T, typeName string, literals []string) []string {
	var out []string
	var kept []types.Value
	for _, s := range literals {
		v, err := types.Parse(mustType(t, typeName), s)
		if err != nil {
			t.Fatal(err)
		}
		tied := false
		for _, k := range kept {
			tied = tied || (types.Equal(k, v) && !types.Identical(k, v))
		}
		if !tied {
			kept, out = append(kept, v), append(out, s)
		}
	}
	return out
}

// TestAggregatesArePostgreSQLs compares results, their types and their errors with PostgreSQL's.
func TestAggregatesArePostgreSQLs(t *testing.T) {
	conn := postgres(t)
	r := rand.New(rand.NewPCG(5, 5))
	compared := 0
	for _, name := range Names() {
		for _, typeName := range argTypes {
			for _, distinct := range []bool{false, true} {
				call := name + "(x)"
				if distinct {
					call = name + "(DISTINCT x)"
				}
				fn, _, resolveErr := Resolve(name, false, distinct, mustType(t, typeName))
				literals := samples[typeName]
				if distinct || name == "min" || name == "max" {
					literals = withoutTies(t, typeName, literals)
				}
				for range 12 {
					rows := make([]string, 1+r.IntN(7))
					for i := range rows {
						if rows[i] = "NULL"; r.IntN(6) > 0 {
							rows[i] = literals[r.IntN(len(literals))]
						}
					}
					compareWithPostgres(t, conn, fn, resolveErr, call, typeName, rows)
					compared++
				}
			}
		}
	}
	t.Logf("%d comparisons", compared)
}

func compareWithPostgres(t *testing.T, conn *pgx.Conn, fn *Func, resolveErr error, call, typeName string, rows []string) {
	t.Helper()
	want, wantType, code := ask(t, conn, call, typeName, rows)
	if resolveErr != nil {
		// PostgreSQL looks for a comparison of json only when it has two to compare.
		if e := resolveErr.(*types.Error); e.Code != code && typeName != "json[]" {
			t.Errorf("%s of %s: %v, want the code %q", call, typeName, resolveErr, code)
		}
		return
	}
	s := fn.New()
	var magnitude float64
	for _, row := range rows {
		v := types.Value{}
		if row != "NULL" {
			var err error
			if v, err = types.Parse(mustType(t, typeName), row); err != nil {
				t.Fatal(err)
			}
			if fn.Arg.Kind == types.Interval && v.Kind == types.Time {
				v = types.Value{Kind: types.Interval, I: v.I}
			}
			v.Kind = fn.Arg.Kind
		}
		if v.Kind == types.Float4 || v.Kind == types.Float8 {
			magnitude += math.Abs(v.Float())
		}
		s.Add(v)
	}
	got, err := s.Result()
	if err != nil || code != "" {
		e, _ := err.(*types.Error)
		if e == nil || e.Code != code {
			// Only PostgreSQL's order of addition leaves the range on the way.
			if code == "" || (fn.Arg.Kind != types.Float4 && fn.Arg.Kind != types.Float8) {
				t.Errorf("%s of %v: %v, want the code %q", call, rows, err, code)
			}
		}
		return
	}
	wantText := "NULL"
	if want != nil {
		wantText = *want
	}
	if got.String() != wantText && !closeFloats(t, fn, got, want, magnitude) {
		t.Errorf("%s of %s %v: %s, want %s", call, typeName, rows, got, wantText)
	}
	if result := fn.Result.String(); result != wantType {
		t.Errorf("%s of %s has type %s, want %s", call, typeName, result, wantType)
	}
}

// closeFloats reports whether a float differs no more than the order of additions explains.
func closeFloats(t *testing.T, fn *Func, got types.Value, want *string, magnitude float64) bool {
	if want == nil || (fn.Name != "sum" && fn.Name != "avg") || (fn.Result.Kind != types.Float4 && fn.Result.Kind != types.Float8) {
		return false
	}
	w, err := types.Parse(fn.Result, *want)
	if err != nil {
		t.Fatal(err)
	}
	if w.Float() == 0 && got.Float() == 0 { // the sign of zero does not depend on the order
		return false
	}
	epsilon := 0x1p-50
	if fn.Result.Kind == types.Float4 {
		epsilon = 0x1p-21
	}
	return math.Abs(got.Float()-w.Float()) <= epsilon*magnitude
}

// TestAverageHasPostgreSQLsScale compares sums and averages of random numerics and integers, whose digits differ in every case.
func TestAverageHasPostgreSQLsScale(t *testing.T) {
	conn := postgres(t)
	r := rand.New(rand.NewPCG(6, 6))
	for range 400 {
		typeName := []string{"numeric", "bigint", "integer", "smallint", "interval"}[r.IntN(5)]
		rows := make([]string, 1+r.IntN(9))
		for i := range rows {
			rows[i] = randomLiteral(r, typeName)
		}
		for _, name := range []string{"sum", "avg"} {
			fn, _, err := Resolve(name, false, false, mustType(t, typeName))
			compareWithPostgres(t, conn, fn, err, name+"(x)", typeName, rows)
		}
	}
}

func randomLiteral(r *rand.Rand, typeName string) string {
	switch typeName {
	case "bigint":
		return fmt.Sprint(r.Int64() >> r.IntN(63))
	case "integer":
		return fmt.Sprint(int32(r.Uint32()) >> r.IntN(31))
	case "smallint":
		return fmt.Sprint(int16(r.Uint32()))
	case "interval":
		return fmt.Sprintf("%d mons %d days %d microseconds", r.IntN(400)-200, r.IntN(400)-200, r.Int64N(1e12)-5e11)
	}
	s := fmt.Sprint(r.Uint64() >> r.IntN(64))
	for range r.IntN(3) {
		s += fmt.Sprint(r.Uint64())
	}
	if r.IntN(3) > 0 {
		s += "." + fmt.Sprint(r.Uint64())[:1+r.IntN(5)]
	}
	if r.IntN(4) == 0 {
		s = "0." + strings.Repeat("0", r.IntN(30)) + s[:1]
	}
	if r.IntN(2) == 0 {
		s = "-" + s
	}
	return s
}
