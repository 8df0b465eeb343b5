"""Columns, batches, data frames and Parquet files are marked as rows are."""

from __future__ import annotations

import io
from typing import Any

import pytest

import tracemark
from tracemark import frames

WHO = "acct:0007"


@pytest.fixture
def rows(export) -> list[dict[str, Any]]:
    return [
        {**row, "重量": 1.5, "备注": None if n == 3 else row["备注"]}
        for n, row in enumerate(export[:40])
    ]


@pytest.fixture
def wanted(vault, rows) -> list[dict[str, Any]]:
    return list(vault.mark_rows(rows, to=WHO))


def test_columns(vault, rows, wanted) -> None:
    table = {name: [row[name] for row in rows] for name in rows[0]}
    assert vault.mark_columns(table, WHO) == {n: [row[n] for row in wanted] for n in table}


def test_batches_keep_schema_metadata_and_nulls(vault, rows, wanted) -> None:
    arrow = pytest.importorskip("pyarrow")
    table = arrow.Table.from_pylist(rows)
    kinds = (arrow.dictionary(arrow.int16(), arrow.string()), arrow.large_string())
    for kind in kinds:
        place = table.schema.get_field_index("收货地址")
        table = table.set_column(
            place, arrow.field("收货地址", kind, metadata={"a": "b"}), table["收货地址"].cast(kind)
        )
        batches = list(vault.mark_batches(table.to_batches(max_chunksize=7), WHO))
        whole = arrow.Table.from_batches(batches)
        assert len(batches) == 6 and whole.schema.equals(table.schema, check_metadata=True)
        assert whole.to_pylist() == wanted
    assert vault.mark_batch(table.to_batches()[0], WHO).to_pylist() == wanted


def test_each_batch_is_in_the_ledger_before_it_is_out(vault, rows) -> None:
    arrow = pytest.importorskip("pyarrow")
    batches = vault.mark_batches(arrow.Table.from_pylist(rows).to_batches(max_chunksize=10), WHO)
    first = next(batches)
    assert vault.trace(first.to_pylist()).samples[0].issued > 5
    batches.close()


def test_what_is_no_batch_is_refused(vault) -> None:
    pytest.importorskip("pyarrow")
    with pytest.raises(tracemark.UsageError, match=r"no pyarrow\.RecordBatch"):
        vault.mark_batch({"a": ["b"]}, WHO)


def test_pandas(vault, rows, wanted) -> None:
    pandas = pytest.importorskip("pandas")
    pytest.importorskip("narwhals")
    frame = pandas.DataFrame(rows, index=range(100, 140)).astype({"商品": "category"})
    before = frame.copy()
    out = frames.mark(frame, WHO, vault=vault)
    assert isinstance(out, pandas.DataFrame) and out.index.equals(frame.index)
    assert frame.equals(before) and list(out.columns) == list(frame.columns)
    assert out["收货地址"].tolist() == [row["收货地址"] for row in wanted]
    assert out["商品"].dtype == "category" and out["重量"].equals(frame["重量"])
    assert out["商品"].tolist() == [row["商品"] for row in wanted]
    assert out["备注"].isna().tolist() == frame["备注"].isna().tolist()


def test_polars(vault, rows, wanted) -> None:
    polars = pytest.importorskip("polars")
    pytest.importorskip("narwhals")
    frame = polars.DataFrame(rows)
    out = frames.mark(frame, WHO, vault=vault)
    assert isinstance(out, polars.DataFrame) and out.schema == frame.schema
    assert out.to_dicts() == wanted
    with pytest.raises(tracemark.UsageError, match="LazyFrame"):
        frames.mark(frame.lazy(), WHO, vault=vault)


def test_an_arrow_table(vault, rows, wanted) -> None:
    arrow = pytest.importorskip("pyarrow")
    pytest.importorskip("narwhals")
    out = frames.mark(arrow.Table.from_pylist(rows), WHO, vault=vault)
    assert isinstance(out, arrow.Table) and out.to_pylist() == wanted


@pytest.mark.parametrize("packing", ["zstd", "none", "snappy"])
def test_parquet(vault, rows, wanted, packing: str) -> None:
    arrow = pytest.importorskip("pyarrow")
    parquet = pytest.importorskip("pyarrow.parquet")
    table, source, sink = arrow.Table.from_pylist(rows), io.BytesIO(), io.BytesIO()
    table = table.replace_schema_metadata({"from": "wms"})
    parquet.write_table(table, source, row_group_size=15, compression=packing)
    source.seek(0)
    receipt = vault.mark_table(source, sink, to=WHO, name="a.csv")
    assert receipt.rows == len(rows) and receipt.cells > len(rows)
    old, new = parquet.ParquetFile(source), parquet.ParquetFile(sink)
    assert new.schema_arrow.equals(old.schema_arrow, check_metadata=True)
    assert new.num_row_groups == old.num_row_groups == 3
    assert (
        new.metadata.row_group(0).column(0).compression
        == old.metadata.row_group(0).column(0).compression
    )
    assert new.read().to_pylist() == wanted
