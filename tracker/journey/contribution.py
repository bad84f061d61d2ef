"""What a journey adds to the counters, and the difference to what it has booked.

`contribution(journey)` is pure.  A counter is the sum of the booked contributions of all journeys of a shop; when a journey
changes, the difference to what *it* booked is added, so replays, late events and undo leave totals right.
Names (amounts sum over days, never over filters):
  journeys, open, ordered, touchpoints      journeys; those still under way; with a counted order; touchpoints
  net.<CUR>                                 net revenue in minor units
  view.<view>.<i>.reached|went_on|ordered   stage i (1-based) of a stage view: reached itself; reached and a later one too
                                            (within the approach, in ordered views any later); reached and ordered
  stay.<stage>.count|seconds|b<k>           completed stays in one of the twelve: how many, how long, by length (STAY_BOUNDS)
  move.<from>.<to>                          moves among the twelve; from > to is backwards
Filters: "" (the total) and one for each of channel, device, country, consent.
To add a counted thing: a line in _names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

from tracker.clock import day_of
from tracker.journey.state import OPEN, Journey
from tracker.stages import AWARENESS, VIEWS, StageView

CounterKey = tuple[str, int, str]  # filter, day, name
Change = tuple[int, tuple[str, ...], dict[str, int]]  # day, filters, name -> amount to add under each of the filters


def contribution(journey: Journey, zone: ZoneInfo, *, counted: bool = True) -> dict[str, Any]:
    """{"day": YYYYMMDD, "filters": […], "names": {name: amount}}; empty when the journey does not count.

    Bots do not count, nor do anonymous sessions whose visitor became known (`counted`).  A counted order is the shop's word
    and does, whatever a browser called itself: no user agent can take money out of the totals.
    """
    is_ordered = journey.order is not None and journey.order.counted_at is not None
    if not counted or (journey.bot and not is_ordered):
        return {}
    day = day_of(journey.began_at, zone)
    return {
        "day": day.year * 10_000 + day.month * 100 + day.day,
        "filters": _filters(journey),
        "names": {name: amount for name, amount in _names(journey) if amount},
    }


def difference(before: dict[str, Any], after: dict[str, Any]) -> list[Change]:
    """What to add to which counters to go from one contribution to the other."""
    if before and after and before["day"] == after["day"] and before["filters"] == after["filters"]:
        old, new = before["names"], after["names"]
        if old == new:
            return []
        changes = {name: amount - old.get(name, 0) for name, amount in new.items() if amount != old.get(name)}
        changes |= {name: -amount for name, amount in old.items() if name not in new}
        return [(after["day"], tuple(after["filters"]), changes)]
    found: list[Change] = []
    if before:
        found.append((before["day"], tuple(before["filters"]), {name: -amount for name, amount in before["names"].items()}))
    if after:
        found.append((after["day"], tuple(after["filters"]), after["names"]))
    return found


def add_up(changes: Iterable[Change]) -> dict[CounterKey, int]:
    """Changes of many journeys as amounts to add to counters; zeros left out.

    Journeys of one day with the same filters are summed by name first, since each filter multiplies the work.
    """
    groups: dict[tuple[int, tuple[str, ...]], dict[str, int]] = {}
    for day, filters, names in changes:
        group = groups.setdefault((day, filters), {})
        for name, amount in names.items():
            group[name] = group.get(name, 0) + amount
    total: dict[CounterKey, int] = {}
    for (day, filters), names in groups.items():
        for name, amount in names.items():
            if amount:
                for which in filters:
                    key = (which, day, name)
                    total[key] = total.get(key, 0) + amount
    return {key: amount for key, amount in total.items() if amount}


def _filters(journey: Journey) -> list[str]:
    consent = "none" if journey.consent is None else "anonymous" if journey.consent <= 1 else "statistics"
    filters = ["", f"channel={journey.channel}", f"consent={consent}"]
    if journey.device:
        filters.append(f"device={journey.device}")
    if journey.country:
        filters.append(f"country={journey.country}")
    return filters


def _names(journey: Journey) -> Iterator[tuple[str, int]]:
    order = journey.order
    ordered = int(order is not None and order.counted_at is not None and order.cancelled_at is None)
    yield "journeys", 1
    yield "open", int(journey.outcome == OPEN)
    yield "ordered", ordered
    yield "touchpoints", journey.touch_count
    if order is not None:
        yield f"net.{order.currency}", order.net
    stages = frozenset(int(stage) for stage in journey.reached)
    for name in _view_names(stages, ordered):
        yield name, 1
    for stage, stay in journey.stays.items():
        yield f"stay.{stage}.count", stay[0]
        yield f"stay.{stage}.seconds", stay[1]
        for i, times in enumerate(stay[2:]):
            yield f"stay.{stage}.b{i}", times
    for move, times in journey.moves.items():
        yield f"move.{move}", times


# Which names the views give depends on the set of stages alone, and few sets occur.
_cache: dict[tuple[frozenset[int], int], tuple[str, ...]] = {}


def _view_names(stages: frozenset[int], ordered: int) -> tuple[str, ...]:
    key = (stages, ordered)
    if key not in _cache:
        _cache[key] = tuple(name for view in VIEWS.values() for name in _names_of_view(view, stages, ordered))
    return _cache[key]


def _names_of_view(view: StageView, stages: frozenset[int], ordered: int) -> Iterator[str]:
    reached = sorted({view.position_of[stage] for stage in stages})
    last = len(view.stages) if view.ordered else view.approach
    arrival = view.position_of[AWARENESS]  # every arrival reaches it, so that is no going on
    for i in reached:
        yield f"view.{view.key}.{i}.reached"
        if any(i < later <= last and later != arrival for later in reached):
            yield f"view.{view.key}.{i}.went_on"
        if ordered:
            yield f"view.{view.key}.{i}.ordered"
