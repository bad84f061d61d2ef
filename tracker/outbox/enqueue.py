"""Owe a mail: a row in the transaction of its cause, so that neither is there without the other."""

from __future__ import annotations

import secrets

from sqlalchemy import Connection, case, insert, select, update
from sqlalchemy.exc import IntegrityError

from tracker import tables as t
from tracker.clock import Instant
from tracker.outbox.compose import Letter
from tracker.outbox.message import clean_address

c = t.mails.c
ACCOUNTS = 0  # the shop under which mails about an account stand: a person may have several shops, or none


def enqueue(
    db: Connection,
    shop_id: int,
    kind: str,
    to: str,
    letter: Letter,
    cause: str,
    now: Instant,
    *,
    unsubscribe: str | None = None,
    once: bool = False,
) -> bool:
    """Whether it is owed now for the first time.  `once`: better not at all than twice.  Raises BadAddress."""
    to = clean_address(to)
    if db.execute(select(c.mail_id).where(c.shop_id == shop_id, c.cause == cause)).first():
        return False
    row = {"shop_id": shop_id, "mail_id": secrets.token_hex(10), "cause": cause, "kind": kind, "to": to}
    told = {"subject": letter.subject, "text": letter.text, "html": letter.html, "unsubscribe": unsubscribe, "once": once}
    try:
        with db.begin_nested():
            db.execute(insert(t.mails), {**row, **told, "created_at": now, "due_at": now})
    except IntegrityError:  # the same cause at the same moment, by somebody else
        return False
    _mark(db, shop_id, now)
    return True


def _mark(db: Connection, shop_id: int, due_at: Instant) -> None:
    """Beside the shop's lease, so that nobody has to look through the mails of all shops."""
    lease = t.leases.c
    earlier = case((lease.mail_due_at < due_at, lease.mail_due_at), else_=due_at)
    if not db.execute(update(t.leases).where(lease.shop_id == shop_id).values(mail_due_at=earlier)).rowcount:
        # shop 0 has no lease before the first worker has run
        db.execute(insert(t.leases), {"shop_id": shop_id, "held_until_at": 0, "next_id": 1, "mail_due_at": due_at})
