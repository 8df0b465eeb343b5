"""What people do to labels to be rid of the mark, or to put it elsewhere.

Each attack takes a scene (labels of one layout, as the attacker has them) and gives the picture
that the tracer is handed. Nobody here holds the key; who "knows the design" has read SPEC 10.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

import tracemark
from benchmarks.channels import scan, thermal
from benchmarks.common import N, recipient
from examples.waybill import fields, waybill

Ink = NDArray[np.uint8]  # (h, w), 1 where black


@dataclass
class Scene:
    """A vault, a marked label, and whatever else of its layout an attacker may get.

    Attributes
    ----------
    vault : Vault
    rng : random.Random
    seed : int
        Of the label's fields.
    to : str
        The label's recipient.
    size, layout : str
        As `examples.waybill.waybill` names them.
    """

    vault: tracemark.Vault
    rng: random.Random
    seed: int
    to: str
    size: str
    layout: str

    def host(self, seed: int) -> Image.Image:
        return waybill(seed, size=self.size, layout=self.layout)

    def marked(self, to: str, seed: int) -> Image.Image:
        """A label of these fields; the same recipient's comes out the same each time."""
        number = fields(seed)["运单号"]
        return self.vault.mark_label(self.host(seed), to, waybill=number)

    def copy(self) -> Image.Image:
        return self.marked(self.to, self.seed)

    def others(self, count: int) -> list[Image.Image]:
        """More labels of the same recipient."""
        return [self.marked(self.to, self.rng.randrange(1 << 30)) for _ in range(count)]

    def accounts(self, count: int) -> list[str]:
        return [recipient(i) for i in self.rng.sample(range(N), count)]


@dataclass(frozen=True)
class Result:
    """What the tracer is handed.

    Attributes
    ----------
    picture : PIL image
    guilty : tuple of str
        Recipients whose marked copies went in.
    before : (h, w) uint8 or None
        The copy that was attacked, if the result lies on it dot for dot: damage can be counted.
    number : str
        The waybill number that stands on the label.
    """

    picture: Image.Image
    guilty: tuple[str, ...]
    before: Ink | None = None
    number: str = ""


Attack = Callable[[Scene], Result]


def ink(image: Image.Image) -> Ink:
    return (np.asarray(image.convert("L")) < 128).astype(np.uint8)


def shown(black: Ink, dpi: float = 203) -> Image.Image:
    image = Image.fromarray((1 - black) * np.uint8(255))
    image.info["dpi"] = (dpi, dpi)
    return image


def changed(how: Callable[[Ink], Ink]) -> Attack:
    """One copy, no knowledge of anything else."""

    def attack(scene: Scene) -> Result:
        before = ink(scene.copy())
        return Result(shown(how(before)), (scene.to,), before)

    return attack


def without_specks(size: int) -> Callable[[Ink], Ink]:
    """Components of fewer dots than `size` become white."""

    def how(black: Ink) -> Ink:
        count, tags, stats, _ = cv2.connectedComponentsWithStats(black, None, connectivity=8)
        small = stats[:count, cv2.CC_STAT_AREA] < size
        small[0] = False
        return np.where(small[tags], 0, black).astype(np.uint8)

    return how


def opened(side: int) -> Callable[[Ink], Ink]:
    """Black that no square of that side fits into becomes white."""
    square, last = np.ones((side, side), np.uint8), (side - 1, side - 1)

    def how(black: Ink) -> Ink:
        thin = cv2.erode(black, square, anchor=(0, 0))
        return np.asarray(cv2.dilate(thin, square, anchor=last), np.uint8)

    return how


def closed(side: int) -> Callable[[Ink], Ink]:
    """White that no square of that side fits into becomes black."""
    of_white = opened(side)
    return lambda black: 1 - of_white(1 - black)


