"""Reading the counters over the days of a question.  How they lie: tracker/pipeline/counters.py."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import Connection, and_, func, select

from tracker.pipeline.counters import GENERATION
from tracker.pipeline.counters import read_days as read_rows
from tracker.reports.query import Query
from tracker.tables import counters

_c = counters.c


def day_number(day: date) -> int:
    """YYYYMMDD, as the columns `_on` hold it."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_from_number(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _rows(db: Connection, shop_id: int, query: Query) -> Iterator[tuple[int, dict[str, int]]]:
    return read_rows(db, shop_id, query.filter, day_number(query.since), day_number(query.until))


def read_amounts(db: Connection, shop_id: int, query: Query) -> Counter[str]:
    """name → amount over the days asked for; a name that was never counted is 0."""
    total: Counter[str] = Counter()
    for _, amounts in _rows(db, shop_id, query):
        total.update(amounts)
    return total


def read_days(db: Connection, shop_id: int, query: Query, names: Iterable[str]) -> dict[int, Counter[str]]:
    """day_on → name → amount, for a few names; days without any of them are left out."""
    wanted = tuple(names)
    days = {
        day: Counter({name: amounts[name] for name in wanted if name in amounts}) for day, amounts in _rows(db, shop_id, query)
    }
    return {day: found for day, found in days.items() if found}


def read_filters(db: Connection, shop_id: int, kinds: Iterable[str]) -> list[str]:
    """Which filters of these kinds have counters, in order.

    Jumps along the primary key from one value to the next, so its cost is the number of filters and not of counters.  The kind
    is looked at here and not in SQL: databases disagree on how "=" sorts.
    """
    of_shop = and_(_c.shop_id == shop_id, _c.generation == GENERATION)
    steps = select(func.min(_c.filter).label("filter")).where(of_shop, _c.filter > "").cte("steps", recursive=True)
    after = select(func.min(_c.filter)).where(of_shop, _c.filter > steps.c.filter).scalar_subquery()
    steps = steps.union_all(select(after).where(steps.c.filter.is_not(None)))
    wanted = set(kinds)
    if not wanted:
        return []
    return sorted(value for (value,) in db.execute(select(steps.c.filter)) if value and value.partition("=")[0] in wanted)


def read_last_days(db: Connection, shop_id: int, query: Query, names: Iterable[str]) -> dict[str, date]:
    """name → the last of the days asked for on which it was counted."""
    found = read_days(db, shop_id, query, names)
    return {name: day_from_number(day) for day in sorted(found) for name, amount in found[day].items() if amount > 0}
