"""Amounts, dates and ids as people and spreadsheets write them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from marshmallow import ValidationError

from tracker.clock import parse
from tracker.imports import values

COPENHAGEN = ZoneInfo("Europe/Copenhagen")


@pytest.mark.parametrize(
    ("told", "amount"),
    [
        ("1234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1'234.56", "1234.56"),
        ("12.345.678", "12345678"),
        ("12,345,678.9", "12345678.9"),
        ("kr. 199,95", "199.95"),
        ("199,95 kr", "199.95"),
        ("DKK 199.95", "199.95"),
        ("€5", "5"),
        ("199,-", "199"),
        ("0", "0"),
        ("0.125", "0.125"),
        ("1234.567", "1234.567"),  # no thousands begin with four digits
        ("-12,50", "-12.50"),
        (5, "5"),
        (19.95, "19.95"),
    ],
)
def test_an_amount_is_read_as_it_is_meant(told: Any, amount: str) -> None:
    assert values.amount(told) == Decimal(amount)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("1.234", "may be 1234 or a fraction: write 1234.00"),
        ("1,234", "may be 1234 or a fraction: write 1234.00"),
        ("1.2.3,4,5", "is no amount"),
        ("1.2.3", "is no amount"),
        ("1.23.456,00", "is no amount"),
        ("12abc", "is no amount"),
        ("=1+1", "is no amount"),
        ("1e5", "is no amount"),
        ("--5", "is no amount"),
        ("5.", "is no amount"),
        ("", "is no amount"),
        ("\x00", "is no amount"),
        ("9" * 41, "is no amount"),
        ("9" * 14, "is not between"),
        (1e300, "is not between"),
        (float("inf"), "is not between"),
        (True, "is no amount"),
        (["5"], "is no amount"),
    ],
)
def test_what_is_no_amount_is_refused(told: Any, text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        values.amount(told)


@pytest.mark.parametrize(
    ("told", "mark", "amount"),
    [
        ("1.234", ".", "1.234"),
        ("1.234", ",", "1234"),
        ("1,234", ",", "1.234"),
        ("1,50", ".", "1.50"),
        ("1,234,567", ",", "1234567"),
    ],
)
def test_what_can_be_read_two_ways_is_read_as_its_neighbours(told: str, mark: str, amount: str) -> None:
    assert values.amount(told, mark) == Decimal(amount)


@given(st.decimals(-(10**9), 10**9, places=2), st.sampled_from([("", "."), ("", ","), (".", ","), (",", "."), (" ", ",")]))
def test_an_amount_with_two_decimals_is_never_misread(amount: Decimal, marks: tuple[str, str]) -> None:
    thousands, decimal = marks
    told = f"{amount:,.2f}".replace(",", "T").replace(".", decimal).replace("T", thousands)
    assert values.amount(told) == amount


@pytest.mark.parametrize(
    ("told", "instant"),
    [
        ("2026-08-24T21:55:17+02:00", "2026-08-24T21:55:17+02:00"),
        ("2026-08-24T19:55:17Z", "2026-08-24T21:55:17+02:00"),
        ("2026-08-24 21:55:17 -0400", "2026-08-24T21:55:17-04:00"),
        ("2026-08-24 21:55:17 UTC", "2026-08-24T21:55:17+00:00"),
        ("2026-08-24 21:55:17.250", "2026-08-24T21:55:17.250+02:00"),
        ("2026-08-24 21:55", "2026-08-24T21:55:00+02:00"),  # the shop's clock
        ("2026-01-24 21:55", "2026-01-24T21:55:00+01:00"),
        ("2026-08-24", "2026-08-24T00:00:00+02:00"),
        ("2026/8/4 9:05", "2026-08-04T09:05:00+02:00"),
        ("24.08.2026 21.55", "2026-08-24T21:55:00+02:00"),
        ("24-08-2026, 21:55", "2026-08-24T21:55:00+02:00"),
        ("4.8.2026", "2026-08-04T00:00:00+02:00"),
        ("2026-10-25 02:30", "2026-10-25T02:30:00+02:00"),  # twice on that night: the first
        ("1790000000000", "2026-09-21T14:13:20+00:00"),
        (1790000000000, "2026-09-21T14:13:20+00:00"),
    ],
)
def test_a_date_is_read_as_it_is_meant(told: Any, instant: str) -> None:
    assert values.moment(COPENHAGEN)(told) == parse(instant)


@pytest.mark.parametrize(
    ("told", "text"),
    [
        ("08/09/2026", "may begin with the day or the month"),
        ("08/09/2026 10:00:00", "may begin with the day or the month"),
        ("2026-13-01", "is no day of the calendar"),
        ("2026-02-30 10:00", "is no day of the calendar"),
        ("2026-02-03 25:00", "is no day of the calendar"),
        ("2026-02-03 10:00 +99:00", "is no day of the calendar"),
        ("yesterday", "is no date: write it like 2026-08-24 21:55"),
        ("46000.913", "is no date"),  # a spreadsheet's own
        ("1790000000", "is no date"),
        ("9" * 20_000, "is no date"),
        ("1890-01-01", "is out of range"),
        (True, "is neither epoch"),
        ({}, "is neither epoch"),
    ],
)
def test_what_is_no_date_is_refused(told: Any, text: str) -> None:
    with pytest.raises(ValidationError, match=text):
        values.moment(COPENHAGEN)(told)


@pytest.mark.parametrize(("told", "key"), [("10042", "10042"), (10042, "10042"), ("'72104", "72104"), (" #1001 ", "#1001")])
def test_a_key_is_taken_as_it_is(told: Any, key: str) -> None:
    assert values.key(told) == key


@pytest.mark.parametrize("told", ["7.2104E+12", "7,2104E+12", "7E12"])
def test_a_key_that_a_spreadsheet_has_rounded_is_refused(told: str) -> None:
    with pytest.raises(ValidationError, match="rounded by a spreadsheet"):
        values.key(told)


@pytest.mark.parametrize("told", ["a\x00b", "x" * 129, 1.5, None, True])
def test_what_is_no_key_is_refused(told: Any) -> None:
    with pytest.raises(ValidationError):
        values.key(told)


def test_zero_is_how_a_platform_says_that_there_is_no_account() -> None:
    assert values.customer_key("0") is values.customer_key(0) is None
    assert values.customer_key("318") == "318"


@pytest.mark.parametrize(("told", "pieces"), [("2", 2), ("2.0", 2), ("2,00", 2), (2, 2), (2.0, 2), ("0", 0)])
def test_pieces_are_whole(told: Any, pieces: int) -> None:
    assert values.whole(told) == pieces


@pytest.mark.parametrize("told", ["2.5", "two", None, "1.234"])
def test_what_is_no_number_of_pieces_is_refused(told: Any) -> None:
    with pytest.raises(ValidationError, match="is no whole number"):
        values.whole(told)


@pytest.mark.parametrize(
    ("told", "flag"), [("yes", True), ("TRUE", True), (1, True), (True, True), ("no", False), ("0", False)]
)
def test_a_flag_is_yes_or_no(told: Any, flag: bool) -> None:
    assert values.flag(told) is flag


def test_what_is_neither_yes_nor_no_is_refused() -> None:
    with pytest.raises(ValidationError, match="neither yes nor no"):
        values.flag("maybe")


@pytest.mark.parametrize(
    ("keys", "event_id"),
    [(("10042",), "import:order:10042"), (("10042", "cancelled"), "import:order:10042:cancelled")],
)
def test_an_event_id_can_be_read(keys: tuple[str, ...], event_id: str) -> None:
    assert values.event_id("order", *keys) == event_id


def test_event_ids_of_different_keys_are_different_and_fit_the_wire() -> None:
    keys = [("#1001",), ("1001",), ("a:b",), ("a", "b"), ("æ" * 128,), ("x" * 200,), ("",), ("\ud800",), ("a", "cancelled")]
    ids = [values.event_id("order", *one) for one in keys]
    assert len(set(ids)) == len(keys)
    assert all(len(one) <= 64 for one in ids)
    assert ids == [values.event_id("order", *one) for one in keys]
