"""Alarms by mail: one when it begins, one when it is over, none in between, and at most one a day."""

from __future__ import annotations

import pytest
from sqlalchemy import Engine, select, update

from tests.builders import START, add_shop, event, intake_row, work_in
from tests.http.site import add_shop as add_named_shop
from tests.http.site import add_user
from tests.subscriptions.mailing import Mailing, parts
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant, parse
from tracker.pipeline.leases import NEWS
from tracker.shops import Shop
from tracker.storage import writing
from tracker.subscriptions.mornings import next_morning

NOON = parse("2026-09-16T12:00:00+02:00")  # a Wednesday


@pytest.fixture
def shop(engine: Engine, now: Instant, post: Mailing) -> Shop:
    """With an owner, and events on each of the days before today."""
    shop = add_named_shop(engine, now)
    add_user(engine, now, shop, locale="en")
    for days in range(1, 6):
        post.arrive(shop, NOON - days * DAY, accepted=50)
    return shop


def subjects(post: Mailing) -> list[str]:
    return [mail["Subject"] for mail in post.box.mails]


BEGAN, OVER = "Strandgade: Signed events are refused", "Strandgade: over – Signed events are refused"


def test_it_is_told_when_it_begins_with_what_to_do(post: Mailing, shop: Shop) -> None:
    assert post.look(NOON) == []
    post.arrive(shop, NOON, accepted=50, refused=1)
    [mail] = post.look(NOON)
    text, html = parts(mail)
    assert mail["Subject"] == BEGAN
    assert mail["To"] == "ida@shop.example"
    for told in (text, html):
        assert "Check the secret in the shop" in told
        assert "since Sep 16, 2026" in told
        assert "https://k.example/shops/1/data-health" in told
    assert mail["List-Unsubscribe"].startswith("<https://k.example/unsubscribe/")
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


def test_it_is_told_once_however_long_it_rings(post: Mailing, shop: Shop) -> None:
    for days in range(40):  # longer than the period that alarms look at
        post.arrive(shop, NOON + days * DAY, accepted=50, refused=1)
        for hours in (0, 1, 8):
            post.look(NOON + days * DAY + hours * HOUR)
    assert subjects(post) == [BEGAN]


def test_its_end_is_told_after_a_good_day(post: Mailing, shop: Shop) -> None:
    post.arrive(shop, NOON, accepted=50, refused=1)
    post.look(NOON)
    post.arrive(shop, NOON + DAY, accepted=50)
    assert post.look(NOON + DAY) == []  # yesterday was not
    post.arrive(shop, NOON + 2 * DAY, accepted=50)
    post.look(NOON + 2 * DAY)
    post.look(NOON + 3 * DAY)
    assert subjects(post) == [BEGAN, OVER]


def test_one_that_comes_and_goes_does_not_flood(post: Mailing, shop: Shop) -> None:
    """Bad every other day for a month."""
    for days in range(30):
        post.arrive(shop, NOON + days * DAY, accepted=50, **({"refused": 1} if days % 2 == 0 else {}))
        for hours in (0, 2, 6, 11):
            with writing(post.engine) as db:
                db.execute(update(t.leases).values(look_at=0))
            post.look(NOON + days * DAY + hours * HOUR)
    assert subjects(post) == [BEGAN]


def test_a_second_ringing_is_told_anew(post: Mailing, shop: Shop) -> None:
    bad = {0, 7}
    for days in range(10):
        post.arrive(shop, NOON + days * DAY, accepted=50, **({"refused": 1} if days in bad else {}))
        post.look(NOON + days * DAY)
    assert subjects(post) == [BEGAN, OVER, BEGAN, OVER]
    assert post.causes("alarm") == ["alarm signatures 20260916 1", "alarm signatures 20260923 1"]


def test_nothing_arriving_is_said_the_morning_after_though_nobody_touches_the_shop(post: Mailing, shop: Shop) -> None:
    post.arrive(shop, NOON, accepted=50)
    post.look(NOON)
    post.look(post.look_at(shop))
    assert subjects(post) == []  # Thursday: it is not over yet
    post.look(post.look_at(shop))
    assert subjects(post) == ["Strandgade: Nothing arrives"]
    assert "there is no weekly mail either" in parts(post.box.mails[0])[0]


def test_who_wants_only_the_weekly_mail_hears_why_there_is_none(engine: Engine, post: Mailing, shop: Shop) -> None:
    eva = add_user(engine, NOON, shop, email="eva@shop.example", role="analyst", locale="en")
    post.choose(shop, eva, weekly=True)
    for days in (0, 1, 2):
        post.look(NOON + days * DAY)
    assert sorted(mail["To"] for mail in post.box.mails) == ["eva@shop.example", "ida@shop.example"]


@pytest.mark.parametrize(("role", "chosen", "gets"), [
    ("owner", None, True), ("owner", False, False), ("analyst", None, False), ("marketer", None, False),
    ("analyst", True, True),
])  # fmt: skip
def test_owners_get_them_unless_they_say_no(
    engine: Engine, post: Mailing, shop: Shop, role: str, chosen: bool | None, gets: bool
) -> None:
    user_id = add_user(engine, NOON, shop, email="eva@shop.example", role=role)
    if chosen is not None:
        post.choose(shop, user_id, alarms=chosen)
    post.arrive(shop, NOON, accepted=50, refused=1)
    post.look(NOON)
    assert ("eva@shop.example" in [mail["To"] for mail in post.box.mails]) is gets


def test_each_is_told_in_their_language_and_once(engine: Engine, post: Mailing, shop: Shop) -> None:
    add_user(engine, NOON, shop, email="eva@shop.example", locale="sv")
    post.arrive(shop, NOON, accepted=50, refused=1)
    post.look(NOON)
    with writing(engine) as db:  # as if what was told had been forgotten
        db.execute(t.ringing.delete())
        db.execute(update(t.leases).values(look_at=0))
    post.look(NOON + MINUTE)
    assert len(post.box.mails) == 2
    assert {'<html lang="en">' in parts(mail)[1] for mail in post.box.mails} == {True, False}


def test_what_comes_in_brings_the_next_look_near(engine: Engine, post: Mailing) -> None:
    """Worked in as the worker does it, on the shop's lease."""
    shop = add_shop(engine)
    post.look(START)
    assert post.look_at(shop) == next_morning(START, shop.settings.tz)
    work_in(engine, shop, intake_row(shop, event()), now=START + MINUTE)
    assert post.look_at(shop) == START + MINUTE + NEWS
    work_in(engine, shop, intake_row(shop, event()), now=START + 2 * MINUTE)
    assert post.look_at(shop) == START + MINUTE + NEWS  # every fifteen minutes at most, and at least


def test_what_comes_in_during_a_look_is_looked_at(engine: Engine, post: Mailing) -> None:
    shop = add_shop(engine)
    post.now = START
    crier = post.crier
    tell = crier._tell

    def slowly(shop_id: int, now: Instant) -> tuple[int, Instant]:
        told = tell(shop_id, now)
        work_in(engine, shop, intake_row(shop, event()), now=now + MINUTE)
        return told

    crier._tell = slowly  # type: ignore[method-assign]
    crier.step()
    assert post.look_at(shop) == START + MINUTE + NEWS
    with engine.connect() as db:
        assert db.execute(select(t.mails)).all() == []
