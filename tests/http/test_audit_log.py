"""Who did what: written with the change, read by owners, without secrets, for two years."""

from __future__ import annotations

import csv
import io
import re
from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Connection, Engine, select

from tests.http.site import PASSWORD, Clock, add_shop, add_user, log_in, logged_in, logged_in_by_hand, make_app, post
from tracker import audit
from tracker import tables as t
from tracker.audit import KEEP, KINDS, NO_SHOP
from tracker.clock import DAY, Instant
from tracker.config import Config
from tracker.storage import writing
from tracker.tasks import KINDS as TASKS


@pytest.fixture
def clock(now: Instant) -> Clock:
    return Clock(now)


@pytest.fixture
def app(engine: Engine, config: Config, clock: Clock) -> Flask:
    add_user(engine, clock.now, add_shop(engine, clock.now, "Own"), add_shop(engine, clock.now, "Second"))
    return make_app(engine, replace(config, public_url="https://k.example", smtp_url="smtp://mail.example"), clock)


def entries(engine: Engine, shop_id: int = 1) -> list[audit.Entry]:
    with engine.connect() as db:
        return audit.read(db, shop_id)


def log(engine: Engine, now: Instant, kind: str = "note", **more: str) -> None:
    with writing(engine) as db:
        audit.log(db, [1], kind, "ida@shop.example", now, **more)


def test_what_concerns_an_account_stands_under_each_of_its_shops(app: Flask, engine: Engine) -> None:
    log_in(app.test_client())
    log_in(app.test_client(), password="wrong")
    log_in(app.test_client(), "nobody@shop.example")
    for shop_id in (1, 2):
        assert sorted(entry.kind for entry in entries(engine, shop_id)) == ["login", "login_failed"]
    assert entries(engine, NO_SHOP) == []


def test_an_account_without_a_shop_is_written_under_none(engine: Engine, app: Flask, now: Instant) -> None:
    add_user(engine, now, email="per@shop.example")
    log_in(app.test_client(), "per@shop.example")
    assert [entry.who for entry in entries(engine, NO_SHOP)] == ["per@shop.example"]


def test_what_an_owner_does_is_written_down(app: Flask, engine: Engine) -> None:
    ida = logged_in_by_hand(app)
    headers = {"X-CSRFToken": re.findall(r'name="csrf_token" value="([^"]+)"', ida.get("/profile").text)[0]}
    api = "/api/v1/shops/1"
    ida.patch(f"{api}/settings", json={"idle_minutes": 45}, headers=headers)
    ida.put(f"{api}/notes/journey_map.5.pain", json={"text": "a secret thought"}, headers=headers)
    ida.post(f"{api}/people/3/erase", headers=headers)
    ida.post(f"{api}/links/undo", json={"kind": "email", "key": "hash-of-an-address"}, headers=headers)
    ida.post(f"{api}/replay", headers=headers)
    ida.post(f"{api}/ad-spend?channel=paid_search&source=google", data="day,amount\n2026-09-01,10\n",
             headers=headers | {"Content-Type": "text/csv"})  # fmt: skip
    post(ida, "/shops/1/shop", name="Own shop", hosts="shop.example www.shop.example")
    post(ida, "/shops/1/shop/secret", sure="yes")
    found = {entry.kind: entry for entry in entries(engine)}
    assert set(found) == {
        "login", "change_settings", "note", "erase", "undo_link", "replay", "spend", "shop", "secret_rotated",
    }  # fmt: skip
    assert found["change_settings"].changed["idle_minutes"] == [30, 45]
    assert found["erase"].about == "3"
    assert found["shop"].changed["name"] == ["Own", "Own shop"]
    assert found["spend"].changed == {"rows": 1, "days": ["2026-09-01", "2026-09-01"]}
    assert {entry.who for entry in found.values()} == {"ida@shop.example"}


