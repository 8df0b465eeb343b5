"""Which encoding a file is in, and its bytes as text without losing one. SPEC 11.1.

Decoding is strict and exact: encoding the text again gives the same bytes, a byte order mark
included (it is the first character of the text). GBK is read by the GB18030 codec, which agrees
with it on every GBK character; the name `gbk` only says what the file has been seen to hold.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator
from itertools import chain

from tracemark.errors import UnreadableSample, UsageError

BOM = "\ufeff"

# the longer marks first: UTF-16's is the beginning of UTF-32's
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)

_MAGIC = (
    (b"\x89PNG", "a PNG picture"),
    (b"\xff\xd8\xff", "a JPEG picture"),
    (b"GIF8", "a GIF picture"),
    (b"II*\x00", "a TIFF picture"),
    (b"MM\x00*", "a TIFF picture"),
    (b"PK\x03\x04", "a ZIP archive"),
    (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an XLS or DOC file"),
    (b"%PDF-", "a PDF file"),
    (b"\x1f\x8b", "a gzip file"),
    (b"BZh", "a bzip2 file"),
    (b"\xfd7zXZ\x00", "an xz file"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"SQLite format 3\x00", "an SQLite database"),
    (b"\x7fELF", "a program"),
)

_CONTROLS = bytes({*range(9), *range(14, 32)} - {0x1B})
_BEYOND = bytes(range(128, 256))
_ALONE = re.compile(rb"(?<![\x80-\xff])[\x80-\xff](?![\x80-\xff])")
_KINDS = 6  # of control characters that one text may have
_STATELESS = re.compile(
    r"utf-8(-sig)?|utf-(16|32)-[lb]e|gb(18030|k|2312)|big5\w*|shift_jis\w*|euc_\w+|johab"
    r"|ascii|iso8859-\d+|cp\d+|koi8-\w|mac-\w+|tis-620"
)
# codecs in which no two sequences of bytes stand for the same text
_EXACT = re.compile(r"utf-8|utf-(16|32)-[lb]e|gb18030|ascii")


def refuse_binary(sample: bytes, *, name: str) -> None:
    """Raise UnreadableSample if the first bytes of a file are not those of a text.

    Parameters
    ----------
    sample : bytes
        The first bytes of the file, some kilobytes of them.
    name : str
        The file, for the message.
    """
    for magic, what in _MAGIC:
        if sample.startswith(magic):
            raise UnreadableSample(
                f"{name}: not a text, it looks like {what}",
                hint="export it as CSV, JSON or XLSX first, or give it its right name",
            )
    if any(sample.startswith(mark) for mark, _ in _MARKS) or _wide(sample):
        return
    # a text may have controls between its cells, of a kind or two; what is no text has all kinds
    controls = len(sample) - len(sample.translate(None, _CONTROLS))
    kinds = len({*sample}.intersection(_CONTROLS))
    if controls > max(8, len(sample) // (50 if kinds > _KINDS else 10)):
        raise UnreadableSample(
            f"{name}: not a text, it looks like a binary file",
            hint="export it as CSV or JSON first, or name its encoding",
        )


def detect(sample: bytes) -> str:
    """Name the encoding of a text from its first bytes.

    Parameters
    ----------
    sample : bytes
        The first bytes of the file; it may end in the middle of a character.

    Returns
    -------
    str
        ``utf-8``, ``utf-8-sig``, ``utf-16-le``, ``utf-16-be``, ``utf-32-le``, ``utf-32-be``,
        ``gbk`` or ``gb18030``; pure ASCII is called ``utf-8``. Where none fits without an error,
        UTF-8 if three in four of its characters are whole, else the one with the fewest errors.
    """
    for mark, encoding in _MARKS:
        if sample.startswith(mark):
            return encoding
    wide = _wide(sample)
    if wide:
        return wide
    # damaged UTF-8 may well decode as GBK; GBK as UTF-8 breaks at nearly every character
    if _faults(sample, "utf-8") * 4 <= _foreign(sample):
        return "utf-8"
    if not _faults(sample, "gbk"):
        return "gbk"
    return min(("utf-8", "gb18030"), key=lambda encoding: _faults(sample, encoding))


def settled(encoding: str, sample: bytes) -> str:
    """The encoding, with the byte order its mark tells where the name leaves it open."""
    if encoding.lower().replace("_", "-") in ("utf-16", "utf-32"):
        found = detect(sample)
        return found if found.startswith(encoding.lower()) else f"{encoding}-le"
    return encoding


def codec_of(encoding: str) -> str:
    """The Python codec that reads and writes an encoding exactly, byte order mark as a character.

    Raises UsageError for a name that is not that of an encoding in which every piece of a text
    can be written by itself.
    """
    try:
        name = codecs.lookup(encoding).name
    except (LookupError, ValueError):  # a NUL, a surrogate
        name = ""
    if not _STATELESS.fullmatch(name):
        raise UsageError(
            f"the encoding {encoding!r} is not known", hint="for example utf-8, gbk, utf-16-le"
        )
    return {"utf-8-sig": "utf-8", "gbk": "gb18030", "gb2312": "gb18030"}.get(name, name)


def holds(encoding: str, text: str) -> bool:
    """Whether a file in this encoding can hold all characters of the text."""
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


class Decoder:
    """Text of a stream of bytes, piece by piece, with the place of what does not decode.

    Parameters
    ----------
    encoding : str
        A name that `codec_of` knows.
    errors : str
        ``strict``: bytes that do not decode raise UnreadableSample with encoding, byte offset and
        line. ``replace``: each becomes U+FFFD and reading goes on.
    name : str
        The file, for the message.

    Attributes
    ----------
    replaced : int
        Number of U+FFFD in the text so far.
    """

    def __init__(self, encoding: str, *, errors: str = "strict", name: str) -> None:
        if errors not in ("strict", "replace"):
            raise UsageError(
                f"errors is 'strict' or 'replace', not {errors!r}", hint="leave errors out"
            )
        self.encoding = encoding
        self.replaced = 0
        self._name = name
        self._errors = errors
        self._codec = codec_of(encoding)
        self._fed = 0
        self._lines = 0

    def decode(self, blocks: Iterable[bytes]) -> Iterator[str]:
        """The blocks as text, lazily; empty pieces are left out."""
        decoder = codecs.getincrementaldecoder(self._codec)(self._errors)
        exact = self._errors == "replace" or _EXACT.fullmatch(self._codec)
        owed = b""
        try:
            for block in chain(blocks, [b""]):
                self._fed += len(block)
                text = decoder.decode(block, final=not block)
                if not exact:
                    owed = self._given_back(owed + block, text)
                yield from self._counted(text)
        except UnicodeDecodeError as fault:
            raise self._located(fault) from None

    def _given_back(self, owed: bytes, text: str) -> bytes:
        """What is left of the bytes once the text is taken off; they have to begin with it."""
        again = text.encode(self._codec)
        if not owed.startswith(again):
            pairs = enumerate(zip(again, owed, strict=False))
            same = next((at for at, (new, old) in pairs if new != old), len(owed))
            offset = self._fed - len(owed) + same
            line = self._lines + owed.count(b"\n", 0, same) + 1
            raise UnreadableSample(
                f"{self._name}: byte {offset} (line {line}) is {self.encoding} in a way "
                "that would not be written back the same",
                hint="convert the file to UTF-8 first",
            )
        return owed[len(again) :]

    def _counted(self, text: str) -> Iterator[str]:
        if text:
            yield text
            self._lines += text.count("\n")
            if self._errors == "replace":
                self.replaced += text.count("\ufffd")

    def _located(self, fault: UnicodeDecodeError) -> UnreadableSample:
        offset = self._fed - (len(fault.object) - fault.start)
        good = fault.object[: fault.start].decode(self._codec, "replace")
        line = self._lines + good.count("\n") + 1
        return UnreadableSample(
            f"{self._name}: byte {offset} (line {line}) is not {self.encoding}: "
            "mixed encodings, or a damaged file",
            hint="it looks like cp1252 (Windows) or latin-1: name the encoding, or save it as UTF-8"
            if _western(fault.object)
            else "name the encoding if it is another, or save the file again in one encoding",
        )


def _wide(sample: bytes) -> str | None:
    """UTF-16 without a mark: its ASCII shows as zeros in every other byte, and only there."""
    half = len(sample) // 2
    low, high = sample[0::2].count(0), sample[1::2].count(0)
    if max(low, high) >= max(2, half // 4) and min(low, high) <= half // 100:
        encoding = "utf-16-le" if high > low else "utf-16-be"
        return None if _faults(sample, encoding) else encoding
    return None


def _western(sample: bytes) -> bool:
    """Whether the bytes are like cp1252: letters beyond ASCII that mostly stand alone."""
    beyond = len(sample) - len(sample.translate(None, _BEYOND))
    return not _faults(sample, "cp1252") and 2 * len(_ALONE.findall(sample)) >= beyond > 0


def _faults(sample: bytes, encoding: str) -> int:
    """How many characters of the sample do not decode; a cut last one does not count."""
    return _decoded(sample, encoding).count("\ufffd")


def _foreign(sample: bytes) -> int:
    """How many characters outside ASCII the sample has as UTF-8, broken ones among them."""
    text = _decoded(sample, "utf-8")
    return len(text) - len(text.encode("ascii", "ignore"))


def _decoded(sample: bytes, encoding: str) -> str:
    return codecs.getincrementaldecoder(encoding)("replace").decode(sample)
