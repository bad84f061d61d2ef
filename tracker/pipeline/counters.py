"""The counters: for each shop, family, filter and day one row that holds all amounts by name.

One row instead of one for each name: a journey touches many names under several filters, so a batch writes a few hundred rows
instead of many thousand.
A month that is over is summed up (`sum_month`) into rows of day 00, so that a report over a year reads 11 rows and some days
instead of 365.  Such a row is only ever a shortcut: without it the days say the same, and what is added to one of its days
later is added to it, too.
Reading, adding and writing back needs no atomic increment: only the worker that holds the shop's lease writes.
Generation 0 is the residue of those who were erased; it is copied into every generation that is built.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from typing import NamedTuple

import orjson
from sqlalchemy import Connection, and_, bindparam, delete, func, select

from tracker.journey.contribution import FAMILIES, Change, RowKey, Rows, add_up, rows_of
from tracker.pipeline.codec import read_bytes, write_body
from tracker.pipeline.upsert import upsert
from tracker.tables import counters

RESIDUE = 0
MARKING = "journeys"  # the family whose rows tell which months are summed up: every day with any has one

_c = counters.c
_ROWS = select(_c.family, _c.filter, _c.day_on, _c.amounts).where(
    _c.shop_id == bindparam("of_shop"),
    _c.generation == bindparam("of_generation"),
    _c.family == bindparam("of_family"),
    _c.filter.in_(bindparam("filters", expanding=True)),
    _c.day_on.in_(bindparam("days", expanding=True)),
)

Amounts = dict[str, int]


def add(db: Connection, shop_id: int, generation: int, added: Rows) -> None:
    """Add amounts to rows, given by (family, filter, day).  Names that come to nothing are forgotten."""
    rows: list[Written] = []
    for family, some in groupby(sorted(added.items()), key=lambda entry: entry[0][0]):
        of_family = dict(some)
        filters, days = {which for _, which, _ in of_family}, {day for _, _, day in of_family}
        rows += _merged(of_family, _read(db, shop_id, generation, family, filters, days))
    _write(db, shop_id, generation, rows)


class Part(NamedTuple):
    """What is to be added to one family, and the rows that it may fall on, as they lie there."""

    changes: Sequence[Change]
    stored: Mapping[RowKey, bytes]


Written = tuple[RowKey, bytes]
Each = Callable[[Callable[[Part], list[Written]], list[Part]], Iterable[list[Written]]]


def merge(part: Part) -> list[Written]:
    """The rows as they are to be.  Needs no database, so that another process can do it."""
    return _merged(add_up(part.changes), part.stored)


def add_changes(db: Connection, shop_id: int, changes: Mapping[tuple[int, ...], Sequence[Change]], each: Each = map) -> None:
    """Changes of journeys, by the generations that they go into.  `each` merges the parts in a way of its own: bulk.py."""
    for generations, some in changes.items():
        by_family: dict[str, list[Change]] = defaultdict(list)
        for change in some:
            by_family[change[0]].append(change)
        for generation in generations:
            parts = [
                Part(told, _read(db, shop_id, generation, family, *rows_of(family, told))) for family, told in by_family.items()
            ]
            _write(db, shop_id, generation, [row for rows in each(merge, parts) for row in rows])


def _merged(added: Rows, stored: Mapping[RowKey, bytes]) -> list[Written]:
    merged: dict[RowKey, Amounts] = {}
    for (family, which, day), amounts in added.items():
        for key in ((family, which, day), (family, which, month_of(day))):
            if key not in merged:
                if key[2] != day and key not in stored:
                    continue  # the month is not summed up yet
                merged[key] = _amounts(stored[key]) if key in stored else {}
            _add(merged[key], amounts)
    return [(key, _written(amounts)) for key, amounts in merged.items()]


def _written(amounts: Amounts) -> bytes:
    return write_body({name: amount for name, amount in amounts.items() if amount})


def _write(db: Connection, shop_id: int, generation: int, rows: list[Written]) -> None:
    of_shop = {"shop_id": shop_id, "generation": generation}
    upsert(
        db,
        counters,
        [
            {**of_shop, "family": family, "filter": which, "day_on": day, "amounts": amounts}
            for (family, which, day), amounts in sorted(rows)
        ],
    )


def _read(db: Connection, shop_id: int, generation: int, family: str, filters: set[str], days: set[int]) -> dict[RowKey, bytes]:
    """The family's rows of these filters and days, and of the days' months, that exist, as they lie there."""
    asked = {"of_shop": shop_id, "of_generation": generation, "of_family": family}
    ordered, in_order = sorted(filters), sorted({*days, *map(month_of, days)})
    found: dict[RowKey, bytes] = {}
    for i in range(0, len(ordered), 500):
        for j in range(0, len(in_order), 500):
            for _, which, day, amounts in db.execute(
                _ROWS, {**asked, "filters": ordered[i : i + 500], "days": in_order[j : j + 500]}
            ):
                found[family, which, day] = amounts
    return found


def read_days(
    db: Connection, shop_id: int, generation: int, family: str, which: str, since: int, until: int
) -> Iterator[tuple[int, Amounts]]:
    """(day, amounts by name) of one filter over days YYYYMMDD, both ends included, in order: one range of the primary key."""
    asked = _of(shop_id, generation, family, which) & _c.day_on.between(since, until) & (_c.day_on % 100 != 0)
    for row in db.execute(select(_c.day_on, _c.amounts).where(asked).order_by(_c.day_on)):
        yield row.day_on, _amounts(row.amounts)


def read_each(
    db: Connection, shop_id: int, generation: int, family: str, filters: Sequence[str], since: int, until: int
) -> Iterator[tuple[str, int, Amounts]]:
    """(filter, day, amounts by name) of several filters at once, days in order."""
    of = and_(_c.shop_id == shop_id, _c.generation == generation, _c.family == family, _c.filter.in_(filters))
    asked = select(_c.filter, _c.day_on, _c.amounts).where(of, _c.day_on.between(since, until), _c.day_on % 100 != 0)
    for row in db.execute(asked.order_by(_c.day_on)):
        yield row.filter, row.day_on, _amounts(row.amounts)


def read_total(db: Connection, shop_id: int, generation: int, family: str, which: str, since: int, until: int) -> Amounts:
    """Amounts by name over days, both ends included; of a month its own row where there is one, and that is less to read."""
    of = _of(shop_id, generation, family, which)
    touched = _c.day_on.between(month_of(since), month_of(until) + 99)
    added, taken = _cover(db.execute(select(_c.day_on).where(of, touched)).scalars(), since, until)
    total: Amounts = {}
    less: Amounts = {}
    for row in db.execute(select(_c.day_on, _c.amounts).where(of, _c.day_on.in_([*added, *taken]))):
        _add(less if row.day_on in taken else total, _amounts(row.amounts))
    if not less:
        return total
    return {name: left for name, amount in total.items() if (left := amount - less.get(name, 0))}


def _cover(known: Iterable[int], since: int, until: int) -> tuple[list[int], set[int]]:
    """Which of the rows that there are have to be added up, and which taken off again, for what lies between two days.

    The days that a period leaves out of its last month are mostly still to come, so that the month's row alone serves.
    """
    months: dict[int, list[int]] = defaultdict(list)
    for day in known:
        months[month_of(day)].append(day)
    added: list[int] = []
    taken: set[int] = set()
    for month, days in months.items():
        inside = [day for day in days if since <= day <= until and day != month]
        outside = [day for day in days if day not in inside and day != month]
        if month in days and 1 + len(outside) < len(inside):
            added.append(month)
            taken.update(outside)
        else:
            added += inside
    return added, taken


def _add(total: Amounts, amounts: Amounts) -> None:
    """A plain dict is filled twice as fast as a Counter."""
    if not total:
        total.update(amounts)
        return
    get = total.get
    for name, amount in amounts.items():
        total[name] = get(name, 0) + amount


def _of(shop_id: int, generation: int, family: str, which: str):  # type: ignore[no-untyped-def]
    return and_(_c.shop_id == shop_id, _c.generation == generation, _c.family == family, _c.filter == which)


def month_of(day: int) -> int:
    """The day under which the sum of its month lies: YYYYMM00."""
    return day // 100 * 100


def months_to_sum(db: Connection, shop_id: int, generation: int, today: int) -> list[int]:
    """The months before today's that have journeys and are not summed up, the earliest first; none when the latest one is."""
    of = _of(shop_id, generation, MARKING, "") & (_c.day_on < month_of(today))
    latest = db.execute(select(func.max(_c.day_on)).where(of)).scalar()
    if latest is None or db.execute(select(_c.day_on).where(of, _c.day_on == month_of(latest))).first():
        return []
    days = set(db.execute(select(_c.day_on).where(of)).scalars())
    return sorted({month_of(day) for day in days} - days)


