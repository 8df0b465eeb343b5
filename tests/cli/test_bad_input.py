"""Bad input: one clear line, a hint, the documented status, nothing half-written, no traceback."""

from __future__ import annotations

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import tracemark

MARK = ("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "copy.csv")


def left_behind(home: Path) -> set[str]:
    return {path.name for path in home.iterdir()} - {"tracemark-vault", "orders.csv", "mine.csv"}


def with_option(*more: str) -> tuple[str, ...]:
    return (*MARK, *more)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("mark", "table", "orders.csv", "--to", "acct:7", "-o", "copy.csv"), ["acct:7"]),
        (with_option("--column", "地址栏=address"), ["地址栏", "orders.csv"]),
        (with_option("--column", "收货地址=place"), ["'place'"]),
        (with_option("--column", "收货地址"), ["NAME=ROLE"]),
        (with_option("--policy", "loud"), ["'loud'"]),
        (with_option("--kind", "docx"), ["docx"]),
        (with_option("--encoding", "klingon"), ["klingon"]),
        (("mark", "text", "x", "--to", "acct:7"), ["acct:7"]),
        (("mark", "text", "x", "--to", "acct:1042", "--role", "place"), ["'place'"]),
        (("trace", "orders.csv", "--alpha", "0"), ["alpha"]),
        (("trace", "orders.csv", "--alpha", "x"), ["alpha"]),
        (("trace", "orders.csv", "--among", "nobody:"), ["nobody:"]),
        (("recipient", "add", ""), ["id"]),
        (("recipient", "add", "a", "--kind", "robot"), ["'robot'"]),
        (("trace",), ["SAMPLE"]),
        (("frobnicate",), ["frobnicate"]),
        (("trace", "orders.csv", "--frobnicate"), ["--frobnicate"]),
        (("ledger", "show", "--last", "0"), ["--last"]),
    ],
    ids=" ".join,
)  # fmt: skip
def test_wrong_usage_ends_with_2(
    run, vault: Path, table: Path, arguments: tuple[str, ...], words: list[str]
) -> None:
    run(*arguments).failed(2, *words)
    assert left_behind(vault.parent) == set()


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", ["empty"]),
        (b"\x89PNG\r\n\x1a\n" + bytes(5000), ["PNG"]),
        (b"PK\x03\x04" + bytes(200) + b"xl/workbook.xml", ["XLSX"]),
        (bytes(range(256)) * 50, ["binary"]),
        ("收货地址\n北苑街道1号\n".encode() * 40 + b"\xb1\xb1\xff\xff\n", ["utf-8"]),
        (b"id,address\n" + b"x" * (17 << 20), ["line 2"]),
    ],
    ids=["empty", "picture", "workbook", "binary", "mixed encodings", "giant line"],
)
def test_an_unreadable_table_ends_with_3_and_leaves_nothing(
    run, vault: Path, content: bytes, words: list[str]
) -> None:
    (vault.parent / "orders.csv").write_bytes(content)
    run(*MARK).failed(3, "orders.csv", *words)
    assert left_behind(vault.parent) == set()


def test_a_table_that_fails_half_way_leaves_the_old_output_alone(run, vault: Path) -> None:
    (vault.parent / "mine.csv").write_bytes(b"mine")
    rows = "收货地址\n" + "".join(f"北苑街道雪峰西路{n}号\n" for n in range(20000))
    (vault.parent / "orders.csv").write_bytes(rows.encode() + b"\xff\xfe\n")
    run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "mine.csv").failed(3)
    assert (vault.parent / "mine.csv").read_bytes() == b"mine"
    assert left_behind(vault.parent) == set()


def test_ragged_rows_are_kept_as_they_are(run, vault: Path) -> None:
    ragged = "运单号,数量\nYT1,1,2,3\nYT2\n\nYT3,4\n"
    ran = run("mark", "table", "-", "--to", "acct:1042", "-o", "-", stdin=ragged.encode())
    assert (ran.status, ran.out) == (0, ragged)


