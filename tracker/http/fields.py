"""Controls of the settings page: how each setting is shown, and how what was typed is read back.

A control knows its choices and reads a form; what is a valid setting is said by shop_settings.py alone.
To add a setting to the page: its Field in a section of SECTIONS.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import available_timezones

import orjson
from werkzeug.datastructures import MultiDict

from tracker.reports.table import N_
from tracker.reports.words import CHANNELS, CONSENT_LEVELS, PAGE_KINDS
from tracker.shop_settings import LOCALES

Kind = Literal["choice", "text", "number", "switch", "checks", "lines", "rows", "json"]
Form = MultiDict[str, str]


@dataclass(frozen=True)
class Cell:
    """One column of a setting that is a table; with choices a select."""

    key: str
    title: str  # msgid
    choices: Callable[[], Mapping[str, str]] | None = None


@dataclass(frozen=True)
class Field:
    """One setting."""

    name: str
    title: str  # msgid
    kind: Kind
    hint: str = ""  # msgid
    unit: str = ""  # msgid
    choices: Callable[[], Mapping[str, str]] | None = None  # value -> msgid
    cells: tuple[Cell, ...] = ()
    others: str = ""  # msgid: what else may be typed beside the choices of `checks`

    def read(self, form: Form) -> Any:
        """What was typed, as the settings take it; what is no number stays the text that it is, to be refused in words."""
        text = form.get(self.name, "").strip()
        match self.kind:
            case "number":
                return int(text) if text.isdecimal() else text
            case "switch":
                return self.name in form
            case "checks":
                typed = [word.strip() for text in form.getlist(self.name) for word in text.split(",")]
                return list(dict.fromkeys(word for word in typed if word))
            case "lines":
                return [line.strip() for line in text.splitlines() if line.strip()]
            case "rows":
                return _ROWS[self.name].read(self._rows(form))
            case "json":
                return _json(text)
        return text

    def _rows(self, form: Form) -> list[dict[str, str]]:
        """As typed; rows without a word are left out."""
        columns = [form.getlist(f"{self.name}.{cell.key}") for cell in self.cells]
        rows = [
            {cell.key: text.strip() for cell, text in zip(self.cells, texts, strict=True)}
            for texts in zip(*columns, strict=False)
        ]
        return [row for row in rows if any(row[cell.key] for cell in self.cells if cell.choices is None)]

    def shown(self, value: Any) -> Any:
        """The setting as the control takes it."""
        match self.kind:
            case "lines":
                return "\n".join(value)
            case "rows":
                return _ROWS[self.name].show(value)
            case "json":
                return orjson.dumps(value, option=orjson.OPT_INDENT_2).decode() if value else ""
        return value


@dataclass(frozen=True)
class _Rows:
    """How a setting becomes rows of texts, and back."""

    show: Callable[[Any], list[dict[str, str]]]
    read: Callable[[list[dict[str, str]]], Any]


def _read_rates(rows: list[dict[str, str]]) -> dict[str, list[list[str]]]:
    found: dict[str, list[list[str]]] = {}
    for row in sorted(rows, key=lambda row: (row["currency"], row["since"])):
        found.setdefault(row["currency"].upper(), []).append([row["since"], row["worth"].replace(",", ".")])
    return found


_ROWS = {
    "rates": _Rows(
        lambda rates: [
            {"currency": code, "since": since, "worth": worth} for code, table in rates.items() for since, worth in table
        ],
        _read_rates,
    ),
    "page_kinds": _Rows(
        lambda kinds: [{"path": path, "kind": kind} for path, kind in kinds.items()],
        lambda rows: {row["path"]: row["kind"] for row in rows},
    ),
    "channel_overrides": _Rows(
        lambda overrides: [dict(override) for override in overrides],
        lambda rows: [{key: text for key, text in row.items() if text} for row in rows],
    ),
}


def _json(text: str) -> Any:
    try:
        return orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        return text


def _zones() -> Mapping[str, str]:
    return {zone: zone for zone in sorted(available_timezones()) if "/" in zone and not zone.startswith("Etc/")}


_LANGUAGES = {"da": N_("Danish"), "en": N_("English"), "sv": N_("Swedish")}
_STATES = {
    "placed": N_("placed, not yet paid"),
    "pending": N_("waiting for payment"),
    "placed_cod": N_("placed, to be paid on delivery"),
    "paid": N_("paid"),
    "processing": N_("being packed"),
    "completed": N_("completed"),
}


def _languages() -> Mapping[str, str]:
    return {locale: _LANGUAGES[locale] for locale in LOCALES}


SECTIONS: tuple[tuple[str, str, tuple[Field, ...]], ...] = (
    (
        N_("The shop"),
        "",
        (
            Field("zone", N_("Time zone"), "choice", N_("In which the shop's days begin and end."), choices=_zones),
            Field("currency", N_("Currency"), "text", N_("In which reports add up money: three capital letters.")),
            Field("locale", N_("Language"), "choice", N_("Of mails to the shop."), choices=_languages),
            Field("languages", N_("Languages of the shop's customers"), "checks", choices=_languages),
            Field(
                "b2b",
                N_("The shop sells to companies"),
                "switch",
                N_("Journeys are then those of companies, over all their people. This cannot be taken back."),
            ),
        ),
    ),
    (
        N_("Journeys"),
        "",
        (
            Field("stage_view", N_("Stage view"), "choice", N_("Which reports show first."), choices=dict),
            Field(
                "journey_window_days",
                N_("A journey lapses after"),
                "number",
                N_("When the person does nothing; 30 is usual with consumers, 90 between companies."),
                N_("days"),
            ),
            Field(
                "lapse_days",
                N_("A customer is silent after"),
                "number",
                N_("Anyone who comes back later counts as reactivated."),
                N_("days"),
            ),
            Field("idle_minutes", N_("A session ends after"), "number", N_("Without a sign from the browser."), N_("minutes")),
            Field("abandon_minutes", N_("A cart is abandoned after"), "number", N_("When nobody touches it."), N_("minutes")),
            Field("cart_expiry_days", N_("A cart is given up after"), "number", N_("It can no longer be bought."), N_("days")),
        ),
    ),
    (
        N_("Orders and money"),
        "",
        (
            Field(
                "counted_states",
                N_("Orders count when they are"),
                "checks",
                choices=lambda: _STATES,
                others=N_("Other words of your shop system, with commas between"),
            ),
            Field(
                "revenue_includes",
                N_("Revenue also includes"),
                "checks",
                N_("Beside goods after discounts."),
                choices=lambda: {"tax": N_("VAT"), "shipping": N_("shipping")},
            ),
            Field(
                "rates",
                N_("Exchange rates"),
                "rows",
                N_("What one unit of a foreign currency is worth in the shop's own, from a day on."),
                cells=(
                    Cell("currency", N_("Currency")),
                    Cell("since", N_("From the day (YYYY-MM-DD)")),
                    Cell("worth", N_("One unit is worth")),
                ),
            ),
        ),
    ),
    (
        N_("Consent and privacy"),
        "",
        (
            Field(
                "consent_unknown",
                N_("Visitors of whom no consent banner tells anything"),
                "choice",
                N_("Anonymous counts each visit on its own and stores nothing on the device."),
                choices=lambda: CONSENT_LEVELS,
            ),
            Field(
                "events_months",
                N_("Single events are kept for"),
                "number",
                N_("Totals are kept. 0 means forever."),
                N_("months"),
            ),
            Field(
                "people_months",
                N_("People are forgotten after"),
                "number",
                N_("When they do nothing. 0 means never."),
                N_("months"),
            ),
            Field(
                "excluded_emails",
                N_("E-mail addresses that belong to nobody in particular"),
                "lines",
                N_("One per line; @example.com stands for all addresses there."),
            ),
            Field(
                "excluded_networks",
                N_("Your own networks"),
                "lines",
                N_("One per line, such as 192.0.2.0/24: visits from them are not counted."),
            ),
            Field(
                "two_factor",
                N_("Members must use two-factor login"),
                "switch",
                N_("Anyone who logs in without it sets it up before they see the shop. API tokens work without it."),
            ),
        ),
    ),
    (
        N_("Channels and pages"),
        "",
        (
            Field(
                "channel_overrides",
                N_("Your own word for where arrivals come from"),
                "rows",
                N_("The first line whose words all match wins; fill in what matters and leave the rest empty."),
                cells=(
                    Cell("source", "utm_source"),
                    Cell("medium", "utm_medium"),
                    Cell("campaign", "utm_campaign"),
                    Cell("host", N_("Host")),
                    Cell("channel", N_("Channel"), lambda: CHANNELS),
                ),
            ),
            Field(
                "page_kinds",
                N_("What your pages are for"),
                "rows",
                N_("By the beginning of their path; the kind of other pages is guessed."),
                cells=(Cell("path", N_("Path begins with")), Cell("kind", N_("Kind of page"), lambda: PAGE_KINDS)),
            ),
            Field(
                "stage_views",
                N_("Stage views of your own"),
                "json",
                N_("As JSON: docs/stages.md shows one. Each of the twelve stages lies in exactly one stage of the view."),
            ),
        ),
    ),
)
FIELDS = {field.name: field for _, _, fields in SECTIONS for field in fields}
