"""What an event type is, and the field groups that many types share.

An event type is a class: its docstring is the public documentation, `fields` the marshmallow schema of its `data`.
Types are declared beside their like in this package and named in CATALOG (`__init__.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from marshmallow import Schema
from marshmallow import fields as m

from tracker.events import fields as f
from tracker.events.types import Event, Source

ANYONE = frozenset({Source.BROWSER, Source.SERVER})
SHOP_ONLY = frozenset({Source.SERVER})  # money, order and after-sales facts: signed, or not believed


class Nothing(Schema):
    """A type whose event and page say it all."""


class EventType:
    """Something that can happen.  Subclasses are never instantiated."""

    fields: ClassVar[type[Schema]] = Nothing
    sent_by: ClassVar[frozenset[Source]] = ANYONE
    ga4: ClassVar[bool] = False  # whether Google Analytics 4 has an event of this name
    names_order: ClassVar[bool] = False  # derived: has `transaction_id`, which becomes Event.order_key
    browser_keeps: ClassVar[frozenset[str] | None] = None  # from a browser only these fields of data; None: all
    only_counted: ClassVar[bool] = False  # a browser's is counted by type and day, and not kept as an event
    open_data: ClassVar[bool] = False  # `data` may hold further fields of any name
    example: ClassVar[Mapping[str, Any]] = {}  # wire form, without event_id, type and occurred_at

    def __init_subclass__(cls) -> None:
        cls.names_order = "transaction_id" in cls.fields._declared_fields

    @classmethod
    def problems(cls, event: Event) -> dict[str, str]:
        """What is wrong between fields, each of which is right by itself: field → in words."""
        return {}


class Item(Schema):
    """One product; GA4's names."""

    item_id = f.Key("the variant's id or SKU, as the shop's product feed has it; `item_id` or `item_name` must be given")
    item_group_id = f.Key("the product that the variant belongs to")
    item_name = f.Text("the product's name")
    item_brand = f.Text("brand or maker", longest=100)
    item_category = f.Text("category, the top level", longest=100)
    item_category2 = f.Text("category, second level", longest=100)
    item_category3 = f.Text("category, third level", longest=100)
    item_category4 = f.Text("category, fourth level", longest=100)
    item_category5 = f.Text("category, fifth level", longest=100)
    item_variant = f.Text("the variant's name: size, colour", longest=100)
    price = f.Money("one piece, after its discount; without VAT on order events, as shown to the buyer elsewhere")
    quantity = f.Whole("how many; 1 when absent", unit="pieces", lowest=1, highest=10_000)
    discount = f.Money("taken off one piece")
    coupon = f.Text("coupon of this item", longest=100)
    index = f.Whole("place in the list", highest=100_000)
    item_list_id = f.Key("the list it was shown in")
    item_list_name = f.Text("the list's name")
    affiliation = f.Text("the seller or branch", longest=100)
    location_id = f.Key("the place of the item, such as a Google place id")
    promotion_id = f.Key("the promotion it belongs to")
    promotion_name = f.Text("the promotion's name")
    creative_name = f.Text("the promotion's picture or text", longest=100)
    creative_slot = f.Text("where the promotion stands", longest=100)
    url = f.Address("the product's page")
    image_url = f.Address("a picture of it")


class WithItems(Schema):
    """About products."""

    currency = f.Currency("of all amounts in this event; the shop's own when absent")
    value = f.Money("Σ price × quantity of the items")
    items = f.Items("the products", m.Nested(Item))


class ItemList(WithItems):
    """About a list of products."""

    item_list_id = f.Key("which list")
    item_list_name = f.Text("the list's name")


class Checkout(WithItems):
    """A step of the checkout."""

    coupon = f.Text("coupon of the whole cart", longest=100)


class AboutOrder(Schema):
    """About an order."""

    transaction_id = f.Key("the order, as the shop numbers it; the same on every event about it", required=True)


def company_key() -> f.Key:
    """Whom somebody works for; heeded where the shop's journeys are those of companies."""
    return f.Key("the company's VAT number, or the shop's own number of it")


class MayNameOrder(Schema):
    """May be about an order."""

    transaction_id = f.Key("the order that it is about")


# Products of the examples.
DRESS: Mapping[str, Any] = {
    "item_id": "KJ-1042-38",
    "item_group_id": "KJ-1042",
    "item_name": "Sommerkjole Vilma",
    "item_brand": "Havblik",
    "item_category": "Kjoler",
    "item_variant": "38 / blå",
    "price": 599,
    "quantity": 1,
}
SHOES: Mapping[str, Any] = {
    "item_id": "SK-77-39",
    "item_name": "Sandal Alma",
    "item_category": "Sko",
    "price": "449.50",
    "quantity": 1,
}
