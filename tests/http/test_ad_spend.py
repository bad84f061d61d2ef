"""Uploading what advertising cost: who may, in which forms, and what the answer says."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tracker import spend
from tracker.clock import Instant
from tracker.config import Config
from tracker.tables import ad_spend

ADDRESS = "/api/v1/shops/1/ad-spend"
CSV = "Day,Campaign,Cost\n2026-09-01,sommer,10.50\n2026-09-99,sommer,1\n"


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    shop = add_shop(engine, now)
    for role in ("owner", "marketer", "analyst"):
        add_user(engine, now, shop, email=f"{role}@shop.example", role=role)
    return make_app(engine, config, now)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return logged_in(app, "marketer@shop.example")


def post(client: FlaskClient, address: str = ADDRESS, **how: Any) -> TestResponse:
    return client.post(address, headers={"X-CSRFToken": token(client.get("/profile"))}, **how)


def kept(engine: Engine) -> list[tuple[Any, ...]]:
    c = ad_spend.c
    with engine.connect() as db:
        found = db.execute(select(c.shop_id, c.day_on, c.channel, c.source, c.campaign, c.currency, c.amount_minor))
        return [tuple(row) for row in found]


ROW = (1, 20260901, "paid_social", "facebook", "sommer", "DKK", 1_050)


def test_a_csv_is_kept_and_each_wrong_line_is_told(client: FlaskClient, engine: Engine) -> None:
    answer = post(client, f"{ADDRESS}?source=Facebook", data=CSV, content_type="text/csv")
    assert answer.status_code == 200
    assert answer.json == {
        "lines": 2, "kept": 1, "totals": 0, "since": "2026-09-01", "until": "2026-09-01",
        "amounts": [{"amount": "10.50", "currency": "DKK"}], "ignored": [], "refused": 1,
        "refusals": [{"line": 3, "detail": "there is no day 2026-09-99"}],
    }  # fmt: skip
    assert kept(engine) == [ROW]


def test_a_form_with_a_file_does_too(client: FlaskClient, engine: Engine) -> None:
    form = {"file": (io.BytesIO(CSV.encode()), "spend.csv"), "csrf_token": token(client.get("/profile"))}
    assert client.post(f"{ADDRESS}?source=facebook", data=form).status_code == 200
    assert kept(engine) == [ROW]


def test_json_is_kept_and_the_report_knows_it(client: FlaskClient, engine: Engine) -> None:
    row = {"day": "2026-09-01", "source": "facebook", "campaign": "sommer", "amount": "10.50"}
    assert post(client, json={"rows": [row]}).json["kept"] == 1
    assert kept(engine) == [ROW]
    [told] = client.get("/api/v1/shops/1/reports/costs.json").json["rows"]
    assert (told["channel"], told["spend"]) == ("paid_social", {"amount": "10.50", "currency": "DKK"})


@pytest.mark.parametrize(
    ("address", "how", "status", "said"),
    [
        (ADDRESS, {"data": CSV, "content_type": "text/csv"}, 400, "say which channel or source the file belongs to"),
        (ADDRESS, {"data": "", "content_type": "text/csv"}, 400, "The file is empty."),
        (ADDRESS, {"data": "{", "content_type": "application/json"}, 400, "The file is no JSON from line 1, character 2 on."),
        (ADDRESS, {"json": [{"day": "x", "source": "google", "amount": 1}]}, 400, "write the day as YYYY-MM-DD, not x"),
        (f"{ADDRESS}?colour=red", {"json": []}, 400, "there is no such parameter"),
        (ADDRESS, {"data": b"x" * (spend.MAX_BYTES + 1), "content_type": "text/csv"}, 413, "Send it in several parts."),
        (ADDRESS, {"data": b"x" * 13_000_000, "content_type": "text/csv"}, 413, "Send it in several parts."),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_said_in_words(
    client: FlaskClient, engine: Engine, address: str, how: dict[str, Any], status: int, said: str
) -> None:
    answer = post(client, address, **how)
    assert (answer.status_code, said in answer.text) == (status, True)
    assert kept(engine) == []


def test_nothing_to_keep_is_no_error(client: FlaskClient) -> None:
    assert post(client, json={"rows": []}).json["kept"] == 0


def test_owners_and_marketers_may_and_an_analyst_may_not(app: Flask, engine: Engine) -> None:
    for role, status in (("owner", 200), ("analyst", 403)):
        answer = post(logged_in(app, f"{role}@shop.example"), f"{ADDRESS}?source=facebook", data=CSV, content_type="text/csv")
        assert answer.status_code == status, role
    assert len(kept(engine)) == 1


def test_without_a_token_nothing_is_kept(client: FlaskClient, engine: Engine) -> None:
    assert client.post(f"{ADDRESS}?source=facebook", data=CSV, content_type="text/csv").status_code == 400
    assert kept(engine) == []
