"""The counters: for each shop, filter and day one row that holds all amounts by name.

One row instead of one for each name: a journey touches a hundred names under five filters, so a batch writes a few rows instead
of some thousand, and a report over a year reads 365.  Reading, adding and writing back needs no atomic increment: only
the worker that holds the shop's lease writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import orjson
from sqlalchemy import Connection, and_, bindparam, select

from tracker.journey.contribution import CounterKey
from tracker.pipeline.codec import read_bytes, write_body
from tracker.pipeline.upsert import upsert
from tracker.tables import counters

GENERATION = 1  # of the counters that reports read; a new one is built beside it and switched to when complete

_c = counters.c
_ROWS = select(_c.filter, _c.day_on, _c.amounts).where(
    _c.shop_id == bindparam("of_shop"),
    _c.generation == GENERATION,
    _c.filter.in_(bindparam("filters", expanding=True)),
    _c.day_on.in_(bindparam("days", expanding=True)),
)

Amounts = dict[str, int]


def add(db: Connection, shop_id: int, added: Mapping[CounterKey, int]) -> None:
    """Add amounts, given by (filter, day, name).  Names that come to nothing are forgotten."""
    rows: dict[tuple[str, int], Amounts] = {}
    for (which, day, name), amount in added.items():
        rows.setdefault((which, day), {})[name] = amount
    if not rows:
        return
    for key, amounts in _read(db, shop_id, set(rows)).items():
        merged = rows[key]
        for name, amount in amounts.items():
            merged[name] = merged.get(name, 0) + amount
    upsert(
        db,
        counters,
        [
            {
                "shop_id": shop_id,
                "generation": GENERATION,
                "filter": which,
                "day_on": day,
                "amounts": write_body({name: amount for name, amount in amounts.items() if amount}),
            }
            for (which, day), amounts in sorted(rows.items())
        ],
    )


def _read(db: Connection, shop_id: int, keys: set[tuple[str, int]]) -> dict[tuple[str, int], Amounts]:
    """The rows among these keys that exist.  A superset is asked for, by two lists, so that one statement serves."""
    filters, days = sorted({which for which, _ in keys}), sorted({day for _, day in keys})
    found = {}
    for i in range(0, len(filters), 500):
        for j in range(0, len(days), 500):
            asked = {"of_shop": shop_id, "filters": filters[i : i + 500], "days": days[j : j + 500]}
            for row in db.execute(_ROWS, asked):
                if (row.filter, row.day_on) in keys:
                    found[row.filter, row.day_on] = _amounts(row.amounts)
    return found


def read_days(db: Connection, shop_id: int, which: str, since: int, until: int) -> Iterator[tuple[int, Amounts]]:
    """(day, amounts by name) of one filter over days YYYYMMDD, both ends included, in order: one range of the primary key."""
    asked = and_(_c.shop_id == shop_id, _c.generation == GENERATION, _c.filter == which, _c.day_on.between(since, until))
    for row in db.execute(select(_c.day_on, _c.amounts).where(asked).order_by(_c.day_on)):
        yield row.day_on, _amounts(row.amounts)


def _amounts(stored: bytes) -> Amounts:
    amounts: Amounts = orjson.loads(read_bytes(bytes(stored)))
    return amounts
