"""What somebody asks for that only the worker which holds the shop may do: it writes persons, journeys or counters.

A page or a command enqueues a task (`ask`); the worker does it in short transactions (`step`), so that live work goes on, and
notes progress, outcome or error in the task's row.  Killed at any moment, it goes on where its last transaction ended.
To add a kind: a function and its line in KINDS.  A function is called again and again, each time in a transaction of its own,
until it answers Done; what it wants to remember until then is its task's `progress`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from tracker import audit
from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.errors import Mistake, TrackerError
from tracker.journey.contribution import VERSION, day_on
from tracker.order_list import fill
from tracker.pipeline import counters, rebuild, unlink
from tracker.pipeline.process import Hold
from tracker.privacy import forget, retention
from tracker.shop_settings import BadSettings, ShopSettings
from tracker.shops import Shop, write_shop
from tracker.texts import N_, Sentence

c = t.tasks.c


@dataclass(frozen=True)
class Task:
    """One thing asked for."""

    task_id: int
    kind: str
    args: Mapping[str, Any]
    asked_by: str
    progress: Mapping[str, Any]


@dataclass(frozen=True)
class Done:
    """It is finished; `outcome` says what it did, in numbers."""

    outcome: Mapping[str, Any]


@dataclass(frozen=True)
class More:
    """It has to be called again; `progress` has "done" and "total"."""

    progress: Mapping[str, Any]


@dataclass(frozen=True)
class Work:
    """What a task's function works with."""

    db: Connection
    shop: Shop
    task: Task
    hold: Hold
    now: Instant


def ask(db: Connection, shop_id: int, kind: str, args: Mapping[str, Any], by: str, now: Instant) -> int:
    """Enqueue; the task's number.  Raises KeyError for a kind that there is not."""
    _ = KINDS[kind]
    last: int | None = db.execute(select(func.max(c.task_id)).where(c.shop_id == shop_id)).scalar()
    task_id = (last or 0) + 1
    row = {"shop_id": shop_id, "task_id": task_id, "kind": kind, "args": dict(args), "asked_at": now, "asked_by": by}
    db.execute(insert(t.tasks), row)
    wake(db, shop_id, now)
    return task_id


def wake(db: Connection, shop_id: int, now: Instant) -> None:
    """Make a worker look at the shop's tasks and build."""
    db.execute(update(t.leases).where(t.leases.c.shop_id == shop_id).values(asked_at=now))


def find(db: Connection, shop_id: int, task_id: int) -> Mapping[str, Any] | None:
    """The task's row."""
    row = db.execute(select(t.tasks).where(c.shop_id == shop_id, c.task_id == task_id)).mappings().first()
    return dict(row) if row else None


def step(db: Connection, shop: Shop, hold: Hold, now: Instant) -> bool:
    """Do a part of the oldest task that is not done, else of a build; whether there is more to do.  Raises LeaseLost."""
    hold.on(db, shop, now)
    row = db.execute(
        select(t.tasks).where(c.shop_id == shop.shop_id, c.ended_at.is_(None)).order_by(c.task_id).limit(1)
    ).first()
    if row is None:
        if shop.building is None:
            db.execute(update(t.leases).where(t.leases.c.shop_id == shop.shop_id).values(asked_at=None))
            return False
        rebuild.build_slice(db, shop, hold, now)
        return True
    task = Task(row.task_id, row.kind, row.args, row.asked_by, row.progress or {})
    try:
        with db.begin_nested():
            result = KINDS[task.kind](Work(db, shop, task, hold, now))
    except (TrackerError, KeyError, ValueError) as error:
        _write(db, shop, task, ended_at=now, error=_said(error).dump())
        return True
    if isinstance(result, Done):
        _write(db, shop, task, ended_at=now, outcome=dict(result.outcome))
    else:
        _write(db, shop, task, progress=dict(result.progress))
    return True


def _said(error: Exception) -> Sentence:
    if isinstance(error, Mistake):
        return error.said
    what = f"{type(error).__name__} {error}"[:1_000]
    return Sentence(N_("Something went wrong on our side, and nothing was changed: %(what)s"), {"what": what})


def _write(db: Connection, shop: Shop, task: Task, **values: Any) -> None:
    db.execute(update(t.tasks).where(c.shop_id == shop.shop_id, c.task_id == task.task_id).values(**values))


# --- the kinds


def change_settings(work: Work) -> Done | More:
    """args: {"settings": {name: value}}.  What changes figures of the past builds the counters anew; the rest holds at once."""
    if work.task.progress.get("building"):
        return _build(work)
    shop = work.shop
    base = shop.building.settings if shop.building else shop.settings
    after = base.changed(work.task.args["settings"])
    if shop.settings.b2b and not after.b2b:
        raise BadSettings({"b2b": N_("journeys of companies cannot be taken apart again")})
    if shop.settings.changes_past(after, work.now):
        return _start(work, after)
    if shop.building:
        building = replace(shop.building, settings=after)
        kept = {name: getattr(after, name) for name in work.task.args["settings"]}
        write_shop(work.db, shop, settings=replace(shop.settings, **kept).dump(), building=building.dump())
    else:
        write_shop(work.db, shop, settings=after.dump())
    return Done({"settings": sorted(work.task.args["settings"])})


def add_stage_rules(work: Work) -> Done | More:
    """args: {"own": [rule, …]}.  The shop's own tagging rules from now on; what was tagged before stays as it is."""
    shop = work.shop
    latest = shop.settings.stage_versions[-1]
    version = {"since_at": work.now, "table": latest["table"], "own": work.task.args["own"]}
    after = shop.settings.changed({"stage_versions": [*shop.settings.stage_versions, version]})
    write_shop(work.db, shop, settings=after.dump())
    return Done({"rules": len(work.task.args["own"])})


