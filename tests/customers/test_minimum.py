"""The lowest point of a function."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest

from tracker.customers.minimum import minimise


def test_of_a_bowl() -> None:
    assert minimise(lambda p: (p[0] - 3) ** 2 + 10 * (p[1] + 2) ** 2, [0, 0]) == pytest.approx([3, -2], abs=1e-3)


def test_of_a_bent_valley() -> None:
    """Rosenbrock's: the usual test, since the way to the lowest point is bent and flat."""
    found = minimise(lambda p: 100 * (p[1] - p[0] ** 2) ** 2 + (1 - p[0]) ** 2, [-1.2, 1])
    assert found == pytest.approx([1, 1], abs=1e-2)


def test_in_four_directions_of_different_steepness() -> None:
    assert minimise(lambda p: sum((i + 1) * (x - i) ** 2 for i, x in enumerate(p)), [0] * 4) == pytest.approx(
        range(4), abs=1e-3
    )


@pytest.mark.parametrize("f", [lambda p: -p[0], lambda p: 0.0, lambda p: abs(p[0])])
def test_it_ends(f: Callable[[Sequence[float]], float]) -> None:
    """Without a lowest point, on a plain, and with a kink."""
    calls = 0

    def counted(point: Sequence[float]) -> float:
        nonlocal calls
        calls += 1
        return f(point)

    minimise(counted, [1.0, 1.0], most=200)
    assert calls <= 205
