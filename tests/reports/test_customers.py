"""Segments, risk, expected value and its check: rows written down by hand, and made-up shops beside the pure model."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.customers.simulated import Orders, customers_of, histories
from tests.reports.asking import add_shop, ask
from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant, day_of, from_datetime, parse
from tracker.customers.cells import cell_of, gather, summarise
from tracker.customers.forecast import MIN_CUSTOMERS, MIN_REPEATS, Model, check, expect, fit
from tracker.customers.habits import assume
from tracker.customers.segments import DEFAULT_GAP, SEGMENTS, measure, segment_of
from tracker.reports.table import Money, Sentence, Share
from tracker.shops import Shop

TODAY = date(2026, 9, 16).toordinal()


def write(db: Connection, shop: Shop, made: list[Orders], last_day: int = 0) -> list[Orders]:
    """Customers 1, 2 … with these orders (day, net), moved so that `last_day` is today; those that have one by then."""
    moved = [[(day - last_day + TODAY, net) for day, net in orders if day <= last_day] for orders in made]
    moved = [orders for orders in moved if orders]
    order_rows, customer_rows = [], []
    for subject_id, told in enumerate(moved, 1):
        for i, (day, net) in enumerate(told):
            row = {"shop_id": shop.shop_id, "order_key": f"{subject_id}.{i}", "subject_id": subject_id, "number": 1}
            row |= {"placed_at": noon(shop, day), "counted_at": noon(shop, day), "state": "paid", "currency": "DKK"}
            order_rows.append({**row, "total_minor": net, "net_minor": net, "net_own_minor": net})
        customer_rows.append(customer(shop, subject_id, told))
    db.execute(insert(t.orders), order_rows)
    db.execute(insert(t.customers), customer_rows)
    return moved


def customer(shop: Shop, subject_id: int, told: Orders) -> dict[str, Any]:
    known = summarise(told, TODAY + 1_000)
    assert known is not None
    return {
        "shop_id": shop.shop_id, "subject_id": subject_id, "first_at": noon(shop, known.first_day),
        "last_at": noon(shop, known.last_day), "order_count": len(told), "order_days": known.order_count,
        "net_minor": known.net, "square": float(known.square), "channel": "email", "booked": b"",
    }  # fmt: skip


def noon(shop: Shop, day: int) -> Instant:
    return from_datetime(datetime.combine(date.fromordinal(day), time(12), shop.settings.tz))


def of_days(*ago: int, net: int = 10_000) -> Orders:
    return [(TODAY - days, net) for days in ago]


def test_every_segment_has_its_customers_orders_and_net_revenue(db: Connection, now: Instant) -> None:
    """Too few customers to know the shop's own measures: a gap of 45 days, three orders are often, any revenue is most."""
    shop, other = add_shop(db, now), add_shop(db, now)
    write(db, shop, [
        of_days(200, 150, 90), of_days(60, 20), of_days(5), of_days(90), of_days(91), of_days(500, 400, 360), of_days(220, 180),
        of_days(361), of_days(3, 3, net=50),
    ], TODAY)  # fmt: skip
    write(db, other, [of_days(1)], TODAY)
    table = ask(db, shop, now, "customers")
    assert [(row["segment"], row["customers"], row["orders"]) for row in table.rows] == [
        ("champions", 1, 3), ("loyal", 0, 0), ("promising", 1, 2), ("new", 3, 4), ("cant_lose", 1, 3), ("at_risk", 1, 2),
        ("needs_attention", 1, 1), ("hibernating", 0, 0), ("lost", 1, 1),
    ]  # fmt: skip
    first = table.rows[0]
    assert (first["share"], first["net"], first["net_share"]) == (Share(1, 9), Money(30_000, "DKK"), Share(30_000, 140_100))
    assert first["meaning"] == Sentence(SEGMENTS["champions"], {})
    assert (table.totals["customers"], table.totals["orders"], table.totals["net"]) == (9, 16, Money(140_100, "DKK"))


