"""Members of a shop, and how one becomes one."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Engine, select

from tests.http.site import Clock, add_shop, add_user, logged_in, make_app, post, token
from tracker import audit, shops
from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.config import Config
from tracker.outbox.compose import Letter
from tracker.outbox.deliver import claim
from tracker.outbox.enqueue import enqueue
from tracker.storage import writing

NEW = "vinterfrakke 25"


@pytest.fixture
def clock(now: Instant) -> Clock:
    return Clock(now)


@pytest.fixture
def app(engine: Engine, config: Config, clock: Clock) -> Flask:
    shop = add_shop(engine, clock.now)
    add_user(engine, clock.now, shop)
    add_user(engine, clock.now, shop, email="eva@shop.example", name="Eva", role="analyst")
    return make_app(engine, replace(config, public_url="https://k.example"), clock)


@pytest.fixture
def mailing(engine: Engine, config: Config, clock: Clock, app: Flask) -> Flask:
    """The same installation with mail."""
    return make_app(engine, replace(config, public_url="https://k.example", smtp_url="smtp://mail.example"), clock)


def roles(engine: Engine, shop_id: int = 1) -> dict[str, str]:
    query = select(t.users.c.email, t.memberships.c.role).join(t.memberships, t.users.c.user_id == t.memberships.c.user_id)
    with engine.connect() as db:
        return {row.email: row.role for row in db.execute(query.where(t.memberships.c.shop_id == shop_id))}


def mails(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as db:
        return [dict(row) for row in db.execute(select(t.mails).order_by(t.mails.c.created_at, t.mails.c.cause)).mappings()]


def kinds(engine: Engine, shop_id: int = 1) -> list[str]:
    with engine.connect() as db:
        return sorted(entry.kind for entry in audit.read(db, shop_id) if entry.kind != "login")


def invite(app: Flask, email: str = "new@shop.example", role: str = "marketer") -> str:
    """The path of the link that the page shows while mail is off."""
    client = logged_in(app)
    assert post(client, "/shops/1/members/invite", email=email, role=role).status_code == 302
    return shown_link(client.get("/shops/1/members").text)


def shown_link(text: str) -> str:
    found = re.search(r"https://k\.example(/invitations/[^<\s]+)", text)
    assert found, text
    return found[1]


# --- members


def test_the_page_shows_everybody_with_their_role(app: Flask) -> None:
    page = logged_in(app).get("/shops/1/members").text
    assert "eva@shop.example" in page
    assert "the only owner" in page


def test_a_role_is_changed_and_holds_at_once(app: Flask, engine: Engine) -> None:
    eva = logged_in(app, "eva@shop.example")
    assert eva.get("/shops/1/members").status_code == 403
    post(logged_in(app), "/shops/1/members/2/role", role="owner")
    assert eva.get("/shops/1/members").status_code == 200
    assert kinds(engine) == ["role"]


def test_who_is_removed_sees_nothing_from_then_on(app: Flask, engine: Engine) -> None:
    ida, eva = logged_in(app), logged_in(app, "eva@shop.example")
    asked = post(ida, "/shops/1/members/2/remove")
    assert "They will not see this shop any more" in asked.text
    assert roles(engine)["eva@shop.example"] == "analyst"
    assert post(ida, "/shops/1/members/2/remove", sure="yes").status_code == 302
    assert eva.get("/shops/1/stages").status_code == 404
    assert roles(engine) == {"ida@shop.example": "owner"}


@pytest.mark.parametrize(
    ("path", "data"),
    [
        ("1/role", {"role": "analyst"}),
        ("1/remove", {"sure": "yes"}),
        ("2/role", {"role": "emperor"}),
        ("99/role", {"role": "owner"}),
        ("99/remove", {"sure": "yes"}),
    ],
    ids=["the last owner steps down", "the last owner goes", "no such role", "no member", "removing no member"],
)
def test_what_cannot_be_is_refused_in_words(app: Flask, engine: Engine, path: str, data: dict[str, str]) -> None:
    answer = post(logged_in(app), f"/shops/1/members/{path}", **data)
    assert answer.status_code == 400
    assert "Not saved:" in answer.text
    assert roles(engine) == {"ida@shop.example": "owner", "eva@shop.example": "analyst"}
    assert kinds(engine) == []


def test_an_owner_may_go_when_another_stays(app: Flask, engine: Engine) -> None:
    ida = logged_in(app)
    post(ida, "/shops/1/members/2/role", role="owner")
    assert post(ida, "/shops/1/members/1/remove", sure="yes").headers["Location"] == "/"
    assert roles(engine) == {"eva@shop.example": "owner"}


def test_members_of_another_shop_are_not_to_be_reached_through_mine(app: Flask, engine: Engine, now: Instant) -> None:
    other = add_shop(engine, now, "Other")
    user_id = add_user(engine, now, other, email="per@other.example")
    assert post(logged_in(app), f"/shops/1/members/{user_id}/remove", sure="yes").status_code == 400
    assert roles(engine, other.shop_id) == {"per@other.example": "owner"}


# --- invitations


def test_a_new_person_chooses_a_password_and_is_in(app: Flask, engine: Engine) -> None:
    path, client = invite(app), app.test_client()
    page = client.get(path)
    assert "You are invited to Strandgade" in page.text
    data = {"name": "Nis", "new": NEW, "csrf_token": token(page)}
    assert client.post(path, data=data).headers["Location"] == "/shops/1/overview"
    assert client.get("/shops/1/stages").status_code == 200
    assert roles(engine)["new@shop.example"] == "marketer"
    assert kinds(engine) == ["invited", "joined"]
    assert logged_in(app).get("/shops/1/members").text.count("new@shop.example") == 1


def test_a_link_works_once(app: Flask) -> None:
    path, client = invite(app), app.test_client()
    client.post(path, data={"name": "Nis", "new": NEW, "csrf_token": token(client.get(path))})
    late = app.test_client()
    assert late.get(path).status_code == 410
    answer = late.post(path, data={"name": "Per", "new": NEW, "csrf_token": token(late.get("/login"))})
    assert answer.status_code == 410


def test_a_link_holds_for_seven_days(app: Flask, clock: Clock) -> None:
    path = invite(app)
    clock.now += 7 * DAY - 1
    assert app.test_client().get(path).status_code == 200
    clock.now += 1
    assert app.test_client().get(path).status_code == 410


def test_a_withdrawn_invitation_works_no_more(app: Flask, engine: Engine) -> None:
    path, ida = invite(app), logged_in(app)
    [address] = re.findall(r'action="([^"]+/withdraw)"', ida.get("/shops/1/members").text)
    post(ida, address)
    assert app.test_client().get(path).status_code == 410
    assert post(ida, address).status_code == 400
    assert kinds(engine) == ["invitation_withdrawn", "invited"]


def test_sending_again_makes_the_link_before_void(app: Flask, engine: Engine, clock: Clock) -> None:
    first, ida = invite(app), logged_in(app)
    clock.now += 8 * DAY
    [address] = re.findall(r'action="([^"]+/resend)"', ida.get("/shops/1/members").text)
    post(ida, address)
    second = shown_link(ida.get("/shops/1/members").text)
    assert (app.test_client().get(first).status_code, app.test_client().get(second).status_code) == (410, 200)


def test_who_has_an_account_logs_in_and_joins(app: Flask, engine: Engine, now: Instant) -> None:
    add_user(engine, now, add_shop(engine, now, "Other"), email="per@other.example")
    path, client = invite(app, "per@other.example", "analyst"), app.test_client()
    assert "You have an account already" in client.get(path).text
    refused = client.post(path, data={"name": "Evil", "new": NEW, "csrf_token": token(client.get("/login"))})
    assert refused.headers["Location"] == path  # nobody takes over an account by its invitation
    per = logged_in(app, "per@other.example")
    assert per.post(path, data={"csrf_token": token(per.get(path))}).headers["Location"] == "/shops/1/overview"
    assert roles(engine)["per@other.example"] == "analyst"
    assert roles(engine, 2)["per@other.example"] == "owner"


def test_who_is_logged_in_as_somebody_else_is_told_so(app: Flask) -> None:
    path, eva = invite(app), logged_in(app, "eva@shop.example")
    page = eva.get(path)
    assert "You are logged in as eva@shop.example" in page.text
    out = eva.post("/logout", data={"next": path, "csrf_token": token(page)})
    assert out.headers["Location"] == path


@pytest.mark.parametrize("link", ["made-up", "WzEsImEiLDFd.xxxxxxxxxxxxxxxxxxxxxxxxxxx"])
def test_a_made_up_link_is_nobodys(app: Flask, link: str) -> None:
    assert app.test_client().get(f"/invitations/{link}").status_code == 410


@pytest.mark.parametrize(
    ("email", "role"),
    [("no address", "analyst"), ("eva@shop.example", "owner"), ("x@y.example", "emperor"), ("a@x.dk\nBcc: b@x.dk", "owner")],
    ids=["no address", "a member already", "no role", "a header"],
)
def test_an_invitation_that_cannot_be_is_refused_in_words(app: Flask, engine: Engine, email: str, role: str) -> None:
    assert post(logged_in(app), "/shops/1/members/invite", email=email, role=role).status_code == 400
    assert kinds(engine) == []


def test_nobody_is_invited_twice(app: Flask) -> None:
    invite(app)
    again = post(logged_in(app), "/shops/1/members/invite", email="NEW@shop.example", role="owner")
    assert "invited already" in again.text


def test_a_short_password_is_said_and_nothing_is_used_up(app: Flask, engine: Engine) -> None:
    path, client = invite(app), app.test_client()
    client.post(path, data={"name": "Nis", "new": "short", "csrf_token": token(client.get(path))})
    assert "at least ten characters" in client.get(path).text
    assert "new@shop.example" not in roles(engine)


def test_with_mail_the_link_goes_to_its_reader_alone(mailing: Flask, engine: Engine) -> None:
    ida = logged_in(mailing)
    post(ida, "/shops/1/members/invite", email="new@shop.example", role="marketer")
    [mail] = mails(engine)
    assert (mail["shop_id"], mail["to"], mail["kind"]) == (1, "new@shop.example", "invitation")
    assert "/invitations/" not in ida.get("/shops/1/members").text.replace("/members/invitations/", "")
    path = shown_link(mail["text"])
    assert mailing.test_client().get(path).status_code == 200
    [again] = re.findall(r'action="([^"]+/resend)"', ida.get("/shops/1/members").text)
    post(ida, again)
    assert len(mails(engine)) == 2


def test_an_invitation_of_another_shop_is_not_to_be_reached_through_mine(app: Flask, engine: Engine, now: Instant) -> None:
    from tracker.http import invitations

    with writing(engine) as db:
        other = shops.add_shop(db, "Other", ("other.example",), now)
        made = invitations.invite(db, other.shop_id, "x@other.example", "owner", "per@other.example", now)
    assert post(logged_in(app), f"/shops/1/members/invitations/{made.invitation_id}/withdraw").status_code == 400
    with engine.connect() as db:
        assert len(invitations.of_shop(db, other.shop_id)) == 1


def test_what_is_owed_to_who_is_no_member_any_more_is_not_sent(mailing: Flask, engine: Engine, clock: Clock) -> None:
    letter = Letter("Your week", "42 orders", "<p>42 orders</p>")
    with writing(engine) as db:
        for shop_id, to in ((1, "eva@shop.example"), (1, "ida@shop.example"), (2, "eva@shop.example")):
            enqueue(db, shop_id, "weekly", to, letter, f"weekly {shop_id} {to}", clock.now)
    client = logged_in(mailing)
    assert post(client, "/shops/1/members/invite", email="new@shop.example", role="analyst").status_code == 302
    with engine.connect() as db:
        invitation_id = db.execute(select(t.invitations.c.invitation_id)).scalar_one()
    post(client, f"/shops/1/members/invitations/{invitation_id}/withdraw")
    post(client, "/shops/1/members/2/remove", sure="yes")
    told = {(mail["shop_id"], mail["to"]): mail["parked_at"] for mail in mails(engine)}
    assert told == {
        (1, "eva@shop.example"): clock.now, (1, "new@shop.example"): clock.now, (1, "ida@shop.example"): None,
        (2, "eva@shop.example"): None,
    }  # fmt: skip
    with writing(engine) as db:
        assert claim(db, 1, clock.now).to == "ida@shop.example"  # type: ignore[union-attr]
        assert claim(db, 1, clock.now) is None
