"""What a shop's own stage rules would have done: last week's events looked at again, and nothing written.

Only the rules themselves are asked, since they come before all others; what an event has without them is what its row says.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, select

from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.journey.state import Tag
from tracker.pipeline.stored import event_from
from tracker.shops import Shop
from tracker.stages.tagging import OwnRule

DAYS = 7
MOST_EVENTS = 20_000  # newest journeys first; of a large shop this is less than the week
MOST_EXAMPLES = 20


@dataclass
class Preview:
    """`moves` counts by (stage now, stage then), as numbers of the twelve; 0: not tagged yet."""

    looked_at: int = 0
    matched: int = 0
    moves: Counter[tuple[int, int]] = field(default_factory=Counter)
    examples: list[dict[str, Any]] = field(default_factory=list)
    is_complete: bool = True


def preview(db: Connection, shop: Shop, rules: Sequence[OwnRule], now: Instant) -> Preview:
    """Of the events of journeys that were active in the last week."""
    j, e, k = t.journeys.c, t.events.c, t.links.c
    found = Preview()
    recent = select(j.subject_id).where(j.shop_id == shop.shop_id, j.last_at >= now - DAYS * DAY).order_by(j.last_at.desc())
    for (subject_id,) in db.execute(recent.limit(MOST_EVENTS)).all():
        links = select(k.link_id).where(k.shop_id == shop.shop_id, k.subject_id == subject_id)
        query = select(t.events).where(e.shop_id == shop.shop_id, e.link_id.in_(links), e.occurred_at >= now - DAYS * DAY)
        for row in db.execute(query):
            found.looked_at += 1
            _look(found, row, rules)
        if found.looked_at >= MOST_EVENTS:
            found.is_complete = False
            break
    return found


def _look(found: Preview, row: Any, rules: Sequence[OwnRule]) -> None:
    event, _ = event_from(row)
    rule = next((rule for rule in rules if rule.matches(event) is not None), None)
    if rule is None:
        return
    found.matched += 1
    stage = Tag.load(row.tag).stage if row.tag else 0
    found.moves[stage, rule.stage] += 1
    if stage != rule.stage and len(found.examples) < MOST_EXAMPLES:
        page = event.page.url if event.page else None
        found.examples.append(
            {"type": event.type, "url": page, "occurred_at": event.occurred_at, "from": stage, "to": rule.stage}
        )
