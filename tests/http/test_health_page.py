"""Data health as a page: what rings stands on top, with what to do and where; the green state; what is not known."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import Engine, delete, insert

from tests.http.site import add_shop, add_user, logged_in, make_app
from tests.reports.asking import count
from tracker import tables as t
from tracker.clock import Instant
from tracker.config import Config
from tracker.http.health_page import MENDED_AT
from tracker.http.menu import MENU
from tracker.reports.alarms import ALARMS
from tracker.storage import writing

PAGE = "/shops/1/data-health?period=7d"


def test_every_alarm_says_where_it_is_mended() -> None:
    assert set(MENDED_AT) == set(ALARMS)
    pages = {endpoint for _, _, endpoints in MENU for endpoint in endpoints}
    assert {where for where in MENDED_AT.values() if not where.startswith("#")} <= pages


def test_parts_of_the_page_that_alarms_lead_to_are_there(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=40))
    text = logged_in(make_app(engine, config, now)).get(PAGE).text
    assert [where for where in MENDED_AT.values() if where.startswith("#") and f'id="{where[1:]}"' not in text] == []


def test_what_rings_stands_on_top_with_what_to_do(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=40))  # none of its listed orders is here
    text = logged_in(make_app(engine, config, now)).get(PAGE).text
    top = text.partition('<div class="figures')[0]
    cards = re.findall(r'<div class="card h-100 alarm alarm-on">.*?</a>', top, flags=re.S)
    [card] = [card for card in cards if "Orders are missing" in card]
    assert "since Sep 10, 2026" in card and "6 days of this period" in card
    assert "says which and why, and fills them in" in card
    assert 'href="/shops/1/reconciliation"' in card
    assert "All is well" not in text
    assert "Hours without orders: Fine" in re.sub(r"\s+", " ", top)


def test_all_is_well_is_said_in_green(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=40))
    with writing(engine) as db:
        db.execute(delete(t.order_list))
        db.execute(delete(t.outcomes).where(t.outcomes.c.kind.in_(("refused", "counted_only"))))
    text = logged_in(make_app(engine, config, now)).get(PAGE).text
    assert "All is well" in text and "alarm-on" not in text and "alarm-watch" not in text
    assert "Orders are missing: not enough is known yet" in re.sub(r"\s+", " ", text)
    assert "Only the shop's own list of orders can tell." in text.replace("&#39;", "'")


@pytest.mark.parametrize(("role", "led"), [("owner", True), ("analyst", False)])
def test_only_owners_are_led_to_the_settings(engine: Engine, config: Config, now: Instant, role: str, led: bool) -> None:
    shop = add_shop(engine, now, journeys=40)
    add_user(engine, now, shop, role=role)
    with writing(engine) as db:
        count(db, shop, 20260914, {"unrated": 3}, family="orders")
    text = logged_in(make_app(engine, config, now)).get(PAGE).text
    cards = re.findall(r'alarm alarm-\w+">.*?</div></div>\s*</div>', text, flags=re.S)
    [card] = [card for card in cards if "exchange rate" in card]
    assert ('href="/shops/1/settings"' in card) is led


def test_senders_consent_and_lags_are_drawn_where_there_are_some(engine: Engine, config: Config, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, journeys=40))
    client = logged_in(make_app(engine, config, now))
    drawn = ["chart-consents", "chart-lags", "chart-senders"]
    text = client.get(PAGE).text
    assert [name for name in drawn if f'id="{name}"' in text] == ["chart-consents"]  # pages without consent are counted
    with writing(engine) as db:
        for kind, reason in (("lag", "browser.2"), ("sender", "person"), ("consent", "statistics")):
            row = {"shop_id": 1, "day_on": 20260914, "kind": kind, "reason": reason, "count": 40}
            db.execute(insert(t.outcomes), row)
    text = client.get(PAGE).text
    assert [name for name in drawn if f'id="{name}"' in text] == drawn
