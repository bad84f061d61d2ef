"""Events whose time is over: folded into a base from which every rebuild starts; nothing from before it comes back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from sqlalchemy import Engine, select

from tests.builders import HOLD, START, add_shop, counters, event, intake_row, look, purchase, told, work_in
from tests.pipeline.test_live_equals_rebuild import astray, build_anew, rebuild, snapshot, tick
from tests.pipeline.test_process import all_rows, outcome, tag_of
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, MONTH
from tracker.pipeline import process
from tracker.pipeline.rebuild import subject_ids
from tracker.privacy.forget import erase
from tracker.privacy.retention import expire
from tracker.shops import Shop
from tracker.storage import writing

EXPIRED = {"expired": 1}


def expire_before(engine: Engine, shop: Shop, at: int) -> None:
    """Fold away what happened before the instant."""
    kept = replace(shop, settings=replace(shop.settings, events_months=1, people_months=0))
    with writing(engine) as db:
        expire(db, kept, subject_ids(db, shop.shop_id), HOLD, at + MONTH)


def same_when_rebuilt(engine: Engine, shop: Shop) -> dict[str, Any]:
    tick(engine, shop, START + 60 * DAY)
    live = snapshot(engine, shop)
    assert astray(engine, shop) == []
    rebuild(engine, shop, START + 60 * DAY)
    assert snapshot(engine, shop) == live
    return live


def test_events_at_the_very_instant_of_the_last_folded_away_do_not_replace_the_base(engine: Engine, monkeypatch: Any) -> None:
    monkeypatch.setattr(process, "CHECKPOINT_EVERY", 2)
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, event("page_view", START, event_id="a")))
    expire_before(engine, shop, START + HOUR)
    work_in(engine, shop, intake_row(shop, event("page_view", START, event_id="b"), event("page_view", START, event_id="c")))
    work_in(engine, shop, intake_row(shop, look("dress", START + HOUR)))
    same_when_rebuilt(engine, shop)
    assert len(all_rows(engine, t.journeys, shop)) == 1
    assert outcome(engine, shop, "dropped") == {"expired": 2}


def test_what_happened_between_the_last_event_folded_away_and_the_cut_is_over_too(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, look("dress", START), look("lamp", START + 3 * HOUR)))
    expire_before(engine, shop, START + 2 * HOUR)
    between, at_the_cut = look("vase", START + HOUR, event_id="between"), look("cup", START + 2 * HOUR, event_id="cut")
    work_in(engine, shop, intake_row(shop, between, at_the_cut))
    same_when_rebuilt(engine, shop)
    assert outcome(engine, shop, "dropped") == EXPIRED
    assert {row.event_id for row in all_rows(engine, t.events, shop)} >= {"cut"}
    assert "between" not in {row.event_id for row in all_rows(engine, t.events, shop)}


def test_news_that_waited_for_its_order_longer_than_the_customer_keeps_events_is_dropped_and_counted(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, purchase(START + HOUR, "o1", email="a@b.dk")))
    work_in(engine, shop, intake_row(shop, told("order_shipped", START, order_key="o2", event_id="waits")))
    expire_before(engine, shop, START + 2 * HOUR)
    assert tag_of(engine, shop, "waits") is None
    work_in(engine, shop, intake_row(shop, purchase(START + 3 * HOUR, "o2", email="a@b.dk")))
    same_when_rebuilt(engine, shop)
    assert "waits" not in {row.event_id for row in all_rows(engine, t.events, shop)}
    assert outcome(engine, shop, "dropped") == EXPIRED


def test_somebody_all_of_whose_events_are_over_goes_on_from_their_base(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, look("dress", START), purchase(START + MINUTE, visitor_key="v1", email="a@b.dk")))
    expire_before(engine, shop, START + HOUR)
    assert all_rows(engine, t.events, shop) == []
    expire_before(engine, shop, START + 2 * HOUR)  # nothing is left to fold away
    refund = told("refund", START + 5 * HOUR, order_key="o1", data={"refund_id": "r", "value": 4_000})
    work_in(engine, shop, intake_row(shop, refund))
    same_when_rebuilt(engine, shop)
    [order] = all_rows(engine, t.orders, shop)
    assert order.net_minor == 6_000


def test_a_shorter_time_afterwards_moves_the_cut_and_a_longer_one_does_not_move_it_back(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, *(look(name, START + i * HOUR) for i, name in enumerate("abcd"))))
    for cut in (2 * HOUR, HOUR, 3 * HOUR):
        expire_before(engine, shop, START + cut)
    same_when_rebuilt(engine, shop)
    with engine.connect() as db:
        [base] = db.execute(select(t.checkpoints.c.position_at).where(t.checkpoints.c.is_base)).scalars()
    assert base == START + 3 * HOUR - 1
    work_in(engine, shop, intake_row(shop, look("e", START + 3 * HOUR - 1)))
    assert outcome(engine, shop, "dropped") == EXPIRED


# --- companies


def company_with_two(engine: Engine) -> tuple[Shop, int]:
    """Anna and Bo of b.dk, and the company's number."""
    shop = add_shop(engine, b2b=True)
    for who, visitor in (("anna", "phone"), ("bo", "work")):
        seen = look("dress", START, visitor_key=visitor)
        work_in(
            engine, shop, intake_row(shop, seen, told("identify", START + MINUTE, visitor_key=visitor, email=f"{who}@b.dk"))
        )
    with engine.connect() as db:
        [company] = subject_ids(db, shop.shop_id)
    return shop, company


