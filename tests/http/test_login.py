"""Logging in and out, passwords, and how often somebody may try."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select, update

from tests.http.site import PASSWORD, add_shop, add_user, log_in, logged_in, logged_in_by_hand, make_app, token
from tracker import tables as t
from tracker.clock import Instant
from tracker.config import Config
from tracker.http import accounts
from tracker.http.gate import safe_next
from tracker.http.throttle import LoginThrottle
from tracker.storage import writing

pytestmark = pytest.mark.pages


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Any:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    return make_app(engine, config, now)


def test_the_right_password_leads_to_the_first_shop(app: Any) -> None:
    client = app.test_client()
    assert log_in(client, " IDA@shop.example ").headers["Location"] == "/"
    assert client.get("/").headers["Location"] == "/shops/1/overview"


def test_a_wrong_password_and_an_unknown_email_get_the_same_answer(app: Any) -> None:
    answers = []
    for email, password in (("ida@shop.example", "wrong"), ("nobody@shop.example", PASSWORD)):
        answer = log_in(app.test_client(), email, password)
        answers.append((answer.status_code, "E-mail or password is wrong." in answer.text))
    assert answers == [(401, True), (401, True)]


def test_an_unknown_email_costs_a_hash_too(app: Any, db: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    """Not a timed test: what takes the time is asked for either way."""
    asked: list[str] = []
    verify = accounts.check_password
    monkeypatch.setattr(accounts, "check_password", lambda stored, given: asked.append(stored) or verify(stored, given))
    accounts.check_login(db, "nobody@shop.example", "x")
    accounts.check_login(db, "ida@shop.example", "x")
    assert len(asked) == 2
    assert all(stored.startswith("$argon2id$") for stored in asked)


def test_the_session_cookie_is_guarded(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now))
    plain = log_in(make_app(engine, config, now).test_client()).headers["Set-Cookie"]
    assert "HttpOnly" in plain
    assert "SameSite=Lax" in plain
    assert "Secure" not in plain
    secure = Config(**{**config.__dict__, "public_url": "https://reports.shop.example"})
    client = make_app(engine, secure, now).test_client()
    assert "Secure" in client.get("/login", base_url="https://reports.shop.example").headers["Set-Cookie"]


def test_after_five_wrong_attempts_the_right_password_has_to_wait(app: Any) -> None:
    client = app.test_client()
    assert [log_in(client, password="wrong").status_code for _ in range(6)] == [401] * 5 + [429]
    assert log_in(client).status_code == 429
    assert log_in(client, "eva@shop.example", "wrong").status_code == 401  # another e-mail from there is not locked out


def test_an_address_may_not_try_many_emails() -> None:
    throttle = LoginThrottle()
    assert [throttle.allow("192.0.2.1", f"{i}@shop.example") for i in range(31)] == [True] * 30 + [False]
    assert throttle.allow("192.0.2.2", "ida@shop.example")


def test_many_addresses_may_not_try_one_email() -> None:
    throttle = LoginThrottle()
    assert [throttle.allow(f"192.0.2.{i}", " Ida@shop.example") for i in range(31)] == [True] * 30 + [False]
    assert throttle.allow("192.0.2.1", "eva@shop.example")


def test_right_passwords_are_forgiven() -> None:
    throttle = LoginThrottle()
    for _ in range(8):
        assert throttle.allow("192.0.2.1", "ida@shop.example")
        throttle.forgive("192.0.2.1", "ida@shop.example")


@pytest.mark.parametrize(
    ("target", "followed"),
    [
        ("/shops/1/journeys?period=7d", "/shops/1/journeys?period=7d"),
        ("https://evil.example/", None),
        ("//evil.example/", None),
        ("/\\evil.example", None),
        ("\\/evil.example", None),
        ("/\t/evil.example", None),
        ("/ok\r\nSet-Cookie: x=y", None),
        ("javascript:alert(1)", None),
        ("", None),
        (None, None),
    ],
    ids=repr,
)
def test_after_the_login_only_a_path_of_ours_is_followed(target: str | None, followed: str | None) -> None:
    assert safe_next(target) == followed


def test_the_login_keeps_where_one_wanted_to_go(app: Any) -> None:
    client = app.test_client()
    wanted = client.get("/shops/1/journeys?period=7d").headers["Location"]
    assert "/shops/1/journeys?period%3D7d" in wanted or "%2Fshops%2F1%2Fjourneys" in wanted
    assert 'name="next" value="/shops/1/journeys?period=7d"' in client.get(wanted).text
    assert log_in(app.test_client(), next="//evil.example").headers["Location"] == "/"


def test_logging_out_takes_a_post_and_ends_the_session(app: Any) -> None:
    client = logged_in(app)
    assert client.get("/logout").status_code == 405
    assert client.post("/logout", data={"csrf_token": token(client.get("/profile"))}).headers["Location"] == "/login"
    assert client.get("/shops/1/overview").status_code == 302


def test_a_new_password_ends_all_other_logins(app: Any) -> None:
    here, there = logged_in(app), logged_in(app)
    data = {"current": PASSWORD, "new": "vinterfrakke 25", "csrf_token": token(here.get("/profile"))}
    assert here.post("/profile/password", data=data).status_code == 302
    assert here.get("/profile").status_code == 200
    assert there.get("/profile").status_code == 302
    assert log_in(app.test_client()).status_code == 401
    assert log_in(app.test_client(), password="vinterfrakke 25").status_code == 302


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"current": "wrong", "new": "vinterfrakke 25"}, "The present password is wrong."),
        ({"current": PASSWORD, "new": "short"}, "at least ten characters"),
        ({"current": PASSWORD, "new": "x" * 501}, "too long"),
    ],
    ids=["wrong", "short", "long"],
)
def test_a_password_is_not_changed_without_reason(app: Any, given: dict[str, str], said: str) -> None:
    client = logged_in(app)
    client.post("/profile/password", data={**given, "csrf_token": token(client.get("/profile"))})
    assert said in client.get("/profile").text
    assert log_in(app.test_client()).status_code == 302


def test_the_profile_keeps_name_and_language(app: Any) -> None:
    client = logged_in_by_hand(app)
    client.post("/profile", data={"name": "Ida B.", "locale": "da", "csrf_token": token(client.get("/profile"))})
    assert "Profil og sprog" in client.get("/profile").text
    assert "Ida B." in client.get("/profile").text
    later = logged_in_by_hand(app, language="sv")
    assert '<html lang="da">' in later.get("/profile").text  # the profile's language is stronger than the login page's


def test_a_weaker_hash_of_before_is_renewed_at_the_login(app: Any, engine: Engine) -> None:
    from argon2 import PasswordHasher

    weak = PasswordHasher(time_cost=1, memory_cost=8_192, parallelism=1).hash(PASSWORD)
    with writing(engine) as db:
        db.execute(update(t.users).values(password_hash=weak))
    client = logged_in_by_hand(app)
    assert client.get("/profile").status_code == 200
    with engine.connect() as db:
        stored = db.execute(select(t.users.c.password_hash)).scalar_one()
    assert not accounts.is_outdated(stored)


@pytest.mark.parametrize(
    "wrong",
    [
        {"email": "ida@shop.example"},
        {"email": "no address"},
        {"email": "a@b"},
        {"password": "short"},
        {"role": "emperor"},
        {"shop_ids": [1, 99]},
    ],
    ids=str,
)
def test_an_account_that_cannot_be_is_refused(app: Any, db: Connection, now: Instant, wrong: dict[str, Any]) -> None:
    given = {"email": "eva@shop.example", "name": "Eva", "password": PASSWORD, "role": "analyst", "shop_ids": [1], **wrong}
    with pytest.raises(accounts.BadAccount):
        accounts.add_user(db, now=now, **given)


@pytest.mark.parametrize("session_id", ["", "1", "1.", "x.y", "1.00000000000000000000", "999999999999.x", "1.æ"], ids=repr)
def test_a_made_up_session_is_nobody(app: Any, db: Connection, session_id: str) -> None:
    assert accounts.find_session(db, session_id) is None
