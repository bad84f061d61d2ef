"""Durations in fixed buckets: what adds up over days and still tells a median.

Which buckets, their upper bounds say; BOUNDS are those of the counters `stay.<stage>.b<0…6>`.
"""

from __future__ import annotations

from collections.abc import Sequence

BOUNDS = (10, 60, 600, 3_600, 86_400, 604_800)  # upper bounds in seconds, excluded; the last bucket has none


def median_seconds(buckets: Sequence[int], bounds: Sequence[int] = BOUNDS) -> float | None:
    """Half are shorter; None when there is nothing."""
    return quantile_seconds(buckets, bounds, 0.5)


def quantile_seconds(buckets: Sequence[int], bounds: Sequence[int], part: float) -> float | None:
    """Estimated: within its bucket it lies where its rank lies, counted evenly.  In the last bucket: its lower bound.

    None when there is nothing.
    """
    total = sum(buckets)
    if not total:
        return None
    rank, below = total * part, 0
    for i, count in enumerate(buckets):
        if count and below + count >= rank:
            low = bounds[i - 1] if i else 0
            if i >= len(bounds):
                return float(low)
            return low + (bounds[i] - low) * (rank - below) / count
        below += count
    raise AssertionError("the ranks run out")
