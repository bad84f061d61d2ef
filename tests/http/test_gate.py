"""Every address there is: closed without a login, to members of other shops, and to posts without a token."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from tests.http.site import add_shop, add_user, log_in, logged_in, make_app, token
from tracker import storage, tasks
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.gate import BY_LINK_ALONE, OPEN
from tracker.http.roles import SCOPES
from tracker.reports import REPORTS
from tracker.storage import writing

FILLED = {
    "shop_id": 1,
    "subject_id": 3,
    "name": "stages",
    "ext": "json",
    "place": "journey_map.5.pain",
    "task_id": 1,
    "filename": "admin/admin.css",
    "user_id": 2,
    "invitation_id": "0123456789abcdef",
    "token_id": "01234567",
    "token": "made-up",
}


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    own, other = add_shop(engine, now, "Own", journeys=60), add_shop(engine, now, "Other")
    add_user(engine, now, own)
    add_user(engine, now, other, email="eva@other.example")
    with writing(engine) as db:
        tasks.ask(db, own.shop_id, "recount", {}, "owner@shop.example", now)
    return make_app(engine, config, now)


def routes(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every rule but the static files, with an address of it."""
    adapter = app.url_map.bind("localhost")
    for rule in app.url_map.iter_rules():
        if rule.endpoint != "static":
            yield rule, adapter.build(rule.endpoint, {name: FILLED[name] for name in rule.arguments})


def test_there_are_routes_to_walk(app: Flask) -> None:
    assert len(list(routes(app))) >= 13


def test_without_a_login_every_page_leads_to_it_and_the_api_says_401(app: Flask) -> None:
    client = app.test_client()
    for rule, address in routes(app):
        if rule.endpoint in OPEN or "GET" not in (rule.methods or ()):
            continue
        answer = client.get(address)
        if address.startswith("/api/"):
            assert (answer.status_code, answer.is_json) == (401, True), address
        else:
            assert (answer.status_code, answer.headers["Location"].split("?")[0]) == (302, "/login"), address


def test_another_shop_is_as_if_it_did_not_exist(app: Flask) -> None:
    stranger, nobody = logged_in(app, "eva@other.example"), {**FILLED, "shop_id": 99}
    tried = 0
    for rule, address in routes(app):
        if "shop_id" not in rule.arguments:
            continue
        tried += 1
        missing = app.url_map.bind("localhost").build(rule.endpoint, {name: nobody[name] for name in rule.arguments})
        theirs, none = (_ask(stranger, rule, one) for one in (address, missing))
        assert (theirs.status_code, none.status_code) == (404, 404), address
        assert theirs.text.replace(address, "") == none.text.replace(missing, ""), address
        assert "Own" not in theirs.text
    assert tried >= 6


def _ask(client: FlaskClient, rule: Rule, address: str) -> TestResponse:
    """As a browser would that has a token, where the address takes no GET."""
    if "GET" in (rule.methods or ()):
        return client.get(address)
    [method] = (rule.methods or set()) - {"HEAD", "OPTIONS"}
    return client.open(address, method=method, headers={"X-CSRFToken": token(client.get("/profile"))})


def test_the_owner_sees_every_page(app: Flask) -> None:
    client = logged_in(app)
    for rule, address in routes(app):
        if "GET" in (rule.methods or ()) and rule.endpoint not in OPEN:
            assert client.get(address, follow_redirects=True).status_code == 200, address


def test_every_report_answers_as_a_file(app: Flask) -> None:
    client = logged_in(app)
    for name in REPORTS:
        address, query = f"/api/v1/shops/1/reports/{name}", "?subject_id=60" if name == "person" else ""
        answer = client.get(f"{address}.json{query}")
        assert (answer.status_code, answer.json["report"]) == (200, name)
        if name == "companies":  # of a shop that sells to people there are none
            continue
        assert answer.json["rows"], name
        file = client.get(f"{address}.csv{query}")
        assert (file.status_code, file.mimetype) == (200, "text/csv")
        assert file.text.count("\r\n") > 1, name
        assert not file.data.startswith(b"\xef\xbb\xbf")
        assert client.get(f"{address}.csv{query or '?'}&bom=1").data.startswith(b"\xef\xbb\xbf")


