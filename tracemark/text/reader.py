"""Reading the slots of leaked text, for every epoch in one pass. SPEC 5.4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

import numpy as np
from numpy.typing import NDArray

from tracemark.model import Reading
from tracemark.profiles import Profile
from tracemark.text.fold import strip_symbols
from tracemark.text.matching import Originals, Row
from tracemark.text.parse import anchor, parse
from tracemark.text.roles import MARKED
from tracemark.text.rules import LAYERS, Rules, rules
from tracemark.text.sampling import Sampler
from tracemark.text.scan import Finds, Scanner, gathered, together
from tracemark.text.siphash import siphashes
from tracemark.text.slots import CHIPS, LANES, CellHash, as_chips

_U64 = NDArray[np.uint64]


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
    rows : (n,) int64
        Number of the row in which it stood.
    """

    reading: Reading
    anchors: _U64
    families: _U64
    forms: _U64
    rows: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.anchors)

    def where(self, chosen: NDArray[np.bool_]) -> Anchored:
        """Some of the rows; `chosen` is (n,) bool."""
        reading = self.reading
        return Anchored(
            Reading(
                reading.carrier,
                reading.slots[chosen],
                reading.positions[chosen],
                reading.chips[chosen],
            ),
            self.anchors[chosen],
            self.families[chosen],
            self.forms[chosen],
            self.rows[chosen],
        )

    def among(self, issued: _U64) -> Anchored:
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
        return self.where(kept)

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
    """What was read under one epoch's key.

    Attributes
    ----------
    layers : sequence of Anchored
        One entry for each layer of which anything was read.
    telling : (n,) uint64
        The families that stand in addresses only, as in `Anchored.families`, sorted.
    own : (n,) int64
        Rows that hold a phone or waybill number of the table they are read beside.
    """

    layers: Sequence[Anchored]
    telling: _U64
    own: NDArray[np.int64]

    @property
    def readings(self) -> list[Reading]:
        """The readings of all layers."""
        return [layer.reading for layer in self.layers]

    def among(self, issued: _U64) -> CellReadings:
        """See `Anchored.among`."""
        return CellReadings([layer.among(issued) for layer in self.layers], self.telling, self.own)

    def vouched(self) -> CellReadings:
        """The readings of rows that an address or a number tells from others'. SPEC 6.1.

        Many rows share an item or a remark, few an address. If no row is told by either, all are
        kept.
        """
        rows = [layer.rows[np.isin(layer.families, self.telling)] for layer in self.layers]
        told = np.unique(np.concatenate([self.own, *rows]))
        if not len(told):
            return self
        layers = [layer.where(np.isin(layer.rows, told)) for layer in self.layers]
        return CellReadings(layers, self.telling, self.own)

    @property
    def anchors(self) -> NDArray[np.uint64]:
        """All anchor ids met, (n,) uint64, sorted, each once."""
        met = [layer.anchors for layer in self.layers]
        ordered = np.sort(np.concatenate([np.empty(0, np.uint64), *met]))
        return ordered[np.flatnonzero(np.diff(ordered, prepend=~ordered[:1]))]


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
        using = using or rules()
        self._profile = profile
        self._hashes = [CellHash(key) for key in slot_keys]
        families = [f for f in using.families.values() if f.allowed(numerals=numerals)]
        self._families = {
            role: frozenset(f for f in families if role is None or role in f.roles)
            for role in (None, *MARKED)
        }
        self._scanner = Scanner(using, self._families[None])
        self._fine = np.array([f.id for f in using.families.values() if f.fine], np.uint64)
        self._heads = np.array([f.id for f in using.families.values() if f.head], np.uint64)
        self._telling = np.array(
            sorted(
                2 * f.id + second
                for f in families
                if "address" in f.roles and "remark" not in f.roles
                for second in (0, 1)
            ),
            np.uint64,
        )
        self._originals: Originals | None = None
        self._found: list[Finds] = []
        self._own: list[NDArray[np.int64]] = []
        self._fresh, self._sampler = 0, Sampler()

    def beside(self, rows: Iterable[Row]) -> list[_U64]:
        """From now on, read damaged cells beside the table they came from. SPEC 6.10.

        Parameters
        ----------
        rows : iterable of (headers, values)
            The table, marked or not: only what no marking changes is used.

        Returns
        -------
        list of (n,) uint64
            For each key the anchor ids of the table's cells, sorted.
        """
        self._originals = Originals(rows, self._scanner.rules, self._families)
        contents = self._originals.contents
        return [
            np.unique(hashed.many(contents)["identity"].astype(np.uint64))
            for hashed in self._hashes
        ]

    def anchors(self, texts: Iterable[str]) -> list[_U64]:
        """For each key the anchor ids of some cells, marked or not, (n,) uint64, sorted."""
        parsed = (parse(strip_symbols(text), self._scanner.rules) for text in texts)
        contents = sorted({anchor(one).encode() for one in parsed} - {b""})
        return [
            np.unique(hashed.many(contents)["identity"].astype(np.uint64))
            for hashed in self._hashes
        ]

    def __len__(self) -> int:
        """Cells read since `take` or `thin`."""
        return self._fresh

    def read(self, text: str, role: str | None = None) -> None:
        """Read one cell: all layers, whatever the policy was.

        Parameters
        ----------
        text : str
        role : str, optional
            The role it was marked in, if that is known: families of other roles are passed over,
            and so is a cell of a role that is never marked.
        """
        if role in self._families and (found := self._scanner.one(text, 0, self._families[role])):
            self._found.append(gathered([found]))

    def read_rows(
        self, rows: Sequence[Sequence[str]], numbers: NDArray[np.int64] | None = None
    ) -> None:
        """Read rows of cells.

        Parameters
        ----------
        rows : sequence of sequences of str
        numbers : (rows,) int64, optional
            Their numbers, for what is said about rows later; from 1 unless given.
        """
        numbers = np.arange(1, len(rows) + 1) if numbers is None else numbers
        texts = list(chain.from_iterable(rows))
        of_row = np.repeat(numbers, [len(row) for row in rows])
        found = self._scanner.scan(texts)
        if self._originals is not None:
            found = self._originals.beside(texts, of_row, found)
            self._own.append(numbers[self._originals.own(rows)])
        self._found.append(found.of_rows(of_row))
        self._fresh += len(found)

    def forget(self, numbers: NDArray[np.int64]) -> None:
        """Take back the cells of some rows, by their numbers, (n,)."""
        if len(numbers):
            self._found = [one.where(~np.isin(one.origins, numbers)) for one in self._found]

    def thin(self, expected: Callable[[int, _U64], NDArray[np.bool_]]) -> None:
        """Keep memory within bounds: of very many cells, keep a keyed sample. SPEC 6.1.

        Parameters
        ----------
        expected : callable
            From the index of a key and anchor ids under it, (n,) uint64, to which of them are
            expected, (n,) bool: issued, or of the table. They are sampled apart from the others.
        """
        found = together([gathered(()), *self._found])
        ours, anchors = np.zeros(len(found), bool), np.empty(0, np.uint64)
        for index, hashed in enumerate(self._hashes):
            anchors = hashed.many(found.contents.tolist())["identity"].astype(np.uint64)
            ours |= expected(index, anchors)
        self._found = [self._sampler.sample(found, anchors, ours)]
        self._fresh = 0

    def take(self) -> list[CellReadings]:
        """What was read since the last call, one entry for each key, in their order."""
        found, self._found = together([gathered(()), *self._found]), []
        self._fresh, self._sampler = 0, Sampler()
        own, self._own = np.concatenate([np.empty(0, np.int64), *self._own]), []
        return [self._readings(found, own, keyed) for keyed in self._hashes]

    def _readings(self, found: Finds, own: NDArray[np.int64], keyed: CellHash) -> CellReadings:
        keys, heads = keyed.with_roads(found.contents.tolist(), found.roads.tolist())
        halves = keys["k0"].astype(np.uint64), keys["k1"].astype(np.uint64)
        keys = keys[: len(found)]
        anchors = keys["identity"].astype(np.uint64)
        layers = [
            self._visible(layer, found, halves, heads, anchors, found.layers == index)
            for index, layer in enumerate(LAYERS)
        ]
        some = found.present > 0
        layers += self._invisible(
            anchors[some],
            keys["start"][some].astype(np.uint64),
            keys["masks"][some].astype(np.uint64),
            found.present[some],
            found.symbols[some],
            found.origins[some],
        )
        return CellReadings([layer for layer in layers if len(layer)], self._telling, own)

    def _visible(
        self,
        layer: str,
        found: Finds,
        halves: tuple[_U64, _U64],
        heads: NDArray[np.int64],
        anchors: _U64,
        chosen: NDArray[np.bool_],
    ) -> Anchored:
        # SPEC 5.4: the lowest bit of a slot is its mask, the others are its position
        shown = found.forms[chosen].astype(np.uint64)
        of, numbers, forms = as_chips(found.numbers[chosen], shown, self._fine)
        cells = found.cells[chosen][of]
        leads = np.isin(numbers >> np.uint64(32), self._heads)
        owners = np.where(leads, heads[cells], cells)
        slots = siphashes(halves[0][owners], halves[1][owners], numbers)
        positions = (slots >> np.uint64(1)) % np.uint64(self._profile.length)
        reading = _reading(layer, slots, positions, forms ^ (slots & np.uint64(1)))
        families = numbers >> np.uint64(31)
        return Anchored(reading, anchors[cells], families, forms, found.origins[cells])

    def _invisible(
        self,
        anchors: _U64,
        starts: _U64,
        masks: _U64,
        present: _U64,
        symbols: _U64,
        origins: NDArray[np.int64],
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
        anchors, origins = anchors[cells], origins[cells]

        def layer(name: str, rows: NDArray[np.bool_], positions: _U64, bits: _U64) -> Anchored:
            reading = _reading(name, slots[rows], positions[rows], bits[rows])
            return Anchored(reading, anchors[rows], nothing[rows], nothing[rows], origins[rows])

        return [
            layer("check", check, nothing, one - bits),
            layer("invisible", ~check, positions, bits),
        ]


def _reading(carrier: str, slots: _U64, positions: _U64, bits: _U64) -> Reading:
    return Reading(carrier, slots, positions.astype(np.int64), 2 * bits.astype(np.float64) - 1)
