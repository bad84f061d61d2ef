"""The drawings of the stages and of what arrived, each of one report alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from tracker.reports.query import Query
from tracker.reports.stages import REFERENCE_CONVERSION, STAY_COLUMNS
from tracker.reports.table import ENOUGH, N_, Cell, ReportTable, Row, Share, count_of
from tracker.reports.words import DIRECTIONS, OUTCOME_KINDS
from tracker.telling.cells import Writer


def approach(table: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    """Bars of the stages up to the order, with what is lost between them."""
    rows = table.rows[: query.view.approach]
    bars = [_approach_bar(row, i == len(rows) - 1, write) for i, row in enumerate(rows)]
    ordered = table.totals["conversion"]
    line = write.translate("Average of webshops: %(share)s of journeys order") % {"share": write.percent(REFERENCE_CONVERSION)}
    order_bar = {
        "name": write.translate("Order"),
        "value": table.totals["ordered"],
        "label": _count_and_share(table.totals["ordered"], ordered, write),
        "line": table.sample * REFERENCE_CONVERSION,
        "lineLabel": line,
    }
    return {
        "kind": "approach",
        "bars": [*bars, order_bar],
        "whole": table.sample,
        "expectedText": write.translate("would go on elsewhere"),
    }


def _approach_bar(row: Row, last: bool, write: Writer) -> dict[str, Any]:
    """After the last stage comes the order itself, so what is lost there is who does not order."""
    reached, reference = count_of(row["reached"]), row["reference_drop_off"]
    expected = 1 - reference if isinstance(reference, float) and not last else None
    lost = Share(reached - count_of(row["ordered"]), reached) if last else row["drop_off"]
    return {
        "name": _stage(row, write),
        "value": reached,
        "label": _count_and_share(reached, row["share"], write),
        "drop": _drop(lost, None if last else reference, write, last),
        "expected": None if expected is None else reached * expected,
        "expectedLabel": None if expected is None else write.percent(expected),
    }


def _drop(drop: Cell, reference: Cell, write: Writer, last: bool) -> str | None:
    if not isinstance(drop, Share) or not drop.part:
        return None
    text = write.translate("%(count)s do not order") if last else write.translate("%(count)s go no further")
    said = text % {"count": write.count(drop.part)}
    if drop.enough:
        said += f" ({write.share(drop)})"
    if isinstance(reference, float):
        said += " · " + write.translate("elsewhere %(share)s") % {"share": write.percent(reference)}
    return said


def after_order(table: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    """Bars of the stages after the order, as shares of the journeys with an order."""
    bars = [
        {"name": _stage(row, write), "value": share.part, "part": None, "label": _count_and_share(share.part, share, write)}
        for row in table.rows[query.view.approach :]
        if isinstance(share := row["share_of_orders"], Share)
    ]
    return {"kind": "bars", "bars": bars, "whole": table.totals["ordered"], "names": []}


def stays(table: ReportTable, write: Writer) -> dict[str, Any]:
    """How long stays last: for each stage the classes of length, as shares of its stays."""
    lengths = STAY_COLUMNS[1:]
    names = [_stage(row, write) for row in table.rows]
    sums = [sum(count_of(row[column.key]) for column in lengths) for row in table.rows]
    series = [
        {
            "name": write.translate(column.title),
            "values": [count_of(row[column.key]) / total if total else 0 for row, total in zip(table.rows, sums, strict=True)],
            "labels": [
                write.share(Share(count_of(row[column.key]), total)) for row, total in zip(table.rows, sums, strict=True)
            ],
        }
        for column in lengths
    ]
    return {"kind": "stays", "names": names, "series": series}


def flow(table: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    """Each stage stands twice, as left and as entered, so that moves back can be drawn like moves on."""
    order = [stage.key for stage in query.view.stages]
    directions = {row["direction"] for row in table.rows}
    return {
        "kind": "flow",
        "stages": [write.say("stage", key) for key in order],
        "ends": [write.translate(N_("from")), write.translate(N_("to"))],
        "legend": [{"key": key, "name": write.translate(name)} for key, name in DIRECTIONS.items() if key in directions],
        "links": [
            {
                "from": order.index(str(row["from"])),
                "to": order.index(str(row["to"])),
                "value": row["moves"],
                "direction": row["direction"],
                "label": _move(row, write),
            }
            for row in table.rows
        ],
    }


def _move(row: Row, write: Writer) -> str:
    here, there = (write.say("stage", str(row[end])) for end in ("from", "to"))
    return f"{here} → {there}: {write.count(count_of(row['moves']))}"


def health(table: ReportTable, query: Query, write: Writer) -> dict[str, Any]:
    """What arrived by day, stacked by what became of it."""
    found = {row["day"]: row for row in table.rows}
    span = [query.since + timedelta(days=i) for i in range(query.days)]
    kinds = ("accepted", "counted_only", "refused")  # what was dropped or failed had been accepted before
    return {
        "kind": "health",
        "days": [write.short_day(day) for day in span],
        "titles": [write.day(day) for day in span],
        "series": [
            {
                "key": kind,
                "name": write.translate(OUTCOME_KINDS[kind]),
                "values": [found[day][kind] if day in found else 0 for day in span],
            }
            for kind in kinds
        ],
    }


def _stage(row: Row, write: Writer) -> str:
    return write.say("stage", str(row["stage"]))


def _count_and_share(count: Cell, share: Cell, write: Writer) -> str:
    number = write.count(count_of(count))
    if not isinstance(share, Share) or share.whole < ENOUGH:
        return number
    return f"{number} · {write.share(share)}"
