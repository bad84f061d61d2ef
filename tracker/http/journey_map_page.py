"""The journey map: a column for each stage, a row for each field, with the owner's notes, which are written in place.

GET   the map; ?edit=<place>: with the form of that note
POST  place, text: keeps the note, then leads back to the map

In a view that rolls stages up, a note is written to the first of the twelve that a stage holds; those of others stand beside.
The page is printed on one sheet of A3: the size of its letters follows from how much there is to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, sqrt
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.http.controls import again, downloads, make_controls, read_page_query, span, writer
from tracker.http.deps import deps, may, shop
from tracker.http.locale import locale
from tracker.http.notes import MAX_TEXT, keep_note
from tracker.reports import answer
from tracker.reports.journey_map import COLUMNS
from tracker.reports.stages import COLUMNS as STAGE_COLUMNS
from tracker.reports.table import ENOUGH, N_, Column, ReportTable, Row, Share, Unit
from tracker.stages import STAGES, ViewStage
from tracker.storage import reading
from tracker.telling.cells import Writer
from tracker.telling.insight import INSIGHTS

# What each field holds: its definition, shown with its name.
FIELD_COLUMNS = (
    Column("actions", Unit.TEXT, N_("Actions"), N_("What people did themselves in this stage, the most frequent first.")),
    Column("questions", Unit.TEXT, N_("Questions"), N_("What people searched for in the shop, and asked the support about.")),
    Column("touchpoints", Unit.TEXT, N_("Touchpoints"), N_("Where the arrivals came from that led into this stage.")),
    Column("feelings", Unit.TEXT, N_("Feelings"), N_("Scores and reviews, at the stage they are about; complaints.")),
    Column("pain", Unit.TEXT, N_("Pain points"), N_("Where journeys stopped, and what failed: checkout, coupons, searches.")),
)

# Feelings that are told good or bad by their key; scores say it themselves (nps.good).
_TONES = {"review.5": "good", "review.4": "good", "review.2": "bad", "review.1": "bad", "complaint": "bad", "return": "bad"}

# A sheet of A3 across in the largest print: lines, and letters of all columns together.  Tried with a full shop.
_LARGEST, _SMALLEST = 8.5, 4.5  # points
_LINES, _LETTERS = 64, 204

_WHAT, _TIMES, _SHARE = (column for column in COLUMNS if column.key in ("what", "times", "share"))
REACHED = next(column for column in STAGE_COLUMNS if column.key == "reached")


@dataclass(frozen=True)
class Entry:
    """One thing that people did, asked, felt …"""

    what: str
    times: str
    share: str  # of all that was counted for the field
    width: float  # the same, for the bar
    tone: str  # good, middle, bad; "": neither


@dataclass(frozen=True)
class Note:
    """The owner's words at one place; without text the place where they may be written."""

    place: str
    stage: str  # its name, where the column holds several of the twelve
    text: str
    written_at: int | None
    written_by: str | None
    url: str  # with the form open
    is_open: bool

    @property
    def id(self) -> str:
        return _anchor(self.place)


@dataclass(frozen=True)
class Field:
    """A cell of the map."""

    column: Column
    entries: list[Entry]
    sample: int
    notes: list[Note]


@dataclass(frozen=True)
class MapStage:
    """A column of the map."""

    name: str
    number: int  # the first of the twelve that it holds
    reached: int
    fields: list[Field]


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/shops/<int:shop_id>/journey-map", "journey_map", journey_map)
    blueprint.add_url_rule("/shops/<int:shop_id>/journey-map", "write_map_note", write_map_note, methods=["POST"])


def write_map_note() -> ResponseReturnValue:
    """Back to the map, with the place in sight.  Raises NotFound, BadQuery."""
    place = request.form.get("place", "")
    keep_note(place, request.form.get("text", ""))
    return redirect(again(edit=None, _anchor=_anchor(place)), 303)


def journey_map() -> ResponseReturnValue:
    """Raises BadQuery."""
    query = read_page_query()
    write = writer(query)
    with reading(deps().engine) as db:
        table = answer("journey_map", db, shop(), query)
        counted = answer("stages", db, shop(), query)
        controls = make_controls(db, "journey_map", query)
    reached = {str(row["stage"]): int(str(row["reached"])) for row in counted.rows}
    stages = [_stage(stage, table, reached, write) for stage in query.view.stages]
    return render_template(
        "admin/journey_map.html",
        query=query,
        write=write,
        table=table,
        controls=controls,
        span=span(query, write),
        stages=stages,
        insights=INSIGHTS["stages"](counted, query, write)[:1],
        fields=FIELD_COLUMNS,
        told=[REACHED, *FIELD_COLUMNS, _TIMES, _SHARE],
        reached_column=REACHED,
        may_write=may("notes"),
        max_text=MAX_TEXT,
        print_size=print_size(stages),
        here=again(edit=None),
        downloads=downloads("journey_map"),
        enough=ENOUGH,
        demo=deps().config.demo,
    )


def _anchor(place: str) -> str:
    return "note-" + place.partition(".")[2].replace(".", "-")


def _stage(stage: ViewStage, table: ReportTable, reached: Mapping[str, int], write: Writer) -> MapStage:
    first = min(stage.members)
    notes = {str(row["place"]): row for row in table.beside["notes"].rows}
    fields = []
    for column in FIELD_COLUMNS:
        rows = [row for row in table.rows if (row["stage"], row["field"]) == (stage.key, column.key)]
        sample = next((share.whole for row in rows if isinstance(share := row["share"], Share)), 0)
        entries = [_entry(row, column.key, write) for row in rows]
        fields.append(Field(column, entries, sample, list(_notes(stage, column.key, notes))))
    return MapStage(stage.name(locale()), first, reached[stage.key], fields)


def _entry(row: Row, field: str, write: Writer) -> Entry:
    share, key = row["share"], str(row["key"])
    tone = (_TONES.get(key) or key.partition(".")[2]) if field == "feelings" else ""
    return Entry(
        write.cell(_WHAT, row["what"]),
        write.cell(_TIMES, row["times"]),
        write.cell(_SHARE, share),
        (share.value or 0) if isinstance(share, Share) else 0,
        tone if tone in ("good", "middle", "bad") else "",
    )


def _notes(stage: ViewStage, field: str, found: Mapping[str, Row]) -> Iterator[Note]:
    """Those that there are, and the place of the first of the twelve in any case."""
    for number in sorted(stage.members):
        place = f"journey_map.{number}.{field}"
        row: Mapping[str, Any] = found.get(place, {})
        if row or number == min(stage.members):
            yield Note(
                place,
                STAGES[number - 1].name(locale()) if len(stage.members) > 1 else "",
                row.get("text", ""),
                row.get("written_at"),
                row.get("written_by"),
                again(edit=place, _anchor=_anchor(place)),
                may("notes") and request.args.get("edit") == place,
            )


def print_size(stages: Sequence[MapStage]) -> float:
    """In points, so that all of it fits on the sheet: half the size takes a quarter of the room."""
    letters = _LETTERS / max(len(stages), 1)
    lines = sum(max(_lines(stage.fields[i], letters) for stage in stages) for i in range(len(FIELD_COLUMNS)))
    return round(min(_LARGEST, max(_SMALLEST, _LARGEST * sqrt(_LINES / max(lines, 1)))), 1)


def _lines(field: Field, letters: float) -> float:
    told = [f"{entry.what} {entry.times}" for entry in field.entries]
    written = [line for note in field.notes if note.text for line in [*note.text.split("\n"), note.stage + " " * 40]]
    return 1 + sum(ceil((len(text) + 1) / letters) for text in [*told, *written])
