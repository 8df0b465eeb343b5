"""Text carriers: marks in addresses, items, remarks and free text. SPEC 5.

A cell is parsed once, without a key, into its anchor (what no marking changes), its visible slots
(typography and wording) and its letters (behind which invisible symbols stand).
"""

from typing import TYPE_CHECKING

from tracemark.later import later
from tracemark.text.marker import POLICIES, CellMarker
from tracemark.text.parse import clean
from tracemark.text.roles import ROLES, find_role, role_of_cell, role_of_header

if TYPE_CHECKING:
    from tracemark.text.reader import CellReader, CellReadings
else:
    __getattr__ = later(__name__, {"tracemark.text.reader": "CellReader CellReadings"})

__all__ = [
    "POLICIES",
    "ROLES",
    "CellMarker",
    "CellReader",
    "CellReadings",
    "clean",
    "find_role",
    "role_of_cell",
    "role_of_header",
]
