"""The report on orders, from counters written down by hand, and what a single order books."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Connection

from tests.builders import START, act, purchase, told
from tests.reports.asking import add_shop, ask, count
from tracker.clock import DAY, Instant
from tracker.errors import BadQuery
from tracker.events.types import Event
from tracker.journey.contribution import Basis, contribution
from tracker.journey.fold import fold
from tracker.journey.state import Rate, Subject, Terms
from tracker.reports.table import Money

BASIS = Basis(ZoneInfo("Europe/Copenhagen"), "DKK")


def days_of(*events: Event, **terms: Any) -> dict[int, Counter[str]]:
    """day -> what the orders of these events book."""
    subject = Subject()
    fold([act(one) for one in events], Terms(**terms), subject)
    days: dict[int, Counter[str]] = {}
    for journey in subject.journeys.values():
        for family, day, names in contribution(journey, BASIS)["rows"]:
            if family == "orders":
                days.setdefault(day, Counter()).update(names)
    return days


def refund(at: Instant, value: int, refund_id: str, order_key: str = "o1", currency: str = "DKK") -> Event:
    data = {"value": value, "total_value": value, "currency": currency, "refund_id": refund_id}
    return told("refund", at, order_key=order_key, data=data)


def store(db: Connection, shop: Any, days: dict[int, Counter[str]]) -> None:
    for day, names in days.items():
        count(db, shop, day, dict(names), family="orders")


ORDERED_ON, LATER = 20260910, 20260912
REFUNDED = (purchase(START), refund(START + 2 * DAY, 3_000, "r1"), refund(START + 2 * DAY + 1, 2_000, "r2"))
CANCELLED = (*REFUNDED, told("order_cancelled", START + 3 * DAY, order_key="o1"))


@pytest.mark.parametrize(
    ("revenue_on", "rows"),
    [
        ("order", [(ORDERED_ON, 1, 0, 10_000, 5_000, 0, 5_000)]),
        ("refund", [(ORDERED_ON, 1, 0, 10_000, 0, 0, 10_000), (LATER, 0, 0, 0, 5_000, 0, -5_000)]),
    ],
)
def test_refunds_lie_on_the_day_asked_for(db: Connection, now: Instant, revenue_on: str, rows: list[tuple[int, ...]]) -> None:
    shop = add_shop(db, now)
    store(db, shop, days_of(*REFUNDED))
    table = ask(db, shop, now, "orders", revenue_on=revenue_on)
    assert _rows(table.rows) == rows
    assert table.totals["net"] == Money(5_000, "DKK")


@pytest.mark.parametrize(
    ("revenue_on", "rows"),
    [
        ("order", [(ORDERED_ON, 1, 1, 10_000, 5_000, 5_000, 0)]),
        (
            "refund",
            [
                (ORDERED_ON, 1, 1, 10_000, 0, 0, 10_000),
                (LATER, 0, 0, 0, 5_000, 0, -5_000),
                (20260913, 0, 0, 0, 0, 5_000, -5_000),
            ],
        ),
    ],
)
def test_a_cancellation_takes_what_refunds_left(
    db: Connection, now: Instant, revenue_on: str, rows: list[tuple[int, ...]]
) -> None:
    shop = add_shop(db, now)
    store(db, shop, days_of(*CANCELLED))
    table = ask(db, shop, now, "orders", revenue_on=revenue_on)
    assert _rows(table.rows) == rows
    assert (table.totals["net"], table.totals["average"]) == (Money(0, "DKK"), None)


def _rows(rows: Any) -> list[tuple[int, ...]]:
    money = ("revenue", "refunded", "given_up", "net")
    return [
        (int(f"{row['day']:%Y%m%d}"), row["orders"], row["cancelled"], *(row[name].minor for name in money)) for row in rows
    ]


def test_what_is_counted_of_an_order(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    data = {"tax": 2_500, "shipping": 3_900, "discount": 1_000, "payment_type": "card", "created_via": "phone"}
    orders = [purchase(START, data=data), purchase(START + 5, "o2", 333, data={"payment_type": "cod"})]
    orders.append(purchase(START + 9, "o3", 50, "pending", data=data))
    store(db, shop, days_of(*orders))
    table = ask(db, shop, now, "orders")
    [row] = table.rows
    assert (row["orders"], row["first"], row["repeat"], row["renewals"]) == (2, 1, 1, 0)
    assert [row[name] for name in ("revenue", "tax", "shipping", "discount")] == [
        Money(minor, "DKK") for minor in (10_333, 2_500, 3_900, 1_000)
    ]
    assert table.totals["average"] == Money(5_166, "DKK")  # 51.665: halves to even
    assert [(r["payment"], r["orders"], r["net"]) for r in table.beside["payments"].rows] == [
        ("card", 1, Money(10_000, "DKK")),
        ("cod", 1, Money(333, "DKK")),
    ]
    assert {r["via"]: r["net"] for r in table.beside["ways_in"].rows} == {
        "phone": Money(10_000, "DKK"),
        "unknown": Money(333, "DKK"),
    }
    assert table.sample == 2


def test_each_currency_is_shown_in_itself_and_says_whether_it_has_a_rate(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now, rates={"SEK": [["2026-09-01", "0.66"]], "EUR": [["2026-09-11", "7.46"]]})
    rates = {"SEK": (Rate(START - DAY, Decimal("0.66")),), "EUR": (Rate(START + DAY, Decimal("7.46")),)}
    orders = [purchase(START, "o0")]
    for number, (currency, at) in enumerate((("SEK", START), ("EUR", START), ("EUR", START + 2 * DAY), ("NOK", START)), 1):
        orders.append(purchase(at, f"o{number}", data={"currency": currency}))
    orders.append(refund(START + 3 * DAY, 1_000, "r", "o1", "SEK"))
    store(db, shop, days_of(*sorted(orders, key=lambda one: one.occurred_at), rates=rates))
    table = ask(db, shop, now, "orders")
    assert table.totals["net"] == Money(10_000 + 5_940 + 74_600, "DKK")
    assert table.totals["unrated"] == 2
    assert table.totals["average"] == Money(30_180, "DKK")  # of the three that have a rate
    assert [note.params for note in table.notes] == [{"count": 2}]
    assert [
        (r["currency"], r["orders"], r["unrated"], r["net"], r["rate_state"], r["rate"])
        for r in table.beside["currencies"].rows
    ] == [
        ("DKK", 1, 0, Money(10_000, "DKK"), "own", "1"),
        ("EUR", 2, 1, Money(20_000, "EUR"), "partly", "7.46"),
        ("NOK", 1, 1, Money(10_000, "NOK"), "missing", None),
        ("SEK", 1, 0, Money(9_000, "SEK"), "known", "0.66"),
    ]
    by_refund = ask(db, shop, now, "orders", revenue_on="refund").beside["currencies"].rows
    assert [r["net"] for r in by_refund] == [r["net"] for r in table.beside["currencies"].rows]


@given(
    value=st.integers(0, 10_000_001),
    refunds=st.lists(st.tuples(st.integers(0, 40), st.integers(0, 9_999_999)), max_size=5),
    cancelled=st.one_of(st.none(), st.integers(0, 40)),
    rate=st.sampled_from(["1", "0.6612345", "7.46037", "0.00731"]),
)
def test_both_ways_of_counting_give_the_same_to_the_last_unit(
    value: int, refunds: list[tuple[int, int]], cancelled: int | None, rate: str
) -> None:
    events = [purchase(START, value=value, data={"currency": "SEK"})]
    events += [refund(START + day * DAY + 1, amount, f"r{i}", currency="SEK") for i, (day, amount) in enumerate(refunds)]
    if cancelled is not None:
        events.append(told("order_cancelled", START + cancelled * DAY + 2, order_key="o1"))
    days = days_of(*sorted(events, key=lambda one: one.position), rates={"SEK": (Rate(START - DAY, Decimal(rate)),)})
    total: Counter[str] = Counter()
    for names in days.values():
        total.update(names)
    assert total["revenue"] - total["refunded"] - total["given_up"] == total["net"]
    assert (total["order_refunded"], total["order_given_up"]) == (total["refunded"], total["given_up"])
    assert total["revenue.SEK"] - total["refunded.SEK"] - total["given_up.SEK"] == total["net.SEK"]
    assert min(total["net"], total["refunded"], total["given_up"], 0) == 0


def test_only_closed_lists_may_be_asked(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for args in ({"revenue_on": "both"}, {"filter": "channel=email,device=mobile"}, {"filter": "page=x"}):
        with pytest.raises(BadQuery):
            ask(db, shop, now, "orders", **args)


def test_nothing_ordered_is_no_row_and_no_average(db: Connection, now: Instant) -> None:
    table = ask(db, add_shop(db, now), now, "orders")
    assert (table.rows, table.sample, table.totals["average"], table.notes) == ([], 0, None, ())


def test_a_filter_and_a_shop_are_counted_for_themselves(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    count(db, shop, 20260910, {"orders": 2, "first": 2, "revenue": 500, "net": 500}, "channel=email", family="orders")
    count(db, other, 20260910, {"orders": 7}, family="orders")
    assert ask(db, shop, now, "orders", filter="channel=email").totals["net"] == Money(500, "DKK")
    assert ask(db, shop, now, "orders").rows == []
