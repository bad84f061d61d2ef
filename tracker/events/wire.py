"""Wire JSON → Event, and back.  Pure: no clock, no database, no request.

In:  one event's JSON object and the envelope it came in, who sent it, when it was received.
Out: the Event, checked, and the names of fields that were dropped; or Refused with what the sender must change.
docs/wire-format.md says the same to those who send; what an event type's `data` may hold is in events/catalog/.
Senders read English; what an uploaded list of orders may meet too is a Sentence or a msgid, marked here or elsewhere.

Policies, all in this file:
  null and empty text     not given
  unknown type            kept as `custom` under its name
  unknown field           browser, or a newer wire version: dropped and named; signed source: refused by name
  purchase from a browser a sighting: only the fields that the type's `browser_keeps` names
  a wrong clock           occurred_at is moved by received_at − sent_at when that is more than a minute
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, NamedTuple, Protocol

from marshmallow import Schema, ValidationError

from tracker.clock import DAY, MINUTE, SECOND, Instant
from tracker.errors import Refused, RefusedReason
from tracker.events import fields as f
from tracker.events.catalog import CATALOG, EventType, Item
from tracker.events.codec import pack_page
from tracker.events.types import Consent, Event, Page, PageKind, Source
from tracker.money import exponent
from tracker.texts import N_, Sentence

WIRE_VERSION = 1
ENVELOPE_ONLY = frozenset({"v", "key", "sent_at"})
INHERITED = frozenset({"visitor_key", "consent", "customer_key", "email", "cart_key", "user_agent", "country"})
SERVER_ONLY = frozenset({"user_agent", "country"})  # a browser's are in its request
EVENT_ONLY = frozenset({"event_id", "type", "occurred_at", "sequence", "page", "data"})

MAX_NAMED = 20  # fields named in one answer
MAX_OPEN_VALUES = 50  # fields of an event type with open data, at all levels together
MAX_OPEN_DEPTH = 4
MAX_OPEN_TEXT = 1000
EARLIEST = 10**11  # 1973 in milliseconds; what is earlier was sent in seconds

_KNOWN = ENVELOPE_ONLY | INHERITED | EVENT_ONLY
_KNOWN_BROWSER = _KNOWN - SERVER_ONLY
_PAGE = frozenset({"url", "title", "referrer", "kind"})
_EVENT_ID = re.compile(r"[A-Za-z0-9._:-]{1,64}", re.ASCII)
_PAGE_URL = re.compile(r"https?://[^/?#]", re.IGNORECASE)
_REFERRER = re.compile(r"(?:https?|android-app|ios-app)://", re.IGNORECASE)
_COUNTRY = re.compile("[A-Za-z]{2}", re.ASCII)
_LEVELS = {level.name.lower(): level for level in Consent}
_KINDS = {kind.value: kind for kind in PageKind}


class Limits(Protocol):
    """What of the installation's settings matters here; tracker.config.Config has it."""

    @property
    def max_age_days(self) -> int: ...
    @property
    def max_future_seconds(self) -> int: ...


class Loaded(NamedTuple):
    """`ignored` names dropped fields relative to the event: `data.foo`, `data.items[].foo`, `page.kind`."""

    event: Event
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Shape:
    """What a schema says, in the form that reading needs; made once."""

    readers: Mapping[str, Callable[[Any, int], Any]]
    required: frozenset[str]
    money: frozenset[str]
    most_items: int  # 0: the type has none


class _Findings:
    """What reading one event found besides its values."""

    __slots__ = ("errors", "ignored", "lenient")

    def __init__(self, lenient: bool) -> None:
        self.lenient = lenient
        self.errors: dict[str, str] = {}
        self.ignored: list[str] = []

    def unknown(self, path: str, general_path: str) -> None:
        """A field that nobody knows; `general_path` leaves out the item's number, so that equal ones are counted together."""
        if self.lenient:
            self.ignored.append(_printable(general_path))
        else:
            self.errors[_printable(path)] = "is unknown"

    def wrong(self, path: str, error: ValidationError) -> None:
        self.errors[_printable(path)] = error.messages[0]


