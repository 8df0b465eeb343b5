"""Bringing a ledger in PostgreSQL to this release's layout: the same rows. SPEC 9.10.5."""

from __future__ import annotations

from tracemark.ledger.postgres import PostgresStore, layout, layout_number
from tracemark.ledger.postgres_schema import LAYOUT, rebuilding
from tracemark.ledger.store import Store
from tracemark.ledger.verify import Progress, verify


def upgrade(store: Store, commitments: dict[int, str], progress: Progress | None = None) -> bool:
    """Rebuild the tables while nobody writes, verify them, and commit; or change nothing.

    Returns
    -------
    bool
        False if the layout is this release's already.

    Raises
    ------
    LedgerError
        If the ledger does not hold, or the role may not change tables.
    """
    if not isinstance(store, PostgresStore):
        return False
    with store.write() as transaction:
        if layout_number(transaction.execute) == LAYOUT:
            return False
        for statement in rebuilding():
            transaction.execute(statement)
        verify(
            transaction.execute,
            layout,
            store.seals,
            commitments,
            expect=transaction.head,
            progress=progress,
        ).insist(str(store.shown))
    return True
