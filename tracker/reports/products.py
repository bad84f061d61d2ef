"""Products from the first look to the return, and what they brought.

Journeys that *began* in the period: looks, carts, orders, returns and money lie on that day; ratings on their own.
`categories` answers the same question by category, with the same columns.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

from sqlalchemy import Connection, select

from tracker.journey.contribution import FAMILIES
from tracker.pipeline.load import chunks
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.ranked import Ranked, rank, total
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Share, Unit
from tracker.shops import Shop
from tracker.tables import products as table

TITLE = N_("Products")
QUESTION = N_("Which products are looked at, put in the cart, bought and sent back, and what do they bring?")
PARAMETERS = ("period", "since", "until", "filter", "limit")
FILTERS = FAMILIES["products"].kinds

GOODS = (
    Column("looked", Unit.COUNT, N_("Looked at"), N_("Journeys that began in the period and in which it was looked at.")),
    Column("carted", Unit.COUNT, N_("In the cart"), N_("Journeys in which it was put in the cart.")),
    Column("cart_share", Unit.SHARE, N_("Look to cart"), N_("In the cart too, as a share of the journeys that looked at it.")),
    Column("bought", Unit.COUNT, N_("Bought"), N_("Journeys with a counted order that holds it.")),
    Column(
        "order_share",
        Unit.SHARE,
        N_("Cart to order"),
        N_("Bought, as a share of the journeys in which it was in the cart."),
    ),
    Column("conversion", Unit.SHARE, N_("Look to order"), N_("Bought too, as a share of the journeys that looked at it.")),
    Column("units", Unit.COUNT, N_("Pieces"), N_("Pieces in the counted orders of these journeys.")),
    Column(
        "returned",
        Unit.COUNT,
        N_("Sent back"),
        N_("Of these, pieces that came back, as returns or else the items of refunds tell."),
    ),
    Column("return_share", Unit.SHARE, N_("Returns"), N_("Sent back, as a share of the pieces.")),
    Column(
        "net",
        Unit.MONEY,
        N_("Net revenue"),
        N_("Of these orders, shared out by what their products cost less what was refunded of them; in the shop's currency."),
    ),
    Column("net_share", Unit.SHARE, N_("Of net revenue"), N_("As a share of the net revenue of all rows.")),
)

COLUMNS = (
    Column("product", Unit.TEXT, N_("Product"), N_("The shop's id of the product; variants count as their product.")),
    Column("name", Unit.TEXT, N_("Name"), N_("What it was called last.")),
    Column("category", Unit.TEXT, N_("Category"), N_("The category told with its name.")),
    Column("products", Unit.COUNT, N_("Products"), N_("How many the row stands for: 1, or all others in the last one.")),
    *GOODS,
    Column("ratings", Unit.COUNT, N_("Ratings"), N_("Reviews with stars that were written in the period.")),
    Column("rating", Unit.NUMBER, N_("Average rating"), N_("Stars of these reviews, 1 to 5, divided by their number.")),
)

MONEY_FIRST = ("net", "units", "bought", "carted", "looked")  # the order of the rows


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a product, most net revenue first; the last one sums up those beyond `limit`."""
    amounts = counters.read_amounts(db, shop, query, "products")
    ranked = rank(counters.by_key(amounts), MONEY_FIRST, query.limit)
    names = read_names(db, shop, (row.key for row in ranked if row.key))
    whole = total(ranked)
    rows: list[Row] = []
    for row in ranked:
        name, category = names.get(row.key or "", (None, None))
        told = {
            "product": row.key,
            "name": row.named(name, N_("Orders without products")),
            "category": category,
            "products": row.keys,
        }
        rows.append({**told, **goods(row.amounts, whole, shop), **_rating(row.amounts)})
    figures = (COLUMNS[3], *GOODS[:-1], *COLUMNS[-2:])
    totals: Row = {"products": count(ranked), **goods(whole, whole, shop), **_rating(whole)}
    return ReportTable(COLUMNS, rows, whole["looked"], figures, totals, notes=counters.unrated_note(amounts))


def count(ranked: list[Ranked]) -> int:
    """How many keys there are, without the one of what is unknown."""
    return sum(row.keys for row in ranked if row.key != "")


def goods(amounts: Counter[str], whole: Counter[str], shop: Shop) -> Row:
    """The cells of GOODS."""
    return {
        "looked": amounts["looked"],
        "carted": amounts["carted"],
        "cart_share": Share(amounts["looked_carted"], amounts["looked"]),
        "bought": amounts["bought"],
        "order_share": Share(amounts["carted_bought"], amounts["carted"]),
        "conversion": Share(amounts["looked_bought"], amounts["looked"]),
        "units": amounts["units"],
        "returned": amounts["returned"],
        "return_share": Share(amounts["returned"], amounts["units"]),
        "net": Money(amounts["net"], shop.settings.currency),
        "net_share": Share(amounts["net"], whole["net"]),
    }


def _rating(amounts: Counter[str]) -> Row:
    ratings = amounts["ratings"]
    return {"ratings": ratings, "rating": amounts["stars"] / ratings if ratings else None}


def read_names(db: Connection, shop: Shop, keys: Iterable[str]) -> Mapping[str, tuple[str, str | None]]:
    """(name, category) by product, of those that events have named."""
    found = {}
    for some in chunks(set(keys)):
        query = select(table.c.product_key, table.c.name, table.c.category)
        for row in db.execute(query.where(table.c.shop_id == shop.shop_id, table.c.product_key.in_(some))):
            found[row.product_key] = (row.name, row.category)
    return found
