"""What bodies, states and counters are written as comes out again, and what we did not write is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import orjson
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tests.builders import event, look, purchase
from tracker.events.codec import pack
from tracker.events.types import Page, PageKind
from tracker.journey.state import Tag
from tracker.pipeline.codec import read_body, read_bytes, write_body
from tracker.pipeline.stored import event_row
from tracker.tables import event_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
plain = st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False) | texts
values = plain | st.lists(plain, max_size=4) | st.dictionaries(texts, plain, max_size=4)


@settings(deadline=None)
@given(value=st.dictionaries(texts, values, max_size=5))
def test_any_body_comes_out_as_it_went_in(value: dict[str, Any]) -> None:
    assert read_body(write_body(value)) == value


@settings(deadline=None)
@given(text=st.binary(max_size=5_000))
def test_any_bytes_come_out_as_they_went_in(text: bytes) -> None:
    assert read_bytes(write_body(text)) == text


def test_json_given_as_bytes_is_the_same_as_the_value() -> None:
    assert write_body(orjson.dumps({"a": 1})) == write_body({"a": 1})


def test_longer_than_its_window_and_written_after_others_it_still_comes_out() -> None:
    longer = {"items": [{"item_id": str(i), "price": i} for i in range(5_000)]}
    assert read_body(write_body(longer)) == longer
    assert read_body(write_body({})) == {}  # the compressor we copy from has kept nothing of the one before


def test_events_become_a_fraction_of_their_json() -> None:
    for told in (look("dress"), purchase(visitor_key="v1")):
        packed = pack(told)
        assert len(write_body(packed)) < 0.6 * len(orjson.dumps(packed))


@pytest.mark.parametrize("stored", [b"", b'{"a":1}', b"\x01" + write_body({"a": 1})[1:]])
def test_an_unknown_format_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="unknown format"):
        read_bytes(stored)


@pytest.mark.parametrize("stored", [write_body({"a": "b" * 50})[:-4], b"\x02" + b"\xff" * 20])
def test_a_damaged_body_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of its stations notices
        read_body(stored)


@settings(deadline=None)
@given(text=st.text("0123456789abcdefABCDEF.-_: g", min_size=1, max_size=64))
@example("0")
@example("18446744073709551615")
@example("00ff")
@example("FF")
def test_an_events_id_comes_out_as_it_went_in(text: str) -> None:
    assert event_id.unpack(event_id.pack(text)) == text


def test_ids_of_browsers_take_half_their_letters() -> None:
    assert len(event_id.pack("38298374721098374652")) == 11
    assert len(event_id.pack("order-1001")) == 11


@pytest.mark.parametrize(
    ("tag", "stored"),
    [
        (Tag(4, "continues", {}, 1), "[4]"),
        (Tag(4, "continues", {}, 2), '[4,"continues",2]'),
        (Tag(3, "first_look", {}, 1), '[3,"first_look"]'),
        (Tag(1, "told_need", {"kind": "search"}, 1), '[1,"told_need",1,{"kind":"search"}]'),
    ],
)
def test_a_tag_says_only_what_is_not_usual(tag: Tag, stored: str) -> None:
    assert (tag.dump(), Tag.load(stored)) == (stored, tag)


@pytest.mark.parametrize(
    ("type", "page", "kept"),
    [
        ("page_view", {"title": "A", "referrer": "https://s.dk/b?gclid=1"}, {"title": "A", "referrer": "https://s.dk/b"}),
        ("page_view", {"referrer": "https://google.dk/b?q=1"}, {"referrer": "https://google.dk/b?q=1"}),
        ("page_view", {"referrer": "https://s.dk.evil.example/b?q=1"}, {"referrer": "https://s.dk.evil.example/b?q=1"}),
        ("page_view", {"title": "A"}, {"title": "A"}),
        ("page_engaged", {"title": "A", "referrer": "https://google.dk/", "kind": "home"}, {"kind": "home"}),
    ],
)
def test_what_was_told_before_is_not_kept_again(type: str, page: dict[str, str], kept: dict[str, str]) -> None:
    kind = PageKind(page["kind"]) if "kind" in page else None
    shown = Page("https://s.dk/a?utm_source=x", page.get("title"), page.get("referrer"), kind)
    told = replace(event(type), page=shown)
    row = event_row(1, told, None, 1, None)
    assert read_body(row["body"])["page"] == {"url": "https://s.dk/a?utm_source=x", **kept}
