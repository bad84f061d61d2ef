"""Where customers are lost: how many journeys reach each stage, go on, and order.

Journeys that *began* in the period, followed until now; those still under way are counted and marked.
A stage counts when it was reached itself: someone may reach decision without consideration.
Reference values: docs/reports.md.
"""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection

from tracker.journey.contribution import FILTER_KINDS
from tracker.reports import counters
from tracker.reports.durations import BOUNDS, median_seconds
from tracker.reports.query import Query
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop
from tracker.stages import REACTIVATION, StageView, ViewStage

TITLE = N_("Stages")
QUESTION = N_("Where do customers go on, and where are they lost?")
PARAMETERS = ("period", "since", "until", "filter", "view")
FILTERS = FILTER_KINDS

REFERENCE_CONVERSION = 0.029
REFERENCE_DROP_OFFS = {
    ("awareness", "consideration"): 0.38,
    ("attention", "consideration"): 0.38,
    ("consideration", "purchase"): 0.29,
}

COLUMNS = (
    Column(
        "stage", Unit.TEXT, N_("Stage"), N_("A place in the customer journey, by the chosen stage view."), vocabulary="stage"
    ),
    Column(
        "reached",
        Unit.COUNT,
        N_("Reached"),
        N_("Journeys that began in the period and reached this stage, however often and in whatever order."),
    ),
    Column("share", Unit.SHARE, N_("Of all journeys"), N_("Reached, as a share of all journeys that began in the period.")),
    Column(
        "share_of_orders",
        Unit.SHARE,
        N_("Of journeys with an order"),
        N_("For stages after the order: journeys that reached this stage, as a share of the journeys with an order."),
    ),
    Column(
        "went_on",
        Unit.COUNT,
        N_("Went on"),
        N_("Journeys that reached this stage and also a later one on the way to the order."),
    ),
    Column(
        "drop_off",
        Unit.SHARE,
        N_("Drop-off"),
        N_("Of the journeys that reached this stage, those that went no further. Some are under way and may yet go on."),
    ),
    Column(
        "reference_drop_off",
        Unit.SHARE,
        N_("Drop-off elsewhere"),
        N_("What webshops lose on average between this stage and the next. A rule of thumb, not a target."),
    ),
    Column("ordered", Unit.COUNT, N_("With an order"), N_("Journeys that reached this stage and have a counted order.")),
    Column(
        "conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of the journeys that reached this stage.")
    ),
    Column(
        "moved_back",
        Unit.COUNT,
        N_("Moves back"),
        N_("Moves from this stage to an earlier one. A journey may move back several times."),
    ),
    Column(
        "median_stay",
        Unit.SECONDS,
        N_("Time in stage"),
        N_("Half of the stays were shorter. Estimated from classes of length; stays still under way are not counted."),
    ),
    Column(
        "mean_stay",
        Unit.SECONDS,
        N_("Average time in stage"),
        N_("All time spent in this stage divided by the number of stays."),
    ),
    Column("stays", Unit.COUNT, N_("Stays"), N_("How often a journey stayed in this stage and left it again.")),
)

FIGURES = (
    Column(
        "journeys",
        Unit.COUNT,
        N_("Journeys"),
        N_("Journeys that began in the period. A journey is one person's way towards one order."),
    ),
    Column(
        "open",
        Unit.COUNT,
        N_("Still under way"),
        N_("Journeys that have neither ordered nor lapsed yet; their figures may still rise."),
    ),
    Column(
        "ordered", Unit.COUNT, N_("Journeys with an order"), N_("Journeys that began in the period and have a counted order.")
    ),
    Column(
        "conversion",
        Unit.SHARE,
        N_("Conversion rate"),
        N_("Journeys with an order, as a share of all journeys that began in the period."),
        reference=N_("Webshops average 2.9%"),
    ),
    Column(
        "touchpoints",
        Unit.NUMBER,
        N_("Touchpoints per journey"),
        N_("Arrivals from outside – adverts, searches, mails, links – divided by journeys."),
        reference=N_("5–8 is usual when selling to consumers, up to 27 between companies"),
    ),
    Column(
        "net",
        Unit.MONEY,
        N_("Net revenue"),
        N_("Of these journeys' counted orders: after discounts and refunds, without VAT and shipping, in the shop's currency."),
    ),
)

STAY_COLUMNS = (
    COLUMNS[0],
    *(
        Column(f"b{i}", Unit.COUNT, title, N_("Stays of this length."))
        for i, title in enumerate(
            (
                N_("under 10 s"),
                N_("under 1 min"),
                N_("under 10 min"),
                N_("under 1 h"),
                N_("under 1 day"),
                N_("under 1 week"),
                N_("longer"),
            )
        )
    ),
)

