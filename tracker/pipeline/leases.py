"""Which worker holds which shop.  The token is checked by the first statement of every transaction that writes a shop."""

from __future__ import annotations

from sqlalchemy import Connection, or_, select, update

from tracker.clock import Instant
from tracker.errors import TrackerError
from tracker.tables import leases


class LeaseLost(TrackerError):
    """Another worker holds the shop; whatever was not committed is theirs to do."""


def take(db: Connection, shop_id: int, token: str, now: Instant, milliseconds: int) -> bool:
    """Take the shop if nobody holds it (or we do); whether it is ours now."""
    free = or_(leases.c.held_until_at < now, leases.c.token == token, leases.c.token.is_(None))
    taken = db.execute(
        update(leases).where(leases.c.shop_id == shop_id, free).values(token=token, held_until_at=now + milliseconds)
    )
    return taken.rowcount == 1


def hold(db: Connection, shop_id: int, token: str, until: Instant) -> int:
    """Prove that the shop is still ours, lock its row for this transaction and prolong; answers the next free id.

    Raises LeaseLost.
    """
    held = db.execute(update(leases).where(leases.c.shop_id == shop_id, leases.c.token == token).values(held_until_at=until))
    if held.rowcount != 1:
        raise LeaseLost(f"shop {shop_id} is held by another worker")
    next_id: int = db.execute(select(leases.c.next_id).where(leases.c.shop_id == shop_id)).scalar_one()
    return next_id


def release(db: Connection, shop_id: int, token: str) -> None:
    """Let go, so that another worker need not wait for the lease to run out."""
    db.execute(update(leases).where(leases.c.shop_id == shop_id, leases.c.token == token).values(token=None, held_until_at=0))
