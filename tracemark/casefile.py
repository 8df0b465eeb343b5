"""Case files: read one back, sign one, check a signed one without the vault. SPEC 8.3, 8.6."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from tracemark import signing
from tracemark.access.evidence import Access, Holder
from tracemark.arguments import checked
from tracemark.case import FORMAT, Accusation, Binding, Case, Evidence, Pilot, RowsOf, SampleReport
from tracemark.errors import BadSignature, UnreadableSample, UsageError
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger
from tracemark.ledger.chain import Entry, Json, canonical, now

SIGNED = "tracemark-signed-case/1"
_PREFIX = b"tracemark/v1/signed-case\n"
_VERDICTS = ("identified", "inconclusive", "no mark", "unreadable")


@dataclass(frozen=True, slots=True)
class SignedCase:
    """A signed case file whose signature holds.

    Attributes
    ----------
    case : Case
    public_key : str
        64 hexadecimal digits. Whose key that is, the file alone cannot prove: compare it with the
        one that the vault's owner published.
    time : str
        When it was signed, UTC, by the clock of the machine that signed.
    process : dict of str to str
        Time, command and versions.
    vault : dict of str to str
        Id, commitment to the key, head of the ledger, public key and the entry that holds it.
    """

    case: Case
    public_key: str
    time: str
    process: dict[str, str]
    vault: dict[str, str]

    def to_html(self, lang: str = "zh") -> str:
        """The case as a page, as `Case.to_html`, that says by whom and when it was signed."""
        from tracemark.report import page  # late: most programs print no report

        signed = {"process": self.process, "vault": self.vault}
        return page(self.case.to_dict(), lang=lang, signed=signed)


@checked
def read_case(text: str, *, name: str = "the case file") -> Case:
    """Read a case file, signed or not. A signature is not checked: see `verify_case`.

    Raises
    ------
    UnreadableSample
        If it is not a case file.
    """
    held = _parsed(text, name)
    if held.get("format") == SIGNED:
        held = held["statement"].get("case", {}) if isinstance(held.get("statement"), dict) else {}
    if held.get("format") != FORMAT:
        raise UnreadableSample(
            f"{name} is not a case file of a kind that is known",
            hint="a case file is what tracemark trace --json or --signed writes",
        )
    try:
        return _case(held)
    except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError):
        raise UnreadableSample(
            f"{name} is a damaged case file", hint="ask for it again, or trace the samples again"
        ) from None


def sign_case(case: Case, key: EpochKey, ledger: Ledger, *, version: str, command: str = "") -> str:
    """The text of a signed case file.

    Parameters
    ----------
    case : Case
        One of this ledger's.
    key : EpochKey
        Of the newest epoch.
    ledger : Ledger
        Gets an entry that publishes the public key, unless it has one.
    version : str
        Of this program.
    command : str
        The command line that asked.

    Raises
    ------
    UsageError
        The ledger does not hold this case.
    MissingExtra
        The package ``cryptography`` is not there.
    """
    _must_be_recorded(case, ledger)
    public = signing.public_key(key)
    entry = ledger.record_signer(key.epoch, public)
    statement: dict[str, Json] = {
        "case": _spelled(case.to_dict()),
        "process": {
            "time": now(),
            "command": command.encode(errors="backslashreplace").decode(),
            "tracemark": version,
            "numpy": np.__version__,
            "python": sys.version.split()[0],
        },
        "vault": {
            "id": str(ledger.genesis["vault"]),
            "commitment": key.commitment,
            "epoch": str(key.epoch),
            "head": str(ledger.head),
            "public_key": public,
            "published": f"{entry.seq}:{entry.hash.hex()}",
        },
    }
    signature = signing.sign(key, _PREFIX + canonical(statement).encode()).hex()
    whole = {"format": SIGNED, "statement": statement, "signature": signature}
    return json.dumps(whole, ensure_ascii=False, indent=2) + "\n"


@checked
def verify_case(
    text: str,
    *,
    public_key: str | None = None,
    samples: Iterable[str] = (),
    name: str = "the case file",
) -> SignedCase:
    """Check a signed case file; needs neither the vault nor its key.

    Parameters
    ----------
    text : str
    public_key : str, optional
        As the vault's owner published it. Without it, only that the file is as it was signed.
    samples : iterable of str
        Hex SHA-256 of files that must be among the case's samples.

    Raises
    ------
    BadSignature
        The file was changed, was signed with another key, or a sample is not among its own.
    UnreadableSample
        It is not a signed case file.
    MissingExtra
    """
    held = _parsed(text, name)
    try:
        if held["format"] != SIGNED:
            raise KeyError
        statement, signature = held["statement"], bytes.fromhex(held["signature"])
        vault, process = _texts(statement["vault"]), _texts(statement["process"])
        signer, time = vault["public_key"], process["time"]
        signed = _PREFIX + canonical(statement).encode()
        raw = bytes.fromhex(signer)
    except (KeyError, TypeError, ValueError, UnicodeEncodeError):
        raise UnreadableSample(
            f"{name} is not a signed case file",
            hint="tracemark trace --signed FILE writes one",
        ) from None
    if public_key is not None and public_key.strip().lower() != signer:
        raise BadSignature(
            f"{name} was signed with another key", hint="compare with: tracemark key public"
        )
    if not signing.holds(raw, signature, signed):
        raise BadSignature(
            f"the signature of {name} does not hold: it was changed after it was signed",
            hint="ask for the file as it was signed; do not rely on this one",
        )
    case = read_case(text, name=name)
    known = {sample.sha256 for sample in case.samples}
    for sample in samples:
        if sample not in known:
            raise BadSignature(
                f"the sample with SHA-256 {str(sample)[:16]}… is not in {name}",
                hint="check that it is the very file that was traced, byte for byte",
            )
    return SignedCase(case, signer, time, process, vault)


def _must_be_recorded(case: Case, ledger: Ledger) -> None:
    """Only what this ledger holds is signed: number, samples, alpha and look."""
    entry = _entry(ledger, case.number)
    asked = sorted({one.sha256 for one in case.samples if one.status != "unreadable"})
    if (
        entry is None
        or entry.body["samples"] != asked
        or float(str(entry.body["alpha"])) != case.alpha
        or entry.body["look"] != case.look
    ):
        raise UsageError(
            "this case does not stand in the vault's ledger, so it is not signed",
            hint="trace the samples again with this vault",
        )


def _entry(ledger: Ledger, number: int | None) -> Entry | None:
    if number is None:
        return None
    found = next(ledger.entries(after=number - 1, limit=1), None)
    return found if found and found.kind == "case" and found.seq == number else None


def _spelled(value: Any) -> Json:
    """The value with fractions spelled out: canonical JSON has none. SPEC 9.2.1."""
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, dict):
        return {str(key): _spelled(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_spelled(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    raise UsageError(
        f"a {type(value).__name__} cannot be signed", hint="sign what Vault.trace gave"
    )


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        held = json.loads(text)
    except (ValueError, RecursionError):
        held = None
    if not isinstance(held, dict):
        raise UnreadableSample(
            f"{name} is not JSON", hint="a case file is what tracemark trace --json writes"
        )
    return held


def _texts(value: Mapping[str, Any]) -> dict[str, str]:
    if not all(isinstance(item, str) for item in value.values()):
        raise TypeError
    return dict(value)


_ISSUE = ("issue", "time", "what", "name", "cells")


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


def _whole(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise TypeError
    return value


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value


_CASTS: dict[str, Callable[[Any], Any]] = {
    "float": _number,
    "int": _whole,
    "str": _string,
    "tuple[float, ...]": lambda values: tuple(map(_number, values)),
    "tuple[int, ...]": lambda values: tuple(map(_whole, values)),
}


def _cast(annotation: str, value: Any) -> Any:
    """The value as the field's type asks; types that are not plain are left alone."""
    plain = annotation.removesuffix(" | None")
    if plain not in _CASTS or (value is None and plain != annotation):
        return value
    return _CASTS[plain](value)


