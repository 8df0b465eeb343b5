"""Marks on label images. SPEC 10."""

from __future__ import annotations

from tracemark.label import binding
from tracemark.label.already import carries_mark
from tracemark.label.area import label_area
from tracemark.label.informed import BesideReading, read_beside
from tracemark.label.marking import Placement, embed, geometry_of
from tracemark.label.raster import Raster
from tracemark.label.reading import LabelReading, read, read_all, read_under

__all__ = [
    "BesideReading",
    "LabelReading",
    "Placement",
    "Raster",
    "binding",
    "carries_mark",
    "embed",
    "geometry_of",
    "label_area",
    "read",
    "read_all",
    "read_beside",
    "read_under",
]
