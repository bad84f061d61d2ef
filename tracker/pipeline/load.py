"""The subjects that a batch concerns, from their rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, Connection, bindparam, select

from tracker import tables as t
from tracker.clock import Instant
from tracker.events.types import Event
from tracker.journey.state import Act, Journey, Subject, load_checkpoint, load_journey, load_subject
from tracker.pipeline.codec import read_bytes
from tracker.pipeline.frames import Frame, Frames
from tracker.pipeline.identity import ANONYMOUS, MEMBER
from tracker.pipeline.resolve import SUPERSEDED
from tracker.pipeline.stored import act_from

_MAX_IN = 500
_of_shop: BindParameter[int] = bindparam("of_shop")
_names: BindParameter[Any] = bindparam("names", expanding=True)
_SUBJECTS = select(t.subjects).where(t.subjects.c.shop_id == _of_shop, t.subjects.c.subject_id.in_(_names))
_JOURNEYS = select(t.journeys.c.subject_id, t.journeys.c.body).where(
    t.journeys.c.shop_id == _of_shop,
    t.journeys.c.subject_id.in_(_names),
    t.journeys.c.number.in_(bindparam("numbers", expanding=True)),
)
_ORDERS = select(t.orders.c.subject_id, t.orders.c.number).where(
    t.orders.c.shop_id == _of_shop, t.orders.c.order_key.in_(_names)
)


def chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    """In the sizes that an IN list may have, sorted so that the same questions look the same."""
    ordered = sorted(values)
    for i in range(0, len(ordered), _MAX_IN):
        yield ordered[i : i + _MAX_IN]


@dataclass(slots=True)
class Held:
    """A subject in memory, and what its rows said before the batch."""

    subject_id: int
    subject: Subject = field(default_factory=Subject)
    booked: dict[int, dict[str, Any]] = field(default_factory=dict)  # journey number -> what the counters hold of it
    set_aside: str | None = None
    counts: bool = True  # false: an anonymous session whose visitor became known
    generation: int = 1  # by whose settings it is folded and counted
    refolded: bool = False  # what its rows held before may be gone
    is_new: bool = True  # it has no row yet

    def take_journeys(self, journeys: Iterable[Journey]) -> None:
        """Journeys from rows, with what they have booked."""
        for journey in journeys:
            self.subject.journeys[journey.number] = journey
            self.booked[journey.number] = journey.booked


def load_subjects(db: Connection, frames: Frames, subject_ids: set[int], events: Sequence[Event] = ()) -> dict[int, Held]:
    """Each subject with the journeys that the events may touch.  A subject without a row is new and empty."""
    shop_id = frames.current.shop.shop_id
    held = {subject_id: Held(subject_id, generation=frames.newest.generation) for subject_id in subject_ids}
    for ids in chunks(subject_ids):
        for row in db.execute(_SUBJECTS, {"of_shop": shop_id, "names": ids}):
            one = held[row.subject_id]
            one.subject, one.set_aside, one.generation = load_subject(read_bytes(row.state)), row.set_aside, row.generation
            one.is_new = False
    wanted = {subject_id: one.subject.needed_journeys() for subject_id, one in held.items()}
    order_keys = {event.order_key for event in events if event.order_key}
    for subject_id, number in _journeys_of_orders(db, shop_id, order_keys):
        if subject_id in wanted:
            wanted[subject_id].add(number)
    for ids in chunks(subject_id for subject_id, numbers in wanted.items() if numbers):
        # A superset by the key's first columns, so that one statement serves a batch; most subjects have one or two.
        numbers = sorted({number for subject_id in ids for number in wanted[subject_id]})
        for row in db.execute(_JOURNEYS, {"of_shop": shop_id, "names": ids, "numbers": numbers}):
            held[row.subject_id].take_journeys([load_journey(read_bytes(row.body))])
    return held


def load_for_refold(db: Connection, frame: Frame, one: Held, first_new: Event | None) -> list[tuple[Act, int, str | None]]:
    """Set the subject back to the last checkpoint before `first_new` (None: to its base, or to nothing); its stored
    (act, link id, tag) since then.

    All its journeys' bookings are taken along, so that the differences come out right.
    """
    shop_id = frame.shop.shop_id
    one.booked = read_booked(db, shop_id, one.subject_id)
    one.subject, since = _start(db, shop_id, one.subject_id, first_new)
    one.subject.changed = set(one.booked)
    one.subject.buys_changed = one.refolded = True
    return acts_of_links(db, frame, links_of(db, frame, one.subject_id), one.subject.position, since)


def links_of(db: Connection, frame: Frame, subject_id: int) -> dict[int, int]:
    """The links under which a subject's events lie -> the person whose they are; 0: the subject is that person."""
    c = t.links.c
    own = select(c.link_id).where(c.shop_id == frame.shop.shop_id, c.subject_id == subject_id)
    if not frame.settings.b2b:
        return dict.fromkeys(db.execute(own).scalars(), 0)
    members = select(c.key).where(c.shop_id == frame.shop.shop_id, c.subject_id == subject_id, c.kind == MEMBER)
    persons = [int(key) for key in db.execute(members).scalars()]
    if not persons:
        return dict.fromkeys(db.execute(own.where(c.kind != MEMBER)).scalars(), 0)
    found: dict[int, int] = {}
    for some in chunks(persons):
        query = select(c.link_id, c.subject_id).where(c.shop_id == frame.shop.shop_id, c.subject_id.in_(some), c.kind != MEMBER)
        found |= {link_id: person for link_id, person in db.execute(query) if person != subject_id}
    return found


