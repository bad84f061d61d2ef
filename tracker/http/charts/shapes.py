"""Drawings that any table can use.  Each function here makes a Chart for columns that it is told.

To add one: a function that answers a Chart, and its kind in static/admin/charts.js.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise
from typing import Any

from tracker.http.charts import Chart
from tracker.money import from_minor
from tracker.reports.query import Query
from tracker.reports.sorting import sums_up
from tracker.reports.table import Cell, Column, Money, ReportTable, Row, Share, Unit
from tracker.telling.cells import Writer

MOST = 12  # rows of a drawing with one row a key: more are read in the table
MONTHS = 13  # lines of a drawing: those of a year, with the months that it begins and ends in


def amount(cell: Cell) -> float | None:
    """How long a bar is."""
    match cell:
        case Share():
            return cell.value
        case Money():
            return float(from_minor(cell.minor, cell.currency))
        case int() | float():
            return cell
        case (Money() as first, *_):
            return amount(first)
    return None


def bars(
    name: str | Sequence[str], value: str, part: str | None = None, most: int = MOST, also: str | None = None, without: str = ""
) -> Chart:
    """A bar for each row, the longest first as the table has them; `part`, a column of the same unit, is drawn inside it.

    `also`: a column that is told behind the bar's own figure; `without`: the name of a row that would dwarf the others.
    """

    first = name if isinstance(name, str) else name[0]

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        columns = by_key(table)
        rows = [row for row in table.rows if not sums_up(row) and amount(row.get(value)) and row.get(first) != without][:most]
        if not rows:
            return None
        told = [value, *([also] if also else [])]
        return {
            "kind": "bars",
            "bars": [
                {
                    "name": row_name(columns, row, name, write),
                    "value": amount(row.get(value)),
                    "part": amount(row.get(part)) if part else None,
                    "label": " · ".join(write.cell(columns[key], row.get(key)) for key in told if row.get(key) is not None),
                }
                for row in rows
            ],
            "names": [write.translate(columns[key].title) for key in (value, part) if key] if part else [],
            "key": " · ".join(write.translate(columns[key].title) for key in told) if also else "",
        }

    return draw


def sums(name: str, value: str) -> Chart:
    """A bar for each name, of a table that has several rows with it, such as one for each currency; `value` are counts."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        found: dict[str, int] = {}
        for row in table.rows:
            said = row_name(by_key(table), row, name, write)
            found[said] = found.get(said, 0) + int(amount(row.get(value)) or 0)
        drawn = [{"name": said, "value": count, "part": None, "label": write.count(count)} for said, count in found.items()]
        return {"kind": "bars", "bars": drawn, "names": []} if any(found.values()) else None

    return draw


def grouped(name: str | Sequence[str], values: Sequence[str], most: int = 8, needs: Sequence[str] = ()) -> Chart:
    """Several bars for each row, one of each column; their units are the same.  `needs`: columns of which a row has one.

    Of too many rows the first are drawn; of months, the last.
    """

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        columns = by_key(table)
        rows = [row for row in table.rows if not sums_up(row) and any(amount(row.get(key)) for key in needs or values)]
        if not rows:
            return None
        of_months = isinstance(name, str) and columns[name].unit is Unit.MONTH
        rows = rows[-most:] if of_months else rows[:most]
        return {
            "kind": "grouped",
            "names": [row_name(columns, row, name, write) for row in rows],
            "series": [
                {
                    "name": write.translate(columns[key].title),
                    "values": [amount(row.get(key)) for row in rows],
                    "labels": [write.cell(columns[key], row.get(key)) for row in rows],
                }
                for key in values
            ],
        }

    return draw


