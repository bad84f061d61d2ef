"""Who belongs to a shop, and as what.  A shop always has an owner.  Nothing here commits."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, delete, insert, select, update

from tracker import audit
from tracker import tables as t
from tracker.clock import Instant
from tracker.http.accounts import BadAccount
from tracker.outbox.deliver import take_back
from tracker.reports.table import N_
from tracker.reports.words import ROLES

c = t.memberships.c


@dataclass(frozen=True)
class Member:
    """Somebody who may see the shop."""

    user_id: int
    email: str
    name: str
    role: str
    has_second_factor: bool


def of_shop(db: Connection, shop_id: int) -> list[Member]:
    """By name."""
    rows = db.execute(
        select(t.users, c.role)
        .join(t.memberships, c.user_id == t.users.c.user_id)
        .where(c.shop_id == shop_id)
        .order_by(t.users.c.name, t.users.c.user_id)
    )
    return [Member(row.user_id, row.email, row.name, row.role, row.totp_secret is not None) for row in rows]


def set_role(db: Connection, shop_id: int, user_id: int, role: str, by: str, now: Instant) -> None:
    """Raises BadAccount."""
    if role not in ROLES:
        raise BadAccount(N_("there is no such role"))
    member = _change(db, shop_id, user_id, stays_owner=role == "owner")
    if member.role == role:
        return
    db.execute(update(t.memberships).where(c.shop_id == shop_id, c.user_id == user_id).values(role=role))
    audit.log(db, [shop_id], "role", by, now, about=member.email, changed={"role": [member.role, role]})


def remove(db: Connection, shop_id: int, user_id: int, by: str, now: Instant) -> None:
    """From the shop; the account stays.  What is owed to them is not sent any more.  Raises BadAccount."""
    member = _change(db, shop_id, user_id, stays_owner=False)
    db.execute(delete(t.memberships).where(c.shop_id == shop_id, c.user_id == user_id))
    take_back(db, shop_id, member.email, "its reader is no member any more", now)
    audit.log(db, [shop_id], "removed", by, now, about=member.email, changed={"role": [member.role, None]})


def join(db: Connection, shop_id: int, user_id: int, role: str) -> None:
    """Who is a member already stays what they are."""
    if db.execute(select(c.role).where(c.shop_id == shop_id, c.user_id == user_id)).first() is None:
        db.execute(insert(t.memberships), {"shop_id": shop_id, "user_id": user_id, "role": role})


def _change(db: Connection, shop_id: int, user_id: int, *, stays_owner: bool) -> Member:
    """The member to be changed.  Raises BadAccount when there is none, or when the shop would be left without an owner."""
    # Two owners who take each other's role at the same moment: the second waits here, and then sees what the first did.
    db.execute(select(c.user_id).where(c.shop_id == shop_id).order_by(c.user_id).with_for_update()).all()
    members = of_shop(db, shop_id)
    member = next((one for one in members if one.user_id == user_id), None)
    if member is None:
        raise BadAccount(N_("this person is no member of the shop"))
    if not stays_owner and not any(one.role == "owner" and one.user_id != user_id for one in members):
        raise BadAccount(N_("a shop needs an owner: make somebody else one first"))
    return member
