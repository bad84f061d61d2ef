"""Customers and cells: what is known of orders, and sums of it."""

from __future__ import annotations

import pytest

from tests.customers.simulated import customers_of, histories
from tracker.customers.cells import Cell, Customer, cell_of, gather, summarise
from tracker.customers.forecast import Model, expect, fit

HISTORIES = {
    "one order": ([(10, 500)], Customer(1, 10, 10, 500, 250_000)),
    "three, told in any order": ([(30, 3), (10, 1), (20, 2)], Customer(3, 10, 30, 6, 14)),
    "what was forgotten and ordered the same day": ([(10, 300), (10, 200)], Customer(1, 10, 10, 500, 250_000)),
    "an order brought back": ([(10, 500), (20, 0)], Customer(2, 10, 20, 500, 250_000)),
    "more given back than paid": ([(10, -20)], Customer(1, 10, 10, -20, 400)),
    "what comes later is held out": ([(10, 5), (40, 1), (41, 7), (41, 1), (90, 2)], Customer(2, 10, 40, 6, 26, 2, 10)),
    "first order on the last day": ([(40, 5)], Customer(1, 40, 40, 5, 25)),
    "not a customer yet": ([(41, 5)], None),
    "no orders": ([], None),
}


@pytest.mark.parametrize(("orders", "expected"), HISTORIES.values(), ids=HISTORIES)
def test_a_customer_as_of_day_40(orders: list[tuple[int, int]], expected: Customer | None) -> None:
    assert summarise(orders, 40) == expected


@pytest.mark.parametrize(
    ("customer", "repeats", "span", "age"),
    [
        (Customer(1, 40, 40, 5, 25), 0, 0, 0),
        (Customer(3, 10, 30, 5, 25), 2, 20, 30),
        (Customer(2, 10, 42, 5, 25), 1, 30, 30),  # a clock that is ahead
        (Customer(1, 41, 41, 5, 25), 0, 0, 0),
    ],
)
def test_the_cell_of_one_customer(customer: Customer, repeats: int, span: int, age: int) -> None:
    cell = cell_of(customer, 40)
    assert (cell.customers, cell.repeats, cell.span, cell.age) == (1, repeats, span, age)


def test_cells_are_sums_that_lose_nothing() -> None:
    customers = customers_of(histories(3_000, later=100))
    cells = gather(customers, 1_000)
    assert Cell(*map(sum, zip(*cells, strict=True))) == Cell(
        *map(sum, zip(*(cell_of(c, 1_000) for c in customers), strict=True))
    )
    assert len(cells) < 3_000 / 2


def test_cells_do_not_depend_on_the_order_in_which_customers_come() -> None:
    customers = customers_of(histories(500))
    assert gather(customers, 1_000) == gather(reversed(customers), 1_000)


def test_cells_keep_few_orders_apart() -> None:
    cells = gather((Customer(count, 100 - count, 100, 5, 25) for count in range(1, 8) for _ in range(3)), 200)
    assert [(cell.customers, cell.repeats) for cell in cells] == [(3, 3 * repeats) for repeats in range(7)]


def test_what_is_forecast_from_cells_is_what_is_forecast_from_each_customer() -> None:
    customers = customers_of(histories(2_000, seed=3))
    each = [cell_of(customer, 1_000) for customer in customers]
    exact, gathered = fit(each), fit(gather(customers, 1_000))
    assert isinstance(exact, Model)
    assert isinstance(gathered, Model)
    assert gathered.habits.r == pytest.approx(exact.habits.r, rel=0.02)
    assert gathered.habits.a == pytest.approx(exact.habits.a, rel=0.02)
    for customer_cells in (each, gather(customers, 1_000)):
        assert expect(gathered, customer_cells).orders == pytest.approx(expect(exact, each).orders, rel=0.005)
        assert expect(gathered, customer_cells).net == pytest.approx(expect(exact, each).net, rel=0.005)
