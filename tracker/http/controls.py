"""What a reader may choose on a report's page, and links that keep the rest of the choice.

A page's whole state is in its link: the parameters of its report (reports/query.py) and `compare`, which is of pages alone.
Controls that the report cannot heed are left out.  To add a choice from a closed list: its line in CHOICES.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from babel import Locale
from flask import request, url_for
from flask_babel import gettext
from sqlalchemy import Connection

from tracker.attribution import LOOK_BACKS
from tracker.clock import day_of
from tracker.http.deps import deps, shop
from tracker.http.locale import locale, sayer, translate
from tracker.reports import REPORTS, counters, parameters
from tracker.reports.holding import KINDS, stage_of
from tracker.reports.products import read_names
from tracker.reports.query import LEVELS, REVENUE_ON, Query, filter_text, read_query
from tracker.reports.table import N_
from tracker.reports.words import ATTRIBUTION_MODELS, FILTER_KINDS, say
from tracker.telling.cells import Writer

PERIODS = {
    "today": N_("Today"),
    "yesterday": N_("Yesterday"),
    "7d": N_("7 days"),
    "28d": N_("28 days"),
    "this_month": N_("This month"),
    "last_month": N_("Last month"),
    "90d": N_("90 days"),
    "365d": N_("365 days"),
    "custom": N_("From … to …"),
}

# What the figures are compared with.
BEFORE, YEAR, NONE = "before", "year", "none"
COMPARISONS = {BEFORE: N_("The days before"), YEAR: N_("A year before"), NONE: N_("Nothing")}

# parameter of the report -> (its name, {value: its name})
CHOICES: dict[str, tuple[str, dict[str, str]]] = {
    "model": (N_("Credit goes to"), ATTRIBUTION_MODELS),
    "look_back": (N_("Looking back"), {str(days): N_("%(days)s days") for days in LOOK_BACKS}),
    "level": (N_("A row for each"), dict(zip(LEVELS, (N_("Channel"), N_("Source"), N_("Campaign")), strict=True))),
    "revenue_on": (
        N_("Refunds count on the day of"),
        dict(zip(REVENUE_ON, (N_("their order"), N_("the refund")), strict=True)),
    ),
}

# Pages that say little of a few weeks: what their link means when it names no days.
LONG = {f"admin.{name}": "365d" for name in ("clv", "cohorts", "payback")}

MOST_TO_COME = 7  # a period is compared when at most one in so many of its days is not over
MOST_OPTIONS = 200  # of one kind of filter


@dataclass(frozen=True)
class Choice:
    """One option of a control."""

    value: str
    name: str
    chosen: bool


@dataclass(frozen=True)
class Control:
    """A name and its options."""

    key: str
    name: str
    choices: list[Choice]


@dataclass(frozen=True)
class Applied:
    """A filter or a holding that is in force, and the page's link without it."""

    kind: str
    name: str
    without: str


@dataclass(frozen=True)
class Controls:
    """All of a page."""

    periods: list[Choice] = field(default_factory=list)
    custom: bool = False
    comparisons: list[Choice] = field(default_factory=list)
    selects: list[Control] = field(default_factory=list)  # stage view, model …
    filters: list[Control] = field(default_factory=list)  # one for each kind
    applied: list[Applied] = field(default_factory=list)  # of the filters
    holding: Applied | None = None
    kept: dict[str, str] = field(default_factory=dict)  # of the link, to be sent along


def read_page_query(**fixed: Any) -> Query:
    """The question in the page's link.  Raises BadQuery."""
    return read_query({**arguments(), **fixed}, shop(), deps().now(), strict=False)


def arguments() -> dict[str, str]:
    """Of the page's link; a form with several filters sends each for itself."""
    args = request.args.to_dict()
    if request.endpoint in LONG and not {"period", "since", "until"} & args.keys():
        args["period"] = LONG[request.endpoint]
    filters = [text for text in request.args.getlist("filter") if text]
    return {**args, "filter": ",".join(filters)} if filters else {key: value for key, value in args.items() if key != "filter"}


def again(**changed: Any) -> str:
    """This page's link with something changed; None takes it away.  A cursor is of one question, so it never stays."""
    assert request.endpoint is not None
    args = {**arguments(), "cursor": None, **(request.view_args or {}), "shop_id": shop().shop_id, **changed}
    return url_for(request.endpoint, **args)


def comparison() -> str:
    asked = request.args.get("compare", BEFORE)
    return asked if asked in COMPARISONS else BEFORE


def earlier(query: Query) -> Query | None:
    """The same question about the days that it is compared with; None, too, while too few of its own are over."""
    if _is_under_way(query):
        return None
    match comparison():
        case "before":
            return query.before()
        case "year":
            return query.year_before()
    return None


def _is_under_way(query: Query) -> bool:
    """Whether more than a seventh of the days is still to come, today among them: against whole days they would seem a fall."""
    to_come = (query.until - day_of(query.now, shop().settings.tz)).days + 1
    return to_come * MOST_TO_COME > query.days


