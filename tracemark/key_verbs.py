"""The vault's verbs for its keys: list, rotate, revoke, seal. SPEC 3."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tracemark import passphrases, signing
from tracemark.arguments import must_not_replace
from tracemark.errors import UsageError, VaultError
from tracemark.issuing import issuing_key
from tracemark.keys import EpochKey, FileKeys, KeyProvider, write_key_file
from tracemark.ledger import Ledger
from tracemark.profiles import Profile


class KeyVerbs:
    """The part of a `Vault` that looks after the keys."""

    _provider: KeyProvider
    _keys: list[EpochKey]
    _ledger: Ledger
    profile: Profile

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """One entry for each key, oldest first: epoch, commitment, and revoked since when."""
        revoked = self._ledger.revocations()
        return [
            {"epoch": key.epoch, "commitment": key.commitment, "revoked": revoked.get(key.epoch)}
            for key in self._keys
        ]

    @property
    def public_key(self) -> str:
        """The public half of the key that signs cases and checkpoints; publish it.

        Raises MissingExtra.
        """
        return signing.public_key(self._keys[-1])

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
        key = self._file().append()
        self._ledger.add_epoch(key)
        self._keys.append(key)
        return key.epoch

    def revoke_epoch(self, epoch: int, since: str | None = None) -> None:
        """Record in the ledger that the key of an older epoch got out.

        Its marks are still traced, but whoever has it can forge them for anyone: accusations that
        rest on them carry a caution from now on (`Accusation.cautions`).

        Parameters
        ----------
        epoch : int
            Older than the newest: `rotate_key` first.
        since : str, optional
            The day from which it may have been in other hands, ``YYYY-MM-DD``; today by default.
            Recorded again with an earlier day, that one counts.

        Raises
        ------
        UsageError, LedgerError
        """
        self._ledger.revoke_epoch(epoch, since or datetime.now(UTC).date().isoformat())

    def seal_keys(self, passphrase: str, *, remember: bool = False) -> None:
        """Seal the key file with a passphrase; from then on it is needed to open the vault.

        It is looked for in TRACEMARK_PASSPHRASE, then in the system's keyring. Lost, it takes
        every mark with it. What stood on the disk in the open may still be found there: seal
        before the first use.

        Parameters
        ----------
        passphrase : str
            12 characters or more.
        remember : bool
            Keep it in the system's keyring (extra ``keyring``).

        Raises
        ------
        UsageError
            If the keys do not come from the vault's own key file.
        KeyFault, MissingExtra
        """
        file = self._file()
        if remember:
            passphrases.remember(file.path, passphrase)
        file.seal(passphrase)

    def unseal_keys(self) -> None:
        """Take the seal off the key file. Raises UsageError as `seal_keys` does."""
        self._file().unseal()

    def write_issuing_key(self, target: str | os.PathLike[str], to: str) -> int:
        """Write a key file that marks for some recipients and can neither trace nor sign.

        Open the vault with it where copies are made: ``keys=FileKeys(...)``, or the environment
        variable TRACEMARK_KEY_FILE. Rotate, and write another, when its holder changes.

        Parameters
        ----------
        target : path
            Gets mode 0600.
        to : str
            The recipients whose id begins so.

        Returns
        -------
        int
            How many recipients it is for.

        Raises
        ------
        UsageError
            If there is no such recipient.
        VaultError
            If the file cannot be written.
        """
        ids = [one.id for one in self._ledger.recipients(to)]
        if not ids:
            raise UsageError(
                f"no recipient's id begins with '{to}'", hint="tracemark recipient list"
            )
        try:
            path = Path(target).resolve()
            must_not_replace(path)
            if isinstance(self._provider, FileKeys) and path == self._provider.path.resolve():
                raise UsageError(f"{path} holds the vault's own keys", hint="name another file")
            write_key_file(path, issuing_key(self._keys, self.profile, ids))
        except OSError as error:
            raise VaultError(
                f"the key file {target} cannot be written: {error.strerror}",
                hint="check that its folder exists and can be written",
            ) from None
        return len(ids)

    def _file(self) -> FileKeys:
        if not isinstance(self._provider, FileKeys):
            raise UsageError(
                "the keys of this vault come from elsewhere",
                hint="change them there, then open the vault again",
            )
        return self._provider
