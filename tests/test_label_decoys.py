"""Which slots of a picture vote does not depend on whether a decoy was issued."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import tracemark
from tracemark import label_tracing

NUMBER = "YT7712345678901"
DECOY = {"运单号": NUMBER, "收货地址": "浙江省杭州市西湖区文三路159号3幢2单元501室"}


def test_a_decoys_number_is_known_whether_it_was_issued_or_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(label_tracing, "numbers", lambda picture: [NUMBER])
    with tracemark.Vault.create(tmp_path / "vault", key=bytes(range(32))) as vault:
        vault.add_recipient("acct:1")

        def number(decoys: list[str]) -> tuple[str, object]:
            blank = Image.new("L", (40, 40), 255)
            found = label_tracing._number(blank, None, [], vault._keys, vault._ledger, decoys)
            return found.source, found.words

        assert number([])[0] == ""
        before = number(list(DECOY.values()))
        list(vault.mark_rows([DECOY], to="acct:1"))
        assert before == number(list(DECOY.values())) == number([])
        assert before[0] == "barcode"
