"""A batch of intake rows, worked into a real database."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, select

from tests.builders import HOLD, START, add_shop, counters, event, intake_row, look, purchase, told, work_in
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE
from tracker.collect.intake import IntakeRow
from tracker.events.types import Consent, Source
from tracker.journey import fold as fold_module
from tracker.journey.state import Tag
from tracker.pipeline import leases
from tracker.pipeline.leases import LeaseLost
from tracker.pipeline.process import process_batch, tick_shop
from tracker.pipeline.rebuild import rebuild_subjects, subject_ids
from tracker.shops import Shop
from tracker.storage import writing


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def rows(db: Connection, table: Any, shop: Shop) -> list[Any]:
    return list(db.execute(select(table).where(table.c.shop_id == shop.shop_id)))


def all_rows(engine: Engine, table: Any, shop: Shop) -> list[Any]:
    with engine.connect() as db:
        return rows(db, table, shop)


def totals(engine: Engine, shop: Shop) -> dict[str, int]:
    with engine.connect() as db:
        return counters(db, shop)


def tag_of(engine: Engine, shop: Shop, event_id: str) -> list[Any] | None:
    """Stage and reason."""
    with engine.connect() as db:
        c = t.events.c
        tag = db.execute(select(c.tag).where(c.shop_id == shop.shop_id, c.event_id == event_id)).scalar_one()
    return [Tag.load(tag).stage, Tag.load(tag).reason] if tag else None


def outcome(engine: Engine, shop: Shop, kind: str) -> dict[str, int]:
    found: dict[str, int] = {}
    for row in all_rows(engine, t.outcomes, shop):
        if row.kind == kind:
            found[row.reason] = found.get(row.reason, 0) + row.count
    return found


def test_a_visit_and_its_order_are_one_journey(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress"), event("add_to_cart", START + MINUTE)))
    work_in(engine, shop, intake_row(shop, purchase(START + 2 * MINUTE, visitor_key="v1", email="a@b.dk", customer_key="c1")))
    [journey] = all_rows(engine, t.journeys, shop)
    assert (journey.outcome, journey.order_key, journey.net_minor, journey.highest) == ("ordered", "o1", 10_000, 6)
    names = totals(engine, shop)
    assert (names["journeys"], names["ordered"], names["net"]) == (1, 1, 10_000)
    assert "open" not in names
    assert {(link.kind, link.subject_id) for link in all_rows(engine, t.links, shop)} == {
        (kind, journey.subject_id) for kind in ("visitor", "order", "email", "customer")
    }


def test_the_same_row_worked_in_twice_changes_nothing(engine: Engine, shop: Shop) -> None:
    row = intake_row(shop, look("dress"), refused={"invalid": 2}, ignored={"data.foo": 1}, counted={"page_view": 3})
    assert work_in(engine, shop, row) == 1
    before = {table.name: all_rows(engine, table, shop) for table in (t.events, t.counters, t.outcomes, t.subjects)}
    assert work_in(engine, shop, row) == 0
    assert {table.name: all_rows(engine, table, shop) for table in (t.events, t.counters, t.outcomes, t.subjects)} == before
    assert outcome(engine, shop, "refused") == {"invalid": 2}
    assert outcome(engine, shop, "ignored_field") == {"data.foo": 1}
    assert outcome(engine, shop, "counted_only") == {"page_view": 3}


def test_an_event_sent_again_is_dropped_and_counted(engine: Engine, shop: Shop) -> None:
    again = look("dress", event_id="same")
    work_in(engine, shop, intake_row(shop, again, again))
    work_in(engine, shop, intake_row(shop, again))
    assert len(all_rows(engine, t.events, shop)) == 1
    assert outcome(engine, shop, "dropped") == {"duplicate": 2}


def test_a_browser_cannot_claim_the_id_of_a_signed_event(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, event("page_view", event_id="order-o1")))
    work_in(engine, shop, intake_row(shop, purchase(START + MINUTE, event_id="order-o1")))
    assert totals(engine, shop)["net"] == 10_000


def test_news_of_an_unknown_order_waits_until_somebody_tells_whose_it_is(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, told("order_shipped", START + HOUR, order_key="o1", event_id="ship")))
    assert tag_of(engine, shop, "ship") is None
    assert all_rows(engine, t.journeys, shop) == []
    work_in(engine, shop, intake_row(shop, look("dress")), intake_row(shop, purchase(START + MINUTE, visitor_key="v1")))
    assert tag_of(engine, shop, "ship") == [7, "shipped"]
    [journey] = all_rows(engine, t.journeys, shop)
    assert journey.stage == 7


def test_a_refund_before_its_order_still_counts(engine: Engine, shop: Shop) -> None:
    refund = told("refund", START + HOUR, order_key="o1", data={"refund_id": "r1", "value": 4_000})
    work_in(engine, shop, intake_row(shop, refund))
    work_in(engine, shop, intake_row(shop, purchase(START, email="a@b.dk")))
    assert totals(engine, shop)["net"] == 6_000


def test_a_sighting_ties_the_visitor_to_an_order_that_names_none(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress")))
    work_in(engine, shop, intake_row(shop, purchase(START + MINUTE, email="a@b.dk")))
    assert len(all_rows(engine, t.journeys, shop)) == 2
    work_in(engine, shop, intake_row(shop, event("purchase", START + 2 * MINUTE, order_key="o1")))
    [journey] = all_rows(engine, t.journeys, shop)
    assert (journey.outcome, journey.channel) == ("ordered", "direct")
    assert totals(engine, shop)["journeys"] == 1


def test_a_sighting_before_its_order_waits_and_ties(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress"), event("purchase", START + 2 * MINUTE, order_key="o1")))
    work_in(engine, shop, intake_row(shop, purchase(START + MINUTE, email="a@b.dk")))
    [journey] = all_rows(engine, t.journeys, shop)
    assert journey.outcome == "ordered"
    assert journey.channel == "direct"


def test_a_sighting_alone_makes_no_order_and_no_money(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, event("purchase", order_key="guessed")))
    names = totals(engine, shop)
    assert "ordered" not in names
    assert not any(name.startswith("net.") for name in names)


def test_guest_and_account_with_one_e_mail_are_one_person(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, purchase(START, "o1", email="a@b.dk")))
    work_in(engine, shop, intake_row(shop, purchase(START + DAY, "o2", email="a@b.dk", customer_key="c1")))
    subjects = {journey.subject_id for journey in all_rows(engine, t.journeys, shop)}
    assert len(subjects) == 1


def test_a_second_customer_on_one_browser_is_not_the_first(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress"), purchase(START + MINUTE, "o1", visitor_key="v1", email="anna@b.dk")))
    work_in(engine, shop, intake_row(shop, purchase(START + HOUR, "o2", visitor_key="v1", email="bo@b.dk")))
    subjects = {journey.order_key: journey.subject_id for journey in all_rows(engine, t.journeys, shop)}
    assert subjects["o1"] != subjects["o2"]


def test_two_phones_of_one_customer_become_one_person_and_totals_follow(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress", visitor_key="phone")))
    work_in(engine, shop, intake_row(shop, purchase(START + MINUTE, "o1", visitor_key="phone", email="a@b.dk")))
    work_in(engine, shop, intake_row(shop, look("lamp", START + DAY, visitor_key="tablet")))
    assert totals(engine, shop)["journeys"] == 2
    work_in(engine, shop, intake_row(shop, purchase(START + DAY + HOUR, "o2", visitor_key="tablet", email="a@b.dk")))
    assert len({journey.subject_id for journey in all_rows(engine, t.journeys, shop)}) == 1
    names = totals(engine, shop)
    assert (names["journeys"], names["ordered"]) == (2, 2)


def test_order_facts_below_statistics_are_kept_and_not_joined(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress")))
    order = purchase(START + MINUTE, visitor_key="v1", email="a@b.dk", consent=Consent.ANONYMOUS)
    work_in(engine, shop, intake_row(shop, order))
    assert len({journey.subject_id for journey in all_rows(engine, t.journeys, shop)}) == 2


def test_e_mails_are_kept_as_keyed_hashes_only(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, purchase(email="anna.andersen@example.dk")))
    stored = repr([row for table in t.metadata.sorted_tables if "shop_id" in table.c for row in all_rows(engine, table, shop)])
    assert "anna.andersen" not in stored


def test_a_late_event_takes_its_place(engine: Engine, shop: Shop) -> None:
    work_in(
        engine,
        shop,
        intake_row(shop, look("dress", START + HOUR, event_id="second"), purchase(START + 2 * HOUR, visitor_key="v1")),
    )
    assert tag_of(engine, shop, "second")[1] == "first_look"
    work_in(engine, shop, intake_row(shop, look("dress", START + 30 * MINUTE, event_id="first")))
    assert tag_of(engine, shop, "first")[1] == "first_look"
    assert tag_of(engine, shop, "second")[1] == "looked_again"
    names = totals(engine, shop)
    assert names[f"m:{0b101110}.1"] == names["journeys"] == 1


def test_an_anonymous_session_ends_uncounted_when_consent_is_given(engine: Engine, shop: Shop) -> None:
    anonymous: dict[str, Any] = {"visitor_key": None, "anonymous_key": "hash", "consent": Consent.ANONYMOUS}
    work_in(engine, shop, intake_row(shop, look("dress", START, **anonymous)))
    assert totals(engine, shop)["journeys"] == 1
    granted = event("consent_update", START + MINUTE, anonymous_key="hash", data={"level": "statistics"})
    work_in(engine, shop, intake_row(shop, granted, look("dress", START + 2 * MINUTE)))
    assert totals(engine, shop)["journeys"] == 1
    assert sorted(journey.counted for journey in all_rows(engine, t.journeys, shop)) == [False, True]
    work_in(engine, shop, intake_row(shop, look("late", START + 30_000, **anonymous)))
    assert totals(engine, shop)["journeys"] == 1


def test_all_sessions_of_the_day_end_uncounted_when_consent_is_given(engine: Engine, shop: Shop) -> None:
    anonymous: dict[str, Any] = {"visitor_key": None, "anonymous_key": "hash", "consent": Consent.ANONYMOUS}
    for hour in (0, 2, 4):
        work_in(engine, shop, intake_row(shop, look("dress", START + hour * HOUR, **anonymous)))
    assert totals(engine, shop)["journeys"] == 3
    work_in(engine, shop, intake_row(shop, event("consent_update", START + 5 * HOUR, anonymous_key="hash")))
    assert "journeys" not in totals(engine, shop)
    refold_all(engine, shop)
    assert "journeys" not in totals(engine, shop)


def test_bots_are_kept_and_not_counted(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress", bot="crawler:GPTBot")))
    assert len(all_rows(engine, t.journeys, shop)) == 1
    assert totals(engine, shop) == {}


def test_a_row_that_cannot_be_read_is_kept_aside_and_the_rest_goes_on(engine: Engine, shop: Shop) -> None:
    broken = [
        IntakeRow("test", 10**9 + i, shop.shop_id, body)
        for i, body in enumerate([b"{", b"[]", b'{"received_at": 1, "events": [{}]}'])
    ]
    good = intake_row(shop, look("dress"))
    work_in(engine, shop, good, *broken, now=START + DAY)
    assert outcome(engine, shop, "failed") == {"unreadable": 3}
    assert len(all_rows(engine, t.unreadable, shop)) == 3
    assert len(all_rows(engine, t.events, shop)) == 1


def test_a_poisonous_subject_is_set_aside_and_comes_back_with_a_replay(
    engine: Engine, shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_in(engine, shop, intake_row(shop, look("dress")))
    real = fold_module.carts.follow

    def raises(journey: Any, of: Any, terms: Any) -> None:
        if of.visitor_key == "v1":
            raise ValueError("a fault of ours")
        real(journey, of, terms)

    with monkeypatch.context() as fault:
        fault.setattr(fold_module.carts, "follow", raises)
        poison = event("page_view", START + MINUTE, event_id="poison")
        other = look("lamp", START + MINUTE, visitor_key="v2", event_id="other")
        work_in(engine, shop, intake_row(shop, poison, other))
        work_in(engine, shop, intake_row(shop, event("view_cart", START + 2 * MINUTE, event_id="after")))
    assert tag_of(engine, shop, "other")[1] == "first_look"
    assert tag_of(engine, shop, "poison") is None and tag_of(engine, shop, "after") is None
    assert totals(engine, shop)["journeys"] == 2
    [aside] = [s for s in all_rows(engine, t.subjects, shop) if s.set_aside]
    assert aside.set_aside == "ValueError: a fault of ours"
    refold_all(engine, shop)
    assert tag_of(engine, shop, "after")[1] == "cart"
    assert not any(s.set_aside for s in all_rows(engine, t.subjects, shop))


def refold_all(engine: Engine, shop: Shop, now: int = START + DAY) -> None:
    with writing(engine) as db:
        list(rebuild_subjects(db, shop, subject_ids(db, shop.shop_id), HOLD, now))


def test_a_worker_that_lost_the_shop_writes_nothing(engine: Engine, shop: Shop) -> None:
    with writing(engine) as db:
        leases.hold(db, shop.shop_id, "another", START, START + 60_000)
    with pytest.raises(LeaseLost), writing(engine) as db:
        process_batch(db, shop, [intake_row(shop, look("dress"))], HOLD, START)
    assert all_rows(engine, t.events, shop) == []


def test_a_lease_can_be_taken_when_it_ran_out_and_not_before(engine: Engine, shop: Shop) -> None:
    with writing(engine) as db:
        leases.hold(db, shop.shop_id, "one", START, START + 1_000)
        with pytest.raises(LeaseLost):
            leases.hold(db, shop.shop_id, "two", START + 1_000, START + 2_000)
        leases.hold(db, shop.shop_id, "one", START + 1_000, START + 2_000)
        leases.hold(db, shop.shop_id, "two", START + 2_001, START + 9_000)
        leases.release(db, shop.shop_id, "two")
        leases.hold(db, shop.shop_id, "three", START + 2_002, START + 9_000)


def test_what_falls_due_is_done_by_the_tick(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress")))
    later = START + 31 * DAY
    with writing(engine) as db:
        assert tick_shop(db, shop, HOLD, later) == 1
        assert tick_shop(db, shop, HOLD, later) == 0
    [journey] = all_rows(engine, t.journeys, shop)
    assert journey.outcome == "lapsed"
    assert "open" not in totals(engine, shop)


def test_an_event_that_arrives_after_the_tick_but_belongs_before_it_undoes_the_lapse(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, look("dress")))
    later = START + 31 * DAY
    with writing(engine) as db:
        tick_shop(db, shop, HOLD, later)
    late = look("dress", START + 29 * DAY, received_at=later)
    work_in(engine, shop, intake_row(shop, late))
    [journey] = all_rows(engine, t.journeys, shop)
    assert journey.outcome == "open"
    assert totals(engine, shop)["open"] == 1


def test_two_shops_never_meet(engine: Engine, shop: Shop) -> None:
    other = add_shop(engine)
    same: dict[str, Any] = {"event_id": "same", "visitor_key": "v1"}
    work_in(engine, shop, intake_row(shop, look("dress", **same)))
    work_in(engine, other, intake_row(other, look("dress", **same)))
    assert len(all_rows(engine, t.events, shop)) == len(all_rows(engine, t.events, other)) == 1
    assert totals(engine, shop)["journeys"] == totals(engine, other)["journeys"] == 1


def test_a_long_history_is_refolded_from_a_checkpoint(engine: Engine, shop: Shop) -> None:
    many = [event("page_view", START + i * MINUTE, event_id=f"m{i:04}") for i in range(1_203)]
    for i in range(0, len(many), 100):
        work_in(engine, shop, intake_row(shop, *many[i : i + 100]))
    assert len(all_rows(engine, t.checkpoints, shop)) == 2
    work_in(engine, shop, intake_row(shop, look("dress", START + 1_100 * MINUTE + 1)))
    before = all_rows(engine, t.journeys, shop)
    refold_all(engine, shop, now=START + 2 * DAY)
    assert all_rows(engine, t.journeys, shop) == before


def test_signed_events_without_any_key_are_kept(engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, told("custom", data={"name": "stock_count"})))
    [stored] = all_rows(engine, t.events, shop)
    assert stored.source == 1 and stored.tag is not None
    assert Source.SERVER.value == "server"


def test_what_arrives_is_counted_by_hour_lag_sender_and_consent(engine: Engine, shop: Shop) -> None:
    """START is 02:26 in Copenhagen."""
    late = event(at=START - 2 * HOUR, received_at=START, event_id="late", bot="crawler:X")
    staff = event(at=START, bot="staff", event_id="staff")
    shy = event(at=START, consent=Consent.ANONYMOUS, visitor_key=None, anonymous_key="a", event_id="shy")
    row = intake_row(shop, event(at=START, event_id="one"), late, staff, shy, purchase(START), corrected=3)
    past = intake_row(shop, purchase(START - 900 * DAY, "o9", received_at=START), imported=True)
    work_in(engine, shop, row, row, past)
    assert outcome(engine, shop, "accepted") == {"event": 6}
    assert outcome(engine, shop, "hour") == {"02": 5}
    assert outcome(engine, shop, "lag") == {"browser.0": 3, "browser.6": 1, "server.0": 1}
    assert outcome(engine, shop, "sender") == {"person": 2, "bot": 1, "staff": 1}
    assert outcome(engine, shop, "consent") == {"statistics": 1, "anonymous": 1}
    assert outcome(engine, shop, "clock") == {"corrected": 3}


def test_numbers_that_never_arrived_are_lost_until_they_do(engine: Engine, shop: Shop) -> None:
    numbered = {n: event(at=START + n * MINUTE, sequence=n, event_id=f"n{n}") for n in range(5)}
    work_in(engine, shop, intake_row(shop, numbered[0], numbered[1]))
    work_in(engine, shop, intake_row(shop, numbered[4]))
    assert (totals(engine, shop)["numbered"], totals(engine, shop)["lost"]) == (3, 2)
    work_in(engine, shop, intake_row(shop, numbered[2]))  # late, so that the subject is folded again
    assert (totals(engine, shop)["numbered"], totals(engine, shop)["lost"]) == (4, 1)


def test_a_cart_that_goes_on_in_the_next_journey_is_there_once(engine: Engine, shop: Shop) -> None:
    first, second = ({"items": [{"item_id": name, "price": 100}]} for name in ("dress", "lamp"))
    of_visitor = {"visitor_key": "v1", "email": "a@b.dk"}
    for told_now in (
        event("add_to_cart", START, data=first),
        purchase(START + MINUTE, "o1", status="pending", **of_visitor),
        event("add_to_cart", START + 2 * MINUTE, data=second),
        told("order_paid", START + 3 * MINUTE, order_key="o1"),
    ):
        work_in(engine, shop, intake_row(shop, told_now))
    carts = sorted((row.number, row.position, row.state, row.products) for row in all_rows(engine, t.carts, shop))
    assert carts == [(1, 0, "ordered", ["dress"]), (2, 0, "filled", ["lamp"])]
