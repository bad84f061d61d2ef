"""Cart, newsletter coupon, checkout in four steps, receipt."""

from __future__ import annotations

from typing import Any

from flask import abort, jsonify, make_response, request
from flask.typing import ResponseReturnValue

from tracker.demo import facts, prices, state
from tracker.demo.call import POPUP_COOKIE, Call, given, given_choice, given_email, keep_cookie
from tracker.demo.goods import VARIANTS, Words
from tracker.demo.prices import CURRENCY
from tracker.demo.state import Cart, Order

MOST = 10  # pieces of one variant
STEPS = {
    "contact": Words("Kontakt", "Contact"),
    "address": Words("Adresse", "Address"),
    "shipping": Words("Levering", "Shipping"),
    "payment": Words("Betaling", "Payment"),
}
SHIPPING = {
    "parcel_shop": Words("PostNord pakkeshop, 1–2 hverdage", "PostNord parcel shop, 1–2 working days"),
    "home": Words("PostNord hjem til døren, 1–2 hverdage", "PostNord to your door, 1–2 working days"),
}
PAYMENTS = {"card": Words("Betalingskort", "Card"), "cod": Words("Efterkrav, betal ved levering", "Cash on delivery")}
REFUSED_CARD = "4000000000000002"
WORDING = Words(
    "Ja tak til nyhedsbrevet fra Lyng & Datter på e-mail, højst to gange om måneden. Jeg kan framelde mig når som helst.",
    "Yes please to Lyng & Datter's newsletter by e-mail, at most twice a month. I can unsubscribe at any time.",
)
WORDING_VERSION = "2026-03"


# --- the cart


def cart(call: Call) -> ResponseReturnValue:
    found = call.cart()
    totals = call.totals(found)
    if found.lines:
        call.tell("view_cart", facts.tell_cart(found, totals, call.lang), cart_key=found.cart_key)
    title, coupon = call.t("Kurv", "Basket"), call.coupon(found)
    return call.page("cart.html", "cart", title, cart=found, totals=totals, variants=VARIANTS, most=MOST, coupon=coupon)


def add(call: Call) -> ResponseReturnValue:
    sku = given("sku") or "-".join((given("product"), given("colour"), given("size"))).lower()
    variant = VARIANTS.get(sku)
    if variant is None:
        abort(400)
    if variant.sold_out:
        call.notice("bad", "Den størrelse er udsolgt i den farve.", "That size is sold out in that colour.")
        return call.go("product", key=variant.product.key, colour=variant.colour.key)
    found = call.cart()
    found.lines[sku] = min(MOST, found.lines.get(sku, 0) + 1)
    call.keep_cart(found)
    call.tell_next("add_to_cart", facts.tell_items([variant], call.lang), cart_key=found.cart_key)
    title = variant.product.title(call.lang)
    call.notice("good", f"{title} ligger i kurven.", f"{title} is in your basket.")
    return call.go("cart")


def change(call: Call) -> ResponseReturnValue:
    """A new quantity; 0 takes the line out."""
    found = call.cart()
    sku, count = given("sku"), given("quantity", 3)
    if sku not in found.lines or not count.isdigit():
        abort(400)
    before = found.lines[sku]
    found.lines[sku] = min(MOST, int(count))
    if not found.lines[sku]:
        del found.lines[sku]
    call.keep_cart(found)
    if sku not in found.lines:
        value = facts.amount(VARIANTS[sku].product.price_minor * before)
        gone = {"currency": CURRENCY, "value": value, "items": [facts.item(VARIANTS[sku], call.lang, quantity=before)]}
        call.tell_next("remove_from_cart", gone, cart_key=found.cart_key)
    call.tell_next("update_cart", facts.tell_cart(found, call.totals(found), call.lang), cart_key=found.cart_key)
    return call.go("cart")


