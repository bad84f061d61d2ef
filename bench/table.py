"""Figures and the table they are printed in.

In:  Figure rows of the measurements.   Out: a Markdown table; over() says whether a budget is missed.
Budgets are those of the design; a figure without one is there to be compared.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

HEAD = ("what", "measured", "budget", "compared with", "ratio", "")


@dataclass(frozen=True)
class Figure:
    """One line.  `most` and `least` are budgets; `floor` is what was measured beside it, or a peer's measured figure."""

    what: str
    value: float
    unit: str
    most: float | None = None
    least: float | None = None
    floor: float | None = None
    floor_name: str = ""
    least_ratio: float | None = None  # of value to floor
    most_ratio: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        return self.value / self.floor if self.floor else None

    @property
    def has_budget(self) -> bool:
        return any(bound is not None for bound in (self.most, self.least, self.least_ratio, self.most_ratio))

    @property
    def is_over(self) -> bool:
        return (
            (self.most is not None and self.value > self.most)
            or (self.least is not None and self.value < self.least)
            or (self.least_ratio is not None and (self.ratio is None or self.ratio < self.least_ratio))
            or (self.most_ratio is not None and (self.ratio is None or self.ratio > self.most_ratio))
        )


def text(figures: Iterable[Figure]) -> str:
    """As a Markdown table."""
    rows = [HEAD, *(_cells(figure) for figure in figures)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEAD))]
    lines = ["| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |" for row in rows]
    lines.insert(1, "|" + "|".join("-" * (width + 2) for width in widths) + "|")
    return "\n".join(lines)


def _cells(figure: Figure) -> tuple[str, ...]:
    budgets = [
        f"{sign} {number(bound)}{unit}"
        for sign, bound, unit in (
            ("≤", figure.most, f" {figure.unit}"),
            ("≥", figure.least, f" {figure.unit}"),
            ("≥", figure.least_ratio, f" × {figure.floor_name}"),
            ("≤", figure.most_ratio, f" × {figure.floor_name}"),
        )
        if bound is not None
    ]
    verdict = ("over" if figure.is_over else "ok") if figure.has_budget else ""
    floor = f"{figure.floor_name} {number(figure.floor)}" if figure.floor else figure.note
    ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
    return (figure.what, f"{number(figure.value)} {figure.unit}", ", ".join(budgets), floor, ratio, verdict)


def number(value: float) -> str:
    """Three digits that matter."""
    if value >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.0f}" if value >= 100 or value == int(value) else f"{value:.3g}"
