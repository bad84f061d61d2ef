"""What a customer has brought after so many months, by the month of the first order and by the channel that brought it.

In:  the period, widened to whole months: of the first orders.  Every order of these customers until now is counted.
The mean is over all customers of the cohort, those who never came back included.
"""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from sqlalchemy import Connection

from tracker.reports import cohorts as base
from tracker.reports.cohorts import (
    COHORT,
    CUSTOMERS,
    MONTH_TITLES,
    MONTHS,
    NET,
    Cohort,
    old_enough,
    read_cohorts,
    read_cohorts_by_channel,
)
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Unit
from tracker.shops import Shop

TITLE = N_("Customer lifetime value")
QUESTION = N_("What does a customer bring over time, and which channel brings the best ones?")
PARAMETERS = base.PARAMETERS
FILTERS = base.FILTERS

WORTH = (
    *(
        Column(
            f"m{k}",
            Unit.MONEY,
            MONTH_TITLES[k],
            N_("Net revenue until the end of this month after the first order, divided by all customers."),
        )
        for k in range(MONTHS + 1)
    ),
    Column("per_customer", Unit.MONEY, N_("Until now"), N_("Net revenue until now, divided by all customers.")),
    NET,
)

COLUMNS = (COHORT, CUSTOMERS, *WORTH)

CHANNEL_COLUMNS = (
    Column("channel", Unit.TEXT, N_("Channel"), N_("Where the journey of the first order came from."), vocabulary="channel"),
    CUSTOMERS,
    *WORTH,
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a month of first orders; beside it the same by channel, as long as nothing is filtered."""
    found = read_cohorts(db, shop, query)
    rows: list[Row] = [{"cohort": cohort.month, **_line([cohort], shop, running=True)} for cohort in found]
    customers = sum(cohort.customers for cohort in found)
    channels = [] if query.filters else _channels(db, shop, query)
    return ReportTable(
        COLUMNS,
        rows,
        customers,
        COLUMNS[1:],
        _line(found, shop, running=False),
        notes=base.notes(found),
        beside={"channels": ReportTable(CHANNEL_COLUMNS, channels, customers)},
    )


def _channels(db: Connection, shop: Shop, query: Query) -> list[Row]:
    """Those that brought a customer, most net revenue first."""
    found = read_cohorts_by_channel(db, shop, query)
    ordered = sorted(found, key=lambda channel: (-_net(found[channel]), channel))
    return [{"channel": channel, **_line(found[channel], shop, running=False)} for channel in ordered]


def _line(cohorts: Sequence[Cohort], shop: Shop, *, running: bool) -> Row:
    """Of these cohorts together; `running`: the month under way is told too."""
    cells = {}
    for k in range(MONTHS + 1):
        old = old_enough(cohorts, k, running=running)
        cells[f"m{k}"] = _mean(_net(old, k), old, shop)
    net = _net(cohorts)
    return {
        "customers": sum(cohort.customers for cohort in cohorts),
        **cells,
        "per_customer": _mean(net, cohorts, shop),
        "net": Money(net, shop.settings.currency),
    }


def _net(cohorts: Sequence[Cohort], last: int | None = None) -> int:
    return sum(cohort.sum_of("net", last) for cohort in cohorts)


def _mean(minor: int, cohorts: Sequence[Cohort], shop: Shop) -> Money | None:
    """To the nearest minor unit, halves to even."""
    customers = sum(cohort.customers for cohort in cohorts)
    return Money(round(Fraction(minor, customers)), shop.settings.currency) if customers else None
