"""Reads a Parquet file with one of the libraries that people use, and prints what it holds as JSON.

    read.py pandas|polars|duckdb FILE

Prints {"types": [...], "rows": [[...]]}. A type is what the library takes the column for, in common words; a cell is null,
a list of cells, or a string that loses nothing: decimals with their scale, times as microseconds since their beginning,
floats as their bits, bytes in hexadecimal.
"""
import datetime
import decimal
import json
import struct
import sys


def cell(v):
    if v is None:
        return None
    if isinstance(v, (list, tuple)):
        return [cell(x) for x in v]
    if isinstance(v, bool):
        return "true" if v else "false"
    if isinstance(v, decimal.Decimal):
        return format(v, "f")
    if isinstance(v, float):
        return "nan" if v != v else struct.pack(">d", v).hex()
    if isinstance(v, (bytes, bytearray)):
        return "hex:" + bytes(v).hex()
    if isinstance(v, datetime.time):
        return micros(datetime.timedelta(hours=v.hour, minutes=v.minute, seconds=v.second, microseconds=v.microsecond))
    if isinstance(v, (str, int)):
        return str(v)
    raise TypeError(f"{type(v)}: {v!r}")


def micros(d):
    return str((d.days * 86400 + d.seconds) * 1000000 + d.microseconds)


def with_pandas(path):
    import pandas as pd
    import pyarrow as pa

    # Read as most people do: it must not fail, times must be times. But then pandas makes floats of integers where some are NULL, so
    # the values are compared as its Arrow columns have them.
    kinds = [str(kind) for kind in pd.read_parquet(path).dtypes]
    frame = pd.read_parquet(path, dtype_backend="pyarrow")
    types, columns = [], []
    for name, kind in zip(frame.columns, kinds):
        values = pa.chunked_array(frame[name].array.__arrow_array__())
        types.append(kind if kind.startswith("datetime64") else str(values.type).replace("128", ""))
        columns.append([cell(v) for v in counted(values).to_pylist()])
    return types, columns, len(frame)


def counted(values):
    """Timestamps and dates as numbers: Python's own end with the year 9999."""
    import pyarrow as pa
    import pyarrow.types as t

    if t.is_timestamp(values.type):
        return values.cast(pa.int64())
    if t.is_date32(values.type):
        return values.cast(pa.int32())
    if t.is_list(values.type) and t.is_timestamp(values.type.value_type):
        return values.cast(pa.list_(pa.int64()))
    return values


def with_polars(path):
    import polars as pl

    frame = pl.read_parquet(path)
    types, columns = [], []
    for name in frame.columns:
        s = frame[name]
        kind = s.dtype
        if isinstance(kind, pl.Datetime):
            cells = [cell(n) for n in s.cast(pl.Int64).to_list()]
        elif isinstance(kind, pl.Date):
            cells = [cell(n) for n in s.cast(pl.Int32).to_list()]
        elif isinstance(kind, pl.List) and isinstance(kind.inner, pl.Datetime):
            cells = [cell(n) for n in s.cast(pl.List(pl.Int64)).to_list()]
        else:
            cells = [cell(v) for v in s.to_list()]
        types.append(str(kind).replace("precision=", "").replace("scale=", ""))
        columns.append(cells)
    return types, columns, frame.height


def with_duckdb(path):
    import duckdb

    con = duckdb.connect()
    con.execute("SET TimeZone = 'Europe/Berlin'")  # what a TIMESTAMPTZ holds does not depend on it
    described = con.execute("DESCRIBE SELECT * FROM read_parquet(?)", [path]).fetchall()
    select = []
    for name, kind, *_ in described:
        quoted = '"' + name.replace('"', '""') + '"'
        if kind.startswith("TIMESTAMP") and not kind.endswith("[]"):
            quoted = f"epoch_us({quoted})"
        elif kind == "DATE":
            quoted = f"datediff('day', DATE '1970-01-01', {quoted})"
        elif kind.startswith("TIMESTAMP"):
            quoted = f"list_transform({quoted}, lambda x: epoch_us(x))"
        select.append(quoted)
    rows = con.execute(f"SELECT {', '.join(select)} FROM read_parquet(?, file_row_number = true) ORDER BY file_row_number", [path]).fetchall()
    types = [kind for _, kind, *_ in described]
    return types, [[cell(row[i]) for row in rows] for i in range(len(types))], len(rows)


def main():
    library, path = sys.argv[1:]
    types, columns, rows = {"pandas": with_pandas, "polars": with_polars, "duckdb": with_duckdb}[library](path)
    json.dump({"types": types, "rows": [[c[i] for c in columns] for i in range(rows)]}, sys.stdout)


main()
