"""Write what a batch changed.  Nothing is decided here."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Table, bindparam, delete, insert, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.journey.contribution import (
    Basis,
    Change,
    cohort,
    consent_of,
    contribution,
    day_on,
    difference,
    is_ordered,
    mask_of,
    net,
)
from tracker.journey.orders import in_shop_currency
from tracker.journey.state import Cart, Journey, Order, Subject, dump_checkpoint, dump_journey, dump_subject
from tracker.pipeline import counters
from tracker.pipeline.codec import read_body, write_body
from tracker.pipeline.frames import Frames
from tracker.pipeline.keep import IntakeRow
from tracker.pipeline.load import Held, chunks
from tracker.pipeline.resolve import Link, LogEntry
from tracker.pipeline.upsert import insert_many, upsert


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
                "aliases": link.aliases,
                "since_at": link.since_at,
            }
            for link in links
        ],
    )


def save_log(db: Connection, shop_id: int, entries: Sequence[LogEntry]) -> None:
    if entries:
        db.execute(insert(t.link_log), [{"shop_id": shop_id, **asdict(entry)} for entry in entries])


_MOVE = (
    update(t.events)
    .where(
        t.events.c.shop_id == bindparam("of_shop"),
        t.events.c.link_id == bindparam("of_link"),
        t.events.c.occurred_at >= bindparam("since"),
    )
    .values(link_id=bindparam("to_link"))
)


def move_events(db: Connection, shop_id: int, moved: Iterable[tuple[int, int, int]]) -> None:
    """(from link, to link, since): the events of a shared browser from an instant on are somebody else's."""
    for source, target, since in moved:
        db.execute(_MOVE, {"of_shop": shop_id, "of_link": source, "to_link": target, "since": since})


def insert_events(db: Connection, rows: Sequence[dict[str, Any]]) -> None:
    """Events that are known to be new."""
    insert_rows(db, t.events, rows)


def delete_events(db: Connection, shop_id: int, link_ids: Iterable[int], before: Instant = 2**62) -> int:
    """Of these links, what happened before an instant; how many."""
    c = t.events.c
    count = 0
    for some in chunks(link_ids):
        of_past = (c.shop_id == shop_id, c.link_id.in_(some), c.occurred_at < before)
        count += db.execute(delete(t.events).where(*of_past)).rowcount
    return count


_COPY_FROM = 200  # rows: for fewer, COPY costs more than it saves


def insert_rows(db: Connection, table: Table, rows: Sequence[dict[str, Any]]) -> None:
    """Rows that are known to be new, all with the same columns."""
    if db.dialect.name != "postgresql" or len(rows) < _COPY_FROM:
        insert_many(db, table, rows)
        return
    names = list(rows[0])
    processors = [table.c[name].type.dialect_impl(db.dialect).bind_processor(db.dialect) for name in names]
    columns = ", ".join(f'"{name}"' for name in names)
    driver: Any = db.connection.driver_connection
    with driver.cursor() as cursor, cursor.copy(f'COPY "{table.name}" ({columns}) FROM STDIN') as copy:
        for row in rows:
            copy.write_row([p(row[n]) if p else row[n] for n, p in zip(names, processors, strict=True)])


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


def save_subjects(db: Connection, frames: Frames, held: Iterable[Held], build: int | None = None) -> None:
    """States, journeys, orders, carts, customers, and what the counters have to add for them.

    `build`: the subjects are being counted into this generation for the first time, beside the one that reports read.
    """
    shop_id = frames.current.shop.shop_id
    held = list(held)
    customers = customers_booked(db, shop_id, [one.subject_id for one in held if one.subject.buys_changed])
    rows = SubjectRows(frames)
    for one in held:
        gone = [number for number in one.subject.changed if number not in one.subject.journeys]
        _delete_numbers(db, t.journeys, shop_id, one.subject_id, gone)
        if one.refolded or one.subject.carts_moved:
            _delete_numbers(db, t.carts, shop_id, one.subject_id, sorted(one.subject.changed))
        if one.subject_id in customers and not one.subject.buys:
            c = t.customers.c
            db.execute(delete(t.customers).where(c.shop_id == shop_id, c.subject_id == one.subject_id))
        rows.add(one, customers.get(one.subject_id, {}), build)
    for table, some in rows.by_table().items():
        upsert(db, table, some)
    counters.add_changes(db, shop_id, rows.changes)


