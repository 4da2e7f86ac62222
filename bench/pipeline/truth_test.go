package pipeline

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
)

// audit logs each row change in its own transaction, and commitOrder keeps the order in which transactions are committed.
const audit = `
CREATE SCHEMA truth;
CREATE TABLE truth.changes (xid xid NOT NULL DEFAULT pg_current_xact_id()::xid, of text NOT NULL, sign integer NOT NULL, image text NOT NULL);
CREATE FUNCTION truth.audit() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP <> 'INSERT' THEN INSERT INTO truth.changes (of, sign, image) VALUES (TG_TABLE_NAME, -1, OLD::text); END IF;
	IF TG_OP <> 'DELETE' THEN INSERT INTO truth.changes (of, sign, image) VALUES (TG_TABLE_NAME, 1, NEW::text); END IF;
	RETURN NULL;
END $$;
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON customers FOR EACH ROW EXECUTE FUNCTION truth.audit();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON orders FOR EACH ROW EXECUTE FUNCTION truth.audit();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON payments FOR EACH ROW EXECUTE FUNCTION truth.audit();`

const commitOrder = `SELECT pg_create_logical_replication_slot('truth', 'test_decoding')`

// past makes the states of the tables: views of the rows that were there at the setting truth.t, which is what NOW() returns as well. A row is there whose image was added once more than removed:
// a key has one row at a time, so the order within a transaction does not matter.
const past = `
CREATE TABLE truth.log AS SELECT of, sign, image, pg_xact_commit_timestamp(xid) AS c FROM truth.changes;
CREATE INDEX ON truth.log (of, c);
CREATE FUNCTION truth.now() RETURNS timestamptz STABLE LANGUAGE sql AS $$ SELECT current_setting('truth.t')::timestamptz $$;
CREATE VIEW truth.customers AS SELECT (image::public.customers).* FROM truth.log WHERE of = 'customers' AND c <= truth.now() GROUP BY image HAVING SUM(sign) > 0;
CREATE VIEW truth.orders AS SELECT (image::public.orders).* FROM truth.log WHERE of = 'orders' AND c <= truth.now() GROUP BY image HAVING SUM(sign) > 0;
CREATE VIEW truth.payments AS SELECT (image::public.payments).* FROM truth.log WHERE of = 'payments' AND c <= truth.now() GROUP BY image HAVING SUM(sign) > 0;
ANALYZE truth.log;
SET search_path = truth, pg_catalog;`

// inversions are the spans of time in which the commits' times and their order in the log disagree: [time of a later one, latest time of an earlier one). The time is taken before the place in the log,
// and two may have the same.
const inversions = `
WITH commits AS (
	SELECT pg_xact_commit_timestamp(xid) AS c, MAX(pg_xact_commit_timestamp(xid)) OVER (ORDER BY n ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS latest
	FROM (SELECT xid, ROW_NUMBER() OVER () AS n FROM pg_logical_slot_get_changes('truth', NULL, NULL) WHERE data LIKE 'COMMIT%') x
	WHERE xid IN (SELECT xid FROM truth.changes))
SELECT c, latest, latest + INTERVAL '1 second' FROM commits WHERE c <= latest`

// null is how a NULL is shown among values.
const null = "␀"

// query returns the rows of a script's last statement as text.
func query(ctx context.Context, conn *pgconn.PgConn, script string) ([][]string, error) {
	results, err := conn.Exec(ctx, script).ReadAll()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, script)
	}
	var rows [][]string
	for _, r := range results[len(results)-1].Rows {
		row := make([]string, len(r))
		for i, v := range r {
			if row[i] = null; v != nil {
				row[i] = string(v)
			}
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// sorted are rows in an order that does not depend on who returned them.
func sorted(rows [][]string) []string {
	lines := make([]string, len(rows))
	for i, r := range rows {
		lines[i] = strings.Join(r, " | ")
	}
	slices.Sort(lines)
	return lines
}

// relation is what is compared: a feature and its SELECT, or a source and that of its table.
type relation struct {
	name, sql string
}

// at is what the relation's SELECT returns over the state of the database at t.
func (r relation) at(ctx context.Context, pg *pgconn.PgConn, t string) ([]string, error) {
	rows, err := query(ctx, pg, fmt.Sprintf("SET truth.t = '%s'; %s", t, r.sql))
	return sorted(rows), err
}

// differ says what is wrong of the rows at t; nil where nothing is.
func (r relation) differ(t string, got, want []string) error {
	if slices.Equal(got, want) {
		return nil
	}
	without := func(a, b []string) string {
		return strings.Join(slices.DeleteFunc(slices.Clone(a), func(line string) bool { return slices.Contains(b, line) }), "\n\t")
	}
	return fmt.Errorf("%s AS OF '%s': %d rows, PostgreSQL has %d\nhere only:\n\t%s\nin PostgreSQL only:\n\t%s", r.name, t, len(got), len(want), without(got, want), without(want, got))
}
