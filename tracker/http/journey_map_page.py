"""The journey map: a column for each stage, a row for each field, with the owner's notes, which are written in place.

GET   the map; ?edit=<place>: with the form of that note
POST  place, text: keeps the note, then leads back to the map

In a view that rolls stages up, a note is written to the first of the twelve that a stage holds; those of others stand beside.
The page is printed on one sheet of A3: the size of its letters follows from how much there is to say.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import Any

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from tracker.http.controls import again, downloads, make_controls, read_page_query, span, writer
from tracker.http.deps import deps, may, shop
from tracker.http.locale import locale
from tracker.http.notes import MAX_TEXT, Overtaken, keep_note
from tracker.reports import answer
from tracker.reports.journey_map import COLUMNS
from tracker.reports.stages import COLUMNS as STAGE_COLUMNS
from tracker.reports.table import N_, Column, ReportTable, Row, Share, Unit
from tracker.stages import STAGES, ViewStage
from tracker.storage import reading
from tracker.telling.cells import Writer
from tracker.telling.insight import INSIGHTS

# What each field holds: its definition, shown with its name.
FIELD_COLUMNS = (
    Column("actions", Unit.TEXT, N_("Actions"), N_("What people did themselves in this stage, the most frequent first.")),
    Column("questions", Unit.TEXT, N_("Questions"), N_("What people searched for in the shop, and asked support about.")),
    Column("touchpoints", Unit.TEXT, N_("Touchpoints"), N_("Where the arrivals came from that led into this stage.")),
    Column("feelings", Unit.TEXT, N_("Feelings"), N_("Scores and reviews, at the stage they are about; complaints.")),
    Column("pain", Unit.TEXT, N_("Pain points"), N_("Where journeys stopped, and what failed: checkout, coupons, searches.")),
)

# Feelings that are told good or bad by their key; scores say it themselves (nps.good).
_TONES = {"review.5": "good", "review.4": "good", "review.2": "bad", "review.1": "bad", "complaint": "bad", "return": "bad"}

# A sheet of A3 across in print of one point: how many lines go below each other, and how many letters beside each other in all
# columns together.  Tried with a full shop and many notes.
_LINES, _LETTERS = 570, 1_950
_SIZES = tuple(size / 4 for size in range(34, 17, -1))  # points, from 8.5 down to 4.5

_WHAT, _TIMES, _SHARE = (column for column in COLUMNS if column.key in ("what", "times", "share"))
REACHED = next(column for column in STAGE_COLUMNS if column.key == "reached")


_WHEN = "26. nov. 2026 10.20"  # how long such a moment is


@dataclass(frozen=True)
class Entry:
    """One thing that people did, asked, felt …"""

    what: str
    times: str
    share: str  # of all that was counted for the field
    width: float  # the same, for the bar
    tone: str  # good, middle, bad; "": neither


@dataclass(frozen=True)
class Draft:
    """A note being written; `text` is what the writer had typed when somebody else was first."""

    place: str
    text: str | None = None


@dataclass(frozen=True)
class Note:
    """The owner's words at one place; without text the place where they may be written."""

    place: str
    stage: str  # its name, where the column holds several of the twelve
    text: str
    written_at: int | None
    written_by: str | None
    url: str  # with the form open
    draft: Draft | None  # what stands in the form, if it is open

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
    """Back to the map, with the place in sight; with the form again when somebody else has written there meanwhile.

    Raises NotFound, BadQuery.
    """
    place, text = request.form.get("place", ""), request.form.get("text", "")
    try:
        keep_note(place, text, request.form.get("seen_at", type=int))
    except Overtaken:
        return _show(Draft(place, text))
    return redirect(again(edit=None, _anchor=_anchor(place)), 303)


def journey_map() -> ResponseReturnValue:
    """Raises BadQuery."""
    return _show(Draft(place) if (place := request.args.get("edit")) else None)


def _show(draft: Draft | None) -> str:
    query = read_page_query()
    write = writer(query)
    with reading(deps().engine) as db:
        table = answer("journey_map", db, shop(), query)
        counted = answer("stages", db, shop(), query)
        controls = make_controls(db, "journey_map", query)
    reached = {str(row["stage"]): int(str(row["reached"])) for row in counted.rows}
    stages = [_stage(stage, table, reached, write, draft) for stage in query.view.stages]
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
    )


def _anchor(place: str) -> str:
    return "note-" + place.partition(".")[2].replace(".", "-")


def _stage(stage: ViewStage, table: ReportTable, reached: Mapping[str, int], write: Writer, draft: Draft | None) -> MapStage:
    first = min(stage.members)
    notes = {str(row["place"]): row for row in table.beside["notes"].rows}
    fields = []
    for column in FIELD_COLUMNS:
        rows = [row for row in table.rows if (row["stage"], row["field"]) == (stage.key, column.key)]
        sample = next((share.whole for row in rows if isinstance(share := row["share"], Share)), 0)
        entries = [_entry(row, column.key, write) for row in rows]
        fields.append(Field(column, entries, sample, list(_notes(stage, column.key, notes, draft))))
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


def _notes(stage: ViewStage, field: str, found: Mapping[str, Row], draft: Draft | None) -> Iterator[Note]:
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
                draft if draft and draft.place == place and may("notes") else None,
            )


def print_size(stages: Sequence[MapStage]) -> float:
    """In points: the largest in which all of it fits on the sheet, else the smallest."""
    return next((size for size in _SIZES if _lines(stages, _LETTERS / size / len(stages)) <= _LINES / size), _SIZES[-1])


def _lines(stages: Sequence[MapStage], letters: float) -> float:
    """Of the whole map, whose rows are as high as their highest field; `letters`: in a line of a column."""
    return 3 + sum(max(_lines_of(stage.fields[i], letters) for stage in stages) for i in range(len(FIELD_COLUMNS)))


def _lines_of(field: Field, letters: float) -> float:
    entries = [_wrapped(entry.what, letters - len(entry.times) - 1) + 0.2 for entry in field.entries]
    notes = [_lines_of_note(note, letters - 1) for note in field.notes if note.text]
    return 0.6 + sum(entries) + sum(notes)


def _lines_of_note(note: Note, letters: float) -> float:
    told = [*note.text.split("\n"), note.stage, f"{note.written_by}, {_WHEN}"]
    return 0.7 + sum(_wrapped(line, letters) for line in told)


def _wrapped(text: str, letters: float) -> int:
    return ceil(len(text) / max(letters, 4))  # nothing: no line
