"""The figures of reports once more, slowly and in plain Python, from the rows of events, orders and carts.

Knows nothing of contributions or counters: which journey an event belongs to says its tag, which one an order, its row; the
money of an order comes from what the shop's server told of it.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.clock import DAY, MINUTE
from tracker.events.types import Event, Source
from tracker.journey.state import Tag
from tracker.pipeline.stored import event_from
from tracker.shops import Shop

Which = tuple[int, int]  # subject, number of the journey


@dataclass
class Ledger:
    """An order as the shop's server told it."""

    key: str
    placed_at: int
    currency: str = ""
    value: int = 0
    discount: int = 0
    coupon: str = ""
    version: int = -1
    items: list[dict[str, Any]] = field(default_factory=list)
    refunds: dict[str, tuple[int, list[dict[str, Any]]]] = field(default_factory=dict)
    returns: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    came_back: set[str] = field(default_factory=set)
    is_test: bool = False
    is_counted: bool = False
    is_cancelled: bool = False

    @property
    def is_live(self) -> bool:
        return self.is_counted and not self.is_cancelled and not self.is_test

    @property
    def net(self) -> int:
        return max(0, self.value - sum(value for value, _ in self.refunds.values())) if self.is_live else 0


@dataclass
class Told:
    """A journey that counts: its row, its events in order, its orders and carts."""

    row: Any
    events: list[Event] = field(default_factory=list)
    stages: list[int] = field(default_factory=list)  # of these events
    orders: list[Ledger] = field(default_factory=list)
    carts: list[Any] = field(default_factory=list)

    def matches(self, filter: str) -> bool:
        kind, _, value = filter.partition("=")
        if kind == "buyer":
            return bool(self.row.is_returning) is (value == "returning")
        return not kind or getattr(self.row, kind) == value

    def of_type(self, *types: str) -> Iterator[Event]:
        return (event for event in self.events if event.type in types)

    @property
    def ordered(self) -> bool:
        return any(order.is_live for order in self.orders)


