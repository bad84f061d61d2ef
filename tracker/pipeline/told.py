"""What is counted as it is told, and not as a part of anybody's journey: mails, since most go to people who are not on one just
now, and a state of bounded size could not remember years of newsletters; and crawlers' visits, which are nobody's.

Each on the day on which it happened, in the shop's zone of now: a change of zone leaves the amounts where they are.  No state
explains them again, so they are part of the residue (generation 0), with which every generation begins.  Events are unique, so
what is told twice counts once.

Families of the counters:
  mail      sent, opened, clicked, bounced, complained by purpose and campaign (`sent:<purpose>|<campaign>`); subscribed,
            unsubscribed
  crawlers  `visits:<crawler>`, named as enrich.bot does
  crawled   `visits:<crawler>|<path>`
A day tells MOST_CRAWLERS crawlers apart, and MOST_PAGES pages of each, whatever an adapter sends: the first that are told.  The
rest is counted under OTHERS, and under the path "".
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator

from sqlalchemy import Connection

from tracker.enrich import read_address
from tracker.events.types import Event
from tracker.journey.contribution import Change, day_on
from tracker.journey.state import MAX_KEY
from tracker.pipeline import counters
from tracker.pipeline.frames import Frames

MOST_CRAWLERS, MOST_PAGES = 40, 200
OTHERS = "others"

_MAILS = {
    "email_sent": "sent",
    "email_opened": "opened",
    "email_clicked": "clicked",
    "email_bounced": "bounced",
    "email_complained": "complained",
}
_LISTS = {"newsletter_subscribe": "subscribed", "newsletter_unsubscribe": "unsubscribed"}


def count_told(db: Connection, frames: Frames, events: Iterable[Event]) -> None:
    """Those among new events."""
    shop_id, zone = frames.current.shop.shop_id, frames.current.settings.tz
    days: dict[int, list[Event]] = defaultdict(list)
    changes: list[Change] = []
    for event in events:
        if event.type == "crawler_visit":
            days[day_on(event.occurred_at, zone)].append(event)
        elif (name := _mail(event)) is not None and event.bot is None:
            changes.append(("mail", day_on(event.occurred_at, zone), ("",), {name: 1}))
    for day, visits in days.items():
        changes += _crawled(db, shop_id, day, visits)
    if changes:
        generations = (counters.RESIDUE, *{frames.current.generation, frames.newest.generation})
        counters.add_changes(db, shop_id, {generations: changes})


def _mail(event: Event) -> str | None:
    if event.type in _MAILS:
        campaign = str(event.data.get("campaign") or "").replace("|", "/")[:MAX_KEY]
        return f"{_MAILS[event.type]}:{event.data.get('purpose') or 'other'}|{campaign}"
    return _LISTS.get(event.type)


def _crawled(db: Connection, shop_id: int, day: int, visits: Iterable[Event]) -> Iterator[Change]:
    """Of one day."""
    crawlers = _known(db, shop_id, "crawlers", day)
    pages: dict[str, set[str]] = defaultdict(set)
    for name in _known(db, shop_id, "crawled", day):
        crawler, _, path = name.partition("|")
        pages[crawler].add(path)
    counts: Counter[str] = Counter()
    reads: Counter[str] = Counter()
    for visit in visits:
        crawler = _told_apart((visit.bot or "").replace("|", "/"), crawlers, MOST_CRAWLERS, OTHERS)
        path = read_address(visit.page.url).kept_path[:MAX_KEY] if visit.page else ""
        counts[f"visits:{crawler}"] += 1
        reads[f"visits:{crawler}|{_told_apart(path, pages[crawler], MOST_PAGES, '')}"] += 1
    yield "crawlers", day, ("",), counts
    yield "crawled", day, ("",), reads


def _told_apart(name: str, known: set[str], most: int, others: str) -> str:
    """The name, which is known from now on, or what stands for those beyond the most."""
    if name not in known and len(known) >= most:
        return others
    known.add(name)
    return name


def _known(db: Connection, shop_id: int, family: str, day: int) -> set[str]:
    """The keys that the day has already."""
    days = counters.read_days(db, shop_id, counters.RESIDUE, family, "", day, day)
    return {name.partition(":")[2] for _, amounts in days for name in amounts}
