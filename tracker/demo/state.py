"""What the shop remembers, in one SQLite file: shoppers, carts, orders, customers, coupons, reviews, tickets and the outbox.

Every kind of thing is a small JSON document under its key; a document is a dataclass here.  An event enters the outbox in
the transaction of what it tells, so that neither is ever kept without the other.
"""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tracker.clock import MINUTE, Instant, parse
from tracker.demo.prices import CURRENCY, Coupon, LineTotals, Totals

_TABLES = """
CREATE TABLE IF NOT EXISTS shoppers (shopper_key TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS carts (cart_key TEXT PRIMARY KEY, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS orders (
    order_key TEXT PRIMARY KEY, cart_key TEXT NOT NULL UNIQUE, email TEXT NOT NULL, placed_at INTEGER NOT NULL,
    body TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS orders_by_email ON orders (email, placed_at);
CREATE TABLE IF NOT EXISTS customers (
    customer_key TEXT PRIMARY KEY, email TEXT NOT NULL UNIQUE, referral TEXT UNIQUE, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS subscribers (
    email TEXT PRIMARY KEY, code TEXT NOT NULL, subscribed_at INTEGER NOT NULL, wording TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS coupons (
    code TEXT PRIMARY KEY, percent INTEGER NOT NULL, amount_minor INTEGER NOT NULL, referrer TEXT, used_by TEXT);
CREATE TABLE IF NOT EXISTS reviews (product TEXT NOT NULL, email TEXT NOT NULL, written_at INTEGER NOT NULL, body TEXT NOT NULL,
    PRIMARY KEY (product, email));
CREATE TABLE IF NOT EXISTS tickets (ticket_key TEXT PRIMARY KEY, created_at INTEGER NOT NULL, body TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
    id INTEGER PRIMARY KEY AUTOINCREMENT, event_id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
    answer TEXT);  -- null: waiting; 'accepted', or why it was refused
CREATE TABLE IF NOT EXISTS sending (one INTEGER PRIMARY KEY CHECK (one = 1), holder TEXT NOT NULL, until_at INTEGER NOT NULL);
"""
# An order's number is at least the minutes since this day: never one that a shop whose file was deleted has used before.
_FIRST_DAY = parse("2020-01-01T00:00:00+00:00")


@dataclass
class Shopper:
    """One browser's session with the shop, named by a functional cookie.  Made when there is something to remember."""

    shopper_key: str
    cart_key: str | None = None
    customer_key: str | None = None
    email: str | None = None  # as last given: fills in forms
    wishlist: list[str] = field(default_factory=list)
    orders: list[str] = field(default_factory=list)  # those this browser may look at
    checkout: dict[str, str] = field(default_factory=dict)
    code: str | None = None  # the newsletter's personal coupon
    tells: list[list[Any]] = field(default_factory=list)  # kr() calls for the next page
    notices: list[list[str]] = field(default_factory=list)  # [tone, text] for the next page


@dataclass
class Cart:
    """`visitor_key` and `consent` are those of the last request that touched it."""

    cart_key: str
    lines: dict[str, int] = field(default_factory=dict)  # SKU -> quantity
    coupon: str | None = None
    begun: bool = False  # a checkout was begun with it
    visitor_key: str | None = None
    consent: str = "anonymous"


@dataclass
class Refund:
    refund_key: str
    refunded_at: Instant
    skus: list[str]
    paid_minor: int  # given back, with VAT and shipping
    net_minor: int  # goods without VAT
    shipping_net_minor: int


@dataclass
class Return:
    return_key: str
    requested_at: Instant
    sku: str
    reason: str
    completed_at: Instant | None = None


