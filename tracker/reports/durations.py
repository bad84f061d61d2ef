"""Durations in fixed buckets: what adds up over days and still tells a median.

The buckets are those of the counters `stay.<stage>.b<0…6>`.
"""

from __future__ import annotations

from collections.abc import Sequence

BOUNDS = (10, 60, 600, 3_600, 86_400, 604_800)  # upper bounds in seconds, excluded; the last bucket has none


def median_seconds(buckets: Sequence[int]) -> float | None:
    """Estimated: within its bucket the median lies where its rank lies, counted evenly.  In the last bucket: its lower bound.

    None when there is nothing.
    """
    total = sum(buckets)
    if not total:
        return None
    rank, below = total / 2, 0
    for i, count in enumerate(buckets):
        if count and below + count >= rank:
            low = BOUNDS[i - 1] if i else 0
            if i >= len(BOUNDS):
                return float(low)
            return low + (BOUNDS[i] - low) * (rank - below) / count
        below += count
    raise AssertionError("the ranks run out")
