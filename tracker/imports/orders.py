"""Past orders: each becomes a `purchase`, and an `order_cancelled` and `refund`s where the file tells of such.

In:  the wire's own names with the wire's meaning (`value` is goods after discounts, without VAT and shipping), as NDJSON or
     CSV; or the columns of an export, whose amounts mean something else: _totals says how they become ours.
Out: events without a platform version, so that what the shop's server has told, or will tell, of the same order stays.

A CSV order may be several lines, one for each item, as Shopify and most of WooCommerce's exporters write it.
Sources of the column names and of the words for states: Shopify's orders export; WooCommerce's order fields, and the exporters
of WebToffee, SkyVerge and AlgolPlus (read 2026-09).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any, NamedTuple

from tracker.clock import Instant
from tracker.errors import Refused, RefusedReason
from tracker.events.fields import clean_text
from tracker.imports.columns import Column, normal
from tracker.imports.kinds import COMPANY, EMAIL_TITLES, Told, Wire
from tracker.imports.lines import Entry, Row
from tracker.imports.values import Reading, amount, customer_key, event_id, flag, key, moment, text, whole
from tracker.money import exponent
from tracker.shops import Shop
from tracker.texts import N_, Sentence

ORDER: Sequence[Column] = (
    Column(
        "transaction_id",
        "the order, by the key that the shop's server names it by",
        # A WooCommerce export's transaction_id is the payment's: there `order_id` or `id` stands beside it.
        ("order_id", "id", "transaction_id", "name", "order_number", "order_no", "number", "order"),
    ),
    Column("occurred_at", "when it was placed", ("created_at", "order_date", "date_created", "date", "placed_at")),
    Column("email", "the buyer's address", EMAIL_TITLES),
    Column("customer_key", "the buyer's id on the platform; 0 and empty: none", ("customer_id", "customer_user", "user_id")),
    Column("visitor_key", "the buyer's browser: the value of the cookie `_kr`, if the shop has kept it"),
    COMPANY,
    Column(
        "country",
        "the buyer's country, two letters",
        ("billing_country", "country_code_billing", "shipping_country", "country_code_shipping", "country_code"),
    ),
    Column("currency", "of all amounts; absent: the shop's", ("order_currency",)),
    Column("value", "goods after discounts, without VAT and shipping"),
    Column("total_value", "what the buyer pays, all in", ("total", "order_total", "order_total_amount", "total_price")),
    Column("tax", "VAT of goods and shipping", ("taxes", "tax_total", "total_tax", "order_total_tax_amount", "order_tax")),
    Column("shipping", "shipping, without VAT", ("shipping_total", "order_shipping_amount", "order_shipping")),
    Column("fees", "other fees, without VAT: counted with shipping", ("fee_total",)),
    Column("subtotal", "goods after discounts, with or without VAT: the total tells which", ("subtotal_price",)),
    Column("discount", "already taken off", ("discount_amount", "discount_total", "total_discounts", "cart_discount_amount")),
    Column("coupon", "code of the whole order", ("discount_code", "coupon_code", "coupons", "coupon_s")),
    Column("payment_type", "how it is paid", ("payment_method_title", "payment_method")),
    Column("status", "its state: see below", ("financial_status", "order_status")),
    Column("paid_at", "when it was paid", ("paid_date", "date_paid")),
    Column("cancelled_at", "when it was cancelled"),
    Column("cancel_reason", "why"),
    Column(
        "refunded", "given back so far, all in", ("refunded_amount", "refunded_total", "order_refund_amount", "total_refunded")
    ),
    Column("refund_id", "the platform's id, where `refunded` is one refund"),
    Column("refunded_at", "when; absent: when the order was placed"),
    Column("customer_order_number", "1 for the customer's first order"),
    Column("is_test", "a trial order that must not be counted", ("test",)),
    Column("created_via", "how it came in", ("source", "source_name")),
)
ITEM: Sequence[Column] = (
    Column("item_id", "the variant's id or SKU", ("lineitem_sku", "item_sku", "product_sku", "sku")),
    Column("item_group_id", "the product", ("product_id",)),
    Column("item_name", "the product's name", ("lineitem_name", "product_name")),
    Column("item_brand", "brand or maker", ("vendor",)),
    Column("item_category", "category"),
    Column("item_variant", "size, colour"),
    Column("quantity", "pieces; absent: 1", ("lineitem_quantity", "item_quantity", "qty")),
    Column("price", "one piece", ("lineitem_price", "item_price", "item_cost", "unit_price")),
    Column("item_discount", "taken off all pieces together", ("lineitem_discount",)),
)
PACKED_ITEMS = Column(
    "line_items",
    "all items in one cell, or in `line_item_1`, `line_item_2` …: `name:…` `sku:…` `quantity:…` `total:…`, with bars between",
    is_joined=True,
)
COLUMNS: Sequence[Column] = (*ORDER, *ITEM, PACKED_ITEMS)
NEEDED: Sequence[Sequence[str]] = (("transaction_id",), ("occurred_at",), ("value", "total_value tax"), ("status", "paid_at"))
KEY: str | None = "transaction_id"
EXAMPLE = "orders.csv"

SAME = ("occurred_at", "currency", "value", "total_value", "status")  # in all lines of an order, where they say it again
SUM_ID = "imported"  # refund_id of what a file only tells the sum of

# The platforms' words → ours.  What a shop counts is its setting; other words are kept as they are.
STATES = {
    **{word: word for word in ("paid", "processing", "completed", "pending", "placed", "placed_cod")},
    "": "pending",
    "partially_refunded": "paid",
    "refunded": "paid",
    "authorized": "pending",
    "partially_paid": "pending",
    "on_hold": "pending",
    "voided": "pending",
    "expired": "pending",
    "cancelled": "pending",
    "canceled": "pending",
}
CANCELLED = frozenset({"voided", "expired", "cancelled", "canceled"})
WHOLLY_REFUNDED = frozenset({"refunded"})
DRAFTS = frozenset({"checkout_draft", "auto_draft", "draft", "trash"})

_COD = re.compile(r"\bcod\b|cash on delivery|efterkrav|postförskott", re.IGNORECASE)
_NEXT_ITEM = re.compile(r"\n|;(?=(?:id|name):)")
_NEXT_PART = re.compile(r"\|(?=[a-z_]+:)")
_PACKED = {"name": "item_name", "sku": "item_id", "product_id": "item_group_id", "quantity": "quantity", "total": "line_total"}

_IN_LINES = {column.name for column in ORDER}
_NAMES = _IN_LINES | {"items", "refunds"}


class _Order(NamedTuple):
    """What all events of an order need.  Amounts are Decimals in major units."""

    key: str
    placed_at: Instant
    currency: str
    value: Decimal
    tax: Decimal
    shipping: Decimal
    total: Decimal
    net: Decimal | None  # what remains of an export's amount without its VAT; None: the file has our amounts, and says `value`


class _Refund(NamedTuple):
    """As the file tells it; without an id it is the sum of all."""

    refund_id: str | None = None
    at: Instant | None = None  # None: when the order was placed
    value: Decimal | None = None
    tax: Decimal | None = None
    shipping: Decimal | None = None
    total: Decimal | None = None
    reason: Any = None


def tell(entry: Entry, shop: Shop) -> list[Told]:
    read = Reading(_gathered(entry.rows) if entry.rows else entry.given)
    read.only(_NAMES)
    at = moment(shop.settings.tz)
    order = _order(read, shop)
    purchase = _purchase(read, order, at)
    refunds = _refunds(read, at)
    cancelled_at = read("cancelled_at", at)
    if read.errors or order is None:
        raise Refused(RefusedReason.INVALID, {"fields": read.errors})
    word = _word(read)
    if word in WHOLLY_REFUNDED and not refunds:
        refunds = [_Refund(total=order.total)]
    told = [Told(purchase)]
    if cancelled_at is not None or word in CANCELLED:
        told.append(Told(_cancelled(order, cancelled_at or order.placed_at, read.given.get("cancel_reason"))))
    return told + [_given_back(order, refund) for refund in refunds]


# --- what a file's lines say of one order


def _gathered(rows: Sequence[Row]) -> dict[str, Any]:
    """The lines of a CSV file as one order with its items.  Raises Refused where they contradict each other."""
    order: dict[str, Any] = {}
    items: list[dict[str, str]] = []
    for _, cells in rows:
        for name in _IN_LINES & cells.keys():
            order[name] = order.get(name) or cells[name]
        if wrong := [name for name in SAME if cells.get(name) and cells[name] != order[name]]:
            fault = N_("is another than in the first line of the order")
            raise Refused(RefusedReason.INVALID, {"fields": dict.fromkeys(wrong, fault)})
        items += _items_of(cells)
    return {**order, "items": items} if items else order


def _items_of(cells: Mapping[str, str]) -> list[dict[str, str]]:
    """One item by its columns, or all those packed into a cell."""
    if packed := cells.get(PACKED_ITEMS.name):
        return [_unpacked(one) for one in _NEXT_ITEM.split(packed) if one.strip()]
    item = {column.name: cells[column.name] for column in ITEM if cells.get(column.name)}
    return [item] if "item_id" in item or "item_name" in item else []


def _unpacked(packed: str) -> dict[str, str]:
    """name:Sandal Alma|sku:SK-77|quantity:2|total:719.20 – `total` is that of all pieces, after discounts and without VAT."""
    parts = dict(part.partition(":")[::2] for part in _NEXT_PART.split(packed.strip()))
    return {ours: parts[theirs].strip() for theirs, ours in _PACKED.items() if parts.get(theirs, "").strip()}


# --- money


def _order(read: Reading, shop: Shop) -> _Order | None:
    order_key = read("transaction_id", key, required=True)
    placed_at = read("occurred_at", moment(shop.settings.tz), required=True)
    currency = (read("currency", text) or shop.settings.currency).upper()
    totals = _totals(read, exponent(currency))
    if order_key is None or placed_at is None or totals is None:
        return None
    return _Order(order_key, placed_at, currency, *totals)


def _totals(read: Reading, decimals: int) -> tuple[Decimal, Decimal, Decimal, Decimal, Decimal | None] | None:
    """value, tax, shipping, total and net of _Order.

    Without `value`, from the total: where subtotal and shipping come to it, the prices include the VAT, which is then taken off
    both in proportion; where VAT must be added to come to it, they do not.
    """
    nothing = Decimal(0)
    tax, total = read("tax", amount), read("total_value", amount)
    shipping = (read("shipping", amount) or nothing) + (read("fees", amount) or nothing)
    value, subtotal = read("value", amount), read("subtotal", amount)
    if read.errors.keys() & {"value", "tax", "total_value", "shipping", "fees", "subtotal"}:
        return None
    if value is not None:
        return value, tax or nothing, shipping, value + (tax or nothing) + shipping if total is None else total, None
    if total is None or "tax" not in read.given:
        read.errors["value"] = N_("is missing: give it, or both total_value and tax")
        return None
    tax, net = tax or nothing, Decimal(1)
    gross = (subtotal or nothing) + shipping
    if subtotal is not None and gross > 0 and abs(gross - total) < abs(gross + tax - total):
        net = (gross - tax) / gross
    shipping *= net
    value = total - tax - shipping if subtotal is None else subtotal * net
    if value < 0:
        read.errors["total_value"] = N_("is less than VAT and shipping")
    return _rounded(value, decimals), tax, _rounded(shipping, decimals), total, net


def _rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals))


def _items(raw: Any, read: Reading, order: _Order | None) -> Any:
    """For the wire.  An export's prices are brought to the order's value: its VAT and discounts go off all in proportion."""
    if not isinstance(raw, list):
        return raw
    items: list[Any] = []
    lines: list[Decimal | None] = []
    for index, told in enumerate(raw):
        if not isinstance(told, dict):
            read.errors[f"items[{index}]"] = N_("is no JSON object")
            continue
        item, line = _item(Reading(told), f"items[{index}].", read.errors)
        if item is not None:
            items.append(item)
            lines.append(line)
    if order is None or order.net is None or read.errors:
        return items
    total = sum((line for line in lines if line is not None), Decimal(0))
    for item, line in zip(items, lines, strict=True):
        item.pop("price", None)
        if line is not None and None not in lines and total > 0:
            item["price"] = str(_rounded(order.value * line / total / item["quantity"], exponent(order.currency)))
    return items


def _item(read: Reading, path: str, errors: dict[str, str]) -> tuple[Wire | None, Decimal | None]:
    """The item and what all its pieces cost; no item when there are no pieces."""
    known = {name: read.given[name] for name in read.given if name not in ("quantity", "price", "item_discount", "line_total")}
    quantity, price = read("quantity", whole), read("price", amount)
    off, line = read("item_discount", amount) or Decimal(0), read("line_total", amount)
    ids = {name: found for name in ("item_id", "item_group_id") if (found := read(name, key)) is not None}
    errors.update({path + name: fault for name, fault in read.errors.items()})
    if quantity == 0:
        return None, None
    pieces = 1 if quantity is None else quantity
    item = {**known, **ids, "quantity": pieces}
    if "item_id" not in item and "item_group_id" in item:
        item["item_id"] = item["item_group_id"]
    if line is None and price is not None:
        line = price * pieces - off
    if line is not None and pieces > 0:
        item["price"] = str((line / pieces).quantize(Decimal("0.0001")))
    return item, line


# --- the events


def _purchase(read: Reading, order: _Order | None, at: Callable[[Any], Instant]) -> Wire:
    """Empty where the order cannot be read; its other faults are noted all the same."""
    data: Wire = {name: read.given.get(name) for name in ("coupon", "payment_type", "created_via", "company_key")}
    data |= {"customer_order_number": read("customer_order_number", whole), "is_test": read("is_test", flag)}
    data |= {"status": _state(read, at), "items": _items(read.given.get("items"), read, order)}
    discount, customer = read("discount", amount), read("customer_key", customer_key)
    if order is None:
        return {}
    if discount is not None and order.net is not None:
        discount *= order.net
    data |= _money(order, value=order.value, tax=order.tax, shipping=order.shipping, total_value=order.total, discount=discount)
    wire: Wire = {name: read.given.get(name) for name in ("email", "visitor_key", "country")}
    wire |= {"event_id": event_id("order", order.key), "type": "purchase", "occurred_at": order.placed_at}
    return {**wire, "customer_key": customer, "data": {"transaction_id": order.key, **data}}


def _word(read: Reading) -> str:
    """The platform's word for the state, as STATES has it."""
    return normal(read("status", text) or "").removeprefix("wc_")


