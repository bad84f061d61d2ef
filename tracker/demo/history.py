"""Believable past journeys of the demo shop, the same for the same seed.

In:  the shop, now, how many days back, a seed.
Out: make() -> (shop_id, intake body) in the order in which the door would have written them; write_intake() puts them there.

Each event is written as wire JSON and goes through the door's own stations (wire.load, reduce, pack), so that nothing is here
that a browser or the shop's server could not have sent.  To add a way of arriving: a row of WAYS; a kind of visit: a function
and its row in VISITS; something that follows an order: a function and its row in AFTERWARDS.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any, NamedTuple, TypeVar
from urllib.parse import quote

from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant, day_of, from_datetime, parse, to_datetime
from tracker.collect.intake import IntakeWriter, write_body
from tracker.collect.receive import Facts
from tracker.collect.reduce import reduce
from tracker.config import Config
from tracker.demo import facts
from tracker.demo.goods import CATEGORIES, PRODUCTS, VARIANTS, Product, Variant, matching, of_category
from tracker.demo.prices import Coupon, Priced, Totals, shipping_price, totals
from tracker.demo.state import Cart, Customer, Order, Return, Review, Ticket
from tracker.events import wire
from tracker.events.codec import pack
from tracker.events.types import Source
from tracker.shops import Shop

Wire = dict[str, Any]

_T = TypeVar("_T")

TOGETHER = 256  # bodies written before they are waited for
LATE_SHARE = 0.015  # of requests
ENGAGED_SHARE = 0.8  # of pages whose leaving is told
CANCELLED_EVERY = 29  # orders
MOST_ORDERS = 3
DEAD_CODE = "SOMMER24"


class Way(NamedTuple):
    """A way to the shop: how often, from where, with which labels, to which page."""

    weight: int
    referrer: str | None
    labels: str
    landing: str  # home, campaign, category, product, journal


_PAID = "utm_medium=paid_social&utm_campaign"
WAYS: dict[str, tuple[Way, ...]] = {
    "paid_social": (
        Way(15, "https://l.instagram.com/", f"utm_source=instagram&{_PAID}=sommer-hoer&fbclid=IwAR{{id}}", "campaign"),
        Way(9, "https://l.facebook.com/", f"utm_source=facebook&{_PAID}=freja-video&fbclid=IwAR{{id}}", "product"),
        Way(3, "https://www.tiktok.com/", f"utm_source=tiktok&{_PAID}=strik&ttclid={{id}}", "product"),
    ),
    "paid_search": (
        Way(7, "https://www.google.com/", "utm_source=google&utm_medium=cpc&utm_campaign=hoerkjoler&gclid=Cj0{id}", "category"),
        Way(2, "https://www.bing.com/", "utm_source=bing&utm_medium=cpc&utm_campaign=lyng-og-datter&msclkid={id}", "home"),
    ),
    "organic_search": (
        Way(12, "https://www.google.com/", "", "product"),
        Way(6, "https://www.google.com/", "", "category"),
        Way(4, "https://www.google.dk/", "", "journal"),
        Way(3, "https://www.bing.com/", "", "product"),
        Way(1, "https://duckduckgo.com/", "", "home"),
    ),
    "ai_assistant": (
        Way(4, "https://chatgpt.com/", "utm_source=chatgpt.com", "product"),
        Way(1, None, "utm_source=chatgpt.com", "category"),
        Way(2, "https://www.perplexity.ai/", "", "product"),
    ),
    "newsletter": (Way(9, None, "utm_source=nyhedsbrev&utm_medium=email&utm_campaign=uge-{week}", "campaign"),),
    "direct": (Way(10, None, "", "home"), Way(3, None, "", "product")),
    "price_portal": (
        Way(3, "https://www.pricerunner.dk/", "utm_source=pricerunner&utm_medium=cpc&utm_campaign=feed", "product"),
        Way(1, "https://www.prisjakt.nu/", "", "product"),
    ),
    "affiliate": (Way(3, "https://modebloggen.example/", "utm_source=partner-ads&utm_medium=affiliate", "product"),),
    "social": (Way(2, "https://www.pinterest.com/", "", "product"), Way(1, "https://www.youtube.com/", "", "home")),
}
STRAIGHT = Way(1, None, "", "home")

_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_GOOGLE = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS"
# Real ones: how often, and what they say.
AGENTS: dict[str, int] = {
    f"{_IPHONE} 18_6 like Mac OS X) {_APPLE} Version/18.6 Mobile/15E148 Safari/604.1": 26,
    f"{_IPHONE} 17_5_1 like Mac OS X) {_APPLE} Version/17.5 Mobile/15E148 Safari/604.1": 9,
    f"{_IPHONE} 18_5 like Mac OS X) {_APPLE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1": 7,
    f"Mozilla/5.0 (Linux; Android 10; K) {_GOOGLE} Chrome/139.0.0.0 Mobile Safari/537.36": 15,
    f"Mozilla/5.0 (Linux; Android 10; K) {_GOOGLE} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": 5,
    "Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0": 2,
    f"{_WINDOWS}) {_GOOGLE} Chrome/139.0.0.0 Safari/537.36": 13,
    f"{_WINDOWS}) {_GOOGLE} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0": 6,
    f"{_WINDOWS}; rv:141.0) Gecko/20100101 Firefox/141.0": 3,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/18.6 Safari/605.1.15": 8,
    f"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) {_APPLE} Version/17.7 Mobile/15E148 Safari/604.1": 3,
    f"Mozilla/5.0 (Linux; Android 13; SM-X700) {_GOOGLE} Chrome/139.0.0.0 Safari/537.36": 2,
}
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
COUNTRIES = {"DK": 78, "SE": 12, "NO": 6, "DE": 4}
CONSENTS = {"marketing": 38, "statistics": 28, "anonymous": 30, "none": 4}
# From midnight: nobody shops at four, most do after dinner.
HOURS = (6, 3, 1, 1, 1, 2, 8, 16, 20, 22, 24, 26, 30, 26, 22, 24, 26, 28, 32, 46, 58, 56, 38, 16)
WEEKDAYS = (1.0, 0.95, 0.95, 1.05, 0.9, 1.0, 1.25)  # from Monday
FIRST_NAMES = ("mette", "ida", "karen", "louise", "sofie", "anna", "emil", "jens", "mads", "line", "astrid", "elin", "hanne")
LAST_NAMES = ("holm", "lund", "berg", "dahl", "friis", "krogh", "moller", "storm", "vest", "lind", "skov", "ager")
TERMS = {"da": ("kjole", "hør", "sweater", "gave", "træsko", "bikini"), "en": ("dress", "linen", "boots", "raincoat")}
SCORES = (10, 9, 9, 8, 10, 7, 4, 9, 10, 6)
STARS = (5, 5, 4, 5, 3, 5, 4, 2)
_FIRST_DAY = parse("2020-01-01T00:00:00+00:00")  # an order's number is the minutes since; the live shop goes on from there


def make(shop: Shop, now: Instant, days: int = 28, seed: int = 1, journeys_per_day: int = 25) -> list[tuple[int, bytes]]:
    """(shop_id, intake body) of what arrived in the last `days` days, in order of arrival; before it come the orders of some
    customers of last year.  Nothing lies after `now`.
    """
    world = _World(shop, now, seed)
    for number in range(max(3, journeys_per_day * days // 60)):
        _come_from_before(world, number, days)
    today = day_of(now, shop.settings.tz)
    for back in range(days, -1, -1):
        date = today - timedelta(days=back)
        midnight = from_datetime(datetime.combine(date, time(), shop.settings.tz))
        for _ in range(round(journeys_per_day * WEEKDAYS[date.weekday()] * world.dice.uniform(0.85, 1.15))):
            hour = world.dice.choices(range(24), HOURS)[0]
            at = midnight + hour * HOUR + world.dice.randrange(HOUR)
            if now - days * DAY <= at < now:
                _pick(world.dice, {visit: weight for weight, visit in VISITS})(world, at)
    return world.rows()


def write_intake(directory: Path, bodies: Iterable[tuple[int, bytes]]) -> None:
    """Into one intake file; returns when all of it is on the disk.  Raises Unavailable."""
    writer = IntakeWriter(directory, linger_ms=0)
    try:
        waiting = iter(bodies)
        while together := list(islice(waiting, TOGETHER)):
            writer.append_all(together)
    finally:
        writer.close()


def _pick(dice: Random, weights: Mapping[_T, int]) -> _T:
    return dice.choices(list(weights), list(weights.values()))[0]


# --- the people, and what is told of them


@dataclass
class _Person:
    """A browser and who sits before it."""

    visitor_key: str
    agent: str
    address: str
    country: str
    consent: str
    email: str
    customer_key: str | None = None
    reads_since: Instant | None = None  # the newsletter
    sequence: int = 0
    order_count: int = 0

    @property
    def lang(self) -> str:
        return "da" if self.country == "DK" else "en"

    @property
    def is_joined(self) -> bool:
        return self.consent in ("statistics", "marketing")


@dataclass
class _World:
    """What has been told so far, and who may come again."""

    shop: Shop
    now: Instant
    seed: int
    told: list[tuple[Instant, int, bytes]] = field(default_factory=list)
    readers: list[_Person] = field(default_factory=list)
    order_keys: set[int] = field(default_factory=set)
    order_count: int = 0

    def __post_init__(self) -> None:
        self.dice = Random(self.seed)  # noqa: S311 - nothing here is secret, and the same seed must tell the same
        self.limits = Config()

    def rows(self) -> list[tuple[int, bytes]]:
        return [(self.shop.shop_id, body) for _, _, body in sorted(self.told)]

    def key(self, prefix: str = "") -> str:
        return f"{prefix}{self.dice.getrandbits(64):016x}"

    def person(self, agent: str | None = None) -> _Person:
        """Somebody new."""
        dice = self.dice
        name = f"{dice.choice(FIRST_NAMES)}.{dice.choice(LAST_NAMES)}{dice.randrange(10, 9_999)}@example.com"
        address = f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
        agent = agent or _pick(dice, AGENTS)
        return _Person(self.key(), agent, address, _pick(dice, COUNTRIES), _pick(dice, CONSENTS), name)

    def browse(self, person: _Person, events: Sequence[Wire]) -> None:
        """One request of a browser.  Now and then it comes hours late, from a phone that was without net."""
        dice = self.dice
        late = dice.randrange(30 * MINUTE, 20 * HOUR) if dice.random() < LATE_SHARE else 0
        received_at = events[-1]["occurred_at"] + dice.randrange(400, 1_800) + late
        seen = Facts(person.address, None, None, person.agent, person.country, False)
        self._receive(events, Source.BROWSER, seen, received_at)

    def send(self, *events: Wire) -> None:
        """One request of the shop's server."""
        received_at = events[-1]["occurred_at"] + self.dice.randrange(300, 2_500)
        self._receive(events, Source.SERVER, Facts("", None, None, "", None, False), received_at)

    def _receive(self, events: Sequence[Wire], source: Source, seen: Facts, received_at: Instant) -> None:
        if received_at >= self.now:
            return
        shop, salt, kept, counted = self.shop, self._salt(received_at), [], Counter[str]()
        for event in events:
            loaded = wire.load(
                event, event, source, received_at=received_at, currency=shop.settings.currency,
                default_consent=shop.consent_unknown, limits=self.limits,
            )  # fmt: skip
            reduced = reduce(loaded.event, seen, shop.shop_id, salt)
            if reduced is None:
                counted[loaded.event.type] += 1
            else:
                kept.append(pack(reduced))
        self.told.append((received_at, len(self.told), write_body(received_at, events=kept, counted=counted)))

    def _salt(self, at: Instant) -> bytes:
        return hashlib.sha256(f"{self.seed} {at // DAY}".encode()).digest()

    def order_key(self, at: Instant) -> str:
        number = (at - _FIRST_DAY) // MINUTE
        while number in self.order_keys:
            number += 1
        self.order_keys.add(number)
        return str(number)


