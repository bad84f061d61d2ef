"""One person's page, and the search that leads to it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import Engine, insert

from tests.http.site import add_shop, add_user, logged_in, make_app
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.config import Config
from tracker.http.person_page import by_day, visits
from tracker.pipeline.identity import hash_email
from tracker.reports.table import Row
from tracker.storage import writing
from tracker.telling.cells import Writer

WRITE = Writer("en", ZoneInfo("Europe/Copenhagen"), str, lambda vocabulary, key: key)
IDLE = 30 * MINUTE


def row(at: Instant, link: str | None = None, type_: str = "page_view") -> Row:
    return {"occurred_at": at, "type": type_, "source": "browser" if link else "server", "link": link or "order:1"}


def grouped(*rows: Row) -> list[tuple[str, int]]:
    newest_first = sorted(rows, key=lambda one: -int(str(one["occurred_at"])))
    return [(visit.kind, len(visit.rows)) for visit in visits(newest_first, IDLE, WRITE)]


def test_a_pause_of_the_idle_time_goes_on_and_a_longer_one_ends_the_visit(now: Instant) -> None:
    assert grouped(row(now, "a"), row(now - IDLE, "a")) == [("visit", 2)]
    assert grouped(row(now, "a"), row(now - IDLE - 1, "a")) == [("visit", 1), ("visit", 1)]


def test_two_browsers_are_two_visits(now: Instant) -> None:
    assert grouped(row(now, "a"), row(now - 1, "b"), row(now - 2, "b")) == [("visit", 1), ("visit", 2)]


def test_what_the_shop_tells_within_a_visit_stands_in_it(now: Instant) -> None:
    paid = row(now - MINUTE, type_="order_paid")
    assert grouped(row(now, "a"), paid, row(now - 2 * MINUTE, "a")) == [("visit", 3)]
    assert grouped(paid, row(now - 2 * MINUTE, "a")) == [("visit", 2)]
    shipped, mail = row(now - DAY, type_="order_shipped"), row(now - DAY - MINUTE, type_="email_sent")
    assert grouped(row(now, "a"), shipped, mail) == [("visit", 1), ("server", 1), ("mail", 1)]


def test_a_visit_over_midnight_stands_under_both_days(now: Instant) -> None:
    midnight = now - now % DAY + 22 * HOUR  # of Copenhagen, in summer
    found = list(visits([row(midnight + 1, "a"), row(midnight - 1, "a")], IDLE, WRITE))
    assert [len(some) for _, some in by_day(found, WRITE)] == [1, 1]


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    own, other = add_shop(engine, now, "Own", journeys=30), add_shop(engine, now, "Other")
    add_user(engine, now, own)
    add_user(engine, now, own, email="ann@shop.example", role="analyst")
    with writing(engine) as db:
        for shop_id, key, subject_id in ((own.shop_id, "freja@example.com", 30), (other.shop_id, "theirs@example.com", 7)):
            link = {"shop_id": shop_id, "kind": "email", "key": hash_email(key, config.secret_key), "link_id": 90 + subject_id}
            db.execute(insert(t.links), {**link, "subject_id": subject_id, "evidence": "purchase", "linked_at": now})
        link = {"shop_id": other.shop_id, "kind": "order", "key": "555", "link_id": 99, "subject_id": 7}
        db.execute(insert(t.links), {**link, "evidence": "purchase", "linked_at": now})
        log = {"shop_id": own.shop_id, "entry_id": 1, "kind": "visitor", "key": "a1B2c3D4e5F6g7H8", "from_subject_id": 30}
        undone = {"subject_id": 12, "act": "undone", "evidence": "by ida", "logged_at": now, "logged_by": "ida@shop.example"}
        db.execute(insert(t.link_log), {**log, **undone})
        pair = {"kind": "visitor", "key": "elsewhere", "other_kind": "customer", "other_key": "4711", "since_at": now}
        db.execute(insert(t.apart), {"shop_id": own.shop_id, **pair})
    return make_app(engine, config, now)


@pytest.mark.parametrize(
    "text",
    ["20417", "#20417", " 20417 ", "freja@example.com", "Freja@Example.COM", "4711", "a1B2c3D4e5F6g7H8"],
    ids=["order", "order with its sign", "spaces", "e-mail", "e-mail in capitals", "customer", "browser"],
)
def test_somebody_is_found(app: Flask, text: str) -> None:
    answer = logged_in(app).get("/shops/1/find", query_string={"q": text})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/shops/1/people/30")


@pytest.mark.parametrize("text", ["nobody@example.com", "theirs@example.com", "555", "7" * 30, "²", "%", "🙂", "' OR 1=1 --"])
def test_nobody_is_found_and_the_page_says_so(app: Flask, text: str) -> None:
    client = logged_in(app)
    answer = client.get("/shops/1/find", query_string={"q": text})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/shops/1/journeys")
    assert "Nobody is known by" in client.get("/shops/1/journeys").text


def test_an_empty_search_says_nothing(app: Flask) -> None:
    client = logged_in(app)
    assert client.get("/shops/1/find?q=+").headers["Location"] == "/shops/1/journeys"
    assert "Nobody is known by" not in client.get("/shops/1/journeys").text


def test_the_page_tells_of_visits_identity_and_what_they_agreed_to(app: Flask) -> None:
    text = logged_in(app).get("/shops/1/people/30").text
    assert text.count('<section class="visit visit-visit">') == 2
    assert " events · consent: Statistics" in text
    assert "Newsletter sign-up" in text
    assert "Never these two" in text and "elsewhere" in text
    assert 'class="py-1 border-top undone"' in text and '<a href="/shops/1/people/12">12</a>' in text
    assert "Everything kept, as a file" in text and "Erase …" in text


def test_who_only_reads_undoes_and_erases_nothing(app: Flask) -> None:
    text = logged_in(app, "ann@shop.example").get("/shops/1/people/30").text
    assert "This is somebody else" not in text and "Erase …" not in text
    assert "How we know it is the same person" in text
