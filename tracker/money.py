"""Money: integer minor units with a currency.  Decimals appear only on the wire and on pages."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction

# ISO 4217: the currencies whose minor unit is not a hundredth.
_EXPONENTS = {
    "BIF": 0, "CLP": 0, "DJF": 0, "GNF": 0, "ISK": 0, "JPY": 0, "KMF": 0, "KRW": 0, "PYG": 0, "RWF": 0, "UGX": 0,
    "VND": 0, "VUV": 0, "XAF": 0, "XOF": 0, "XPF": 0,
    "BHD": 3, "IQD": 3, "JOD": 3, "KWD": 3, "LYD": 3, "OMR": 3, "TND": 3,
}  # fmt: skip


def exponent(currency: str) -> int:
    """How many decimals the currency has: 2 for most, 0 for JPY, 3 for KWD."""
    return _EXPONENTS.get(currency, 2)


def to_minor(amount: Decimal, currency: str) -> int:
    """Whole minor units, halves to even."""
    return int(amount.scaleb(exponent(currency)).to_integral_value(ROUND_HALF_EVEN))


def from_minor(minor: int, currency: str) -> Decimal:
    """The amount in major units, with all its decimals: 613.30."""
    return Decimal(minor).scaleb(-exponent(currency))


def convert(minor: int, currency: str, into: str, worth: Decimal) -> int:
    """Minor units of another currency, of which one major unit of `currency` is `worth`; halves to even."""
    return to_minor(from_minor(minor, currency) * worth, into)


def divide(minor: int, by: int) -> int:
    """Minor units for each of so many; halves to even."""
    return round(Fraction(minor, by))
