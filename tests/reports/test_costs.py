"""What advertising cost beside what came of it: the reports on costs and payback."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import Instant, parse
from tracker.errors import BadQuery
from tracker.journey.contribution import CREDIT_UNIT
from tracker.reports.table import Money, ReportTable
from tracker.shops import Shop

FULL = 20260910
SEPTEMBER = {"since": "2026-09-01", "until": "2026-09-16"}


def spend(
    db: Connection, shop: Shop, day: int, amount: int, channel: str = "paid_search", campaign: str = "", **more: Any
) -> None:
    row = {"shop_id": shop.shop_id, "day_on": day, "channel": channel, "source": "google", "campaign": campaign}
    db.execute(insert(t.ad_spend), {**row, "currency": "DKK", "amount_minor": amount, "clicks": None, **more})


def credit(db: Connection, shop: Shop, **by_key: tuple[float, int, float]) -> None:
    """(orders, net, first) by channel, and the same by campaign under channel__campaign; also what the orders come to."""
    names: dict[str, int] = {}
    for key, (orders, net, first) in by_key.items():
        channel, _, campaign = key.partition("__")
        found = f"{channel}|google|{campaign}"
        for name, amount in (("orders", int(orders * CREDIT_UNIT)), ("net", net), ("first", int(first * CREDIT_UNIT))):
            names[f"{name}.last_non_direct:{found}"] = amount
    count(db, shop, FULL, names, family="credits_30")
    channels: dict[str, int] = {}
    for name, amount in names.items():
        short = name.partition("|")[0]
        channels[short] = channels.get(short, 0) + amount
    count(db, shop, FULL, channels, family="channel_credits_30")
    orders, net = (int(sum(one[i] for one in by_key.values())) for i in (0, 1))
    count(db, shop, FULL, {"orders": orders, "net": net}, family="orders")


def row_of(table: ReportTable, **cells: Any) -> Any:
    [found] = [row for row in table.rows if all(row[name] == value for name, value in cells.items())]
    return found


def test_what_follows_from_spend_and_credit(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    spend(db, shop, FULL, 10_000, clicks=7)
    spend(db, shop, 20260911, 5_001, campaign="brand", clicks=None)
    spend(db, shop, 20260831, 99_999)  # outside
    credit(db, shop, paid_search=(1.5, 40_000, 0.75), email=(0.5, 3_000, 0.25))
    table = ask(db, shop, now, "costs", **SEPTEMBER)
    search = row_of(table, channel="paid_search")
    assert search == {
        "channel": "paid_search", "source": None, "campaign": None, "spend": Money(15_001, "DKK"), "clicks": 7,
        "cost_per_click": Money(2_143, "DKK"), "orders": 1.5, "net": Money(40_000, "DKK"), "first": 0.75,
        "cost_per_order": Money(10_001, "DKK"), "cac": Money(20_001, "DKK"), "return": 40_000 / 15_001,
        "profit": Money(24_999, "DKK"), "missing": None,
    }  # fmt: skip
    email = row_of(table, channel="email")
    assert {email[name] for name in ("spend", "clicks", "cost_per_order", "cac", "return", "profit")} == {None}
    assert (table.totals["orders"], table.totals["net"], table.totals["spend"]) == (
        2.0,
        Money(43_000, "DKK"),
        Money(15_001, "DKK"),
    )
    for name in ("cost_per_order", "cac", "return"):
        assert table.totals[name] == search[name]  # what cost nothing makes nothing cheaper
    assert table.sample == 2


def test_spend_without_an_order_is_a_loss_and_divides_by_nothing(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    spend(db, shop, FULL, 500, clicks=0)
    [row] = ask(db, shop, now, "costs", **SEPTEMBER).rows
    assert (row["profit"], row["return"], row["cost_per_order"], row["cac"], row["cost_per_click"]) == (
        Money(-500, "DKK"), 0.0, None, None, None,
    )  # fmt: skip


def test_campaigns_meet_by_name_whatever_the_case_and_the_source(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    spend(db, shop, FULL, 700, "paid_social", "SOMMER", source="facebook")
    spend(db, shop, FULL, 300, "paid_social", "sommer", source="instagram")
    spend(db, shop, FULL, 50, "paid_social", source="facebook")
    spend(db, shop, FULL, 9, "paid_social", "lost", source="facebook")
    credit(db, shop, paid_social__Sommer=(1, 4_000, 1), paid_social=(1, 100, 0))
    table = ask(db, shop, now, "costs", level="campaign", **SEPTEMBER)
    assert [(row["campaign"], row["spend"], row["net"]) for row in table.rows] == [
        ("Sommer", Money(1_000, "DKK"), Money(4_000, "DKK")),
        (None, Money(50, "DKK"), Money(100, "DKK")),
        ("lost", Money(9, "DKK"), Money(0, "DKK")),
    ]
    assert [note.params for note in table.notes if "cost" in note.text] == [{"campaigns": 1}]
    assert any("cannot be split" in note.text for note in table.notes)
    by_source = ask(db, shop, now, "costs", level="source", **SEPTEMBER)
    assert {row["source"]: row["spend"].minor for row in by_source.rows if row["spend"]} == {"facebook": 759, "instagram": 300}


RATES = {"EUR": [["2026-09-05", "7.45"], ["2026-09-12", "7.46"]]}


def test_foreign_spend_is_converted_at_the_rate_of_its_day_and_missing_without(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now, rates=RATES)
    for day, amount in ((20260911, 101), (20260912, 101), (20260913, 101)):
        spend(db, shop, day, amount, currency="EUR")
    for day in (20260904, 20260906):
        spend(db, shop, day, 1_000, "paid_social", currency="EUR")
    spend(db, shop, FULL, 500, "paid_social")
    credit(db, shop, paid_search=(1, 9_000, 1), paid_social=(1, 9_000, 1))
    table = ask(db, shop, now, "costs", **SEPTEMBER)
    search, social = row_of(table, channel="paid_search"), row_of(table, channel="paid_social")
    assert search["spend"] == Money(752 + 753 + 753, "DKK")
    assert social["missing"] == table.totals["missing"] == "EUR"
    assert {social[name] for name in ("spend", "cost_per_order", "cac", "return", "profit")} == {None}
    assert table.totals["spend"] is None
    assert [(row["channel"], row["amount"]) for row in table.beside["missing_rates"].rows] == [
        ("paid_social", Money(1_000, "EUR"))
    ]
    assert {"currencies": "EUR", "currency": "DKK"} in [note.params for note in table.notes]


@pytest.mark.parametrize(
    "args", [{"model": "removal"}, {"model": "best"}, {"filter": "device=mobile"}, {"look_back": "1"}], ids=str
)
def test_costs_refuse_what_they_cannot_answer(db: Connection, now: Instant, args: dict[str, str]) -> None:
    with pytest.raises(BadQuery):
        ask(db, add_shop(db, now), now, "costs", **args)


def test_another_shops_spend_is_not_read(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    spend(db, other, FULL, 500)
    for name in ("costs", "payback"):
        assert ask(db, shop, now, name, **SEPTEMBER).rows == []


# --- payback


@pytest.fixture
def summer(db: Connection, now: Instant) -> Shop:
    """July and August customers of two channels, looked at in September."""
    shop = add_shop(db, now)
    for day, channel, names in (
        (20260701, "paid_search", {"customers": 2, "0.customers": 2, "0.orders": 2, "0.net": 400, "2.orders": 1, "2.net": 600}),
        (20260801, "paid_search", {"customers": 1, "0.customers": 1, "0.orders": 1, "0.net": 50}),
        (20260801, "email", {"customers": 4, "0.orders": 4, "0.net": 900, "1.net": 20}),
    ):
        count(db, shop, day, names, f"channel={channel}", family="cohorts")
        count(db, shop, day, names, family="cohorts")
    for day, amount in ((20260701, 300), (20260731, 700), (20260815, 51)):
        spend(db, shop, day, amount)
    spend(db, shop, 20260902, 10, "paid_social")
    return shop


def test_spend_is_paid_back_in_the_month_in_which_net_revenue_reaches_it(db: Connection, now: Instant, summer: Shop) -> None:
    table = ask(db, summer, now, "payback", since="2026-07-20", until="2026-09-16")
    told = ("cohort", "channel", "customers", "spend", "cac", "net", "net_each", "paid_back_in", "months")
    assert [tuple(row[name] for name in told) for row in table.rows] == [
        (date(2026, 7, 1), "paid_search", 2, dkk(1_000), dkk(500), dkk(1_000), dkk(500), 2, 2),
        (date(2026, 8, 1), "email", 4, None, None, dkk(920), dkk(230), None, 1),
        (date(2026, 8, 1), "paid_search", 1, dkk(51), dkk(51), dkk(50), dkk(50), None, 1),
        (date(2026, 9, 1), "paid_social", 0, dkk(10), None, dkk(0), None, None, 0),
    ]
    assert [
        (r["cohort"].month, r["customers"], r["spend"], r["net"], r["paid_back_in"]) for r in table.beside["together"].rows
    ] == [
        (7, 2, dkk(1_000), dkk(1_000), 2),
        (8, 5, dkk(51), dkk(970), 0),
        (9, 0, dkk(10), dkk(0), None),
    ]
    assert [(r["cohort"].month, r["channel"], r["month"], r["net"], r["cac"]) for r in table.beside["months"].rows] == [
        (7, "paid_search", 0, dkk(400), dkk(500)), (7, "paid_search", 1, dkk(400), dkk(500)),
        (7, "paid_search", 2, dkk(1_000), dkk(500)), (8, "email", 0, dkk(900), None), (8, "email", 1, dkk(920), None),
        (8, "paid_search", 0, dkk(50), dkk(51)), (8, "paid_search", 1, dkk(50), dkk(51)),
    ]  # fmt: skip
    assert table.sample == 7


def dkk(minor: int) -> Money:
    return Money(minor, "DKK")


def test_one_channel_may_be_asked_for_and_nothing_else(db: Connection, now: Instant, summer: Shop) -> None:
    table = ask(db, summer, now, "payback", filter="channel=email", since="2026-08-31", until="2026-08-31")
    assert [(row["channel"], row["customers"]) for row in table.rows] == [("email", 4)]
    for which in ("country=DK", "channel=email,country=DK"):
        with pytest.raises(BadQuery):
            ask(db, summer, now, "payback", filter=which)


def test_months_are_counted_in_the_shops_zone(db: Connection, summer: Shop) -> None:
    """23:30 UTC on the last of September is October in Copenhagen."""
    table = ask(db, summer, parse("2026-09-30T23:30:00+00:00"), "payback", since="2026-07-01", until="2026-07-31")
    assert [row["months"] for row in table.rows] == [3]


def test_payback_without_a_rate_is_not_known(db: Connection, now: Instant, summer: Shop) -> None:
    spend(db, summer, 20260801, 5, currency="EUR")
    table = ask(db, summer, now, "payback", since="2026-08-01", until="2026-08-31")
    row = row_of(table, channel="paid_search")
    assert (row["spend"], row["cac"], row["paid_back_in"], row["missing"]) == (None, None, None, "EUR")
    assert len(table.notes) == 1
