"""How far carts get, and what is lost at which step.

Carts that *began* in the period, followed until now; those that are filled still may go on.  Which are filled now: `carts`.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.carts import CART_STEPS
from tracker.journey.contribution import FAMILIES
from tracker.journey.state import EMPTIED, EXPIRED, FILLED, ORDERED
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Share, Unit
from tracker.shops import Shop

TITLE = N_("Checkouts")
QUESTION = N_("How far do carts get, and how much is lost on the way?")
PARAMETERS = ("period", "since", "until", "filter")
FILTERS = FAMILIES["carts"].kinds

_LOST = N_("Value of the carts that stopped here, as shown to the buyer, in the shop's currency.")

COLUMNS = (
    Column("step", Unit.TEXT, N_("Step"), N_("The cart, and each step of the checkout."), vocabulary="cart_step"),
    Column("reached", Unit.COUNT, N_("Reached"), N_("Carts that began in the period and came so far, or further.")),
    Column("share", Unit.SHARE, N_("Of all carts"), N_("Reached, as a share of all carts that began in the period.")),
    Column("went_on", Unit.COUNT, N_("Went on"), N_("Carts that came to a later step or were ordered.")),
    Column("went_on_share", Unit.SHARE, N_("Share that went on"), N_("Went on, as a share of those that reached this step.")),
    Column("ordered", Unit.COUNT, N_("Ordered"), N_("Carts that reached this step and were ordered.")),
    Column("conversion", Unit.SHARE, N_("Conversion"), N_("Ordered, as a share of those that reached this step.")),
    Column("open", Unit.COUNT, N_("Still here"), N_("Filled carts whose furthest step this is: they may yet go on.")),
    Column("stopped", Unit.COUNT, N_("Stopped here"), N_("Carts that came no further and were emptied or left to expire.")),
    Column("lost", Unit.MONEY, N_("Value lost"), _LOST),
)

OUTCOME_COLUMNS = (
    Column("outcome", Unit.TEXT, N_("Outcome"), N_("What became of the carts."), vocabulary="cart_state"),
    Column("carts", Unit.COUNT, N_("Carts"), N_("Carts that began in the period.")),
    Column("share", Unit.SHARE, N_("Of all carts"), N_("As a share of all carts that began in the period.")),
    Column("value", Unit.MONEY, N_("Value"), N_("As shown to the buyer, in the shop's currency.")),
)

FIGURES = (
    OUTCOME_COLUMNS[1],
    OUTCOME_COLUMNS[3],
    Column("conversion", Unit.SHARE, N_("Ordered"), N_("Carts that were ordered, as a share of all carts.")),
    Column("lost", Unit.MONEY, N_("Value lost"), N_("Of carts that were emptied or left to expire, in the shop's currency.")),
    Column("messaged", Unit.COUNT, N_("Written to"), N_("Carts about which a mail was sent.")),
    Column(
        "recovered",
        Unit.COUNT,
        N_("Recovered"),
        N_("Carts that were ordered and paid after a mail about them; whether because of it, only a hold-out group can say."),
    ),
    Column("recovered_value", Unit.MONEY, N_("Value recovered"), N_("Of the recovered carts, as shown to the buyer.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a step, in order; beside it what became of the carts."""
    amounts = counters.read_amounts(db, shop, query, "carts")
    carts = amounts["carts"]

    def money(name: str) -> Money:
        return Money(amounts[name], shop.settings.currency)

    outcomes: list[Row] = [
        {"outcome": state, "carts": amounts[state], "share": Share(amounts[state], carts), "value": money(f"{state}_value")}
        for state in (ORDERED, FILLED, EMPTIED, EXPIRED)
    ]
    totals: Row = {
        "carts": carts,
        "value": money("value"),
        "conversion": Share(amounts[ORDERED], carts),
        "lost": Money(amounts[f"{EMPTIED}_value"] + amounts[f"{EXPIRED}_value"], shop.settings.currency),
        "messaged": amounts["messaged"],
        "recovered": amounts["recovered"],
        "recovered_value": money("recovered_value"),
    }
    return ReportTable(
        COLUMNS,
        [_row(amounts, step, shop.settings.currency) for step in CART_STEPS],
        carts,
        FIGURES,
        totals,
        notes=counters.unrated_note(amounts, counters.UNRATED_CARTS),
        beside={"outcomes": ReportTable(OUTCOME_COLUMNS, outcomes, carts)},
    )


def _row(amounts: Counter[str], step: str, currency: str) -> Row:
    reached, ordered = amounts[f"reached:{step}"], amounts[f"ordered_from:{step}"]
    still, stopped = amounts[f"open:{step}"], amounts[f"stopped:{step}"]
    went_on = reached - still - stopped
    return {
        "step": step,
        "reached": reached,
        "share": Share(reached, amounts["carts"]),
        "went_on": went_on,
        "went_on_share": Share(went_on, reached),
        "ordered": ordered,
        "conversion": Share(ordered, reached),
        "open": still,
        "stopped": stopped,
        "lost": Money(amounts[f"stopped_value:{step}"], currency),
    }
