"""What the views need, kept on the app by admin.register(); only views ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app, g
from flask_login import current_user
from sqlalchemy import Engine
from werkzeug.exceptions import NotFound

from tracker.clock import Instant
from tracker.config import Config
from tracker.http import roles
from tracker.http.accounts import Account
from tracker.http.roles import Right
from tracker.http.throttle import LoginThrottle
from tracker.http.tokens import ApiToken
from tracker.shops import Shop

EXTENSION = "kunderejse-admin"


@dataclass(frozen=True)
class Deps:
    engine: Engine
    config: Config
    now: Callable[[], Instant]
    throttle: LoginThrottle


def deps() -> Deps:
    return cast(Deps, current_app.extensions[EXTENSION])


def account() -> Account:
    """Who is logged in; only in views behind the login."""
    return cast(Account, current_user._get_current_object())


def shop() -> Shop:
    """The shop of the address, of which the reader is a member (see gate.py)."""
    return cast(Shop, g.shop)


def token() -> ApiToken | None:
    """The API token of this request; None for people."""
    found: ApiToken | None = g.get("token")
    return found


def actor() -> str:
    """Who asks, for what is written down about it: an e-mail address, or the name of a token."""
    found = token()
    return f"token {found.name}" if found else account().email


def find_own_shop(shop_id: int) -> Shop:
    """Not found, too, when it exists and is somebody else's: who is no member learns nothing of it."""
    found = account().shop(shop_id)
    if found is None:
        raise NotFound
    return found


def may(right: Right) -> bool:
    """Whether whoever asks has this right in the shop of the address."""
    found = token()
    return right in found.scopes if found else roles.may(account().roles[shop().shop_id], right)
