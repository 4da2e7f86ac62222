"""Writes Parquet files as people's libraries do, and prints what is in them.

    write.py DIR

Prints [{"file": ..., "types": [...], "rows": [[text or null]]}]: the types and texts that PostgreSQL would show.
"""
import datetime
import decimal
import json
import os
import sys

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

D = decimal.Decimal
UTC = datetime.timezone.utc
out = []


def expect(name, types, rows):
    out.append({"file": name, "types": types, "rows": rows})


def every_type():
    """(arrow type, SQL type, values, texts)"""
    t = datetime.datetime(2025, 5, 20, 14, 30, 0, 123456)
    day = datetime.date(2025, 5, 20)
    return [
        (pa.bool_(), "boolean", [True, None, False], ["t", None, "f"]),
        (pa.int8(), "smallint", [-128, None, 127], ["-128", None, "127"]),
        (pa.uint8(), "smallint", [0, None, 255], ["0", None, "255"]),
        (pa.int16(), "smallint", [-32768, None, 32767], ["-32768", None, "32767"]),
        (pa.uint16(), "integer", [0, None, 65535], ["0", None, "65535"]),
        (pa.int32(), "integer", [-(2**31), None, 2**31 - 1], ["-2147483648", None, "2147483647"]),
        (pa.uint32(), "bigint", [0, None, 2**32 - 1], ["0", None, "4294967295"]),
        (pa.int64(), "bigint", [-(2**63), None, 2**63 - 1], ["-9223372036854775808", None, "9223372036854775807"]),
        (pa.uint64(), "numeric", [0, None, 2**64 - 1], ["0", None, "18446744073709551615"]),
        (pa.float32(), "real", [0.1, None, float("nan")], ["0.1", None, "NaN"]),
        (pa.float64(), "double precision", [0.1, None, float("-inf")], ["0.1", None, "-Infinity"]),
        (pa.decimal128(5, 2), "numeric(5,2)", [D("-999.99"), None, D("0.10")], ["-999.99", None, "0.10"]),
        (pa.decimal128(38, 10), "numeric(38,10)", [D("-9999999999999999999999999999.9999999999"), None, D("1")], ["-9999999999999999999999999999.9999999999", None, "1.0000000000"]),
        (pa.decimal256(50, 5), "numeric(50,5)", [D("123456789012345678901234567890123456789012345.12345"), None, D("-1")], ["123456789012345678901234567890123456789012345.12345", None, "-1.00000"]),
        (pa.string(), "text", ["", None, "é€𝄞\n"], ["", None, "é€𝄞\n"]),
        (pa.large_string(), "text", ["a", None, ""], ["a", None, ""]),
        (pa.binary(), "bytea", [b"", None, b"\x00\xff"], ["\\x", None, "\\x00ff"]),
        (pa.binary(3), "bytea", [b"abc", None, b"\x00\x01\x02"], ["\\x616263", None, "\\x000102"]),
        (pa.date32(), "date", [day, None, datetime.date(1, 1, 1)], ["2025-05-20", None, "0001-01-01"]),
        (pa.date64(), "date", [day, None, datetime.date(1969, 12, 31)], ["2025-05-20", None, "1969-12-31"]),
        (pa.time32("ms"), "time without time zone", [datetime.time(1, 2, 3, 4000), None, datetime.time(0)], ["01:02:03.004", None, "00:00:00"]),
        (pa.time64("us"), "time without time zone", [datetime.time(1, 2, 3, 4), None, datetime.time(23, 59, 59, 999999)], ["01:02:03.000004", None, "23:59:59.999999"]),
        (pa.time64("ns"), "time without time zone", [1_000_001_999, None, 0], ["00:00:01.000001", None, "00:00:00"]),
        (pa.timestamp("s"), "timestamp without time zone", [t, None, datetime.datetime(1, 1, 1)], ["2025-05-20 14:30:00", None, "0001-01-01 00:00:00"]),
        (pa.timestamp("ms"), "timestamp without time zone", [t.replace(microsecond=123000), None, None], ["2025-05-20 14:30:00.123", None, None]),
        (pa.timestamp("us"), "timestamp without time zone", [t, None, datetime.datetime(1969, 12, 31, 23, 59, 59, 999999)], ["2025-05-20 14:30:00.123456", None, "1969-12-31 23:59:59.999999"]),
        (pa.timestamp("ns"), "timestamp without time zone", [1_000_000_001_999, None, -1], ["1970-01-01 00:16:40.000001", None, "1969-12-31 23:59:59.999999"]),
        (pa.timestamp("us", "Europe/Berlin"), "timestamp with time zone", [t.replace(tzinfo=UTC), None, None], ["2025-05-20 14:30:00.123456+00", None, None]),
        (pa.timestamp("ns", "UTC"), "timestamp with time zone", [-1001, None, 1999], ["1969-12-31 23:59:59.999998+00", None, "1970-01-01 00:00:00.000001+00"]),
        (pa.dictionary(pa.int32(), pa.string()), "text", ["a", None, "a"], ["a", None, "a"]),
        (pa.null(), "text", [None, None, None], [None, None, None]),
        (pa.list_(pa.int32()), "integer[]", [[1, None, 3], None, []], ["{1,NULL,3}", None, "{}"]),
        (pa.list_(pa.string()), "text[]", [["a", "b c"], None, [None]], ['{a,"b c"}', None, "{NULL}"]),
        (pa.list_(pa.timestamp("ns", "UTC")), "timestamp with time zone[]", [[1999], None, []], ['{"1970-01-01 00:00:00.000001+00"}', None, "{}"]),
        (pa.list_(pa.field("x", pa.decimal128(10, 2), nullable=False)), "numeric(10,2)[]", [[D("1.50")], None, []], ["{1.50}", None, "{}"]),
    ]


