"""Whose machine reads the shop's pages for AI, and what for.

In:  a name as it stands in a User-Agent, in any case.
Out: Crawler, or None: unknown.
List: data/crawlers.csv, by what the makers publish; of several purposes it has the one that they name first, and `other` where
      they name none.  `assistant` is its name in data/sources.csv, so that what an assistant reads stands beside whom it sends.
      The crawlers of search engines are not here, though Google and Bing answer from what they find: nobody can tell for which
      of both they came.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tracker.enrich.lists import read_list

PURPOSES = (
    "answer",  # fetches a page because a person asks something right now
    "index",  # for a search of its own, from which it answers later
    "training",  # what models are made of
    "other",
)


@dataclass(frozen=True, slots=True)
class Crawler:
    """One line of the list."""

    name: str
    maker: str
    assistant: str | None
    purpose: str  # of PURPOSES


@cache
def _known() -> dict[str, Crawler]:
    rows = read_list("crawlers")
    return {row["name"].lower(): Crawler(row["name"], row["maker"], row["assistant"] or None, row["purpose"]) for row in rows}


@cache
def _names() -> re.Pattern[str]:
    longest_first = sorted(_known(), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)


def crawler(name: str) -> Crawler | None:
    """By its name."""
    return _known().get(name.lower())


def crawler_in(user_agent: str) -> Crawler | None:
    """The first that a User-Agent names; addresses of explanations, which often hold a name too, come after it."""
    found = _names().search(user_agent)
    return _known()[found.group().lower()] if found else None
