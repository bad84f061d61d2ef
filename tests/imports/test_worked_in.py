"""Through the real worker into the real tables: an imported past is a past like any other, and twice changes nothing."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select

from tests.builders import HOLD, counters, intake_row, purchase, told
from tests.imports.importing import SAMPLES, Installation, lines
from tests.worker.intake import accept, stored
from tracker import tables as t
from tracker.clock import DAY, parse
from tracker.pipeline.rebuild import rebuild_subjects, subject_ids
from tracker.shops import write_shop
from tracker.storage import writing

EXAMPLES = SAMPLES.parent.parent.parent / "docs" / "examples"


def rows(here: Installation, table: Any) -> list[tuple[Any, ...]]:
    with here.engine.connect() as db:
        query = select(table).where(table.c.shop_id == here.shop.shop_id).order_by(*table.primary_key.columns)
        return [tuple(row) for row in db.execute(query)]


def everything(here: Installation) -> dict[str, Any]:
    """All that reports are made of."""
    kept = {table.name: rows(here, table) for table in (t.events, t.links, t.subjects, t.journeys, t.orders)}
    with here.engine.connect() as db:
        return {**kept, "counters": counters(db, here.shop)}


def orders(here: Installation) -> dict[str, tuple[str, int, int]]:
    """By key: state, total, net."""
    return {row[1]: (row[6], row[8], row[9]) for row in rows(here, t.orders)}


def orders_told(here: Installation, name: str) -> int:
    """A counter of the orders."""
    with here.engine.connect() as db:
        return counters(db, here.shop, family="orders").get(name, 0)


def live(here: Installation, *events: Any) -> None:
    """What the shop's server or browsers tell by the front door, worked in."""
    accept(here.config, intake_row(here.shop, *events))
    here.work_in()


def test_all_examples_twice_in_any_order_are_once(here: Installation) -> None:
    files = {"customers": "customers.csv", "orders": "orders.csv", "events": "events.ndjson", "contacts": "contacts.csv"}
    for kind, name in files.items():
        assert here.bring(kind, EXAMPLES / name).refused_lines == 0
    here.work_in()
    first = everything(here)
    assert len(first["events"]) == 13
    assert orders(here) == {
        "10042": ("paid", 98_265, 75_492),  # told by events and by orders
        "10043": ("paid", 63_800, 47_920 - 30_386),
        "10044": ("cancelled", 18_900, 0),
    }
    assert first["counters"]["ordered"] == 2
    for kind, name in reversed(files.items()):
        assert here.bring(kind, EXAMPLES / name, again=True).accepted
    here.work_in()
    assert everything(here) == first


def test_a_shops_exports_become_its_customers(here: Installation) -> None:
    here.bring("customers", SAMPLES / "shopify_customers.csv")
    here.bring("orders", SAMPLES / "shopify_orders.csv")
    here.work_in()
    assert orders(here) == {
        "5511223344554": ("cancelled", 8_000, 0),
        "5511223344555": ("paid", 50_000, 30_000),
        "5511223344556": ("paid", 93_900, 72_000),
    }
    with here.engine.connect() as db:
        names = counters(db, here.shop)
    assert (names["ordered"], names["net"]) == (2, 102_000)
    links = {row[1:3]: row[4] for row in rows(here, t.links)}
    assert links["order", "5511223344556"] == links["customer", "7210448301122"]  # by their e-mail


def test_an_imported_journey_is_counted_on_the_day_it_began(here: Installation) -> None:
    here.bring("events", EXAMPLES / "events.ndjson")
    here.work_in()
    [journey] = rows(here, t.journeys)
    began_at, outcome, channel = journey[3], journey[5], journey[8]
    assert (began_at, outcome, channel) == (parse("2025-11-03T19:02:11+01:00"), "ordered", "paid_search")
    query = select(t.counters.c.day_on).where(t.counters.c.filter == "", t.counters.c.family == "journeys")
    with here.engine.connect() as db:
        assert set(db.execute(query).scalars()) == {20251103, 20251100}  # and that month, since it is over


def test_an_order_that_the_server_has_told_stays_as_it_told_it(here: Installation) -> None:
    at = parse("2025-11-03T19:20:00.400+01:00")
    live(here, purchase(at, "10042", value=75_000, status="paid", email="freja@example.com", data={"version": 5}))
    before = orders(here)
    here.bring("orders", EXAMPLES / "orders.csv")
    here.work_in()
    assert orders(here)["10042"] == before["10042"]
    with here.engine.connect() as db:
        assert counters(db, here.shop)["net"] == 75_000 + 47_920 - 30_386


def test_what_the_server_tells_of_an_imported_order_wins_whenever_it_comes(here: Installation) -> None:
    here.bring("orders", EXAMPLES / "orders.csv")
    here.work_in()
    live(here, purchase(parse("2025-11-03T19:20:00.400+01:00"), "10042", value=75_000, data={"version": 5}))
    live(here, told("refund", here.now - DAY, order_key="10042", data={"refund_id": "r-1", "value": 5_000, "currency": "DKK"}))
    assert orders(here)["10042"][2] == 70_000


def test_a_refund_with_an_id_counts_once_however_often_it_is_told(here: Installation) -> None:
    here.bring("orders", EXAMPLES / "orders.csv")
    here.work_in()
    live(
        here, told("refund", here.now - DAY, order_key="10043", data={"refund_id": "r-77", "value": 30_386, "currency": "DKK"})
    )
    assert orders(here)["10043"][2] == 47_920 - 30_386