def replay(work: Work) -> Done | More:
    """Fold everything again and tag it by today's rules."""
    if work.task.progress.get("building"):
        return _build(work)
    return _start(work, rebuild.with_todays_rules(work.shop.settings))


def recount(work: Work) -> Done | More:
    """Fold everything again by the rules each event was tagged by; totals stay unless something was wrong."""
    if work.task.progress.get("building"):
        return _build(work)
    return _start(work, work.shop.settings)


def undo_link(work: Work) -> Done | More:
    """args: {"kind", "key"}.  The key belongs to somebody else from now on, and never to these two again."""
    moved = unlink.undo(
        work.db, work.shop, (work.task.args["kind"], work.task.args["key"]), work.task.asked_by, work.hold, work.now
    )
    return Done({"keys": moved})


def _start(work: Work, settings: ShopSettings) -> More:
    shop = rebuild.start_building(work.db, work.shop, settings, work.now)
    assert shop.building is not None
    return More({"building": shop.building.generation, "done": 0, "total": shop.building.total})


def _build(work: Work) -> Done | More:
    building = work.shop.building
    if building is None or building.generation != work.task.progress["building"]:
        return Done({"given_up": 1})  # a later change began another build, which holds this one's settings too
    shop = rebuild.build_slice(work.db, work.shop, work.hold, work.now)
    if shop.building is None:
        return Done({"subjects": building.done})
    return More({**work.task.progress, "done": shop.building.done, "total": max(shop.building.total, shop.building.done)})


def erase(work: Work) -> Done | More:
    """args: {"subject_id"}.  Everything that is kept of the person goes; totals stay."""
    return Done(forget.erase(work.db, work.shop, work.task.args["subject_id"], work.hold, work.now))


def expire(work: Work) -> Done | More:
    """Fold away events, and forget people and what members did, that are older than the shop keeps them."""
    told = {"after": 0, "done": 0, "events": 0, "people": 0, **work.task.progress}
    some = rebuild.subject_ids(work.db, work.shop.shop_id, told["after"], rebuild.SLICE)
    if not some:
        if gone_too := retention.expire_nobodys(work.db, work.shop, work.hold, work.now, rebuild.SLICE):
            return More({**told, "events": told["events"] + gone_too})
        audit.forget_old(work.db, work.shop.shop_id, work.now)
        return Done({"events": told["events"], "people": told["people"]})
    gone = retention.expire(work.db, work.shop, some, work.hold, work.now)
    return More(
        {
            "after": some[-1],
            "done": told["done"] + len(some),
            "events": told["events"] + gone["events"],
            "people": told["people"] + gone["people"],
        }
    )


def fill_orders(work: Work) -> Done | More:
    """Fill in the orders of the shop's own list that are missing."""
    told = {"after": [0, ""], "rows": 0, "done": 0, "filled": 0, "skipped": 0, **work.task.progress}
    if not told["rows"]:
        told["total"] = fill.check(work.db, work.shop)
    day, key = told["after"]
    row = (f"order list, task {work.task.task_id}", told["rows"] + 1)
    some = fill.fill_some(work.db, work.shop, (day, key), row, work.hold, work.now)
    if some.after is None:
        return Done({"filled": told["filled"], "skipped": told["skipped"]})
    return More(
        {
            "after": some.after,
            "rows": told["rows"] + 1,
            "done": told["done"] + some.filled + some.skipped,
            "total": told["total"],
            "filled": told["filled"] + some.filled,
            "skipped": told["skipped"] + some.skipped,
        }
    )


def sum_months(work: Work) -> Done | More:
    """Sum up the counters of months that are over, each in a transaction of its own, the earliest first."""
    done = work.task.progress.get("done", 0)
    months = _months_to_sum(work.db, work.shop, work.now)
    if not months:
        return Done({"months": done})
    counters.sum_month(work.db, work.shop.shop_id, work.shop.generation, months[0])
    return More({"done": done + 1, "total": done + len(months)})


def _months_to_sum(db: Connection, shop: Shop, now: Instant) -> list[int]:
    return counters.months_to_sum(db, shop.shop_id, shop.generation, day_on(now, shop.settings.tz))


KINDS: dict[str, Callable[[Work], Done | More]] = {
    "change_settings": change_settings,
    "add_stage_rules": add_stage_rules,
    "replay": replay,
    "recount": recount,
    "undo_link": undo_link,
    "erase": erase,
    "expire": expire,
    "fill_orders": fill_orders,
    "sum_months": sum_months,
}

NOBODY = ""  # who asks for chores
EXPIRE_EVERY = 7 * DAY


def chores(db: Connection, shop: Shop, now: Instant) -> list[str]:
    """Kinds of tasks that are due without anybody asking: counters that an earlier release made, months that are over, data
    whose time is."""
    of_shop = c.shop_id == shop.shop_id
    due = []
    if shop.counted_by != VERSION and shop.building is None:
        due.append("recount")
    if _months_to_sum(db, shop, now):
        due.append("sum_months")
    if due:
        asked = set(db.execute(select(c.kind).where(of_shop, c.kind.in_(due), c.ended_at.is_(None))).scalars())
        due = [kind for kind in due if kind not in asked]
    last: Instant | None = db.execute(select(func.max(c.asked_at)).where(of_shop, c.kind == "expire")).scalar()
    if last is None or now - last >= EXPIRE_EVERY:
        due.append("expire")
    return due
