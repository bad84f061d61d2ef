"""A Danish owner reads in Danish what is wrong, with the right names and numbers in it."""

from __future__ import annotations

import html
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, update

from tests.http.site import add_shop, add_user, logged_in, make_app, post, token
from tests.http.test_settings import RULE, rules, send, typed, work
from tracker import audit
from tracker import tables as t
from tracker.clock import Instant
from tracker.config import Config
from tracker.shop_settings import ShopSettings
from tracker.storage import writing

pytestmark = pytest.mark.pages

API = "/api/v1/shops/1"
SPEND = "day;channel;amount\n"
LIST = "order_number;created_at;status;total;tax;email\n"


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    add_user(engine, now, add_shop(engine, now, journeys=20))
    return make_app(engine, config, now)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return logged_in(app, language="da")


def upload(client: FlaskClient, page: str, text: str, **more: str) -> Any:
    data = {"csrf_token": token(client.get("/profile")), "file": (io.BytesIO(text.encode()), "file.csv"), **more}
    return client.post(f"/shops/1/{page}", data=data)


def read(answer: Any) -> str:
    return html.unescape(answer.text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lapse_days": "0"}, "skriv et antal dage fra 1 til 3650"),
        ({"lapse_days": "snart"}, "skriv et helt tal"),
        ({"excluded_networks": "192.0.2.0/24\nmit kontor"}, "nr. 2: mit kontor er ikke et netværk: skriv et som 192.0.2.0/24"),
        ({"page_kinds": [{"path": "lookbook", "kind": "blog"}]}, "lookbook: en sti begynder med /"),
        ({"rates": [{"currency": "EUR", "since": "2026-01-01", "worth": "0"}]}, "EUR: 0 er ikke en kurs"),
        ({"languages": []}, "angiv mindst 1 og højst 3"),
        ({"stage_views": '{"five": 5}'}, "five er en af de faseopdelinger, der altid findes: vælg en anden nøgle"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_a_wrong_setting(client: FlaskClient, changed: dict[str, Any], said: str) -> None:
    answer = send(client, typed(ShopSettings(), **changed))
    [name] = changed
    assert said in read(answer).partition(f'id="wrong-{name}"')[2].partition("</div>")[0]


def test_a_wrong_stage_rule_is_named_by_its_number(client: FlaskClient) -> None:
    answer = send(client, rules(RULE, {**RULE, "path": "", "value": "left"}, do="save"), "stage-rules")
    assert "Ikke gemt: nr. 2: en egen faseregel skal have en sti, en type eller en egenskab." in read(answer)


@pytest.mark.parametrize(
    ("page", "text", "said"),
    [
        ("costs", SPEND + "2026-13-01;email;1\n", "2: dagen 2026-13-01 findes ikke"),
        ("costs", SPEND + "2026-09-01;email\n", "2: denne linje har 2 celler, hvor overskriften har 3: er den skåret af"),
        ("costs", "PK\x03\x04", "Intet blev læst: Filen er en Excel-projektmappe eller en zip-fil"),
        ("reconciliation", LIST + "1;2026-09-01;paid;5;1;ida\n", "linje 2: email er ikke en e-mailadresse"),
        ("reconciliation", LIST + f"1;2026-09-01;paid;5;1;{'a' * 300}@b\n", "linje 2: email er ikke en e-mailadresse"),
        ("reconciliation", LIST + f"{'9' * 200};2026-09-01;paid;5;1;\n", "linje 2: order_number er længere end 128 tegn"),
        ("reconciliation", "order_number;created_at;status\n1;2026-09-01;paid\n",
         "En kolonne mangler: value eller total_value og tax (kaldes også total, "),
        ("reconciliation", LIST, "Filen har ingen linje med indhold under overskriften."),
    ],
)  # fmt: skip
def test_a_wrong_file(client: FlaskClient, page: str, text: str, said: str) -> None:
    assert said in read(upload(client, page, text))


def test_a_task_that_failed(client: FlaskClient, engine: Engine, config: Config, now: Instant) -> None:
    post(client, "/shops/1/people/99999/erase", sure="yes")
    work(engine, config, now)
    assert "der er ingen person 99999" in read(client.get("/shops/1/tasks/1"))
    assert client.get(f"{API}/tasks/1").json["error"] == "der er ingen person 99999"


def test_a_task_that_failed_for_another_reason(client: FlaskClient, engine: Engine, config: Config, now: Instant) -> None:
    post(client, "/shops/1/people/99999/erase", sure="yes")
    with writing(engine) as db:
        db.execute(update(t.tasks).values(args={}))
    work(engine, config, now)
    assert client.get(f"{API}/tasks/1").json["error"] == "Noget gik galt hos os, og intet blev ændret: KeyError 'subject_id'"


def test_what_a_task_has_done(client: FlaskClient, engine: Engine, config: Config, now: Instant) -> None:
    send(client, typed(ShopSettings(), abandon_minutes=30))
    work(engine, config, now)
    assert "Indstillinger ændret: En kurv er forladt efter" in read(client.get("/shops/1/tasks/1"))
    assert client.get(f"{API}/tasks/1").json["outcome"] == {"settings": ["abandon_minutes"]}


def test_the_interface_for_programs(client: FlaskClient) -> None:
    headers = {"X-CSRFToken": token(client.get("/profile"))}
    told = client.patch(f"{API}/settings", json={"lapse_days": 0, "colour": 1}, headers=headers).json
    assert (told["field"], told["detail"]) == (
        "lapse_days",
        "lapse_days: skriv et antal dage fra 1 til 3650; colour: er ukendt",
    )
    told = client.post(f"{API}/stage-rules", json={"own": [{"path": "/"}]}, headers=headers).json
    assert (told["field"], told["detail"]) == ("own", "own: nr. 1: stage: mangler")
    told = client.post(f"{API}/ad-spend", json=[{"day": "2026-09-01", "amount": 1}], headers=headers).json
    assert told["refusals"] == [{"line": 1, "detail": "angiv, hvilken kanal eller kilde den hører til"}]
    told = client.post(f"{API}/order-list", data=b'{"transaction_id": "1"}', headers=headers).json
    assert "linje 1: occurred_at mangler" in told["findings"]
    told = client.post(f"{API}/order-list", data=b"[5]", headers=headers).json
    assert told["detail"] == "Post nr. 1 er ikke et JSON-objekt: skriv {…}."
    assert client.get(f"{API}/reports/stages.json?colour=red").json["detail"] == "colour: er ukendt"


def test_a_program_is_answered_in_the_language_that_it_asks_for(app: Flask) -> None:
    client = app.test_client()
    with logged_in(app).session_transaction() as session:
        who = session["_user_id"]
    with client.session_transaction() as session:
        session["_user_id"], session["_fresh"] = who, True
    said = {
        language: client.get(f"{API}/reports/stages.json?limit=0", headers={"Accept-Language": language}).json["detail"]
        for language in ("da", "sv", "en", "fr")
    }
    assert said["da"] == "limit: skriv et tal fra 1 til 500"
    assert said["sv"] == "limit: skriv ett tal från 1 till 500"
    assert said["en"] == said["fr"] == "limit: write a number from 1 to 500"


def test_a_shop_or_member_that_cannot_be(client: FlaskClient) -> None:
    assert "giv shoppen et navn på højst 100 tegn" in read(post(client, "/shops/1/shop", name="", hosts="a.example"))
    assert "angiv mindst ét domæne" in read(post(client, "/shops/1/shop", name="A", hosts=""))
    made = post(client, "/shops", name="B", hosts="b.example", zone="Europe/Copenhagen", currency="kr", locale="da")
    assert "currency: skriv tre store bogstaver, for eksempel DKK" in read(made)
    assert "det er ikke en e-mailadresse" in read(post(client, "/shops/1/members/invite", email="x", role="analyst"))


def test_who_did_what(client: FlaskClient, engine: Engine, now: Instant) -> None:
    with writing(engine) as db:
        audit.log(db, [1], "secret_rotated", audit.COMMAND_LINE, now)
    text = read(client.get("/shops/1/audit-log"))
    assert "Serverhemmelighed fornyet" in text
    assert ">kommandolinjen<" in text
    assert ",command line," in client.get("/shops/1/audit-log.csv").text  # for other programs


def test_what_stands_below_a_table(client: FlaskClient) -> None:
    """A sentence that is shown by a column whose own cells are keys of a word list."""
    text = read(client.get("/shops/1/attribution?period=90d"))
    assert "Berøringspunkter mere end 30 dage før ordren" in text