def arrow(directory):
    columns = every_type()
    repeat = 200
    arrays = [pa.array(v * repeat, t) for t, _, v, _ in columns]
    names = [f"c{i}" for i in range(len(columns))]
    table = pa.table(dict(zip(names, arrays)))
    types = [s for _, s, _, _ in columns]
    rows = [[c[3][i] for c in columns] for i in range(3)] * repeat
    ways = {
        "plain": dict(compression="none", use_dictionary=False),
        "snappy": dict(compression="snappy"),
        "gzip": dict(compression="gzip", row_group_size=100),
        "brotli": dict(compression="brotli", data_page_version="2.0"),
        "zstd": dict(compression="zstd", data_page_version="2.0", use_dictionary=False, data_page_size=64, write_batch_size=7),
        "pages": dict(compression="none", data_page_size=64, write_batch_size=7, row_group_size=250),
        "old_lists": dict(use_compliant_nested_type=False),
        "decimals": dict(store_decimal_as_integer=True),
    }
    for way, options in ways.items():
        pq.write_table(table, os.path.join(directory, way + ".parquet"), version="2.6", **options)
        expect(way + ".parquet", types, rows)


def required(directory):
    schema = pa.schema([pa.field("i", pa.int64(), nullable=False), pa.field("s", pa.string(), nullable=False), pa.field("l", pa.list_(pa.field("e", pa.int32(), nullable=False)), nullable=False)])
    table = pa.table({"i": list(range(3000)), "s": [f"v{i}" for i in range(3000)], "l": [[i] * (i % 4) for i in range(3000)]}, schema=schema)
    pq.write_table(table, os.path.join(directory, "required.parquet"), row_group_size=1100)
    expect("required.parquet", ["bigint", "text", "integer[]"], [[str(i), f"v{i}", "{" + ",".join([str(i)] * (i % 4)) + "}"] for i in range(3000)])


def int96(directory):
    t = datetime.datetime(2025, 5, 20, 14, 30, 0, 123456)
    table = pa.table({"t": pa.array([t, None, datetime.datetime(1969, 12, 31, 23)], pa.timestamp("us"))})
    pq.write_table(table, os.path.join(directory, "int96.parquet"), use_deprecated_int96_timestamps=True)
    expect("int96.parquet", ["timestamp without time zone"], [["2025-05-20 14:30:00.123456"], [None], ["1969-12-31 23:00:00"]])


def encodings(directory):
    n = 2000
    small = [(i * 7919) % 1000 - 500 for i in range(n)]
    big = [(2**63 - 1) * (-1) ** i if i % 3 else i for i in range(n)]
    floats = [i / 8 for i in range(n)]
    table = pa.table(
        {
            "i": pa.array(small, pa.int32()),
            "j": big,
            "edge": pa.array([2**31 - 1 if i % 2 else -(2**31) for i in range(n)], pa.int32()),
            "s": [f"prefix {i}" for i in range(n)],
            "l": ["x" * (i % 5) if i % 7 else None for i in range(n)],
            "b": [i % 3 == 0 if i % 11 else None for i in range(n)],
            "f": pa.array(floats, pa.float32()),
            "d": [x if i % 5 else None for i, x in enumerate(floats)],
            "k": pa.array(small, pa.int32()),
        }
    )
    pq.write_table(
        table,
        os.path.join(directory, "encodings.parquet"),
        use_dictionary=False,
        data_page_version="2.0",
        row_group_size=700,
        data_page_size=500,
        column_encoding={
            "i": "DELTA_BINARY_PACKED",
            "j": "DELTA_BINARY_PACKED",
            "edge": "DELTA_BINARY_PACKED",
            "s": "DELTA_BYTE_ARRAY",
            "l": "DELTA_LENGTH_BYTE_ARRAY",
            "b": "RLE",
            "f": "BYTE_STREAM_SPLIT",
            "d": "BYTE_STREAM_SPLIT",
            "k": "BYTE_STREAM_SPLIT",
        },
    )

    def number(x):
        return str(int(x)) if x == int(x) else str(x)

    expect(
        "encodings.parquet",
        ["integer", "bigint", "integer", "text", "text", "boolean", "real", "double precision", "integer"],
        [
            [
                str(small[i]),
                str(big[i]),
                str(2**31 - 1 if i % 2 else -(2**31)),
                f"prefix {i}",
                "x" * (i % 5) if i % 7 else None,
                ("t" if i % 3 == 0 else "f") if i % 11 else None,
                number(floats[i]),
                number(floats[i]) if i % 5 else None,
                str(small[i]),
            ]
            for i in range(n)
        ],
    )


