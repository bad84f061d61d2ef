"""Write what a batch changed.  Nothing is decided here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, delete, insert, update

from tracker import tables as t
from tracker.journey.contribution import Change, add_up, contribution, difference
from tracker.journey.state import Journey, Order, dump_checkpoint, dump_journey, dump_subject
from tracker.pipeline import counters
from tracker.pipeline.codec import write_body
from tracker.pipeline.keep import IntakeRow
from tracker.pipeline.load import Held, chunks
from tracker.pipeline.resolve import Link
from tracker.pipeline.upsert import upsert


def save_links(db: Connection, shop_id: int, links: Iterable[Link]) -> None:
    upsert(
        db,
        t.links,
        [
            {
                "shop_id": shop_id,
                "kind": link.kind,
                "key": link.key,
                "link_id": link.link_id,
                "subject_id": link.subject_id,
                "evidence": link.evidence,
                "linked_at": link.linked_at,
            }
            for link in links
        ],
    )


def insert_events(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Events that are known to be new."""
    if rows:
        db.execute(insert(t.events), list(rows))


_RETAG = (
    update(t.events)
    .where(
        t.events.c.shop_id == bindparam("of_shop"),
        t.events.c.source == bindparam("of_source"),
        t.events.c.event_id == bindparam("of_event"),
    )
    .values(tag=bindparam("new_tag"))
)


def retag_events(db: Connection, shop_id: int, tags: Sequence[tuple[int, str, str]]) -> None:
    """(source, event id, tag) of stored events whose tag has changed."""
    if tags:
        db.execute(_RETAG, [{"of_shop": shop_id, "of_source": s, "of_event": e, "new_tag": tag} for s, e, tag in tags])


def save_subjects(db: Connection, shop_id: int, zone: ZoneInfo, held: Iterable[Held]) -> None:
    """States, journeys, orders, and what the counters have to add for them."""
    subjects, journeys, orders = [], [], {}
    changes: list[Change] = []
    for one in held:
        subject = one.subject
        subjects.append(
            {
                "shop_id": shop_id,
                "subject_id": one.subject_id,
                "state": dump_subject(subject),
                "due_at": subject.due_at,
                "set_aside": one.set_aside,
            }
        )
        for number in subject.changed:
            journey = subject.journeys.get(number)
            before = one.booked.get(number, {})
            after = contribution(journey, zone, counted=one.counts) if journey else {}
            changes += difference(before, after)
            if journey is not None:
                journey.booked = one.booked[number] = after
                journeys.append(journey_row(shop_id, one.subject_id, journey))
                for order in journey.orders():
                    orders[order.key] = _order_row(shop_id, one.subject_id, number, order)
        _delete_journeys(db, shop_id, one.subject_id, [n for n in subject.changed if n not in subject.journeys])
        subject.changed = set()
    upsert(db, t.subjects, subjects)
    upsert(db, t.journeys, journeys)
    upsert(db, t.orders, list(orders.values()))
    counters.add(db, shop_id, add_up(changes))


def journey_row(shop_id: int, subject_id: int, journey: Journey) -> dict[str, Any]:
    """The row of a journey that knows what it has booked."""
    order = journey.order
    return {
        "shop_id": shop_id,
        "subject_id": subject_id,
        "number": journey.number,
        "began_at": journey.began_at,
        "last_at": journey.last_at,
        "outcome": journey.outcome,
        "stage": journey.stage,
        "highest": journey.highest,
        "channel": journey.channel,
        "campaign": journey.campaign,
        "order_key": order.key if order else None,
        "net_minor": order.net if order else None,
        "currency": order.currency if order else None,
        "counted": bool(journey.booked),
        "body": write_body(dump_journey(journey)),
    }


def _order_row(shop_id: int, subject_id: int, number: int, order: Order) -> dict[str, Any]:
    return {
        "shop_id": shop_id,
        "order_key": order.key,
        "subject_id": subject_id,
        "number": number,
        "placed_at": order.placed_at,
        "counted_at": order.counted_at,
        "state": "cancelled" if order.cancelled_at is not None else order.state,
        "currency": order.currency,
        "total_minor": order.total,
        "net_minor": order.net,
    }


def dissolve(db: Connection, shop_id: int, held: Iterable[Held]) -> None:
    """Subjects that have no links any more: their journeys go, and what these had booked."""
    changes: list[Change] = []
    for one in held:
        for before in one.booked.values():
            changes += difference(before, {})
        for table in (t.journeys, t.subjects, t.checkpoints):
            db.execute(delete(table).where(table.c.shop_id == shop_id, table.c.subject_id == one.subject_id))
    counters.add(db, shop_id, add_up(changes))


def _delete_journeys(db: Connection, shop_id: int, subject_id: int, numbers: list[int]) -> None:
    for some in chunks(numbers):
        c = t.journeys.c
        db.execute(delete(t.journeys).where(c.shop_id == shop_id, c.subject_id == subject_id, c.number.in_(some)))


def save_checkpoint(db: Connection, shop_id: int, one: Held) -> None:
    """The subject as it is now; all its journeys are in memory."""
    row = {
        "shop_id": shop_id,
        "subject_id": one.subject_id,
        "position_at": one.subject.position[0],
        "state": write_body(dump_checkpoint(one.subject)),
    }
    upsert(db, t.checkpoints, [row])


def drop_checkpoints(db: Connection, shop_id: int, subject_id: int, since: int) -> None:
    """Those that a late event made wrong."""
    c = t.checkpoints.c
    db.execute(delete(t.checkpoints).where(c.shop_id == shop_id, c.subject_id == subject_id, c.position_at >= since))


def save_outcomes(db: Connection, shop_id: int, outcomes: Mapping[tuple[int, str, str], int]) -> None:
    rows = [
        {"shop_id": shop_id, "day_on": day, "kind": kind, "reason": str(reason), "count": count}
        for (day, kind, reason), count in sorted(outcomes.items())
        if count
    ]
    upsert(db, t.outcomes, rows, adds="count")


def save_marks(db: Connection, shop_id: int, marks: Mapping[str, int]) -> None:
    upsert(db, t.intake_marks, [{"shop_id": shop_id, "file": file, "row": row} for file, row in marks.items()])


def save_unreadable(db: Connection, shop_id: int, rows: Iterable[IntakeRow]) -> None:
    upsert(db, t.unreadable, [{"shop_id": shop_id, "file": r.file, "row": r.row, "body": r.body} for r in rows])


_LEASE = update(t.leases).where(t.leases.c.shop_id == bindparam("of_shop"))
_LEASE = _LEASE.values(next_id=bindparam("new_next"), due_at=bindparam("new_due"))


def save_lease(db: Connection, shop_id: int, next_id: int, due_at: int | None) -> None:
    db.execute(_LEASE, {"of_shop": shop_id, "new_next": next_id, "new_due": due_at})