def test_a_file_that_is_not_there_ends_with_3(run, vault: Path) -> None:
    run(*MARK).failed(3, "orders.csv", "no such file")
    run("trace", "leak.csv").failed(3, "leak.csv", "no such file")
    run("clean", "copy.csv", "-o", "x.csv").failed(3, "copy.csv", "no such file")
    assert left_behind(vault.parent) == set()


def test_a_folder_is_not_a_table(run, vault: Path) -> None:
    (vault.parent / "orders.csv").mkdir()
    run(*MARK).failed(3, "orders.csv", "directory")
    run("trace", "orders.csv").failed(3, "orders.csv", "directory")


def test_arguments_that_are_no_text(run, vault: Path, table: Path) -> None:
    run("mark", "text", "x", "--to", "\udcff").failed(2, "UTF-8")
    run("trace", "orders.csv", "--among", "\udcff").failed(2, "UTF-8")


def test_a_file_whose_name_is_no_text_is_marked_and_traced(run, vault: Path, export: bytes) -> None:
    """Archives packed on Chinese Windows unpack to names in GBK."""
    name = os.fsdecode("订单.csv".encode("gbk"))
    (vault.parent / name).write_bytes(export)
    copy = os.fsdecode("副本.csv".encode("gbk"))
    assert run("mark", "table", name, "--to", "acct:1042", "-o", copy).status == 0
    assert run("trace", copy).status == 0
    assert "\\xb6\\xa9" in run("ledger", "show").out


def test_a_text_that_is_not_utf8(run, vault: Path) -> None:
    run("mark", "text", "-", "--to", "acct:1042", stdin=b"\xff").failed(3, "stdin", "UTF-8")


def test_a_malformed_key_in_the_environment_makes_no_vault(
    run, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRACEMARK_KEY", "zz")
    ran = run("init")
    ran.failed(3, "TRACEMARK_KEY")
    assert "zz" not in ran.errors
    assert list(home.iterdir()) == []


def test_samples_that_cannot_be_read_end_with_3(run, vault: Path) -> None:
    (vault.parent / "a.csv").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(500))
    ran = run("trace", "a.csv")
    assert ran.status == 3
    assert ran.out.startswith("unreadable")
    assert "PNG" in ran.out


@pytest.mark.parametrize(
    "arguments",
    [
        ("mark", "table", "/dev/zero", "--to", "acct:1042", "-o", "copy.csv"),
        ("clean", "/dev/zero", "-o", "copy.csv"),
        ("report", "/dev/zero", "-o", "copy.html"),
        ("custody", "import", "/dev/zero"),
        ("decoys", "add", "/dev/zero"),
    ],
    ids=" ".join,
)
@pytest.mark.skipif(not Path("/dev/zero").is_char_device(), reason="no such device")
def test_a_device_without_end_is_not_read(run, vault: Path, arguments: tuple[str, ...]) -> None:
    run(*arguments).failed(3, "/dev/zero is a device")
    assert left_behind(vault.parent) == set()


def test_no_output_takes_the_place_of_a_file_of_the_vault(run, vault: Path, table: Path) -> None:
    held = {path: path.read_bytes() for path in vault.iterdir()}
    for name in ("ledger.sqlite", "keys", "vault.json"):
        target = f"tracemark-vault/{name}"
        run("clean", "orders.csv", "-o", target).failed(2, target, "part of a vault")
        run("key", "issuer", "--to", "acct:", "-o", target).failed(2, target, "part of a vault")
    assert (vault / "keys").read_bytes() == held[vault / "keys"]
    assert run("ledger", "verify").status == 0


def test_two_outputs_are_two_files(run, vault: Path, table: Path) -> None:
    ran = run("trace", "orders.csv", "--report", "case", "--signed", "./case")
    ran.failed(2, "two outputs")
    assert run("ledger", "show", "--kind", "case").out == ""