def thresholded(sigma: float) -> Callable[[Ink], Ink]:
    """Blurred, and black and white again."""

    def how(black: Ink) -> Ink:
        grey = cv2.GaussianBlur(black.astype(np.float32), (0, 0), sigma)
        return (grey > 0.5).astype(np.uint8)

    return how


def at_150_dpi(black: Ink) -> Ink:
    h, w = black.shape
    small = cv2.resize(
        black * np.uint8(255), (w * 150 // 203, h * 150 // 203), interpolation=cv2.INTER_AREA
    )
    grey = cv2.resize(small, (w, h), interpolation=cv2.INTER_LINEAR)
    return (grey > 127).astype(np.uint8)


def edges_straightened(black: Ink) -> Ink:
    """Every bump of up to 4 x 2 dots on a straight edge wiped out, on all four sides."""
    for _ in range(4):
        for width in (1, 2, 3, 4):
            for height in (1, 2):
                black = _planed(black, width, height)
        black = np.rot90(black)
    return np.ascontiguousarray(black)


def _planed(black: Ink, width: int, height: int, beside: int = 3) -> Ink:
    """Runs of just this width and height that stand up from an edge straight around them."""
    span = width + 2 * beside
    h, w = black.shape
    if h <= height or w < span:
        return black
    ones = np.lib.stride_tricks.sliding_window_view(black, span, axis=1)
    run = np.zeros(span, np.uint8)
    run[beside : beside + width] = 1
    bump = np.asarray((ones == run).all(axis=2))
    found = np.array(ones.all(axis=2)[height:])
    for step in range(height):
        found &= bump[step : h - height + step]
    out = black.copy()
    for y, x in zip(*np.nonzero(found), strict=True):
        out[y : y + height, x + beside : x + beside + width] = 0
    return out


def wiped(black: Ink) -> Ink:
    """All that the design allows to be a mark: bumps, and specks of up to 6 dots."""
    return without_specks(7)(edges_straightened(black))


def layout_averaged(count: int) -> Attack:
    """Where `count` more labels of this recipient and layout agree, a label is made like them.

    The layout comes out of the average, with all that varies from label to label taken away.
    """

    def attack(scene: Scene) -> Result:
        before = ink(scene.copy())
        share = np.mean([ink(one) for one in scene.others(count)], axis=0)
        after = np.where(share >= 0.8, 1, np.where(share <= 0.2, 0, before)).astype(np.uint8)
        # only beside what is black in nearly all: elsewhere it would wipe the label's own words
        fixed = cv2.dilate((share >= 0.8).astype(np.uint8), np.ones((7, 7), np.uint8))
        return Result(shown(np.where(fixed, after, before)), (scene.to,), before)

    return attack


def pattern_transplanted(count: int) -> Attack:
    """What repeats in `count` labels and is no straight edge, laid on an unmarked label."""

    def attack(scene: Scene) -> Result:
        seed = scene.rng.randrange(1 << 30)
        share = np.mean([ink(one) for one in scene.others(count)], axis=0)
        common = (share >= 0.8).astype(np.uint8)
        marks = common & (1 - wiped(common))
        number = fields(seed)["运单号"]
        return Result(shown(ink(scene.host(seed)) | marks), (scene.to,), None, number)

    return attack


def marks_transplanted(scene: Scene) -> Result:
    """The difference of a copy to its unmarked original, laid on another unmarked label."""
    seed = scene.rng.randrange(1 << 30)
    marks = ink(scene.copy()) & (1 - ink(scene.host(scene.seed)))
    number = fields(seed)["运单号"]
    return Result(shown(ink(scene.host(seed)) | marks), (scene.to,), None, number)


def compared(count: int, rule: Callable[[NDArray[np.float64]], NDArray[np.bool_]]) -> Attack:
    """The same label marked for several accounts; the rule says which dots are black."""

    def attack(scene: Scene) -> Result:
        who = (scene.to, *scene.accounts(count - 1))
        copies = [ink(scene.marked(one, scene.seed)) for one in who]
        black = rule(np.mean(copies, axis=0)).astype(np.uint8)
        return Result(shown(black), who, copies[0])

    return attack


def halves(scene: Scene) -> Result:
    """The upper half of one account's copy, the lower half of another's."""
    who = (scene.to, *scene.accounts(1))
    upper, lower = (ink(scene.marked(one, scene.seed)) for one in who)
    half = len(upper) // 2
    return Result(shown(np.concatenate([upper[:half], lower[half:]])), who, upper)


def printed_twice(scene: Scene) -> Result:
    """Printed, scanned at 300 dpi, thresholded, printed again, scanned again."""
    rng = np.random.default_rng(scene.rng.randrange(1 << 60))
    first = scan(300)(thermal(scene.copy(), rng), rng)
    again = shown(ink(first), 300)
    return Result(scan(300)(thermal(again, rng), rng), (scene.to,))


def in_a_mirror(scene: Scene) -> Result:
    """Left and right exchanged."""
    return Result(shown(ink(scene.copy())[:, ::-1].copy()), (scene.to,))


def strewn(scene: Scene) -> Result:
    """Printed, scanned at 300 dpi, and made black and white by strewing dots."""
    rng = np.random.default_rng(scene.rng.randrange(1 << 60))
    return Result(scan(300)(thermal(scene.copy(), rng), rng).convert("L").convert("1"), (scene.to,))


def guessed(scene: Scene) -> Result:
    """A mark drawn under a key of the attacker's own: dots where the design allows them."""
    from tracemark.label.marking import embed

    word = np.random.default_rng(scene.rng.randrange(1 << 60)).integers(0, 2, 3072)
    marked, _ = embed(scene.host(scene.seed), word.astype(np.uint8), scene.rng.randbytes(32))
    return Result(marked, ())


ATTACKS: dict[str, tuple[str, Attack]] = {
    "nothing (for comparison)": ("1 copy", changed(lambda black: black)),
    "specks under 4 dots wiped": ("1 copy", changed(without_specks(4))),
    "specks under 12 dots wiped": ("1 copy", changed(without_specks(12))),
    "black opened 2 x 2": ("1 copy", changed(opened(2))),
    "black opened 3 x 3": ("1 copy", changed(opened(3))),
    "black closed 3 x 3": ("1 copy", changed(closed(3))),
    "blurred (sigma 1 dot), thresholded": ("1 copy", changed(thresholded(1.0))),
    "blurred (sigma 1.5 dots), thresholded": ("1 copy", changed(thresholded(1.5))),
    "150 dpi and back, thresholded": ("1 copy", changed(at_150_dpi)),
    "black and white exchanged": ("1 copy", changed(lambda black: 1 - black)),
    "left and right exchanged": ("1 copy", in_a_mirror),
    "scanned, strewn black and white": ("1 copy, a printer", strewn),
    "printed and scanned twice": ("1 copy, a printer", printed_twice),
    "bumps on straight edges wiped": ("1 copy, the design", changed(edges_straightened)),
    "bumps and specks wiped": ("1 copy, the design", changed(wiped)),
    "layout averaged, 2 labels": ("3 labels", layout_averaged(2)),
    "layout averaged, 5 labels": ("6 labels", layout_averaged(5)),
    "layout averaged, 20 labels": ("21 labels", layout_averaged(20)),
    "2 accounts' copies, black where both": ("2 accounts", compared(2, lambda m: m == 1)),
    "3 accounts' copies, black where all": ("3 accounts", compared(3, lambda m: m == 1)),
    "3 accounts' copies, black where most": ("3 accounts", compared(3, lambda m: m > 0.5)),
    "halves of 2 accounts' copies": ("2 accounts", halves),
    "own key (guessing)": ("the design", guessed),
    "framing: marks laid on another label": ("the copy and its original", marks_transplanted),
    "framing: pattern of 20 labels laid on one": ("20 labels", pattern_transplanted(20)),
}
