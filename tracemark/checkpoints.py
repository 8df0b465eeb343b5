"""Checkpoints of the ledger and proofs under them, checked without the vault. SPEC 9.9.

A checkpoint is a signed note as transparency logs write it (C2SP tlog-checkpoint): who keeps the
ledger, how many entries it has, the root of the tree over them. Deposited with somebody else, it
shows later that nothing was changed, taken out or put in since; a proof shows one entry under it
and no other.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from tracemark import signing
from tracemark.arguments import checked
from tracemark.errors import BadSignature, LedgerError, UnreadableSample
from tracemark.keys import EpochKey
from tracemark.ledger import Ledger, merkle
from tracemark.ledger.chain import Json, canonical, link

PROOF = "tracemark-ledger-proof/1"
_ORIGIN = "tracemark/ledger/"
_ED25519 = b"\x01"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of a ledger.

    Attributes
    ----------
    vault : str
        Id of the vault.
    size : int
        Number of entries.
    root : bytes
        Root of the tree over them: 32 bytes.
    """

    vault: str
    size: int
    root: bytes

    @property
    def origin(self) -> str:
        """The name under which the vault signs."""
        return _ORIGIN + self.vault

    def text(self) -> str:
        """What is signed: three lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


@dataclass(frozen=True, slots=True)
class Proven:
    """What a proof shows.

    Attributes
    ----------
    what : str
        ``entry`` or ``growth``.
    checkpoint : Checkpoint
        Under which it holds.
    public_key : str
        Whose signature the checkpoint carries, 64 hexadecimal digits. Whose key that is, the file
        alone cannot prove: compare it with the one that the vault's owner published.
    entry : dict or None
        seq, time, kind and body of the entry shown.
    earlier : Checkpoint or None
        The one that was grown from.
    """

    what: Literal["entry", "growth"]
    checkpoint: Checkpoint
    public_key: str
    entry: dict[str, Any] | None = None
    earlier: Checkpoint | None = None


def checkpoint(ledger: Ledger, key: EpochKey) -> str:
    """A signed checkpoint of the ledger as it stands; the public key is in it first. SPEC 9.9.3.

    Raises
    ------
    LedgerError
        If the ledger does not hold: nothing is signed then.
    MissingExtra
        Without the extra ``sign``.
    """
    ledger.record_signer(key.epoch, signing.public_key(key))
    tree = ledger.tree()
    state = Checkpoint(str(ledger.genesis["vault"]), tree.size, tree.root())
    return signed(state, key)


def signed(state: Checkpoint, key: EpochKey) -> str:
    """The signed note of a state. SPEC 9.9.3."""
    text, public = state.text(), bytes.fromhex(signing.public_key(key))
    raw = _key_id(state.origin, public) + signing.sign(key, text.encode())
    return f"{text}\n— {state.origin} {base64.b64encode(raw).decode()}\n"


def prove_entry(ledger: Ledger, keys: Sequence[EpochKey], seq: int, note: str | None) -> str:
    """A proof of one entry, under a checkpoint of earlier or, without one, of now. SPEC 9.9.4."""
    note = note or checkpoint(ledger, keys[-1])
    state, public = _own(ledger, keys, note)
    shown = ledger.tree(state.size).show(seq)
    entry = shown.entry
    return _written(
        what="entry",
        entry={"seq": entry.seq, "time": entry.time, "kind": entry.kind, "body": entry.body},
        previous=shown.previous.hex(),
        path=[one.hex() for one in shown.path],
        checkpoint=note,
        public_key=public,
    )


def prove_growth(ledger: Ledger, keys: Sequence[EpochKey], note: str) -> str:
    """A proof that the ledger of a checkpoint became that of now by adding only. SPEC 9.9.4."""
    state, earlier_public = _own(ledger, keys, note)
    latest = checkpoint(ledger, keys[-1])
    now, public = _own(ledger, keys, latest)
    return _written(
        what="growth",
        earlier=note,
        earlier_public_key=earlier_public,
        path=[one.hex() for one in ledger.tree(now.size).growth(state.size)],
        checkpoint=latest,
        public_key=public,
    )


def must_extend(ledger: Ledger, keys: Sequence[EpochKey], note: str) -> Checkpoint:
    """The checkpoint, if it is this vault's and the ledger still begins with what it saw.

    Raises
    ------
    LedgerError
        If an entry that it saw was changed or is missing.
    BadSignature, UnreadableSample, MissingExtra
    """
    return _own(ledger, keys, note)[0]


@checked
def check_proof(
    text: str,
    *,
    public_keys: Sequence[str] = (),
    checkpoint: str | None = None,
    name: str = "the proof",
) -> Proven:
    """Check a proof; needs neither the vault nor its key.

    Parameters
    ----------
    text : str
    public_keys : sequence of str
        As the vault's owner published them, one for each epoch. Without any, only that the file
        holds together.
    checkpoint : str, optional
        One that was deposited earlier: the proof must rest on it.

    Raises
    ------
    BadSignature
        The proof does not hold, was signed with another key, or rests on another checkpoint.
    UnreadableSample
        It is not a proof.
    MissingExtra
    """
    try:
        held = json.loads(text)
        if held["format"] != PROOF or held["what"] not in ("entry", "growth"):
            raise KeyError
        public, note = str(held["public_key"]), str(held["checkpoint"])
        path = [bytes.fromhex(one) for one in held["path"]]
        shown = _shown_entry(held) if held["what"] == "entry" else None
        earlier = None if shown else (str(held["earlier"]), str(held["earlier_public_key"]))
    except (ValueError, KeyError, TypeError, RecursionError, UnicodeEncodeError):
        raise UnreadableSample(
            f"{name} is not a proof of a ledger", hint="tracemark ledger prove writes one"
        ) from None
    trusted = [str(one).strip().lower() for one in public_keys]
    state = _opened(note, public, trusted, name)
    if checkpoint is not None and checkpoint not in (note, earlier and earlier[0]):
        raise BadSignature(
            f"{name} does not rest on the checkpoint given", hint="ask for a proof under that one"
        )
    if earlier:
        before = _opened(*earlier, trusted, name)
        whole = before.vault == state.vault and merkle.extends(
            before.root, before.size, state.root, state.size, path
        )
        proven = Proven("growth", state, public, earlier=before)
    elif shown:
        entry, chained = shown
        leaf = merkle.leaf(chained)
        whole = merkle.includes(state.root, state.size, leaf, entry["seq"] - 1, path)
        proven = Proven("entry", state, public, entry=entry)
    if not whole:
        raise BadSignature(
            f"{name} does not hold: what it shows is not under its checkpoint",
            hint="ask for the file as it was written; do not rely on this one",
        )
    return proven


def parse(note: str, *, name: str = "the checkpoint") -> tuple[Checkpoint, bytes, bytes]:
    """State, key id and signature of a note whose signature is not checked.

    Raises UnreadableSample for anything that is not one of a tracemark ledger.
    """
    text, gap, signature = note.partition("\n\n")
    lines = text.split("\n")
    try:
        note.encode()
        if not gap or len(lines) != 3 or not lines[0].startswith(_ORIGIN):
            raise ValueError
        state = Checkpoint(
            lines[0].removeprefix(_ORIGIN),
            int(lines[1]),
            base64.b64decode(lines[2], validate=True),
        )
        start = f"— {state.origin} "
        [mine] = [line for line in signature.splitlines() if line.startswith(start)]
        raw = base64.b64decode(mine.removeprefix(start), validate=True)
        if len(raw) != 68 or len(state.root) != 32 or state.text() != text + "\n":
            raise ValueError
    except (ValueError, binascii.Error):
        raise UnreadableSample(
            f"{name} is not a checkpoint of a ledger", hint="tracemark ledger checkpoint writes one"
        ) from None
    return state, raw[:4], raw[4:]


def _own(ledger: Ledger, keys: Sequence[EpochKey], note: str) -> tuple[Checkpoint, str]:
    """A checkpoint of this very ledger, and the public key it was signed with."""
    state, key_id, _ = parse(note)
    publics = [signing.public_key(key) for key in keys]
    signers = [one for one in publics if _key_id(state.origin, bytes.fromhex(one)) == key_id]
    if state.vault != ledger.genesis["vault"] or not signers:
        raise BadSignature("the checkpoint is not one of this vault", hint="check --vault")
    _opened(note, signers[0], [], "the checkpoint")
    if ledger.tree(state.size).root() != state.root:
        raise LedgerError(
            f"the first {state.size} entries are not those that the checkpoint saw",
            hint="run tracemark ledger verify, and compare with backups",
        )
    return state, signers[0]


def _opened(note: str, public: str, trusted: Sequence[str], name: str) -> Checkpoint:
    """The state in a note signed with this key, which is one of those trusted, if any are."""
    state, key_id, signature = parse(note, name=name)
    try:
        raw = bytes.fromhex(public)
    except ValueError:
        raise UnreadableSample(f"{name} holds no public key", hint="ask for it again") from None
    if trusted and public not in trusted:
        raise BadSignature(
            f"{name} was signed with another key", hint="compare with: tracemark key public"
        )
    text = state.text().encode()
    if key_id != _key_id(state.origin, raw) or not signing.holds(raw, signature, text):
        raise BadSignature(
            f"the signature in {name} does not hold",
            hint="ask for the file as it was signed; do not rely on this one",
        )
    return state


def _shown_entry(held: dict[str, Any]) -> tuple[dict[str, Any], bytes]:
    """The entry of a proof and its hash in the chain, computed from what is shown."""
    entry = {name: held["entry"][name] for name in ("seq", "time", "kind", "body")}
    if not isinstance(entry["seq"], int) or not isinstance(entry["body"], dict):
        raise TypeError
    body: Json = entry["body"]
    previous = bytes.fromhex(held["previous"])
    if len(previous) != 32:
        raise ValueError
    return entry, link(previous, entry["seq"], entry["time"], entry["kind"], canonical(body))


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + _ED25519 + public).digest()[:4]


def _written(**parts: Json) -> str:
    return json.dumps({"format": PROOF, **parts}, ensure_ascii=False, indent=2) + "\n"
