"""The set-up: a checklist that turns green as each kind of event arrives, and what to put where, by shop system.

GET setup           the page; ?system= chooses the shop system
GET setup/arrived   the checklist alone, asked every few seconds while the page is open; ?seen=<what the reader sees> gets
                    nothing (204) while it is still so
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from tracker.clock import day_of
from tracker.http.checklist import STEPS, arrived
from tracker.http.controls import again, writer
from tracker.http.deps import account, deps, shop
from tracker.http.locale import locale, translate
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_
from tracker.stages import STAGES
from tracker.storage import reading

# How each stage's events come about.
STAGE_HINTS = {
    "need": N_("Somebody searches in the shop, or opens a quiz or an inspiration page."),
    "awareness": N_("Somebody arrives at the front page or a campaign page."),
    "information": N_("Somebody looks at a product, or reads a guide, a blog or the delivery terms."),
    "consideration": N_("Somebody looks again, compares, reads reviews, or signs up for the newsletter."),
    "decision": N_("Somebody fills the cart or begins the checkout."),
    "purchase": N_("The shop's server tells of an order; this needs the plugin or the signed interface."),
    "delivery": N_("The shop's server tells that an order was shipped or delivered."),
    "engagement": N_("A customer visits their account, asks support or uses the product."),
    "retention": N_("A customer orders again, or joins the loyalty programme."),
    "satisfaction": N_("A customer answers a survey, complains or returns something."),
    "advocacy": N_("A customer writes a good review, shares a product or refers a friend."),
    "reactivation": N_("A customer comes back after a long silence."),
}

SYSTEMS = {"own": N_("Own shop"), "woocommerce": "WooCommerce", "shopify": "Shopify"}

_CHECKED_DAYS = 90


def add_views(blueprint: Blueprint) -> None:
    blueprint.add_url_rule("/shops/<int:shop_id>/setup", "setup", setup)
    blueprint.add_url_rule("/shops/<int:shop_id>/setup/arrived", "setup_arrived", setup_arrived)


def setup() -> ResponseReturnValue:
    """The checklist, the tag to copy, and which stages have been seen in the last days."""
    with reading(deps().engine) as db:
        last = counters.read_last_days(db, shop(), _checked())
        found = arrived(db, shop(), _checked())
    write = writer()
    config = deps().config
    base = config.public_url.rstrip("/")
    asked = request.args.get("system", "")
    return render_template(
        "admin/setup.html",
        tag=f'<script async src="{base}{config.script_path}" data-key="{shop().site_key}"></script>',
        stub="<script>window.kr=window.kr||function(){(kr.q=kr.q||[]).push(arguments)}</script>",
        collect_url=base + config.collect_path,
        role=account().roles[shop().shop_id],
        checked_days=_CHECKED_DAYS,
        stages=[
            (
                stage.name(locale()),
                translate(STAGE_HINTS[stage.key]),
                write.day(last[stage.number]) if stage.number in last else "",
            )
            for stage in STAGES
        ],
        system=asked if asked in SYSTEMS else "own",
        systems=[(key, translate(name), again(system=key)) for key, name in SYSTEMS.items()],
        **_checklist(found),
    )


def setup_arrived() -> ResponseReturnValue:
    """Nothing when the reader sees it already, so that nothing moves under them."""
    with reading(deps().engine) as db:
        told = _checklist(arrived(db, shop(), _checked()))
    if request.args.get("seen") == told["seen"]:
        return "", 204
    return render_template("admin/setup_arrived.html", **told)


def _checked() -> Query:
    today = day_of(deps().now(), shop().settings.tz)
    return Query(today - timedelta(days=_CHECKED_DAYS - 1), today, deps().now())


def _checklist(found: frozenset[str]) -> dict[str, Any]:
    seen = ",".join(key for key in STEPS if key in found)
    return {
        "steps": [
            {"name": translate(step.name), "to_do": translate(step.to_do), "url": _url(step.where), "done": key in found}
            for key, step in STEPS.items()
        ],
        "done": len(found),
        "seen": seen,
        "poll": url_for("admin.setup_arrived", shop_id=shop().shop_id, seen=seen) if len(found) < len(STEPS) else None,
    }


def _url(where: str) -> str:
    return where if where.startswith("#") or not where else url_for(where, shop_id=shop().shop_id)
