"""What consent leaves of an event, and what the request adds."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tracker.collect.receive import Facts
from tracker.collect.reduce import anonymous_key, reduce
from tracker.errors import Refused
from tracker.events.types import Consent, Event, Page, Source

SALT = b"salt of the day"
FACTS = Facts("203.0.113.77", "https://shop.dk", None, "Mozilla/5.0 (iPhone)", "DK", False)
EVENT = Event(
    "e1", "page_view", Source.BROWSER, 1, 2, visitor_key="v", customer_key="c", email="a@b.dk", cart_key="k", data={"a": 1}
)


def kept(facts: Facts = FACTS, **changes: Any) -> Event:
    event = reduce(replace(EVENT, **changes), facts, 1, SALT)
    assert event is not None
    return event


def test_none_leaves_nothing() -> None:
    assert reduce(replace(EVENT, consent=Consent.NONE), FACTS, 1, SALT) is None


def test_a_tag_that_is_on_the_page_twice_is_only_counted_whatever_the_consent() -> None:
    for level in Consent:
        assert reduce(replace(EVENT, type="page_twice", consent=level), FACTS, 1, SALT) is None


def test_anonymous_loses_every_key_and_gains_a_hash() -> None:
    event = kept(consent=Consent.ANONYMOUS)
    assert (event.visitor_key, event.customer_key, event.email, event.cart_key) == (None, None, None, None)
    assert event.anonymous_key
    assert event.data == {"a": 1}
    assert (event.user_agent, event.country) == ("Mozilla/5.0 (iPhone)", "DK")


def test_statistics_keeps_the_keys_and_makes_no_hash() -> None:
    event = kept()
    assert (event.visitor_key, event.customer_key, event.email, event.cart_key) == ("v", "c", "a@b.dk", "k")
    assert event.anonymous_key is None


def test_granting_consent_names_both_keys() -> None:
    event = kept(type="consent_update")
    assert event.visitor_key == "v"
    assert event.anonymous_key == kept(consent=Consent.ANONYMOUS).anonymous_key


@pytest.mark.parametrize(
    ("level", "expected"),
    [(Consent.MARKETING, Consent.STATISTICS), (Consent.STATISTICS, Consent.STATISTICS), (Consent.ANONYMOUS, Consent.ANONYMOUS)],
)
def test_global_privacy_control_takes_marketing_away(level: Consent, expected: Consent) -> None:
    assert kept(replace(FACTS, wants_no_marketing=True), consent=level).consent is expected
    assert kept(consent=level).consent is level


@pytest.mark.parametrize("level", [Consent.NONE, Consent.ANONYMOUS])
def test_a_servers_facts_are_kept_without_joining_them_to_browsing(level: Consent) -> None:
    event = kept(source=Source.SERVER, type="purchase", consent=level, order_key="o1", user_agent="Mozilla")
    assert (event.visitor_key, event.user_agent, event.anonymous_key) == (None, None, None)
    assert (event.customer_key, event.email, event.order_key, event.consent) == ("c", "a@b.dk", "o1", level)


def test_a_servers_request_tells_nothing_of_the_buyer() -> None:
    event = kept(source=Source.SERVER, user_agent="the buyer's", country="SE")
    assert (event.visitor_key, event.user_agent, event.country, event.bot) == ("v", "the buyer's", "SE", None)


def test_a_user_agent_is_cut() -> None:
    assert kept(replace(FACTS, user_agent="a" * 5000)).user_agent == "a" * 512
    assert kept(replace(FACTS, user_agent="")).user_agent is None


def test_a_bot_is_marked_and_kept() -> None:
    agent = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
    assert kept(replace(FACTS, user_agent=agent)).bot is not None
    assert kept().bot is None


def test_the_anonymous_key_is_one_browser_behind_one_network_on_one_day_in_one_shop() -> None:
    key = anonymous_key(FACTS, 1, SALT)
    assert key == anonymous_key(replace(FACTS, address="203.0.113.200"), 1, SALT)
    others = {
        key,
        anonymous_key(FACTS, 2, SALT),
        anonymous_key(FACTS, 1, b"salt of the next day"),
        anonymous_key(replace(FACTS, address="203.0.114.77"), 1, SALT),
        anonymous_key(replace(FACTS, user_agent="Mozilla/5.0 (Android)"), 1, SALT),
    }
    assert len(others) == 5
    assert len(key) == 16


def test_browsers_of_the_shops_own_people_are_staff_whatever_they_call_themselves() -> None:
    crawler = replace(FACTS, user_agent="Googlebot/2.1")
    assert kept(crawler).bot == "crawler:Googlebot"
    for level in (Consent.ANONYMOUS, Consent.MARKETING):
        event = reduce(replace(EVENT, consent=level), crawler, 1, SALT, is_staff=True)
        assert event is not None
        assert event.bot == "staff"


def test_the_shops_server_is_no_browser_and_so_no_staff() -> None:
    event = reduce(replace(EVENT, source=Source.SERVER), FACTS, 1, SALT, is_staff=True)
    assert event is not None
    assert event.bot is None


# --- crawlers, as the shop's server tells of them

GPTBOT = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)"
VISIT = replace(
    EVENT, type="crawler_visit", source=Source.SERVER, data={}, user_agent=GPTBOT, country="US", sequence=4,
    page=Page("https://shop.dk/kjoler?mail=a@b.dk#top", "Kjoler", "https://shop.dk/?mail=a@b.dk"),
)  # fmt: skip


@pytest.mark.parametrize("level", Consent)
def test_of_a_crawlers_visit_its_name_and_the_page_are_kept_and_nothing_of_anybody(level: Consent) -> None:
    assert reduce(replace(VISIT, consent=level), FACTS, 1, SALT) == Event(
        "e1", "crawler_visit", Source.SERVER, 1, 2, page=Page("https://shop.dk/kjoler", "Kjoler"), bot="ai:GPTBot"
    )


def test_a_visit_that_may_be_a_persons_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        reduce(replace(VISIT, user_agent=FACTS.user_agent), FACTS, 1, SALT)
    assert (refused.value.reason, list(refused.value.detail["fields"])) == ("invalid", ["user_agent"])  # type: ignore[call-overload]
