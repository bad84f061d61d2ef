"""After the order: the parcel, getting started, returns, reviews, account, club, friends, support."""

from __future__ import annotations

import secrets

from flask import abort, request
from flask.typing import ResponseReturnValue

from tracker.demo import facts, state
from tracker.demo.browsing import rating
from tracker.demo.call import JOINABLE, Call, given, given_choice, given_email
from tracker.demo.goods import PRODUCTS, VARIANTS, Product, Words
from tracker.demo.state import Order, Return, Review, Ticket

RETURN_DAYS = 30
REASONS = {
    "too_small": Words("For lille", "Too small"),
    "too_big": Words("For stor", "Too big"),
    "not_as_expected": Words("Ikke som ventet", "Not as expected"),
    "faulty": Words("Fejl på varen", "Faulty"),
}
TOPICS = {
    "delivery": Words("Levering", "Delivery"),
    "return": Words("Retur og ombytning", "Returns and exchanges"),
    "product": Words("En vare", "A product"),
    "complaint": Words("Reklamation", "Complaint"),
}
VOUCHER_POINTS = 50
VOUCHER_MINOR = 5_000
FRIEND_MINOR = 5_000


def track(call: Call, order_key: str) -> ResponseReturnValue:
    order = call.order(order_key)
    customer = state.customer_of_email(call.db, order.email)
    bought = list(dict.fromkeys(VARIANTS[line.sku].product.key for line in order.totals.lines))
    return call.page(
        "track.html", "order_tracking", call.t(f"Ordre {order_key}", f"Order {order_key}"), order=order, variants=VARIANTS,
        bought=[PRODUCTS[key] for key in bought], reasons=REASONS, is_member=bool(customer and customer.joined_at),
        host=request.host_url.rstrip("/"),
    )  # fmt: skip


def started(call: Call, order_key: str) -> ResponseReturnValue:
    order = call.order(order_key)
    bought = list(dict.fromkeys(VARIANTS[line.sku].product.key for line in order.totals.lines))
    title = call.t("Kom godt i gang", "Getting started")
    return call.page("getting_started.html", "getting_started", title, order=order, bought=[PRODUCTS[key] for key in bought])


def ask_return(call: Call, order_key: str) -> ResponseReturnValue:
    order = call.order(order_key)
    line, reason = order.line(given("sku")), given_choice("reason", REASONS)
    if line is None or reason is None or order.delivered_at is None:
        abort(400)
    if any(asked.sku == line.sku for asked in order.returns):
        call.notice("note", "Den vare er allerede meldt til retur.", "A return of that item is under way already.")
        return call.go("track", order_key=order_key)
    asked = Return(str(len(order.returns) + 1), call.now, line.sku, reason)
    order.returns.append(asked)
    state.save_order(call.db, order)
    call.owe(facts.return_requested(order, asked))
    call.notice(
        "good", "Returen er meldt. Label ligger i din indbakke.", "Your return is registered. The label is in your mail."
    )
    return call.go("track", order_key=order_key)


# --- reviews


def review_form(call: Call, key: str) -> ResponseReturnValue:
    product = PRODUCTS.get(key) or abort(404)
    return _review_page(call, product, {}, {"email": call.shopper.email or ""})


def _review_page(call: Call, product: Product, errors: dict[str, str], filled: dict[str, str]) -> str:
    title = call.t(f"Anmeld {product.name}", f"Review {product.name}")
    stars = rating(call, product)
    return call.page("review.html", "other", title, product=product, errors=errors, filled=filled, rating=stars)


def review(call: Call, key: str) -> ResponseReturnValue:
    product = PRODUCTS.get(key) or abort(404)
    stars, email = given("rating", 1), given_email()
    filled = {name: given(name, 2000) for name in ("rating", "name", "email", "title", "text")}
    errors = {}
    if stars not in ("1", "2", "3", "4", "5"):
        errors["rating"] = call.t("Vælg et antal stjerner.", "Please choose a number of stars.")
    if email is None:
        errors["email"] = call.t("Det ligner ikke en e-mailadresse.", "That does not look like an e-mail address.")
    if errors or email is None:
        return _review_page(call, product, errors, filled), 422
    name = filled["name"][:40] or call.t("Anonym", "Anonymous")
    _keep_review(call, Review(key, email, name, int(stars), filled["title"][:80], filled["text"], call.now))
    return call.go("review", key=key)


def _keep_review(call: Call, written: Review) -> None:
    """One of each buyer and product; it is owed to the collector once."""
    if state.save_review(call.db, written):
        order = _order_with(call, written.email, written.product)
        customer = state.customer_of_email(call.db, written.email)
        customer_key = customer.customer_key if customer else None
        call.owe(facts.reviewed(written, order, call.visitor_key, call.consent, customer_key))
        call.notice("good", "Tak for din anmeldelse. Den gør os bedre.", "Thank you for your review. It makes us better.")
    else:
        call.notice("note", "Du har allerede anmeldt den vare.", "You have reviewed this product already.")


def _order_with(call: Call, email: str, product: str) -> Order | None:
    """The newest order of this browser or customer in which the product was bought."""
    for order in state.orders_of(call.db, email):
        is_theirs = order.order_key in call.shopper.orders or order.customer_key == call.shopper.customer_key is not None
        if is_theirs and any(VARIANTS[line.sku].product.key == product for line in order.totals.lines):
            return order
    return None


# --- account, club, friends