DAY_COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which the journeys began, in the shop's time zone.")),
    *(column for column in FIGURES if column.key in ("journeys", "open", "ordered", "conversion")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a stage of the view, in order; beside it the lengths of stays and the single days."""
    amounts = counters.read_amounts(db, shop, query, "journeys")
    view = query.view
    places = counters.of_view(amounts, view)
    return ReportTable(
        columns=COLUMNS,
        rows=[_row(amounts, places[i], view, i) for i in range(1, len(view.stages) + 1)],
        sample=amounts["journeys"],
        figures=FIGURES,
        totals=_totals(amounts, shop),
        references={"conversion": REFERENCE_CONVERSION, **_references(view)},
        notes=_notes(amounts) + counters.unrated_note(amounts),
        beside={
            "stays": ReportTable(STAY_COLUMNS, [_stay_row(amounts, stage) for stage in view.stages], amounts["journeys"]),
            "days": _days(db, shop, query),
        },
    )


def _row(amounts: Counter[str], place: Counter[str], view: StageView, position: int) -> Row:
    stage = view.stages[position - 1]
    reached, went_on, ordered = place["reached"], place["went_on"], place["ordered"]
    in_approach = position <= view.approach
    goes_on = position < view.goes_on
    buckets = _buckets(amounts, stage)
    stays = sum(amounts[f"stay.{n}.count"] for n in stage.members)
    seconds = sum(amounts[f"stay.{n}.seconds"] for n in stage.members)
    return {
        "stage": stage.key,
        "reached": reached,
        "share": Share(reached, amounts["journeys"]) if in_approach else None,
        "share_of_orders": None if in_approach else Share(ordered, amounts["ordered"]),
        "went_on": went_on if goes_on else None,
        "drop_off": Share(reached - went_on, reached) if goes_on else None,
        "reference_drop_off": _reference(view, position),
        "ordered": ordered,
        "conversion": Share(ordered, reached) if in_approach else None,
        "moved_back": _moved_back(amounts, view, position),
        "median_stay": median_seconds(buckets),
        "mean_stay": seconds / stays if stays else None,
        "stays": stays,
    }


def _buckets(amounts: Counter[str], stage: ViewStage) -> list[int]:
    """Of a stage that holds several of the twelve: the stays in each of them."""
    return [sum(amounts[f"stay.{n}.b{i}"] for n in stage.members) for i in range(len(BOUNDS) + 1)]


def _stay_row(amounts: Counter[str], stage: ViewStage) -> Row:
    return {"stage": stage.key, **{f"b{i}": count for i, count in enumerate(_buckets(amounts, stage))}}


def _moved_back(amounts: Counter[str], view: StageView, position: int) -> int:
    """Reactivation is a flag beside the order 1…11: leaving it is starting again, not stepping back."""
    return sum(
        amounts[f"move.{here}.{there}"]
        for here in view.stages[position - 1].members
        if here != REACTIVATION
        for there, at in view.position_of.items()
        if at < position
    )


def _reference(view: StageView, position: int) -> float | None:
    if position == len(view.stages):
        return None
    return REFERENCE_DROP_OFFS.get((view.stages[position - 1].key, view.stages[position].key))


def _references(view: StageView) -> dict[str, float]:
    found = {stage.key: _reference(view, i) for i, stage in enumerate(view.stages, 1)}
    return {f"drop_off.{key}": value for key, value in found.items() if value is not None}


def _totals(amounts: Counter[str], shop: Shop) -> Row:
    journeys = amounts["journeys"]
    return {
        "journeys": journeys,
        "open": amounts["open"],
        "ordered": amounts["ordered"],
        "conversion": Share(amounts["ordered"], journeys),
        "touchpoints": amounts["touchpoints"] / journeys if journeys else None,
        "net": Money(amounts["net"], shop.settings.currency),
    }


def _notes(amounts: Counter[str]) -> tuple[Sentence, ...]:
    if not amounts["open"]:
        return ()
    text = N_("%(open)s of %(journeys)s journeys are still under way: they may yet go on and order.")
    return (Sentence(text, {"open": amounts["open"], "journeys": amounts["journeys"]}),)


def _days(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """Days without a journey are left out."""
    days = counters.read_days(db, shop, query, "journeys", ("journeys", "open", "ordered"))
    rows: list[Row] = [
        {
            "day": counters.day_from_number(day_on),
            "journeys": found["journeys"],
            "open": found["open"],
            "ordered": found["ordered"],
            "conversion": Share(found["ordered"], found["journeys"]),
        }
        for day_on, found in sorted(days.items())
    ]
    return ReportTable(DAY_COLUMNS, rows, sum(found["journeys"] for found in days.values()))
