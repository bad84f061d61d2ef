"""In which currency a country buys, and what things cost there.  Pure.

Rates are made up, near what they were; each holds from the first of its month until the next.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random

from tracker.demo.prices import shipping_price


@dataclass(frozen=True)
class Market:
    """`per_100_dkk` is what the shop takes for 100 kr.; prices end as people there are used to."""

    currency: str
    lang: str
    per_100_dkk: int = 100
    step_minor: int = 1
    less_minor: int = 0

    def price(self, danish_minor: int) -> int:
        """A Danish price, written for this market."""
        if self.per_100_dkk == 100:
            return danish_minor
        steps = max(1, round(danish_minor * self.per_100_dkk / 100 / self.step_minor))
        return steps * self.step_minor - self.less_minor

    def shipping(self, method: str, goods_minor: int) -> int:
        """With VAT, by what the goods cost here."""
        return self.price(danish) if (danish := shipping_price(method, goods_minor * 100 // self.per_100_dkk)) else 0


DENMARK = Market("DKK", "da")
SWEDEN = Market("SEK", "en", 152, 1_000, 100)
GERMANY = Market("EUR", "en", 14, 500, 5)
MARKETS = {"DK": DENMARK, "SE": SWEDEN, "NO": Market("DKK", "en"), "DE": GERMANY}

# What a unit is worth in DKK at the beginning, and how far it moves in a month.
_WORTH = {"EUR": (7.4580, 0.0015), "SEK": (0.6650, 0.0090)}


def rates(first: date, last: date, seed: int) -> Iterator[tuple[date, str, Decimal]]:
    """(first of a month, currency, DKK for one unit) of all months from `first`'s to `last`'s."""
    for currency, (worth, move) in _WORTH.items():
        dice = Random(f"{seed} {currency}")  # noqa: S311 - the same seed must tell the same
        month = first.replace(day=1)
        while month <= last:
            yield month, currency, Decimal(f"{worth:.4f}")
            worth += dice.uniform(-move, move)
            month = date(month.year + month.month // 12, month.month % 12 + 1, 1)
