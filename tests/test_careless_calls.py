"""Wrong calls of the library: one line that names what is wrong, a hint, and nothing recorded."""

from __future__ import annotations

import io
import math
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import tracemark
from tests.label.hosts import label
from tracemark import CustodyEvent, LabelFile, Recipient, Vault
from tracemark.tables.sink import write

WHO = "acct:0007"
ADDRESS = "浙江省杭州市西湖区文三路159号3幢2单元501室"
ROW = {"收货地址": ADDRESS}
NUMBER = "YT7712345678901"


class Lazy:
    """What is handed in cannot be kept between tests."""

    def __init__(self, make: Callable[[], Any]) -> None:
        self.make = make


def closed() -> io.BytesIO:
    file = io.BytesIO(b"a,b\n1,2\n")
    file.close()
    return file


def rows_that_break() -> Iterator[dict[str, str]]:
    yield ROW
    raise RuntimeError("mine")


GOOD: dict[str, dict[str, Any]] = {
    "add_recipient": {"id": "acct:x"},
    "add_recipients": {"recipients": ["acct:x"]},
    "recipients": {},
    "record_custody": {"recipient": WHO, "waybills": [NUMBER]},
    "record_custody_events": {"events": [CustodyEvent(WHO, NUMBER)]},
    "custody_of": {"waybill": NUMBER},
    "add_decoys": {"pool": [{"手机": "13900001234"}]},
    "without_decoys": {"rows": [ROW]},
    "mark_rows": {"rows": [ROW], "to": WHO},
    "mark_columns": {"table": {"收货地址": [ADDRESS]}, "to": WHO},
    "mark_text": {"text": ADDRESS, "to": WHO},
    "mark_table": {
        "source": Lazy(lambda: io.BytesIO(f"收货地址\n{ADDRESS}\n".encode())),
        "sink": Lazy(io.BytesIO),
        "to": WHO,
    },
    "mark_label": {"image": Lazy(label), "to": WHO},
    "mark_label_file": {"source": Lazy(io.BytesIO), "sink": Lazy(io.BytesIO), "to": WHO},
    "mark_label_pdf": {"data": b"%PDF-1.4", "to": WHO},
    "mark_label_zpl": {"data": b"^XA^FO9,9^GB90,90,3^FS^XZ", "to": WHO},
    "mark_label_files": {"files": [], "to": WHO},
    "mark_waybill": {"fields": {"运单号": NUMBER}, "render": lambda fields: label(), "to": WHO},
    "screen_tile": {"to": WHO},
    "open_job": {"to": WHO},
    "close_job": {"job": 1},
    "ledger_entries": {},
    "backup_ledger": {"target": "copy"},
    "prove_entry": {"seq": 1},
    "write_issuing_key": {"target": "issuer", "to": "acct:"},
    "seal_keys": {"passphrase": "twelve letters"},
    "sign_case": {"case": None},
    "trace": {},
}

