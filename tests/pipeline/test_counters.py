"""Counters added up by family, filter and day, and read over a range of days."""

from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, func, select

from tracker import tables as t
from tracker.journey.contribution import RowKey, add_up
from tracker.pipeline import counters

DAYS = [20260101, 20260102, 20260228, 20261231]
FILTERS = ["", "channel=direct", "device=mobile"]
keys = st.tuples(st.sampled_from(["journeys", "orders"]), st.sampled_from(FILTERS), st.sampled_from(DAYS))
amounts = st.dictionaries(st.sampled_from(["journeys", "net.DKK", "open"]), st.integers(-(10**12), 10**12))
batches = st.lists(st.dictionaries(keys, amounts), max_size=6)


def stored(db: Connection, shop_id: int, generation: int = 1) -> dict[tuple[RowKey, str], int]:
    return {
        ((family, which, day), name): amount
        for family in ("journeys", "orders")
        for which in FILTERS
        for day, names in counters.read_days(db, shop_id, generation, family, which, 0, 99_999_999)
        for name, amount in names.items()
    }


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40)
@given(added=batches)
def test_whatever_is_added_in_whatever_batches_is_the_sum(db: Connection, added: list[dict[RowKey, dict[str, int]]]) -> None:
    db.execute(t.counters.delete())
    total: Counter[tuple[RowKey, str]] = Counter()
    for batch in added:
        counters.add(db, 1, 1, batch)
        for row, names in batch.items():
            for name, amount in names.items():
                total[row, name] += amount
    assert stored(db, 1) == {key: amount for key, amount in total.items() if amount}


def test_shops_and_generations_are_counted_apart(db: Connection) -> None:
    row = ("journeys", "", DAYS[0])
    counters.add(db, 1, 1, {row: {"journeys": 2}})
    counters.add(db, 2, 1, {row: {"journeys": 5}})
    counters.add(db, 1, 2, {row: {"journeys": 7}})
    assert stored(db, 1) == {(row, "journeys"): 2}
    assert stored(db, 2) == {(row, "journeys"): 5}
    assert stored(db, 1, generation=2) == {(row, "journeys"): 7}
    counters.drop_generation(db, 1, 2)
    assert stored(db, 1, generation=2) == {}
    assert stored(db, 1) == {(row, "journeys"): 2}


def test_a_range_of_days_holds_both_its_ends_in_order(db: Connection) -> None:
    counters.add(db, 1, 1, {("journeys", "", day): {"journeys": i} for i, day in enumerate(reversed(DAYS), 1)})
    found = list(counters.read_days(db, 1, 1, "journeys", "", DAYS[1], DAYS[2]))
    assert found == [(DAYS[1], {"journeys": 3}), (DAYS[2], {"journeys": 2})]
    assert list(counters.read_days(db, 1, 1, "journeys", "channel=direct", 0, 99_999_999)) == []


def test_adding_nothing_writes_nothing(db: Connection) -> None:
    counters.add(db, 1, 1, {})
    assert db.execute(select(func.count()).select_from(t.counters)).scalar_one() == 0


def test_more_rows_than_one_statement_asks_for(db: Connection) -> None:
    many = {("journeys", f"channel={i}", DAYS[0]): {"journeys": 1} for i in range(1_201)}
    counters.add(db, 1, 1, many)
    counters.add(db, 1, 1, many)
    c = t.counters.c
    found = [counters._amounts(row.amounts) for row in db.execute(select(c.amounts).where(c.shop_id == 1))]
    assert found == [{"journeys": 2}] * 1_201


def test_the_residue_of_the_erased_is_in_every_generation_that_is_built(db: Connection) -> None:
    counters.add(db, 1, counters.RESIDUE, {("journeys", "", DAYS[0]): {"journeys": 2}})
    counters.copy_residue(db, 1, 3)
    assert stored(db, 1, generation=3) == {(("journeys", "", DAYS[0]), "journeys"): 2}


FIRST = date(2026, 1, 1)
days = st.integers(0, 800).map(lambda n: FIRST + timedelta(days=n))
dates = st.lists(days, max_size=30)


def number(day: date) -> int:
    return day.year * 10_000 + day.month * 100 + day.day


def add(db: Connection, told: list[date]) -> None:
    counters.add(db, 1, 1, add_up(("journeys", number(day), ("",), {"journeys": 1}) for day in told))


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(told=dates, late=dates, today=days, since=days, until=days)
def test_whole_months_are_read_as_such_and_give_what_their_days_give(
    db: Connection, told: list[date], late: list[date], today: date, since: date, until: date
) -> None:
    """Summed up on some day; what comes later, to days of before as well, is in both."""
    db.execute(t.counters.delete())
    add(db, told)
    for month in counters.months_to_sum(db, 1, 1, number(today)):
        counters.sum_month(db, 1, 1, month)
    assert counters.months_to_sum(db, 1, 1, number(today)) == []
    add(db, late)
    total = counters.read_total(db, 1, 1, "journeys", "", number(since), number(until))
    expected = {"journeys": sum(since <= day <= until for day in (*told, *late))}
    assert total == {name: amount for name, amount in expected.items() if amount}


def test_months_are_summed_up_when_they_are_over_the_earliest_first(db: Connection) -> None:
    add(db, [date(2026, 3, 31), date(2026, 1, 5), date(2026, 1, 31), date(2026, 4, 1)])
    assert counters.months_to_sum(db, 1, 1, 20260131) == []
    assert counters.months_to_sum(db, 1, 1, 20260401) == [20260100, 20260300]
    counters.sum_month(db, 1, 1, 20260100)
    assert counters.months_to_sum(db, 1, 1, 20260401) == [20260300]
    counters.sum_month(db, 1, 1, 20260300)
    assert counters.months_to_sum(db, 1, 1, 20260430) == []
    assert counters.months_to_sum(db, 1, 1, 20260501) == [20260400]
    rows = list(counters.read_days(db, 1, 1, "journeys", "", 20260101, 20260331))
    assert rows == [(20260105, {"journeys": 1}), (20260131, {"journeys": 1}), (20260331, {"journeys": 1})]
