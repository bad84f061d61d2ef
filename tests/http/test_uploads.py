"""Files uploaded on the page of the report that needs them."""

from __future__ import annotations

import io
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tracker.clock import Instant
from tracker.config import Config

pytestmark = pytest.mark.pages

SPEND = """\
day;channel;source;campaign;amount
2026-09-01;paid_social;instagram;sommer;120,50
2026-09-02;paid_social;instagram;sommer;80
"""
LIST = """\
order_number,created_at,status,currency,total,tax
1001,2026-09-01 10:00,paid,DKK,250.00,50.00
1002,2026-09-02 11:00,paid,DKK,99.00,19.80
"""


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    add_user(engine, now, shop, email="eva@shop.example", role="analyst")
    return make_app(engine, config, now)


def upload(app: Flask, page: str, text: str | None, email: str = "ida@shop.example", **more: str) -> Any:
    client = logged_in(app, email)
    data: dict[str, Any] = {"csrf_token": token(client.get("/profile")), **more}
    if text is not None:
        data["file"] = (io.BytesIO(text.encode()), "file.csv")
    return client.post(f"/shops/1/{page}", data=data, follow_redirects=True)


def test_what_advertising_cost_is_read_and_shown(app: Flask) -> None:
    answer = upload(app, "costs", SPEND)
    assert "Read: 2 of 2 lines." in answer.text
    shown = logged_in(app).get("/shops/1/costs?since=2026-09-01&until=2026-09-30").text
    assert "200.50\u00a0DKK" in shown


def test_lines_that_cannot_be_read_are_named(app: Flask) -> None:
    answer = upload(app, "costs", SPEND + "2026-09-03;<b>nowhere</b>;x;y;10\n")
    assert (answer.status_code, "Not read (1)" in answer.text) == (200, True)
    assert "<b>nowhere</b>" not in answer.text


def test_a_file_of_something_else_says_why(app: Flask) -> None:
    for page in ("costs", "reconciliation"):
        answer = upload(app, page, "%PDF-1.7 nothing of this kind")
        assert answer.status_code == 400
        assert "Nothing was read:" in answer.text or "Not read" in answer.text


def test_without_a_file_the_page_says_so(app: Flask) -> None:
    assert "Choose a file first." in upload(app, "costs", None).text
    assert "Choose a file first." in upload(app, "reconciliation", "").text


def test_the_shops_list_is_compared_and_filled_in(app: Flask) -> None:
    answer = upload(app, "reconciliation", LIST)
    assert "Read: 2 of 2 lines." in answer.text
    shown = logged_in(app).get("/shops/1/reconciliation?since=2026-09-01&until=2026-09-30").text
    assert "1001" in shown
    assert "Fill in missing orders" in shown
    assert "Task no. 1" in upload(app, "reconciliation/fill", None).text


def test_an_analyst_has_no_form_and_may_not_send_one(app: Flask) -> None:
    assert "Upload what advertising cost" not in logged_in(app, "eva@shop.example").get("/shops/1/costs").text
    for page in ("costs", "reconciliation", "reconciliation/fill"):
        assert upload(app, page, SPEND, "eva@shop.example").status_code == 403


@pytest.mark.parametrize(("page", "text"), [("costs", SPEND), ("reconciliation", LIST)])
def test_a_file_that_is_too_long_is_refused_and_not_cut(app: Flask, page: str, text: str) -> None:
    line = text.splitlines()[-1] + "\n"
    answer = upload(app, page, text + line * (10_000_001 // len(line)))
    assert answer.status_code == 413
    assert "Send it in several parts." in answer.text
