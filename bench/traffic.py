"""Mixed shop traffic: sessions of 5 to 15 events with addresses, items, carts, orders and what follows them.

In:  a seed, how many events, when they end.
Out: wire requests as a browser or the shop's server sends them, and the same as intake bodies, which the door's own stations
     (wire.load, reduce, pack) make of them.

Who comes: four of five sessions are a new visitor's, the rest of somebody who was there before; three of four have consent to
statistics.  One session in four fills a cart, one in twenty-five orders; an order has its payment, a mail, its shipping and its
delivery.  A request holds what happens on one page, two to four events.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from random import Random
from typing import Any

import orjson

from tracker.clock import DAY, HOUR, SECOND, Instant
from tracker.collect.receive import Facts
from tracker.collect.reduce import reduce
from tracker.config import Config
from tracker.events import wire
from tracker.events.codec import pack
from tracker.events.types import Consent, Source

Wire = dict[str, Any]
HOST = "shop.example"
CATEGORIES = ("kjoler", "bluser", "strik", "bukser", "sko", "tasker", "smykker", "bolig")
NAMES = ("Vilma", "Alma", "Freja", "Signe", "Ylva", "Asta", "Ronja", "Liv", "Saga", "Tove", "Nova", "Ella", "Karla", "Maja")
ARRIVALS = (
    ("https://www.google.com/", ""),
    ("https://www.google.com/", "?utm_source=google&utm_medium=cpc&utm_campaign=efteraar&gclid=Cj0KCQ{n}"),
    ("https://l.instagram.com/", "?utm_source=instagram&utm_medium=paid_social&utm_campaign=ny-kollektion&fbclid=IwAR{n}"),
    ("https://l.facebook.com/", "?utm_source=facebook&utm_medium=paid_social&utm_campaign=retargeting&fbclid=IwAR{n}"),
    (None, "?utm_source=nyhedsbrev&utm_medium=email&utm_campaign=uge-38"),
    ("https://chatgpt.com/", "?utm_source=chatgpt.com"),
    ("https://www.pricerunner.dk/", ""),
    (None, ""),
)
AGENTS = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_6 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 "
    "Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Mobile Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/139.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.6 Safari/605.1.15",
)
_SALT = b"of the benchmark"
_LIMITS = Config()


@dataclass
class Visitor:
    """A browser."""

    key: str
    agent: str
    address: str
    consent: str
    email: str
    sequence: int = 0


@dataclass(frozen=True)
class Request:
    """What one POST holds."""

    at: Instant
    visitor: Visitor | None  # None: the shop's server
    events: list[Wire]


@dataclass
class _Session:
    """One visitor's way through the shop; `requests` is what it has sent."""

    dice: Random
    visitor: Visitor
    at: Instant
    arrival: tuple[str | None, str]
    requests: list[Request] = field(default_factory=list)
    url: str | None = None
    cart: list[Wire] = field(default_factory=list)

    @property
    def length(self) -> int:
        return sum(len(request.events) for request in self.requests)

    def page(self, path: str, kind: str, *tells: tuple[str, Wire]) -> None:
        referrer, labels = (self.url, "") if self.url else self.arrival
        page = {
            "url": f"https://{HOST}/{path}{labels.format(n=self.dice.getrandbits(80))}",
            "title": f"{path} | Havblik",
            "kind": kind,
        }
        if referrer:
            page["referrer"] = referrer
        events = []
        for name, data in (
            ("page_view", {}),
            *tells,
            ("page_engaged", {"visible_seconds": self.dice.randint(2, 90), "scroll_share": 0.7}),
        ):
            self.visitor.sequence += 1
            event: Wire = {"event_id": f"{self.dice.getrandbits(72):018x}", "type": name, "occurred_at": self.at, "page": page}
            event |= {"visitor_key": self.visitor.key, "consent": self.visitor.consent, "sequence": self.visitor.sequence}
            if data:
                event["data"] = data
            if self.cart:
                event["cart_key"] = f"c-{self.visitor.key}"
            events.append(event)
            self.at += self.dice.randrange(500, 12_000)
        self.requests.append(Request(self.at, self.visitor, events))
        self.url = page["url"]
        self.at += self.dice.randrange(1_000, 20_000)

    def item(self) -> Wire:
        number = self.dice.randrange(900)
        name, category = NAMES[number % len(NAMES)], CATEGORIES[number % len(CATEGORIES)]
        told = {
            "item_id": f"HB-{number:04}-{38 + number % 6}",
            "item_group_id": f"HB-{number:04}",
            "item_name": f"{name} {category}",
        }
        return {
            **told,
            "item_category": category.title(),
            "item_brand": "Havblik",
            "price": 199 + number % 40 * 25,
            "quantity": 1,
        }

    def browse(self) -> None:
        """One page of no great purpose."""
        choice = self.dice.random()
        item = self.item()
        if choice < 0.2:
            path = f"kategori/{self.dice.choice(CATEGORIES)}"
            items = [{**self.item(), "index": place} for place in range(1, 9)]
            self.page(path, "category", ("view_item_list", {"item_list_id": path, "items": items}))
        elif choice < 0.85:
            more = [("select_item_variant", {"items": [item]})] if self.dice.random() < 0.3 else []
            told = ("view_item", {"currency": "DKK", "value": item["price"], "items": [item]})
            self.page(f"produkt/{item['item_name'].replace(' ', '-').lower()}-{item['item_id']}", "product", told, *more)
        elif choice < 0.93:
            self.page("?s=sommerkjole", "search", ("search", {"search_term": "sommerkjole", "results_count": 14}))
        else:
            self.page("blog/saadan-vasker-du-uld", "blog")

    def fill_cart(self) -> None:
        item = self.item()
        self.cart.append(item)
        told = {"currency": "DKK", "value": item["price"], "items": [item]}
        self.page(f"produkt/{item['item_id']}", "product", ("view_item", told), ("add_to_cart", told))

    def check_out(self) -> Wire:
        """The steps; what the cart says of itself."""
        told = {"currency": "DKK", "value": sum(item["price"] for item in self.cart), "items": self.cart}
        self.page("kurv", "cart", ("view_cart", told))
        self.page("kassen", "checkout", ("begin_checkout", told), ("add_contact_info", {}), ("add_payment_info", {}))
        return told

    def order(self, key: str) -> None:
        """The shop's server tells of the order and of what follows it."""
        told = self.check_out()
        net = round(told["value"] * 0.8, 2)
        named = {"transaction_id": key}
        money = {
            "currency": "DKK",
            "value": net,
            "tax": round(net * 0.25, 2),
            "shipping": 31.2,
            "total_value": told["value"] + 39,
        }
        about = {"consent": self.visitor.consent, "email": self.visitor.email, "customer_key": self.visitor.key[:8]}
        keys = {**about, "visitor_key": self.visitor.key, "cart_key": f"c-{self.visitor.key}", "country": "DK"}
        self._server(0, "purchase", {**named, **money, "status": "placed", "items": told["items"]}, f"purchase-{key}", keys)
        self._server(2 * SECOND, "order_paid", {**named, "payment_type": "card"}, f"paid-{key}", about)
        self.page(f"kassen/ordre/{key}", "receipt", ("purchase", named))
        self._server(30 * SECOND, "email_sent", {**named, "message_id": f"m-{key}", "purpose": "order"}, f"mail-{key}", about)
        self._server(20 * HOUR, "order_shipped", {**named, "parcel_id": f"p-{key}", "carrier": "GLS"}, f"ship-{key}", about)
        self._server(
            50 * HOUR, "order_delivered", {**named, "parcel_id": f"p-{key}", "carrier": "GLS"}, f"deliver-{key}", about
        )

    def _server(self, later: int, name: str, data: Wire, event_id: str, about: Wire) -> None:
        at = self.at + later
        self.requests.append(
            Request(at, None, [{"event_id": event_id, "type": name, "occurred_at": at, **about, "data": data}])
        )


