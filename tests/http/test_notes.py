"""The owner's notes over the API."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tracker.clock import Instant
from tracker.config import Config

ADDRESS = "/api/v1/shops/1/notes/journey_map.5.pain"


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    own, other = add_shop(engine, now, "Own"), add_shop(engine, now, "Other")
    add_user(engine, now, own)
    add_user(engine, now, own, email="mia@shop.example", role="marketer")
    add_user(engine, now, own, email="ann@shop.example", role="analyst")
    add_user(engine, now, other, email="eva@other.example")
    return make_app(engine, config, now)


def put(client: FlaskClient, told: Any, address: str = ADDRESS) -> TestResponse:
    return client.put(address, json=told, headers={"X-CSRFToken": token(client.get("/profile"))})


def test_a_note_is_written_changed_read_and_taken_away(app: Flask) -> None:
    ida, mia, ann = (logged_in(app, f"{name}@shop.example") for name in ("ida", "mia", "ann"))
    assert ida.get(ADDRESS).json == {"place": "journey_map.5.pain", "text": "", "written_at": None, "written_by": None}
    assert put(ida, {"text": "  Klarna fails\r\non <phones> \x00 "}).json["text"] == "Klarna fails\non <phones>"
    changed = put(mia, {"text": "Klarna works"})
    assert (changed.status_code, changed.json["text"], changed.json["written_by"]) == (200, "Klarna works", "mia@shop.example")
    assert ann.get(ADDRESS).json == changed.json
    rows = ann.get("/api/v1/shops/1/reports/journey_map.json?table=notes").json["rows"]
    assert [(row["place"], row["text"]) for row in rows] == [("journey_map.5.pain", "Klarna works")]
    assert put(ida, {"text": " "}).json["written_at"] is None
    assert ida.get(ADDRESS).json["text"] == ""


def test_who_only_reads_may_not_write(app: Flask) -> None:
    assert put(logged_in(app, "ann@shop.example"), {"text": "x"}).status_code == 403


def test_nobody_else_may(app: Flask) -> None:
    assert put(logged_in(app, "eva@other.example"), {"text": "x"}).status_code == 404
    assert logged_in(app).put(ADDRESS, json={"text": "x"}).status_code == 400  # without a token
    assert app.test_client().put(ADDRESS, json={"text": "x"}).status_code == 400


@pytest.mark.parametrize(
    "told", [None, [], {}, {"text": 5}, {"text": None}, {"text": "x" * 4_001}, "text"], ids=lambda told: str(told)[:20]
)
def test_what_is_no_note_is_said(app: Flask, told: Any) -> None:
    answer = put(logged_in(app), told)
    assert (answer.status_code, answer.json["field"]) == (400, "text")


def test_a_body_without_end_is_refused(app: Flask) -> None:
    assert put(logged_in(app), {"text": "x" * 300_000}).status_code == 413


def test_a_place_that_there_is_not(app: Flask) -> None:
    client = logged_in(app)
    for place in ("journey_map.13.pain", "journey_map.0.pain", "journey_map.5.hope", "x"):
        assert put(client, {"text": "x"}, f"/api/v1/shops/1/notes/{place}").status_code == 404
