"""Mails: owed with their cause, sent once, tried again after a refusal, parked at last; and what goes over the wire."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import Engine, select

from tests.outbox.server import MailBox, mail_server
from tracker import tables as t
from tracker.clock import DAY, HOUR, MINUTE, Instant
from tracker.config import Config, ConfigError
from tracker.outbox.compose import KINDS, Letter, compose
from tracker.outbox.deliver import CLAIM, KEEP_BODY, KEEP_ROW, PAUSES, Postman, claim
from tracker.outbox.enqueue import ACCOUNTS, enqueue
from tracker.outbox.message import BadAddress, clean_address
from tracker.outbox.smtp import mail_server as mail_server_of
from tracker.storage import writing
from tracker.worker import Worker

LETTER = Letter("Blåbær & fløde", "Hej Ida\n", "<p>Hej <b>Ida</b></p>")


class Clock:
    def __init__(self, now: Instant) -> None:
        self.now = now

    def __call__(self) -> Instant:
        return self.now


@pytest.fixture
def box_and_url() -> Iterator[tuple[MailBox, str]]:
    with mail_server() as given:
        yield given


@pytest.fixture
def box(box_and_url: tuple[MailBox, str]) -> MailBox:
    return box_and_url[0]


@pytest.fixture
def mailing(config: Config, box_and_url: tuple[MailBox, str]) -> Config:
    return replace(
        config, smtp_url=box_and_url[1], mail_from="Kunderejse <journeys@shop.example>", public_url="https://k.example"
    )


@pytest.fixture
def clock(now: Instant) -> Clock:
    return Clock(now)


@pytest.fixture
def postman(engine: Engine, mailing: Config, clock: Clock) -> Postman:
    return Postman(engine, mailing, clock)


def owe(
    engine: Engine, now: Instant, cause: str = "a cause", shop_id: int = ACCOUNTS, to: str = "ida@shop.example", **more: Any
) -> bool:
    with writing(engine) as db:
        return enqueue(db, shop_id, "trial", to, LETTER, cause, now, **more)


def rows(engine: Engine) -> list[dict[str, Any]]:
    with engine.connect() as db:
        return [dict(row) for row in db.execute(select(t.mails).order_by(t.mails.c.cause)).mappings()]


def mark(engine: Engine) -> Instant | None:
    with engine.connect() as db:
        return db.execute(select(t.leases.c.mail_due_at).where(t.leases.c.shop_id == ACCOUNTS)).scalar_one()


def parts(message: EmailMessage) -> dict[str, str]:
    return {part.get_content_type(): part.get_content() for part in message.walk() if not part.is_multipart()}


# --- one mail


def test_a_mail_is_sent_once(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    assert owe(engine, now)
    assert [postman.step(), postman.step()] == [1, 0]
    [mail] = box.mails
    assert box.envelopes == [("journeys@shop.example", ["ida@shop.example"])]
    assert (mail["From"], mail["To"], mail["Subject"]) == (
        "Kunderejse <journeys@shop.example>", "ida@shop.example", "Blåbær & fløde",
    )  # fmt: skip
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Message-ID"].endswith(".0@k.example>")
    assert mail["List-Unsubscribe"] is None
    assert mail.get_content_type() == "multipart/alternative"
    assert {kind: text.strip() for kind, text in parts(mail).items()} == {
        "text/plain": LETTER.text.strip(),
        "text/html": LETTER.html,
    }
    [row] = rows(engine)
    assert (row["sent_at"], row["attempts"], row["trying_since_at"], row["last_error"]) == (now, 1, None, None)


def test_the_same_cause_owes_one_mail(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    assert [owe(engine, now), owe(engine, now), owe(engine, now, "another")] == [True, False, True]
    postman.step()
    assert len(box.mails) == 2


def test_a_mail_whose_cause_was_rolled_back_is_not_owed(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    with writing(engine) as db:
        enqueue(db, ACCOUNTS, "trial", "ida@shop.example", LETTER, "a cause", now)
        db.rollback()
    assert postman.step() == 0
    assert rows(engine) == []


def test_who_gets_a_list_can_leave_it_by_one_click(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    owe(engine, now, unsubscribe="https://k.example/u/1")
    postman.step()
    assert box.mails[0]["List-Unsubscribe"] == "<https://k.example/u/1>"
    assert box.mails[0]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


# --- refusals


def test_a_refused_mail_is_tried_again_after_growing_pauses(
    engine: Engine, postman: Postman, box: MailBox, clock: Clock, now: Instant
) -> None:
    box.answers = ["451 later, please", "451 still later"]
    owe(engine, now)
    assert [postman.step(), postman.step()] == [1, 0]
    [row] = rows(engine)
    assert (row["due_at"], row["last_error"], row["sent_at"]) == (now + PAUSES[0], "451 later, please", None)
    clock.now += PAUSES[0] - 1
    assert postman.step() == 0
    clock.now += 1
    assert postman.step() == 1
    assert rows(engine)[0]["due_at"] == clock.now + PAUSES[1]
    clock.now += PAUSES[1]
    assert postman.step() == 1
    assert len(box.mails) == 1
    assert rows(engine)[0]["sent_at"] == clock.now


def test_what_is_refused_for_good_is_parked_at_once(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    box.answers = ["550 no such person"]
    owe(engine, now)
    assert [postman.step(), postman.step()] == [1, 0]
    [row] = rows(engine)
    assert (row["parked_at"], row["sent_at"], row["last_error"]) == (now, None, "550 no such person")
    assert box.mails == []


def test_what_is_never_taken_is_parked_after_the_last_pause(
    engine: Engine, mailing: Config, clock: Clock, now: Instant
) -> None:
    nobody = Postman(engine, replace(mailing, smtp_url="smtp://127.0.0.1:9"), clock)
    owe(engine, now)
    tries = 0
    while rows(engine)[0]["parked_at"] is None:
        tries += nobody.step()
        clock.now += DAY
    assert tries == len(PAUSES) + 1
    assert "127.0.0.1:9" in rows(engine)[0]["last_error"]
    assert mark(engine) == rows(engine)[0]["due_at"]


def test_a_mail_that_fails_does_not_hold_up_the_next(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    box.answers = ["550 no"]
    owe(engine, now, "1")
    owe(engine, now + 0, "2")
    assert postman.step() == 2
    assert len(box.mails) == 1


# --- killed


def test_a_worker_killed_before_it_could_note_the_mail_sends_it_again_and_says_so(
    engine: Engine, postman: Postman, box: MailBox, clock: Clock, now: Instant
) -> None:
    owe(engine, now)
    with writing(engine) as db:
        claimed = claim(db, ACCOUNTS, now)  # and then nothing: the process is gone
    assert claimed is not None
    assert postman.step() == 0  # for as long as the claim holds
    clock.now += CLAIM
    assert postman.step() == 1
    [row] = rows(engine)
    assert (row["attempts"], row["sent_at"]) == (2, clock.now)
    assert "was cut off; it may have arrived, and is repeated" in row["last_error"]
    assert box.mails[0]["Message-ID"].startswith(f"<{claimed.mail_id}.")


def test_what_must_not_come_twice_is_parked_instead(
    engine: Engine, postman: Postman, box: MailBox, clock: Clock, now: Instant
) -> None:
    owe(engine, now, once=True)
    with writing(engine) as db:
        claim(db, ACCOUNTS, now)
    clock.now += CLAIM
    assert [postman.step(), postman.step()] == [0, 0]
    [row] = rows(engine)
    assert row["parked_at"] == clock.now
    assert "so it is not repeated" in row["last_error"]
    assert box.mails == []


def test_a_mail_that_kills_its_worker_every_time_is_parked(
    engine: Engine, postman: Postman, clock: Clock, now: Instant
) -> None:
    owe(engine, now)
    claims = 0
    while rows(engine)[0]["parked_at"] is None:
        with writing(engine) as db:
            claims += claim(db, ACCOUNTS, clock.now) is not None
        clock.now += CLAIM
    assert claims == len(PAUSES) + 1


def test_two_postmen_share_the_work(engine: Engine, mailing: Config, box: MailBox, now: Instant) -> None:
    for i in range(12):
        owe(engine, now, str(i), to=f"p{i}@shop.example")
    men = [Postman(engine, mailing, lambda: now) for _ in range(2)]
    threads = [threading.Thread(target=man.step) for man in men]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(to[0] for _, to in box.envelopes) == sorted(f"p{i}@shop.example" for i in range(12))


# --- what time takes away


def test_a_sent_mail_loses_its_body_and_then_goes(engine: Engine, postman: Postman, clock: Clock, now: Instant) -> None:
    owe(engine, now)
    postman.step()
    assert mark(engine) == now + KEEP_BODY
    clock.now = now + KEEP_BODY
    postman.step()
    [row] = rows(engine)
    assert (row["text"], row["html"], row["sent_at"]) == (None, None, now)
    clock.now = now + KEEP_ROW
    postman.step()
    assert rows(engine) == []
    assert mark(engine) is None


# --- beside the worker


def test_the_worker_brings_a_postman(engine: Engine, mailing: Config, box: MailBox, now: Instant) -> None:
    stop, taken = threading.Event(), threading.Event()
    box.on_taken = taken.set
    worker = threading.Thread(target=Worker(engine, mailing).run, args=(stop,))
    owe(engine, now)
    worker.start()
    assert taken.wait(30)
    stop.set()
    worker.join(30)
    assert rows(engine)[0]["sent_at"] is not None


# --- words


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"weekly"}))  # whose facts are longer: tests/subscriptions
@pytest.mark.parametrize("locale", ["en", "da", "sv"])
def test_every_mail_can_be_written_in_every_language(kind: str, locale: str) -> None:
    facts = {name: f"https://k.example/?a=1&b={name}" for name in KINDS[kind]}
    letter = compose(kind, locale, **facts)
    assert letter.subject
    assert f'<html lang="{locale}">' in letter.html
    for fact in facts.values():
        assert fact in letter.text
        assert fact.replace("&", "&amp;") in letter.html


def test_what_people_type_is_text_in_a_mail(now: Instant) -> None:
    facts = {
        "shop": "<b>Evil\nBcc: all@shop.example",
        "role": "Owner",
        "invited_by": "ida",
        "link": "https://k.example",
        "days": 7,
    }
    letter = compose("invitation", "en", **facts)
    assert "<b>Evil" not in letter.html
    assert "\n" not in letter.subject
    assert "&lt;" not in letter.text


def test_a_mail_is_told_the_facts_that_it_has() -> None:
    with pytest.raises(TypeError):
        compose("password", "en")
    with pytest.raises(KeyError):
        compose("nonsense", "en")


# --- addresses


@pytest.mark.parametrize(
    ("given", "clean"),
    [
        (" Ida@Shop.Example ", "ida@shop.example"),
        ("ida+shop@shop.example", "ida+shop@shop.example"),
        ("ida@blåbær.example", "ida@xn--blbr-roah.example"),
    ],
)
def test_an_address_is_cleaned(given: str, clean: str) -> None:
    assert clean_address(given) == clean


@pytest.mark.parametrize(
    "given",
    ["", "ida", "ida@", "@shop.example", "ida@shop", "a@x.dk,b@x.dk", "a@x.dk\nBcc: b@x.dk", "a b@x.dk", "<a@x.dk>", "a@x.dk>",
     "a@@x.dk", "a\r@x.dk", "a;b@x.dk", '"a b"@x.dk', "å@x.dk", "a@[127.0.0.1]", f"{'a' * 250}@x.dk", "a@.dk", "a@x..dk"],
    ids=repr,
)  # fmt: skip
def test_what_is_no_address_is_refused(given: str) -> None:
    with pytest.raises(BadAddress):
        clean_address(given)


def test_a_subject_cannot_bring_headers_along(engine: Engine, postman: Postman, box: MailBox, now: Instant) -> None:
    with writing(engine) as db:
        evil = replace(LETTER, subject="Hi\r\nBcc: all@shop.example\r\n\r\nbody")
        enqueue(db, ACCOUNTS, "trial", "ida@shop.example", evil, "a cause", now)
    postman.step()
    assert box.mails[0]["Subject"] == "Hi Bcc: all@shop.example body"
    assert box.mails[0]["Bcc"] is None
    assert box.envelopes[0][1] == ["ida@shop.example"]


# --- settings


def settings(url: str, sender: str = "journeys@shop.example") -> Config:
    return Config(smtp_url=url, mail_from=sender)


def test_the_address_of_the_mail_server_is_read() -> None:
    server = mail_server_of(settings("smtp+starttls://ida%40shop:p%3Aw@mail.example"))
    assert (server.host, server.port, server.user, server.password) == ("mail.example", 587, "ida@shop", "p:w")
    assert mail_server_of(settings("smtps://mail.example")).port == 465


@pytest.mark.parametrize("url", ["mail.example", "http://mail.example", "smtp://", "smtp://mail.example:x"], ids=repr)
def test_a_wrong_address_of_the_mail_server_says_what_to_write(url: str) -> None:
    with pytest.raises(ConfigError, match="KUNDEREJSE_SMTP_URL must be like smtp://host:25"):
        mail_server_of(settings(url))


@pytest.mark.parametrize("sender", ["", "Kunderejse <>"], ids=repr)
def test_a_mail_server_needs_a_sender(sender: str) -> None:
    with pytest.raises(ConfigError, match="KUNDEREJSE_MAIL_FROM must say"):
        mail_server_of(settings("smtp://mail.example", sender))


def test_pauses_grow() -> None:
    assert list(PAUSES) == sorted(set(PAUSES))
    assert PAUSES[0] == MINUTE
    assert sum(PAUSES) > 24 * HOUR
