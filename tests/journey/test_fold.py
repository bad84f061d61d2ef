"""What a subject's events make of its journeys."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import START, act, arrival, event, look, purchase, told
from tracker.clock import DAY, HOUR, MINUTE
from tracker.events.types import Consent, Event
from tracker.journey import fold as fold_module
from tracker.journey.fold import advance, fold, is_late, tick
from tracker.journey.state import (
    EXPIRED,
    LAPSED,
    OPEN,
    ORDERED,
    Act,
    Journey,
    Subject,
    Tag,
    Terms,
    dump_checkpoint,
    dump_journey,
    dump_subject,
    load_checkpoint,
    load_journey,
    load_subject,
)
from tracker.stages import DECISION

TERMS = Terms()


def folded(*acts: Act | Event, terms: Terms = TERMS) -> tuple[Subject, list[Tag]]:
    subject = Subject()
    tags = fold([a if isinstance(a, Act) else act(a) for a in acts], terms, subject)
    return subject, tags


def stages_of(journey: Journey) -> list[int]:
    """In the order in which they were first reached."""
    return [int(s) for s, _ in sorted(journey.reached.items(), key=lambda pair: (pair[1][0], int(pair[0])))]


def at(minutes: float) -> int:
    return START + round(minutes * MINUTE)


class TestSessions:
    @pytest.mark.parametrize(
        ("gap", "sessions"), [(30 * MINUTE, 1), (30 * MINUTE + 1, 2)], ids=["30:00 goes on", "a millisecond more opens another"]
    )
    def test_the_idle_time(self, gap: int, sessions: int) -> None:
        subject, _ = folded(event(at=START), event(at=START + gap))
        assert subject.session_count == sessions

    def test_leaving_a_page_long_after_is_no_arrival(self) -> None:
        ad = arrival("paid_social", source="instagram", medium="paid_social", campaign="a")
        left = act(event("page_engaged", at(300), data={"visible_seconds": 9}), ad)
        subject, _ = folded(act(event(at=at(0)), ad), purchase(at(5)), left)
        assert [journey.touch_count for journey in subject.journeys.values()] == [1]
        assert subject.waiting == []

    def test_a_new_campaign_opens_another(self) -> None:
        first = act(event(at=at(0)), arrival("paid_social", source="instagram", medium="paid_social", campaign="a"))
        second = act(event(at=at(1)), arrival("email", source="letter", medium="email", campaign="b"))
        subject, _ = folded(first, second)
        assert subject.session_count == 2
        assert [touch.channel for touch in subject.journeys[1].touches] == ["paid_social", "email"]

    def test_the_landing_page_loaded_again_does_not(self) -> None:
        landing = arrival("paid_social", source="instagram", medium="paid_social", campaign="a")
        subject, _ = folded(act(event(at=at(0)), landing), act(event(at=at(1)), landing))
        assert subject.session_count == 1
        assert subject.journeys[1].touch_count == 1

    def test_a_page_reached_from_the_shop_after_a_pause_opens_no_touchpoint(self) -> None:
        subject, _ = folded(act(event(at=at(0)), arrival("direct")), act(event(at=at(60)), None))
        assert subject.session_count == 2
        assert subject.journeys[1].touch_count == 1


class TestJourneys:
    def test_the_first_arrival_marks_awareness_beside_the_stage_of_the_event(self) -> None:
        subject, tags = folded(act(look("dress"), arrival("organic_search")))
        assert tags[0].stage == 3
        assert stages_of(subject.journeys[1]) == [2, 3]

    def test_what_matches_no_row_keeps_the_stage_or_is_awareness(self) -> None:
        subject, tags = folded(event("custom", at(0)), look("dress", at(1)), event("custom", at(2)))
        assert [(tag.stage, tag.reason) for tag in tags] == [(2, "arrived"), (3, "first_look"), (3, "continues")]
        assert subject.journeys[1].stage == 3

    def test_moves_backwards_are_kept_and_highest_stays(self) -> None:
        subject, _ = folded(event("add_to_cart", at(0)), event("view_reviews", at(5)), event("view_cart", at(6)))
        journey = subject.journeys[1]
        assert journey.moves == {"5.4": 1, "4.5": 1}
        assert (journey.stage, journey.highest) == (5, 5)
        assert journey.stays["5"][:2] == [1, 300]

    def test_a_journey_lapses_after_its_window_and_the_next_act_opens_another(self) -> None:
        late = START + 30 * DAY + 1
        subject, tags = folded(look("dress"), look("dress", late))
        assert subject.journeys[1].outcome == LAPSED
        assert subject.journeys[1].ended_at == START + 30 * DAY
        assert [tag.journey for tag in tags] == [1, 2]
        assert tags[1].reason == "first_look"

    def test_exactly_at_the_end_of_the_window_it_goes_on(self) -> None:
        subject, _ = folded(look("dress"), look("dress", START + 30 * DAY))
        assert subject.journeys[1].outcome == OPEN

    def test_the_shops_own_doings_do_not_keep_a_journey_open(self) -> None:
        subject, _ = folded(look("dress"), told("email_opened", START + 29 * DAY))
        tick(subject, START + 30 * DAY + 1, TERMS)
        assert subject.journeys[1].outcome == LAPSED

    def test_an_anonymous_session_is_over_when_it_is_idle(self) -> None:
        subject, _ = folded(look("dress", consent=Consent.ANONYMOUS))
        tick(subject, START + 30 * MINUTE, TERMS)
        assert subject.journeys[1].outcome == OPEN
        tick(subject, START + 30 * MINUTE + 1, TERMS)
        assert subject.journeys[1].outcome == LAPSED

    def test_a_tick_tells_the_same_as_the_next_event(self) -> None:
        ticked, _ = folded(look("dress"))
        tick(ticked, START + 40 * DAY, TERMS)
        advance(ticked, act(look("dress", START + 41 * DAY, event_id="z")), TERMS)
        straight, _ = folded(look("dress", event_id="y"), look("dress", START + 41 * DAY, event_id="z"))
        assert dump_journey(ticked.journeys[1]) == dump_journey(straight.journeys[1])
        assert dump_subject(ticked) == dump_subject(straight)

    def test_a_touchpoint_without_a_journey_waits_for_the_next_within_the_window(self) -> None:
        bought = [look("dress", at(0)), purchase(at(1), order_key="o1")]
        click = told("email_clicked", START + 3 * DAY, data={"campaign": "winter"})
        again = purchase(START + 3 * DAY + HOUR, order_key="o2")
        subject, _ = folded(*bought, click, again)
        assert [(touch.kind, touch.campaign) for touch in subject.journeys[2].touches] == [("email_click", "winter")]

    def test_a_click_in_a_mail_and_the_session_it_opens_are_one(self) -> None:
        click = told("email_clicked", at(0), data={"campaign": "winter"})
        landed = act(event(at=at(1), kind="home"), arrival("email", source="letter", medium="email", campaign="winter"))
        subject, _ = folded(look("dress", at(-60)), click, landed)
        assert subject.journeys[1].touch_count == 1


class TestOrders:
    def test_a_counted_order_converts_the_open_journey(self) -> None:
        subject, tags = folded(act(look("dress", at(0)), arrival("organic_search")), purchase(at(5)))
        journey = subject.journeys[1]
        assert journey.outcome == ORDERED and subject.open == 0
        assert journey.order is not None and journey.order.net == 10_000
        assert tags[1].reason == "ordered"

    def test_an_order_without_a_visit_makes_its_own_with_channel_none(self) -> None:
        subject, _ = folded(purchase())
        assert subject.journeys[1].channel == "none"
        assert stages_of(subject.journeys[1]) == [6]

    @pytest.mark.parametrize("times", [1, 2, 3])
    def test_one_payment_told_several_times_is_one_order(self, times: int) -> None:
        paid = [told("order_paid", at(i), order_key="o1") for i in range(1, times + 1)]
        subject, _ = folded(purchase(at(0), status="placed"), *paid, purchase(at(9)))
        assert subject.order_count == 1
        assert subject.journey_count == 1
        assert subject.journeys[1].order is not None and subject.journeys[1].order.net == 10_000

    def test_paid_told_before_placed_gives_the_same_money(self) -> None:
        subject, _ = folded(told("order_paid", at(0), order_key="o1"), purchase(at(1), status="placed"))
        order = subject.journeys[1].order
        assert order is not None and (order.state, order.net) == ("paid", 10_000)

    def test_placed_and_not_paid_does_not_count(self) -> None:
        subject, _ = folded(look("dress", at(0)), purchase(at(1), status="pending"))
        assert subject.journeys[1].outcome == OPEN
        assert subject.order_count == 0

    def test_cash_on_delivery_counts_when_placed(self) -> None:
        subject, _ = folded(purchase(status="placed_cod"))
        assert subject.order_count == 1

    def test_two_partial_refunds_each_count_once(self) -> None:
        refunds = [
            told("refund", at(i), order_key="o1", data={"refund_id": key, "value": 3_000})
            for i, key in [(1, "r1"), (2, "r2"), (3, "r1")]
        ]
        subject, _ = folded(purchase(), *refunds)
        assert subject.journeys[1].order is not None and subject.journeys[1].order.net == 4_000

    def test_cancelled_and_refunded_is_nothing_not_less(self) -> None:
        refund = told("refund", at(1), order_key="o1", data={"refund_id": "r", "value": 10_000})
        subject, _ = folded(purchase(), refund, told("order_cancelled", at(2), order_key="o1"))
        order = subject.journeys[1].order
        assert order is not None and order.net == 0
        assert subject.order_count == 0

    def test_a_second_order_marks_retention_on_the_journey_before_too(self) -> None:
        subject, tags = folded(purchase(at(0), "o1"), look("dress", START + 9 * DAY), purchase(START + 9 * DAY + 1, "o2"))
        assert 9 in stages_of(subject.journeys[1])
        assert {6, 9} <= set(stages_of(subject.journeys[2]))
        assert tags[2].reason == "ordered_again"

    def test_an_order_told_again_is_not_its_own_successor(self) -> None:
        _, tags = folded(purchase(at(0)), purchase(at(1)))
        assert [tag.reason for tag in tags] == ["ordered", "ordered"]

    def test_failed_payment_then_another_order_is_one_sale_and_one_attempt(self) -> None:
        subject, _ = folded(look("d", at(0)), purchase(at(1), "o1", status="pending"), purchase(at(3), "o2", value=20_000))
        journey = subject.journeys[1]
        assert journey.order is not None and journey.order.key == "o2"
        assert [order.key for order in journey.attempts] == ["o1"]
        assert subject.order_count == 1

    def test_an_attempt_that_is_paid_after_all_gets_a_journey_of_its_own(self) -> None:
        subject, _ = folded(
            look("d", at(0)),
            purchase(at(1), "o1", status="pending"),
            purchase(at(3), "o2", value=20_000),
            told("order_paid", at(99), order_key="o1"),
        )
        assert subject.order_count == 2
        nets = {j.order.key: j.order.net for j in subject.journeys.values() if j.order}
        assert nets == {"o1": 10_000, "o2": 20_000}

    def test_a_test_order_never_counts(self) -> None:
        subject, _ = folded(purchase(data={"is_test": True}), told("order_paid", at(1), order_key="o1"))
        assert subject.order_count == 0

    def test_after_sales_news_belongs_to_the_orders_journey_while_the_next_is_open(self) -> None:
        subject, tags = folded(
            purchase(at(0)), look("lamp", at(50)), told("order_shipped", at(60), order_key="o1"), event("share", at(70))
        )
        assert [tag.journey for tag in tags] == [1, 2, 1, 1]
        assert subject.journeys[2].stage == 3  # what the shop does never changes the stage of a visit under way

    def test_a_customer_silent_for_long_comes_back(self) -> None:
        back = act(event(at=START + 200 * DAY, kind="home"), arrival("email"))
        subject, tags = folded(purchase(), back)
        assert tags[1].stage == 12
        assert subject.journeys[2].reactivated
        assert subject.journeys[2].highest < 12


def test_the_dress_buyer() -> None:
    """The journey of the demo: stages in the order they are reached."""
    ad = arrival("paid_social", source="instagram", medium="paid_social", campaign="sommer")
    subject, _ = folded(
        act(event(at=at(0), kind="product"), ad),
        act(look("dress", at(0.1)), ad),
        event("view_item_list", at(1)),
        event("view_reviews", at(2)),
        event("view_size_guide", at(3)),
        event("add_to_cart", at(4), data={"items": [{"item_id": "dress", "quantity": 1}]}),
        event("newsletter_subscribe", at(5)),
        event("begin_checkout", at(6)),
        purchase(at(7)),
        told("order_shipped", at(8), order_key="o1"),
        told("order_delivered", at(9), order_key="o1"),
        event("share", at(10)),
        event("review_submitted", at(11), data={"rating": 5}),
        told("loyalty_joined", at(12)),
    )
    assert stages_of(subject.journeys[1]) == [2, 3, 4, 5, 6, 7, 11, 9]
    assert subject.journeys[1].channel == "paid_social"


def test_an_event_before_the_last_or_before_a_tick_is_late() -> None:
    subject, _ = folded(look("dress", at(10)))
    assert is_late(subject, look("dress", at(9)))
    assert not is_late(subject, look("dress", at(11)))
    tick(subject, START + 60 * DAY, TERMS)
    assert is_late(subject, look("dress", START + 29 * DAY))


def test_what_is_stored_is_read_back_the_same() -> None:
    subject, _ = folded(act(look("dress"), arrival("direct")), purchase(at(1)), told("email_clicked", at(2)), look("x", at(3)))
    copy = load_checkpoint(dump_checkpoint(subject))
    again: dict[str, Any] = {name: getattr(copy, name) for name in ("position", "session", "waiting", "order_count", "due_at")}
    assert again == {name: getattr(subject, name) for name in again}
    assert copy.journeys == subject.journeys
    assert dump_subject(load_subject(dump_subject(subject))) == dump_subject(subject)
    assert load_journey(dump_journey(subject.journeys[1])) == subject.journeys[1]


def test_a_checkpoint_needs_all_journeys() -> None:
    subject, _ = folded(purchase(at(0)), look("dress", at(50)))
    del subject.journeys[1]
    with pytest.raises(ValueError, match="all the subject's journeys"):
        dump_checkpoint(subject)


def test_lists_are_capped_and_counts_go_on() -> None:
    acts = [
        act(event(at=START + i * HOUR), arrival("email", source="s", medium="email", campaign=str(i))) for i in range(60)
    ] + [act(look(f"p{i}", START + 61 * HOUR + i)) for i in range(70)]
    subject, _ = folded(*acts)
    journey = subject.journeys[1]
    assert (journey.touch_count, len(journey.touches), len(journey.products)) == (60, 50, 60)


def test_a_cart_filled_while_an_order_waits_for_its_payment_is_not_of_that_order() -> None:
    first, second = {"items": [{"item_id": "dress", "price": 100}]}, {"items": [{"item_id": "lamp", "price": 300}]}
    subject, _ = folded(
        event("add_to_cart", at(0), data=first, cart_key="k1"),
        purchase(at(5), "o1", status="pending", visitor_key="v1"),
        event("add_to_cart", at(10), data=second, cart_key="k2"),
        told("order_paid", at(60), order_key="o1"),
        purchase(at(70), "o2", visitor_key="v1"),
    )
    bought, after = subject.journeys[1], subject.journeys[2]
    assert [(cart.keys, cart.state, cart.order_key) for cart in bought.carts] == [(["k1"], ORDERED, "o1")]
    assert [(cart.keys, cart.state, cart.order_key) for cart in after.carts] == [(["k2"], ORDERED, "o2")]
    assert (after.began_at, after.returning, after.carted, stages_of(after)[0]) == (at(10), True, {"lamp": ""}, DECISION)
    assert (bought.order and bought.order.key, after.order and after.order.key) == ("o1", "o2")


def test_such_a_cart_expires_like_any_other() -> None:
    subject, _ = folded(
        purchase(at(5), "o1", status="pending", visitor_key="v1"),
        event("add_to_cart", at(10), data={"items": [{"item_id": "lamp", "price": 300}]}),
        told("order_paid", at(60), order_key="o1"),
    )
    tick(subject, at(10) + 200 * DAY, TERMS)
    [cart] = subject.journeys[2].carts
    assert (cart.state, subject.journeys[2].outcome, subject.journeys[1].outcome) == (EXPIRED, LAPSED, ORDERED)


def test_news_about_an_order_that_is_only_added_up_any_more_change_its_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fold_module, "MAX_BUYS", 2)
    bought = [purchase(at(i), f"o{i}", value=1_000 * (i + 1)) for i in range(5)]
    refund = {"refund_id": "r", "value": 400}
    subject, _ = folded(*bought)
    assert (subject.bought_before, list(subject.buys)) == ([3, 6_000], ["o3", "o4"])
    subject, _ = folded(*bought, told("refund", at(9), order_key="o1", data=refund), told("order_paid", at(10), order_key="o2"))
    assert (subject.bought_before, list(subject.buys)) == ([3, 5_600], ["o3", "o4"])
    subject, _ = folded(*bought, *(told("order_cancelled", at(9 + i), order_key=f"o{i}") for i in (1, 3)))
    assert (subject.bought_before, list(subject.buys)) == ([2, 4_000], ["o4"])


def test_what_the_shops_own_people_answer_is_kept_and_not_counted() -> None:
    nps = {"type": "nps", "score": 9}
    subject, tags = folded(look("dress", at(0)), told("survey_submitted", at(1), data=nps, bot="staff", visitor_key="v1"))
    assert (len(tags), subject.journeys[1].event_count, subject.journeys[1].notes, subject.journeys[1].bot) == (2, 2, [], False)


class TestNumbering:
    """What the visitor's own numbers say of what was lost."""

    @staticmethod
    def of(*told: tuple[int, int] | tuple[int, int, Consent]) -> Journey:
        """(link, number) of page views a minute apart."""
        acts = []
        for minute, (link, number, *level) in enumerate(told):
            seen = event(at=at(minute), sequence=number, consent=level[0] if level else Consent.STATISTICS)
            acts.append(Act(seen, None, None, None, link=link))
        return folded(*acts)[0].journeys[1]

    @pytest.mark.parametrize(
        ("numbers", "lost"),
        [
            pytest.param([0, 1, 2], 0, id="all there"),
            pytest.param([7, 8], 0, id="what came before the first is not known"),
            pytest.param([0, 3], 2, id="two left out"),
            pytest.param([0, 3, 1], 1, id="one of them after all"),
            pytest.param([0, 3, 1, 2, 4], 0, id="both of them"),
            pytest.param([0, 1, 1, 2], 0, id="two pages side by side gave the same number"),
            pytest.param([5, 6, 0, 1, 2, 7], 0, id="begun anew by a cleared browser"),
            pytest.param([5, 2_000_000_000, 2_000_000_001], 0, id="a jump that is none"),
            pytest.param([5_000, 0, 2], 1, id="begun anew far below"),
        ],
    )
    def test_numbers_left_out_were_lost(self, numbers: list[int], lost: int) -> None:
        journey = self.of(*((7, number) for number in numbers))
        assert (journey.numbered, journey.lost) == (len(numbers), lost)

    def test_two_phones_number_by_themselves(self) -> None:
        assert self.of((1, 0), (2, 40), (1, 1), (2, 42)).lost == 1

    def test_without_consent_each_page_begins_at_0(self) -> None:
        journey = self.of((1, 0, Consent.ANONYMOUS), (1, 9, Consent.ANONYMOUS))
        assert (journey.numbered, journey.lost) == (0, 0)


