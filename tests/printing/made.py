"""PDFs of labels, made page by page."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pikepdf
from PIL import Image

WORDS = "Shipment SF1234567890 handle with care"
_RULES = "0 g " + " ".join(f"12 {y} 264 1.2 re f" for y in range(20, 420, 26))
_BARS = " ".join(f"{x} 14 1.2 412 re f" for x in range(12, 280, 44))


def pdf(labels: Sequence[Image.Image | None], *, turned: int = 0, dpi: float = 203) -> bytes:
    """Each label fills a page over words; None is a page of vector rules and words alone.

    Resources are inherited by all pages, the last graphics state stays open, and the crop box of
    ruled pages does not begin at 0, as in files of careless programs.
    """
    document = pikepdf.new()
    names = pikepdf.Name
    pictures = pikepdf.Dictionary()
    for number, label in enumerate(labels):
        width, height = (288.0, 432.0) if label is None else (s * 72 / dpi for s in label.size)
        page = document.add_blank_page(page_size=(width, height))
        if label is None:
            page.obj.MediaBox = pikepdf.Array([-9, -9, 300, 440])
            page.obj.CropBox = pikepdf.Array([0, 0, 288, 432])
            drawn = f"{_RULES} {_BARS}"
        else:
            pictures[f"/Label{number}"] = document.make_stream(
                np.packbits(np.asarray(label.convert("L")) > 127, axis=1).tobytes(),
                Type=names.XObject,
                Subtype=names.Image,
                Width=label.width,
                Height=label.height,
                ColorSpace=names.DeviceGray,
                BitsPerComponent=1,
            )
            drawn = f"q {width} 0 0 {height} 0 0 cm /Label{number} Do Q"
        text = f"BT /Type 7 Tf 40 2 Td ({WORDS}) Tj ET q 0.5 0 0 0.5 3 3 cm 0.5 g"
        page.contents_add(f"{drawn} {text}".encode())
        page.obj.Rotate = turned
        del page.obj["/Resources"]
    font = pikepdf.Dictionary(Type=names.Font, Subtype=names.Type1, BaseFont=names.Helvetica)
    document.Root.Pages["/Resources"] = pikepdf.Dictionary(
        XObject=pictures, Font=pikepdf.Dictionary(Type=font)
    )
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()
