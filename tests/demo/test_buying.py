"""Orders and what follows them, without a script in the browser: what the shop owes the collector."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from tests.demo.shopfront import shop_app
from tracker.clock import now
from tracker.config import Config
from tracker.demo import state
from tracker.demo.buying import REFUSED_CARD
from tracker.demo.state import State
from tracker.events import wire
from tracker.events.types import Consent, Event, Source

EMAIL = "ida@example.com"
ADDRESS = {"name": "Ida Sø", "street": "Havnen 1", "postcode": "6760", "city": "Ribe"}
CARD = {"payment": "card", "card": "4571 0000 0000 0001"}


class Shop:
    """A browser without scripts at a shop whose collector is away: everything stays in the outbox, to be looked at."""

    def __init__(self, data_dir: Path) -> None:
        config = Config(data_dir=str(data_dir), public_url="http://localhost:1")
        self.app = shop_app(config, lambda: None)
        self.client: FlaskClient = self.app.test_client()
        self.kept = State(data_dir / "demo-shop.db")

    def post(self, path: str, **data: str) -> TestResponse:
        return self.client.post(f"/demo/{path}", data=data)

    def page(self, path: str) -> str:
        answer = self.client.get(f"/demo/{path}")
        assert answer.status_code == 200, (path, answer.location)
        return answer.text

    def tells(self, path: str) -> list[list[Any]]:
        """What the page's script is to tell the snippet."""
        found = re.search(r'<script type="application/json" id="tells">(.*?)</script>', self.page(path), re.S)
        return [] if found is None else self.app.json.loads(found[1])

    def allow(self, level: str, visitor_key: str) -> None:
        self.post("da/cookies", level=level)
        self.client.set_cookie("_kr", visitor_key)

    def fill(self, *skus: str) -> None:
        for sku in skus:
            assert self.post("da/kurv/laeg-i", sku=sku).location == "/demo/da/kurv"

    def buy(self, email: str = EMAIL, shipping: str = "parcel_shop", **payment: str) -> str:
        """The order's key."""
        self.post("da/kassen/contact", email=email)
        self.post("da/kassen/address", **ADDRESS)
        self.post("da/kassen/shipping", shipping=shipping)
        answer = self.post("da/kassen/payment", **(payment or CARD))
        assert answer.status_code == 303, answer.text
        return answer.location.rsplit("/", 1)[1]

    def act(self, order_key: str, act: str, **data: str) -> None:
        assert self.post(f"backoffice/da/{order_key}/{act}", **data).status_code == 303

    def owed(self, kind: str | None = None) -> list[dict[str, Any]]:
        with self.kept.connect(writing=False) as db:
            events = [dict(owed.event) for owed in state.owed(db, 1000)]
        return [event for event in events if kind in (None, event["type"])]

    def kinds(self) -> list[str]:
        return [event["type"] for event in self.owed()]

    def loaded(self) -> list[Event]:
        """As the collector would read them: refusing unknown and wrong fields."""
        return [
            wire.load(
                event, {}, Source.SERVER, received_at=now(), currency="DKK", default_consent=Consent.STATISTICS, limits=Config()
            ).event
            for event in self.owed()
        ]  # fmt: skip


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return Shop(tmp_path)


def test_a_card_order_is_placed_and_then_paid(shop: Shop) -> None:
    shop.fill("freja-rust-38", "dug-hav-50x70")
    key = shop.buy()
    assert shop.kinds() == ["purchase", "order_paid"]
    order = shop.loaded()[0]
    assert (order.order_key, order.email, order.country) == (key, EMAIL, "DK")
    assert order.data["status"] == "placed"
    assert (order.data["value"], order.data["tax"], order.data["total_value"]) == (86_240, 21_560, 107_800)
    assert sum(item["price"] * item["quantity"] for item in order.data["items"]) == order.data["value"]
    assert "Tak for din ordre" in shop.page(f"da/kvittering/{key}")


