"""What is missing of the shop's own list, and why."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select, update

from tests.builders import HOLD, START, add_shop, event, intake_row, told, work_in
from tests.order_list.listing import collect, order, store, upload
from tests.reports.asking import add_shop as bare_shop
from tests.reports.asking import ask
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.order_list import compare, kept
from tracker.privacy.forget import erase
from tracker.reports.table import Money, Share
from tracker.shops import Shop
from tracker.storage import writing

ON = 20260910  # the day of START in Copenhagen, where it is 02:26
NOW: Instant = START + 2 * DAY


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def heard(engine: Engine, shop: Shop, *hours: int) -> None:
    """Something arrived in these hours after START: a visit."""
    for hour in hours:
        at = START + hour * HOUR
        work_in(engine, shop, intake_row(shop, event(at=at, visitor_key=f"visitor {hour}")))


def causes(engine: Engine, shop: Shop, now: Instant = NOW) -> dict[str, str]:
    with engine.connect() as db:
        listed = compare.groups(db, shop, 20260101, 20261231)
        others = compare.unlisted(db, shop, 20260101, 20261231)
        found = compare.missing(db, shop, 20260101, 20261231, now, listed, others)
        return {one.order.order_key: one.cause for one in found}


def test_what_is_there_is_not_missing(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "1", "2")
    upload(engine, shop, order("1"), order("2"), order("3"), now=NOW)
    assert list(causes(engine, shop)) == ["3"]


@pytest.mark.parametrize(
    "fields",
    [{"status": "pending"}, {"status": "cancelled"}, {"is_test": True}, {"status": "failed"}],
    ids=["not paid", "cancelled", "a trial", "the platform's own word"],
)
def test_what_does_not_count_is_not_missing(engine: Engine, shop: Shop, fields: dict[str, Any]) -> None:
    upload(engine, shop, order("1", **fields), now=NOW)
    assert causes(engine, shop) == {}


def test_placed_a_moment_ago(engine: Engine, shop: Shop) -> None:
    upload(engine, shop, order("1", START), order("2", START - 2 * HOUR), now=START + MINUTE)
    assert causes(engine, shop, START + MINUTE) == {"1": "fresh", "2": "before_collecting"}


def test_the_same_order_under_another_key(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "5551234")
    upload(engine, shop, order("#1001", START + 3 * MINUTE), order("#1002", START + HOUR), now=NOW)
    assert causes(engine, shop) == {"#1001": "other_key", "#1002": "nothing_arrived"}


def test_before_anything_was_collected(engine: Engine, shop: Shop) -> None:
    heard(engine, shop, 0)
    upload(engine, shop, order("1", START - DAY), order("2"), now=NOW)
    assert causes(engine, shop) == {"1": "before_collecting", "2": "unknown"}


def test_made_by_hand_where_no_such_order_came(engine: Engine, shop: Shop) -> None:
    heard(engine, shop, 0)
    collect(engine, shop, "4", data={"created_via": "pos"})
    upload(
        engine,
        shop,
        *(order(str(n), created_via=way) for n, way in enumerate(("phone", "rest-api", "checkout", "pos"), 1)),
        now=NOW,
    )
    assert causes(engine, shop) == {"1": "by_hand", "2": "by_hand", "3": "unknown"}
    upload(engine, shop, order("5", created_via="pos"), now=NOW)
    assert causes(engine, shop)["5"] == "unknown"  # another order of the till is there


def test_an_hour_in_which_nothing_arrived(engine: Engine, shop: Shop) -> None:
    heard(engine, shop, 0, 5)
    upload(engine, shop, order("1", START + 3 * HOUR), order("2", START + 5 * HOUR), now=NOW)
    assert causes(engine, shop) == {"1": "nothing_arrived", "2": "unknown"}


def test_a_payment_method_of_which_nothing_came_that_day(engine: Engine, shop: Shop) -> None:
    heard(engine, shop, 0, 24)
    collect(engine, shop, "1")
    klarna = [order(f"k{n}", START + n * MINUTE, payment_type="klarna") for n in range(1, 3)]
    upload(
        engine,
        shop,
        order("1"),
        *klarna,
        order("c", START + 4 * MINUTE),
        order("late", START + DAY, payment_type="klarna"),
        now=NOW,
    )
    # On the other day no order with any method is there, so that says nothing of this one.
    assert causes(engine, shop) == {"k1": "payment_untold", "k2": "payment_untold", "c": "unknown", "late": "unknown"}


def test_an_hour_of_which_all_orders_are_missing(engine: Engine, shop: Shop) -> None:
    heard(engine, shop, 0, 1)
    collect(engine, shop, "1")
    gone = [order("2", START + HOUR), order("3", START + HOUR + MINUTE)]
    upload(engine, shop, order("1"), *gone, order("4", START + 2 * MINUTE), now=NOW)
    assert causes(engine, shop) == {"2": "hour_missing", "3": "hour_missing", "4": "unknown"}


def test_news_without_the_order_and_a_receipt_without_news(engine: Engine, shop: Shop) -> None:
    paid = told("order_paid", order_key="1")
    seen = event("purchase", order_key="2")
    work_in(engine, shop, intake_row(shop, paid, seen))
    upload(engine, shop, order("1"), order("2", START + HOUR), now=NOW)
    heard(engine, shop, 1)
    assert causes(engine, shop) == {"1": "news_only", "2": "seen_only"}


def test_signed_events_were_refused(engine: Engine, shop: Shop) -> None:
    heard(engine, shop, 0)
    work_in(engine, shop, intake_row(shop, refused={"bad_signature": 3}))
    upload(engine, shop, order("1"), now=NOW)
    assert causes(engine, shop) == {"1": "refused"}


def test_orders_of_the_erased_are_not_missing_whenever_the_list_came(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "1", customer_key="c1")
    collect(engine, shop, "2", customer_key="c2", at=START + MINUTE)
    upload(engine, shop, order("1"), now=NOW)
    with writing(engine) as db:
        people = set(db.execute(select(t.orders.c.subject_id).where(t.orders.c.shop_id == shop.shop_id)).scalars())
        assert len(people) == 2
        for subject_id in people:
            erase(db, shop, subject_id, HOLD, NOW)
    assert causes(engine, shop) == {}
    upload(engine, shop, order("1"), order("2"), now=NOW)
    assert causes(engine, shop) == {}
    with engine.connect() as db:
        totals = ask(db, shop, NOW, "reconciliation").totals
    assert (totals["listed"], totals["erased"], totals["missing"]) == (0, 2, 0)


def test_who_is_forgotten_by_age_is_not_missing_either(engine: Engine, shop: Shop) -> None:
    upload(engine, shop, order("1", START - 1_200 * DAY), order("2", START - 900 * DAY), now=NOW)
    with engine.connect() as db:
        rows = db.execute(select(t.order_list.c.order_key, t.order_list.c.erased).order_by(t.order_list.c.order_key)).all()
    assert [tuple(row) for row in rows] == [("1", True), ("2", False)]


def test_another_shops_list_and_orders_are_not_ours(engine: Engine, shop: Shop) -> None:
    other = add_shop(engine)
    collect(engine, other, "1")
    upload(engine, other, order("2"), now=NOW)
    upload(engine, shop, order("1"), now=NOW)
    assert list(causes(engine, shop)) == ["1"]
    assert list(causes(engine, other)) == ["2"]


# --- what is kept


def bodies(engine: Engine, shop: Shop) -> dict[str, bool]:
    with engine.connect() as db:
        asked = select(t.order_list.c.order_key, t.order_list.c.body).where(t.order_list.c.shop_id == shop.shop_id)
        return {row.order_key: row.body is not None for row in db.execute(asked)}


def test_a_list_sent_again_changes_nothing_and_a_newer_one_what_it_tells(engine: Engine, shop: Shop) -> None:
    orders = [order("1"), order("2", status="pending")]
    assert upload(engine, shop, *orders, now=NOW) == 2
    with engine.connect() as db:
        before = db.execute(select(t.order_list)).all()
    upload(engine, shop, *orders, *orders, now=NOW)
    with engine.connect() as db:
        assert db.execute(select(t.order_list)).all() == before
    upload(engine, shop, order("2", total_value=130, tax=30), now=NOW)
    assert set(causes(engine, shop)) == {"1", "2"}


def test_what_the_file_said_of_the_buyer_is_kept_only_while_the_order_is_missing(engine: Engine, shop: Shop) -> None:
    collect(engine, shop, "1")
    upload(engine, shop, order("1", email="anna@b.dk"), order("2", email="bo@b.dk"), order("3", status="pending"), now=NOW)
    assert bodies(engine, shop) == {"1": False, "2": True, "3": False}
    collect(engine, shop, "2")
    upload(engine, shop, order("2", email="bo@b.dk"), now=NOW)
    assert bodies(engine, shop)["2"] is False
    upload(engine, shop, order("4", email="bo@b.dk"), now=NOW)
    upload(engine, shop, order("5"), now=NOW + kept.KEPT + 1)
    assert bodies(engine, shop)["4"] is False
    assert bodies(engine, shop)["5"] is True


# --- the report


def test_captured_by_day_payment_and_way(db: Connection, now: Instant) -> None:
    shop = bare_shop(db, now, rates={"SEK": [["2026-01-01", "0.65"]]})
    store(
        db,
        shop,
        order("1", now - DAY),
        order("2", now - DAY, payment_type="klarna", value=300, total_value=375, tax=75),
        order("3", now - 2 * DAY, currency="SEK", value=1000, tax=250, total_value=1250, created_via="phone"),
        order("4", now - 2 * DAY, currency="USD"),
        order("5", now - DAY, status="cancelled"),
        order("6", now - DAY, is_test=True),
        order("7", now - 60 * DAY),
        now=now,
    )
    add_order(db, shop, "1", now - DAY)
    add_order(db, shop, "4", now - 2 * DAY, currency="USD")
    table = ask(db, shop, now, "reconciliation")
    days = [(str(r["day"]), r["listed"], r["captured"], r["captured_share"], r["value_share"]) for r in table.rows]
    assert days == [
        ("2026-09-14", 2, 1, Share(1, 2), Share(0, 65_000)),
        ("2026-09-15", 2, 1, Share(1, 2), Share(10_000, 40_000)),
    ]  # fmt: skip
    assert [(row["payment"], row["listed"], row["missing"]) for row in table.beside["payments"].rows] == [
        ("card", 3, 1), ("klarna", 1, 1),
    ]  # fmt: skip
    assert [(row["via"], row["captured"]) for row in table.beside["ways"].rows] == [("checkout", 2), ("phone", 0)]
    totals = table.totals
    assert (totals["listed"], totals["captured"], totals["captured_share"]) == (4, 2, Share(2, 4))
    assert totals["value_missing"] == (Money(30_000, "DKK"), Money(100_000, "SEK"))
    assert (totals["uncounted"], totals["tests"], totals["listed_at"]) == (1, 1, now)
    assert [row["order_key"] for row in table.beside["missing"].rows] == ["2", "3"]
    assert sum(row["missing"] for row in table.beside["causes"].rows) == 2  # type: ignore[misc]


def add_order(db: Connection, shop: Shop, key: str, placed_at: Instant, **fields: Any) -> None:
    row = {
        "shop_id": shop.shop_id, "order_key": key, "subject_id": 1, "number": 1, "placed_at": placed_at,
        "counted_at": placed_at, "state": "paid", "currency": "DKK", "total_minor": 12_500, "net_minor": 10_000, **fields,
    }  # fmt: skip
    db.execute(insert(t.orders), row)


@pytest.mark.parametrize(
    ("listed", "ours", "difference"),
    [
        pytest.param({}, {}, None, id="the same"),
        pytest.param({}, {"total_minor": 12_501}, "total", id="another amount, by a minor unit"),
        pytest.param({}, {"total_minor": 0}, None, id="an amount that was not told"),
        pytest.param({}, {"currency": "SEK", "total_minor": 1}, "currency", id="another currency"),
        pytest.param({"status": "cancelled"}, {}, "cancelled_there", id="cancelled in the shop"),
        pytest.param({"status": "cancelled"}, {"cancelled_at": NOW}, None, id="cancelled in both"),
        pytest.param({}, {"cancelled_at": NOW}, "cancelled_here", id="cancelled here"),
        pytest.param({}, {"counted_at": None, "state": "pending"}, "uncounted_here", id="its payment was not told"),
        pytest.param({"status": "pending"}, {}, "uncounted_there", id="counts here"),
        pytest.param({"status": "pending"}, {"counted_at": None}, None, id="counts nowhere"),
        pytest.param({"is_test": True}, {}, "test_there", id="a trial"),
    ],
)
def test_what_differs(
    db: Connection, now: Instant, listed: dict[str, Any], ours: dict[str, Any], difference: str | None
) -> None:
    shop = bare_shop(db, now)
    store(db, shop, order("1", now - DAY, **listed), now=now)
    add_order(db, shop, "1", now - DAY, **ours)
    rows = ask(db, shop, now, "reconciliation").beside["differing"].rows
    assert [row["difference"] for row in rows] == ([difference] if difference else [])


def test_orders_of_ours_that_the_list_does_not_have(db: Connection, now: Instant) -> None:
    shop = bare_shop(db, now)
    store(db, shop, order("1", now - DAY), order("2", now - 3 * DAY), now=now)
    for key, days in (("1", 1), ("x", 1), ("y", 2), ("z", 5)):
        add_order(db, shop, key, now - days * DAY)
    add_order(db, shop, "w", now - DAY, cancelled_at=now)
    table = ask(db, shop, now, "reconciliation")
    # Of the second day before, and of the fifth, the list has nothing: it may just not reach so far.
    assert [row["order_key"] for row in table.beside["unlisted"].rows] == ["x"]
    assert table.totals["unlisted"] == 1


def test_a_list_under_other_keys_is_said(db: Connection, now: Instant) -> None:
    shop = bare_shop(db, now)
    assert ask(db, shop, now, "reconciliation").notes[0].text.startswith("There is no list yet")
    store(db, shop, order("#1", now - DAY), order("#2", now - DAY - 2 * HOUR), now=now)
    add_order(db, shop, "1", now - DAY - HOUR)
    assert ask(db, shop, now, "reconciliation").notes[0].text.startswith("None of the orders here")


def test_a_state_that_the_shop_counts_since_is_missing_since(db: Connection, now: Instant) -> None:
    shop = bare_shop(db, now, counted_states=("paid", "shipped"))
    store(db, shop, order("1", now - DAY, status="shipped"), now=now)
    assert ask(db, shop, now, "reconciliation").totals["missing"] == 1
    db.execute(update(t.order_list).values(state="odd"))
    assert ask(db, shop, now, "reconciliation").totals["missing"] == 0