def load(
    item: Any,
    envelope: Mapping[str, Any],
    source: Source,
    *,
    received_at: Instant,
    currency: str,
    default_consent: Consent,
    limits: Limits,
) -> Loaded:
    """One event.  `envelope` is `item` itself when the body is a single event.

    `currency` is the shop's, for amounts that name none; `default_consent` is for browsers that name no level.
    Raises Refused: invalid, not_from_browser, too_old, in_future.  An INVALID detail is {"fields": {path: in words}}.
    """
    if not isinstance(item, dict):
        raise Refused(RefusedReason.INVALID, {"fields": {"": "is no JSON object"}})
    given = item if item is envelope else {**envelope, **item}
    name, event_type = _type_of(given)
    if source not in event_type.sent_by:
        raise Refused(RefusedReason.NOT_FROM_BROWSER, {"type": name})
    server = source is Source.SERVER
    found = _Findings(lenient=not server or _is_newer(given))
    _check_version(given, found)
    for field in item.keys() - (_KNOWN if server else _KNOWN_BROWSER):
        found.unknown(field, field)
    data = _data(given.get("data"), name, event_type, server, currency, found)
    email = data.pop("email", None) if "email" in _SHAPES[event_type].readers else None
    event = Event(
        event_id=_event_id(given, found),
        type=name if name in CATALOG else "custom",
        source=source,
        occurred_at=_occurred_at(given, received_at, found),
        received_at=received_at,
        consent=_consent(given, Consent.STATISTICS if server else default_consent, found),
        sequence=_sequence(given, found),
        visitor_key=_key(given, "visitor_key", server, found),
        customer_key=_key(given, "customer_key", server, found),
        email=_email(given, found) or email,
        order_key=data.pop("transaction_id", None) if event_type.names_order else None,
        cart_key=_key(given, "cart_key", server, found),
        page=_page(given, found),
        data=data,
        user_agent=_user_agent(given, found) if server else None,
        country=_country(given, found) if server else None,
    )
    if not found.errors:
        found.errors.update(event_type.problems(event))
    if found.errors:
        raise Refused(RefusedReason.INVALID, {"fields": dict(islice(found.errors.items(), MAX_NAMED))})
    _check_time(event, limits)
    return Loaded(event, tuple(dict.fromkeys(found.ignored))[:MAX_NAMED] if found.ignored else ())


def check_envelope(envelope: Mapping[str, Any], source: Source) -> tuple[str, ...]:
    """Names of the fields of a batch's envelope that are dropped.  Raises Refused where `load` would."""
    known = _KNOWN if source is Source.SERVER else _KNOWN_BROWSER
    dropped = [_printable(name) for name in envelope if name not in known and name != "events"][:MAX_NAMED]
    if dropped and source is Source.SERVER and not _is_newer(envelope):
        raise Refused(RefusedReason.INVALID, {"fields": dict.fromkeys(dropped, "is unknown")})
    return tuple(dropped)


def dump(event: Event) -> dict[str, Any]:
    """The wire form again: load(dump(event)) is the event.  What only we know (anonymous key, bot, receipt) is left out."""
    wire: dict[str, Any] = {
        "event_id": event.event_id,
        "type": event.type,
        "occurred_at": event.occurred_at,
        "consent": event.consent.name.lower(),
    }
    names = ["sequence", "visitor_key", "customer_key", "email", "cart_key"]
    if event.source is Source.SERVER:
        names += ["user_agent", "country"]
    for name in names:
        if (value := getattr(event, name)) is not None:
            wire[name] = value
    if event.page is not None:
        wire["page"] = pack_page(event.page)
    data = _dump_data(event)
    if data:
        wire["data"] = data
    return wire


# --- the envelope's and the event's own fields


def _type_of(given: Mapping[str, Any]) -> tuple[str, type[EventType]]:
    name = given.get("type")
    if isinstance(name, str):
        event_type = CATALOG.get(name)
        if event_type is not None:
            return name, event_type
        try:
            name = f.check_key(name.strip(), 64)
        except ValidationError as error:
            raise Refused(RefusedReason.INVALID, {"fields": {"type": error.messages[0]}}) from None
        if name:
            return name, CATALOG[name if name in CATALOG else "custom"]
    raise Refused(RefusedReason.INVALID, {"fields": {"type": "is missing" if name in (None, "") else "is no text"}})