def tell_comparison(query: Query, write: Writer) -> str:
    """With which days the figures are compared, or why with none."""
    then = earlier(query)
    if then:
        return str(gettext("compared with %(span)s", span=span(then, write)))
    return str(gettext("not compared: too few of these days are over")) if comparison() != NONE else ""


def make_controls(db: Connection, name: str, query: Query, *, compares: bool = False) -> Controls:
    """Of a report."""
    heeds, kinds = parameters(name), REPORTS[name].FILTERS
    return Controls(
        periods=_choices(PERIODS, query.period) if "period" in heeds else [],
        custom=query.period == "custom",
        comparisons=_choices(COMPARISONS, comparison()) if compares and "period" in heeds else [],
        selects=[*_views(query, heeds), *(_select(key, query) for key in CHOICES if key in heeds)],
        filters=_filters(db, query, kinds),
        applied=_applied(query),
        holding=_holding(db, query) if "holding" in heeds and query.holding else None,
        kept={key: request.args[key] for key in ("holding", "sort", "limit") if key in request.args and key in heeds},
    )


def _choices(names: dict[str, str], chosen: str) -> list[Choice]:
    return [Choice(key, translate(name), key == chosen) for key, name in names.items()]


def _views(query: Query, heeds: Iterable[str]) -> list[Control]:
    if "view" not in heeds:
        return []
    choices = [Choice(key, view.name(locale()), query.view.key == key) for key, view in shop().settings.views.items()]
    return [Control("view", translate(N_("Stage view")), choices)]


def _select(key: str, query: Query) -> Control:
    name, options = CHOICES[key]
    chosen = str(getattr(query, key))
    choices = [Choice(value, translate(text) % {"days": value}, value == chosen) for value, text in options.items()]
    return Control(key, translate(name), choices)


def _filters(db: Connection, query: Query, kinds: Iterable[str]) -> list[Control]:
    chosen = dict(part.split("=", 1) for part in query.filters)
    found: dict[str, list[str]] = {}
    for text in counters.read_filters(db, shop(), kinds):
        kind, _, value = text.partition("=")
        found.setdefault(kind, []).append(value)
    for kind, value in chosen.items():  # a link may name one that nothing was counted for
        if value not in found.setdefault(kind, []):
            found[kind].insert(0, value)
    return [_filter(kind, values[:MOST_OPTIONS], chosen.get(kind)) for kind, values in found.items()]


def _filter(kind: str, values: list[str], chosen: str | None) -> Control:
    named = sorted((filter_value(kind, value), value) for value in values)
    choices = [Choice(filter_text(kind, value), name, value == chosen) for name, value in named]
    return Control(
        f"filter-{kind}", translate(FILTER_KINDS[kind]), [Choice("", translate(N_("All")), chosen is None), *choices]
    )


def _applied(query: Query) -> list[Applied]:
    told = [part.split("=", 1) for part in query.filters]
    return [
        Applied(
            translate(FILTER_KINDS[kind]),
            filter_value(kind, value),
            again(filter=",".join(filter_text(*other) for other in told if other != [kind, value]) or None),
        )
        for kind, value in told
    ]


def _holding(db: Connection, query: Query) -> Applied:
    key, _, value = query.holding.partition("=")
    kind = KINDS[key]
    return Applied(translate(kind.title), _held_value(db, kind.vocabulary, value), again(holding=None))


def _held_value(db: Connection, vocabulary: str, value: str) -> str:
    """In the reader's language: a product by its name, channel|source|campaign one after the other."""
    match vocabulary:
        case "product":
            name, _ = read_names(db, shop(), [value]).get(value, (None, None))
            return name or value
        case "stage":
            view, place = stage_of(value, shop())
            return view.stages[place - 1].name(locale())
        case "arrival":
            channel, *others = value.split("|")
            return " · ".join(
                [
                    say("channel", channel, locale(), translate),
                    *(say("assistant", one, locale(), translate) for one in others if one),
                ]
            )
    return say(vocabulary, value, locale(), translate)


def filter_value(kind: str, value: str) -> str:
    """In the reader's language."""
    if kind == "country":
        return str(Locale.parse(locale()).territories.get(value, value))
    return say(kind, value, locale(), translate)


def writer(query: Query | None = None) -> Writer:
    return Writer(locale(), shop().settings.tz, translate, sayer(query.view) if query else sayer())


def span(query: Query, write: Writer) -> str:
    first, last = write.day(query.since), write.day(query.until)
    return first if query.since == query.until else f"{first} – {last}"


def downloads(name: str, table: str = "", **more: Any) -> dict[str, str]:
    """The same answer, or one of the tables beside it, as files."""
    known = {key: value for key, value in arguments().items() if key in parameters(name)}
    known |= {"table": table} if table else {}
    return {
        ext: url_for("api.report", shop_id=shop().shop_id, name=name, ext=ext, **{**known, **more, **bom})
        for ext, bom in (("csv", {"bom": 1}), ("json", {}))
    }