def test_every_post_needs_its_token(app: Flask) -> None:
    client = logged_in(app)
    posts = [a for rule, a in routes(app) if "POST" in (rule.methods or ()) and rule.endpoint not in BY_LINK_ALONE]
    assert len(posts) >= 4
    for address in posts:
        for data in ({}, {"csrf_token": "made up"}):
            answer = client.post(address, data=data)
            assert answer.status_code == 400, address
            assert "The form was open for too long" in answer.text
    assert client.get("/profile").status_code == 200  # still logged in


def test_every_answer_has_the_headers_that_guard_it(app: Flask) -> None:
    client = logged_in(app)
    for address in [address for _, address in routes(app)] + ["/nowhere", "/api/v1/nowhere"]:
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "script-src 'self';" in policy, address
        assert "frame-ancestors 'none'" in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "no-store"


def test_no_page_has_a_script_of_its_own(app: Flask) -> None:
    """The policy would stop it; so what a page needs must be in files."""
    client = logged_in(app)
    for rule, address in routes(app):
        if "GET" in (rule.methods or ()) and not address.endswith(".json"):
            text = client.get(address, follow_redirects=True).text
            assert "<script>" not in text, address
            assert " onclick=" not in text, address


def test_the_secret_is_the_owners(engine: Engine, config: Config, now: Instant) -> None:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    add_user(engine, now, shop, email="eva@shop.example", role="analyst")
    app = make_app(engine, config, now)
    assert shop.secret in logged_in(app).get("/shops/1/setup").text
    analyst = logged_in(app, "eva@shop.example").get("/shops/1/setup").text
    assert shop.secret not in analyst
    assert shop.site_key in analyst


def test_static_files_named_by_their_content_are_kept_for_good(app: Flask) -> None:
    client = app.test_client()
    assert "immutable" in client.get("/static/admin/admin.css?v=1").headers["Cache-Control"]
    assert "immutable" not in client.get("/static/admin/admin.css").headers.get("Cache-Control", "")


def test_what_went_wrong_is_said_in_words(app: Flask) -> None:
    client = logged_in(app)
    for address, status, said in (
        ("/shops/1/stages?view=seven", 400, "view: this is not one of the stage views"),
        ("/shops/1/journeys?filter=shoe%3Dleft", 400, "write a filter as kind=value"),
        ("/shops/1/people/424242", 404, "There is no person 424242"),
        ("/nowhere", 404, "This page does not exist"),
    ):
        answer = client.get(address)
        assert answer.status_code == status, address
        assert said in answer.text


def test_the_api_says_which_parameter_was_wrong(app: Flask) -> None:
    client = logged_in(app)
    for query, field in (("view=seven", "view"), ("colour=red", "colour"), ("table=nothing", "table"), ("limit=-1", "limit")):
        answer = client.get(f"/api/v1/shops/1/reports/stages.json?{query}")
        assert (answer.status_code, answer.json["field"]) == (400, field)


def test_the_api_is_described(app: Flask) -> None:
    """Every address of it, by the URL map."""
    document = logged_in(app).get("/api/v1/openapi.json").json
    assert document["openapi"].startswith("3.")
    described = {
        (path, method.upper()) for path, operations in document["paths"].items() for method in operations
    }  # fmt: skip
    assert described == {
        one for rule in app.url_map.iter_rules() if rule.endpoint.startswith("api.") for one in addresses(rule)
    }
    schemes = document["components"]["securitySchemes"]
    assert schemes["token"]["scheme"] == "bearer"
    for operations in document["paths"].values():
        for operation in operations.values():
            assert {"token": []} in operation["security"]
            assert operation["x-scope"] in SCOPES
    stages = document["paths"]["/api/v1/shops/{shop_id}/reports/stages.json"]["get"]
    assert {p["name"] for p in stages["parameters"]} == {
        "shop_id", "period", "since", "until", "filter", "view", "sort", "table", "bom",
    }  # fmt: skip


