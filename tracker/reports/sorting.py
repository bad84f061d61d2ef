"""Rows in another order than the report's own: by any of its columns, up or down.

What is unknown comes last either way, and so does a row that sums up all that are not shown.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import TypeAlias, TypeVar

from tracker.errors import BadQuery
from tracker.reports.query import Query, page
from tracker.reports.table import N_, Cell, Column, Money, Row, Sentence, Share

_T = TypeVar("_T")
_Rank: TypeAlias = "int | float | str"


def sort_rows(rows: Sequence[Row], columns: Sequence[Column], sort: str) -> list[Row]:
    """By `sort`, a column's key, with a minus before it from the most to the least; "" leaves them as they are.

    Rows alike keep their order.  Raises BadQuery for a column that there is not.
    """
    if not sort:
        return list(rows)
    key, down = sort.removeprefix("-"), sort.startswith("-")
    if key not in {column.key for column in columns}:
        raise BadQuery("sort", N_("this report has no such column"))
    known = [row for row in rows if _rank(row.get(key)) is not None and not sums_up(row)]
    rest = [row for row in rows if _rank(row.get(key)) is None or sums_up(row)]
    known.sort(key=lambda row: (isinstance(rank := _rank(row.get(key)), str), rank), reverse=down)
    return known + sorted(rest, key=sums_up)


def page_of(
    items: Sequence[_T], row: Callable[[_T], Row], columns: Sequence[Column], query: Query
) -> tuple[Sequence[Row], str | None]:
    """The rows of one page, sorted as asked, and where the next begins; `items` stand in the report's own order.

    Only what is shown is made into rows, unless another order asks for all.  Raises BadQuery.
    """
    if query.sort:
        return page(sort_rows([row(item) for item in items], columns, query.sort), query)
    shown, cursor = page(items, query)
    return [row(item) for item in shown], cursor


def _rank(cell: Cell) -> _Rank | None:
    match cell:
        case Share():
            return cell.value
        case Money():
            return cell.minor
        case Sentence():
            return cell.text
        case tuple():  # of Money in several currencies: by the first
            return next((money.minor for money in cell if isinstance(money, Money)), None)
        case date():
            return cell.toordinal()
        case str():
            return cell.casefold() or None
    return cell


def sums_up(row: Row) -> bool:
    """Whether it stands for several keys that are not shown (ranked.py names such a row by a sentence with their number)."""
    return any(isinstance(cell, Sentence) and "count" in cell.params for cell in row.values())
