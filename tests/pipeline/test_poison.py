"""One bad event or row costs itself and no other."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.builders import HOLD, START, add_shop, event, intake_row, look, work_in
from tracker import tables as t
from tracker.clock import DAY, MINUTE
from tracker.journey import fold as fold_module
from tracker.pipeline import process
from tracker.pipeline.process import tick_shop
from tracker.pipeline.rebuild import rebuild_subjects, subject_ids
from tracker.shops import Shop
from tracker.storage import writing


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def set_aside(engine: Engine, shop: Shop) -> list[str]:
    with engine.connect() as db:
        c = t.subjects.c
        query = select(c.set_aside).where(c.shop_id == shop.shop_id, c.set_aside.is_not(None))
        return list(db.execute(query).scalars())


def outcomes(engine: Engine, shop: Shop) -> list[str]:
    with engine.connect() as db:
        c = t.outcomes.c
        return list(db.execute(select(c.reason).where(c.shop_id == shop.shop_id, c.kind == "failed")).scalars())


@pytest.mark.parametrize("items", [["KJ-1"], "KJ-1", 7, {"a": 1}, [{"quantity": "two"}], [{"quantity": None}], [[]]], ids=repr)
def test_what_a_shop_calls_items_in_an_event_of_its_own_kind_is_no_cart(engine: Engine, shop: Shop, items: Any) -> None:
    work_in(engine, shop, intake_row(shop, event("custom", data={"name": "wizard", "items": items})))
    assert set_aside(engine, shop) == []


def broken(of_visitor: str) -> Any:
    real = fold_module.carts.follow

    def raises(journey: Any, of: Any, terms: Any) -> None:
        if of.page is not None and of.page.url.endswith(of_visitor):
            raise ValueError("a fault of ours")
        real(journey, of, terms)

    return raises


def test_a_replay_goes_on_past_a_subject_that_still_cannot_be_folded(
    engine: Engine, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    poison = event(url="https://shop.example/poison", event_id="poison")
    monkeypatch.setattr(fold_module.carts, "follow", broken("poison"))
    work_in(engine, shop, intake_row(shop, poison, look("lamp", visitor_key="v2")))
    assert set_aside(engine, shop) == ["ValueError: a fault of ours"]
    with writing(engine) as db:
        subjects = subject_ids(db, shop.shop_id)
        assert list(rebuild_subjects(db, shop, subjects, HOLD, START + DAY)) == list(subjects)
    assert set_aside(engine, shop) == ["ValueError: a fault of ours"]


def test_a_subject_that_cannot_be_ticked_keeps_nobody_waiting(
    engine: Engine, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_in(engine, shop, intake_row(shop, look("dress"), look("lamp", START + MINUTE, visitor_key="v2")))
    real = fold_module.tick

    def raises(subject: Any, *rest: Any) -> None:
        if subject.due_at == START + 30 * DAY:
            raise KeyError("a fault of ours")
        real(subject, *rest)

    monkeypatch.setattr(process, "tick", raises)
    with writing(engine) as db:
        assert tick_shop(db, shop, HOLD, START + 31 * DAY) == 2
        assert tick_shop(db, shop, HOLD, START + 31 * DAY) == 0
    assert set_aside(engine, shop) == ["KeyError: 'a fault of ours'"]
    with engine.connect() as db:
        outcomes = db.execute(select(t.journeys.c.outcome).where(t.journeys.c.shop_id == shop.shop_id)).scalars()
        assert sorted(outcomes) == ["lapsed", "open"]