def test_a_sum_of_refunds_does_not_count_those_again_that_the_server_has_told(here: Installation) -> None:
    key = "5511223344555"
    live(here, told("refund", here.now - DAY, order_key=key, data={"refund_id": "9", "value": 10_000, "currency": "DKK"}))
    assert orders(here) == {}  # it waits: nobody has told of the order yet
    report = here.bring("orders", SAMPLES / "shopify_orders.csv")
    assert report.notes == {"refund_known": 1}
    here.work_in()
    assert orders(here)[key] == ("paid", 50_000, 30_000)


def test_a_sum_of_refunds_that_comes_with_a_later_export_is_counted(here: Installation) -> None:
    text = (SAMPLES / "shopify_orders.csv").read_text("utf-8")
    here.bring("orders", text.replace("partially_refunded", "paid").replace("125.00", "0.00"))
    here.work_in()
    assert orders(here)["5511223344555"] == ("paid", 50_000, 40_000)
    assert here.bring("orders", text).notes == {}
    here.work_in()
    assert orders(here)["5511223344555"] == ("paid", 50_000, 30_000)
    assert here.bring("orders", text, again=True).notes == {"refund_known": 1}


def test_imported_orders_make_a_later_one_a_repeat(here: Installation) -> None:
    here.bring("orders", EXAMPLES / "orders.csv")
    here.work_in()
    live(here, purchase(here.now - DAY, "20001", email="freja@example.com"))
    with here.engine.connect() as db:
        names = counters(db, here.shop)
    assert names["ordered"] == 3
    assert orders_told(here, "repeat") == 1


def test_a_rebuild_gives_the_same(here: Installation) -> None:
    here.bring("orders", EXAMPLES / "orders.csv")
    here.bring("events", EXAMPLES / "events.ndjson")
    here.bring("contacts", EXAMPLES / "contacts.csv")
    here.work_in()
    first = everything(here)
    with writing(here.engine) as db:
        list(rebuild_subjects(db, here.shop, subject_ids(db, here.shop.shop_id), HOLD, here.now))
    assert everything(here)["counters"] == first["counters"]
    assert everything(here)["orders"] == first["orders"]


def test_an_offline_contact_is_a_touchpoint_of_the_order_that_follows(here: Installation) -> None:
    here.bring("contacts", lines({"occurred_at": "2025-10-30 14:30", "kind": "fair", "customer_key": "318"}))
    here.bring("orders", EXAMPLES / "orders.csv")
    here.work_in()
    [channel] = {journey[8] for journey in rows(here, t.journeys) if journey[10] == "10042"}
    assert channel == "offline"


def test_what_was_imported_is_counted_as_accepted(here: Installation) -> None:
    here.bring(
        "events", lines({"type": "sign_up", "occurred_at": "2025-01-01T00:00:00Z", "customer_key": "1", "event_id": "e"})
    )
    here.work_in()
    assert stored(here.engine, here.shop) == ["e"]
    with here.engine.connect() as db:
        outcomes = db.execute(select(t.outcomes.c.kind, t.outcomes.c.reason, t.outcomes.c.count)).all()
    assert [tuple(row) for row in outcomes] == [("accepted", "event", 1)]


def test_what_is_older_than_the_shop_remembers_is_left_out_so_that_it_cannot_count_twice(here: Installation) -> None:
    rows = [{"transaction_id": key, "occurred_at": at, "status": "paid", "value": 100, "email": f"{key}@example.com"}
            for key, at in [("old", "2023-08-01"), ("fading", "2023-09-01"), ("new", "2026-01-01")]]  # fmt: skip
    report = here.bring("orders", lines(*rows))
    assert (report.accepted, report.events, report.notes) == (3, 2, {"expired": 1})
    assert "1 lines are older than the shop remembers people" in report.text()
    here.work_in()
    assert (list(orders(here)), orders_told(here, "orders")) == (["fading", "new"], 2)
    here.now += 60 * DAY
    here.work_in()
    assert (list(orders(here)), orders_told(here, "orders")) == (["new"], 2)  # forgotten; totals stay
    assert here.bring("orders", lines(*rows), again=True).notes == {"expired": 2}
    here.work_in()
    assert (list(orders(here)), orders_told(here, "orders")) == (["new"], 2)


def test_a_shop_that_forgets_nobody_takes_any_age(here: Installation) -> None:
    with writing(here.engine) as db:
        settings = here.shop.settings.changed({"people_months": 0, "events_months": 0})
        here.shop = write_shop(db, here.shop, settings=settings.dump())
    here.bring("orders", lines({"transaction_id": "1", "occurred_at": "1999-12-31", "status": "paid", "value": 100}))
    here.work_in()
    assert list(orders(here)) == ["1"]


def test_events_that_were_folded_away_do_not_count_again(here: Installation) -> None:
    row = {"transaction_id": "1", "occurred_at": "2024-06-01", "status": "paid", "value": 100, "email": "a@example.com"}
    later = {**row, "transaction_id": "2", "occurred_at": "2026-06-01"}
    for _ in range(2):
        here.bring("orders", lines(row, later), again=True)
        here.work_in()
        assert [row[2] for row in rows(here, t.events)] == ["import:order:2"]  # the first is older than 25 months
        assert (list(orders(here)), orders_told(here, "orders")) == (["1", "2"], 2)
        here.now += 8 * DAY
        here.work_in()


def test_a_customer_since_long_ago_is_known_long_enough_for_the_orders_to_come(here: Installation) -> None:
    here.bring("customers", "customer_key,email,occurred_at\n318,a@example.com,2015-01-01\n")
    here.work_in()
    here.now += 8 * DAY
    here.work_in()
    here.bring("orders", lines({"transaction_id": "1", "occurred_at": "2026-06-01", "status": "paid", "value": 1,
                                "email": "a@example.com"}))  # fmt: skip
    here.work_in()
    links = {row[1:3]: row[4] for row in rows(here, t.links)}
    assert links["order", "1"] == links["customer", "318"]
