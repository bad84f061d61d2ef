"""The cart and the checkout.  `cart_key` of the event names the cart; prices are as shown to the buyer."""

from __future__ import annotations

from tracker.events import fields as f
from tracker.events.catalog.kinds import DRESS, SHOES, Checkout, EventType, ItemList, WithItems


class AddToCart(EventType):
    """Products were put into the cart; `items` are those that were added."""

    ga4 = True
    fields = ItemList
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": 599, "items": [DRESS]}}


class RemoveFromCart(EventType):
    """Products were taken out of the cart; `items` are those that were removed."""

    ga4 = True
    fields = WithItems
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": "449.50", "items": [SHOES]}}


class UpdateCart(EventType):
    """The cart changed; `items` are all that it now holds, an empty list means emptied."""

    fields = Checkout
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": 1198, "items": [{**DRESS, "quantity": 2}]}}


class ViewCart(EventType):
    """The cart was looked at; `items` are all that it holds."""

    ga4 = True
    fields = Checkout
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": 1048.5, "items": [DRESS, SHOES]}}


class ApplyCoupon(EventType):
    """A coupon was accepted in the cart or the checkout."""

    example = {"cart_key": "c-5521", "data": {"coupon": "VELKOMMEN10", "currency": "DKK", "discount": 104.85}}

    class fields(WithItems):
        coupon = f.Text("its code", longest=100, required=True)
        discount = f.Money("what it takes off the cart")


class CouponDenied(EventType):
    """A coupon was tried and refused."""

    example = {"data": {"coupon": "SOMMER24", "reason": "expired"}}

    class fields(WithItems):
        coupon = f.Text("the code as typed", longest=100, required=True)
        reason = f.Text("why it was refused")


class BeginCheckout(EventType):
    """The checkout was opened."""

    ga4 = True
    fields = Checkout
    example = {
        "cart_key": "c-5521",
        "data": {"currency": "DKK", "value": 1048.5, "coupon": "VELKOMMEN10", "items": [DRESS, SHOES]},
    }


class AddContactInfo(EventType):
    """The buyer gave an e-mail address or a phone number; the address itself is the event's `email`."""

    fields = Checkout
    example = {"cart_key": "c-5521", "email": "freja@example.com", "data": {"currency": "DKK", "value": 1048.5}}


class AddAddressInfo(EventType):
    """The buyer gave an address."""

    fields = Checkout
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": 1048.5}}


class AddShippingInfo(EventType):
    """The buyer chose how it is shipped."""

    ga4 = True
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": 1048.5, "shipping_tier": "GLS pakkeshop"}}

    class fields(Checkout):
        shipping_tier = f.Text("the way of shipping", longest=100)
        shipping = f.Money("what it costs")


class AddPaymentInfo(EventType):
    """The buyer chose how to pay."""

    ga4 = True
    example = {"cart_key": "c-5521", "data": {"currency": "DKK", "value": 1048.5, "payment_type": "mobilepay"}}

    class fields(Checkout):
        payment_type = f.Text("card, mobilepay, klarna, invoice, cod …", longest=60)


class CheckoutError(EventType):
    """The checkout told the buyer that something is wrong."""

    example = {"cart_key": "c-5521", "data": {"step": "payment", "code": "card_declined", "message": "Kortet blev afvist"}}

    class fields(Checkout):
        step = f.Text("contact, address, shipping, payment, or the shop's own word", longest=40)
        code = f.Text("the platform's or payment provider's code", longest=100)
        message = f.Text("what the buyer read; no personal data")
        field = f.Text("the form's field it is about", longest=60)
