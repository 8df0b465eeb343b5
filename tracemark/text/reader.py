"""Reading the slots of leaked text, for every epoch in one pass. SPEC 5.4."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.model import Reading
from tracemark.profiles import Profile
from tracemark.text.fold import strip_symbols
from tracemark.text.invisible import lanes
from tracemark.text.marker import LEAST_ANCHOR
from tracemark.text.parse import parse
from tracemark.text.roles import MARKED
from tracemark.text.rules import LAYERS, Rules, rules
from tracemark.text.slots import PRIME, CellHash

_U64 = NDArray[np.uint64]


@dataclass(frozen=True, slots=True)
class Anchored:
    """A reading, and the anchor id of the cell each of its rows comes from.

    Attributes
    ----------
    reading : Reading
    anchors : (n,) uint64
    """

    reading: Reading
    anchors: NDArray[np.uint64]

    def among(self, issued: NDArray[np.uint64]) -> Reading:
        """The rows from cells whose anchor id is in `issued`, a sorted (m,) uint64 array."""
        if not len(issued):
            kept = np.zeros(len(self.anchors), bool)
        else:
            places = np.searchsorted(issued, self.anchors).clip(max=len(issued) - 1)
            kept = issued[places] == self.anchors
        reading = self.reading
        return Reading(
            reading.carrier, reading.slots[kept], reading.positions[kept], reading.chips[kept]
        )


@dataclass(frozen=True, slots=True)
class CellReadings:
    """What was read under one epoch's key: one entry for each layer of which anything was."""

    layers: Sequence[Anchored]

    @property
    def anchors(self) -> NDArray[np.uint64]:
        """All anchor ids met, (n,) uint64, sorted, each once."""
        met = [layer.anchors for layer in self.layers]
        return np.unique(np.concatenate(met)) if met else np.empty(0, np.uint64)


class _Column:
    """The readings of one epoch, as they come in."""

    def __init__(self, slot_key: bytes) -> None:
        self.hash = CellHash(slot_key)
        # layer -> anchor id, slot (with its mask in the lowest bit), form found
        self.visible = {layer: (array("Q"), array("Q"), array("b")) for layer in LAYERS}
        # anchor id, start, masks, lane, value
        self.invisible = array("Q"), array("Q"), array("Q"), array("b"), array("b")


class CellReader:
    """Reads cells under the keys of all epochs at once.

    Parameters
    ----------
    slot_keys : sequence of bytes
        The epochs' subkeys for text slots.
    profile : Profile
    using : Rules, optional
        The rules the copies were marked with; the built-in ones unless given.
    """

    def __init__(
        self, slot_keys: Sequence[bytes], profile: Profile, using: Rules | None = None
    ) -> None:
        self._rules = using or rules()
        self._profile = profile
        self._keys = tuple(slot_keys)
        self._columns = [_Column(key) for key in self._keys]

    def read(self, text: str, role: str | None = None) -> None:
        """Read one cell: all layers and families, whatever the policy was.

        Parameters
        ----------
        text : str
        role : str, optional
            Cells of a role that is never marked are skipped.
        """
        if len(text) < LEAST_ANCHOR or (role is not None and role not in MARKED):
            return
        parsed = parse(strip_symbols(text), self._rules)
        found = lanes(text, parsed) if len(text) != len(parsed.text) else []
        if not (found or parsed.slots) or len(parsed.anchor) < LEAST_ANCHOR:
            return
        for column in self._columns:
            anchor, start, masks, a, b = column.hash(parsed.anchor)
            for family, offset, begin, _, spelling, _ in parsed.slots:
                if begin >= 0:
                    anchors, slots, forms = column.visible[family.layer]
                    anchors.append(anchor)
                    slots.append((a * (family.id << 32 | offset) + b) % PRIME)
                    forms.append(family.classes[spelling])
            for row in found:
                for values, value in zip(
                    column.invisible, (anchor, start, masks, *row), strict=True
                ):
                    values.append(value)

    def take(self) -> list[CellReadings]:
        """What was read since the last call, one entry for each key, in their order."""
        columns, self._columns = self._columns, [_Column(key) for key in self._keys]
        return [self._readings(column) for column in columns]

    def _readings(self, column: _Column) -> CellReadings:
        layers = [
            self._visible(layer, *map(_numbers, arrays)) for layer, arrays in column.visible.items()
        ]
        layers.append(self._invisible(*map(_numbers, column.invisible)))
        return CellReadings([layer for layer in layers if len(layer.anchors)])

    def _visible(self, layer: str, anchors: _U64, slots: _U64, forms: _U64) -> Anchored:
        # SPEC 5.4: the lowest bit of a slot is its mask, the others are its position
        positions = (slots >> 1) % self._profile.biased
        bits = forms ^ (slots & 1)
        return Anchored(_reading(layer, slots, positions, bits), anchors)

    def _invisible(
        self, anchors: _U64, starts: _U64, masks: _U64, lane: _U64, values: _U64
    ) -> Anchored:
        # SPEC 5.5: symbol i holds chips 3i, 3i + 1 and 3i + 2 of the cell, the first one highest
        turn = np.arange(3, dtype=np.uint64)
        chips = 3 * lane[:, None] + turn
        positions = self._profile.biased + (starts[:, None] + chips) % self._profile.uniform
        bits = (values[:, None] >> (2 - turn) ^ masks[:, None] >> (63 - chips)) & 1
        slots = anchors[:, None] << 6 | chips
        return Anchored(
            _reading("invisible", slots.ravel(), positions.ravel(), bits.ravel()),
            np.repeat(anchors, 3),
        )


def _reading(carrier: str, slots: _U64, positions: _U64, bits: _U64) -> Reading:
    return Reading(carrier, slots, positions.astype(np.int64), 2.0 * bits - 1.0)


def _numbers(values: array[int]) -> _U64:
    return np.array(values, np.uint64)
