"""What the core remembers of a subject: bounded, JSON-able, and the same whether it was folded live or rebuilt.

Subject is the part that every event needs; a Journey is a row of its own, and only those that an event can touch are in memory:
the open one, that of the latest order, and those of the orders that the new events name (see Subject.needed_journeys).
Lists are capped; beyond the cap only the count goes on.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from tracker.clock import DAY, MINUTE, Instant
from tracker.enrich import Arrival
from tracker.events.types import Event, PageKind
from tracker.stages.tagging import CURRENT_VERSION

MAX_TOUCHES = 50
MAX_PRODUCTS = 60
MAX_REFUNDS = 100

OPEN, ORDERED, LAPSED = "open", "ordered", "lapsed"


@dataclass(frozen=True, slots=True)
class Terms:
    """The shop's settings as the core needs them.  All times in milliseconds."""

    idle: int = 30 * MINUTE
    window: int = 30 * DAY
    lapse: int = 180 * DAY
    cart_expiry: int = 30 * DAY
    counted_states: frozenset[str] = frozenset({"paid", "placed_cod", "processing", "completed"})
    versions: tuple[tuple[Instant, int], ...] = ((0, CURRENT_VERSION),)  # (received from, tagging version), oldest first

    def version_at(self, received_at: Instant) -> int:
        """The tagging version in force when an event was received."""
        if len(self.versions) == 1:
            return self.versions[0][1]
        return next(version for since, version in reversed(self.versions) if received_at >= since)


@dataclass(frozen=True, slots=True)
class Act:
    """An event as the core sees it: with what enrichment says of its arrival, device and page."""

    event: Event
    arrival: Arrival | None
    device: str | None
    kind: PageKind | None


@dataclass(frozen=True, slots=True)
class Tag:
    """The stage of an event, and why."""

    stage: int
    reason: str
    params: dict[str, Any]
    journey: int

    def dump(self) -> str:
        return orjson.dumps([self.stage, self.reason, self.params, self.journey]).decode()


@dataclass(slots=True)
class Touch:
    """A touchpoint: what opened a session, or a click in one of our mails."""

    at: Instant
    kind: str  # session, email_click, offline
    channel: str
    source: str | None = None
    medium: str | None = None
    campaign: str | None = None
    landing: str | None = None


@dataclass(slots=True)
class Order:
    """An order's money and state.  `value` is goods after discounts, without VAT and shipping; all amounts minor units."""

    key: str
    placed_at: Instant
    currency: str
    state: str = "placed"
    value: int = 0
    tax: int = 0
    shipping: int = 0
    discount: int = 0
    total: int = 0
    counted_at: Instant | None = None
    cancelled_at: Instant | None = None
    delivered_at: Instant | None = None
    repeat: bool = False  # not this person's first
    version: int = 0  # the platform's; the highest wins
    refunds: dict[str, int] = field(default_factory=dict)  # the platform's id of the refund -> value

    @property
    def net(self) -> int:
        """Net revenue: counted total less refunds, 0 when cancelled or not counted, never below 0."""
        if self.counted_at is None or self.cancelled_at is not None:
            return 0
        return max(0, self.value - sum(self.refunds.values()))


@dataclass(slots=True)
class Journey:
    """A subject's touchpoints and events towards one order, and what followed it."""

    number: int
    began_at: Instant
    last_at: Instant  # of the last own act
    outcome: str = OPEN
    ended_at: Instant | None = None
    stage: int = 0  # current; 0 before the first tag
    since_at: Instant = 0  # when the current stage was entered
    highest: int = 0
    reactivated: bool = False
    reached: dict[str, list[int]] = field(default_factory=dict)  # stage -> [first_at, last_at, events]
    moves: dict[str, int] = field(default_factory=dict)  # "from.to" -> times
    stays: dict[str, list[int]] = field(default_factory=dict)  # stage -> [times, seconds, times by length…]
    touches: list[Touch] = field(default_factory=list)
    touch_count: int = 0
    event_count: int = 0
    order: Order | None = None
    attempts: list[Order] = field(default_factory=list)  # orders placed and never counted, before `order`
    products: dict[str, int] = field(default_factory=dict)  # product -> looks
    categories: dict[str, int] = field(default_factory=dict)  # category -> different products looked at
    device: str | None = None
    country: str | None = None
    consent: int | None = None  # the highest level of its browser events; None: no browser event
    bot: bool = False
    booked: dict[str, Any] = field(default_factory=dict)  # what the counters hold of it: contribution.py

    @property
    def channel(self) -> str:
        """That of the first touchpoint; `none` for an order without a visit."""
        return self.touches[0].channel if self.touches else "none"

    @property
    def campaign(self) -> str | None:
        return self.touches[0].campaign if self.touches else None

    def orders(self) -> list[Order]:
        """All orders it knows, earlier attempts first."""
        return [*self.attempts, self.order] if self.order else list(self.attempts)

    def order_named(self, key: str) -> Order | None:
        return next((o for o in self.orders() if o.key == key), None)


