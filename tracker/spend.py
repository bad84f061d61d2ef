"""What advertising cost: read from what somebody uploads, and kept by day, channel, source, campaign and currency.

In:  a CSV file (our own columns, or an export of Google Ads or Meta) or JSON, and what it does not say itself (Defaults).
Out: Upload: which days and amounts were kept, and each line that was refused, with the reason; BadFile when nothing in it can
     be read.
Uploading a day again overwrites it; lines of one file about the same day and campaign (ad groups, devices) are added up.
To recognise another heading: a word in HEADINGS.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Connection

from tracker import money
from tracker.clock import DAY, Instant, day_of
from tracker.enrich import CHANNELS
from tracker.enrich.channel import Clues, row_of
from tracker.enrich.sources import source_of_name
from tracker.errors import TrackerError
from tracker.events.fields import MAX_MONEY, clean_text
from tracker.pipeline.upsert import upsert
from tracker.reports.counters import day_number
from tracker.reports.table import N_, Money, Sentence
from tracker.shops import Shop
from tracker.tables import ad_spend

MAX_BYTES = 10_000_000
MAX_LINES = 100_000
MAX_COUNT = 2**31 - 1  # clicks; impressions too
LONGEST = 200  # characters of a name

# Field -> the headings it goes by, the surest first; in lower case, without the currency in brackets behind them.
HEADINGS: dict[str, tuple[str, ...]] = {
    "day": ("day", "date", "dag", "dato", "datum"),
    "first_day": ("reporting starts", "rapporteringsstart"),
    "last_day": ("reporting ends", "rapporteringsslut"),
    "channel": ("channel", "kanal"),
    "source": ("source", "kilde", "källa"),
    "campaign": ("campaign", "campaign name", "kampagne", "kampagnenavn", "kampanj", "kampanjnamn"),
    "currency": ("currency", "currency code", "valuta", "valutakode", "valutakod"),
    "amount": ("amount", "amount spent", "cost", "spend", "brugt beløb", "omkostninger", "pris", "spenderat belopp", "kostnad"),
    "clicks": ("clicks", "link clicks", "clicks (all)", "klik", "klik på link", "klik (alle)", "klick", "länkklick"),
    "impressions": ("impressions", "impr.", "eksponeringer", "eksp.", "exponeringar", "exponer."),
}
_TEXTS = ("channel", "source", "campaign", "currency")

_EMPTY = frozenset({"", "-", "--", "–", "—"})
_HEADING_LINES = 30  # an export may say its name and period first


class BadFile(TrackerError):
    """Nothing in it can be read; `said` is a sentence for whoever uploaded it."""

    def __init__(self, text: str, **params: Any) -> None:
        super().__init__(text % params)
        self.said = Sentence(text, params)


class BadLine(ValueError):
    """One line cannot be kept."""

    def __init__(self, text: str, **params: Any) -> None:
        super().__init__(text % params)
        self.said = Sentence(text, params)


@dataclass(frozen=True)
class Defaults:
    """What holds for the lines that do not say it themselves.  Without a channel, it is that of a paid click by the source."""

    channel: str = ""
    source: str = ""
    campaign: str = ""
    currency: str = ""


class Refusal(NamedTuple):
    """A line that was not kept, and why."""

    line: int
    said: Sentence


@dataclass
class Upload:
    """What became of a file."""

    lines: int = 0  # with something in them, headings left out
    kept: int = 0  # rows written: one a day, channel, source, campaign and currency
    totals: int = 0  # lines left out because they name no day: sums of the others
    days: tuple[date, date] | None = None
    amounts: tuple[Money, ...] = ()
    ignored: tuple[str, ...] = ()  # headings that say nothing to us
    refused: list[Refusal] = field(default_factory=list)


class _Key(NamedTuple):
    day: date
    channel: str
    source: str
    campaign: str
    currency: str


class _Spend(NamedTuple):
    amount: Decimal
    clicks: int | None
    impressions: int | None


@dataclass(frozen=True)
class _Parse:
    """How a kind of file writes amounts and counts; both raise BadLine."""

    amount: Callable[[Any], Decimal]
    count: Callable[[Any], int | None]


_Cells = Mapping[str, Any]  # field -> what was told


def upload_csv(db: Connection, shop: Shop, data: bytes, defaults: Defaults, now: Instant) -> Upload:
    """Keep what can be kept of a CSV file.  Raises BadFile."""
    headings, lines = _table(_text(data))
    fields, currency = _fields_of(headings)
    defaults = replace(defaults, currency=currency or defaults.currency)
    if not (defaults.channel or defaults.source or {"channel", "source"} & set(fields)):
        raise BadFile(N_("say which channel or source the file belongs to"))
    told = [(number, {name: cells[i].strip() for name, i in fields.items() if i < len(cells)}) for number, cells in lines]
    single = [(number, cells) for number, cells in told if not _is_total(cells)]
    marks = {_decimal_mark(cells.get("amount", "")) for _, cells in single} - {"", None}
    mark = marks.pop() if len(marks) == 1 else None
    upload = Upload(
        lines=len(told),
        totals=len(told) - len(single),
        ignored=tuple(heading for i, heading in enumerate(headings) if heading.strip() and i not in fields.values()),
    )
    _keep(db, shop, single, _Parse(lambda text: _written_amount(text, mark), _written_count), defaults, now, upload)
    return upload


def upload_json(db: Connection, shop: Shop, data: bytes, defaults: Defaults, now: Instant) -> Upload:
    """Keep what can be kept of {"rows": [{"day", "channel", "source", "campaign", "currency", "amount", "clicks",
    "impressions"}, …]}; lines are counted from 1.  Raises BadFile.
    """
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise BadFile(N_("this is no JSON: %(why)s"), why=str(error)) from error
    rows = told.get("rows") if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise BadFile(N_('write {"rows": [{"day": "2026-01-31", "source": "google", "amount": "199.95"}]}'))
    if len(rows) > MAX_LINES:
        raise BadFile(N_("these are more than %(most)s lines: upload them in several parts"), most=MAX_LINES)
    upload = Upload(lines=len(rows))
    _keep(db, shop, list(enumerate(rows, 1)), _Parse(_amount, _count), defaults, now, upload)
    return upload


def _keep(
    db: Connection,
    shop: Shop,
    lines: Iterable[tuple[int, Any]],
    parse: _Parse,
    defaults: Defaults,
    now: Instant,
    upload: Upload,
) -> None:
    """Check each line, add up those about the same, write the sums, and say in `upload` what became of it."""
    latest = day_of(now + DAY, shop.settings.tz)  # the account's zone may be ahead of the shop's
    sums: dict[_Key, _Spend] = {}
    for number, cells in lines:
        try:
            key, spend = _check(cells, parse, defaults, shop, latest)
            sums[key] = _add(sums.get(key), spend)
        except BadLine as error:
            upload.refused.append(Refusal(number, error.said))
    rows = [_row(shop, key, spend) for key, spend in sorted(sums.items())]  # in order, so that two uploads do not deadlock
    upsert(db, ad_spend, rows)
    by_currency: dict[str, int] = {}
    for row in rows:
        by_currency[row["currency"]] = by_currency.get(row["currency"], 0) + row["amount_minor"]
    upload.kept = len(rows)
    upload.days = (min(key.day for key in sums), max(key.day for key in sums)) if sums else None
    upload.amounts = tuple(Money(minor, currency) for currency, minor in sorted(by_currency.items()))


def _row(shop: Shop, key: _Key, spend: _Spend) -> dict[str, Any]:
    return {
        "shop_id": shop.shop_id,
        "day_on": day_number(key.day),
        "channel": key.channel,
        "source": key.source,
        "campaign": key.campaign,
        "currency": key.currency,
        "amount_minor": money.to_minor(spend.amount, key.currency),
        "clicks": spend.clicks,
        "impressions": spend.impressions,
    }


def _add(known: _Spend | None, more: _Spend) -> _Spend:
    """Raises BadLine when the sum is more than a row can hold."""
    if known is None:
        return more
    amount = known.amount + more.amount
    clicks, impressions = _both(known.clicks, more.clicks), _both(known.impressions, more.impressions)
    if amount > MAX_MONEY or max(clicks or 0, impressions or 0) > MAX_COUNT:
        raise BadLine(N_("together with the lines before it this is too much for one day"))
    return _Spend(amount, clicks, impressions)


def _both(one: int | None, other: int | None) -> int | None:
    return other if one is None else one if other is None else one + other


# --- one line


def _check(cells: Any, parse: _Parse, defaults: Defaults, shop: Shop, latest: date) -> tuple[_Key, _Spend]:
    """Raises BadLine."""
    if not isinstance(cells, dict):
        raise BadLine(N_("this is no object"))
    if unknown := sorted(set(map(str, cells)) - set(HEADINGS)):
        raise BadLine(N_("there is no field %(name)s"), name=unknown[0][:40])
    told = {name: _text_of(name, cells.get(name)) or getattr(defaults, name) for name in _TEXTS}
    currency = (told["currency"] or shop.settings.currency).upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise BadLine(N_("%(value)s is no currency: write three letters, such as DKK"), value=currency[:20])
    source, campaign = _source(told["source"]), told["campaign"]
    key = _Key(_day(cells, latest), _channel(told["channel"], source, campaign, shop), source, campaign, currency)
    return key, _Spend(
        parse.amount(cells.get("amount")), parse.count(cells.get("clicks")), parse.count(cells.get("impressions"))
    )


def _text_of(name: str, value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        raise BadLine(N_("%(name)s is no text"), name=name)
    text = clean_text(value, LONGEST)
    return "" if text in _EMPTY else text


def _source(told: str) -> str:
    """As arrivals name it."""
    known = source_of_name(told) if told else None
    return known.name if known else told.lower()[:100]


def _channel(told: str, source: str, campaign: str, shop: Shop) -> str:
    """The one told; else that of a paid click by this source, by the same table, and the owner's own word, as for arrivals."""
    if told:
        if told.lower() not in CHANNELS:
            raise BadLine(
                N_("%(value)s is no channel: write one of %(channels)s"), value=told[:40], channels=", ".join(CHANNELS)
            )
        return told.lower()
    if not source:
        raise BadLine(N_("say which channel or source it belongs to"))
    clues = Clues(spelling=source, source=source_of_name(source), medium="cpc", campaign=campaign.lower(), labelled=True)
    override = shop.settings.override_channel(source=source, host="", medium="cpc", campaign=campaign)
    return override or row_of(clues).channel


