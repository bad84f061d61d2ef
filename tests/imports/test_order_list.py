"""The shop's own list, from the files that shops have."""

from __future__ import annotations

from io import BytesIO

import pytest
from sqlalchemy import Connection

from tests.reports.asking import add_shop
from tracker.clock import Instant
from tracker.config import Config
from tracker.imports import FileRefused
from tracker.imports.order_list import Read, read

SHOPIFY = """Name,Email,Financial Status,Paid at,Currency,Subtotal,Shipping,Taxes,Total,Created at,Lineitem quantity,Lineitem name,Lineitem price,Cancelled at,Payment Method,Id,Source
#1001,a@b.dk,paid,2026-09-10 12:00:00 +0200,DKK,500.00,39.00,107.80,539.00,2026-09-10 11:59:00 +0200,1,Dress,500.00,,card,5551,web
#1002,b@b.dk,paid,2026-09-10 13:00:00 +0200,DKK,100.00,0.00,20.00,100.00,2026-09-10 12:59:00 +0200,2,Socks,50.00,2026-09-11 09:00:00 +0200,klarna,5552,pos
"""  # noqa: E501
WOO = (
    "order_id;order_date;status;order_total;total_tax;order_shipping;payment_method_title;created_via\n"
    "77;2026-09-10 11:59;wc-processing;625,00;125,00;0;Kreditkort;checkout\n"
    "78;2026-09-10 12:10;wc-pending;125,00;25,00;0;Efterkrav;admin\n"
)


def of(db: Connection, now: Instant, text: str, order_key: str | None = None) -> Read:
    return read(db, BytesIO(text.encode()), add_shop(db, now), Config(), now, order_key)


def test_an_export_of_shopify(db: Connection, now: Instant) -> None:
    orders, report = of(db, now, SHOPIFY)
    assert report.findings == []
    told = [(o.order_key, o.state, o.value, o.tax, o.total, o.payment, o.via) for o in orders]
    assert told == [
        ("5551", "paid", 40_000, 10_780, 53_900, "card", "web"),
        ("5552", "cancelled", 8_000, 2_000, 10_000, "klarna", "pos"),
    ]  # fmt: skip
    assert [event["type"] for event in orders[1].events] == ["purchase", "order_cancelled"]
    assert {event["event_id"] for event in orders[0].events} == {"list:order:5551"}
    assert [o.order_key for o in of(db, now, SHOPIFY, "Name").orders] == ["#1001", "#1002"]


def test_an_export_of_woocommerce(db: Connection, now: Instant) -> None:
    orders, _ = of(db, now, WOO)
    told = [(o.order_key, o.state, o.value, o.total, o.payment, o.via) for o in orders]
    assert told == [
        ("77", "processing", 50_000, 62_500, "Kreditkort", "checkout"),
        ("78", "placed_cod", 10_000, 12_500, "Efterkrav", "admin"),
    ]  # fmt: skip


def test_json_one_a_line_or_as_an_array(db: Connection, now: Instant) -> None:
    one = '{"transaction_id": "1", "occurred_at": "2026-09-10T12:00:00+02:00", "value": 100, "status": "paid"}'
    other = one.replace('"1"', '"2"')
    lines, array = of(db, now, f"{one}\n{other}\n"), of(db, now, f"\ufeff [{one}, {other}]")
    assert lines.orders == array.orders
    assert array.report.lines == 2


def test_an_order_that_is_wrong_costs_itself_and_is_named(db: Connection, now: Instant) -> None:
    good = '{"transaction_id": "1", "occurred_at": "2026-09-10", "value": 100, "status": "paid"}'
    bad = '{"transaction_id": "2", "occurred_at": "10/09/2026", "value": "1.234", "status": "paid", "shoe": 1}'
    orders, report = of(db, now, f"{good}\n{bad}\nnonsense\n")
    assert [o.order_key for o in orders] == ["1"]
    assert (report.lines, report.accepted, report.refused_lines) == (3, 1, 2)
    assert {finding.field for finding in report.findings} >= {"occurred_at", "value", "shoe"}


@pytest.mark.parametrize(
    "text",
    ["", "\n", "[]", "[1]", "[{", "PK\x03\x04", "name,colour\n1,red\n"],
    ids=["empty", "blank", "an empty array", "an array of numbers", "half an array", "Excel", "other columns"],
)
def test_what_is_no_list_is_refused(db: Connection, now: Instant, text: str) -> None:
    with pytest.raises(FileRefused):
        of(db, now, text)
