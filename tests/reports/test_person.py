"""What stands beside a person's timeline: orders, what they agreed to, the story of their links."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask
from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant
from tracker.events.types import Consent, Event, Source
from tracker.journey.contribution import Basis
from tracker.journey.state import Journey, Order, Refund, Return
from tracker.pipeline.save import journey_row
from tracker.pipeline.stored import event_row
from tracker.reports.table import Money
from tracker.shops import Shop


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    shop = add_shop(db, now)
    for link_id, (kind, key, subject_id) in enumerate(
        (("visitor", "v1", 9), ("visitor", "v2", 9), ("email", "e1", 9), ("customer", "c8", 8)), 1
    ):
        row = {"shop_id": shop.shop_id, "kind": kind, "key": key, "link_id": link_id, "subject_id": subject_id}
        db.execute(insert(t.links), {**row, "evidence": "first seen", "linked_at": now})
    return shop


def tell(db: Connection, shop: Shop, at: Instant, type_: str, link_id: int, sent_at_level: int, **data: Any) -> None:
    source = Source.SERVER if sent_at_level < 0 else Source.BROWSER
    event = Event(f"{type_}-{at}-{link_id}", type_, source, at, at, Consent(max(sent_at_level, 0)), data=data)
    db.execute(insert(t.events), event_row(shop.shop_id, event, None, link_id, None))


def test_consents_are_told_where_they_change_by_browser(db: Connection, now: Instant, shop: Shop) -> None:
    tell(db, shop, now - 9 * HOUR, "page_view", 1, 1)
    tell(db, shop, now - 8 * HOUR, "page_view", 2, 3)  # another browser has a consent of its own
    tell(db, shop, now - 7 * HOUR, "page_view", 1, 1)
    tell(db, shop, now - 6 * HOUR, "consent_update", 1, 2, level="statistics", previous_level="anonymous", method="banner")
    tell(db, shop, now - 5 * HOUR, "page_view", 1, 2)
    tell(db, shop, now - 4 * HOUR, "page_view", 1, 3)
    tell(db, shop, now - 3 * HOUR, "purchase", 1, -1)  # the shop's server speaks for no browser
    told = ask(db, shop, now, "person", subject_id="9").beside["consents"].rows
    assert [(row["what"], row["before"], row["level"], row["method"]) for row in told] == [
        ("level", "statistics", "marketing", None),
        ("consent_update", "anonymous", "statistics", "banner"),
        ("first", None, "marketing", None),
        ("first", None, "anonymous", None),
    ]


def test_newsletters_are_told_with_their_text(db: Connection, now: Instant, shop: Shop) -> None:
    tell(db, shop, now - 2 * DAY, "newsletter_subscribe", 3, -1, method="popup", list="news", text_version="2026-03")
    tell(db, shop, now - DAY, "newsletter_unsubscribe", 3, -1, method="unsubscribe link", list="news")
    tell(db, shop, now, "newsletter_subscribe", 4, -1, text_version="of somebody else")
    told = ask(db, shop, now, "person", subject_id="9").beside["consents"].rows
    assert [(row["what"], row["method"], row["text_version"], row["level"], row["source"]) for row in told] == [
        ("newsletter_unsubscribe", "unsubscribe link", None, None, "server"),
        ("newsletter_subscribe", "popup", "2026-03", None, "server"),
    ]


def test_orders_have_their_refunds_returns_and_parcels(db: Connection, now: Instant, shop: Shop) -> None:
    journey = Journey(1, now - DAY, now)
    order = Order("o1", now - DAY, "DKK", "completed", value=10_000, total=12_500, counted_at=now - DAY, revenue=10_000)
    order.refunds = {"r1": Refund(now, 2_000, total=2_500), "r2": Refund(now, 1_000, total=1_250)}
    order.returns = {"b1": Return(now, 0, [])}
    order.parcels = {"p1": [now - HOUR, now], "p2": [now - HOUR, 0], "p3": [0, 0]}
    journey.order = order
    db.execute(insert(t.journeys), journey_row(shop.shop_id, 9, journey, Basis(shop.settings.tz, "DKK")))
    kept = {"shop_id": shop.shop_id, "order_key": "o1", "subject_id": 9, "number": 1, "placed_at": now - DAY, "currency": "DKK"}
    db.execute(insert(t.orders), {**kept, "state": "completed", "total_minor": 12_500, "net_minor": 7_000})
    [row] = ask(db, shop, now, "person", subject_id="9").beside["orders"].rows
    assert (row["total"], row["refunded"], row["net"]) == (Money(12_500, "DKK"), Money(3_000, "DKK"), Money(7_000, "DKK"))
    assert [row[key] for key in ("refunds", "returns", "parcels", "delivered")] == [2, 1, 2, 1]
    assert ask(db, shop, now, "person", subject_id="8").beside["orders"].rows == []


def test_the_story_of_the_links_has_what_was_undone_on_both_sides(db: Connection, now: Instant, shop: Shop) -> None:
    entry = {"shop_id": shop.shop_id, "kind": "customer", "key": "c8", "event_id": "x", "logged_by": None}
    merged = {"entry_id": 1, "from_subject_id": 8, "subject_id": 9, "act": "merged", "evidence": "purchase", "logged_at": now}
    undone = {"entry_id": 2, "from_subject_id": 9, "subject_id": 8, "act": "undone", "logged_at": now, "logged_by": "ida@x.dk"}
    db.execute(insert(t.link_log), [{**entry, **merged}, {**entry, "evidence": "by ida@x.dk", **undone}])
    for subject_id in ("8", "9"):
        told = ask(db, shop, now, "person", subject_id=subject_id).beside["link_log"].rows
        assert [(row["act"], row["from"], row["to"], row["evidence"], row["by"]) for row in told] == [
            ("undone", "9", "8", None, "ida@x.dk"),
            ("merged", "8", "9", "purchase", None),
        ]


def test_never_these_two_is_told_from_each_side(db: Connection, now: Instant, shop: Shop) -> None:
    pair = {"shop_id": shop.shop_id, "kind": "customer", "key": "c8", "other_kind": "email", "other_key": "e1", "since_at": now}
    strangers = {**pair, "kind": "visitor", "key": "c8", "other_key": "somebody"}  # the same letters, another kind
    db.execute(insert(t.apart), [pair, strangers])
    for subject_id, pairs in (("8", [("c8", "e1")]), ("9", [("e1", "c8")])):
        told = ask(db, shop, now, "person", subject_id=subject_id).beside["apart"].rows
        assert [(row["key"], row["other_key"]) for row in told] == pairs
