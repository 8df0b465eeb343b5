"""The vault's verbs for its keys: list, rotate, seal. SPEC 3."""

from __future__ import annotations

from typing import Any

from tracemark import passphrases, signing
from tracemark.errors import UsageError
from tracemark.keys import EpochKey, FileKeys, KeyProvider
from tracemark.ledger import Ledger


class KeyVerbs:
    """The part of a `Vault` that looks after the keys."""

    _provider: KeyProvider
    _keys: list[EpochKey]
    _ledger: Ledger

    @property
    def epochs(self) -> list[dict[str, Any]]:
        """One entry for each key, oldest first: epoch and commitment."""
        return [{"epoch": key.epoch, "commitment": key.commitment} for key in self._keys]

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

    def _file(self) -> FileKeys:
        if not isinstance(self._provider, FileKeys):
            raise UsageError(
                "the keys of this vault come from elsewhere",
                hint="change them there, then open the vault again",
            )
        return self._provider