@pytest.mark.parametrize(
    "arguments",
    [
        "trace orders.csv --report orders.csv",
        "trace orders.csv --signed x/../orders.csv",
        "trace mine.csv orders.csv --report symlink",
        "trace orders.csv --report hardlink",
        "trace mine.csv --original orders.csv --signed orders.csv",
        "mark table orders.csv --to acct:1042 -o orders.csv",
        "mark table orders.csv --to acct:1042 -o symlink",
        "mark label label.png --to acct:1042 -o label.png",
        "mark label x --to acct:1042 -o x",
        "mark label in.zpl --to acct:1042 --rendered label.png -o label.png",
        "preview label.png --to acct:1042 -o label.png",
        "clean orders.csv -o hardlink",
        "report orders.csv -o orders.csv",
        "ledger prove 1 --checkpoint orders.csv -o orders.csv",
    ],
)
def test_no_output_takes_the_place_of_what_is_read(
    run, vault: Path, table: Path, arguments: str
) -> None:
    home = vault.parent
    (home / "x").mkdir()
    for name in ("label.png", "x/label.png", "mine.csv", "in.zpl"):
        (home / name).write_bytes(table.read_bytes())
    (home / "symlink").symlink_to("orders.csv")
    (home / "hardlink").hardlink_to("orders.csv")
    run(*arguments.split()).failed(2, f"cannot write {arguments.split()[-1]}", "lost")
    held = [path for path in (*home.iterdir(), home / "x/label.png") if path.is_file()]
    assert {path.read_bytes() for path in held} == {table.read_bytes()}
    assert run("ledger", "show", "--kind", "case").out == ""


def test_a_file_from_stdin_is_not_overwritten_either(vault: Path, table: Path) -> None:
    root = str(Path(tracemark.__file__).parents[1])
    ran = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m tracemark_cli clean - -o x.csv <x.csv"],
        cwd=table.rename(vault.parent / "x.csv").parent,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([*sys.path, root]),
            "TRACEMARK_LANG": "en",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ran.returncode, "lost" in ran.stderr) == (2, True)


def test_a_report_is_not_laid_in_the_vault(run, vault: Path, table: Path) -> None:
    run("trace", "orders.csv", "--report", "tracemark-vault/case.html").failed(2, "vault's folder")
    assert run("ledger", "show", "--kind", "case").out == ""


def test_labels_of_one_name_from_two_folders(run, vault: Path) -> None:
    for folder in ("x", "y"):
        (vault.parent / folder).mkdir()
        (vault.parent / folder / "a.png").write_bytes(b"a")
    run("mark", "label", "x", "y", "--to", "acct:1042", "-o", "z").failed(2, "two outputs")


def test_a_number_of_entries_may_be_of_any_size(run, vault: Path) -> None:
    assert run("ledger", "show", "--last", "9" * 30).status == 0
    assert run("custody", "list", "--last", "9" * 30).status == 0


def test_a_case_about_a_file_whose_name_is_no_text_is_signed(
    run, vault: Path, export: bytes
) -> None:
    pytest.importorskip("cryptography")
    name = os.fsdecode("订单.csv".encode("gbk"))
    (vault.parent / name).write_bytes(export)
    ran = run("trace", name, "--signed", "case.json", "--json")
    assert ran.status == 1
    assert ran.json["samples"][0]["path"] == r"\xb6\xa9\xb5\xa5.csv"
    assert run("verify-case", "case.json").status == 0


