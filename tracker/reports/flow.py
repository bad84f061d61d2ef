"""How journeys move between stages, backwards included.

A move is a change of the current stage; moves within one stage of the view are none.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import FILTER_KINDS
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.shops import Shop
from tracker.stages import REACTIVATION, StageView

TITLE = N_("Moves between stages")
QUESTION = N_("From which stage to which do people move, and when do they step back?")
PARAMETERS = ("period", "since", "until", "filter", "view")
FILTERS = FILTER_KINDS

COLUMNS = (
    Column("from", Unit.TEXT, N_("From"), N_("The stage that was left."), vocabulary="stage"),
    Column("to", Unit.TEXT, N_("To"), N_("The stage that was entered."), vocabulary="stage"),
    Column(
        "direction",
        Unit.TEXT,
        N_("Direction"),
        N_("Back: to an earlier stage. Restart: from reactivation to an earlier stage, a new beginning."),
        vocabulary="direction",
    ),
    Column("moves", Unit.COUNT, N_("Moves"), N_("How often this happened in journeys that began in the period.")),
    Column("share", Unit.SHARE, N_("Of moves out"), N_("These moves, as a share of all moves out of the stage that was left.")),
)

FIGURES = (
    Column(
        "journeys",
        Unit.COUNT,
        N_("Journeys"),
        N_("Journeys that began in the period. A journey is one person's way towards one order."),
    ),
    Column("moves", Unit.COUNT, N_("Moves"), N_("Changes of stage in all these journeys.")),
    Column("back", Unit.SHARE, N_("Moves back"), N_("Moves to an earlier stage, as a share of all moves.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row for each pair of stages that occurred, in the order of the view."""
    amounts = counters.read_amounts(db, shop, query, "journeys")
    view = query.view
    moves = _moves(amounts, view)
    out: Counter[int] = Counter()
    for (here, _there, _direction), count in moves.items():
        out[here] += count
    rows: list[Row] = [
        {
            "from": view.stages[here - 1].key,
            "to": view.stages[there - 1].key,
            "direction": direction,
            "moves": count,
            "share": Share(count, out[here]),
        }
        for (here, there, direction), count in sorted(moves.items())
        if count
    ]
    back = sum(count for (_here, _there, direction), count in moves.items() if direction == "back")
    totals: Row = {"journeys": amounts["journeys"], "moves": sum(out.values()), "back": Share(back, sum(out.values()))}
    return ReportTable(COLUMNS, rows, amounts["journeys"], FIGURES, totals)


def _moves(amounts: Counter[str], view: StageView) -> Counter[tuple[int, int, str]]:
    """(from, to, direction) by positions in the view."""
    moves: Counter[tuple[int, int, str]] = Counter()
    for name, count in amounts.items():
        if not name.startswith("move."):
            continue
        _, source, target = name.split(".")
        here, there = view.position_of[int(source)], view.position_of[int(target)]
        if here < there:
            moves[here, there, "on"] += count
        elif here > there:
            moves[here, there, "restart" if int(source) == REACTIVATION else "back"] += count
    return moves
