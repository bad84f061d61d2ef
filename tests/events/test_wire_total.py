"""load is total: any JSON gives an Event or Refused, and what it gives can be written, read and loaded again."""

from __future__ import annotations

from typing import Any

import orjson
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.events.loading import NOW, load_one
from tracker.errors import Refused
from tracker.events.catalog import CATALOG, Item
from tracker.events.codec import pack, unpack
from tracker.events.contract import example_event
from tracker.events.types import Source
from tracker.events.wire import EVENT_ONLY, INHERITED, dump

text = st.text(max_size=12) | st.sampled_from(
    ["", " ", "a\x00b", "\ud800", "1e5", "12", "DKK", "a@b.dk", "x" * 2000, "2026-06-01T10:00:00Z"]
)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(0, 100)
    | st.floats()
    | text
    | st.sampled_from([NOW, NOW / 1000, 2**53, 2**64, 1e300, -0.0])
)
json_values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(text, inner, max_size=4), max_leaves=12
)
field_names = sorted({name for cls in CATALOG.values() for name in cls.fields().fields})
items = st.lists(st.dictionaries(st.sampled_from(sorted(Item().fields)) | text, scalars, max_size=6), max_size=3)
data = st.dictionaries(st.sampled_from(field_names) | text, json_values, max_size=8) | st.fixed_dictionaries({"items": items})
pages = st.dictionaries(
    st.sampled_from(["url", "title", "referrer", "kind"]), text | st.just("https://shop.example/"), max_size=4
)
near_events = st.dictionaries(st.sampled_from(sorted(INHERITED | EVENT_ONLY | {"v", "sent_at"})), scalars, max_size=6).flatmap(
    lambda event: st.fixed_dictionaries(
        {"event_id": st.just("e1") | text, "type": st.sampled_from(list(CATALOG)) | text},
        optional={"data": data, "page": pages | json_values},
    ).map(lambda more: {**event, **more})
)
sources = st.sampled_from(Source)
tried = settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])


def _check(item: Any, source: Source, envelope: dict[str, Any] | None = None) -> None:
    try:
        loaded = load_one(item, source, envelope=envelope)
    except Refused as refused:
        orjson.dumps({"reason": refused.reason, "detail": refused.detail})
        return
    event = loaded.event
    orjson.dumps(loaded.ignored)
    assert unpack(orjson.loads(orjson.dumps(pack(event)))) == event
    again = load_one(dump(event), source)
    assert again.event == event
    assert again.ignored == ()


@tried
@given(json_values, sources)
def test_any_JSON_is_loaded_or_refused(item: Any, source: Source) -> None:
    _check(item, source)


@tried
@given(near_events, sources)
def test_what_is_nearly_an_event_is_loaded_or_refused(item: dict[str, Any], source: Source) -> None:
    _check(item, source)


@tried
@given(st.sampled_from(list(CATALOG)), st.sampled_from(field_names), json_values, sources)
def test_a_good_event_with_one_odd_field_is_loaded_or_refused(name: str, field: str, value: Any, source: Source) -> None:
    item = example_event(name)
    _check({**item, "data": {**item.get("data", {}), field: value}}, source)


@tried
@given(near_events, st.dictionaries(st.sampled_from(sorted(INHERITED | {"sent_at", "v", "key", "data"})), json_values), sources)
def test_any_envelope_is_loaded_or_refused(item: dict[str, Any], envelope: dict[str, Any], source: Source) -> None:
    _check(item, source, envelope)


@tried
@given(st.sampled_from(["custom", "", "gtm.click", "video start"]), st.dictionaries(text, json_values, max_size=6), sources)
def test_any_data_of_a_shops_own_type_is_loaded_or_refused(name: str, own: dict[str, Any], source: Source) -> None:
    _check({"event_id": "1", "type": name, "data": {"name": "x", **own}}, source)
