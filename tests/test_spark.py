"""Spark's workers mark as one process does, and nothing leaves them that the ledger lacks."""

from __future__ import annotations

import os
import re
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import tracemark
from tests.conftest import ACCOUNTS, KEY
from tracemark import spark as helper
from tracemark_cli.sample_orders import orders

WHO = "acct:0007"
ROWS = 20_000

pytest.importorskip("pyspark", reason="needs the extra 'spark'")
if shutil.which("java") is None:
    pytest.skip("needs Java", allow_module_level=True)


# what Spark's Python says of itself
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not:FutureWarning")


@pytest.fixture(scope="module")
def session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    from pyspark.sql import SparkSession

    folder = tmp_path_factory.mktemp("spark")
    patch = pytest.MonkeyPatch()
    patch.setenv("PYSPARK_PYTHON", sys.executable)
    building = (
        SparkSession.builder.master("local[2,2]")  # a task may fail once
        .config("spark.ui.enabled", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.eventLog.enabled", "true")
        .config("spark.eventLog.dir", folder.as_uri())
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 2_000)
        .config("spark.local.dir", str(folder))
    )
    with (folder / "log").open("wb") as log:  # where Java writes for as long as it runs
        kept = os.dup(2)
        os.dup2(log.fileno(), 2)
        try:
            started = building.getOrCreate()
        finally:
            os.dup2(kept, 2)
            os.close(kept)
    yield started
    started.stop()
    patch.undo()


@pytest.fixture(scope="module")
def table() -> Any:
    arrow = pytest.importorskip("pyarrow")
    rows = [{**row, "重量": n / 8} for n, row in enumerate(orders(ROWS, 512))]
    return arrow.Table.from_pylist(rows)


@pytest.fixture(scope="module")
def frame(session: Any, table: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    parquet = pytest.importorskip("pyarrow.parquet")
    path = tmp_path_factory.mktemp("export") / "orders.parquet"
    parquet.write_table(table, path, row_group_size=2_500)
    return session.read.parquet(str(path)).repartition(5)


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[tracemark.Vault]:
    with tracemark.Vault.create(tmp_path / "vault", key=KEY) as made:
        made.add_recipients(ACCOUNTS)
        yield made


def in_order(table: Any) -> list[dict[str, Any]]:
    return table.sort_by("重量").to_pylist()


def test_the_copy_is_the_one_that_a_single_process_makes(vault, frame, table) -> None:
    with helper.marked(frame, WHO, vault=vault, name="orders") as copy:
        assert copy.schema == frame.schema
        got = copy.toArrow()
    [issue] = vault.ledger_entries("issue")
    [close] = vault.ledger_entries("close")
    assert (issue.body["recipient"], issue.body["name"]) == (WHO, "orders")
    assert close.body == {"issue": issue.seq, "rows": ROWS, "sha256": None, "status": "done"}
    alone = list(vault.mark_batches(table.to_batches(), WHO))
    assert in_order(got) == in_order(type(table).from_batches(alone))
    assert got.num_rows == ROWS
    assert vault.verify_ledger().faults == ()
    leak = got.slice(4_000, 60).to_pylist()
    assert [one.recipient for one in vault.trace(leak).accusations] == [WHO]


def test_what_fails_and_runs_again_is_recorded_once(vault, session, table, tmp_path) -> None:
    """A task dies behind its first batch, in one partition; its second run takes over."""
    parquet = pytest.importorskip("pyarrow.parquet")
    once = tmp_path / "failed"

    def failing(batches: Any) -> Iterator[Any]:
        from pyspark import TaskContext

        for number, batch in enumerate(batches):
            if number == 1 and TaskContext.get().partitionId() == 1 and not once.exists():
                once.touch()
                raise RuntimeError("a machine is lost")
            yield batch

    for n in range(4):  # files come in the same order whenever they are read
        parquet.write_table(table.slice(3_000 * n, 3_000), tmp_path / f"{n}.parquet")
    few = session.read.parquet(*(str(tmp_path / f"{n}.parquet") for n in range(4)))
    assert few.rdd.getNumPartitions() == 2
    with helper.marked(few, WHO, vault=vault) as copy:
        assert copy.mapInArrow(failing, few.schema).count() == 12_000
        assert copy.count() == 12_000  # and once more: nothing new
    assert once.exists()
    [close] = vault.ledger_entries("close")
    assert close.body["rows"] == 12_000
    assert vault.verify_ledger().faults == ()


def test_a_job_that_fails_is_cut_and_closed_to_new_rows(vault, frame) -> None:
    with pytest.raises(ZeroDivisionError), helper.marked(frame, WHO, vault=vault) as copy:
        assert len(copy.limit(10).collect()) == 10
        raise ZeroDivisionError
    [close] = vault.ledger_entries("close")
    assert close.body["status"] == "cut" and 0 < close.body["rows"] < ROWS
    with pytest.raises(Exception, match=r"issue \d+ is closed"):
        copy.count()
    assert vault.verify_ledger().holds


def test_no_key_travels_through_spark(vault, frame, session, capsys) -> None:
    """Not in the plan, nor in what Spark sends, logs or keeps as events."""
    from pyspark.serializers import CloudPickleSerializer

    session.sparkContext.setLogLevel("DEBUG")
    try:
        with helper.marked(frame.limit(50), WHO, vault=vault) as copy:
            copy.explain(True)
            copy.count()
            plan = copy._jdf.queryExecution().toString()
    finally:
        session.sparkContext.setLogLevel("WARN")
    told = "".join(capsys.readouterr()) + plan
    for log in Path(session.conf.get("spark.eventLog.dir").removeprefix("file:")).rglob("*"):
        told += log.read_text(encoding="utf-8", errors="replace") if log.is_file() else ""
    sent = CloudPickleSerializer().dumps(helper._task(str(vault.path), 3, {}))
    key = vault._keys[-1]
    assert "MapInArrow" in told and "DEBUG" in told and str(vault.path).encode() in sent
    for material in (KEY, key.derive("slots/text"), key.derive("ledger")):
        assert material.hex() not in told.lower() and material not in sent
        assert material.hex().encode() not in sent


def test_wrong_calls_are_told_before_anything_is_opened(vault, frame) -> None:
    for arguments, wrong in (
        ({"to": "acct:nobody"}, tracemark.UnknownRecipient),
        ({"to": WHO, "columns": {"没有": "address"}}, tracemark.UsageError),
        ({"to": WHO, "policy": "loud"}, tracemark.UsageError),
    ):
        with pytest.raises(wrong), helper.marked(frame, **arguments, vault=vault):
            pass
    with pytest.raises(tracemark.UsageError, match="no data frame of Spark's"):  # noqa: SIM117
        with helper.marked([1], WHO, vault=vault):
            pass
    assert list(vault.ledger_entries("issue")) == []


def test_the_block_of_the_page(vault, frame, tmp_path) -> None:
    """where-copies-are-made.md: what its block writes is the copy."""
    page = Path(__file__).parents[1] / "docs" / "where-copies-are-made.md"
    [block] = re.findall(r"^```python\n(.*?)^```", page.read_text("utf-8"), re.M | re.S)
    assert "s3://exports/acct-1042" in block
    vault.add_recipient("acct:1042")
    copy = tmp_path / "copy"
    exec(
        block.replace("s3://exports/acct-1042", copy.as_uri()),
        {"orders": frame.limit(60), "vault": vault},
    )
    rows = pytest.importorskip("pyarrow.parquet").read_table(copy).to_pylist()
    assert len(rows) == 60
    assert [one.recipient for one in vault.trace(rows).accusations] == ["acct:1042"]
