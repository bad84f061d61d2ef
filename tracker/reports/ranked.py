"""The first of many keys, and one row for all the others, so that the columns still add up.

In:  key → metric → amount, the metrics to sort by, how many rows to show.
Out: Ranked rows, most first; the last one, with the key None, sums up what is not shown.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from heapq import nsmallest
from typing import NamedTuple

from tracker.reports.table import N_, Cell, Sentence


class Ranked(NamedTuple):
    """One row: a key, or all that are not shown."""

    key: str | None
    amounts: Counter[str]
    keys: int = 1  # how many it stands for

    def named(self, name: str | None, unknown: str) -> Cell:
        """What the row is called: its name, `unknown` (a msgid) for the key "", or how many others it sums up."""
        if self.key is None:
            return Sentence(N_("%(count)s others"), {"count": self.keys})
        return (name or self.key) or Sentence(unknown, {})


def rank(found: Mapping[str, Mapping[str, int]], by: Sequence[str], most: int) -> list[Ranked]:
    """By the first metric, then the next …, then by key, so that the order is always the same."""

    def place(key: str) -> tuple[list[int], str]:
        amount = found[key].get
        return [-amount(metric, 0) for metric in by], key

    shown = nsmallest(most, found, place)
    rows = [Ranked(key, Counter(found[key])) for key in shown]
    if len(found) > len(shown):
        rest: dict[str, int] = {}
        for key in found.keys() - set(shown):
            for metric, more in found[key].items():
                rest[metric] = rest.get(metric, 0) + more
        rows.append(Ranked(None, Counter(rest), len(found) - len(shown)))
    return rows


def total(rows: Sequence[Ranked]) -> Counter[str]:
    """Of all keys, shown or not."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums.update(row.amounts)
    return sums
