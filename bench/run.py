"""`make bench`, or `python -m bench.run door pipeline …`: measure, print the table, say what is over its budget.

To add a measurement: a module with measure() -> [Figure], named here.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from bench import door, imports, lag, machine, memory, pipeline, reports, snippet
from bench.table import Figure, text

MEASUREMENTS: dict[str, Callable[[], list[Figure]]] = {
    "door": door.measure,
    "pipeline": pipeline.measure,
    "imports": imports.measure,
    "lag": lag.measure,
    "memory": memory.measure,
    "reports": reports.measure,
    "snippet": snippet.measure,
}
SINGLE = "door, processor time, single"
BATCHES = f"door, processor time, batches of {door.BATCH}"
WORKED_IN = "worked in, SQLite, one shop"


def main(names: list[str]) -> int:
    """The exit code: 1 when a budget is missed."""
    unknown = sorted(set(names) - MEASUREMENTS.keys())
    if unknown:
        print(f"There is no measurement {', '.join(unknown)}; there are {', '.join(MEASUREMENTS)}.", file=sys.stderr)
        return 2
    print(machine.describe(), end="\n\n")
    figures: list[Figure] = []
    for name in names or MEASUREMENTS:
        machine.log(f"measuring: {name}")
        figures += MEASUREMENTS[name]()
    figures += _together(figures)
    print(text(figures))
    print(f"\nload after the run {machine.load():.1f}")
    over = [figure.what for figure in figures if figure.is_over]
    print(f"{len(over)} over their budget: {'; '.join(over)}" if over else "all within their budgets")
    return 1 if over else 0


def _together(figures: list[Figure]) -> list[Figure]:
    """Processor time of an event from its arrival to its report."""
    found = {figure.what: figure.value for figure in figures}
    if WORKED_IN not in found:
        return []
    working_in = 1000 / found[WORKED_IN]
    return [
        Figure(f"processor time, door and pipeline, {how}", found[what] + working_in, "ms/event", most=most)
        for how, what, most in (
            ("single", SINGLE, door.MOST_CPU_MS),
            (f"batches of {door.BATCH}", BATCHES, door.MOST_CPU_BATCH_MS),
        )
        if what in found
    ]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