def company_of(db: Connection, shop_id: int, person: int) -> int | None:
    """The company whose journeys this person's are; None outside of companies."""
    c = t.links.c
    query = select(c.subject_id).where(c.shop_id == shop_id, c.kind == MEMBER, c.key == str(person))
    found: int | None = db.execute(query).scalar()
    return found


def acts_of_links(
    db: Connection, frame: Frame, persons: Mapping[int, int], after: list[Any], since: Instant
) -> list[tuple[Act, int, str | None]]:
    """(act, link id, row's tag) of the stored events under these links that come after a position, in order."""
    found = []
    for ids in chunks(persons):
        query = select(t.events).where(
            t.events.c.shop_id == frame.shop.shop_id, t.events.c.link_id.in_(ids), t.events.c.occurred_at >= since
        )
        found += [(act_from(row, frame, persons[row.link_id]), row.link_id, row.tag) for row in db.execute(query)]
    position = tuple(after)
    found = [told for told in found if not position or told[0].event.position > position]
    found.sort(key=lambda told: told[0].event.position)
    return found


def _start(db: Connection, shop_id: int, subject_id: int, first_new: Event | None) -> tuple[Subject, Instant]:
    c = t.checkpoints.c
    usable = c.is_base.is_(True) if first_new is None else (c.position_at < first_new.occurred_at) | c.is_base.is_(True)
    query = (
        select(c.position_at, c.state)
        .where(c.shop_id == shop_id, c.subject_id == subject_id, usable)
        .order_by(c.position_at.desc())
        .limit(1)
    )
    if row := db.execute(query).first():
        return load_checkpoint(read_bytes(row.state)), row.position_at
    return Subject(), -(2**62)


def load_base(db: Connection, shop_id: int, subject_id: int) -> Subject:
    """What was folded away for good."""
    return _start(db, shop_id, subject_id, None)[0]


def _journeys_of_orders(db: Connection, shop_id: int, order_keys: set[str]) -> Iterator[tuple[int, int]]:
    for keys in chunks(order_keys):
        for row in db.execute(_ORDERS, {"of_shop": shop_id, "names": keys}):
            yield row.subject_id, row.number


def _read_journeys(db: Connection, shop_id: int, *where: ColumnElement[bool]) -> Iterator[tuple[int, Journey]]:
    c = t.journeys.c
    for row in db.execute(select(c.subject_id, c.body).where(c.shop_id == shop_id, *where)):
        yield row.subject_id, load_journey(read_bytes(row.body))


def read_booked(db: Connection, shop_id: int, subject_id: int) -> dict[int, dict[str, Any]]:
    """What the counters hold of each journey of a subject."""
    return {j.number: j.booked for _, j in _read_journeys(db, shop_id, t.journeys.c.subject_id == subject_id)}


def load_missing_journeys(db: Connection, shop_id: int, one: Held) -> None:
    """Those that are not in memory yet, for a checkpoint."""
    missing = set(range(1, one.subject.journey_count + 1)) - one.subject.journeys.keys()
    for numbers in chunks(missing):
        where = (t.journeys.c.subject_id == one.subject_id, t.journeys.c.number.in_(numbers))
        one.take_journeys(journey for _, journey in _read_journeys(db, shop_id, *where))


def uncounted(db: Connection, shop_id: int, subject_ids: Iterable[int]) -> set[int]:
    """The subjects among these that are anonymous sessions whose visitor became known."""
    c = t.links.c
    found: set[int] = set()
    for ids in chunks(subject_ids):
        query = select(c.subject_id).where(
            c.shop_id == shop_id, c.subject_id.in_(ids), c.kind == ANONYMOUS, c.evidence == SUPERSEDED
        )
        found |= {subject_id for (subject_id,) in db.execute(query)}
    return found
