"""Values as people, shops' exports and spreadsheets write them.

In:  a cell's text, or a JSON value.
Out: what the wire takes; None for "not given"; ValidationError in words that say what to write.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from marshmallow import ValidationError

from tracker import clock
from tracker.clock import Instant
from tracker.events import fields as f
from tracker.texts import N_, Sentence

T = TypeVar("T")

_PLAIN_ID = re.compile(r"[A-Za-z0-9._-]+", re.ASCII)
_ROUNDED = re.compile(r"\d[.,]?\d*E\+?\d+", re.IGNORECASE)
_NUMBER = re.compile(r"-?\d+(?:[.,]\d+)*")
_GROUPED = re.compile(r"-?(?:\d+|\d{1,3}(?:[.,]\d{3})+)")
_GAPS = re.compile("[\\s\u00a0\u2009\u202f'\u2019]")  # between thousands
_CURRENCY_WORDS = re.compile(r"^(?:[Kk]r\.?|[A-Z]{3}|[$€£¥])|(?:[Kk]r\.?|[A-Z]{3}|[$€£¥]|,-)$")
_ZONE = r"\s*(?P<zone>Z|UTC|GMT|[+-]\d\d:?\d\d)?"
_CLOCK = r"(?:(?:T|,?\s+)(?P<hour>\d\d?)[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
_DATES = (
    re.compile(r"(?P<year>\d{4})[-/.](?P<month>\d\d?)[-/.](?P<day>\d\d?)" + _CLOCK + _ZONE, re.IGNORECASE),
    re.compile(r"(?P<day>\d\d?)[-.](?P<month>\d\d?)[-.](?P<year>\d{4})" + _CLOCK + _ZONE, re.IGNORECASE),
)
_AMBIGUOUS_DATE = re.compile(r"\d\d?/\d\d?/\d{2,4}\b.*")
_TRUE, _FALSE = frozenset({"true", "yes", "1", "ja"}), frozenset({"false", "no", "0", "nej"})


class Reading:
    """Reads the fields of one entry and remembers what is wrong with which."""

    def __init__(self, given: Mapping[str, Any]) -> None:
        self.given = given
        self.errors: dict[str, str] = {}

    def only(self, known: Iterable[str]) -> None:
        """Other fields are unknown."""
        for name in self.given.keys() - set(known):
            self.errors[name[:80]] = N_("is unknown")

    def __call__(self, name: str, read: Callable[[Any], T], *, required: bool = False) -> T | None:
        """The field's value; None when it is not given or wrong."""
        value = self.given.get(name)
        if value is None or (isinstance(value, str) and not value.strip()):
            if required:
                self.errors.setdefault(name, N_("is missing"))
            return None
        try:
            return read(value)
        except ValidationError as error:
            self.errors[name] = error.messages[0]
            return None


def amount(value: Any, mark: str | None = None) -> Decimal:
    """Money: a JSON number, or text like 1234.56, 1.234,56, 1 234,56 or kr. 1.234,56.

    `mark` stands before decimals where the text itself may be read either way.
    """
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValidationError(N_("is no amount: write it like 1234.56"))
    number = _decimal(value, mark) if isinstance(value, str) else Decimal(repr(value))
    if not abs(number) <= f.MAX_MONEY:  # also NaN and infinity
        raise ValidationError(f.not_between(0, f.MAX_MONEY))
    return number


def decimal_mark(value: str) -> str | None:
    """What stands before the decimals of an amount; "" when it has none, None when that can't be told: 1.234."""
    told = _bare(value)
    marks = [sign for sign in told if sign in ".,"]
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) != 1:
        return ""  # 1.234.567, or no mark at all
    return None if _is_ambiguous(told, marks[0]) else marks[0]


def _bare(value: str) -> str:
    return _GAPS.sub("", _CURRENCY_WORDS.sub("", value.strip()).strip())


