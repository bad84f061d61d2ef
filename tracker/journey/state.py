"""What the core remembers of a subject: bounded, JSON-able, and the same whether it was folded live or rebuilt.

Subject is the part that every event needs; a Journey is a row of its own, and only those that an event can touch are in memory:
the open one, that of the latest order, and those of the orders that the new events name (see Subject.needed_journeys).
Lists are capped; beyond the cap only the count goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from decimal import Decimal
from typing import Any, NamedTuple

import orjson

from tracker.clock import DAY, MINUTE, Instant
from tracker.enrich import Arrival
from tracker.events.types import Event, PageKind
from tracker.stages.tagging import Version

MAX_TOUCHES = 50
MAX_PRODUCTS = 60
MAX_REFUNDS = 100  # of an order; also its parcels and returns
MAX_ITEMS = 60  # different products of an order or a cart
MAX_CARTS = 10  # of a journey
MAX_KEYS = 20  # different search words, coupons, checkout errors, tickets of a journey
MAX_KEY = 100  # characters of a product, a code … as counters name it
MAX_ACTS = 80  # different (stage, type) of a journey
MAX_NOTES = 60
MAX_BUYS = 300  # orders a subject remembers one by one; earlier ones are added up
MAX_PERSONS = 100  # of a company
MAX_VISITORS = 20  # whose numbering is followed

OPEN, ORDERED, LAPSED = "open", "ordered", "lapsed"
FILLED, EMPTIED, EXPIRED = "filled", "emptied", "expired"  # of a cart, beside ORDERED


@dataclass(frozen=True, slots=True)
class Rate:
    """What one unit of a foreign currency is worth in the shop's, from an instant on."""

    since_at: Instant
    worth: Decimal


@dataclass(frozen=True, slots=True)
class Terms:
    """The shop's settings as the core needs them.  All times in milliseconds."""

    idle: int = 30 * MINUTE
    window: int = 30 * DAY
    lapse: int = 180 * DAY
    cart_expiry: int = 30 * DAY
    counted_states: frozenset[str] = frozenset({"paid", "placed_cod", "processing", "completed"})
    revenue: frozenset[str] = frozenset()  # what else counts as revenue beside goods: "tax", "shipping"
    currency: str = "DKK"  # the shop's own
    rates: Mapping[str, tuple[Rate, ...]] = field(default_factory=dict)  # by foreign currency, oldest first
    versions: tuple[Version, ...] = (Version(0),)  # of the tagging rules, oldest first

    def version_at(self, received_at: Instant) -> Version:
        """The tagging rules in force when an event was received."""
        if len(self.versions) == 1:
            return self.versions[0]
        return next((v for v in reversed(self.versions) if received_at >= v.since_at), self.versions[0])

    def rate_at(self, currency: str, at: Instant) -> Decimal | None:
        """What one unit was worth in the shop's currency; None when the table has no rate from that early."""
        if currency == self.currency:
            return Decimal(1)
        return next((rate.worth for rate in reversed(self.rates.get(currency, ())) if at >= rate.since_at), None)


@dataclass(frozen=True, slots=True)
class Act:
    """An event as the core sees it: with what enrichment says of its arrival, device and page."""

    event: Event
    arrival: Arrival | None
    device: str | None
    kind: PageKind | None
    person: int = 0  # whose act it is when the subject is a company; 0: the subject's own
    link: int = 0  # the key it came in under, by number


@dataclass(frozen=True, slots=True)
class Tag:
    """The stage of an event, and why."""

    stage: int
    reason: str
    params: dict[str, Any]
    journey: int

    def dump(self) -> str:
        """JSON [stage, reason, journey, params] without what is usual at its end: most events continue, in a first journey."""
        told: list[Any] = [self.stage, self.reason, self.journey, self.params]
        while told[-1] == _USUAL[len(told) - 1]:
            told.pop()
        return orjson.dumps(told).decode()

    @classmethod
    def load(cls, stored: str) -> Tag:
        told = orjson.loads(stored)
        stage, reason, journey, params = told + list(_USUAL[len(told) :])
        return cls(stage, reason, params, journey)


_USUAL: tuple[Any, ...] = (0, "continues", 1, {})


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


class Item(NamedTuple):
    """Some pieces of one product; `price` is of one piece, minor units."""

    product: str
    quantity: int
    price: int
    category: str | None = None


class Refund(NamedTuple):
    """Money given back, as part of each of the order's amounts; minor units."""

    at: Instant
    value: int
    tax: int = 0
    shipping: int = 0
    total: int = 0
    items: list[Item] = []


