"""One request to the shop: its language, who shops, what they allow, and the page that answers.

A view is `(call, **path arguments) -> response`.  Whatever it changes is kept in one transaction; then the sender is woken.
"""

from __future__ import annotations

import hashlib
import re
import secrets
import sqlite3
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from flask import make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.exceptions import NotFound
from werkzeug.wrappers import Response

from tracker import clock
from tracker.clock import Instant
from tracker.config import Config
from tracker.demo import facts, prices, state
from tracker.demo.goods import CATEGORIES, COLOURS, PRODUCTS, VARIANTS, Words
from tracker.demo.prices import Coupon, Totals
from tracker.demo.sender import Sender
from tracker.demo.state import Cart, Customer, Order, Shopper, State
from tracker.shops import Shop

SHOPPER_COOKIE = "shop_basket"
CONSENT_COOKIE = "shop_consent"
POPUP_COOKIE = "shop_popup"
VISITOR_COOKIE = "_kr"  # the snippet's; the shop only reads it
YEAR_SECONDS = 365 * 24 * 3600
# What the banner offers -> the collector's level.  Before an answer nothing may be stored on the device: anonymous.
LEVELS = {"necessary": "none", "statistics": "statistics", "marketing": "marketing"}
JOINABLE = ("statistics", "marketing")

_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]{2,}")
_VISITOR = re.compile(r"[!-~]{1,128}")
_NO_POPUP = frozenset({"checkout", "receipt", "order_tracking", "getting_started"})
STATIC = Path(__file__).parent / "static"


@dataclass(frozen=True)
class DemoShop:
    """What outlives a request."""

    config: Config
    find_shop: Callable[[], Shop | None]
    kept: State
    sender: Sender


@dataclass
class Call:
    """`tells` are [type, data, extra] for the page of this very request; the shopper's are for the next one."""

    shop: DemoShop
    db: sqlite3.Connection
    lang: str
    now: Instant
    shopper: Shopper
    tells: list[list[Any]] = field(default_factory=list)
    owes: bool = False  # something new is in the outbox

    # --- words and addresses

    def t(self, da: str, en: str) -> str:
        return da if self.lang == "da" else en

    def price(self, minor: int) -> str:
        return prices.shown(minor, self.lang)

    def url(self, name: str, **args: Any) -> str:
        if name == "category":
            args["slug"] = CATEGORIES[args.pop("key")].slug.read(self.lang)
        return url_for(f"demo.{name}", lang=self.lang, **args)

    def go(self, name: str, **args: Any) -> Response:
        return redirect(self.url(name, **args), 303)

    def back(self) -> Response:
        """To the page whose form this was, when it is one of ours."""
        path = request.form.get("back", "")
        ours = url_for("demo.start")
        return redirect(path if path.startswith(ours) and "\\" not in path else self.url("home"), 303)

    # --- who, and what they allow

    @property
    def choice(self) -> str | None:
        """What the banner was answered with."""
        chosen = request.cookies.get(CONSENT_COOKIE)
        return chosen if chosen in LEVELS else None

    @property
    def consent(self) -> str:
        return LEVELS[self.choice] if self.choice else "anonymous"

    @property
    def visitor_key(self) -> str | None:
        """As the snippet named this browser; nothing without consent."""
        key = request.cookies.get(VISITOR_COOKIE, "")
        return key if self.consent in JOINABLE and _VISITOR.fullmatch(key) else None

    @property
    def customer(self) -> Customer | None:
        """Who is logged in."""
        return state.find_customer(self.db, self.shopper.customer_key)

    def make_customer(self, email: str) -> tuple[Customer, bool]:
        """The customer of that address, and whether they are new; this browser is theirs from now on."""
        customer = state.customer_of_email(self.db, email)
        is_new = customer is None
        if customer is None:
            customer = Customer("c-" + secrets.token_hex(5), email)
            state.save_customer(self.db, customer)
        self.shopper.customer_key, self.shopper.email = customer.customer_key, email
        return customer, is_new

    # --- the cart

    def cart(self) -> Cart:
        """Remembers whose it is: the order will name the visitor and the consent of its last request."""
        cart = state.find_cart(self.db, self.shopper.cart_key)
        cart.visitor_key, cart.consent = self.visitor_key, self.consent
        return cart

    def keep_cart(self, cart: Cart) -> None:
        self.shopper.cart_key = cart.cart_key
        state.save_cart(self.db, cart)

    def totals(self, cart: Cart, shipping: str | None = None) -> Totals:
        """Without a way of shipping: as if by the cheapest."""
        lines = [prices.Priced(sku, VARIANTS[sku].product.price_minor, count) for sku, count in cart.lines.items()]
        coupon, _ = state.find_coupon(self.db, cart.coupon) if cart.coupon else (None, "")
        goods = sum(line.unit_minor * line.quantity for line in lines)
        paid = goods - prices.discount_of(goods, coupon)
        return prices.totals(lines, coupon, prices.shipping_price(shipping or "parcel_shop", paid) if lines else 0)

    def coupon(self, cart: Cart) -> Coupon | None:
        return state.find_coupon(self.db, cart.coupon)[0] if cart.coupon else None

    @property
    def cart_count(self) -> int:
        return sum(state.find_cart(self.db, self.shopper.cart_key).lines.values()) if self.shopper.cart_key else 0

    # --- telling

    def tell(self, kind: str, data: dict[str, Any], **extra: Any) -> None:
        """A kr() call on this page."""
        self.tells.append([kind, data, extra])

    def tell_next(self, kind: str, data: dict[str, Any], **extra: Any) -> None:
        """A kr() call on the page that this request leads to."""
        self.shopper.tells.append([kind, data, extra])

    def notice(self, tone: str, da: str, en: str) -> None:
        """A line at the top of the next page; tone: good, bad, note."""
        self.shopper.notices.append([tone, self.t(da, en)])

    def owe(self, event: dict[str, Any]) -> None:
        """To the outbox, in this request's transaction."""
        self.owes = state.owe(self.db, event) or self.owes

    # --- answering

    def order(self, order_key: str) -> Order:
        """One that this browser placed or its customer owns; anybody else's does not exist for them."""
        order = state.find_order(self.db, order_key)
        customer = self.customer
        if order and (order_key in self.shopper.orders or (customer and customer.email == order.email)):
            return order
        raise NotFound

    def page(self, template: str, kind: str, title: str, **values: Any) -> str:
        """The whole page, with what is to be told on it."""
        tells, self.shopper.tells = [*self.shopper.tells, *self.tells], []
        notices, self.shopper.notices = self.shopper.notices, []
        found = self.shop.find_shop()
        config = self.shop.config
        return render_template(
            f"demo/{template}", call=self, item=facts.item, t=self.t, url=self.url, price=self.price, kind=kind, title=title,
            tells=tells, notices=notices, site_key=found.site_key if found else None,
            script_url=config.public_url.rstrip("/") + config.script_path,
            endpoint=config.public_url.rstrip("/") + config.collect_path,
            categories=CATEGORIES.values(), colours=COLOURS, products=PRODUCTS,
            popup=self._offers_newsletter(kind), other_url=values.pop("other_url", None) or self._other_url(),
            versions=static_versions(), **values,
        )  # fmt: skip

    def _offers_newsletter(self, kind: str) -> bool:
        return bool(self.choice) and not self.shopper.code and kind not in _NO_POPUP and POPUP_COOKIE not in request.cookies

    def _other_url(self) -> str:
        """The same page in the other language."""
        other = "en" if self.lang == "da" else "da"
        args = {**(request.view_args or {}), "lang": other}
        if request.method != "GET" or request.endpoint is None:
            return url_for("demo.home", lang=other)
        if request.endpoint == "demo.category":
            found = next((one for one in CATEGORIES.values() if args["slug"] in one.slug), None)
            args["slug"] = found.slug.read(other) if found else args["slug"]
        query: dict[str, Any] = request.args.to_dict(flat=False)
        return url_for(request.endpoint, **args, **query)


