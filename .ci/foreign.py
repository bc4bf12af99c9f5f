"""Reads the members of session files with pandas and DuckDB and checks what they say."""

import sys
import tempfile
import zipfile

import duckdb
import pandas


def check(path):
    with tempfile.TemporaryDirectory() as folder, zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None, path
        members = [m for m in archive.namelist() if m.startswith("metrics/") and m.endswith(".parquet")]
        assert members, f"{path} holds no metrics"
        for member in members:
            file = archive.extract(member, folder)
            frame = pandas.read_parquet(file)
            assert str(frame["time"].dtype).startswith("datetime64[ns"), frame["time"].dtype
            assert frame["time"].is_monotonic_increasing and frame["time"].is_unique
            busy = [c for c in frame.columns if c.startswith("system.cpu.time{")]
            assert busy, "no processor time"
            total = frame[busy].iloc[-1].sum() - frame[busy].iloc[0].sum()
            assert total > 0, "processor time does not grow"
            rows = duckdb.sql(f"select count(*), min(time), max(time) from '{file}'").fetchall()[0]
            assert rows[0] == len(frame), (rows, len(frame))
            assert rows[1] < rows[2], rows
        for member in [m for m in archive.namelist() if m.endswith(".parquet")]:
            file = archive.extract(member, folder)
            assert duckdb.sql(f"describe select * from '{file}'").fetchall()
        print(f"{path}: {len(members)} metric segments read by pandas and DuckDB")


for name in sys.argv[1:]:
    check(name)
assert len(sys.argv) > 1, "no session given"