def _built(kind: Any, data: Mapping[str, Any], **given: Any) -> Any:
    """A dataclass from plain data; what it does not know is passed over."""
    known = {field.name: str(field.type) for field in fields(kind)}
    values = {
        name: _cast(known[name], value)
        for name, value in data.items()
        if name in known and name not in given
    }
    return kind(**values, **given)


def _case(data: Mapping[str, Any]) -> Case:
    if data["verdict"] not in _VERDICTS:
        raise ValueError
    samples = tuple(
        _built(SampleReport, one, pilot=_built(Pilot, one["pilot"]) if one["pilot"] else None)
        for one in data["samples"]
    )
    accusations = tuple(
        _built(
            Accusation,
            one,
            issued=tuple(
                {**entry, **{name: entry[name] for name in _ISSUE}} for entry in one["issued"]
            ),
            evidence=tuple(_built(Evidence, piece) for piece in one["evidence"]),
            rows=tuple(
                _built(
                    RowsOf,
                    some,
                    numbers=tuple(map(_whole, some["numbers"])),
                    bits=tuple(map(_number, some["bits"])),
                )
                for some in one.get("rows", ())
            ),
            bindings=tuple(_built(Binding, bond) for bond in one.get("bindings", ())),
        )
        for one in data["accusations"]
    )
    histogram = {
        str(name): [_number(value) for value in values]
        for name, values in data["histogram"].items()
    }
    pieces = [piece for one in accusations for piece in one.evidence]
    parts = [part for one in accusations for part in (one.bound, one.share)]
    if (
        any(not 0 <= piece.sample < len(samples) or piece.read < 1 for piece in pieces)
        or any(not 0 <= part <= 1 for part in parts)
        or any(count < 0 for count in histogram.get("counts", ()))
    ):
        raise ValueError
    _check_later_parts(data, len(samples))
    found: Case = _built(
        Case,
        data,
        accusations=accusations,
        samples=samples,
        histogram=histogram,
        advice=tuple(map(_string, data["advice"])),
        access=_access(data.get("access")),
        exhibits=(),
    )
    return found


def _access(data: Mapping[str, Any] | None) -> Access | None:
    if not data:
        return None
    holders = tuple(
        _built(Holder, one, events=tuple(one.get("events", ()))) for one in data["holders"]
    )
    sets = tuple(tuple(map(_string, some)) for some in data.get("sets", ()))
    found: Access = _built(Access, data, holders=holders, sets=sets)
    return found


_ACCESS = ("records", "recognised", "recipients", "complete", "smallest", "alternatives")
_HOLDER = ("held", "exclusive", "issued", "custody", "all_told")


def _check_later_parts(data: Mapping[str, Any], samples: int) -> None:
    """Check what a report shows of access and of waybills, where a case has them."""
    for one in data["accusations"]:
        for bond in one.get("bindings", ()):
            if not 0 <= _whole(bond["sample"]) < samples:
                raise ValueError
            _string(bond["verdict"]), _string(bond["note"])
    if access := data.get("access"):
        _ = [_whole(access[name]) for name in _ACCESS], bool(access["exact"])
        for holder in access["holders"]:
            _ = [_whole(holder[name]) for name in _HOLDER]
            _ = [_string(holder[name]) for name in ("recipient", "name", "kind")]
