"""Customers who bring others: what they share and recommend, who came by it, good reviews, who joined the loyalty programme.

Deeds count on the day they were done.  Customers are people with a counted order placed in the period, read from the orders.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from sqlalchemy import Connection, distinct, func

from tracker import tables as t
from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Advocacy and referrals")
QUESTION = N_("Do customers recommend the shop, and does it bring others?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = FAMILIES["advocacy"].kinds

COLUMNS = (
    Column("deed", Unit.TEXT, N_("What they did"), N_("What a customer did for the shop."), vocabulary="deed"),
    Column("way", Unit.TEXT, N_("Shared through"), N_("Of shares: by which way something was passed on."), vocabulary="way"),
    Column("times", Unit.COUNT, N_("Times"), N_("How often in the period.")),
    Column(
        "per_customer",
        Unit.SHARE,
        N_("Per customer"),
        N_("Times, divided by customers with an order in the period; somebody may do it more than once."),
    ),
)

FIGURES = (
    Column("customers", Unit.COUNT, N_("Customers with an order"), N_("People with a counted order placed in the period.")),
    Column("shares", Unit.COUNT, N_("Shares"), N_("Products, pages and carts passed on.")),
    Column("links", Unit.COUNT, N_("Referral links"), N_("Personal links made, to be passed on to friends.")),
    Column(
        "referral_rate",
        Unit.SHARE,
        N_("Referral rate"),
        N_("Referral links made in the period, divided by customers with an order in the period."),
    ),
    Column(
        "arrived", Unit.COUNT, N_("Friends who arrived"), N_("Visits through a personal link, as told of the one who made it.")
    ),
    Column("bought", Unit.COUNT, N_("Friends who bought"), N_("Orders by friends, as told of the one who recommended.")),
    Column(
        "friends_conversion",
        Unit.SHARE,
        N_("Share of friends who bought"),
        N_("Friends who bought, as a share of those who arrived."),
    ),
    Column("good_reviews", Unit.COUNT, N_("Good reviews"), N_("Reviews with 4 or 5 of 5 stars.")),
    Column("good_share", Unit.SHARE, N_("Share of good reviews"), N_("Good reviews, as a share of all reviews.")),
    Column("joined", Unit.COUNT, N_("Joined the loyalty programme"), N_("How many joined in the period.")),
)

DAY_COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which it was done, in the shop's time zone.")),
    *(column for column in FIGURES if column.key in ("shares", "links", "arrived", "bought", "good_reviews", "joined")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a deed and way, in a fixed order; beside it the single days."""
    amounts = counters.read_amounts(db, shop, query, "advocacy")
    amounts.update(counters.read_amounts(db, shop, query, "satisfaction"))
    customers = count_customers(db, shop, query)
    rows: list[Row] = [
        {"deed": deed, "way": way, "times": times, "per_customer": Share(times, customers)}
        for deed, way, times in _deeds(amounts)
    ]
    days = {day: Counter(found) for day, found in counters.every_day(db, shop, query, "advocacy")}
    for day, found in counters.every_day(db, shop, query, "satisfaction"):
        days.setdefault(day, Counter()).update(found)
    day_rows: list[Row] = [
        {"day": counters.day_from_number(day), **cells}
        for day, found in sorted(days.items())
        if any((cells := _sums(found)).values())
    ]
    sums = _sums(amounts)
    reviews = counters.by_metric(amounts, "review").total()
    totals: Row = {
        **sums,
        "customers": customers,
        "referral_rate": Share(sums["links"], customers),
        "friends_conversion": Share(sums["bought"], sums["arrived"]),
        "good_share": Share(sums["good_reviews"], reviews),
    }
    return ReportTable(
        COLUMNS, rows, customers, FIGURES, totals, beside={"days": ReportTable(DAY_COLUMNS, day_rows, customers)}
    )


def count_customers(db: Connection, shop: Shop, query: Query) -> int:
    """People with a live order placed in the period, of these journeys."""
    since, until = counters.instants(query, shop)
    people = func.count(distinct(t.orders.c.subject_id))
    return int(db.execute(counters.live_orders(shop, query, since, until, people)).scalar_one())


def _deeds(amounts: Counter[str]) -> Iterator[tuple[str, str | None, int]]:
    shares = counters.by_metric(amounts, "share")
    for way, times in sorted(shares.items(), key=lambda entry: (-entry[1], entry[0])):
        yield "share", way, times
    for deed, key in _SUMS.items():
        yield deed, None, amounts[key]
    yield "good_review", None, _good(amounts)


_SUMS = {"link": "link", "friend_arrived": "friend_arrived", "friend_bought": "friend_bought", "loyalty": "loyalty"}


def _sums(amounts: Counter[str]) -> dict[str, int]:
    return {
        "shares": counters.by_metric(amounts, "share").total(),
        "links": amounts["link"],
        "arrived": amounts["friend_arrived"],
        "bought": amounts["friend_bought"],
        "good_reviews": _good(amounts),
        "joined": amounts["loyalty"],
    }


def _good(amounts: Counter[str]) -> int:
    return amounts["review:4"] + amounts["review:5"]
