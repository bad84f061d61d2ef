"""API tokens: what a program shows instead of a login.

kr_<shop>_<id>_<secret>: the shop, so that it is looked up within it; an id, which is shown in lists; 256 random bits.  Only the
hash is kept.  A token is of one shop and has scopes, which are rights of roles.py; nothing here commits.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, insert, or_, select, update

from tracker import audit
from tracker import tables as t
from tracker.clock import MINUTE, Instant
from tracker.http.roles import SCOPES, Right

c = t.api_tokens.c
_FORM = re.compile(r"kr_([1-9][0-9]{0,8})_([0-9a-f]{8})_[\w-]{43}")


@dataclass(frozen=True)
class ApiToken:
    """Without its secret."""

    shop_id: int
    token_id: str
    name: str
    scopes: frozenset[Right]
    created_by: str
    created_at: Instant
    expires_at: Instant | None
    used_at: Instant | None
    revoked_at: Instant | None

    @property
    def prefix(self) -> str:
        """By which somebody knows it again."""
        return f"kr_{self.shop_id}_{self.token_id}_…"

    def holds(self, now: Instant) -> bool:
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


def make(
    db: Connection, shop_id: int, name: str, scopes: Iterable[Right], expires_at: Instant | None, by: str, now: Instant
) -> str:
    """The token itself, which is shown once.  Raises KeyError for a scope that there is not."""
    kept = sorted({scope for scope in scopes if SCOPES[scope]})
    token_id = secrets.token_hex(4)
    text = f"kr_{shop_id}_{token_id}_{secrets.token_urlsafe(32)}"
    row = {"shop_id": shop_id, "token_id": token_id, "hash": _hash(text), "name": name, "scopes": kept}
    db.execute(insert(t.api_tokens), {**row, "created_by": by, "created_at": now, "expires_at": expires_at})
    audit.log(db, [shop_id], "token_made", by, now, about=name, changed={"id": token_id, "scopes": kept})
    return text


def find(db: Connection, text: str, now: Instant) -> ApiToken | None:
    """None when it is made up, expired or revoked."""
    form = _FORM.fullmatch(text)
    if form is None:
        return None
    row = db.execute(select(t.api_tokens).where(c.shop_id == int(form[1]), c.token_id == form[2])).first()
    if row is None or not hmac.compare_digest(row.hash, _hash(text)):
        return None
    found = _token(row)
    return found if found.holds(now) else None


def is_seldom_noted(token: ApiToken, now: Instant) -> bool:
    """Whether its last use was noted more than a minute ago."""
    return token.used_at is None or now - token.used_at >= MINUTE


def note_use(db: Connection, token: ApiToken, now: Instant) -> None:
    of_token = (c.shop_id == token.shop_id) & (c.token_id == token.token_id)
    long_ago = or_(c.used_at.is_(None), c.used_at <= now - MINUTE)
    db.execute(update(t.api_tokens).where(of_token, long_ago).values(used_at=now))


def of_shop(db: Connection, shop_id: int) -> list[ApiToken]:
    """Those that are not revoked, the newest first."""
    query = select(t.api_tokens).where(c.shop_id == shop_id, c.revoked_at.is_(None)).order_by(c.created_at.desc(), c.token_id)
    return [_token(row) for row in db.execute(query)]


def revoke(db: Connection, shop_id: int, token_id: str, by: str, now: Instant) -> bool:
    """Whether there was one to revoke."""
    of_token = (c.shop_id == shop_id) & (c.token_id == token_id) & c.revoked_at.is_(None)
    name: str | None = db.execute(select(c.name).where(of_token)).scalar()
    if name is None:
        return False
    db.execute(update(t.api_tokens).where(of_token).values(revoked_at=now))
    audit.log(db, [shop_id], "token_revoked", by, now, about=name, changed={"id": token_id})
    return True


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _token(row: Row[Any]) -> ApiToken:
    return ApiToken(
        row.shop_id, row.token_id, row.name, frozenset(row.scopes), row.created_by, row.created_at, row.expires_at, row.used_at,
        row.revoked_at,
    )  # fmt: skip
