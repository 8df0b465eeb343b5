"""The vault's verbs for its ledger: verify, back up, show to others. SPEC 9.7 to 9.9."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from tracemark.keys import EpochKey
from tracemark.ledger import Entry, Head, Ledger, Verification

if TYPE_CHECKING:
    from tracemark.checkpoints import Checkpoint


class LedgerVerbs:
    """The part of a `Vault` that looks after the ledger."""

    _keys: list[EpochKey]
    _ledger: Ledger

    def verify_ledger(self, progress: Callable[[float], None] | None = None) -> Verification:
        """Check the whole ledger: chain, seal, commitments, recipients, fingerprints."""
        return self._ledger.verify(progress)

    def ledger_entries(
        self, kind: str | None = None, *, after: int = 0, limit: int | None = None
    ) -> Iterator[Entry]:
        """Ledger entries in order, optionally of one kind, after an entry, no more than a limit."""
        return self._ledger.entries(kind, after=after, limit=limit)

    def backup_ledger(self, target: str | os.PathLike[str]) -> Head:
        """Copy the ledger to a new file, while others may be writing, and verify the copy.

        Keys are not copied: back them up apart. Returns the end of the copy's chain; written down
        elsewhere it shows later that nothing was taken back. Raises LedgerError.
        """
        return self._ledger.backup(Path(target))

    def upgrade_ledger(self, progress: Callable[[float], None] | None = None) -> bool:
        """Bring a ledger in a database to this release's layout; every entry keeps its hash.

        Returns whether there was anything to do. Raises LedgerError if the ledger does not hold;
        then nothing has changed.
        """
        return self._ledger.upgrade(progress)

    def checkpoint(self) -> str:
        """A signed checkpoint of the ledger as it stands, to be deposited with somebody else.

        Raises
        ------
        LedgerError
            If the ledger does not hold: nothing is signed then.
        MissingExtra
            Without the extra ``sign``.
        """
        from tracemark import checkpoints

        return checkpoints.checkpoint(self._ledger, self._keys[-1])

    def verify_checkpoint(self, note: str) -> Checkpoint:
        """Check that the ledger still begins with everything that a checkpoint of it saw.

        Raises
        ------
        LedgerError
            If an entry was changed or taken out since.
        BadSignature, UnreadableSample, MissingExtra
        """
        from tracemark import checkpoints

        return checkpoints.must_extend(self._ledger, self._keys, note)

    def prove_entry(self, seq: int, checkpoint: str | None = None) -> str:
        """A proof that one entry stands in the ledger; it shows no other. See `check_proof`.

        Parameters
        ----------
        seq : int
            Number of the entry.
        checkpoint : str, optional
            One deposited earlier, that saw the entry; a new one by default.
        """
        from tracemark import checkpoints

        return checkpoints.prove_entry(self._ledger, self._keys, seq, checkpoint)

    def prove_growth(self, checkpoint: str) -> str:
        """A proof that since a checkpoint entries were only added. See `check_proof`."""
        from tracemark import checkpoints

        return checkpoints.prove_growth(self._ledger, self._keys, checkpoint)
