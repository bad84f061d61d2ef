"""The bulk path gives what working in batch by batch gives."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from tests.builders import HOLD, START, add_shop, intake_row, look, purchase, told, work_in
from tests.pipeline.test_live_equals_rebuild import END, astray, snapshot, tick, traffic
from tracker.clock import DAY, HOUR
from tracker.collect.intake import IntakeRow
from tracker.events.types import Event
from tracker.journey import fold as fold_module
from tracker.pipeline import bulk
from tracker.shops import Shop


def in_bulk(engine: Engine, shop: Shop, *rows: IntakeRow, now: int = END, processes: int = 2) -> int:
    return bulk.work_in(engine, shop, rows, HOLD, now, processes)


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=traffic, data=st.data())
def test_in_bulk_and_batch_by_batch_is_the_same(engine: Engine, events: list[Event], data: st.DataObject) -> None:
    live, straight = add_shop(engine), add_shop(engine)
    cut = data.draw(st.integers(0, len(events)))
    for some in (events[:cut], events[cut:]):
        in_bulk(engine, live, intake_row(live, *some), processes=1)
        work_in(engine, straight, intake_row(straight, *some), now=END)
    for shop in (live, straight):
        tick(engine, shop, END)
    assert astray(engine, live) == []
    assert snapshot(engine, live) == snapshot(engine, straight)


def test_many_subjects_are_folded_by_several_processes(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "TOGETHER", 7)
    shops = add_shop(engine), add_shop(engine)
    events = [
        event
        for i in range(60)
        for event in (
            look("dress", START + i * HOUR, event_id=f"l{i}", visitor_key=f"v{i}"),
            look("lamp", START + i * HOUR + DAY, event_id=f"m{i}", visitor_key=f"v{i}"),
            purchase(START + i * HOUR + 2 * DAY, f"o{i}", event_id=f"p{i}", visitor_key=f"v{i}", customer_key=f"c{i % 20}"),
        )
    ]
    assert in_bulk(engine, shops[0], intake_row(shops[0], *events)) == len(events)
    work_in(engine, shops[1], intake_row(shops[1], *events), now=END)
    for shop in shops:
        tick(engine, shop, END)
    assert snapshot(engine, shops[0]) == snapshot(engine, shops[1])


def test_worked_in_twice_changes_nothing(engine: Engine) -> None:
    shop = add_shop(engine)
    row = intake_row(shop, look("dress", event_id="once"), told("custom", data={"name": "x"}))
    assert in_bulk(engine, shop, row) == 2
    before = snapshot(engine, shop)
    assert in_bulk(engine, shop, row) == 0
    again = intake_row(shop, look("dress", event_id="once"))
    assert in_bulk(engine, shop, again) == 0
    assert snapshot(engine, shop) == before


def test_a_poisonous_subject_is_set_aside_alone(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    shop = add_shop(engine)
    real = fold_module.carts.follow

    def raises(journey: Any, of: Any, *rest: Any) -> None:
        if of.visitor_key == "bad":
            raise ValueError("a fault of ours")
        real(journey, of, *rest)

    monkeypatch.setattr(fold_module.carts, "follow", raises)
    in_bulk(engine, shop, intake_row(shop, look("dress", visitor_key="bad"), look("lamp", visitor_key="good")))
    assert [reason for reason in astray(engine, shop) if isinstance(reason, str) or reason] != []
    assert len(snapshot(engine, shop)["journeys"]) == 1
