"""Reading who was credited for the orders of the days asked for: the families of credits and `paths`.

Orders are shared out in millionths (CREDIT_UNIT), money in minor units of the shop's currency; either adds up exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Sequence

from sqlalchemy import Connection

from tracker.attribution import removal_effects, share_out
from tracker.journey.contribution import CREDIT_UNIT
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import Row
from tracker.shops import Shop

Key = tuple[str, str, str]  # channel, source, campaign; "" for what is not told apart
KeyOf = Callable[[str], Key]

# By level: which parts of channel|source|campaign tell rows apart.
PARTS = {"channel": (0,), "source": (0, 1), "campaign": (0, 1, 2)}


def key_of(parts: Collection[int]) -> KeyOf:
    """channel|source|campaign, or a channel alone, as a key that holds only these parts."""

    def key(text: str) -> Key:
        channel, source, campaign = [*text.split("|", 2), "", ""][:3]
        return channel, source if 1 in parts else "", campaign if 2 in parts else ""

    return key


def key_cells(key: Key) -> Row:
    """The cells of the columns channel, source and campaign."""
    channel, source, campaign = key
    return {"channel": channel, "source": source or None, "campaign": campaign or None}


def read_credits(
    db: Connection, shop: Shop, query: Query, models: Collection[str], whats: Collection[str], key: KeyOf
) -> dict[tuple[str, str], Counter[Key]]:
    """(model, what) -> key -> credit, by the look-back and at the level asked for.  What: orders and first (in millionths),
    net."""
    found: dict[tuple[str, str], Counter[Key]] = {(model, what): Counter() for model in models for what in whats}
    wanted = {f"{what}.{model}": counter for (model, what), counter in found.items()}
    family = f"channel_credits_{query.look_back}" if query.level == "channel" else f"credits_{query.look_back}"
    for name, amount in counters.read_amounts(db, shop, query, family).items():
        metric, _, told = name.partition(":")
        if (counter := wanted.get(metric)) is not None:
            counter[key(told)] += amount
    return found


def orders(credit: int) -> float:
    """Millionths as a number of orders."""
    return credit / CREDIT_UNIT


def read_removal(db: Connection, shop: Shop, query: Query, amounts: Sequence[int]) -> list[dict[str, int]]:
    """Each amount shared out by the removal effect, channel -> share, worked out from the journeys that ended in these days."""
    counts: Counter[tuple[str, str]] = Counter()
    for name, count in counters.by_metric(counters.read_amounts(db, shop, query, "paths"), "t").items():
        source, _, target = name.partition(">")
        counts[source, target] += count
    effects = removal_effects(counts)
    return [share_out(amount, effects) for amount in amounts]
