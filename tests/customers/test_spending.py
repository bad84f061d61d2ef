"""What an order of a customer brings."""

from __future__ import annotations

import pytest

from tests.customers.simulated import alone, customers_of, histories
from tracker.customers.cells import Cell, cell_of, gather, summarise
from tracker.customers.spending import Spending, fit_spending


def test_worked_by_hand() -> None:
    """Orders of 10 and 20; of 40; of 60 and 80."""
    cells = [cell_of(c, 9) for o in ([(1, 10), (2, 20)], [(1, 40)], [(1, 60), (2, 80)]) if (c := summarise(o, 9))]
    found = fit_spending(cells)
    within = (50 + 200) / 2  # squares around the own means 15 and 70, over two repeats
    # Around the mean of all orders, 42: 2 * 27² + 2² + 2 * 28² = 3030, over two; 1.6 orders a customer, weighed
    between = (3030 / 2 - within) / ((5 - 9 / 5) / 2)
    assert found.within == pytest.approx(within)
    assert found.between == pytest.approx(between)
    two, one = 2 * between / (2 * between + within), between / (between + within)
    assert found.mean == pytest.approx((two * 15 + one * 40 + two * 70) / (2 * two + one))
    assert found.mean_variance == pytest.approx(between / (2 * two + one))
    assert found.expected(cells[0]) == pytest.approx(two * 15 + (1 - two) * found.mean)


def test_known_spread_is_found_again() -> None:
    found = fit_spending(gather(customers_of(histories(20_000)), 1_000))
    assert found.mean == pytest.approx(50_000, rel=0.01)
    assert found.between**0.5 == pytest.approx(20_000, rel=0.03)
    assert found.within**0.5 == pytest.approx(15_000, rel=0.06)  # a little more: two orders of one day are one of 1,000.00
    assert found.mean_variance**0.5 == pytest.approx(25_000 / 20_000**0.5, rel=0.15)


def test_the_more_orders_the_more_a_customers_own_mean_counts() -> None:
    spending = Spending(mean=500, between=100, within=300, mean_variance=0)
    weights = [spending.weight(orders) for orders in (1, 2, 5, 50)]
    assert weights == pytest.approx([0.25, 0.4, 0.625, 50 / 53])
    assert [spending.expected(alone(orders - 1, net=100)) for orders in (1, 2)] == pytest.approx([400, 340])


@pytest.mark.parametrize(
    ("nets", "mean"),
    [([700], 700), ([700, 700], 700), ([0, 0], 0), ([-50, 50], 0), ([-50], -50)],
    ids=["one customer", "two alike", "nothing", "as much back as paid", "more back than paid"],
)
def test_too_little_to_tell_customers_apart(nets: list[int], mean: int) -> None:
    spending = fit_spending([alone(net=net) for net in nets])
    assert spending.mean == pytest.approx(mean)
    assert spending.expected(alone(net=nets[0])) == pytest.approx(nets[0] if spending.between else mean)


def test_a_cell_of_customers_with_different_numbers_of_orders_makes_no_negative_variance() -> None:
    """Of 11 and 13 orders, say, each of 100: squares divided by the mean, 12, come out a little larger than they should."""
    cell = Cell(2, 22, 200, 200, 2_400, 1_100**2 + 1_300**2, 24 * 100**2)
    assert fit_spending([cell, alone(net=100)]).within == 0
