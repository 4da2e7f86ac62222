"""Clients of PostgreSQL in Python against the Postgres door. Each function is one client; it prints what differs and the process ends with status 1."""
import asyncio, datetime, decimal, sys

url = sys.argv[1]
host, port = url.split("//")[1].split("/")[0].split(":")
utc = datetime.timezone.utc
at = datetime.datetime(2025, 5, 1, 10, 1, tzinfo=utc)
failed = []


def same(who, what, got, want):
    if got != want:
        failed.append(who)
        print(f"{who}: {what}: {got!r} instead of {want!r}")


def psycopg3():
    import psycopg

    with psycopg.connect(url) as c:
        for _ in range(7):  # the sixth is prepared
            row = c.execute("SELECT customer_id, total, n FROM spend WHERE customer_id = %s", ["ann"]).fetchone()
            same("psycopg", "a row", row, ("ann", decimal.Decimal("10.00"), 1))
            row = c.execute("SELECT total FROM spend AS OF %s WHERE customer_id = %s", [at, "ann"]).fetchone()
            same("psycopg", "AS OF", row, (decimal.Decimal("10.00"),))
        same("psycopg", "= ANY", c.execute("SELECT COUNT(*) FROM spend WHERE customer_id = ANY(%s)", [["ann", "bob", "eve"]]).fetchone(), (2,))
        try:
            c.execute("SELECT nothing FROM spend")
            same("psycopg", "an error", None, "UndefinedColumn")
        except psycopg.errors.UndefinedColumn as e:
            same("psycopg", "its place", e.diag.statement_position, "8")
        c.rollback()
        c.execute("CREATE TEMP TABLE labels (k TEXT, ts TIMESTAMPTZ, a INT[], j JSON)")
        with c.cursor().copy("COPY labels (k, ts, a) FROM STDIN") as copy:
            copy.write_row(("ann", at, [1, None]))
            copy.write_row((None, at, None))
        rows = c.execute("SELECT l.k, l.a, s.total FROM labels l LEFT JOIN spend AS OF l.ts s ON s.customer_id = l.k").fetchall()
        same("psycopg", "a training join", rows, [("ann", [1, None], decimal.Decimal("10.00")), (None, None, None)])
        cur = c.cursor("named")
        cur.execute("SELECT customer_id FROM spend ORDER BY 1")
        same("psycopg", "a cursor", cur.fetchmany(1) + cur.fetchall(), [("ann",), ("bob",)])
        cur = psycopg.Cursor(c).execute("SELECT ts FROM labels", binary=True)
        same("psycopg", "binary", cur.fetchone(), (at,))


def psycopg2():
    import psycopg2

    c = psycopg2.connect(url)
    cur = c.cursor()
    cur.execute("SELECT customer_id, total FROM spend AS OF %s WHERE customer_id IN %s", [at, ("ann", "bob")])
    same("psycopg2", "AS OF", cur.fetchall(), [("ann", decimal.Decimal("10.00"))])
    cur.execute("SELECT TIMESTAMPTZ '2025-05-01 10:01+00', DATE '2025-05-01', INTERVAL '1 day', NULL, ARRAY['a', NULL]")
    same("psycopg2", "values", cur.fetchone(), (at, datetime.date(2025, 5, 1), datetime.timedelta(1), None, ["a", None]))
    c.commit()
    c.close()


def asyncpg_():
    import asyncpg

    async def run():
        c = await asyncpg.connect(url)
        row = await c.fetchrow("SELECT customer_id, total, n FROM spend AS OF $2 WHERE customer_id = $1", "ann", at)
        same("asyncpg", "AS OF", tuple(row), ("ann", decimal.Decimal("10.00"), 1))
        same("asyncpg", "an array", await c.fetchval("SELECT COUNT(*) FROM spend WHERE customer_id = ANY($1)", ["ann", "bob"]), 2)
        try:
            await c.fetchval("SELECT 1/0")
            same("asyncpg", "an error", None, "DivisionByZeroError")
        except asyncpg.DivisionByZeroError:
            pass
        async with c.transaction():
            await c.execute("CREATE TEMP TABLE labels (k TEXT, n BIGINT)")
            await c.copy_records_to_table("labels", records=[("a", 1), (None, None)])
            same("asyncpg", "a copy", [tuple(r) for r in await c.fetch("SELECT * FROM labels")], [("a", 1), (None, None)])
        await c.close()

    asyncio.run(run())


def pg8000():
    import pg8000.native

    c = pg8000.native.Connection("ana", host=host, port=int(port), database="asof")
    same("pg8000", "a row", c.run("SELECT total, n FROM spend WHERE customer_id = :k", k="ann"), [[decimal.Decimal("10.00"), 1]])
    c.close()


def sqlalchemy_():
    import pandas, sqlalchemy

    e = sqlalchemy.create_engine(url.replace("postgres://", "postgresql+psycopg://"))
    inspector = sqlalchemy.inspect(e)
    same("SQLAlchemy", "views", sorted(inspector.get_view_names()), ["orders", "spend", "spend_history"])
    same("SQLAlchemy", "columns", [(c["name"], str(c["type"])) for c in inspector.get_columns("spend")], [("customer_id", "TEXT"), ("total", "NUMERIC"), ("n", "BIGINT")])
    table = sqlalchemy.Table("spend", sqlalchemy.MetaData(), autoload_with=e)
    with e.connect() as c:
        same("SQLAlchemy", "a reflected table", c.execute(sqlalchemy.select(table.c.total).where(table.c.customer_id == "ann")).scalar(), decimal.Decimal("10.00"))
    frame = pandas.read_sql("SELECT customer_id, total FROM spend ORDER BY 1", e)
    same("pandas", "a frame", frame.values.tolist(), [["ann", decimal.Decimal("10.00")] if frame.total.dtype == object else ["ann", 10.0], ["bob", frame.total[1]]])
    e.dispose()


def polars_():
    import polars

    for engine in ["connectorx", "adbc"]:
        frame = polars.read_database_uri("SELECT customer_id, n FROM spend ORDER BY 1", url.replace("postgres://", "postgresql://ana@"), engine=engine)
        same("polars " + engine, "a frame", frame.rows(), [("ann", 1), ("bob", 1)])


for client in [psycopg3, psycopg2, asyncpg_, pg8000, sqlalchemy_, polars_]:
    try:
        client()
    except Exception as e:
        failed.append(client.__name__)
        print(f"{client.__name__}: {type(e).__name__}: {e}")
sys.exit(1 if failed else 0)
