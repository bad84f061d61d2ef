"""A cell as a reader sees it: numbers, dates and money by locale, times in the shop's zone.

Shares of fewer than ENOUGH are shown as "3 of 7": a percentage of so few would say more than is known.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cached_property, lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton, format_time
from babel.units import format_unit

from tracker.clock import Instant, to_datetime
from tracker.money import exponent, from_minor
from tracker.reports.export import Say
from tracker.reports.table import Cell, Column, Money, Sentence, Share, Unit
from tracker.reports.words import Translate, tell
from tracker.telling.numbers import currency_symbol, percent_sign, write_number

NOTHING = "–"
_LARGE = 1_000  # major units
_MANY = 100  # from here on a tenth says nothing

_UNITS = ((86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second"))


@dataclass(frozen=True)
class Writer:
    """Writes cells for one reader and one shop."""

    locale: str
    zone: ZoneInfo
    translate: Translate
    say: Say

    def cell(self, column: Column, value: Cell) -> str:
        """Plain text; the template escapes it."""
        if value is None or value == "":
            return NOTHING
        match value:
            case Share():
                return self.share(value)
            case Money():
                return self.money(value)
            case Sentence():
                return self.sentence(value)
            case tuple():
                return " + ".join(self.money(money) for money in value if isinstance(money, Money)) or NOTHING
            case date():
                return self.month(value) if column.unit is Unit.MONTH else self.day(value)
            case str():
                return self.say(column.vocabulary, value) if column.vocabulary else value
        return self._numbers[column.unit](value)

    def sentence(self, value: Sentence) -> str:
        """With its days and counts as the reader writes them."""
        params = dict(value.params)
        for name, told in value.params.items():
            match told:
                case date():
                    params[name] = self.day(told)
                case int():
                    params[name] = self.count(told)
        return tell(Sentence(value.text, params), self.translate)

    @cached_property
    def _numbers(self) -> dict[Unit, Callable[[float], str]]:
        return {
            Unit.COUNT: self.count,
            Unit.NUMBER: self.number,
            Unit.SHARE: self.percent,
            Unit.SECONDS: self.seconds,
            Unit.INSTANT: lambda value: self.moment(int(value)),
            Unit.MONEY: str,
            Unit.TEXT: str,
            Unit.DAY: str,
            Unit.MONTH: str,
        }

    def count(self, value: float) -> str:
        return write_number(value, 0, self.locale)

    def number(self, value: float) -> str:
        return write_number(value, 1, self.locale)

    def percent(self, value: float) -> str:
        return write_number(Decimal(str(value)).scaleb(2), 1, self.locale) + percent_sign(self.locale)

    def share(self, share: Share) -> str:
        if share.value is None:
            return NOTHING
        if not share.enough:
            return self.translate("%(part)s of %(whole)s") % {"part": self.count(share.part), "whole": self.count(share.whole)}
        return self.percent(share.value)

    def money(self, money: Money, *, whole: bool = False) -> str:
        decimals = 0 if whole else exponent(money.currency)
        amount = write_number(from_minor(money.minor, money.currency), decimals, self.locale)
        return f"{amount}\u00a0{currency_symbol(money.currency, self.locale)}"

    def lines(self, column: Column, value: Cell) -> list[str]:
        """As in a table: each currency on a line of its own, since columns are narrow."""
        match value:
            case (Money(), _, *_):
                return [self.money(one) for one in value if isinstance(one, Money)]
        return [self.cell(column, value)]

    def brief(self, column: Column, value: Cell) -> list[str]:
        """As a figure that stands alone: short where it can be, each currency on a line of its own."""
        match value:
            case Money():
                return [self._large(value)]
            case (Money(), *_):
                return [self._large(one) for one in value if isinstance(one, Money)]
            case float() if column.unit is Unit.NUMBER and (value.is_integer() or abs(value) >= _MANY):
                return [self.count(value)]
        return [self.cell(column, value)]

    def _large(self, money: Money) -> str:
        return self.money(money, whole=abs(from_minor(money.minor, money.currency)) >= _LARGE)

    def seconds(self, value: float) -> str:
        """The two largest units: 1 h 5 min."""
        left, parts = round(value), []
        for size, unit in _UNITS:
            if left >= size:
                parts.append(_duration(left // size, unit, self.locale))
                left %= size
            elif parts:
                break
        return " ".join(parts[:2]) or _duration(0, "second", self.locale)

    def day(self, value: date) -> str:
        return _medium(value, self.locale)

    def short_day(self, value: date) -> str:
        return _by_skeleton("MMMd", value, self.locale)

    def named_day(self, value: date) -> str:
        return _by_skeleton("MMMEd", value, self.locale)

    def month(self, value: date) -> str:
        return _by_skeleton("yMMM", value, self.locale)

    def weekday(self, at: Instant) -> str:
        return format_date(to_datetime(at).astimezone(self.zone), "full", self.locale)

    def time(self, at: Instant) -> str:
        return format_time(to_datetime(at), "medium", tzinfo=self.zone, locale=self.locale)

    def moment(self, at: Instant) -> str:
        moment = to_datetime(at).astimezone(self.zone)
        return f"{self.day(moment.date())} {format_time(moment, 'short', tzinfo=self.zone, locale=self.locale)}"


# The same days and durations stand in cell after cell, and Babel takes its time.


@lru_cache(maxsize=4_000)
def _medium(value: date, locale: str) -> str:
    return format_date(value, "medium", locale)


@lru_cache(maxsize=8_000)
def _by_skeleton(skeleton: str, value: date, locale: str) -> str:
    return str(format_skeleton(skeleton, datetime.combine(value, time.min, UTC), locale=locale))


@lru_cache(maxsize=1_000)
def _duration(count: int, unit: str, locale: str) -> str:
    return format_unit(count, f"duration-{unit}", "long" if unit == "day" else "short", locale=locale)
