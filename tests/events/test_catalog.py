"""Seams of the catalogue: every type documented, exercised and registered."""

from __future__ import annotations

import pkgutil
import re
from collections.abc import Iterator
from importlib import import_module

import pytest

from tests.events.loading import BROWSER, SERVER, event_of, load_one, refusal
from tracker.events import catalog
from tracker.events import fields as f
from tracker.events.catalog import CATALOG, EventType, Item
from tracker.events.contract import example_event, example_source
from tracker.events.wire import dump

NAMES = list(CATALOG)


def _declared() -> Iterator[type[EventType]]:
    for module in pkgutil.iter_modules(catalog.__path__, catalog.__name__ + "."):
        for value in vars(import_module(module.name)).values():
            if isinstance(value, type) and issubclass(value, EventType) and value is not EventType:
                yield value


def test_every_declared_type_has_its_line_in_the_catalogue_and_only_one() -> None:
    assert sorted(cls.__name__ for cls in CATALOG.values()) == sorted(cls.__name__ for cls in set(_declared()))


@pytest.mark.parametrize("name", NAMES)
def test_a_type_is_named_like_its_class_and_like_GA4_names_events(name: str) -> None:
    assert re.fullmatch(r"[a-z][a-z0-9_]{1,39}", name)
    assert CATALOG[name].__name__ == name.title().replace("_", "")


@pytest.mark.parametrize("name", NAMES)
def test_a_type_says_what_it_means_in_a_sentence(name: str) -> None:
    sentence = CATALOG[name].__doc__ or ""
    assert re.match(r"[A-Z].{15,}\.", sentence)


@pytest.mark.parametrize("name", NAMES)
def test_every_field_of_a_type_is_explained_and_reads_by_our_own_kinds(name: str) -> None:
    for field_name, field in CATALOG[name].fields().fields.items():
        assert isinstance(field, f.Field), field_name
        assert field.metadata["description"], field_name


@pytest.mark.parametrize("name", NAMES)
def test_an_example_loads_without_a_complaint_and_comes_back_the_same(name: str) -> None:
    wire, source = example_event(name), example_source(name)
    loaded = load_one(wire, source)
    assert loaded.ignored == ()
    again = load_one(dump(loaded.event), source)
    assert again == loaded


@pytest.mark.parametrize("name", NAMES)
def test_an_example_shows_every_field_that_it_sends(name: str) -> None:
    """Nothing of the example is lost on the way: what is not in the event's data became a key or an address of the event."""
    wire = example_event(name)
    event = load_one(wire, example_source(name)).event
    lifted = {"transaction_id": event.order_key, "email": event.email}
    for field, value in wire.get("data", {}).items():
        assert field in event.data or lifted[field] == value


@pytest.mark.parametrize("name", NAMES)
def test_marshmallow_itself_accepts_the_example(name: str) -> None:
    """The fast reader and Schema.load are two readers of one declaration."""
    data = example_event(name).get("data", {})
    schema = CATALOG[name].fields(unknown="include" if CATALOG[name].open_data else "raise")
    slow = schema.load(data)
    event = load_one(example_event(name), example_source(name)).event
    fast = {**event.data, "transaction_id": event.order_key, "email": event.email}
    assert {field: fast[field] for field in slow} == slow


@pytest.mark.parametrize("name", NAMES)
def test_a_browser_may_send_what_the_type_says_and_nothing_else(name: str) -> None:
    item = example_event(name)
    if BROWSER in CATALOG[name].sent_by:
        assert event_of(item).type == name
    else:
        assert refusal(item) == ("not_from_browser", {"type": name})
    assert SERVER in CATALOG[name].sent_by  # a signed source is believed in everything


def test_what_is_money_or_an_order_comes_from_the_server() -> None:
    from_browser = {name for name in NAMES if BROWSER in CATALOG[name].sent_by}
    facts = {name for name in NAMES if re.match(r"order_|refund|return_|subscription_|loyalty_points|email_", name)}
    assert len(facts) == 20
    assert not from_browser & (facts | {"referral_converted", "identify", "offline_contact"})


def test_a_type_names_an_order_when_it_has_the_field_for_it() -> None:
    named = {name for name in NAMES if CATALOG[name].names_order}
    assert {"purchase", "refund", "order_delivered", "survey_submitted", "email_opened"} <= named
    assert not named & {"page_view", "add_to_cart", "custom", "login"}


def test_an_item_may_carry_the_names_of_GA4() -> None:
    ours = set(Item().fields)
    assert {
        "item_id",
        "item_name",
        "item_brand",
        "item_category",
        "item_category5",
        "item_variant",
        "price",
        "quantity",
    } <= ours
    assert {"discount", "coupon", "index", "item_list_id", "item_list_name", "item_group_id", "url", "image_url"} <= ours
