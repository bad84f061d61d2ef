"""When new customers have brought in what it cost to win them.

By the month of their first order and the channel that began the journey to it: what was spent on the channel in that month,
beside the net revenue of these customers month by month since.  Months are whole: the period is widened to them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from itertools import accumulate

from sqlalchemy import Connection

from tracker.clock import day_of
from tracker.enrich import CHANNELS
from tracker.reports import counters, spending
from tracker.reports.query import Query
from tracker.reports.spending import Spent
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Unit
from tracker.shops import Shop

TITLE = N_("Payback")
QUESTION = N_("After how many months have new customers paid for the advertising that won them?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = ("channel",)

COHORT = Column(
    "cohort", Unit.MONTH, N_("Month of the first order"), N_("The first day of the month, in the shop's time zone.")
)
CHANNEL = Column(
    "channel",
    Unit.TEXT,
    N_("Channel"),
    N_("Of the first touchpoint of the journey to the first order, and of the spend."),
    vocabulary="channel",
)
_AMOUNTS = (
    Column("customers", Unit.COUNT, N_("New customers"), N_("Whose first order that stands lies in this month.")),
    Column("spend", Unit.MONEY, N_("Spend"), N_("In this month; empty: nothing was uploaded.")),
    Column("cac", Unit.MONEY, N_("Cost per new customer"), N_("Spend divided by the new customers (CAC).")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Of all orders of these customers until now.")),
    Column("net_each", Unit.MONEY, N_("Net per customer"), N_("Net revenue divided by the new customers.")),
    Column(
        "return",
        Unit.NUMBER,
        N_("Earned back"),
        N_("Net revenue until now divided by spend; from 1 on all of the spend has come back."),
    ),
    Column(
        "paid_back_in",
        Unit.COUNT,
        N_("Paid back in month"),
        N_(
            "The month in which net revenue reached the spend; 0 is that of the first order. Empty: not yet, or no spend known."
        ),
    ),
    Column("months", Unit.COUNT, N_("Months since"), N_("How many months have begun since; the last one is still under way.")),
    spending.MISSING,
)
COLUMNS = (COHORT, CHANNEL, *_AMOUNTS)

MONTH_COLUMNS = (
    COHORT,
    CHANNEL,
    Column("month", Unit.COUNT, N_("Month"), N_("Months since that of the first order, which is 0.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Of these customers, from the first order to the end of this month.")),
    Column("net_each", Unit.MONEY, N_("Net per customer"), N_("The same divided by the new customers.")),
    Column("cac", Unit.MONEY, N_("Cost per new customer"), N_("To be compared with the net per customer.")),
)

Place = tuple[int, str]  # month of the first order YYYYMM, channel; "" for all channels asked for together


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for each month and channel with new customers or spend; beside it the channels together, and each month since.

    Raises BadQuery for another filter than a channel: spend can be split by nothing else.
    """
    counters.check_filters(query, FILTERS)
    asked = replace(query, since=query.since.replace(day=1), until=_last_of_month(query.until))
    channels = [which.partition("=")[2] for which in query.filters] or CHANNELS
    cohorts: dict[Place, Counter[str]] = {}
    for channel in channels:
        for day, amounts in counters.every_day(db, shop, replace(asked, filter=f"channel={channel}"), "cohorts"):
            for place in ((day // 100, channel), (day // 100, "")):
                cohorts.setdefault(place, Counter()).update(amounts)
    spent: dict[Place, Spent] = {}
    for spend in spending.read_spend(db, shop, *counters.span(asked)):
        if (channel := spend.key.partition("|")[0]) in channels:
            for place in ((spend.month, channel), (spend.month, "")):
                spent.setdefault(place, Spent()).add(spend)
    this_month = counters.day_number(day_of(query.now, shop.settings.tz)) // 100
    rows: dict[Place, Row] = {}
    months: list[Row] = []
    for place in sorted({*cohorts, *spent}):
        found, cost = cohorts.get(place, Counter()), spent.get(place)
        nets = list(accumulate(found[f"{month}.net"] for month in range(_months_between(place[0], this_month) + 1)))
        rows[place] = _row(place, found["customers"], nets, cost, shop)
        if place[1] and found["customers"]:
            months += _month_rows(place, found["customers"], nets, cost, shop)
    single, together = ([row for (_, channel), row in rows.items() if bool(channel) is told] for told in (True, False))
    customers = sum(found["customers"] for (_, channel), found in cohorts.items() if channel)
    return ReportTable(
        COLUMNS,
        single,
        sample=customers,
        notes=spending.missing_note(spent.values(), shop),
        beside={
            "together": ReportTable((COHORT, *_AMOUNTS), together, customers),
            "months": ReportTable(MONTH_COLUMNS, months, customers),
        },
    )


def _last_of_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1) - timedelta(days=1)


def _months_between(first: int, last: int) -> int:
    """Of months YYYYMM."""
    return (last // 100 - first // 100) * 12 + last % 100 - first % 100


def _key_cells(place: Place) -> Row:
    return {"cohort": counters.day_from_number(place[0] * 100 + 1), "channel": place[1] or None}


def _row(place: Place, customers: int, nets: Sequence[int], cost: Spent | None, shop: Shop) -> Row:
    """`nets`: what the customers had brought in at the end of each month since."""
    net, spend, own = nets[-1] if nets else 0, cost.minor if cost else None, shop.settings.currency
    return {
        **_key_cells(place),
        "customers": customers,
        "spend": None if spend is None else Money(spend, own),
        "cac": spending.each(spend, customers, shop),
        "net": Money(net, own),
        "net_each": spending.each(net, customers, shop),
        "return": net / spend if spend else None,
        "paid_back_in": next((month for month, so_far in enumerate(nets) if so_far >= spend), None) if spend else None,
        "months": max(len(nets) - 1, 0),
        "missing": cost.currencies if cost else None,
    }


def _month_rows(place: Place, customers: int, nets: Sequence[int], cost: Spent | None, shop: Shop) -> list[Row]:
    cac = spending.each(cost.minor if cost else None, customers, shop)
    return [
        {
            **_key_cells(place),
            "month": month,
            "net": Money(net, shop.settings.currency),
            "net_each": spending.each(net, customers, shop),
            "cac": cac,
        }
        for month, net in enumerate(nets)
    ]
