"""Numbers as a locale writes them.

In:  a number and how many decimals it is to have.   Out: what Babel makes of the pattern "#,##0.0".
In a small part of its time, since a page has some thousand cells; the marks are Babel's own, looked up once for each locale.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import get_currency_symbol, get_decimal_symbol, get_group_symbol

currency_symbol = lru_cache(maxsize=1_000)(get_currency_symbol)


def write_number(value: float | Decimal, decimals: int, locale: str) -> str:
    """Halves to even, of the number as it is printed: 0.35 is 0.4."""
    exact = value if isinstance(value, Decimal) else Decimal(str(value))
    return f"{exact:,.{decimals}f}".translate(_marks(locale))


@lru_cache
def percent_sign(locale: str) -> str:
    """With the space before it where the language has one, in which no line breaks."""
    return str(Locale.parse(locale).percent_formats[None].suffix[0])


@lru_cache
def _marks(locale: str) -> dict[int, str]:
    """From those of Python to those of the locale."""
    return str.maketrans({",": get_group_symbol(locale), ".": get_decimal_symbol(locale)})
