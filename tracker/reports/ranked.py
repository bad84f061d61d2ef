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


def rank(found: Mapping[str, Counter[str]], by: Sequence[str], most: int) -> list[Ranked]:
    """By the first metric, then the next …, then by key, so that the order is always the same."""

    def place(key: str) -> tuple[list[int], str]:
        return [-found[key][metric] for metric in by], key

    shown = nsmallest(most, found, place)
    rows = [Ranked(key, found[key]) for key in shown]
    if len(found) > len(shown):
        rest: Counter[str] = Counter()
        for key in found.keys() - set(shown):
            for metric, amount in found[key].items():
                rest[metric] += amount
        rows.append(Ranked(None, rest, len(found) - len(shown)))
    return rows


def total(rows: Sequence[Ranked]) -> Counter[str]:
    """Of all keys, shown or not."""
    sums: Counter[str] = Counter()
    for row in rows:
        sums.update(row.amounts)
    return sums
