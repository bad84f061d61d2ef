"""What advertising cost: read from what somebody uploads, and kept by day, channel, source, campaign and currency.

In:  a CSV file (our own columns, or an export of Google Ads or Meta) or JSON, and what it does not say itself (Defaults).
Out: Upload: which days and amounts were kept, and each line that was refused, with the reason; FileRefused when nothing
     in it can be read.
Uploading a day again overwrites it; lines of one file about the same day and campaign (ad groups, devices) are added up.
To recognise another heading: an alias in COLUMNS, in lower case with `_` between words.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import Decimal
from typing import Any, BinaryIO, NamedTuple

import orjson
from marshmallow import ValidationError
from sqlalchemy import Connection

from tracker import money
from tracker.clock import DAY, Instant, day_of
from tracker.enrich import CHANNELS
from tracker.enrich.channel import Clues, row_of
from tracker.enrich.sources import source_of_name
from tracker.errors import Mistake
from tracker.events.fields import MAX_MONEY, clean_text
from tracker.imports.columns import Column, Header
from tracker.imports.lines import FileRefused, digest_of, no_json
from tracker.imports.sheet import SEPARATORS, Sheet, bad_header, not_csv
from tracker.imports.values import amount, decimal_mark
from tracker.pipeline.upsert import upsert
from tracker.reports.counters import day_number
from tracker.reports.table import Money
from tracker.shops import Shop
from tracker.tables import ad_spend
from tracker.texts import N_, Sentence, together

MAX_BYTES = 10_000_000
MAX_LINES = 100_000
MAX_LINE_BYTES = 100_000
MAX_COUNT = 2**31 - 1  # clicks; impressions too
LONGEST = 200  # characters of a name

COLUMNS = (
    Column("day", "the day", ("date", "dag", "dato", "datum")),
    Column("first_day", "the first day, where a line may cover several", ("reporting_starts", "rapporteringsstart")),
    Column("last_day", "the last day, where a line may cover several", ("reporting_ends", "rapporteringsslut")),
    Column("channel", "one of the channels", ("kanal",)),
    Column("source", "who was paid: google, facebook", ("kilde", "källa")),
    Column("campaign", "as the links name it", ("campaign_name", "kampagne", "kampagnenavn", "kampanj", "kampanjnamn")),
    Column("currency", "three letters", ("currency_code", "valuta", "valutakode", "valutakod")),
    Column(
        "amount",
        "what it cost",
        ("amount_spent", "cost", "spend", "brugt_beløb", "omkostninger", "pris", "spenderat_belopp", "kostnad"),
    ),
    Column("clicks", "clicks", ("link_clicks", "klik", "klik_på_link", "klik_på_links", "klick", "länkklick")),
    Column("impressions", "how often it was shown", ("impr", "eksponeringer", "eksp", "exponeringar", "exponer")),
)
_NAMES = frozenset(column.name for column in COLUMNS)
_TEXTS = ("channel", "source", "campaign", "currency")

_EMPTY = frozenset({"", "-", "--", "–", "—"})
_TITLE_LINES = 30  # an export may say its name and period before the headings


class BadLine(Mistake):
    """One line cannot be kept."""


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


_Cells = Mapping[str, Any]  # by names of COLUMNS


def upload_csv(db: Connection, shop: Shop, data: bytes, defaults: Defaults, now: Instant) -> Upload:
    """Keep what can be kept of a CSV file.  Raises FileRefused."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):  # as Google writes it for Excel
        data = data.decode("utf-16", "replace").encode()
    digest_of(io.BytesIO(data))  # refuses what is no text
    table, titles, currency = _below_the_title(data)
    sheet = Sheet(table, MAX_LINE_BYTES, COLUMNS, None, {})
    if not (defaults.channel or defaults.source or sheet.header.names & {"channel", "source"}):
        raise FileRefused(N_("say which channel or source the file belongs to"))
    upload = Upload(ignored=tuple(sheet.header.unused))
    lines: list[tuple[int, _Cells]] = []
    for entry in sheet.entries():
        upload.lines += 1
        if upload.lines > MAX_LINES:
            raise FileRefused(N_("these are more than %(most)s lines: upload them in several parts"), most=MAX_LINES)
        if entry.refusal is not None:
            faults = entry.refusal.detail["fields"]
            assert isinstance(faults, Mapping)
            said = Sentence(N_("this line %(why)s"), {"why": together(map(Sentence, faults.values()))})
            upload.refused.append(Refusal(titles + entry.line, said))
        elif _is_total(entry.one):
            upload.totals += 1
        else:
            lines.append((titles + entry.line, entry.one))
    marks = {decimal_mark(cells["amount"]) for _, cells in lines} - {"", None}
    mark = marks.pop() if len(marks) == 1 else None  # for amounts that may be read either way
    _keep(db, shop, lines, mark, replace(defaults, currency=currency or defaults.currency), now, upload)
    return upload