def _decimal(value: str, mark: str | None) -> Decimal:
    told = _bare(value)
    if not _NUMBER.fullmatch(told) or len(told) > 40:
        raise ValidationError(N_("is no amount: write it like 1234.56"))
    own = decimal_mark(value)
    own = mark if own is None else own
    if own is None:
        plain = re.sub("[.,]", "", told)
        raise ValidationError(Sentence(N_("may be %(whole)s or a fraction: write %(whole)s.00"), {"whole": plain}))
    before, _, after = told.rpartition(own) if own and own in told else (told, "", "")
    if not _GROUPED.fullmatch(before) or (own and own in before):
        raise ValidationError(N_("is no amount: write it like 1234.56"))
    return Decimal(f"{re.sub('[.,]', '', before)}.{after or 0}")


def _is_ambiguous(told: str, mark: str) -> bool:
    """1.234: three digits after the only mark, and before it what could be thousands."""
    before, after = told.lstrip("-").split(mark)
    return len(after) == 3 and len(before) <= 3 and not before.startswith("0")


def whole(value: Any) -> int:
    """A number of pieces: 2, "2", "2.0"."""
    try:
        number = amount(value)
    except ValidationError:
        raise ValidationError(N_("is no whole number")) from None
    if number != number.to_integral_value() or abs(number) > f.MAX_INT:
        raise ValidationError(N_("is no whole number"))
    return int(number)


def flag(value: Any) -> bool:
    """true, yes, 1; false, no, 0."""
    if isinstance(value, bool):
        return value
    word = str(value).strip().casefold()
    if word not in _TRUE | _FALSE:
        raise ValidationError(N_("is neither yes nor no"))
    return word in _TRUE


def text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValidationError(N_("is no text"))
    return value.strip()


def key(value: Any) -> str:
    """Somebody's id.  The apostrophe goes that keeps a spreadsheet from rounding it."""
    if type(value) is int and abs(value) <= f.MAX_INT:
        return str(value)
    name = text(value).removeprefix("'")
    if _ROUNDED.fullmatch(name):
        raise ValidationError(N_("was rounded by a spreadsheet: export the file again, and do not save it there"))
    return f.check_key(name, 128)


def customer_key(value: Any) -> str | None:
    """0 is how WooCommerce writes that there is no account."""
    name = key(value)
    return None if name == "0" else name


def moment(zone: ZoneInfo) -> Callable[[Any], Instant]:
    """Reads an instant: epoch milliseconds, or a date and time; those without a zone are the shop's clock."""

    def read(value: Any) -> Instant:
        if not isinstance(value, str):
            return f.check_instant(value)
        told = value.strip()
        if told.isascii() and told.isdigit() and 12 <= len(told) <= 15:
            return f.check_instant(int(told))
        found = next((match for date in _DATES if (match := date.fullmatch(told))), None)
        if found is None:
            if _AMBIGUOUS_DATE.fullmatch(told):
                raise ValidationError(N_("may begin with the day or the month: write it like 2026-08-24 21:55"))
            raise ValidationError(N_("is no date: write it like 2026-08-24 21:55, or 2026-08-24T21:55:00+02:00"))
        part = {name: int(digits) for name, digits in found.groupdict(default="0").items() if name not in ("zone", "fraction")}
        microsecond = int((found["fraction"] or "0").ljust(6, "0")[:6])
        try:
            return f.check_instant(
                clock.from_datetime(datetime(**part, microsecond=microsecond, tzinfo=_zone(found["zone"], zone)))
            )
        except (ValueError, OverflowError):
            raise ValidationError(N_("is no day of the calendar, or no time of the day")) from None

    return read


def _zone(told: str | None, shops: ZoneInfo) -> timezone | ZoneInfo:
    if told is None:
        return shops
    if told[0] not in "+-":
        return UTC
    offset = timedelta(hours=int(told[1:3]), minutes=int(told[-2:]))
    return timezone(-offset if told[0] == "-" else offset)


def event_id(kind: str, *keys: str) -> str:
    """The same for the same keys, whoever imports them again: import:order:10042, or a digest where a key is no event id."""
    plain = ":".join(("import", kind, *keys))
    if len(plain) <= 64 and all(map(_PLAIN_ID.fullmatch, keys)):
        return plain
    return f"import:{kind}:{digest(repr(keys).encode('utf-8', 'surrogatepass'))}"


def digest(told: bytes) -> str:
    """40 hexadecimal digits."""
    return hashlib.blake2b(told, digest_size=20).hexdigest()
