"""Fold subjects again from their stored events, and build a generation of counters beside the one that reports read.

`rebuild_subjects` folds in place by the settings in force: totals stay, since every journey books only the difference.  A
subject that was set aside comes back when its fold succeeds now.
A change of what the past is counted by (zone, rates, windows, overrides, tagging rules, a new release) builds anew:
`start_building` notes it in the shop's row, `build_slice` does some subjects in a transaction and is called until it answers
False, then the new generation is that which reports read.  Live work goes on meanwhile: see frames.py.  Killed at any moment,
the build goes on where its last transaction ended.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, func, select

from tracker import tables as t
from tracker.clock import Instant
from tracker.journey.contribution import VERSION
from tracker.pipeline import counters, save
from tracker.pipeline.frames import Frames, frames_of
from tracker.pipeline.load import Held, load_subjects, uncounted
from tracker.pipeline.process import CORE_ERRORS, Hold, next_due, refold_subject, set_aside
from tracker.shop_settings import ShopSettings
from tracker.shops import Building, Shop, write_shop
from tracker.stages.tagging import CURRENT_TABLE

SLICE = 100  # subjects folded in one transaction: some tenths of a second, so that live work need not wait


def subject_ids(db: Connection, shop_id: int, after: int = 0, limit: int = 200) -> Sequence[int]:
    """The shop's subjects, some at a time, by id."""
    c = t.subjects.c
    query = select(c.subject_id).where(c.shop_id == shop_id, c.subject_id > after).order_by(c.subject_id).limit(limit)
    return list(db.execute(query).scalars())


def with_todays_rules(settings: ShopSettings) -> ShopSettings:
    """Every event tagged by the rules of today."""
    latest = settings.stage_versions[-1]
    return replace(settings, stage_versions=({**latest, "since_at": 0, "table": CURRENT_TABLE},))


def rebuild_subjects(db: Connection, shop: Shop, subjects: Sequence[int], hold: Hold, now: Instant) -> Iterator[int]:
    """Refold these subjects in this transaction; yields each id when done.  Raises LeaseLost."""
    ids = hold.on(db, shop, now)
    frames = frames_of(shop)
    held = load_subjects(db, frames, set(subjects))
    for subject_id in subjects:
        one = held[subject_id]
        refold(db, frames, one, hidden=uncounted(db, shop.shop_id, [subject_id]), now=now)
        save.save_subjects(db, frames, [one])
        yield subject_id
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))


def refold(db: Connection, frames: Frames, one: Held, *, hidden: set[int], now: Instant) -> None:
    """From its base or from nothing, by its settings; set aside when that fails.  `hidden`: who does not count."""
    one.counts = one.subject_id not in hidden
    one.set_aside = None
    try:
        refold_subject(db, frames.of(one.generation), one, [], from_start=True, now=now)
    except CORE_ERRORS as error:
        set_aside(db, frames, one, error)


# --- a generation beside the other


def start_building(db: Connection, shop: Shop, settings: ShopSettings, now: Instant) -> Shop:
    """Note that all subjects are to be folded by these settings.  A build that was under way is given up."""
    last = shop.generation
    if shop.building:
        last = shop.building.generation
        counters.drop_generation(db, shop.shop_id, last)
    total = db.execute(select(func.count()).select_from(t.subjects).where(t.subjects.c.shop_id == shop.shop_id)).scalar_one()
    building = Building(last + 1, settings, total=total, began_at=now)
    counters.copy_residue(db, shop.shop_id, building.generation)
    return write_shop(db, shop, building=building.dump())


def build_slice(db: Connection, shop: Shop, hold: Hold, now: Instant, limit: int = SLICE) -> Shop:
    """Fold some more subjects by the settings that are being built; switches when none is left.  Answers the shop as it is
    then.

    Raises LeaseLost.
    """
    building = shop.building
    if building is None:
        return shop
    ids = hold.on(db, shop, now)
    todo = subject_ids(db, shop.shop_id, building.after, limit)
    if not todo:
        return _switch(db, shop, building)
    frames = frames_of(shop)
    hidden = uncounted(db, shop.shop_id, todo)
    held = load_subjects(db, frames, set(todo))
    # Those that began since the build did were counted into both from the start.
    found = [held[subject_id] for subject_id in todo if held[subject_id].generation != building.generation]
    for one in found:
        one.generation = building.generation
        refold(db, frames, one, hidden=hidden, now=now)
    save.save_subjects(db, frames, found, build=building.generation)
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
    building = replace(building, after=todo[-1], done=building.done + len(todo))
    return write_shop(db, shop, building=building.dump())


def _switch(db: Connection, shop: Shop, building: Building) -> Shop:
    counters.drop_generation(db, shop.shop_id, shop.generation)
    values = {"generation": building.generation, "counted_by": VERSION, "settings": building.settings.dump()}
    return write_shop(db, shop, **values, building=None)
