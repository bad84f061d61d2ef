"""The lowest point of a function of a few numbers, by Nelder and Mead (1965), doi.org/10.1093/comjnl/7.4.308."""

from __future__ import annotations

from collections.abc import Callable, Sequence

Point = list[float]


def minimise(f: Callable[[Sequence[float]], float], start: Sequence[float], *, close: float = 1e-4, most: int = 1_000) -> Point:
    """The best point found when all corners are within `close` of it in every direction, or after about `most` calls of f.

    The first corners lie 0.5 from the start, so f's numbers should be of the order of one.  Deterministic.
    """
    corners = [list(start)] + [[x + 0.5 * (i == j) for j, x in enumerate(start)] for i in range(len(start))]
    ranked = sorted((f(corner), corner) for corner in corners)
    calls = len(ranked)

    def tried(point: Point) -> tuple[float, Point]:
        nonlocal calls
        calls += 1
        return f(point), point

    while calls < most and any(abs(x - y) > close for _, corner in ranked for x, y in zip(corner, ranked[0][1], strict=True)):
        *better, (worst, corner) = ranked
        middle = [sum(xs) / len(better) for xs in zip(*(point for _, point in better), strict=True)]
        new = tried(_towards(middle, corner, -1.0))  # away from the worst, to the other side
        if new < ranked[0]:
            new = min(new, tried(_towards(middle, corner, -2.0)))
        elif new >= better[-1]:
            new = tried(_towards(middle, corner, 0.5 if new[0] >= worst else -0.5))
        if new < ranked[-1]:
            ranked = sorted([*better, new])
        else:
            best = ranked[0][1]
            ranked = sorted([ranked[0], *(tried(_towards(best, point, 0.5)) for _, point in ranked[1:])])
    return ranked[0][1]


def _towards(start: Point, end: Point, part: float) -> Point:
    return [x + part * (y - x) for x, y in zip(start, end, strict=True)]
