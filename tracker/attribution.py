"""Who gets the credit for an order.

In:  the touchpoints of a journey, the instant of its order, a look-back in days, an amount in minor units.
Out: for each model of MODELS the amount shared out over the touchpoints' keys, to the last minor unit; what nobody led to goes
     to NONE.  The removal effect comes from all journeys together instead: from counts of their transitions, which only add.
To add an attribution model: a function from touchpoints and the order's instant to whole-number weights, its line in MODELS,
its section in docs/attribution.md.  The tests hold it to adding up.
Everything is integers, or floats that only add, multiply and divide: every machine gives the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from math import isqrt
from typing import NamedTuple

from tracker.clock import DAY, Instant

LOOK_BACKS = (7, 30, 90)  # days
NONE = "none"  # the key of what no touchpoint led to

# The ends of a path.  A key begins with a channel's name, so it can be none of these.
START, ORDER, NULL = "(start)", "(order)", "(null)"

HALF_LIFE = 7 * DAY
_BITS = 64
# 2 ** (-1/2), 2 ** (-1/4) … in units of 2 ** -64; thirty of them tell a millisecond in a week.
_ROOTS = [isqrt(1 << (2 * _BITS - 1))]
while len(_ROOTS) < 30:
    _ROOTS.append(isqrt(_ROOTS[-1] << _BITS))


class Touchpoint(NamedTuple):
    """One arrival, as far as credit goes."""

    at: Instant
    key: str  # who is credited: a channel, or "channel|campaign"
    is_direct: bool = False


Weigh = Callable[[Sequence[Touchpoint], Instant], Sequence[int]]


def credit(touchpoints: Iterable[Touchpoint], ordered_at: Instant, look_back: int, amount: int) -> dict[str, dict[str, int]]:
    """{model: {key: share}}; the shares of each model add up to the amount.  Raises ValueError for another look-back."""
    touches = taking_part(touchpoints, ordered_at, look_back)
    return {model: share_out(amount, _by_key(touches, weigh(touches, ordered_at))) for model, weigh in MODELS.items()}


def taking_part(touchpoints: Iterable[Touchpoint], ordered_at: Instant, look_back: int) -> list[Touchpoint]:
    """Those within [ordered_at - look_back days, ordered_at], oldest first; at one instant, in the order given."""
    if look_back not in LOOK_BACKS:
        raise ValueError(f"look_back is {look_back!r}; choose one of {', '.join(map(str, LOOK_BACKS))} days")
    since = ordered_at - look_back * DAY
    return sorted((touch for touch in touchpoints if since <= touch.at <= ordered_at), key=lambda touch: touch.at)


def share_out(amount: int, weights: Mapping[str, float]) -> dict[str, int]:
    """Whole shares in proportion to the weights that add up to exactly the amount, each less than one unit off.

    What rounding down leaves goes to the largest remainders, among equals to the first in the mapping.  A negative amount is
    shared like its opposite, so that a refund takes back just what the order gave.  Keys without weight are left out; when no
    key has any, all goes to NONE.  Raises ValueError for a weight that is negative or not finite.
    """
    exact = {key: _ratio(key, weight) for key, weight in weights.items() if weight}
    if not exact:
        return {NONE: amount}
    # A float is a whole number of some power of two, so the finest denominator serves all.
    finest = max(denominator for _, denominator in exact.values())
    units = {key: numerator * (finest // denominator) for key, (numerator, denominator) in exact.items()}
    whole, sign = sum(units.values()), -1 if amount < 0 else 1
    parts = {key: divmod(abs(amount) * unit, whole) for key, unit in units.items()}
    left = abs(amount) - sum(share for share, _ in parts.values())
    raised = set(sorted(parts, key=lambda key: -parts[key][1])[:left])
    return {key: sign * (share + (key in raised)) for key, (share, _) in parts.items()}


def _ratio(key: str, weight: float) -> tuple[int, int]:
    try:
        numerator, denominator = weight.as_integer_ratio()
    except (OverflowError, ValueError):
        numerator, denominator = -1, 1
    if numerator < 0:
        raise ValueError(f"the weight of {key!r} is {weight!r}; weights are finite and not negative")
    return numerator, denominator


def _by_key(touches: Sequence[Touchpoint], weights: Sequence[int]) -> dict[str, int]:
    """In the order in which the keys first appear in the journey."""
    sums: dict[str, int] = {}
    for touch, weight in zip(touches, weights, strict=True):
        sums[touch.key] = sums.get(touch.key, 0) + weight
    return sums


# --- the models: a weight for each of the touchpoints, which are in order and may be none


def _only(touches: Sequence[Touchpoint], position: int) -> list[int]:
    return [int(i == position) for i in range(len(touches))]


def first(touches: Sequence[Touchpoint], ordered_at: Instant) -> list[int]:
    return _only(touches, 0)


def last(touches: Sequence[Touchpoint], ordered_at: Instant) -> list[int]:
    return _only(touches, len(touches) - 1)


def last_non_direct(touches: Sequence[Touchpoint], ordered_at: Instant) -> list[int]:
    """The last that was not typed in or bookmarked; when all were, the last."""
    return _only(touches, max((i for i, touch in enumerate(touches) if not touch.is_direct), default=len(touches) - 1))


def linear(touches: Sequence[Touchpoint], ordered_at: Instant) -> list[int]:
    return [1] * len(touches)


def position(touches: Sequence[Touchpoint], ordered_at: Instant) -> list[int]:
    """40 % to the first, 40 % to the last, 20 % to those between; of two, each a half."""
    between = len(touches) - 2
    return [2 * between, *[1] * between, 2 * between] if between > 0 else [1] * len(touches)


def time_decay(touches: Sequence[Touchpoint], ordered_at: Instant) -> list[int]:
    """Half as much for each seven days before the order."""
    return [_halved(ordered_at - touch.at) for touch in touches]


def _halved(age: int) -> int:
    """2 ** (64 - age / HALF_LIFE) to a billionth, in integers: the last bit of a float's power is each C library's own, and
    could move a cent."""
    halvings, rest = divmod(age, HALF_LIFE)
    weight = 1 << _BITS
    for root in _ROOTS:  # the binary digits of rest / HALF_LIFE, one after the other
        rest *= 2
        if rest >= HALF_LIFE:
            rest -= HALF_LIFE
            weight = weight * root >> _BITS
    return weight >> halvings


MODELS: dict[str, Weigh] = {
    "first": first,
    "last": last,
    "last_non_direct": last_non_direct,
    "linear": linear,
    "position": position,
    "time_decay": time_decay,
}


# --- the removal effect: a chain of first order over all closed journeys


def transitions(keys: Iterable[str], ordered: bool) -> list[tuple[str, str]]:
    """The steps of a closed journey, to be counted: START -> key … -> ORDER or NULL.  A key that follows itself is one step;
    a journey without touchpoints goes by way of NONE, so that its order counts as nobody's."""
    steps = [key for key, _ in groupby(keys)] or [NONE]
    return list(pairwise([START, *steps, ORDER if ordered else NULL]))