@dataclass
class Order:
    """Names the visitor and the consent at checkout, so that each later fact can say whose it is."""

    order_key: str
    cart_key: str
    placed_at: Instant
    lang: str
    email: str
    name: str
    phone: str
    street: str
    postcode: str
    city: str
    payment: str  # card, cod; in the made-up past also mobilepay, klarna, invoice, bank_transfer
    shipping: str  # parcel_shop, home
    totals: Totals
    coupon: str | None
    customer_key: str | None
    visitor_key: str | None
    consent: str
    user_agent: str
    currency: str = CURRENCY
    parcel_key: str | None = None
    paid_at: Instant | None = None
    shipped_at: Instant | None = None
    delivered_at: Instant | None = None
    cancelled_at: Instant | None = None
    refunds: list[Refund] = field(default_factory=list)
    returns: list[Return] = field(default_factory=list)

    @property
    def refunded(self) -> set[str]:
        """The SKUs whose money was given back."""
        return {sku for refund in self.refunds for sku in refund.skus}

    @property
    def is_refunded(self) -> bool:
        return sum(refund.paid_minor for refund in self.refunds) >= self.totals.total_minor

    def line(self, sku: str) -> LineTotals | None:
        return next((line for line in self.totals.lines if line.sku == sku), None)


@dataclass
class Customer:
    """Somebody with an account or in the club, by e-mail."""

    customer_key: str
    email: str
    joined_at: Instant | None = None  # the club
    points: int = 0
    referral: str | None = None  # the code in the link for friends


@dataclass
class Review:
    product: str
    email: str
    name: str
    rating: int
    title: str
    text: str
    written_at: Instant


@dataclass
class Ticket:
    ticket_key: str
    created_at: Instant
    email: str
    topic: str
    text: str
    customer_key: str | None
    order_key: str | None
    visitor_key: str | None
    consent: str
    closed_at: Instant | None = None


