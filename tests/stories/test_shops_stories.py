"""What happens in shops and breaks other products, each told as the owner would tell it: door, worker and figures."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Engine

from tests.stories.telling import INSTAGRAM, Story
from tracker import tables as t
from tracker.config import Config
from tracker.stages import PURCHASE, REACTIVATION, RETENTION

Tell = Callable[..., Story]
ITEM = {"item_id": "vilma", "item_name": "Kjole Vilma", "item_category": "Kjoler", "price": 100, "quantity": 1}
GOOGLE = "https://www.google.com/"


@pytest.fixture
def tell(engine: Engine, config: Config) -> Tell:
    from dataclasses import replace

    def make(**settings: Any) -> Story:
        return Story(engine, replace(config, max_age_days=400, rate_per_address=100_000), **settings)

    return make


def test_two_phones_and_one_customer(tell: Tell) -> None:
    """She looks on one phone, buys on another, and later logs in on the first."""
    story = tell()
    story.browser("page_view", 0, "phone", f"/{INSTAGRAM}", kind="campaign")
    story.browser("view_item", 0.1, "phone", "/vilma", data={"items": [ITEM]})
    story.browser("page_view", 30, "work", "/", referrer=GOOGLE, kind="home")
    story.order(30.5, email="freja@havblik.dk", customer_key="7", visitor_key="work")
    story.work()
    assert len(story.journeys()) == 2  # nobody knows yet that they are one
    story.server("login", 50, customer_key="7", visitor_key="phone")
    story.work()
    [journey] = story.journeys()
    assert [touch.channel for touch in journey.touches] == ["paid_social", "organic_search"]
    assert journey.order is not None and journey.order.net == 10_000
    assert story.counters()["net"] == 10_000
    assert story.counters()["journeys"] == 1
    assert story.persons()["phone"] == story.persons()["work"]


def test_a_shared_computer(tell: Tell) -> None:
    """He buys on the family's computer, and a week later she does: two customers, two journeys, and each has their own
    visits."""
    story = tell()
    story.browser("page_view", 0, "family", "/", referrer=GOOGLE, kind="home")
    story.order(0.5, "1", email="bo@havblik.dk", customer_key="bo", visitor_key="family")
    story.browser("page_view", 170, "family", f"/{INSTAGRAM}", kind="campaign")
    story.browser("view_item", 170.1, "family", "/vilma", data={"items": [ITEM]})
    story.server("login", 170.2, email="eva@havblik.dk", customer_key="eva", visitor_key="family")
    story.order(170.4, "2", email="eva@havblik.dk", customer_key="eva", visitor_key="family")
    story.browser("view_item", 170.5, "family", "/alma", data={"items": [{**ITEM, "item_id": "alma"}]})
    story.work()
    persons = story.persons()
    assert persons["bo"] != persons["eva"]
    his, hers = (next(j for j in story.journeys() if j.order and j.order.key == key) for key in ("1", "2"))
    assert [touch.channel for touch in his.touches] == ["organic_search"]
    assert [touch.channel for touch in hers.touches] == ["paid_social"]
    assert hers.order is not None and not hers.order.repeat
    assert story.counters("orders")["first"] == 2
    assert [row.act for row in story.rows(t.link_log, "entry_id") if row.key.startswith("family") and row.act == "split"]


def test_a_till_that_everybody_logs_in_on_says_nothing_of_anybody(tell: Tell) -> None:
    story = tell()
    for number in range(12):
        story.server("login", number * 2, customer_key=f"c{number}", visitor_key="till")
        story.browser("page_view", number * 2 + 0.1, "till", "/", kind="home")
    story.work()
    assert len({person for key, person in story.persons().items() if key.startswith("c")}) == 12
    assert any(row.act == "refused" for row in story.rows(t.link_log, "entry_id"))


@pytest.mark.parametrize("address", ["test@havblik.dk", "noreply@havblik.dk", "lager@havblik.dk"])
def test_an_address_that_is_nobodys_makes_nobody_one(tell: Tell, address: str) -> None:
    story = tell(excluded_emails=("lager@havblik.dk",))
    story.order(1, "1", email=address, customer_key="a")
    story.order(2, "2", email=address, customer_key="b")
    story.work()
    assert story.persons()["a"] != story.persons()["b"]


def test_guest_and_account_with_one_address_are_one_person(tell: Tell) -> None:
    story = tell()
    story.order(1, "1", email="freja@havblik.dk")
    story.server("sign_up", 5, customer_key="7")
    story.order(30, "2", customer_key="7")
    story.work()
    assert story.persons()["1"] != story.persons()["2"]
    story.server("identify", 40, customer_key="7", email="freja@havblik.dk")
    story.work()
    assert story.persons()["1"] == story.persons()["2"] == story.persons()["7"]
    orders = story.counters("orders")
    assert (orders["first"], orders["repeat"]) == (1, 1)


def test_a_late_webhook(tell: Tell) -> None:
    """The order is told three days after it was placed; the visits since then are another journey."""
    story = tell()
    story.browser("page_view", 0, "phone", f"/{INSTAGRAM}", kind="campaign")
    story.browser("page_view", 60, "phone", "/", referrer=GOOGLE, kind="home")
    story.work()
    assert story.counters()["ordered" if False else "journeys"] == 1
    story.order(1, visitor_key="phone")
    story.work()
    first, second = story.journeys()
    assert first.order is not None and [touch.channel for touch in first.touches] == ["paid_social"]
    assert second.order is None and [touch.channel for touch in second.touches] == ["organic_search"]


def test_a_refund_after_a_month(tell: Tell) -> None:
    story = tell(days=60)
    story.order(1, value="500.00")
    story.server("refund", 24 * 35, {"transaction_id": "1001", "refund_id": "r1", "currency": "DKK", "value": "120.50"})
    story.work()
    by_day: dict[int, dict[str, int]] = {}
    from tracker.pipeline.counters import read_days

    with story.engine.connect() as db:
        by_day = dict(read_days(db, story.shop_id, story.shop.generation, "orders", "", 0, 99_999_999))
    ordered_on, refunded_on = sorted(by_day)
    assert (by_day[ordered_on]["revenue"], by_day[ordered_on]["net"]) == (50_000, 37_950)
    assert by_day[refunded_on]["refunded"] == 12_050
    assert story.rows(t.orders, "order_key")[0].net_minor == 37_950


def test_two_partial_refunds_each_told_twice_and_then_cancelled(tell: Tell) -> None:
    story = tell()
    story.order(1, value="500.00")
    for hours in (30, 31):
        for refund, value in (("r1", "100.00"), ("r2", "50.00")):
            story.server("refund", hours, {"transaction_id": "1001", "refund_id": refund, "currency": "DKK", "value": value})
    story.work()
    assert story.counters("orders")["net"] == 35_000
    assert story.counters("orders")["refunds"] == 2
    story.server("order_cancelled", 40, {"transaction_id": "1001"})
    story.work()
    orders = story.counters("orders")
    assert "net" not in orders
    assert orders["revenue"] == orders["refunded"] + orders["given_up"] == 50_000


def test_an_order_without_a_visit(tell: Tell) -> None:
    story = tell()
    story.order(1, data={"created_via": "phone"})
    story.work()
    [journey] = story.journeys()
    assert (journey.channel, journey.outcome) == ("none", "ordered")
    assert story.counters("credits_30")["net.first:none||"] == 10_000


def test_one_payment_told_three_times_and_a_receipt_loaded_five_times(tell: Tell) -> None:
    story = tell()
    story.browser("page_view", 0, "phone", "/", kind="home")
    for _ in range(3):
        story.server("order_paid", 1.2, {"transaction_id": "1001"})
    story.order(1, status="pending", visitor_key="phone")
    story.order(1.3, value="100.0000", visitor_key="phone")
    for _ in range(5):
        story.browser("purchase", 1.5, "phone", "/kvittering", kind="receipt", data={"transaction_id": "1001"})
    story.work()
    orders = story.counters("orders")
    assert (orders["orders"], orders["net"]) == (1, 10_000)
    assert len(story.journeys()) == 1


def test_cash_on_delivery_is_never_called_paid_and_counts(tell: Tell) -> None:
    story = tell()
    story.order(1, "1", status="placed_cod")
    story.server("order_delivered", 60, {"transaction_id": "1"})
    story.order(2, "2", status="pending")
    story.work()
    assert story.counters("orders")["orders"] == 1
    assert story.counters()["net"] == 10_000
    assert {row.order_key: row.counted_at is not None for row in story.rows(t.orders, "order_key")} == {"1": True, "2": False}


def test_a_payment_that_failed_and_then_came(tell: Tell) -> None:
    story = tell()
    story.browser("add_to_cart", 0, "phone", "/vilma", cart_key="k", data={"items": [ITEM], "currency": "DKK"})
    story.order(1, status="failed", visitor_key="phone")
    story.work()
    assert "orders" not in story.counters("orders")
    story.server(
        "order_updated", 2, {"transaction_id": "1001", "version": 2, "value": "100.00", "currency": "DKK", "status": "paid"}
    )
    story.work()
    assert story.counters("orders")["orders"] == 1
    assert "recovered" not in story.counters("carts")


def test_a_cart_over_three_days(tell: Tell) -> None:
    """Filled on the phone, changed on the computer after a log-in, bought on the third day: one cart, never abandoned."""
    story = tell()
    told = {"items": [ITEM], "currency": "DKK", "value": 100}
    story.browser("add_to_cart", 0, "phone", "/vilma", cart_key="k1", data=told)
    story.browser(
        "update_cart", 26, "work", "/kurv", cart_key="k2", data={**told, "items": [{**ITEM, "quantity": 2}], "value": 200}
    )
    story.server("login", 26.1, customer_key="7", visitor_key="phone")
    story.server("login", 26.2, customer_key="7", visitor_key="work")
    story.browser("begin_checkout", 50, "work", "/kassen", cart_key="k2", data={"currency": "DKK", "value": 200})
    story.work()
    [filled] = story.rows(t.carts, "began_at")
    assert (filled.state, filled.pieces, filled.value_minor, filled.step) == ("filled", 2, 20_000, "begin_checkout")
    story.order(50.5, value="200.00", customer_key="7", visitor_key="work", cart_key="k2")
    story.work()
    carts = story.counters("carts")
    assert (carts["carts"], carts["ordered"]) == (1, 1)
    assert not {"expired", "filled", "emptied", "recovered"} & carts.keys()


def test_an_emptied_cart_is_not_abandoned_and_one_that_the_platform_empties_is_nothing(tell: Tell) -> None:
    story = tell()
    told = {"items": [ITEM], "currency": "DKK"}
    story.browser("add_to_cart", 0, "phone", "/vilma", data=told)
    story.browser("remove_from_cart", 0.1, "phone", "/kurv", data=told)
    story.work()
    assert story.counters("carts") == {
        "carts": 1,
        "value": 10_000,
        "emptied": 1,
        "emptied_value": 10_000,
        "reached:cart": 1,
        "stopped:cart": 1,
        "stopped_value:cart": 10_000,
    }
    story.order(1, visitor_key="phone")
    story.browser("update_cart", 1.1, "phone", "/kvittering", data={"items": []})
    story.work()
    assert len(story.journeys()) == 1


def test_a_cart_that_a_mail_brought_back_counts_as_recovered_only_when_paid(tell: Tell) -> None:
    story = tell()
    story.browser("add_to_cart", 0, "phone", "/vilma", data={"items": [ITEM], "currency": "DKK", "value": 100})
    story.server("identify", 0.1, customer_key="7", email="freja@havblik.dk", visitor_key="phone")
    story.server("email_sent", 2, {"message_id": "m", "purpose": "cart"}, email="freja@havblik.dk")
    story.order(5, status="pending", customer_key="7", visitor_key="phone")
    story.work()
    assert "recovered" not in story.counters("carts")
    story.server("order_paid", 6, {"transaction_id": "1001"})
    story.work()
    carts = story.counters("carts")
    assert (carts["recovered"], carts["recovered_value"]) == (1, 10_000)


def test_a_customer_silent_for_200_days_comes_back_from_a_win_back_mail(tell: Tell) -> None:
    story = tell(days=260)
    story.order(0, "1", email="freja@havblik.dk", customer_key="7")
    silent = 24 * 201
    click = {"message_id": "m", "purpose": "win_back", "campaign": "savner-dig"}
    story.server("email_sent", silent, click, email="freja@havblik.dk")
    story.server("email_clicked", silent + 1, click, email="freja@havblik.dk", visitor_key="phone")
    story.browser(
        "page_view", silent + 1.01, "phone", "/?utm_source=nyhedsbrev&utm_medium=email&utm_campaign=savner-dig", kind="home"
    )
    story.order(silent + 2, "2", email="freja@havblik.dk", visitor_key="phone")
    story.work()
    _, back = story.journeys()
    assert back.reactivated and str(REACTIVATION) in back.reached
    assert [touch.channel for touch in back.touches] == ["email"]  # the click and the visit it opened are one
    assert str(RETENTION) in back.reached and str(PURCHASE) in back.reached
    credits = story.counters("credits_30")
    assert sum(amount for name, amount in credits.items() if name.startswith("net.last:email|")) == 10_000
    assert story.counters("mail")["clicked:win_back|savner-dig"] == 1


def test_a_company_of_four_people_over_sixty_days(tell: Tell) -> None:
    """27 touchpoints of four people; the journey is the company's, and each person has a stage."""
    story = tell(days=80, b2b=True, journey_window_days=90)
    people = ["indkoeb", "chef", "drift", "lager"]
    for number in range(26):
        visitor = people[number % 4]
        story.browser(
            "page_view", number * 55, visitor, f"/?utm_source=nyhedsbrev&utm_medium=email&utm_campaign=u{number}", kind="home"
        )
    for number, visitor in enumerate(people):
        story.server("identify", 1380 + number / 10, email=f"{visitor}@nordbyg.dk", visitor_key=visitor)
    story.server("offline_contact", 1400, {"kind": "fair"}, email="chef@nordbyg.dk")
    story.order(1440, "1", value="9000.00", email="indkoeb@nordbyg.dk", data={"company_key": "DK 12345678"})
    story.work()
    [journey] = story.journeys()
    assert journey.touch_count == 27
    assert journey.touches[-1].channel == "offline"
    assert journey.order is not None and journey.order.net == 900_000
    assert story.counters()["net"] == 900_000
    members = [row for row in story.rows(t.links, "link_id") if row.kind == "member"]
    assert len({row.subject_id for row in members}) == 1
    assert len(members) == 4
    keys = {row.key for row in story.rows(t.links, "link_id") if row.kind == "company"}
    assert keys == {"nordbyg.dk", "DK12345678"}