def apply_coupon(call: Call) -> ResponseReturnValue:
    found = call.cart()
    code = given("code", 40).upper().replace(" ", "")
    coupon, why = state.find_coupon(call.db, code)
    if coupon is None:
        call.notice("bad", *_DENIED[why])
        call.tell_next("coupon_denied", {"coupon": code or "-", "reason": why}, cart_key=found.cart_key)
    else:
        found.coupon = coupon.code
        call.keep_cart(found)
        off = call.totals(found).discount_minor
        told = {"coupon": coupon.code, "currency": CURRENCY, "discount": facts.amount(off)}
        call.tell_next("apply_coupon", told, cart_key=found.cart_key)
        call.notice("good", f"Koden {coupon.code} er brugt på kurven.", f"The code {coupon.code} is applied to your basket.")
    return call.go("cart")


_DENIED = {
    "unknown": Words("Den rabatkode kender vi ikke.", "We do not know that code."),
    "used": Words("Den rabatkode er brugt.", "That code has been used."),
}


def drop_coupon(call: Call) -> ResponseReturnValue:
    found = call.cart()
    found.coupon = None
    call.keep_cart(found)
    return call.go("cart")


# --- the newsletter


def newsletter(call: Call) -> ResponseReturnValue:
    """From the pop-up or a form on a page; to a script it answers with JSON and leaves the telling to it."""
    email = given_email()
    is_script = request.accept_mimetypes.best == "application/json"
    if email is None:
        if is_script:
            return jsonify(error=call.t("Skriv en e-mailadresse.", "Please enter an e-mail address.")), 422
        call.notice("bad", "Skriv en e-mailadresse.", "Please enter an e-mail address.")
        return call.back()
    method = given("method", 20) or "footer"
    told = subscribe(call, email, method)
    code = call.shopper.code
    if is_script:
        return jsonify(code=code, told=told, extra=_named(call, email))
    call.tell_next("newsletter_subscribe", told, **_named(call, email))
    call.notice("good", f"Velkommen! Din kode til 10 % er {code}.", f"Welcome! Your code for 10 % off is {code}.")
    return call.back()


def subscribe(call: Call, email: str, method: str) -> dict[str, Any]:
    """The data of newsletter_subscribe."""
    code, _ = state.subscribe(call.db, email, WORDING.read(call.lang), call.now)
    call.shopper.code, call.shopper.email = code, email
    return {"method": method, "list": "nyhedsbrev", "form_id": f"{method}-10", "text_version": WORDING_VERSION}


def _named(call: Call, email: str) -> dict[str, str]:
    """An address leaves the page only with consent."""
    return {"email": email} if call.consent in ("statistics", "marketing") else {}


def close_popup(call: Call) -> ResponseReturnValue:
    response = make_response("", 204) if request.accept_mimetypes.best == "application/json" else make_response(call.back())
    keep_cookie(response, POPUP_COOKIE, "closed", 30 * 24 * 3600)
    return response


# --- the checkout


def checkout(call: Call, step: str) -> ResponseReturnValue:
    """A step's form.  Nobody gets to a step before those ahead of it are answered."""
    found = call.cart()
    if not found.lines:
        return call.go("cart")
    if step not in STEPS:
        abort(404)
    missing = _missing(call, step)
    if missing:
        return call.go("checkout", step=missing)
    totals = call.totals(found, call.shopper.checkout.get("shipping"))
    if not found.begun and step == "contact":
        call.tell("begin_checkout", facts.tell_cart(found, totals, call.lang), cart_key=found.cart_key)
        found.begun = True
        call.keep_cart(found)
    return _step(call, step, found, {}, {})


def _missing(call: Call, step: str) -> str | None:
    """The first step ahead of this one that is not answered."""
    ahead = list(STEPS)[: list(STEPS).index(step)]
    return next((one for one in ahead if not call.shopper.checkout.get(f"{one}_done")), None)


