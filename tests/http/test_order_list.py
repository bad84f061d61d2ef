"""The shop's own list over the API: by who may write, and by the shop's server."""

from __future__ import annotations

import io
from typing import Any

import orjson
import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.builders import HOLD
from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tests.order_list.listing import order
from tracker import tasks
from tracker.clock import DAY, SECOND, Instant
from tracker.collect.signature import HEADER, sign
from tracker.config import Config
from tracker.shops import Shop
from tracker.storage import writing

ADDRESS = "/api/v1/shops/1/order-list"


@pytest.fixture
def shop(engine: Engine, now: Instant) -> Shop:
    own, other = add_shop(engine, now, "Own"), add_shop(engine, now, "Other")
    add_user(engine, now, own)
    add_user(engine, now, own, email="ann@shop.example", role="analyst")
    add_user(engine, now, other, email="eva@other.example")
    return own


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant, shop: Shop) -> Flask:
    return make_app(engine, config, now)


def body(now: Instant, *keys: str) -> bytes:
    return b"\n".join(orjson.dumps(order(key, now - DAY)) for key in keys)


def test_a_member_uploads_it_and_has_it_filled_in(app: Flask, engine: Engine, shop: Shop, now: Instant) -> None:
    client = logged_in(app)
    assert client.get(ADDRESS).json == {"orders": 0, "first_on": None, "last_on": None, "listed_at": None}
    headers = {"X-CSRFToken": token(client.get("/profile"))}
    answer = client.post(ADDRESS, data=body(now, "1", "2") + b'\n{"transaction_id": "3"}', headers=headers)
    assert answer.status_code == 200
    assert (answer.json["orders"], answer.json["lines"], answer.json["refused"]) == (2, 3, 1)
    assert any("line 3" in finding for finding in answer.json["findings"])
    assert answer.json["kept"] == client.get(ADDRESS).json
    assert (answer.json["kept"]["orders"], answer.json["kept"]["first_on"]) == (2, "2026-09-15")
    assert client.get("/api/v1/shops/1/reports/reconciliation.json").json["totals"]["missing"] == 2

    asked = client.post(f"{ADDRESS}/fill", headers=headers)
    assert (asked.status_code, asked.json["kind"], asked.json["state"]) == (202, "fill_orders", "waiting")
    for _ in range(3):
        with writing(engine) as db:
            tasks.step(db, shop, HOLD, now)
    task = client.get(f"/api/v1/shops/1/tasks/{asked.json['task_id']}").json
    assert task["outcome"] == {"filled": 2, "skipped": 0}
    assert client.get("/api/v1/shops/1/reports/reconciliation.json").json["totals"]["captured_share"] == 1


def test_it_may_come_as_a_form_of_a_page(app: Flask, now: Instant) -> None:
    client = logged_in(app)
    form = {"file": (io.BytesIO(body(now, "1")), "orders.csv"), "csrf_token": token(client.get("/profile"))}
    assert client.post(ADDRESS, data=form).json["orders"] == 1


def test_the_shops_server_signs_it_and_may_send_it_twice(app: Flask, shop: Shop, now: Instant) -> None:
    client, raw = app.test_client(), body(now, "1")
    for _ in range(2):
        answer = client.post(ADDRESS, data=raw, headers={HEADER: sign(shop.secret, raw, now // SECOND)})
        assert (answer.status_code, answer.json["orders"], answer.json["kept"]["orders"]) == (200, 1, 1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secret": "sk_other"}, "v1 is not what"),
        ({"at": -4_000}, "off our clock"),
        ({"raw": b"other"}, "v1 is not what"),
        ({"header": "nonsense"}, "must be t="),
        ({"shop_id": 2}, "v1 is not what"),
        ({"shop_id": 99}, "logged in"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_signature_that_is_wrong(app: Flask, shop: Shop, now: Instant, change: dict[str, Any], said: str) -> None:
    raw = body(now, "1")
    header = change.get("header") or sign(change.get("secret", shop.secret), raw, now // SECOND + change.get("at", 0))
    address = ADDRESS.replace("/1/", f"/{change.get('shop_id', 1)}/")
    answer = app.test_client().post(address, data=change.get("raw", raw), headers={HEADER: header})
    assert answer.status_code == 401
    assert said in answer.json["detail"]


def test_a_signature_opens_nothing_else(app: Flask, shop: Shop, now: Instant) -> None:
    headers = {HEADER: sign(shop.secret, b"", now // SECOND)}
    client = app.test_client()
    assert client.get(ADDRESS, headers=headers).status_code == 401
    assert client.post(f"{ADDRESS}/fill", headers=headers).status_code == 400
    assert client.get("/api/v1/shops/1/reports/stages.json", headers=headers).status_code == 401


def test_who_only_reads_and_who_is_of_another_shop_may_not(app: Flask, now: Instant) -> None:
    for email, status in (("ann@shop.example", 403), ("eva@other.example", 404)):
        client = logged_in(app, email)
        headers = {"X-CSRFToken": token(client.get("/profile"))}
        for address in (ADDRESS, f"{ADDRESS}/fill"):
            assert client.post(address, data=body(now, "1"), headers=headers).status_code == status


def test_a_file_that_is_none_is_said(app: Flask) -> None:
    client = logged_in(app)
    headers = {"X-CSRFToken": token(client.get("/profile"))}
    answer = client.post(ADDRESS, data=b"name,colour\n1,red\n", headers=headers)
    assert (answer.status_code, "A column is missing" in answer.json["detail"]) == (400, True)
    assert client.post(ADDRESS, data=b"", headers=headers).status_code == 400
    assert client.post(ADDRESS, data=b"x" * 12_000_001, headers=headers).status_code == 413