class Recount:
    """A shop's tables, read once."""

    def __init__(self, db: Connection, shop: Shop) -> None:
        self.shop = shop
        self.journeys = {
            (row.subject_id, row.number): Told(row)
            for row in db.execute(select(t.journeys).where(t.journeys.c.shop_id == shop.shop_id))
            if row.counted
        }
        self.order_rows = db.execute(select(t.orders).where(t.orders.c.shop_id == shop.shop_id)).all()
        self.cart_rows = db.execute(select(t.carts).where(t.carts.c.shop_id == shop.shop_id)).all()
        self._read_events(db)
        for cart in self.cart_rows:
            if journey := self.journeys.get((cart.subject_id, cart.number)):
                journey.carts.append(cart)

    def _read_events(self, db: Connection) -> None:
        links = t.links.c
        found = db.execute(select(links.link_id, links.subject_id).where(links.shop_id == self.shop.shop_id))
        owner = {row.link_id: row.subject_id for row in found}
        rows = db.execute(select(t.events).where(t.events.c.shop_id == self.shop.shop_id)).all()
        told = [(event_from(row)[0], row) for row in rows]
        told.sort(key=lambda one: one[0].position)
        self.events = [event for event, _ in told]
        of_order: dict[str, list[Event]] = defaultdict(list)
        for event, row in told:
            if event.source is Source.SERVER and event.order_key:
                of_order[event.order_key].append(event)
            if row.tag is not None and (journey := self.journeys.get((owner[row.link_id], Tag.load(row.tag).journey))):
                journey.events.append(event)
                journey.stages.append(Tag.load(row.tag).stage)
        for order in self.order_rows:
            if journey := self.journeys.get((order.subject_id, order.number)):
                journey.orders.append(self._ledger(order.order_key, of_order[order.order_key]))

    def _ledger(self, key: str, events: list[Event]) -> Ledger:
        ledger = Ledger(key, min(event.occurred_at for event in events if event.type == "purchase"))
        for event in events:
            data = event.data
            if event.type in ("purchase", "order_updated"):
                ledger.is_test |= bool(data.get("is_test"))
                ledger.is_cancelled |= data.get("status") in ("cancelled", "canceled", "voided")
                ledger.is_counted |= data.get("status") in self.shop.settings.counted_states
                if int(data.get("version") or 0) >= ledger.version:
                    ledger.version = int(data.get("version") or 0)
                    for name in ("currency", "value", "discount", "coupon", "items"):
                        if data.get(name) is not None:
                            setattr(ledger, name, data[name])
            elif event.type == "order_paid":
                ledger.is_counted = True
            elif event.type == "order_cancelled":
                ledger.is_cancelled = True
            elif event.type == "refund":
                ledger.refunds[str(data["refund_id"])] = (data["value"], data.get("items") or [])
            elif event.type in ("return_requested", "return_completed"):
                back = str(data.get("return_id") or "")
                ledger.returns[back] = data.get("items") or ledger.returns.get(back, [])
                if event.type == "return_completed":
                    ledger.came_back.add(back)
        return ledger

    # --- days and money

    def day(self, at: int) -> date:
        return datetime.fromtimestamp(at / 1000, self.shop.settings.tz).date()

    def own(self, minor: int, currency: str, at: int) -> int | None:
        """In the shop's currency by the rate of that day; None: nobody knows."""
        if currency in ("", self.shop.settings.currency):
            return minor
        known = [worth for day, worth in self.shop.settings.rates.get(currency, ()) if date.fromisoformat(day) <= self.day(at)]
        if not known:
            return None
        return int((Decimal(minor) * Decimal(known[-1])).to_integral_value(ROUND_HALF_EVEN))

    def net(self, order: Ledger) -> int:
        return self.own(order.net, order.currency, order.placed_at) or 0

    def began(self, since: date, until: date, filter: str = "") -> list[Told]:
        return [one for one in self.journeys.values() if since <= self.day(one.row.began_at) <= until and one.matches(filter)]

    # --- by product or category

    def goods(self, journeys: Iterable[Told], *, by_category: bool) -> dict[str, Counter[str]]:
        """key → the metrics of the reports products and categories, ratings left out."""
        found: dict[str, Counter[str]] = defaultdict(Counter)
        for journey in journeys:
            category = {_product(i): i.get("item_category") or "" for order in journey.orders for i in order.items}

            def key(item: Mapping[str, Any], category: Mapping[str, str] = category) -> str:
                return category.get(_product(item), "") if by_category else _product(item)

            did: dict[str, set[str]] = defaultdict(set)
            for event in journey.of_type("view_item"):
                item = (event.data.get("items") or [{}])[0]
                if name := (item.get("item_category") or item.get("item_list_id")) if by_category else _product(item):
                    did["looked"].add(name)
            for event in journey.of_type("add_to_cart", "update_cart", "view_cart", "begin_checkout"):
                if event.source is Source.BROWSER or not event.order_key:
                    for item in event.data.get("items") or ():
                        if name := item.get("item_category") if by_category else _product(item):
                            did["carted"].add(name)
            for order in journey.orders:
                if not order.is_live:
                    continue
                for item in order.items:
                    did["bought"].add(key(item))
                    found[key(item)]["units"] += item.get("quantity", 1)
                for product, amount in shared_out(order, self.net(order)).items():
                    found[category.get(product, "") if by_category else product]["net"] += amount
                for product, pieces in sent_back(order).items():
                    found[category.get(product, "") if by_category else product]["returned"] += pieces
            for name, keys in did.items():
                for one in keys:
                    found[one][name] += 1
            for first, then in (("looked", "carted"), ("looked", "bought"), ("carted", "bought")):
                for one in did[first] & did[then]:
                    found[one][f"{first}_{then}"] += 1
        return {key: +counts for key, counts in found.items() if +counts}

    def ratings(self, since: date, until: date, filter: str = "") -> dict[str, list[int]]:
        """Stars by product, of reviews written in the period."""
        found: dict[str, list[int]] = defaultdict(list)
        for journey in self.journeys.values():
            for event in journey.of_type("review_submitted"):
                product = event.data.get("item_id") or event.data.get("item_name")
                if product and since <= self.day(event.occurred_at) <= until and journey.matches(filter):
                    found[product].append(round(event.data["rating"]))
        return found

    # --- where journeys ended

    def ended_on(self, journey: Told) -> date | None:
        """The day on which it lapsed."""
        if journey.row.outcome != "lapsed":
            return None
        settings = self.shop.settings
        idle = settings.idle_minutes * MINUTE if journey.row.consent == "anonymous" else settings.journey_window_days * DAY
        return self.day(journey.row.last_at + idle)

    def lapsed(self, since: date, until: date, filter: str = "") -> list[Told]:
        found = ((journey, self.ended_on(journey)) for journey in self.journeys.values() if journey.matches(filter))
        return [journey for journey, day in found if day is not None and since <= day <= until]

    # --- customers

    def customers(self) -> dict[int, list[tuple[int, int, str, str | None]]]:
        """subject → (when, net, channel, country of the journey) of each live order, oldest first."""
        found: dict[int, list[Any]] = defaultdict(list)
        for row in self.order_rows:
            if row.counted_at is not None and row.cancelled_at is None:
                journey = self.journeys[row.subject_id, row.number].row
                net = self.own(row.net_minor, row.currency, row.placed_at) or 0
                found[row.subject_id].append((row.counted_at, row.order_key, net, journey.channel, journey.country))
        return {
            subject: [(at, net, *rest) for at, _, net, *rest in sorted(orders, key=lambda order: order[:2])]  # type: ignore[misc]
            for subject, orders in found.items()
        }


def _product(item: Mapping[str, Any]) -> str:
    return str(item.get("item_group_id") or item.get("item_id") or item.get("item_name") or "")


def path(url: str) -> str:
    return urlsplit(url).path or "/"


def shared_out(order: Ledger, net: int) -> dict[str, int]:
    """By what the products cost less what was refunded of them; what rounding leaves goes to the largest remainders."""
    weights: Counter[str] = Counter()
    pieces: Counter[str] = Counter()
    for item in order.items:
        weights[_product(item)] += item.get("price", 0) * item.get("quantity", 1)
        pieces[_product(item)] += item.get("quantity", 1)
    full = +weights
    for _, items in order.refunds.values():
        for item in items:
            product, quantity = _product(item), item.get("quantity", 1)
            if product in pieces:
                weights[product] -= item.get("price", 0) * quantity or full[product] * quantity // pieces[product]
    weights = +weights or full or pieces
    if not weights:
        return {"": net}
    exact = {product: Fraction(net * weight, weights.total()) for product, weight in weights.items()}
    shares = {product: int(share) for product, share in exact.items()}
    order_of = sorted(exact, key=lambda product: shares[product] - exact[product])
    for product in order_of[: net - sum(shares.values())]:
        shares[product] += 1
    return shares


def sent_back(order: Ledger) -> Counter[str]:
    """Pieces, by returns that arrived or by the items of refunds, whichever are more."""
    by_return, by_refund = Counter[str](), Counter[str]()
    for key in order.came_back:
        for item in order.returns[key]:
            by_return[_product(item)] += item.get("quantity", 1)
    for _, items in order.refunds.values():
        for item in items:
            by_refund[_product(item)] += item.get("quantity", 1)
    return by_return | by_refund


def tally(found: Iterable[Any], key: Callable[[Any], Any]) -> Counter[Any]:
    return Counter(key(one) for one in found)
