"""Who comes back: customers by the month of their first order, and in which month after it they ordered again.

In:  the period, widened to whole months.  Every order of these customers until now is counted.
`clv` asks of the same cohorts what a customer has brought.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from sqlalchemy import Connection

from tracker.clock import day_of
from tracker.enrich import CHANNELS
from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop

TITLE = N_("Cohorts")
QUESTION = N_("How many customers order again, and how soon?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = FAMILIES["cohorts"].kinds

MONTHS = 12  # after that of the first order
MONTH_TITLES = (
    N_("First month"), N_("Month 1"), N_("Month 2"), N_("Month 3"), N_("Month 4"), N_("Month 5"), N_("Month 6"),
    N_("Month 7"), N_("Month 8"), N_("Month 9"), N_("Month 10"), N_("Month 11"), N_("Month 12"),
)  # fmt: skip

COHORT = Column("cohort", Unit.MONTH, N_("First order in"), N_("The month of the customers' first order, as its first day."))
CUSTOMERS = Column(
    "customers", Unit.COUNT, N_("Customers"), N_("Customers whose first counted order lies in this month, cancelled ones not.")
)
NET = Column(
    "net",
    Unit.MONEY,
    N_("Net revenue"),
    N_("All these customers' orders until now: after discounts and refunds, without VAT and shipping, in the shop's currency."),
)

COLUMNS = (
    COHORT,
    CUSTOMERS,
    Column("again", Unit.SHARE, N_("Ordered again"), N_("Customers with a second order until now, as a share.")),
    *(
        Column(
            f"m{k}",
            Unit.SHARE,
            MONTH_TITLES[k],
            N_("Customers who ordered in this month after that of their first order, as a share."),
        )
        for k in range(1, MONTHS + 1)
    ),
    Column("orders", Unit.COUNT, N_("Orders"), N_("All these customers' counted orders until now.")),
    NET,
)


@dataclass(frozen=True)
class Cohort:
    """The customers of one month."""

    month: date  # its first day
    age: int  # whole months that have gone by since; in the last of them the month under way
    amounts: Counter[str]

    @property
    def customers(self) -> int:
        return self.amounts["customers"]

    def sum_of(self, metric: str, last: int | None = None) -> int:
        """Over the months 0 … last after the first order; None: until now."""
        return sum(
            amount
            for name, amount in self.amounts.items()
            if name.endswith("." + metric) and (last is None or int(name.partition(".")[0]) <= last)
        )


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a month in which somebody ordered for the first time; the totals hold whole months only."""
    cohorts = read_cohorts(db, shop, query)
    rows: list[Row] = [{"cohort": cohort.month, **_line([cohort], shop, running=True)} for cohort in cohorts]
    customers = sum(cohort.customers for cohort in cohorts)
    return ReportTable(COLUMNS, rows, customers, COLUMNS[1:], _line(cohorts, shop, running=False), notes=notes(cohorts))


def _line(cohorts: Sequence[Cohort], shop: Shop, *, running: bool) -> Row:
    """Of these cohorts together; `running`: the month under way is told too."""
    customers = sum(cohort.customers for cohort in cohorts)
    cells: dict[str, Share | None] = {}
    for k in range(1, MONTHS + 1):
        old = old_enough(cohorts, k, running=running)
        whole = sum(cohort.customers for cohort in old)
        cells[f"m{k}"] = Share(sum(cohort.amounts[f"{k}.customers"] for cohort in old), whole) if old else None
    return {
        "customers": customers,
        "again": Share(sum(cohort.amounts["again"] for cohort in cohorts), customers),
        **cells,
        "orders": sum(cohort.sum_of("orders") for cohort in cohorts),
        "net": Money(sum(cohort.sum_of("net") for cohort in cohorts), shop.settings.currency),
    }


def old_enough(cohorts: Sequence[Cohort], k: int, *, running: bool) -> list[Cohort]:
    """Those whose k-th month after the first order has ended, or at least begun."""
    return [cohort for cohort in cohorts if cohort.age - (not running) >= k]


def read_cohorts(db: Connection, shop: Shop, query: Query) -> list[Cohort]:
    """Those of the months that the period touches, oldest first."""
    days = counters.every_day(db, shop, _whole(query), "cohorts")
    return [_cohort(day, amounts, shop, query) for day, amounts in days]


def read_cohorts_by_channel(db: Connection, shop: Shop, query: Query) -> dict[str, list[Cohort]]:
    """Of the channels that have any, by where the journey of the first order came from."""
    found: dict[str, list[Cohort]] = {}
    for channel, day, amounts in counters.every_day_of(db, shop, _whole(query), "cohorts", "channel", CHANNELS):
        found.setdefault(channel, []).append(_cohort(day, amounts, shop, query))
    return found


def _whole(query: Query) -> Query:
    return replace(query, since=query.since.replace(day=1))


def _cohort(day: int, amounts: dict[str, int], shop: Shop, query: Query) -> Cohort:
    month, today = counters.day_from_number(day), day_of(query.now, shop.settings.tz)
    return Cohort(month, (today.year - month.year) * 12 + today.month - month.month, Counter(amounts))


def notes(cohorts: Sequence[Cohort]) -> tuple[Sentence, ...]:
    under_way = Sentence(N_("The last month of each row is under way and may still rise. Totals hold ended months only."), {})
    unrated = Counter(unrated=sum(cohort.amounts["unrated"] for cohort in cohorts))
    return ((under_way,) if cohorts else ()) + counters.unrated_note(unrated)
