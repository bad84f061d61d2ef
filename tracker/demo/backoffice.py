"""What the shop's staff do: mark paid, ship, deliver, cancel, refund, take returns, close tickets.

Each is done once: an order that is shipped cannot be shipped again, and its event's id says so too.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from flask import abort, render_template, request
from flask.typing import ResponseReturnValue

from tracker.demo import buying, facts, state
from tracker.demo.call import Call, given, static_versions
from tracker.demo.goods import VARIANTS
from tracker.demo.state import Order

Events = list[dict[str, Any]]


def office(call: Call) -> ResponseReturnValue:
    """The list.  Without the snippet: staff are no visitors."""
    return render_template(
        "demo/backoffice.html", call=call, t=call.t, url=call.url, price=call.price, title=call.t("Personale", "Staff"),
        orders=state.latest_orders(call.db, 50), tickets=state.latest_tickets(call.db, 20), sent=state.latest_owed(call.db, 30),
        acts=list(ACTS), can=can, variants=VARIANTS, versions=static_versions(), notices=_notices(call),
    )  # fmt: skip


def _notices(call: Call) -> list[list[str]]:
    notices, call.shopper.notices = call.shopper.notices, []
    return notices


def can(order: Order, act: str) -> bool:
    """Whether the button is offered, and the act done."""
    if order.cancelled_at is not None:
        return act == "refund" and order.paid_at is not None and not order.is_refunded
    return {
        "pay": order.paid_at is None,
        "ship": order.shipped_at is None,
        "deliver": order.shipped_at is not None and order.delivered_at is None,
        "cancel": order.shipped_at is None,
        "refund": not order.is_refunded and (order.paid_at is not None or order.delivered_at is not None),
    }[act]


def _pay(call: Call, order: Order) -> Events:
    return buying.paid(call, order)


def _ship(call: Call, order: Order) -> Events:
    order.shipped_at = call.now
    order.parcel_key = "PN" + secrets.token_hex(5).upper()
    return [facts.shipped(order, call.now, request.host_url.rstrip("/") + call.url("track", order_key=order.order_key))]


def _deliver(call: Call, order: Order) -> Events:
    order.delivered_at = call.now
    return [facts.delivered(order, call.now)]


def _cancel(call: Call, order: Order) -> Events:
    order.cancelled_at = call.now
    return [facts.cancelled(order, call.now)]


def _refund(call: Call, order: Order) -> Events:
    """One line when the form names it, else all that is left."""
    skus = [given("sku")] if given("sku") else [line.sku for line in order.totals.lines]
    refund = facts.refund_of(order, skus, call.now)
    if not refund.skus:
        return []
    order.refunds.append(refund)
    return [facts.refunded(order, refund)]


ACTS: dict[str, Callable[[Call, Order], Events]] = {
    "pay": _pay,
    "ship": _ship,
    "deliver": _deliver,
    "cancel": _cancel,
    "refund": _refund,
}


def act(call: Call, order_key: str, act: str) -> ResponseReturnValue:
    order = state.find_order(call.db, order_key)
    if order is None or act not in ACTS:
        abort(404)
    if can(order, act):
        for event in ACTS[act](call, order):
            call.owe(event)
        state.save_order(call.db, order)
    return call.go("office")


def close_return(call: Call, order_key: str, return_key: str) -> ResponseReturnValue:
    order = state.find_order(call.db, order_key) or abort(404)
    asked = next((one for one in order.returns if one.return_key == return_key), None) or abort(404)
    if asked.completed_at is None:
        asked.completed_at = call.now
        state.save_order(call.db, order)
        call.owe(facts.return_completed(order, asked, call.now))
    return call.go("office")


def close_ticket(call: Call, ticket_key: str) -> ResponseReturnValue:
    ticket = state.find_ticket(call.db, ticket_key) or abort(404)
    if ticket.closed_at is None:
        ticket.closed_at = call.now
        state.save_ticket(call.db, ticket)
        call.owe(facts.ticket_closed(ticket, call.now))
    return call.go("office")
