"""Orders and their money.  Facts of the shop's server; a browser's `purchase` only tells which visitor saw which receipt."""

from __future__ import annotations

from tracker.events import fields as f
from tracker.events.catalog.kinds import DRESS, SHOES, SHOP_ONLY, AboutOrder, EventType, WithItems


class Totals(AboutOrder, WithItems):
    """What an order amounts to."""

    value = f.Money("goods after discounts, without VAT and shipping")
    tax = f.Money("VAT and other taxes, of goods and shipping")
    shipping = f.Money("shipping and fees without tax")
    discount = f.Money("already taken off `value`, without tax")
    total_value = f.Money("what the buyer pays, all in")
    status = f.Text("placed, placed_cod, pending, paid, processing, completed, or the platform's own word", longest=40)
    version = f.Whole("rises with each change of the order on the platform, such as its time of change; the highest wins")


class Purchase(EventType):
    """An order was placed.  From a browser only `transaction_id` is kept: it tells which visitor saw which order's receipt."""

    ga4 = True
    browser_keeps = frozenset({"transaction_id"})
    example = {
        "customer_key": "318",
        "email": "freja@example.com",
        "cart_key": "c-5521",
        "visitor_key": "v-3xJq0pX2n8",
        "data": {
            "transaction_id": "10042",
            "currency": "DKK",
            "value": 943.65,
            "tax": 245.66,
            "shipping": 39,
            "discount": 104.85,
            "total_value": "1228.31",
            "coupon": "VELKOMMEN10",
            "payment_type": "mobilepay",
            "status": "paid",
            "customer_order_number": 1,
            "items": [DRESS, SHOES],
        },
    }

    class fields(Totals):
        value = f.Money("goods after discounts, without VAT and shipping", required=True)
        coupon = f.Text("coupon of the whole order", longest=100)
        payment_type = f.Text("how it is paid: card, mobilepay, klarna, invoice, cod …", longest=60)
        customer_order_number = f.Whole(
            "1 for the customer's first order, as the platform knows it", lowest=1, highest=1_000_000
        )
        is_test = f.Flag("a trial order that must not be counted")
        created_via = f.Key("how it came in: checkout, phone, pos, api …", longest=40)


_ = SHOP_ONLY