def _is_newer(given: Mapping[str, Any]) -> bool:
    version = given.get("v")
    return type(version) is int and version > WIRE_VERSION


def _check_version(given: Mapping[str, Any], found: _Findings) -> None:
    version = given.get("v")
    if version is not None and (type(version) is not int or version < 1):
        found.errors["v"] = "is no whole number ≥ 1"


def _event_id(given: Mapping[str, Any], found: _Findings) -> str:
    event_id = given.get("event_id")
    if isinstance(event_id, str) and _EVENT_ID.fullmatch(event_id):
        return event_id
    found.errors["event_id"] = "is missing" if event_id is None else "is not 1–64 characters of A-Z a-z 0-9 . _ : -"
    return ""


def _occurred_at(given: Mapping[str, Any], received_at: Instant, found: _Findings) -> Instant:
    """Theirs, corrected when their clock is more than a minute off ours."""
    sent_at = _instant(given, "sent_at", found)
    occurred_at = _instant(given, "occurred_at", found)
    if sent_at is None:
        return received_at if occurred_at is None else occurred_at
    off = received_at - sent_at
    return (sent_at if occurred_at is None else occurred_at) + (off if abs(off) > MINUTE else 0)


def is_clock_off(envelope: Mapping[str, Any], received_at: Instant) -> bool:
    """Whether the times of a body that was taken were moved, because its sender's clock is wrong."""
    sent_at = _instant(envelope, "sent_at", _Findings(lenient=True))
    return sent_at is not None and abs(received_at - sent_at) > MINUTE


def _instant(given: Mapping[str, Any], name: str, found: _Findings) -> Instant | None:
    value = given.get(name)
    if value is None or value == "":
        return None
    try:
        return f.check_instant(value)
    except ValidationError as error:
        found.wrong(name, error)
        return None


def _check_time(event: Event, limits: Limits) -> None:
    """Raises Refused.  Servers may send any age: they deliver what the past holds."""
    ahead = event.occurred_at - event.received_at
    if ahead > limits.max_future_seconds * SECOND:
        raise Refused(RefusedReason.IN_FUTURE, {"occurred_at": event.occurred_at, "received_at": event.received_at})
    if event.source is Source.BROWSER:
        if -ahead > limits.max_age_days * DAY:
            raise Refused(RefusedReason.TOO_OLD, {"occurred_at": event.occurred_at, "max_age_days": limits.max_age_days})
    elif event.occurred_at < EARLIEST:
        raise Refused(RefusedReason.INVALID, {"fields": {"occurred_at": N_("is before 1973; is it in seconds?")}})


def _consent(given: Mapping[str, Any], default: Consent, found: _Findings) -> Consent:
    level = given.get("consent")
    if level is None or level == "" or level == "unknown":
        return default
    if isinstance(level, str) and level in _LEVELS:
        return _LEVELS[level]
    found.errors["consent"] = f"is none of {', '.join(_LEVELS)}"
    return default


def _sequence(given: Mapping[str, Any], found: _Findings) -> int | None:
    sequence = given.get("sequence")
    if sequence is None or (type(sequence) is int and 0 <= sequence <= f.MAX_INT):
        return sequence
    found.errors["sequence"] = "is no whole number ≥ 0"
    return None


def _key(given: Mapping[str, Any], name: str, server: bool, found: _Findings) -> str | None:
    value = given.get(name)
    if value is None:
        return None
    if server and type(value) is int and abs(value) <= f.MAX_INT:
        return str(value)
    if not isinstance(value, str):
        found.errors[name] = "is no text"
        return None
    try:
        return f.check_key(value.strip(), 128) or None
    except ValidationError as error:
        found.wrong(name, error)
        return None


def _email(given: Mapping[str, Any], found: _Findings) -> str | None:
    value = given.get("email")
    if value is None:
        return None
    try:
        return f.read_email(value)
    except ValidationError as error:
        found.wrong("email", error)
        return None


def _user_agent(given: Mapping[str, Any], found: _Findings) -> str | None:
    """The buyer's, as a server saw it."""
    value = given.get("user_agent")
    if value is None:
        return None
    if not isinstance(value, str):
        found.errors["user_agent"] = "is no text"
        return None
    return f.clean_text(value, 500) or None