def test_free_mail_is_no_company(tell: Tell) -> None:
    story = tell(b2b=True)
    story.order(1, "1", email="anna@gmail.com")
    story.order(2, "2", email="bo@gmail.com")
    story.work()
    assert story.persons()["1"] != story.persons()["2"]
    assert not [row for row in story.rows(t.links, "link_id") if row.kind in ("company", "member")]


def test_a_link_undone(tell: Tell) -> None:
    """The shop tied the wrong browser to a customer: it is taken away, stays away, and all figures are right at once."""
    story = tell()
    story.browser("page_view", 0, "phone", f"/{INSTAGRAM}", kind="campaign")
    story.order(1, customer_key="7", email="freja@havblik.dk", visitor_key="phone")
    story.work()
    assert story.journeys()[0].channel == "paid_social"
    story.ask("undo_link", kind="visitor", key="phone")
    ordered = next(journey for journey in story.journeys() if journey.order)
    visited = next(journey for journey in story.journeys() if not journey.order)
    assert (ordered.channel, visited.channel) == ("none", "paid_social")
    assert story.counters()["journeys"] == 2
    assert story.counters("credits_30")["net.first:none||"] == 10_000
    story.server("login", 20, customer_key="7", visitor_key="phone")
    story.work()
    assert story.persons()["phone"] != story.persons()["7"]
    assert [row.logged_by for row in story.rows(t.link_log, "entry_id") if row.act == "undone"] == ["owner@shop.example"]


