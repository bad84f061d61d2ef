"""Latest journeys, one person's timeline, data health."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.builders import look, purchase
from tests.reports.asking import add_shop, ask, count, query
from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant
from tracker.errors import BadQuery
from tracker.journey.state import Tag
from tracker.pipeline.stored import event_row
from tracker.reports import counters
from tracker.reports.durations import BOUNDS, median_seconds
from tracker.reports.holding import KINDS, MAX_VALUE
from tracker.reports.table import Money, Sentence, Share
from tracker.shops import Shop


def add_journey(db: Connection, shop: Shop, subject_id: int, last_at: Instant, **fields: Any) -> None:
    row = {
        "shop_id": shop.shop_id, "subject_id": subject_id, "number": 1, "began_at": last_at - HOUR, "last_at": last_at,
        "outcome": "open", "stage": 3, "highest": 4, "channel": "email", "campaign": None, "order_key": None, "net_minor": None,
        "currency": None, "counted": True, "body": b"", **fields,
    }  # fmt: skip
    db.execute(insert(t.journeys), row)


def test_journeys_come_newest_first_page_by_page_without_gap_or_repeat(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for subject_id in range(1, 8):  # three share an instant
        add_journey(db, shop, subject_id, now - DAY if 3 <= subject_id <= 5 else now - subject_id * HOUR)
    seen: list[Any] = []
    cursor = ""
    for _ in range(4):
        table = ask(db, shop, now, "journeys", limit="2", **({"cursor": cursor} if cursor else {}))
        seen += [row["subject_id"] for row in table.rows]
        cursor = table.next_cursor or ""
    assert seen == ["1", "2", "6", "7", "5", "4", "3"]
    assert cursor == ""


def test_journeys_that_do_not_count_are_left_out(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    add_journey(db, shop, 1, now - HOUR, counted=False)
    add_journey(db, other, 2, now - HOUR)
    add_journey(db, shop, 3, now - 40 * DAY)
    assert ask(db, shop, now, "journeys").rows == []


def test_a_journey_says_its_stage_channel_and_money(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    add_journey(db, shop, 1, now - HOUR, order_key="o1", net_minor=12_345, currency="DKK", stage=0)
    (row,) = ask(db, shop, now, "journeys", filter="channel=email").rows
    assert (row["stage"], row["highest"], row["channel"], row["net"]) == (None, "consideration", "email", Money(12_345, "DKK"))
    assert ask(db, shop, now, "journeys", filter="channel=direct").rows == []


@pytest.mark.parametrize(
    "args", [{"filter": "shoe=left"}, {"cursor": "1.2"}, {"cursor": "a.b.c"}, {"cursor": f"{2**70}.1.1"}], ids=str
)
def test_journeys_refuse_what_they_cannot_answer(db: Connection, now: Instant, args: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        ask(db, add_shop(db, now), now, "journeys", **args)


@pytest.mark.parametrize(
    "holding",
    [
        "shoe=left", "product", "product=", "=", "product=a\x00b", "product=" + "x" * (MAX_VALUE + 1), "stage=decision",
        "stage=twelve.nowhere", "stage=nope.decision", "stage_lost=five.", "stage_ended=.", "outcome=lost", "touchpoints=-1",
        "touchpoints=٣", "touchpoints=51", "touchpoints=" + "9" * 200, "step=none", "step=x", "PRODUCT=a", " product=a",
    ],
)  # fmt: skip
def test_what_cannot_be_held_is_refused(db: Connection, now: Instant, holding: str) -> None:
    shop = add_shop(db, now)
    with pytest.raises(BadQuery) as refused:
        query(shop, now, holding=holding)
    assert refused.value.field == "holding"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_value_from_a_link_finds_nothing_and_breaks_nothing(db: Connection, now: Instant, kind: str) -> None:
    shop = add_shop(db, now)
    for value in ("'; DROP TABLE journeys; --", "%", "{}", "{0.__class__}", '"', "\\", "a\nb", "|", "😀" * 50, "x" * MAX_VALUE):
        with suppress(BadQuery):
            assert ask(db, shop, now, "journeys", holding=f"{kind}={value}").rows == []


def test_a_timeline_shows_the_events_of_all_links_with_stage_and_reason(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for link_id, kind in ((1, "visitor"), (2, "order"), (3, "visitor")):
        subject_id = 9 if link_id < 3 else 8
        link = {"shop_id": shop.shop_id, "kind": kind, "key": f"k{link_id}", "link_id": link_id, "subject_id": subject_id}
        db.execute(insert(t.links), {**link, "evidence": "first seen", "linked_at": now})
    tag = Tag(3, "looked_again", {"count": 2}, 1).dump()
    db.execute(insert(t.events), event_row(shop.shop_id, look("Dress", now - 2 * HOUR), "mobile", 1, tag))
    db.execute(insert(t.events), event_row(shop.shop_id, purchase(now - HOUR, "o7"), None, 2, None))
    db.execute(insert(t.events), event_row(shop.shop_id, look("Coat", now), None, 3, tag))
    table = ask(db, shop, now, "person", subject_id="9")
    assert table.sample == 2
    assert [(row["type"], row["stage"], row["about"], row["device"], row["source"]) for row in table.rows] == [
        ("purchase", None, "o7", None, "server"),
        ("view_item", "information", "Dress", "mobile", "browser"),
    ]
    assert table.rows[1]["reason"] == Sentence("Looked at the same product again (%(count)s times)", {"count": 2})
    assert [row["key"] for row in table.beside["links"].rows] == ["k1", "k2"]
    first = ask(db, shop, now, "person", subject_id="9", limit="1")
    assert first.next_cursor
    second = ask(db, shop, now, "person", subject_id="9", limit="1", cursor=first.next_cursor)
    assert [row["type"] for row in second.rows] == ["view_item"]
    assert second.next_cursor is None


@pytest.mark.parametrize("args", [{}, {"subject_id": "9", "cursor": "x"}, {"subject_id": "9", "cursor": "1~x~y"}], ids=str)
def test_a_timeline_needs_somebody(db: Connection, now: Instant, args: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        ask(db, add_shop(db, now), now, "person", **args)


def test_nobody_has_an_empty_timeline(db: Connection, now: Instant) -> None:
    table = ask(db, add_shop(db, now), now, "person", subject_id="12345")
    assert (table.rows, table.sample) == ([], 0)


def test_data_health_counts_by_day_and_by_reason(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for shop_id, day, kind, reason, amount in (
        (shop.shop_id, 20260915, "accepted", "event", 90),
        (shop.shop_id, 20260915, "refused", "invalid", 6),
        (shop.shop_id, 20260916, "refused", "invalid", 2),
        (shop.shop_id, 20260916, "counted_only", "page_view", 2),
        (shop.shop_id, 20260916, "dropped", "duplicate", 7),
        (shop.shop_id, 20260916, "ignored_field", "data.colour", 3),
        (shop.shop_id, 20250916, "failed", "unreadable", 1),
        (0, 20260916, "refused", "unknown_key", 50),
    ):
        db.execute(insert(t.outcomes), {"shop_id": shop_id, "day_on": day, "kind": kind, "reason": reason, "count": amount})
    table = ask(db, shop, now, "data_health")
    assert [(str(row["day"]), row["accepted"], row["refused"], row["dropped"]) for row in table.rows] == [
        ("2026-09-15", 90, 6, 0),
        ("2026-09-16", 0, 2, 7),
    ]
    totals = {key: table.totals[key] for key in ("arrived", "accepted", "refused", "failed")}
    assert totals == {"arrived": 100, "accepted": 90, "refused": Share(8, 100), "failed": 0}
    assert [(row["reason"], row["count"], row["share"]) for row in table.beside["reasons"].rows] == [
        ("invalid", 8, Share(8, 100)),
        ("duplicate", 7, Share(7, 100)),
        ("data.colour", 3, None),
        ("page_view", 2, Share(2, 100)),
    ]


def test_filters_found_are_those_that_were_counted(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    for which in ("", "channel=email", "channel=direct", "country=DK", "device=mobile"):
        count(db, shop, 20260910, {"journeys": 1}, which)
    count(db, other, 20260910, {"journeys": 1}, "channel=sms")
    assert counters.read_filters(db, shop, ("channel", "device")) == [
        "channel=direct",
        "channel=email",
        "device=mobile",
    ]
    assert counters.read_filters(db, shop, ()) == []


@pytest.mark.parametrize(
    ("buckets", "expected"),
    [
        pytest.param([0] * 7, None, id="nothing"),
        pytest.param([4, 0, 0, 0, 0, 0, 0], 5.0, id="the middle of the first class"),
        pytest.param([0, 1, 0, 0, 0, 0, 0], 35.0, id="one alone: the middle of its class"),
        pytest.param([1, 1, 1, 0, 0, 0, 0], 35.0, id="the middle one of three"),
        pytest.param([3, 0, 0, 0, 0, 0, 1], 20 / 3, id="a long one does not pull it up"),
        pytest.param([0, 0, 0, 0, 0, 0, 5], float(BOUNDS[-1]), id="without an upper bound: the lower one"),
    ],
)
def test_median(buckets: list[int], expected: float | None) -> None:
    assert median_seconds(buckets) == pytest.approx(expected)
