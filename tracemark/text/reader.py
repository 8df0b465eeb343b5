"""Reading the slots of leaked text, for every epoch in one pass. SPEC 5.4."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tracemark.model import Reading
from tracemark.profiles import Profile
from tracemark.text.fold import split_symbols
from tracemark.text.invisible import lanes
from tracemark.text.parse import LEAST_ANCHOR, anchor, is_code, parse, writable
from tracemark.text.roles import MARKED
from tracemark.text.rules import LAYERS, Rules, rules
from tracemark.text.siphash import siphashes
from tracemark.text.slots import CHIPS, LANES, CellHash, as_chips

_U64 = NDArray[np.uint64]


_REMEMBERED = 1 << 16
LEAST_JUDGED = 6  # slots of a family before it can be called flattened
LEAST_VARIED = 0.1  # share of the rarer form; marking makes it about one half


@dataclass(frozen=True, slots=True)
class Anchored:
    """A reading, and where each of its rows comes from.

    Attributes
    ----------
    reading : Reading
    anchors : (n,) uint64
        Anchor id of the cell.
    families : (n,) uint64
        Twice the id of the family, and 1 for the second chip of its slots; 0 in the invisible
        layer.
    forms : (n,) uint64
        The chip that stood there, 0 or 1, still masked.
    """

    reading: Reading
    anchors: _U64
    families: _U64
    forms: _U64

    def among(self, issued: _U64) -> Reading:
        """The rows that can speak for a copy of ours. SPEC 6.1.

        They come from cells whose anchor id is in `issued`, a sorted (m,) uint64 array, and from
        families that were not flattened: software that standardises addresses leaves one form of a
        family, while marking leaves both about equally often. No codeword is looked at.
        """
        kept = np.zeros(len(self.anchors), bool)
        if len(issued):
            places = np.searchsorted(issued, self.anchors).clip(max=len(issued) - 1)
            kept = issued[places] == self.anchors
            kept[kept] = ~self._flattened(kept)
        reading = self.reading
        return Reading(
            reading.carrier, reading.slots[kept], reading.positions[kept], reading.chips[kept]
        )

    def _flattened(self, kept: NDArray[np.bool_]) -> NDArray[np.bool_]:
        families, forms = self.families[kept].astype(np.int64), self.forms[kept]
        _, once = np.unique(self.reading.slots[kept], return_index=True)
        counts = np.bincount(families[once], minlength=1)
        ones = np.bincount(families[once], forms[once].astype(np.float64), minlength=1)
        rarer = np.minimum(ones, counts - ones)
        flat = (counts >= LEAST_JUDGED) & (rarer < LEAST_VARIED * counts)
        flat[0] = False  # the invisible layer has no families
        flattened: NDArray[np.bool_] = flat[families]
        return flattened


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
        # layer -> anchor id, the two halves of its key, number of the slot, form found
        self.visible = {layer: tuple(array("Q") for _ in range(5)) for layer in LAYERS}
        # anchor id, start, masks, symbols that were there, symbols
        self.invisible = array("Q"), array("Q"), array("Q"), array("Q"), array("Q")


class CellReader:
    """Reads cells under the keys of all epochs at once.

    Parameters
    ----------
    slot_keys : sequence of bytes
        The epochs' subkeys for text slots.
    profile : Profile
    numerals : bool
        Whether copies were marked with numerals allowed.
    using : Rules, optional
        The rules the copies were marked with; the built-in ones unless given.
    """

    def __init__(
        self,
        slot_keys: Sequence[bytes],
        profile: Profile,
        *,
        numerals: bool = False,
        using: Rules | None = None,
    ) -> None:
        self._rules = using or rules()
        self._profile = profile
        self._keys = tuple(slot_keys)
        self._columns = [_Column(key) for key in self._keys]
        self._seen: set[str] = set()
        self._fine = np.array([f.id for f in self._rules.families.values() if f.fine], np.uint64)
        families = [f for f in self._rules.families.values() if f.allowed(numerals=numerals)]
        self._families = {
            role: frozenset(f for f in families if role is None or role in f.roles)
            for role in (None, *MARKED)
        }

    def read(self, text: str, role: str | None = None) -> None:
        """Read one cell: all layers, whatever the policy was.

        A text that was read lately is passed over: it would give the same slots again.

        Parameters
        ----------
        text : str
        role : str, optional
            The role it was marked in, if that is known: families of other roles are passed over,
            and so is a cell of a role that is never marked.
        """
        if len(text) < LEAST_ANCHOR or role not in self._families or text in self._seen:
            return
        if len(self._seen) == _REMEMBERED:
            self._seen.clear()
        self._seen.add(text)
        if is_code(text):
            return
        bare, runs = split_symbols(text)
        parsed = parse(bare, self._rules)
        present, symbols = lanes(parsed, runs) if runs else (0, 0)
        if not (present or parsed.slots):
            return
        content = anchor(parsed)
        if not content:
            return
        known = self._families[role]
        shown = [
            (slot[0].layer, slot[1], slot[0].classes[slot[4]])
            for slot in parsed.slots
            if slot[0] in known and (parsed.places is None or writable(parsed, slot))
        ]
        for column in self._columns:
            identity, start, masks, k0, k1 = column.hash(content)
            for layer, number, form in shown:
                _note(column.visible[layer], identity, k0, k1, number, form)
            if present:
                _note(column.invisible, identity, start, masks, present, symbols)

    def take(self) -> list[CellReadings]:
        """What was read since the last call, one entry for each key, in their order."""
        columns, self._columns = self._columns, [_Column(key) for key in self._keys]
        self._seen.clear()
        return [self._readings(column) for column in columns]

    def _readings(self, column: _Column) -> CellReadings:
        layers = [
            self._visible(layer, *map(_numbers, arrays)) for layer, arrays in column.visible.items()
        ]
        layers += self._invisible(*map(_numbers, column.invisible))
        return CellReadings([layer for layer in layers if len(layer.anchors)])

    def _visible(
        self, layer: str, anchors: _U64, k0: _U64, k1: _U64, numbers: _U64, forms: _U64
    ) -> Anchored:
        of, numbers, forms = as_chips(numbers, forms, self._fine)
        anchors, k0, k1 = anchors[of], k0[of], k1[of]
        # SPEC 5.4: the lowest bit of a slot is its mask, the others are its position
        slots, families = siphashes(k0, k1, numbers), numbers >> np.uint64(31)
        positions = (slots >> np.uint64(1)) % np.uint64(self._profile.length)
        bits = forms ^ (slots & np.uint64(1))
        return Anchored(_reading(layer, slots, positions, bits), anchors, families, forms)

    def _invisible(
        self, anchors: _U64, starts: _U64, masks: _U64, present: _U64, symbols: _U64
    ) -> list[Anchored]:
        # SPEC 5.5: symbol i holds chips 3i, 3i + 1 and 3i + 2 of the cell, the first one highest
        one = np.uint64(1)
        order = np.arange(LANES - 1, -1, -1).astype(np.uint64)
        cells, lane = np.nonzero(present[:, None] >> order & one)
        chips = (3 * np.repeat(lane, 3) + np.tile(np.arange(3), len(lane))).astype(np.uint64)
        cells = np.repeat(cells, 3)
        uniform = np.uint64(self._profile.uniform)
        positions = np.uint64(self._profile.biased) + (starts[cells] + chips) % uniform
        shown = symbols[cells] >> (np.uint64(CHIPS - 1) - chips)
        bits = (shown ^ masks[cells] >> (np.uint64(63) - chips)) & one
        slots = anchors[cells] << np.uint64(6) | chips
        # SPEC 5.5: lane 0 shows its mask alone; it names no position and is a layer of its own
        check = np.repeat(lane, 3) == 0
        nothing = np.zeros(len(slots), np.uint64)
        anchors = anchors[cells]

        def layer(name: str, rows: NDArray[np.bool_], positions: _U64, bits: _U64) -> Anchored:
            reading = _reading(name, slots[rows], positions[rows], bits[rows])
            return Anchored(reading, anchors[rows], nothing[rows], nothing[rows])

        return [
            layer("check", check, nothing, one - bits),
            layer("invisible", ~check, positions, bits),
        ]


def _note(columns: tuple[array[int], ...], *values: int) -> None:
    for column, value in zip(columns, values, strict=True):
        column.append(value)


def _reading(carrier: str, slots: _U64, positions: _U64, bits: _U64) -> Reading:
    return Reading(carrier, slots, positions.astype(np.int64), 2 * bits.astype(np.float64) - 1)


def _numbers(values: array[int]) -> _U64:
    return np.array(values, np.uint64)
