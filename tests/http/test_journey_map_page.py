"""The journey map as a page: notes written in place by a form, by whom, in every stage view."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine
from werkzeug.test import TestResponse

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.journey_map_page import FIELD_COLUMNS, Entry, Field, MapStage, Note, print_size
from tracker.stages import VIEWS

pytestmark = pytest.mark.pages

MAP = "/shops/1/journey-map"


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    shop = add_shop(engine, now, journeys=60)
    for name, role in (("ida", "owner"), ("mia", "marketer"), ("ann", "analyst")):
        add_user(engine, now, shop, email=f"{name}@shop.example", role=role)
    return make_app(engine, config, now)


def write(client: FlaskClient, place: str, text: str, query: str = "") -> TestResponse:
    data = {"csrf_token": token(client.get("/profile")), "place": f"journey_map.{place}", "text": text}
    return client.post(MAP + query, data=data)


def box(text: str, place: str) -> str:
    """What stands in the box of a note."""
    return re.split(rf'id="note-{place}"', text)[1].split('<div class="note"')[0]


def test_a_note_is_written_changed_and_taken_away_without_a_script(app: Flask) -> None:
    ida, mia = logged_in(app, "ida@shop.example"), logged_in(app, "mia@shop.example")
    form = box(ida.get(f"{MAP}?edit=journey_map.5.pain").text, "5-pain")
    assert "<textarea" in form and 'name="csrf_token"' in form
    answer = write(ida, "5.pain", "Klarna fails\r\n<on> phones", "?view=twelve&edit=journey_map.5.pain")
    assert (answer.status_code, answer.headers["Location"]) == (303, f"{MAP}?view=twelve#note-5-pain")
    shown = box(mia.get(MAP).text, "5-pain")
    assert "Klarna fails\n&lt;on&gt; phones" in shown
    assert "ida@shop.example, Sep" in shown
    assert "<textarea" not in shown
    write(mia, "5.pain", "Klarna works")
    shown = box(ida.get(MAP).text, "5-pain")
    assert "Klarna works" in shown and "mia@shop.example" in shown
    write(ida, "5.pain", "  ")
    assert "note-text" not in box(ida.get(MAP).text, "5-pain")


def test_who_was_overtaken_sees_both_texts_and_decides(app: Flask) -> None:
    ida, mia = logged_in(app, "ida@shop.example"), logged_in(app, "mia@shop.example")

    def save(client: FlaskClient, form: str, text: str) -> TestResponse:
        """The form as it was opened, whatever happened since."""
        fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        return client.post(MAP, data={**fields, "text": text})

    opened = {
        name: box(client.get(f"{MAP}?edit=journey_map.5.pain").text, "5-pain") for name, client in (("ida", ida), ("mia", mia))
    }
    assert save(ida, opened["ida"], "Klarna fails").status_code == 303
    answer = save(mia, opened["mia"], "Cards fail")
    shown = box(answer.text, "5-pain")
    assert answer.status_code == 200
    assert "ida@shop.example has written here meanwhile" in shown and ">Klarna fails<" in shown
    assert re.search(r"<textarea[^>]*>Cards fail</textarea>", shown)
    assert "Klarna fails" in box(ida.get(MAP).text, "5-pain")  # nothing is lost
    assert save(mia, shown, "Klarna and cards fail").status_code == 303
    assert "Klarna and cards fail" in box(ida.get(MAP).text, "5-pain")
    write(ida, "5.pain", "")
    shown = box(save(mia, shown, "Cards fail").text, "5-pain")
    assert "has taken this note away meanwhile" in shown


def test_who_only_reads_sees_no_form_and_may_not_write(app: Flask) -> None:
    write(logged_in(app, "ida@shop.example"), "2.actions", "Many from the fair")
    ann = logged_in(app, "ann@shop.example")
    text = ann.get(f"{MAP}?edit=journey_map.2.actions").text
    assert "Many from the fair" in text
    assert "<textarea" not in text and "note-link" not in text
    assert write(ann, "2.actions", "x").status_code == 403


def test_a_place_that_there_is_not_and_a_text_too_long(app: Flask) -> None:
    client = logged_in(app, "ida@shop.example")
    assert write(client, "13.pain", "x").status_code == 404
    answer = write(client, "1.pain", "x" * 4_001)
    assert (answer.status_code, "write 4000 characters at most" in answer.text) == (400, True)


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_has_its_stages_and_all_notes(app: Flask, view: str) -> None:
    client = logged_in(app, "ida@shop.example")
    for place, text in (("3.feelings", "they are curious"), ("4.feelings", "they hesitate")):
        write(client, place, text)
    text = client.get(f"{MAP}?view={view}").text
    assert text.count('<section class="map-stage') == len(VIEWS[view].stages)
    assert "they are curious" in text and "they hesitate" in text
    writable = set(re.findall(r'id="note-(\d+)-actions"', text))
    assert writable == {str(min(stage.members)) for stage in VIEWS[view].stages}


def test_a_view_says_whose_note_it_is(app: Flask) -> None:
    client = logged_in(app, "ida@shop.example")
    write(client, "4.feelings", "they hesitate")
    text = client.get(f"{MAP}?view=five").text
    assert "Information gathering" in box(text, "3-feelings")  # where one is written
    assert re.search(r'<div class="note-stage">Consideration</div>\s*they hesitate', box(text, "4-feelings"))


def test_a_filter_holds_for_the_whole_map(app: Flask) -> None:
    client = logged_in(app, "ida@shop.example")
    reach = re.compile(r">([\d,]+) journeys</div>")
    everybody, some = (reach.findall(client.get(MAP + only).text) for only in ("", "?filter=channel%3Demail"))
    assert len(everybody) == len(some) == 12
    assert int(some[1]) < int(everybody[1])


def _stages(text: str, entries: int) -> list[MapStage]:
    found = [Entry("Page seen", "1,000", "50 %", 0.5, "")] * entries
    note = Note("journey_map.1.actions", "", text, 0, "ida@shop.example", "", None)
    return [MapStage("Stage", 1, 9, [Field(column, found, 9, [note]) for column in FIELD_COLUMNS])] * 12


def test_the_print_gets_smaller_the_more_there_is_to_say() -> None:
    sizes = [print_size(_stages("word " * words, 5)) for words in (0, 40, 100, 400)]
    assert sizes == sorted(sizes, reverse=True)
    assert (sizes[0], sizes[-1]) == (8.5, 4.5)
