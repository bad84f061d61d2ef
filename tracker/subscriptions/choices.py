"""Which members want which mails of a shop, and the link by which they get no more.  Nothing here commits.

Nobody gets the weekly mail before they chose it.  Alarms reach owners unless they say no: what is not
measured is lost for good.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, func, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.config import Config
from tracker.outbox.links import public_address, read_signed, sign
from tracker.shops import Shop

WEEKLY, ALARMS = "weekly", "alarms"
PURPOSE = "unsubscribe"
PATH = "/unsubscribe/"

c = t.memberships.c


@dataclass(frozen=True)
class Reader:
    """A member of the shop, and what they want."""

    user_id: int
    email: str
    locale: str
    weekly_since_at: Instant | None
    alarms: bool

    @property
    def weekly(self) -> bool:
        return self.weekly_since_at is not None


@dataclass(frozen=True)
class Leave:
    """What a link says: this member wants no more of this."""

    shop_id: int
    user_id: int
    kind: str


def readers(db: Connection, shop: Shop) -> list[Reader]:
    """Those who want anything."""
    return [one for one in _members(db, shop) if one.weekly or one.alarms]


def find_reader(db: Connection, shop: Shop, user_id: int) -> Reader | None:
    """The member, whatever they want."""
    return next((one for one in _members(db, shop) if one.user_id == user_id), None)


def _members(db: Connection, shop: Shop) -> list[Reader]:
    u = t.users.c
    asked = select(u.user_id, u.email, u.locale, c.role, c.weekly_since_at, c.alarms).join(
        t.memberships, c.user_id == u.user_id
    )
    return [
        Reader(
            row.user_id,
            row.email,
            row.locale or shop.settings.locale,
            row.weekly_since_at,
            row.role == "owner" if row.alarms is None else row.alarms,
        )
        for row in db.execute(asked.where(c.shop_id == shop.shop_id).order_by(u.user_id))
    ]


def choose(db: Connection, shop_id: int, user_id: int, now: Instant, *, weekly: bool, alarms: bool) -> None:
    """Who wants the weekly mail anew gets it from the next Monday on."""
    since = func.coalesce(c.weekly_since_at, now) if weekly else None
    _write(db, shop_id, user_id, weekly_since_at=since, alarms=alarms)


def leave(db: Connection, told: Leave) -> None:
    """No more of this; doing so twice changes nothing."""
    _write(db, told.shop_id, told.user_id, **({"weekly_since_at": None} if told.kind == WEEKLY else {"alarms": False}))


def _write(db: Connection, shop_id: int, user_id: int, **values: Any) -> None:
    db.execute(update(t.memberships).where(c.shop_id == shop_id, c.user_id == user_id).values(**values))


def leave_link(shop_id: int, user_id: int, kind: str, config: Config) -> str:
    """For a mail.  It holds for as long as the secret does: old mails must be able to end what they began."""
    return public_address(config.public_url, PATH + sign(PURPOSE, [shop_id, user_id, kind], config.secret_key))


def read_link(token: str, config: Config) -> Leave | None:
    """None for what we did not sign."""
    told = read_signed(PURPOSE, token, config.secret_key)
    return Leave(int(told[0]), int(told[1]), str(told[2])) if told else None