def _state(read: Reading, at: Callable[[Any], Instant]) -> str:
    """Ours.  What has been paid is paid, whatever became of it; cash on delivery counts when it is placed."""
    word, paid_at = _word(read), read("paid_at", at)
    if not word and "paid_at" not in read.given:
        read.errors.setdefault("status", N_("is missing: paid, pending, cancelled, …"))
    if word in DRAFTS:
        state = clean_text(read.given["status"], 40)
        read.errors["status"] = Sentence(N_("%(state)s is a draft and no order: leave such lines out"), {"state": state})
    state = STATES.get(word, read("status", text) or "")
    if state != "pending":
        return state
    if paid_at is not None:
        return "paid"
    return "placed_cod" if _COD.search(str(read.given.get("payment_type") or "")) and word not in CANCELLED else state


def _cancelled(order: _Order, at: Instant, reason: Any) -> Wire:
    data = {"transaction_id": order.key, "reason": reason}
    return {"event_id": event_id("order", order.key, "cancelled"), "type": "order_cancelled", "occurred_at": at, "data": data}


def _refunds(read: Reading, at: Callable[[Any], Instant]) -> list[_Refund]:
    """Those of a list, each with the platform's id; else the one of the columns, whose id may be missing."""
    listed = read.given.get("refunds")
    if listed is None:
        refunded, refund_id, refunded_at = read("refunded", amount), read("refund_id", key), read("refunded_at", at)
        return [_Refund(refund_id, refunded_at, total=abs(refunded))] if refunded else []  # some exports write it with a minus
    if not isinstance(listed, list) or not all(isinstance(one, dict) for one in listed):
        read.errors["refunds"] = N_("is no list of objects")
        return []
    return [_listed_refund(Reading(one), at, f"refunds[{index}].", read.errors) for index, one in enumerate(listed)]


