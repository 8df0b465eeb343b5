"""The tree over the ledger's chain: roots, and proofs that need no other entry. SPEC 9.9.

RFC 6962, 2.1 (hashes and proofs), with the checks of RFC 9162, 2.1.3.2 and 2.1.4.2.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence


def leaf(data: bytes) -> bytes:
    """Hash of a leaf: 32 bytes."""
    return hashlib.sha256(b"\0" + data).digest()


def node(left: bytes, right: bytes) -> bytes:
    """Hash of two subtrees: 32 bytes."""
    return hashlib.sha256(b"\1" + left + right).digest()


def root(leaves: Iterable[bytes]) -> bytes:
    """Root of the tree over leaf hashes; memory grows with the depth of the tree alone."""
    peaks: list[tuple[int, bytes]] = []  # height and root of each whole subtree, left to right
    for one in leaves:
        height, whole = 0, one
        while peaks and peaks[-1][0] == height:
            whole = node(peaks.pop()[1], whole)
            height += 1
        peaks.append((height, whole))
    if not peaks:
        return hashlib.sha256().digest()
    whole = peaks.pop()[1]
    while peaks:
        whole = node(peaks.pop()[1], whole)
    return whole


def inclusion(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The path from one leaf to the root, from below. RFC 6962, 2.1.1.

    Parameters
    ----------
    leaves : sequence of bytes
        Leaf hashes.
    index : int
        0 to len(leaves) - 1.
    """
    if len(leaves) == 1:
        return []
    left = _half(len(leaves))
    if index < left:
        return [*inclusion(leaves[:left], index), root(leaves[left:])]
    return [*inclusion(leaves[left:], index - left), root(leaves[:left])]


def consistency(leaves: Sequence[bytes], earlier: int) -> list[bytes]:
    """Proof that the tree of the first `earlier` leaves became this one. RFC 6962, 2.1.2.

    Parameters
    ----------
    leaves : sequence of bytes
        Leaf hashes.
    earlier : int
        1 to len(leaves).
    """
    return _subproof(leaves, earlier, whole=True)


def includes(root_hash: bytes, size: int, one: bytes, index: int, path: Sequence[bytes]) -> bool:
    """Whether the path leads from the leaf hash at an index to the root of a tree of this size."""
    if not 0 <= index < size:
        return False
    place, last = index, size - 1
    for other in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            one = node(other, one)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            one = node(one, other)
        place, last = place >> 1, last >> 1
    return last == 0 and one == root_hash


def extends(before: bytes, earlier: int, after: bytes, later: int, path: Sequence[bytes]) -> bool:
    """Whether the path shows that the later tree begins with all leaves of the earlier one."""
    if not 1 <= earlier <= later:
        return False
    if earlier == later:
        return not path and before == after
    steps = [before, *path] if earlier & (earlier - 1) == 0 else [*path]
    if not steps:
        return False
    place, last = earlier - 1, later - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = steps[0]
    for other in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node(other, old), node(other, new)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            new = node(new, other)
        place, last = place >> 1, last >> 1
    return last == 0 and old == before and new == after


def _half(size: int) -> int:
    """The largest power of two below `size`, which is at least 2."""
    return 1 << ((size - 1).bit_length() - 1)


def _subproof(leaves: Sequence[bytes], earlier: int, *, whole: bool) -> list[bytes]:
    if earlier == len(leaves):
        return [] if whole else [root(leaves)]
    left = _half(len(leaves))
    if earlier <= left:
        return [*_subproof(leaves[:left], earlier, whole=whole), root(leaves[left:])]
    return [*_subproof(leaves[left:], earlier - left, whole=False), root(leaves[:left])]
