"""The vault: keys, ledger and profile under one roof, and the verbs of both corridors.

A vault is a folder with ``vault.json`` (format, profile), ``keys`` (mode 0600; absent where the
keys come from elsewhere) and ``ledger.sqlite``.
"""

from __future__ import annotations

import json
import os
import secrets
import weakref
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from tracemark import distant, seeding
from tracemark.arguments import all_checked
from tracemark.errors import LedgerError, VaultError
from tracemark.job_verbs import JobVerbs
from tracemark.key_verbs import KeyVerbs
from tracemark.keys import ROOT_BYTES, EnvironmentKeys, EpochKey, FileKeys, KeyProvider
from tracemark.label_file_verbs import LabelFileVerbs
from tracemark.ledger import Ledger
from tracemark.ledger.postgres_link import is_address
from tracemark.ledger_verbs import LedgerVerbs
from tracemark.lending import Lending
from tracemark.loaders import LIMITS, Limits
from tracemark.profiles import CURRENT, PROFILES, Profile
from tracemark.screen_verbs import ScreenVerbs
from tracemark.table_verbs import TableVerbs

if TYPE_CHECKING:
    from tracemark.case import Case
    from tracemark.label_tracing import Originals
    from tracemark.loaders import Sample
    from tracemark.tracing import Team

FORMAT = "tracemark-vault"
VERSION = 1

_SETTINGS, _KEYS, _LEDGER = "vault.json", "keys", "ledger.sqlite"


@all_checked
class Vault(TableVerbs, JobVerbs, LabelFileVerbs, ScreenVerbs, LedgerVerbs, KeyVerbs):
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
        # SPEC 6.5: processes and codewords of the last trace, for the next
        self._teams: Lending[Team] = Lending()
        weakref.finalize(self, self._teams.end)

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
        if key is not None:
            EpochKey(1, key)
        provider = keys or _environment() if key is None else None
        if provider is not None:
            provider.keys()  # a malformed key is found before anything is made
        mine = False  # from here on all that lies in the folder
        try:
            beside = _claimed(folder)
            mine = True
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
            beside.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
            beside.replace(folder / _SETTINGS)
        except OSError as error:
            raise VaultError(
                f"cannot make a vault in {folder}: {error.strerror}",
                hint="choose a folder that can be written",
            ) from None
        finally:
            if mine and not (folder / _SETTINGS).exists():  # broken off
                _empty(folder)
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
        """Release the ledger, and what was kept of traces."""
        self._teams.end()
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

        Among 100,000 candidates and more, processes help; they and up to 384 MB of codewords are
        kept for the next trace until the vault is closed.

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

        with self._teams.lent(tracing.Team) as team:
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


def _claimed(folder: Path) -> Path:
    """The file in a folder, empty until now, that only one process can have made.

    Raises VaultError where the folder is in use; OSError.
    """
    taken = VaultError(
        f"cannot make a vault in {folder}: it is not an empty folder",
        hint="name a new folder, or open the vault that is there",
    )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise taken
    folder.mkdir(parents=True, exist_ok=True)
    claim = folder / (_SETTINGS + ".new")
    try:
        claim.touch(exist_ok=False)
    except FileExistsError:
        raise taken from None
    if any(path != claim for path in folder.iterdir()):  # another one has made a vault since
        claim.unlink()
        raise taken
    return claim


def _empty(folder: Path) -> None:
    """Take away what was begun of a vault, so that it can be begun again; the claim last."""
    for path in sorted(folder.iterdir(), key=lambda path: path.suffix == ".new"):
        if path.is_file():
            path.unlink()


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