WRONG: list[tuple[str, str, Any]] = [
    ("add_recipient", "id", 5),
    ("add_recipient", "id", b"acct:x"),
    ("add_recipient", "name", None),
    ("add_recipient", "kind", "robot\n"),
    ("add_recipients", "recipients", "acct:x"),
    ("add_recipients", "recipients", ["acct:y", None]),
    ("add_recipients", "recipients", [Recipient(b"acct:x")]),
    ("add_recipients", "recipients", [Recipient("acct:x", [])]),
    ("recipients", "among", 5),
    ("record_custody", "recipient", None),
    ("record_custody", "waybills", NUMBER),
    ("record_custody", "waybills", [5]),
    ("record_custody", "when", 20260101),
    ("record_custody", "what", 5),
    ("record_custody_events", "events", [(WHO, NUMBER)]),
    ("record_custody_events", "events", [CustodyEvent(WHO, None)]),
    ("record_custody_events", "events", [CustodyEvent(WHO, NUMBER, math.nan)]),
    ("record_custody_events", "events", [CustodyEvent(WHO, NUMBER, None, None)]),
    ("custody_of", "waybill", 5),
    ("add_decoys", "pool", [{5: "13900001234"}]),
    ("add_decoys", "pool", [{"手机": "13900001234", "备注": "\ud800"}]),
    ("without_decoys", "rows", [None]),
    ("mark_rows", "rows", ["abc"]),
    ("mark_rows", "rows", None),
    ("mark_rows", "to", 10**30),
    ("mark_rows", "to", "a\nb" * 9999),
    ("mark_rows", "columns", "address"),
    ("mark_rows", "policy", ["full"]),
    ("mark_rows", "encoding", "a\0b"),
    ("mark_rows", "encoding", "idna"),
    ("mark_rows", "decoys", math.nan),
    ("mark_rows", "decoys", "0.01"),
    ("mark_columns", "table", [ADDRESS]),
    ("mark_columns", "table", {"收货地址": ADDRESS}),
    ("mark_columns", "table", {"收货地址": [ADDRESS], "备注": []}),
    ("mark_columns", "columns", {"Adresse": "address"}),
    ("mark_text", "text", None),
    ("mark_text", "text", b"text"),
    ("mark_text", "to", "\ud800"),
    ("mark_table", "source", "orders.csv"),
    ("mark_table", "source", Lazy(closed)),
    ("mark_table", "source", Lazy(lambda: io.StringIO("a,b\n"))),
    ("mark_table", "sink", Path("copy.csv")),
    ("mark_table", "sink", Lazy(io.StringIO)),
    ("mark_table", "encoding", "\0"),
    ("mark_table", "workers", 1.5),
    ("mark_table", "workers", None),
    ("mark_label", "image", b"PNG"),
    ("mark_label", "waybill", 7712345678901),
    ("mark_label", "dpi", 0),
    ("mark_label", "dpi", math.nan),
    ("mark_label", "dpi", -203.0),
    ("mark_label", "dpi", 10**400),
    ("mark_label", "dpi", "203"),
    ("mark_label_file", "source", Lazy(closed)),
    ("mark_label_file", "sink", "marked.png"),
    ("mark_label_file", "dpi", 0),
    ("mark_label_pdf", "data", "file.pdf"),
    ("mark_label_pdf", "dpi", -1),
    ("mark_label_zpl", "data", "^XA^XZ"),
    ("mark_label_zpl", "rendered", 5),
    ("mark_label_zpl", "rendered", [5]),
    ("mark_label_zpl", "rendered", Image.new("1", (0, 0))),
    ("mark_label_files", "files", [Path("a.png")]),
    ("mark_label_files", "workers", 1.5),
    ("mark_waybill", "fields", {"运单号": 5}),
    ("mark_waybill", "render", lambda fields: None),
    ("screen_tile", "size", ()),
    ("screen_tile", "size", 256),
    ("screen_tile", "size", (256.0, 256.0)),
    ("screen_tile", "size", (math.nan, math.nan)),
    ("screen_tile", "profile", ["default"]),
    ("open_job", "to", "\ud800"),
    ("open_job", "to", None),
    ("open_job", "name", 5),
    ("close_job", "job", 2**70),
    ("close_job", "job", "1\n"),
    ("ledger_entries", "after", "1"),
    ("ledger_entries", "limit", "1"),
    ("backup_ledger", "target", "a\0b"),
    ("backup_ledger", "target", None),
    ("prove_entry", "seq", 1.0),
    ("write_issuing_key", "target", 5),
    ("seal_keys", "passphrase", b"twelve letters"),
    ("sign_case", "case", "case.json"),
    ("trace", "alpha", math.nan),
    ("trace", "alpha", "1e-6"),
    ("trace", "among", 5),
    ("trace", "limits", 5),
    ("trace", "progress", 5),
]


@pytest.mark.parametrize(
    ("verb", "argument", "value"),
    WRONG,
    ids=[f"{n} {verb} {argument}" for n, (verb, argument, _) in enumerate(WRONG)],
)
def test_a_wrong_call_is_refused_in_one_line_and_leaves_no_entry(
    vault: Vault, verb: str, argument: str, value: Any
) -> None:
    before = sum(1 for _ in vault.ledger_entries())
    given = {**GOOD[verb], argument: value}
    given = {name: one.make() if isinstance(one, Lazy) else one for name, one in given.items()}
    samples = [[ROW]] if verb == "trace" else []
    with pytest.raises(tracemark.TracemarkError) as caught:
        answer = getattr(vault, verb)(*samples, **given)
        if isinstance(answer, Iterator):
            list(answer)
    said = str(caught.value)
    assert said.isprintable() and 5 < len(said) <= 1001
    assert caught.value.hint
    assert sum(1 for _ in vault.ledger_entries()) == before


def test_rows_that_break_off_at_once_leave_no_issue(vault: Vault) -> None:
    """What the caller's own rows raise is the caller's; nothing was marked by then."""
    with pytest.raises(RuntimeError, match="mine"):
        list(vault.mark_rows(rows_that_break(), WHO))
    assert not list(vault.ledger_entries("issue"))