def sessions(seed: int, until: Instant, days: int = 2) -> Iterator[list[Request]]:
    """Without end.  They begin evenly over the `days` before `until`; what follows an order lies after its session."""
    dice = Random(seed)
    known: list[Visitor] = []
    number = 0
    while True:
        number += 1
        visitor = dice.choice(known) if known and dice.random() < 0.2 else _visitor(dice)
        if len(known) < 2_000:
            known.append(visitor)
        at = until - 3 * DAY - dice.randrange(days * DAY)
        session = _Session(dice, visitor, at, dice.choice(ARRIVALS))
        length, kind = dice.randint(5, 15), dice.random()
        session.browse()
        while session.length < length - (8 if kind < 0.04 else 4 if kind < 0.25 else 0):
            session.browse()
        if kind < 0.25:
            session.fill_cart()
        if kind < 0.04:
            session.order(f"{seed}-{number}")
        yield session.requests


def requests(seed: int, count: int, until: Instant, days: int = 2) -> list[Request]:
    """At least `count` events, in order of arrival."""
    found: list[Request] = []
    events = 0
    for some in sessions(seed, until, days):
        found += some
        events += sum(len(request.events) for request in some)
        if events >= count:
            break
    return sorted(found, key=lambda request: request.at)


def body(request: Request) -> bytes:
    """As the door writes it into the intake."""
    visitor = request.visitor
    source = Source.BROWSER if visitor else Source.SERVER
    seen = Facts(visitor.address if visitor else "", None, None, visitor.agent if visitor else "", "DK", False)
    received_at = request.at + 700
    kept = []
    for event in request.events:
        loaded = wire.load(
            event, event, source, received_at=received_at, currency="DKK", default_consent=Consent.ANONYMOUS, limits=_LIMITS
        )
        reduced = reduce(loaded.event, seen, 1, _SALT)
        assert reduced is not None
        kept.append(pack(reduced))
    return orjson.dumps({"received_at": received_at, "events": kept})


def _visitor(dice: Random) -> Visitor:
    key = f"{dice.getrandbits(96):024x}"
    address = f"10.{dice.randrange(256)}.{dice.randrange(256)}.7"
    consent = "statistics" if dice.random() < 0.75 else "anonymous"
    return Visitor(key, dice.choice(AGENTS), address, consent, f"{key[:10]}@example.com")