class SubjectRows:
    """What is to be written of some subjects: rows by table, and changes of counters by the generations they go into.

    Pure; a process without a database can fill it.
    """

    def __init__(self, frames: Frames) -> None:
        self._frames = frames
        self._shop_id = frames.current.shop.shop_id
        self.subjects: list[dict[str, Any]] = []
        self.journeys: list[dict[str, Any]] = []
        self.orders: dict[str, dict[str, Any]] = {}
        self.carts: list[dict[str, Any]] = []
        self.customers: list[dict[str, Any]] = []
        self.changes: dict[tuple[int, ...], list[Change]] = defaultdict(list)

    def by_table(self) -> dict[Table, list[dict[str, Any]]]:
        return {
            t.subjects: self.subjects,
            t.journeys: self.journeys,
            t.orders: list(self.orders.values()),
            t.carts: self.carts,
            t.customers: self.customers,
        }

    def add(self, one: Held, customer_booked: Mapping[str, Any], build: int | None = None) -> None:
        """The subject as it is now.  Its changed journeys know from then on what they have booked."""
        subject, frame = one.subject, self._frames.of(one.generation)
        into = self.changes[frame.counts_into if build is None else (build,)]
        self.subjects.append(
            {
                "shop_id": self._shop_id,
                "subject_id": one.subject_id,
                "state": write_body(dump_subject(subject)),
                "due_at": subject.due_at,
                "set_aside": one.set_aside,
                "generation": one.generation,
            }
        )
        for number in subject.changed:
            journey = subject.journeys.get(number)
            before = one.booked.get(number, {}) if build is None else {}
            after = contribution(journey, frame.basis, counted=one.counts) if journey else {}
            into += difference(before, after)
            if journey is not None:
                journey.booked = one.booked[number] = after
                self._add_journey(one.subject_id, journey, frame.basis)
        if subject.buys_changed:
            booked = cohort(subject, frame.basis)
            into += difference(customer_booked if build is None else {}, booked)
            if booked:
                self.customers.append(customer_row(self._shop_id, one.subject_id, subject, booked, frame.basis))
        subject.changed, subject.buys_changed, subject.carts_moved = set(), False, False

    def _add_journey(self, subject_id: int, journey: Journey, basis: Basis) -> None:
        self.journeys.append(journey_row(self._shop_id, subject_id, journey, basis))
        for order in journey.orders():
            self.orders[order.key] = _order_row(self._shop_id, subject_id, journey, order, basis)
        for position, cart in enumerate(journey.carts):
            self.carts.append(cart_row(self._shop_id, subject_id, journey, position, cart))


def journey_row(shop_id: int, subject_id: int, journey: Journey, basis: Basis) -> dict[str, Any]:
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
        "campaign": journey.campaign,
        "order_key": order.key if order else None,
        "net_minor": order.net if order else None,
        "currency": order.currency if order else None,
        "counted": bool(journey.booked),
        "began_on": day_on(journey.began_at, basis.zone),
        "consent": consent_of(journey),
        **_filtered_by(journey),
        "mask": mask_of(journey),
        "ordered": is_ordered(journey),
        "touchpoints": journey.touch_count,
        "net_own_minor": net(journey, basis),
        "body": write_body(dump_journey(journey)),
    }


def _filtered_by(journey: Journey) -> dict[str, Any]:
    """What most reports can be filtered by."""
    return {
        "channel": journey.channel,
        "device": journey.device,
        "country": journey.country,
        "is_returning": journey.returning,
    }


def _order_row(shop_id: int, subject_id: int, journey: Journey, order: Order, basis: Basis) -> dict[str, Any]:
    return {
        "shop_id": shop_id,
        "order_key": order.key,
        "subject_id": subject_id,
        "number": journey.number,
        "placed_at": order.placed_at,
        "counted_at": order.counted_at,
        "state": "cancelled" if order.cancelled_at is not None else order.state,
        "currency": order.currency,
        "total_minor": order.total,
        "net_minor": order.net,
        "net_own_minor": in_shop_currency(order, order.net, basis.currency),
        "cancelled_at": order.cancelled_at,
        "paid_at": order.paid_at,
        "payment": order.payment,
        "via": order.via,
        "coupon": order.coupon,
        "rate": order.rate,
        **_filtered_by(journey),
    }


