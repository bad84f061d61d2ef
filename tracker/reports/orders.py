"""What came in, day by day, and what was taken back of it.

An order lies on the day from which it counts.  Refunds and cancellations lie on the day of their order or on their own, as
`revenue_on` says; either way each row adds up: revenue − refunded − given up = net.
"""

from __future__ import annotations

from collections import Counter
from decimal import Decimal

from sqlalchemy import Connection

from tracker.journey.contribution import FILTER_KINDS
from tracker.money import divide
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Unit
from tracker.shops import Shop

TITLE = N_("Orders")
QUESTION = N_("What was sold each day, and what was refunded or cancelled?")
PARAMETERS = ("period", "since", "until", "filter", "revenue_on")
FILTERS = FILTER_KINDS

_AMOUNTS = (
    Column("orders", Unit.COUNT, N_("Orders in all"), N_("Orders that came to count on this day, cancelled ones included.")),
    Column("cancelled", Unit.COUNT, N_("Cancelled since"), N_("Of these orders, those that were cancelled until now.")),
    Column("first", Unit.COUNT, N_("First orders"), N_("Of the orders that stand, those that were their customer's first.")),
    Column(
        "repeat",
        Unit.COUNT,
        N_("Repeat orders"),
        N_("Of the orders that stand, those by somebody who had ordered before; renewals left out."),
    ),
    Column(
        "renewals",
        Unit.COUNT,
        N_("Renewals"),
        N_("Of the orders that stand, those that are a further period of a subscription."),
    ),
    Column(
        "revenue",
        Unit.MONEY,
        N_("Gross revenue"),
        N_(
            "What these orders came to before refunds and cancellations: after discounts, without VAT and shipping unless the "
            "shop counts these as revenue."
        ),
    ),
    Column(
        "refunded",
        Unit.MONEY,
        N_("Refunded"),
        N_("What refunds took of the gross revenue; on the day of the order, or of the refund when that is asked for."),
    ),
    Column(
        "given_up",
        Unit.MONEY,
        N_("Cancelled revenue"),
        N_(
            "What cancellations took of the gross revenue beyond earlier refunds; on the day of the order, or of the "
            "cancellation when that is asked for."
        ),
    ),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Gross revenue less refunded and cancelled revenue.")),
    Column("tax", Unit.MONEY, N_("VAT"), N_("VAT in the orders that stand, as they were placed.")),
    Column("shipping", Unit.MONEY, N_("Shipping"), N_("What buyers paid for shipping in the orders that stand, as placed.")),
    Column("discount", Unit.MONEY, N_("Discounts"), N_("What was taken off the prices in the orders that stand, as placed.")),
)

COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day in the shop's time zone; days on which nothing happened are left out.")),
    *_AMOUNTS,
)

FIGURES = (
    *_AMOUNTS,
    Column(
        "average",
        Unit.MONEY,
        N_("Average order value"),
        N_("Net revenue by the day of the order, divided by the orders that stand and whose currency has a rate."),
    ),
    Column(
        "unrated",
        Unit.COUNT,
        N_("Orders without an exchange rate"),
        N_("Orders that stand in a currency for which the shop has no rate: counted, but in no amount of the shop's currency."),
    ),
)


def _part(key: str, title: str, definition: str, vocabulary: str) -> tuple[Column, ...]:
    return (
        Column(key, Unit.TEXT, title, definition, vocabulary),
        Column("orders", Unit.COUNT, N_("Orders"), N_("Orders that stand, by the day of the order.")),
        Column("net", Unit.MONEY, N_("Net revenue"), N_("Of these orders, by the day of the order.")),
    )


PAYMENT_COLUMNS = _part("payment", N_("Payment"), N_("How it was paid, in the platform's word."), "payment")
VIA_COLUMNS = _part(
    "via", N_("Way in"), N_("How the order came in, in the platform's word: checkout, phone, till and so on."), "way_in"
)

