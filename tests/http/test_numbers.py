"""Numbers are written as Babel writes them."""

from __future__ import annotations

from decimal import Decimal
from zoneinfo import ZoneInfo

from babel.numbers import format_currency, format_decimal, format_percent
from hypothesis import given
from hypothesis import strategies as st

from tracker.money import exponent, from_minor
from tracker.reports.table import Money
from tracker.telling.cells import Writer
from tracker.telling.numbers import write_number

# The product's languages, and one with marks of its own: Swiss German groups by an apostrophe.
LOCALES = st.sampled_from(["en", "da", "sv"])
PERCENT = {"en": "#,##0.0%", "da": "#,##0.0\u00a0%", "sv": "#,##0.0\u00a0%"}  # with a tenth
NUMBERS = st.integers(-(10**14), 10**14) | st.floats(-1e14, 1e14) | st.decimals(-(10**9), 10**9, places=3)
MONEY = st.builds(Money, st.integers(-(10**12), 10**12), st.sampled_from(["DKK", "SEK", "EUR", "USD", "JPY", "KWD", "XYZ"]))


def writer(locale: str) -> Writer:
    return Writer(locale, ZoneInfo("Europe/Copenhagen"), str, lambda vocabulary, key: key)


@given(NUMBERS, LOCALES)
def test_numbers_are_those_of_babel(value: float | Decimal, locale: str) -> None:
    assert write_number(value, 0, locale) == format_decimal(value, "#,##0", locale)
    assert write_number(value, 1, locale) == format_decimal(value, "#,##0.0", locale)


@given(NUMBERS, LOCALES)
def test_shares_are_those_of_babel(value: float, locale: str) -> None:
    assert writer(locale).percent(value) == format_percent(value, PERCENT[locale], locale)


@given(MONEY, LOCALES)
def test_money_is_that_of_babel(money: Money, locale: str) -> None:
    amount, decimals = from_minor(money.minor, money.currency), exponent(money.currency)
    for written, pattern in (
        (writer(locale).money(money), "#,##0" + ("." + "0" * decimals if decimals else "") + "\u00a0¤"),
        (writer(locale).money(money, whole=True), "#,##0\u00a0¤"),
    ):
        assert written == format_currency(amount, money.currency, pattern, locale, currency_digits=False)