def _step(call: Call, step: str, found: Cart, errors: dict[str, Words], values: dict[str, str]) -> ResponseReturnValue:
    filled = {**({"email": call.shopper.email} if call.shopper.email else {}), **call.shopper.checkout, **values}
    totals = call.totals(found, filled.get("shipping"))
    for name, words in errors.items():
        told = {"step": step, "code": "card_declined" if words is _DECLINED else "invalid", "field": name}
        call.tell("checkout_error", {**told, "message": words.read(call.lang)}, cart_key=found.cart_key)
    page = call.page(
        "checkout.html", "checkout", call.t("Kassen", "Checkout"), step=step, steps=STEPS, filled=filled, errors=errors,
        cart=found, totals=totals, variants=VARIANTS, shipping=SHIPPING, payments=PAYMENTS, wording=WORDING,
        told_payment={"data": facts.tell_cart(found, totals, call.lang), "extra": {"cart_key": found.cart_key}},
        ship_price=lambda way: prices.shipping_price(way, totals.goods_minor - totals.discount_minor),
    )  # fmt: skip
    return (page, 422) if errors else page


def answer(call: Call, step: str) -> ResponseReturnValue:
    """A step's form comes back."""
    if step not in STEPS:
        abort(404)
    found = call.cart()
    if not found.lines:
        placed_before = call.shopper.orders if step == "payment" else []
        return call.go("receipt", order_key=placed_before[-1]) if placed_before else call.go("cart")
    missing = _missing(call, step)
    if missing:
        return call.go("checkout", step=missing)
    call.keep_cart(found)
    values, errors = _READERS[step](call)
    if errors:
        return _step(call, step, found, errors, values)
    call.shopper.checkout |= {**values, f"{step}_done": "1"}
    if step == "payment":
        return _place(call, found)
    _tell_step(call, step, found)
    steps = list(STEPS)
    return call.go("checkout", step=steps[steps.index(step) + 1])


_NEEDED = Words("Skal udfyldes.", "Please fill this in.")
_NO_EMAIL = Words("Det ligner ikke en e-mailadresse.", "That does not look like an e-mail address.")
_NO_POSTCODE = Words("Et dansk postnummer har fire cifre.", "A Danish postcode has four digits.")
_NO_CARD = Words("Et kortnummer har 16 cifre.", "A card number has 16 digits.")
_DECLINED = Words("Kortet blev afvist af banken. Prøv et andet kort.", "The bank declined the card. Please try another one.")
Values = tuple[dict[str, str], dict[str, Words]]


def _contact(call: Call) -> Values:
    email = given_email()
    values = {"email": email or given("email"), "phone": given("phone", 30), "newsletter": given("newsletter", 3)}
    if email is None:
        return values, {"email": _NO_EMAIL}
    call.shopper.email = email
    return values, {}


def _address(call: Call) -> Values:
    values = {name: given(name, 80) for name in ("name", "street", "postcode", "city")}
    errors = {name: _NEEDED for name, value in values.items() if not value}
    if values["postcode"] and not (values["postcode"].isdigit() and len(values["postcode"]) == 4):
        errors["postcode"] = _NO_POSTCODE
    return values, errors


def _shipping(call: Call) -> Values:
    chosen = given_choice("shipping", SHIPPING)
    return ({"shipping": chosen}, {}) if chosen else ({}, {"shipping": _NEEDED})


def _payment(call: Call) -> Values:
    """The card's number is looked at and forgotten."""
    chosen = given_choice("payment", PAYMENTS)
    if chosen is None:
        return {}, {"payment": _NEEDED}
    number = given("card", 30).replace(" ", "")
    if chosen == "card" and not (number.isdigit() and len(number) == 16):
        return {"payment": chosen}, {"card": _NO_CARD}
    if chosen == "card" and number == REFUSED_CARD:
        return {"payment": chosen}, {"card": _DECLINED}
    return {"payment": chosen}, {}


_READERS = {"contact": _contact, "address": _address, "shipping": _shipping, "payment": _payment}
_TOLD_AS = {
    "contact": "add_contact_info",
    "address": "add_address_info",
    "shipping": "add_shipping_info",  # the payment's is told by its page, before the order is placed
}


