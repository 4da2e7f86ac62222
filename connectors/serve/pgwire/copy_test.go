package pgwire_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
)

// COPY … FROM STDIN takes what PostgreSQL takes, and refuses what it refuses with the same code and words; after a refusal nothing has been added.
func TestCopyInIsThatOfPostgres(t *testing.T) {
	ours, theirs := both(t)
	for _, c := range []*pgconn.PgConn{ours, theirs} {
		if _, err := c.Exec(t.Context(), "CREATE TEMP TABLE l (k TEXT, n INTEGER, x NUMERIC(6,2), ts TIMESTAMPTZ, a TEXT[])").ReadAll(); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ options, data string }{
		{"", "a\t1\t1.005\t2025-05-20 10:00+00\t{x,NULL}\n\\N\t\\N\t\\N\t\\N\t\\N\n"},
		{"", "tab\\tnl\\nback\\\\slash\\x41\\101\t2\t1\t\\N\t{}\n"},
		{"", "a\t1\t1\t\\N\t{}\n\\.\nnot read\n"},
		{"", "a\t1\t1\t\\N\t{}"},
		{"", "a\t1\t1\t\\N\t{}\r\nb\t1\t1\t\\N\t{}\r\n"},
		{"", "a\t1\n"},
		{"", "a\t1\t1\t\\N\t{}\tmore\n"},
		{"", "a\tx\t1\t\\N\t{}\n"},
		{"", "a\t1\t99999\t\\N\t{}\n"},
		{"", ""},
		{"", "\n"},
		{"(NULL 'none', DELIMITER '|')", "none|1|none|none|{a}\n"},
		{"(FORMAT csv)", "a,1,1.5,2025-05-20 10:00+00,\"{x,y}\"\n"},
		{"(FORMAT csv)", "\"a \"\"quoted\"\"\nover lines\",1,,,\n,,,,\n\"\",2,,,\n"},
		{"(FORMAT csv, HEADER)", "k,n,x,ts,a\na,1,,,\n"},
		{"(FORMAT csv, HEADER match)", "k,n,x,ts,b\na,1,,,\n"},
		{"(FORMAT csv, QUOTE '''', ESCAPE '!')", "'it!'s',1,,,\n"},
		{"(FORMAT csv, FORCE_NOT_NULL (k), FORCE_NULL (a))", ",1,,,\"\"\n"},
		{"(FORMAT csv)", "\"open,1,,,\n"},
		{"(FORMAT csv)", "a,1,,\n"},
		{"(FORMAT csv, NULL 'x')", "x,1,x,x,x\n\"x\",1,x,x,x\n"},
		{"(FORMAT csv, DELIMITER ',,')", "a\n"},
		{"(FORMAT nonsense)", ""},
		{"(FORMAT binary)", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x01a\x00\x00\x00\x04\x00\x00\x00\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"(FORMAT binary)", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x04\xff\xff"},
		{"(FORMAT binary)", "no signature at all"},
		{"(FORMAT binary)", "PGCOPY\n\xff\r\n\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x05\x00\x00\x00\x01a\x00\x00\x00\x03\x00\x00\x07\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff"},
		{"CSV HEADER", "k,n,x,ts,a\na,1,,,\n"},
		{"WITH DELIMITER '|' NULL 'none'", "a|1|none|none|none\n"},
	} {
		a, b := copied(t, ours, c.options, c.data), copied(t, theirs, c.options, c.data)
		if a != b {
			t.Errorf("COPY l FROM STDIN %s of %q:\n ours   %s\n theirs %s", c.options, c.data, a, b)
		}
	}
}

// copied fills the table anew and tells what is in it, or what went wrong.
func copied(t *testing.T, c *pgconn.PgConn, options, data string) string {
	t.Helper()
	tag, err := c.CopyFrom(t.Context(), strings.NewReader(data), "COPY l FROM STDIN "+options)
	said := tag.String()
	var pe *pgconn.PgError
	if errors.As(err, &pe) {
		said = pe.Code + " " + pe.Message
	} else if err != nil {
		said = err.Error()
	}
	rows, err := c.Exec(t.Context(), "SELECT * FROM l").ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Exec(t.Context(), "DROP TABLE l; CREATE TEMP TABLE l (k TEXT, n INTEGER, x NUMERIC(6,2), ts TIMESTAMPTZ, a TEXT[])").ReadAll(); err != nil {
		t.Fatal(err)
	}
	return fmt.Sprintf("%s, %q", said, rows[0].Rows)
}