_DAY = re.compile(
    r"(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})|(?P<d2>\d{1,2})(?P<sep>[.-])(?P<m2>\d{1,2})(?P=sep)(?P<y2>\d{4})", re.ASCII
)


def _day(cells: _Cells, latest: date) -> date:
    """A day with slashes may be of either order, so it is refused.  An export's line may cover several days: so is that."""
    text = cells.get("day") or cells.get("first_day")
    found = _DAY.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise BadLine(N_("write the day as YYYY-MM-DD, not %(value)s"), value=str(text)[:20])
    year, month, number = (int(found[name] or found[f"{name}2"]) for name in "ymd")
    try:
        day = date(year, month, number)
    except ValueError:
        raise BadLine(N_("there is no day %(value)s"), value=text) from None
    if not cells.get("day") and cells.get("last_day") != text:
        raise BadLine(N_("this line covers several days: export the report by day"))
    if day > latest:
        raise BadLine(N_("%(value)s lies in the future"), value=day.isoformat())
    if day.year < 2000:
        raise BadLine(N_("%(value)s is too long ago"), value=day.isoformat())
    return day


# --- numbers of JSON

_PLAIN = re.compile(r"\d{1,15}(\.\d{1,9})?", re.ASCII)


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadLine(N_("there is no amount: write one like 199.95"))
    text = str(value)
    if isinstance(value, str) and not _PLAIN.fullmatch(text):
        raise BadLine(N_("%(value)s is no amount: write one like 199.95"), value=text[:20])
    return _within(Decimal(text), text)


