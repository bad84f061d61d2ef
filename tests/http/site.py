"""Builders for the tests of pages: an app on the test's database, accounts, and a client that has logged in."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any

from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import Engine, func, insert, select
from werkzeug.test import TestResponse

from tests.http.believable import fill
from tracker import shops
from tracker import tables as t
from tracker.clock import Instant
from tracker.config import Config
from tracker.http import accounts, admin
from tracker.http.deps import EXTENSION
from tracker.shops import Shop
from tracker.storage import reading, writing

PASSWORD = "sommerkjole 24"


# Templates are compiled once for all apps of the run, and the one password is hashed once: both cost more than most tests.
_COMPILED = FileSystemBytecodeCache()
_hash = lru_cache(PasswordHasher().hash)


def make_app(engine: Engine, config: Config, now: Instant | Callable[[], Instant]) -> Flask:
    app = Flask("tracker")
    app.jinja_options = {"bytecode_cache": _COMPILED}
    admin.register(app, engine, config, now=now if callable(now) else lambda: now)
    return app


def add_shop(engine: Engine, now: Instant, name: str = "Strandgade", **filling: Any) -> Shop:
    """With believable journeys when `journeys` says how many."""
    with writing(engine) as db:
        shop = shops.add_shop(db, name, ("shop.example",), now)
        if filling:
            fill(db, shop, now, **filling)
    return shop


def add_user(engine: Engine, now: Instant, *shops: Shop, email: str = "ida@shop.example", **fields: Any) -> int:
    """As accounts.add_user() would, with a hash that is at hand."""
    given = {"name": "Ida", "password": PASSWORD, "role": "owner", "locale": None, **fields}
    with writing(engine) as db:
        user_id = (db.execute(select(func.max(t.users.c.user_id))).scalar() or 0) + 1
        user = {"user_id": user_id, "email": email, "name": given["name"], "locale": given["locale"], "created_at": now}
        db.execute(insert(t.users), {**user, "password_hash": _hash(given["password"])})
        for shop in shops:
            db.execute(insert(t.memberships), {"shop_id": shop.shop_id, "user_id": user_id, "role": given["role"]})
    return user_id


def token(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found, response.text[:500]
    return found[1]


def log_in(client: FlaskClient, email: str = "ida@shop.example", password: str = PASSWORD, **more: str) -> TestResponse:
    data = {"email": email, "password": password, "csrf_token": token(client.get("/login")), **more}
    return client.post("/login", data=data)


def logged_in(app: Flask, email: str = "ida@shop.example", language: str = "en") -> FlaskClient:
    """As after a login by hand, which test_login.py does."""
    client = app.test_client()
    with reading(app.extensions[EXTENSION].engine) as db:
        account = accounts.find_by_email(db, email)
    assert account is not None, email
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"], session["locale"] = account.get_id(), True, language
    return client


def logged_in_by_hand(app: Flask, email: str = "ida@shop.example", language: str = "en") -> FlaskClient:
    """By the form, with all that a login leaves behind."""
    client = app.test_client()
    client.get(f"/login?lang={language}")
    assert log_in(client, email).status_code == 302
    return client


class Clock:
    """`now` of an app, that a test moves on."""

    def __init__(self, now: Instant) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


def post(client: FlaskClient, address: str, **data: Any) -> TestResponse:
    """With a token of a page that the client may see, logged in or not."""
    page = client.get("/profile", follow_redirects=True)
    return client.post(address, data={**data, "csrf_token": token(page)})
