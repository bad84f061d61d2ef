"""The weekly mail over a real mail server: what it says, in whose language, when, and that it comes once."""

from __future__ import annotations

import threading

import pytest
from sqlalchemy import Engine, event, select, update

from tests.http.believable import fill
from tests.http.site import add_shop, add_user, logged_in, make_app
from tests.subscriptions.mailing import Mailing, addresses, parts
from tracker import shops
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant, parse
from tracker.outbox.deliver import Postman
from tracker.shops import Shop, ShopSettings
from tracker.storage import writing
from tracker.subscriptions.crier import CLAIM, Crier
from tracker.subscriptions.mornings import next_morning

MONDAY = parse("2026-09-14T07:00:00+02:00")  # two days before `now`
HOSTILE = "<script>alert(1)</script>\r\nBcc: all@shop.example"


@pytest.fixture
def shop(engine: Engine, now: Instant) -> Shop:
    return add_shop(engine, now, journeys=1_400)


def subscribe(engine: Engine, post: Mailing, shop: Shop, now: Instant, email: str = "ida@shop.example", **fields: str) -> int:
    """Wants the weekly mail since the week before, and no alarms."""
    user_id = add_user(engine, now, shop, email=email, **fields)
    post.now = MONDAY - 3 * DAY
    post.choose(shop, user_id, weekly=True)
    return user_id


# --- what it says

WORDS = {
    "en": ("213", "11,240\xa0DKK", "Journeys"),
    "da": ("213", "11.240", "Rejser"),
    "sv": ("213", "11\xa0240", "Resor"),
}


@pytest.mark.parametrize("locale", WORDS)
def test_it_tells_the_week_in_the_readers_language(
    engine: Engine, post: Mailing, shop: Shop, now: Instant, locale: str
) -> None:
    subscribe(engine, post, shop, now, locale=locale)
    [mail] = post.look(MONDAY)
    text, html = parts(mail)
    count, money, journeys = WORDS[locale]
    for told in (text, html):
        assert f"{count}" in told
        assert money in told
        assert journeys in told
    assert f'<html lang="{locale}">' in html
    assert mail["To"] == "ida@shop.example"


def test_the_plain_part_can_be_read(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now, locale="en")
    text, _ = parts(post.look(MONDAY)[0])
    for line in (
        "Journeys: 213, 12.1% more than the week before.",
        "Paid search brought 3 more orders than before.",
        "Orders: 10",
        "Mon, Sep 7",
        "  Journeys: 38  ####################",
        "Where do I lose most people?",
        "Which channel brought my best customers?",
        "What do people look for that I don't sell?",
        "Is anything not measured?",
    ):
        assert line in text.replace("\xa0", " ").splitlines()
    assert "Most are lost at the stage" in text
    assert "<" not in text
    assert "&amp;" not in text


def test_the_html_part_needs_nothing_from_elsewhere(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now)
    _, html = parts(post.look(MONDAY)[0])
    for word in ("<img", "<script", "<link", "url(", "@import"):
        assert word not in html
    assert len(html.encode()) < 100_000  # Gmail cuts off what is longer than 102 kB


def test_every_link_leads_to_a_page(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now)
    text, _ = parts(post.look(MONDAY)[0])
    client = logged_in(make_app(engine, post.config, now))
    found = addresses(text)
    assert len(found) >= 7
    for address in found:
        assert client.get(address.removeprefix("https://k.example")).status_code == 200, address


def test_foreign_text_stays_text(engine: Engine, post: Mailing, now: Instant) -> None:
    with writing(engine) as db:
        shop = shops.add_shop(db, HOSTILE, ("shop.example",), now)
        fill(db, shop, now, journeys=400, hostile="<b>Evil</b>")
    subscribe(engine, post, shop, now, name="<i>Ida</i>", locale="en")
    [mail] = post.look(MONDAY)
    text, html = parts(mail)
    assert "“<b>Evil</b>”" in text
    assert "&lt;b&gt;Evil&lt;/b&gt;" in html
    assert "<b>Evil" not in html
    assert "<script" not in html
    assert mail["Bcc"] is None
    assert mail["Subject"].startswith("<script>alert(1)</script> Bcc: all@shop.example")
    assert post.box.envelopes[0][1] == ["ida@shop.example"]


def test_a_week_without_anything_measured_has_no_mail(engine: Engine, post: Mailing, now: Instant) -> None:
    empty = add_shop(engine, now, "Empty")
    subscribe(engine, post, empty, now)
    assert post.look(MONDAY) == []
    assert post.causes() == []


# --- when


def test_it_comes_on_monday_at_seven_and_once(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now)
    post.look(MONDAY - 1)
    assert post.causes() == []  # the week before that one was over when it was chosen
    assert post.look_at(shop) == MONDAY
    assert len(post.look(MONDAY)) == 1
    for hours in (1, 24, 48, 6 * 24):
        with writing(engine) as db:
            db.execute(update(t.leases).values(look_at=0))
        post.look(MONDAY + hours * HOUR)
        assert post.causes() == ["weekly 1 2026-W37"]
    post.look(MONDAY + 7 * DAY)
    assert post.causes() == ["weekly 1 2026-W37", "weekly 1 2026-W38"]