def _country(given: Mapping[str, Any], found: _Findings) -> str | None:
    """Of the buyer, as a server knows it."""
    value = given.get("country")
    if value is None or value == "":
        return None
    if isinstance(value, str) and _COUNTRY.fullmatch(value):
        return value.upper()
    found.errors["country"] = N_("is no country of two letters")
    return None


def _page(given: Mapping[str, Any], found: _Findings) -> Page | None:
    page = given.get("page")
    if not page and (page is None or page == {}):
        return None
    if not isinstance(page, dict):
        found.errors["page"] = "is no JSON object"
        return None
    for field in page.keys() - _PAGE:
        found.unknown(f"page.{field}", f"page.{field}")
    url = _page_text(page, "url", 4096, found)
    if url is None or not _PAGE_URL.match(url):
        found.errors.setdefault("page.url", "is missing" if url is None else "is no http or https address")
        return None
    referrer = _page_text(page, "referrer", 2048, found)
    if referrer is not None and not _REFERRER.match(referrer):
        found.errors["page.referrer"] = "is no address"
    return Page(url, _page_text(page, "title", 300, found), referrer, _kind(page, found))


def _page_text(page: Mapping[str, Any], name: str, longest: int, found: _Findings) -> str | None:
    value = page.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        found.errors[f"page.{name}"] = "is no text"
        return None
    return f.clean_text(value, longest) or None


def _kind(page: Mapping[str, Any], found: _Findings) -> PageKind | None:
    """A theme's unknown word does not cost the page view: from a browser it is dropped and named."""
    kind = page.get("kind")
    if kind is None or kind == "":
        return None
    if isinstance(kind, str) and kind in _KINDS:
        return _KINDS[kind]
    if found.lenient:
        found.ignored.append("page.kind")
    else:
        found.errors["page.kind"] = f"is none of {', '.join(_KINDS)}"
    return None


# --- data


def _data(
    raw: Any, name: str, event_type: type[EventType], server: bool, shop_currency: str, found: _Findings
) -> dict[str, Any]:
    """The checked fields, money in minor units of `currency`, which is added where there are amounts without one."""
    if raw is None:
        raw = {}
    elif not isinstance(raw, dict):
        found.errors["data"] = "is no JSON object"
        return {}
    shape = _SHAPES[event_type]
    if event_type.open_data:
        return _open_data(raw, name, shape, found)
    if event_type.browser_keeps is not None and not server:
        raw = {field: value for field, value in raw.items() if field in event_type.browser_keeps}
        return _read(shape, raw, 2, "data.", "data.", found, shape.required & event_type.browser_keeps)
    if not raw and not shape.required:
        return {}
    currency = raw.get("currency")
    currency = currency.upper() if isinstance(currency, str) and currency else shop_currency
    data = _read(shape, raw, exponent(currency), "data.", "data.", found, shape.required)
    if shape.money and "currency" not in data and _has_money(shape, data):
        data["currency"] = currency
    return data


def _has_money(shape: _Shape, data: Mapping[str, Any]) -> bool:
    return not shape.money.isdisjoint(data) or any(not _ITEM.money.isdisjoint(item) for item in data.get("items", ()))


def _read(
    shape: _Shape,
    raw: Mapping[str, Any],
    decimals: int,
    path: str,
    general_path: str,
    found: _Findings,
    required: frozenset[str],
) -> dict[str, Any]:
    """Walks over what is given, not over what may be: most fields of most types are absent."""
    out: dict[str, Any] = {}
    readers = shape.readers
    for name, value in raw.items():
        if value is None or value == "":
            continue
        reader = readers.get(name)
        if reader is not None:
            try:
                value = reader(value, decimals)
            except ValidationError as error:
                found.wrong(path + name, error)
                continue
            if value is not None:
                out[name] = value
        elif name == "items" and shape.most_items:
            out[name] = _items(value, shape.most_items, decimals, path, found)  # an empty list says something: an emptied cart
        else:
            found.unknown(path + name, general_path + name)
    for name in required - out.keys():
        found.errors.setdefault(path + name, "is missing")
    return out