class Return(NamedTuple):
    """Goods that come back: asked for, arrived, and which."""

    requested_at: Instant
    completed_at: Instant
    items: list[Item]


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
    paid_at: Instant | None = None
    cancelled_at: Instant | None = None
    fulfilled_at: Instant | None = None
    delivered_at: Instant | None = None
    repeat: bool = False  # not this person's first
    renewal: bool = False  # a further period of a subscription
    version: int = 0  # the platform's; the highest wins
    payment: str | None = None
    via: str | None = None
    coupon: str | None = None
    rate: str | None = None  # what one unit of its currency was worth in the shop's when it was placed; None: unknown
    revenue: int = 0  # what counts as revenue by the shop's terms, before refunds: value, and tax or shipping if it chooses
    items: list[Item] = field(default_factory=list)
    refunds: dict[str, Refund] = field(default_factory=dict)  # by the platform's id of the refund; value as revenue counts it
    parcels: dict[str, list[Instant]] = field(
        default_factory=dict
    )  # by the platform's id: [shipped_at, delivered_at], 0: not yet
    returns: dict[str, Return] = field(default_factory=dict)  # by the platform's id of the return

    @property
    def is_live(self) -> bool:
        """Counted, and not cancelled since."""
        return self.counted_at is not None and self.cancelled_at is None

    @property
    def refunded(self) -> int:
        return sum(refund.value for refund in self.refunds.values())

    @property
    def net(self) -> int:
        """Net revenue: counted total less refunds, 0 when cancelled or not counted, never below 0."""
        return max(0, self.revenue - self.refunded) if self.is_live else 0


@dataclass(slots=True)
class Cart:
    """What a person wants to buy, over visits and devices: the latest snapshot, never a sum."""

    began_at: Instant
    touched_at: Instant
    state: str = FILLED
    ended_at: Instant | None = None
    keys: list[str] = field(default_factory=list)  # the platform's, of this person's overlapping carts
    items: list[Item] = field(default_factory=list)
    value: int = 0  # as shown to the buyer
    currency: str = ""
    rate: str | None = None  # what one unit of a foreign currency was worth when the cart began; None: unknown
    step: str = "cart"  # how far it got: cart, then the steps of the checkout
    messaged_at: Instant | None = None  # when a mail about it was first sent
    order_key: str | None = None
    recovered: bool = False  # paid, and only after a message

    @property
    def pieces(self) -> int:
        return sum(item.quantity for item in self.items)


class Note(NamedTuple):
    """Something to be counted on its own day: counter family, name, amount."""

    at: Instant
    family: str
    name: str
    amount: int = 1


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
    returning: bool = False  # began by a customer
    reached: dict[str, list[int]] = field(default_factory=dict)  # stage -> [first_at, last_at, events]
    moves: dict[str, int] = field(default_factory=dict)  # "from.to" -> times
    stays: dict[str, list[int]] = field(default_factory=dict)  # stage -> [times, seconds, times by length…]
    acts: dict[str, int] = field(default_factory=dict)  # "stage.type", "stage.@channel" of an arrival, "stage.~seconds"
    touches: list[Touch] = field(default_factory=list)
    touch_count: int = 0
    event_count: int = 0
    session_count: int = 0
    page_count: int = 0
    visible_seconds: int = 0
    numbered: int = 0  # events to which their visitors gave a number
    lost: int = 0  # numbers that were given and never arrived
    order: Order | None = None
    attempts: list[Order] = field(default_factory=list)  # orders placed and never counted, before `order`
    renewals: list[Order] = field(default_factory=list)  # further orders of the subscription that `order` began
    carts: list[Cart] = field(default_factory=list)  # the last one may still be filled
    products: dict[str, int] = field(default_factory=dict)  # product -> looks
    carted: dict[str, str] = field(default_factory=dict)  # product that was in a cart -> category
    categories: dict[str, int] = field(default_factory=dict)  # category -> different products looked at
    searches: dict[str, list[int]] = field(default_factory=dict)  # words -> [times, times nothing was found]
    coupons: dict[str, list[int]] = field(default_factory=dict)  # code -> [times accepted, times refused]
    errors: dict[str, int] = field(default_factory=dict)  # "step: code" of the checkout -> times
    notes: list[Note] = field(default_factory=list)  # scores, reviews, shares …, each counted on its own day
    answers: dict[str, int] = field(default_factory=dict)  # a survey's answer that may be told again -> place of its notes
    last_page: str | None = None  # path of the last page looked at
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

    @property
    def cart(self) -> Cart | None:
        """The one that is filled now."""
        return self.carts[-1] if self.carts and self.carts[-1].state == FILLED else None

    def orders(self) -> list[Order]:
        """All orders it knows: earlier attempts, the order, renewals."""
        return [*self.attempts, *([self.order] if self.order else []), *self.renewals]

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


class Buy(NamedTuple):
    """A live order as the customer's record keeps it; `net` in the shop's currency, None when the rate is unknown."""

    at: Instant
    net: int | None
    journey: int
    channel: str
    country: str | None = None


