"""What advertising cost, and what came of it.

Spend as uploaded (tracker/spend.py), beside the orders and the net revenue of the same days that the chosen attribution model
credits.  Both carry channel, source and campaign; campaigns are the same when their names are, upper and lower case aside.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import CREDIT_UNIT
from tracker.reports import counters, credits, spending
from tracker.reports.attribution import TOLD, look_back_note
from tracker.reports.credits import Key
from tracker.reports.query import Query
from tracker.reports.spending import Spent
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Unit
from tracker.shops import Shop

TITLE = N_("Costs")
QUESTION = N_("What does advertising cost, and what does it bring in?")
PARAMETERS = ("period", "since", "until", "model", "look_back", "level")
FILTERS: tuple[str, ...] = ()

_AMOUNTS = (
    Column("spend", Unit.MONEY, N_("Spend"), N_("What was uploaded for these days, each day at its rate; empty: nothing was.")),
    Column("clicks", Unit.COUNT, N_("Clicks"), N_("As the advertising network counts them.")),
    Column("cost_per_click", Unit.MONEY, N_("Cost per click"), N_("Spend divided by clicks.")),
    Column(
        "orders",
        Unit.NUMBER,
        N_("Orders"),
        N_("Orders of these days that stand, as the chosen model credits them; parts of orders where several share one."),
    ),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Of these orders, as the chosen model credits it.")),
    Column("first", Unit.NUMBER, N_("New customers"), N_("Of these orders, those that were their customer's first.")),
    Column("cost_per_order", Unit.MONEY, N_("Cost per order"), N_("Spend divided by the orders that it is credited with.")),
    Column(
        "cac",
        Unit.MONEY,
        N_("Cost per new customer"),
        N_("Spend divided by the new customers that it is credited with (CAC)."),
    ),
    Column("return", Unit.NUMBER, N_("Return on spend"), N_("Net revenue that spend is credited with, divided by it (ROAS).")),
    Column(
        "profit",
        Unit.MONEY,
        N_("Net revenue after spend"),
        N_("Net revenue less spend; what the goods cost is not known here."),
    ),
    spending.MISSING,
)
COLUMNS = (
    Column("channel", Unit.TEXT, N_("Channel"), N_("Of the touchpoint, and of the spend."), vocabulary="channel"),
    Column("source", Unit.TEXT, N_("Source"), N_("Of the touchpoint, and of the spend. Only at the level source.")),
    Column("campaign", Unit.TEXT, N_("Campaign"), N_("Of the touchpoint, and of the spend. Only at the level campaign.")),
    *_AMOUNTS,
)
FIGURES = _AMOUNTS

MISSING_COLUMNS = (
    *COLUMNS[:3],
    Column("amount", Unit.MONEY, N_("Spend"), N_("As uploaded, in its own currency.")),
)

# By level: sources of one campaign are put together, since advertising accounts name them otherwise than links do.
PARTS = {"channel": (0,), "source": (0, 1), "campaign": (0, 2)}

_WHATS = ("orders", "net", "first")
_NOTHING = Spent()


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for each channel, source or campaign that cost something or is credited with something; the dearest first.

    Raises BadQuery for any filter: spend can be split by none.
    """
    counters.check_filters(query, FILTERS)
    orders = counters.read_amounts(db, shop, query, "orders")
    key = credits.key_of(PARTS[query.level])
    spelled: dict[Key, Key] = {}

    def fold(text: str) -> Key:
        """In lower case; the first spelling, which is that of the arrivals, is shown."""
        told = key(text)
        folded = (told[0], told[1], told[2].casefold())
        spelled.setdefault(folded, told)
        return folded

    found = credits.read_credits(db, shop, query, (query.model,), _WHATS, fold)
    credited = {what: found[query.model, what] for what in _WHATS}
    spent, total = dict[Key, Spent](), Spent()
    for spend in spending.read_spend(db, shop, *counters.span(query)):
        spent.setdefault(fold(spend.key), Spent()).add(spend)
        total.add(spend)

    def order(key: Key) -> tuple[int, int, Key]:
        return -spent.get(key, _NOTHING).converted, -credited["net"][key], key

    keys = sorted({*spent, *(one for credit in credited.values() for one in credit if credit[one])}, key=order)
    everybody = Counter({what: sum(credit.values()) for what, credit in credited.items()})
    paid_for = Counter({what: sum(credit[one] for one in spent) for what, credit in credited.items()})
    return ReportTable(
        COLUMNS,
        [
            {
                **credits.key_cells(spelled[one]),
                **_cells(spent.get(one), Counter({what: credit[one] for what, credit in credited.items()}), shop),
            }
            for one in keys
        ],
        sample=orders["orders"] - orders["cancelled"],
        figures=FIGURES,
        totals={**_cells(total if spent else None, everybody, shop), **_ratios(total if spent else None, paid_for, shop)},
        notes=(
            *_notes(query, spent, credited["orders"]),
            *counters.unrated_note(orders),
            *spending.missing_note([total], shop),
        ),
        beside={"missing_rates": _missing({spelled[one]: spent[one] for one in keys if one in spent})},
    )


def _cells(spent: Spent | None, credit: Counter[str], shop: Shop) -> Row:
    own, minor, clicks = shop.settings.currency, spent.minor if spent else None, spent.clicks if spent else None
    return {
        "spend": None if minor is None else Money(minor, own),
        "clicks": clicks,
        "cost_per_click": spending.each(minor, clicks or 0, shop),
        "orders": credits.orders(credit["orders"]),
        "net": Money(credit["net"], own),
        "first": credits.orders(credit["first"]),
        **_ratios(spent, credit, shop),
        "profit": None if minor is None else Money(credit["net"] - minor, own),
        "missing": spent.currencies if spent else None,
    }


def _ratios(spent: Spent | None, credit: Counter[str], shop: Shop) -> Row:
    """What the money brought; `credit`: that of what it was spent on."""
    minor = spent.minor if spent else None
    parts = None if minor is None else minor * CREDIT_UNIT
    return {
        "cost_per_order": spending.each(parts, credit["orders"], shop),
        "cac": spending.each(parts, credit["first"], shop),
        "return": credit["net"] / minor if minor else None,
    }


def _missing(spent: dict[Key, Spent]) -> ReportTable:
    rows: list[Row] = [
        {**credits.key_cells(key), "amount": Money(minor, currency)}
        for key, found in sorted(spent.items())
        for currency, minor in sorted(found.missing.items())
    ]
    return ReportTable(MISSING_COLUMNS, rows, len(rows))


def _notes(query: Query, spent: dict[Key, Spent], orders: Counter[Key]) -> tuple[Sentence, ...]:
    notes = [
        Sentence(TOLD[query.model], {}),
        look_back_note(query),
    ]
    part = {"source": 1, "campaign": 2}.get(query.level)
    if part is None:
        return tuple(notes)
    if any(not key[part] for key in spent):
        notes.append(
            Sentence(N_("Spend that was uploaded for a whole channel cannot be split; it stands in a row of its own."), {})
        )
    lost = sum(1 for key in spent if key[part] and not orders[key])
    if lost and query.level == "campaign":
        text = N_(
            "%(campaigns)s campaigns cost something and are credited with no order: where that surprises, compare their names "
            "with the labels (utm_campaign) of their links."
        )
        notes.append(Sentence(text, {"campaigns": lost}))
    return tuple(notes)
