"""What was published is what this release computes: regenerated and compared."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracemark import sealing

pytest.importorskip("cryptography", reason="needs the extra 'sign'")

VECTORS = Path(__file__).parents[1] / "vectors"


def test_keys_codewords_tree_and_checkpoint_are_as_published() -> None:
    from tests.vectors import make_trust

    assert json.loads(make_trust.FILE.read_text("utf-8")) == make_trust.made()


def test_a_key_file_that_was_sealed_by_the_first_release_opens() -> None:
    sealed = (VECTORS / "sealed-keys.json").read_text("ascii")
    opened = sealing.unseal(sealed, "correct horse battery staple", where="the vector")
    assert opened == "1:" + "5a" * 32