@dataclass(slots=True)
class Subject:
    """Whose journey it is; the part of the state that every event needs."""

    position: list[Any] = field(default_factory=list)  # of the last event folded: [occurred_at, sequence, event_id]
    ticked_at: Instant = 0  # everything due until then has been done
    base_at: Instant = 0  # what happened before is folded away for good; 0: nothing is
    event_count: int = 0
    journey_count: int = 0
    open: int = 0  # number of the open journey; 0: none
    latest_order: int = 0  # number of the journey of the latest counted order; 0: none
    order_count: int = 0  # counted and not cancelled
    last_act_at: Instant = 0  # of the person's own
    session: Session | None = None
    session_count: int = 0
    waiting: list[Touch] = field(default_factory=list)  # touchpoints for the next journey
    buys: dict[str, Buy] = field(default_factory=dict)  # live orders by key, oldest first
    bought_before: list[int] = field(default_factory=list)  # [orders, net] of those beyond MAX_BUYS
    subscriptions: dict[str, int] = field(default_factory=dict)  # the platform's id -> number of the journey that began it
    tickets: dict[str, Instant] = field(default_factory=dict)  # open matters at the support -> since when
    numbers: dict[str, int] = field(default_factory=dict)  # visitor's link -> its highest number so far
    persons: dict[str, list[int]] = field(default_factory=dict)  # of a company: person -> [stage, last own act]
    due_at: Instant | None = None

    # Not stored with the subject: the journeys in memory, and which of them changed.
    journeys: dict[int, Journey] = field(default_factory=dict)
    changed: set[int] = field(default_factory=set)
    buys_changed: bool = False
    carts_moved: bool = False  # a changed journey has fewer carts than before

    def needed_journeys(self) -> set[int]:
        """The numbers of the journeys that any next event may touch."""
        here = self.session.journey if self.session else 0
        return {self.open, self.latest_order, here, *self.subscriptions.values()} - {0}


_NOT_STORED = {"journeys", "changed", "buys_changed", "carts_moved"}
_SUBJECT_FIELDS = tuple(f for f in Subject.__slots__ if f not in _NOT_STORED)


def dump_subject(subject: Subject) -> bytes:
    """Without its journeys, which are rows of their own."""
    return _dump({name: value for name in _SUBJECT_FIELDS if (value := getattr(subject, name))})


def load_subject(stored: bytes) -> Subject:
    return _subject(orjson.loads(stored))


def _subject(d: dict[str, Any]) -> Subject:
    if d.get("session"):
        d["session"] = Session(**d["session"])
    if d.get("waiting"):
        d["waiting"] = [Touch(**touch) for touch in d["waiting"]]
    if d.get("buys"):
        d["buys"] = {key: Buy(*buy) for key, buy in d["buys"].items()}
    return Subject(**d)


def dump_journey(journey: Journey) -> bytes:
    return _dump(journey)


def load_journey(stored: bytes) -> Journey:
    return _journey(orjson.loads(stored))


def _dump(value: Any) -> bytes:
    return orjson.dumps(value, default=_plain, option=orjson.OPT_PASSTHROUGH_DATACLASS)


def _plain(value: Any) -> Any:
    """A dataclass without the fields that are as by default: they come back by themselves.  A NamedTuple as a list."""
    if isinstance(value, tuple):
        return list(value)
    return {name: found for name, default in _DEFAULTS[type(value)] if (found := getattr(value, name)) != default}


def _journey(d: dict[str, Any]) -> Journey:
    for name, make in _PARTS.items():
        if name in d:
            d[name] = make(d[name])
    return Journey(**d)


def _order(d: dict[str, Any]) -> Order:
    d["items"] = [Item(*item) for item in d.get("items", ())]
    d["refunds"] = {
        key: Refund(*amounts, *([[Item(*item) for item in items]] if items else []))
        for key, (*amounts, items) in d.get("refunds", {}).items()
    }
    d["returns"] = {
        key: Return(requested_at, completed_at, [Item(*item) for item in items])
        for key, (requested_at, completed_at, items) in d.get("returns", {}).items()
    }
    return Order(**d)


def _cart(d: dict[str, Any]) -> Cart:
    d["items"] = [Item(*item) for item in d.get("items", ())]
    return Cart(**d)


def _defaults(of: Any) -> tuple[tuple[str, Any], ...]:
    made = ((f.name, f.default_factory() if f.default_factory is not MISSING else f.default) for f in fields(of))
    return tuple(made)


_DEFAULTS = {of: _defaults(of) for of in (Touch, Order, Cart, Journey, Session)}

_PARTS: dict[str, Callable[[Any], Any]] = {
    "touches": lambda found: [Touch(**touch) for touch in found],
    "order": _order,
    "attempts": lambda found: [_order(order) for order in found],
    "renewals": lambda found: [_order(order) for order in found],
    "carts": lambda found: [_cart(cart) for cart in found],
    "notes": lambda found: [Note(*note) for note in found],
}


def dump_checkpoint(subject: Subject) -> bytes:
    """The whole subject with all its journeys, which must all be in memory."""
    if len(subject.journeys) != subject.journey_count:
        raise ValueError("a checkpoint needs all the subject's journeys")
    core = {name: value for name in _SUBJECT_FIELDS if (value := getattr(subject, name))}
    return _dump({"subject": core, "journeys": list(subject.journeys.values())})


def load_checkpoint(stored: bytes) -> Subject:
    d = orjson.loads(stored)
    subject = _subject(d["subject"])
    subject.journeys = {j["number"]: _journey(j) for j in d["journeys"]}
    return subject
