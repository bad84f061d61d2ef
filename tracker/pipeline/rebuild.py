"""Fold subjects again from their stored events: `rebuild` with the versions they were tagged by, `replay` with today's.

Both give the same totals, since every journey books only the difference.  A subject that was set aside comes back when its fold
succeeds now; one whose fold fails now is set aside, and the others go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.clock import Instant
from tracker.journey.state import Terms
from tracker.pipeline import save
from tracker.pipeline.load import Held, terms_of, uncounted
from tracker.pipeline.process import CORE_ERRORS, Hold, next_due, refold_subject, set_aside
from tracker.shops import Shop
from tracker.stages.tagging import CURRENT_VERSION


def subject_ids(db: Connection, shop_id: int, after: int = 0, limit: int = 200) -> Sequence[int]:
    """The shop's subjects, some at a time, by id."""
    c = t.subjects.c
    query = select(c.subject_id).where(c.shop_id == shop_id, c.subject_id > after).order_by(c.subject_id).limit(limit)
    return list(db.execute(query).scalars())


def replay_terms(terms: Terms) -> Terms:
    """Every event tagged by the table of today."""
    return replace(terms, versions=((0, CURRENT_VERSION),))


def rebuild_subjects(
    db: Connection, shop: Shop, subjects: Sequence[int], hold: Hold, now: Instant, *, replay: bool
) -> Iterator[int]:
    """Refold these subjects in this transaction; yields each id when done.  Raises LeaseLost."""
    ids = hold.on(db, shop, now)
    terms = terms_of(shop.settings)
    if replay:
        terms = replay_terms(terms)
    hidden = uncounted(db, shop.shop_id, subjects)
    for subject_id in subjects:
        one = Held(subject_id, counts=subject_id not in hidden)
        try:
            refold_subject(db, shop, one, [], terms, from_start=True, now=now)
        except CORE_ERRORS as error:
            set_aside(db, shop, one, error)
        save.save_subjects(db, shop.shop_id, shop.settings.tz, [one])
        yield subject_id
    save.save_lease(db, shop.shop_id, ids.next, next_due(db, shop.shop_id))
