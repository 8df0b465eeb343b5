"""Marks on label images. SPEC 10."""

from __future__ import annotations

from tracemark.label.marking import Placement, embed
from tracemark.label.reading import LabelReading, read, read_all

__all__ = ["LabelReading", "Placement", "embed", "read", "read_all"]
