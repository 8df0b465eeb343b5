"""Each verb does what its help says."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from pathlib import Path

import pytest
from PIL import Image

import tracemark
from tests.label import hosts

PROGRAM = (sys.executable, "-m", "tracemark_cli")


def rows_of(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


# init


def test_init_makes_a_vault_that_only_its_owner_can_read(run, home: Path) -> None:
    ran = run("init")
    assert ran.status == 0
    key = home / "tracemark-vault" / "keys"
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    with tracemark.Vault.open(home / "tracemark-vault") as vault:
        assert vault.epochs[0]["commitment"] in ran.out


def test_init_says_it_as_json(run, home: Path) -> None:
    said = run("init", "--vault", "v", "--json").json
    assert said["vault"] == "v"
    assert said["epoch"] == 1


def test_the_vault_is_named_by_the_environment_too(
    run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEMARK_VAULT", str(home / "elsewhere"))
    assert run("init").status == 0
    assert run("key", "list").status == 0
    assert (home / "elsewhere").is_dir()


def test_with_a_key_from_the_environment_no_key_is_written(
    run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEMARK_KEY", "7f" * 32)
    assert run("init").status == 0
    assert not (home / "tracemark-vault" / "keys").exists()
    assert run("key", "list").status == 0


# recipient


def test_a_recipient_is_added_and_listed(run, vault: Path) -> None:
    added = run(
        "recipient", "add", "courier:7", "--name", "小李", "--kind", "courier",
        "--parent", "station:YW-012",
    )  # fmt: skip
    assert added.status == 0
    listed = run("recipient", "list", "courier:", "--json")
    assert [json.loads(line) for line in listed.out.splitlines()] == [
        {"id": "courier:7", "name": "小李", "kind": "courier", "parent": "station:YW-012"}
    ]


def test_all_recipients_are_listed_in_the_order_of_their_ids(run, vault: Path) -> None:
    lines = run("recipient", "list").out.splitlines()
    assert lines[0].split() == ["id", "kind", "parent", "name"]
    ids = [line.split()[0] for line in lines[1:]]
    assert ids == sorted(ids)
    assert len(ids) == 201


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_recipients_are_imported(run, vault: Path, encoding: str) -> None:
    table = "id,kind,name,remark\r\nstation:A,station,北苑,x\r\nstation:B,station,南坪,\r\n"
    (vault.parent / "stations.csv").write_bytes(table.encode(encoding))
    ran = run("recipient", "import", "stations.csv", "--json")
    assert ran.json == {"read": 2, "changed": 2}
    assert "北苑" in run("recipient", "list", "station:A").out
    assert run("recipient", "import", "stations.csv", "--json").json == {"read": 2, "changed": 0}


@pytest.mark.parametrize("delimiter", [";", "\t", "|"])
def test_lists_are_read_whatever_parts_their_cells(run, vault: Path, delimiter: str) -> None:
    def held(*lines: str) -> bytes:
        return "\n".join(lines).replace(",", delimiter).encode()

    ran = run("recipient", "import", "-", stdin=held('id,"a;b,c|d",name', '9,x,"A;B|C"'))
    assert ran.status == 0, ran.errors
    assert run("recipient", "list", "9", "--json").json["name"].startswith("A")
    (vault.parent / "scans.csv").write_bytes(held("recipient,waybill", "9,SF1234567890123"))
    assert run("custody", "import", "scans.csv").status == 0
    assert run("decoys", "add", "-", stdin=held("手机,收件人", "13812345678,张三")).status == 0


def test_recipients_are_imported_from_a_pipe(run, vault: Path) -> None:
    assert run("recipient", "import", "-", stdin=b"id\nacct:9\n").status == 0
    assert "acct:9" in run("recipient", "list", "acct:9").out


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"name,kind\nx,account\n", ["no column 'id'"]),
        (b"", ["no column 'id'"]),
        (b"id,kind\nacct:1,account\n,account\n", ["line 3", "no id"]),
        (b"id\nacct:1\n\xff\xff\xff\n", ["neither UTF-8 nor GB18030"]),
        (b'id\nacct:1\n"acct:2\n', ["line 3"]),
    ],
)
def test_a_bad_import_registers_nobody(run, vault: Path, content: bytes, words: list[str]) -> None:
    run("recipient", "import", "-", stdin=content).failed(3, "stdin", *words)
    assert len(run("recipient", "list").out.splitlines()) == 202


def test_an_unknown_kind_registers_nobody(run, vault: Path) -> None:
    run("recipient", "import", "-", stdin=b"id,kind\na,account\nb,robot\n").failed(2, "'robot'")
    assert len(run("recipient", "list").out.splitlines()) == 202


# mark


def test_a_table_is_marked_and_only_marked_columns_change(
    run, vault: Path, table: Path, export: bytes
) -> None:
    ran = run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.csv", "--json")
    assert ran.status == 0
    copy = (vault.parent / "copy.csv").read_bytes()
    before, after = rows_of(export), rows_of(copy)
    assert ran.json["rows"] >= 120
    assert ran.json["recipient"] == "acct:1042"
    assert copy != export
    for column in ("运单号", "订单号", "手机", "数量", "金额", "下单时间"):
        assert [row[column] for row in before] == [row[column] for row in after]


def test_a_table_is_marked_from_pipe_to_pipe(run, vault: Path, table: Path, export: bytes) -> None:
    run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.csv")
    piped = run("mark", "table", "-", "--to", "acct:1042", "-o", "-", stdin=export)
    assert piped.output == (vault.parent / "copy.csv").read_bytes()
    assert "released to acct:1042" in piped.errors


def test_the_report_of_a_marked_table_can_be_read(run, vault: Path, table: Path) -> None:
    said = run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.csv").out
    assert "released to acct:1042" in said
    assert "layers" in said
    assert max(map(len, said.splitlines())) <= 80


def test_a_column_is_marked_by_the_role_that_is_named(run, vault: Path) -> None:
    table = "x\n" + "浙江省金华市义乌市北苑街道雪峰西路99号3幢2单元501室\n" * 3
    arguments = ("mark", "table", "-", "--to", "acct:1042", "-o", "-", "--kind", "csv")
    plain = run(*arguments, "--column", "x=number", stdin=table.encode())
    marked = run(*arguments, "--column", "x=address", stdin=table.encode())
    assert plain.out == table
    assert marked.out != table


def test_a_policy_without_invisible_characters_adds_none(run, vault: Path, export: bytes) -> None:
    copy = run(
        "mark", "table", "-", "--to", "acct:1042", "-o", "-", "--policy", "plain", stdin=export
    )

    def selectors(text: str) -> int:
        return sum("\ufe00" <= c <= "\ufe0e" for c in text)

    assert selectors(copy.out) == selectors(export.decode())


@pytest.mark.parametrize("text", ["12345", ""])
def test_a_text_that_cannot_be_marked_says_so(run, vault: Path, text: str) -> None:
    ran = run("mark", "text", text, "--to", "acct:1042", "--json")
    assert (ran.status, ran.json["text"], ran.json["cells"]) == (0, text, 0)
    assert "nothing in it could be marked" in ran.errors


def test_a_text_is_marked_and_printed(run, vault: Path) -> None:
    address = "浙江省金华市义乌市北苑街道雪峰西路99号3幢2单元501室"
    marked = run("mark", "text", address, "--to", "acct:1042").out
    assert marked != address + "\n"
    assert run("mark", "text", "-", "--to", "acct:1042", stdin=address.encode()).out == marked[:-1]
    said = run("mark", "text", address, "--to", "acct:1042", "--json").json
    assert said == {"recipient": "acct:1042", "text": marked[:-1], "cells": 1}


# trace


@pytest.fixture
def leak(run, vault: Path, table: Path) -> Path:
    run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.csv")
    path = vault.parent / "leak.csv"
    lines = (vault.parent / "copy.csv").read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join(lines[:80]))
    return path


def test_a_leak_is_traced(run, leak: Path) -> None:
    ran = run("trace", "leak.csv")
    assert ran.status == 0
    assert ran.out.startswith("identified")
    assert "acct:1042" in ran.out
    assert max(map(len, ran.out.splitlines())) <= 80


def test_a_case_as_json_has_the_documented_keys(run, leak: Path) -> None:
    case = run("trace", "leak.csv", "--json").json
    assert case["format"] == "tracemark-case/1"
    assert {"verdict", "alpha", "candidates", "hypotheses"} <= set(case)
    (accusation,) = case["accusations"]
    assert accusation["recipient"] == "acct:1042"
    assert {"bound", "score", "share", "evidence"} <= set(accusation)
    assert accusation["bound"] <= case["alpha"] == 1e-6
    (sample,) = case["samples"]
    assert sample["path"] == "leak.csv"
    assert {"sha256", "kind", "status"} <= set(sample)


def test_a_leak_is_traced_from_a_pipe(run, leak: Path) -> None:
    case = run("trace", "-", "--json", stdin=leak.read_bytes()).json
    assert [one["recipient"] for one in case["accusations"]] == ["acct:1042"]
    assert case["samples"][0]["path"] == "-"


def test_a_leak_is_traced_from_a_named_pipe(run, leak: Path) -> None:
    """As from `<(…)` of a shell: what is read from it once cannot be read again."""
    pipe = leak.with_name("pipe")
    os.mkfifo(pipe)
    feeder = threading.Thread(target=pipe.write_bytes, args=(leak.read_bytes(),), daemon=True)
    feeder.start()
    case = run("trace", pipe, "--json").json
    assert (case["verdict"], case["samples"][0]["path"]) == ("identified", str(pipe))


def test_damaged_rows_are_traced_beside_the_original(run, leak: Path, table: Path) -> None:
    """One column, everything in it: nobody without the table, the account with it."""
    lines = leak.read_text(encoding="utf-8").splitlines()
    leak.with_name("joined.txt").write_text(
        "\n".join(unicodedata.normalize("NFKC", line.replace(",", "")) for line in lines), "utf-8"
    )
    ran = run("trace", "joined.txt", "--original", "orders.csv")
    assert ran.status == 0 and "acct:1042" in ran.out and "show this copy's marks" in ran.out
    case = run("trace", "joined.txt", "--original", "orders.csv", "--json").json
    (accusation,) = case["accusations"]
    assert accusation["rows"][0]["count"] > 10
    assert (
        run("trace", "leak.csv", "--original", "-", "--json", stdin=table.read_bytes()).status == 0
    )


def test_an_original_that_is_not_there(run, leak: Path) -> None:
    ran = run("trace", "leak.csv", "--original", "nowhere.csv")
    assert ran.status == 3 and ran.errors.count("\n") == 2 and "nowhere.csv" in ran.errors


def test_what_was_never_marked_names_nobody(run, vault: Path, table: Path) -> None:
    ran = run("trace", "orders.csv")
    assert ran.status == 1
    assert ran.out.startswith("no mark")
    assert "acct:" not in ran.out


def test_only_candidates_with_the_prefix_can_be_named(run, leak: Path) -> None:
    ran = run("trace", "leak.csv", "--among", "station:")
    assert ran.status == 1
    assert "acct:" not in ran.out


def test_one_bad_sample_does_not_hide_a_good_one(run, leak: Path) -> None:
    (leak.parent / "picture.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(200))
    ran = run("trace", "picture.csv", "leak.csv", "--json")
    assert ran.status == 0
    assert [one["status"] for one in ran.json["samples"]] == ["unreadable", "marked"]


# clean


def test_cleaning_undoes_what_marking_did(run, vault: Path, table: Path, export: bytes) -> None:
    run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.csv")
    assert run("clean", "copy.csv", "-o", "clean.csv").status == 0
    cleaned = (vault.parent / "clean.csv").read_bytes()
    assert rows_of(cleaned) == rows_of(run("clean", "-", "-o", "-", stdin=export).output)
    assert cleaned != (vault.parent / "copy.csv").read_bytes()


# ledger


def test_a_whole_ledger_verifies(run, leak: Path) -> None:
    ran = run("ledger", "verify")
    assert ran.status == 0
    assert "the ledger is whole" in ran.out
    assert run("ledger", "verify", "--json").json["whole"] is True


def test_a_ledger_that_was_edited_fails_with_status_3(run, leak: Path) -> None:
    import sqlite3

    with sqlite3.connect(leak.parent / "tracemark-vault" / "ledger.sqlite") as ledger:
        for (name,) in ledger.execute(
            "SELECT name FROM sqlite_master WHERE type = 'trigger'"
        ).fetchall():
            ledger.execute(f"DROP TRIGGER {name}")
        ledger.execute("UPDATE entries SET body = replace(body, 'acct:1042', 'acct:1043')")
    ledger.close()
    ran = run("ledger", "verify")
    assert ran.status == 3
    assert "DOES NOT HOLD" in ran.out
    assert "fault" in ran.out


def test_the_ledger_shows_what_was_issued(run, leak: Path) -> None:
    run("mark", "text", "北苑街道1号", "--to", "acct:1001")
    shown = run("ledger", "show", "--kind", "issue", "--to", "acct:1042", "--json").out.splitlines()
    assert [json.loads(line)["body"]["recipient"] for line in shown] == ["acct:1042"]
    assert "acct:1042" in run("ledger", "show").out
    assert len(run("ledger", "show", "--last", "2", "--json").out.splitlines()) == 2


# key


def test_after_a_rotation_old_copies_are_still_traced(run, leak: Path) -> None:
    assert run("key", "rotate", "--json").json["epoch"] == 2
    assert [epoch["epoch"] for epoch in run("key", "list", "--json").json] == [1, 2]
    assert run("trace", "leak.csv").status == 0


def test_no_key_is_ever_printed(run, leak: Path) -> None:
    keys = (leak.parent / "tracemark-vault" / "keys").read_text()
    secrets = [line.rpartition(":")[2] for line in keys.split()]
    for arguments in (
        ("key", "list"),
        ("ledger", "show"),
        ("ledger", "verify"),
        ("trace", "leak.csv"),
    ):
        ran = run(*arguments)
        assert not any(secret in ran.out + ran.errors for secret in secrets)


# the program


def test_the_version_is_printed(run) -> None:
    assert run("--version").out == f"tracemark {tracemark.__version__}\n"


def test_without_a_verb_the_help_is_shown(run) -> None:
    ran = run()
    assert ran.status == 2
    assert "Commands:" in ran.out


@pytest.mark.skipif(os.name != "posix", reason="signals as on POSIX systems")
@pytest.mark.parametrize(("sent", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_run_that_is_stopped_leaves_nothing_half_written(
    vault: Path, export: bytes, sent: signal.Signals, status: int
) -> None:
    with subprocess.Popen(
        [*PROGRAM, "mark", "table", "-", "--to", "acct:1042", "-o", "copy.csv"],
        stdin=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as running:
        running.stdin.write(export)
        running.stdin.flush()
        deadline = time.monotonic() + 20
        while len(list(vault.parent.iterdir())) == 1 and time.monotonic() < deadline:
            time.sleep(0.01)
        running.send_signal(sent)
        running.stdin.close()
        errors = running.stderr.read()
    assert (running.returncode, errors) == (status, b"")
    assert [path.name for path in vault.parent.iterdir()] == ["tracemark-vault"]


def test_what_an_encoding_cannot_hold_is_said(run, vault: Path) -> None:
    table = "收货地址\n" + "浙江省金华市义乌市北苑街道雪峰西路99号3幢2单元501室\n" * 3
    arguments = ("mark", "table", "-", "--to", "acct:1042", "-o", "copy.csv")
    ran = run(*arguments, stdin=table.encode("gbk"))
    assert "invisible" not in ran.out
    assert ran.errors == (
        "tracemark: gbk cannot hold invisible characters: that layer is left out\n"
    )
    assert (vault.parent / "copy.csv").read_bytes().decode("gbk").startswith("收货地址\n")


def test_a_copy_that_carries_no_mark_is_said_to(run, vault: Path) -> None:
    ran = run("mark", "table", "-", "--to", "acct:1042", "-o", "copy.csv", stdin=b"n\n1\n2\n")
    assert "nothing in it could be marked" in ran.errors


def test_labels_are_marked_and_traced(run, vault: Path) -> None:
    """One file, and a folder of them; the marked file is traced like any sample."""
    folder = vault.parent / "labels"
    folder.mkdir()
    hosts.label(7).save(folder / "a.png", dpi=(203, 203))
    hosts.label(8).save(folder / "b.bmp")
    run("mark", "label", "labels/a.png", "--to", "acct:1042", "-o", "one.png")
    with Image.open(vault.parent / "one.png") as one:
        assert one.info["dpi"] == pytest.approx((203, 203), abs=0.1)
    ran = run("mark", "label", "labels", "--to", "acct:1042", "-o", "marked")
    assert ran.status == 0 and "b.bmp: released to acct:1042" in ran.out
    assert run("trace", "marked/a.png").status == 0
    assert run("trace", "labels/a.png").status == 1


def test_a_pdf_of_labels_is_marked_by_its_content(run, vault: Path) -> None:
    """Whatever it is called; a page without room is named, and nothing is written."""
    pytest.importorskip("pikepdf")
    pytest.importorskip("pypdfium2")
    from tests.printing import made

    (vault.parent / "batch").write_bytes(made.pdf([hosts.label(7), None]))
    ran = run("mark", "label", "batch", "--to", "acct:1042", "-o", "out.pdf")
    assert ran.status == 0 and "out.pdf: released to acct:1042" in ran.out
    assert (vault.parent / "out.pdf").read_bytes().startswith(b"%PDF-")
    (vault.parent / "poor.pdf").write_bytes(made.pdf([None, Image.new("1", (60, 60), 1)]))
    poor = run("mark", "label", "poor.pdf", "--to", "acct:1042", "-o", "o.pdf")
    poor.failed(3, "on page 2 of poor.pdf")
    assert not (vault.parent / "o.pdf").exists()
    run("preview", "batch", "--to", "acct:1042", "-o", "p.png").failed(2, "batch is a PDF")


def test_labels_that_cannot_be_marked(run, vault: Path) -> None:
    """Blank labels, other files, one number for many: refused, and nothing is written."""
    Image.new("1", (608, 1040), 1).save(vault.parent / "blank.png")
    (vault.parent / "text.png").write_text("no picture")
    run("mark", "label", "blank.png", "--to", "acct:1042", "-o", "o.png").failed(3, "too small")
    run("mark", "label", "text.png", "--to", "acct:1042", "-o", "o.png").failed(3, "text.png")
    run("mark", "label", "gone.png", "--to", "acct:1042", "-o", "o.png").failed(3, "gone.png")
    assert not (vault.parent / "o.png").exists()


def test_a_label_is_bound_to_its_number_and_marked_once(run, vault: Path) -> None:
    """A folder named after numbers; a second mark only on demand; the verdict says binding."""
    (vault.parent / "labels").mkdir()
    hosts.label(7).save(vault.parent / "labels" / "YT7712345678901.png", dpi=(203, 203))
    number = ("--waybill", "stem", "-o", "out")
    assert run("mark", "label", "labels", "--to", "acct:1042", *number).status == 0
    marked = "out/YT7712345678901.png"
    again = ("mark", "label", marked, "--to", "acct:1042", "-o", "twice.png")
    run(*again).failed(3, "carries a mark of this vault already")
    assert not (vault.parent / "twice.png").exists()
    assert run(*again, "--again").status == 0
    ran = run("trace", marked, "--waybill", "YT7712345678901")
    assert ran.status == 0 and "confirmed" in ran.out and "issued to them" in ran.out
    case = run("trace", marked, "--waybill", "YT0000000000000", "--json").json
    [accusation] = case["accusations"]
    assert accusation["binding"] == "contradicted" and case["advice"]
    [binding] = accusation["bindings"]
    assert binding["if_bound"] < 1e-4 and binding["issued"] is False
    run("trace", marked, "--waybill", "A1234567", "--waybill", "B1234567").failed(2, "2 waybill")
    run("trace", marked, "--original", "gone.png").failed(3, "gone.png")


def test_zpl_is_marked_beside_its_rendering_and_traced(run, vault: Path) -> None:
    samples = Path(__file__).parents[1] / "printing" / "zpl"
    given = ("mark", "label", str(samples / "ups.zpl"), "--to", "acct:1042")
    ran = run(*given, "--rendered", str(samples / "ups.png"), "--waybill", "code", "-o", "out.zpl")
    assert ran.status == 0 and "out.zpl: released to acct:1042" in ran.out
    original = (samples / "ups.zpl").read_bytes()
    marked = (vault.parent / "out.zpl").read_bytes()
    assert len(marked) > len(original) and marked.count(b"^GFA") == 2
    wrong = run(*given, "--rendered", str(samples / "posten.png"), "-o", "no.zpl")
    wrong.failed(2, "dot for dot")
    (vault.parent / "endless").write_bytes(b"^XA^FO1,1^GB32000,32000,3^FS^XZ")
    run("mark", "label", "endless", "--to", "acct:1042", "-o", "no.zpl").failed(3, "is no label")
    assert not (vault.parent / "no.zpl").exists()


def test_a_folder_of_labels_is_marked_by_several_processes(run, vault: Path) -> None:
    folder = vault.parent / "labels"
    folder.mkdir()
    for number in range(3):
        hosts.label(number).save(folder / f"SF000000000{number}.png")
    given = ("mark", "label", "labels", "--to", "acct:1042", "--waybill", "stem")
    assert run(*given, "-o", "one").status == run(*given, "-o", "two", "--jobs", "2").status == 0
    for path in folder.iterdir():
        one, two = (vault.parent / out / path.name for out in ("one", "two"))
        assert one.read_bytes() == two.read_bytes() != path.read_bytes()
