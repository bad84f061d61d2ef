"""A shop's own page, and making another shop."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import Engine

from tests.http.site import add_shop, add_user, logged_in, make_app, post
from tracker import shops
from tracker.clock import Instant
from tracker.config import Config
from tracker.shops import Shop


@pytest.fixture
def app(engine: Engine, config: Config, now: Instant) -> Flask:
    shop = add_shop(engine, now)
    add_user(engine, now, shop)
    add_user(engine, now, shop, email="eva@shop.example", role="analyst")
    return make_app(engine, config, now)


def stored(engine: Engine, shop_id: int = 1) -> Shop:
    with engine.connect() as db:
        found = shops.find_shop(db, shop_id)
    assert found is not None
    return found


def test_name_and_hosts_are_changed(app: Flask, engine: Engine) -> None:
    before = stored(engine)
    post(
        logged_in(app), "/shops/1/shop", name=" Strand  gade ", hosts="Shop.example\nhttps://www.shop.example/path shop.example"
    )
    after = stored(engine)
    assert (after.name, after.hosts) == ("Strand gade", ("shop.example", "www.shop.example"))
    assert after.version == before.version + 1  # who knows the old one looks again


@pytest.mark.parametrize(
    ("name", "hosts"),
    [
        ("", "shop.example"),
        ("x" * 101, "shop.example"),
        ("x", ""),
        ("x", "no_host!"),
        ("x", "a..b"),
        ("x", "//"),
        ("x", "[::1"),
    ],
)
def test_what_cannot_be_is_refused_in_words_and_kept_in_the_form(app: Flask, engine: Engine, name: str, hosts: str) -> None:
    before = stored(engine)
    answer = post(logged_in(app), "/shops/1/shop", name=name, hosts=hosts)
    assert (answer.status_code, "Not saved:" in answer.text) == (400, True)
    assert f">{hosts}</textarea>" in answer.text
    assert stored(engine) == before


def test_a_renewed_secret_is_asked_back_and_the_old_one_ends_when_told(app: Flask, engine: Engine) -> None:
    ida, before = logged_in(app), stored(engine)
    assert "accepted on" in post(ida, "/shops/1/shop/secret").text
    assert stored(engine).secret == before.secret
    post(ida, "/shops/1/shop/secret", sure="yes")
    after = stored(engine)
    assert after.secrets == (after.secret, before.secret)
    assert after.secret in ida.get("/shops/1/shop").text
    post(ida, "/shops/1/shop/secret/end-old")
    assert stored(engine).secrets == (after.secret,)


def test_who_adds_a_shop_owns_it(app: Flask, engine: Engine) -> None:
    ida = logged_in(app)
    data = {"name": "Two", "hosts": "two.example", "zone": "Europe/Stockholm", "currency": "SEK", "locale": "sv"}
    assert post(ida, "/shops", **data).headers["Location"] == "/shops/2/setup"
    made = stored(engine, 2)
    assert (made.hosts, made.settings.zone, made.settings.currency) == (("two.example",), "Europe/Stockholm", "SEK")
    assert ida.get("/shops/2/members").status_code == 200
    assert logged_in(app, "eva@shop.example").get("/shops/2/stages").status_code == 404


@pytest.mark.parametrize(
    "wrong", [{"name": ""}, {"hosts": ""}, {"zone": "Nowhere"}, {"currency": "kr"}, {"locale": "x"}], ids=str
)
def test_a_shop_that_cannot_be_is_refused_in_words(app: Flask, engine: Engine, wrong: dict[str, str]) -> None:
    data = {"name": "Two", "hosts": "two.example", "zone": "Europe/Stockholm", "currency": "SEK", "locale": "sv"}
    answer = post(logged_in(app), "/shops", **{**data, **wrong})
    assert (answer.status_code, "Not saved:" in answer.text) == (400, True)
    with engine.connect() as db:
        assert len(shops.all_shops(db)) == 1


def test_who_owns_no_shop_adds_none(app: Flask, engine: Engine) -> None:
    eva = logged_in(app, "eva@shop.example")
    page = eva.get("/shops").text
    assert "Strandgade" in page
    assert "Add a shop" not in page
    assert post(eva, "/shops", name="Two", hosts="two.example").status_code == 403
