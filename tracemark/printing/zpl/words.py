"""The words of a ZPL field: escapes undone, bytes decoded. SPEC 11.13."""

from __future__ import annotations

import re

_ENCODINGS = {28: "utf-8", 29: "utf-16-be", 30: "utf-16-le", 15: "shift_jis", 16: "euc_jp"}
_LATIN = {27: "cp1252", 31: "cp1250", 33: "cp1251", 34: "cp1253", 35: "cp1254", 36: "cp1255"}
_QR = re.compile(r"[HQML](?:A,|M,(?:[NAK]|B[0-9]{4}))", re.IGNORECASE)  # ^BQ: how it is written
_SWITCHES = re.compile(r">[0-9:;<=]")  # Code 128's: which of its alphabets follows


class Reader:
    """Reads the data of fields in the encoding that ``^CI`` names.

    Parameters
    ----------
    number : int
        Of ``^CI``.
    """

    def __init__(self, number: int = 0) -> None:
        self._codec = _ENCODINGS.get(number, "")
        self._otherwise = _LATIN.get(number, "gb18030")

    def text(self, data: bytes, escape: bytes) -> str:
        """What a field's data says.

        Parameters
        ----------
        data : bytes
        escape : bytes
            The character before two hexadecimal digits, or nothing.
        """
        if escape:
            pattern = re.escape(escape) + rb"([0-9A-Fa-f]{2})"
            data = re.sub(pattern, lambda match: bytes([int(match[1], 16)]), data)
        return self._decoded(data).replace("\r", "").replace("\n", "").replace("\\&", "\n").strip()

    def _decoded(self, data: bytes) -> str:
        if self._codec:
            return data.decode(self._codec, "replace")
        try:
            return data.decode("utf-8")  # what careless programs send under any ^CI
        except UnicodeDecodeError:
            return data.decode(self._otherwise, "replace")


def scanned(text: str, name: bytes, parts: list[bytes]) -> str:
    """What a scanner reads in a code of this text.

    Parameters
    ----------
    text : str
        A field's data.
    name : bytes
        The code's command.
    parts : list of bytes
        Its parameters.
    """
    if name == b"BQ":
        return _QR.sub("", text, count=1).strip()
    if name == b"BX":
        escape = re.escape([*parts, *[b""] * 7][6].decode("latin-1")[:1] or "~")
        text = re.sub(rf"{escape}(?:[1-3]|d[0-9]{{3}})", " ", text)
        return re.sub(rf"{escape}(.)", r"\1", text).strip()
    return _SWITCHES.sub("", text).strip()
