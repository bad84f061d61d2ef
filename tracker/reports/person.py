"""One person's timeline: what happened, in which stage it put them, and why.

Events of all their links, newest first, page by page; beside them the journeys, the links with their evidence, and what
person_beside.py tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, and_, func, or_, select
from sqlalchemy import Row as DbRow

from tracker import enrich
from tracker.errors import BadQuery
from tracker.events.types import Consent
from tracker.journey.state import Tag
from tracker.pipeline.codec import read_body
from tracker.reports import journeys
from tracker.reports import person_beside as beside
from tracker.reports.query import Query
from tracker.reports.table import N_, Cell, Column, ReportTable, Row, Sentence, Unit
from tracker.shops import Shop
from tracker.stages import STAGES
from tracker.stages.reasons import REASONS
from tracker.tables import events, links
from tracker.tables import journeys as journeys_table

TITLE = N_("Timeline of a person")
QUESTION = N_("What did this person do, and what does each step say about where they are?")
PARAMETERS = ("subject_id", "cursor", "limit")
FILTERS: tuple[str, ...] = ()

COLUMNS = (
    Column("occurred_at", Unit.INSTANT, N_("When"), N_("When it happened, in the shop's time zone.")),
    Column("type", Unit.TEXT, N_("What happened"), N_("The type of the event."), vocabulary="event_type"),
    Column("about", Unit.TEXT, N_("About"), N_("The product, search or order that it was about.")),
    Column("stage", Unit.TEXT, N_("Stage"), N_("The stage that this event shows, one of the twelve."), vocabulary="twelve"),
    Column("reason", Unit.TEXT, N_("Why this stage"), N_("What in the event put it into this stage.")),
    Column("journey", Unit.COUNT, N_("Journey no."), N_("Which of this person's journeys it belongs to, counted from 1.")),
    Column(
        "channel", Unit.TEXT, N_("Channel"), N_("Where the arrival came from, when the event was one."), vocabulary="channel"
    ),
    Column("device", Unit.TEXT, N_("Device"), N_("What kind of device it happened on."), vocabulary="device"),
    Column("page", Unit.TEXT, N_("Page"), N_("The title of the page.")),
    Column("url", Unit.TEXT, N_("Address"), N_("The address of the page.")),
    Column("source", Unit.TEXT, N_("Told by"), N_("The visitor's browser, or the shop's own server."), vocabulary="source"),
    Column("consent", Unit.TEXT, N_("Consent"), N_("The consent with which a browser sent it."), vocabulary="level"),
    Column("link", Unit.TEXT, N_("Came in under"), N_("The key under which it came in: its kind and the key.")),
)

LINK_COLUMNS = (
    Column("kind", Unit.TEXT, N_("Known by"), N_("What the events came in under."), vocabulary="link_kind"),
    Column("key", Unit.TEXT, N_("Key"), N_("The key itself; e-mail addresses are kept as a keyed hash only.")),
    Column("evidence", Unit.TEXT, N_("Because of"), N_("What showed that this key is the same person."), vocabulary="evidence"),
    Column("linked_at", Unit.INSTANT, N_("Linked"), N_("When the key was tied to this person.")),
)

_MOST = 500  # journeys and links shown beside


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """Empty tables for a subject that does not exist.  Raises BadQuery without subject_id."""
    if query.subject_id is None:
        raise BadQuery("subject_id", N_("say whose timeline"))
    link_rows = db.execute(
        select(links)
        .where(links.c.shop_id == shop.shop_id, links.c.subject_id == query.subject_id)
        .order_by(links.c.linked_at, links.c.link_id)
        .limit(_MOST)
    ).all()
    journey_rows = db.execute(
        select(journeys_table)
        .where(journeys_table.c.shop_id == shop.shop_id, journeys_table.c.subject_id == query.subject_id)
        .order_by(journeys_table.c.number.desc())
        .limit(_MOST)
    ).mappings()
    link_ids = sorted({row.link_id for row in link_rows})
    names = {row.link_id: f"{row.kind}:{row.key}" for row in link_rows}
    found, cursor = _read_events(db, shop.shop_id, link_ids, query)
    orders = beside.order_rows(db, shop.shop_id, query.subject_id)
    consents = beside.consent_rows(db, shop.shop_id, link_ids)
    log = beside.log_rows(db, shop.shop_id, query.subject_id)
    apart = beside.apart_rows(db, shop.shop_id, [(row.kind, row.key) for row in link_rows])
    return ReportTable(
        COLUMNS,
        [_event_row(row, shop, names) for row in found],
        sample=_count_events(db, shop.shop_id, link_ids),
        beside={
            "journeys": ReportTable(journeys.COLUMNS, [journeys.journey_row(row) for row in journey_rows], 0),
            "links": ReportTable(LINK_COLUMNS, [_link_row(row) for row in link_rows], len(link_rows)),
            "orders": ReportTable(beside.ORDER_COLUMNS, orders, len(orders)),
            "consents": ReportTable(beside.CONSENT_COLUMNS, consents, len(consents)),
            "link_log": ReportTable(beside.LOG_COLUMNS, log, len(log)),
            "apart": ReportTable(beside.APART_COLUMNS, apart, len(apart)),
        },
        next_cursor=cursor,
    )


def _count_events(db: Connection, shop_id: int, link_ids: list[int]) -> int:
    within = (events.c.shop_id == shop_id, events.c.link_id.in_(link_ids))
    return int(db.execute(select(func.count()).select_from(events).where(*within)).scalar_one())


def _read_events(db: Connection, shop_id: int, link_ids: list[int], query: Query) -> tuple[list[DbRow[Any]], str | None]:
    statement = select(events).where(events.c.shop_id == shop_id, events.c.link_id.in_(link_ids))
    if query.cursor:
        at, source, event_id = _read_cursor(query.cursor)
        statement = statement.where(
            events.c.occurred_at <= at,
            or_(
                events.c.occurred_at < at,
                events.c.source < source,
                and_(events.c.source == source, events.c.event_id < event_id),
            ),
        )
    newest = (events.c.occurred_at.desc(), events.c.source.desc(), events.c.event_id.desc())
    found = list(db.execute(statement.order_by(*newest).limit(query.limit + 1)))
    if len(found) <= query.limit:
        return found, None
    last = found[query.limit - 1]
    return found[: query.limit], f"{last.occurred_at}~{last.source}~{last.event_id}"


def _read_cursor(cursor: str) -> tuple[int, int, str]:
    try:
        at, source, event_id = cursor.split("~", 2)
        found = int(at), int(source), event_id
    except ValueError as error:
        raise BadQuery("cursor", N_("take the cursor from the page before")) from error
    if abs(found[0]) >= 2**63 or not 0 <= found[1] < 100:
        raise BadQuery("cursor", N_("take the cursor from the page before"))
    return found


def _event_row(row: DbRow[Any], shop: Shop, names: Mapping[int, str]) -> Row:
    body = read_body(row.body)
    page = body.get("page") or {}
    tag = Tag.load(row.tag) if row.tag else None
    return {
        "occurred_at": row.occurred_at,
        "type": body.get("type"),
        "about": _about(body),
        "stage": STAGES[tag.stage - 1].key if tag else None,
        "reason": Sentence(REASONS.get(tag.reason, tag.reason), tag.params) if tag else None,
        "journey": tag.journey if tag else None,
        "channel": _channel(row, body, page, shop),
        "device": body.get("device"),
        "page": page.get("title"),
        "url": page.get("url"),
        "source": "server" if row.source else "browser",
        "consent": None if row.source else Consent(body.get("consent", Consent.STATISTICS)).name.lower(),
        "link": names.get(row.link_id),
    }


def _about(body: dict[str, Any]) -> str | None:
    data = body.get("data") or {}
    items = data.get("items") or [{}]
    first: Cell = items[0].get("item_name") or items[0].get("item_id") or data.get("item_name") or data.get("search_term")
    if first is None:
        first = body.get("order_key")
    return None if first is None else str(first)


def _channel(row: DbRow[Any], body: dict[str, Any], page: dict[str, Any], shop: Shop) -> str | None:
    if row.source or body.get("type") != "page_view" or not page.get("url"):
        return None
    arrival = enrich.arrival(page["url"], page.get("referrer"), shop.hosts)
    return arrival.channel if arrival else None


def _link_row(row: DbRow[Any]) -> Row:
    return {"kind": row.kind, "key": row.key, "evidence": row.evidence, "linked_at": row.linked_at}
