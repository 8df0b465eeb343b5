"""Many label files at once: the same bytes, the same ledger, whoever marks them."""

from __future__ import annotations

import pickle
from contextlib import closing
from pathlib import Path

import pytest

import tracemark
from tests.label import hosts

RULES = b"".join(
    b"^FO40,%d^GB700,3,3^FS^FO%d,40^GB3,1100,3^FS" % (90 * line, 80 * line) for line in range(1, 13)
)


@pytest.fixture
def vault(tmp_path: Path) -> tracemark.Vault:
    opened = tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32)))
    opened.add_recipient("station:7")
    return opened


@pytest.fixture
def files(tmp_path: Path) -> list[tracemark.LabelFile]:
    picture, stream = tmp_path / "one.png", tmp_path / "two.zpl"
    hosts.label(3).save(picture)
    stream.write_bytes(b"^XA^PW800^LL1200" + RULES + b"^XZ" + b"^XA" + RULES + b"^XZ")
    return [tracemark.LabelFile(picture, "SF1234567890"), tracemark.LabelFile(stream)]


def test_workers_give_the_same_bytes_and_entries(
    vault: tracemark.Vault, files: list[tracemark.LabelFile]
) -> None:
    alone = list(vault.mark_label_files(files, "station:7"))
    before = [entry.body for entry in vault.ledger_entries("issue")]
    apart = list(vault.mark_label_files(files, "station:7", workers=2))
    assert apart == alone and [one.labels for one in apart] == [1, 2]
    after = [entry.body for entry in vault.ledger_entries("issue")]
    assert len(before) == 3 and after[3:] == before


def test_what_a_worker_refuses_is_said_here_and_ends_the_batch(
    vault: tracemark.Vault, files: list[tracemark.LabelFile], tmp_path: Path
) -> None:
    poor = tmp_path / "poor.zpl"
    poor.write_bytes(b"^XA^FO20,20^A0N,40,40^FDWords^FS^XZ")
    listed = [files[0], tracemark.LabelFile(poor, name="poor"), files[1]]
    with closing(vault.mark_label_files(listed, "station:7", workers=2)) as marked:
        assert next(marked).path == files[0].path
        with pytest.raises(tracemark.HostTooSmall, match="on poor") as raised:
            next(marked)
    assert raised.value.needed == 64 and "--rendered" in raised.value.hint
    assert len(list(vault.ledger_entries("issue"))) == 1


def test_nobody_unknown_gets_a_worker(
    vault: tracemark.Vault, files: list[tracemark.LabelFile]
) -> None:
    with pytest.raises(tracemark.UnknownRecipient):
        next(vault.mark_label_files(files, "station:8", workers=2))


@pytest.mark.parametrize(
    "error",
    [
        tracemark.HostTooSmall(needed=64, found=3, what="chips", hint="more"),
        tracemark.MissingExtra("pdf", "a PDF"),
        tracemark.UsageError("wrong", hint="right"),
    ],
)
def test_errors_cross_processes_whole(error: tracemark.TracemarkError) -> None:
    again = pickle.loads(pickle.dumps(error))
    assert type(again) is type(error) and str(again) == str(error)
    assert vars(again) == vars(error)