class State:
    """The file.  A connection is opened for each request and each round of the sender; sqlite3's are not shared by threads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._made = False

    @contextmanager
    def connect(self, *, writing: bool) -> Iterator[sqlite3.Connection]:
        """With `writing`, one transaction: all of it is kept, or nothing.  Without, each statement is its own."""
        if not self._made:
            self._make()
        db = self._open()
        try:
            if writing:
                db.execute("BEGIN IMMEDIATE")
            yield db
            if db.in_transaction:
                db.execute("COMMIT")
        finally:
            db.close()  # rolls back what was not committed

    def _open(self) -> sqlite3.Connection:
        db = sqlite3.connect(self._path, timeout=20, isolation_level=None)
        db.row_factory = sqlite3.Row
        return db

    def _make(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        db = self._open()
        try:
            db.execute("PRAGMA journal_mode = WAL")
            db.executescript(_TABLES)
        finally:
            db.close()
        self._made = True


# --- shoppers and carts


def find_shopper(db: sqlite3.Connection, shopper_key: str) -> Shopper | None:
    row = db.execute("SELECT body FROM shoppers WHERE shopper_key = ?", (shopper_key,)).fetchone()
    return Shopper(**json.loads(row["body"])) if row else None


def save_shopper(db: sqlite3.Connection, shopper: Shopper) -> None:
    body = json.dumps(asdict(shopper))
    db.execute("INSERT INTO shoppers VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", (shopper.shopper_key, body))


def find_cart(db: sqlite3.Connection, cart_key: str | None) -> Cart:
    """A new one when there is none of that key."""
    row = db.execute("SELECT body FROM carts WHERE cart_key = ?", (cart_key,)).fetchone()
    return Cart(**json.loads(row["body"])) if row else Cart("cart-" + secrets.token_hex(8))


def save_cart(db: sqlite3.Connection, cart: Cart) -> None:
    body = json.dumps(asdict(cart))
    db.execute("INSERT INTO carts VALUES (?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", (cart.cart_key, body))


# --- orders


def _order(row: sqlite3.Row) -> Order:
    body = json.loads(row["body"])
    body["totals"]["lines"] = tuple(LineTotals(**line) for line in body["totals"]["lines"])
    body["totals"] = Totals(**body["totals"])
    body["refunds"] = [Refund(**refund) for refund in body["refunds"]]
    body["returns"] = [Return(**entry) for entry in body["returns"]]
    return Order(**body)


def next_order_key(db: sqlite3.Connection, now: Instant) -> str:
    last = db.execute("SELECT max(CAST(order_key AS INTEGER)) FROM orders").fetchone()[0] or 0
    return str(max(int(last) + 1, (now - _FIRST_DAY) // MINUTE))


def save_order(db: sqlite3.Connection, order: Order) -> None:
    values = (order.order_key, order.cart_key, order.email, order.placed_at, json.dumps(asdict(order)))
    db.execute("INSERT INTO orders VALUES (?, ?, ?, ?, ?) ON CONFLICT (order_key) DO UPDATE SET body = excluded.body", values)


def find_order(db: sqlite3.Connection, order_key: str) -> Order | None:
    row = db.execute("SELECT body FROM orders WHERE order_key = ?", (order_key,)).fetchone()
    return _order(row) if row else None


def order_of_cart(db: sqlite3.Connection, cart_key: str) -> Order | None:
    row = db.execute("SELECT body FROM orders WHERE cart_key = ?", (cart_key,)).fetchone()
    return _order(row) if row else None


def orders_of(db: sqlite3.Connection, email: str) -> list[Order]:
    """Newest first."""
    return [_order(row) for row in db.execute("SELECT body FROM orders WHERE email = ? ORDER BY placed_at DESC", (email,))]


def latest_orders(db: sqlite3.Connection, count: int) -> list[Order]:
    return [_order(row) for row in db.execute("SELECT body FROM orders ORDER BY placed_at DESC LIMIT ?", (count,))]


# --- customers, subscribers, coupons


def _customer(row: sqlite3.Row | None) -> Customer | None:
    return Customer(**json.loads(row["body"])) if row else None


def find_customer(db: sqlite3.Connection, customer_key: str | None) -> Customer | None:
    return _customer(db.execute("SELECT body FROM customers WHERE customer_key = ?", (customer_key,)).fetchone())


def customer_of_email(db: sqlite3.Connection, email: str) -> Customer | None:
    return _customer(db.execute("SELECT body FROM customers WHERE email = ?", (email,)).fetchone())


def customer_of_referral(db: sqlite3.Connection, referral: str) -> Customer | None:
    return _customer(db.execute("SELECT body FROM customers WHERE referral = ?", (referral,)).fetchone())


def save_customer(db: sqlite3.Connection, customer: Customer) -> None:
    values = (customer.customer_key, customer.email, customer.referral, json.dumps(asdict(customer)))
    db.execute(
        "INSERT INTO customers VALUES (?, ?, ?, ?) "
        "ON CONFLICT (customer_key) DO UPDATE SET referral = excluded.referral, body = excluded.body",
        values,
    )


def subscribe(db: sqlite3.Connection, email: str, wording: str, now: Instant) -> tuple[str, bool]:
    """The subscriber's personal 10 % code, and whether the subscription is new.  A second time gives the first code."""
    row = db.execute("SELECT code FROM subscribers WHERE email = ?", (email,)).fetchone()
    if row:
        return str(row["code"]), False
    code = add_coupon(db, "HEJ", percent=10)
    db.execute("INSERT INTO subscribers VALUES (?, ?, ?, ?)", (email, code, now, wording))
    return code, True


def add_coupon(
    db: sqlite3.Connection, prefix: str, *, percent: int = 0, amount_minor: int = 0, referrer: str | None = None
) -> str:
    """A code that works once.  Without letters that are read wrongly."""
    code = f"{prefix}-" + "".join(secrets.choice("ABCDEFGHJKMNPQRSTUVWXYZ23456789") for _ in range(6))
    db.execute("INSERT INTO coupons VALUES (?, ?, ?, ?, NULL)", (code, percent, amount_minor, referrer))
    return code


def find_coupon(db: sqlite3.Connection, code: str | None) -> tuple[Coupon | None, str]:
    """The coupon, or None and why: `unknown`, `used`."""
    row = db.execute("SELECT * FROM coupons WHERE code = ?", (code,)).fetchone()
    if row is None:
        return None, "unknown"
    if row["used_by"]:
        return None, "used"
    return Coupon(row["code"], row["percent"], row["amount_minor"]), ""