def sum_month(db: Connection, shop_id: int, generation: int, month: int) -> None:
    """Write the rows of a month that is over.  Must not be done twice at once: who holds the shop's lease does it."""
    for family in FAMILIES:
        of = and_(_c.shop_id == shop_id, _c.generation == generation, _c.family == family)
        found: dict[RowKey, Amounts] = defaultdict(dict)
        for row in db.execute(select(_c.filter, _c.amounts).where(of, _c.day_on.between(month + 1, month + 99))):
            _add(found[family, row.filter, month], _amounts(row.amounts))
        _write(db, shop_id, generation, [(key, _written(amounts)) for key, amounts in found.items()])


def keep_as_residue(db: Connection, shop_id: int, generations: Iterable[int], changes: Iterable[Change]) -> None:
    """Amounts that nothing will explain any more, without what people typed; `generations`: those that do not hold them yet."""
    rows = add_up(change for change in changes if not FAMILIES[change[0]].free_text)
    for generation in (RESIDUE, *generations):
        add(db, shop_id, generation, rows)


def copy_residue(db: Connection, shop_id: int, generation: int) -> None:
    """A new generation begins with what the erased had booked."""
    query = select(_c.family, _c.filter, _c.day_on, _c.amounts).where(_c.shop_id == shop_id, _c.generation == RESIDUE)
    rows: Rows = {(row.family, row.filter, row.day_on): _amounts(row.amounts) for row in db.execute(query)}
    add(db, shop_id, generation, rows)


def drop_generation(db: Connection, shop_id: int, generation: int) -> None:
    """Counters that nobody reads any more, or that a build left half done."""
    db.execute(delete(counters).where(_c.shop_id == shop_id, _c.generation == generation))


def _amounts(stored: bytes) -> Amounts:
    amounts: Amounts = orjson.loads(read_bytes(bytes(stored)))
    return amounts