class _Visit:
    """One session: `at` is where the clock stands, `url` the page that is open."""

    def __init__(self, world: _World, person: _Person, at: Instant, way: Way | None = None) -> None:
        self.world, self.person, self.dice, self.at = world, person, world.dice, at
        self.root = f"https://{world.shop.hosts[0]}/demo/{person.lang}"
        self.cart = Cart(world.key("cart-"), visitor_key=person.visitor_key, consent=person.consent)
        way = way or _way(world, person)
        self.referrer = way.referrer
        self.labels = way.labels.format(id=world.key(), week=_week(at))
        self.landing = way.landing
        self.url = ""

    # --- pages

    def page(self, path: str, kind: str, title: str, *tells: tuple[str, Wire], seconds: tuple[int, int] = (6, 70)) -> None:
        """Open a page, do there what `tells` says, leave it.  One request a page."""
        page = {"url": self.root + path + self._query(path), "title": f"{title} – Lyng & Datter", "kind": kind}
        if self.referrer:
            page["referrer"] = self.referrer
        events = [self._event("page_view", page, {})]
        for name, data in tells:
            self.at += self.dice.randrange(300, 9_000)
            extra = data.pop("_extra", {})
            events.append({**self._event(name, page, data), **extra})
        visible = self.dice.randint(*seconds)
        self.at += visible * SECOND
        if self.dice.random() < ENGAGED_SHARE:
            data = {"visible_seconds": visible, "scroll_share": round(self.dice.uniform(0.15, 1.0), 2)}
            events.append(self._event("page_engaged", page, data))
        self.world.browse(self.person, events)
        self.referrer = self.url = page["url"]
        self.at += self.dice.randrange(500, 4_000)

    def _query(self, path: str) -> str:
        labels, self.labels = self.labels, ""
        return ("&" if "?" in path else "?") + labels if labels else ""

    def _event(self, name: str, page: Wire, data: Wire) -> Wire:
        person = self.person
        person.sequence += 1
        event = {"event_id": self.world.key(), "type": name, "occurred_at": self.at, "sequence": person.sequence, "page": page}
        event |= {"visitor_key": person.visitor_key, "consent": person.consent}
        if data:
            event["data"] = data
        if person.customer_key:
            event["customer_key"] = person.customer_key
        return event

    def t(self, da: str, en: str) -> str:
        return da if self.person.lang == "da" else en

    # --- places of the shop

    def land(self) -> None:
        """The page that the way here leads to."""
        places: dict[str, Callable[[], object]] = {
            "home": self.home,
            "campaign": self.campaign,
            "category": self.shelf,
            "product": self.product,
            "journal": self.read,
        }
        places[self.landing]()

    def home(self) -> None:
        name = self.t("Sommerens hør", "Summer linen")
        told = {"promotion_id": "sommer-hoer", "promotion_name": name, "creative_slot": "hero"}
        self.page("", "home", self.t("Forside", "Home"), ("view_promotion", told))

    def campaign(self) -> None:
        title = self.t("Sommerens hør", "Summer linen")
        shelf = [PRODUCTS[key] for key in ("freja", "klit", "signe", "strand", "eng", "dug")]
        told = facts.tell_list("summer", title, shelf, self.person.lang)
        self.page(self.t("/sommer", "/summer"), "campaign", title, ("view_item_list", told))

    def shelf(self, *, filtered: bool = False) -> None:
        category = self.dice.choice(list(CATEGORIES.values()))
        name, products = category.name.read(self.person.lang), of_category(category.key)
        told = facts.tell_list(category.key, name, products, self.person.lang)
        path = f"{self.t('/butik', '/shop')}/{category.slug.read(self.person.lang)}"
        if filtered:
            told |= {"filters": [f"size:{products[0].sizes[0]}"], "sort": "new", "results_count": len(products)}
            self.page(f"{path}?size={products[0].sizes[0]}&sort=new", "category", name, ("filter_item_list", told))
        else:
            self.page(path, "category", name, ("view_item_list", told))

    def product(self, product: Product | None = None, *more: str) -> Variant:
        """Look at one; `more` are further event types about it: view_reviews, view_size_guide, add_to_wishlist …"""
        product = product or self.dice.choice(list(PRODUCTS.values()))
        variant = self.dice.choice([one for one in product.variants if not one.sold_out])
        told = facts.tell_items([variant], self.person.lang)
        extra: dict[str, Wire] = {
            "view_reviews": {"reviews_count": len(product.opinions)},
            "add_to_cart": {"_extra": self._of_cart()},
        }
        tells = [(name, {"items": told["items"], **extra.get(name, {})}) for name in more]
        path = f"{self.t('/vare', '/product')}/{product.key}"
        self.page(path, "product", product.title(self.person.lang), ("view_item", told), *tells, seconds=(10, 180))
        return variant

    def search(self) -> None:
        term = self.dice.choice(TERMS[self.person.lang])
        found = matching(term, self.person.lang)
        told = {"search_term": term, "results_count": len(found)}
        self.page(f"{self.t('/soeg', '/search')}?q={quote(term)}", "search", self.t("Søg", "Search"), ("search", told))

    def seek(self) -> None:
        """Say what is needed without the right word for it."""
        self.page(*self.dice.choice((
            (self.t("/gavefinder", "/gift-finder"), "quiz", self.t("Gavefinder", "Gift finder")),
            ("/inspiration", "inspiration", self.t("En dag på heden", "A day on the heath")),
        )))  # fmt: skip

    def read(self) -> None:
        self.page(*self.dice.choice((
            (self.t("/journal/vaevestuen", "/journal/weaving-mill"), "blog", self.t("I vævestuen", "At the mill")),
            (self.t("/guide/hoer", "/guide/linen"), "guide", self.t("Pas på din hør", "Caring for linen")),
            (self.t("/levering", "/delivery"), "delivery_info", self.t("Levering", "Delivery")),
            (self.t("/om-os", "/about"), "about", self.t("Om os", "About us")),
            (self.t("/spoergsmaal", "/faq"), "faq", self.t("Spørgsmål", "Questions")),
        )), seconds=(20, 200))  # fmt: skip

    def compare(self, products: Sequence[Product]) -> None:
        told = facts.tell_items([product.variants[0] for product in products], self.person.lang)
        path = f"{self.t('/sammenlign', '/compare')}?items={','.join(product.key for product in products)}"
        self.page(path, "other", self.t("Sammenlign", "Compare"), ("compare_items", {"items": told["items"]}))

    def subscribe(self) -> None:
        """The newsletter, told with the page that is looked at anyway."""
        data = {
            "email": self.person.email,
            "list": "nyhedsbrev",
            "method": "popup",
            "form_id": "popup",
            "text_version": "2026-03",
        }
        self.page("", "home", self.t("Forside", "Home"), ("newsletter_subscribe", data))
        if self.person.is_joined:
            self.person.reads_since = self.at
            self.world.readers.append(self.person)

    # --- cart and checkout

    def _of_cart(self) -> Wire:
        return {"cart_key": self.cart.cart_key}

    def take(self, product: Product | None = None) -> None:
        """Look at a product and put it into the cart."""
        variant = self.product(product, "select_item_variant", "add_to_cart")
        self.cart.lines[variant.sku] = self.cart.lines.get(variant.sku, 0) + 1

    def totals(self, shipping: str = "") -> Totals:
        lines = [Priced(sku, VARIANTS[sku].product.price_minor, count) for sku, count in self.cart.lines.items()]
        coupon = Coupon(self.cart.coupon, percent=10) if self.cart.coupon else None
        goods = totals(lines, coupon, 0)
        return totals(lines, coupon, shipping_price(shipping, goods.goods_minor - goods.discount_minor)) if shipping else goods

    def tell_cart(self, **more: object) -> Wire:
        return {**facts.tell_cart(self.cart, self.totals(), self.person.lang), **more, "_extra": self._of_cart()}

    def see_cart(self, code: str | None = None) -> None:
        tells = [("view_cart", self.tell_cart())]
        if code == DEAD_CODE:
            tells.append(("coupon_denied", {"coupon": code, "reason": "expired", "_extra": self._of_cart()}))
        elif code:
            self.cart.coupon = code
            off = facts.amount(self.totals().discount_minor)
            tells.append(("apply_coupon", {"coupon": code, "currency": "DKK", "discount": off, "_extra": self._of_cart()}))
        self.page(self.t("/kurv", "/basket"), "cart", self.t("Kurv", "Basket"), *tells)

    def check_out(self, steps: int, payment: str = "card", shipping: str = "parcel_shop") -> None:
        """The first `steps` of the four."""
        person = self.person
        tells: list[tuple[str, str, Wire]] = [
            ("contact", "add_contact_info", self.tell_cart()),
            ("address", "add_address_info", self.tell_cart()),
            ("shipping", "add_shipping_info", self.tell_cart(shipping_tier=shipping)),
            ("payment", "add_payment_info", self.tell_cart(payment_type=payment)),
        ]
        if person.is_joined:
            tells[0][2]["_extra"] = {**self._of_cart(), "email": person.email}
        for number, (step, name, data) in enumerate(tells[: max(1, steps)]):
            before = [("begin_checkout", self.tell_cart())] if number == 0 else []
            if step == "payment" and self.dice.random() < 0.12:
                before.append(("checkout_error", {"step": "payment", "code": "card_declined", "_extra": self._of_cart()}))
            done = [(name, data)] if number < steps else []
            path = f"{self.t('/kassen', '/checkout')}/{step}"
            self.page(path, "checkout", self.t("Kassen", "Checkout"), *before, *done, seconds=(10, 90))


