"""The journey on one sheet: for each stage what people do, ask and feel, where they come from, and where it hurts.

Filled from the counters, the most frequent first; the owner's own words stand beside, in the table `notes`, one for each of the
twelve stages and each field (place `journey_map.<number of the stage>.<field>`).
To add something to a field: a line in one of the functions of FIELDS.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.scores import KINDS, given_at, summarize
from tracker.reports.table import N_, Column, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop
from tracker.stages import ADVOCACY, DECISION, ENGAGEMENT, NEED, SATISFACTION, STAGES, StageView
from tracker.stages.tagging import NOT_OWN_ACTS

TITLE = N_("Journey map")
QUESTION = N_("What do people do, ask and feel at each stage, and where does it hurt?")
PARAMETERS = ("period", "since", "until", "filter", "view")
FILTERS = FAMILIES["acts"].kinds

MOST = 5  # entries of one field

COLUMNS = (
    Column("stage", Unit.TEXT, N_("Stage"), N_("A place in the customer journey, by the chosen stage view."), "stage"),
    Column("field", Unit.TEXT, N_("Field"), N_("Actions, questions, touchpoints, feelings or pain points."), "map_field"),
    Column("key", Unit.TEXT, N_("Key"), N_("What it is, as machines name it.")),
    Column("what", Unit.TEXT, N_("What"), N_("What it is, in words.")),
    Column("times", Unit.COUNT, N_("Times"), N_("How often in the period; of pain points and words searched for, journeys.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of all that was counted for this field of this stage.")),
)

NOTE_COLUMNS = (
    COLUMNS[0],
    COLUMNS[1],
    Column("place", Unit.TEXT, N_("Place"), N_("Where the note belongs; the address under which it is written.")),
    Column("text", Unit.TEXT, N_("Note"), N_("The owner's own words.")),
    Column("written_at", Unit.INSTANT, N_("Written"), N_("When it was last changed.")),
    Column("written_by", Unit.TEXT, N_("By"), N_("Who changed it last.")),
)

Found = Iterator[tuple[int, str, Sentence, int]]  # stage, key, in words, times


@dataclass(frozen=True)
class _Counted:
    """The counters of the period, by family."""

    acts: Counter[str]
    searches: Counter[str]
    support: Counter[str]
    satisfaction: Counter[str]
    endings: Counter[str]
    coupons: Counter[str]


def _actions(counted: _Counted) -> Found:
    """What people did themselves.  Leaving a page is no action of its own."""
    for name, times in counted.acts.items():
        stage, _, act = name.partition(".")
        if act[0] not in "@~" and act not in NOT_OWN_ACTS and act != "page_engaged":
            yield int(stage), act, Sentence(N_("%(how)s"), {"how": act}), times


def _questions(counted: _Counted) -> Found:
    for words, times in counters.by_metric(counted.searches, "journeys").items():
        yield NEED, words, Sentence(N_("Searched for “%(term)s”"), {"term": words}), times
    for topic, times in counters.by_metric(counted.support, "opened").items():
        if topic != "complaint":
            yield ENGAGEMENT, topic, Sentence(N_("Asked support about: %(topic)s"), {"topic": topic}), times


def _touchpoints(counted: _Counted) -> Found:
    for name, times in counted.acts.items():
        stage, _, act = name.partition(".")
        if act.startswith("@"):
            yield int(stage), act[1:], Sentence(N_("%(channel)s"), {"channel": act[1:]}), times


_SAID = {
    "nps": (N_("Would recommend the shop (9–10)"), N_("Might recommend the shop (7–8)"), N_("Would not recommend it (0–6)")),
    "csat": (N_("Satisfied (4–5)"), N_("So-so (3)"), N_("Dissatisfied (1–2)")),
    "ces": (N_("Found it easy (5–7)"), N_("Neither easy nor hard (4)"), N_("Found it hard (1–3)")),
}


def _feelings(counted: _Counted) -> Found:
    for kind in KINDS:
        for stage, scores in given_at(counted.satisfaction, kind).items():
            summary = summarize(kind, scores)
            parts = {"good": summary.good, "middle": summary.middle, "bad": summary.bad}
            for said, (part, times) in zip(_SAID[kind], parts.items(), strict=True):
                yield stage, f"{kind}.{part}", Sentence(said, {}), times
    for stars, times in counters.by_metric(counted.satisfaction, "review").items():
        stage = ADVOCACY if int(stars) >= 4 else SATISFACTION
        yield stage, f"review.{stars}", Sentence(N_("Review with %(stars)s of 5 stars"), {"stars": stars}), times
    yield SATISFACTION, "complaint", Sentence(N_("Complained"), {}), counted.support["opened:complaint"]
    yield SATISFACTION, "return", Sentence(N_("Asked to send goods back"), {}), counted.satisfaction["return_requested"]


def _pain(counted: _Counted) -> Found:
    for stage, times in counters.by_metric(counted.endings, "stage").items():
        yield int(stage), "stopped", Sentence(N_("Ended here"), {}), times
    for what, times in counters.by_metric(counted.endings, "errors").items():
        yield DECISION, f"error.{what}", Sentence(N_("Error in the checkout: %(what)s"), {"what": what}), times
    for code, times in counters.by_metric(counted.coupons, "denied").items():
        yield DECISION, f"coupon.{code}", Sentence(N_("Coupon denied: %(code)s"), {"code": code}), times
    for words, times in counters.by_metric(counted.searches, "nothing").items():
        yield NEED, f"nothing.{words}", Sentence(N_("Nothing found for “%(term)s”"), {"term": words}), times


FIELDS: dict[str, Callable[[_Counted], Found]] = {
    "actions": _actions,
    "questions": _questions,
    "touchpoints": _touchpoints,
    "feelings": _feelings,
    "pain": _pain,
}

PLACES: Mapping[str, tuple[int, str]] = {  # of notes -> stage, field
    f"journey_map.{stage.number}.{field}": (stage.number, field) for stage in STAGES for field in FIELDS
}


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """The most frequent entries of each field of each stage, in order; beside it the owner's notes."""
    view = query.view
    counted = _Counted(**{family: counters.read_amounts(db, shop, query, family) for family in _Counted.__dataclass_fields__})
    cells: dict[tuple[int, str], dict[str, list[Any]]] = {}  # place in the view, field -> key -> [in words, times]
    for field, find in FIELDS.items():
        for stage, key, what, times in find(counted):
            entry = cells.setdefault((view.position_of[stage], field), {}).setdefault(key, [what, 0])
            entry[1] += times
    rows = [
        row
        for i in range(1, len(view.stages) + 1)
        for field in FIELDS
        for row in _rows(view.stages[i - 1].key, field, cells.get((i, field), {}))
    ]
    sample = counters.read_amounts(db, shop, query, "journeys")["journeys"]
    return ReportTable(COLUMNS, rows, sample, beside={"notes": ReportTable(NOTE_COLUMNS, _notes(db, shop, view), sample)})


def _rows(stage: str, field: str, entries: Mapping[str, list[Any]]) -> Iterator[Row]:
    total = sum(times for _, times in entries.values())
    for key, (what, times) in sorted(entries.items(), key=lambda entry: (-entry[1][1], entry[0]))[:MOST]:
        if times:
            yield {"stage": stage, "field": field, "key": key, "what": what, "times": times, "share": Share(times, total)}


def _notes(db: Connection, shop: Shop, view: StageView) -> list[Row]:
    """In the order of the stages and fields."""
    c = t.notes.c
    found = {row.place: row for row in db.execute(select(t.notes).where(c.shop_id == shop.shop_id))}
    return [
        {
            "stage": view.stages[view.position_of[stage] - 1].key,
            "field": field,
            "place": place,
            "text": found[place].text,
            "written_at": found[place].written_at,
            "written_by": found[place].written_by,
        }
        for place, (stage, field) in PLACES.items()
        if place in found
    ]
