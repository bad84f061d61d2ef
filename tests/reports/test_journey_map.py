"""The journey map, from counters written down by hand."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import Instant
from tracker.reports import words
from tracker.reports.table import ReportTable, Sentence, Share
from tracker.shops import Shop

TOLD: dict[str, dict[str, int]] = {
    "acts": {
        "1.search": 4, "3.page_view": 9, "3.view_item": 7, "3.page_engaged": 8, "3.~seconds": 700, "4.view_item": 2,
        "3.@email": 3, "4.@email": 1, "3.@direct": 2, "7.order_shipped": 5, "7.page_view": 1,
    },
    "searches": {"journeys:linen": 3, "nothing:linen": 1, "ordered:linen": 1, "journeys:boots": 1},
    "support": {"opened:delivery": 2, "opened:complaint": 3, "closed": 1},
    "satisfaction": {"nps:9": 2, "nps_at:6.9": 2, "nps:0": 1, "nps_at:6.0": 1, "csat_at:5.3": 1, "review:5": 4, "review:2": 1,
                     "return_requested": 6, "shown:nps": 90},
    "endings": {"lapsed": 8, "stage:3": 6, "stage:4": 2, "page:/a": 8, "errors:payment: declined": 2,
                "errors_lost:payment: declined": 1},
    "coupons": {"applied:HEJ10": 5, "denied:SOMMER": 2, "denied:HEJ10": 0},
    "journeys": {"journeys": 40},
}  # fmt: skip


@pytest.fixture
def shop(db: Connection, now: Instant) -> Shop:
    shop = add_shop(db, now)
    for family, amounts in TOLD.items():
        count(db, shop, 20260910, amounts, family=family)
        count(db, shop, 20260910, {name: 1 for name in amounts if family == "acts"}, "channel=email", family)
    return shop


def cell(table: ReportTable, stage: str, field: str) -> list[Any]:
    return [(row["key"], row["times"]) for row in table.rows if (row["stage"], row["field"]) == (stage, field)]


@pytest.mark.parametrize(
    ("stage", "field", "entries"),
    [
        pytest.param("need", "actions", [("search", 4)], id="what people did"),
        pytest.param("need", "questions", [("linen", 3), ("boots", 1)], id="what they searched for"),
        pytest.param("need", "pain", [("nothing.linen", 1)], id="searches without result"),
        pytest.param("information", "actions", [("page_view", 9), ("view_item", 7)], id="leaving a page is no action"),
        pytest.param("information", "touchpoints", [("email", 3), ("direct", 2)], id="channels that led here"),
        pytest.param("information", "pain", [("stopped", 6)], id="where journeys stopped"),
        pytest.param(
            "decision", "pain", [("coupon.SOMMER", 2), ("error.payment: declined", 2)], id="errors and denied coupons"
        ),
        pytest.param("decision", "feelings", [("csat.middle", 1)], id="scores at their stage"),
        pytest.param("purchase", "feelings", [("nps.good", 2), ("nps.bad", 1)], id="promoters and detractors"),
        pytest.param("delivery", "actions", [("page_view", 1)], id="what the shop does is no action of theirs"),
        pytest.param("engagement", "questions", [("delivery", 2)], id="what they asked the support"),
        pytest.param(
            "satisfaction", "feelings", [("return", 6), ("complaint", 3), ("review.2", 1)], id="complaints and returns"
        ),
        pytest.param("advocacy", "feelings", [("review.5", 4)], id="good reviews"),
        pytest.param("reactivation", "actions", [], id="nothing"),
    ],
)
def test_a_field_of_a_stage(db: Connection, now: Instant, shop: Shop, stage: str, field: str, entries: list[Any]) -> None:
    assert cell(ask(db, shop, now, "journey_map"), stage, field) == entries


def test_a_view_adds_up_its_stages(db: Connection, now: Instant, shop: Shop) -> None:
    table = ask(db, shop, now, "journey_map", view="five")
    assert cell(table, "consideration", "actions") == [("page_view", 9), ("view_item", 9)]
    assert cell(table, "consideration", "touchpoints") == [("email", 4), ("direct", 2)]
    assert [row["share"] for row in table.rows if row["key"] == "email"] == [Share(4, 6)]
    assert cell(table, "consideration", "pain") == [("stopped", 8)]


def test_the_five_most_frequent_of_each_are_shown_and_shares_are_of_all(db: Connection, now: Instant, shop: Shop) -> None:
    count(db, shop, 20260911, {f"journeys:word {n}": n for n in range(1, 10)}, family="searches")
    table = ask(db, shop, now, "journey_map")
    assert cell(table, "need", "questions") == [(f"word {n}", n) for n in (9, 8, 7, 6, 5)]
    assert next(row["share"] for row in table.rows if row["key"] == "word 9") == Share(9, 45 + 4)


def test_it_is_told_in_words(db: Connection, now: Instant, shop: Shop) -> None:
    table = ask(db, shop, now, "journey_map")
    said = {row["key"]: words.tell(row["what"], str) for row in table.rows if isinstance(row["what"], Sentence)}
    assert said["view_item"] == "Product seen"
    assert said["email"] == "E-mail"
    assert said["delivery"] == "Asked support about: Delivery"
    assert said["error.payment: declined"] == "Error in the checkout: payment: declined"
    assert said["nps.bad"] == "Would not recommend it (0–6)"
    assert len(said) == len({row["key"] for row in table.rows})


def test_the_owners_notes_stand_beside_in_the_order_of_the_stages(db: Connection, now: Instant, shop: Shop) -> None:
    other = add_shop(db, now)
    for of, place, text in (
        (shop, "journey_map.10.feelings", "Ask why"),
        (shop, "journey_map.5.pain", "Klarna fails"),
        (other, "journey_map.5.pain", "Not ours"),
        (shop, "elsewhere", "Not here"),
    ):
        row = {"shop_id": of.shop_id, "place": place, "text": text, "written_at": now, "written_by": "ida@shop.example"}
        db.execute(insert(t.notes), row)
    rows = ask(db, shop, now, "journey_map", view="five").beside["notes"].rows
    assert [(row["stage"], row["field"], row["text"]) for row in rows] == [
        ("purchase", "pain", "Klarna fails"), ("retention", "feelings", "Ask why"),
    ]  # fmt: skip
