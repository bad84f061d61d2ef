"""What a journey books."""

from __future__ import annotations

from collections import Counter
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from tests.builders import START, act, arrival, event, look, purchase
from tracker.clock import DAY
from tracker.journey.contribution import Basis, Change, add_up, contribution, difference
from tracker.journey.fold import fold
from tracker.journey.state import Journey, Subject, Terms
from tracker.reports.counters import of_view
from tracker.stages import VIEWS

BASIS = Basis(ZoneInfo("Europe/Copenhagen"), "DKK")


def names_of(booked: dict[str, Any], family: str = "journeys") -> dict[str, int]:
    """Of one family, over all days."""
    total: Counter[str] = Counter()
    for told, _, names in booked.get("rows", ()):
        if told == family:
            total.update(names)
    return dict(total)


def bought() -> Journey:
    subject = Subject()
    ad = arrival("paid_social", source="instagram", medium="paid_social", campaign="sommer")
    acts = [
        act(look("dress"), ad, device="mobile"),
        act(event("add_to_cart", START + 90_000, country="DK")),
        act(purchase(START + 120_000)),
    ]
    fold(acts, Terms(), subject)
    return subject.journeys[1]


def test_names_and_filters_of_a_journey_with_an_order() -> None:
    booked = contribution(bought(), BASIS)
    assert {day for _, day, _ in booked["rows"]} == {20260910}
    assert booked["filters"] == [
        "", "channel=paid_social", "consent=statistics", "buyer=new", "device=mobile", "country=DK", "campaign=sommer"
    ]  # fmt: skip
    names = names_of(booked)
    assert (names["journeys"], names["ordered"], names["net"], names["touchpoints"]) == (1, 1, 10_000, 1)
    assert "open" not in names
    assert names["move.3.5"] == names["move.5.6"] == 1
    assert names["stay.3.seconds"] == 90
    assert names["stay.3.b2"] == 1  # between one and ten minutes
    assert names[f"m:{0b110110}.1"] == 1  # awareness, information, decision, purchase


def test_going_on_is_within_the_approach_in_the_twelve_and_anywhere_in_ordered_views() -> None:
    names = Counter(names_of(contribution(bought(), BASIS)))
    assert of_view(names, VIEWS["twelve"])[5]["went_on"] == 1
    assert of_view(names, VIEWS["twelve"])[6]["went_on"] == 0
    assert of_view(names, VIEWS["five"])[1]["went_on"] == 1
    assert of_view(names, VIEWS["five"])[3]["went_on"] == 0


def test_the_day_is_the_shops() -> None:
    journey = Journey(number=1, began_at=START, last_at=START)  # 01:46 UTC
    [(family, day, _), *_] = contribution(journey, Basis(ZoneInfo("America/New_York"), "DKK"))["rows"]
    assert (family, day) == ("journeys", 20260909)


def test_bots_and_superseded_sessions_book_nothing() -> None:
    journey = bought()
    assert contribution(journey, BASIS, counted=False) == {}
    looked = Subject()
    fold([act(look("dress", bot="crawler:GPTBot"))], Terms(), looked)
    assert contribution(looked.journeys[1], BASIS) == {}


def test_a_counted_order_books_whatever_a_browser_called_itself() -> None:
    journey = bought()
    journey.bot = True
    assert names_of(contribution(journey, BASIS))["net"] == 10_000


journeys = st.builds(
    Journey,
    number=st.just(1),
    began_at=st.integers(START, START + 3 * DAY),
    last_at=st.just(START),
    outcome=st.sampled_from(["open", "ordered", "lapsed"]),
    reached=st.dictionaries(st.sampled_from([str(i) for i in range(1, 13)]), st.just([START, START, 1])),
    moves=st.dictionaries(st.sampled_from(["2.3", "3.2", "5.6"]), st.integers(1, 5)),
    touch_count=st.integers(0, 4),
    device=st.sampled_from([None, "mobile", "desktop"]),
    bot=st.booleans(),
)


@given(st.lists(journeys, min_size=1, max_size=8))
def test_differences_one_after_the_other_add_up_to_the_last(states: list[Journey]) -> None:
    changes: list[Change] = []
    booked: dict[str, Any] = {}
    for journey in states:
        after = contribution(journey, BASIS)
        changes += difference(booked, after)
        booked = after
    assert add_up(changes) == add_up(difference({}, contribution(states[-1], BASIS)))


@given(journeys)
def test_a_stage_is_gone_on_from_or_ordered_only_when_reached(journey: Journey) -> None:
    names = Counter(names_of(contribution(journey, BASIS)))
    for view in VIEWS.values():
        for place in of_view(names, view).values():
            assert place["went_on"] <= place["reached"]
            assert place["ordered"] <= place["reached"]
