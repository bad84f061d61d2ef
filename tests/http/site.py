"""Builders for the tests of pages: an app on the test's database, accounts, and a client that has logged in."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.http.believable import fill
from tracker import shops
from tracker.clock import Instant
from tracker.config import Config
from tracker.http import accounts, admin
from tracker.shops import Shop
from tracker.storage import writing

PASSWORD = "sommerkjole 24"


def make_app(engine: Engine, config: Config, now: Instant | Callable[[], Instant]) -> Flask:
    app = Flask("tracker")
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
    with writing(engine) as db:
        given = {"name": "Ida", "password": PASSWORD, "role": "owner", **fields}
        return accounts.add_user(db, email, shop_ids=[shop.shop_id for shop in shops], now=now, **given)


def token(response: TestResponse) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', response.text)
    assert found, response.text[:500]
    return found[1]


def log_in(client: FlaskClient, email: str = "ida@shop.example", password: str = PASSWORD, **more: str) -> TestResponse:
    data = {"email": email, "password": password, "csrf_token": token(client.get("/login")), **more}
    return client.post("/login", data=data)


def logged_in(app: Flask, email: str = "ida@shop.example", language: str = "en") -> FlaskClient:
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
