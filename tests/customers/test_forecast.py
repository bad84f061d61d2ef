"""What a shop's customers will bring: held against what then came."""

from __future__ import annotations

import random
from dataclasses import replace
from statistics import mean, quantiles, stdev

import orjson
import pytest

from tests.customers.simulated import HABITS, alone, customers_of, histories
from tracker.customers.cells import Cell, cell_of, gather, summarise
from tracker.customers.forecast import COVERAGE, Forecast, Model, NotEnough, check, expect, fit, load_model
from tracker.customers.habits import Habits
from tracker.customers.spending import Spending

SHOP = Model(
    days=365, customers=1_000, repeats=1_000, habits=HABITS, spending=Spending(50_000.0, 4e8, 2.25e8, 1e5), error=0.02
)  # fmt: skip


def fitted(cells: list[Cell], days: int = 365) -> Model:
    model = fit(cells, days)
    assert isinstance(model, Model)
    return model


# --- enough, or not


@pytest.mark.parametrize(
    ("customers", "repeats", "enough"),
    [(50, 20, True), (49, 20, False), (50, 19, False), (0, 0, False), (1, 500, False), (10_000, 0, False)],
)
def test_how_much_is_enough(customers: int, repeats: int, enough: bool) -> None:
    cells = [alone(repeats, 300, 400), *[alone(0, 0, 10 * i % 400) for i in range(customers - 1)]][:customers]
    found = fit(cells)
    assert isinstance(found, Model) if enough else found == NotEnough(customers, repeats)


# --- against what came


def test_held_out_orders_and_revenue_are_close() -> None:
    cells = gather(customers_of(histories(5_000, later=365, seed=2)), 1_000)
    whole, *classes = check(fitted(cells), cells)
    assert whole.orders == sum(cell.later_count for cell in cells) > 2_000
    assert whole.net == sum(cell.later_net for cell in cells)
    assert whole.forecast.orders == pytest.approx(whole.orders, rel=0.05)
    assert whole.forecast.net == pytest.approx(whole.net, rel=0.05)
    assert [(one.min_orders, one.max_orders) for one in classes] == [(1, 1), (2, 2), (3, 3), (4, 6), (7, None)]
    for part in ("orders", "net"):
        assert sum(getattr(one, part) for one in classes) == getattr(whole, part)
        assert sum(getattr(one.forecast, part) for one in classes) == pytest.approx(getattr(whole.forecast, part), abs=3)
    for one in classes:
        assert one.forecast.orders == pytest.approx(one.orders, rel=0.15)


def test_intervals_hold_what_comes_as_often_as_they_say() -> None:
    """60 shops of 200 customers, with prices that are skewed; by chance alone the share lies within ± 0.15 of COVERAGE."""
    shops, others = 60, gather(customers_of(histories(200, seed=99)), 1_000)
    held = {"orders": 0, "net": 0, "one's orders": 0, "one's net": 0}
    errors, elsewhere = [], []
    for seed in range(shops):
        customers = customers_of(histories(200, later=180, seed=seed, skewed=True))
        cells = gather(customers, 1_000)
        model = fitted(cells, 180)
        whole = check(model, cells)[0]
        held["orders"] += whole.forecast.orders_low <= whole.orders <= whole.forecast.orders_high
        held["net"] += whole.forecast.net_low <= whole.net <= whole.forecast.net_high
        for customer in customers[:20]:
            one = expect(model, [cell_of(customer, 1_000)])
            held["one's orders"] += one.orders_low <= customer.later_count <= one.orders_high
            held["one's net"] += one.net_low <= customer.later_net <= one.net_high
        errors.append(model.error)
        elsewhere.append(expect(model, others).orders)
    assert held["orders"] / shops == pytest.approx(COVERAGE, abs=0.15)
    assert held["net"] / shops == pytest.approx(COVERAGE, abs=0.15)
    # Orders are whole numbers, so an interval that holds enough holds more.
    assert COVERAGE - 0.03 < held["one's orders"] / (20 * shops) < 0.98
    assert COVERAGE - 0.03 < held["one's net"] / (20 * shops) < 0.98
    # How much forecasts for the same customers differ by which shop was fitted is what the models say of themselves.
    assert stdev(elsewhere) / mean(elsewhere) == pytest.approx(mean(errors), rel=0.35)


def test_a_shop_that_changes_shows_in_the_check() -> None:
    """Orders halve after the fit: the comparison must say so, not smooth it over."""
    halved = [
        [(day, net) for i, (day, net) in enumerate(orders) if day <= 1_000 or i % 2]
        for orders in histories(3_000, later=365, seed=4)
    ]
    cells = gather(customers_of(halved), 1_000)
    whole = check(fitted(cells), cells)[0]
    assert whole.orders < whole.forecast.orders_low
    assert whole.net < whole.forecast.net_low


# --- forecasts


def test_one_customer_by_hand() -> None:
    """Who brings 500.00 each time: 0 orders with 3/4, 1 with 1/6, more with 1/12 (see test_habits)."""
    model = replace(SHOP, days=10, habits=Habits(1, 10, 1, 1), spending=Spending(50_000.0, 0.0, 0.0, 0.0))
    found = expect(model, [alone()])
    assert (found.customers, found.alive) == (1, 0.5)
    assert (found.orders_low, found.orders_high) == (0, 1)
    assert (found.net_low, found.net_high) == (0, 50_000)
    assert found.net == round(found.orders * 50_000)