def cart_row(shop_id: int, subject_id: int, journey: Journey, position: int, cart: Cart) -> dict[str, Any]:
    return {
        "shop_id": shop_id,
        "subject_id": subject_id,
        "number": journey.number,
        "position": position,
        "state": cart.state if journey.booked else "uncounted",
        "began_at": cart.began_at,
        "touched_at": cart.touched_at,
        "step": cart.step,
        "pieces": cart.pieces,
        "value_minor": cart.value,
        "currency": cart.currency,
        "channel": journey.channel,
        "products": [item.product for item in cart.items],
    }


def customer_row(shop_id: int, subject_id: int, subject: Subject, booked: dict[str, Any], basis: Basis) -> dict[str, Any]:
    buys = list(subject.buys.values())
    before_count, before_net = subject.bought_before or (0, 0)
    days: Counter[int] = Counter()
    for buy in buys:
        days[day_on(buy.at, basis.zone)] += buy.net or 0
    return {
        "shop_id": shop_id,
        "subject_id": subject_id,
        "first_at": buys[0].at,
        "last_at": buys[-1].at,
        "order_count": len(buys) + before_count,
        "order_days": len(days) + before_count,
        "net_minor": days.total() + before_net,
        "square": float(sum(brought * brought for brought in days.values()) + before_net * before_net // (before_count or 1)),
        "channel": buys[0].channel,
        "country": buys[0].country,
        "booked": write_body(booked),
    }


def customers_booked(db: Connection, shop_id: int, subject_ids: list[int]) -> dict[int, dict[str, Any]]:
    """subject -> what the counters hold of it as a customer."""
    c = t.customers.c
    found: dict[int, dict[str, Any]] = {}
    for ids in chunks(subject_ids):
        for row in db.execute(select(c.subject_id, c.booked).where(c.shop_id == shop_id, c.subject_id.in_(ids))):
            found[row.subject_id] = read_body(row.booked)
    return found


OF_SUBJECT = (
    t.journeys,
    t.carts,
    t.customers,
    t.subjects,
    t.checkpoints,
    t.orders,
)  # tables that hold what is worked out of it


def dissolve(db: Connection, frames: Frames, held: Iterable[Held]) -> None:
    """Subjects that have no events of their own any more: what was worked out of them goes, and what it had booked."""
    shop_id = frames.current.shop.shop_id
    held = list(held)
    changes: dict[tuple[int, ...], list[Change]] = defaultdict(list)
    customers = customers_booked(db, shop_id, [one.subject_id for one in held])
    for one in held:
        into = changes[frames.of(one.generation).counts_into]
        for before in (*one.booked.values(), customers.get(one.subject_id, {})):
            into += difference(before, {})
        delete_subject(db, shop_id, one.subject_id)
    counters.add_changes(db, shop_id, changes)


def delete_subject(db: Connection, shop_id: int, subject_id: int) -> None:
    for table in OF_SUBJECT:
        db.execute(delete(table).where(table.c.shop_id == shop_id, table.c.subject_id == subject_id))


def _delete_numbers(db: Connection, table: Table, shop_id: int, subject_id: int, numbers: list[int]) -> None:
    c = table.c
    for some in chunks(numbers):
        db.execute(delete(table).where(c.shop_id == shop_id, c.subject_id == subject_id, c.number.in_(some)))


def save_checkpoint(db: Connection, shop_id: int, one: Held, *, is_base: bool = False) -> None:
    """The subject as it is now; all its journeys are in memory.

    A base lies right before its cut, where no event can be: a later checkpoint never has its place.
    """
    row = {
        "shop_id": shop_id,
        "subject_id": one.subject_id,
        "position_at": one.subject.base_at - 1 if is_base else one.subject.position[0],
        "state": write_body(dump_checkpoint(one.subject)),
        "is_base": is_base,
    }
    upsert(db, t.checkpoints, [row])


def drop_checkpoints(db: Connection, shop_id: int, subject_id: int, since: int) -> None:
    """Those that a late event made wrong."""
    c = t.checkpoints.c
    db.execute(
        delete(t.checkpoints).where(
            c.shop_id == shop_id, c.subject_id == subject_id, c.position_at >= since, c.is_base.is_(False)
        )
    )


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
