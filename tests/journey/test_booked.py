"""What journeys book for the reports about goods, coupons, words, endings, carts and customers."""

from __future__ import annotations

from collections import Counter
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from tests.builders import START, act, event, look, purchase, told
from tracker.clock import DAY, MINUTE
from tracker.events.types import Event
from tracker.journey.contribution import Basis, cohort, contribution
from tracker.journey.fold import fold, tick
from tracker.journey.state import Rate, Subject, Terms

BASIS = Basis(ZoneInfo("Europe/Copenhagen"), "DKK")
TERMS = Terms(rates={"SEK": (Rate(START - DAY, Decimal("0.66")),)})
DRESS = {"item_id": "dress", "item_name": "Dress", "item_category": "dresses"}
LAMP = {"item_id": "lamp", "item_name": "Lamp"}


def booked(family: str, *events: Event, until: int = START) -> dict[str, int]:
    """By all journeys of one subject, over all days."""
    total: Counter[str] = Counter()
    for told_family, _, names in rows(*events, until=until):
        if told_family == family:
            total.update(names)
    return dict(total)


def rows(*events: Event, until: int = START) -> list[Any]:
    return [
        row for journey in subject_of(*events, until=until).journeys.values() for row in contribution(journey, BASIS)["rows"]
    ]


def subject_of(*events: Event, until: int = START) -> Subject:
    subject = Subject()
    fold([act(event) for event in sorted(events, key=lambda e: e.position)], TERMS, subject)
    tick(subject, until, TERMS)
    return subject


def cart(at: int, *items: dict[str, Any], type: str = "update_cart", **data: Any) -> Event:
    return event(type, at, data={"items": list(items), "currency": "DKK", **data})


def ordered(at: int, *items: dict[str, Any], **fields: Any) -> Event:
    value = sum(item["price"] * item.get("quantity", 1) for item in items)
    data = {"items": list(items), **fields.pop("data", {})}
    return purchase(at, visitor_key="v1", value=value, data=data, **fields)


def test_a_product_is_looked_at_put_in_the_cart_bought_and_sent_back_once_a_journey() -> None:
    back = {**DRESS, "quantity": 1}
    names = booked(
        "products",
        look("dress"),
        look("dress", START + 1),
        look("coat", START + 2),
        cart(START + 3, {**DRESS, "price": 500, "quantity": 3}, {**LAMP, "price": 70}),
        ordered(START + 4, {**DRESS, "price": 400, "quantity": 2}, {**LAMP, "price": 50}),
        told("return_completed", START + 5, order_key="o1", data={"return_id": "r", "items": [back]}),
    )
    assert names == {
        "looked:dress": 1, "looked:coat": 1, "carted:dress": 1, "carted:lamp": 1, "bought:dress": 1, "bought:lamp": 1,
        "looked_carted:dress": 1, "looked_bought:dress": 1, "carted_bought:dress": 1, "carted_bought:lamp": 1,
        "units:dress": 2, "units:lamp": 1, "net:dress": 800, "net:lamp": 50, "returned:dress": 1,
    }  # fmt: skip


def test_by_category_what_has_none_is_kept_apart() -> None:
    names = booked(
        "categories",
        look("dress"),
        cart(START + 3, {**DRESS, "price": 500}),
        ordered(START + 4, {**DRESS, "price": 400, "quantity": 2}, {**LAMP, "price": 50}),
    )
    assert names == {
        "looked:dresses": 1, "carted:dresses": 1, "bought:dresses": 1, "bought:": 1, "looked_carted:dresses": 1,
        "looked_bought:dresses": 1, "carted_bought:dresses": 1, "units:dresses": 2, "units:": 1, "net:dresses": 800, "net:": 50,
    }  # fmt: skip


def test_a_cancelled_order_was_not_bought() -> None:
    names = booked("products", ordered(START, {**DRESS, "price": 400}), told("order_cancelled", START + 1, order_key="o1"))
    assert names == {}


def test_an_order_of_unknown_worth_is_bought_and_told_to_be_unrated() -> None:
    names = booked("products", ordered(START, {**DRESS, "price": 400}, data={"currency": "NOK"}))
    assert names == {"bought:dress": 1, "units:dress": 1, "unrated": 1}


def test_a_foreign_order_brings_what_it_is_worth() -> None:
    assert booked("products", ordered(START, {**DRESS, "price": 400}, data={"currency": "SEK"}))["net:dress"] == 264


def test_a_long_key_is_cut_alike_wherever_it_is_told() -> None:
    key = "k" * 120
    review = told("review_submitted", START + 1, customer_key="c", data={"item_id": key, "rating": 4.4})
    names = booked("products", look(key), review, ordered(START + 2, {"item_id": key, "price": 9}))
    assert {name.partition(":")[2] for name in names} == {key[:100]}
    assert (names[f"ratings:{key[:100]}"], names[f"stars:{key[:100]}"]) == (1, 4)


def test_a_coupon_is_accepted_refused_and_ordered_with() -> None:
    names = booked(
        "coupons",
        event("apply_coupon", START, data={"coupon": "Welcome10"}),
        event("apply_coupon", START + 1, data={"coupon": "WELCOME10"}),
        event("coupon_denied", START + 2, data={"coupon": "old"}),
        ordered(START + 3, {**DRESS, "price": 400}, data={"coupon": "welcome10 ", "discount": 44}),
        ordered(START + DAY, {**DRESS, "price": 100}, order_key="o2"),
    )
    assert names == {
        "applied:WELCOME10": 1, "denied:OLD": 1, "ordered:WELCOME10": 1, "net:WELCOME10": 400, "discount:WELCOME10": 44,
        "orders": 2, "with_coupon": 1,
    }  # fmt: skip


