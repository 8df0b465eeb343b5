"""The tree is that of RFC 6962: known roots, every proof of every size, and nothing else passes."""

from __future__ import annotations

import hashlib
import random

import pytest

from tracemark.ledger import merkle

# the reference data of Certificate Transparency: eight inputs, the root after each
INPUTS = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657",
          "606162636465666768696a6b6c6d6e6f")  # fmt: skip
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def leaves(count: int) -> list[bytes]:
    return [merkle.leaf(number.to_bytes(4, "big")) for number in range(count)]


def test_roots_are_those_of_certificate_transparency() -> None:
    hashes = [merkle.leaf(bytes.fromhex(text)) for text in INPUTS]
    assert [merkle.root(hashes[: n + 1]).hex() for n in range(8)] == list(ROOTS)
    assert merkle.root([]) == hashlib.sha256(b"").digest()


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33])
def test_every_entry_of_every_tree_is_proved_and_no_other(size: int) -> None:
    tree = leaves(size)
    top = merkle.root(tree)
    for index in range(size):
        path = merkle.inclusion(tree, index)
        assert merkle.includes(top, size, tree[index], index, path)
        for other in range(size):
            if other != index:
                assert not merkle.includes(top, size, tree[other], index, path)
                assert not merkle.includes(top, size, tree[index], other, path)
        assert not merkle.includes(top, size, tree[index], index, [*path, top])
        assert not path or not merkle.includes(top, size, tree[index], index, path[:-1])
    assert not merkle.includes(top, size, tree[0], size, [])


@pytest.mark.parametrize("size", [*range(1, 18), 31, 32, 33])
def test_every_growth_is_proved_and_no_other(size: int) -> None:
    tree = leaves(size)
    top = merkle.root(tree)
    for earlier in range(1, size + 1):
        before, path = merkle.root(tree[:earlier]), merkle.consistency(tree, earlier)
        assert merkle.extends(before, earlier, top, size, path)
        rewritten = [merkle.leaf(b"another"), *tree[1:earlier]]
        assert not merkle.extends(merkle.root(rewritten), earlier, top, size, path)
        assert not merkle.extends(before, earlier, bytes(32), size, path)
        if earlier < size:
            assert not merkle.extends(before, earlier + 1, top, size, path)
        for place in range(len(path)):
            spoiled = [*path]
            spoiled[place] = bytes(32)
            assert not merkle.extends(before, earlier, top, size, spoiled)


def test_the_same_proofs_as_another_implementation() -> None:
    """pymerkle builds the same tree and proofs, if it is there."""
    pymerkle = pytest.importorskip("pymerkle")
    other, rng = pymerkle.InmemoryTree(algorithm="sha256"), random.Random(3)
    data = [rng.randbytes(32) for _ in range(21)]
    for one in data:
        other.append_entry(one)
    tree = [merkle.leaf(one) for one in data]
    assert other.get_root() == merkle.root(tree)
    for index in range(21):
        proof = other.prove_inclusion(index + 1)
        assert [*proof.path][1:] == merkle.inclusion(tree, index)
