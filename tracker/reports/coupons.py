"""Coupons: who tries them, who orders with them, what they cost.

Journeys that *began* in the period, with their orders.
"""

from __future__ import annotations

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.ranked import rank, total
from tracker.reports.table import N_, Cell, Column, Money, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Coupons")
QUESTION = N_("Which coupons are tried and used, and what do they cost and bring?")
PARAMETERS = ("period", "since", "until", "filter", "limit")
FILTERS = FAMILIES["coupons"].kinds

COLUMNS = (
    Column("code", Unit.TEXT, N_("Code"), N_("As typed, in capitals.")),
    Column("codes", Unit.COUNT, N_("Codes"), N_("How many the row stands for: 1, or all others in the last one.")),
    Column(
        "applied",
        Unit.COUNT,
        N_("Accepted"),
        N_("Journeys that began in the period and in which the code was accepted in the cart or the checkout."),
    ),
    Column("denied", Unit.COUNT, N_("Refused"), N_("Journeys in which the code was tried and refused.")),
    Column("ordered", Unit.COUNT, N_("Orders"), N_("Counted orders of these journeys that name the code.")),
    Column("order_share", Unit.SHARE, N_("Of all orders"), N_("As a share of all counted orders of these journeys.")),
    Column("discount", Unit.MONEY, N_("Discount"), N_("What these orders had taken off, without VAT, in the shop's currency.")),
    Column(
        "net",
        Unit.MONEY,
        N_("Net revenue"),
        N_("Of these orders: after discounts and refunds, without VAT and shipping, in the shop's currency."),
    ),
)

FIGURES = (
    COLUMNS[1],
    Column("orders", Unit.COUNT, N_("All orders"), N_("Counted orders of journeys that began in the period.")),
    Column("with_coupon", Unit.SHARE, N_("With a coupon"), N_("Orders that name a code, as a share of all orders.")),
    *COLUMNS[6:],
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a code, most net revenue first; the last one sums up those beyond `limit`."""
    amounts = counters.read_amounts(db, shop, query, "coupons")
    ranked = rank(counters.by_key(amounts), ("net", "ordered", "applied", "denied"), query.limit)
    whole = total(ranked)

    def money(minor: int) -> Cell:
        return Money(minor, shop.settings.currency)

    rows: list[Row] = [
        {
            "code": row.named(None, ""),
            "codes": row.keys,
            "applied": row.amounts["applied"],
            "denied": row.amounts["denied"],
            "ordered": row.amounts["ordered"],
            "order_share": Share(row.amounts["ordered"], amounts["orders"]),
            "discount": money(row.amounts["discount"]),
            "net": money(row.amounts["net"]),
        }
        for row in ranked
    ]
    totals: Row = {
        "codes": sum(row.keys for row in ranked),
        "orders": amounts["orders"],
        "with_coupon": Share(amounts["with_coupon"], amounts["orders"]),
        "discount": money(whole["discount"]),
        "net": money(whole["net"]),
    }
    return ReportTable(COLUMNS, rows, amounts["orders"], FIGURES, totals, notes=counters.unrated_note(amounts))
