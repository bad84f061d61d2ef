"""The tagging table: every row has an example that reaches it, and the first that matches wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import event, look, purchase, told
from tracker.clock import DAY
from tracker.events.types import Event, PageKind
from tracker.journey.state import Journey
from tracker.stages.reasons import REASONS
from tracker.stages.tagging import CURRENT_TABLE, ROWS, TABLES, Facts, tag

LAPSE = 180 * DAY


def journey(**fields: Any) -> Journey:
    return Journey(**{"number": 1, "began_at": 0, "last_at": 0, "event_count": 3, "stage": 3, **fields})


def facts(of: Event, kind: str | None = None, **fields: Any) -> Facts:
    defaults: dict[str, Any] = {
        "journey": None,
        "orders_before": 0,
        "cart_items": 0,
        "silent": 0,
        "lapse": LAPSE,
        "delivered": False,
        "has_order": False,
    }
    return Facts(event=of, kind=PageKind(kind) if kind else None, **{**defaults, **fields})


def page(kind: str, **fields: Any) -> Facts:
    return facts(event("page_view"), kind, **fields)


SEEN = journey(products={"dress": 1}, categories={"dresses": 1})

# (stage, reason, facts), with the sentence that a shop owner would say.
EXAMPLES: dict[str, tuple[int, str, Facts]] = {
    "a customer back after 200 days": (12, "came_back", page("home", orders_before=1, silent=200 * DAY)),
    "a click in a win-back mail": (12, "answered_win_back", facts(told("email_clicked", data={"purpose": "win_back"}))),
    "five stars": (11, "good_review", facts(event("review_submitted", data={"rating": 5}))),
    "four stars are good": (11, "good_review", facts(event("review_submitted", data={"rating": 4}))),
    "shares a product": (11, "shared", facts(event("share", data={"method": "link"}))),
    "makes a referral link": (11, "referral_link", facts(event("referral_link_created"))),
    "a friend arrives": (11, "friend_arrived", facts(told("referral_visit", data={"role": "advocate"}))),
    "a friend buys": (11, "friend_bought", facts(told("referral_converted", data={"role": "advocate"}))),
    "answers NPS": (10, "gave_score", facts(event("survey_submitted", data={"type": "nps", "score": 9}))),
    "three stars": (10, "poor_review", facts(event("review_submitted", data={"rating": 3}))),
    "complains": (10, "complained", facts(told("support_ticket_created", data={"topic": "complaint"}), orders_before=1)),
    "asks for a return": (10, "asked_return", facts(event("return_requested"), orders_before=1)),
    "return arrives": (10, "returned", facts(told("return_completed"))),
    "a second order": (9, "ordered_again", facts(purchase(), orders_before=1)),
    "the platform says it is the third": (9, "ordered_again", facts(purchase(data={"customer_order_number": 3}))),
    "joins the loyalty club": (9, "loyalty", facts(told("loyalty_joined"))),
    "a subscription is renewed": (9, "subscribed", facts(told("subscription_renewed"))),
    "uses the product": (8, "used_product", facts(told("product_used"), orders_before=1)),
    "looks at the account": (8, "visited_account", page("account", orders_before=1)),
    "chats": (8, "asked_support", facts(event("chat_started"), orders_before=1)),
    "reads a guide when it is there": (8, "read_guide_after_delivery", page("guide", orders_before=1, delivered=True)),
    "a customer takes the newsletter": (8, "customer_newsletter", facts(event("newsletter_subscribe"), orders_before=1)),
    "shipped": (7, "shipped", facts(told("order_shipped"))),
    "delivered": (7, "delivered", facts(told("order_delivered"))),
    "where is my parcel": (7, "tracked_parcel", page("order_tracking", has_order=True)),
    "getting started": (7, "getting_started", page("getting_started", has_order=True)),
    "a first order": (6, "ordered", facts(purchase())),
    "paid, order not seen before": (6, "order_confirmed", facts(told("order_paid"), journey=journey(stage=5))),
    "a trial": (6, "trial_started", facts(told("subscription_trial_started"))),
    "the receipt's own event": (6, "saw_receipt", facts(event("purchase", order_key="o1"))),
    "the receipt page": (6, "saw_receipt", page("receipt", journey=journey(stage=5))),
    "opens the order mail": (6, "opened_order_mail", facts(told("email_opened", order_key="o1"), journey=journey(stage=6))),
    "newsletter for 10 % off the cart": (5, "newsletter_with_cart", facts(event("newsletter_subscribe"), cart_items=1)),
    "into the cart": (5, "cart", facts(event("add_to_cart"))),
    "a coupon": (5, "coupon", facts(event("apply_coupon"))),
    "checkout step": (5, "checkout", facts(event("add_shipping_info"))),
    "card refused": (5, "checkout_error", facts(event("checkout_error"))),
    "the cart page": (5, "cart", page("cart")),
    "the checkout page": (5, "checkout", page("checkout")),
    "the same dress again": (4, "looked_again", facts(look("dress"), journey=SEEN)),
    "another dress": (4, "second_in_category", facts(look("gown"), journey=SEEN)),
    "filters": (4, "filtered_list", facts(event("filter_item_list"))),
    "back to the list": (4, "compared_list", facts(event("view_item_list"), journey=SEEN)),
    "reviews": (4, "read_reviews", facts(event("view_reviews"))),
    "size guide": (4, "read_size_guide", facts(event("view_size_guide"))),
    "size guide page": (4, "read_size_guide", page("size_guide")),
    "compares": (4, "compared", facts(event("compare_items"))),
    "wishlist": (4, "wishlist", facts(event("add_to_wishlist"))),
    "another colour": (4, "chose_variant", facts(event("select_item_variant"))),
    "a prospect takes the newsletter": (4, "made_known", facts(event("newsletter_subscribe"))),
    "first look": (3, "first_look", facts(look("dress"))),
    "lands on a product page": (3, "product_page", page("product")),
    "blog": (3, "read_page", page("blog", journey=SEEN)),
    "a guide before anything is delivered": (3, "read_page", page("guide", orders_before=1)),
    "video": (3, "watched_video", facts(event("custom", data={"name": "video_start"}))),
    "front page first": (2, "first_page", page("home")),
    "a banner before anything else": (2, "saw_promotion", facts(event("view_promotion"))),
    "searches": (1, "searched", facts(event("search", data={"search_term": "kjole"}))),
    "gift finder": (1, "told_need", page("quiz")),
}


@pytest.mark.parametrize(("stage", "reason", "example"), EXAMPLES.values(), ids=EXAMPLES)
def test_stage_and_reason(stage: int, reason: str, example: Facts) -> None:
    found = tag(example)
    assert found is not None
    assert found[:2] == (stage, reason)
    assert REASONS[reason] % found[2]


NOTHING_NEW = {
    "front page in the middle": page("home", journey=journey()),
    "a banner on the way": facts(event("view_promotion"), journey=journey(stage=4)),
    "a product page while comparing": page("product", journey=journey(stage=4)),
    "a third category": facts(look("lamp", category="lamps"), journey=SEEN),
    "engagement": facts(event("page_engaged"), journey=journey()),
    "a list before any product": facts(event("view_item_list")),
    "getting started without an order": page("getting_started"),
    "a receipt seen again": page("receipt", journey=journey(stage=7)),
    "an account by a prospect": page("account"),
    "exactly the lapse time is no lapse": page("home", journey=journey(), orders_before=1, silent=LAPSE),
    "what the shop sends brings nobody back": facts(told("email_sent"), orders_before=1, silent=300 * DAY),
    "an unknown type": facts(event("custom", data={"name": "spun_the_wheel"})),
}


@pytest.mark.parametrize("example", NOTHING_NEW.values(), ids=NOTHING_NEW)
def test_no_row_matches(example: Facts) -> None:
    assert tag(example) is None


def test_every_row_is_reached_by_an_example() -> None:
    reached = set()
    for _, _, example in EXAMPLES.values():
        row = next(r for r in ROWS if (not r.types or example.event.type in r.types) and r.matches(example) is not None)
        reached.add(ROWS.index(row))
    assert reached == set(range(len(ROWS)))


def test_rows_stand_from_the_last_stage_to_the_first() -> None:
    stages = [row.stage for row in ROWS]
    assert stages == sorted(stages, reverse=True)


def test_reasons_are_exactly_those_that_rows_give() -> None:
    assert set(REASONS) == {row.reason for row in ROWS} | {"continues", "arrived", "own_rule"}


def test_the_current_table_is_the_newest() -> None:
    assert TABLES[CURRENT_TABLE] is ROWS


def test_a_lower_stage_never_hides_a_higher_one() -> None:
    """A customer who comes back by a search is reactivated, not in need."""
    search = facts(event("search", data={"search_term": "x"}), orders_before=1, silent=LAPSE + 1)
    assert tag(search) == (12, "came_back", {"days": 180})
    assert tag(replace(search, orders_before=0)) == (1, "searched", {"term": "x"})