def test_a_customer_erased(tell: Tell) -> None:
    """Nothing of her is left, totals stay, and what comes late about her is dropped; she may come back as somebody new."""
    story = tell()
    story.browser("page_view", 0, "phone", f"/{INSTAGRAM}", kind="campaign")
    story.browser("search", 0.1, "phone", "/soeg", data={"search_term": "noget privat", "results_count": 3})
    story.order(1, customer_key="7", email="freja@havblik.dk", visitor_key="phone")
    story.browser("page_view", 2, "other", "/", kind="home")
    story.work()
    kept = ("journeys", "orders", "arrivals", "credits_30", "cohorts")
    before = {family: story.counters(family) for family in kept}
    story.ask("erase", subject_id=story.persons()["7"])
    assert {family: story.counters(family) for family in kept} == before
    assert story.counters("searches") == {}
    assert {row.key for row in story.rows(t.links, "link_id")} == {"other"}
    assert len(story.rows(t.events, "event_id")) == 1
    assert story.rows(t.customers, "subject_id") == []
    story.browser("page_view", 3, "phone", "/", kind="home")
    story.server("order_delivered", 4, {"transaction_id": "1001"})
    story.server("newsletter_subscribe", 5, email="freja@havblik.dk")
    story.work()
    assert len(story.rows(t.events, "event_id")) == 1
    assert [row.count for row in story.rows(t.outcomes, "day_on") if row.reason == "erased"] == [3]
    story.ask("recount")
    assert {family: story.counters(family) for family in kept} == before


