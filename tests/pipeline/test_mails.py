"""Mails are counted whoever gets them, once, and by every generation of counters."""

from __future__ import annotations

from sqlalchemy import Engine

from tests.builders import HOLD, START, add_shop, counters, event, intake_row, told, work_in
from tracker.clock import DAY, MINUTE
from tracker.pipeline.rebuild import build_slice, start_building
from tracker.shops import Shop, find_shop
from tracker.storage import writing

LETTER = {"email": "anna@b.dk", "data": {"message_id": "m-1", "purpose": "newsletter", "campaign": "uge|37"}}


def mails(engine: Engine, shop: Shop) -> dict[str, int]:
    with engine.connect() as db:
        return counters(db, shop, family="mail")


def test_a_mail_to_somebody_who_never_came_counts_once(engine: Engine) -> None:
    shop = add_shop(engine)
    sent, clicked = told("email_sent", **LETTER), told("email_clicked", START + MINUTE, **LETTER)
    work_in(engine, shop, intake_row(shop, sent, clicked))
    work_in(engine, shop, intake_row(shop, sent), intake_row(shop, told("email_bounced", START + MINUTE, email="b@b.dk")))
    assert mails(engine, shop) == {"sent:newsletter|uge/37": 1, "clicked:newsletter|uge/37": 1, "bounced:other|": 1}


def test_who_takes_and_cancels_the_newsletter_is_counted_but_no_machine(engine: Engine) -> None:
    shop = add_shop(engine)
    taken = [event("newsletter_subscribe", START + n, visitor_key=f"v{n}", bot="crawler:X" if n else None) for n in range(2)]
    work_in(engine, shop, intake_row(shop, *taken, told("newsletter_unsubscribe", START + DAY, email="anna@b.dk")))
    assert mails(engine, shop) == {"subscribed": 1, "unsubscribed": 1}


def test_a_generation_built_anew_knows_mails_of_before_and_of_meanwhile(engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, event(), told("email_sent", **LETTER)))
    with writing(engine) as db:
        shop = start_building(db, shop, shop.settings, START + DAY)
    work_in(engine, shop, intake_row(shop, told("email_opened", START + MINUTE, **LETTER)))
    while shop.building:
        with writing(engine) as db:
            shop = build_slice(db, find_shop(db, shop.shop_id) or shop, HOLD, START + DAY)
    work_in(engine, shop, intake_row(shop, told("email_opened", START + 2 * MINUTE, **LETTER)))
    assert shop.generation == 2
    assert mails(engine, shop) == {"sent:newsletter|uge/37": 1, "opened:newsletter|uge/37": 2}
