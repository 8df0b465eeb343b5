"""The vault: keys, ledger and profile under one roof, and the verbs of both corridors.

A vault is a folder with ``vault.json`` (format, profile), ``keys`` (mode 0600; absent where the
keys come from elsewhere) and ``ledger.sqlite``.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO, Self

from PIL import Image

from tracemark import marking, tracing
from tracemark.case import Case
from tracemark.errors import UsageError, VaultError
from tracemark.keys import ROOT_BYTES, EnvironmentKeys, EpochKey, FileKeys, KeyProvider
from tracemark.ledger import Entry, Issue, Ledger, Verification
from tracemark.loaders import Sample
from tracemark.marking import Receipt, RowMarker
from tracemark.model import KINDS, Recipient
from tracemark.pictures import WRITTEN, open_picture, save_picture
from tracemark.profiles import CURRENT, PROFILES, Profile
from tracemark.tables import Readable, open_document

FORMAT = "tracemark-vault"
VERSION = 1

_SETTINGS, _KEYS, _LEDGER = "vault.json", "keys", "ledger.sqlite"


class Vault:
    """Marks copies for recipients, and traces leaked samples back to them.

    Use `Vault.create` or `Vault.open`. A vault is a context manager; `close` releases the ledger.
    """

    def __init__(
        self,
        path: Path,
        profile: Profile,
        provider: KeyProvider,
        ledger: Ledger,
        originals: Callable[[str], Image.Image] | None = None,
    ) -> None:
        self.path = path
        self.profile = profile
        self._provider = provider
        self._keys = list(provider.keys())
        self._ledger = ledger
        self._originals = originals

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        key: bytes | None = None,
        *,
        keys: KeyProvider | None = None,
    ) -> Vault:
        """Make a new vault in a folder that does not exist yet, or is empty.

        Parameters
        ----------
        path : path
            Folder of the vault.
        key : bytes, optional
            32 bytes for the first epoch, for reproducible tests; a fresh key is drawn otherwise.
        keys : KeyProvider, optional
            Where the keys come from instead of a file in the vault. If neither is given and the
            environment variable TRACEMARK_KEY is set, keys come from there.

        Raises
        ------
        VaultError
            If the folder is not empty or cannot be written.
        KeyFault
            If a given key is malformed.
        """
        folder = Path(path)
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise VaultError(
                f"cannot make a vault in {folder}: it is not an empty folder",
                hint="name a new folder, or open the vault that is there",
            )
        if key is not None:
            EpochKey(1, key)
        provider = keys or _environment() if key is None else None
        if provider is not None:
            provider.keys()  # a malformed key is found before anything is made
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if provider is None:
                provider = FileKeys(folder / _KEYS)
                provider.append(key or secrets.token_bytes(ROOT_BYTES))
            vault_id = secrets.token_hex(8)
            ledger = Ledger.create(
                folder / _LEDGER, vault_id=vault_id, profile=CURRENT.name, keys=provider.keys()
            )
            settings = {
                "format": FORMAT,
                "version": VERSION,
                "id": vault_id,
                "profile": CURRENT.name,
            }
            beside = folder / (_SETTINGS + ".new")
            beside.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
            beside.replace(folder / _SETTINGS)
        except OSError as error:
            raise VaultError(
                f"cannot make a vault in {folder}: {error.strerror}",
                hint="choose a folder that can be written",
            ) from None
        return cls(folder, CURRENT, provider, ledger)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        originals: Callable[[str], Image.Image] | None = None,
        *,
        keys: KeyProvider | None = None,
    ) -> Vault:
        """Open a vault.

        Parameters
        ----------
        path : path
            Folder of the vault.
        originals : callable, optional
            From a waybill number to the picture of its label as it was before marking.
        keys : KeyProvider, optional
            As in `create`.

        Raises
        ------
        VaultError
            If there is no vault, or one of a newer version.
        KeyFault
            If a key is missing, malformed, or not the one that the ledger commits to.
        """
        folder = Path(path)
        settings = _settings(folder)
        provider = (
            keys
            or (FileKeys(folder / _KEYS) if (folder / _KEYS).exists() else _environment())
            or FileKeys(folder / _KEYS)
        )
        keys_at_hand = provider.keys()
        ledger = Ledger.open(folder / _LEDGER, keys=keys_at_hand)
        for key in keys_at_hand[len(ledger.epochs()) :]:  # a rotation that was broken off
            ledger.add_epoch(key)
        return cls(folder, PROFILES[settings["profile"]], provider, ledger, originals)

    def close(self) -> None:
        """Release the ledger."""
        self._ledger.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"Vault({str(self.path)!r}, profile={self.profile.name!r}, epochs={len(self._keys)})"

    # recipients

    def add_recipient(
        self, id: str, *, name: str = "", kind: str = "account", parent: str | None = None
    ) -> None:
        """Register one recipient; the same again changes nothing.

        Parameters
        ----------
        id : str
            1 to 200 characters, for example ``station:YW-012``. A business key, no personal data.
        name : str
            For display.
        kind : str
            ``account``, ``station``, ``terminal`` or ``courier``.
        parent : str, optional
            Id of the recipient this one belongs to.

        Raises
        ------
        UsageError
            If the id or the kind is not valid.
        """
        self.add_recipients([Recipient(id, name, kind, parent)])

    def add_recipients(self, recipients: Iterable[str | Recipient]) -> int:
        """Register many recipients in one go; those known already are passed over.

        Returns
        -------
        int
            How many were added or changed.
        """
        return self._ledger.add_recipients(_checked(r) for r in recipients)

    def recipients(self, among: str | None = None) -> Iterator[Recipient]:
        """All recipients, in the order of their ids; those with a prefix only, if one is given."""
        return self._ledger.recipients(among)

    # the marking corridor

    def mark_rows(
        self,
        rows: Iterable[Mapping[str, Any]],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        *,
        encoding: str | None = None,
    ) -> Iterator[dict[str, Any]]:
        """Mark rows for one recipient, lazily.

        Parameters
        ----------
        rows : iterable of mapping
            Column name to value; only values that are `str` are ever changed.
        to : str
            Recipient id.
        columns : mapping, optional
            Column name to role, where the name and the cell do not tell.
        policy : str
            ``full`` (all layers), ``quiet`` (nothing a reader could see) or ``plain`` (no invisible
            characters).
        encoding : str, optional
            The encoding the rows will be written in, if it is not a Unicode one.

        Returns
        -------
        iterator of dict
            Same keys in the same order. A row is yielded only after the ledger holds it.

        Raises
        ------
        UnknownRecipient, UsageError
            At the call, before any row is read.
        """
        marker = self._marker(to, columns, policy, encoding)
        return marking.mark_rows(rows, marker, lambda: self._issue(to, "rows", policy))

    def mark_text(self, text: str, to: str, role: str = "address", policy: str = "full") -> str:
        """Mark one text, such as an address on a screen, as one cell of the given role.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        marker = self._marker(to, {"text": role}, policy, None)
        [[marked]], fingerprints = marker.mark([(("text",), (text,))])
        self._ledger.issue_at_once(
            to,
            "text",
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=policy,
            rows=1,
            fingerprints=fingerprints,
        )
        return marked

    def mark_table(
        self,
        source: Readable,
        sink: BinaryIO,
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        *,
        name: str | None = None,
        kind: str | None = None,
        encoding: str | None = None,
    ) -> Receipt:
        """Mark a CSV, TSV, JSON, JSON Lines or text file as a stream.

        Every byte outside the marked cells stays as it is.

        Parameters
        ----------
        source, sink : binary file
            Need not be seekable.
        to, columns, policy
            As in `mark_rows`.
        name : str, optional
            File name, used to tell the kind and in messages.
        kind : str, optional
            ``csv``, ``tsv``, ``json``, ``jsonl`` or ``text``; told from name and content otherwise.
        encoding : str, optional
            Told from the content otherwise.

        Raises
        ------
        UnknownRecipient, UsageError, UnreadableSample, LedgerError
        """
        document = open_document(source, name=name or "the input", kind=kind, encoding=encoding)
        marker = self._marker(to, columns, policy, document.encoding)
        missing = [] if document.headers is None else marker.missing(document.headers)
        if missing:
            raise UsageError(
                f"no column '{missing[0]}' in {name or 'the input'}",
                hint="columns: " + ", ".join(h for h in document.headers or () if h),
            )
        issue = self._issue(to, "table", policy, name)
        rows, sha256 = marking.mark_document(document, sink, marker, issue)
        return Receipt(
            to, issue.number, rows, marker.cells, marker.layers, document.encoding, sha256
        )

    def mark_label(
        self,
        image: Image.Image,
        to: str,
        waybill: str | None = None,
        profile: str = "default",
        *,
        dpi: float | None = None,
    ) -> Image.Image:
        """Mark the picture of one label as its printer is sent it.

        Parameters
        ----------
        image : PIL image
            Of mode 1, L, LA, P, RGB or RGBA.
        to : str
            Recipient id.
        waybill : str, optional
            The label's waybill number; the ledger keeps its keyed fingerprint.
        profile : str
            ``discreet``, ``default`` or ``robust``: at most 0.16, 0.25 or 0.5 % of the white dots
            change.
        dpi : float, optional
            Resolution of the printer; by default the picture's own, or guessed from its size.

        Returns
        -------
        PIL image
            Of the same mode, size and resolution. The ledger holds the issue before this returns.

        Raises
        ------
        HostTooSmall
            If the label offers too few straight edges to name anyone.
        UnknownRecipient, UsageError, UnreadableSample, LedgerError
        """
        self._ledger.recipient(to)  # raises UnknownRecipient
        key = self._keys[-1]
        marked, fingerprints, sha256 = marking.mark_label(
            image, to, key, self.profile, waybill=waybill, strength=profile, dpi=dpi
        )
        prints = fingerprints["waybill"]
        self._ledger.issue_at_once(
            to,
            "label",
            profile=self.profile.name,
            epoch=key.epoch,
            policy=profile,
            rows=1,
            fingerprints=fingerprints,
            sha256=sha256,
            waybill=int(prints[0]) if len(prints) and prints[0] else None,
        )
        return marked

    def mark_label_file(
        self,
        source: BinaryIO,
        sink: BinaryIO,
        to: str,
        waybill: str | None = None,
        profile: str = "default",
        *,
        name: str = "the input",
        dpi: float | None = None,
    ) -> None:
        """Mark a PNG, JPEG, BMP or TIFF file with the picture of one label.

        Parameters
        ----------
        source : binary file
            Seekable.
        sink : binary file
            Gets the marked label as the same kind of file.
        name : str
            For messages.
        to, waybill, profile, dpi
            As in `mark_label`, which also says what is raised.
        """
        picture = open_picture(source, name=name)
        kind = picture.format
        if kind not in WRITTEN:
            raise UsageError(
                f"{name}: a {kind} is not written", hint=f"one of {', '.join(WRITTEN)}"
            )
        marked = self.mark_label(picture, to, waybill, profile, dpi=dpi)
        save_picture(marked, sink, kind)

    def _marker(
        self, to: str, columns: Mapping[str, str] | None, policy: str, encoding: str | None
    ) -> RowMarker:
        self._ledger.recipient(to)  # raises UnknownRecipient
        return RowMarker(
            self._keys[-1], self.profile, to, columns=columns, policy=policy, encoding=encoding
        )

    def _issue(self, to: str, what: str, policy: str, name: str | None = None) -> Issue:
        return self._ledger.issue(
            to,
            what,
            profile=self.profile.name,
            epoch=self._keys[-1].epoch,
            policy=policy,
            name=name,
        )

    # the tracing corridor

    def trace(
        self,
        *samples: Sample,
        alpha: float = 1e-6,
        among: str | None = None,
        original: Sample | None = None,
        waybill: str | None = None,
        progress: Callable[[str, float], None] | None = None,
    ) -> Case:
        """Name whose copy leaked, or say honestly that it cannot be told.

        Parameters
        ----------
        *samples
            A `pathlib.Path` is a file, a `str` is text itself, a PIL image a picture of a label,
            an iterable of mappings is rows.
        alpha : float
            Bound on the chance that anyone innocent is named, in (0, 1).
        among : str, optional
            Only recipients whose id starts with this are candidates. Choose it before looking.
        original : sample, optional
            The table that was exported, as it was before marking or in canonical form: damaged
            and shortened rows are found in it again, and rows that it does not hold stop counting.
        progress : callable, optional
            Called with a stage and a fraction in [0, 1].

        Returns
        -------
        Case

        Raises
        ------
        UsageError
            No sample, alpha out of range, no candidate, or a sample of an unknown type.
        LedgerError
            If the ledger cannot be read.
        """
        if waybill is not None:
            raise UsageError(
                "waybill= is not used by this version",
                hint="trace the samples alone: text, rows, table files and pictures of labels",
            )
        return tracing.trace(
            self._ledger,
            self._keys,
            self.profile,
            samples,
            alpha=alpha,
            among=among,
            original=original,
            progress=progress,
        )

    # keys and ledger

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """One entry for each key, oldest first: epoch and commitment."""
        return [{"epoch": key.epoch, "commitment": key.commitment} for key in self._keys]

    def rotate_key(self) -> int:
        """Add a key for a new epoch; marks made under the old ones are still traced.

        Returns
        -------
        int
            The new epoch.

        Raises
        ------
        UsageError
            If the keys do not come from the vault's own key file.
        """
        if not isinstance(self._provider, FileKeys):
            raise UsageError(
                "the keys of this vault come from elsewhere",
                hint="add the next epoch there, then open the vault again",
            )
        key = self._provider.append()
        self._ledger.add_epoch(key)
        self._keys.append(key)
        return key.epoch

    def verify_ledger(self, progress: Callable[[float], None] | None = None) -> Verification:
        """Check the whole ledger: chain, seal, commitments, recipients, fingerprints."""
        return self._ledger.verify(progress)

    def ledger_entries(
        self, kind: str | None = None, *, after: int = 0, limit: int | None = None
    ) -> Iterator[Entry]:
        """Ledger entries in order, optionally of one kind, after an entry, no more than a limit."""
        return self._ledger.entries(kind, after=after, limit=limit)