def days(*values: str, day: str = "day", lines: bool = False, overlaid: bool = False) -> Chart:
    """Columns or lines by day; days of the period without a row are drawn as nothing.  `overlaid`: each holds the next."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        if not table.rows:
            return None
        columns = by_key(table)
        found = {row.get(day): row for row in table.rows}
        every = [query.since + timedelta(days=i) for i in range(query.days)]
        series = [
            {
                "name": write.translate(columns[key].title),
                "values": [amount(found[one][key]) if one in found else None if lines else 0 for one in every],
                "labels": [write.cell(columns[key], found[one][key]) if one in found else "–" for one in every],
                "share": columns[key].unit is Unit.SHARE,
            }
            for key in values
        ]
        return {
            "kind": "lines" if lines else "columns",
            "names": [write.short_day(one) for one in every],
            "titles": [write.day(one) for one in every],
            "series": series,
            "overlaid": overlaid,
        }

    return draw


def columns(name: str, *values: str, overlaid: bool = False) -> Chart:
    """Upright bars, one group for each row, in the order of the table."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = by_key(table)
        rows = [row for row in table.rows if not sums_up(row)]
        if not any(amount(row.get(key)) for row in rows for key in values):
            return None
        names = [row_name(told, row, name, write) for row in rows]
        series = [
            {
                "name": write.translate(told[key].title),
                "values": [amount(row.get(key)) for row in rows],
                "labels": [write.cell(told[key], row.get(key)) for row in rows],
                "share": told[key].unit is Unit.SHARE,
            }
            for key in values
        ]
        return {"kind": "columns", "names": names, "titles": names, "series": series, "overlaid": overlaid}

    return draw


def heat(row: str, column: str, value: str, most: int = MOST) -> Chart:
    """A field for each pair, the darker the larger its share; of a table with a row for each pair."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = by_key(table)
        down = list(dict.fromkeys(one.get(row) for one in table.rows))[:most]
        across = list(dict.fromkeys(one.get(column) for one in table.rows))
        fields = [
            [across.index(one.get(column)), down.index(one.get(row)), share, write.cell(told[value], one.get(value))]
            for one in table.rows
            if one.get(row) in down and (share := amount(one.get(value))) is not None
        ]
        names = [write.cell(told[row], name) for name in down]
        drawn = _heat(names, [write.cell(told[column], name) for name in across], fields)
        return drawn and {**drawn, "key": write.translate(told[value].definition)}

    return draw


def heat_months(row: str, months: Sequence[str]) -> Chart:
    """A field for each month after the first order; of a table with a row for each cohort and a column for each month."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = by_key(table)
        shown = [key for key in months if any(one.get(key) is not None for one in table.rows)]
        fields = [
            [x, y, share, write.cell(told[key], one.get(key))]
            for y, one in enumerate(table.rows)
            for x, key in enumerate(shown)
            if (share := amount(one.get(key))) is not None
        ]
        names = [write.month(day) for one in table.rows if isinstance(day := one.get(row), date)]
        return _heat(names, [write.translate(told[key].title) for key in shown], fields)

    return draw


def _heat(down: list[str], across: list[str], fields: list[list[Any]]) -> dict[str, Any] | None:
    return {"kind": "heat", "rows": down, "columns": across, "fields": fields} if fields else None


def month_lines(row: str, months: Sequence[str]) -> Chart:
    """A line for each cohort over the months after its first order."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = by_key(table)
        shown = [key for key in months if any(one.get(key) is not None for one in table.rows)]
        if not shown:
            return None
        names = [write.translate(told[key].title) for key in shown]
        series = [
            {
                "name": write.month(day) if isinstance(day := one.get(row), date) else str(day),
                "values": [amount(one.get(key)) for key in shown],
                "labels": [write.cell(told[key], one.get(key)) for key in shown],
                "share": False,
            }
            for one in table.rows[-MONTHS:]
        ]
        return {"kind": "lines", "names": names, "titles": names, "series": series}

    return draw


def stacked(name: str, parts: Sequence[str], shades: Sequence[str] = ()) -> Chart:
    """A bar for each row, made of its parts as shares of their sum; `shades`: their colours in admin.css."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = by_key(table)
        rows = [row for row in table.rows if any(amount(row.get(key)) for key in parts)]
        sums = [sum(int(amount(row.get(key)) or 0) for key in parts) for row in rows]
        if not rows:
            return None
        series = [
            {
                "name": write.translate(told[key].title),
                "values": [(amount(row.get(key)) or 0) / whole for row, whole in zip(rows, sums, strict=True)],
                "labels": [
                    write.share(Share(int(amount(row.get(key)) or 0), whole)) for row, whole in zip(rows, sums, strict=True)
                ],
            }
            for key in parts
        ]
        return {
            "kind": "stays",
            "shades": shades,
            "names": [row_name(told, row, name, write) for row in rows],
            "series": series,
        }

    return draw


