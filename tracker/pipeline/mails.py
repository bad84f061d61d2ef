"""Mails are counted as they are told of, not as a part of anybody's journey: most go to people who are not on one just now, and
a state of bounded size could not remember years of newsletters.

Family `mail` of the counters: sent, opened, clicked, bounced, complained by purpose and campaign (`sent:<purpose>|<campaign>`);
subscribed, unsubscribed.  On the day on which it happened, in the shop's zone of now: a change of zone leaves them where they
are.  No state explains these amounts again, so they are part of the residue (generation 0), with which every generation begins.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Connection

from tracker.events.types import Event
from tracker.journey.contribution import day_on
from tracker.journey.state import MAX_KEY
from tracker.pipeline import counters
from tracker.pipeline.frames import Frames

_MAILS = {
    "email_sent": "sent",
    "email_opened": "opened",
    "email_clicked": "clicked",
    "email_bounced": "bounced",
    "email_complained": "complained",
}
_LISTS = {"newsletter_subscribe": "subscribed", "newsletter_unsubscribe": "unsubscribed"}


def count_mails(db: Connection, frames: Frames, events: Iterable[Event]) -> None:
    """Those among new events."""
    zone = frames.current.settings.tz
    days: dict[int, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for event in events:
        name = _name(event)
        if name is not None and event.bot is None:
            days[day_on(event.occurred_at, zone)][name] += 1
    if days:
        rows = {("mail", "", day): names for day, names in days.items()}
        for generation in (counters.RESIDUE, *{frames.current.generation, frames.newest.generation}):
            counters.add(db, frames.current.shop.shop_id, generation, rows)


def _name(event: Event) -> str | None:
    if event.type in _MAILS:
        campaign = str(event.data.get("campaign") or "").replace("|", "/")[:MAX_KEY]
        return f"{_MAILS[event.type]}:{event.data.get('purpose') or 'other'}|{campaign}"
    return _LISTS.get(event.type)
