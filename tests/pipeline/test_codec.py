"""What bodies, states and counters are written as comes out again, and what we did not write is refused."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.builders import look, purchase
from tracker.events.codec import pack
from tracker.pipeline.codec import read_body, read_bytes, write_body

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
    for event in (look("dress"), purchase(visitor_key="v1")):
        packed = pack(event)
        assert len(write_body(packed)) < 0.6 * len(orjson.dumps(packed))


@pytest.mark.parametrize("stored", [b"", b'{"a":1}', b"\x02" + write_body({"a": 1})[1:]])
def test_an_unknown_format_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError, match="unknown format"):
        read_bytes(stored)


@pytest.mark.parametrize("stored", [write_body({"a": "b" * 50})[:-4], b"\x01" + b"\xff" * 20])
def test_a_damaged_body_is_refused(stored: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whichever of its stations notices
        read_body(stored)