def _tell_step(call: Call, step: str, found: Cart) -> None:
    filled = call.shopper.checkout
    totals = call.totals(found, filled.get("shipping"))
    told = facts.tell_cart(found, totals, call.lang)
    extra: dict[str, str] = {"cart_key": found.cart_key}
    if step == "contact":
        extra |= _named(call, filled["email"])
        if filled.get("newsletter"):
            call.tell_next("newsletter_subscribe", subscribe(call, filled["email"], "checkout"), **extra)
    if step == "shipping":
        told |= {"shipping_tier": filled["shipping"], "shipping": facts.amount(totals.shipping_minor)}
    call.tell_next(_TOLD_AS[step], told, **extra)


def _place(call: Call, found: Cart) -> ResponseReturnValue:
    """The order, its facts and the used coupon in one transaction.  A second press shows the receipt again."""
    filled = call.shopper.checkout
    order = _order(call, found)
    for owing in placed(call, order):
        call.owe(owing)
    state.save_order(call.db, order)
    call.shopper.orders.append(order.order_key)
    call.shopper.cart_key = None
    call.shopper.code = None if order.coupon == call.shopper.code else call.shopper.code
    call.shopper.checkout = {
        name: value for name, value in filled.items() if name in ("name", "street", "postcode", "city", "phone")
    }
    return call.go("receipt", order_key=order.order_key)


def _order(call: Call, found: Cart) -> Order:
    filled = call.shopper.checkout
    totals = call.totals(found, filled["shipping"])
    customer = state.customer_of_email(call.db, filled["email"])
    return Order(
        order_key=state.next_order_key(call.db, call.now), cart_key=found.cart_key, placed_at=call.now, lang=call.lang,
        email=filled["email"], name=filled["name"], phone=filled.get("phone", ""), street=filled["street"],
        postcode=filled["postcode"], city=filled["city"], payment=filled["payment"], shipping=filled["shipping"], totals=totals,
        coupon=found.coupon if totals.discount_minor else None, customer_key=customer.customer_key if customer else None,
        visitor_key=found.visitor_key, consent=found.consent, user_agent=request.user_agent.string[:500],
    )  # fmt: skip


def placed(call: Call, order: Order) -> list[dict[str, Any]]:
    """What the collector is owed for a new order, and with a card for its money."""
    number = len(state.orders_of(call.db, order.email)) + 1
    events = [facts.purchase(order, number)]
    referrer = state.use_coupon(call.db, order.coupon, order.order_key) if order.coupon else None
    friend_of = state.find_customer(call.db, referrer)
    if friend_of is not None:
        events.append(facts.referral("referral_converted", f"friend-bought-{order.order_key}", friend_of, call.now))
    if order.payment == "card":
        events += paid(call, order)
    return events


def paid(call: Call, order: Order) -> list[dict[str, Any]]:
    """The order's money is there: a member earns a point for each whole 10 kr. of goods."""
    order.paid_at = call.now
    events = [facts.paid(order, call.now)]
    customer = state.customer_of_email(call.db, order.email)
    points = order.totals.value_minor // 1000
    if customer is not None and customer.joined_at is not None and points:
        customer.points += points
        state.save_customer(call.db, customer)
        events.append(facts.points_earned(customer, order, points, call.now))
    return events


def receipt(call: Call, order_key: str) -> ResponseReturnValue:
    """With a survey in the corner; the snippet asks a browser once."""
    order = call.order(order_key)
    question = call.t(
        "Hvor sandsynligt er det, at du vil anbefale os til en ven?", "How likely are you to recommend us to a friend?"
    )
    asked = {"survey_id": "kvittering", "type": "nps", "question": question, "language": call.lang, "stage": "purchase"}
    call.tell("survey", {**asked, "transaction_id": order_key})
    return call.page(
        "receipt.html",
        "receipt",
        call.t("Tak for din ordre", "Thank you for your order"),
        order=order,
        variants=VARIANTS,
        shipping=SHIPPING,
        payments=PAYMENTS,
    )