def _items(raw: Any, most: int, decimals: int, path: str, found: _Findings) -> list[dict[str, Any]]:
    if not isinstance(raw, list):
        found.errors[f"{path}items"] = N_("is no list")
        return []
    if len(raw) > most:
        found.errors[f"{path}items"] = Sentence(N_("has more than %(most)s items"), {"most": most})
        return []
    items = []
    for index, entry in enumerate(raw):
        place = f"{path}items[{index}]"
        if not isinstance(entry, dict):
            found.errors[place] = "is no JSON object"
            continue
        faults = len(found.errors)
        item = _read(_ITEM, entry, decimals, f"{place}.", f"{path}items[].", found, _NOTHING)
        if "item_id" not in item and "item_name" not in item and len(found.errors) == faults:
            found.errors[place] = N_("has neither item_id nor item_name")
        items.append(item)
    return items


def _open_data(raw: Mapping[str, Any], name: str, shape: _Shape, found: _Findings) -> dict[str, Any]:
    """Fields of any name, bounded.  An unknown type's own `name` field moves to `_name`: its type is the name now."""
    if name not in CATALOG:
        raw = {"name": name, **{"_name" if field == "name" else field: value for field, value in raw.items()}}
    declared = {field: value for field, value in raw.items() if field in shape.readers}
    data = _read(shape, declared, 2, "data.", "data.", found, shape.required)
    try:
        rest = {field: value for field, value in raw.items() if field not in shape.readers}
        data = {**_bounded(rest, 1, [MAX_OPEN_VALUES]), **data}
    except ValidationError as error:
        found.wrong("data", error)
    return data


def _bounded(value: Any, depth: int, left: list[int]) -> Any:
    """A JSON value of limited depth and size.  `left` counts down the values that may still come.  Raises ValidationError."""
    if isinstance(value, str):
        return f.clean_text(value, MAX_OPEN_TEXT)
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        if not abs(value) <= (f.MAX_INT if isinstance(value, int) else 1e308):
            raise ValidationError("holds a number that is too large")
        return value
    if not isinstance(value, dict | list):
        raise ValidationError("holds something that is no JSON")
    if depth > MAX_OPEN_DEPTH:
        raise ValidationError(f"is nested deeper than {MAX_OPEN_DEPTH}")
    left[0] -= len(value)
    if left[0] < 0:
        raise ValidationError(f"holds more than {MAX_OPEN_VALUES} values")
    if isinstance(value, list):
        return [_bounded(entry, depth + 1, left) for entry in value]
    return {f.clean_text(field, 64): _bounded(entry, depth + 1, left) for field, entry in value.items() if entry is not None}


def _dump_data(event: Event) -> dict[str, Any]:
    event_type = CATALOG[event.type]
    shape = _SHAPES[event_type]
    data = dict(event.data)
    if shape.money and "currency" in data:
        decimals = exponent(data["currency"])
        data = _in_major(data, shape.money, decimals)
        if "items" in data:
            data["items"] = [_in_major(item, _ITEM.money, decimals) for item in data["items"]]
    if event.order_key is not None and event_type.names_order:
        data["transaction_id"] = event.order_key
    return data


def _in_major(data: Mapping[str, Any], money: frozenset[str], decimals: int) -> dict[str, Any]:
    """Floats: 15 digits are exact, and amounts are below 10^12."""
    return {name: (value / 10**decimals if decimals else value) if name in money else value for name, value in data.items()}


def _printable(path: str) -> str:
    """A sender's field name, fit for an answer, a log and a counter's name."""
    return path[:80] if path.isprintable() else f.clean_text(path, 80)


# --- schemas, read once


def _shape_of(schema: type[Schema]) -> _Shape:
    declared = schema().fields
    items = declared.get("items")
    return _Shape(
        readers={name: field.read for name, field in declared.items() if isinstance(field, f.Field) and name != "items"},
        required=frozenset(name for name, field in declared.items() if field.required),
        money=frozenset(name for name, field in declared.items() if isinstance(field, f.Money)),
        most_items=items.most if isinstance(items, f.Items) else 0,
    )


_NOTHING: frozenset[str] = frozenset()
_ITEM = _shape_of(Item)
_SHAPES = {event_type: _shape_of(event_type.fields) for event_type in CATALOG.values()}