def _below_the_title(data: bytes) -> tuple[BinaryIO, int, str]:
    """The file from its headings on, how many lines stand before them, and the currency that the amount's heading names."""
    lines = data.split(b"\n", _TITLE_LINES)
    for number, line in enumerate(lines[:_TITLE_LINES]):
        for separator in SEPARATORS:
            titles = _titles(line, separator, number + 1)
            header = Header([_CURRENCY.sub("", title) for title in titles], COLUMNS, {})
            if "amount" in header.names and header.names & {"day", "first_day"}:
                told = _CURRENCY.search(titles[header.titles.index(header.title("amount"))])
                currency = told[1] if told else ""
                lines[number] = line.replace(f"({currency})".encode(), b"")
                return io.BytesIO(b"\n".join(lines[number:])), number, currency
    raise FileRefused(N_("there is no line of headings: it needs a day and an amount, such as Day and Cost"))


def _titles(line: bytes, separator: str, number: int) -> list[str]:
    try:
        return next(csv.reader([_text(line)], delimiter=separator), [])
    except csv.Error as error:
        raise bad_header(number, not_csv(error)) from error


_CURRENCY = re.compile(r"\s*\(([A-Z]{3})\)$")


def _text(line: bytes) -> str:
    try:
        return line.decode("utf-8-sig")
    except UnicodeDecodeError:
        return line.decode("cp1252", "replace")


_TOTALS = ("total", "i alt", "summa")


def _is_total(cells: _Cells) -> bool:
    """A line that names no day sums up others."""
    day = (cells.get("day") or cells.get("first_day") or "").lower()
    return day in _EMPTY or day.startswith(_TOTALS)


def upload_json(db: Connection, shop: Shop, data: bytes, defaults: Defaults, now: Instant) -> Upload:
    """Keep what can be kept of {"rows": [{"day", "channel", "source", "campaign", "currency", "amount", "clicks",
    "impressions"}, …]}; lines are counted from 1.  Raises FileRefused.
    """
    try:
        told = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise no_json(error) from error
    rows = told.get("rows") if isinstance(told, dict) else told
    if not isinstance(rows, list):
        raise FileRefused(N_('write {"rows": [{"day": "2026-01-31", "source": "google", "amount": "199.95"}]}'))
    if len(rows) > MAX_LINES:
        raise FileRefused(N_("these are more than %(most)s lines: upload them in several parts"), most=MAX_LINES)
    upload = Upload(lines=len(rows))
    _keep(db, shop, enumerate(rows, 1), None, defaults, now, upload)
    return upload


def _keep(
    db: Connection,
    shop: Shop,
    lines: Iterable[tuple[int, Any]],
    mark: str | None,
    defaults: Defaults,
    now: Instant,
    upload: Upload,
) -> None:
    """Check each line, add up those about the same, write the sums, and say in `upload` what became of it."""
    latest = day_of(now + DAY, shop.settings.tz)  # the account's zone may be ahead of the shop's
    sums: dict[_Key, _Spend] = {}
    for number, cells in lines:
        try:
            key, spend = _check(cells, mark, defaults, shop, latest)
            sums[key] = _add(sums.get(key), spend)
        except BadLine as error:
            upload.refused.append(Refusal(number, error.said))
    upload.refused.sort(key=lambda refusal: refusal.line)
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


def _check(cells: Any, mark: str | None, defaults: Defaults, shop: Shop, latest: date) -> tuple[_Key, _Spend]:
    """Raises BadLine."""
    if not isinstance(cells, dict):
        raise BadLine(N_("this is no object"))
    if unknown := sorted(set(cells) - _NAMES):
        raise BadLine(N_("there is no field %(name)s"), name=unknown[0][:40])
    told = {name: _text_of(name, cells.get(name)) or getattr(defaults, name) for name in _TEXTS}
    currency = (told["currency"] or shop.settings.currency).upper()
    if not re.fullmatch("[A-Z]{3}", currency):
        raise BadLine(N_("%(value)s is no currency: write three letters, such as DKK"), value=currency[:20])
    source, campaign = _source(told["source"]), told["campaign"]
    key = _Key(_day(cells, latest), _channel(told["channel"], source, campaign, shop), source, campaign, currency)
    clicks, impressions = (_count(cells.get(name)) for name in ("clicks", "impressions"))
    return key, _Spend(_amount(cells.get("amount"), mark), clicks, impressions)


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


def _is_empty(value: Any) -> bool:
    return value is None or (isinstance(value, str) and value.strip() in _EMPTY)


def _amount(value: Any, mark: str | None) -> Decimal:
    """`mark` stands before decimals where that can't be told from the amount itself."""
    if _is_empty(value):
        raise BadLine(N_("there is no amount: write one like 199.95"))
    if isinstance(value, str) and mark is None and decimal_mark(value) is None:
        raise BadLine(N_("%(value)s may be thousands or decimals: write two decimals"), value=value[:20])
    try:
        found = amount(value, mark)
    except ValidationError:
        raise BadLine(N_("%(value)s is no amount: write one like 199.95"), value=str(value)[:20]) from None
    if found < 0:
        raise BadLine(N_("%(value)s is below 0"), value=str(value)[:20])
    return found


_COUNT = re.compile(r"\d{1,15}|\d{1,3}(?:[., \u00a0\u202f'’]\d{3}){1,4}", re.ASCII)  # no part of a click: 1.024 is a thousand


def _count(value: Any) -> int | None:
    if _is_empty(value):
        return None
    if isinstance(value, str) and _COUNT.fullmatch(value):
        value = int(re.sub(r"\D", "", value))
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_COUNT:
        raise BadLine(N_("%(value)s is no count"), value=str(value)[:20])
    return value
