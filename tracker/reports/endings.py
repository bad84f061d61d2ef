"""Where journeys end without an order: on which page, how far in the checkout, in which stage; and after which errors.

Endings lie on the day on which the journey lapsed, after the shop's time of silence; errors on the day on which it began.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.carts import CART_STEPS
from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.ranked import rank
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop
from tracker.stages import StageView

TITLE = N_("Endings")
QUESTION = N_("Where do journeys end without an order?")
PARAMETERS = ("period", "since", "until", "filter", "view", "limit")
FILTERS = FAMILIES["endings"].kinds

_ENDED = (
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that lapsed in the period and ended here.")),
    Column("share", Unit.SHARE, N_("Of all endings"), N_("As a share of all journeys that lapsed in the period.")),
)

COLUMNS = (
    Column("page", Unit.TEXT, N_("Last page"), N_("The path of the last page that was looked at.")),
    Column("pages", Unit.COUNT, N_("Pages"), N_("How many the row stands for: 1, or all others in the last one.")),
    *_ENDED,
)

STEP_COLUMNS = (
    Column(
        "step",
        Unit.TEXT,
        N_("Step"),
        N_("The furthest that a cart of the journey came."),
        vocabulary="ended_step",
    ),
    *_ENDED,
)

STAGE_COLUMNS = (
    Column("stage", Unit.TEXT, N_("Stage"), N_("Where the journey stood at the end, by the stage view."), vocabulary="stage"),
    *_ENDED,
)

ERROR_COLUMNS = (
    Column("step", Unit.TEXT, N_("Where"), N_("The part of the checkout, in the shop's word.")),
    Column("error", Unit.TEXT, N_("Error"), N_("The code, or else the message that the buyer read.")),
    Column("errors", Unit.COUNT, N_("Errors"), N_("How many the row stands for: 1, or all others in the last one.")),
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period and met this error.")),
    Column("lost", Unit.COUNT, N_("Lost"), N_("Of these, journeys that lapsed without an order; others are under way.")),
    Column("lost_share", Unit.SHARE, N_("Share lost"), N_("Lost, as a share of the journeys that met this error.")),
)

FIGURES = (
    Column("lapsed", Unit.COUNT, N_("Endings"), N_("Journeys that lapsed in the period: nothing was heard for too long.")),
    Column("with_cart", Unit.SHARE, N_("With a cart"), N_("Endings of journeys that had something in the cart, as a share.")),
    Column("erring", Unit.COUNT, N_("With an error"), N_("Journeys of the period that met an error in the checkout.")),
    Column("erring_lost", Unit.SHARE, N_("Lost after an error"), N_("Of these, journeys that lapsed, as a share.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a last page, most endings first, the last one sums up those beyond `limit`; beside it steps, stages, errors."""
    amounts = counters.read_amounts(db, shop, query, "endings")
    lapsed, steps = amounts["lapsed"], counters.by_metric(amounts, "step")
    totals: Row = {
        "lapsed": lapsed,
        "with_cart": Share(steps.total(), lapsed),
        "erring": amounts["erring"],
        "erring_lost": Share(amounts["erring_lost"], amounts["erring"]),
    }
    return ReportTable(
        COLUMNS,
        _pages(amounts, lapsed, query.limit),
        lapsed,
        FIGURES,
        totals,
        beside={
            "steps": ReportTable(STEP_COLUMNS, _steps(steps, lapsed), lapsed),
            "stages": ReportTable(STAGE_COLUMNS, _stages(amounts, query.view, lapsed), lapsed),
            "errors": ReportTable(ERROR_COLUMNS, _errors(amounts, query.limit), amounts["erring"]),
        },
    )


def _ended(journeys: int, lapsed: int) -> Row:
    return {"journeys": journeys, "share": Share(journeys, lapsed)}


def _pages(amounts: Counter[str], lapsed: int, most: int) -> list[Row]:
    pages = counters.by_metric(amounts, "page")
    pages[""] = lapsed - pages.total()
    found = {page: Counter(journeys=journeys) for page, journeys in pages.items() if journeys}
    return [
        {"page": row.named(None, N_("No page")), "pages": row.keys, **_ended(row.amounts["journeys"], lapsed)}
        for row in rank(found, ("journeys",), most)
    ]


def _steps(steps: Counter[str], lapsed: int) -> list[Row]:
    """All of them, in order; first those without a cart."""
    found = [("none", lapsed - steps.total()), *((step, steps[step]) for step in CART_STEPS)]
    return [{"step": step, **_ended(journeys, lapsed)} for step, journeys in found]


def _stages(amounts: Counter[str], view: StageView, lapsed: int) -> list[Row]:
    ended: Counter[int] = Counter()
    for stage, journeys in counters.by_metric(amounts, "stage").items():
        ended[view.position_of[int(stage)]] += journeys
    return [{"stage": stage.key, **_ended(ended[i], lapsed)} for i, stage in enumerate(view.stages, 1)]


def _errors(amounts: Counter[str], most: int) -> list[Row]:
    found = {
        what: Counter(errors=times, lost=amounts[f"errors_lost:{what}"])
        for what, times in counters.by_metric(amounts, "errors").items()
    }
    rows: list[Row] = []
    for row in rank(found, ("lost", "errors"), most):
        step, _, error = (row.key or "").partition(": ")
        rows.append(
            {
                "step": step or None,
                "error": row.named(error, ""),
                "errors": row.keys,
                "journeys": row.amounts["errors"],
                "lost": row.amounts["lost"],
                "lost_share": Share(row.amounts["lost"], row.amounts["errors"]),
            }
        )
    return rows
