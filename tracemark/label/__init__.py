"""Marks on label images. SPEC 10."""

from __future__ import annotations

from tracemark.label.marking import Placement, embed
from tracemark.label.reading import LabelReading, read

__all__ = ["LabelReading", "Placement", "embed", "read"]
