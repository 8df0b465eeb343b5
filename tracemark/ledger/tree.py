"""The ledger as a tree: its leaves, computed again from the entries. SPEC 9.9."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice

from tracemark.errors import UsageError
from tracemark.ledger import merkle
from tracemark.ledger.chain import START, Entry, Head, link
from tracemark.ledger.store import Store

_PAGE = 5000


@dataclass(frozen=True, slots=True)
class Shown:
    """One entry and what ties it to a tree.

    Attributes
    ----------
    entry : Entry
    previous : bytes
        Hash of the entry before it, to which it is linked.
    path : list of bytes
        From its leaf to the root.
    """

    entry: Entry
    previous: bytes
    path: list[bytes]


class Tree:
    """The tree over a ledger's first entries, of which every link was computed again.

    Parameters
    ----------
    store : Store
    size : int, optional
        How many entries; all if not given, and then the seal on the end is checked.

    Raises
    ------
    LedgerError
        If an entry was changed or is missing, or the seal on the end does not hold.
    """

    def __init__(self, store: Store, size: int | None = None) -> None:
        self._store = store
        with store.snapshot() as query:
            hashes: list[bytes] = []
            while size is None or len(hashes) < size:
                page = query(
                    "SELECT seq, time, kind, body, hash FROM entries WHERE seq > ?"
                    " ORDER BY seq LIMIT ?",
                    (len(hashes), _PAGE),
                )
                for seq, time, kind, body, stored in page:
                    before = hashes[-1] if hashes else START
                    if seq != len(hashes) + 1 or stored != link(before, seq, time, kind, body):
                        raise store.damage(f"entry {len(hashes) + 1} is missing or was changed")
                    hashes.append(stored)
                if not page:
                    break
            sealed = query("SELECT seq, hash, epoch, mac FROM head", ())
        if size is None:
            end = Head(len(hashes), hashes[-1] if hashes else START)
            if not sealed or Head(*sealed[0][:2]) != end or not store.seals.hold(
                sealed[0][2], end, sealed[0][3]
            ):  # fmt: skip
                raise store.damage("the seal on its end does not hold")
        elif len(hashes) < size:
            raise store.damage(f"entry {len(hashes) + 1}, seen earlier, is missing")
        self._hashes = hashes[:size]
        self._leaves = [merkle.leaf(one) for one in self._hashes]

    @property
    def size(self) -> int:
        """How many entries the tree holds."""
        return len(self._leaves)

    def root(self, size: int | None = None) -> bytes:
        """Root over the first entries, all if no number is given."""
        return merkle.root(islice(self._leaves, size))

    def show(self, seq: int) -> Shown:
        """One entry, and its path to the root. Raises UsageError if there is none."""
        if not 1 <= seq <= self.size:
            raise UsageError(
                f"there is no entry {seq} among the first {self.size}",
                hint="tracemark ledger show lists entries",
            )
        [(time, kind, body)] = self._store.rows(
            "SELECT time, kind, body FROM entries WHERE seq = ?", (seq,)
        )
        entry = Entry(seq, time, kind, self._store.body(seq, body), self._hashes[seq - 1])
        previous = self._hashes[seq - 2] if seq > 1 else START
        return Shown(entry, previous, merkle.inclusion(self._leaves, seq - 1))

    def growth(self, earlier: int) -> list[bytes]:
        """Proof that the tree of the first `earlier` entries became this one."""
        return merkle.consistency(self._leaves, earlier)
