# ruff: noqa: E501 – one row of a table is one line
"""Wire JSON → Event: what is taken, what is refused, and in which words."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.events.loading import BROWSER, NOW, SERVER, browser, event_of, load_one, refusal, server
from tracker.clock import DAY, HOUR, MINUTE, SECOND
from tracker.errors import Refused
from tracker.events.types import Consent, Event, Page, PageKind, Source
from tracker.events.wire import check_envelope, dump

PAGE = {"url": "https://shop.example/a", "title": "A", "referrer": "https://www.google.com/", "kind": "category"}
ITEM = {"item_id": "1", "price": 10}
ORDER = {"transaction_id": "1001", "value": 100}


# --- what an event becomes


def test_a_page_view_becomes_an_event() -> None:
    item = browser("page_view", page=PAGE, occurred_at=NOW - 5, sequence=3, cart_key="c1", sent_at=NOW - 1, key="pk_1", v=1)
    assert event_of(item) == Event(
        event_id="b1",
        type="page_view",
        source=Source.BROWSER,
        occurred_at=NOW - 5,
        received_at=NOW,
        consent=Consent.STATISTICS,
        sequence=3,
        visitor_key="v1",
        cart_key="c1",
        page=Page("https://shop.example/a", "A", "https://www.google.com/", PageKind.CATEGORY),
    )


def test_an_order_becomes_an_event_with_money_in_minor_units_and_the_order_as_its_key() -> None:
    data = {
        "transaction_id": 1001,
        "currency": "eur",
        "value": "613.30",
        "tax": 153.33,
        "shipping": 0,
        "total_value": 0.575,
        "items": [{"item_id": 7, "price": 199.99, "quantity": "2"}],
    }
    event = event_of(
        server("purchase", data, customer_key=318, email="  Freja@Example.COM ", user_agent="Mozilla/5.0", country="dk"), SERVER
    )
    assert event.order_key == "1001"
    assert event.customer_key == "318"
    assert event.email == "freja@example.com"
    assert (event.user_agent, event.country) == ("Mozilla/5.0", "DK")
    assert event.data == {
        "currency": "EUR",
        "value": 61330,
        "tax": 15333,
        "shipping": 0,
        "total_value": 58,
        "items": [{"item_id": "7", "price": 19999, "quantity": 2}],
    }


@pytest.mark.parametrize(
    ("currency", "amount", "minor"),
    [
        ("DKK", 0.1 + 0.2, 30),
        ("DKK", 1.005, 100),
        ("DKK", 1.015, 102),
        ("DKK", 0.285, 28),
        ("DKK", "0.125", 12),
        ("DKK", 19.99, 1999),
        ("DKK", 999_999_999_999.99, 99_999_999_999_999),
        ("DKK", 1_000_000_000_000, 100_000_000_000_000),
        ("DKK", -0.0, 0),
        ("JPY", 1200, 1200),
        ("JPY", 1200.5, 1200),
        ("JPY", "1201.5", 1202),
        ("KWD", 1.2345, 1234),
        ("KWD", "1.234", 1234),
    ],
    ids=[
        "the float's own error is forgiven",
        "a half falls to the even øre below",
        "a half rises to the even øre above",
        "a float just under a half is the half that was written",
        "a decimal text is exact",
        "øre that no float can hold",
        "the largest with øre",
        "the largest",
        "a negative zero is zero",
        "yen have no decimals",
        "half a yen falls to the even one",
        "half a yen rises to the even one",
        "dinars have three decimals",
        "dinars as text",
    ],
)
def test_amounts_become_whole_minor_units(currency: str, amount: Any, minor: int) -> None:
    event = event_of(server("purchase", {**ORDER, "currency": currency, "value": amount}), SERVER)
    assert event.data["value"] == minor


def test_an_amount_without_a_currency_is_in_the_shops_and_says_so() -> None:
    assert event_of(browser("view_item", {"value": 5})).data == {"value": 500, "currency": "DKK"}
    assert event_of(browser("view_item", {"items": [ITEM]})).data["currency"] == "DKK"
    assert "currency" not in event_of(browser("view_item", {"items": [{"item_id": "1"}]})).data


def test_an_event_of_a_batch_inherits_what_it_does_not_give_itself() -> None:
    envelope = {"key": "pk", "sent_at": NOW, "visitor_key": "v9", "consent": "marketing", "cart_key": "c9", "events": []}
    inherited = event_of({"event_id": "1", "type": "page_view"}, envelope=envelope)
    assert (inherited.visitor_key, inherited.consent, inherited.cart_key) == ("v9", Consent.MARKETING, "c9")
    own = {"event_id": "1", "type": "page_view", "visitor_key": "v1", "consent": "anonymous", "cart_key": None}
    event = event_of(own, envelope=envelope)
    assert (event.visitor_key, event.consent, event.cart_key) == ("v1", Consent.ANONYMOUS, None)


@pytest.mark.parametrize(
    ("item", "source", "level"),
    [
        (browser("page_view", consent=None), BROWSER, Consent.ANONYMOUS),
        (browser("page_view", consent="unknown"), BROWSER, Consent.ANONYMOUS),
        (browser("page_view", consent=""), BROWSER, Consent.ANONYMOUS),
        (browser("page_view", consent="none"), BROWSER, Consent.NONE),
        (server("order_paid", {"transaction_id": "1"}), SERVER, Consent.STATISTICS),
        (server("order_paid", {"transaction_id": "1"}, consent="anonymous"), SERVER, Consent.ANONYMOUS),
    ],
    ids=[
        "a browser that names none has the shop's default",
        "unknown is the shop's default",
        "empty is the shop's default",
        "a named level is kept",
        "a server's default is statistics",
        "a server's level is kept",
    ],
)
def test_the_consent_of_an_event(item: dict[str, Any], source: Source, level: Consent) -> None:
    assert event_of(item, source).consent is level


def test_a_browsers_purchase_is_a_sighting_without_money() -> None:
    data = {"transaction_id": "1001", "value": -5, "currency": "money", "items": "all", "anything": 1}
    loaded = load_one(browser("purchase", data, page=PAGE))
    assert loaded.event.order_key == "1001"
    assert loaded.event.data == {}
    assert loaded.event.visitor_key == "v1"
    assert loaded.event.source is Source.BROWSER
    assert loaded.ignored == ()


def test_an_unknown_type_is_kept_as_custom_under_its_name() -> None:
    for source, make in ((BROWSER, browser), (SERVER, server)):
        event = event_of(make("Gavekort åbnet", {"amount": 200, "name": "jul", "empty": None}), source)
        assert event.type == "custom"
        assert event.data == {"name": "Gavekort åbnet", "_name": "jul", "amount": 200}
        assert load_one(dump(event), source).event == event


def test_null_and_empty_text_are_not_given() -> None:
    data = {"search_term": "kjole", "results_count": None}
    event = event_of(browser("search", data, cart_key="", email=" ", sequence=None, page=None, user_agent=None))
    assert event.data == {"search_term": "kjole"}
    assert (event.cart_key, event.email, event.page) == (None, None, None)
    assert event_of(browser("apply_coupon", {"coupon": "X", "discount": ""})).data == {"coupon": "X"}


def test_an_emptied_cart_is_told_by_an_empty_list() -> None:
    assert event_of(browser("update_cart", {"items": []})).data == {"items": []}


def test_an_address_in_data_is_the_events_own() -> None:
    event = event_of(browser("newsletter_subscribe", {"email": "A@B.dk", "list": "x"}))
    assert (event.email, event.data) == ("a@b.dk", {"list": "x"})
    both = event_of(browser("newsletter_subscribe", {"email": "A@B.dk"}, email="c@d.dk"))
    assert both.email == "c@d.dk"


# --- text


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("Kjole\x00 blå", "Kjole blå"),
        ("a\tb\r\nc\x85d\u2028e", "a b c d e"),
        ("x\ud800y", "xy"),
        ("\u202egnp.exe", "gnp.exe"),
        ("  spaces  ", "spaces"),
        ("y" * 400, "y" * 300),
        ("y" * 299 + " z", "y" * 299),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("👩‍👧 ok\xa0here", "👩‍👧 ok\xa0here"),
    ],
    ids=[
        "a NUL goes",
        "line ends and tabs become spaces",
        "half a surrogate pair goes",
        "marks that turn the direction go",
        "trimmed",
        "cut",
        "cut and trimmed again",
        "HTML is text and stays: pages escape it",
        "joined emoji and hard spaces stay",
    ],
)
def test_a_title_is_made_fit(given: str, kept: str) -> None:
    page = event_of(browser("page_view", page={**PAGE, "title": given})).page
    assert page is not None
    assert page.title == kept


@pytest.mark.parametrize("key", ["a\x00b", "a\nb", "\ud83d", "x" * 129], ids=["NUL", "line end", "half a pair", "too long"])
@pytest.mark.parametrize("name", ["visitor_key", "customer_key", "cart_key"])
def test_a_key_is_refused_rather_than_repaired(name: str, key: str) -> None:
    reason, fields = refusal(browser("page_view", **{name: key}))
    assert (reason, list(fields)) == ("invalid", [name])


# --- what is refused

BAD: list[tuple[str, dict[str, Any], Source, str, str]] = [
    ("no type", {"event_id": "1"}, BROWSER, "type", "is missing"),
    ("a type that is no text", browser("x") | {"type": 5}, BROWSER, "type", "is no text"),
    ("a type with a NUL", browser("page\x00view"), BROWSER, "type", "contains a control character or half a surrogate pair"),
    ("a type too long", browser("x" * 65), BROWSER, "type", "is longer than 64 characters"),
    ("no event id", {"type": "page_view"}, BROWSER, "event_id", "is missing"),
    ("an event id with a space", browser("page_view", event_id="a b"), BROWSER, "event_id", "is not 1–64 characters of A-Z a-z 0-9 . _ : -"),
    ("an event id with a line end", browser("page_view", event_id="a\n"), BROWSER, "event_id", "is not 1–64 characters of A-Z a-z 0-9 . _ : -"),
    ("an event id too long", browser("page_view", event_id="a" * 65), BROWSER, "event_id", "is not 1–64 characters of A-Z a-z 0-9 . _ : -"),
    ("a version that is no number", browser("page_view", v="1"), BROWSER, "v", "is no whole number ≥ 1"),
    ("a browser's key that is a number", browser("page_view", visitor_key=5), BROWSER, "visitor_key", "is no text"),
    ("a key that is true", server("page_view", visitor_key=True), SERVER, "visitor_key", "is no text"),
    ("a level that nobody knows", browser("page_view", consent="all"), BROWSER, "consent", "is none of none, anonymous, statistics, marketing"),
    ("a level that is a list", browser("page_view", consent=["none"]), BROWSER, "consent", "is none of none, anonymous, statistics, marketing"),
    ("a sequence below zero", browser("page_view", sequence=-1), BROWSER, "sequence", "is no whole number ≥ 0"),
    ("a sequence that is true", browser("page_view", sequence=True), BROWSER, "sequence", "is no whole number ≥ 0"),
    ("a huge sequence", browser("page_view", sequence=2**60), BROWSER, "sequence", "is no whole number ≥ 0"),
    ("an e-mail without a host", browser("page_view", email="freja@"), BROWSER, "email", "is no e-mail address"),
    ("an e-mail with two hosts", browser("page_view", email="a@b@c"), BROWSER, "email", "is no e-mail address"),
    ("an e-mail with a line end inside", browser("page_view", email="a@b.dk\nBcc: c"), BROWSER, "email", "is no e-mail address"),
    ("a country's name", server("page_view", country="Danmark"), SERVER, "country", "is no country of two letters"),
    ("a page that is text", browser("page_view", page="/a"), BROWSER, "page", "is no JSON object"),
    ("a page without an address", browser("page_view", page={"title": "A"}), BROWSER, "page.url", "is missing"),
    ("a page that is a script", browser("page_view", page={"url": "javascript:alert(1)"}), BROWSER, "page.url", "is no http or https address"),
    ("a page on the disk", browser("page_view", page={"url": "file:///c/a.html"}), BROWSER, "page.url", "is no http or https address"),
    ("a referrer that is none", browser("page_view", page={**PAGE, "referrer": "google"}), BROWSER, "page.referrer", "is no address"),
    ("a title that is a number", browser("page_view", page={**PAGE, "title": 3}), BROWSER, "page.title", "is no text"),
    ("a server's unknown page kind", server("page_view", page={**PAGE, "kind": "shop"}), SERVER, "page.kind", "is none of home, category"),
    ("data that is a list", browser("search", []), BROWSER, "data", "is no JSON object"),
    ("data that is text", browser("search", "kjole"), BROWSER, "data", "is no JSON object"),
    ("a required field left out", browser("search", {}), BROWSER, "data.search_term", "is missing"),
    ("a required field that is only spaces", browser("search", {"search_term": "  "}), BROWSER, "data.search_term", "is missing"),
    ("a sighting of no order", browser("purchase", {"value": 5}), BROWSER, "data.transaction_id", "is missing"),
    ("an order without its value", server("purchase", {"transaction_id": "1"}), SERVER, "data.value", "is missing"),
    ("a negative price", browser("view_item", {"items": [ITEM, {"item_id": "2", "price": -1}]}), BROWSER, "data.items[1].price", "is not between 0 and"),
    ("a negative price as text", browser("view_item", {"items": [{"item_id": "2", "price": "-0.01"}]}), BROWSER, "data.items[0].price", "is not between 0 and"),
    ("a negative total", server("purchase", {**ORDER, "value": -0.01}), SERVER, "data.value", "is not between 0 and"),
    ("a huge price", browser("view_item", {"value": 10**12 + 1}), BROWSER, "data.value", "is not between 0 and"),
    ("a price with an exponent", browser("view_item", {"value": "1e9"}), BROWSER, "data.value", "is no amount"),
    ("a price with a comma", browser("view_item", {"value": "199,95"}), BROWSER, "data.value", "is no amount"),
    ("a price that is no number", browser("view_item", {"value": float("nan")}), BROWSER, "data.value", "is not between 0 and"),
    ("an endless price", browser("view_item", {"value": float("inf")}), BROWSER, "data.value", "is not between 0 and"),
    ("a price that is true", browser("view_item", {"value": True}), BROWSER, "data.value", "is no amount"),
    ("a currency's sign", browser("view_item", {"value": 1, "currency": "kr."}), BROWSER, "data.currency", "is no currency of three letters"),
    ("no piece", browser("view_item", {"items": [{"item_id": "1", "quantity": 0}]}), BROWSER, "data.items[0].quantity", "is not between 1 and 10000"),
    ("too many pieces", browser("view_item", {"items": [{"item_id": "1", "quantity": 10_001}]}), BROWSER, "data.items[0].quantity", "is not between 1 and 10000"),
    ("half a piece", browser("view_item", {"items": [{"item_id": "1", "quantity": 0.5}]}), BROWSER, "data.items[0].quantity", "is no whole number"),
    ("201 items", browser("view_item", {"items": [ITEM] * 201}), BROWSER, "data.items", "has more than 200 items"),
    ("items that are one", browser("view_item", {"items": ITEM}), BROWSER, "data.items", "is no list"),
    ("an item that is text", browser("view_item", {"items": ["1"]}), BROWSER, "data.items[0]", "is no JSON object"),
    ("an item without id or name", browser("view_item", {"items": [{"price": 1}]}), BROWSER, "data.items[0]", "has neither item_id nor item_name"),
    ("an item's id with a NUL", browser("view_item", {"items": [{"item_id": "a\x00"}]}), BROWSER, "data.items[0].item_id", "contains a control character"),
    ("an item's id that is a fraction", browser("view_item", {"items": [{"item_id": 1.5}]}), BROWSER, "data.items[0].item_id", "is no text"),
    ("an item's page that is a script", browser("view_item", {"items": [{"item_id": "1", "url": "javascript:1"}]}), BROWSER, "data.items[0].url", "is no http or https address"),
    ("an order's key too long", server("order_paid", {"transaction_id": "9" * 129}), SERVER, "data.transaction_id", "is longer than 128 characters"),
    ("a huge order number", server("order_paid", {"transaction_id": 10**30}), SERVER, "data.transaction_id", "is no text"),
    ("a huge number of results", browser("search", {"search_term": "a", "results_count": 1e29}), BROWSER, "data.results_count", "is not between 0 and"),
    ("six stars", browser("review_submitted", {"rating": 6}), BROWSER, "data.rating", "is not between 1 and 5"),
    ("no star", browser("review_submitted", {"rating": 0}), BROWSER, "data.rating", "is not between 1 and 5"),
    ("stars as text", browser("review_submitted", {"rating": "5"}), BROWSER, "data.rating", "is no finite number"),
    ("a score above its scale", browser("survey_submitted", {"type": "nps", "score": 11}), BROWSER, "data.score", "is above the scale's 10"),
    ("a score above the scale given", browser("survey_submitted", {"type": "csat", "score": 4, "scale_max": 3}), BROWSER, "data.score", "is above the scale's 3"),
    ("a survey of no kind", browser("survey_submitted", {"type": "mood", "score": 1}), BROWSER, "data.type", "is none of nps, csat, ces"),
    ("a survey about a stage that is none", browser("survey_submitted", {"type": "nps", "score": 1, "stage": "five"}), BROWSER, "data.stage", "is none of need, awareness, information, consideration, decision, purchase, delivery, engagement, retention, satisfaction, advocacy, reactivation"),
    ("a flag as text", server("purchase", {**ORDER, "is_test": "no"}), SERVER, "data.is_test", "is neither true nor false"),
    ("scrolled further than the page", browser("page_engaged", {"visible_seconds": 1, "scroll_share": 1.1}), BROWSER, "data.scroll_share", "is not between 0 and 1"),
    ("filters that are an object", browser("filter_item_list", {"filters": {"a": 1}}), BROWSER, "data.filters", "is no list of texts"),
    ("21 filters", browser("filter_item_list", {"filters": ["a"] * 21}), BROWSER, "data.filters", "has more than 20 entries"),
    ("a crawler's visit to no page", server("crawler_visit", user_agent="GPTBot/1.2"), SERVER, "page", "is missing"),
    ("a visit by no crawler", server("crawler_visit", page={"url": "https://s.dk/"}), SERVER, "user_agent", "is missing"),
    ("identified as nobody", server("identify", {}), SERVER, "customer_key", "is missing, and so is email"),
    ("a subscription that ends at no instant", server("subscription_cancelled", {"subscription_id": "1", "ends_at": "soon"}), SERVER, "data.ends_at", "is neither epoch milliseconds nor ISO 8601"),
    ("an unknown field of a server", server("order_paid", {"transaction_id": "1", "colour": "red"}), SERVER, "data.colour", "is unknown"),
    ("an unknown item field of a server", server("view_item", {"items": [{**ITEM, "colour": 1}]}), SERVER, "data.items[0].colour", "is unknown"),
    ("an unknown event field of a server", server("page_view", shop="x"), SERVER, "shop", "is unknown"),
    ("an unknown page field of a server", server("page_view", page={**PAGE, "lang": "da"}), SERVER, "page.lang", "is unknown"),
    ("an order named where none can be", server("page_view", {"transaction_id": "1"}), SERVER, "data.transaction_id", "is unknown"),
    ("custom data nested too deep", browser("custom", {"name": "x", "a": {"b": {"c": {"d": {}}}}}), BROWSER, "data", "is nested deeper than 4"),
    ("custom data with too many values", browser("custom", {"name": "x", "a": list(range(50))}), BROWSER, "data", "holds more than 50 values"),
    ("custom data with a huge number", browser("custom", {"name": "x", "a": 2**53 + 1}), BROWSER, "data", "holds a number that is too large"),
    ("custom data with no number", browser("custom", {"name": "x", "a": float("nan")}), BROWSER, "data", "holds a number that is too large"),
    ("custom without a name", browser("custom", {"a": 1}), BROWSER, "data.name", "is missing"),
    ("an instant without a zone", browser("page_view", occurred_at="2026-06-01T10:00:00"), BROWSER, "occurred_at", "is neither epoch milliseconds nor ISO 8601"),
    ("an instant that is true", browser("page_view", occurred_at=True), BROWSER, "occurred_at", "is neither epoch milliseconds nor ISO 8601"),
    ("an instant before 1970", browser("page_view", occurred_at=-1), BROWSER, "occurred_at", "is out of range"),
    ("an instant after the year 9999", browser("page_view", occurred_at=10**16), BROWSER, "occurred_at", "is out of range"),
    ("a sending time of no number", browser("page_view", sent_at=float("inf")), BROWSER, "sent_at", "is neither epoch milliseconds nor ISO 8601"),
    ("a server's instant in seconds", server("page_view", occurred_at=NOW // 1000), SERVER, "occurred_at", "is before 1973; is it in seconds?"),
]  # fmt: skip


@pytest.mark.parametrize(("item", "source", "field", "words"), [row[1:] for row in BAD], ids=[row[0] for row in BAD])
def test_bad_input_is_refused_with_the_fields_name(item: dict[str, Any], source: Source, field: str, words: str) -> None:
    reason, fields = refusal(item, source)
    assert reason == "invalid"
    assert list(fields) == [field]
    assert fields[field].startswith(words)


@pytest.mark.parametrize("item", [None, 5, "x", [], [{}], True], ids=repr)
def test_what_is_no_object_is_no_event(item: Any) -> None:
    assert refusal(item) == ("invalid", {"": "is no JSON object"})


def test_all_that_is_wrong_is_told_at_once() -> None:
    _, fields = refusal(browser("view_item", {"value": -1, "currency": 5, "items": [{}]}, sequence=-1))
    assert set(fields) == {"data.value", "data.currency", "data.items[0]", "sequence"}


def test_a_flood_of_faults_is_told_in_part() -> None:
    _, fields = refusal(browser("view_item", {"items": [{}] * 200}))
    assert len(fields) == 20


def test_a_refusal_can_be_written_as_JSON_whatever_was_sent() -> None:
    names = {"\ud800" * 100: 1, "a\x00\nb": 2}
    with pytest.raises(Refused) as caught:
        load_one(server("page_view", names), SERVER)
    detail = orjson.loads(orjson.dumps(caught.value.detail))
    assert sorted(detail["fields"]) == ["data.", "data.a b"]


@pytest.mark.parametrize(
    "name", ["refund", "order_paid", "order_cancelled", "email_opened", "identify", "loyalty_points_earned"]
)
def test_a_browser_is_not_believed_in_facts_of_the_shop(name: str) -> None:
    assert refusal(browser(name, {"transaction_id": "1"})) == ("not_from_browser", {"type": name})


# --- unknown fields


def test_a_browsers_unknown_fields_are_dropped_and_named() -> None:
    data = {"items": [{**ITEM, "colour": 1}, {**ITEM, "colour": 2}], "utm": 1}
    item = browser("view_item", data, page={**PAGE, "lang": "da", "kind": "shop"}, country="DK", user_agent="x", foo=1)
    loaded = load_one(item)
    assert set(loaded.ignored) == {"foo", "country", "user_agent", "data.utm", "data.items[].colour", "page.lang", "page.kind"}
    assert loaded.event.data == {"items": [{"item_id": "1", "price": 1000}] * 2, "currency": "DKK"}
    assert (loaded.event.country, loaded.event.user_agent) == (None, None)
    assert loaded.event.page == Page(PAGE["url"], "A", PAGE["referrer"], None)


def test_a_newer_wire_version_lets_a_servers_unknown_fields_be_dropped() -> None:
    loaded = load_one(server("order_paid", {"transaction_id": "1", "colour": "red"}, v=2), SERVER)
    assert loaded.ignored == ("data.colour",)
    assert loaded.event.order_key == "1"
    assert load_one(server("page_view", new=1), SERVER, envelope={"v": 2}).ignored == ("new",)


def test_only_so_many_dropped_fields_are_named() -> None:
    loaded = load_one(browser("page_view", {f"f{number}": 1 for number in range(100)}))
    assert len(loaded.ignored) == 20


def test_unknown_fields_of_a_batchs_envelope() -> None:
    envelope = {"key": "pk", "events": [], "v": 1, "visitor_key": "v", "theme": "x", "country": "DK"}
    assert check_envelope(envelope, BROWSER) == ("theme", "country")
    assert check_envelope({**envelope, "v": 2}, SERVER) == ("theme",)
    with pytest.raises(Refused) as caught:
        check_envelope(envelope, SERVER)
    assert caught.value.detail == {"fields": {"theme": "is unknown"}}


# --- custom


def test_custom_data_is_kept_within_bounds() -> None:
    data = {"name": "quiz", "answers": ["a", None, 2.5, {"deep": {"x": True}}], "text": "z" * 2000, "k" * 99: 1, "none": None}
    event = event_of(browser("custom", data))
    assert event.data == {
        "name": "quiz",
        "answers": ["a", None, 2.5, {"deep": {"x": True}}],
        "text": "z" * 1000,
        "k" * 64: 1,
    }


# --- time

YEAR = 365 * DAY


@pytest.mark.parametrize(
    ("times", "occurred_at"),
    [
        ({}, NOW),
        ({"occurred_at": "", "sent_at": None}, NOW),
        ({"occurred_at": NOW - 5}, NOW - 5),
        ({"occurred_at": float(NOW - 5)}, NOW - 5),
        ({"occurred_at": "2026-06-01T11:59:00+02:00"}, NOW - MINUTE),
        ({"occurred_at": "2026-06-01T09:59:00.250Z"}, NOW - MINUTE + 250),
        ({"sent_at": NOW - 7}, NOW - 7),
        ({"occurred_at": NOW - HOUR, "sent_at": NOW - 60 * SECOND}, NOW - HOUR),
        ({"occurred_at": NOW - HOUR, "sent_at": NOW - 60 * SECOND - 1}, NOW - HOUR + 60 * SECOND + 1),
        ({"occurred_at": NOW + 30 * SECOND, "sent_at": NOW + 60 * SECOND}, NOW + 30 * SECOND),
        ({"occurred_at": NOW - HOUR + YEAR, "sent_at": NOW + YEAR}, NOW - HOUR),
        ({"occurred_at": NOW - HOUR - YEAR, "sent_at": NOW - YEAR}, NOW - HOUR),
        ({"occurred_at": 5, "sent_at": 1005}, NOW - SECOND),
        ({"sent_at": NOW - YEAR}, NOW),
        ({"occurred_at": NOW - 30 * DAY}, NOW - 30 * DAY),
        ({"occurred_at": NOW + 300 * SECOND}, NOW + 300 * SECOND),
    ],
    ids=[
        "nothing said: the receipt",
        "empty and null say nothing",
        "their time",
        "their time as a float",
        "their time as ISO 8601 with a zone",
        "their time as ISO 8601 in UTC",
        "only the sending known: the sending",
        "a clock exactly a minute off is believed",
        "a clock more than a minute off is corrected",
        "a clock less than a minute ahead is believed",
        "a clock a year ahead is corrected",
        "a clock a year behind is corrected",
        "a clock that starts in 1970 is corrected",
        "only the sending known, by a wrong clock: the receipt",
        "exactly as old as allowed",
        "exactly as far ahead as allowed",
    ],
)
def test_when_it_occurred(times: dict[str, Any], occurred_at: int) -> None:
    assert event_of(browser("page_view", **times)).occurred_at == occurred_at


@pytest.mark.parametrize(
    ("item", "source", "reason"),
    [
        (browser("page_view", occurred_at=NOW - 30 * DAY - 1), BROWSER, "too_old"),
        (browser("page_view", occurred_at=NOW - YEAR, sent_at=NOW), BROWSER, "too_old"),
        (browser("page_view", occurred_at=NOW // 1000), BROWSER, "too_old"),
        (browser("page_view", occurred_at=NOW + 300 * SECOND + 1), BROWSER, "in_future"),
        (server("page_view", occurred_at=NOW + HOUR), SERVER, "in_future"),
        (browser("page_view", occurred_at=NOW + YEAR, sent_at=NOW), BROWSER, "in_future"),
    ],
    ids=[
        "older than allowed",
        "a year old by a right clock",
        "in seconds from a browser",
        "further ahead than allowed",
        "a server's event ahead of us",
        "a year ahead by a right clock",
    ],
)
def test_what_occurred_too_long_ago_or_not_yet_is_refused(item: dict[str, Any], source: Source, reason: str) -> None:
    assert refusal(item, source)[0] == reason


def test_a_server_may_tell_of_years_ago() -> None:
    assert event_of(server("page_view", occurred_at=NOW - 9 * YEAR, sent_at=NOW), SERVER).occurred_at == NOW - 9 * YEAR


# --- dump


def test_what_only_we_know_is_not_on_the_wire() -> None:
    event = Event("e", "page_view", BROWSER, NOW, NOW, anonymous_key="h", bot="crawler", country="DK", user_agent="x")
    assert dump(event) == {"event_id": "e", "type": "page_view", "occurred_at": NOW, "consent": "statistics"}
