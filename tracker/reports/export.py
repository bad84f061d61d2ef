"""An answer as JSON and as CSV.

Keys stay keys and numbers stay plain, for machines; the name of a key in the reader's language stands beside it as <key>_name.
Money is in major units with its currency beside it.  CSV is for spreadsheets:
a text that they would take for a formula gets an apostrophe.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from datetime import date
from typing import Any

from tracker.clock import isoformat
from tracker.money import exponent, from_minor
from tracker.reports.table import ENOUGH, Cell, Column, Money, ReportTable, Row, Sentence, Share, Unit, key_of
from tracker.reports.words import Translate, tell

Say = Callable[[str, str], str]  # (vocabulary, key) -> name

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_SHARE_DIGITS = 6


def as_json(table: ReportTable, say: Say, translate: Translate) -> dict[str, Any]:
    """JSON-able; a share of nothing and an unknown value are null."""
    answer: dict[str, Any] = {
        "columns": [_column(column, translate) for column in table.columns],
        "rows": [_json_row(table.columns, row, say, translate) for row in table.rows],
        "sample": table.sample,
        "enough": table.sample >= ENOUGH,
        "figures": [_column(column, translate) for column in table.figures],
        "totals": _json_row(table.figures, table.totals, say, translate),
        "references": dict(table.references),
        "notes": [tell(note, translate) for note in table.notes],
        "next_cursor": table.next_cursor,
    }
    if table.beside:
        answer["beside"] = {name: as_json(other, say, translate) for name, other in table.beside.items()}
    return answer


def _column(column: Column, translate: Translate) -> dict[str, str]:
    return {
        "key": column.key,
        "unit": column.unit.value,
        "title": translate(column.title),
        "definition": translate(column.definition),
    }


def _json_row(columns: tuple[Column, ...], row: Row, say: Say, translate: Translate) -> dict[str, Any]:
    cells: dict[str, Any] = {}
    for column in columns:
        value = row.get(column.key)
        cells[column.key] = _json_cell(column, value, translate)
        if column.vocabulary:
            cells[f"{column.key}_name"] = say(column.vocabulary, key) if (key := key_of(value)) is not None else None
    return cells


def _json_cell(column: Column, value: Cell, translate: Translate) -> Any:
    match value:
        case Share():
            return None if value.value is None else round(value.value, _SHARE_DIGITS)
        case Money():
            return money_json(value)
        case Sentence():
            return tell(value, translate)
        case tuple():  # of Money: totals in several currencies
            return [_json_cell(column, money, translate) for money in value if isinstance(money, Money)]
        case date():
            return value.isoformat()
        case int() if column.unit is Unit.INSTANT:
            return isoformat(value)
        case float():
            return round(value, _SHARE_DIGITS)
    return value


def money_json(money: Money) -> dict[str, str]:
    return {"amount": _major(money), "currency": money.currency}


def _major(money: Money) -> str:
    return f"{from_minor(money.minor, money.currency):.{exponent(money.currency)}f}"


def as_csv(table: ReportTable, say: Say, translate: Translate, *, bom: bool = False) -> str:
    """One heading line of keys, then the rows.  `bom` lets older spreadsheets see that it is UTF-8."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(_headings(table.columns))
    for row in table.rows:
        cells: list[str] = []
        for column in table.columns:
            cells += _csv_cells(column, row.get(column.key), say, translate)
        writer.writerow(cells)
    return ("\ufeff" if bom else "") + out.getvalue()


def _headings(columns: tuple[Column, ...]) -> list[str]:
    headings: list[str] = []
    for column in columns:
        headings.append(column.key)
        if column.unit is Unit.MONEY:
            headings.append(f"{column.key}_currency")
        elif column.vocabulary:
            headings.append(f"{column.key}_name")
    return headings


def _csv_cells(column: Column, value: Cell, say: Say, translate: Translate) -> list[str]:
    if column.unit is Unit.MONEY:
        return [_major(value), harmless(value.currency)] if isinstance(value, Money) else ["", ""]
    cell = _json_cell(column, value, translate)
    text = "" if cell is None else str(cell)
    if column.unit is Unit.TEXT:
        text = harmless(text)
    if not column.vocabulary:
        return [text]
    return [text, harmless(say(column.vocabulary, key)) if (key := key_of(value)) is not None else ""]


def harmless(text: str) -> str:
    """What a spreadsheet would run as a formula becomes text.  Spaces before it do not help an attacker."""
    return "'" + text if text.lstrip(" \u00a0").startswith(_FORMULA_STARTS) else text
