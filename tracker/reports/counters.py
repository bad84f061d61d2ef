"""Reading the counters: sums over days, by index.

One statement a question: `WHERE shop_id, generation, filter, day_on BETWEEN … GROUP BY name`, which is the primary key's order.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date

from sqlalchemy import ColumnElement, Connection, and_, func, select

from tracker.reports.query import Query
from tracker.tables import counters

GENERATION = 1  # of counters that reports read; a rebuild beside it switches this per shop

_c = counters.c


def day_number(day: date) -> int:
    """YYYYMMDD, as the columns `_on` hold it."""
    return day.year * 10_000 + day.month * 100 + day.day


def day_from_number(number: int) -> date:
    return date(number // 10_000, number // 100 % 100, number % 100)


def _asked(shop_id: int, query: Query) -> ColumnElement[bool]:
    return and_(
        _c.shop_id == shop_id,
        _c.generation == GENERATION,
        _c.filter == query.filter,
        _c.day_on.between(day_number(query.since), day_number(query.until)),
    )


def read_amounts(db: Connection, shop_id: int, query: Query) -> Counter[str]:
    """name → amount over the days asked for; a name that was never counted is 0."""
    statement = select(_c.name, func.sum(_c.amount)).where(_asked(shop_id, query)).group_by(_c.name)
    return Counter({name: int(amount) for name, amount in db.execute(statement)})


def read_days(db: Connection, shop_id: int, query: Query, names: Iterable[str]) -> dict[int, Counter[str]]:
    """day_on → name → amount, for a few names."""
    statement = select(_c.day_on, _c.name, _c.amount).where(_asked(shop_id, query), _c.name.in_(list(names)))
    days: dict[int, Counter[str]] = {}
    for day_on, name, amount in db.execute(statement):
        days.setdefault(day_on, Counter())[name] += int(amount)
    return days


def read_filters(db: Connection, shop_id: int, kinds: Iterable[str]) -> list[str]:
    """Which filters have counters, in order.

    Jumps along the primary key from one value to the next, so its cost is the number of filters and not of counters.
    """
    found: list[str] = []
    for kind in kinds:
        lower, upper = f"{kind}=", f"{kind}>"  # ">" follows "=" in ASCII
        within = and_(_c.shop_id == shop_id, _c.generation == GENERATION, _c.filter < upper)
        first = select(func.min(_c.filter).label("filter")).where(within, _c.filter > lower)
        steps = first.cte("steps", recursive=True)
        after = select(func.min(_c.filter)).where(within, _c.filter > steps.c.filter).scalar_subquery()
        steps = steps.union_all(select(after).where(steps.c.filter.is_not(None)))
        found += [value for (value,) in db.execute(select(steps.c.filter)) if value is not None]
    return sorted(found)


def read_last_days(db: Connection, shop_id: int, query: Query, names: Iterable[str]) -> dict[str, date]:
    """name → the last of the days asked for on which it was counted."""
    statement = select(_c.name, func.max(_c.day_on)).where(_asked(shop_id, query), _c.name.in_(list(names)), _c.amount > 0)
    return {name: day_from_number(day_on) for name, day_on in db.execute(statement.group_by(_c.name))}
