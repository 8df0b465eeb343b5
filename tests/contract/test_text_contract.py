"""The text carriers keep the carrier contract, under each policy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tracemark.keys import EpochKey
from tracemark.text import CellMarker, CellReader, clean, find_role
from tracemark_cli.sample_orders import orders

from .carrier import PROFILE, CarrierContract

ROWS = list(orders(400, seed=11))
CELLS = [
    (cell, role)
    for row in ROWS
    for header, cell in row.items()
    if (role := find_role(header, cell)) in ("address", "item", "remark", "text")
]


class TextContract(CarrierContract):
    """A host is a cell and its role."""

    hosts = CELLS
    policy = "full"
    layers: tuple[str, ...] = ("invisible", "typography", "wording")

    def embed(
        self, host: tuple[str, str], codeword: NDArray[np.uint8], key: EpochKey
    ) -> tuple[str, str]:
        text, role = host
        marker = CellMarker(key.derive("slots/text"), codeword, PROFILE, self.policy)
        return marker.mark(text, role)[0], role

    def read(
        self, copy: tuple[str, str], key: EpochKey
    ) -> tuple[NDArray[np.uint64], NDArray[np.int64], NDArray[np.float64]]:
        reader = CellReader([key.derive("slots/text")], PROFILE)
        reader.read(*copy)
        [found] = reader.take()
        readings = [layer.reading for layer in found.layers if layer.reading.carrier in self.layers]
        if not readings:
            return np.empty(0, np.uint64), np.empty(0, np.int64), np.empty(0)
        return (
            np.concatenate([r.slots for r in readings]),
            np.concatenate([r.positions for r in readings]),
            np.concatenate([r.chips for r in readings]),
        )

    def clean(self, copy: tuple[str, str]) -> str:
        return clean(copy[0])


class TestFull(TextContract):
    """All layers."""


class TestPlain(TextContract):
    """Nothing invisible."""

    policy = "plain"
    layers = ("typography", "wording")


class TestInvisible(TextContract):
    """The invisible layer alone. What is unmarked has no symbols, so there is nothing to read."""

    policy = "quiet"
    layers = ("invisible",)

    def test_unmarked_reads_as_fair_coins(self) -> None:
        """Hosts without a mark have no invisible symbol."""
        assert all(len(self.read(host, EpochKey(1, bytes(32)))[0]) == 0 for host in self.hosts)