@pytest.mark.skipif(os.name != "posix", reason="a shell that closes streams")
@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (f"{' '.join(MARK[:2])} - {' '.join(MARK[3:])} <&-", 3, "bad file descriptor"),
        ("recipient list >&-", 3, "stdout: bad file descriptor"),
        ("recipient list --frobnicate 2>&-", 2, ""),
        ("recipient list <&- >&- 2>&-", 3, ""),
    ],
)
def test_streams_that_a_shell_has_closed(
    vault: Path, arguments: str, status: int, words: str
) -> None:
    """Never 1, which says that nobody is named; and the ledger does not take their place."""
    root = str(Path(tracemark.__file__).parents[1])
    ran = subprocess.run(
        ["sh", "-c", f"{shlex.quote(sys.executable)} -m tracemark_cli {arguments}"],
        cwd=vault.parent,
        env={**os.environ, "PYTHONPATH": root, "TRACEMARK_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == status
    assert words in ran.stderr
    assert "Traceback" not in ran.stderr and "fault in this program" not in ran.stderr
    assert left_behind(vault.parent) == set()
    with tracemark.Vault.open(vault) as opened:
        assert opened.verify_ledger().holds


# the vault


def test_no_vault(run, home: Path) -> None:
    run("key", "list").failed(3, "no vault in tracemark-vault")


def test_a_second_vault_in_the_same_place(run, vault: Path) -> None:
    run("init").failed(3, "not an empty folder")


def test_a_missing_key(run, vault: Path, table: Path) -> None:
    (vault / "keys").unlink()
    run(*MARK).failed(3, "no key")
    assert left_behind(vault.parent) == set()


def test_a_key_that_others_can_read(run, vault: Path) -> None:
    (vault / "keys").chmod(0o644)
    run("key", "list").failed(3, "can be read by others")


def test_a_wrong_key(run, vault: Path) -> None:
    (vault / "keys").write_text(f"1:{'ab' * 32}\n")
    ran = run("key", "list")
    ran.failed(3, "key")
    assert "abab" not in ran.errors


def test_a_malformed_key_is_not_printed(run, vault: Path) -> None:
    (vault / "keys").write_text("1:abcdefgh\n")
    ran = run("key", "list")
    ran.failed(3, "not a key")
    assert "abcdefgh" not in ran.errors


def test_a_vault_of_a_newer_release(run, vault: Path) -> None:
    settings = json.loads((vault / "vault.json").read_text())
    (vault / "vault.json").write_text(json.dumps({**settings, "version": 99}))
    run("key", "list").failed(3, "newer release", "99")


def test_a_damaged_vault(run, vault: Path) -> None:
    (vault / "vault.json").write_text("{")
    run("key", "list").failed(3, "vault.json", "damaged")


def test_a_ledger_that_is_none(run, vault: Path) -> None:
    for path in vault.glob("ledger.sqlite*"):
        path.unlink()
    (vault / "ledger.sqlite").write_bytes(b"not a database, but long enough to look at" * 40)
    run("key", "list").failed(3, "ledger.sqlite")


@pytest.fixture
def sealed(vault: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder where nothing can be made, not even by an administrator."""
    folder = vault.parent / "sealed"
    folder.mkdir()

    def refusing(really: Callable[..., Any]) -> Callable[..., Any]:
        def refuse(path: Any, *more: Any, **options: Any) -> Any:
            if isinstance(path, str | Path) and folder in Path(path).absolute().parents:
                raise PermissionError(13, "Permission denied", str(path))
            return really(path, *more, **options)

        return refuse

    for module in (os, io):
        monkeypatch.setattr(module, "open", refusing(module.open))
    return folder


def test_an_output_folder_that_cannot_be_written(run, sealed: Path, table: Path) -> None:
    ran = run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "sealed/copy.csv")
    ran.failed(2, "sealed/copy.csv", "ermission denied")
    assert list(sealed.iterdir()) == []


def test_a_vault_in_a_folder_that_cannot_be_written(run, sealed: Path) -> None:
    run("init", "--vault", "sealed/vault").failed(3, "sealed/vault", "ermission denied")


def test_an_output_folder_that_is_not_there(run, vault: Path, table: Path) -> None:
    ran = run("mark", "table", "orders.csv", "--to", "acct:1042", "-o", "nowhere/copy.csv")
    ran.failed(2, "nowhere/copy.csv", "o such file")
