"""Codes of an authenticator app: turning it on, logging in with it, recovery codes, turning it off."""

from __future__ import annotations

import re

import pyotp
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select
from werkzeug.test import TestResponse

from tests.http.site import PASSWORD, Clock, add_shop, add_user, log_in, logged_in, make_app, post, token
from tracker import audit
from tracker import tables as t
from tracker.clock import MINUTE, Instant
from tracker.config import Config
from tracker.http import second_factor, tokens
from tracker.http.second_factor import STEP
from tracker.shops import find_shop, write_shop
from tracker.storage import writing

pytestmark = pytest.mark.pages


@pytest.fixture
def clock(now: Instant) -> Clock:
    return Clock(now)


@pytest.fixture
def app(engine: Engine, config: Config, clock: Clock) -> Flask:
    add_user(engine, clock.now, add_shop(engine, clock.now))
    return make_app(engine, config, clock)


def code_of(secret: str, at: Instant) -> str:
    return pyotp.TOTP(secret).at(at // 1000)


def turn_on(client: FlaskClient, clock: Clock) -> tuple[str, list[str]]:
    """The app's secret, and the recovery codes."""
    page = client.get("/profile/two-factor").text
    secret = re.search(r"user-select-all\">([A-Z2-7]{32})<", page)
    assert secret
    done = post(client, "/profile/two-factor/on", code=code_of(secret[1], clock.now))
    return secret[1], re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", done.text)


def enter(app: Flask, code: str) -> tuple[FlaskClient, TestResponse]:
    client = app.test_client()
    assert log_in(client).headers["Location"] == "/login/code"
    return client, client.post("/login/code", data={"code": code, "csrf_token": token(client.get("/login/code"))})


def kinds(engine: Engine) -> list[str]:
    with engine.connect() as db:
        return sorted(entry.kind for entry in audit.read(db, 1) if entry.kind != "login")


def kept(engine: Engine) -> str:
    with engine.connect() as db:
        return db.execute(select(t.users.c.totp_secret)).scalar_one()


def test_turned_on_it_is_asked_for_at_the_next_login(app: Flask, engine: Engine, clock: Clock) -> None:
    here, there = logged_in(app), logged_in(app)
    secret, codes = turn_on(here, clock)
    assert len(set(codes)) == 10
    assert here.get("/profile").status_code == 200
    assert there.get("/profile").status_code == 302  # a login without the second factor ends
    clock.now += STEP
    client, answer = enter(app, code_of(secret, clock.now))
    assert answer.headers["Location"] == "/"
    assert client.get("/shops/1/stages").status_code == 200
    assert kinds(engine) == ["two_factor_on"]


def test_the_password_alone_opens_nothing(app: Flask, clock: Clock) -> None:
    turn_on(logged_in(app), clock)
    client = app.test_client()
    log_in(client)
    assert client.get("/shops/1/stages").headers["Location"].startswith("/login?")
    assert client.get("/profile").status_code == 302


def test_the_picture_says_the_same_as_the_key(app: Flask) -> None:
    page = logged_in(app).get("/profile/two-factor").text
    assert 'src="data:image/svg+xml' in page
    assert page == page.replace("<script>", "")


def test_a_wrong_code_turns_nothing_on(app: Flask, engine: Engine) -> None:
    client = logged_in(app)
    client.get("/profile/two-factor")
    post(client, "/profile/two-factor/on", code="000000")
    assert "This code is wrong" in client.get("/profile/two-factor").text
    assert kept(engine) is None


def test_a_code_is_taken_once(app: Flask, engine: Engine, clock: Clock) -> None:
    secret, _ = turn_on(logged_in(app), clock)
    assert enter(app, code_of(secret, clock.now))[1].status_code == 401  # the one that turned it on
    clock.now += STEP
    code = code_of(secret, clock.now)
    assert enter(app, code)[1].status_code == 302
    assert enter(app, code)[1].status_code == 401
    assert kinds(engine).count("login_failed") == 2


@pytest.mark.parametrize(("away", "taken"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_phones_clock_may_be_half_a_minute_off(app: Flask, clock: Clock, away: int, taken: bool) -> None:
    secret, _ = turn_on(logged_in(app), clock)
    clock.now += 10 * STEP
    assert (enter(app, code_of(secret, clock.now + away * STEP))[1].status_code == 302) == taken


def test_a_recovery_code_works_once(app: Flask, clock: Clock) -> None:
    _, codes = turn_on(logged_in(app), clock)
    client, answer = enter(app, codes[3].upper().replace("-", " "))
    assert answer.status_code == 302
    assert "9 recovery codes left" in client.get("/profile/two-factor").text
    assert enter(app, codes[3])[1].status_code == 401


def test_guessing_is_throttled(app: Flask, clock: Clock) -> None:
    secret, _ = turn_on(logged_in(app), clock)
    clock.now += STEP
    client = app.test_client()
    log_in(client)
    form = token(client.get("/login/code"))
    tries = [client.post("/login/code", data={"code": f"{i:06}", "csrf_token": form}).status_code for i in range(6)]
    assert tries == [401] * 5 + [429]
    assert client.post("/login/code", data={"code": code_of(secret, clock.now), "csrf_token": form}).status_code == 429


def test_half_a_login_ends_after_ten_minutes(app: Flask, clock: Clock) -> None:
    secret, _ = turn_on(logged_in(app), clock)
    client = app.test_client()
    log_in(client)
    form = token(client.get("/login/code"))
    clock.now += 10 * MINUTE + 1
    late = client.post("/login/code", data={"code": code_of(secret, clock.now), "csrf_token": form})
    assert late.headers["Location"] == "/login"


def test_without_the_first_half_there_is_no_second(app: Flask) -> None:
    assert app.test_client().get("/login/code").headers["Location"] == "/login"


def test_a_shop_may_ask_its_members_for_one(app: Flask, engine: Engine, clock: Clock) -> None:
    other = add_shop(engine, clock.now, "Havblik")
    add_user(engine, clock.now, other, email="eva@other.example")
    with writing(engine) as db:
        found = find_shop(db, 1)
        assert found
        write_shop(db, found, settings=found.settings.changed({"two_factor": True}).dump())
        program = tokens.make(db, 1, "Till", ("reports",), None, "ida@shop.example", clock.now)
    client = logged_in(app)
    for path in ("/shops/1/overview", "/shops/1/members", "/shops/1/settings"):
        assert client.get(path).headers["Location"] == "/profile/two-factor"
    assert post(client, "/shops/1/recount").headers["Location"] == "/profile/two-factor"
    assert client.get("/api/v1/shops/1/reports/overview.json").status_code == 403
    assert "Strandgade asks its members to use two-factor login" in client.get("/profile/two-factor").text
    assert client.get("/shops/2/overview").status_code == 404  # of other shops nothing is told
    turn_on(client, clock)
    assert client.get("/shops/1/overview").status_code == 200
    assert logged_in(app, "eva@other.example").get("/shops/2/overview").status_code == 200
    asked = app.test_client().get("/api/v1/shops/1/reports/overview.json", headers={"Authorization": f"Bearer {program}"})
    assert asked.status_code == 200


def test_turning_off_takes_password_and_code(app: Flask, engine: Engine, clock: Clock) -> None:
    client = logged_in(app)
    secret, codes = turn_on(client, clock)
    clock.now += STEP
    for data in ({"password": "wrong", "code": codes[0]}, {"password": PASSWORD, "code": "123456"}, {"password": PASSWORD}):
        post(client, "/profile/two-factor/off", **data)
        assert kept(engine) is not None
    post(client, "/profile/two-factor/off", password=PASSWORD, code=code_of(secret, clock.now))
    assert kept(engine) is None
    assert client.get("/profile").status_code == 200
    assert log_in(app.test_client()).headers["Location"] == "/"
    assert kinds(engine) == ["two_factor_off", "two_factor_on"]


def test_new_recovery_codes_make_the_old_ones_void(app: Flask, clock: Clock) -> None:
    client = logged_in(app)
    _, old = turn_on(client, clock)
    page = post(client, "/profile/two-factor/codes", password=PASSWORD, code=old[0]).text
    new = re.findall(r"\b[a-z2-7]{4}(?:-[a-z2-7]{4}){3}\b", page)
    assert len(new) == 10
    assert not set(new) & set(old)
    assert enter(app, old[1])[1].status_code == 401
    assert enter(app, new[1])[1].status_code == 302


def test_the_database_alone_makes_no_codes(app: Flask, engine: Engine, config: Config, clock: Clock) -> None:
    secret, codes = turn_on(logged_in(app), clock)
    assert secret not in kept(engine)
    assert second_factor.decrypt(kept(engine), config.secret_key) == secret
    assert second_factor.decrypt(kept(engine), "another") is None
    with engine.connect() as db:
        stored = db.execute(select(t.users.c.recovery_codes)).scalar_one()
    assert not set(codes) & set(stored)


def test_with_another_secret_key_only_recovery_codes_help(app: Flask, engine: Engine, config: Config, clock: Clock) -> None:
    secret, codes = turn_on(logged_in(app), clock)
    clock.now += STEP
    moved = make_app(engine, Config(**{**config.__dict__, "secret_key": "another"}), clock)
    assert enter(moved, code_of(secret, clock.now))[1].status_code == 401
    assert enter(moved, codes[0])[1].status_code == 302


@pytest.mark.parametrize("code", ["", " ", "12345", "1234567", "æøåæøå", "١٢٣٤٥٦", "-" * 19], ids=repr)
def test_what_is_no_code_is_wrong(app: Flask, clock: Clock, code: str) -> None:
    turn_on(logged_in(app), clock)
    assert enter(app, code)[1].status_code == 401
