"""Cohorts and customer lifetime value, from counters written down by hand; today is 16 September 2026."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection

from tests.reports.asking import add_shop, ask, count
from tracker.clock import Instant, parse
from tracker.reports.table import Money, Share

JULY = {"customers": 10, "again": 4, "0.customers": 10, "0.orders": 11, "0.net": 1_001, "1.customers": 2, "1.orders": 2,
        "1.net": 300, "2.customers": 1, "2.orders": 1, "2.net": 50}  # fmt: skip
AUGUST = {"customers": 30, "again": 3, "0.customers": 30, "0.orders": 30, "0.net": 3_000, "1.customers": 3, "1.orders": 3,
          "1.net": 450}  # fmt: skip
OLD = {"customers": 4, "0.customers": 4, "0.orders": 4, "0.net": 400, "13.customers": 1, "13.orders": 1, "13.net": 100,
       "unrated": 2}  # fmt: skip


def of_two_months(db: Connection, now: Instant, filter: str = "") -> Any:
    shop = add_shop(db, now)
    count(db, shop, 20260701, JULY, filter, "cohorts")
    count(db, shop, 20260801, AUGUST, filter, "cohorts")
    return shop


def test_a_month_is_told_from_its_beginning_and_averaged_when_it_has_ended(db: Connection, now: Instant) -> None:
    table = ask(db, of_two_months(db, now), now, "cohorts", period="90d")
    july, august = table.rows
    assert (str(july["cohort"]), july["customers"], july["again"]) == ("2026-07-01", 10, Share(4, 10))
    assert [july[f"m{k}"] for k in (1, 2, 3)] == [Share(2, 10), Share(1, 10), None]
    assert [august[f"m{k}"] for k in (1, 2)] == [Share(3, 30), None]
    assert (july["orders"], july["net"]) == (14, Money(1_351, "DKK"))
    assert table.totals["customers"] == 40
    assert table.totals["m1"] == Share(2, 10)  # August's first month after it is under way
    assert table.totals["m2"] is None
    assert table.totals["net"] == Money(4_801, "DKK")


def test_the_period_is_widened_to_whole_months(db: Connection, now: Instant) -> None:
    shop = of_two_months(db, now)
    table = ask(db, shop, now, "cohorts", since="2026-07-31", until="2026-08-01")
    assert [str(row["cohort"]) for row in table.rows] == ["2026-07-01", "2026-08-01"]
    table = ask(db, shop, now, "cohorts", since="2026-08-31", until="2026-09-16")
    assert [str(row["cohort"]) for row in table.rows] == ["2026-08-01"]


def test_months_begin_in_the_shops_zone(db: Connection) -> None:
    late = parse("2026-09-30T22:30:00+00:00")  # already October in Copenhagen
    table = ask(db, of_two_months(db, late), late, "cohorts", period="90d")
    assert [row["m2"] for row in table.rows] == [Share(1, 10), Share(0, 30)]
    assert table.totals["m1"] == Share(5, 40)


def test_orders_after_a_year_count_in_the_sums(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, 20250801, OLD, "", "cohorts")
    table = ask(db, shop, now, "cohorts", since="2025-08-01", until="2026-09-16")
    (row,) = table.rows
    assert (row["m12"], row["orders"], row["net"], row["again"]) == (Share(0, 4), 5, Money(500, "DKK"), Share(0, 4))
    assert [note.params for note in table.notes] == [{}, {"count": 2}]
    (row,) = ask(db, shop, now, "clv", since="2025-08-01", until="2026-09-16").rows
    assert (row["m12"], row["per_customer"]) == (Money(100, "DKK"), Money(125, "DKK"))


def test_worth_is_cumulated_and_divided_by_all_customers_to_the_nearest_minor_unit(db: Connection, now: Instant) -> None:
    table = ask(db, of_two_months(db, now), now, "clv", period="90d")
    july, august = table.rows
    assert [july[f"m{k}"] for k in range(4)] == [Money(100, "DKK"), Money(130, "DKK"), Money(135, "DKK"), None]
    assert [august[f"m{k}"] for k in range(3)] == [Money(100, "DKK"), Money(115, "DKK"), None]
    assert (july["per_customer"], july["net"]) == (Money(135, "DKK"), Money(1_351, "DKK"))
    # July and August have ended, so both are in the first month; August's next one is under way.
    assert [table.totals[f"m{k}"] for k in range(3)] == [Money(100, "DKK"), Money(130, "DKK"), None]
    assert (table.totals["customers"], table.totals["per_customer"]) == (40, Money(120, "DKK"))


def test_worth_stands_beside_by_the_channel_of_the_first_order(db: Connection, now: Instant) -> None:
    shop = of_two_months(db, now)
    count(db, shop, 20260701, JULY, "channel=email", "cohorts")
    count(db, shop, 20260801, AUGUST, "channel=paid_social", "cohorts")
    channels = ask(db, shop, now, "clv", period="90d").beside["channels"].rows
    assert [(row["channel"], row["customers"], row["m0"], row["m1"]) for row in channels] == [
        ("paid_social", 30, Money(100, "DKK"), None),
        ("email", 10, Money(100, "DKK"), Money(130, "DKK")),
    ]
    filtered = ask(db, shop, now, "clv", period="90d", filter="channel=email")
    assert [row["customers"] for row in filtered.rows] == [10]
    assert filtered.beside["channels"].rows == []


def test_without_a_customer_nothing_is_divided(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    for name in ("cohorts", "clv"):
        table = ask(db, shop, now, name)
        assert (list(table.rows), table.sample, table.notes, table.totals["m1"]) == ([], 0, (), None)
        assert table.totals["net"] == Money(0, "DKK")