def _way(world: _World, person: _Person) -> Way:
    """Only who reads the newsletter comes by it."""
    ways = [way for name, some in WAYS.items() for way in some if person.reads_since or name != "newsletter"]
    return world.dice.choices(ways, [way.weight for way in ways])[0]


def _week(at: Instant) -> int:
    return to_datetime(at).isocalendar().week


# --- kinds of visits: each tells one whole journey from `at` on, as far as it gets


def _bounce(world: _World, at: Instant) -> None:
    _Visit(world, world.person(), at).land()


def _look_around(world: _World, at: Instant) -> None:
    visit = _Visit(world, world.person(), at)
    visit.land()
    for _ in range(world.dice.randint(1, 5)):
        world.dice.choice((visit.shelf, visit.product, visit.product, visit.home, visit.read, visit.search))()


def _seek(world: _World, at: Instant) -> None:
    """Knows the need but not yet the product."""
    visit = _Visit(world, world.person(), at, WAYS["organic_search"][2] if world.dice.random() < 0.5 else None)
    visit.land()
    world.dice.choice((visit.seek, visit.search))()
    for _ in range(world.dice.randint(0, 3)):
        world.dice.choice((visit.product, visit.search, visit.read))()


def _decide_later(world: _World, at: Instant) -> None:
    """Reads the banner after the first page: what came before was anonymous."""
    person = world.person()
    person.consent = "anonymous"
    visit = _Visit(world, person, at)
    visit.land()
    person.consent = "statistics"
    told = {"level": "statistics", "previous_level": "anonymous", "method": "banner"}
    visit.page("", "home", visit.t("Forside", "Home"), ("consent_update", told))
    for _ in range(world.dice.randint(1, 4)):
        world.dice.choice((visit.shelf, visit.product))()


