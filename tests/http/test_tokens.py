"""API tokens: one shop, what their scopes say, and no longer than they hold."""

from __future__ import annotations

import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, select

from tests.http.site import Clock, add_shop, add_user, logged_in, logged_in_by_hand, make_app, post
from tests.http.test_roles import READS, of_shop
from tracker import audit
from tracker import tables as t
from tracker.clock import DAY, MINUTE, Instant
from tracker.config import Config
from tracker.http import tokens
from tracker.http.roles import SCOPES, Right, needed
from tracker.storage import writing

REPORT = "/api/v1/shops/1/reports/stages.json"


@pytest.fixture
def clock(now: Instant) -> Clock:
    return Clock(now)


@pytest.fixture
def app(engine: Engine, config: Config, clock: Clock) -> Flask:
    add_user(engine, clock.now, add_shop(engine, clock.now, "Own"))
    add_shop(engine, clock.now, "Other")
    return make_app(engine, config, clock)


def make(engine: Engine, clock: Clock, *scopes: Right, shop_id: int = 1, days: int | None = 90) -> str:
    with writing(engine) as db:
        until = None if days is None else clock.now + days * DAY
        return tokens.make(db, shop_id, "spreadsheet", scopes or ("reports",), until, "ida@shop.example", clock.now)


def ask(app: Flask, token: str, address: str = REPORT, method: str = "GET", **more: Any) -> Any:
    return app.test_client().open(address, method=method, headers={"Authorization": f"Bearer {token}"}, **more)


def secret_of(token: str) -> str:
    return token.split("_", 3)[3]


def row(engine: Engine) -> dict[str, Any]:
    with engine.connect() as db:
        return dict(db.execute(select(t.api_tokens)).mappings().one())


def test_a_token_reads_reports_without_a_login(app: Flask, engine: Engine, clock: Clock) -> None:
    answer = ask(app, make(engine, clock))
    assert (answer.status_code, answer.json["report"]) == (200, "stages")
    assert "Set-Cookie" not in answer.headers
    assert ask(app, make(engine, clock), "/api/v1/openapi.json").status_code == 200


@pytest.mark.parametrize("scope", [None, *SCOPES])
def test_a_token_may_what_its_scope_says_and_nothing_else(
    app: Flask, engine: Engine, clock: Clock, scope: Right | None
) -> None:
    """Every address of the API, walked."""
    token = make(engine, clock, scope) if scope else make(engine, clock, "notes")
    scopes = {scope or "notes"}
    for endpoint, method, address in of_shop(app):
        if endpoint.startswith("api."):
            status = ask(app, token, address, method).status_code
            assert (status == 403) == (needed(endpoint, changes=method not in READS) not in scopes), f"{method} {address}"


def test_a_token_never_sees_another_shop(app: Flask, engine: Engine, clock: Clock) -> None:
    token = make(engine, clock, *SCOPES, shop_id=2)
    tried = [
        ask(app, token, address, method).status_code
        for endpoint, method, address in of_shop(app)
        if endpoint.startswith("api.") and "/shops/1/" in address
    ]
    assert set(tried) == {404}
    assert len(tried) >= 15


def test_a_token_opens_no_page(app: Flask, engine: Engine, clock: Clock) -> None:
    token = make(engine, clock, *SCOPES)
    for address in ("/shops/1/stages", "/shops/1/members", "/profile"):
        assert ask(app, token, address).headers["Location"].startswith("/login"), address
    assert ask(app, token, "/api/v1/docs").status_code == 403


def test_a_token_writes_without_a_form_and_is_named_as_the_writer(app: Flask, engine: Engine, clock: Clock) -> None:
    token = make(engine, clock, "notes", "settings")
    note = ask(app, token, "/api/v1/shops/1/notes/journey_map.5.pain", "PUT", json={"text": "slow"})
    assert (note.status_code, note.json["written_by"]) == (200, "token spreadsheet")
    task = ask(app, token, "/api/v1/shops/1/settings", "PATCH", json={"idle_minutes": 20})
    assert (task.status_code, task.json["asked_by"]) == (202, "token spreadsheet")
    with engine.connect() as db:
        found = {entry.kind: entry for entry in audit.read(db, 1)}
    assert found["change_settings"].who == "token spreadsheet"
    assert found["change_settings"].changed["idle_minutes"] == [30, 20]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda token: token[:-1] + ("A" if token[-1] != "A" else "B"),
        lambda token: token[:-1],
        lambda token: token.replace("kr_1_", "kr_2_"),
        lambda token: "kr_1_00000000_" + secret_of(token),
        lambda token: "",
        lambda token: "æ",
        lambda token: token + "\x00",
    ],
    ids=["last sign", "cut", "another shop", "another id", "empty", "no ASCII", "longer"],
)
def test_a_made_up_token_is_nobody(app: Flask, engine: Engine, clock: Clock, spoil: Any) -> None:
    token = make(engine, clock)
    assert ask(app, token).status_code == 200
    with app.test_request_context():
        answer = app.test_client().get(REPORT, environ_overrides={"HTTP_AUTHORIZATION": f"Bearer {spoil(token)}"})
    assert answer.status_code == 401