def test_the_zone_of_the_shop_changed(tell: Tell) -> None:
    """A journey at half past midnight in Copenhagen began the day before in New York: the figures of the past move with
    the zone."""
    story = tell()
    import datetime

    moment = datetime.datetime.fromtimestamp(story.began / 1000, datetime.UTC).replace(hour=22, minute=45)
    hours = (moment.timestamp() * 1000 - story.began) / 3_600_000 + 24
    story.browser("page_view", hours, "phone", "/", kind="home")
    story.work()
    days = {row.began_on for row in story.rows(t.journeys, "began_at")}
    story.ask("change_settings", settings={"zone": "America/New_York"})
    moved = {row.began_on for row in story.rows(t.journeys, "began_at")}
    assert story.shop.settings.zone == "America/New_York"
    assert story.shop.generation == 2
    assert story.shop.building is None
    assert (moved != days) == (moment.month in range(4, 11) or moment.hour >= 23)  # in summer it is past midnight at 22:45 UTC
    assert story.counters()["journeys"] == 1


def test_a_shops_own_stage_rule_holds_from_now_on_and_for_the_past_on_request(tell: Tell) -> None:
    story = tell()
    story.browser("page_view", 1, "phone", "/stylist/booking", kind="other")
    story.work()
    assert story.stages_of(story.persons()["phone"]) == ["arrived"]
    story.ask("add_stage_rules", own=[{"stage": "consideration", "path": "/stylist"}])
    assert story.stages_of(story.persons()["phone"]) == ["arrived"]
    story.browser("page_view", 2, "phone", "/stylist/tid", kind="other")
    story.work()
    assert story.stages_of(story.persons()["phone"]) == ["arrived", "own_rule"]
    story.ask("replay")
    assert story.stages_of(story.persons()["phone"]) == ["own_rule", "own_rule"]