def test_a_company_that_is_erased_goes_with_everybody_who_is_of_it(engine: Engine) -> None:
    shop, company = company_with_two(engine)
    with writing(engine) as db:
        gone = erase(db, shop, company, HOLD, START + HOUR)
    assert (gone["events"], all_rows(engine, t.events, shop), all_rows(engine, t.links, shop)) == (4, [], [])
    work_in(engine, shop, intake_row(shop, look("lamp", START + HOUR, visitor_key="phone")))  # a browser of one of them
    assert all_rows(engine, t.events, shop) == []
    assert outcome(engine, shop, "dropped") == {"erased": 1}
    same_when_rebuilt(engine, shop)


def test_of_a_company_that_is_forgotten_no_keys_are_left(engine: Engine) -> None:
    shop, company = company_with_two(engine)
    kept = replace(shop, settings=replace(shop.settings, events_months=0, people_months=1))
    with writing(engine) as db:
        assert expire(db, kept, [company], HOLD, START + 2 * MONTH)["people"] == 1
    assert all_rows(engine, t.links, shop) == all_rows(engine, t.link_log, shop) == []
    work_in(engine, shop, intake_row(shop, look("lamp", START + 70 * DAY, visitor_key="phone")))
    with engine.connect() as db:
        assert company not in subject_ids(db, shop.shop_id)


def test_what_is_folded_away_of_somebody_who_turns_out_to_be_somebody_else_stays_in_the_totals(engine: Engine) -> None:
    """Their orders of long ago are nobody's in particular then, and their money is still counted, once."""
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, purchase(START, "o1", email="a@b.dk"), purchase(START, "o2", customer_key="c1")))
    expire_before(engine, shop, START + HOUR)
    later = START + 2 * HOUR
    both = told("email_clicked", later, email="a@b.dk", customer_key="c1", data={"campaign": "x"})
    work_in(engine, shop, intake_row(shop, both), now=later)
    live = same_when_rebuilt(engine, shop)
    with engine.connect() as db:
        assert (counters(db, shop)["net"], counters(db, shop)["ordered"]) == (20_000, 2)
        assert counters(db, shop, family="cohorts")["customers"] == 2
    assert snapshot(engine, build_anew(engine, shop))["counters"] == live["counters"]