def _research(world: _World, at: Instant) -> _Visit:
    """Two to four sessions over some days, about the same few products."""
    dice, person = world.dice, world.person()
    wanted = dice.sample(list(PRODUCTS.values()), 2)
    for number in range(dice.randint(2, 4)):
        visit = _Visit(world, person, at)
        if number == 0 or dice.random() < 0.5:
            visit.land()
        visit.product(wanted[0], *dice.sample(("view_reviews", "view_size_guide", "select_item_variant", "add_to_wishlist"), 2))
        dice.choice((lambda v: v.shelf(filtered=True), lambda v: v.compare(wanted), lambda v: v.product(wanted[1])))(visit)
        if number == 0 and dice.random() < 0.25:
            visit.subscribe()
        at = visit.at + dice.randrange(5 * HOUR, 4 * DAY)
    visit.at = at  # whoever goes on from here comes back on another day
    return visit


def _abandon(world: _World, at: Instant) -> None:
    """Something in the cart, perhaps some steps of the checkout, no order."""
    visit = _Visit(world, world.person(), at)
    visit.land()
    visit.take()
    if world.dice.random() < 0.5:
        visit.see_cart(DEAD_CODE if world.dice.random() < 0.2 else None)
    if world.dice.random() < 0.45:
        visit.check_out(world.dice.randint(0, 3))


