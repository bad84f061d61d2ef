"""Products, categories, coupons, searches and endings, from counters written down by hand."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Connection, insert

from tests.reports.asking import add_shop, ask, count
from tracker import tables as t
from tracker.clock import Instant
from tracker.errors import BadQuery
from tracker.reports.table import Money, ReportTable, Sentence, Share
from tracker.shops import Shop

DAY = 20260910


def cells(table: ReportTable, *columns: str) -> list[tuple[Any, ...]]:
    return [tuple(row[column] for column in columns) for row in table.rows]


def sell(db: Connection, shop: Shop, family: str = "products") -> None:
    """Four of them; `a` brings the most, `d` was only looked at."""
    amounts = {
        "looked:a": 40, "carted:a": 20, "bought:a": 11, "looked_carted:a": 18, "looked_bought:a": 10, "carted_bought:a": 9,
        "units:a": 12, "net:a": 9_000, "returned:a": 3,
        "looked:b": 60, "units:b": 2, "net:b": 500, "bought:b": 2,
        "units:c": 3, "net:c": 500, "bought:c": 1, "returned:c": 3,
        "looked:d": 7,
    }  # fmt: skip
    count(db, shop, DAY, amounts, family=family)


def test_products_come_by_net_revenue_with_their_shares(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    sell(db, shop)
    table = ask(db, shop, now, "products")
    assert [row["product"] for row in table.rows] == ["a", "c", "b", "d"]  # of equal net, more pieces first
    first, _, third, last = table.rows
    assert (first["cart_share"], first["order_share"], first["conversion"]) == (Share(18, 40), Share(9, 20), Share(10, 40))
    assert (first["return_share"], first["net"], first["net_share"]) == (
        Share(3, 12),
        Money(9_000, "DKK"),
        Share(9_000, 10_000),
    )
    assert (third["cart_share"], third["order_share"]) == (Share(0, 60), Share(0, 0))
    assert (last["net"], last["return_share"]) == (Money(0, "DKK"), Share(0, 0))
    assert (table.totals["products"], table.totals["units"], table.totals["net"]) == (4, 17, Money(10_000, "DKK"))


@pytest.mark.parametrize("family", ["products", "categories"])
@pytest.mark.parametrize("limit", [1, 2, 3, 4, 50])
def test_what_is_not_shown_is_summed_up(db: Connection, now: Instant, family: str, limit: int) -> None:
    shop = add_shop(db, now)
    sell(db, shop, family)
    whole, table = ask(db, shop, now, family), ask(db, shop, now, family, limit=str(limit))
    assert table.totals == whole.totals
    assert len(table.rows) == min(limit + 1, 4)
    for column in (family, "looked", "carted", "bought", "units", "returned"):
        assert sum(row[column] for row in table.rows) == table.totals[column]
    assert sum(row["net"].minor for row in table.rows) == 10_000


def test_the_row_of_the_others_says_how_many_they_are(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    sell(db, shop)
    last = ask(db, shop, now, "products", limit="1").rows[-1]
    assert (last["product"], last["name"], last["products"]) == (None, Sentence("%(count)s others", {"count": 3}), 3)
    assert (last["looked"], last["cart_share"], last["return_share"]) == (67, Share(0, 67), Share(3, 5))


def test_products_are_named_as_they_were_called_last(db: Connection, now: Instant) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    sell(db, shop)
    for which, name in ((shop, "Dress Vilma"), (other, "not ours")):
        row = {"shop_id": which.shop_id, "product_key": "a", "name": name, "category": "Dresses"}
        db.execute(insert(t.products), row)
    rows = ask(db, shop, now, "products").rows
    assert (rows[0]["name"], rows[0]["category"]) == ("Dress Vilma", "Dresses")
    assert (rows[1]["name"], rows[1]["category"]) == ("c", None)


def test_what_nobody_named_has_a_row_of_its_own(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, DAY, {"net:": 700, "net:a": 300, "unrated": 2}, family="products")
    table = ask(db, shop, now, "products")
    assert cells(table, "product", "name", "net_share") == [
        ("", Sentence("Orders without products", {}), Share(700, 1_000)),
        ("a", "a", Share(300, 1_000)),
    ]
    assert table.totals["products"] == 1
    assert [note.params for note in table.notes] == [{"count": 2}]


def test_the_average_rating_is_of_the_days_on_which_it_was_given(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, DAY, {"ratings:a": 2, "stars:a": 9, "looked:b": 1}, family="products")
    count(db, shop, DAY - 5, {"ratings:a": 1, "stars:a": 1}, family="products")
    table = ask(db, shop, now, "products", since="2026-09-10", until="2026-09-10")
    assert cells(table, "product", "ratings", "rating") == [("b", 0, None), ("a", 2, 4.5)]
    assert table.totals["rating"] == 4.5


def test_a_filter_reads_its_own_products_and_two_are_refused(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    count(db, shop, DAY, {"looked:a": 5}, "channel=email", "products")
    assert cells(ask(db, shop, now, "products", filter="channel=email"), "looked") == [(5,)]
    for which in ("channel=email,device=mobile", "consent=anonymous"):
        with pytest.raises(BadQuery):
            ask(db, shop, now, "products", filter=which)


@pytest.mark.parametrize("name", ["products", "categories", "coupons", "searches", "endings"])
def test_a_shop_without_anything_answers_nothing(db: Connection, now: Instant, name: str) -> None:
    shop, other = add_shop(db, now), add_shop(db, now)
    sell(db, other, name)
    table = ask(db, shop, now, name)
    assert (list(table.rows), table.sample) == ([], 0)


def test_coupons_are_told_with_their_share_of_all_orders(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    amounts = {"orders": 40, "with_coupon": 12, "applied:NEW10": 20, "ordered:NEW10": 10, "net:NEW10": 4_000,
               "discount:NEW10": 400, "ordered:VIP": 2, "net:VIP": 900, "denied:OLD": 6, "denied:NEW10": 1}  # fmt: skip
    count(db, shop, DAY, amounts, family="coupons")
    table = ask(db, shop, now, "coupons")
    assert cells(table, "code", "applied", "denied", "ordered", "order_share") == [
        ("NEW10", 20, 1, 10, Share(10, 40)),
        ("VIP", 0, 0, 2, Share(2, 40)),
        ("OLD", 0, 6, 0, Share(0, 40)),
    ]
    assert table.totals == {
        "codes": 3, "orders": 40, "with_coupon": Share(12, 40), "discount": Money(400, "DKK"), "net": Money(4_900, "DKK"),
    }  # fmt: skip
    short = ask(db, shop, now, "coupons", limit="1")
    assert cells(short, "code", "codes", "denied") == [("NEW10", 1, 1), (Sentence("%(count)s others", {"count": 2}), 2, 6)]
    assert short.totals == table.totals


def test_words_that_were_not_found_stand_beside(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    amounts = {"journeys:dress": 30, "ordered:dress": 3, "journeys:=1+1": 9, "nothing:=1+1": 9, "journeys:hat": 12,
               "nothing:hat": 4, "searching": 45, "searching_nothing": 12, "searching_ordered": 3}  # fmt: skip
    count(db, shop, DAY, amounts, family="searches")
    table = ask(db, shop, now, "searches")
    assert cells(table, "words", "journeys", "nothing_share", "conversion") == [
        ("dress", 30, Share(0, 30), Share(3, 30)),
        ("hat", 12, Share(4, 12), Share(0, 12)),
        ("=1+1", 9, Share(9, 9), Share(0, 9)),
    ]
    assert cells(table.beside["nothing"], "words", "nothing", "journeys") == [("=1+1", 9, 9), ("hat", 4, 12)]
    assert table.totals == {"searches": 3, "journeys": 45, "nothing": Share(12, 45), "conversion": Share(3, 45)}


def test_endings_are_told_by_page_step_stage_and_error(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now)
    amounts = {"lapsed": 50, "page:/": 30, "page:/kasse": 15, "step:cart": 6, "step:add_payment_info": 4, "stage:2": 35,
               "stage:3": 5, "stage:5": 10, "errors:payment: declined: no": 8, "errors_lost:payment: declined: no": 5,
               "errors:address: zip": 2, "erring": 9, "erring_lost": 5}  # fmt: skip
    count(db, shop, DAY, amounts, family="endings")
    table = ask(db, shop, now, "endings", view="five")
    assert cells(table, "page", "journeys", "share") == [
        ("/", 30, Share(30, 50)),
        ("/kasse", 15, Share(15, 50)),
        (Sentence("No page", {}), 5, Share(5, 50)),
    ]
    assert cells(table.beside["steps"], "step", "journeys") == [
        ("none", 40), ("cart", 6), ("begin_checkout", 0), ("add_contact_info", 0), ("add_address_info", 0),
        ("add_shipping_info", 0), ("add_payment_info", 4),
    ]  # fmt: skip
    assert [row["journeys"] for row in table.beside["stages"].rows] == [35, 5, 10, 0, 0]
    assert cells(table.beside["errors"], "step", "error", "journeys", "lost", "lost_share") == [
        ("payment", "declined: no", 8, 5, Share(5, 8)),
        ("address", "zip", 2, 0, Share(0, 2)),
    ]
    assert table.totals == {"lapsed": 50, "with_cart": Share(10, 50), "erring": 9, "erring_lost": Share(5, 9)}
    short = ask(db, shop, now, "endings", limit="1").beside["errors"]
    assert cells(short, "step", "error", "errors", "journeys") == [
        ("payment", "declined: no", 1, 8),
        (None, Sentence("%(count)s others", {"count": 1}), 1, 2),
    ]
