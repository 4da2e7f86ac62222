"""Clients of PostgreSQL in Python against the Postgres door. Each function is one client; it prints what differs and the process ends with status 1."""
import asyncio, datetime, decimal, json, sys

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
        await c.set_type_codec("json", encoder=str, decoder=json.loads, schema="pg_catalog")
        same("asyncpg", "a codec", await c.fetchval("SELECT '{\"a\": [1]}'::json"), {"a": [1]})
        same("asyncpg", "a catalog's arrays", await c.fetchval("SELECT conkey FROM pg_constraint WHERE conname = 'spend_pkey'"), [1])
        same("asyncpg", "names", await c.fetchval("SELECT array_agg(attname ORDER BY attnum) FROM pg_attribute WHERE attrelid = $1::regclass AND attnum > 0", "spend"), ["customer_id", "total", "n"])
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
    from sqlalchemy.ext.automap import automap_base
    from sqlalchemy.orm import Session

    e = sqlalchemy.create_engine(url.replace("postgres://", "postgresql+psycopg://"))
    inspector = sqlalchemy.inspect(e)
    same("SQLAlchemy", "views", sorted(inspector.get_view_names()), ["orders", "spend", "spend_history"])
    same("SQLAlchemy", "a key", inspector.get_pk_constraint("spend")["constrained_columns"], ["customer_id"])
    same("SQLAlchemy", "columns", [(c["name"], str(c["type"])) for c in inspector.get_columns("spend")], [("customer_id", "TEXT"), ("total", "NUMERIC"), ("n", "BIGINT")])
    table = sqlalchemy.Table("spend", sqlalchemy.MetaData(), autoload_with=e)
    with e.connect() as c:
        same("SQLAlchemy", "a reflected table", c.execute(sqlalchemy.select(table.c.total).where(table.c.customer_id == "ann")).scalar(), decimal.Decimal("10.00"))
    metadata = sqlalchemy.MetaData()
    metadata.reflect(e, views=True)
    mapped = automap_base(metadata=metadata)
    mapped.prepare()
    with Session(e) as session:
        same("SQLAlchemy", "an object by its key", session.get(mapped.classes.spend, "bob").total, decimal.Decimal("2.50"))
    frame = pandas.read_sql("SELECT customer_id, total FROM spend ORDER BY 1", e)
    same("pandas", "a frame", frame.values.tolist(), [["ann", decimal.Decimal("10.00")] if frame.total.dtype == object else ["ann", 10.0], ["bob", frame.total[1]]])
    e.dispose()


def polars_():
    import polars

    for engine in ["connectorx", "adbc"]:
        frame = polars.read_database_uri("SELECT customer_id, n FROM spend ORDER BY 1", url.replace("postgres://", "postgresql://ana@"), engine=engine)
        same("polars " + engine, "a frame", frame.rows(), [("ann", 1), ("bob", 1)])


def pgcli_():
    from pgcli.completion_refresher import CompletionRefresher
    from pgcli.pgexecute import PGExecute
    from pgspecial.main import PGSpecial
    from prompt_toolkit.document import Document

    executor, special, made = PGExecute("asof", "ana", "", host, int(port), None), PGSpecial(), []

    def run(statement):
        return [(list(rows) if rows else rows, tag) for _, rows, _, tag, *_ in executor.run(statement, special)]

    views = [("public", name, "view", "ana") for name in ["orders", "spend", "spend_history"]]
    same("pgcli", "\\d", run("\\d"), [(views, "SELECT 3")])
    same("pgcli", "\\d spend", [rows for rows, _ in run("\\d spend")], [[["customer_id", "text", ""], ["total", "numeric", ""], ["n", "bigint", ""]]])
    for command in ["\\dt", "\\dv", "\\df", "\\dn", "\\du", "\\l", "\\dT", "\\dx", "\\db", "\\dm", "\\ds", "\\di", "\\dp", "\\ddp", "\\dE", "\\d+ spend"]:
        same("pgcli", command, len(run(command)), 1)
    same("pgcli", "a query", run("SELECT customer_id, total FROM spend ORDER BY 1"), [([("ann", decimal.Decimal("10.00")), ("bob", decimal.Decimal("2.50"))], "SELECT 2")])
    refresher = CompletionRefresher()
    refresher.refresh(executor, special, made.append, history=None, settings={})
    refresher._completer_thread.join()

    def completions(before, behind):
        document = Document(before + behind, len(before))
        return [c.text for c in made[0].get_completions(document, None, smart_completion=True)]

    same("pgcli", "completed relations", sorted(c for c in completions("SELECT * FROM sp", "") if c.startswith("sp")), ["spend", "spend_history"])
    same("pgcli", "completed columns", completions("SELECT cus", " FROM spend")[:1], ["customer_id"])


def ibis_():
    import ibis

    c = ibis.connect(url.replace("postgres://", "postgres://ana@"))
    same("ibis", "list_tables", sorted(c.list_tables()), ["orders", "spend", "spend_history"])
    same("ibis", "list_databases", sorted(c.list_databases()), ["information_schema", "pg_catalog", "public"])
    spend, orders = c.table("spend"), c.table("orders")
    same("ibis", "a schema", list(map(str, orders.schema().types)), ["!int64", "string", "decimal(12, 2)", "timestamp('UTC', 6)"])
    same("ibis", "a filter", spend.filter(spend.customer_id == "ann").total.execute().tolist(), [decimal.Decimal("10.00")])
    sums = orders.group_by("customer_id").aggregate(total=orders.amount.sum(), n=orders.count(), all=orders.order_id.collect()).order_by("customer_id")
    same("ibis", "an aggregation", sums.execute().values.tolist(), [["ann", decimal.Decimal("10.00"), 1, [1]], ["bob", decimal.Decimal("2.50"), 1, [2]]])
    labels = ibis.memtable({"k": ["ann", "zoe"]})
    joined = labels.join(spend, [("k", "customer_id")], how="left").order_by("k")
    same("ibis", "a join with a frame", joined.to_pyarrow().column("n").to_pylist(), [1, None])
    same("ibis", "a raw query", c.raw_sql("SELECT total FROM spend AS OF '2025-05-01 10:01:00+00'").fetchall(), [(decimal.Decimal("10.00"),)])
    # Without a schema this Ibis makes a temporary view to know it, and then writes DROP VIEW without a name, which PostgreSQL refuses too.
    raw = c.sql("SELECT customer_id, total * 2 AS twice FROM spend", schema={"customer_id": "string", "twice": "decimal"})
    same("ibis", "a query of one's own", raw.filter(raw.customer_id == "ann").execute().values.tolist(), [["ann", decimal.Decimal("20.00")]])
    c.raw_sql("CREATE TEMPORARY VIEW large AS SELECT customer_id, amount FROM orders WHERE amount > 5").close()
    large = c.table("large")
    same("ibis", "the schema of a view", list(map(str, large.schema().types)), ["string", "decimal(12, 2)"])
    same("ibis", "a view", large.customer_id.execute().tolist(), ["ann"])
    c.raw_sql("DROP VIEW large").close()
    c.disconnect()


for client in [psycopg3, psycopg2, asyncpg_, pg8000, sqlalchemy_, polars_, pgcli_, ibis_]:
    try:
        client()
    except Exception as e:
        failed.append(client.__name__)
        print(f"{client.__name__}: {type(e).__name__}: {e}")
sys.exit(1 if failed else 0)
