"""Insert or overwrite, insert or add, insert or leave: on whichever database the tests run."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Column, Connection, Integer, MetaData, PrimaryKeyConstraint, Table, select

from tracker import tables as t
from tracker.pipeline.upsert import upsert


def marks(db: Connection) -> list[tuple[Any, ...]]:
    return [tuple(row) for row in db.execute(select(t.intake_marks).order_by(t.intake_marks.c.file))]


def test_new_rows_are_inserted_and_known_ones_overwritten(db: Connection) -> None:
    upsert(db, t.intake_marks, [{"shop_id": 1, "file": "a", "row": 1}, {"shop_id": 1, "file": "b", "row": 2}])
    upsert(db, t.intake_marks, [{"shop_id": 1, "file": "b", "row": 7}, {"shop_id": 1, "file": "c", "row": 3}])
    assert marks(db) == [(1, "a", 1), (1, "b", 7), (1, "c", 3)]


def test_columns_not_given_are_left_alone(db: Connection) -> None:
    upsert(db, t.leases, [{"shop_id": 1, "held_until_at": 5, "next_id": 9, "token": "mine"}])
    upsert(db, t.leases, [{"shop_id": 1, "held_until_at": 6, "next_id": 9}])
    found = db.execute(select(t.leases)).one()
    assert (found.token, found.held_until_at, found.next_id) == ("mine", 6, 9)


def test_with_adds_the_column_is_added_to(db: Connection) -> None:
    row = {"shop_id": 1, "day_on": 20260101, "kind": "dropped", "reason": "duplicate", "count": 2}
    upsert(db, t.outcomes, [row], adds="count")
    upsert(db, t.outcomes, [row | {"count": 3}, row | {"reason": "erased"}], adds="count")
    found = db.execute(select(t.outcomes.c.reason, t.outcomes.c.count).order_by(t.outcomes.c.reason))
    assert [tuple(one) for one in found] == [("duplicate", 5), ("erased", 2)]


def test_a_table_that_is_all_key_keeps_what_it_has(db: Connection) -> None:
    pairs = Table("pairs", MetaData(), Column("a", Integer), Column("b", Integer), PrimaryKeyConstraint("a", "b"))
    pairs.create(db)
    upsert(db, pairs, [{"a": 1, "b": 1}])
    upsert(db, pairs, [{"a": 1, "b": 1}, {"a": 1, "b": 2}])
    assert [tuple(row) for row in db.execute(select(pairs).order_by(pairs.c.b))] == [(1, 1), (1, 2)]


def test_no_rows_are_no_statement(db: Connection) -> None:
    upsert(db, t.intake_marks, [])
    assert marks(db) == []
