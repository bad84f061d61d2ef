"""Who comes: people, their devices, what they allow.  To let another device come: a row of PHONES or COMPUTERS."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TypeVar

from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.demo.goods import CATEGORIES
from tracker.demo.past.markets import MARKETS, Market
from tracker.demo.state import Cart, Customer

_T = TypeVar("_T")

_APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
_GOOGLE = "AppleWebKit/537.36 (KHTML, like Gecko)"
_WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS"
# Real ones: what they say, and how often they come.
PHONES: Mapping[str, int] = {
    f"{_IPHONE} 18_6 like Mac OS X) {_APPLE} Version/18.6 Mobile/15E148 Safari/604.1": 26,
    f"{_IPHONE} 17_5_1 like Mac OS X) {_APPLE} Version/17.5 Mobile/15E148 Safari/604.1": 9,
    f"{_IPHONE} 18_5 like Mac OS X) {_APPLE} CriOS/138.0.7204.119 Mobile/15E148 Safari/604.1": 7,
    f"Mozilla/5.0 (Linux; Android 10; K) {_GOOGLE} Chrome/139.0.0.0 Mobile Safari/537.36": 15,
    f"Mozilla/5.0 (Linux; Android 10; K) {_GOOGLE} SamsungBrowser/28.0 Chrome/130.0.0.0 Mobile Safari/537.36": 5,
    "Mozilla/5.0 (Android 15; Mobile; rv:141.0) Gecko/141.0 Firefox/141.0": 2,
}
COMPUTERS: Mapping[str, int] = {
    f"{_WINDOWS}) {_GOOGLE} Chrome/139.0.0.0 Safari/537.36": 13,
    f"{_WINDOWS}) {_GOOGLE} Chrome/139.0.0.0 Safari/537.36 Edg/139.0.0.0": 6,
    f"{_WINDOWS}; rv:141.0) Gecko/20100101 Firefox/141.0": 3,
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {_APPLE} Version/18.6 Safari/605.1.15": 8,
    f"Mozilla/5.0 (iPad; CPU OS 17_7 like Mac OS X) {_APPLE} Version/17.7 Mobile/15E148 Safari/604.1": 3,
    f"Mozilla/5.0 (Linux; Android 13; SM-X700) {_GOOGLE} Chrome/139.0.0.0 Safari/537.36": 2,
}
DEVICES = {**PHONES, **COMPUTERS}
ROBOTS = (
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)",
    "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
    "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)",
)
COUNTRIES = {"DK": 78, "SE": 12, "NO": 5, "DE": 5}
CONSENTS = {"marketing": 40, "statistics": 30, "anonymous": 26, "none": 4}
JOINABLE = ("statistics", "marketing")
WRONG_CLOCKS = (-26 * HOUR, -3 * HOUR, -7 * MINUTE, 4 * MINUTE, HOUR, 2 * DAY)
WRONG_CLOCK_SHARE = 0.02
FIRST_NAMES = (
    "mette", "ida", "karen", "louise", "sofie", "anna", "emil", "jens", "mads", "line", "astrid", "elin", "hanne", "nora",
    "birgit", "camilla", "dorte", "freja", "gitte", "helle", "jonas", "lars", "maja", "rikke", "sanne", "tine",
)  # fmt: skip
LAST_NAMES = (
    "holm", "lund", "berg", "dahl", "friis", "krogh", "moller", "storm", "vest", "lind", "skov", "ager", "bach", "juhl",
    "kjaer", "nygaard", "thorsen",
)  # fmt: skip


@dataclass(eq=False)
class Device:
    """A browser, which the collector calls a visitor.  Consent is given on a device, and the cart lies on it."""

    visitor_key: str
    agent: str
    address: str
    country: str
    consent: str
    clock_off: int = 0  # milliseconds that its clock is ahead
    sequence: int = 0
    logged_in: str | None = None  # whose account
    cart: Cart | None = None

    @property
    def is_joined(self) -> bool:
        """Whether what happens here may be joined to a person."""
        return self.consent in JOINABLE

    @property
    def joinable_key(self) -> str | None:
        return self.visitor_key if self.is_joined else None


@dataclass(eq=False)
class Person:
    """The human, with what the shop knows of them: an account, a subscription, orders."""

    email: str
    country: str
    devices: list[Device]
    taste: str  # a category
    customer_key: str | None = None  # with an account; guests have none
    reads_since: Instant | None = None  # the newsletter
    order_count: int = 0
    last_order_at: Instant = 0
    mailed_at: Instant = 0  # to win back
    takes_mail: bool = True  # until they leave the list
    rhythm: int = 80 * DAY  # between two orders
    due_at: Instant = 0  # when the next one is due
    is_member: bool = False  # of the club
    points: int = 0

    @property
    def market(self) -> Market:
        return MARKETS[self.country]

    @property
    def lang(self) -> str:
        return self.market.lang

    @property
    def device(self) -> Device:
        """The one mostly used."""
        return self.devices[0]

    @property
    def referral(self) -> str:
        return self.device.visitor_key[:8].upper()

    def as_customer(self) -> Customer:
        return Customer(self.customer_key or "", self.email, points=self.points, referral=self.referral)


def pick(dice: Random, weights: Mapping[_T, int]) -> _T:
    return dice.choices(list(weights), list(weights.values()))[0]


def new_device(dice: Random, country: str, agents: Mapping[str, int] = DEVICES, consent: str | None = None) -> Device:
    off = dice.choice(WRONG_CLOCKS) if dice.random() < WRONG_CLOCK_SHARE else 0
    address = f"10.{dice.randrange(256)}.{dice.randrange(256)}.{dice.randrange(1, 255)}"
    consent = consent or pick(dice, CONSENTS)
    return Device(f"{dice.getrandbits(64):016x}", pick(dice, agents), address, country, consent, off)


def new_person(dice: Random, number: int, consent: str | None = None) -> Person:
    """Somebody new; `number` makes the address the only one of its kind."""
    email = f"{dice.choice(FIRST_NAMES)}.{dice.choice(LAST_NAMES)}{number}@example.com"
    country = pick(dice, COUNTRIES)
    return Person(email, country, [new_device(dice, country, consent=consent)], dice.choice(list(CATEGORIES)))
