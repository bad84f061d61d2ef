"""What a shop should send, and which of it has arrived: the checklist of the set-up.

In:  a database, a shop, the days to look at.
Out: the keys of STEPS that have arrived.  It is asked every few seconds while the page is open, so it reads few rows.
To add a step: its entry in STEPS, and how it is known in `arrived`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, exists, select

from tracker import tables as t
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_
from tracker.shops import Shop


@dataclass(frozen=True)
class Step:
    """What arrives, and what to do until it has; `types`: any of these events shows it."""

    name: str  # msgid
    to_do: str  # msgid
    types: tuple[str, ...] = ()
    where: str = ""  # endpoint, or "#…" of the set-up's page, that helps


STEPS: dict[str, Step] = {
    "tag": Step(
        N_("Tag on the pages"),
        N_("Put the tag into the head of every page, then open the shop in a browser."),
        ("page_view",),
        "#tag-card",
    ),
    "consent": Step(
        N_("Visitors' consent"),
        N_("Let your cookie banner tell the visitor's choice; accept statistics in it and open a page."),
        where="#consent-card",
    ),
    "product": Step(
        N_("Product pages"),
        N_("Send view_item on product pages, or keep the dataLayer that you have; then look at a product."),
        ("view_item",),
    ),
    "search": Step(
        N_("Searches"),
        N_("Search for something in the shop. If nothing comes, send search with the words."),
        ("search",),
    ),
    "cart": Step(
        N_("Cart"),
        N_("Send add_to_cart, or view_cart with its content; then put something in the cart."),
        ("add_to_cart", "update_cart", "view_cart"),
    ),
    "checkout": Step(
        N_("Checkout"),
        N_("Send begin_checkout and the steps after it; then go to the checkout."),
        ("begin_checkout", "add_contact_info", "add_address_info", "add_shipping_info", "add_payment_info"),
    ),
    "order": Step(
        N_("Orders from the shop's server"),
        N_("Let the shop's server send purchase, signed with the secret; then place a trial order."),
        where="#server-card",
    ),
    "shipping": Step(
        N_("Shipping"),
        N_("Let the shop's server send order_shipped and order_delivered, too."),
        ("order_fulfilled", "order_shipped", "order_delivered"),
        "#server-card",
    ),
    "newsletter": Step(
        N_("Newsletter"),
        N_("Send newsletter_subscribe with the text that stood beside it: that is the proof of the permission."),
        ("newsletter_subscribe",),
    ),
    "survey": Step(
        N_("Survey answer"),
        N_("Put a survey's link into the mail after the delivery; docs/surveys.md says how."),
        ("survey_submitted",),
    ),
    "order_list": Step(
        N_("The shop's own list of orders"),
        N_("Upload the list of orders that your shop exports: then you see which are missing."),
        where="admin.reconciliation",
    ),
    "ad_spend": Step(
        N_("Costs of advertising"),
        N_("Upload what advertising costs: then you see what a new customer costs."),
        where="admin.costs",
    ),
}

_CONSENTED = ("statistics", "marketing")


def arrived(db: Connection, shop: Shop, query: Query) -> frozenset[str]:
    """The keys of STEPS of which something has arrived."""
    types = {name.partition(".")[2] for name in counters.read_amounts(db, shop, query, "acts")}
    found = {key for key, step in STEPS.items() if types.intersection(step.types)}
    o = t.outcomes.c
    said = [o.day_on.between(*counters.span(query)), o.kind == "consent", o.reason.in_(_CONSENTED)]
    for key, table, more in (
        ("consent", t.outcomes, said),
        ("order", t.orders, []),
        ("order_list", t.order_list, []),
        ("ad_spend", t.ad_spend, []),
    ):
        if db.execute(select(exists().where(table.c.shop_id == shop.shop_id, *more))).scalar():
            found.add(key)
    return frozenset(found)
