"""The made-up past: as the door would have written it, the same for the same seed, and what the shop's own books say of it."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.demo.past import NOW, SHOP, Told, read
from tracker.clock import DAY, Instant, day_of
from tracker.collect.intake import IntakeFiles
from tracker.demo import history
from tracker.demo.history import ListedOrder, Past
from tracker.demo.past import ways, world
from tracker.demo.past.people import Device
from tracker.events import wire
from tracker.events.catalog import CATALOG
from tracker.events.codec import unpack
from tracker.events.types import Source

DAYS = history.DAYS
BEFORE = {"purchase", "order_paid", "order_shipped", "order_delivered"}


@pytest.fixture(scope="module")
def past() -> Past:
    return history.make_past(SHOP, NOW)


@pytest.fixture(scope="module")
def told(past: Past) -> Told:
    return read(past)


# --- as the door writes it


def test_the_same_seed_makes_the_same_bytes_in_any_process_and_another_seed_others() -> None:
    first = history.make(SHOP, NOW, days=3, seed=3)
    program = (
        "import hashlib; from tests.demo.past import NOW, SHOP; from tracker.demo import history;"
        "print(hashlib.sha256(b''.join(body for _, body in history.make(SHOP, NOW, days=3, seed=3))).hexdigest())"
    )
    elsewhere = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert hashlib.sha256(b"".join(body for _, body in first)).hexdigest() == elsewhere.stdout.strip()
    assert first != history.make(SHOP, NOW, days=3, seed=4)


def test_each_part_is_that_of_the_whole() -> None:
    whole = history.make_past(SHOP, NOW, days=2, seed=5)

    assert history.make(SHOP, NOW, 2, 5) == whole.bodies
    assert history.order_list(SHOP, NOW, 2, 5) == whole.orders
    assert history.ad_spend(SHOP, NOW, 2, 5) == whole.spend
    assert history.exchange_rates(SHOP, NOW, 2, 5) == whole.rates


@pytest.mark.parametrize("days", [1, 2, 7])
def test_a_short_past_can_be_made_too_and_each_day_is_told(days: int) -> None:
    seen: list[None] = []

    made = history.make_past(SHOP, NOW, days=days, on_day=lambda: seen.append(None))

    assert made.bodies
    assert len(seen) == days


def test_rows_come_in_order_of_arrival_and_nothing_is_after_now(told: Told, past: Past) -> None:
    arrived = [body["received_at"] for body in told.bodies]

    assert arrived == sorted(arrived)
    assert arrived[-1] < NOW
    assert all(event["received_at"] == body["received_at"] for body in told.bodies for event in body.get("events", ()))
    assert all(event["occurred_at"] <= event["received_at"] for event in told.events)
    assert all(order.placed_at < NOW for order in past.orders)
    assert all(body.startswith(b'{"received_at":') for _, body in past.bodies)  # by which readers sort


def test_every_event_unpacks_and_an_id_comes_again_only_with_the_same_event(told: Told) -> None:
    once: dict[tuple[Any, str], Any] = {}
    twice = Counter[str]()
    for packed in told.events:
        event = unpack(packed)
        known = once.setdefault((event.source, event.event_id), event)
        if known is not event:
            twice[event.source] += 1
            assert (known.type, known.data, known.order_key) == (event.type, event.data, event.order_key)
            assert abs(known.occurred_at - event.occurred_at) < 2_000  # a wrong clock is corrected by each answer's own way

    assert len(once) > 50_000
    assert twice[Source.BROWSER] > 100 and twice[Source.SERVER] > 3


def test_the_door_refuses_and_ignores_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    ignored = []
    load = wire.load

    def watch(*args: Any, **kwargs: Any) -> wire.Loaded:
        loaded = load(*args, **kwargs)
        ignored.append(loaded.ignored)
        return loaded

    monkeypatch.setattr(wire, "load", watch)
    history.make(SHOP, NOW, days=30)

    assert len(ignored) > 15_000  # a refusal would have been raised
    assert set(ignored) == {()}


def test_the_intake_holds_every_row_in_order_once_written(tmp_path: Path) -> None:
    made = history.make(SHOP, NOW, days=3)

    history.write_intake(tmp_path, made)

    files = IntakeFiles(tmp_path)
    assert [(row.shop_id, row.body) for row in files.read(len(made) + 1)] == made
    files.close()


def test_consent_is_respected_as_at_the_door(told: Told) -> None:
    anonymous = [event for event in told.browser if event.get("consent") == 1]

    assert anonymous
    assert not any(event.get(name) for event in anonymous for name in ("visitor_key", "email", "customer_key", "order_key"))
    assert all(event["anonymous_key"] for event in anonymous)
    assert {event.get("consent", 2) for event in told.browser} == {1, 2, 3}
    assert sum(body.get("counted", {}).get("page_view", 0) for body in told.bodies) > 100  # consent none


def test_a_wrong_clock_is_corrected_at_the_door_and_a_right_one_left_alone() -> None:
    lived = world.World(SHOP, NOW, 1, 1, lambda *_: None)
    at = NOW - DAY // 2
    for off in (0, -3 * 3_600_000, 2 * DAY):
        event = {"event_id": f"e{off}", "type": "page_view", "occurred_at": at, "consent": "statistics", "visitor_key": "v"}
        lived.browse(Device("v", "Mozilla/5.0", "10.0.0.1", "DK", "statistics", off), [event])
    rows = [orjson.loads(body)["events"][0] for _, _, body in lived.told]

    assert [row["occurred_at"] - at < 2_000 for row in rows] == [True] * 3
    assert min(row["occurred_at"] for row in rows) >= at


# --- what it tells


def test_every_type_of_the_catalogue_occurs(told: Told) -> None:
    kept = {name for name, event_type in CATALOG.items() if not event_type.only_counted}
    assert {event["type"] for event in told.events} == kept


def test_only_customers_orders_are_older_than_the_days_asked_for(told: Told) -> None:
    before = [event for event in told.events if event["occurred_at"] < NOW - DAYS * DAY]

    assert {event["type"] for event in before} == BEFORE
    assert min(event["occurred_at"] for event in before) > NOW - 2 * 365 * DAY - 5 * DAY
    orders = Counter(event["email"] for event in before if event["type"] == "purchase")
    assert 250 < len(orders) < 450
    assert min(orders.values()) == 1 and 7 < max(orders.values()) <= 12


def test_days_have_a_rhythm_a_sale_and_growth(told: Told) -> None:
    tz = SHOP.settings.tz
    first_pages = [
        event["occurred_at"] for event in told.browser if event["type"] == "page_view" and event.get("sequence") == 1
    ]
    by_day = Counter(day_of(at, tz) for at in first_pages)
    by_hour = Counter(datetime.fromtimestamp(at / 1000, tz).hour for at in first_pages)
    sale = world.Calendar(NOW, DAYS, tz)
    days = [day for day in sale.dates() if day in by_day][1:-1]
    in_sale = [by_day[day] for day in days if sale.is_sale(sale.midnight(day))]
    usual = [day for day in days if not sale.is_sale(sale.midnight(day))]

    assert len(in_sale) == 7
    assert _mean(in_sale) > 1.3 * _mean([by_day[day] for day in usual])
    assert _mean([by_day[day] for day in usual[-28:]]) > 1.05 * _mean([by_day[day] for day in usual[:28]])
    assert by_hour[20] > 5 * by_hour[4]
    sundays = [by_day[day] for day in usual if day.weekday() == 6]
    assert _mean(sundays) > _mean([by_day[day] for day in usual if day.weekday() == 4])


def test_assistants_come_by_name_and_by_many_spellings(told: Told) -> None:
    arrivals = [arrival for arrival in told.arrivals() if arrival.channel == "ai_assistant"]

    assert {arrival.source for arrival in arrivals} == {"chatgpt", "perplexity", "gemini", "copilot", "claude"}
    assert len({(arrival.source, arrival.referrer_host, arrival.medium) for arrival in arrivals}) >= 10


def test_machines_read_the_shop_in_its_own_pages_and_change_nothing_of_what_people_did(told: Told, past: Past) -> None:
    visits = told.of("crawler_visit")
    pages = {event["page"]["url"] for event in told.browser if event["type"] == "page_view"}
    bots = Counter(event["bot"] for event in visits)

    assert 300 < len(visits) < 900
    assert bots["ai:ChatGPT-User"] > 50 and bots["ai:GPTBot"] > 20 and bots["crawler:Googlebot"] > 10
    assert {event["page"]["url"] for event in visits} <= {page.partition("?")[0] for page in pages}
    alone = world.World(SHOP, NOW, DAYS, 1, history.follow)
    history._plan(alone, history.STRANGERS_PER_DAY)
    alone.run()
    others = [body for _, body in past.bodies if b'"crawler_visit"' not in body]
    assert [body for _, _, body in sorted(alone.told)] == others


def test_people_search_for_what_the_shop_has_and_for_what_it_lacks(told: Told) -> None:
    found = {event["data"]["search_term"]: event["data"]["results_count"] for event in told.of("search")}

    assert {term for term, count in found.items() if count == 0} >= {"herrestrik", "børnetøj", "paraply", "gavekort"}
    assert all(found[term] > 0 for term in ("kjole", "hør", "sweater", "træsko", "viskestykker"))


def test_requests_come_late_and_from_machines(told: Told) -> None:
    assert sum(event["received_at"] - event["occurred_at"] > 1_800_000 for event in told.browser) > 100
    assert sum(event["received_at"] - event["occurred_at"] > 600_000 for event in told.server) > 30
    assert sum("bot" in event for event in told.events) > 100


def test_people_have_several_devices_and_devices_several_people(told: Told) -> None:
    visitors_of = told.group(lambda event: event.get("email"), lambda event: event.get("visitor_key"))
    customers_of = told.group(lambda event: event.get("visitor_key"), lambda event: event.get("email"))
    accounts = told.group(
        lambda event: event.get("email"), lambda event: event.get("customer_key", ""), of=("purchase", "sign_up")
    )

    assert sum(len(visitors) == 2 for visitors in visitors_of.values()) > 10
    assert sum(len(customers) == 2 for customers in customers_of.values()) >= 2
    assert sum(len(keys) == 2 and "" in keys for keys in accounts.values()) > 10  # guests who made an account afterwards
    assert all(len(keys - {""}) <= 1 for email, keys in accounts.items())


def test_somebody_is_busy_with_a_cart_and_somebody_in_the_checkout_right_now(told: Told) -> None:
    latest = [event for event in told.browser if event["occurred_at"] > NOW - 60 * 60_000 and event.get("cart_key")]
    checkouts = {event["cart_key"] for event in latest if event["type"] == "begin_checkout"}

    assert len({event["cart_key"] for event in latest}) >= 5
    assert 1 <= len(checkouts) < 7


def test_carts_live_for_days_are_emptied_and_are_taken_up_after_a_mail(told: Told) -> None:
    carts = told.group(lambda event: event.get("cart_key"), lambda event: event["occurred_at"])
    emptied = [event for event in told.of("update_cart") if event["data"].get("items") == []]
    mailed = [event for event in told.of("email_clicked") if event["data"]["purpose"] == "cart"]

    assert sum(max(at) - min(at) > DAY for at in carts.values()) > 20
    assert len(emptied) > 5
    assert len(mailed) > 5


# --- orders and their money


def test_value_tax_and_shipping_add_up_to_what_the_buyer_pays(told: Told) -> None:
    orders = [event["data"] for event in told.server if event["type"] == "purchase"]

    assert all(order["value"] + order["tax"] + order["shipping"] == order["total_value"] for order in orders)
    assert {order["currency"] for order in orders} == {"DKK", "SEK", "EUR"}
    assert {order["payment_type"] for order in orders} == {"card", "mobilepay", "klarna", "invoice", "bank_transfer", "cod"}
    assert {order["created_via"] for order in orders} == {"checkout", "phone", "pos", "subscription"}
    assert {order["coupon"] for order in orders if "coupon" in order} >= {"VELKOMMEN10", "SOMMER15", "LYNGUGE20"}
    assert all(order["discount"] > 0 for order in orders if "coupon" in order)
    assert sum(order.get("is_test", False) for order in orders) == 4


def test_money_comes_at_once_later_or_never_as_it_was_chosen(told: Told) -> None:
    placed = {event["order_key"]: event for event in told.server if event["type"] == "purchase"}
    paid = told.group(lambda event: event.get("order_key"), lambda event: event["event_id"], of=("order_paid",))
    repeated = Counter(event["order_key"] for event in told.of("order_paid"))
    first_paid = {event["order_key"]: event["occurred_at"] for event in reversed(told.of("order_paid"))}

    def waited(payment: str) -> list[Instant]:
        return [
            first_paid[key] - event["occurred_at"]
            for key, event in placed.items()
            if event["data"]["payment_type"] == payment and key in first_paid
        ]

    assert not waited("cod")
    assert min(waited("bank_transfer")) > 12 * 3_600_000
    assert min(waited("invoice")) > 7 * DAY
    assert any(event["data"]["payment_type"] == "bank_transfer" and key not in paid for key, event in placed.items())
    assert any(count == 3 and len(paid[key]) == 2 for key, count in repeated.items())


def test_orders_change_are_cancelled_given_back_and_come_in_parcels(told: Told) -> None:
    refunds = Counter(event["order_key"] for event in told.of("refund"))
    versions: dict[str, list[int]] = {}
    for event in told.of("order_updated"):
        versions.setdefault(event["order_key"], []).append(event["data"]["version"])
    parcels = told.group(lambda event: event.get("order_key"), lambda event: event["event_id"], of=("order_shipped",))

    assert max(refunds.values()) >= 2
    assert any(told_as != sorted(told_as) for told_as in versions.values())  # an old version after the new one
    assert any(len(numbers) == 2 for numbers in parcels.values())
    assert {event["data"]["reason"] for event in told.of("order_cancelled")} >= {"customer", "unpaid"}
    assert {event["data"]["reason"] for event in told.of("return_requested")} >= {"too_small", "too_large", "regret"}


# --- the shop's own books


def test_the_list_has_what_was_told_and_what_was_not(past: Past, told: Told) -> None:
    listed = {order.order_key: order for order in past.orders}
    sent = told.orders()

    assert len(listed) == len(past.orders)
    assert past.orders == sorted(past.orders, key=lambda order: (order.placed_at, order.order_key))
    assert sent.keys() | past.unheard == listed.keys()
    assert not sent.keys() & past.unheard
    for key, amounts in sent.items():
        order = listed[key]
        assert amounts == (order.currency, order.value_minor, order.tax_minor, order.shipping_minor, order.total_minor)
    for currency in ("DKK", "SEK", "EUR"):
        whole = sum(order.total_minor for order in past.orders if order.currency == currency)
        not_told = sum(listed[key].total_minor for key in past.unheard if listed[key].currency == currency)
        assert whole == not_told + sum(amounts[4] for amounts in sent.values() if amounts[0] == currency)


def test_some_orders_the_collector_has_never_heard_of(past: Past, told: Told) -> None:
    calendar = world.Calendar(NOW, DAYS, SHOP.settings.tz)
    of_the_days = [order for order in past.orders if order.placed_at >= calendar.opened_at]
    missing = [order for order in of_the_days if order.order_key in past.unheard]
    out = [order for order in of_the_days if order.payment_type == "mobilepay" and calendar.is_outage(order.placed_at)]

    assert 0.015 < len(missing) / len(of_the_days) < 0.05
    assert {event.get("order_key") for event in told.events}.isdisjoint(order.order_key for order in missing)
    assert out and {order.order_key for order in out} <= past.unheard
    assert any(order.payment_type != "mobilepay" for order in missing)


def test_the_list_knows_the_state_of_each_order(past: Past, told: Told) -> None:
    of_status: dict[str, list[ListedOrder]] = {}
    for order in past.orders:
        of_status.setdefault(order.status, []).append(order)
    cancelled = {event["order_key"] for event in told.of("order_cancelled")}
    given_back = Counter[str]()
    for event in {event["event_id"]: event for event in told.of("refund")}.values():
        given_back[event["order_key"]] += event["data"]["total_value"]

    assert {"completed", "cancelled", "refunded", "test"} <= of_status.keys()
    assert of_status.keys() <= {
        "placed", "placed_cod", "pending", "paid", "processing", "completed", "cancelled", "refunded", "test"
    }  # fmt: skip
    assert {order.order_key for order in of_status["cancelled"]} >= cancelled - {order.order_key for order in of_status["test"]}
    assert all(given_back[order.order_key] == order.total_minor for order in of_status["refunded"])
    assert all(given_back[order.order_key] <= order.total_minor for order in past.orders)
    assert any(0 < given_back[order.order_key] < order.total_minor for order in of_status["completed"])
    assert len(of_status["test"]) == 4


def test_advertising_is_paid_for_where_visits_came_from(past: Past, told: Told) -> None:
    seen = Counter[tuple[int, str, str, str | None]]()
    for arrival, at in told.dated_arrivals():
        day = day_of(at, SHOP.settings.tz)
        seen[day.year * 10_000 + day.month * 100 + day.day, arrival.channel, arrival.source, arrival.campaign] += 1
    clicks = Counter[tuple[int, str, str, str | None]]()
    for row in past.spend:
        assert row.amount_minor > 0 and 0 < row.clicks < row.impressions
        clicks[row.day_on, row.channel, row.source, row.campaign] += row.clicks
    campaigns = {key[1:] for key in clicks}

    assert {row.currency for row in past.spend} == {"DKK", "SEK", "EUR"}
    assert {row.channel for row in past.spend} >= {
        "paid_social",
        "paid_search",
        "paid_shopping",
        "paid_video",
        "affiliate",
        "display",
    }
    assert len(clicks) == len(past.spend)  # one row a day and campaign
    assert len(campaigns) == len({(way.labels.partition("&fbclid")[0].partition("&gclid")[0]) for way in ways.paid()})
    assert campaigns <= {key[1:] for key in seen}
    late = sum(seen[key] > clicks[key] for key in clicks)
    assert late <= 2  # an arrival counts on its own day; only about midnight may the two differ


def test_rates_are_known_for_every_month_with_money_in_another_currency(past: Past) -> None:
    rates = {(rate.valid_on // 100, rate.currency): rate.rate for rate in past.rates}
    first, last = (day_of(at, SHOP.settings.tz) for at in (past.orders[0].placed_at, NOW))

    assert all(rate.quote == "DKK" and rate.valid_on % 100 == 1 for rate in past.rates)
    for order in past.orders:
        day = day_of(order.placed_at, SHOP.settings.tz)
        assert order.currency == "DKK" or rates[day.year * 100 + day.month, order.currency] > 0
    assert (first.year * 100 + first.month, "SEK") in rates and (last.year * 100 + last.month, "EUR") in rates
    assert 7.4 < min(rate for (_, currency), rate in rates.items() if currency == "EUR") < 7.5
    assert 0.55 < min(rate for (_, currency), rate in rates.items() if currency == "SEK") < 0.8


def _mean(numbers: list[int]) -> float:
    return sum(numbers) / len(numbers)
