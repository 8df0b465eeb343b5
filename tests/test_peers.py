"""The comparison with other tools: our column is measured, theirs are theirs or say they miss."""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tracemark

pytest.importorskip("cv2", reason="needs the extra 'bench'")

from benchmarks import peer_tables, peer_worker, peers
from benchmarks.channels import CHANNELS
from benchmarks.common import N, recipient
from benchmarks.peer_tools import Ours, Peer, Rows, Worker, cut_out
from examples.waybill import waybill

NONE_THERE = dict.fromkeys(peer_worker.TOOLS)


class Registering(Ours):
    """A vault that learns of a recipient when it marks for it, instead of a million before."""

    def mark_rows(self, rows: Rows, number: int) -> tuple[Rows, float]:
        self.vault.add_recipient(recipient(number))
        return super().mark_rows(rows, number)


def test_alone_we_name_ours_and_nobody_where_nobody_is(tmp_path: Path) -> None:
    with tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32))) as vault:
        vault.add_recipients(recipient(number) for number in range(300))
        done = list(peers.text_trial([Registering(vault, random.Random(1))], 11))
    wanted = {name: "nobody" if name in peers.NOT_THEIRS else "named" for name in peers.TEXT_LEAKS}
    assert {trial["channel"]: trial["outcome"] for trial in done} == wanted | {"unmarked": "nobody"}
    rows = [row for row in peer_tables.summary(done, NONE_THERE, 0) if "as copied" in row]
    assert rows[0] == "| 50 rows as copied | 1/1 | not installed | not installed |"
    lines = list(peer_tables.results(done, NONE_THERE))
    assert any(row.startswith("| zwsp-steg-py | not installed |") for row in lines)


def test_what_is_not_installed_is_no_tool(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = Worker(sys.executable)
    assert peers.tools_on(worker, NONE_THERE, "label") == []
    assert len(peers.tools_on(worker, dict.fromkeys(NONE_THERE, "1.0"), "label")) == 6
    version, _ = worker.ask("version", "zwsp-steg-py")
    assert version is None or isinstance(version, str)
    worker.close()
    assert worker.process.returncode == 0
    there = peer_worker.TOOLS["zwsp-steg-py"]
    monkeypatch.setitem(peer_worker.TOOLS, "zwsp-steg-py", there._replace(package="no-such-thing"))
    assert peer_worker.version("zwsp-steg-py") is None


class Says:
    """A worker whose tool reads the same bits everywhere."""

    def __init__(self, bits: str) -> None:
        self.bits = bits

    def ask(self, verb: str, tool: str, *arguments: Any) -> tuple[Any, float]:
        return self.bits, 0.0


@pytest.mark.parametrize("bits", (20, 32))
def test_a_payload_names_its_number_and_noise_hardly_with_check_bits(bits: int) -> None:
    label = waybill(1, size="76x130")

    def read(shown: str) -> frozenset[int]:
        peer = Peer("blind-watermark", Says(shown), bits)
        return peer.read_label(label, label.size, 0)[0]

    coded = Peer("blind-watermark", Says(""), bits)._payload
    assert [read(coded(number)) for number in (0, 777, N - 1)] == [{0}, {777}, {N - 1}]
    assert read("0" * bits) == read("1" * bits) == frozenset()
    rng = random.Random(2)
    noise = sum(bool(read(f"{rng.getrandbits(bits):0{bits}b}")) for _ in range(200))
    assert noise > 170 if bits == 20 else noise < 4  # 0.95 and 2^-12 of them are somebody's


def test_a_kept_quarter_is_put_where_it_was() -> None:
    label = waybill(3, size="76x130")
    sample = CHANNELS["quarter"](label, np.random.default_rng(4))
    whole, again = np.asarray(label.convert("L")), cut_out(sample, label.size)[:, :, 0]
    assert again.shape == whole.shape
    x, y = np.rint(-sample.info["corners"][0]).astype(int)
    w, h = sample.size
    inside = np.s_[y + 2 : y + h - 2, x + 2 : x + w - 2]
    assert np.array_equal(again[inside], whole[inside])
    outside = np.ones(whole.shape, bool)
    outside[y - 2 : y + h + 2, x - 2 : x + w + 2] = False
    assert again[outside].min() == 255


def test_a_scan_is_brought_to_the_labels_size() -> None:
    label = waybill(3, size="76x130")
    sample = CHANNELS["scan200"](label, np.random.default_rng(4))
    black = np.asarray(label.convert("L")) < 128
    again = cut_out(sample, label.size)[:, :, 0] < 128
    assert (again == black).mean() > 0.9 > (again == black[::-1]).mean()


def test_tables_stand_between_their_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"a\n{peer_tables.START}\nold\n{peer_tables.END}\nb\n", encoding="utf-8")
    peer_tables.put(page, "new")
    assert page.read_text() == f"a\n{peer_tables.START}\nnew\n{peer_tables.END}\nb\n"
    page.write_text("nothing", encoding="utf-8")
    with pytest.raises(SystemExit, match=r"page\.md has no place"):
        peer_tables.put(page, "new")
    assert page.read_text() == "nothing"