def classes(*keys: str) -> Chart:
    """Upright bars of the columns of a table with one row, such as how many waited how long."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = by_key(table)
        if not table.rows or not any(amount(table.rows[0].get(key)) for key in keys):
            return None
        row = table.rows[0]
        names = [write.translate(told[key].title) for key in keys]
        values, labels = [amount(row.get(key)) for key in keys], [write.cell(told[key], row.get(key)) for key in keys]
        return {
            "kind": "columns",
            "names": names,
            "titles": names,
            "series": [{"name": "", "values": values, "labels": labels, "share": False}],
        }

    return draw


def funnel(first: str, **others: str) -> Chart:
    """Totals one below the other, each with the figure that says which share of the one before came so far."""

    def draw(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
        told = {column.key: column for column in table.figures}
        if not amount(table.totals.get(first)):
            return None
        drawn = []
        for keys in ((first,), *others.items()):
            labels = [write.cell(told[key], table.totals.get(key)) for key in keys]
            name, value = write.translate(told[keys[0]].title), amount(table.totals.get(keys[0]))
            drawn.append({"name": name, "value": value, "part": None, "label": " · ".join(labels)})
        return {"kind": "bars", "bars": drawn, "names": []}

    return draw


def paths(table: ReportTable, query: Query, write: Writer) -> dict[str, Any] | None:
    """The most frequent ways over several channels as streams from step to step, to an order or to none."""
    order, none = write.translate("Order"), write.translate("No order")
    flows: dict[tuple[str, str], int] = {}
    for row in [row for row in table.rows if ">" in str(row["path"])][:MOST]:
        steps = [f"{i}:{step}" for i, step in enumerate(str(row["path"]).split(">")[:5])]
        journeys, ordered = int(amount(row["journeys"]) or 0), int(amount(row["ordered"]) or 0)
        for a, b in pairwise(steps):
            flows[a, b] = flows.get((a, b), 0) + journeys
        for end, count in (("+", ordered), ("-", journeys - ordered)):
            if count:
                flows[steps[-1], end] = flows.get((steps[-1], end), 0) + count
    if not flows:
        return None
    ids = list(dict.fromkeys(node for pair in flows for node in pair))
    names = {"+": order, "-": none}
    nodes = [{"id": node, "name": names.get(node) or write.say("channel", node.partition(":")[2])} for node in ids]
    title = {node["id"]: node["name"] for node in nodes}
    links = [
        {"source": a, "target": b, "value": count, "label": f"{title[a]} → {title[b]}: {write.count(count)}", "good": b == "+"}
        for (a, b), count in flows.items()
    ]
    return {"kind": "paths", "nodes": nodes, "links": links}


def by_key(table: ReportTable) -> dict[str, Column]:
    return {column.key: column for column in table.columns}


def row_name(columns: dict[str, Column], row: Row, name: str | Sequence[str], write: Writer) -> str:
    """Of one column, or of several with points between."""
    keys = [name] if isinstance(name, str) else name
    return " · ".join(write.cell(columns[key], row.get(key)) for key in keys if row.get(key) is not None) or write.cell(
        columns[keys[0]], None
    )