def _listed_refund(read: Reading, at: Callable[[Any], Instant], path: str, errors: dict[str, str]) -> _Refund:
    read.only(("refund_id", "occurred_at", "value", "tax", "shipping", "total_value", "reason"))
    refund_id, refunded_at = read("refund_id", key, required=True), read("occurred_at", at, required=True)
    value, tax, shipping, total = (read(name, amount) for name in ("value", "tax", "shipping", "total_value"))
    if value is None and total is None:
        read.errors.setdefault("value", N_("is missing, and so is total_value"))
    errors.update({path + name: fault for name, fault in read.errors.items()})
    return _Refund(refund_id, refunded_at, value, tax, shipping, total, read.given.get("reason"))


def _given_back(order: _Order, refund: _Refund) -> Told:
    """Where only the sum is known, goods, shipping and VAT are given back in the order's proportion."""
    refund_id = refund.refund_id or SUM_ID
    amounts = {"value": refund.value, "tax": refund.tax, "shipping": refund.shipping, "total_value": refund.total}
    if refund.value is None and refund.total is not None:
        share = min(Decimal(1), refund.total / order.total) if order.total > 0 else Decimal(1)
        amounts |= {"value": order.value * share, "tax": order.tax * share, "shipping": order.shipping * share}
    data = {**_money(order, **amounts), "transaction_id": order.key, "refund_id": refund_id, "reason": refund.reason}
    at = order.placed_at if refund.at is None else refund.at
    wire = {"event_id": event_id("refund", order.key, refund_id), "type": "refund", "occurred_at": at, "data": data}
    return Told(wire, sums_refunds_of=None if refund.refund_id else order.key)


def _money(order: _Order, **amounts: Decimal | None) -> Wire:
    decimals = exponent(order.currency)
    return {
        "currency": order.currency,
        **{name: str(_rounded(value, decimals)) for name, value in amounts.items() if value is not None},
    }
