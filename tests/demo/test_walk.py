"""The dress buyer walks the shop: the right events, with the right fields, in the right order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, sync_playwright

from tests.demo.shopfront import Collector, serving
from tests.demo.walk import EMAIL, NET_MINOR, DressBuyer, answered, dress_buyer
from tracker.clock import now
from tracker.config import Config
from tracker.events import wire
from tracker.events.types import Consent, Source

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=FLAGS)
        page = browser.new_page(viewport={"width": 1440, "height": 900})
        yield page
        browser.close()


@pytest.fixture(scope="module")
def walked(page: Page, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[DressBuyer, Collector, list[str]]]:
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    data_dir: Path = tmp_path_factory.mktemp("shop")
    with serving(data_dir) as shop:
        buyer = dress_buyer(page, shop.base_url)
        answered(page)
        page.goto("about:blank")  # the last page is left, and tells so
        there = {"loyalty_joined", "review_submitted", "share"}
        shop.collector.wait_for(lambda: there <= {event["type"] for event in shop.collector.events()})
        yield buyer, shop.collector, complaints


def _one(events: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    found = [event for event in events if event["type"] == kind]
    assert len(found) == 1, (kind, found)
    return found[0]


def test_the_page_never_complains(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    assert walked[2] == []


def test_the_acts_arrive_in_their_order(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    told = {"page_view", "page_engaged", "view_item"}
    kinds = [event["type"] for event in walked[1].events() if event["type"] not in told]
    expected = [
        "consent_update", "view_item_list", "view_item_list", "select_item", "view_size_guide", "view_reviews",
        "select_item_variant", "select_item_variant", "add_to_cart", "view_cart", "newsletter_subscribe", "apply_coupon",
        "view_cart", "begin_checkout", "add_contact_info", "add_address_info", "add_shipping_info", "add_payment_info",
        "purchase", "order_paid", "purchase", "survey_shown", "order_shipped", "order_delivered", "share",
        "review_submitted", "loyalty_joined",
    ]  # fmt: skip
    assert kinds == expected


def test_pages_say_what_they_are_for(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    views = [event["page"]["kind"] for event in walked[1].events(Source.BROWSER) if event["type"] == "page_view"]
    assert views == [
        "product", "category", "category", "product", "cart", "cart", "checkout", "checkout", "checkout", "checkout", "receipt",
        "order_tracking", "other", "other", "other", "other",
    ]  # fmt: skip


def test_the_campaign_is_told_with_and_after_consent(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    browser = walked[1].events(Source.BROWSER)
    landing, granted = browser[0], _one(browser, "consent_update")
    assert landing["consent"] == "anonymous"
    assert "visitor_key" not in landing
    assert granted["consent"] == "statistics"
    assert granted["visitor_key"] == walked[0].visitor_key
    for event in (landing, granted):
        assert "utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer" in event["page"]["url"]


def test_the_order_is_right_to_the_oere(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    buyer, collector, _ = walked
    order = _one(collector.events(Source.SERVER), "purchase")
    data = order["data"]
    assert data["transaction_id"] == buyer.order_key
    assert data["value"] == "647.28"
    assert (data["tax"], data["shipping"], data["discount"], data["total_value"]) == ("161.82", "0.00", "71.92", "809.10")
    assert (data["status"], data["payment_type"], data["coupon"]) == ("placed", "card", buyer.coupon)
    assert [item["item_id"] for item in data["items"]] == ["freja-rust-38"]
    assert (order["visitor_key"], order["email"], order["consent"]) == (buyer.visitor_key, EMAIL, "statistics")
    assert buyer.net_minor == NET_MINOR == 64_728


def test_only_the_receipt_is_told_by_the_browser(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    sighting = _one(walked[1].events(Source.BROWSER), "purchase")
    assert sighting["data"] == {"transaction_id": walked[0].order_key}
    assert sighting["visitor_key"] == walked[0].visitor_key


def test_after_sales_facts_come_signed_and_name_the_buyer(walked: tuple[DressBuyer, Collector, list[str]]) -> None:
    buyer, collector, _ = walked
    server = collector.events(Source.SERVER)
    assert [event["type"] for event in server] == [
        "purchase", "order_paid", "order_shipped", "order_delivered", "review_submitted", "loyalty_joined",
    ]  # fmt: skip
    for kind in ("order_paid", "order_shipped", "order_delivered", "review_submitted"):
        assert _one(server, kind)["data"]["transaction_id"] == buyer.order_key
    review = _one(server, "review_submitted")
    assert (review["data"]["rating"], review["data"]["verified"], review["email"]) == (5, True, EMAIL)
    assert _one(server, "loyalty_joined")["visitor_key"] == buyer.visitor_key


def test_every_event_loads_without_refusal_and_without_an_ignored_field(
    walked: tuple[DressBuyer, Collector, list[str]],
) -> None:
    for taken in walked[1].taken:
        for event in taken.body["events"]:
            loaded = wire.load(
                event, {name: value for name, value in taken.body.items() if name != "events"}, taken.source,
                received_at=now(), currency="DKK", default_consent=Consent.ANONYMOUS, limits=Config(),
            )  # fmt: skip
            assert loaded.ignored == (), event
            assert loaded.event.type == event["type"]
