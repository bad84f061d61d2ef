"""Money: major units of the wire to minor units and back, by currency."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker import money

currencies = st.sampled_from(["DKK", "EUR", "JPY", "ISK", "KWD", "TND"])


@given(minor=st.integers(-(10**18), 10**18), currency=currencies)
def test_minor_units_survive_the_way_out_and_in(minor: int, currency: str) -> None:
    assert money.to_minor(money.from_minor(minor, currency), currency) == minor


@given(minor=st.integers(-(10**12), 10**12), currency=currencies)
def test_an_amount_is_shown_with_all_its_decimals(minor: int, currency: str) -> None:
    assert money.from_minor(minor, currency).as_tuple().exponent == -money.exponent(currency)


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("613.30", "DKK", 61_330),
        ("613.3", "DKK", 61_330),
        ("-5", "EUR", -500),
        ("1500", "JPY", 1_500),
        ("1.234", "KWD", 1_234),
        ("19.995", "EUR", 2_000),  # halves to even, both ways
        ("19.985", "EUR", 1_998),
        ("0.005", "DKK", 0),
        ("-0.015", "DKK", -2),
        ("2.5", "ISK", 2),
    ],
)
def test_amounts_become_whole_minor_units(amount: str, currency: str, minor: int) -> None:
    assert money.to_minor(Decimal(amount), currency) == minor


def test_an_unheard_currency_has_hundredths() -> None:
    assert money.exponent("XYZ") == 2
    assert str(money.from_minor(5, "DKK")) == "0.05"


@pytest.mark.parametrize(
    ("minor", "by", "each"), [(10, 4, 2), (14, 4, 4), (-10, 4, -2), (1, 3, 0), (2, 3, 1), (10**30 + 1, 2, 5 * 10**29)]
)
def test_a_part_for_each_is_whole_with_halves_to_even(minor: int, by: int, each: int) -> None:
    assert money.divide(minor, by) == each
