"""Totals of a cart or an order: discounts, VAT, shipping.  Pure.

In:  lines (unit price in øre including VAT, quantity), a coupon, the price of shipping including VAT.
Out: Totals.  Whatever has to be split is split so that the parts add up: no øre is lost or made.
Danish prices include 25 % VAT, so the VAT in a price is a fifth of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

CURRENCY = "DKK"
FREE_FROM_MINOR = 49_900  # goods after discounts, from which the parcel shop is free


@dataclass(frozen=True)
class Priced:
    """One line to be priced."""

    sku: str
    unit_minor: int
    quantity: int


@dataclass(frozen=True)
class Coupon:
    """Percent of the goods, or an amount off them."""

    code: str
    percent: int = 0
    amount_minor: int = 0


@dataclass(frozen=True)
class LineTotals:
    """`paid_minor` is after the discount and with VAT, `net_minor` the same without VAT."""

    sku: str
    quantity: int
    unit_minor: int
    full_minor: int
    discount_minor: int
    paid_minor: int
    net_minor: int


@dataclass(frozen=True)
class Totals:
    """`value + tax + shipping_net = total` holds to the øre."""

    lines: tuple[LineTotals, ...]
    goods_minor: int  # before the discount, with VAT
    discount_minor: int  # with VAT
    shipping_minor: int  # with VAT
    value_minor: int  # goods after the discount, without VAT and shipping: the net value
    tax_minor: int  # in goods and shipping
    shipping_net_minor: int
    discount_net_minor: int
    total_minor: int  # what the buyer pays


def totals(lines: Sequence[Priced], coupon: Coupon | None, shipping_minor: int) -> Totals:
    """Everything that a cart, a receipt and a `purchase` say about money."""
    full = [line.unit_minor * line.quantity for line in lines]
    goods = sum(full)
    discount = discount_of(goods, coupon)
    off = split(discount, full)
    paid = [whole - part for whole, part in zip(full, off, strict=True)]
    value = without_vat(goods - discount)
    net = split(value, paid)
    shipping_net = without_vat(shipping_minor)
    total = goods - discount + shipping_minor
    return Totals(
        lines=tuple(
            LineTotals(line.sku, line.quantity, line.unit_minor, full[i], off[i], paid[i], net[i])
            for i, line in enumerate(lines)
        ),
        goods_minor=goods,
        discount_minor=discount,
        shipping_minor=shipping_minor,
        value_minor=value,
        tax_minor=total - value - shipping_net,
        shipping_net_minor=shipping_net,
        discount_net_minor=without_vat(goods) - value,
        total_minor=total,
    )


def discount_of(goods_minor: int, coupon: Coupon | None) -> int:
    """Never more than the goods cost; half an øre is given to the buyer."""
    if coupon is None:
        return 0
    percent = _rounded(Decimal(goods_minor) * coupon.percent / 100)
    return min(goods_minor, percent + coupon.amount_minor)


def without_vat(minor: int) -> int:
    """A price including 25 % VAT, without it."""
    return minor - _rounded(Decimal(minor) / 5)


def split(amount: int, weights: Sequence[int]) -> list[int]:
    """`amount` in parts proportional to the weights that add up to it exactly: the largest remainders get the øre left over."""
    whole = sum(weights)
    if not whole:
        return [0 for _ in weights]
    parts = [amount * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-(amount * weights[i] % whole), i))
    for i in by_remainder[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def shipping_price(method: str, goods_after_discount_minor: int) -> int:
    """With VAT."""
    if method == "home":
        return 5_900
    return 0 if goods_after_discount_minor >= FREE_FROM_MINOR else 3_900


def shown(minor: int, lang: str) -> str:
    """899,00 kr. in Danish, DKK 899.00 in English."""
    text = f"{minor // 100:,}.{minor % 100:02d}"
    if lang == "en":
        return f"DKK {text}"
    return text.replace(",", " ").replace(".", ",").replace(" ", ".") + " kr."


def _rounded(amount: Decimal) -> int:
    return int(amount.to_integral_value(ROUND_HALF_UP))
