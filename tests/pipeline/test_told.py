"""Mails are counted whoever gets them, and crawlers' visits though they are nobody's: once, by every generation of counters."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.builders import HOLD, HOST, START, add_shop, counters, event, intake_row, look, purchase, told, work_in
from tests.pipeline.test_bulk import in_bulk
from tests.pipeline.test_live_equals_rebuild import build_anew, rebuild, snapshot
from tests.pipeline.test_process import all_rows, outcome
from tracker import tables as t
from tracker import tasks
from tracker.clock import DAY, MINUTE, MONTH
from tracker.events.types import Event
from tracker.pipeline import told as told_module
from tracker.pipeline.rebuild import build_slice, start_building
from tracker.privacy.forget import erase
from tracker.shops import Shop, find_shop
from tracker.storage import writing

LETTER = {"email": "anna@b.dk", "data": {"message_id": "m-1", "purpose": "newsletter", "campaign": "uge|37"}}


def mails(engine: Engine, shop: Shop) -> dict[str, int]:
    with engine.connect() as db:
        return counters(db, shop, family="mail")


def test_a_mail_to_somebody_who_never_came_counts_once(engine: Engine) -> None:
    shop = add_shop(engine)
    sent, clicked = told("email_sent", **LETTER), told("email_clicked", START + MINUTE, **LETTER)
    work_in(engine, shop, intake_row(shop, sent, clicked))
    work_in(engine, shop, intake_row(shop, sent), intake_row(shop, told("email_bounced", START + MINUTE, email="b@b.dk")))
    assert mails(engine, shop) == {"sent:newsletter|uge/37": 1, "clicked:newsletter|uge/37": 1, "bounced:other|": 1}


def test_who_takes_and_cancels_the_newsletter_is_counted_but_no_machine(engine: Engine) -> None:
    shop = add_shop(engine)
    taken = [event("newsletter_subscribe", START + n, visitor_key=f"v{n}", bot="crawler:X" if n else None) for n in range(2)]
    work_in(engine, shop, intake_row(shop, *taken, told("newsletter_unsubscribe", START + DAY, email="anna@b.dk")))
    assert mails(engine, shop) == {"subscribed": 1, "unsubscribed": 1}


def test_a_generation_built_anew_knows_mails_of_before_and_of_meanwhile(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, event(), told("email_sent", **LETTER)))
    with writing(engine) as db:
        shop = start_building(db, shop, shop.settings, START + DAY)
    work_in(engine, shop, intake_row(shop, told("email_opened", START + MINUTE, **LETTER)))
    while shop.building:
        with writing(engine) as db:
            shop = build_slice(db, find_shop(db, shop.shop_id) or shop, HOLD, START + DAY)
    work_in(engine, shop, intake_row(shop, told("email_opened", START + 2 * MINUTE, **LETTER)))
    assert shop.generation == 2
    assert mails(engine, shop) == {"sent:newsletter|uge/37": 1, "opened:newsletter|uge/37": 2}


# --- crawlers


def visit(bot: str = "ai:GPTBot", path: str = "/", at: int = START, **fields: Any) -> Event:
    return told("crawler_visit", at, url=f"https://{HOST}{path}", bot=bot, **fields)


def visits(engine: Engine, shop: Shop) -> tuple[dict[str, int], dict[str, int]]:
    """By crawler, and by crawler and page."""
    with engine.connect() as db:
        found = counters(db, shop, family="crawlers"), counters(db, shop, family="crawled")
    return found[0], found[1]


def test_a_crawlers_visit_is_counted_and_nobodys(engine: Engine) -> None:
    shop = add_shop(engine, b2b=True)
    twice = visit(path="/kjoler/vilma?size=38", event_id="twice")
    work_in(engine, shop, intake_row(shop, twice, visit("crawler:Googlebot")))
    work_in(engine, shop, intake_row(shop, twice, visit(path="/kjoler/vilma")))
    assert visits(engine, shop) == (
        {"visits:ai:GPTBot": 2, "visits:crawler:Googlebot": 1},
        {"visits:ai:GPTBot|/kjoler/vilma": 2, "visits:crawler:Googlebot|/": 1},
    )
    assert outcome(engine, shop, "dropped") == {"duplicate": 1}
    assert [all_rows(engine, table, shop) for table in (t.subjects, t.journeys, t.link_log)] == [[], [], []]
    assert {(row.kind, row.key, row.subject_id) for row in all_rows(engine, t.links, shop)} == {
        ("crawler", "ai:GPTBot", None), ("crawler", "crawler:Googlebot", None)
    }  # fmt: skip
    assert [row.tag for row in all_rows(engine, t.events, shop)] == [None] * 3


def test_visits_are_no_sign_of_how_late_or_from_whom_things_come(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, visit(received_at=START + DAY), event(received_at=START + 500)))
    assert outcome(engine, shop, "lag") == {"browser.0": 1}
    assert outcome(engine, shop, "sender") == {"person": 1}


TRAFFIC = [
    visit(path="/a"), look("dress"), visit("ai:ChatGPT-User", "/a", START + DAY), purchase(START + MINUTE, visitor_key="v1"),
    visit(path="/b", at=START - DAY), told("email_sent", **LETTER),
]  # fmt: skip


def test_a_rebuild_a_new_generation_and_the_bulk_path_count_the_same(engine: Engine) -> None:
    live, bulk = add_shop(engine), add_shop(engine)
    for one in TRAFFIC:
        work_in(engine, live, intake_row(live, one))
    in_bulk(engine, bulk, intake_row(bulk, *TRAFFIC))
    before = visits(engine, live), mails(engine, live), snapshot(engine, live)["counters"]
    assert sum(before[0][0].values()) == sum(before[0][1].values()) == 3
    assert (visits(engine, bulk), mails(engine, bulk)) == before[:2]
    rebuild(engine, live, START + DAY)
    assert (visits(engine, live), mails(engine, live)) == before[:2]
    built = build_anew(engine, live)
    assert built.generation == 2
    assert (visits(engine, live), mails(engine, live), snapshot(engine, built)["counters"]) == before
    work_in(engine, built, intake_row(built, visit(path="/a")))
    assert visits(engine, live)[1]["visits:ai:GPTBot|/a"] == 2


def test_who_is_erased_takes_no_visit_along(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, *TRAFFIC))
    before = visits(engine, shop)
    [somebody] = [row.subject_id for row in all_rows(engine, t.links, shop) if row.key == "v1"]
    with writing(engine) as db:
        erase(db, shop, somebody, HOLD, START + DAY)
    work_in(engine, shop, intake_row(shop, visit(path="/a")))
    assert sum(visits(engine, shop)[0].values()) == sum(before[0].values()) + 1
    assert sum("GPTBot" in row.key for row in all_rows(engine, t.links, shop)) == 1


def expire_all(engine: Engine, shop: Shop, now: int) -> dict[str, int]:
    """What the task tells when it is done."""
    with writing(engine) as db:
        task_id = tasks.ask(db, shop.shop_id, "expire", {}, tasks.NOBODY, now)
    while True:
        with writing(engine) as db:
            tasks.step(db, shop, HOLD, now)
            row = tasks.find(db, shop.shop_id, task_id)
        assert row is not None and row["error"] is None
        if row["ended_at"]:
            found: dict[str, int] = row["outcome"]
            return found


def test_visits_whose_time_is_over_go_and_stay_counted_and_do_not_come_again(engine: Engine, monkeypatch: Any) -> None:
    monkeypatch.setattr(tasks.rebuild, "SLICE", 1)
    shop = add_shop(engine, events_months=1, people_months=0)
    old = [visit(path="/old"), visit("crawler:X", path="/old"), told("order_shipped", order_key="never told")]
    work_in(engine, shop, intake_row(shop, *old))
    work_in(engine, shop, intake_row(shop, visit(at=START + MONTH)))
    before = visits(engine, shop)
    later = START + MONTH + DAY
    assert expire_all(engine, shop, later) == {"events": 3, "people": 0}
    assert [row.occurred_at for row in all_rows(engine, t.events, shop)] == [START + MONTH]
    work_in(engine, shop, intake_row(shop, *old[:2]), now=later)
    assert visits(engine, shop) == before
    assert outcome(engine, shop, "dropped") == {"expired": 2}


def test_visits_are_kept_where_the_shop_keeps_everything(engine: Engine) -> None:
    shop = add_shop(engine, events_months=0, people_months=0)
    work_in(engine, shop, intake_row(shop, visit()), now=START + 500 * MONTH)
    assert expire_all(engine, shop, START + 500 * MONTH) == {"events": 0, "people": 0}
    assert len(all_rows(engine, t.events, shop)) == 1


@pytest.mark.parametrize("together", [1, 20])
def test_a_flood_of_pages_and_names_fills_no_day(engine: Engine, monkeypatch: pytest.MonkeyPatch, together: int) -> None:
    monkeypatch.setattr(told_module, "MOST_CRAWLERS", 2)
    monkeypatch.setattr(told_module, "MOST_PAGES", 3)
    shop = add_shop(engine)
    flood = [visit(path=f"/{number}") for number in (0, 1, 2, 3, 4, 0, 5, 1)]
    flood += [visit(f"crawler:{name}") for name in "abcb"] + [visit(at=START + DAY, path="/9")]
    for start in range(0, len(flood), together):
        work_in(engine, shop, intake_row(shop, *flood[start : start + together]))
    assert visits(engine, shop) == (
        {"visits:ai:GPTBot": 9, "visits:crawler:a": 1, "visits:others": 3},
        {
            "visits:ai:GPTBot|/0": 2, "visits:ai:GPTBot|/1": 2, "visits:ai:GPTBot|/2": 1, "visits:ai:GPTBot|": 3,
            "visits:ai:GPTBot|/9": 1, "visits:crawler:a|/": 1, "visits:others|/": 3,
        },
    )  # fmt: skip
