"""The menu: groups of pages, and the switcher between the reader's shops.

To add a page to the menu: its endpoint in MENU, and its name in NAMES unless it is the page of a report, which has one.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import g, request, url_for

from tracker.errors import BadQuery
from tracker.http.controls import arguments, read_page_query
from tracker.http.deps import account, find_own_shop, may
from tracker.http.locale import translate
from tracker.http.roles import needed
from tracker.reports import REPORTS
from tracker.reports.table import N_

# (name, icon of icons.html, endpoints)
MENU: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (N_("Overview"), "overview", ("admin.overview",)),
    (
        N_("Journeys"),
        "journeys",
        (
            "admin.stages",
            "admin.flow",
            "admin.journey_map",
            "admin.paths",
            "admin.touchpoints",
            "admin.endings",
            "admin.journeys",
        ),
    ),
    (
        N_("Where from"),
        "compass",
        (
            "admin.channels",
            "admin.campaigns",
            "admin.landing_pages",
            "admin.ai_assistants",
            "admin.attribution",
            "admin.costs",
            "admin.payback",
            "admin.mail",
        ),
    ),
    (
        N_("Sales"),
        "bag",
        (
            "admin.orders",
            "admin.products",
            "admin.categories",
            "admin.coupons",
            "admin.searches",
            "admin.carts",
            "admin.checkouts",
        ),
    ),
    (
        N_("Customers"),
        "people",
        (
            "admin.customers",
            "admin.cohorts",
            "admin.clv",
            "admin.companies",
            "admin.satisfaction",
            "admin.support",
            "admin.advocacy",
        ),
    ),
    (N_("Data"), "health", ("admin.data_health", "admin.reconciliation", "admin.setup")),
    (
        N_("Manage"),
        "settings",
        (
            "admin.settings",
            "admin.stage_rules",
            "admin.shop",
            "admin.members",
            "admin.tokens",
            "admin.tasks",
            "admin.audit_log",
        ),
    ),
)
NAMES = {
    "admin.setup": N_("Set-up"),
    "admin.settings": N_("Settings"),
    "admin.stage_rules": N_("Your stage rules"),
    "admin.shop": N_("Shop"),
    "admin.tasks": N_("Tasks"),
    "admin.members": N_("Members"),
    "admin.tokens": N_("API tokens"),
    "admin.audit_log": N_("Audit log"),
}

# A page that is reached from another one, and stands at its place in the menu.
BELOW = {
    "admin.write_map_note": "admin.journey_map",
    "admin.setup_arrived": "admin.setup",
    "admin.person": "admin.journeys",
    "admin.task": "admin.tasks",
    "admin.erase": "admin.journeys",
}


@dataclass(frozen=True)
class Entry:
    """A page."""

    name: str
    url: str
    here: bool


@dataclass(frozen=True)
class Group:
    """Pages under a heading; a group of one page is that page."""

    name: str
    icon: str
    entries: list[Entry]

    @property
    def here(self) -> bool:
        return any(entry.here for entry in self.entries)


def name_of(endpoint: str) -> str:
    """A msgid."""
    return NAMES.get(endpoint) or REPORTS[endpoint.partition(".")[2]].TITLE


def menu(shop_id: int) -> list[Group]:
    """The pages of a shop that the reader may see, the present one marked."""
    find_own_shop(shop_id)
    chosen = _chosen()
    groups = [Group(translate(name), icon, _entries(shop_id, endpoints, chosen)) for name, icon, endpoints in MENU]
    return [group for group in groups if group.entries]


def _entries(shop_id: int, endpoints: tuple[str, ...], chosen: Mapping[str, str]) -> list[Entry]:
    here = BELOW.get(request.endpoint or "", request.endpoint)
    return [
        Entry(translate(name_of(one)), url_for(one, shop_id=shop_id, **_kept(one, chosen)), one == here)
        for one in endpoints
        if (right := needed(one, changes=False)) and may(right)
    ]


def _chosen() -> Mapping[str, str]:
    """What the reader chose on this page; nothing when it makes no question."""
    try:
        read_page_query()
    except BadQuery:
        return {}
    return arguments() if request.args else {}


def _kept(endpoint: str, chosen: Mapping[str, str]) -> dict[str, Any]:
    """As far as the other page heeds it: days, comparison, stage view and filters."""
    name = endpoint.partition(".")[2]
    if name not in REPORTS or not chosen:
        return {}
    heeds = {*REPORTS[name].PARAMETERS} & {"period", "since", "until", "view"}
    kept = {key: chosen[key] for key in (*sorted(heeds), *(["compare"] if "period" in heeds else [])) if chosen.get(key)}
    filters = [part for part in chosen.get("filter", "").split(",") if part.partition("=")[0] in REPORTS[name].FILTERS]
    return {**kept, "filter": ",".join(filters)} if filters else kept


def switcher() -> list[dict[str, Any]]:
    """The reader's shops, each with the link to the same page there."""
    here = g.get("shop_id")
    in_menu = {endpoint for _, _, endpoints in MENU for endpoint in endpoints}
    same = request.endpoint if here is not None and request.endpoint in in_menu else "admin.overview"
    return [
        {"name": own.name, "url": url_for(same, shop_id=own.shop_id), "here": own.shop_id == here} for own in account().shops
    ]