def pandas(directory):
    frame = pd.DataFrame(
        {
            "customer_id": ["a", None, "b"],
            "ts": pd.to_datetime(["2025-05-01 10:05:00.2+00:00", "2025-05-01 10:00:00.123456789+00:00", None]),
            "seg": pd.Categorical(["x", "y", None]),
            "n": [1, 2, 3],
            "f": [1.5, None, 2.0],
            "b": [True, None, False],
            "d": [D("1.50"), None, D("-2.25")],
        },
        index=pd.Index([10, 11, 12], name="label_id"),
    )
    frame["ts"] = frame["ts"].astype("datetime64[ns, UTC]")
    frame.to_parquet(os.path.join(directory, "pandas.parquet"))
    expect(
        "pandas.parquet",
        ["text", "timestamp with time zone", "text", "bigint", "double precision", "boolean", "numeric(3,2)", "bigint"],
        [
            ["a", "2025-05-01 10:05:00.2+00", "x", "1", "1.5", "t", "1.50", "10"],
            [None, "2025-05-01 10:00:00.123456+00", "y", "2", None, None, None, "11"],
            ["b", None, None, "3", "2", "f", "-2.25", "12"],
        ],
    )


def polars(directory):
    frame = pl.DataFrame(
        {
            "id": [1, 2, None],
            "ts": [datetime.datetime(2025, 5, 1, 10, 5, 0, 200000, tzinfo=UTC), None, datetime.datetime(1969, 1, 1, tzinfo=UTC)],
            "day": [datetime.date(2025, 5, 1), None, datetime.date(1969, 12, 31)],
            "n": pl.Series([D("1.50"), None, D("-2.25")], dtype=pl.Decimal(20, 2)),
            "tags": [["a"], None, []],
            "s": ["x", None, ""],
        },
        schema_overrides={"n": pl.Decimal(20, 2)},
    )
    frame.write_parquet(os.path.join(directory, "polars.parquet"))
    expect(
        "polars.parquet",
        ["bigint", "timestamp with time zone", "date", "numeric(20,2)", "text[]", "text"],
        [
            ["1", "2025-05-01 10:05:00.2+00", "2025-05-01", "1.50", "{a}", "x"],
            ["2", None, None, None, None, None],
            [None, "1969-01-01 00:00:00+00", "1969-12-31", "-2.25", "{}", ""],
        ],
    )


def duck(directory):
    path = os.path.join(directory, "duckdb.parquet")
    duckdb.sql(
        f"""COPY (SELECT * FROM (VALUES
            (1, 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'::UUID, 12.50::DECIMAL(18,3), TIMESTAMPTZ '2025-05-01 10:05:00.2+00', TIMESTAMP_NS '2025-05-01 10:05:00.123456789', '{{"a": 1}}'::JSON, [1, NULL], TIME '01:02:03.5', 5::UTINYINT),
            (NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL)) AS t) TO '{path}' (FORMAT parquet, PARQUET_VERSION v2)"""
    )
    expect(
        "duckdb.parquet",
        ["integer", "uuid", "numeric(18,3)", "timestamp with time zone", "timestamp without time zone", "json", "integer[]", "time without time zone", "smallint"],
        [["1", "a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11", "12.500", "2025-05-01 10:05:00.2+00", "2025-05-01 10:05:00.123456", '{"a": 1}', "{1,NULL}", "01:02:03.5", "5"], [None] * 9],
    )


def refused(directory):
    """What has no SQL type, by the words of the error."""
    for name, column in {
        "struct": pa.array([{"a": 1}]),
        "map": pa.array([[("a", 1)]], pa.map_(pa.string(), pa.int32())),
        "nested_list": pa.array([[[1]]]),
        "list_of_struct": pa.array([[{"a": 1, "b": 2}]]),
        "half": pa.array([1.5], pa.float16()),
        "duplicate": None,
    }.items():
        path = os.path.join(directory, name + ".parquet")
        if column is None:
            pq.write_table(pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"]), path)
        else:
            pq.write_table(pa.table({"id": [1], "x": column}), path)


for write in (arrow, required, int96, encodings, pandas, polars, duck, refused):
    write(sys.argv[1])
json.dump(out, sys.stdout)
