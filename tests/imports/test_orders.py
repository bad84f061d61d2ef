"""Past orders: our own columns, and the exports of Shopify and WooCommerce, become the same events."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.imports.importing import SAMPLES, Installation, faults, lines
from tracker.clock import parse
from tracker.errors import Refused
from tracker.events import wire
from tracker.events.types import Consent, Event, Source
from tracker.imports import FileRefused, orders
from tracker.imports.judge import Limits
from tracker.imports.lines import Entry, Row
from tracker.shops import Shop, ShopSettings

HEAD = "transaction_id,occurred_at,status,value,tax,shipping,total_value,refunded,item_id,item_name,quantity,price"
PLACED = "2025-11-03 19:20"


def sheet(*rows: str, head: str = HEAD) -> str:
    return "\n".join([head, *rows]) + "\n"


def order(**fields: Any) -> dict[str, Any]:
    return {"transaction_id": "10042", "occurred_at": PLACED, "status": "paid", "value": "100.00", **fields}


def told(here: Installation) -> dict[str, Event]:
    """By id, without what all have in common."""
    return {event.event_id.removeprefix("import:"): event for event in here.events()}


# --- our own columns


def test_an_order_is_a_purchase_of_the_shops_server_in_the_shops_money_and_time(here: Installation) -> None:
    money = {"tax": "25", "shipping": 31.2, "total_value": "156,20", "coupon": "HEJ", "payment_type": "card", "company_key": 12}
    who = {"email": "A@Example.com", "country": "DK", "customer_key": 318, "visitor_key": "v1"}
    report = here.bring("orders", lines(order(**money, **who)))
    event = here.event()
    assert (report.accepted, report.events, report.states) == (1, 1, {"paid": 1})
    assert (event.event_id, event.type, event.source, event.order_key) == (
        "import:order:10042", "purchase", Source.SERVER, "10042",
    )  # fmt: skip
    assert (event.occurred_at, event.received_at) == (parse("2025-11-03T19:20:00+01:00"), here.now)
    assert (event.email, event.customer_key, event.visitor_key, event.country) == ("a@example.com", "318", "v1", "DK")
    assert event.data == {"currency": "DKK", "value": 10_000, "tax": 2_500, "shipping": 3_120, "total_value": 15_620,
                          "coupon": "HEJ", "payment_type": "card", "status": "paid", "company_key": "12"}  # fmt: skip


def test_no_version_of_the_platform_is_told_so_that_what_the_server_says_stays(here: Installation) -> None:
    here.bring("orders", lines(order()))
    assert "version" not in here.event().data


def test_the_lines_of_an_order_are_one_order(here: Installation) -> None:
    text = sheet("1,2025-11-03,paid,754.92,196.53,31.20,982.65,,A,Vilma,1,431.28", "1,,,,,,,,B,Alma,2,161.82",
                 "2,2025-11-04,paid,80,20,0,100,,,,,")  # fmt: skip
    report = here.bring("orders", text)
    first, second = here.events()
    assert (report.lines, report.accepted, report.events) == (3, 3, 2)
    assert first.data["items"] == [
        {"item_id": "A", "item_name": "Vilma", "quantity": 1, "price": 43_128},
        {"item_id": "B", "item_name": "Alma", "quantity": 2, "price": 16_182},
    ]
    assert "items" not in second.data


def test_the_same_line_twice_is_no_second_piece(here: Installation) -> None:
    row = "1,2025-11-03,paid,80,20,0,100,,A,Vilma,1,80"
    report = here.bring("orders", sheet(row, row, "2,2025-11-03,paid,80,20,0,100,,A,Vilma,1,80", row))
    assert report.notes == {"repeated": 2}
    assert [len(event.data["items"]) for event in here.events()] == [1, 1, 1]
    assert [event.event_id for event in here.events()] == ["import:order:1", "import:order:2", "import:order:1"]


def test_lines_of_an_order_that_are_apart_are_refused_before_half_of_it_is_lost(here: Installation) -> None:
    report = here.bring("orders", sheet("1,2025-11-03,paid,80,20,0,100,,A,Vilma,1,40", "2,2025-11-03,paid,8,2,0,10,,,,,",
                                        "1,2025-11-03,paid,80,20,0,100,,B,Alma,1,40"))  # fmt: skip
    assert [(line, field, text.split(":")[0]) for line, field, text in faults(report)] == [
        (4, "transaction_id", "stands further up as well, with something else")
    ]


def test_lines_that_contradict_each_other_are_refused_together(here: Installation) -> None:
    report = here.bring(
        "orders", sheet("1,2025-11-03,paid,80,20,0,100,,A,Vilma,1,40", "1,2025-11-03,paid,90,20,0,100,,B,B,1,4")
    )
    assert faults(report) == [(2, "value", "is another than in the first line of the order")]
    assert report.refused == {"invalid": 2}


def test_a_line_that_cannot_be_read_costs_the_whole_order_it_names_and_no_other(here: Installation) -> None:
    text = sheet(
        "7001,2025-11-03,paid,80,20,0,100,,A,Vilma,1,40",
        '7001,,,,,,,,B,"Al"ma,1,40',
        "7002,2025-11-03,paid,8,2,0,10,,,,,",
        "7003,2025-11-03,paid,8",
        "7003,,,,,,,,B,Alma,1,4",
        "7004,2025-11-03,paid,8,2,0,10,,,,,",
    )
    report = here.bring("orders", text)
    assert [(line, text.split(" ")[0:2]) for line, _, text in faults(report)] == [(3, ["has", "text"]), (5, ["has", "4"])]
    assert report.refused == {"invalid": 4}
    assert list(told(here)) == ["order:7002", "order:7004"]
    assert '"belongs to line 3",7001,2025' in here.refused.read_text()


def test_an_item_of_no_pieces_is_none(here: Installation) -> None:
    here.bring("orders", sheet("1,2025-11-03,paid,80,20,0,100,,A,Vilma,0,40", "1,,,,,,,,B,Alma,1,80"))
    assert [item["item_id"] for item in here.event().data["items"]] == ["B"]


def test_other_currencies_keep_their_decimals(here: Installation) -> None:
    here.bring("orders", lines(order(currency="jpy", value="1200"), order(transaction_id="2", currency="KWD", value="1.2345")))
    assert [(event.data["currency"], event.data["value"]) for event in here.events()] == [("JPY", 1200), ("KWD", 1234)]


@pytest.mark.parametrize(
    ("fields", "event"),
    [
        ({"cancelled_at": "2025-11-05 08:00", "cancel_reason": "customer"}, "2025-11-05T08:00:00+01:00"),
        ({"status": "cancelled"}, "2025-11-03T19:20:00+01:00"),
        ({"status": "Voided"}, "2025-11-03T19:20:00+01:00"),
    ],
)
def test_a_cancelled_order_is_told_as_such(here: Installation, fields: dict[str, Any], event: str) -> None:
    here.bring("orders", lines(order(**fields)))
    assert list(told(here)) == ["order:10042", "order:10042:cancelled"]
    assert told(here)["order:10042:cancelled"].occurred_at == parse(event)


def test_refunds_with_ids_of_their_own(here: Installation) -> None:
    refunds = [
        {
            "refund_id": "r-1",
            "occurred_at": "2025-11-10",
            "value": 40,
            "tax": 10,
            "shipping": 0,
            "total_value": 50,
            "reason": "too small",
        },
        {"refund_id": 2, "occurred_at": "2025-11-12 10:00", "total_value": "62.50"},
    ]
    here.bring("orders", lines(order(tax=25, refunds=refunds)))
    assert list(told(here)) == ["order:10042", "refund:10042:r-1", "refund:10042:2"]
    told_of = {"currency": "DKK", "shipping": 0}
    first = {"refund_id": "r-1", "value": 4_000, "tax": 1_000, "total_value": 5_000, "reason": "too small"}
    assert told(here)["refund:10042:r-1"].data == {**told_of, **first}
    # Half of what was paid: half of the goods, half of the VAT.
    second = {"refund_id": "2", "value": 5_000, "tax": 1_250, "total_value": 6_250}
    assert told(here)["refund:10042:2"].data == {**told_of, **second}


def test_more_given_back_than_paid_gives_back_no_more_goods_than_there_were(here: Installation) -> None:
    here.bring("orders", sheet("1,2025-11-03,paid,80,20,0,100,110,,,,"))
    refund = told(here)["refund:1:imported"]
    assert (refund.data["value"], refund.data["total_value"]) == (8_000, 11_000)


# --- states


@pytest.mark.parametrize(
    ("status", "more", "state"),
    [
        ("paid", {}, "paid"),
        ("Completed", {}, "completed"),
        ("wc-processing", {}, "processing"),
        ("wc-on-hold", {}, "pending"),
        ("On hold", {}, "pending"),
        ("partially_refunded", {}, "paid"),
        ("authorized", {}, "pending"),
        ("pending", {"paid_at": "2025-11-03"}, "paid"),
        ("cancelled", {"paid_at": "2025-11-03"}, "paid"),
        ("", {"paid_at": "2025-11-03"}, "paid"),
        ("", {"paid_at": ""}, "pending"),
        ("pending", {"payment_type": "Cash on Delivery (COD)"}, "placed_cod"),
        ("cancelled", {"payment_type": "cod"}, "pending"),
        ("failed", {}, "failed"),
        ("Afsendt", {}, "Afsendt"),
    ],
)
def test_the_platforms_word_for_a_state_becomes_ours(here: Installation, status: str, more: dict[str, Any], state: str) -> None:
    report = here.bring("orders", lines(order(status=status, **more)))
    assert here.events()[0].data["status"] == state
    counts = state in here.shop.settings.counted_states
    assert report.uncounted_states == ([] if counts else [state])
    assert ("not counted by this shop" in report.text()) is not counts


@pytest.mark.parametrize("status", ["checkout-draft", "wc-checkout-draft", "auto-draft", "trash"])
def test_a_draft_is_no_order(here: Installation, status: str) -> None:
    report = here.bring("orders", lines(order(status=status)))
    assert faults(report) == [(1, "status", f"{status} is a draft and no order: leave such lines out")]


# --- exports


def test_shopifys_export_with_prices_that_include_vat(here: Installation) -> None:
    report = here.bring("orders", SAMPLES / "shopify_orders.csv")
    events = told(here)
    assert (report.lines, report.accepted, report.refused_lines) == (4, 4, 0)
    assert list(events) == ["order:5511223344556", "order:5511223344555", "refund:5511223344555:imported",
                            "order:5511223344554", "order:5511223344554:cancelled"]  # fmt: skip
    first = events["order:5511223344556"]
    assert first.occurred_at == parse("2025-11-05T10:02:10+01:00")
    assert first.data == {
        "currency": "DKK", "value": 72_000, "tax": 18_780, "shipping": 3_120, "total_value": 93_900, "discount": 8_000,
        "coupon": "VELKOMMEN10", "payment_type": "MobilePay", "created_via": "web", "status": "paid",
        "items": [
            {"item_id": "KJ-1042-38", "item_name": "Sommerkjole Vilma - 38", "item_brand": "Havblik", "quantity": 1,
             "price": 43_200},
            {"item_id": "SK-77-39", "item_name": "Sandal Alma", "item_brand": "Havblik", "quantity": 2, "price": 14_400},
        ],
    }  # fmt: skip
    assert first.data["value"] + first.data["tax"] + first.data["shipping"] == first.data["total_value"]
    assert sum(item["price"] * item["quantity"] for item in first.data["items"]) == first.data["value"]
    refund = events["refund:5511223344555:imported"]
    assert (refund.data["value"], refund.data["tax"], refund.data["total_value"]) == (10_000, 2_500, 12_500)
    assert events["order:5511223344554"].data["status"] == "pending"
    assert {"Fulfillment Status", "Billing Name", "Tags"} <= set(report.unused)


def test_the_orders_key_can_be_another_column(here: Installation) -> None:
    here.bring("orders", SAMPLES / "shopify_orders.csv", order_key="name")
    assert [event.order_key for event in here.events() if event.type == "purchase"] == ["#1003", "#1002", "#1001"]
    with pytest.raises(FileRefused, match="A column is missing: Number"):
        here.bring("orders", SAMPLES / "shopify_orders.csv", order_key="Number")
    with pytest.raises(FileRefused, match="Only orders have a key"):
        here.bring("customers", SAMPLES / "shopify_customers.csv", order_key="Name")


def test_shopifys_export_with_prices_without_vat(here: Installation) -> None:
    head = (
        "Name,Financial Status,Created at,Currency,Subtotal,Shipping,Taxes,Total,Lineitem name,Lineitem quantity,Lineitem price"
    )
    here.bring("orders", sheet("#1,paid,2025-11-03 10:00:00 -0500,USD,100.00,10.00,8.80,118.80,Hat,2,50.00", head=head))
    event = here.event()
    assert event.order_key == "#1" and event.event_id.startswith("import:order:")
    assert {name: event.data[name] for name in ("value", "shipping", "tax", "total_value")} == {
        "value": 10_000, "shipping": 1_000, "tax": 880, "total_value": 11_880,
    }  # fmt: skip
    assert event.data["items"] == [{"item_name": "Hat", "quantity": 2, "price": 5_000}]


def test_an_export_of_woocommerce_with_all_items_in_cells(here: Installation) -> None:
    report = here.bring("orders", SAMPLES / "woocommerce_orders.csv")
    events = told(here)
    assert list(events) == ["order:9001", "order:9002", "refund:9002:imported", "order:9003", "order:9004",
                            "order:9004:cancelled"]  # fmt: skip
    first = events["order:9001"]
    assert (first.order_key, first.customer_key, first.email, first.country) == ("9001", "318", "freja@example.com", "DK")
    assert first.occurred_at == parse("2025-11-03T19:20:00+01:00")
    assert {name: first.data[name] for name in ("value", "tax", "shipping", "total_value", "discount", "status")} == {
        "value": 75_492, "tax": 19_653, "shipping": 3_120, "total_value": 98_265, "discount": 8_388, "status": "completed",
    }  # fmt: skip
    assert first.data["items"] == [
        {"item_id": "KJ-1042-38", "item_group_id": "1042", "item_name": "Sommerkjole Vilma", "quantity": 1, "price": 43_128},
        {"item_id": "77", "item_group_id": "77", "item_name": "Sandal Alma", "quantity": 2, "price": 16_182},
    ]
    second, refund = events["order:9002"], events["refund:9002:imported"]
    assert (second.data["value"], second.data["shipping"], second.customer_key) == (47_920, 4_120, None)
    assert (refund.data["value"], refund.data["total_value"]) == (47_920, 65_050)
    assert faults(report) == [(6, "status", "checkout-draft is a draft and no order: leave such lines out")]
    assert "transaction_id" not in report.unused  # of the payment: asked only where no order has a key


def test_an_export_of_woocommerce_with_a_line_for_each_item(here: Installation) -> None:
    here.bring("orders", SAMPLES / "woocommerce_lines.csv")
    events = told(here)
    assert list(events) == ["order:501", "refund:501:imported", "order:502"]
    assert [item["price"] for item in events["order:501"].data["items"]] == [43_128, 32_364]
    assert events["refund:501:imported"].data["total_value"] == 12_500  # the export writes -125,00
    assert (events["order:502"].data["value"], events["order:502"].data["status"]) == (120_000, "processing")


# --- what is refused


@pytest.mark.parametrize(
    ("fields", "field", "text"),
    [
        ({"transaction_id": None}, "transaction_id", "is missing"),
        ({"transaction_id": "1.0E+12"}, "transaction_id", "was rounded by a spreadsheet"),
        ({"transaction_id": ["1"]}, "transaction_id", "is no text"),
        ({"occurred_at": ""}, "occurred_at", "is missing"),
        ({"occurred_at": "03/11/2025"}, "occurred_at", "may begin with the day or the month"),
        ({"occurred_at": "2036-01-01"}, "occurred_at", "lies in the future: 2035-12-31T23:00"),
        ({"cancelled_at": "soon"}, "cancelled_at", "is no date"),
        ({"status": None}, "status", "is missing"),
        ({"status": ["paid"]}, "status", "is no text"),
        ({"value": None}, "value", "is missing: give it, or both total_value and tax"),
        ({"value": None, "total_value": "100"}, "value", "is missing: give it, or both total_value and tax"),
        ({"value": None, "total_value": "100", "tax": "120"}, "total_value", "is less than VAT and shipping"),
        ({"value": "-5"}, "value", "is not between 0 and"),
        ({"value": "1.234"}, "value", "may be 1234 or a fraction"),
        ({"value": {}}, "value", "is no amount"),
        ({"tax": "25 %"}, "tax", "is no amount"),
        ({"currency": "kr"}, "currency", "is no currency of three letters"),
        ({"currency": 208}, "currency", "is no text"),
        ({"email": "nobody"}, "email", "is no e-mail address"),
        ({"country": "Danmark"}, "country", "is no country of two letters"),
        ({"is_test": "perhaps"}, "is_test", "is neither yes nor no"),
        ({"customer_order_number": 0}, "customer_order_number", "is not between 1"),
        ({"colour": "red"}, "colour", "is unknown"),
        ({"rows": 5}, "rows", "is unknown"),
        ({"items": "Vilma"}, "items", "is no list"),
        ({"items": [5]}, "items[0]", "is no JSON object"),
        ({"items": [{"price": 5}]}, "items[0]", "has neither item_id nor item_name"),
        ({"items": [{"item_id": "A", "price": "-5"}]}, "items[0].price", "is not between 0"),
        ({"items": [{"item_id": "A", "quantity": "half"}]}, "items[0].quantity", "is no whole number"),
        ({"items": [{"item_id": "A", "quantity": 20_000}]}, "items[0].quantity", "is not between 1 and 10000"),
        ({"items": [{"item_id": "A", "smell": 1}]}, "items[0].smell", "is unknown"),
        ({"items": [{"item_id": str(i)} for i in range(201)]}, "items", "has more than 200 items"),
        ({"refunds": "all"}, "refunds", "is no list of objects"),
        ({"refunds": [{"refund_id": "r", "occurred_at": "2025-12-01"}]}, "refunds[0].value", "is missing, and so is"),
        ({"refunds": [{"value": 5}]}, "refunds[0].refund_id", "is missing"),
    ],
)  # fmt: skip
def test_a_bad_order_is_refused_whole_in_words(here: Installation, fields: dict[str, Any], field: str, text: str) -> None:
    report = here.bring("orders", lines(order(**fields), order(transaction_id="2")))
    assert report.refused_lines == 1
    assert (faults(report)[0][0], faults(report)[0][1]) == (1, field)
    assert faults(report)[0][2].startswith(text), faults(report)
    assert list(told(here)) == ["order:2"]


def test_faults_of_a_sheet_are_told_by_its_own_titles_and_lines(here: Installation) -> None:
    head = (
        "Name,Financial Status,Created at,Currency,Subtotal,Shipping,Taxes,Total,Lineitem name,Lineitem quantity,Lineitem price"
    )
    report = here.bring("orders", sheet("#1,paid,2025-11-03,DKK,100,0,20,100,Hat,1,x", "#1,,,,,,,,Cap,half,5",
                                        "#2,paid,yesterday,DKK,100,zero,20,100,Hat,1,5", head=head))  # fmt: skip
    assert faults(report) == [
        (2, "Lineitem price", "is no amount: write it like 1234.56"),
        (3, "Lineitem quantity", "is no whole number"),
        (4, "Created at", "is no date: write it like 2026-08-24 21:55, or 2026-08-24T21:55:00+02:00"),
        (4, "Shipping", "is no amount: write it like 1234.56"),
    ]


@pytest.mark.parametrize(
    ("head", "missing"),
    [
        ("occurred_at,status,value", "transaction_id (also called order_id, id, name,"),
        ("order_id,status,value", "occurred_at (also called created_at,"),
        ("order_id,date,status", "value, or total_value and tax (also called total,"),
        ("order_id,date,status,total", "value, or total_value and tax (also called total,"),
        ("order_id,date,total,taxes", "status, or paid_at (also called financial_status,"),
    ],
)
def test_a_missing_column_is_named(here: Installation, head: str, missing: str) -> None:
    with pytest.raises(FileRefused) as error:
        here.bring("orders", f"{head}\n1,2,3\n")
    assert str(error.value).startswith(f"A column is missing: {missing}")
    assert f"Found: {head.replace(',', ', ')}." in str(error.value)


# --- whatever comes

SHOP = Shop(1, "Nordlys", "pk", "sk", None, ("shop.example",), ShopSettings())
anything: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["2025-11-03", "12,5", "paid", "1", "-1", "refunded", "cod", "1e9", "DKK", "JPY", "a@b.dk", "0"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(
        ["item_id", "price", "quantity", "refund_id", "value", "total_value", "occurred_at", "x"]), inner, max_size=4),
    max_leaves=6,
)  # fmt: skip
_FIELDS = st.sampled_from([column.name for column in orders.COLUMNS] + ["items", "refunds", "else"])
_CELLS = st.text(max_size=8) | st.sampled_from(
    ["2025-11-03", "12,5", "1", "0", "-7", "paid", "refunded", "9" * 12, "name:A|total:x"]
)


def accepted(entry: Entry) -> bool:
    """Whether the wire takes all of it, too; anything but Refused is a fault of ours."""
    try:
        for one in orders.tell(entry, SHOP):
            wire.load(one.wire, one.wire, one.source, received_at=1_800_000_000_000, currency="DKK",
                      default_consent=Consent.STATISTICS, limits=Limits(300))  # fmt: skip
    except Refused:
        return False
    return True


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(st.dictionaries(_FIELDS, anything, max_size=8), st.booleans())
def test_no_object_is_too_odd_to_be_refused(fields: dict[str, Any], whole: bool) -> None:
    accepted(Entry(1, [(1, b"{}")], given={**(order() if whole else {}), **fields}))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)
@given(st.lists(st.dictionaries(_FIELDS, _CELLS, max_size=10), min_size=1, max_size=3), st.booleans())
def test_no_cell_is_too_odd_to_be_refused(cells: list[dict[str, str]], whole: bool) -> None:
    base = {name: str(value) for name, value in order().items()} if whole else {}
    accepted(Entry(1, [(1, b"")], rows=[Row(number, {**base, **row}) for number, row in enumerate(cells, 2)]))


def test_the_order_of_these_examples_is_one() -> None:
    assert accepted(Entry(1, [(1, b"{}")], given=order()))
