"""What the columns of a CSV file are called, in our words and in those of shops' exports.

In:  the titles of a file's first line, the columns that a kind of import knows.
Out: Header – a line's cells by our names, and what no column of ours is.

Titles are compared in lower case, with `_` for everything that is neither letter nor digit: “Email (Billing)” is email_billing.
To add a title that an export uses: one more alias of its column, in its place – of several the first that is filled in counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

REFUSED_LINE, REFUSED_WHY = "refused_line", "refused_why"  # our own columns in a file of refused lines


class Column(NamedTuple):
    """A column of ours.  An alias that comes before our own name is written before it among them.

    `is_joined`: of several columns all count, not the first that is filled in.
    """

    name: str
    sentence: str
    aliases: tuple[str, ...] = ()
    is_joined: bool = False

    @property
    def names(self) -> tuple[str, ...]:
        """In order of precedence."""
        return self.aliases if self.name in self.aliases else (self.name, *self.aliases)


def normal(title: str) -> str:
    """As titles are compared."""
    return re.sub(r"[\W_]+", "_", title.casefold()).strip("_")


class Header:
    """The titles of one file, understood."""

    def __init__(self, titles: Sequence[str], columns: Iterable[Column], chosen: Mapping[str, str]) -> None:
        """`chosen` names the title to take for a column, instead of its aliases."""
        self.titles = [title.strip() for title in titles]
        at: dict[str, list[int]] = {}
        for place, title in enumerate(self.titles):
            # line_item_1, line_item_2, …: as many as the file's longest order has items
            at.setdefault(re.sub(r"^(line_item)_\d+$", r"\1s", normal(title)), []).append(place)
        self._places: dict[str, list[int]] = {}
        self._joined: set[str] = set()
        for column in columns:
            names = [normal(chosen[column.name])] if column.name in chosen else column.names
            most = None if column.is_joined else 1
            if places := [place for name in names for place in at.get(name, [])[:most]]:
                self._places[column.name] = places
                if column.is_joined:
                    self._joined.add(column.name)
        used = {place for places in self._places.values() for place in places}
        used |= {place for name in (REFUSED_LINE, REFUSED_WHY) for place in at.get(name, [])}
        self.unused = [title for place, title in enumerate(self.titles) if place not in used and title]

    @property
    def names(self) -> set[str]:
        """Our columns that the file has."""
        return set(self._places)

    def title(self, name: str) -> str:
        """What the file calls it; our name when it does not have it."""
        return self.titles[self._places[name][0]] if name in self._places else name

    def read(self, cells: Sequence[str]) -> dict[str, str]:
        """The cells by our names; "" for one that is not filled in."""
        found = {}
        for name, places in self._places.items():
            filled = [cell for place in places if (cell := cells[place].strip())]
            found[name] = "\n".join(filled) if name in self._joined else filled[0] if filled else ""
        return found

    def all_of(self, name: str, cells: Sequence[str]) -> tuple[str, ...]:
        """Every cell that may be this column's."""
        return tuple(cells[place].strip() for place in self._places.get(name, ()))
