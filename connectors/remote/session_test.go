package remote_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/asofdb/asof/connectors/remote"
	"github.com/asofdb/asof/engine"
	"github.com/asofdb/asof/sql/types"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// connect opens a session on a real PostgreSQL, whose answers nobody doubts; that asof's own door speaks the same is for the tests of the shell.
func connect(t *testing.T, notices *[]engine.Notice) *remote.Session {
	t.Helper()
	url := os.Getenv("ASOF_TEST_POSTGRES")
	if url == "" {
		if os.Getenv("CI") != "" {
			t.Fatal("ASOF_TEST_POSTGRES is not set")
		}
		t.Skip("set ASOF_TEST_POSTGRES to the URL of a PostgreSQL 15")
	}
	s, err := remote.Connect(t.Context(), url, func(n engine.Notice) { *notices = append(*notices, n) })
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

// ask is a query's rows, fields separated by bars, and its tag.
func ask(t *testing.T, s *remote.Session, sql string) (string, error) {
	t.Helper()
	rows, err := s.Query(t.Context(), sql)
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for rows.Next() {
		for i, v := range rows.Values() {
			if i > 0 {
				out.WriteByte('|')
			}
			out.Write(types.AppendTextIn(nil, v, rows.Zone()))
		}
		out.WriteByte('\n')
	}
	rows.Close()
	out.WriteString(rows.Tag())
	return out.String(), rows.Err()
}

func TestAnswersAreTheServersOwn(t *testing.T) {
	var notices []engine.Notice
	s := connect(t, &notices)
	for sql, want := range map[string]string{
		"SELECT 1 AS a, 12.30::numeric(6,2), 'x'::text, NULL, true, ARRAY[1,NULL], DATE '2025-05-20', INTERVAL '1 day 02:00'": "1|12.30|x|NULL|t|{1,NULL}|2025-05-20|1 day 02:00:00\nSELECT 1",
		"SELECT TIMESTAMPTZ '2025-05-20 14:30+00', 'infinity'::float8, 0.1::float4, '\\x00ff'::bytea":                         "2025-05-20 14:30:00+00|Infinity|0.1|\\x00ff\nSELECT 1",
		"SELECT 1 WHERE false": "SELECT 0",
		"":                     "",
	} {
		if got, err := ask(t, s, sql); err != nil || got != want {
			t.Errorf("%s: %q, %v", sql, got, err)
		}
	}
	if got, err := ask(t, s, "SET TimeZone = 'Asia/Tokyo'"); err != nil || got != "SET" {
		t.Errorf("SET: %q, %v", got, err)
	}
	if got, err := ask(t, s, "SELECT TIMESTAMPTZ '2025-05-20 14:30+00'"); err != nil || !strings.HasPrefix(got, "2025-05-20 23:30:00+09") {
		t.Errorf("in Tokyo: %q, %v", got, err)
	}
	if _, err := ask(t, s, "DO $$BEGIN RAISE NOTICE 'hello' USING HINT = 'wave'; END$$"); err != nil || len(notices) != 1 || notices[0] != (engine.Notice{Message: "hello", Hint: "wave"}) {
		t.Errorf("notices: %v, %v", notices, err)
	}
}

// An error has the place of the token that it is about, in bytes.
func TestErrorsHaveTheirPlace(t *testing.T) {
	s := connect(t, &[]engine.Notice{})
	_, err := ask(t, s, "SELECT 'ü€', nothing FROM (SELECT 1) x")
	var te *types.Error
	if !errors.As(err, &te) || te.Code != types.CodeUndefinedColumn || te.Pos != 17 || te.Len != len("nothing") {
		t.Errorf("%+v", te)
	}
	if got, err := ask(t, s, "SELECT 2"); err != nil || got != "2\nSELECT 1" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

func TestCancellingLeavesTheConnection(t *testing.T) {
	s := connect(t, &[]engine.Notice{})
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	rows, err := s.Query(ctx, "SELECT pg_sleep(60)")
	if err == nil {
		for rows.Next() {
		}
		rows.Close()
		err = rows.Err()
	}
	var te *types.Error
	if !errors.As(err, &te) || te.Code != types.CodeCanceled {
		t.Fatalf("cancelled: %v", err)
	}
	if got, err := ask(t, s, "SELECT 2"); err != nil || got != "2\nSELECT 1" {
		t.Errorf("afterwards: %q, %v", got, err)
	}
}

func TestCopies(t *testing.T) {
	s := connect(t, &[]engine.Notice{})
	if _, err := ask(t, s, "CREATE TEMP TABLE labels (k TEXT, n INTEGER)"); err != nil {
		t.Fatal(err)
	}
	in, err := s.Query(t.Context(), "COPY labels FROM STDIN (FORMAT csv)")
	if err != nil || in.Copy() == nil || !in.Copy().In {
		t.Fatalf("%v", err)
	}
	if err := in.CopyIn(strings.NewReader("a,1\nb,\n")); err != nil || in.Tag() != "COPY 2" {
		t.Fatalf("%q, %v", in.Tag(), err)
	}
	out, err := s.Query(t.Context(), "COPY labels TO STDOUT")
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := out.CopyOut(&b); err != nil || b.String() != "a\t1\nb\t\\N\n" {
		t.Errorf("%q, %v", b.String(), err)
	}
	bad, err := s.Query(t.Context(), "COPY labels FROM STDIN (FORMAT csv)")
	if err != nil {
		t.Fatal(err)
	}
	var te *types.Error
	if err := bad.CopyIn(strings.NewReader("a,x\n")); !errors.As(err, &te) || te.Code != types.CodeInvalidText {
		t.Errorf("%v", err)
	}
}

func TestNobodyIsThere(t *testing.T) {
	_, err := remote.Connect(t.Context(), "postgres://ana:canary@127.0.0.1:1/asof", func(engine.Notice) {})
	if err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") || strings.Contains(err.Error(), "canary") {
		t.Errorf("%v", err)
	}
}