def _read_newsletter(world: _World, at: Instant) -> None:
    """A subscriber follows a mail; in the beginning there are only those from before."""
    readers = [person for person in world.readers if (person.reads_since or at) < at - DAY]
    if readers and world.dice.random() < 0.7:
        person = world.dice.choice(readers)
    else:
        person = world.person()
        person.reads_since, person.consent = at, "marketing"
        world.readers.append(person)
    _click_mail(world, person, at, "newsletter", f"uge-{_week(at)}")
    visit = _Visit(world, person, at + 2 * SECOND, WAYS["newsletter"][0])
    visit.land()
    for _ in range(world.dice.randint(0, 3)):
        visit.product()


def _buy_at_once(world: _World, at: Instant) -> None:
    visit = _Visit(world, world.person(), at)
    visit.land()
    visit.product()
    _order(world, visit)


def _buy_after_thought(world: _World, at: Instant) -> None:
    _order(world, _Visit(world, (found := _research(world, at)).person, found.at))


def _crawl(world: _World, at: Instant) -> None:
    """A robot: it goes through the shelf and has no consent to give."""
    robot = world.person(world.dice.choice(ROBOTS))
    robot.consent = "anonymous"
    visit = _Visit(world, robot, at, STRAIGHT)
    visit.land()
    for product in world.dice.sample(list(PRODUCTS.values()), world.dice.randint(3, 9)):
        visit.product(product)


