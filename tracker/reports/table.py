"""The shape of an answer: a table whose columns know their unit and their definition.

Cells are exact values (ints, parts of wholes, minor units); words and number formats are added by whoever shows them.
Titles, definitions and notes are msgids: English sentences that the pages translate.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from tracker.texts import N_ as N_
from tracker.texts import Sentence as Sentence

ENOUGH = 30  # journeys; a share of fewer is noise: from 30 on its standard error is below ten points


class Unit(StrEnum):
    """What a column's cells are."""

    COUNT = "count"
    NUMBER = "number"  # a mean of counts
    SHARE = "share"  # 0…1
    SECONDS = "seconds"
    MONEY = "money"
    TEXT = "text"
    INSTANT = "instant"
    DAY = "day"
    MONTH = "month"  # its first day


class Share(NamedTuple):
    """A part of a whole; nothing can be said of a whole of 0."""

    part: int
    whole: int

    @property
    def value(self) -> float | None:
        return self.part / self.whole if self.whole else None

    @property
    def enough(self) -> bool:
        return self.whole >= ENOUGH


class Money(NamedTuple):
    """Minor units of one currency."""

    minor: int
    currency: str


Cell: TypeAlias = int | float | str | date | Share | Money | tuple[Money, ...] | Sentence | None
Row: TypeAlias = Mapping[str, Cell]


def count_of(cell: Cell) -> int:
    """A count; 0 where none is known."""
    return cell if isinstance(cell, int) else 0


def key_of(cell: Cell) -> str | None:
    """A key, or text as it came; None for figures and for sentences of ours."""
    return cell if isinstance(cell, str) and not isinstance(cell, Sentence) else None


@dataclass(frozen=True)
class Column:
    """One column, or one figure of the totals.

    `vocabulary` says that the cells are keys of that word list (words.py), so that a name can stand beside the key.
    `reference` is what the figure may be compared with, in words.
    """

    key: str
    unit: Unit
    title: str
    definition: str
    vocabulary: str | None = None
    reference: str | None = None


@dataclass(frozen=True)
class ReportTable:
    """An answer.  `sample` is how many journeys (or events) it rests on; `beside` are tables that explain the first one."""

    columns: tuple[Column, ...]
    rows: Sequence[Row]
    sample: int
    figures: tuple[Column, ...] = ()  # the columns of `totals`
    totals: Row = field(default_factory=dict)
    references: Mapping[str, float] = field(default_factory=dict)
    notes: tuple[Sentence, ...] = ()
    beside: Mapping[str, ReportTable] = field(default_factory=dict)
    next_cursor: str | None = None  # where the next page begins
