"""People who may log in, their passwords, and which shops they may see.

Passwords are hashed with argon2id.  E-mail addresses are compared in lower case.  Nothing here commits.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable
from dataclasses import dataclass

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from sqlalchemy import Connection, insert, select, update

from tracker.clock import Instant
from tracker.errors import Mistake
from tracker.outbox.message import BadAddress, clean_address
from tracker.reports.table import N_
from tracker.reports.words import ROLES
from tracker.shops import Shop, find_shop
from tracker.storage import next_number
from tracker.tables import memberships, users

SHORTEST_PASSWORD = 10
LONGEST_PASSWORD = 500  # hashing costs time by length
LOCALES = {"en": "English", "da": "Dansk", "sv": "Svenska"}

_hasher = PasswordHasher()
# Verified when nobody has the e-mail given, so that the answer takes as long as for somebody.
_NOBODYS_HASH = _hasher.hash("nobody has this password")


class BadAccount(Mistake):
    """The account cannot be like that."""


@dataclass(frozen=True)
class Account:
    """Somebody who may log in."""

    user_id: int
    email: str
    name: str
    password_hash: str
    locale: str | None
    totp_secret: str | None  # encrypted, see second_factor.py
    shops: tuple[Shop, ...]  # by id
    roles: dict[int, str]  # shop_id -> role

    # What Flask-Login asks.
    is_authenticated = True
    is_active = True
    is_anonymous = False

    def get_id(self) -> str:
        """Changes with the password and the second factor, so that changing either ends all other logins."""
        return f"{self.user_id}.{self.fingerprint}"

    @property
    def fingerprint(self) -> str:
        """Of what it takes to log in."""
        return hashlib.sha256(f"{self.password_hash}{self.totp_secret or ''}".encode()).hexdigest()[:20]

    @property
    def has_second_factor(self) -> bool:
        return self.totp_secret is not None

    @property
    def shop_ids(self) -> tuple[int, ...]:
        return tuple(self.roles)

    def shop(self, shop_id: int) -> Shop | None:
        return next((shop for shop in self.shops if shop.shop_id == shop_id), None)


def add_user(
    db: Connection,
    email: str,
    name: str,
    password: str,
    role: str,
    shop_ids: Iterable[int],
    now: Instant,
    locale: str | None = None,
) -> int:
    """The new user's id.  Raises BadAccount when the e-mail is taken or wrong, the password too short, or a shop unknown."""
    email = check_email(email)
    _check_password(password)
    if role not in ROLES:
        raise BadAccount(N_("there is no such role"))
    user_id = next_number(db, users.c.user_id)  # nobody else makes an account from here on
    if db.execute(select(users.c.user_id).where(users.c.email == email)).first():
        raise BadAccount(N_("somebody has this e-mail address already"))
    shop_ids = sorted(set(shop_ids))
    if any(find_shop(db, shop_id) is None for shop_id in shop_ids):
        raise BadAccount(N_("there is no such shop"))
    row = {"user_id": user_id, "email": email, "name": name, "password_hash": _hasher.hash(password), "locale": locale}
    db.execute(insert(users), {**row, "created_at": now})
    for shop_id in shop_ids:
        db.execute(insert(memberships), {"shop_id": shop_id, "user_id": user_id, "role": role})
    return user_id


def set_password(db: Connection, user_id: int, password: str) -> None:
    """Raises BadAccount when it is too short."""
    _check_password(password)
    db.execute(update(users).where(users.c.user_id == user_id).values(password_hash=_hasher.hash(password)))


def set_profile(db: Connection, user_id: int, name: str, locale: str | None) -> None:
    db.execute(update(users).where(users.c.user_id == user_id).values(name=name, locale=locale))


def find_account(db: Connection, user_id: int) -> Account | None:
    row = db.execute(select(users).where(users.c.user_id == user_id)).first()
    if row is None:
        return None
    member = select(memberships.c.shop_id, memberships.c.role).where(memberships.c.user_id == user_id)
    roles = {row.shop_id: row.role for row in db.execute(member.order_by(memberships.c.shop_id))}
    shops = tuple(shop for shop_id in roles if (shop := find_shop(db, shop_id)))
    return Account(row.user_id, row.email, row.name, row.password_hash, row.locale, row.totp_secret, shops, roles)


def find_by_email(db: Connection, email: str) -> Account | None:
    user_id = db.execute(select(users.c.user_id).where(users.c.email == email.strip().lower())).scalar()
    return find_account(db, user_id) if user_id is not None else None


def find_session(db: Connection, session_id: str) -> Account | None:
    """Of what get_id() gave; None when password or second factor changed since."""
    user_id, _, fingerprint = session_id.partition(".")
    account = find_account(db, int(user_id)) if user_id.isdecimal() and len(user_id) < 10 else None
    if account and hmac.compare_digest(fingerprint.encode(), account.fingerprint.encode()):
        return account
    return None


def check_login(db: Connection, email: str, password: str) -> Account | None:
    """None when e-mail or password is wrong; takes as long either way."""
    row = db.execute(select(users.c.user_id, users.c.password_hash).where(users.c.email == email.strip().lower())).first()
    right = check_password(row.password_hash if row else _NOBODYS_HASH, password)
    return find_account(db, row.user_id) if row and right else None


def is_outdated(password_hash: str) -> bool:
    """Whether it is weaker than those made today; set_password then, while the password is at hand."""
    return _hasher.check_needs_rehash(password_hash)


def check_password(stored: str, password: str) -> bool:
    try:
        return _hasher.verify(stored, password[:LONGEST_PASSWORD])
    except (VerificationError, InvalidHashError):
        return False


def check_email(text: str) -> str:
    """As it is kept.  Raises BadAccount."""
    try:
        return clean_address(text)
    except BadAddress as error:
        raise BadAccount(N_("this is no e-mail address")) from error


def _check_password(password: str) -> None:
    if len(password) < SHORTEST_PASSWORD:
        raise BadAccount(N_("a password has at least ten characters"))
    if len(password) > LONGEST_PASSWORD:
        raise BadAccount(N_("this password is too long"))
