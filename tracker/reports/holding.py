"""What a number of a report counts, as a choice of journeys: `kind=value`, of a closed list of kinds.

A counter is the sum of what journeys have booked (journey/contribution.py), and the body of a journey keeps what it booked.  So
the journeys behind a number are those that booked its name on the days asked for, and list and report cannot disagree.  Where
columns tell the same, they are asked instead, which costs less.

To let another number lead to its journeys: its line in KINDS, and the cell that leads there in http/leads.py.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import orjson
from sqlalchemy import ColumnElement, and_, not_, true

from tracker.errors import BadQuery
from tracker.journey.carts import CART_STEPS
from tracker.journey.contribution import MOST_TOUCHES
from tracker.journey.state import LAPSED, OPEN, ORDERED
from tracker.pipeline.codec import read_bytes
from tracker.reports.table import N_
from tracker.shops import Shop
from tracker.stages import StageView, bits_of
from tracker.tables import journeys

MAX_VALUE = 250  # characters: more than any name of a counter has

_j = journeys.c

Where = Callable[[str, Shop], ColumnElement[bool]]  # raises ValueError for a value that there is not


class Evidence(Protocol):
    """What in a journey's body shows that it holds a value."""

    @property
    def family(self) -> str: ...  # whose counters know on which days there are any; "": none do

    def text(self, value: str) -> str: ...  # stands in such a body, and in such a counter, as JSON writes it

    def is_in(self, body: Mapping[str, Any], value: str) -> bool: ...


@dataclass(frozen=True)
class Booked:
    """It booked this name; `parts`: or one that goes on behind a bar, as in channel|source|campaign."""

    family: str
    name: str  # {} is the value
    parts: bool = False

    def text(self, value: str) -> str:
        return self.name.format(value)

    def is_in(self, body: Mapping[str, Any], value: str) -> bool:
        name = self.text(value)
        return any(
            name in names or (self.parts and any(one.startswith(name + "|") for one in names))
            for family, _, names in body.get("booked", {}).get("rows", ())
            if family == self.family
        )


@dataclass(frozen=True)
class Touched:
    """One of its touchpoints came from this source."""

    family: str = ""

    def text(self, value: str) -> str:
        return value

    def is_in(self, body: Mapping[str, Any], value: str) -> bool:
        return any(touch.get("source") == value for touch in body.get("touches", ()))


@dataclass(frozen=True)
class Kind:
    """One thing that a journey may hold.

    `where` is what columns say of it, `evidence` what only the body shows; a journey has to meet both.  Journeys count on the
    day on which they began or, when it is about their end, `ended`: on that on which they lapsed.
    """

    title: str  # msgid
    vocabulary: str = ""  # of its values
    where: Where | None = None
    evidence: Evidence | None = None
    ended: bool = False


def stage_of(value: str, shop: Shop) -> tuple[StageView, int]:
    """The view, and the place in it, of `view.stage`.  Raises ValueError."""
    key, _, stage = value.partition(".")
    view = shop.settings.views.get(key)
    places = [i for i, one in enumerate(view.stages, 1) if one.key == stage] if view else []
    if view is None or not places:
        raise ValueError(value)
    return view, places[0]


def _reached(value: str, shop: Shop) -> ColumnElement[bool]:
    view, place = stage_of(value, shop)
    return _j.mask.bitwise_and(bits_of(view.stages[place - 1].members)) != 0


def _went_on(value: str, shop: Shop) -> ColumnElement[bool]:
    view, place = stage_of(value, shop)
    return and_(_reached(value, shop), _j.mask.bitwise_and(bits_of(view.beyond(place))) != 0)


def _lost(value: str, shop: Shop) -> ColumnElement[bool]:
    return and_(_reached(value, shop), not_(_went_on(value, shop)))


def _ended_in(value: str, shop: Shop) -> ColumnElement[bool]:
    view, place = stage_of(value, shop)
    return _j.stage.in_(view.stages[place - 1].members)


_OUTCOMES: dict[str, ColumnElement[bool]] = {
    "any": true(),
    OPEN: _j.outcome == OPEN,
    ORDERED: _j.ordered.is_(True),  # reports count an order that was cancelled no more
    LAPSED: _j.outcome == LAPSED,
}


def _outcome(value: str, shop: Shop) -> ColumnElement[bool]:
    return _one_of(_OUTCOMES, value)


def _touchpoints(value: str, shop: Shop) -> ColumnElement[bool]:
    if not (value.isascii() and value.isdecimal()) or int(value) > MOST_TOUCHES:
        raise ValueError(value)
    number = int(value)
    return _j.touchpoints >= number if number == MOST_TOUCHES else _j.touchpoints == number


def _arrived(value: str, shop: Shop) -> ColumnElement[bool]:
    return _j.channel == value.partition("|")[0]


def _any_order(value: str, shop: Shop) -> ColumnElement[bool]:
    return _j.order_key.is_not(None)


def _step(value: str, shop: Shop) -> ColumnElement[bool]:
    return _one_of(dict.fromkeys(CART_STEPS, true()), value)


def _one_of(known: Mapping[str, ColumnElement[bool]], value: str) -> ColumnElement[bool]:
    if value not in known:
        raise ValueError(value)
    return known[value]