def test_a_wrong_token_is_not_made_good_by_a_login(app: Flask) -> None:
    assert logged_in(app).get(REPORT, headers={"Authorization": "Bearer nonsense"}).status_code == 401


def test_a_token_holds_until_its_day(app: Flask, engine: Engine, clock: Clock) -> None:
    token, forever = make(engine, clock, days=30), make(engine, clock, days=None)
    clock.now += 30 * DAY - 1
    assert ask(app, token).status_code == 200
    clock.now += 1
    assert ask(app, token).status_code == 401
    assert ask(app, forever).status_code == 200


def test_its_last_use_is_noted_once_a_minute(app: Flask, engine: Engine, clock: Clock) -> None:
    token, first = make(engine, clock), clock.now
    assert row(engine)["used_at"] is None
    seen = []
    for later in (0, MINUTE - 1, 1):
        clock.now += later
        ask(app, token)
        seen.append(row(engine)["used_at"] - first)
    assert seen == [0, 0, MINUTE]


def test_only_its_fingerprint_is_kept(app: Flask, engine: Engine, clock: Clock) -> None:
    token = make(engine, clock)
    assert secret_of(token) not in repr(row(engine))
    with engine.connect() as db:
        assert secret_of(token) not in repr(audit.read(db, 1))


# --- the page


def made(client: FlaskClient, **data: Any) -> str:
    page = post(client, "/shops/1/tokens", **{"name": "agency", "scope": ["reports", "spend"], "days": "30", **data}).text
    found = re.search(r'id="token"[^>]*>(kr_1_[^<]+)<', page)
    assert found, page
    return found[1]


def test_the_page_shows_a_token_once(app: Flask) -> None:
    client = logged_in(app)
    token = made(client)
    page = client.get("/shops/1/tokens").text
    assert token not in page
    assert token.replace(secret_of(token), "…") in page
    assert ask(app, token).status_code == 200
    assert ask(app, token, "/api/v1/shops/1/settings", "PATCH").status_code == 403


def test_a_revoked_token_is_nobody(app: Flask, engine: Engine) -> None:
    client = logged_in_by_hand(app)
    token = made(client)
    [address] = re.findall(r'action="([^"]+/revoke)"', client.get("/shops/1/tokens").text)
    assert "get no answer from now on" in post(client, address).text
    assert ask(app, token).status_code == 200
    post(client, address, sure="yes")
    assert ask(app, token).status_code == 401
    assert "No tokens yet" in client.get("/shops/1/tokens").text
    with engine.connect() as db:
        assert sorted(e.kind for e in audit.read(db, 1)) == ["login", "token_made", "token_revoked"]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"name": " "}, "Give it a name"),
        ({"scope": []}, "Choose at least one"),
        ({"scope": ["accounts"]}, "Choose at least one"),
        ({"days": "9999"}, "Choose how long"),
    ],
    ids=["no name", "no scope", "a scope for people alone", "too long"],
)
def test_a_token_that_cannot_be_is_refused_in_words(app: Flask, engine: Engine, data: dict[str, Any], said: str) -> None:
    answer = post(logged_in(app), "/shops/1/tokens", **{"name": "x", "scope": ["reports"], "days": "30", **data})
    assert answer.status_code == 400
    assert said in answer.text
    with engine.connect() as db:
        assert db.execute(select(t.api_tokens)).first() is None


def test_a_token_of_another_shop_is_not_to_be_revoked_through_mine(app: Flask, engine: Engine, clock: Clock) -> None:
    token = make(engine, clock, shop_id=2)
    assert post(logged_in(app), f"/shops/1/tokens/{token.split('_')[2]}/revoke", sure="yes").status_code == 404
    assert ask(app, token, "/api/v1/shops/2/reports/stages.json").status_code == 200
