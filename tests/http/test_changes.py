"""What changed since the days compared with: silent where there are too few, and of what cannot be compared."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from tracker.reports.table import Cell, Column, Money, ReportTable, Share, Unit
from tracker.telling.cells import Writer
from tracker.telling.changes import Change, figure_changes, row_changes

WRITE = Writer("en", ZoneInfo("Europe/Copenhagen"), str, lambda vocabulary, key: key)


def changed(key: str, unit: Unit, now: Cell, then: Cell, samples: tuple[int, int] = (100, 100)) -> Change | None:
    column = Column(key, unit, "F", "F.")
    tables = [
        ReportTable((), [], n, figures=(column,), totals={key: cell}) for n, cell in zip(samples, (now, then), strict=True)
    ]
    return figure_changes(tables[0], tables[1], WRITE).get(key)


@pytest.mark.parametrize(
    ("key", "unit", "now", "then", "change"),
    [
        ("orders", Unit.COUNT, 60, 50, Change("up", "20.0%", True)),
        ("orders", Unit.COUNT, 50, 50, Change("same", "", None)),
        ("refunded", Unit.MONEY, Money(200, "DKK"), Money(100, "DKK"), Change("up", "100.0%", False)),
        ("drop_off", Unit.SHARE, Share(20, 100), Share(30, 100), Change("down", "10.0 points", True)),
        ("spend", Unit.MONEY, Money(50, "DKK"), Money(100, "DKK"), Change("down", "50.0%", None)),
        ("net", Unit.MONEY, (Money(3, "DKK"),), (Money(2, "DKK"),), Change("up", "50.0%", True)),
        ("net", Unit.MONEY, (Money(3, "DKK"), Money(1, "EUR")), (Money(2, "DKK"),), None),
        ("orders", Unit.COUNT, 29, 3, None),
        ("conversion", Unit.SHARE, Share(3, 29), Share(1, 200), None),
        ("orders", Unit.COUNT, 60, 0, None),
        ("nps", Unit.NUMBER, None, 3.0, None),
        ("nps", Unit.NUMBER, 20.0, 40.0, Change("down", "20.0 points", False)),
        ("nps", Unit.NUMBER, 10.0, -10.0, Change("up", "20.0 points", True)),
        ("stars", Unit.NUMBER, 4.51, 4.5, Change("same", "", None)),
        ("back", Unit.SHARE, Share(20, 100), Share(30, 100), Change("down", "10.0 points", None)),
        ("listed_at", Unit.INSTANT, 1_790_000_000_000, 1_780_000_000_000, None),
    ],
)
def test_a_figure_and_its_change(key: str, unit: Unit, now: Cell, then: Cell, change: Change | None) -> None:
    assert changed(key, unit, now, then) == change


def test_too_few_journeys_in_either_time_say_nothing() -> None:
    assert changed("orders", Unit.COUNT, 60, 50, samples=(100, 29)) is None
    assert changed("orders", Unit.COUNT, 60, 50, samples=(29, 100)) is None


def test_rows_belong_together_by_their_names() -> None:
    columns = (Column("channel", Unit.TEXT, "C", "C."), Column("journeys", Unit.COUNT, "J", "J."))

    def table(**journeys: int) -> ReportTable:
        return ReportTable(columns, [{"channel": channel, "journeys": count} for channel, count in journeys.items()], 100)

    now, then = table(email=60, direct=40, new=99), table(direct=80, email=40)
    assert [{key: change.text for key, change in found.items()} for found in row_changes(now, then, WRITE)] == [
        {"journeys": "50.0%"},
        {"journeys": "50.0%"},
        {},
    ]
    assert row_changes(now, None, WRITE) == [{}, {}, {}]
    good, unwanted = (row_changes(now, then, WRITE, unwanted=told)[0]["journeys"].good for told in (False, True))
    assert (good, unwanted) == (True, None)
