"""Categories from the first look to the return, and what they brought: `products`, added up by category."""

from __future__ import annotations

from sqlalchemy import Connection

from tracker.journey.contribution import FAMILIES
from tracker.reports import counters, products
from tracker.reports.query import Query
from tracker.reports.ranked import rank, total
from tracker.reports.table import N_, Column, ReportTable, Row, Unit
from tracker.shops import Shop

TITLE = N_("Categories")
QUESTION = N_("Which categories are looked at, put in the cart, bought and sent back, and what do they bring?")
PARAMETERS = ("period", "since", "until", "filter", "limit")
FILTERS = FAMILIES["categories"].kinds

COLUMNS = (
    Column("category", Unit.TEXT, N_("Category"), N_("As told with the products at that time.")),
    Column("categories", Unit.COUNT, N_("Categories"), N_("How many the row stands for: 1, or all others in the last one.")),
    *products.GOODS,
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a category, most net revenue first; the last one sums up those beyond `limit`."""
    amounts = counters.read_amounts(db, shop, query, "categories")
    ranked = rank(counters.by_key(amounts), products.MONEY_FIRST, query.limit)
    whole = total(ranked)
    rows: list[Row] = [
        {
            "category": row.named(None, N_("Without a category")),
            "categories": row.keys,
            **products.goods(row.amounts, whole, shop),
        }
        for row in ranked
    ]
    totals: Row = {"categories": products.count(ranked), **products.goods(whole, whole, shop)}
    figures = (COLUMNS[1], *products.GOODS[:-1])
    return ReportTable(COLUMNS, rows, whole["looked"], figures, totals, notes=counters.unrated_note(amounts))
