"""Invitations to a shop: a link by mail, signed, good for one use within seven days, and withdrawn at any time before.

The link names the invitation and how often it was sent; so sending it again makes the link before it void.  Nothing here
commits.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from tracker import audit
from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.http import membership
from tracker.http.accounts import BadAccount, check_email
from tracker.outbox.deliver import take_back
from tracker.outbox.links import read_signed, sign
from tracker.reports.table import N_
from tracker.reports.words import ROLES

DAYS = 7
PURPOSE = "invitation"

c = t.invitations.c


@dataclass(frozen=True)
class Invitation:
    """Not yet accepted or withdrawn."""

    shop_id: int
    invitation_id: str
    email: str
    role: str
    invited_by: str
    invited_at: Instant
    sends: int
    expires_at: Instant

    def token(self, secret_key: str) -> str:
        """For the link."""
        return sign(PURPOSE, [self.shop_id, self.invitation_id, self.sends], secret_key)


def invite(db: Connection, shop_id: int, email: str, role: str, by: str, now: Instant) -> Invitation:
    """Raises BadAccount when the address is none, a member's, or invited already."""
    email = check_email(email)
    if role not in ROLES:
        raise BadAccount(N_("there is no such role"))
    if any(member.email == email for member in membership.of_shop(db, shop_id)):
        raise BadAccount(N_("this person is a member already"))
    if any(one.email == email for one in of_shop(db, shop_id)):
        raise BadAccount(N_("this person is invited already: send it again, or withdraw it first"))
    invitation_id = secrets.token_hex(8)
    row = {"shop_id": shop_id, "invitation_id": invitation_id, "email": email, "role": role, "invited_by": by}
    db.execute(insert(t.invitations), {**row, "invited_at": now, "expires_at": now + DAYS * DAY})
    audit.log(db, [shop_id], "invited", by, now, about=email, changed={"role": role})
    found = find(db, shop_id, invitation_id)
    assert found is not None
    return found


def of_shop(db: Connection, shop_id: int) -> list[Invitation]:
    """Those that wait, expired ones among them; the latest first."""
    query = select(t.invitations).where(c.shop_id == shop_id, *_WAITS).order_by(c.invited_at.desc(), c.invitation_id)
    return [_invitation(row) for row in db.execute(query)]


def find(db: Connection, shop_id: int, invitation_id: str) -> Invitation | None:
    """While it waits."""
    row = db.execute(select(t.invitations).where(c.shop_id == shop_id, c.invitation_id == invitation_id, *_WAITS)).first()
    return _invitation(row) if row else None


def find_by_token(db: Connection, text: str, secret_key: str, now: Instant) -> Invitation | None:
    """None when the link is made up, used, expired, withdrawn or followed by another."""
    told = read_signed(PURPOSE, text, secret_key)
    if told is None:
        return None
    shop_id, invitation_id, sends = told
    found = find(db, int(shop_id), str(invitation_id))
    return found if found and found.sends == sends and now < found.expires_at else None


def renew(db: Connection, shop_id: int, invitation_id: str, by: str, now: Instant) -> Invitation:
    """With a new link, for seven more days.  Raises BadAccount."""
    values = {"sends": c.sends + 1, "expires_at": now + DAYS * DAY}
    db.execute(update(t.invitations).where(c.shop_id == shop_id, c.invitation_id == invitation_id, *_WAITS).values(**values))
    found = find(db, shop_id, invitation_id)
    if found is None:
        raise BadAccount(N_("this invitation waits no more"))
    audit.log(db, [shop_id], "invited", by, now, about=found.email, changed={"role": found.role, "sent": found.sends})
    return found


def withdraw(db: Connection, shop_id: int, invitation_id: str, by: str, now: Instant) -> None:
    """Raises BadAccount."""
    found = find(db, shop_id, invitation_id)
    if found is None or not _end(db, found, withdrawn_at=now):
        raise BadAccount(N_("this invitation waits no more"))
    take_back(db, shop_id, found.email, "the invitation was withdrawn", now)
    audit.log(db, [shop_id], "invitation_withdrawn", by, now, about=found.email)


def accept(db: Connection, found: Invitation, user_id: int, now: Instant) -> None:
    """Raises BadAccount when somebody has used it meanwhile."""
    if not _end(db, found, accepted_at=now):
        raise BadAccount(N_("this invitation waits no more"))
    membership.join(db, found.shop_id, user_id, found.role)
    told = {"role": found.role, "invited_by": found.invited_by}
    audit.log(db, [found.shop_id], "joined", found.email, now, about=found.email, changed=told)


_WAITS = (c.accepted_at.is_(None), c.withdrawn_at.is_(None))


def _end(db: Connection, found: Invitation, **values: Instant) -> bool:
    of_link = (c.shop_id == found.shop_id) & (c.invitation_id == found.invitation_id) & (c.sends == found.sends)
    return bool(db.execute(update(t.invitations).where(of_link, *_WAITS).values(**values)).rowcount)


def _invitation(row: Row[Any]) -> Invitation:
    return Invitation(
        row.shop_id, row.invitation_id, row.email, row.role, row.invited_by, row.invited_at, row.sends, row.expires_at
    )
