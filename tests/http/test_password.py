"""A forgotten password: no hint whether an address is known, one use, one hour."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.http.site import PASSWORD, Clock, add_shop, add_user, log_in, logged_in, logged_in_by_hand, make_app, post, token
from tracker import audit
from tracker import tables as t
from tracker.clock import HOUR, Instant
from tracker.config import Config
from tracker.outbox.links import sign

NEW = "vinterfrakke 25"


@pytest.fixture
def clock(now: Instant) -> Clock:
    return Clock(now)


@pytest.fixture
def app(engine: Engine, config: Config, clock: Clock) -> Flask:
    add_user(engine, clock.now, add_shop(engine, clock.now), locale="da")
    return make_app(engine, replace(config, public_url="https://k.example", smtp_url="smtp://mail.example"), clock)


def mails(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as db:
        return [dict(row) for row in db.execute(select(t.mails).order_by(t.mails.c.cause)).mappings()]


def kinds(engine: Engine) -> list[str]:
    with engine.connect() as db:
        return sorted(entry.kind for entry in audit.read(db, 1))


def ask(app: Flask, email: str = "ida@shop.example") -> Any:
    client = app.test_client()
    return client.post("/password/forgotten", data={"email": email, "csrf_token": token(client.get("/password/forgotten"))})


def path_of(mail: dict[str, Any]) -> str:
    found = re.search(r"https://k\.example(/password/new/\S+)", mail["text"])
    assert found
    return found[1]


def choose(app: Flask, path: str, new: str = NEW) -> Any:
    client = app.test_client()
    return client.post(path, data={"new": new, "csrf_token": token(client.get("/login"))})


def test_the_login_leads_there(app: Flask) -> None:
    assert 'href="/password/forgotten"' in app.test_client().get("/login").text


def test_the_answer_does_not_say_whether_the_address_is_known(app: Flask, engine: Engine) -> None:
    known, unknown = ask(app), ask(app, "nobody@shop.example")
    assert (known.status_code, known.text) == (unknown.status_code, unknown.text)
    assert [mail["to"] for mail in mails(engine)] == ["ida@shop.example"]


def test_the_mail_is_no_shops_and_in_the_readers_language(app: Flask, engine: Engine) -> None:
    ask(app, " IDA@shop.example ")
    [mail] = mails(engine)
    assert (mail["shop_id"], mail["kind"]) == (0, "password")
    assert '<html lang="da">' in mail["html"]


def test_with_the_link_one_chooses_a_new_password(app: Flask, engine: Engine) -> None:
    there = logged_in_by_hand(app)
    ask(app)
    assert choose(app, path_of(mails(engine)[0])).headers["Location"] == "/login"
    assert there.get("/profile").status_code == 302  # all other logins ended
    assert log_in(app.test_client()).status_code == 401
    assert log_in(app.test_client(), password=NEW).status_code == 302
    assert kinds(engine) == ["login", "login", "login_failed", "password", "password_asked"]
    assert sorted(mail["kind"] for mail in mails(engine)) == ["password", "password_changed"]


def test_the_link_works_once(app: Flask, engine: Engine) -> None:
    ask(app)
    path = path_of(mails(engine)[0])
    choose(app, path)
    assert choose(app, path, "something else 26").status_code == 410
    assert app.test_client().get(path).status_code == 410
    assert log_in(app.test_client(), password=NEW).status_code == 302


def test_the_link_holds_for_an_hour(app: Flask, engine: Engine, clock: Clock) -> None:
    ask(app)
    path = path_of(mails(engine)[0])
    clock.now += HOUR - 1
    assert app.test_client().get(path).status_code == 200
    clock.now += 1
    assert app.test_client().get(path).status_code == 410
    assert choose(app, path).status_code == 410
    assert log_in(app.test_client()).status_code == 302


def test_a_password_changed_meanwhile_makes_the_link_void(app: Flask, engine: Engine) -> None:
    ask(app)
    path = path_of(mails(engine)[0])
    assert post(logged_in(app), "/profile/password", current=PASSWORD, new=NEW).status_code == 302
    assert app.test_client().get(path).status_code == 410


def test_a_short_password_is_said_and_the_link_is_not_used_up(app: Flask, engine: Engine) -> None:
    ask(app)
    path = path_of(mails(engine)[0])
    assert choose(app, path, "short").status_code == 400
    assert choose(app, path).status_code == 302


@pytest.mark.parametrize("link", ["made-up", "x.y", "WzEsImEiLDFd.AAAAAAAAAAAAAAAAAAAAAAAAAAA"])
def test_a_made_up_link_is_nobodys(app: Flask, link: str) -> None:
    assert app.test_client().get(f"/password/new/{link}").status_code == 410


def test_a_link_for_another_purpose_is_none(app: Flask, engine: Engine, config: Config, clock: Clock) -> None:
    signed = sign("invitation", [1, "x", clock.now + HOUR], config.secret_key)
    assert app.test_client().get(f"/password/new/{signed}").status_code == 410


def test_nobody_fills_a_mailbox(app: Flask, engine: Engine, clock: Clock) -> None:
    assert [ask(app).status_code for _ in range(6)] == [200] * 5 + [429]
    assert len(mails(engine)) == 1  # one a minute at most


def test_without_mail_the_page_says_who_can_help(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now))
    app = make_app(engine, config, now)
    assert "tracker user password-link" in app.test_client().get("/password/forgotten").text
    assert mails(engine) == []