def account(call: Call) -> ResponseReturnValue:
    customer = call.customer
    orders = state.orders_of(call.db, customer.email) if customer else []
    return call.page(
        "account.html", "account", call.t("Min konto", "My account"), customer=customer, orders=orders,
        voucher_points=VOUCHER_POINTS, host=request.host_url.rstrip("/"), friend_minor=FRIEND_MINOR,
        voucher_minor=VOUCHER_MINOR,
    )  # fmt: skip


def log_in(call: Call) -> ResponseReturnValue:
    """By e-mail alone, as it is a demo.  A new address makes an account."""
    email = given_email()
    if email is None:
        call.notice("bad", "Skriv en e-mailadresse.", "Please enter an e-mail address.")
        return call.go("account")
    customer, is_new = call.make_customer(email)
    if is_new:
        call.owe(facts.signed_up(customer, call.now, call.visitor_key, call.consent))
    extra = {"customer_key": customer.customer_key, "email": email} if call.consent in JOINABLE else {}
    call.tell_next("login", {"method": "email"}, **extra)
    return call.go("account")


def log_out(call: Call) -> ResponseReturnValue:
    call.shopper.customer_key = None
    return call.go("home")


def club(call: Call) -> ResponseReturnValue:
    email = call.shopper.email
    customer = state.customer_of_email(call.db, email) if email else None
    member = customer if customer and customer.joined_at else None
    return call.page("club.html", "other", call.t("Lyngklubben", "The Heather Club"), member=member)


def join(call: Call) -> ResponseReturnValue:
    email = given_email()
    if email is None:
        call.notice("bad", "Skriv en e-mailadresse.", "Please enter an e-mail address.")
        return call.go("club")
    customer, _ = call.make_customer(email)
    if customer.joined_at is None:
        customer.joined_at = call.now
        state.save_customer(call.db, customer)
        call.owe(facts.joined(customer, call.now, call.visitor_key, call.consent))
    call.notice("good", "Velkommen i Lyngklubben.", "Welcome to the Heather Club.")
    return call.go("club")


def redeem(call: Call) -> ResponseReturnValue:
    customer = call.customer
    if customer is None or customer.points < VOUCHER_POINTS:
        abort(400)
    customer.points -= VOUCHER_POINTS
    state.save_customer(call.db, customer)
    code = state.add_coupon(call.db, "LYNG", amount_minor=VOUCHER_MINOR)
    call.owe(facts.points_redeemed(customer, VOUCHER_POINTS, VOUCHER_MINOR, code, call.now))
    call.notice("good", f"Din værdikode er {code}. Den giver 50 kr.", f"Your voucher is {code}. It is worth DKK 50.")
    return call.go("account")


def make_referral(call: Call) -> ResponseReturnValue:
    customer = call.customer
    if customer is None:
        abort(400)
    if customer.referral is None:
        customer.referral = secrets.token_hex(4)
        state.save_customer(call.db, customer)
        call.owe(facts.referral("referral_link_created", f"friend-link-{customer.referral}", customer, call.now))
    return call.go("account")


def friend(call: Call, code: str) -> ResponseReturnValue:
    """A friend comes by a personal link.  To the friend it is a page with a gift, to who made the link it is a visit."""
    referrer = state.customer_of_referral(call.db, code)
    if referrer is None:
        return call.go("home")
    call.owe(facts.referral("referral_visit", f"friend-{code}-{secrets.token_hex(6)}", referrer, call.now))
    title = call.t("En gave fra en ven", "A gift from a friend")
    return call.page("friend.html", "campaign", title, code=code, gift_minor=FRIEND_MINOR)


def take_gift(call: Call, code: str) -> ResponseReturnValue:
    referrer = state.customer_of_referral(call.db, code) or abort(404)
    found = call.cart()
    found.coupon = state.add_coupon(call.db, "VEN", amount_minor=FRIEND_MINOR, referrer=referrer.customer_key)
    call.keep_cart(found)
    call.notice("good", "50 kr. trækkes fra i kurven.", "DKK 50 will be taken off in your basket.")
    return call.go("everything")


# --- support


def contact(call: Call) -> ResponseReturnValue:
    return _contact_page(call, {}, {"email": call.shopper.email or ""})


def _contact_page(call: Call, errors: dict[str, str], filled: dict[str, str]) -> str:
    return call.page("contact.html", "contact", call.t("Kontakt", "Contact"), topics=TOPICS, errors=errors, filled=filled)


def ask(call: Call) -> ResponseReturnValue:
    email, topic, text = given_email(), given_choice("topic", TOPICS), given("text", 4000)
    errors = {}
    if email is None:
        errors["email"] = call.t("Det ligner ikke en e-mailadresse.", "That does not look like an e-mail address.")
    if not text:
        errors["text"] = call.t("Skriv, hvad vi kan hjælpe med.", "Please tell us how we can help.")
    if email is None or topic is None or errors:
        filled = {"email": given("email"), "topic": topic or "", "text": text, "order": given("order")}
        return _contact_page(call, errors, filled), 422
    order = state.find_order(call.db, given("order", 20))
    customer = state.customer_of_email(call.db, email)
    ticket = Ticket(
        "t-" + secrets.token_hex(4), call.now, email, topic, text, customer.customer_key if customer else None,
        order.order_key if order and order.email == email else None, call.visitor_key, call.consent,
    )  # fmt: skip
    state.save_ticket(call.db, ticket)
    call.owe(facts.ticket_created(ticket))
    call.notice("good", "Tak, vi svarer inden for en hverdag.", "Thank you, we answer within one working day.")
    return call.go("contact")
