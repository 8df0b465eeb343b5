"""The tools that `benchmarks.peers` compares, behind one face: ours, and others by a process."""

from __future__ import annotations

import os
import pickle
import random
import subprocess
import zlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import cv2
import numpy as np
from PIL import Image

import tracemark
from benchmarks.channels.base import corners_of
from benchmarks.common import N, recipient, some_candidates, timed
from benchmarks.leaks import Row

WORKER = Path(__file__).with_name("peer_worker.py")
COLUMNS = ("收货地址", "商品", "备注")  # what tracemark marks of an order; the peers too
Found = frozenset[int]
Rows = list[Row]


class Tool(Protocol):
    """Marks for a recipient's number and reads numbers, each with the processor seconds it took."""

    name: str

    def mark_label(self, label: Image.Image, number: int) -> tuple[Image.Image, float]: ...
    def read_label(
        self, sample: Image.Image, size: tuple[int, int], number: int
    ) -> tuple[Found, float]: ...
    def mark_rows(self, rows: Rows, number: int) -> tuple[Rows, float]: ...
    def read_rows(self, rows: Rows, number: int) -> tuple[Found, float]: ...


class Ours:
    """tracemark, among N registered recipients of whom a few hundred are scored."""

    name = "tracemark"

    def __init__(self, vault: tracemark.Vault, rng: random.Random) -> None:
        self.vault, self.rng = vault, rng

    def mark_label(self, label: Image.Image, number: int) -> tuple[Image.Image, float]:
        return timed(lambda: self.vault.mark_label(label, to=recipient(number)))

    def mark_rows(self, rows: Rows, number: int) -> tuple[Rows, float]:
        return timed(lambda: list(self.vault.mark_rows(rows, to=recipient(number))))

    def read_label(
        self, sample: Image.Image, size: tuple[int, int], number: int
    ) -> tuple[Found, float]:
        return self._trace(sample, number)

    def read_rows(self, rows: Rows, number: int) -> tuple[Found, float]:
        return self._trace(rows, number)

    def _trace(self, sample: Any, number: int) -> tuple[Found, float]:
        with some_candidates(recipient(number), rng=self.rng, all_of_them=False):
            case, seconds = timed(lambda: self.vault.trace(sample, ocr=False))
        named = (accusation.recipient for accusation in case.accusations)
        return frozenset(int(one.removeprefix("acct:")) for one in named), seconds


class Peer:
    """One of the others, with a payload of so many bits.

    In pictures the number goes in as one more, since a white one reads as zeros. Bits beyond the 20
    that it takes are a check sum, as a careful user would add one: none of the tools has its own.
    """

    def __init__(self, tool: str, worker: Worker, bits: int = 20) -> None:
        self.tool, self.worker, self.bits = tool, worker, bits
        self.name = tool if bits == 20 else f"{tool}, {bits} bits"

    def mark_label(self, label: Image.Image, number: int) -> tuple[Image.Image, float]:
        grey = 20 + np.asarray(label.convert("L")) * (215 / 255)  # room above white, below black
        image = np.repeat(np.rint(grey).astype(np.uint8)[:, :, None], 3, 2)
        marked, seconds = self.worker.ask("mark", self.tool, image, self._payload(number))
        out = Image.fromarray(np.ascontiguousarray(marked[:, :, ::-1]))
        out.info = dict(label.info)
        return out, seconds

    def read_label(
        self, sample: Image.Image, size: tuple[int, int], number: int
    ) -> tuple[Found, float]:
        bits, seconds = self.worker.ask("read", self.tool, cut_out(sample, size), self.bits)
        found = int(bits[-20:], 2) - 1 if bits else N
        return self._who([found] if bits == self._payload(found) else []), seconds

    def mark_rows(self, rows: Rows, number: int) -> tuple[Rows, float]:
        cells = [(i, name) for i, row in enumerate(rows) for name in COLUMNS if row[name]]
        texts = [rows[i][name] for i, name in cells]
        marked, seconds = self.worker.ask("mark", self.tool, texts, number)
        out = [dict(row) for row in rows]
        for (i, name), text in zip(cells, marked, strict=True):
            out[i][name] = text
        return out, seconds

    def read_rows(self, rows: Rows, number: int) -> tuple[Found, float]:
        texts = [text for row in rows for text in row.values()]
        found, seconds = self.worker.ask("read", self.tool, texts)
        most = Counter(one for one in found or [] if one is not None).most_common(1)
        return self._who([one for one, _ in most]), seconds

    def _payload(self, number: int) -> str:
        coded = number + 1
        check = zlib.crc32(coded.to_bytes(4, "big")) & ((1 << (self.bits - 20)) - 1)
        return f"{check << 20 | coded:0{self.bits}b}"

    def _who(self, numbers: Sequence[int]) -> Found:
        return frozenset(number for number in numbers if 0 <= number < N)


class Worker:
    """The process that runs the others' code."""

    def __init__(self, python: str) -> None:
        alone = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": ""}
        self.process = subprocess.Popen(
            [python, WORKER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=alone
        )

    def ask(self, verb: str, tool: str, *arguments: Any) -> tuple[Any, float]:
        """The answer, None where the tool gave up, and seconds."""
        assert self.process.stdin and self.process.stdout
        pickle.dump((verb, tool, arguments), self.process.stdin, protocol=4)
        self.process.stdin.flush()
        value, fault, seconds = pickle.load(self.process.stdout)
        if fault and verb == "mark":
            raise SystemExit(f"{tool} did not mark: {fault}")
        return value, seconds

    def close(self) -> None:
        self.process.communicate()


def cut_out(sample: Image.Image, size: tuple[int, int]) -> np.ndarray:
    """The label at its true corners and size, (h, w, 3) uint8, blue first; the rest white."""
    image = np.ascontiguousarray(np.asarray(sample.convert("RGB"))[:, :, ::-1])
    w, h = size
    goal = np.array([[0, 0], [w, 0], [w, h], [0, h]], np.float64)
    corners = corners_of(sample)
    if image.shape[:2] == (h, w) and np.allclose(corners, goal):
        return image
    finer = np.sqrt(w * h / cv2.contourArea(corners.astype(np.float32)))
    if finer < 0.99:
        before = image.shape[1::-1]
        image = cv2.resize(image, None, fx=finer, fy=finer, interpolation=cv2.INTER_AREA)
        corners = corners * np.array(image.shape[1::-1]) / np.array(before)
    matrix = cv2.getPerspectiveTransform(
        (corners - 0.5).astype(np.float32), (goal - 0.5).astype(np.float32)
    )
    return cv2.warpPerspective(
        image, matrix, (w, h), flags=cv2.INTER_CUBIC, borderValue=(255, 255, 255)
    )