@pytest.mark.parametrize(
    ("at", "segment"),
    [
        pytest.param("2026-06-18T00:00:00+02:00", "new", id="on the ninetieth day"),
        pytest.param("2026-06-17T23:59:59+02:00", "needs_attention", id="a second before it"),
        pytest.param("2026-09-16T13:00:00+02:00", "new", id="by a clock that is ahead"),
    ],
)
def test_silence_is_told_in_days_of_the_shop(db: Connection, now: Instant, at: str, segment: str) -> None:
    shop = add_shop(db, now)
    row = customer(shop, 1, of_days(0))
    db.execute(insert(t.customers), {**row, "first_at": parse(at), "last_at": parse(at)})
    assert [row["segment"] for row in ask(db, shop, now, "customers").rows if row["customers"]] == [segment]


def test_a_shop_without_customers_says_nothing(db: Connection, now: Instant) -> None:
    table = ask(db, add_shop(db, now), now, "customers")
    assert (list(table.rows), table.totals["customers"], table.totals["still"]) == ([], 0, None)
    assert [list(other.rows) for other in table.beside.values()] == [[], [], []]


def test_too_few_have_risks_by_the_usual_gap_and_no_forecast(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    (told,) = write(db, shop, [of_days(400, 260)], TODAY)
    table = ask(db, shop, now, "customers")
    known = summarise(told, TODAY)
    assert known is not None
    risk = assume(DEFAULT_GAP).leaving(cell_of(known, TODAY))
    (row,) = [row for row in table.rows if row["customers"]]
    assert row["risk"] == pytest.approx(risk, abs=0.01)
    assert ("expected_net" in row, table.totals.get("expected_net")) == (False, None)
    assert [note.params for note in table.notes] == [{"customers": MIN_CUSTOMERS, "repeats": MIN_REPEATS}]
    assert list(table.beside["check"].rows) == []
    assert [row["customers"] for row in table.beside["risk"].rows] == [int(i == int(risk * 10)) for i in range(10)]


def test_segments_by_the_shops_own_measures_are_those_of_each_customer_alone(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    made = write(db, shop, histories(400, skewed=True), 1_000)
    customers = customers_of(made, TODAY)
    measures = measure(customers)
    table = ask(db, shop, now, "customers")
    assert table.totals["gap"] == measures.gap
    for row in table.rows:
        members = [c for c in customers if segment_of(TODAY - c.last_day, c.order_count, c.net, measures) == row["segment"]]
        assert (row["customers"], row["net"]) == (len(members), Money(sum(c.net for c in members), "DKK"))
    assert sum(row["customers"] > 0 for row in table.rows) >= 7


def test_the_forecast_is_that_of_the_model(db: Connection, now: Instant) -> None:
    """What is added up by weeks in SQL moves it by less than a hundredth."""
    shop = add_shop(db, now)
    made = write(db, shop, histories(400), 1_000)
    model = fit(gather(customers_of(made, TODAY), TODAY))
    assert isinstance(model, Model)
    expected = expect(model, gather(customers_of(made, TODAY), TODAY))
    table = ask(db, shop, now, "customers")
    assert table.totals["expected_orders"] == pytest.approx(expected.orders, rel=0.01)
    assert table.totals["expected_net"].minor == pytest.approx(expected.net, rel=0.01)  # type: ignore[union-attr]
    assert table.totals["expected_low"].minor == pytest.approx(expected.net_low, rel=0.01)  # type: ignore[union-attr]
    assert table.totals["expected_high"].minor == pytest.approx(expected.net_high, rel=0.01)  # type: ignore[union-attr]
    assert table.totals["still"] == pytest.approx(expected.alive, rel=0.01)
    orders = sum(row.get("expected_orders", 0) for row in table.rows)  # type: ignore[misc]
    assert orders == pytest.approx(table.totals["expected_orders"], rel=0.01)
    risks = table.beside["risk"].rows
    assert sum(row["customers"] for row in risks) == len(made)  # type: ignore[misc]
    left = sum(model.habits.leaving(cell_of(c, TODAY)) > 0.9 for c in customers_of(made, TODAY))
    assert risks[-1]["customers"] == pytest.approx(left, rel=0.1)


@pytest.mark.parametrize(
    ("days", "looks_back"), [pytest.param(1_000, 365, id="years"), pytest.param(300, 91, id="less than one")]
)
def test_the_forecast_is_checked_against_what_came(db: Connection, now: Instant, days: int, looks_back: int) -> None:
    shop = add_shop(db, now)
    made = write(db, shop, histories(400, days=days), days)
    before = [known for orders in made if (known := summarise(orders, TODAY - looks_back))]
    cells = gather(before, TODAY - looks_back)
    past = fit(cells, looks_back)
    assert isinstance(past, Model)
    table = ask(db, shop, now, "customers")
    rows = table.beside["check"].rows
    assert [(row["fewest"], row["most"], row["customers"], row["orders"], row["net"]) for row in rows] == [
        (c.min_orders, c.max_orders, c.forecast.customers, c.orders, Money(c.net, "DKK")) for c in check(past, cells)
    ]
    assert rows[0]["expected_net"] == Money(expect(past, cells).net, "DKK")
    assert rows[0]["held"] in ("within", "less", "more")
    assert [note.params for note in table.notes] == [{"days": looks_back}]


def test_a_forecast_of_a_young_shop_is_not_checked(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    write(db, shop, [of_days(80, 40) for _ in range(60)], TODAY)
    table = ask(db, shop, now, "customers")
    assert table.totals["expected_net"]
    assert [note.params for note in table.notes] == [{"customers": MIN_CUSTOMERS, "repeats": MIN_REPEATS, "days": 91}]


def test_whoever_has_most_at_stake_is_most_worth_keeping(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    made = write(db, shop, histories(400), 1_000)
    table = ask(db, shop, now, "customers", limit="10")
    keep = table.beside["keep"].rows
    stakes = [row["at_stake"].minor for row in keep]  # type: ignore[union-attr]
    assert stakes == sorted(stakes, reverse=True)
    assert len(keep) == 10
    customers = customers_of(made, TODAY)
    measures = measure(customers)
    for row in keep:
        own = customers[int(str(row["subject_id"])) - 1]
        assert segment_of(TODAY - own.last_day, own.order_count, own.net, measures) == row["segment"]
        assert row["segment"] in ("cant_lose", "at_risk")
        assert (row["net"], row["last_at"]) == (Money(own.net, "DKK"), noon(shop, own.last_day))
        assert 0 < row["risk"] < 1  # type: ignore[operator]
        assert row["at_stake"].minor == pytest.approx(row["worth"].minor * row["risk"], abs=1)  # type: ignore[union-attr, operator]


def test_an_order_counts_at_once_and_the_next_day_is_fitted_anew(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    write(db, shop, histories(400), 1_000)
    before = ask(db, shop, now, "customers")
    db.execute(insert(t.customers), customer(shop, 9_999, of_days(0)))
    after = ask(db, shop, now, "customers")
    assert after.totals["customers"] == before.totals["customers"] + 1  # type: ignore[operator]
    new = [table.rows[3] for table in (before, after)]
    assert [row["segment"] for row in new] == ["new", "new"]
    assert new[1]["customers"] == new[0]["customers"] + 1  # type: ignore[operator]
    tomorrow = ask(db, shop, now + DAY, "customers")
    assert tomorrow.totals["expected_orders"] < after.totals["expected_orders"]  # type: ignore[operator]


def test_cancelled_orders_and_those_of_other_shops_are_in_no_check(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    write(db, shop, histories(400), 1_000)
    expected = [row["net"] for row in ask(db, shop, now, "customers").beside["check"].rows]
    again = add_shop(db, now)
    write(db, again, histories(400), 1_000)
    write(db, other, histories(100, seed=2), 1_000)
    late = {"order_key": "x", "subject_id": 1, "number": 1, "placed_at": now - HOUR, "state": "cancelled", "currency": "DKK"}
    late |= {"counted_at": now - HOUR, "total_minor": 9, "net_minor": 9, "net_own_minor": 9, "cancelled_at": now}
    db.execute(insert(t.orders), {"shop_id": again.shop_id, **late})
    assert [row["net"] for row in ask(db, again, now, "customers").beside["check"].rows] == expected
    assert day_of(now, shop.settings.tz).toordinal() == TODAY
