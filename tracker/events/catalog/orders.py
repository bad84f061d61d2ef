"""Orders, their money and their parcels.  Facts of the shop's server; a browser's `purchase` only tells who saw which receipt.

A change of an order is one change however often it is sent: (order, type, the platform's id of that refund, return or parcel).
"""

from __future__ import annotations

from tracker.events import fields as f
from tracker.events.catalog.kinds import DRESS, SHOES, SHOP_ONLY, AboutOrder, EventType, WithItems, company_key

_VALUE = "goods after discounts, without VAT and shipping"
_TAX = "VAT and other taxes, of goods and shipping"
_SHIPPING = "shipping and fees, without tax"
_VERSION = "rises with each change of the order on the platform, such as the time of its last change; the highest wins"


class Totals(AboutOrder, WithItems):
    """What an order amounts to."""

    value = f.Money(_VALUE, required=True)
    tax = f.Money(_TAX)
    shipping = f.Money(_SHIPPING)
    discount = f.Money("already taken off `value`, without tax")
    total_value = f.Money("what the buyer pays, all in")
    coupon = f.Text("coupon of the whole order", longest=100)
    payment_type = f.Text("how it is paid: card, mobilepay, klarna, invoice, cod …", longest=60)
    status = f.Text("placed, placed_cod, pending, paid, processing, completed, or the platform's own word", longest=40)
    version = f.Whole(_VERSION)


class Purchase(EventType):
    """An order was placed.  From a browser only `transaction_id` is kept: it tells which visitor saw which order's receipt."""

    ga4 = True
    browser_keeps = frozenset({"transaction_id"})
    example = {
        "visitor_key": "v-3xJq0pX2n8",
        "customer_key": "318",
        "email": "freja@example.com",
        "cart_key": "c-5521",
        "data": {
            "transaction_id": "10042",
            "currency": "DKK",
            "value": 754.92,
            "tax": "196.53",
            "shipping": 31.2,
            "discount": 83.88,
            "total_value": 982.65,
            "coupon": "VELKOMMEN10",
            "payment_type": "mobilepay",
            "status": "paid",
            "customer_order_number": 1,
            "created_via": "checkout",
            "items": [{**DRESS, "price": 431.28, "discount": 47.92}, {**SHOES, "price": 323.64, "discount": 35.96}],
        },
    }

    class fields(Totals):
        customer_order_number = f.Whole(
            "1 for the customer's first order, as the platform knows it", lowest=1, highest=1_000_000
        )
        company_key = company_key()
        is_test = f.Flag("a trial order that must not be counted")
        created_via = f.Key("how it came in: checkout, phone, pos, api …", longest=40)


class OrderPaid(EventType):
    """The money of an order arrived."""

    sent_by = SHOP_ONLY
    example = {"data": {"transaction_id": "10042", "payment_type": "mobilepay"}}

    class fields(AboutOrder):
        payment_type = f.Text("how it was paid", longest=60)


class OrderUpdated(EventType):
    """An order was changed on the platform; the totals are the new ones."""

    sent_by = SHOP_ONLY
    example = {
        "data": {
            "transaction_id": "10042",
            "version": 1_790_000_600_000,
            "currency": "DKK",
            "value": 431.28,
            "tax": 115.62,
            "shipping": 31.2,
            "total_value": 578.1,
            "status": "processing",
        }
    }

    class fields(Totals):
        value = f.Money(_VALUE)
        version = f.Whole(_VERSION, required=True)


class OrderCancelled(EventType):
    """An order was cancelled; its net revenue is 0 from now on."""

    sent_by = SHOP_ONLY
    example = {"data": {"transaction_id": "10042", "reason": "customer"}}

    class fields(AboutOrder):
        reason = f.Text("why")


class Refund(EventType):
    """Money of an order was given back, all or in part."""

    ga4 = True
    sent_by = SHOP_ONLY
    example = {
        "data": {
            "transaction_id": "10042",
            "refund_id": "r-77",
            "currency": "DKK",
            "value": 323.64,
            "tax": 80.91,
            "total_value": 404.55,
            "reason": "for små",
            "items": [{**SHOES, "price": 323.64}],
        }
    }

    class fields(AboutOrder, WithItems):
        refund_id = f.Key("the platform's id of this refund", required=True)
        value = f.Money("given back: " + _VALUE, required=True)
        tax = f.Money("given back: " + _TAX)
        shipping = f.Money("given back: " + _SHIPPING)
        total_value = f.Money("what the buyer gets back, all in")
        reason = f.Text("why")


class Return(AboutOrder, WithItems):
    """Goods that come back."""

    return_id = f.Key("the platform's id of this return")
    reason = f.Text("why, in the buyer's words or the platform's")


class ReturnRequested(EventType):
    """The buyer wants to send goods back; `items` are those goods."""

    sent_by = SHOP_ONLY
    fields = Return
    example = {"data": {"transaction_id": "10042", "return_id": "rma-9", "reason": "for små", "items": [SHOES]}}


class ReturnCompleted(EventType):
    """Returned goods arrived at the shop; money given back is a `refund` of its own."""

    sent_by = SHOP_ONLY
    fields = Return
    example = {"data": {"transaction_id": "10042", "return_id": "rma-9", "items": [SHOES]}}


class Parcel(AboutOrder):
    """A parcel of an order."""

    parcel_id = f.Key("the platform's or carrier's id of the parcel; absent when there is only one")
    carrier = f.Text("who carries it", longest=60)
    tracking_url = f.Address("where the buyer can follow it")


class OrderFulfilled(EventType):
    """All goods of an order, or of one parcel, are packed and handed over."""

    sent_by = SHOP_ONLY
    fields = Parcel
    example = {"data": {"transaction_id": "10042", "parcel_id": "p-1"}}


class OrderShipped(EventType):
    """A parcel is on its way."""

    sent_by = SHOP_ONLY
    fields = Parcel
    example = {
        "data": {
            "transaction_id": "10042",
            "parcel_id": "p-1",
            "carrier": "GLS",
            "tracking_url": "https://gls-group.eu/track/998877",
        }
    }


class OrderDelivered(EventType):
    """A parcel reached the buyer."""

    sent_by = SHOP_ONLY
    fields = Parcel
    example = {"data": {"transaction_id": "10042", "parcel_id": "p-1", "carrier": "GLS"}}