View = Callable[..., ResponseReturnValue]


def view(shop: DemoShop, function: View) -> Callable[..., ResponseReturnValue]:
    """The function as Flask calls it: with a Call, in one transaction when it may write."""

    def run(lang: str, **args: str) -> ResponseReturnValue:
        shop.sender.ensure_running()
        writing = request.method == "POST"
        with shop.kept.connect(writing=writing) as db:
            key = request.cookies.get(SHOPPER_COOKIE, "")
            known = state.find_shopper(db, key) if key else None
            shopper = known or Shopper("s-" + secrets.token_urlsafe(18))
            before = deepcopy(shopper)
            call = Call(shop, db, lang, clock.now(), shopper)
            response = make_response(function(call, **args))
            if shopper != before:
                state.save_shopper(db, shopper)
        if call.owes:
            shop.sender.wake()
        if shopper != before:
            keep_cookie(response, SHOPPER_COOKIE, shopper.shopper_key, 90 * 24 * 3600)
        response.headers["Cache-Control"] = "no-store"
        return response

    return run


def keep_cookie(response: Response, name: str, value: str, seconds: int) -> None:
    """A functional cookie of the shop alone.  Lax: a form on another site comes without it and can change nothing."""
    response.set_cookie(
        name, value, max_age=seconds, path=url_for("demo.start"), httponly=True, samesite="Lax", secure=request.is_secure
    )


def given(name: str, longest: int = 200) -> str:
    """A field of the form as one clean line."""
    text = "".join(ch if ch.isprintable() else " " for ch in request.form.get(name, ""))
    return " ".join(text.split())[:longest]


def given_email(name: str = "email") -> str | None:
    """Lower case; None when it is none."""
    email = given(name, 254).lower()
    return email if _EMAIL.fullmatch(email) else None


def given_choice(name: str, choices: dict[str, Words]) -> str | None:
    """A field that is one of `choices`, else None."""
    chosen = request.form.get(name, "")
    return chosen if chosen in choices else None


@cache
def static_versions() -> dict[str, str]:
    """Of each static file, so that a new one is fetched at once and an old one never again."""
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest()[:10] for file in STATIC.iterdir() if file.is_file()}