def test_renewals_with_a_coupon_are_orders_with_one_too() -> None:
    started = told("subscription_started", START + 1, order_key="o1", customer_key="c", data={"subscription_id": "s"})
    renewal = purchase(
        START + DAY, "o2", 500, customer_key="c",
        data={"created_via": "subscription", "subscription_id": "s", "coupon": "FRIEND", "discount": 50},
    )  # fmt: skip
    names = booked("coupons", purchase(START, customer_key="c"), started, renewal)
    assert (names["orders"], names["with_coupon"], names["ordered:FRIEND"], names["net:FRIEND"]) == (2, 1, 1, 500)


def test_words_are_counted_once_a_journey_with_what_was_not_found() -> None:
    def search(at: int, term: str, results: int) -> Event:
        return event("search", at, data={"search_term": term, "results_count": results})

    names = booked(
        "searches",
        search(START, "Red  Dress", 0),
        search(START + 1, "red dress", 4),
        search(START + 2, "hat", 2),
        ordered(START + 3, {**DRESS, "price": 400}),
    )
    assert names == {
        "journeys:red dress": 1, "nothing:red dress": 1, "ordered:red dress": 1, "journeys:hat": 1, "ordered:hat": 1,
        "searching": 1, "searching_nothing": 1, "searching_ordered": 1,
    }  # fmt: skip


def test_a_lapsed_journey_ends_on_a_page_a_step_and_a_stage_and_its_errors_are_lost() -> None:
    def error(at: int) -> Event:
        return event("checkout_error", at, data={"step": "payment", "code": "declined"})

    journey = (
        look("dress", START - 60 * DAY, url="https://shop.example/p/dress"),
        cart(START - 60 * DAY + 1, {**DRESS, "price": 500}, type="begin_checkout"),
        error(START - 60 * DAY + 2),
        event("page_view", START - 60 * DAY + 3, url="https://shop.example/kasse?x=1"),
    )
    names = booked("endings", *journey)
    errors = {"errors:payment: declined": 1, "errors_lost:payment: declined": 1, "erring": 1, "erring_lost": 1}
    assert names == {"lapsed": 1, "page:/kasse": 1, "step:begin_checkout": 1, "stage:5": 1, **errors}
    assert booked("endings", *journey, until=START - 59 * DAY) == {"errors:payment: declined": 1, "erring": 1}


def test_a_cart_is_open_and_then_stops_where_it_came_to() -> None:
    journey = (
        cart(START, {**DRESS, "price": 500}, {**LAMP, "price": 100}),
        cart(START + MINUTE, {**DRESS, "price": 500}, {**LAMP, "price": 100}, type="begin_checkout", value=600),
    )
    came_to = {"reached:cart": 1, "reached:begin_checkout": 1, "carts": 1, "value": 600}
    assert booked("carts", *journey) == {**came_to, "filled": 1, "filled_value": 600, "open:begin_checkout": 1}
    stopped = {"stopped:begin_checkout": 1, "stopped_value:begin_checkout": 600}
    assert booked("carts", *journey, until=START + 31 * DAY) == {**came_to, **stopped, "expired": 1, "expired_value": 600}
    emptied = booked("carts", *journey, cart(START + 2 * MINUTE))
    assert emptied == {**came_to, **stopped, "emptied": 1, "emptied_value": 600}
    bought = booked("carts", *journey, ordered(START + 2 * MINUTE, {**DRESS, "price": 400}))
    from_here = {"ordered_from:cart": 1, "ordered_from:begin_checkout": 1}
    assert bought == {**came_to, **from_here, "ordered": 1, "ordered_value": 600}


def test_a_cart_is_worth_what_its_currency_was_when_it_began() -> None:
    names = booked("carts", cart(START, {**DRESS, "price": 500}, currency="SEK"))
    assert (names["value"], names.get("unrated")) == (330, None)
    unknown = booked("carts", cart(START, {**DRESS, "price": 500}, currency="NOK"))
    assert (unknown["carts"], unknown.get("value"), unknown["unrated"]) == (1, None, 1)


def test_a_cart_that_tells_no_currency_is_in_the_shops() -> None:
    subject = subject_of(event("add_to_cart", START, data={"items": [DRESS]}))
    assert [(one.currency, one.rate) for one in subject.journeys[1].carts] == [("DKK", None)]


def test_a_cart_is_recovered_only_when_paid_and_after_a_message() -> None:
    filled = cart(START, {**DRESS, "price": 500})
    mail = told("email_sent", START + 1, customer_key="c", data={"purpose": "cart"})

    def names(*more: Event, status: str = "paid") -> dict[str, int]:
        return booked("carts", filled, *more, ordered(START + 9, {**DRESS, "price": 400}, status=status))

    assert names(mail)["recovered_value"] == 500
    assert "recovered" not in names()
    assert "recovered" not in names(mail, status="pending")
    late = told("email_sent", START + 10, customer_key="c", data={"purpose": "cart"})
    assert "recovered" not in names(late)


def test_a_cohort_tells_who_ordered_again_and_in_which_month() -> None:
    subject = subject_of(
        purchase(START, "o1", 500),  # 10 September
        purchase(START + DAY, "o2", 300),
        purchase(START + 25 * DAY, "o3", 200, data={"currency": "NOK"}),  # 5 October
    )
    [[family, day, names]] = cohort(subject, BASIS)["rows"]
    assert (family, day) == ("cohorts", 20260901)
    assert names == {
        "customers": 1, "again": 1, "unrated": 1, "0.customers": 1, "0.orders": 2, "0.net": 800, "1.customers": 1,
        "1.orders": 1,
    }  # fmt: skip
