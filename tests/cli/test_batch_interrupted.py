"""Ctrl-C amid a batch of labels: nothing half-written, nobody left at work, nothing unrecorded."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest
from PIL import Image

import tracemark
from tests.label import hosts

LABELS = 12
WHO = "station:7"

pytestmark = pytest.mark.skipif(os.name != "posix", reason="signals of a process group")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    for number in range(LABELS):
        hosts.label(number).save(tmp_path / "in" / f"SF12345678{number:02}.png")
    with tracemark.Vault.create(tmp_path / "vault") as vault:
        vault.add_recipient(WHO)
    return tmp_path


def start(folder: Path) -> subprocess.Popen[str]:
    """The command as a shell starts it: with a process group of its own."""
    said = [sys.executable, "-m", "tracemark_cli", "mark", "label", "in", "-o", "out"]
    said += ["--to", WHO, "--waybill", "stem", "--jobs", "2", "--vault", "vault"]
    root = str(Path(tracemark.__file__).parents[1])
    return subprocess.Popen(
        said,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": root, "TRACEMARK_LANG": "en"},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def written(folder: Path) -> list[Path]:
    return sorted((folder / "out").glob("*.png"))


def wait_for(done: int, folder: Path, process: subprocess.Popen[str]) -> None:
    while len(written(folder)) < done:
        assert process.poll() is None, "it ended before"
        time.sleep(0.01)


def is_over(group: int) -> bool:
    """Whether no process of a group is left, a moment later at most."""
    for _ in range(500):
        with suppress(ProcessLookupError):
            os.killpg(group, 0)
            time.sleep(0.01)
            continue
        return True
    return False


def recorded(folder: Path) -> set[str]:
    with tracemark.Vault.open(folder / "vault") as vault:
        assert vault.verify_ledger().faults == ()
        numbers = [path.stem for path in sorted((folder / "in").iterdir())]
        return {number for number in numbers if list(vault.custody_of(number))}


def test_an_interrupted_batch_is_whole_as_far_as_it_went(folder: Path) -> None:
    """As a terminal does it, Ctrl-C goes to every process of the command."""
    process = start(folder)
    wait_for(2, folder, process)
    os.killpg(process.pid, signal.SIGINT)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "Traceback" not in told
    assert is_over(process.pid)
    found = written(folder)
    assert 2 <= len(found) < LABELS
    assert found == sorted((folder / "out").iterdir())  # nothing temporary
    for path in found:
        with Image.open(path) as picture:
            picture.load()
    assert {path.stem for path in found} <= recorded(folder)
    first = {path: path.read_bytes() for path in found}
    again = start(folder)
    _, told = again.communicate(timeout=120)
    assert again.returncode == 0, told
    assert len(written(folder)) == LABELS == len(recorded(folder))
    assert {path: path.read_bytes() for path in found} == first


def test_workers_end_with_the_process_that_started_them(folder: Path) -> None:
    process = start(folder)
    wait_for(1, folder, process)
    process.kill()
    process.communicate(timeout=60)  # ends when nobody holds its output any more
    assert is_over(process.pid)
    assert {path.stem for path in written(folder)} <= recorded(folder)
