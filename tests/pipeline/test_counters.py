"""Counters added up by filter and day, and read over a range of days."""

from __future__ import annotations

from collections import Counter

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from tracker import tables as t
from tracker.journey.contribution import CounterKey
from tracker.pipeline import counters

DAYS = [20260101, 20260102, 20260228, 20261231]
FILTERS = ["", "channel=direct", "device=mobile"]
keys = st.tuples(st.sampled_from(FILTERS), st.sampled_from(DAYS), st.sampled_from(["journeys", "net.DKK", "open"]))
batches = st.lists(st.dictionaries(keys, st.integers(-(10**12), 10**12)), max_size=6)


def stored(db: Connection, shop_id: int) -> dict[CounterKey, int]:
    return {
        (which, day, name): amount
        for which in FILTERS
        for day, amounts in counters.read_days(db, shop_id, which, 0, 99_999_999)
        for name, amount in amounts.items()
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(added=batches)
def test_whatever_is_added_in_whatever_batches_is_the_sum(db: Connection, added: list[dict[CounterKey, int]]) -> None:
    db.execute(t.counters.delete())
    total: Counter[CounterKey] = Counter()
    for batch in added:
        counters.add(db, 1, batch)
        total.update(batch)
    assert stored(db, 1) == {key: amount for key, amount in total.items() if amount}


def test_shops_are_counted_apart(db: Connection) -> None:
    counters.add(db, 1, {("", DAYS[0], "journeys"): 2})
    counters.add(db, 2, {("", DAYS[0], "journeys"): 5})
    assert stored(db, 1) == {("", DAYS[0], "journeys"): 2}
    assert stored(db, 2) == {("", DAYS[0], "journeys"): 5}


def test_a_range_of_days_holds_both_its_ends_in_order(db: Connection) -> None:
    counters.add(db, 1, {("", day, "journeys"): i for i, day in enumerate(reversed(DAYS), 1)})
    assert list(counters.read_days(db, 1, "", DAYS[1], DAYS[2])) == [(DAYS[1], {"journeys": 3}), (DAYS[2], {"journeys": 2})]
    assert list(counters.read_days(db, 1, "channel=direct", 0, 99_999_999)) == []


def test_adding_nothing_writes_nothing(db: Connection) -> None:
    counters.add(db, 1, {})
    assert db.execute(select(func.count()).select_from(t.counters)).scalar_one() == 0


def test_more_rows_than_one_statement_asks_for(db: Connection) -> None:
    many = {(f"channel={i}", DAYS[0], "journeys"): 1 for i in range(1_201)}
    counters.add(db, 1, many)
    counters.add(db, 1, many)
    c = t.counters.c
    found = [counters._amounts(row.amounts) for row in db.execute(select(c.amounts).where(c.shop_id == 1))]
    assert found == [{"journeys": 2}] * 1_201


def test_another_generation_is_not_read(db: Connection) -> None:
    counters.add(db, 1, {("", DAYS[0], "journeys"): 2})
    db.execute(t.counters.update().values(generation=counters.GENERATION + 1))
    counters.add(db, 1, {("", DAYS[0], "journeys"): 5})
    assert stored(db, 1) == {("", DAYS[0], "journeys"): 5}
