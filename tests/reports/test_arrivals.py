"""Paths, touchpoints, channels, campaigns, landing pages, AI assistants: from counters written down by hand."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection, insert

from tests.builders import START, act, arrival, event, purchase
from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant
from tracker.errors import BadQuery
from tracker.journey.contribution import LEAD_BOUNDS, Basis, contribution
from tracker.journey.fold import fold
from tracker.journey.state import Subject, Terms
from tracker.reports.table import Money, ReportTable, Share
from tracker.reports.touchpoints import median
from tracker.reports.words import LEADS, say

BASIS = Basis(ZoneInfo("Europe/Copenhagen"), "DKK")
FULL = 20260910


def booked(*acts: Any) -> Counter[str]:
    """What the journeys of these acts book in all families, by family.name."""
    subject = Subject()
    fold(acts, Terms(), subject)
    found: Counter[str] = Counter()
    for journey in subject.journeys.values():
        for family, _, names in contribution(journey, BASIS)["rows"]:
            found.update({f"{family}.{name}": amount for name, amount in names.items()})
    return found


def come(hours: int, channel: str, landing: str = "/", source: str | None = None) -> Any:
    at = START + hours * HOUR
    url = f"https://shop.example{landing}"
    return act(event("page_view", at, url=url), arrival(channel, source=source, landing_path=landing, campaign=f"c{hours}"))


# --- paths

PATHS = {
    "journeys:email": 6, "ordered:email": 3, "net:email": 900, "journeys:none": 4, "ordered:none": 4, "net:none": 500,
    "journeys:paid_social>direct": 6, "t:(start)>email": 6, "t:email>(order)": 3,
}  # fmt: skip


def test_the_most_frequent_path_comes_first(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, FULL, PATHS, family="paths")
    table = ask(db, shop, now, "paths")
    assert [(r["path"], r["steps"], r["journeys"], r["share"], r["conversion"], r["net"]) for r in table.rows] == [
        ("email", 1, 6, Share(6, 16), Share(3, 6), Money(900, "DKK")),
        ("paid_social>direct", 2, 6, Share(6, 16), Share(0, 6), Money(0, "DKK")),
        ("none", 0, 4, Share(4, 16), Share(4, 4), Money(500, "DKK")),
    ]
    assert table.totals == {
        "journeys": 16, "ordered": 7, "conversion": Share(7, 16), "net": Money(1_400, "DKK"), "paths": 3
    }  # fmt: skip
    assert say("path", "paid_social>…>direct", "en", str) == "Paid social media → … → Direct"


@pytest.mark.parametrize(("name", "family", "key"), [("paths", "paths", "path"), ("landing_pages", "landings", "page")])
def test_lists_come_page_by_page_without_gap_or_repeat(db: Connection, now: Instant, name: str, family: str, key: str) -> None:
    shop = add_shop(db, now)
    count(db, shop, FULL, {f"journeys:{letter}": i // 2 + 1 for i, letter in enumerate("abcdefg")}, family=family)
    seen: list[Any] = []
    cursor: str | None = ""
    while cursor is not None:
        table = ask(db, shop, now, name, limit="3", **({"cursor": cursor} if cursor else {}))
        seen += [row[key] for row in table.rows]
        cursor = table.next_cursor
    assert seen == ["g", "e", "f", "c", "d", "a", "b"]
    assert table.sample == 16
    assert ask(db, shop, now, name, cursor="900").rows == []
    with pytest.raises(BadQuery):
        ask(db, shop, now, name, cursor="1.2.3")


# --- touchpoints

TOUCHES = {
    "journeys": 10, "open": 2, "ordered": 4, "touchpoints": 94, "ordered_touchpoints": 70, "touches:1": 5, "touches:2": 3,
    "touches:50": 2, "ordered_touches:1": 2, "ordered_touches:2": 1, "ordered_touches:50": 1, "lead:0": 1, "lead:3": 2,
    "lead_days": 12,
}  # fmt: skip


def test_touchpoints_of_all_and_of_those_that_ordered(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, FULL, TOUCHES)
    table = ask(db, shop, now, "touchpoints")
    assert [(r["touchpoints"], r["journeys"], r["ordered"], r["share_of_orders"]) for r in table.rows] == [
        (1, 5, 2, Share(2, 4)),
        (2, 3, 1, Share(1, 4)),
        (50, 2, 1, Share(1, 4)),
    ]
    assert table.totals == {
        "journeys": 10, "mean": 9.4, "median": 1.5, "ordered": 4, "ordered_mean": 17.5, "ordered_median": 1.5, "mean_days": 4.0
    }  # fmt: skip
    assert table.references == {"consumers_from": 5.0, "consumers_to": 8.0, "companies_to": 27.0}
    assert [note.params for note in table.notes] == [{"open": 2, "journeys": 10}, {"journeys": 2}]
    assert {r["days"]: r["journeys"] for r in table.beside["days"].rows if r["journeys"]} == {"0": 1, "4_to_7": 2}


def test_without_a_journey_there_is_no_mean_and_no_median(db: Connection, now: Instant) -> None:
    totals = ask(db, add_shop(db, now), now, "touchpoints").totals
    assert {totals[name] for name in ("mean", "median", "ordered_mean", "ordered_median", "mean_days")} == {None}


@given(st.lists(st.integers(0, 50), min_size=1, max_size=20))
def test_the_median_is_the_middle_of_all_in_order(numbers: list[int]) -> None:
    ordered = sorted(numbers)
    half = len(ordered) // 2
    assert median(Counter(numbers)) == (ordered[half] + ordered[-half - 1]) / 2


def test_there_is_a_word_for_each_class_of_days() -> None:
    assert len(LEADS) == len(LEAD_BOUNDS) + 1


def test_the_days_count_from_the_first_touchpoint_and_only_with_one() -> None:
    led = booked(come(0, "email"), come(100, "direct"), act(purchase(START + 5 * DAY)))
    assert {name: led[f"journeys.{name}"] for name in ("lead:3", "lead_days", "ordered_touchpoints")} == {
        "lead:3": 1, "lead_days": 5, "ordered_touchpoints": 2
    }  # fmt: skip
    assert not any(name.startswith("journeys.lead") for name in booked(act(purchase(START))))


def test_several_filters_read_the_touchpoints_of_the_journeys_themselves(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for subject_id, (touches, ordered, device) in enumerate(((1, False, "mobile"), (60, True, "mobile"), (2, True, "tv")), 1):
        row = {
            "shop_id": shop.shop_id, "subject_id": subject_id, "number": 1, "began_at": now, "last_at": now, "outcome": "open",
            "stage": 3, "highest": 4, "channel": "email", "counted": True, "body": b"", "began_on": FULL, "device": device,
            "touchpoints": touches, "ordered": ordered, "mask": 6,
        }  # fmt: skip
        db.execute(insert(t.journeys), row)
    table = ask(db, shop, now, "touchpoints", filter="channel=email,device=mobile")
    assert [(r["touchpoints"], r["journeys"], r["ordered"]) for r in table.rows] == [(1, 1, 0), (50, 1, 1)]
    assert (table.totals["mean"], table.totals["ordered_mean"], table.beside) == (30.5, 60.0, {})


# --- channels, campaigns, assistants

SUMMER = "paid_social|instagram|sommer"
ARRIVED = {
    f"journeys:{SUMMER}": 40, f"ordered:{SUMMER}": 2, f"first:{SUMMER}": 1, f"orders:{SUMMER}": 4, f"unrated:{SUMMER}": 1,
    f"net:{SUMMER}": 1_001, f"got:3.{SUMMER}": 25, f"got:5.{SUMMER}": 13, f"got:11.{SUMMER}": 2,
    "journeys:paid_social|facebook|": 10, "got:2.paid_social|facebook|": 10, "journeys:ai_assistant|chatgpt|": 6,
    "got:4.ai_assistant|chatgpt|": 6, "journeys:none||": 3, "ordered:none||": 3, "orders:none||": 3, "first:none||": 3,
    "net:none||": 600, "got:6.none||": 3, "touches:paid_social": 70, "touches:ai_assistant": 9, "touches:email": 4,
    "assists:email": 1, "landed:chatgpt|/kjoler": 5, "landed:chatgpt|/a|b": 2, "landed:copilot|": 2,
}  # fmt: skip


@pytest.fixture
def arrived(db: Connection, now: Instant) -> Any:
    shop = add_shop(db, now)
    count(db, shop, FULL, ARRIVED, family="arrivals")
    return shop


def test_a_channel_says_what_it_began_and_where_it_helped(db: Connection, now: Instant, arrived: Any) -> None:
    table = ask(db, arrived, now, "channels")
    rows = {row["channel"]: row for row in table.rows}
    assert list(rows) == ["paid_social", "ai_assistant", "none", "email"]
    assert rows["paid_social"] == {
        "channel": "paid_social", "journeys": 50, "share": Share(50, 59), "touchpoints": 70, "considered": Share(15, 50),
        "decided": Share(15, 50), "ordered": 2, "conversion": Share(2, 50), "orders": 4, "first": 1,
        "net": Money(1_001, "DKK"), "average": Money(334, "DKK"), "assists": 0,
    }  # fmt: skip
    assert (rows["email"]["journeys"], rows["email"]["touchpoints"], rows["email"]["assists"]) == (0, 4, 1)
    assert rows["email"]["average"] is None
    assert table.totals["net"] == Money(1_601, "DKK")
    assert [note.params for note in table.notes] == [{"count": 1}]
    reached = {(r["channel"], r["stage"]): r["reached"] for r in table.beside["stages"].rows}
    assert [reached["paid_social", stage] for stage in ("awareness", "information", "decision", "advocacy")] == [50, 40, 15, 2]
    assert ("paid_social", "need") not in reached  # whoever came has come so far


def test_several_filters_leave_empty_what_is_not_known(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    row = {
        "shop_id": shop.shop_id, "subject_id": 1, "number": 1, "began_at": now, "last_at": now, "outcome": "ordered",
        "stage": 6, "highest": 6, "channel": "email", "campaign": "uge-37", "counted": True, "body": b"", "began_on": FULL,
        "device": "mobile", "country": "DK", "touchpoints": 1, "ordered": True, "mask": 6, "net_own_minor": 700,
    }  # fmt: skip
    db.execute(insert(t.journeys), row)
    for name in ("channels", "campaigns"):
        table = ask(db, shop, now, name, filter="device=mobile,country=DK")
        [found] = table.rows
        assert (found["channel"], found["journeys"], found["ordered"], found["net"]) == ("email", 1, 1, Money(700, "DKK"))
        assert {found.get(name) for name in ("orders", "first", "average", "considered", "touchpoints", "assists")} == {None}
        assert len(table.notes) == 1


def test_campaigns_are_those_with_a_label(db: Connection, now: Instant, arrived: Any) -> None:
    table = ask(db, arrived, now, "campaigns")
    assert [(r["channel"], r["source"], r["campaign"], r["journeys"], r["orders"]) for r in table.rows] == [
        ("paid_social", "instagram", "sommer", 40, 4)
    ]
    assert (table.totals["campaigns"], table.sample) == (1, 40)
    assert [note.params for note in table.notes] == [{"journeys": 19}, {"count": 1}]


def test_an_assistant_says_how_far_its_visitors_get_and_where_they_land(db: Connection, now: Instant, arrived: Any) -> None:
    table = ask(db, arrived, now, "ai_assistants")
    assert [(r["source"], r["arrivals"], r["journeys"], r["considered"], r["decided"]) for r in table.rows] == [
        ("chatgpt", 7, 6, Share(6, 6), Share(0, 6)),
        ("copilot", 2, 0, Share(0, 0), Share(0, 0)),
    ]
    assert [(r["source"], r["page"], r["arrivals"], r["share"]) for r in table.beside["pages"].rows] == [
        ("chatgpt", "/kjoler", 5, Share(5, 7)),
        ("chatgpt", "/a|b", 2, Share(2, 7)),
        ("copilot", None, 2, Share(2, 2)),
    ]
    assert table.totals["arrivals"] == 9
    with pytest.raises(BadQuery):
        ask(db, arrived, now, "ai_assistants", filter="device=mobile,country=DK")


def test_only_arrivals_by_assistants_book_their_pages() -> None:
    found = booked(come(0, "email", "/a"), come(2, "ai_assistant", "/kjoler|x", "chat|gpt"), come(9, "ai_assistant", "/b"))
    landed = {name: count for name, count in found.items() if name.startswith("arrivals.landed")}
    assert landed == {"arrivals.landed:chat/gpt|/kjoler|x": 1, "arrivals.landed:|/b": 1}


def test_a_journey_books_all_its_orders_under_its_first_arrival() -> None:
    found = booked(come(0, "email"), act(purchase(START + HOUR)), act(purchase(START + DAY, "o2", data={"currency": "NOK"})))
    assert (found["arrivals.orders:email||c0"], found["arrivals.orders:none||"], found["arrivals.unrated:none||"]) == (1, 1, 1)


def test_landing_pages_say_who_left_at_once(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    landed = {"journeys:/": 10, "bounced:/": 4, "ordered:/": 1, "net:/": 700, "journeys:/a:b": 30}
    count(db, shop, FULL, landed, family="landings")
    table = ask(db, shop, now, "landing_pages")
    assert [(r["page"], r["journeys"], r["bounced"], r["conversion"], r["net"]) for r in table.rows] == [
        ("/a:b", 30, Share(0, 30), Share(0, 30), Money(0, "DKK")),
        ("/", 10, Share(4, 10), Share(1, 10), Money(700, "DKK")),
    ]
    assert (table.totals["pages"], table.totals["bounced"], table.sample) == (2, Share(4, 40), 40)


@pytest.mark.parametrize("name", ["channels", "campaigns", "landing_pages", "ai_assistants", "paths"])
def test_without_journeys_there_is_no_row(db: Connection, now: Instant, name: str) -> None:
    table: ReportTable = ask(db, add_shop(db, now), now, name)
    assert (table.rows, table.sample, table.notes, table.next_cursor) == ([], 0, (), None)