def removal_effects(counts: Mapping[tuple[str, str], int]) -> dict[str, float]:
    """For each key the share 0…1 of orders that would be lost if all who came to it went away; all 0 when there are no orders.

    Effects overlap, so they don't add up to 1: share_out makes shares of them.  Raises ValueError for a negative count.

    A key's effect is read off the chain in which all other keys have been passed over, which is exact.  So as not to pass over
    n - 1 keys for each of n, halves are, and what is left is halved again.  22 keys take a millisecond; 200 take 0.05 to 0.5
    seconds, the more of their 40,000 possible transitions occur.
    """
    chain: Chain = {START: {}}
    for (source, target), count in counts.items():
        if count < 0:
            raise ValueError(f"the count of {source!r} -> {target!r} is {count}; counts are not negative")
        if target not in (ORDER, NULL):
            chain.setdefault(target, {})
        chain.setdefault(source, {})[target] = float(count)
    effects = {key: 0.0 for key in chain if key != START}
    _read_effects(chain, sorted(effects, key=lambda key: len(chain[key])), effects)
    return effects


Chain = dict[str, dict[str, float]]  # from -> to -> how much flows; only its proportions matter


def _read_effects(chain: Chain, keys: list[str], effects: dict[str, float]) -> None:
    """Fill in the effects of the keys, all that the chain has beside START; those with few transitions first, since passing
    over them makes few new ones."""
    if len(keys) > 1:
        half = len(keys) // 2
        _read_effects(_without(chain, keys[half:]), keys[:half], effects)
        _read_effects(_without(chain, keys[:half]), keys[half:], effects)
        return
    for key in keys:
        through = chain[START].get(key, 0.0) * _onwards(chain, key).get(ORDER, 0.0)
        if through:
            effects[key] = through / (through + chain[START].get(ORDER, 0.0))


def _without(chain: Chain, gone: Iterable[str]) -> Chain:
    """The same chain with these keys passed over: what flowed into one flows to where it went from there."""
    rest = {key: dict(row) for key, row in chain.items()}
    for key in gone:
        onwards = _onwards(rest, key)
        del rest[key]
        for row in rest.values():
            flow = row.pop(key, 0.0)
            if flow:
                for target, share in onwards.items():
                    row[target] = row.get(target, 0.0) + flow * share
    return rest


def _onwards(chain: Chain, key: str) -> dict[str, float]:
    """Where those who are at the key go in the end, as shares: to NULL where no way leads on.  Coming back to it at once is not
    going on.  Nothing is subtracted, so nothing is lost to rounding however long they go in circles."""
    others = {target: flow for target, flow in chain[key].items() if target != key and flow}
    whole = sum(others.values())
    return {target: flow / whole for target, flow in others.items()} or {NULL: 1.0}
