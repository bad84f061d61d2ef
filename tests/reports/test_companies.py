"""Companies with their persons, worked in by the real pipeline."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine

from tests.builders import START, add_shop, event, intake_row, look, purchase, told, work_in
from tests.reports.asking import ask
from tracker.clock import DAY, HOUR
from tracker.errors import BadQuery
from tracker.reports.table import Money, ReportTable
from tracker.shops import Shop

NOW = START + 70 * DAY
COMPANY = {"company_key": "DK 1234 5678"}
ADVERT = "https://shop.example/?utm_source=letter&utm_medium=email&utm_campaign=spring"


def known(at: int, customer: str, **fields: Any) -> Any:
    """A person of the company makes themselves known in their browser."""
    return told("identify", at, customer_key=customer, visitor_key=f"v-{customer}", **{"data": COMPANY, **fields})


def asked(engine: Engine, shop: Shop, **args: str) -> ReportTable:
    with engine.connect() as db:
        return ask(db, shop, NOW, "companies", **args)


def test_a_company_of_three_persons_is_one_row_and_each_has_a_stage(engine: Engine) -> None:
    shop = add_shop(engine, b2b=True, journey_window_days=90)
    work_in(
        engine,
        shop,
        intake_row(shop, event("page_view", START, url=ADVERT, visitor_key="v-anna"), known(START + 1, "anna")),
        intake_row(
            shop,
            look("press", START + 20 * DAY, visitor_key="v-bo", referrer="https://www.google.com/"),
            known(START + 20 * DAY + 1, "bo", email="bo@acme.example"),
            event("add_to_cart", START + 40 * DAY, visitor_key="v-carl", url=ADVERT),
            known(START + 40 * DAY + 1, "carl"),
            purchase(START + 60 * DAY, customer_key="carl", data=COMPANY),
        ),
        now=NOW,
    )
    table = asked(engine, shop)
    (row,) = table.rows
    assert (row["company"], row["persons"], row["journeys"], row["touchpoints"]) == ("DK12345678, acme.example", 3, 1, 3)
    assert (row["stage"], row["outcome"], row["orders"], row["net"]) == ("purchase", "ordered", 1, Money(10_000, "DKK"))
    assert table.totals == {"companies": 1, "customers": 1, "orders": 1, "net": Money(10_000, "DKK")}
    persons = table.beside["persons"].rows
    assert [(person["customer"], person["stage"]) for person in persons] == [
        ("carl", "purchase"),
        ("bo", "information"),
        ("anna", "awareness"),
    ]
    assert {person["subject_id"] for person in persons} == {row["subject_id"]}


def test_companies_come_by_what_they_brought_page_by_page(engine: Engine) -> None:
    shop, other = add_shop(engine, b2b=True), add_shop(engine, b2b=True)
    for number, value in enumerate((500, 900, 500)):
        key = f"DK{number}"
        order = purchase(START, f"o{number}", value, customer_key=f"c{number}", data={"company_key": key})
        work_in(engine, shop, intake_row(shop, order), now=NOW)
    prospect = known(START + HOUR, "p", data={"company_key": "DK9"})
    work_in(engine, shop, intake_row(shop, event(visitor_key="v-p"), prospect), now=NOW)
    work_in(engine, other, intake_row(other, known(START, "x")), now=NOW)
    seen, cursor = [], ""
    for _ in range(4):
        table = asked(engine, shop, limit="1", cursor=cursor)
        seen += [(row["company"], row["orders"]) for row in table.rows]
        assert table.totals["companies"] == 4
        cursor = table.next_cursor or ""
    assert seen == [("DK1", 1), ("DK2", 1), ("DK0", 1), ("DK9", 0)]
    assert cursor == ""
    assert table.totals["net"] == Money(1_900, "DKK")


def test_a_shop_that_sells_to_consumers_is_told_so(engine: Engine) -> None:
    table = asked(engine, add_shop(engine))
    assert (list(table.rows), table.totals, len(table.notes)) == ([], {}, 1)


def test_no_company_yet(engine: Engine) -> None:
    table = asked(engine, add_shop(engine, b2b=True))
    assert (list(table.rows), list(table.beside["persons"].rows)) == ([], [])
    assert table.totals == {"companies": 0, "customers": 0, "orders": 0, "net": Money(0, "DKK")}


@pytest.mark.parametrize("cursor", ["1", "a.b", f"{2**63}.1"])
def test_a_wrong_cursor_is_refused(engine: Engine, cursor: str) -> None:
    with pytest.raises(BadQuery):
        asked(engine, add_shop(engine, b2b=True), cursor=cursor)
