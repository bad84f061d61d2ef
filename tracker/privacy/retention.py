"""What time takes away, person by person: events older than the shop keeps are folded into a base state; people who did
nothing for longer than it remembers them are forgotten.  Totals stay.

A base is a checkpoint from which every rebuild of the subject starts: its events are gone, its journeys are in it.  What
happened before its cut (`Subject.base_at`) and arrives later, or comes over with a link, is dropped and counted.  Some subjects
are done in a transaction, so that live work goes on.
What is nobody's (crawlers' visits, news of orders that never came) is just deleted.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, exists, func, select

from tracker import tables as t
from tracker.clock import MONTH, Instant
from tracker.journey.fold import advance
from tracker.journey.state import Subject
from tracker.pipeline import save
from tracker.pipeline.frames import Frame, frames_of
from tracker.pipeline.load import Held, chunks, links_of, load_for_refold, load_subjects
from tracker.pipeline.process import Hold, next_due
from tracker.privacy.forget import delete_links, members, remove_keeping_totals
from tracker.shops import Shop


def expire(db: Connection, shop: Shop, subjects: Sequence[int], hold: Hold, now: Instant) -> dict[str, int]:
    """Do what is due of these subjects; how many events and people went.  Raises LeaseLost."""
    ids = hold.on(db, shop, now)
    frames = frames_of(shop)
    settings = shop.settings
    events_before = settings.events_since(now)
    people_before = now - settings.people_months * MONTH if settings.people_months else None
    gone = {"events": 0, "people": 0}
    held = load_subjects(db, frames, set(subjects))
    for subject_id in subjects:
        one = held[subject_id]
        if one.set_aside is not None:
            continue  # its events wait for a replay
        frame = frames.of(one.generation)
        links = links_of(db, frame, subject_id)
        last_at = max(one.subject.last_act_at, one.subject.position[0] if one.subject.position else 0)
        if people_before is not None and last_at < people_before:
            gone["events"] += save.delete_events(db, shop.shop_id, links)
            delete_links(db, shop, [subject_id, *members(db, shop, subject_id)])
            remove_keeping_totals(db, frames, subject_id)
            gone["people"] += 1
        elif events_before is not None and _first_event(db, shop, links) < events_before:
            gone["events"] += _fold_away(db, frame, subject_id, links, events_before)
            one.subject.base_at = events_before
            save.save_subjects(db, frames, [one])
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
    return gone


def expire_nobodys(db: Connection, shop: Shop, hold: Hold, now: Instant, limit: int) -> int:
    """Delete events that are nobody's and older than the shop keeps them, those of some links at a time; how many.  0: none is
    left.  Raises LeaseLost."""
    hold.on(db, shop, now)
    before = shop.settings.events_since(now)
    if before is None:
        return 0
    links, events = t.links.c, t.events.c
    has_old = (events.shop_id == shop.shop_id) & (events.link_id == links.link_id) & (events.occurred_at < before)
    nobodys = (links.shop_id == shop.shop_id, links.subject_id.is_(None), exists().where(has_old))
    found = db.execute(select(links.link_id).where(*nobodys).limit(limit)).scalars().all()
    return save.delete_events(db, shop.shop_id, found, before)


def _first_event(db: Connection, shop: Shop, links: dict[int, int]) -> Instant:
    c = t.events.c
    first = 2**62
    for some in chunks(links):
        found = db.execute(select(func.min(c.occurred_at)).where(c.shop_id == shop.shop_id, c.link_id.in_(some))).scalar()
        first = min(first, found if found is not None else first)
    return first


def _fold_away(db: Connection, frame: Frame, subject_id: int, links: dict[int, int], before: Instant) -> int:
    """Write the state as it was right before `before` as the base, and delete the events it holds; how many."""
    shop = frame.shop
    one = Held(subject_id, generation=frame.generation)
    for act, _, _ in load_for_refold(db, frame, one, None):
        if act.event.occurred_at >= before:
            break
        advance(one.subject, act, frame.terms)
    base: Subject = one.subject
    base.base_at = before
    for journey in base.journeys.values():
        journey.booked = {}  # its row says what is booked
    c = t.checkpoints.c
    old = (c.shop_id == shop.shop_id) & (c.subject_id == subject_id) & (c.position_at < before)
    db.execute(delete(t.checkpoints).where(old))
    save.save_checkpoint(db, shop.shop_id, one, is_base=True)
    return save.delete_events(db, shop.shop_id, links, before)