def test_a_channel_override_reclassifies_what_came_before(tell: Tell) -> None:
    story = tell()
    story.browser("page_view", 1, "phone", "/?utm_source=partnerblad", kind="home")
    story.work()
    assert story.journeys()[0].channel != "affiliate"
    story.ask("change_settings", settings={"channel_overrides": [{"source": "partnerblad", "channel": "affiliate"}]})
    assert story.journeys()[0].channel == "affiliate"
    assert story.counters("arrivals", "channel=affiliate")["touches:affiliate"] == 1


def test_orders_in_two_currencies_never_mix_and_a_missing_rate_is_shown(tell: Tell) -> None:
    story = tell()
    story.order(1, "1", value="100.00")
    story.order(2, "2", value="100.00", data={"currency": "SEK"})
    story.work()
    orders = story.counters("orders")
    assert (orders["net"], orders["net.DKK"], orders["net.SEK"], orders["unrated"]) == (10_000, 10_000, 10_000, 1)
    story.ask("change_settings", settings={"rates": {"SEK": [["2020-01-01", "0.65"]]}})
    orders = story.counters("orders")
    assert orders["net"] == 16_500
    assert "unrated" not in orders


def test_a_subscription_renewed_belongs_to_the_journey_that_began_it(tell: Tell) -> None:
    story = tell(days=60)
    story.browser("page_view", 0, "phone", f"/{INSTAGRAM}", kind="campaign")
    story.order(1, "1", value="80.00", customer_key="7", visitor_key="phone")
    story.server("subscription_started", 1.1, {"subscription_id": "s1", "transaction_id": "1"}, customer_key="7")
    story.order(24 * 31, "2", value="80.00", customer_key="7", data={"created_via": "subscription"})
    story.work()
    [journey] = story.journeys()
    assert [order.key for order in journey.orders()] == ["1", "2"]
    orders = story.counters("orders")
    assert (orders["first"], orders["renewals"], orders["net"]) == (1, 1, 16_000)
    assert story.counters()["net"] == 16_000


def test_consent_given_on_the_landing_page_keeps_its_campaign(tell: Tell) -> None:
    """Two people behind one network with the same browser stay two; the one who agrees keeps what brought them."""
    story = tell()
    story.browser("page_view", 0, "phone", f"/{INSTAGRAM}", kind="campaign")
    story.browser("page_view", 0, "other", "/", referrer=GOOGLE, kind="home")
    story.work()
    assert {journey.channel for journey in story.journeys()} == {"paid_social", "organic_search"}
    assert story.persons()["phone"] != story.persons()["other"]
