"""Rows by any column: what is unknown and what sums up the rest stay at the end."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from tracker.errors import BadQuery
from tracker.reports.sorting import sort_rows
from tracker.reports.table import Column, Money, Sentence, Share, Unit

COLUMNS = (Column("name", Unit.TEXT, "Name", "N."), Column("value", Unit.COUNT, "Value", "V."))
OTHERS = Sentence("%(count)s others", {"count": 9})


def names(cells: list[Any], sort: str) -> str:
    rows = [{"name": chr(97 + i), "value": cell} for i, cell in enumerate(cells)]
    return "".join(str(row["name"]) for row in sort_rows(rows, COLUMNS, sort))


@pytest.mark.parametrize(
    ("cells", "up", "down"),
    [
        ([3, 1, 2], "bca", "acb"),
        ([Share(1, 2), Share(9, 10), Share(0, 5)], "cab", "bac"),
        ([Money(5, "DKK"), Money(-3, "DKK"), Money(9, "DKK")], "bac", "cab"),
        ([(Money(5, "DKK"), Money(1, "EUR")), (Money(2, "DKK"),), ()], "bac", "abc"),
        ([date(2026, 2, 1), date(2025, 1, 1)], "ba", "ab"),
        (["Ø", "a", "B"], "bca", "acb"),
        ([1, 1, 1], "abc", "abc"),
    ],
    ids=[
        "counts",
        "shares",
        "money",
        "money in several currencies",
        "days",
        "texts in any case",
        "alike: order stays",
    ],
)
def test_rows_are_sorted_up_and_down(cells: list[Any], up: str, down: str) -> None:
    assert (names(cells, "value"), names(cells, "-value")) == (up, down)


def test_what_is_unknown_comes_last_either_way() -> None:
    assert names([None, 2, Share(0, 0), 1], "value") == "dbac"
    assert names([None, 2, Share(0, 0), 1], "-value") == "bdac"


def test_the_row_of_all_others_stays_at_the_end() -> None:
    rows = [{"name": "a", "value": 1}, {"name": OTHERS, "value": 99}, {"name": "b", "value": None}]
    assert [row["name"] for row in sort_rows(rows, COLUMNS, "-value")] == ["a", "b", OTHERS]


def test_a_column_that_there_is_not_is_refused() -> None:
    with pytest.raises(BadQuery, match="this report has no such column"):
        sort_rows([], COLUMNS, "-colour")