VISITS: tuple[tuple[int, Callable[[_World, Instant], Any]], ...] = (
    (380, _bounce),
    (270, _look_around),
    (60, _seek),
    (40, _decide_later),
    (110, _research),
    (70, _abandon),
    (30, _read_newsletter),
    (14, _buy_at_once),
    (14, _buy_after_thought),
    (12, _crawl),
)


# --- an order


def _order(world: _World, visit: _Visit) -> Order:
    """From the cart to the receipt, and what follows it."""
    dice, person = world.dice, visit.person
    for _ in range(dice.choice((1, 1, 2, 3))):
        visit.take()
    visit.see_cart("HEJ10" if dice.random() < 0.3 else None)
    payment, shipping = ("card", "card", "card", "cod")[dice.randrange(4)], dice.choice(("parcel_shop", "parcel_shop", "home"))
    visit.check_out(4, payment, shipping)
    order = _placed(world, visit, payment, shipping)
    placed = facts.purchase(order, person.order_count) | {"country": person.country}
    paid = [facts.paid(order, visit.at + 2 * SECOND)] if payment == "card" else []
    world.send(placed, *paid)
    seen = ("purchase", {"transaction_id": order.order_key})
    visit.at += 3 * SECOND
    path = f"{visit.t('/kvittering', '/receipt')}/{order.order_key}"
    visit.page(path, "receipt", visit.t("Tak for din ordre", "Thank you"), seen)
    world.order_count += 1
    _deliver(world, person, order, visit.at)
    return order


def _placed(world: _World, visit: _Visit, payment: str, shipping: str) -> Order:
    """The cart as an order.  Who orders is a customer from now on."""
    person = visit.person
    person.order_count += 1
    person.customer_key = person.customer_key or world.key("c-")
    return Order(
        order_key=world.order_key(visit.at),
        cart_key=visit.cart.cart_key,
        placed_at=visit.at,
        lang=person.lang,
        email=person.email,
        name="",
        phone="",
        street="",
        postcode="",
        city="",
        payment=payment,
        shipping=shipping,
        totals=visit.totals(shipping),
        coupon=visit.cart.coupon,
        customer_key=person.customer_key,
        visitor_key=_visitor(person),
        consent=person.consent,
        user_agent=person.agent,
    )


