"""One session in a browser: pages, what is done on them, the cart, the checkout.

`at` is where the clock stands.  Each page is one request.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from tracker.clock import SECOND, Instant
from tracker.demo.facts import Wire, amount
from tracker.demo.goods import CATEGORIES, VARIANTS, Product, of_category
from tracker.demo.past import shelf, ways
from tracker.demo.past.people import Device, Person
from tracker.demo.past.ways import Way
from tracker.demo.past.world import World
from tracker.demo.prices import Coupon, Priced, Totals, totals
from tracker.demo.state import Cart

ENGAGED_SHARE = 0.8  # of pages whose leaving is told
CART_DAYS = 14  # how long a cart is kept on a device
COUPONS = {"VELKOMMEN10": 10, "SOMMER15": 15, "LYNGUGE20": 20}  # percent
DEAD_CODES = {"SOMMER24": "expired", "GRATISFRAGT": "unknown", "LYNGUGE20": "expired", "TAK10": "used"}
ERRORS = {
    ("payment", "card_declined", "Kortet blev afvist"): 6,
    ("payment", "3ds_failed", "Betalingen blev ikke godkendt"): 3,
    ("address", "postcode_unknown", "Postnummeret findes ikke"): 3,
    ("contact", "phone_invalid", "Telefonnummeret mangler et ciffer"): 2,
}
ERROR_SHARE = 0.1


class Tell(NamedTuple):
    """Something done on a page: type, data, and what else the event carries."""

    type: str
    data: Wire
    extra: Wire = {}


class Session:
    def __init__(self, world: World, person: Person, at: Instant, way: Way | None = None, device: Device | None = None) -> None:
        self.world, self.person, self.dice, self.at = world, person, world.dice, at
        self.device = device or person.device
        self.lang, self.market = person.lang, person.market
        self.root = f"https://{world.shop.hosts[0]}/demo/{self.lang}"
        is_sale = world.calendar.is_sale(at)
        way = way or ways.choose(world.dice, person, is_sale=is_sale)
        if way.click_minor:
            world.arrivals[world.calendar.day_of(at), way] += 1
        self.referrer = way.referrer
        self.labels = way.labels.format(id=world.key(), week=world.calendar.week(at))
        self.landing = way.landing
        self.landed: Wire = {}  # the first page, with what led to it
        self.is_sale = is_sale

    # --- pages

    def page(self, path: str, kind: str, title: str, *tells: Tell, seconds: tuple[int, int] = (6, 70)) -> None:
        """Open a page, do there what `tells` says, leave it."""
        page = {"url": self.root + path + self._query(path), "title": f"{title} – Lyng & Datter", "kind": kind}
        if self.referrer:
            page["referrer"] = self.referrer
        self.landed = self.landed or page
        events = [self._event("page_view", page, {})]
        for tell in tells:
            self.at += self.dice.randrange(300, 9_000)
            events.append({**self._event(tell.type, page, tell.data), **tell.extra})
        visible = self.dice.randint(*seconds)
        self.at += visible * SECOND
        if self.dice.random() < ENGAGED_SHARE:
            data = {"visible_seconds": visible, "scroll_share": round(self.dice.uniform(0.15, 1.0), 2)}
            events.append(self._event("page_engaged", page, data))
        self.world.browse(self.device, events)
        self.referrer = page["url"]
        self.at += self.dice.randrange(500, 4_000)

    def _query(self, path: str) -> str:
        labels, self.labels = self.labels, ""
        return ("&" if "?" in path else "?") + labels if labels else ""

    def _event(self, name: str, page: Wire, data: Wire) -> Wire:
        device = self.device
        device.sequence += 1
        event = {"event_id": self.world.key(), "type": name, "occurred_at": self.at, "sequence": device.sequence, "page": page}
        event |= {"visitor_key": device.visitor_key, "consent": device.consent}
        if data:
            event["data"] = data
        if device.logged_in:
            event["customer_key"] = device.logged_in
        return event

    def t(self, da: str, en: str) -> str:
        return da if self.lang == "da" else en

    # --- places of the shop

    def land(self) -> None:
        """The page that the way here leads to."""
        places: dict[str, Callable[[], object]] = {
            "home": self.home,
            "campaign": self.campaign,
            "sale": self.sale,
            "category": self.browse,
            "product": self.product,
            "journal": self.read,
            "cart": self.see_cart,
        }
        places[self.landing]()

    def home(self, *tells: Tell) -> None:
        name = self.t("Lyng-ugen: 20 %", "Heather week: 20 %") if self.is_sale else shelf.SUMMER_NAME.read(self.lang)
        told = {"promotion_id": "lyng-uge" if self.is_sale else "sommer-hoer", "promotion_name": name, "creative_slot": "hero"}
        chosen = [Tell("select_promotion", told)] if self.dice.random() < 0.15 else []
        self.page("", "home", self.t("Forside", "Home"), Tell("view_promotion", told), *chosen, *tells)

    def campaign(self) -> None:
        self._campaign(self.t("/sommer", "/summer"), shelf.SUMMER_NAME.read(self.lang))

    def sale(self) -> None:
        self._campaign("/lyng-uge", self.t("Lyng-ugen", "Heather week"))

    def _campaign(self, path: str, title: str) -> None:
        self.page(path, "campaign", title, Tell("view_item_list", shelf.tell_list("summer", self.market)))

    def browse(self, *, filtered: bool = False) -> None:
        """A category, mostly of the own taste."""
        key = self.person.taste if self.dice.random() < shelf.OWN_TASTE_SHARE else self.dice.choice(list(CATEGORIES))
        name, told, path = (
            CATEGORIES[key].name.read(self.lang),
            shelf.tell_list(key, self.market),
            shelf.category_path(key, self.lang),
        )
        if filtered:
            products = of_category(key)
            size, sort = self.dice.choice(products[0].sizes), self.dice.choice(("new", "price", "popular"))
            left = sum(size in product.sizes for product in products)
            told = {**told, "filters": [f"size:{size}"], "sort": sort, "results_count": left}
            self.page(f"{path}?size={size}&sort={sort}", "category", name, Tell("filter_item_list", told))
            return
        tells = [Tell("view_item_list", told)]
        if self.dice.random() < 0.4:
            tells.append(Tell("select_item", {**told, "items": [self.dice.choice(told["items"])]}))
        self.page(path, "category", name, *tells)

    def product(self, product: Product | None = None, *more: str) -> str:
        """Look at one; `more` are further event types about it: view_reviews, view_size_guide, add_to_wishlist …  Its SKU."""
        product = product or shelf.choose_product(self.dice, self.person.taste)
        variant = self.dice.choice(shelf.on_sale(product.key))
        told = shelf.tell_items([variant.sku], self.market)
        tells = [Tell("view_item", told)]
        for name in more:
            data = {"reviews_count": len(product.opinions)} if name == "view_reviews" else {}
            tells.append(Tell(name, {"items": told["items"], **data}, self._of_cart() if name == "add_to_cart" else {}))
        if self.dice.random() < 0.05:
            tells.append(Tell("custom", {"name": "video_play", "video": product.key, "seconds": self.dice.randint(4, 60)}))
        path = f"{self.t('/vare', '/product')}/{product.key}"
        self.page(path, "product", product.title(self.lang), *tells, seconds=(10, 180))
        return variant.sku

    def search(self) -> int:
        """How much was found."""
        term = self.world.pick(shelf.TERMS[self.lang])
        found = shelf.found(term, self.lang)
        told = Tell("search", {"search_term": term, "results_count": found})
        self.page(shelf.search_path(term, self.lang), "search", self.t("Søg", "Search"), told)
        return found

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
        told = Tell("compare_items", {"items": shelf.tell_items(shelf.skus(products), self.market)["items"]})
        path = f"{self.t('/sammenlign', '/compare')}?items={','.join(product.key for product in products)}"
        self.page(path, "other", self.t("Sammenlign", "Compare"), told)

    def account(self, *tells: Tell) -> None:
        self.page(self.t("/konto", "/account"), "account", self.t("Min konto", "My account"), *tells)

    def chat(self) -> None:
        topic = self.dice.choice(("size", "delivery", "return", "product"))
        title = self.t("Kontakt", "Contact")
        self.page(self.t("/kontakt", "/contact"), "contact", title, Tell("chat_started", {"channel": "chat", "topic": topic}))

    def subscribe(self, method: str = "popup") -> None:
        """The newsletter, told with a page that is looked at anyway."""
        data = {
            "email": self.person.email,
            "list": "nyhedsbrev",
            "method": method,
            "form_id": method,
            "text_version": "2026-03",
        }
        self.home(Tell("newsletter_subscribe", data))
        if self.device.is_joined:
            self.world.subscribe(self.at, self.person)

    def grant(self, level: str) -> None:
        """Answers the banner; like the snippet, it tells again what led here, now under the new level."""
        told = {"level": level, "previous_level": self.device.consent, "method": "banner"}
        self.device.consent = level
        self.world.browse(self.device, [self._event("consent_update", self.landed, told)])
        self.at += 4 * SECOND

    def log_in(self) -> None:
        """The browser says so, and the shop's server says who it is."""
        person, device = self.person, self.device
        if person.customer_key is None or device.logged_in == person.customer_key:
            return
        device.logged_in = person.customer_key
        self.account(Tell("login", {"method": "email"}))
        if device.is_joined:
            self.world.send({
                "event_id": self.world.key(), "type": "identify", "occurred_at": self.at, "consent": device.consent,
                "visitor_key": device.visitor_key, "customer_key": person.customer_key, "email": person.email,
                "data": {"method": "account"},
            })  # fmt: skip

    # --- cart and checkout

    @property
    def cart(self) -> Cart:
        """The one that lies on the device, or a new one."""
        if self.device.cart is None:
            self.device.cart = Cart(self.world.key("cart-"))
        return self.device.cart

    def _of_cart(self) -> Wire:
        return {"cart_key": self.cart.cart_key}

    def take(self, product: Product | None = None) -> None:
        """Look at a product and put it into the cart."""
        sku = self.product(product, "select_item_variant", "add_to_cart")
        self.cart.lines[sku] = self.cart.lines.get(sku, 0) + 1

    def totals(self, shipping: str = "") -> Totals:
        """With `shipping` as an order, without as the cart shows it."""
        cart, market = self.cart, self.market
        lines = [Priced(sku, market.price(VARIANTS[sku].product.price_minor), count) for sku, count in cart.lines.items()]
        coupon = Coupon(cart.coupon, percent=COUPONS[cart.coupon]) if cart.coupon else None
        goods = totals(lines, coupon, 0)
        return totals(lines, coupon, market.shipping(shipping, goods.goods_minor - goods.discount_minor)) if shipping else goods

    def tell_cart(self, name: str, **more: object) -> Tell:
        return Tell(name, {**shelf.tell_cart(self.cart, self.totals(), self.market), **more}, self._of_cart())

    def see_cart(self, *codes: str) -> None:
        """Look at it, and try codes."""
        tells = [self.tell_cart("view_cart")]
        for code in codes:
            if code in DEAD_CODES and not (code == "LYNGUGE20" and self.is_sale):
                tells.append(Tell("coupon_denied", {"coupon": code, "reason": DEAD_CODES[code]}, self._of_cart()))
            else:
                self.cart.coupon = code
                off = {"coupon": code, "currency": self.market.currency, "discount": amount(self.totals().discount_minor)}
                tells.append(Tell("apply_coupon", off, self._of_cart()))
        self.page(self.t("/kurv", "/basket"), "cart", self.t("Kurv", "Basket"), *tells)

    def change_cart(self, *, empty: bool = False) -> None:
        """Take one line out, or one more of it; or everything out."""
        lines, tells = self.cart.lines, [self.tell_cart("view_cart")]
        for sku in list(lines) if empty else list(lines)[:1]:
            if empty or len(lines) > 1:
                del lines[sku]
                told = shelf.tell_items([sku], self.market)
                tells.append(Tell("remove_from_cart", told, self._of_cart()))
            else:
                lines[sku] += 1
        tells.append(self.tell_cart("update_cart"))
        self.page(self.t("/kurv", "/basket"), "cart", self.t("Kurv", "Basket"), *tells)

    def check_out(self, steps: int, payment: str = "card", shipping: str = "parcel_shop") -> None:
        """The first `steps` of the four; with 0 the first is opened and left."""
        steps_told = {
            "contact": self.tell_cart("add_contact_info"),
            "address": self.tell_cart("add_address_info"),
            "shipping": self.tell_cart("add_shipping_info", shipping_tier=shipping),
            "payment": self.tell_cart("add_payment_info", payment_type=payment),
        }
        if self.device.is_joined:
            steps_told["contact"].extra["email"] = self.person.email
        error = self.world.pick(ERRORS) if self.dice.random() < ERROR_SHARE else None
        for number, (step, tell) in enumerate(list(steps_told.items())[: max(1, steps)]):
            tells = [self.tell_cart("begin_checkout")] if number == 0 else []
            if error and error[0] == step:
                told = {"step": step, "code": error[1], "message": error[2]}
                tells.append(Tell("checkout_error", told, self._of_cart()))
            if number < steps:
                tells.append(tell)
            path = f"{self.t('/kassen', '/checkout')}/{step}"
            self.page(path, "checkout", self.t("Kassen", "Checkout"), *tells, seconds=(10, 90))