def test_scalars_of_numpy_are_taken_for_numbers(vault: Vault) -> None:
    job = np.int64(vault.open_job(WHO))
    assert vault.close_job(job) == 0
    assert vault.trace([ROW], alpha=np.float32(1e-6)).alpha == pytest.approx(1e-6)


def test_columns_named_by_numbers_are_marked_and_traced(vault: Vault, export: Any) -> None:
    """As a table without a header row comes out of a data frame."""
    rows = [dict(enumerate(row.values())) for row in export]
    marked = list(vault.mark_rows(rows, WHO))
    assert marked != rows
    assert [one.recipient for one in vault.trace(marked).accusations] == [WHO]


def test_a_job_ends_as_done_or_cut_and_as_nothing_else(vault: Vault) -> None:
    job = vault.open_job(WHO)
    for status in ("whatever", None, 5):
        with pytest.raises(tracemark.UsageError, match="does not end"):
            vault.close_job(job, status)
    assert vault.close_job(job, "cut") == 0


def test_a_file_of_a_label_is_a_path() -> None:
    for wrong in ("a.png", Path("a\0b")):
        with pytest.raises(tracemark.UsageError, match="a file of a label"):
            LabelFile(wrong)


def test_too_many_arguments_are_said_by_python(vault: Vault) -> None:
    with pytest.raises(TypeError, match="mark_text"):
        vault.mark_text(ADDRESS, WHO, frobnicate=1)


def test_a_closed_vault_says_so(tmp_path: Path) -> None:
    with Vault.create(tmp_path / "v") as vault:
        vault.add_recipient(WHO)
    with pytest.raises(tracemark.LedgerError, match="closed") as caught:
        vault.mark_text(ADDRESS, WHO)
    assert caught.value.hint


class Reluctant(io.RawIOBase):
    """Takes no more than a few bytes at once, as a raw file on a full device does."""

    def __init__(self, most: int, room: int = 1 << 30) -> None:
        super().__init__()
        self.most, self.room, self.held = most, room, b""

    def writable(self) -> bool:
        return True

    def write(self, data: Any, /) -> int:
        taken = min(self.most, self.room - len(self.held), len(data))
        self.held += bytes(data[:taken])
        return taken


def test_a_sink_that_takes_a_part_at_a_time_gets_the_whole_copy(vault: Vault) -> None:
    table, whole, parts = f"收货地址\n{ADDRESS}\n".encode(), io.BytesIO(), Reluctant(7)
    vault.mark_table(io.BytesIO(table), whole, WHO)
    vault.mark_table(io.BytesIO(table), parts, WHO)
    assert parts.held == whole.getvalue()


def test_a_sink_that_takes_no_more_ends_the_copy_as_cut(vault: Vault) -> None:
    table = f"收货地址\n{ADDRESS}\n".encode()
    with pytest.raises(OSError, match="takes no more"):
        vault.mark_table(io.BytesIO(table), Reluctant(7, room=20), WHO)
    assert [one.body["status"] for one in vault.ledger_entries("close")] == ["cut"]


def test_a_sink_that_is_not_made_to_wait_is_found_out() -> None:
    class Full(Reluctant):
        def write(self, data: Any, /) -> Any:
            return None

    with pytest.raises(BlockingIOError):
        write(Full(1), b"data")


@pytest.mark.parametrize("block", [None, "text"])
def test_a_source_that_gives_no_bytes_is_no_short_table(vault: Vault, block: Any) -> None:
    """Of a source that does not wait, what came so far would pass for the whole."""

    class Source:
        blocks = iter([b"a,b\n1,2\n", block])

        def read(self, size: int) -> Any:
            return next(self.blocks)

    with pytest.raises(tracemark.UsageError, match="the input gives"):
        vault.mark_table(Source(), io.BytesIO(), WHO)


@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="no such device")
def test_a_device_without_end_is_no_sample(vault: Vault) -> None:
    case = vault.trace(Path("/dev/zero"))
    assert case.verdict == "unreadable" and "device" in case.samples[0].note


