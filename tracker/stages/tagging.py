"""Which of the twelve stages an event shows, and why: a first-match table, from the last stage to the first.

In:  an event as the core sees it, the journey it would belong to (or None), and what the subject already is.
Out: a stage, a reason key and its parameters; None when no row matches (the journey then keeps its stage).
Source: the project's design, section 3.  To add a row: one line in ROWS at its stage's place, its sentence in reasons.py,
and an example in tests/stages/test_tagging.py (every row must be reached).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from tracker.clock import DAY, Instant
from tracker.events.types import Event, PageKind, Source
from tracker.stages import (
    ADVOCACY,
    AWARENESS,
    CONSIDERATION,
    DECISION,
    DELIVERY,
    ENGAGEMENT,
    INFORMATION,
    NEED,
    PURCHASE,
    REACTIVATION,
    RETENTION,
    SATISFACTION,
)


class JourneySoFar(Protocol):
    """What the rows ask of a journey."""

    @property
    def stage(self) -> int: ...
    @property
    def event_count(self) -> int: ...
    @property
    def products(self) -> Mapping[str, int]: ...
    @property
    def categories(self) -> Mapping[str, int]: ...


@dataclass(frozen=True, slots=True)
class Facts:
    """What a row may look at."""

    event: Event
    kind: PageKind | None  # of the page it happened on
    journey: JourneySoFar | None  # the open journey, or that of the order named; None: this event would open one
    orders_before: int  # counted orders of the subject before this event
    cart_items: int  # pieces
    silent: Instant  # milliseconds since the person's last own act; 0 for a newcomer
    lapse: Instant  # the shop's lapse time
    delivered: bool  # an order of theirs has been delivered
    has_order: bool  # an order of theirs is known, counted or not

    @property
    def is_customer(self) -> bool:
        return self.orders_before > 0

    @property
    def is_first(self) -> bool:
        """Whether this is the first event of its journey."""
        return self.journey is None or self.journey.event_count == 0

    @property
    def stage(self) -> int:
        return self.journey.stage if self.journey else 0


Params = dict[str, Any]
Predicate = Callable[[Facts], Params | None]


@dataclass(frozen=True)
class Row:
    """One line of the table: these event types, when the predicate answers parameters (not None), have this stage."""

    stage: int
    reason: str
    types: tuple[str, ...]  # () = every type
    matches: Predicate


def always(_: Facts) -> Params | None:
    return {}


def when(condition: Callable[[Facts], bool]) -> Predicate:
    """A predicate without parameters."""
    return lambda f: {} if condition(f) else None


def on_page(*kinds: PageKind, also: Callable[[Facts], bool] = lambda _: True) -> Predicate:
    """A page of one of these kinds, named in the reason."""
    return lambda f: {"kind": f.kind.value} if f.kind in kinds and also(f) else None


def first_item(event: Event) -> Mapping[str, Any]:
    """The item an event is about; empty when it names none."""
    items = event.data.get("items")
    return items[0] if items else {}


def product_of(event: Event) -> str | None:
    """The product, not its variant."""
    item = first_item(event)
    key = item.get("item_group_id") or item.get("item_id") or item.get("item_name")
    return None if key is None else str(key)


def category_of(event: Event) -> str | None:
    item = first_item(event)
    category = item.get("item_category") or item.get("item_list_id")
    return None if category is None else str(category)


# Types whose news is the shop's or a machine's, not the person's; opening a mail is no act either.  All others are own acts.
NOT_OWN_ACTS = frozenset(
    {
        "order_paid",
        "order_updated",
        "order_cancelled",
        "refund",
        "return_completed",
        "order_fulfilled",
        "order_shipped",
        "order_delivered",
        "email_sent",
        "email_opened",
        "email_bounced",
        "email_complained",
        "survey_shown",
        "support_ticket_closed",
        "loyalty_points_earned",
        "subscription_renewed",
        "referral_visit",
        "referral_converted",
        "consent_update",
        "identify",
    }
)


def is_own_act(event: Event) -> bool:
    """Whether the person did it."""
    return event.type not in NOT_OWN_ACTS


def _came_back(f: Facts) -> Params | None:
    if f.is_customer and f.silent > f.lapse and is_own_act(f.event):
        return {"days": f.silent // DAY}
    return None


def _rated(at_least: float, below: float) -> Predicate:
    def matches(f: Facts) -> Params | None:
        rating = f.event.data.get("rating")
        return {"rating": rating} if rating is not None and at_least <= rating < below else None

    return matches


def _scored(f: Facts) -> Params | None:
    score = f.event.data.get("score")
    return None if score is None else {"kind": str(f.event.data.get("type", "")).upper(), "score": score}


def _ordered_again(f: Facts) -> Params | None:
    if f.event.source is not Source.SERVER:
        return None
    told = f.event.data.get("customer_order_number")  # the platform knows orders from before our time
    number = max(int(told or 0), f.orders_before + 1)
    return {"number": number} if number > 1 else None


def _looked_again(f: Facts) -> Params | None:
    product = product_of(f.event)
    looks = f.journey.products.get(product, 0) if f.journey and product else 0
    return {"count": looks + 1} if looks else None


def _second_in_category(f: Facts) -> Params | None:
    category = category_of(f.event)
    if f.journey and category and f.journey.categories.get(category, 0) >= 1:
        return {"category": category}
    return None


def _made_known(f: Facts) -> Params | None:
    return {"how": f.event.type} if not f.is_customer else None


def _step(f: Facts) -> Params | None:
    return {"step": f.event.type}


K = PageKind
READING = (K.BLOG, K.FAQ, K.GUIDE, K.ABOUT, K.DELIVERY_INFO, K.TERMS, K.CONTACT)
STEPS = ("begin_checkout", "add_contact_info", "add_address_info", "add_shipping_info", "add_payment_info")

ROWS: tuple[Row, ...] = (
    Row(REACTIVATION, "came_back", (), _came_back),
    Row(REACTIVATION, "answered_win_back", ("email_clicked",), when(lambda f: f.event.data.get("purpose") == "win_back")),
    Row(ADVOCACY, "good_review", ("review_submitted",), _rated(4, 99)),
    Row(
        ADVOCACY,
        "shared",
        ("share",),
        lambda f: {"what": first_item(f.event).get("item_name") or f.event.data.get("item_id") or "—"},
    ),
    Row(ADVOCACY, "referral_link", ("referral_link_created",), always),
    Row(ADVOCACY, "friend_arrived", ("referral_visit",), when(lambda f: f.event.data.get("role") == "advocate")),
    Row(ADVOCACY, "friend_bought", ("referral_converted",), when(lambda f: f.event.data.get("role") == "advocate")),
    Row(SATISFACTION, "gave_score", ("survey_submitted",), _scored),
    Row(SATISFACTION, "poor_review", ("review_submitted",), _rated(0, 4)),
    Row(SATISFACTION, "complained", ("support_ticket_created",), when(lambda f: f.event.data.get("topic") == "complaint")),
    Row(SATISFACTION, "asked_return", ("return_requested",), always),
    Row(SATISFACTION, "returned", ("return_completed",), always),
    Row(RETENTION, "ordered_again", ("purchase",), _ordered_again),
    Row(RETENTION, "loyalty", ("loyalty_joined", "loyalty_points_redeemed"), always),
    Row(RETENTION, "subscribed", ("subscription_started", "subscription_renewed"), always),
    Row(ENGAGEMENT, "used_product", ("product_used",), when(lambda f: f.is_customer)),
    Row(ENGAGEMENT, "visited_account", ("page_view",), when(lambda f: f.is_customer and f.kind is K.ACCOUNT)),
    Row(ENGAGEMENT, "asked_support", ("support_ticket_created", "chat_started"), when(lambda f: f.is_customer)),
    Row(ENGAGEMENT, "read_guide_after_delivery", ("page_view",), when(lambda f: f.delivered and f.kind in (K.GUIDE, K.FAQ))),
    Row(ENGAGEMENT, "customer_newsletter", ("newsletter_subscribe", "email_clicked"), when(lambda f: f.is_customer)),
    Row(DELIVERY, "shipped", ("order_shipped", "order_fulfilled"), always),
    Row(DELIVERY, "delivered", ("order_delivered",), always),
    Row(DELIVERY, "tracked_parcel", ("page_view",), when(lambda f: f.has_order and f.kind is K.ORDER_TRACKING)),
    Row(DELIVERY, "getting_started", ("page_view",), when(lambda f: f.has_order and f.kind is K.GETTING_STARTED)),
    Row(PURCHASE, "ordered", ("purchase",), when(lambda f: f.event.source is Source.SERVER)),
    Row(PURCHASE, "order_confirmed", ("order_paid",), when(lambda f: f.stage < PURCHASE)),
    Row(PURCHASE, "trial_started", ("subscription_trial_started",), always),
    Row(PURCHASE, "saw_receipt", ("purchase",), when(lambda f: f.stage < PURCHASE)),
    Row(PURCHASE, "saw_receipt", ("page_view",), when(lambda f: f.kind is K.RECEIPT and f.stage < PURCHASE)),
    Row(
        PURCHASE, "opened_order_mail", ("email_opened",), when(lambda f: f.event.order_key is not None and f.stage <= PURCHASE)
    ),
    Row(DECISION, "newsletter_with_cart", ("newsletter_subscribe",), when(lambda f: f.cart_items > 0)),
    # A platform empties the cart by itself once it is ordered; that decides nothing.
    Row(
        DECISION,
        "cart",
        ("add_to_cart", "remove_from_cart", "update_cart", "view_cart"),
        when(lambda f: f.cart_items > 0 or f.event.type == "add_to_cart" or f.event.data.get("items") != []),
    ),
    Row(DECISION, "coupon", ("apply_coupon", "coupon_denied"), always),
    Row(DECISION, "checkout", STEPS, _step),
    Row(DECISION, "checkout_error", ("checkout_error",), always),
    Row(DECISION, "cart", ("page_view",), when(lambda f: f.kind is K.CART)),
    Row(DECISION, "checkout", ("page_view",), lambda f: {"step": "page"} if f.kind is K.CHECKOUT else None),
    Row(CONSIDERATION, "looked_again", ("view_item",), _looked_again),
    Row(CONSIDERATION, "second_in_category", ("view_item",), _second_in_category),
    Row(CONSIDERATION, "filtered_list", ("filter_item_list",), always),
    Row(
        CONSIDERATION,
        "compared_list",
        ("view_item_list", "select_item"),
        when(lambda f: bool(f.journey and f.journey.products)),
    ),
    Row(CONSIDERATION, "read_reviews", ("view_reviews",), always),
    Row(CONSIDERATION, "read_size_guide", ("view_size_guide",), always),
    Row(CONSIDERATION, "read_size_guide", ("page_view",), when(lambda f: f.kind is K.SIZE_GUIDE)),
    Row(CONSIDERATION, "compared", ("compare_items",), always),
    Row(CONSIDERATION, "wishlist", ("add_to_wishlist",), always),
    Row(CONSIDERATION, "chose_variant", ("select_item_variant",), always),
    Row(CONSIDERATION, "made_known", ("newsletter_subscribe", "sign_up", "login"), _made_known),
    Row(INFORMATION, "first_look", ("view_item",), when(lambda f: not (f.journey and f.journey.products))),
    # A product page usually tells of itself by view_item as well; it says nothing new to a journey that is further on.
    Row(INFORMATION, "product_page", ("page_view",), when(lambda f: f.kind is K.PRODUCT and f.stage < INFORMATION)),
    Row(INFORMATION, "read_page", ("page_view",), on_page(*READING)),
    Row(INFORMATION, "watched_video", ("custom",), when(lambda f: str(f.event.data.get("name", "")).startswith("video"))),
    Row(AWARENESS, "first_page", ("page_view",), on_page(K.HOME, K.CAMPAIGN, also=lambda f: f.is_first)),
    # A banner seen on the way says nothing about someone who is already further on.
    Row(AWARENESS, "saw_promotion", ("view_promotion", "select_promotion"), when(lambda f: f.stage <= AWARENESS)),
    Row(NEED, "searched", ("search",), lambda f: {"term": str(f.event.data.get("search_term", ""))[:80]}),
    Row(NEED, "told_need", ("page_view",), on_page(K.QUIZ, K.INSPIRATION, K.SEARCH)),
)

# The tables by number: an event is tagged by the one in force when it was received.
TABLES: dict[int, tuple[Row, ...]] = {1: ROWS}
CURRENT_TABLE = max(TABLES)


@dataclass(frozen=True, slots=True)
class OwnRule:
    """A shop's own line, tried before the table: pages whose path begins so, or events whose property has this value.

    `path` is a prefix ("/quiz"); `type` and `property` and `value` look at an event ("custom", "name", "size_quiz").  What is
    given must all be true.
    """

    stage: int
    path: str = ""
    type: str = ""
    property: str = ""
    value: str = ""

    def matches(self, event: Event) -> Params | None:
        if self.type and event.type != self.type:
            return None
        if self.path and not (event.page and event.type == "page_view" and path_of(event.page.url).startswith(self.path)):
            return None
        if self.property and str(event.data.get(self.property, "")) != self.value:
            return None
        return {"rule": self.path or f"{self.type or '*'} {self.property}={self.value}"}


@dataclass(frozen=True, slots=True)
class Version:
    """The tagging rules in force for events received from an instant on: the shop's own, then a table of ours."""

    since_at: Instant
    own: tuple[OwnRule, ...] = ()
    table: int = CURRENT_TABLE


def path_of(url: str) -> str:
    """The address's path, without query and fragment; "/" when there is none."""
    rest = url.partition("://")[2] if "://" in url else url
    path = rest[rest.find("/") :] if "/" in rest else "/"
    return path.partition("?")[0].partition("#")[0]


def _by_type(rows: tuple[Row, ...]) -> dict[str, tuple[Row, ...]]:
    """The rows that can match each type, still in the table's order; "" for types that only the general rows can match."""
    types = {name for row in rows for name in row.types}
    return {name: tuple(r for r in rows if not r.types or name in r.types) for name in types | {""}}


_INDEX = {number: _by_type(rows) for number, rows in TABLES.items()}
CURRENT = Version(0)


def tag(facts: Facts, version: Version = CURRENT) -> tuple[int, str, Params] | None:
    """The first of the shop's own rules that matches, else the first row: stage, reason, parameters; None when none does."""
    for rule in version.own:
        own = rule.matches(facts.event)
        if own is not None:
            return rule.stage, "own_rule", own
    index = _INDEX[version.table]
    for row in index.get(facts.event.type) or index[""]:
        params = row.matches(facts)
        if params is not None:
            return row.stage, row.reason, params
    return None