def _within(amount: Decimal, text: str) -> Decimal:
    if not 0 <= amount <= MAX_MONEY:
        raise BadLine(N_("%(value)s is not between 0 and %(most)s"), value=text[:20], most=MAX_MONEY)
    return amount


def _count(value: Any) -> int | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise BadLine(N_("%(value)s is no count"), value=str(value)[:20])
    return value


# --- numbers as people and spreadsheets write them

_SPACES = str.maketrans("", "", " \u00a0\u202f'’")
_GROUPED = {
    mark: re.compile(rf"(?P<whole>\d{{1,15}}|\d{{1,3}}(?:\{group}\d{{3}}){{1,4}})(?:\{mark}(?P<part>\d{{1,9}}))?", re.ASCII)
    for mark, group in ((".", ","), (",", "."))
}


def _decimal_mark(text: str) -> str | None:
    """Comma or point; "" when it has neither, None when it may be either: 1,234 is a thousand to some, not much to others."""
    text = text.translate(_SPACES)
    marks = [sign for sign in text if sign in ",."]
    if len(set(marks)) == 2:
        return marks[-1]
    if len(marks) != 1:
        return {"": "", ",": ".", ".": ","}[marks[0] if marks else ""]  # several of a kind stand between thousands
    whole, _, part = text.partition(marks[0])
    return None if len(part) == 3 and 0 < len(whole) <= 3 and whole != "0" else marks[0]


