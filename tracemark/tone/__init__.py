"""Marks in tones: grey and colour pictures, and tiles that cover screens. SPEC 15."""

from __future__ import annotations

from tracemark.tone.marking import embed, suits, tile
from tracemark.tone.reading import ToneReading, carries_mark, read

__all__ = ["ToneReading", "carries_mark", "embed", "read", "suits", "tile"]