@pytest.mark.parametrize(
    "call",
    [
        lambda: tracemark.clean(None),
        lambda: tracemark.clean_table("orders.csv", io.BytesIO()),
        lambda: tracemark.clean_table(io.BytesIO(b"a\n"), io.StringIO()),
        lambda: tracemark.clean_table(io.BytesIO(b"a\n"), io.BytesIO(), encoding=5),
        lambda: tracemark.read_case(None),
        lambda: tracemark.verify_case(b"{}"),
        lambda: tracemark.check_proof("{}", public_keys="aa"),
        lambda: tracemark.FileKeys(None),
        lambda: tracemark.FileKeys("a\0b"),
        lambda: tracemark.FileKeys("not there").keys(),
        lambda: tracemark.open_output(5),
        lambda: tracemark.open_output("a\0b"),
        lambda: Vault.open(""),
        lambda: Vault.open(None),
        lambda: Vault.open("\ud800"),
        lambda: Vault.create("x" * 300),
        lambda: Vault.create("v", key="00" * 32),
        lambda: Vault.create("v", keys=5),
    ],
)
def test_functions_and_doors_refuse_what_cannot_be_meant(
    call: Callable[[], Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(tracemark.TracemarkError) as caught:
        call()
    assert caught.value.hint
    assert not list(tmp_path.iterdir())


def test_an_issuing_key_never_takes_the_place_of_the_vaults_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also where it is kept elsewhere: with it every mark would be lost."""
    with Vault.create(tmp_path / "v") as vault:
        vault.add_recipient(WHO)
    held = (tmp_path / "v" / "keys").rename(tmp_path / "my keys")
    before = held.read_bytes()
    with Vault.open(tmp_path / "v", keys=tracemark.FileKeys(held)) as vault:
        for target in (held, tmp_path / "v" / ".." / "my keys", tmp_path / "v" / "ledger.sqlite"):
            with pytest.raises(tracemark.UsageError):
                vault.write_issuing_key(target, "acct:")
        assert vault.verify_ledger().holds
    assert held.read_bytes() == before


@pytest.mark.parametrize("target", [".", "/", "x" * 300, "not there/x"])
def test_what_is_no_name_of_a_file_is_no_target(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str
) -> None:
    monkeypatch.chdir(tmp_path)
    there = sorted(tmp_path.rglob("*"))
    for write_to in (vault.backup_ledger, lambda to: vault.write_issuing_key(to, "acct:")):
        with pytest.raises(tracemark.VaultError) as caught:
            write_to(target)
        assert caught.value.hint
    with pytest.raises(tracemark.UsageError), tracemark.open_output(target):
        pass
    assert sorted(tmp_path.rglob("*")) == there


@pytest.mark.parametrize("argument", ["samples", "original"])
def test_a_path_that_no_system_takes_is_no_sample(vault: Vault, argument: str) -> None:
    given = {"original": Path("a\0b")} if argument == "original" else {}
    with pytest.raises(tracemark.UsageError, match="cannot be"):
        vault.trace([ROW] if given else Path("a\0b"), **given)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
@pytest.mark.parametrize("goes_on", [True, False])
def test_a_fork_amid_an_export_leaves_the_issue_to_its_parent(vault: Vault, goes_on: bool) -> None:
    """Both would end it, and the ledger would never hold again."""
    rows = vault.mark_rows([ROW] * 200, WHO)
    first = [next(rows)]
    child = os.fork()
    if child == 0:  # pragma: no cover
        try:
            if goes_on:
                list(rows)
            rows.close()
        except tracemark.UsageError:
            os._exit(7)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == (7 if goes_on else 0)
    assert len([*first, *rows]) == 200
    assert [one.body["status"] for one in vault.ledger_entries("close")] == ["done"]
    assert vault.verify_ledger().holds


@pytest.mark.parametrize("step", ["token_bytes", "token_hex"])
def test_a_vault_that_was_broken_off_can_be_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    def interrupted(_: int) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(f"tracemark.vault.secrets.{step}", interrupted)
        Vault.create(tmp_path / "v")
    assert list((tmp_path / "v").iterdir()) == []
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "letter").touch()
    with pytest.raises(tracemark.VaultError, match="not an empty folder"):
        Vault.create(tmp_path / "mine")
    assert (tmp_path / "mine" / "letter").exists()
    Vault.create(tmp_path / "v").close()


def test_keys_and_decoys_that_cannot_be_written(vault: Vault, tmp_path: Path) -> None:
    for name in ("keys.new", "decoys.jsonl.new"):
        (tmp_path / "vault" / name).mkdir()
    for call in (
        vault.rotate_key,
        vault.unseal_keys,
        lambda: vault.add_decoys([{"手机": "13900001234"}]),
    ):
        with pytest.raises(tracemark.VaultError, match="cannot be written") as caught:
            call()
        assert caught.value.hint
    assert len(vault.epochs) == 1 and not len(vault.decoys)
    assert vault.verify_ledger().holds


def test_an_empty_path_is_called_empty() -> None:
    """And not a text of the wrong type, which it is not."""
    with pytest.raises(tracemark.UsageError, match="path is empty"):
        Vault.open("")
