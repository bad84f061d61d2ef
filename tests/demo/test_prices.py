"""Totals: to the øre, and no øre lost or made."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.demo.prices import Coupon, Priced, shipping_price, shown, split, totals, without_vat

TEN = Coupon("HEJ", percent=10)


def test_the_dress_with_ten_percent_off() -> None:
    dress = totals([Priced("freja-rust-38", 89_900, 1)], TEN, 0)
    assert (dress.goods_minor, dress.discount_minor, dress.total_minor) == (89_900, 8_990, 80_910)
    assert (dress.value_minor, dress.tax_minor, dress.discount_net_minor) == (64_728, 16_182, 7_192)


@pytest.mark.parametrize(
    ("price", "off"),
    [
        pytest.param(34_900, 3_490, id="whole øre"),
        pytest.param(34_995, 3_500, id="half an øre is the buyer's"),
        pytest.param(34_994, 3_499, id="less than half is the shop's"),
        pytest.param(1, 0, id="nothing of one øre"),
    ],
)
def test_ten_percent(price: int, off: int) -> None:
    assert totals([Priced("x", price, 1)], TEN, 0).discount_minor == off


def test_an_amount_takes_no_more_than_the_goods_cost() -> None:
    cart = totals([Priced("x", 3_000, 1)], Coupon("VEN", amount_minor=5_000), 3_900)
    assert (cart.discount_minor, cart.value_minor, cart.total_minor) == (3_000, 0, 3_900)
    assert cart.tax_minor + cart.shipping_net_minor == 3_900


def test_shipping_has_vat_of_its_own_and_is_no_part_of_the_value() -> None:
    cart = totals([Priced("x", 17_900, 1)], None, 3_900)
    assert (cart.value_minor, cart.shipping_net_minor, cart.tax_minor, cart.total_minor) == (14_320, 3_120, 4_360, 21_800)


@pytest.mark.parametrize(
    ("method", "goods", "price"),
    [
        pytest.param("parcel_shop", 49_899, 3_900, id="an øre below the limit"),
        pytest.param("parcel_shop", 49_900, 0, id="exactly the limit is free"),
        pytest.param("home", 200_000, 5_900, id="to the door is never free"),
    ],
)
def test_shipping(method: str, goods: int, price: int) -> None:
    assert shipping_price(method, goods) == price


@pytest.mark.parametrize(
    ("minor", "lang", "text"),
    [(89_900, "da", "899,00 kr."), (109_900, "da", "1.099,00 kr."), (109_905, "en", "DKK 1,099.05"), (5, "en", "DKK 0.05")],
)
def test_shown(minor: int, lang: str, text: str) -> None:
    assert shown(minor, lang) == text


_LINES = st.lists(st.builds(Priced, st.just("x"), st.integers(1, 500_000), st.integers(1, 10)), min_size=1, max_size=8)
_COUPONS = st.none() | st.builds(Coupon, st.just("C"), st.integers(0, 100), st.integers(0, 50_000))


@given(_LINES, _COUPONS, st.sampled_from([0, 3_900, 5_900]))
def test_the_parts_of_every_cart_add_up(lines: list[Priced], coupon: Coupon | None, shipping: int) -> None:
    cart = totals(lines, coupon, shipping)
    assert cart.value_minor + cart.tax_minor + cart.shipping_net_minor == cart.total_minor
    assert cart.goods_minor - cart.discount_minor + cart.shipping_minor == cart.total_minor
    assert sum(line.net_minor for line in cart.lines) == cart.value_minor
    assert sum(line.paid_minor for line in cart.lines) == cart.goods_minor - cart.discount_minor
    assert sum(line.discount_minor for line in cart.lines) == cart.discount_minor
    assert all(0 <= line.net_minor <= line.paid_minor <= line.full_minor for line in cart.lines)
    assert cart.discount_net_minor == without_vat(cart.goods_minor) - cart.value_minor >= 0


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**7), min_size=1, max_size=20))
def test_a_split_loses_nothing(amount: int, weights: list[int]) -> None:
    parts = split(amount, weights)
    assert sum(parts) == (amount if sum(weights) else 0)
    assert all(part >= 0 for part in parts)