def test_nothing_secret_and_nothing_of_customers_is_written(app: Flask, engine: Engine) -> None:
    ida = logged_in(app)
    headers = {"X-CSRFToken": re.findall(r'name="csrf_token" value="([^"]+)"', ida.get("/profile").text)[0]}
    ida.post("/api/v1/shops/1/links/undo", json={"kind": "email", "key": "hash-of-an-address"}, headers=headers)
    ida.put("/api/v1/shops/1/notes/journey_map.5.pain", json={"text": "a secret thought"}, headers=headers)
    post(ida, "/shops/1/tokens", name="agency", scope=["reports"], days="30")
    post(ida, "/shops/1/shop/secret", sure="yes")
    post(ida, "/profile/password", current=PASSWORD, new="vinterfrakke 25")
    with engine.connect() as db:
        secrets = list(db.execute(select(t.shops.c.secret, t.shops.c.previous_secret).where(t.shops.c.shop_id == 1)).one())
        secrets += list(db.execute(select(t.users.c.password_hash)).scalars()) + list(
            db.execute(select(t.api_tokens.c.hash)).scalars()
        )
        told = repr(db.execute(select(t.audit)).all())
    for secret in (*secrets, "hash-of-an-address", "a secret thought", "vinterfrakke", PASSWORD):
        assert str(secret) not in told


def test_what_was_rolled_back_was_not_done(engine: Engine, app: Flask, now: Instant) -> None:
    with writing(engine) as db:
        audit.log(db, [1], "note", "ida@shop.example", now)
        db.rollback()
    assert entries(engine) == []


def test_every_task_somebody_may_ask_for_has_a_word() -> None:
    assert set(TASKS) - {"expire", "sum_months"} <= set(KINDS)


def test_a_kind_that_there_is_not_is_a_mistake(db: Connection, now: Instant) -> None:
    with pytest.raises(KeyError):
        audit.log(db, [1], "nonsense", "ida@shop.example", now)


def test_entries_are_kept_for_two_years(app: Flask, engine: Engine, now: Instant) -> None:
    log(engine, now)
    log(engine, now + KEEP)
    assert len(entries(engine)) == 2
    log(engine, now + KEEP + 1)
    assert len(entries(engine)) == 2


# --- the page


def test_the_page_is_read_from_the_latest_by_kind_and_page_by_page(app: Flask, engine: Engine, clock: Clock) -> None:
    for i in range(120):
        log(engine, clock.now + i, "note" if i % 2 else "erase", about=f"number {i}")
    ida = logged_in(app)
    seen, address = [], "/shops/1/audit-log?kind=note"
    while address:
        page = ida.get(address).text
        seen += re.findall(r"number (\d+)", page)
        older = re.search(r'href="([^"]+)" rel="next"', page)
        address = older[1].replace("&amp;", "&") if older else ""
    assert seen == [str(i) for i in range(119, 0, -2)]


def test_a_shop_shows_its_own_entries_alone(app: Flask, engine: Engine, now: Instant) -> None:
    log(engine, now, about="of the first")
    assert "of the first" in logged_in(app).get("/shops/1/audit-log").text
    assert "of the first" not in logged_in(app).get("/shops/2/audit-log").text


def test_nothing_yet_is_said(app: Flask) -> None:
    assert "Nobody has done this" in logged_in(app).get("/shops/1/audit-log?kind=erase").text


@pytest.mark.parametrize("query", ["kind=nonsense", "before=x", "before=-1", f"before={'9' * 30}", "before=٣"])
def test_a_wrong_question_is_said(app: Flask, query: str) -> None:
    assert logged_in(app).get(f"/shops/1/audit-log?{query}").status_code == 400


def test_the_file_holds_all_and_no_formula(app: Flask, engine: Engine, now: Instant) -> None:
    log(engine, now - DAY, about="=HYPERLINK(1)")
    answer = logged_in(app).get("/shops/1/audit-log.csv?kind=note")
    assert answer.mimetype == "text/csv"
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert rows == [
        ["at", "kind", "who", "about", "changed"],
        ["2026-09-15T10:00:00.000Z", "note", "ida@shop.example", "'=HYPERLINK(1)", ""],
    ]