def _lapsed(value: str, shop: Shop) -> ColumnElement[bool]:
    return _OUTCOMES[LAPSED]


def _ordered(value: str, shop: Shop) -> ColumnElement[bool]:
    return _OUTCOMES[ORDERED]


def _both(one: Where, other: Where) -> Where:
    return lambda value, shop: and_(one(value, shop), other(value, shop))


KINDS: dict[str, Kind] = {
    "outcome": Kind(N_("Outcome"), "outcome_asked", _outcome),
    "stage": Kind(N_("Reached"), "stage", _reached),
    "stage_went_on": Kind(N_("Went on from"), "stage", _went_on),
    "stage_lost": Kind(N_("Went no further than"), "stage", _lost),
    "stage_ordered": Kind(N_("Ordered, and reached"), "stage", _both(_reached, _ordered)),
    "touchpoints": Kind(N_("Touchpoints"), "", _touchpoints),
    "touchpoints_ordered": Kind(N_("Ordered, with touchpoints"), "", _both(_touchpoints, _ordered)),
    "arrival": Kind(N_("First arrival"), "arrival", _arrived, Booked("arrivals", "journeys:{}", parts=True)),
    "arrival_ordered": Kind(
        N_("Ordered, first arrival"), "arrival", _both(_arrived, _ordered), Booked("arrivals", "ordered:{}", parts=True)
    ),
    "source": Kind(N_("An arrival from"), "assistant", None, Touched()),
    "landing": Kind(N_("Landed on"), "", None, Booked("landings", "journeys:{}")),
    "landing_bounced": Kind(N_("Left at once from"), "", None, Booked("landings", "bounced:{}")),
    "landing_ordered": Kind(N_("Ordered, landed on"), "", _ordered, Booked("landings", "ordered:{}")),
    "product": Kind(N_("Product looked at"), "product", None, Booked("products", "looked:{}")),
    "product_carted": Kind(N_("Product in the cart"), "product", None, Booked("products", "carted:{}")),
    "product_bought": Kind(N_("Product bought"), "product", _any_order, Booked("products", "bought:{}")),
    "category": Kind(N_("Category looked at"), "", None, Booked("categories", "looked:{}")),
    "category_carted": Kind(N_("Category in the cart"), "", None, Booked("categories", "carted:{}")),
    "category_bought": Kind(N_("Category bought"), "", _any_order, Booked("categories", "bought:{}")),
    "search": Kind(N_("Searched for"), "", None, Booked("searches", "journeys:{}")),
    "search_nothing": Kind(N_("Searched in vain for"), "", None, Booked("searches", "nothing:{}")),
    "search_ordered": Kind(N_("Ordered, searched for"), "", _ordered, Booked("searches", "ordered:{}")),
    "coupon": Kind(N_("Coupon accepted"), "", None, Booked("coupons", "applied:{}")),
    "coupon_refused": Kind(N_("Coupon refused"), "", None, Booked("coupons", "denied:{}")),
    "coupon_ordered": Kind(N_("Ordered with the coupon"), "", _any_order, Booked("coupons", "ordered:{}")),
    "page": Kind(N_("Ended on the page"), "", None, Booked("endings", "page:{}"), ended=True),
    "step": Kind(N_("Ended at the step"), "cart_step", _step, Booked("endings", "step:{}"), ended=True),
    "stage_ended": Kind(N_("Ended in the stage"), "stage", _ended_in, Booked("endings", "lapsed"), ended=True),
    "error": Kind(N_("Error in the checkout"), "", None, Booked("endings", "errors:{}")),
    "error_lost": Kind(N_("Lost after the error"), "", _lapsed, Booked("endings", "errors_lost:{}")),
}


@dataclass(frozen=True)
class Holding:
    """A kind with its value."""

    kind: Kind
    value: str
    where: ColumnElement[bool]

    @property
    def by_body(self) -> bool:
        """Whether only the bodies tell, of the journeys that meet `where`."""
        return self.kind.evidence is not None

    @property
    def family(self) -> str:
        """Of the counters that know on which days there are any; "" when none do."""
        return self.kind.evidence.family if self.kind.evidence else ""

    @cached_property
    def text(self) -> bytes:
        """What stands in the JSON of such bodies, and of such counters."""
        return orjson.dumps(self.kind.evidence.text(self.value))[1:-1] if self.kind.evidence else b""

    def is_in(self, body: bytes) -> bool:
        """Whether the body of a journey shows it."""
        told, evidence = read_bytes(body), self.kind.evidence
        return evidence is None or (self.text in told and evidence.is_in(orjson.loads(told), self.value))


def read_holding(text: str, shop: Shop) -> Holding | None:
    """Of `kind=value`; None of "".  Raises BadQuery for a value that there cannot be."""
    if not text:
        return None
    key, _, value = text.partition("=")
    kind = KINDS[key]
    try:
        where = kind.where(value, shop) if kind.where else true()
    except ValueError as error:
        raise BadQuery("holding", N_("there is no such value of this kind")) from error
    return Holding(kind, value, and_(where, _OUTCOMES[LAPSED]) if kind.ended else where)
