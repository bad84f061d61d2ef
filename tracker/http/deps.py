"""What the views need, kept on the app by admin.register(); only views ask for it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

from flask import current_app, g
from flask_login import current_user
from sqlalchemy import Engine
from werkzeug.exceptions import Forbidden, NotFound

from tracker.clock import Instant
from tracker.config import Config
from tracker.http.accounts import Account
from tracker.http.throttle import LoginThrottle
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


def find_own_shop(shop_id: int) -> Shop:
    """Not found, too, when it exists and is somebody else's: who is no member learns nothing of it."""
    found = account().shop(shop_id)
    if found is None:
        raise NotFound
    return found


def need_role(*roles: str) -> None:
    """Raises Forbidden when the reader has none of these roles in the shop of the address."""
    if account().roles[shop().shop_id] not in roles:
        raise Forbidden
