"""What a browser's `purchase` may do, and what it may not: order keys are easily guessed."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.builders import START, add_shop, counters, event, intake_row, look, purchase, told, work_in
from tracker import tables as t
from tracker.clock import HOUR, MINUTE
from tracker.events.types import Consent
from tracker.shops import Shop


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def totals(engine: Engine, shop: Shop) -> dict[str, int]:
    with engine.connect() as db:
        return counters(db, shop)


def subject_of(engine: Engine, shop: Shop, kind: str, key: str) -> int | None:
    with engine.connect() as db:
        c = t.links.c
        found: int | None = db.execute(
            select(c.subject_id).where(c.shop_id == shop.shop_id, c.kind == kind, c.key == key)
        ).scalar()
    return found


def sighting(at: int, order_key: str = "o1", **fields: Any) -> Any:
    return event("purchase", at, order_key=order_key, **fields)


@pytest.mark.parametrize("before", [True, False], ids=["before the order", "after the order"])
def test_a_machine_that_opens_the_receipt_hides_no_money(engine: Engine, shop: Shop, before: bool) -> None:
    """Mail programs open the links of an order mail, and anybody can guess an order's number."""
    seen = sighting(START + 2 * MINUTE, visitor_key="machine", bot="crawler:Scanner")
    order = purchase(START + MINUTE, email="a@b.dk")
    for some in [seen, order] if before else [order, seen]:
        work_in(engine, shop, intake_row(shop, some))
    assert totals(engine, shop)["net"] == 10_000
    assert subject_of(engine, shop, "visitor", "machine") != subject_of(engine, shop, "order", "o1")


def test_an_order_counts_whatever_the_browser_calls_itself(engine: Engine, shop: Shop) -> None:
    """That it was placed is the shop's word, which no user agent can take back."""
    work_in(engine, shop, intake_row(shop, look("dress", bot="headless:HeadlessChrome")))
    assert totals(engine, shop) == {}
    work_in(engine, shop, intake_row(shop, purchase(START + MINUTE, visitor_key="v1", email="a@b.dk")))
    assert totals(engine, shop)["net"] == 10_000


def test_an_order_that_names_its_visitor_is_nobody_elses_by_sight(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress"), purchase(START + MINUTE, visitor_key="v1", email="a@b.dk")))
    landing = event(at=START - HOUR, visitor_key="guesser", url="https://shop.example/?utm_source=x&utm_medium=affiliate")
    work_in(engine, shop, intake_row(shop, landing, sighting(START + 2 * MINUTE, visitor_key="guesser")))
    assert subject_of(engine, shop, "visitor", "guesser") != subject_of(engine, shop, "order", "o1")
    with engine.connect() as db:
        c = t.journeys.c
        assert db.execute(select(c.channel).where(c.shop_id == shop.shop_id, c.order_key == "o1")).scalar() == "direct"


def test_the_first_who_saw_a_receipt_is_its_buyer_and_nobody_after(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, purchase(START + MINUTE, email="a@b.dk")))
    work_in(engine, shop, intake_row(shop, sighting(START + 2 * MINUTE, visitor_key="buyer")))
    work_in(engine, shop, intake_row(shop, sighting(START + 3 * MINUTE, visitor_key="guesser")))
    order = subject_of(engine, shop, "order", "o1")
    assert subject_of(engine, shop, "visitor", "buyer") == order
    assert subject_of(engine, shop, "visitor", "guesser") != order


@pytest.mark.parametrize("before", [True, False], ids=["before the order", "after the order"])
def test_an_order_below_statistics_is_joined_to_no_browsing_by_sight(engine: Engine, shop: Shop, before: bool) -> None:
    order = purchase(START + MINUTE, email="a@b.dk", consent=Consent.ANONYMOUS)
    seen = sighting(START + 2 * MINUTE)
    for some in [seen, order] if before else [order, seen]:
        work_in(engine, shop, intake_row(shop, some))
    assert subject_of(engine, shop, "visitor", "v1") != subject_of(engine, shop, "order", "o1")


def test_news_that_waited_is_not_forgotten_when_a_sighting_comes_with_the_order(engine: Engine, shop: Shop) -> None:
    refund = told("refund", START + HOUR, order_key="o1", data={"refund_id": "r1", "value": 4_000})
    work_in(engine, shop, intake_row(shop, refund))
    work_in(engine, shop, intake_row(shop, sighting(START + 2 * MINUTE), purchase(START + MINUTE, email="a@b.dk")))
    assert totals(engine, shop)["net"] == 6_000
