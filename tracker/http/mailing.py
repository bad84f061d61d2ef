"""Mails of the admin pages: links that only their reader gets, in the reader's language.

Without a mail server (KUNDEREJSE_SMTP_URL) nothing is owed; the pages then show the link, or say who can make one.
"""

from __future__ import annotations

from sqlalchemy import Connection

from tracker.http.deps import deps
from tracker.outbox.compose import compose
from tracker.outbox.enqueue import enqueue
from tracker.outbox.links import public_address


def send(db: Connection, shop_id: int, kind: str, to: str, locale: str, cause: str, **facts: str | int) -> bool:
    """Owe it in this transaction; False when mail is off, or when it is owed already."""
    if not deps().config.sends_mail:
        return False
    return enqueue(db, shop_id, kind, to, compose(kind, locale, **facts), cause, deps().now())


def absolute(path: str) -> str:
    """The address under which browsers reach a path of ours."""
    return public_address(deps().config.public_url, path)