def _deliver(world: _World, person: _Person, order: Order, at: Instant) -> None:
    """The shop's part, then what this order's turn is: the n-th of AFTERWARDS for the n-th order, so that each comes about."""
    dice, number = world.dice, world.order_count
    _mail(world, person, at, "order", "ordre", opened=number % 2 == 0, order=order)
    if number % CANCELLED_EVERY == 0:
        world.send(facts.cancelled(order, at + 3 * HOUR))
        return
    order.parcel_key = f"3707{order.order_key}"
    shipped_at = at + dice.randrange(8 * HOUR, 40 * HOUR)
    delivered_at = shipped_at + dice.randrange(20 * HOUR, 60 * HOUR)
    world.send(facts.shipped(order, shipped_at, f"https://tracking.postnord.com/dk/?id={order.parcel_key}"))
    if number % 3 == 0:
        _see_order(world, person, order, shipped_at + 3 * HOUR, "", "order_tracking")
    world.send(facts.delivered(order, delivered_at))
    for step in sorted({number % len(AFTERWARDS), (number * 3 + 2) % len(AFTERWARDS)}):  # seldom the same two
        AFTERWARDS[step](world, person, order, delivered_at + dice.randrange(4 * HOUR, 4 * DAY))


def _see_order(world: _World, person: _Person, order: Order, at: Instant, below: str, kind: str) -> None:
    visit = _Visit(world, person, at, STRAIGHT)
    visit.page(f"{visit.t('/ordre', '/order')}/{order.order_key}{below}", kind, visit.t("Din ordre", "Your order"))


def _customer(person: _Person) -> Customer:
    return Customer(person.customer_key or "", person.email, points=50, referral=person.visitor_key[:8])


def _visitor(person: _Person) -> str | None:
    return person.visitor_key if person.is_joined else None


def _review(world: _World, person: _Person, order: Order, at: Instant) -> None:
    bought = VARIANTS[order.totals.lines[0].sku].product
    stars = STARS[world.order_count % len(STARS)]
    review = Review(bought.key, person.email, "", stars, "", "…" if stars > 2 else "", at)
    _mail(world, person, at - 2 * HOUR, "review_request", "anmeld", opened=True, order=order)
    world.send(facts.reviewed(review, order, _visitor(person), person.consent, person.customer_key))


def _answer_survey(world: _World, person: _Person, order: Order, at: Instant) -> None:
    data = {"survey_id": "efter-levering", "type": "nps", "score": SCORES[world.order_count % len(SCORES)], "scale_max": 10}
    world.send(_of_person("survey_submitted", person, at, {**data, "transaction_id": order.order_key}, world))


def _join_club(world: _World, person: _Person, order: Order, at: Instant) -> None:
    customer = _customer(person)
    world.send(facts.joined(customer, at, _visitor(person), person.consent))
    world.send(facts.points_earned(customer, order, customer.points, at + MINUTE))
    visit = _Visit(world, person, at + 5 * MINUTE, STRAIGHT)
    visit.page(visit.t("/konto", "/account"), "account", visit.t("Min konto", "My account"))


def _share(world: _World, person: _Person, order: Order, at: Instant) -> None:
    visit = _Visit(world, person, at, STRAIGHT)
    product = VARIANTS[order.totals.lines[0].sku].product
    told = {"method": "whatsapp", "content_type": "product", "item_id": product.key}
    visit.page(f"{visit.t('/vare', '/product')}/{product.key}", "product", product.title(person.lang), ("share", told))


def _recommend(world: _World, person: _Person, order: Order, at: Instant) -> None:
    """A link for friends, and one who follows it."""
    customer = _customer(person)
    world.send(facts.referral("referral_link_created", f"friend-link-{customer.referral}", customer, at))
    visit = _Visit(world, world.person(), at + DAY, Way(1, None, "utm_source=ven&utm_medium=referral", "home"))
    world.send(facts.referral("referral_visit", world.key("friend-"), customer, at + DAY))
    visit.page(f"{visit.t('/ven', '/friend')}/{customer.referral}", "campaign", visit.t("En gave fra en ven", "A gift"))
    visit.product()


def _ask_support(world: _World, person: _Person, order: Order, at: Instant) -> None:
    topic = ("delivery", "product", "complaint")[world.order_count % 3]
    asked = Ticket(
        world.key("t-"), at, person.email, topic, "", person.customer_key, order.order_key, _visitor(person), person.consent
    )
    world.send(facts.ticket_created(asked))
    world.send(facts.ticket_closed(asked, at + world.dice.randrange(HOUR, 2 * DAY)))


