"""What members choose to get by mail, the button that sends it at once, and the link that ends it without a login."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.http.site import add_shop, add_user, logged_in, make_app, token
from tests.outbox.server import mail_server
from tests.subscriptions.mailing import parts
from tracker import tables as t
from tracker.clock import HOUR, Instant
from tracker.config import Config
from tracker.outbox.deliver import Postman
from tracker.outbox.links import sign
from tracker.storage import writing
from tracker.subscriptions import choices

pytestmark = pytest.mark.pages

FIELDS = (t.memberships.c.shop_id, t.memberships.c.user_id, t.memberships.c.weekly_since_at, t.memberships.c.alarms)


@pytest.fixture
def settings(config: Config) -> Config:
    return replace(config, smtp_url="smtp://127.0.0.1:9", mail_from="k@shop.example", public_url="https://k.example")


@pytest.fixture
def app(engine: Engine, settings: Config, now: Instant) -> Flask:
    """Ida (1) and Eva (2) are members of shop 1, Ida of shop 2 as well."""
    own, second = add_shop(engine, now, "Own", journeys=200), add_shop(engine, now, "<b>Second</b>")
    add_user(engine, now, own, second)
    add_user(engine, now, own, email="eva@shop.example", role="analyst")
    return make_app(engine, settings, now)


def chosen(engine: Engine) -> dict[tuple[int, int], tuple[bool, bool | None]]:
    """(shop, user) -> (weekly, alarms)."""
    with engine.connect() as db:
        return {(row[0], row[1]): (row[2] is not None, row[3]) for row in db.execute(select(*FIELDS))}


NOBODY = {(1, 1): (False, None), (1, 2): (False, None), (2, 1): (False, None)}


def post(app: Flask, address: str, email: str = "ida@shop.example", **form: str) -> str:
    client = logged_in(app, email)
    data = {**form, "csrf_token": token(client.get("/profile"))}
    return client.post(address, data=data, follow_redirects=True).text


# --- choosing


def test_each_shop_is_chosen_for_itself(app: Flask, engine: Engine) -> None:
    assert "Saved." in post(app, "/shops/1/mails", weekly="on")
    assert chosen(engine) == {**NOBODY, (1, 1): (True, False)}
    post(app, "/shops/1/mails", alarms="on")
    assert chosen(engine) == {**NOBODY, (1, 1): (False, True)}


def test_saving_again_does_not_begin_anew(app: Flask, engine: Engine, settings: Config, now: Instant) -> None:
    post(app, "/shops/1/mails", weekly="on")
    post(make_app(engine, settings, now + HOUR), "/shops/1/mails", weekly="on", alarms="on")
    with engine.connect() as db:
        since = select(t.memberships.c.weekly_since_at).where(t.memberships.c.user_id == 1, t.memberships.c.shop_id == 1)
        assert db.execute(since).scalar() == now


def test_the_page_shows_what_holds(app: Flask) -> None:
    page = logged_in(app).get("/profile").text
    assert page.count('name="alarms" checked') == 2  # an owner's
    assert page.count('name="weekly" >') == 2
    assert "&lt;b&gt;Second&lt;/b&gt;" in page
    assert "Mail is not set up" not in page
    assert logged_in(app, "eva@shop.example").get("/profile").text.count('name="alarms" checked') == 0


def test_without_a_mail_server_the_page_says_so(engine: Engine, config: Config, now: Instant, app: Flask) -> None:
    silent = make_app(engine, config, now)
    page = logged_in(silent).get("/profile").text
    assert "Mail is not set up on this installation" in page
    assert "Send me this week" not in page
    assert "nothing was sent" in post(silent, "/shops/1/mails/weekly")
    with engine.connect() as db:
        assert db.execute(select(t.mails)).all() == []


# --- at once


def test_the_mail_of_this_week_is_sent_on_request_once_an_hour(
    engine: Engine, settings: Config, app: Flask, now: Instant
) -> None:
    with mail_server() as (box, url):
        assert "on its way to ida@shop.example" in post(app, "/shops/1/mails/weekly")
        assert "It was sent within this hour" in post(app, "/shops/1/mails/weekly")
        assert "on its way to eva@shop.example" in post(app, "/shops/1/mails/weekly", "eva@shop.example")
        Postman(engine, replace(settings, smtp_url=url), lambda: now).step()
        assert sorted(mail["To"] for mail in box.mails) == ["eva@shop.example", "ida@shop.example"]
        assert "on its way" in post(make_app(engine, settings, now + HOUR), "/shops/1/mails/weekly")
    assert chosen(engine) == NOBODY


def test_where_nothing_was_measured_nothing_is_sent(app: Flask) -> None:
    assert "Nothing was measured last week" in post(app, "/shops/2/mails/weekly")


# --- no more


def link(settings: Config, shop_id: int = 1, user_id: int = 1, kind: str = choices.WEEKLY) -> str:
    return choices.leave_link(shop_id, user_id, kind, settings).removeprefix("https://k.example")


@pytest.fixture
def wanted(app: Flask, engine: Engine, now: Instant) -> dict[tuple[int, int], tuple[bool, bool | None]]:
    """Everybody wants everything."""
    with writing(engine) as db:
        for shop_id, user_id in NOBODY:
            choices.choose(db, shop_id, user_id, now, weekly=True, alarms=True)
    return dict.fromkeys(NOBODY, (True, True))


def test_looking_at_the_link_changes_nothing(app: Flask, engine: Engine, settings: Config, wanted: object) -> None:
    page = app.test_client().get(link(settings, 2))
    assert page.status_code == 200
    assert "No more weekly mail of &lt;b&gt;Second&lt;/b&gt;?" in page.text
    assert app.test_client().head(link(settings)).status_code == 200
    assert chosen(engine) == wanted


@pytest.mark.parametrize(("kind", "left"), [("weekly", (False, True)), ("alarms", (True, False))])
def test_one_click_ends_this_one_mail(
    app: Flask, engine: Engine, settings: Config, wanted: dict[tuple[int, int], object], kind: str, left: object
) -> None:
    """As a mail program does it: no cookie, no token, no login, and no redirection (RFC 8058)."""
    for _ in range(2):  # however often it is sent
        answer = app.test_client().post(link(settings, kind=kind), data={"List-Unsubscribe": "One-Click"})
        assert answer.status_code == 200
        assert "Set-Cookie" not in answer.headers
        assert chosen(engine) == {**wanted, (1, 1): left}


def test_the_link_of_a_mail_is_the_one_that_ends_it(engine: Engine, settings: Config, app: Flask, now: Instant) -> None:
    post(app, "/shops/1/mails", "eva@shop.example", weekly="on", alarms="on")
    with mail_server() as (box, url):
        post(app, "/shops/1/mails/weekly", "eva@shop.example")
        Postman(engine, replace(settings, smtp_url=url), lambda: now).step()
    address = box.mails[0]["List-Unsubscribe"].strip("<>")
    assert address in parts(box.mails[0])[0]
    assert app.test_client().post(address.removeprefix("https://k.example")).status_code == 200
    assert chosen(engine)[1, 2] == (False, True)


def test_a_link_that_is_not_ours_does_nothing(app: Flask, engine: Engine, settings: Config, wanted: object) -> None:
    of_ida, of_eva = link(settings), link(settings, user_id=2)
    body, signature = of_ida.rsplit(".", 1)
    other_key = replace(settings, secret_key="somebody else's")
    forged = [
        f"{of_eva.rsplit('.', 1)[0]}.{signature}",  # Ida's signature under Eva's name
        f"{body}.{'A' * len(signature)}",
        body,
        f"{of_ida}x",
        link(other_key),
        "/unsubscribe/made-up",
    ]
    for address in forged:
        for answer in (app.test_client().get(address), app.test_client().post(address)):
            assert answer.status_code == 410, address
            assert "Own" not in answer.text
    assert chosen(engine) == wanted


def test_a_link_of_another_purpose_is_none_of_these(app: Flask, engine: Engine, settings: Config, wanted: object) -> None:
    told = sign("invitation", [1, 1, "weekly"], settings.secret_key)
    assert app.test_client().post(f"/unsubscribe/{told}").status_code == 410
    assert chosen(engine) == wanted


def test_who_left_the_shop_gets_nothing_and_the_link_still_answers(
    app: Flask, engine: Engine, settings: Config, wanted: object
) -> None:
    with writing(engine) as db:
        db.execute(t.memberships.delete().where(t.memberships.c.user_id == 2))
    assert app.test_client().post(link(settings, user_id=2)).status_code == 200
