"""Other projects' watermarks behind one pair of verbs each, used as their documents say.

Not run by hand: `benchmarks.peers` starts this file with the Python in which they are installed,
for their OpenCV would replace ours. It is sent pickled requests (verb, tool, arguments) and answers
each with what came of it, what went wrong if anything did, and the processor seconds it took.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pickle
import sys
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any, NamedTuple

FAULTS = (ArithmeticError, AssertionError, LookupError, RuntimeError, TypeError, ValueError)


class Tool(NamedTuple):
    package: str
    host: str  # label or text
    mark: Callable[..., Any]
    read: Callable[..., Any]


# pictures: (h, w, 3) uint8, blue first; a payload is a string of 0 and 1


def blind_mark(image: Any, bits: str) -> Any:
    import numpy as np

    marker = _blind()
    marker.read_img(img=image)
    marker.read_wm([bit == "1" for bit in bits], mode="bit")
    return np.clip(np.rint(marker.embed()), 0, 255).astype(np.uint8)


def blind_read(image: Any, length: int) -> str:
    found = _blind().extract(embed_img=image, wm_shape=length, mode="bit")
    return "".join("01"[bool(bit)] for bit in found)


def _blind() -> Any:
    from blind_watermark import WaterMark, bw_notes

    bw_notes.close()
    return WaterMark(password_img=1, password_wm=1)


def invisible_mark(method: str) -> Callable[[Any, str], Any]:
    def mark(image: Any, bits: str) -> Any:
        encoder = _imwatermark().WatermarkEncoder()
        encoder.set_watermark("bits", [int(bit) for bit in bits])
        return encoder.encode(image, method)

    return mark


def invisible_read(method: str) -> Callable[[Any, int], str]:
    def read(image: Any, length: int) -> str:
        found = _imwatermark().WatermarkDecoder("bits", length).decode(image, method)
        return "".join("01"[bool(bit)] for bit in found)

    return read


def _imwatermark() -> ModuleType:
    if "torch" not in sys.modules and importlib.util.find_spec("torch") is None:
        sys.modules["torch"] = ModuleType("torch")  # only its third method calls it
    return importlib.import_module("imwatermark")


# texts: the whole number in every cell


def blind_text_mark(texts: list[str], number: int) -> list[str]:
    marker = _blind_text()
    return [marker.add_wm_rnd(text=text, wm=number.to_bytes(3, "big")) for text in texts]


def blind_text_read(texts: list[str]) -> list[int | None]:
    marker = _blind_text()
    found = [bytes(marker.extract(text)) for text in texts]
    return [int.from_bytes(one, "big") if len(one) == 3 else None for one in found]


def _blind_text() -> Any:
    from text_blind_watermark import TextBlindWatermark

    return TextBlindWatermark(pwd=b"a long enough password")


def zwsp_mark(texts: list[str], number: int) -> list[str]:
    import zwsp_steg

    return [text + zwsp_steg.encode(f"{number:07}") for text in texts]


def zwsp_read(texts: list[str]) -> list[int | None]:
    import zwsp_steg

    found: list[int | None] = []
    for text in texts:
        try:
            found.append(int(zwsp_steg.decode(text)))
        except (TypeError, ValueError):  # what it raises for anything else, and no number
            found.append(None)
    return found


TOOLS = {
    "blind-watermark": Tool("blind-watermark", "label", blind_mark, blind_read),
    **{
        f"invisible-watermark {method}": Tool(
            "invisible-watermark", "label", invisible_mark(method), invisible_read(method)
        )
        for method in ("dwtDct", "dwtDctSvd")
    },
    "text-blind-watermark": Tool("text-blind-watermark", "text", blind_text_mark, blind_text_read),
    "zwsp-steg-py": Tool("zwsp-steg-py", "text", zwsp_mark, zwsp_read),
}


def version(tool: str) -> str | None:
    try:
        return importlib.metadata.version(TOOLS[tool].package)
    except importlib.metadata.PackageNotFoundError:
        return None


def answer(verb: str, tool: str, arguments: tuple[Any, ...]) -> tuple[Any, str | None, float]:
    start = time.process_time()
    try:
        work = version if verb == "version" else getattr(TOOLS[tool], verb)
        value = work(*(arguments or (tool,)))
    except FAULTS as fault:
        return None, f"{type(fault).__name__}: {fault}", time.process_time() - start
    return value, None, time.process_time() - start


def main() -> None:
    replies = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # whatever they print is no reply
    while True:
        try:
            request = pickle.load(sys.stdin.buffer)
        except EOFError:
            return
        pickle.dump(answer(*request), replies)
        replies.flush()


if __name__ == "__main__":
    main()