@dataclass(slots=True)
class Session:
    """A visitor's browser events with no gap above the idle time and no new campaign."""

    number: int
    began_at: Instant
    last_at: Instant
    campaign: str | None = None  # "source/medium/campaign" as labelled, of the arrival that opened it
    journey: int = 0  # the journey that its last event belonged to


@dataclass(slots=True)
class Subject:
    """Whose journey it is; the part of the state that every event needs."""

    position: list[Any] = field(default_factory=list)  # of the last event folded: [occurred_at, sequence, event_id]
    ticked_at: Instant = 0  # everything due until then has been done
    event_count: int = 0
    journey_count: int = 0
    open: int = 0  # number of the open journey; 0: none
    latest_order: int = 0  # number of the journey of the latest counted order; 0: none
    order_count: int = 0  # counted and not cancelled
    last_act_at: Instant = 0  # of the person's own
    session: Session | None = None
    session_count: int = 0
    waiting: list[Touch] = field(default_factory=list)  # touchpoints for the next journey
    cart_items: int = 0  # pieces in the cart, as last told
    cart_at: Instant = 0
    due_at: Instant | None = None

    # Not stored with the subject: the journeys in memory, and which of them changed.
    journeys: dict[int, Journey] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)

    def needed_journeys(self) -> set[int]:
        """The numbers of the journeys that any next event may touch."""
        return {self.open, self.latest_order, self.session.journey if self.session else 0} - {0}


_NOT_STORED = {"journeys", "changed"}
_SUBJECT_FIELDS = tuple(f for f in Subject.__slots__ if f not in _NOT_STORED)


def dump_subject(subject: Subject) -> bytes:
    """Without its journeys, which are rows of their own."""
    return orjson.dumps({name: value for name in _SUBJECT_FIELDS if (value := getattr(subject, name))})


def load_subject(stored: bytes) -> Subject:
    return _subject(orjson.loads(stored))


def _subject(d: dict[str, Any]) -> Subject:
    if d.get("session"):
        d["session"] = Session(**d["session"])
    if d.get("waiting"):
        d["waiting"] = [Touch(**touch) for touch in d["waiting"]]
    return Subject(**d)


def dump_journey(journey: Journey) -> bytes:
    return orjson.dumps(journey)


def load_journey(stored: bytes) -> Journey:
    return _journey(orjson.loads(stored))


def _journey(d: dict[str, Any]) -> Journey:
    d["touches"] = [Touch(**touch) for touch in d["touches"]]
    d["order"] = Order(**d["order"]) if d["order"] else None
    d["attempts"] = [Order(**order) for order in d["attempts"]]
    return Journey(**d)


def dump_checkpoint(subject: Subject) -> bytes:
    """The whole subject with all its journeys, which must all be in memory."""
    if len(subject.journeys) != subject.journey_count:
        raise ValueError("a checkpoint needs all the subject's journeys")
    core = {name: getattr(subject, name) for name in _SUBJECT_FIELDS}
    return orjson.dumps({"subject": core, "journeys": list(subject.journeys.values())})


def load_checkpoint(stored: bytes) -> Subject:
    d = orjson.loads(stored)
    subject = _subject(d["subject"])
    subject.journeys = {j["number"]: _journey(j) for j in d["journeys"]}
    return subject
