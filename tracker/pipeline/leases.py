"""Which worker holds which shop.  Every transaction that writes a shop begins by a conditional update of its lease row."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, case, or_, update

from tracker.clock import MINUTE, Instant
from tracker.errors import TrackerError
from tracker.tables import leases

# How long after something came in the shop's members are told what it changed (tracker/subscriptions).
NEWS = 15 * MINUTE

_c = leases.c
_OURS_OR_FREE = or_(_c.token == bindparam("ours"), _c.token.is_(None), _c.held_until_at < bindparam("at"))
_HOLD = (
    update(leases)
    .where(_c.shop_id == bindparam("of_shop"), _OURS_OR_FREE)
    .values(
        token=bindparam("ours"),
        held_until_at=bindparam("until"),
        look_at=case((_c.look_at > bindparam("soon"), bindparam("soon")), else_=_c.look_at),
    )
    .returning(_c.next_id, _c.version)
)
_RELEASE = (
    update(leases).where(_c.shop_id == bindparam("of_shop"), _c.token == bindparam("ours")).values(token=None, held_until_at=0)
)


class LeaseLost(TrackerError):
    """Another worker holds the shop; whatever was not committed is theirs to do."""


class ShopChanged(LeaseLost):
    """The shop's settings are not those we know any more; they have to be read again before anything is done."""


def hold(db: Connection, shop_id: int, token: str, now: Instant, until: Instant, version: int | None = None) -> int:
    """Take the shop if nobody holds it, or prolong our hold; locks its row for this transaction.  Answers the next free id.

    Raises LeaseLost, and ShopChanged when the shop's row is of another version than the one given.
    """
    asked = {"of_shop": shop_id, "ours": token, "at": now, "until": until, "soon": now + NEWS}
    row = db.execute(_HOLD, asked).first()
    if row is None:
        raise LeaseLost(f"shop {shop_id} is held by another worker")
    if version is not None and row.version != version:
        raise ShopChanged(f"shop {shop_id} has other settings by now")
    next_id: int = row.next_id
    return next_id


def release(db: Connection, shop_id: int, token: str) -> None:
    """Let go, so that another worker need not wait for the lease to run out."""
    db.execute(_RELEASE, {"of_shop": shop_id, "ours": token})
