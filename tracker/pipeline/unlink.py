"""Undo a link: its key belongs to a person of its own from now on, and is never tied to the one before again.

What came over together with it because of the same event (a guest's orders and browser, say) goes back together with it.
Both persons are folded again from their events, so totals are right at once.
"""

from __future__ import annotations

from sqlalchemy import Connection, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.errors import Mistake
from tracker.pipeline import save
from tracker.pipeline.frames import frames_of
from tracker.pipeline.identity import COMPANY, CUSTOMER, EMAIL, MEMBER, VISITOR, LinkKey
from tracker.pipeline.load import company_of, load_subjects, uncounted
from tracker.pipeline.process import Hold, next_due
from tracker.pipeline.rebuild import refold
from tracker.pipeline.resolve import Link, LogEntry
from tracker.pipeline.upsert import upsert
from tracker.shops import Shop
from tracker.texts import N_

UNDONE = "undone"
_SAYS_WHO = (CUSTOMER, EMAIL, VISITOR)
_MOST_APART = 50  # keys of the other person that are noted


class NoSuchLink(Mistake):
    """The key belongs to nobody, or there is nothing to take it away from."""


def undo(db: Connection, shop: Shop, key: LinkKey, by: str, hold: Hold, now: Instant) -> int:
    """How many keys were taken away.  Raises NoSuchLink, LeaseLost."""
    ids = hold.on(db, shop, now)
    frames = frames_of(shop)
    links = t.links.c
    row = db.execute(select(t.links).where(links.shop_id == shop.shop_id, links.kind == key[0], links.key == key[1])).first()
    if row is None or row.subject_id is None:
        raise NoSuchLink(N_("this key belongs to nobody"))
    old = row.subject_id
    if key[0] == MEMBER:
        moved, new = [Link(*row[1:])], int(row.key)
        others = _keys(db, shop, old, (COMPANY,))
    else:
        moved = _came_together(db, shop, Link(*row[1:]), old)
        new = ids.take()
        others = [other for other in _keys(db, shop, old, _SAYS_WHO) if other not in {link.named for link in moved}]
    if not others:
        raise NoSuchLink(N_("this is the only key of the person, so there is nobody to take it away from"))
    entries = [LogEntry(ids.take(), link.kind, link.key, old, new, UNDONE, f"by {by}", "", now) for link in moved]
    for link in moved:
        link.subject_id, link.evidence, link.linked_at = (None if key[0] == MEMBER else new), UNDONE, now
    save.save_links(db, shop.shop_id, moved)
    save.save_log(db, shop.shop_id, entries)
    db.execute(
        update(t.link_log)
        .where(t.link_log.c.shop_id == shop.shop_id, t.link_log.c.entry_id.in_([entry.entry_id for entry in entries]))
        .values(logged_by=by)
    )
    _keep_apart(db, shop, [link.named for link in moved if link.kind in (*_SAYS_WHO, MEMBER)], others, now)
    held = load_subjects(db, frames, {company_of(db, shop.shop_id, old) or old, new})
    hidden = uncounted(db, shop.shop_id, held)
    for one in held.values():
        refold(db, frames, one, hidden=hidden, now=now)
    save.save_subjects(db, frames, held.values())
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
    return len(moved)


def _came_together(db: Connection, shop: Shop, link: Link, subject_id: int) -> list[Link]:
    """The link, and those that the same event brought to this person from the same other one."""
    c = t.link_log.c
    mine = db.execute(
        select(t.link_log)
        .where(c.shop_id == shop.shop_id, c.subject_id == subject_id, c.kind == link.kind, c.key == link.key, c.act == "merged")
        .order_by(c.entry_id.desc())
        .limit(1)
    ).first()
    if mine is None:
        return [link]
    together = db.execute(
        select(c.kind, c.key).where(
            c.shop_id == shop.shop_id,
            c.subject_id == subject_id,
            c.event_id == mine.event_id,
            c.from_subject_id == mine.from_subject_id,
            c.act == "merged",
        )
    ).all()
    found = {link.named: link}
    k = t.links.c
    for row in db.execute(select(t.links).where(k.shop_id == shop.shop_id, k.subject_id == subject_id)):
        if (row.kind, row.key) in {(other.kind, other.key) for other in together}:
            found[row.kind, row.key] = Link(*row[1:])
    return list(found.values())


def _keys(db: Connection, shop: Shop, subject_id: int, kinds: tuple[str, ...]) -> list[LinkKey]:
    c = t.links.c
    query = select(c.kind, c.key).where(c.shop_id == shop.shop_id, c.subject_id == subject_id, c.kind.in_(kinds))
    return [(row.kind, row.key) for row in db.execute(query.order_by(c.kind, c.key).limit(_MOST_APART))]


def _keep_apart(db: Connection, shop: Shop, keys: list[LinkKey], others: list[LinkKey], now: Instant) -> None:
    rows = [
        {"shop_id": shop.shop_id, "kind": a[0], "key": a[1], "other_kind": b[0], "other_key": b[1], "since_at": now}
        for a in keys
        for b in others
    ]
    upsert(db, t.apart, rows)