def addresses(rule: Rule) -> Iterator[tuple[str, str]]:
    """As OpenAPI writes them; those of the description itself left out."""
    if rule.endpoint in ("api.openapi", "api.docs"):
        return
    path = re.sub(r"<(?:[^:<>]+:)?(\w+)>", r"{\1}", rule.rule)
    for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
        if "{name}.{ext}" in path:
            yield from (
                (path.format(shop_id="{shop_id}", name=name, ext=ext), method) for name in REPORTS for ext in ("json", "csv")
            )
        else:
            yield path, method


def test_a_database_that_is_away_is_said_in_the_readers_language(config: Config, now: Instant) -> None:
    """Also to somebody who is logged in, though who that is stands in the database."""
    away = Config(**{**config.__dict__, "database_url": "postgresql://nobody@127.0.0.1:9/none?connect_timeout=2"})
    engine = storage.open_engine(away)
    client = make_app(engine, away, now).test_client()
    client.get("/login?lang=da")
    with client.session_transaction() as session:
        session["_user_id"] = "1.x"
    for address in ("/shops/1/stages", "/login"):
        answer = client.get(address)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30")
        assert "Databasen er væk" in answer.text
    assert client.get("/api/v1/openapi.json").json["error"] == "Databasen er væk"


def test_our_own_mistake_is_a_page_and_not_a_traceback(app: Flask, engine: Engine, caplog: pytest.LogCaptureFixture) -> None:
    @app.get("/broken", endpoint="admin.broken")
    def broken() -> str:
        raise ZeroDivisionError("a secret detail")

    answer = logged_in(app).get("/broken")
    assert answer.status_code == 500
    assert "a secret detail" not in answer.text
    assert "unexpected error path=/broken" in caplog.text


def test_other_parts_of_the_app_speak_for_themselves(app: Flask) -> None:
    """The front door's posts carry no token, and its errors are its own."""

    @app.post("/k")
    def door() -> str:
        return "taken"

    @app.get("/door-broken")
    def door_broken() -> str:
        raise OperationalError("SELECT 1", {}, Exception("away"))

    assert app.test_client().post("/k", data="{}").text == "taken"
    broken = app.test_client().get("/door-broken")
    assert broken.status_code == 500
    assert "Content-Security-Policy" not in broken.headers  # not our page


def test_log_in_works_over_and_over_from_one_browser(app: Flask) -> None:
    client = app.test_client()
    assert log_in(client).status_code == 302
    assert client.get("/login").headers["Location"] == "/"


def test_what_no_database_keeps_is_refused_at_the_gate(app: Flask) -> None:
    """PostgreSQL keeps no NUL in a text, and neither database a number of more than 64 bits."""
    client = logged_in(app)
    csrf_token = token(client.get("/profile"))
    for method, address, data, status in (
        ("GET", "/shops/1/find?q=%00", {}, 400),
        ("GET", "/shops/1/stages?filter=campaign=%2500", {}, 400),
        ("POST", "/profile", {"name": "I\0da"}, 400),
        ("POST", "/shops/1/members/invitations/%00/resend", {}, 400),
        ("POST", "/shops/1/people/1/undo", {"kind": "visitor", "key": "\0"}, 400),
        ("GET", f"/api/v1/shops/1/people/{2**63}/export", {}, 404),
        ("GET", f"/api/v1/shops/1/tasks/{2**63}", {}, 404),
        ("POST", f"/api/v1/shops/{2**63}/order-list", {}, 405),  # no such address at all
    ):
        headers = {"X-Kunderejse-Signature": "t=1,v1=00"} if "order-list" in address else {}
        answer = client.open(address, method=method, data={**data, "csrf_token": csrf_token}, headers=headers)
        assert answer.status_code == status, address
    answer = client.post("/api/v1/shops/1/links/undo", json={"kind": "x", "key": "\0"}, headers={"X-CSRFToken": csrf_token})
    assert answer.status_code == 400
