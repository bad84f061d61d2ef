"""Who gets the credit for the orders, by seven models side by side.

Each model shares out every order that counts in the days asked for, and what it is worth now, so every column adds up to the
orders that stand and to the net revenue of the report `orders`.  The models themselves: tracker/attribution.py.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

from sqlalchemy import Connection

from tracker.attribution import MODELS
from tracker.journey.contribution import CREDIT_KINDS, CREDIT_UNIT
from tracker.reports import counters, credits
from tracker.reports.credits import Key
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Unit
from tracker.reports.words import ATTRIBUTION_MODELS
from tracker.shops import Shop

TITLE = N_("Attribution")
QUESTION = N_("Which channels get the credit for the orders?")
PARAMETERS = ("period", "since", "until", "filter", "look_back", "level")
FILTERS = CREDIT_KINDS

REMOVAL = "removal"
TOLD: dict[str, str] = {
    "first": N_("All to the first touchpoint within the look-back."),
    "last": N_("All to the last touchpoint before the order."),
    "last_non_direct": N_("All to the last touchpoint that was not direct; when all were, to the last."),
    "linear": N_("Equal parts to all touchpoints within the look-back."),
    "position": N_("40% to the first touchpoint, 40% to the last, 20% to those between; of two, each half."),
    "time_decay": N_("To all touchpoints, half as much for each seven days that they lie before the order."),
    REMOVAL: N_(
        "In proportion to the orders that would be lost if everybody who came to a channel went away, worked out from all "
        "journeys that ended in the period. Channels only: it cannot be split further."
    ),
}
_TITLES = {
    "first": (N_("First: orders"), N_("First: net")),
    "last": (N_("Last: orders"), N_("Last: net")),
    "last_non_direct": (N_("Last non-direct: orders"), N_("Last non-direct: net")),
    "linear": (N_("Linear: orders"), N_("Linear: net")),
    "position": (N_("Position: orders"), N_("Position: net")),
    "time_decay": (N_("Time decay: orders"), N_("Time decay: net")),
    REMOVAL: (N_("Removal effect: orders"), N_("Removal effect: net")),
}

KEY_COLUMNS = (
    Column("channel", Unit.TEXT, N_("Channel"), N_("Where the touchpoint came from."), vocabulary="channel"),
    Column(
        "source",
        Unit.TEXT,
        N_("Source"),
        N_("Who sent it: a search engine, a network, a site. Only at the level source or campaign."),
    ),
    Column("campaign", Unit.TEXT, N_("Campaign"), N_("The campaign label of the arrival. Only at the level campaign.")),
)
COLUMNS = (
    *KEY_COLUMNS,
    *(
        column
        for model, (orders, net) in _TITLES.items()
        for column in (
            Column(f"{model}_orders", Unit.NUMBER, orders, TOLD[model]),
            Column(f"{model}_net", Unit.MONEY, net, TOLD[model]),
        )
    ),
)

FIGURES = (
    Column(
        "orders", Unit.COUNT, N_("Orders"), N_("Orders that came to count in the period and stand. Each column adds up to it.")
    ),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Of these orders, as it is now. Each column adds up to it.")),
)

MODEL_COLUMNS = (
    Column("model", Unit.TEXT, N_("Model"), N_("A way of sharing out an order over touchpoints."), vocabulary="model"),
    Column("definition", Unit.TEXT, N_("Definition"), N_("What the model does.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for each channel, source or campaign that any model credits, the most credited by equal parts first."""
    total = counters.read_amounts(db, shop, query, "orders")
    orders, net = total["orders"] - total["cancelled"], total["net"]
    key = credits.key_of(credits.PARTS[query.level])
    found = credits.read_credits(db, shop, query, MODELS, ("orders", "net"), key)
    if query.level == "channel":
        shares = credits.read_removal(db, shop, query, (orders * CREDIT_UNIT, net))
        for what, by_channel in zip(("orders", "net"), shares, strict=True):
            found[REMOVAL, what] = Counter({(channel, "", ""): share for channel, share in by_channel.items()})
    keys = {one for counter in found.values() for one, credit in counter.items() if credit}
    linear = found["linear", "net"]
    return ReportTable(
        COLUMNS,
        [_row(one, found, shop) for one in sorted(keys, key=lambda one: (-linear[one], one))],
        sample=orders,
        figures=FIGURES,
        totals={"orders": orders, "net": Money(net, shop.settings.currency)},
        notes=(*_notes(query), *counters.unrated_note(total)),
        beside={"models": ReportTable(MODEL_COLUMNS, [_model(model) for model in ATTRIBUTION_MODELS], len(ATTRIBUTION_MODELS))},
    )


def _row(key: Key, found: Mapping[tuple[str, str], Counter[Key]], shop: Shop) -> Row:
    credited: dict[str, float | Money] = {}
    for (model, what), counter in found.items():
        credit = counter[key]
        credited[f"{model}_{what}"] = credits.orders(credit) if what == "orders" else Money(credit, shop.settings.currency)
    return {**credits.key_cells(key), **credited}


def _model(model: str) -> Row:
    return {"model": model, "definition": Sentence(TOLD[model], {})}


def look_back_note(query: Query) -> Sentence:
    """Said wherever orders are credited."""
    text = N_(
        "Touchpoints more than %(days)s days before the order take no part; an order without any other is credited to nobody."
    )
    return Sentence(text, {"days": query.look_back})


def _notes(query: Query) -> tuple[Sentence, ...]:
    notes = [look_back_note(query)]
    if query.level != "channel":
        notes.append(Sentence(N_("The removal effect is known for channels only: it cannot be split further."), {}))
    return tuple(notes)
