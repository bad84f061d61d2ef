"""Erase one person: everything that is kept of them goes, totals stay, and their late events are dropped.

- Events, links, states, journeys, carts, orders, the customer's record and the link log are deleted; so are rows kept aside as
  unreadable that name one of their keys.
- What their journeys had booked stays in the counters and is noted as residue (generation 0), which every later generation
  begins with.  Words they typed (families with free text) are taken out of the counters.
- Keyed hashes of their keys stay as tombstones: late events of a browser or about an order are dropped for good, those of an
  address or customer key up to now – who comes back and buys again is somebody new.
Of a company's person only that person's part goes: the company is folded again without them.  A company goes with everybody
who is of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.errors import Mistake
from tracker.journey.contribution import FAMILIES, Change, difference
from tracker.pipeline import counters, save
from tracker.pipeline.frames import Frames, frames_of
from tracker.pipeline.identity import MEMBER, hash_key
from tracker.pipeline.load import Held, chunks, company_of, load_subjects, read_booked, uncounted
from tracker.pipeline.process import Hold, next_due
from tracker.pipeline.rebuild import refold
from tracker.pipeline.save import customers_booked, delete_subject
from tracker.pipeline.upsert import upsert
from tracker.shops import Shop
from tracker.texts import N_


class NoSuchPerson(Mistake):
    """Nobody has this number."""


def erase(db: Connection, shop: Shop, subject_id: int, hold: Hold, now: Instant) -> dict[str, int]:
    """How many events, links and journeys went.  Raises NoSuchPerson, LeaseLost."""
    ids = hold.on(db, shop, now)
    persons = [subject_id, *members(db, shop, subject_id)]
    links = _links(db, shop, persons)
    if not links and not read_booked(db, shop.shop_id, subject_id):
        raise NoSuchPerson(N_("there is no person %(number)s"), number=subject_id)
    bury(db, shop, links, hold.secret, now)
    gone = {
        "events": save.delete_events(db, shop.shop_id, [row.link_id for row in links]),
        "links": len(links),
        "journeys": len(read_booked(db, shop.shop_id, subject_id)),
    }
    _delete_kept_aside(db, shop, {row.key for row in links if len(row.key) >= 4})
    company = company_of(db, shop.shop_id, subject_id)
    delete_links(db, shop, persons)
    frames = frames_of(shop)
    remove_keeping_totals(db, frames, subject_id)
    if company is not None:
        _without_member(db, frames, company, now)
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
    return gone


def remove_keeping_totals(db: Connection, frames: Frames, subject_id: int) -> None:
    """Delete what was worked out of a subject; what it had booked becomes residue, and what was typed is counted no more."""
    _note_in_list(db, frames.current.shop, subject_id)
    one = load_subjects(db, frames, {subject_id})[subject_id]
    shop_id = frames.current.shop.shop_id
    changes = [change for booked in _booked(db, shop_id, subject_id) for change in difference({}, booked)]
    _keep_as_residue(db, frames, one, changes)
    typed = [
        (family, day, filters, {name: -amount for name, amount in names.items()})
        for family, day, filters, names in changes
        if FAMILIES[family].free_text
    ]
    counters.add_changes(db, shop_id, {frames.of(one.generation).counts_into: typed})
    delete_subject(db, shop_id, subject_id)


def _keep_as_residue(db: Connection, frames: Frames, one: Held, changes: Iterable[Change]) -> None:
    """Amounts that counters hold and nothing else will explain any more; without what people typed."""
    # A build will not come upon them any more.
    building = [frames.next.generation] if frames.next is not None and one.generation != frames.next.generation else []
    counters.keep_as_residue(db, frames.current.shop.shop_id, building, changes)


def _note_in_list(db: Connection, shop: Shop, subject_id: int) -> None:
    """In the shop's own list their orders are not missing now."""
    o, listed = t.orders.c, t.order_list.c
    keys = list(db.execute(select(o.order_key).where(o.shop_id == shop.shop_id, o.subject_id == subject_id)).scalars())
    for some in chunks(keys):
        of_person = (listed.shop_id == shop.shop_id, listed.order_key.in_(some))
        db.execute(update(t.order_list).where(*of_person).values(erased=True, body=None))


def _booked(db: Connection, shop_id: int, subject_id: int) -> list[Any]:
    return [*read_booked(db, shop_id, subject_id).values(), *customers_booked(db, shop_id, [subject_id]).values()]


def bury(db: Connection, shop: Shop, links: Iterable[Row[Any]], secret: str, now: Instant) -> None:
    """Note that these keys were erased."""
    rows = [
        {"shop_id": shop.shop_id, "hash": hash_key(row.kind, row.key, secret), "erased_at": now}
        for row in links
        if row.kind != MEMBER
    ]
    upsert(db, t.tombstones, rows)


def members(db: Connection, shop: Shop, company: int) -> list[int]:
    """Whose events are a company's; nobody for a person."""
    c = t.links.c
    query = select(c.key).where(c.shop_id == shop.shop_id, c.subject_id == company, c.kind == MEMBER)
    return [int(key) for key in db.execute(query).scalars()]


def _links(db: Connection, shop: Shop, persons: Iterable[int]) -> list[Row[Any]]:
    c = t.links.c
    found: list[Row[Any]] = []
    for some in chunks(persons):
        where = (c.shop_id == shop.shop_id, c.subject_id.in_(some), c.kind != MEMBER)
        found += db.execute(select(t.links).where(*where)).all()
    return found


def delete_links(db: Connection, shop: Shop, persons: Iterable[int]) -> None:
    """All that says which keys were theirs, and whose company they are of."""
    log, links = t.link_log.c, t.links.c
    for some in chunks(persons):
        theirs = links.subject_id.in_(some) | ((links.kind == MEMBER) & links.key.in_([str(person) for person in some]))
        db.execute(delete(t.links).where(links.shop_id == shop.shop_id, theirs))
        told = log.subject_id.in_(some) | log.from_subject_id.in_(some)
        db.execute(delete(t.link_log).where(log.shop_id == shop.shop_id, told))


def _delete_kept_aside(db: Connection, shop: Shop, keys: set[str]) -> None:
    """Rows that this release cannot read are searched as bytes."""
    c = t.unreadable.c
    for row in db.execute(select(c.file, c.row, c.body).where(c.shop_id == shop.shop_id)).all():
        if any(key.encode() in bytes(row.body) for key in keys):
            db.execute(delete(t.unreadable).where(c.shop_id == shop.shop_id, c.file == row.file, c.row == row.row))


def _without_member(db: Connection, frames: Frames, company: int, now: Instant) -> None:
    """Fold the company again; what it books less than before stays as residue."""
    shop_id = frames.current.shop.shop_id
    one = load_subjects(db, frames, {company})[company]
    before = _booked(db, shop_id, company)
    refold(db, frames, one, hidden=uncounted(db, shop_id, [company]), now=now)
    save.save_subjects(db, frames, [one])
    lost = [change for booked in before for change in difference({}, booked)]
    lost += [change for booked in _booked(db, shop_id, company) for change in difference(booked, {})]
    _keep_as_residue(db, frames, one, lost)
    back = [change for change in lost if not FAMILIES[change[0]].free_text]
    counters.add_changes(db, shop_id, {frames.of(one.generation).counts_into: back})