def _checked(recipient: str | Recipient) -> Recipient:
    found = Recipient(recipient) if isinstance(recipient, str) else recipient
    if found.kind not in KINDS:
        raise UsageError(
            f"unknown kind '{found.kind}' of recipient", hint=f"one of {', '.join(KINDS)}"
        )
    return found


def _environment() -> KeyProvider | None:
    return EnvironmentKeys() if os.environ.get("TRACEMARK_KEY") else None


def _settings(folder: Path) -> dict[str, Any]:
    """Read vault.json. Raises VaultError if it is missing, damaged or newer than this release."""
    path = folder / _SETTINGS
    try:
        settings = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise VaultError(
            f"no vault in {folder}", hint="tracemark init makes one; --vault names another"
        ) from None
    except OSError as error:
        raise VaultError(
            f"cannot read {path}: {error.strerror}", hint="check permissions"
        ) from None
    except ValueError:
        raise VaultError(f"{path} is damaged", hint="restore it from a backup") from None
    if not isinstance(settings, dict) or settings.get("format") != FORMAT:
        raise VaultError(f"{path} does not describe a tracemark vault", hint="check --vault")
    if settings.get("version") != VERSION or settings.get("profile") not in PROFILES:
        raise VaultError(
            f"the vault in {folder} was made by a newer release"
            f" (version {settings.get('version')}, profile {settings.get('profile')})",
            hint="upgrade tracemark",
        )
    return settings
