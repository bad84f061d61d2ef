"""What is asked of a report: which days, which part of the journeys, seen through which stage view.

In:  request arguments, the shop, now.   Out: a Query, or BadQuery with the field and a msgid that says what to write.
Days are the shop's own, both ends included.  The same schema documents the parameters in OpenAPI.
To add a parameter: one field of QueryArgs and of Query.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any, TypeVar
from urllib.parse import quote, unquote
from zoneinfo import ZoneInfo

from marshmallow import EXCLUDE, RAISE, Schema, ValidationError, fields, validate

from tracker.attribution import LOOK_BACKS, MODELS
from tracker.checks import faults
from tracker.clock import Instant, day_of, from_datetime
from tracker.errors import BadQuery
from tracker.journey.contribution import FILTER_KINDS
from tracker.reports.holding import KINDS, MAX_VALUE, read_holding
from tracker.reports.table import N_
from tracker.shops import Shop
from tracker.stages import VIEWS, StageView

MAX_DAYS = 1_100
DEFAULT_PERIOD = "28d"
MAX_FILTERS = 4

# Parameters that are chosen from closed lists.
REVENUE_ON = ("order", "refund")
LEVELS = ("channel", "source", "campaign")
CHOICES = ("revenue_on", "look_back", "level", "model")

_T = TypeVar("_T")


def _month_before(today: date) -> tuple[date, date]:
    last = today.replace(day=1) - timedelta(days=1)
    return last.replace(day=1), last


PERIODS: dict[str, Callable[[date], tuple[date, date]]] = {
    "today": lambda today: (today, today),
    "yesterday": lambda today: (today - timedelta(days=1), today - timedelta(days=1)),
    "7d": lambda today: (today - timedelta(days=6), today),
    "28d": lambda today: (today - timedelta(days=27), today),
    "this_month": lambda today: (today.replace(day=1), today),
    "last_month": _month_before,
    "90d": lambda today: (today - timedelta(days=89), today),
    "365d": lambda today: (today - timedelta(days=364), today),
}

_FILTER = rf"({'|'.join(FILTER_KINDS)})=[^,=\x00-\x1f]{{1,{3 * 120}}}"  # three signs may stand for one
_WRITTEN = {ord(sign): quote(sign, safe="") for sign in "%,=" + "".join(map(chr, range(1, 32)))}

_DAY: dict[str, str | list[Any] | dict[Any, Any]] = {
    "invalid": N_("write a day as YYYY-MM-DD"),
    "null": N_("write a day as YYYY-MM-DD"),
}


class QueryArgs(Schema):
    """The parameters that every report understands."""

    class Meta:
        unknown = RAISE

    period = fields.String(
        validate=validate.OneOf([*PERIODS, "custom"], error=N_("this is not one of the periods")),
        metadata={"description": "A period ending today; ignored when since and until are given. Default 28d."},
    )
    since = fields.Date(error_messages=_DAY, metadata={"description": "First day, in the shop's time zone."})
    until = fields.Date(error_messages=_DAY, metadata={"description": "Last day, included."})
    filter = fields.String(
        validate=validate.Regexp(  # a NUL is in no text that we keep, and PostgreSQL cannot be asked for one
            rf"\A(?!.*%00)({_FILTER}(,{_FILTER}){{0,{MAX_FILTERS - 1}}})?\Z",
            error=N_("write a filter as kind=value, such as channel=email"),
        ),
        metadata={
            "description": "Only these journeys, such as channel=email or channel=email,device=mobile. "
            "In a value a comma is written %2C, an equals sign %3D, a percent sign %25."
        },
    )
    holding = fields.String(
        validate=validate.Regexp(
            rf"\A({'|'.join(KINDS)})=[^\x00]{{1,{MAX_VALUE}}}\Z",
            error=N_("write what the journeys hold as kind=value, such as product=K-1042"),
        ),
        metadata={
            "description": "Only journeys that a report counts as holding this, on the days on which it counts them, such as "
            f"product=K-1042. Kinds: {', '.join(KINDS)}. A stage is named with its view, such as stage=five.consideration."
        },
    )
    view = fields.String(
        metadata={"description": f"The stage view: {', '.join(VIEWS)}, or one of the shop's own; its usual one by default."},
    )
    revenue_on = fields.String(
        validate=validate.OneOf(REVENUE_ON, error=N_("write order or refund")),
        metadata={
            "description": "Where refunds and cancellations are counted: on the day of their order (the default) or their own."
        },
    )
    look_back = fields.Integer(
        validate=validate.OneOf(LOOK_BACKS, error=N_("write 7, 30 or 90 days")),
        error_messages={"invalid": N_("write 7, 30 or 90 days")},
        metadata={"description": "How many days before the order a touchpoint may lie and still take part. Default 30."},
    )
    level = fields.String(
        validate=validate.OneOf(LEVELS, error=N_("write channel, source or campaign")),
        metadata={"description": "What a row stands for: a channel (the default), or each source or campaign of it."},
    )
    model = fields.String(
        validate=validate.OneOf(list(MODELS), error=N_("this is not one of the attribution models")),
        metadata={"description": "The attribution model. Default last_non_direct."},
    )
    cursor = fields.String(
        validate=validate.Regexp(r"\A[A-Za-z0-9._:~-]{0,200}\Z", error=N_("take the cursor from the page before")),
        metadata={"description": "Where the next page begins: next_cursor of the page before."},
    )
    sort = fields.String(
        validate=validate.Regexp(
            r"\A-?[a-z][a-z0-9_]{0,40}\Z", error=N_("write a column's key, with a minus before it for most first")
        ),
        metadata={
            "description": "The column by which rows are sorted, such as -net: most first. By default as the report has them."
        },
    )
    limit = fields.Integer(
        validate=validate.Range(1, 500, error=N_("write a number from 1 to 500")),
        error_messages={"invalid": N_("write a number from 1 to 500")},
        metadata={"description": "Rows of one page. Default 50."},
    )
    subject_id = fields.Integer(
        validate=validate.Range(1, 2**63 - 1, error=N_("this is no subject's number")),
        error_messages={"invalid": N_("this is no subject's number")},
        metadata={"description": "Whose journeys: the number in the list of journeys."},
    )


_ARGS = QueryArgs()


@dataclass(frozen=True)
class Query:
    """A checked question.  `filter` is "" for all journeys, else kind=value, or several with commas between; so is `holding`,
    but one alone."""

    since: date
    until: date
    now: Instant
    filter: str = ""
    holding: str = ""
    view: StageView = VIEWS["twelve"]
    period: str = "custom"
    cursor: str = ""
    limit: int = 50
    sort: str = ""
    subject_id: int | None = None
    revenue_on: str = "order"
    look_back: int = 30
    level: str = "channel"
    model: str = "last_non_direct"

    @property
    def filters(self) -> tuple[str, ...]:
        """Each as kind=value, one of a kind."""
        told = (part.partition("=") for part in self.filter.split(",") if part)
        return tuple(f"{kind}={value}" for kind, value in {kind: unquote(value) for kind, _, value in told}.items())

    @property
    def days(self) -> int:
        return (self.until - self.since).days + 1

    def before(self) -> Query:
        """The same question about as many days right before."""
        return self._earlier(self.days)

    def year_before(self) -> Query:
        """The same question about the same days of the week a year before: 52 weeks."""
        return self._earlier(364)

    def _earlier(self, days: int) -> Query:
        """From the first page on, since a cursor is of one answer."""
        moved = timedelta(days=days)
        return replace(self, since=self.since - moved, until=self.until - moved, period="custom", cursor="", sort="")

    def instants(self, zone: ZoneInfo) -> tuple[Instant, Instant]:
        """[start, end) of the days in that zone."""
        start = datetime.combine(self.since, time.min, zone)
        end = datetime.combine(self.until + timedelta(days=1), time.min, zone)
        return from_datetime(start), from_datetime(end)


def read_query(args: Mapping[str, str], shop: Shop, now: Instant, *, strict: bool = True) -> Query:
    """Strict: an unknown parameter is refused; links of pages carry more than the question.  Raises BadQuery."""
    try:
        given: dict[str, Any] = _ARGS.load({k: v for k, v in args.items() if v != ""}, unknown=RAISE if strict else EXCLUDE)
    except ValidationError as error:
        raise BadQuery(*next(iter(faults(error).items()))) from error
    period = given.pop("period", DEFAULT_PERIOD)
    since, until = given.pop("since", None), given.pop("until", None)
    if since is None and until is None:
        if period == "custom":
            raise BadQuery("since", N_("give the first and the last day"))
        since, until = PERIODS[period](day_of(now, shop.settings.tz))
    elif since is None or until is None:
        raise BadQuery("until" if until is None else "since", N_("give the first and the last day"))
    else:
        period = "custom"
        _check_days(since, until)
    view = _view(shop, given.pop("view", None))
    read_holding(given.get("holding", ""), shop)
    return Query(since, until, now, view=view, period=period, **given)


def _view(shop: Shop, asked: str | None) -> StageView:
    views = shop.settings.views
    if asked is not None and asked not in views:
        raise BadQuery("view", N_("this is not one of the stage views"))
    return views.get(asked or shop.settings.stage_view, VIEWS["twelve"])


def filter_text(kind: str, value: str) -> str:
    """A filter as it is written in a link, where commas stand between several."""
    return f"{kind}={value.translate(_WRITTEN)}"


def page(rows: Sequence[_T], query: Query) -> tuple[Sequence[_T], str | None]:
    """Of rows that are all at hand those of one page, and where the next begins.  Raises BadQuery for a foreign cursor."""
    if not (query.cursor or "0").isdecimal():
        raise BadQuery("cursor", N_("take the cursor from the page before"))
    start = int(query.cursor or 0)
    end = start + query.limit
    return rows[start:end], str(end) if end < len(rows) else None


def read_cursor(cursor: str, parts: int) -> list[int]:
    """The whole numbers of a cursor like 1789000000000.12, each of which a database can hold.  Raises BadQuery."""
    try:
        found = [int(part) for part in cursor.split(".")]
    except ValueError:
        found = []
    if len(found) != parts or any(abs(number) >= 2**63 for number in found):
        raise BadQuery("cursor", N_("take the cursor from the page before"))
    return found


def _check_days(since: date, until: date) -> None:
    if until < since:
        raise BadQuery("until", N_("the last day lies before the first"))
    if (until - since).days >= MAX_DAYS:
        raise BadQuery("since", N_("ask for three years at most"))
    if since.year < 2000 or until.year > 2200:  # also keeps date arithmetic away from its ends
        raise BadQuery("since", N_("write a day as YYYY-MM-DD"))
