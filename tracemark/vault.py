"""The vault: keys, ledger and profile under one roof, and the verbs of both corridors.

A vault is a folder with ``vault.json`` (format, profile), ``keys`` (mode 0600; absent where the
keys come from elsewhere) and ``ledger.sqlite``.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tracemark import custody, distant, marking, seeding
from tracemark.custody import CustodyEvent
from tracemark.decoys import Dealer, Pool
from tracemark.errors import LedgerError, UsageError, VaultError
from tracemark.job_verbs import JobVerbs
from tracemark.key_verbs import KeyVerbs
from tracemark.keys import ROOT_BYTES, EnvironmentKeys, EpochKey, FileKeys, KeyProvider
from tracemark.label_file_verbs import LabelFileVerbs
from tracemark.ledger import Entry, Issue, Ledger
from tracemark.ledger.postgres_link import is_address
from tracemark.ledger_verbs import LedgerVerbs
from tracemark.loaders import LIMITS, Limits
from tracemark.marking import Receipt, RowMarker
from tracemark.model import KINDS, Recipient
from tracemark.profiles import CURRENT, PROFILES, Profile
from tracemark.screen_verbs import ScreenVerbs
from tracemark.tables import Readable, Writable, open_document

if TYPE_CHECKING:
    from tracemark.case import Case
    from tracemark.label_tracing import Originals
    from tracemark.loaders import Sample

FORMAT = "tracemark-vault"
VERSION = 1

_SETTINGS, _KEYS, _LEDGER = "vault.json", "keys", "ledger.sqlite"


class Vault(JobVerbs, LabelFileVerbs, ScreenVerbs, LedgerVerbs, KeyVerbs):
    """Marks copies for recipients, and traces leaked samples back to them.

    Use `Vault.create` or `Vault.open`. A vault is a context manager; `close` releases the ledger.
    """

    def __init__(
        self,
        path: Path,
        profile: Profile,
        provider: KeyProvider,
        ledger: Ledger,
        originals: Originals | None = None,
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
        path : path or str
            Folder of the vault; or ``postgresql://user@host/database`` for a ledger there (extra
            ``postgres``). Its keys are then in TRACEMARK_KEY or in the folder TRACEMARK_KEYS.
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
        if is_address(path):
            return cls(*distant.create(str(path), key, keys or _environment()))
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
        originals: Originals | None = None,
        *,
        keys: KeyProvider | None = None,
    ) -> Vault:
        """Open a vault.

        Parameters
        ----------
        path : path or str
            Folder of the vault, or the address of its ledger, as in `create`.
        originals : callable, optional
            From a waybill number to the picture of its label as it was before marking, which a
            trace of photos then uses as `original`; it may raise LookupError or return None.
        keys : KeyProvider, optional
            As in `create`.

        Raises
        ------
        VaultError
            If there is no vault, or one of a newer version.
        KeyFault
            If a key is missing, malformed, or not the one that the ledger commits to.
        """
        if is_address(path):
            return cls(*distant.open_(str(path), keys or _key_file() or _environment()), originals)
        folder = Path(path)
        settings = _settings(folder)
        provider = (
            keys
            or _key_file()
            or (FileKeys(folder / _KEYS) if (folder / _KEYS).exists() else _environment())
            or FileKeys(folder / _KEYS)
        )
        keys_at_hand = provider.keys()
        ledger = Ledger.open(settings.get("ledger") or folder / _LEDGER, keys=keys_at_hand)
        if ledger.genesis.get("vault") != settings["id"]:  # another vault's, under the same key
            ledger.close()
            raise LedgerError(
                f"the ledger in {folder} belongs to another vault",
                hint="restore this vault's own ledger from its backup",
            )
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

    @property
    def place(self) -> str:
        """The vault's folder, or the address of its ledger, without password."""
        return self._ledger.address or str(self.path)

    def __repr__(self) -> str:
        return f"Vault({self.place!r}, profile={self.profile.name!r}, epochs={len(self._keys)})"

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

    # custody: who had what in hand without a marked copy

    def record_custody(
        self,
        recipient: str,
        waybills: Iterable[str],
        when: str | date | None = None,
        what: str = "scan",
    ) -> int:
        """Record that a recipient had waybills in hand: scanned, sorted, carried, looked up.

        The ledger keeps keyed fingerprints and the day, never the numbers. Saying the same twice
        adds an entry and changes no answer.

        Parameters
        ----------
        recipient : str
            Id of a registered recipient.
        waybills : iterable of str
            Numbers with fewer than 6 letters and digits are passed over.
        when : str or date, optional
            Kept to the day.
        what : str
            1 to 40 printable characters.

        Returns
        -------
        int
            Distinct waybills recorded.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        events = (CustodyEvent(recipient, waybill, when, what) for waybill in waybills)
        return custody.record(self._ledger, self._keys[-1], events, set())

    def record_custody_events(self, events: Iterable[CustodyEvent]) -> int:
        """Record many events, a million in one write.

        What was recorded before in the same million is passed over, so that an import can be
        repeated, or taken up again after it was broken off.

        Returns
        -------
        int
            Distinct waybills recorded, summed over recipient, kind of event and day.

        Raises
        ------
        UnknownRecipient, UsageError
        """
        known = self._ledger.custody_known()
        return custody.record(self._ledger, self._keys[-1], events, known)

    def custody_of(self, waybill: str) -> Iterator[Entry]:
        """The ``issue`` and ``custody`` entries that show one waybill in somebody's hands.

        To have had it in hand is not to have leaked it.
        """
        return custody.entries_of(self._ledger, self._keys, waybill)

    # decoys: rows of identities that the user owns

    def add_decoys(self, pool: Iterable[Mapping[str, str]]) -> int:
        """Add identities that you own to the pool of decoys.

        Never invent people, and never use somebody's data without consent: parcels and calls will
        go to these addresses and numbers. Each recipient is dealt about one decoy in sixteen, by
        codeword; see `mark_rows`. The pool is kept readable in the vault.

        Parameters
        ----------
        pool : iterable of mapping
            Rows as in the exports: column name to text, with a whole phone number or a waybill
            number. What says nothing about a person (time, item, amount) may be left out.

        Returns
        -------
        int
            How many were added; the same identity again changes nothing.

        Raises
        ------
        UsageError, VaultError
        """
        return seeding.add(self.path, self._ledger, pool)

    def without_decoys(self, rows: Iterable[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
        """The rows that are no decoys of this vault, as they are."""
        return seeding.without(self.decoys, rows)

    @property
    def decoys(self) -> Pool:
        """The decoys of this vault, as `clean_table` takes them. Raises VaultError."""
        return seeding.load(self.path, self._ledger)

    def _dealer(self, to: str, rate: float) -> Dealer:
        return seeding.dealer(self.decoys, self._keys[-1], self.profile, to, rate)

    # the marking corridor

    def mark_rows(
        self,
        rows: Iterable[Mapping[str, Any]],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        *,
        encoding: str | None = None,
        decoys: float = 0.0,
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
        decoys : float
            Behind about this part of the rows, 0 to 0.1, stands a decoy of this recipient's; each
            comes once. See `add_decoys`.

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
        if decoys:
            rows = seeding.seeded(rows, self._dealer(to, decoys))
        return marking.mark_rows(rows, marker, lambda: self._issue(to, "rows", policy))

    def mark_columns(
        self,
        table: Mapping[str, Sequence[Any]],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
    ) -> dict[str, list[Any]]:
        """Mark a table that is held column by column.

        Parameters
        ----------
        table : mapping of str to sequence
            Column name to values, all of one length; only values that are `str` are changed.
        to, columns, policy
            As in `mark_rows`, which also says what is raised.

        Returns
        -------
        dict of str to list
            The same cells that `mark_rows` gives; the ledger holds the issue before this returns.
        """
        marker = self._marker(to, columns, policy, None)
        return marking.mark_columns(table, marker, lambda: self._issue(to, "rows", policy))

    def mark_batches(
        self,
        batches: Iterable[Any],
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
    ) -> Iterator[Any]:
        """Mark Arrow record batches for one recipient, lazily, as one issue; needs `arrow`.

        Columns of strings, also where they are dictionaries, are marked as `mark_rows` would;
        schema, metadata, nulls and all other columns stay.

        Parameters
        ----------
        batches : iterable of pyarrow.RecordBatch
        to, columns, policy
            As in `mark_rows`, which also says what is raised.

        Returns
        -------
        iterator of pyarrow.RecordBatch
            A batch is yielded only after the ledger holds it.
        """
        marker = self._marker(to, columns, policy, None)
        return marking.mark_batches(batches, marker, lambda: self._issue(to, "rows", policy))

    def mark_batch(
        self,
        batch: Any,
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
    ) -> Any:
        """Mark one Arrow record batch as an issue of its own; see `mark_batches`."""
        [marked] = self.mark_batches([batch], to, columns, policy)
        return marked

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
        sink: Writable,
        to: str,
        columns: Mapping[str, str] | None = None,
        policy: str = "full",
        *,
        name: str | None = None,
        kind: str | None = None,
        encoding: str | None = None,
        decoys: float = 0.0,
    ) -> Receipt:
        """Mark a CSV, TSV, JSON, JSON Lines, text, XLSX or Parquet file.

        Every byte outside the marked cells stays as it is; texts are streamed. Of a workbook only
        the texts of marked cells change; Parquet (extra ``arrow``) is written anew, with its
        schema, metadata, row groups and compression.

        Parameters
        ----------
        source, sink : binary file
            Need not be seekable.
        to, columns, policy
            As in `mark_rows`.
        name : str, optional
            File name, used to tell the kind and in messages.
        kind : str, optional
            ``csv``, ``tsv``, ``json``, ``jsonl``, ``text``, ``xlsx`` or ``parquet``; told from the
            content, then the name otherwise.
        encoding : str, optional
            Told from the content otherwise.
        decoys : float
            As in `mark_rows`; of CSV and TSV with a header row only.

        Raises
        ------
        UnknownRecipient, UsageError, UnreadableSample, LedgerError
        """
        document = open_document(source, name=name or "the input", kind=kind, encoding=encoding)
        if decoys:
            self._ledger.recipient(to)  # raises UnknownRecipient
            seeded = seeding.SeededTable(document, self._dealer(to, decoys))
            document = open_document(
                seeded, name=document.name, kind=document.kind, encoding=document.encoding
            )
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
        waybill: str | Sequence[str | None] | None = None,
        ocr: bool | None = None,
        limits: Limits = LIMITS,
        progress: Callable[[str, float], None] | None = None,
    ) -> Case:
        """Name whose copy leaked, or say honestly that it cannot be told.

        Parameters
        ----------
        *samples
            A `pathlib.Path` is a file or an archive of files, a `str` is text itself, a PIL image
            a picture, an iterable of mappings is rows.
        alpha : float
            Bound on the chance that anyone innocent is named, in (0, 1).
        among : str, optional
            Only recipients whose id starts with this are candidates. Choose it before looking.
        original : sample, optional
            What the copies were made from. A table, as it was before marking or in canonical form:
            damaged and shortened rows are found in it again, and rows that it does not hold stop
            counting. A picture: the label as it was before marking, dot for dot, beside which more
            is read in crops and poor photos; needs the extra ``photo``.
        waybill : str or sequence of str or None, optional
            The number of the waybill in the pictures, or one for each sample. By default it is
            read from the barcodes in the picture (extra ``photo``). It tells whether the mark
            belongs to this waybill.
        ocr : bool, optional
            Whether the text of a picture without a label's mark is read; by default where the
            extra ``ocr`` is installed.
        limits : Limits
            How much of a file is read before it is refused.
        progress : callable, optional
            Called with a stage and a fraction in [0, 1].

        Returns
        -------
        Case

        Raises
        ------
        UsageError
            No sample, alpha out of range, no candidate, a sample of an unknown type, or not as
            many waybill numbers as samples.
        UnreadableSample
            If the original is broken.
        MissingExtra
            If an original is given without the extra ``photo``.
        LedgerError
            If the ledger cannot be read.
        """
        from tracemark import tracing  # late: most programs only mark
        from tracemark.decoder.team import Team

        with Team() as team:
            return tracing.trace(
                self._ledger,
                self._keys,
                self.profile,
                samples,
                alpha=alpha,
                among=among,
                original=original,
                originals=self._originals,
                waybill=waybill,
                ocr=ocr,
                limits=limits,
                progress=progress,
                decoys=seeding.load(self.path, self._ledger),
                team=team,
            )

    # keys and ledger

    def sign_case(self, case: Case, *, command: str = "") -> str:
        """The text of a signed case file about a case that this vault traced. SPEC 8.6.

        Parameters
        ----------
        case : Case
        command : str
            The command line that asked, for the record.

        Raises
        ------
        UsageError
            If the ledger does not hold the case.
        MissingExtra
            Without the extra ``sign``.
        """
        import tracemark
        from tracemark import casefile

        return casefile.sign_case(
            case, self._keys[-1], self._ledger, version=tracemark.__version__, command=command
        )

    def move_ledger(self, address: str, progress: Callable[[float], None] | None = None) -> None:
        """Move the ledger from the vault's folder to a database; needs the extra ``postgres``.

        Every entry keeps its number and hash. From then on ``vault.json`` names the database, and
        the old file, kept as ``ledger.sqlite.moved``, refuses all writes.

        Parameters
        ----------
        address : str
            ``postgresql://user@host/database``, where there is no ledger yet. A password is not
            kept: put it in ~/.pgpass or PGPASSWORD.
        progress : callable, optional
            Called with the fraction of entries checked, in [0, 1].

        Raises
        ------
        UsageError, LedgerError, MissingExtra
        """
        moved = self._ledger.move(address, progress)
        self._ledger.close()
        self._ledger = moved
        distant.redirect(self.path, _SETTINGS, _LEDGER, address)


def _checked(recipient: str | Recipient) -> Recipient:
    found = Recipient(recipient) if isinstance(recipient, str) else recipient
    if found.kind not in KINDS:
        raise UsageError(
            f"unknown kind '{found.kind}' of recipient", hint=f"one of {', '.join(KINDS)}"
        )
    return found


def _key_file() -> KeyProvider | None:
    path = os.environ.get("TRACEMARK_KEY_FILE")
    return FileKeys(Path(path)) if path else None


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
