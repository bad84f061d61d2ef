"""How customers order, and how they leave: the MBG/NBD model.

While they stay, a customer orders at random instants, at a rate of their own; after every order, the first included, they leave
for good, with a chance of their own.  Over a shop's customers rates are spread as Gamma(r, alpha), chances as Beta(a, b).  Then
three numbers say all there is to know of a customer: how many orders came after the first (x), how many days after it the last
of them came (t), how many days ago the first was (T).

Sources: E. Batislam, M. Denizel, A. Filiztekin, "Empirical validation and comparison of models for customer base analysis",
International Journal of Research in Marketing 24 (2007); D. Hoppe, U. Wagner, "Customer base analysis: the case for a central
variant of the betageometric/NBD model", Marketing ZFP 3 (2007).  Both repair the BG/NBD of Fader, Hardie and Lee (2005), in
which nobody with a single order ever leaves.  Formulas, and how orders to come are distributed: docs/customers.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp, expm1, lgamma, log, log1p

from tracker.customers.cells import Cell
from tracker.customers.minimum import minimise

NEGLIGIBLE = 1e-9  # orders


@dataclass(frozen=True, slots=True)
class Habits:
    """Of a shop's customers: how their rates of ordering (a day) and their chances of leaving (after an order) are spread."""

    r: float
    alpha: float
    a: float
    b: float

    def alive(self, cell: Cell) -> float:
        """The chance 0…1 that a customer of the cell will order again if one waits long enough."""
        x, t, age = _means(cell)
        silence = (self.r + x) * log((self.alpha + age) / (self.alpha + t))
        return 1 / (1 + self.a / (self.b + x) * exp(min(silence, 700.0)))

    def leaving(self, cell: Cell) -> float:
        """The risk 0…1 that they have left.  It grows with silence by the customer's own rhythm: their gaps and, while these
        are few, the shop's."""
        return 1 - self.alive(cell)

    def exceeding(self, cell: Cell, days: int) -> Iterator[float]:
        """The chances that a customer of the cell orders more than 0, 1, 2 … times in the next days, while they count."""
        x, _, age = _means(cell)
        n, p = self.r + x, days / (self.alpha + age + days)
        staying, more = self.alive(cell), -expm1(n * log1p(-p))  # staying that long; wanting more than j orders
        exactly = n * log1p(-p)  # the logarithm of the chance of wanting j orders: of 5,000 orders it is too small for a float
        j = 0
        while staying * more > NEGLIGIBLE:
            yield staying * more
            j += 1
            exactly += log(p * (n + j - 1) / j)
            more -= exp(exactly)
            staying *= (self.b + x + j) / (self.a + self.b + x + j)


def assume(gap: float) -> Habits:
    """Habits to assume while too little is known to fit them: half of the gaps between orders are shorter than `gap` days, one
    customer in three leaves after the first order, one in four after the second …"""
    return Habits(r=2.0, alpha=gap / (2**0.5 - 1), a=1.0, b=2.0)


def _means(cell: Cell) -> tuple[float, float, float]:
    return cell.repeats / cell.customers, cell.span / cell.customers, cell.age / cell.customers


# --- fitting.  Varied are four numbers that may each take any value: the logarithms of r, of alpha / r (days between orders)
# and of a + b, and the log odds a : b of leaving after an order.

Point = Sequence[float]

# What is thought of them before anything is seen: the middle, and how far off it may easily be.
_PRIOR = ((0.0, 1.5), (log(120.0), 1.5), (-0.7, 1.5), (log(3.0), 1.0))


def fit_habits(cells: Iterable[Cell]) -> tuple[Habits, list[tuple[Habits, Habits]]]:
    """The most likely habits, and for each of four directions the habits one standard error before and behind them.

    Maximum likelihood with a weak prior, which keeps the numbers finite where customers say nothing about them: because all are
    alike, or nobody leaves.  100,000 customers take about a second.
    """
    groups = _grouped(cells)

    def badness(point: Point) -> float:
        prior = sum(((x - middle) / width) ** 2 for x, (middle, width) in zip(point, _PRIOR, strict=True))
        return prior / 2 - _log_likelihood(_habits(point), groups)

    best = minimise(badness, [middle for middle, _ in _PRIOR])
    errors = _standard_errors(badness, best)
    return _habits(best), [(_habits(_moved(best, error, -1.0)), _habits(_moved(best, error, 1.0))) for error in errors]


def log_likelihood(habits: Habits, cells: Iterable[Cell]) -> float:
    """How likely these habits make what the customers did; only differences of it mean anything."""
    return _log_likelihood(habits, _grouped(cells))


def _habits(point: Point) -> Habits:
    """Within bounds that no shop comes near, so that all stays finite; nobody orders more often than once a day."""
    r, gap, odds, both = (exp(min(max(x, -8.0), 8.0)) for x in point)
    return Habits(r, r * max(gap, 1.0), both * odds / (1 + odds), both / (1 + odds))


_Groups = list[tuple[float, list[tuple[int, float, float]]]]  # x, (customers, t, T) of its cells


def _grouped(cells: Iterable[Cell]) -> _Groups:
    """By x, on which the slow part of the likelihood depends alone."""
    groups: dict[float, list[tuple[int, float, float]]] = {}
    for cell in cells:
        x, t, age = _means(cell)
        groups.setdefault(x, []).append((cell.customers, t, age))
    return list(groups.items())


def _log_likelihood(habits: Habits, groups: _Groups) -> float:
    r, alpha, a, b = habits.r, habits.alpha, habits.a, habits.b
    fixed = r * log(alpha) - lgamma(r) + lgamma(a + b) - lgamma(b)
    total = 0.0
    for x, members in groups:
        n, stay, of_all = r + x, b + x, 0
        for customers, t, age in members:
            until_last, until_now = log(alpha + t), log(alpha + age)
            # Having left after the last order, or being there still and silent since.
            total += customers * (log(a + stay * exp(n * (until_last - until_now))) - n * until_last)
            of_all += customers
        total += of_all * (fixed + lgamma(n) + lgamma(stay) - lgamma(a + stay) - log(a + stay))
    return total


def _standard_errors(badness: Callable[[Point], float], best: Point) -> list[list[float]]:
    """Steps from the best point, in as many directions, that are independent and each one standard error long.

    They come from how sharply badness curves there (Laplace): its second derivatives are split as C C', and the steps are the
    columns of the inverse of C'.
    """
    size, h = range(len(best)), 0.05

    def at(i: int, j: int, first: float, second: float) -> float:
        point = list(best)
        point[i] += first * h
        point[j] += second * h
        return badness(point)

    curve = [
        [(at(i, j, 1, 1) - at(i, j, 1, -1) - at(i, j, -1, 1) + at(i, j, -1, -1)) / (4 * h * h) for j in size] for i in size
    ]
    factor = [[0.0 for _ in size] for _ in size]
    for i in size:
        for j in range(i + 1):
            left = curve[i][j] - sum(factor[i][k] * factor[j][k] for k in range(j))
            # Customers only add to what was thought before, so it curves at least as sharply as the prior alone.
            factor[i][j] = max(left, 1 / _PRIOR[i][1] ** 2) ** 0.5 if i == j else left / factor[j][j]
    steps = []
    for k in size:
        step = [0.0 for _ in size]
        for i in reversed(range(k + 1)):
            step[i] = (float(i == k) - sum(factor[j][i] * step[j] for j in range(i + 1, k + 1))) / factor[i][i]
        steps.append(step)
    return steps


def _moved(point: Point, step: Point, times: float) -> list[float]:
    return [x + times * y for x, y in zip(point, step, strict=True)]