class TestNotes:
    @staticmethod
    def answered(minute: float, score: int, answer_id: str | None = "a1", **data: Any) -> Event:
        known = {"answer_id": answer_id} if answer_id else {}
        return told("survey_submitted", at(minute), data={"type": "nps", "score": score, **known, **data})

    def names(self, *events: Event) -> list[str]:
        subject, _ = folded(event(at=at(0)), *events)
        return [note.name for note in subject.journeys[1].notes]

    def test_an_answer_told_again_is_one_with_its_last_score(self) -> None:
        corrected = self.names(self.answered(1, 3), self.answered(2, 9, None), self.answered(3, 10, answer="because"))
        assert corrected == ["nps:10", "nps_at:10.10", "nps:9", "nps_at:10.9"]

    def test_a_survey_that_says_what_stage_it_is_about_counts_there(self) -> None:
        assert self.names(self.answered(1, 3, stage="delivery")) == ["nps:3", "nps_at:7.3"]

    def test_of_many_the_count_goes_on(self) -> None:
        shares = [event("share", at(n), data={"method": "link" if n % 2 else "mail"}) for n in range(1, 101)]
        subject, _ = folded(event(at=at(0)), *shares)
        notes = subject.journeys[1].notes
        assert len(notes) == 60
        assert sum(note.amount for note in notes) == 100
