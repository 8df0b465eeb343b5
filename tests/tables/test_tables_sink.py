"""Output appears whole or not at all."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tracemark.errors import UsageError
from tracemark.tables.sink import open_output


def test_the_file_appears_when_the_block_ends(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    with open_output(path) as file:
        file.write(b"marked")
        assert not path.exists()
    assert path.read_bytes() == b"marked"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    path.write_bytes(b"old")
    with pytest.raises(ZeroDivisionError), open_output(path) as file:
        file.write(b"half")
        raise ZeroDivisionError
    assert path.read_bytes() == b"old"
    assert [p.name for p in tmp_path.iterdir()] == ["out.csv"]


def test_the_input_can_be_the_output(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"one\n" * 100_000)
    with path.open("rb") as source, open_output(path) as file:
        for line in source:
            file.write(line.upper())
    assert path.read_bytes() == b"ONE\n" * 100_000


@pytest.mark.skipif(os.name != "posix", reason="permissions are POSIX's")
def test_permissions_are_kept_or_copied(tmp_path: Path) -> None:
    existing, model = tmp_path / "existing", tmp_path / "model"
    existing.touch(mode=0o640)
    existing.chmod(0o640)
    model.touch()
    model.chmod(0o600)
    for path, expected in ((existing, 0o640), (tmp_path / "new", 0o600)):
        with open_output(path, like=model) as file:
            file.write(b"x")
        assert stat.S_IMODE(path.stat().st_mode) == expected


@pytest.mark.skipif(os.name != "posix", reason="links are POSIX's")
def test_a_link_keeps_pointing_at_the_file_that_is_replaced(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    target, link = tmp_path / "real" / "a.csv", tmp_path / "link.csv"
    target.write_bytes(b"old")
    link.symlink_to(target)
    with open_output(link) as file:
        file.write(b"new")
    assert link.is_symlink()
    assert target.read_bytes() == b"new"


def test_a_folder_that_is_not_there_and_one_in_the_way_are_named(tmp_path: Path) -> None:
    for path in (tmp_path / "no" / "out.csv", tmp_path):
        with pytest.raises(UsageError, match=r"cannot write .*: ") as caught, open_output(path):
            pass
        assert str(path) in str(caught.value)
        assert caught.value.hint
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_device_is_written_directly_and_its_refusal_named() -> None:
    with (
        pytest.raises(UsageError, match="cannot write /dev/full: No space"),
        open_output("/dev/full") as file,
    ):
        file.write(b"x")


@pytest.mark.skipif(os.name != "posix", reason="limits are POSIX's")
def test_a_disk_that_is_full_is_named_and_nothing_is_left(tmp_path: Path) -> None:
    code = (
        "import resource, sys\n"
        "from tracemark.errors import UsageError\n"
        "from tracemark.tables.sink import open_output\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, 10_000))\n"
        "try:\n"
        "    with open_output(sys.argv[1]) as file:\n"
        "        for _ in range(100): file.write(b'x' * 1000)\n"
        "except UsageError as fault: print(fault)\n"
    )
    path = tmp_path / "out.csv"
    done = subprocess.run(
        [sys.executable, "-c", code, path], capture_output=True, check=True, text=True
    )
    assert done.stdout == f"cannot write {path}: File too large\n"
    assert not list(tmp_path.iterdir())


def test_what_fails_elsewhere_is_not_blamed_on_the_output(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError), open_output(tmp_path / "out.csv"):
        (tmp_path / "missing").read_bytes()
    assert not list(tmp_path.iterdir())


def test_a_hyphen_is_standard_output() -> None:
    code = (
        "from tracemark.tables.sink import open_output\n"
        "with open_output('-') as file: file.write(b'\\xd2\\xbb\\n')"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True)
    assert done.stdout == b"\xd2\xbb\n"


def test_a_name_as_long_as_names_can_be_is_written(tmp_path: Path) -> None:
    path = tmp_path / ("名" * 80 + ".csv")
    with open_output(path) as file:
        file.write(b"x")
    assert path.read_bytes() == b"x"
