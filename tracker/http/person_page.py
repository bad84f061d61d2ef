"""One person: their timeline by day and visit, orders, what they agreed to, and how we know who they are.

The timeline is grouped as it was lived: events of one browser without a long pause are a visit, and what the shop's server told
within it stands there too; mails and parcels in between stand by themselves.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from tracker.clock import MINUTE
from tracker.http.controls import again, downloads, read_page_query, writer
from tracker.http.deps import deps, shop
from tracker.reports import answer
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Unit
from tracker.stages import STAGES
from tracker.storage import reading
from tracker.telling.cells import Writer

FIGURES = (
    Column("stage", Unit.TEXT, N_("Stage now"), N_("The stage of the latest event."), "twelve"),
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("How often they set out, the one under way included.")),
    Column("orders", Unit.COUNT, N_("Orders"), N_("All that we know, cancelled ones included.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("After discounts and refunds, without VAT and shipping.")),
    Column("consent", Unit.TEXT, N_("Consent"), N_("What may be kept of their latest browser."), "level"),
    Column("newsletter", Unit.TEXT, N_("Newsletter"), N_("What they said about it last."), "consent_step"),
)

_NEWSLETTER = ("newsletter_subscribe", "newsletter_unsubscribe")


@dataclass
class Visit:
    """Events that belong together, the newest first.  `kind`: visit, mail or server."""

    kind: str
    rows: list[Row] = field(default_factory=list)

    @property
    def link(self) -> str | None:
        """The browser's key."""
        return next((str(row["link"]) for row in self.rows if row["source"] == "browser"), None)

    @property
    def began_at(self) -> int:
        return int(str(self.rows[-1]["occurred_at"]))

    @property
    def ended_at(self) -> int:
        return int(str(self.rows[0]["occurred_at"]))

    def first(self, key: str) -> str | None:
        """What the earliest of its events says that says something."""
        return next((str(row[key]) for row in reversed(self.rows) if row[key]), None)


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/shops/<int:shop_id>/people/<int:subject_id>", "person", person)


def person(subject_id: int) -> ResponseReturnValue:
    """Raises BadQuery."""
    query = read_page_query(subject_id=str(subject_id))
    write = writer()
    with reading(deps().engine) as db:
        table = answer("person", db, shop(), query)
    known = table.sample or table.beside["journeys"].rows or table.beside["links"].rows
    if not known:
        return render_template("admin/no_person.html", subject_id=subject_id), 404
    idle = shop().settings.idle_minutes * MINUTE
    seen = {row["stage"] for row in table.rows}
    return render_template(
        "admin/person.html",
        write=write,
        table=table,
        figures=FIGURES,
        totals=_totals(table),
        days=list(by_day(visits(table.rows, idle, write), write)),
        subject_id=subject_id,
        numbers={stage.key: stage.number for stage in STAGES},
        legend=[stage for stage in STAGES if stage.key in seen],
        older=again(cursor=table.next_cursor) if table.next_cursor else None,
        newest=again() if query.cursor else None,
        files={name: downloads("person", name, subject_id=subject_id) for name in ("", *table.beside)},
    )


def _totals(table: ReportTable) -> Row:
    beside = table.beside
    net: dict[str, int] = {}
    for row in beside["orders"].rows:
        if isinstance(money := row["net"], Money):
            net[money.currency] = net.get(money.currency, 0) + money.minor
    said = beside["consents"].rows
    latest = max(beside["journeys"].rows, key=lambda row: int(str(row["last_at"])), default=None)
    return {
        "stage": latest["stage"] if latest else None,
        "journeys": len(beside["journeys"].rows),
        "orders": len(beside["orders"].rows),
        "net": tuple(Money(minor, currency) for currency, minor in sorted(net.items())),
        "consent": next((row["level"] for row in said if row["level"]), None),
        "newsletter": next((row["what"] for row in said if row["what"] in _NEWSLETTER), None),
    }


def visits(rows: Iterable[Row], idle: int, write: Writer) -> Iterator[Visit]:
    """The timeline in visits, both newest first; none goes on over midnight, since a day is a heading."""
    here: Visit | None = None
    for row in rows:
        at, kind = int(str(row["occurred_at"])), _kind(row)
        if (
            here
            and here.began_at - at <= idle
            and write.weekday(here.began_at) == write.weekday(at)
            and _belongs(row, kind, here)
        ):
            here.rows.append(row)
            here.kind = "visit" if kind == "visit" else here.kind
            continue
        if here:
            yield here
        here = Visit(kind, [row])
    if here:
        yield here


def _kind(row: Row) -> str:
    if row["source"] == "browser":
        return "visit"
    return "mail" if str(row["type"]).startswith("email_") else "server"


def _belongs(row: Row, kind: str, visit: Visit) -> bool:
    """To the same browser, or to what went on in it; a mail and the shop's news have nothing to do with each other."""
    if kind == "visit":
        return visit.link in (None, row["link"])
    return visit.kind in ("visit", kind)


def by_day(found: Iterable[Visit], write: Writer) -> Iterator[tuple[str, list[Visit]]]:
    """With the day's name."""
    day, some = "", list[Visit]()
    for visit in found:
        name = write.weekday(visit.began_at)
        if some and name != day:
            yield day, some
            some = []
        day = name
        some.append(visit)
    if some:
        yield day, some
