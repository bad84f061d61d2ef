"""The weekly mail: what changed and why, the key figures, the days as bars, and the owner's questions answered.

In:  the shop's reports of a week, Monday to Sunday.
Out: Letter; None when nothing at all was measured, which the alarm `nothing_arrives` says instead.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import Connection

from tracker.clock import Instant
from tracker.config import Config
from tracker.outbox.blocks import Bar, Bars, Block, Figure, Figures, Said
from tracker.outbox.compose import Letter, compose
from tracker.outbox.links import public_address
from tracker.reports import answer
from tracker.reports.overview import compared
from tracker.reports.query import Query, read_query
from tracker.reports.table import N_, Cell, ReportTable, Share, count_of
from tracker.shops import Shop
from tracker.subscriptions import choices
from tracker.subscriptions.choices import WEEKLY, Reader
from tracker.telling.cells import Writer
from tracker.telling.changes import Change, figure_changes
from tracker.telling.insight import reasons_of_change
from tracker.telling.language import writer
from tracker.telling.questions import answers

# Figures whose change is told in a sentence, and how.
_IN_SENTENCES = ("orders", "net", "journeys", "conversion")
_SENTENCES = {
    "up": N_("%(figure)s: %(value)s, %(change)s more than the week before."),
    "down": N_("%(figure)s: %(value)s, %(change)s less than the week before."),
    "same": N_("%(figure)s: %(value)s, as in the week before."),
}
_SIGNS = {"up": "+", "down": "−", "same": ""}


@dataclass(frozen=True)
class _Week:
    """What is asked for, for whom, and in which words."""

    shop: Shop
    query: Query
    write: Writer
    config: Config

    def link(self, report: str, period: str | None = None) -> str:
        """Of the report's page, on the days of the mail."""
        days = f"period={period}" if period else f"since={self.query.since}&until={self.query.until}"
        path = f"/shops/{self.shop.shop_id}/{report.replace('_', '-')}?{days}"
        return public_address(self.config.public_url, path)


def cause(reader: Reader, monday: date) -> str:
    """The mail about the week before that Monday is owed once."""
    year, week, _ = (monday - timedelta(days=7)).isocalendar()
    return f"weekly {reader.user_id} {year}-W{week:02}"


def letter(db: Connection, shop: Shop, reader: Reader, monday: date, config: Config, now: Instant) -> Letter | None:
    """About the seven days before that Monday."""
    days = {"since": str(monday - timedelta(days=7)), "until": str(monday - timedelta(days=1))}
    query = read_query(days, shop, now)
    overview, before = compared(db, shop, query, query.before())
    if not overview.sample and not overview.totals["orders"]:
        return None
    week = _Week(shop, query, writer(reader.locale, shop, query.view), config)
    changes = figure_changes(overview, before, week.write)
    sentences = [*_changed(overview, changes, week.write), *_reasons(db, week)]
    if not sentences:
        sentences = [week.write.translate(N_("There are too few journeys in one of the periods to speak of changes."))]
    return compose(
        "weekly",
        reader.locale,
        shop=shop.name,
        span=f"{week.write.short_day(query.since)} – {week.write.short_day(query.until)}",
        sentences=sentences,
        blocks=[*_blocks(db, week, overview, changes, sentences)],
        link=week.link("overview"),
        profile=public_address(config.public_url, "/profile"),
        leave=choices.leave_link(shop.shop_id, reader.user_id, WEEKLY, config),
    )


def _changed(overview: ReportTable, changes: Mapping[str, Change], write: Writer) -> Iterator[str]:
    columns = {column.key: column for column in overview.figures}
    for key in _IN_SENTENCES:
        column, change = columns[key], changes.get(key)
        if change:
            value = " + ".join(write.brief(column, overview.totals[key]))
            told = {"figure": write.translate(column.title), "value": value, "change": change.text}
            yield write.translate(_SENTENCES[change.direction]) % told


def _reasons(db: Connection, week: _Week) -> Iterator[str]:
    now, before = (answer("channels", db, week.shop, query) for query in (week.query, week.query.before()))
    return reasons_of_change(now, before, week.write)


def _blocks(
    db: Connection, week: _Week, overview: ReportTable, changes: Mapping[str, Change], sentences: list[str]
) -> Iterator[Block]:
    say = week.write.translate
    yield Said(say(N_("What changed, and why")), sentences)
    yield Figures(say(N_("Key figures, against the week before")), [*_figures(overview, changes, week.write)])
    stages = answer("stages", db, week.shop, week.query)
    yield _days(db, week, stages)
    for one in answers(
        db, week.shop, week.query, lambda asked: writer(week.write.locale, week.shop, asked.view), {"stages": stages}
    ):
        said = one.said or [say(N_("Not enough yet to say."))]
        yield Said(one.question, said, (say(N_("See the figures")), week.link(one.report, one.period)))


def _figures(overview: ReportTable, changes: Mapping[str, Change], write: Writer) -> Iterator[Figure]:
    for column in overview.figures:
        value, change = overview.totals[column.key], changes.get(column.key)
        if not _is_known(value):
            continue
        told = _SIGNS[change.direction] + change.text if change else ""
        yield Figure(
            write.translate(column.title), " + ".join(write.brief(column, value)), told, change.good if change else None
        )


def _is_known(value: Cell) -> bool:
    """A share of nothing says nothing."""
    return bool(value.whole) if isinstance(value, Share) else value is not None and value != ()


def _days(db: Connection, week: _Week, stages: ReportTable) -> Bars:
    """Journeys and orders, each on a scale of its own: there are always many more of the one."""
    begun = {row["day"]: count_of(row["journeys"]) for row in stages.beside["days"].rows}
    placed = {
        row["day"]: count_of(row["orders"]) - count_of(row["cancelled"])
        for row in answer("orders", db, week.shop, week.query).rows
    }
    days = [week.query.since + timedelta(days=n) for n in range(week.query.days)]
    most = [max([found.get(day, 0) for day in days] + [1]) for found in (begun, placed)]
    rows = [
        (
            week.write.named_day(day),
            [
                Bar(week.write.count(found.get(day, 0)), 100 * found.get(day, 0) // top)
                for found, top in zip((begun, placed), most, strict=True)
            ],
        )
        for day in days
    ]
    say = week.write.translate
    link = (say(N_("See the figures")), week.link("stages"))
    return Bars(say(N_("Journeys and orders by day")), [say(N_("Journeys")), say(N_("Orders"))], rows, link)
