"""Event ↔ the dict in the intake."""

from __future__ import annotations

from dataclasses import fields

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.events.codec import _Draft, pack, unpack
from tracker.events.types import Consent, Event, Page, PageKind, Source

texts = st.none() | st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
pages = st.builds(Page, st.just("https://shop.example/"), texts, texts, st.none() | st.sampled_from(PageKind))
events = st.builds(
    Event,
    event_id=st.just("e1"),
    type=st.sampled_from(["page_view", "purchase"]),
    source=st.sampled_from(Source),
    occurred_at=st.integers(0, 2**53),
    received_at=st.integers(0, 2**53),
    consent=st.sampled_from(Consent),
    sequence=st.none() | st.integers(0, 2**53),
    visitor_key=texts,
    anonymous_key=texts,
    customer_key=texts,
    email=texts,
    order_key=texts,
    cart_key=texts,
    page=st.none() | pages,
    data=st.dictionaries(st.sampled_from("abc"), st.integers(-5, 5) | texts, max_size=3),
    user_agent=texts,
    country=texts,
    bot=texts,
)


@given(events)
def test_an_event_survives_the_intake(event: Event) -> None:
    again = unpack(orjson.loads(orjson.dumps(pack(event))))
    assert again == event
    assert hash(again.position) == hash(event.position)


def test_what_unpack_makes_is_an_event_in_every_way() -> None:
    event = unpack({"event_id": "e", "type": "t", "occurred_at": 1, "received_at": 2})
    assert type(event) is Event
    assert event == Event("e", "t", Source.BROWSER, 1, 2)
    with pytest.raises(AttributeError):
        event.type = "u"  # type: ignore[misc]


def test_an_event_of_defaults_packs_to_its_four_necessary_fields() -> None:
    packed = pack(Event("e", "t", Source.BROWSER, 1, 2))
    assert packed == {"event_id": "e", "type": "t", "occurred_at": 1, "received_at": 2}


def test_the_draft_knows_every_field_of_an_event() -> None:
    names = {field.name for field in fields(Event)}
    assert set(_Draft.__annotations__) == names
    packed = {"event_id": "e", "type": "t", "occurred_at": 1, "received_at": 2}
    assert {name for name in names if hasattr(unpack(packed), name)} == names


@pytest.mark.parametrize(
    "packed",
    [{}, {"event_id": "e"}, {"event_id": "e", "type": "t", "occurred_at": 1, "received_at": 2, "page": {"kind": "nowhere"}}],
    ids=["nothing", "half an event", "a page kind of a later release"],
)
def test_what_cannot_be_read_raises_a_lookup_error(packed: dict[str, object]) -> None:
    with pytest.raises(KeyError):
        unpack(packed)