def test_of_several_customers_expectations_add_up_and_intervals_narrow() -> None:
    cells = [alone(repeats, 30 * repeats, 200 + 30 * repeats, net=10_000 * (repeats + 1)) for repeats in range(8)]
    each, both = [expect(SHOP, [cell]) for cell in cells], expect(SHOP, cells)
    for part in ("customers", "alive", "orders"):
        assert getattr(both, part) == pytest.approx(sum(getattr(one, part) for one in each))
    assert both.net == pytest.approx(sum(one.net for one in each), abs=10)
    assert both.orders_low < both.orders < both.orders_high
    assert both.orders_high - both.orders_low < sum(one.orders_high - one.orders_low for one in each)
    many = expect(SHOP, cells * 1_000)
    assert (many.orders_high - many.orders_low) / many.orders < (both.orders_high - both.orders_low) / both.orders / 5


def drawn(model: Model, cell: Cell, chance: random.Random) -> tuple[int, float]:
    """Orders and net revenue that customers alike bring, drawn step by step as the model's words say."""
    habits, spending, orders, net = model.habits, model.spending, 0, 0.0
    x, age = cell.repeats / cell.customers, cell.age / cell.customers
    weight, about = spending.weight(1 + x), chance.gauss(0, spending.mean_variance**0.5)
    for _ in range(cell.customers):
        if chance.random() >= habits.alive(cell):
            continue
        rate, leaving = (
            chance.gammavariate(habits.r + x, 1 / (habits.alpha + age)),
            chance.betavariate(habits.a, habits.b + x + 1),
        )
        own = chance.gauss(spending.expected(cell) + (1 - weight) * about, (spending.between * (1 - weight)) ** 0.5)
        at = chance.expovariate(rate)
        while at < model.days:
            orders += 1
            net += chance.gauss(own, spending.within**0.5)
            if chance.random() < leaving:
                break
            at += chance.expovariate(rate)
    return orders, net


SPENDINGS = {
    "all alike": Spending(200_000, 0, 0, 0),
    "customers differ": Spending(200_000, 4e10, 0, 0),
    "orders differ": Spending(200_000, 0, 4e10, 0),
    "both": Spending(200_000, 16e10, 4e10, 0),
    "and the mean is hardly known": Spending(200_000, 1e9, 4e10, 4e9),  # which is left out of one customer's
}


@pytest.mark.parametrize(
    ("spending", "customers"),
    [(spending, count) for spending in SPENDINGS for count in (1, 40) if count > 1 or not SPENDINGS[spending].mean_variance],
)
def test_intervals_are_those_of_what_may_come(spending: str, customers: int) -> None:
    model = replace(SHOP, days=60, error=0.0, spending=SPENDINGS[spending])
    cell = Cell(*(customers * number for number in alone(0, 0, 20, net=200_000)))
    chance = random.Random(customers)
    draws = [drawn(model, cell, chance) for _ in range(3_000)]
    found = expect(model, [cell])
    for part, values in (("orders", [orders for orders, _ in draws]), ("net", [net for _, net in draws])):
        deciles = quantiles(values, n=10)
        slack = 0.06 * (deciles[-1] - deciles[0])
        assert getattr(found, f"{part}_low") == pytest.approx(deciles[0], abs=slack)
        assert getattr(found, f"{part}_high") == pytest.approx(deciles[-1], abs=slack)
        assert getattr(found, part) == pytest.approx(mean(values), abs=slack)


def test_what_is_unsure_about_the_shop_does_not_average_out() -> None:
    many = expect(replace(SHOP, spending=Spending(500.0, 0.0, 0.0, 0.0)), [Cell(*(10**6 * n for n in alone(2, 60, 100)))])
    assert (many.orders_high - many.orders_low) / many.orders == pytest.approx(2 * 1.2816 * SHOP.error, rel=0.01)
    assert (many.net_high - many.net_low) / many.net == pytest.approx(2 * 1.2816 * SHOP.error, rel=0.01)


def test_a_longer_time_brings_more() -> None:
    orders = [expect(replace(SHOP, days=days), [alone(3, 90, 100)]).orders for days in (0, 1, 30, 365, 3_650)]
    assert orders == sorted(orders)
    assert orders[0] == 0


def test_nobody_brings_nothing() -> None:
    assert expect(SHOP, []) == Forecast(0, 0, 0, 0, 0, 0, 0, 0)


@pytest.mark.parametrize(
    "orders",
    [
        [(1_000, 50_000)],
        [(day, 50_000) for day in range(500, 1_000)],
        [(1_000, 50_000), (1_003, 50_000)],
        [(990, 0), (1_000, 0)],
        [(990, -70_000)],
        [(-40_000, 10**12)],
    ],
    ids=["one order today", "500 orders", "a clock that is ahead", "nothing brought", "more back than paid", "a century ago"],
)
def test_extreme_customers(orders: list[tuple[int, int]]) -> None:
    customer = summarise(orders, 1_003)
    assert customer is not None
    for found in (expect(SHOP, [cell_of(customer, 1_000)]), expect(SHOP, [cell_of(customer, 1_000)] * 3)):
        assert 0 <= found.orders_low <= found.orders_high
        assert found.orders <= 4_000
        assert found.net_low <= found.net_high
        assert 0 <= found.alive <= found.customers


def test_customers_who_cost_more_than_they_bring() -> None:
    model = replace(SHOP, spending=Spending(-1_000.0, 0.0, 1e6, 0.0))
    for cells in ([alone(3, 90, 90)], [alone(3, 90, 90)] * 50):
        found = expect(model, cells)
        assert found.net_low < found.net < 0
        assert found.net_low < found.net_high <= 0


def test_a_shop_whose_customers_are_all_gone() -> None:
    model = fitted([alone(1, 30, 30_000) for _ in range(100)])
    assert expect(model, [alone(1, 30, 30_000)] * 100).orders < 1


def test_a_model_can_be_kept() -> None:
    model = fitted(gather(customers_of(histories(300)), 1_000))
    assert load_model(orjson.loads(orjson.dumps(model))) == model
