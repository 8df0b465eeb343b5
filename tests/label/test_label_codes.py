"""Codes scan after marking as they did before."""

# ruff: noqa: E402 - the extra 'bench' is looked for before what needs it

import numpy as np
import pytest
from PIL import Image

zxingcpp = pytest.importorskip("zxingcpp", reason="needs the extra 'bench'")
pytest.importorskip("segno", reason="needs the extra 'bench'")

from examples.waybill import waybill
from tests.label.hosts import KEY, codeword
from tracemark.label import embed


def codes(image: Image.Image, scale: float) -> set[tuple[str, bytes]]:
    """Kinds and contents of the codes that are read at a scale."""
    size = (round(image.width * scale), round(image.height * scale))
    small = image.convert("L").resize(size, Image.Resampling.BOX)
    return {(str(code.format), code.bytes) for code in zxingcpp.read_barcodes(np.asarray(small))}


@pytest.mark.parametrize("layout", ["ruled", "sparse", "dense"])
@pytest.mark.parametrize("dpi", [203, 300])
def test_codes_scan_as_before(layout, dpi):
    """At full size, 75, 60 and 50 %, under the strongest profile, all that was read is read."""
    host = waybill(41, size="100x150", dpi=dpi, layout=layout)
    marked, placement = embed(host, codeword(3), KEY, profile_name="robust")
    before = [codes(host, scale) for scale in (1.0, 0.75, 0.6, 0.5)]
    assert len(before[0]) >= 2 and placement.dots > 0
    for scale, found in zip((1.0, 0.75, 0.6, 0.5), before, strict=True):
        assert codes(marked, scale) >= found
