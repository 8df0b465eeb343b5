"""States of the US: whether the ZIP code behind a state belongs to it. SPEC 5.8.

DE 80331 is München, IL 31000 Haifa: two letters are a state only where the ZIP code says so.
"""

from __future__ import annotations

import re

from tracemark.text.parse import Slot

STATE = 1161  # the family of states and their codes, in en.toml

# The first three digits of each state's ZIP codes.
_PREFIXES = {
    code: [tuple(map(int, span.split("-"))) for span in spans.split(" ")]
    for line in """
AL 350-369; AK 995-999; AZ 850-865; AR 716-729; CA 900-961; CO 800-816; CT 060-069; DE 197-199
FL 320-349; GA 300-319 398-399; HI 967-968; ID 832-838; IL 600-629; IN 460-479; IA 500-528
KS 660-679; KY 400-427; LA 700-714; ME 039-049; MD 206-219; MA 010-027 055-055; MI 480-499
MN 550-567; MS 386-397; MO 630-658; MT 590-599; NE 680-693; NV 889-898; NH 030-038; NJ 070-089
NM 870-884; NY 005-005 063-063 100-149; NC 270-289; ND 580-588; OH 430-459; OK 730-732 734-749
OR 970-979; PA 150-196; RI 028-029; SC 290-299; SD 570-577; TN 370-385; TX 733-733 750-799 885-885
UT 840-847; VT 050-054 056-059; VA 201-201 220-246; WA 980-994; WV 247-268; WI 530-549; WY 820-831
""".strip().split("\n")
    for code, spans in (state.split(" ", 1) for state in line.split("; "))
}
_US = "(?:usa|us|u\\.s\\.(?:a\\.)?|united states(?: of america)?)"
# Behind the ZIP code: the end, the US, or a comma that no name of another country follows.
_ZIP = re.compile(
    " ([0-9]{3})[0-9]{2}(?:-[0-9]{4})?"
    f" *(?:\\Z|\\n|(?<![0-9])[ ,]*{_US}(?![a-z])|,[ ,]*{_US}(?![a-z])|,(?! *[a-z. ]+\\Z))"
).match


def in_its_state(folded: str, slot: Slot) -> bool:
    """Whether the ZIP code behind a state is one of that state's, with nothing foreign behind it.

    Parameters
    ----------
    folded : str
    slot : Slot
        Of the family `STATE`.
    """
    found = _ZIP(folded, slot[3])
    if not found:
        return False
    prefix = int(found[1])
    return any(low <= prefix <= high for low, high in _PREFIXES[slot[0].canonical[slot[4]]])
