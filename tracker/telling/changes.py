"""How figures changed from the days that they are compared with.

Says nothing where either time has too few journeys to say it, and nothing of sums in several currencies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from tracker.reports.table import ENOUGH, N_, Cell, Column, Money, ReportTable, Row, Share, Unit
from tracker.telling.cells import Writer

# Columns of which less is better; of all others more is, but where it is neither.
LESS_IS_BETTER = frozenset({
    "abandoned", "bounce_rate", "bounced", "cac", "cancelled", "clock_share", "complained", "complaint_rate", "complaints",
    "cost_per_click", "cost_per_order", "detractors", "drop_off", "duplicates", "erring", "failed", "given_up", "lag_median",
    "lag_p95", "lost", "lost_share", "mean_wait", "median_wait", "missing", "nothing", "nothing_share", "refunded", "refused",
    "return_share", "returned", "server_lag_median", "server_lag_p95", "stopped", "unsubscribed", "value_missing", "with_cart",
})  # fmt: skip
NEITHER = frozenset({
    "back", "bot_share", "staff_share",
    "discount", "lapsed", "mean", "mean_days", "median", "opened", "ordered_mean", "ordered_median", "shipping", "spend", "tax",
    "touchpoints",
})  # fmt: skip
# Figures on a scale, of which a difference is told, and no share: from 40 to 20 is not half as satisfied.
SCORES = frozenset({"ces", "nps", "rating", "stars"})
# Columns that an earlier time has less of for being earlier: most of its journeys are over.
NOT_COMPARED = frozenset({"open", "still", "under_way"})
# Counts that show their change in the rows of a table as well.
SHOWN_IN_ROWS = frozenset({
    "answers", "arrivals", "customers", "journeys", "listed", "looked", "orders", "reach", "reached", "sent",
})  # fmt: skip


@dataclass(frozen=True)
class Change:
    """An arrow's direction, how much, and whether that is good; None: neither."""

    direction: str  # up, down, same
    text: str
    good: bool | None


def figure_changes(table: ReportTable, before: ReportTable | None, write: Writer) -> dict[str, Change]:
    """Of the totals, by the key of the figure."""
    if before is None or min(table.sample, before.sample) < ENOUGH:
        return {}
    return _changes(table.figures, table.totals, before.totals, write)


def row_changes(
    table: ReportTable, before: ReportTable | None, write: Writer, *, unwanted: bool = False
) -> list[dict[str, Change]]:
    """Of each row, by the key of the column.  Rows of both times belong together when all their texts are the same.

    `unwanted`: the rows are what went wrong, which there is more of when there is more of all, so that more is neither.
    """
    if before is None or min(table.sample, before.sample) < ENOUGH:
        return [{} for _ in table.rows]
    names = [column.key for column in table.columns if column.unit is Unit.TEXT]
    columns = [column for column in table.columns if column.key in SHOWN_IN_ROWS and column.unit is Unit.COUNT]
    then = {tuple(row.get(name) for name in names if not isinstance(row.get(name), tuple)): row for row in before.rows}
    found = []
    for row in table.rows:
        other = then.get(tuple(row.get(name) for name in names if not isinstance(row.get(name), tuple)))
        changes = _changes(columns, row, other, write) if other and names else {}
        found.append({key: replace(one, good=None) for key, one in changes.items()} if unwanted else changes)
    return found


def _changes(columns: Sequence[Column], now: Row, then: Row, write: Writer) -> dict[str, Change]:
    found = {column.key: _change(column, now.get(column.key), then.get(column.key), write) for column in columns}
    return {key: change for key, change in found.items() if change}


def _change(column: Column, now: Cell, then: Cell, write: Writer) -> Change | None:
    if isinstance(now, Share) and isinstance(then, Share):
        return _points(column, _percent(now), _percent(then), write)
    first, second = _amount(now), _amount(then)
    if column.key in SCORES:
        return _points(column, first, second, write)
    if first is None or not second or column.unit is Unit.INSTANT or column.key in NOT_COMPARED:
        return None
    if column.unit is Unit.COUNT and max(first, second) < ENOUGH:
        return None
    ratio = first / second - 1
    return _told(column, ratio, write.percent(abs(ratio)))


def _points(column: Column, now: float | None, then: float | None, write: Writer) -> Change | None:
    if now is None or then is None:
        return None
    points = now - then
    return _told(column, points / 100, write.translate(N_("%(number)s points")) % {"number": write.number(abs(points))})


def _percent(share: Share) -> float | None:
    return share.value * 100 if share.value is not None and share.enough else None


def _amount(cell: Cell) -> float | None:
    match cell:
        case Money():
            return cell.minor
        case (Money() as only,):
            return only.minor
        case int() | float():
            return cell
    return None


def _told(column: Column, amount: float, text: str) -> Change:
    if abs(amount) < 0.0005:
        return Change("same", "", None)
    good = None if column.key in NEITHER else (amount < 0) == (column.key in LESS_IS_BETTER)
    return Change("up" if amount > 0 else "down", text, good)