def use_coupon(db: sqlite3.Connection, code: str, order_key: str) -> str | None:
    """It works no more.  The customer key of who recommended the shop, if it is a friend's coupon."""
    db.execute("UPDATE coupons SET used_by = ? WHERE code = ?", (order_key, code))
    referrer = db.execute("SELECT referrer FROM coupons WHERE code = ?", (code,)).fetchone()["referrer"]
    return None if referrer is None else str(referrer)


# --- reviews and tickets


def save_review(db: sqlite3.Connection, review: Review) -> bool:
    """False when this buyer has reviewed the product before; the first one stays."""
    values = (review.product, review.email, review.written_at, json.dumps(asdict(review)))
    return db.execute("INSERT INTO reviews VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING", values).rowcount == 1


def reviews_of(db: sqlite3.Connection, product: str) -> list[Review]:
    """Newest first."""
    rows = db.execute("SELECT body FROM reviews WHERE product = ? ORDER BY written_at DESC", (product,))
    return [Review(**json.loads(row["body"])) for row in rows]


def save_ticket(db: sqlite3.Connection, ticket: Ticket) -> None:
    values = (ticket.ticket_key, ticket.created_at, json.dumps(asdict(ticket)))
    db.execute("INSERT INTO tickets VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET body = excluded.body", values)


def find_ticket(db: sqlite3.Connection, ticket_key: str) -> Ticket | None:
    row = db.execute("SELECT body FROM tickets WHERE ticket_key = ?", (ticket_key,)).fetchone()
    return Ticket(**json.loads(row["body"])) if row else None


def latest_tickets(db: sqlite3.Connection, count: int) -> list[Ticket]:
    rows = db.execute("SELECT body FROM tickets ORDER BY created_at DESC LIMIT ?", (count,))
    return [Ticket(**json.loads(row["body"])) for row in rows]


# --- the outbox

_KEPT_ANSWERED = 500  # answered rows, for the back office to show


@dataclass(frozen=True)
class Owed:
    """A row of the outbox.  `answer` is None while it waits."""

    row: int
    event: Mapping[str, Any]
    answer: str | None


def owe(db: sqlite3.Connection, event: Mapping[str, Any]) -> bool:
    """Put an event in the outbox; False when one of that id is there already."""
    values = (event["event_id"], json.dumps(event, ensure_ascii=False))
    return db.execute("INSERT INTO outbox (event_id, body) VALUES (?, ?) ON CONFLICT DO NOTHING", values).rowcount == 1


def owed(db: sqlite3.Connection, count: int) -> list[Owed]:
    """The oldest that wait, in the order in which they happened."""
    rows = db.execute("SELECT * FROM outbox WHERE answer IS NULL ORDER BY id LIMIT ?", (count,))
    return [Owed(row["id"], json.loads(row["body"]), None) for row in rows]


def settle(db: sqlite3.Connection, answers: Mapping[int, str]) -> None:
    """What the collector said of each row.  Old answered rows go."""
    db.executemany("UPDATE outbox SET answer = ? WHERE id = ?", [(answer, row) for row, answer in answers.items()])
    newest = db.execute("SELECT max(id) FROM outbox").fetchone()[0] or 0
    db.execute("DELETE FROM outbox WHERE answer IS NOT NULL AND id <= ?", (newest - _KEPT_ANSWERED,))


def latest_owed(db: sqlite3.Connection, count: int) -> list[Owed]:
    """Newest first, waiting or answered."""
    rows = db.execute("SELECT * FROM outbox ORDER BY id DESC LIMIT ?", (count,))
    return [Owed(row["id"], json.loads(row["body"]), row["answer"]) for row in rows]


def hold_sending(db: sqlite3.Connection, holder: str, now: Instant, until_at: Instant) -> bool:
    """One process sends at a time, so that events leave in order.  Free again when its holder does not ask until `until_at`."""
    return (
        db.execute(
            "INSERT INTO sending VALUES (1, ?, ?) "
            "ON CONFLICT DO UPDATE SET holder = excluded.holder, until_at = excluded.until_at "
            "WHERE holder = excluded.holder OR until_at <= ?",
            (holder, until_at, now),
        ).rowcount
        == 1
    )