def test_cash_on_delivery_is_placed_and_never_paid(shop: Shop) -> None:
    shop.fill("regn-sort-41")
    key = shop.buy(payment="cod", shipping="home")
    shop.act(key, "ship")
    shop.act(key, "deliver")
    assert shop.kinds() == ["purchase", "order_shipped", "order_delivered"]
    data = shop.owed("purchase")[0]["data"]
    assert (data["status"], data["payment_type"], data["shipping"]) == ("placed_cod", "cod", "47.20")


def test_a_refused_card_is_an_error_and_no_order(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    for step, data in (("contact", {"email": EMAIL}), ("address", ADDRESS), ("shipping", {"shipping": "home"})):
        shop.post(f"da/kassen/{step}", **data)
    answer = shop.post("da/kassen/payment", payment="card", card=REFUSED_CARD)
    assert answer.status_code == 422
    assert "Kortet blev afvist" in answer.text
    assert '"checkout_error"' in answer.text
    assert '"card_declined"' in answer.text
    assert REFUSED_CARD not in answer.text
    assert shop.kinds() == []
    assert shop.buy()


def test_a_second_press_shows_the_same_receipt(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    key = shop.buy()
    assert shop.post("da/kassen/payment", **CARD).location == f"/demo/da/kvittering/{key}"
    assert shop.kinds() == ["purchase", "order_paid"]


def test_nobody_skips_a_step(shop: Shop) -> None:
    assert shop.client.get("/demo/da/kassen/contact").location == "/demo/da/kurv"
    shop.fill("freja-rust-38")
    assert shop.client.get("/demo/da/kassen/payment").location == "/demo/da/kassen/contact"
    assert shop.post("da/kassen/payment", **CARD).location == "/demo/da/kassen/contact"
    assert shop.kinds() == []


@pytest.mark.parametrize(
    ("step", "data", "field"),
    [
        ("contact", {"email": "nobody"}, "email"),
        ("address", {**ADDRESS, "postcode": "12"}, "postcode"),
        ("address", {**ADDRESS, "name": " "}, "name"),
        ("shipping", {"shipping": "drone"}, "shipping"),
        ("payment", {"payment": "card", "card": "12"}, "card"),
    ],
)
def test_what_is_wrong_is_said_at_its_field(shop: Shop, step: str, data: dict[str, str], field: str) -> None:
    shop.fill("freja-rust-38")
    for ahead, right in (("contact", {"email": EMAIL}), ("address", ADDRESS), ("shipping", {"shipping": "home"})):
        if ahead == step:
            break
        shop.post(f"da/kassen/{ahead}", **right)
    answer = shop.post(f"da/kassen/{step}", **data)
    assert answer.status_code == 422
    assert f'id="wrong-{field}"' in answer.text
    assert f'"field": "{field}"' in answer.text


# --- the visitor, and what they allow


def test_an_order_names_the_visitor_and_the_consent_at_checkout(shop: Shop) -> None:
    shop.allow("marketing", "v123")
    shop.fill("freja-rust-38")
    shop.buy()
    order = shop.owed("purchase")[0]
    assert (order["visitor_key"], order["consent"]) == ("v123", "marketing")


@pytest.mark.parametrize(("choice", "level"), [(None, "anonymous"), ("necessary", "none")])
def test_without_consent_an_order_names_no_visitor(shop: Shop, choice: str | None, level: str) -> None:
    if choice:
        shop.post("da/cookies", level=choice)
    shop.client.set_cookie("_kr", "v123")  # left over from a time when it was allowed
    shop.fill("freja-rust-38")
    shop.buy()
    order = shop.owed("purchase")[0]
    assert "visitor_key" not in order
    assert order["consent"] == level
    assert shop.loaded()[0].order_key


# --- the cart and its coupon


def test_the_cart_tells_what_it_holds(shop: Shop) -> None:
    shop.fill("freja-rust-38", "freja-rust-38")
    added, _, seen = shop.tells("da/kurv")
    assert (added[0], added[1]["items"][0]["item_id"]) == ("add_to_cart", "freja-rust-38")
    assert (seen[0], seen[1]["value"], seen[1]["items"][0]["quantity"]) == ("view_cart", "1798.00", 2)
    assert added[2] == seen[2] != {}
    shop.post("da/kurv/ret", sku="freja-rust-38", quantity="0")
    removed, updated = shop.tells("da/kurv")
    assert (removed[0], removed[1]["items"][0]["quantity"]) == ("remove_from_cart", 2)
    assert (updated[0], updated[1]["items"]) == ("update_cart", [])


def test_what_is_sold_out_cannot_be_added(shop: Shop) -> None:
    assert shop.post("da/kurv/laeg-i", product="freja", colour="rust", size="44").location.startswith("/demo/da/vare/freja")
    assert "Kurven er tom" in shop.page("da/kurv")


@pytest.mark.parametrize(("path", "data"), [("kurv/laeg-i", {"sku": "nothing"}), ("kurv/ret", {"sku": "x", "quantity": "-1"})])
def test_nonsense_is_400(shop: Shop, path: str, data: dict[str, str]) -> None:
    assert shop.post(f"da/{path}", **data).status_code == 400


def _code(shop: Shop, email: str = EMAIL) -> str:
    answer = shop.client.post(
        "/demo/da/nyhedsbrev", data={"email": email, "method": "popup"}, headers={"Accept": "application/json"}
    )
    assert answer.json is not None
    return str(answer.json["code"])


def test_the_newsletters_code_takes_ten_percent_once(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    code = _code(shop)
    assert _code(shop) == code, "the same address keeps its code"
    shop.post("da/kurv/rabatkode", code=f" {code.lower()} ")
    told = shop.tells("da/kurv")
    assert told[-2][:2] == ["apply_coupon", {"coupon": code, "currency": "DKK", "discount": "89.90"}]
    shop.buy()
    data = shop.owed("purchase")[0]["data"]
    assert (data["value"], data["discount"], data["coupon"]) == ("647.28", "71.92", code)
    shop.fill("freja-rust-38")
    shop.post("da/kurv/rabatkode", code=code)
    assert [told[0] for told in shop.tells("da/kurv")][-3:] == ["add_to_cart", "coupon_denied", "view_cart"]


def test_an_unknown_code_is_denied_with_its_reason(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    shop.post("da/kurv/rabatkode", code="SOMMER24")
    assert ["coupon_denied", {"coupon": "SOMMER24", "reason": "unknown"}] in [told[:2] for told in shop.tells("da/kurv")]


def test_an_address_reaches_the_snippet_only_with_consent(shop: Shop) -> None:
    shop.post("da/nyhedsbrev", email=EMAIL)
    assert shop.tells("da/")[0][2] == {}
    shop.allow("statistics", "v1")
    shop.post("da/nyhedsbrev", email=EMAIL)
    assert shop.tells("da/")[0][2] == {"email": EMAIL}


# --- after the order


def test_each_act_of_the_staff_is_told_once(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    key = shop.buy()
    for act in ("ship", "ship", "deliver", "deliver", "pay", "cancel"):
        shop.act(key, act)
    assert [event["event_id"] for event in shop.owed()] == [
        f"purchase-{key}",
        f"paid-{key}",
        f"ship-{key}-1",
        f"deliver-{key}-1",
    ]
    assert all(event.order_key == key for event in shop.loaded())


def test_refunds_in_part_and_in_full_add_up_to_the_order(shop: Shop) -> None:
    shop.fill("freja-rust-38", "dug-hav-50x70", "eng-rust-50x50")
    code = _code(shop)
    shop.post("da/kurv/rabatkode", code=code)
    key = shop.buy(shipping="home", **CARD)
    shop.act(key, "ship")
    shop.act(key, "refund", sku="dug-hav-50x70")
    shop.act(key, "refund", sku="dug-hav-50x70")
    shop.act(key, "refund")
    shop.act(key, "refund")
    order, *refunds = (event for event in shop.loaded() if event.type in ("purchase", "refund"))
    assert [refund.data["refund_id"] for refund in refunds] == ["1", "2"]
    for field in ("value", "tax", "shipping", "total_value"):
        assert sum(refund.data[field] for refund in refunds) == order.data[field], field


def test_a_cancelled_order_is_only_refunded(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    key = shop.buy()
    for act in ("cancel", "ship", "refund", "cancel"):
        shop.act(key, act)
    assert shop.kinds() == ["purchase", "order_paid", "order_cancelled", "refund"]


def test_a_return_is_asked_for_and_completed(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    key = shop.buy()
    assert shop.post(f"da/ordre/{key}/retur", sku="freja-rust-38", reason="too_big").status_code == 400, "not delivered yet"
    shop.act(key, "ship")
    shop.act(key, "deliver")
    for _ in range(2):
        assert shop.post(f"da/ordre/{key}/retur", sku="freja-rust-38", reason="too_big").status_code == 303
        assert shop.post(f"backoffice/da/{key}/retur/1").status_code == 303
    returns = [event for event in shop.loaded() if event.type.startswith("return_")]
    assert [event.type for event in returns] == ["return_requested", "return_completed"]
    assert [event.data["return_id"] for event in returns] == ["1", "1"]


def test_an_order_is_seen_by_its_buyer_alone(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    key = shop.buy()
    for path in (f"da/ordre/{key}", f"en/order/{key}/getting-started", f"en/receipt/{key}"):
        assert shop.page(path)
        assert shop.app.test_client().get(f"/demo/{path}").status_code == 404


def test_a_review_is_a_fact_once(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    key = shop.buy()
    assert shop.post("da/anmeld/freja", rating="9", email="x").status_code == 422
    for _ in range(2):
        shop.post("da/anmeld/freja", rating="4", email=EMAIL, name="Ida", text="<script>alert(1)</script>")
    (review,) = (event for event in shop.loaded() if event.type == "review_submitted")
    assert (review.data["rating"], review.data["verified"], review.order_key) == (4, True, key)
    assert "&lt;script&gt;alert(1)" in shop.page("da/vare/freja")


def test_somebody_elses_order_does_not_verify_a_review(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    shop.buy()
    stranger = shop.app.test_client()
    stranger.post("/demo/da/anmeld/freja", data={"rating": "1", "email": EMAIL})
    review = shop.owed("review_submitted")[0]
    assert review["data"]["verified"] is False
    assert "transaction_id" not in review["data"]


def test_an_account_is_made_once_and_its_orders_name_the_customer(shop: Shop) -> None:
    shop.allow("statistics", "v9")
    for _ in range(2):
        shop.post("da/konto", email=EMAIL)
    login = shop.tells("da/konto")[0]
    assert login[:2] == ["login", {"method": "email"}]
    shop.fill("freja-rust-38")
    key = shop.buy()
    signed_up, order, _ = shop.loaded()
    assert (signed_up.type, signed_up.visitor_key) == ("sign_up", "v9")
    assert signed_up.customer_key == order.customer_key == login[2]["customer_key"] is not None
    assert key in shop.page("da/konto")


def test_the_club_gives_points_for_paid_orders_and_a_voucher_for_points(shop: Shop) -> None:
    shop.post("da/klub", email=EMAIL)
    shop.post("da/klub", email=EMAIL)
    shop.fill("freja-rust-38")
    key = shop.buy()
    assert shop.kinds() == ["loyalty_joined", "purchase", "order_paid", "loyalty_points_earned"]
    earned = shop.loaded()[-1]
    assert (earned.data["points"], earned.data["balance"], earned.order_key) == (71, 71, key)
    shop.post("da/konto/point")
    redeemed = shop.loaded()[-1]
    assert (redeemed.type, redeemed.data["points"], redeemed.data["balance"], redeemed.data["value"]) == (
        "loyalty_points_redeemed", 50, 21, 5_000,
    )  # fmt: skip
    assert shop.post("da/konto/point").status_code == 400


def test_a_friend_comes_and_buys(shop: Shop) -> None:
    shop.post("da/konto", email=EMAIL)
    shop.post("da/konto/ven")
    found = re.search(r"/demo/da/ven/(\w+)", shop.page("da/konto"))
    assert found
    me = shop.client
    shop.client = shop.app.test_client()
    shop.page(f"da/ven/{found[1]}")
    shop.post(f"da/ven/{found[1]}")
    shop.fill("freja-rust-38")
    shop.buy(email="friend@example.com")
    facts = [event for event in shop.loaded() if event.type.startswith("referral_")]
    assert [event.type for event in facts] == ["referral_link_created", "referral_visit", "referral_converted"]
    assert {(event.email, event.order_key) for event in facts} == {(EMAIL, None)}, "about who recommends, not about the friend"
    assert shop.owed("purchase")[0]["data"]["discount"] == "40.00"
    assert me is not shop.client


def test_a_question_becomes_a_ticket_and_is_closed(shop: Shop) -> None:
    assert shop.post("da/kontakt", topic="delivery", email=EMAIL).status_code == 422
    shop.post("da/kontakt", topic="delivery", email=EMAIL, text="Hvor er den?")
    ticket = shop.owed("support_ticket_created")[0]["data"]["ticket_id"]
    for _ in range(2):
        shop.post(f"backoffice/da/sager/{ticket}")
    assert [(event.type, event.data["ticket_id"]) for event in shop.loaded()] == [
        ("support_ticket_created", ticket), ("support_ticket_closed", ticket),
    ]  # fmt: skip


def test_the_checkouts_newsletter_tick_subscribes(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    shop.post("da/kassen/contact", email=EMAIL, newsletter="yes")
    kinds = [told[0] for told in shop.tells("da/kassen/address")]
    assert kinds[-2:] == ["newsletter_subscribe", "add_contact_info"]


def test_what_is_wished_for_is_remembered(shop: Shop) -> None:
    shop.post("da/oenskeliste/freja", back="/demo/da/vare/freja")
    assert shop.tells("da/oenskeliste")[0][0] == "add_to_wishlist"
    assert "/vare/freja" in shop.page("da/oenskeliste")
    shop.post("da/oenskeliste/freja")
    assert "tom" in shop.page("da/oenskeliste")


def test_a_coupon_is_taken_off_again(shop: Shop) -> None:
    shop.fill("freja-rust-38")
    shop.post("da/kurv/rabatkode", code=_code(shop))
    shop.post("da/kurv/uden-rabatkode")
    shop.buy()
    assert shop.owed("purchase")[0]["data"]["value"] == "719.20"


def test_without_a_clipboard_the_link_is_shown(shop: Shop) -> None:
    shop.post("da/del", key="freja", back="/demo/da/vare/freja")
    assert "Del dette link: http://localhost/demo/da/vare/freja" in shop.page("da/vare/freja")
    assert shop.post("da/del", key="nothing").status_code == 404


def test_a_closed_popup_stays_closed(shop: Shop) -> None:
    shop.allow("statistics", "v1")
    assert 'id="newsletter"' in shop.page("da/")
    shop.post("da/nyhedsbrev/luk")
    assert 'id="newsletter"' not in shop.page("da/")


@pytest.mark.parametrize("headers", [{}, {"Accept": "application/json"}])
def test_the_newsletter_needs_an_address(shop: Shop, headers: dict[str, str]) -> None:
    answer = shop.client.post("/demo/da/nyhedsbrev", data={"email": "nobody"}, headers=headers)
    assert answer.status_code == (422 if headers else 303)
    assert shop.tells("da/") == []
