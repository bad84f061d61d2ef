"""What tests of the members' mails start from: a mail server, a crier and a postman with a clock of the test's own."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from email.message import EmailMessage
from typing import Any

from sqlalchemy import Engine, insert, select, update

from tests.outbox.server import MailBox, mail_server
from tracker import tables as t
from tracker.clock import Instant, day_of
from tracker.config import Config
from tracker.outbox.deliver import Postman
from tracker.reports.counters import day_number
from tracker.shops import Shop
from tracker.storage import writing
from tracker.subscriptions import choices
from tracker.subscriptions.crier import Crier


@dataclass
class Mailing:
    """Time goes on when the test says so; `look` owes and delivers everything that is due then."""

    engine: Engine
    config: Config
    box: MailBox
    now: Instant

    @property
    def crier(self) -> Crier:
        return Crier(self.engine, self.config, lambda: self.now)

    def look(self, at: Instant | None = None) -> list[EmailMessage]:
        """The mails that arrived because of it."""
        self.now, before = at or self.now, len(self.box.mails)
        self.crier.step()
        Postman(self.engine, self.config, lambda: self.now).step()
        return self.box.mails[before:]

    def choose(self, shop: Shop, user_id: int, *, weekly: bool = False, alarms: bool = False) -> None:
        with writing(self.engine) as db:
            choices.choose(db, shop.shop_id, user_id, self.now, weekly=weekly, alarms=alarms)

    def arrive(self, shop: Shop, at: Instant, **counts: int) -> None:
        """On that day this many events had this outcome, such as accepted=5 or refused=3; and the worker held the shop."""
        day = day_number(day_of(at, shop.settings.tz))
        reasons = {"accepted": "event", "refused": "bad_signature"}
        with writing(self.engine) as db:
            for kind, count in counts.items():
                row = {"shop_id": shop.shop_id, "day_on": day, "kind": kind, "reason": reasons[kind], "count": count}
                db.execute(insert(t.outcomes), row)
            db.execute(update(t.leases).where(t.leases.c.shop_id == shop.shop_id).values(look_at=at))

    def causes(self, kind: str = "weekly") -> list[str]:
        """Of the mails of this kind that were ever owed."""
        with self.engine.connect() as db:
            found = select(t.mails.c.cause).where(t.mails.c.kind == kind).order_by(t.mails.c.created_at, t.mails.c.cause)
            return list(db.execute(found).scalars())

    def look_at(self, shop: Shop) -> Instant:
        with self.engine.connect() as db:
            found: Instant = db.execute(select(t.leases.c.look_at).where(t.leases.c.shop_id == shop.shop_id)).scalar_one()
        return found


@contextmanager
def mailing(engine: Engine, config: Config, now: Instant) -> Iterator[Mailing]:
    with mail_server() as (box, url):
        settings = {"smtp_url": url, "mail_from": "Kunderejse <journeys@shop.example>", "public_url": "https://k.example"}
        yield Mailing(engine, replace(config, **settings), box, now)


def parts(mail: EmailMessage) -> tuple[str, str]:
    """(text, HTML)."""
    found: dict[str, Any] = {part.get_content_type(): part.get_content() for part in mail.walk() if not part.is_multipart()}
    return found["text/plain"], found["text/html"]


def addresses(text: str) -> list[str]:
    return re.findall(r"https://\S+", text)