CURRENCY_COLUMNS = (
    Column("currency", Unit.TEXT, N_("Currency"), N_("In which the orders were paid; all amounts of the row are in it.")),
    Column("orders", Unit.COUNT, N_("Orders in all"), N_("Orders that came to count, cancelled ones included.")),
    Column("unrated", Unit.COUNT, N_("Orders without an exchange rate"), N_("Orders that stand and that no rate converts.")),
    Column("revenue", Unit.MONEY, N_("Gross revenue"), N_("Before refunds and cancellations.")),
    Column("given_back", Unit.MONEY, N_("Taken back"), N_("What refunds and cancellations took of it.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Gross revenue less what was taken back.")),
    Column(
        "rate_state",
        Unit.TEXT,
        N_("Rate"),
        N_("Whether these orders could be converted into the shop's currency, each at the rate of the day it was placed."),
        vocabulary="rate_state",
    ),
    Column(
        "rate", Unit.TEXT, N_("Worth"), N_("What one unit of the currency is worth in the shop's on the last day asked for.")
    ),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a day that has any; beside it the same orders by payment, way in and currency."""
    days = list(counters.every_day(db, shop, query, "orders"))
    total: Counter[str] = Counter()
    for _, amounts in days:
        total.update(amounts)
    own_days = query.revenue_on == "refund"
    rows = [
        {"day": counters.day_from_number(day), **_cells(Counter(amounts), shop, query.revenue_on)}
        for day, amounts in days
        if own_days or "orders" in amounts  # a day of refunds alone has nothing to say of orders
    ]
    rated = total["orders"] - total["cancelled"] - total["unrated"]
    average = Money(divide(total["net"], rated), shop.settings.currency) if rated else None
    return ReportTable(
        COLUMNS,
        rows,
        sample=total["orders"],
        figures=FIGURES,
        totals={**_cells(total, shop, query.revenue_on), "average": average, "unrated": total["unrated"]},
        notes=counters.unrated_note(total),
        beside={
            "payments": _parts(total, PAYMENT_COLUMNS, "payment", shop),
            "ways_in": _parts(total, VIA_COLUMNS, "via", shop),
            "currencies": _currencies(total, shop, query),
        },
    )


def _cells(amounts: Counter[str], shop: Shop, revenue_on: str) -> Row:
    own = "order_" if revenue_on == "order" else ""
    refunded, given_up = amounts[f"{own}refunded"], amounts[f"{own}given_up"]
    money = {
        "revenue": amounts["revenue"],
        "refunded": refunded,
        "given_up": given_up,
        "net": amounts["revenue"] - refunded - given_up,
        **{name: amounts[name] for name in ("tax", "shipping", "discount")},
    }
    counts = {name: amounts[name] for name in ("orders", "cancelled", "first", "repeat", "renewals")}
    return {**counts, **{name: Money(minor, shop.settings.currency) for name, minor in money.items()}}


def _parts(total: Counter[str], columns: tuple[Column, ...], metric: str, shop: Shop) -> ReportTable:
    nets = counters.by_metric(total, f"{metric}_net")
    found = sorted(counters.by_metric(total, metric).items(), key=lambda part: (-part[1], part[0]))
    rows: list[Row] = [
        {metric: key, "orders": orders, "net": Money(nets[key], shop.settings.currency)} for key, orders in found if orders
    ]
    return ReportTable(columns, rows, sum(orders for _, orders in found))


def _currencies(total: Counter[str], shop: Shop, query: Query) -> ReportTable:
    """The shop's own currency first.  A currency may have refunds alone."""
    found = {name.partition(".")[2] for name, amount in total.items() if amount and "." in name and ":" not in name}
    rows = [
        _currency(total, currency, shop, query) for currency in sorted(found, key=lambda c: (c != shop.settings.currency, c))
    ]
    return ReportTable(CURRENCY_COLUMNS, rows, total["orders"])


def _currency(total: Counter[str], currency: str, shop: Shop, query: Query) -> Row:
    revenue, given_back = total[f"revenue.{currency}"], total[f"refunded.{currency}"] + total[f"given_up.{currency}"]
    if query.revenue_on == "order":
        given_back = revenue - total[f"net.{currency}"]
    orders, unrated = total[f"orders.{currency}"], total[f"unrated.{currency}"]
    rate = shop.settings.rate_on(currency, query.until)
    return {
        "currency": currency,
        "orders": orders,
        "unrated": unrated,
        "revenue": Money(revenue, currency),
        "given_back": Money(given_back, currency),
        "net": Money(revenue - given_back, currency),
        "rate_state": _rate_state(currency, unrated, shop, rate),
        "rate": None if rate is None else str(rate),
    }


def _rate_state(currency: str, unrated: int, shop: Shop, rate: Decimal | None) -> str:
    """A rate holds from its day on, so where there is none on the last day no order has one."""
    if currency == shop.settings.currency:
        return "own"
    if rate is None:
        return "missing"
    return "partly" if unrated else "known"