def _send_back(world: _World, person: _Person, order: Order, at: Instant) -> None:
    """One line of the order comes back, and its money is given back."""
    asked = Return("1", at, order.totals.lines[0].sku, world.dice.choice(("too_small", "regret")))
    world.send(facts.return_requested(order, asked))
    back_at = at + world.dice.randrange(2 * DAY, 5 * DAY)
    world.send(facts.return_completed(order, asked, back_at))
    world.send(facts.refunded(order, facts.refund_of(order, [asked.sku], back_at + HOUR)))


def _get_started(world: _World, person: _Person, order: Order, at: Instant) -> None:
    _see_order(world, person, order, at, "/kom-godt-i-gang", "getting_started")
    visit = _Visit(world, person, at + 3 * DAY, STRAIGHT)
    visit.page(visit.t("/guide/hoer", "/guide/linen"), "guide", visit.t("Pas på din hør", "Caring for linen"))


def _order_again(world: _World, person: _Person, order: Order, at: Instant) -> None:
    """Comes back by a mail, as a customer, and buys once more."""
    again = at + world.dice.randrange(2 * DAY, 9 * DAY)
    _click_mail(world, person, again, "newsletter", f"uge-{_week(again)}")
    visit = _Visit(world, person, again + 2 * SECOND, WAYS["newsletter"][0])
    visit.land()
    if person.order_count < MOST_ORDERS:
        _order(world, visit)


AFTERWARDS: tuple[Callable[[_World, _Person, Order, Instant], None], ...] = (
    _review,
    _answer_survey,
    _order_again,
    _join_club,
    _get_started,
    _send_back,
    _share,
    _ask_support,
    _review,
    _recommend,
    _answer_survey,
)


# --- mails, and customers of last year


def _of_person(name: str, person: _Person, at: Instant, data: Wire, world: _World) -> Wire:
    event = {"event_id": world.key(), "type": name, "occurred_at": at, "consent": person.consent, "email": person.email}
    if person.customer_key:
        event["customer_key"] = person.customer_key
    return {**event, "data": data}


def _mail(
    world: _World, person: _Person, at: Instant, purpose: str, campaign: str, *, opened: bool, order: Order | None = None
) -> Wire:
    """Sent, and perhaps opened; what every event about this mail says."""
    data: Wire = {"message_id": world.key("m-"), "purpose": purpose, "campaign": campaign}
    if order:
        data["transaction_id"] = order.order_key
    world.send(_of_person("email_sent", person, at, data, world))
    if opened:
        world.send(_of_person("email_opened", person, at + world.dice.randrange(MINUTE, HOUR), data, world))
    return data


def _click_mail(world: _World, person: _Person, at: Instant, purpose: str, campaign: str) -> None:
    """The mail was there for some hours; the click is at `at`."""
    data = _mail(world, person, at - world.dice.randrange(2 * HOUR, 20 * HOUR), purpose, campaign, opened=False)
    link = f"https://{world.shop.hosts[0]}/demo/{person.lang}/"
    world.send(_of_person("email_clicked", person, at, {**data, "url": link}, world))


def _come_from_before(world: _World, number: int, days: int) -> None:
    """A customer who has been silent for longer than the lapse time: every third answers a win-back, every third comes by
    themselves, the rest stay away.
    """
    dice, person = world.dice, world.person()
    person.consent = "marketing"
    lapse = world.shop.settings.lapse_days
    first = world.now - days * DAY - dice.randrange((lapse + 10) * DAY, (lapse + 130) * DAY)
    visit = _Visit(world, person, first, STRAIGHT)  # only its order is told: the tracker came later
    product = dice.choice(list(PRODUCTS.values()))
    visit.cart.lines[product.variants[-1].sku] = 1
    _import_order(world, person, visit)
    again = world.now - dice.randrange(2 * HOUR, max(DAY, days * DAY))
    if number % 3 == 0:
        _click_mail(world, person, again, "win_back", "vi-savner-dig")
    if number % 3 <= 1:
        back = _Visit(world, person, again + 2 * SECOND, WAYS["newsletter" if number % 3 == 0 else "direct"][0])
        back.land()
        back.product()
        if number % 6 == 0:
            _order(world, back)


def _import_order(world: _World, person: _Person, visit: _Visit) -> None:
    order = _placed(world, visit, "card", "parcel_shop")
    order.parcel_key = f"3707{order.order_key}"
    world.send(facts.purchase(order, 1) | {"country": person.country}, facts.paid(order, visit.at + 2 * SECOND))
    world.send(facts.shipped(order, visit.at + DAY, f"https://tracking.postnord.com/dk/?id={order.parcel_key}"))
    world.send(facts.delivered(order, visit.at + 3 * DAY))