@pytest.mark.parametrize(
    ("zone", "at"),
    [("America/New_York", "2026-09-14T07:00:00-04:00"), ("Asia/Tokyo", "2026-09-14T07:00:00+09:00")],
)
def test_it_comes_by_the_shops_own_clock(engine: Engine, post: Mailing, now: Instant, zone: str, at: str) -> None:
    with writing(engine) as db:
        abroad = shops.add_shop(db, "Abroad", ("shop.example",), now, ShopSettings(zone=zone))
        fill(db, abroad, now, journeys=200)
    subscribe(engine, post, abroad, now)
    assert post.look(parse(at) - 1) == []
    assert len(post.look(parse(at))) == 1


def test_who_chooses_it_on_a_wednesday_waits_for_monday(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    user_id = add_user(engine, now, shop)
    post.choose(shop, user_id, weekly=True)
    assert post.look(now) == []
    post.look(MONDAY + 7 * DAY)
    assert post.causes() == ["weekly 1 2026-W38"]


def test_a_shop_that_was_asleep_gets_the_last_week_alone(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now - 30 * DAY)
    post.now = MONDAY - 30 * DAY
    with writing(engine) as db:
        db.execute(update(t.memberships).values(weekly_since_at=post.now))
    post.look(now)  # nobody looked for a month; it is Wednesday
    assert post.causes() == ["weekly 1 2026-W37"]


def test_on_the_last_day_of_the_week_it_is_too_late(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now)
    post.look(MONDAY + 6 * DAY)
    assert post.causes() == []


def test_nobody_gets_it_without_having_chosen(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    for role in ("owner", "marketer", "analyst"):
        add_user(engine, now, shop, email=f"{role}@shop.example", role=role)
    post.look(MONDAY)
    assert post.causes() == []


# --- once and only once


def test_two_workers_at_the_same_moment_owe_one_mail(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    subscribe(engine, post, shop, now)
    post.now = MONDAY
    start = threading.Barrier(4)

    def work() -> None:
        crier = post.crier
        start.wait(30)
        crier.step()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    Postman(engine, post.config, lambda: MONDAY).step()
    assert len(post.box.mails) == 1
    assert post.causes() == ["weekly 1 2026-W37"]


class Killed(BaseException):
    """The process is gone: nothing that catches errors sees it."""


@pytest.mark.parametrize("after", ["claim", "owed"])
def test_a_worker_killed_in_between_is_made_up_for_once(
    engine: Engine, post: Mailing, shop: Shop, now: Instant, after: str
) -> None:
    subscribe(engine, post, shop, now)
    post.now = MONDAY

    class Doomed(Crier):
        def _tell(self, shop_id: int, now: Instant) -> tuple[int, Instant]:
            if after == "owed":
                super()._tell(shop_id, now)
            raise Killed

    with pytest.raises(Killed):
        Doomed(engine, post.config, lambda: MONDAY).step()
    assert post.look(MONDAY + MINUTE) == [] or after == "owed"  # for as long as the claim holds
    post.look(MONDAY + CLAIM)
    assert len(post.box.mails) == 1
    assert post.causes() == ["weekly 1 2026-W37"]


def test_what_cannot_be_told_of_one_shop_keeps_nothing_from_the_next(
    engine: Engine, post: Mailing, shop: Shop, now: Instant, caplog: pytest.LogCaptureFixture
) -> None:
    broken = add_shop(engine, now, "Broken", journeys=60)
    subscribe(engine, post, broken, now, email="eva@shop.example")
    subscribe(engine, post, shop, now)
    with writing(engine) as db:
        db.execute(update(t.counters).where(t.counters.c.shop_id == broken.shop_id).values(amounts=b"no such thing"))
    [mail] = post.look(MONDAY)
    assert mail["To"] == "ida@shop.example"
    assert f"shop={broken.shop_id} cannot be told about" in caplog.text


# --- what it costs


def test_a_thousand_idle_shops_cost_a_query_a_sweep(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    with writing(engine) as db:
        for i in range(1_000):
            shops.add_shop(db, f"Idle {i}", ("shop.example",), now)
        db.execute(update(t.leases).values(look_at=next_morning(now, shop.settings.tz)))
    asked: list[str] = []
    event.listen(engine, "before_cursor_execute", lambda _c, _cursor, statement, *_: asked.append(statement))
    assert post.crier.step() == 0
    assert len([statement for statement in asked if not statement.startswith("BEGIN")]) == 1


def test_an_idle_shop_is_looked_at_once_a_day(engine: Engine, post: Mailing, shop: Shop, now: Instant) -> None:
    add_user(engine, now, shop)
    post.look(now)
    assert post.look_at(shop) == next_morning(now, shop.settings.tz)
    with engine.connect() as db:
        assert db.execute(select(t.leases.c.look_at).where(t.leases.c.shop_id == shop.shop_id)).scalar_one() > now
