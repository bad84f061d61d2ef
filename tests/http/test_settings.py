"""The settings as an owner changes them on the page, own stage rules with their preview, and how far a task is."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.datastructures import MultiDict

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tracker import shops
from tracker.clock import MINUTE, Instant
from tracker.config import Config
from tracker.http.fields import FIELDS
from tracker.shop_settings import ShopSettings
from tracker.shops import Shop
from tracker.storage import reading
from tracker.worker import Worker

pytestmark = pytest.mark.pages


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    add_user(engine, now, add_shop(engine, now, journeys=60))
    return make_app(engine, config, now)


def typed(settings: ShopSettings, **changed: Any) -> MultiDict[str, str]:
    """The form as a browser would send it: every control as it stands, with some changed."""
    form: MultiDict[str, str] = MultiDict()
    for name, field in FIELDS.items():
        value = changed.get(name, field.shown(getattr(settings, name)))
        match field.kind:
            case "switch":
                form.setlist(name, ["1"] if value else [])
            case "checks":
                form.setlist(name, [str(one) for one in value])
            case "rows":
                for row in [*value, {}]:
                    for cell in field.cells:
                        form.add(f"{name}.{cell.key}", row.get(cell.key, next(iter(cell.choices())) if cell.choices else ""))
            case _:
                form[name] = str(value)
    return form


def send(client: FlaskClient, form: MultiDict[str, str], page: str = "settings") -> Any:
    form["csrf_token"] = token(client.get(f"/shops/1/{page}"))
    return client.post(f"/shops/1/{page}", data=form)


def work(engine: Engine, config: Config, now: Instant) -> Shop:
    worker = Worker(engine, config)
    for later in range(5):
        worker.step(now + later * MINUTE)
    worker.close()
    with reading(engine) as db:
        return shops.all_shops(db)[0]


def test_every_setting_stands_on_the_page_but_the_versions_of_the_rules() -> None:
    assert set(FIELDS) == set(ShopSettings.__dataclass_fields__) - {"stage_versions"}


def test_what_is_sent_as_it_stands_changes_nothing(app: Flask) -> None:
    client = logged_in(app)
    answer = send(client, typed(ShopSettings()))
    assert answer.headers["Location"] == "/shops/1/settings"
    assert "Nothing was changed." in client.get("/shops/1/settings").text


def test_each_kind_of_control_is_read_and_kept(app: Flask, engine: Engine, config: Config, now: Instant) -> None:
    wanted: dict[str, Any] = {
        "zone": "America/New_York",
        "languages": ["da", "en"],
        "lapse_days": 90,
        "b2b": True,
        "counted_states": ["paid", "completed", "picked, packed"],
        "rates": [
            {"currency": "eur", "since": "2026-02-01", "worth": "7,46"},
            {"currency": "EUR", "since": "2026-01-01", "worth": "7.45"},
        ],
        "channel_overrides": [{"source": "partner", "medium": "", "campaign": "", "host": "", "channel": "affiliate"}],
        "page_kinds": [{"path": "/lookbook", "kind": "inspiration"}],
        "excluded_networks": "192.0.2.0/24\n\n2001:db8::/32",
    }
    client = logged_in(app)
    answer = send(client, typed(ShopSettings(), **wanted))
    assert answer.headers["Location"] == "/shops/1/tasks/1"
    assert "Waiting for the worker" in client.get("/shops/1/tasks/1").text
    kept = work(engine, config, now).settings
    assert (kept.zone, kept.languages, kept.lapse_days, kept.b2b) == ("America/New_York", ("da", "en"), 90, True)
    assert kept.counted_states == ("paid", "completed", "picked", "packed")
    assert kept.rates == {"EUR": [["2026-01-01", "7.45"], ["2026-02-01", "7.46"]]}
    assert kept.channel_overrides == ({"source": "partner", "channel": "affiliate"},)
    assert kept.page_kinds == {"/lookbook": "inspiration"}
    assert kept.excluded_networks == ("192.0.2.0/24", "2001:db8::/32")
    assert ">Done<" in client.get("/shops/1/tasks/1").text
    assert "Change settings" in client.get("/shops/1/tasks").text


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"lapse_days": "soon"}, "write a whole number"),
        ({"lapse_days": "0"}, "write a number of days from 1 to 3650"),
        ({"currency": "kroner"}, "write three capital letters"),
        ({"excluded_networks": "my office"}, "my office is no network"),
        ({"rates": [{"currency": "EUR", "since": "yesterday", "worth": "7"}]}, "a day, and what one EUR is worth"),
        ({"channel_overrides": [{"source": "x", "channel": "<script>"}]}, "is none of the channels"),
        ({"page_kinds": [{"path": "lookbook", "kind": "blog"}]}, "a path begins with /"),
        ({"languages": []}, "give at least 1 and at most 3"),
        ({"stage_views": "{not json"}, "write a JSON object"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_what_is_wrong_is_said_beside_the_setting_and_nothing_is_kept(
    app: Flask, engine: Engine, changed: dict[str, Any], said: str
) -> None:
    client = logged_in(app)
    answer = send(client, typed(ShopSettings(), **changed, zone="Europe/Stockholm"))
    assert answer.status_code == 400
    [name] = changed
    assert said in answer.text.partition(f'id="wrong-{name}"')[2].partition("</div>")[0].replace("&#34;", '"')
    assert '<option value="Europe/Stockholm" selected>' in answer.text  # what was typed beside it is still there
    with reading(engine) as db:
        assert shops.all_shops(db)[0].settings == ShopSettings()


RULE = {"path": "/kjoler", "type": "", "property": "", "value": "", "stage": "need"}


def rules(*rows: dict[str, str], do: str) -> MultiDict[str, str]:
    form: MultiDict[str, str] = MultiDict({"do": do})
    for row in [*rows, dict.fromkeys(RULE, "") | {"stage": "need"}]:
        for part, text in row.items():
            form.add(part, text)
    return form


def test_a_rule_shows_what_it_would_have_done_and_writes_nothing(app: Flask, engine: Engine) -> None:
    answer = send(logged_in(app), rules(RULE, do="preview"), "stage-rules")
    assert "Last week, with these rules" in answer.text
    assert "Need identification" in answer.text
    assert 'value="/kjoler"' in answer.text  # still there to be saved
    with reading(engine) as db:
        assert len(shops.all_shops(db)[0].settings.stage_versions) == 1


def test_a_saved_rule_holds_from_now_on(app: Flask, engine: Engine, config: Config, now: Instant) -> None:
    answer = send(logged_in(app), rules(RULE, do="save"), "stage-rules")
    assert answer.headers["Location"] == "/shops/1/tasks/1"
    latest = work(engine, config, now).settings.stage_versions[-1]
    assert (latest["own"], latest["since_at"] > 0) == ([{"path": "/kjoler", "stage": "need"}], True)


def test_a_rule_that_is_none_is_refused_in_words(app: Flask) -> None:
    answer = send(logged_in(app), rules({**RULE, "path": "", "value": "left"}, do="save"), "stage-rules")
    assert answer.status_code == 400
    assert "an own stage rule needs a path, a type or a property" in answer.text


def test_tagging_and_counting_anew_are_asked_for_by_a_button(app: Flask, engine: Engine, config: Config, now: Instant) -> None:
    client = logged_in(app)
    for number, what in enumerate(("replay", "recount"), 1):
        answer = client.post(f"/shops/1/{what}", data={"csrf_token": token(client.get("/shops/1/tasks"))})
        assert answer.headers["Location"] == f"/shops/1/tasks/{number}"
    work(engine, config, now)
    assert [">Done<" in client.get(f"/shops/1/tasks/{number}").text for number in (1, 2)] == [True, True]


def test_a_task_of_another_shop_is_not_found(app: Flask, engine: Engine, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, "Other"), email="eva@other.example")
    client = logged_in(app)
    client.post("/shops/1/recount", data={"csrf_token": token(client.get("/shops/1/tasks"))})
    assert client.get("/shops/1/tasks/1").status_code == 200
    assert logged_in(app, "eva@other.example").get("/shops/2/tasks/1").status_code == 404


def test_two_owners_who_save_at_once_lose_nothing_of_each_other(
    app: Flask, engine: Engine, config: Config, now: Instant
) -> None:
    """Both have the form open; each changes something else."""
    client = logged_in(app)
    seen = re.search(r'name="seen" value="([^"]+)"', client.get("/shops/1/settings").text)
    assert seen
    for changed in ({"zone": "Europe/Stockholm"}, {"lapse_days": 90}):
        form = typed(ShopSettings(), **changed)
        form["seen"] = html.unescape(seen[1])
        assert "/tasks/" in send(client, form).headers["Location"]
        settings = work(engine, config, now).settings
    assert (settings.zone, settings.lapse_days) == ("Europe/Stockholm", 90)


@pytest.mark.parametrize("seen", ["", "{", "[]", "null", "{}"])
def test_a_form_that_does_not_say_what_it_showed_is_compared_with_what_is(app: Flask, seen: str) -> None:
    form = typed(ShopSettings())
    form["seen"] = seen
    assert send(logged_in(app), form).headers["Location"] == "/shops/1/settings"


def test_rules_that_somebody_else_has_saved_meanwhile_are_not_lost_unsaid(
    app: Flask, engine: Engine, config: Config, now: Instant
) -> None:
    client = logged_in(app)

    def save(path: str, seen: int) -> Any:
        rule = {"path": path, "type": "", "property": "", "value": "", "stage": "need", "do": "save", "seen": str(seen)}
        return send(client, MultiDict(rule), "stage-rules")

    assert save("/theirs", 1).status_code == 302
    work(engine, config, now)
    refused = save("/mine", 1)
    assert refused.status_code == 400
    assert "somebody else has changed the rules meanwhile" in refused.text
    assert 'value="/mine"' in refused.text
    assert 'name="seen" value="2"' in refused.text
    assert save("/mine", 2).status_code == 302
