"""Reading what advertising cost, in the shop's currency.

Each day's spend is converted at the rate of its day; what has no rate stays in its own currency and is shown as missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from sqlalchemy import Connection, case, func, select

from tracker import money
from tracker.journey.contribution import arrival_key
from tracker.reports.counters import day_from_number
from tracker.reports.table import N_, Column, Money, Sentence, Unit
from tracker.shops import Shop
from tracker.tables import ad_spend

_c = ad_spend.c


class Spend(NamedTuple):
    """What one campaign cost in a month, or on a day when it was paid in a foreign currency."""

    month: int  # YYYYMM
    key: str  # channel|source|campaign, as counters name arrivals
    amount: Money  # as uploaded
    minor: int | None  # in the shop's currency; None: no rate
    clicks: int | None


def read_spend(db: Connection, shop: Shop, since: int, until: int) -> Iterator[Spend]:
    """Of days YYYYMMDD, both ends included."""
    month, day = (
        (_c.day_on // 100).label("month"),
        case((_c.currency == shop.settings.currency, 0), else_=_c.day_on).label("day"),
    )
    groups = ("month", "day", "channel", "source", "campaign", "currency")
    statement = (
        select(month, day, _c.channel, _c.source, _c.campaign, _c.currency)
        .add_columns(func.sum(_c.amount_minor).label("minor"), func.sum(_c.clicks).label("clicks"))
        .where(_c.shop_id == shop.shop_id, _c.day_on.between(since, until))
        .group_by(*groups)
        .order_by(*groups)
    )
    for row in db.execute(statement):
        amount = Money(int(row.minor), row.currency)
        key = arrival_key(row.channel, row.source, row.campaign)
        yield Spend(row.month, key, amount, _in_own(amount, row.day, shop), None if row.clicks is None else int(row.clicks))


def _in_own(amount: Money, day: int, shop: Shop) -> int | None:
    if amount.currency == shop.settings.currency:
        return amount.minor
    rate = shop.settings.rate_on(amount.currency, day_from_number(day))
    return None if rate is None else money.convert(amount.minor, amount.currency, shop.settings.currency, rate)


@dataclass(slots=True)
class Spent:
    """Several spends added up."""

    converted: int = 0
    clicks: int | None = None
    missing: dict[str, int] = field(default_factory=dict)  # currency without a rate -> minor units

    def add(self, spend: Spend) -> None:
        if spend.clicks is not None:
            self.clicks = (self.clicks or 0) + spend.clicks
        if spend.minor is None:
            amount = spend.amount
            self.missing[amount.currency] = self.missing.get(amount.currency, 0) + amount.minor
        else:
            self.converted += spend.minor

    @property
    def minor(self) -> int | None:
        """None when a part of it has no rate: half a sum would say less than nothing."""
        return None if self.missing else self.converted

    @property
    def currencies(self) -> str | None:
        """Those without a rate, for the column MISSING."""
        return ", ".join(sorted(self.missing)) or None


MISSING = Column(
    "missing",
    Unit.TEXT,
    N_("Without a rate"),
    N_("Currencies in which a part was paid and for which the settings have no rate; what follows from the spend stays empty."),
)


def each(minor: int | None, count: int, shop: Shop) -> Money | None:
    """The amount for each of so many; None when either is missing."""
    return Money(money.divide(minor, count), shop.settings.currency) if minor is not None and count else None


def missing_note(spent: Iterable[Spent], shop: Shop) -> tuple[Sentence, ...]:
    """Said where spend is missing because no rate converts it."""
    currencies = {currency for one in spent for currency in one.missing}
    if not currencies:
        return ()
    text = N_("Spend in %(currencies)s is not converted into %(currency)s: the settings have no rate for its days.")
    return (Sentence(text, {"currencies": ", ".join(sorted(currencies)), "currency": shop.settings.currency}),)