def _written_amount(text: str | None, mark: str | None) -> Decimal:
    """`mark`: the one that the file's other amounts show, for those that do not show it themselves."""
    text = text or ""
    if text in _EMPTY:
        raise BadLine(N_("there is no amount: write one like 199.95"))
    own = _decimal_mark(text)
    own = mark if own is None else own or "."
    if own is None:
        raise BadLine(N_("%(value)s may be thousands or decimals: write two decimals"), value=text[:20])
    found = _GROUPED[own].fullmatch(text.translate(_SPACES))
    if found is None:
        raise BadLine(N_("%(value)s is no amount: write one like 199.95"), value=text[:20])
    whole = found["whole"].replace(",", "").replace(".", "")
    return _within(Decimal(f"{whole}.{found['part'] or 0}"), text)


def _written_count(text: str | None) -> int | None:
    if text is None or text in _EMPTY:
        return None
    plain = text.translate(_SPACES)
    if not re.fullmatch(r"\d{1,15}|\d{1,3}([.,]\d{3}){1,4}", plain, re.ASCII):
        raise BadLine(N_("%(value)s is no count"), value=text[:20])
    return _count(int(plain.replace(",", "").replace(".", "")))


# --- a file as lines


def _text(data: bytes) -> str:
    """UTF-8, UTF-16 as Google writes it for Excel, or what Windows wrote before."""
    encoding = "utf-16" if data.startswith((b"\xff\xfe", b"\xfe\xff")) else "utf-8-sig"
    for one in (encoding, "cp1252"):
        try:
            return data.decode(one)
        except UnicodeDecodeError:
            continue
    raise BadFile(N_("this is no text: save it as CSV in UTF-8"))


def _table(text: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """The headings, and the lines below them with their numbers; what stands before the headings is the export's title."""
    for delimiter in (",", ";", "\t"):
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        headings: list[str] | None = None
        lines: list[tuple[int, list[str]]] = []
        try:
            for cells in reader:
                if headings is not None and any(cell.strip() for cell in cells):
                    lines.append((reader.line_num, cells))
                elif headings is None and _is_heading(cells):
                    headings = cells
                if len(lines) > MAX_LINES or (headings is None and reader.line_num >= _HEADING_LINES):
                    break
        except csv.Error as error:
            raise BadFile(N_("line %(line)s cannot be read: %(why)s"), line=reader.line_num, why=str(error)) from error
        if len(lines) > MAX_LINES:
            raise BadFile(N_("these are more than %(most)s lines: upload them in several parts"), most=MAX_LINES)
        if headings is not None:
            return headings, lines
    raise BadFile(N_("there is no line of headings: it needs a day and an amount, such as Day and Cost"))


def _is_heading(cells: list[str]) -> bool:
    fields, _ = _fields_of(cells)
    return "amount" in fields and ("day" in fields or "first_day" in fields)


_HEADING = re.compile(r"(?P<name>.*?)(?:\s*\((?P<currency>[A-Z]{3})\))?")


def _fields_of(headings: list[str]) -> tuple[dict[str, int], str]:
    """Field -> place of its surest heading; the currency that the amount's heading names in brackets, or ""."""
    places: dict[str, int] = {}
    currencies: dict[str, str] = {}
    for i, heading in enumerate(headings):
        found = _HEADING.fullmatch(" ".join(heading.replace("_", " ").split()))
        assert found is not None
        name = found["name"].lower()
        places.setdefault(name, i)
        currencies.setdefault(name, found["currency"] or "")
    names = {field: next((one for one in known if one in places), None) for field, known in HEADINGS.items()}
    fields = {field: places[name] for field, name in names.items() if name is not None}
    return fields, currencies.get(names["amount"] or "", "")


_TOTALS = ("total", "i alt", "summa")


def _is_total(cells: _Cells) -> bool:
    """A line that names no day sums up others."""
    day = (cells.get("day") or cells.get("first_day") or "").lower()
    return day in _EMPTY or day.startswith(_TOTALS)
