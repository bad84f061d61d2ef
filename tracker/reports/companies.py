"""Companies, for shops that sell to them: who of them takes part, how far they have come, what they brought.

A company is the subject of its persons' journeys (`b2b` in the shop's settings); each person keeps a stage of their own.
Those that brought the most come first, then the newest; page by page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Subquery, and_, case, func, or_, select
from sqlalchemy import Row as DbRow

from tracker import tables as t
from tracker.journey.state import load_subject
from tracker.pipeline.codec import read_bytes
from tracker.pipeline.identity import COMPANY, CUSTOMER, MEMBER
from tracker.pipeline.load import chunks
from tracker.reports.journeys import stage_key
from tracker.reports.query import Query, read_cursor
from tracker.reports.table import N_, Column, Money, ReportTable, Row, Sentence, Unit
from tracker.shops import Shop

TITLE = N_("Companies")
QUESTION = N_("Which companies are on the way, who of them takes part, and what did they bring?")
PARAMETERS = ("cursor", "limit")
FILTERS: tuple[str, ...] = ()

SUBJECT = Column("subject_id", Unit.TEXT, N_("No."), N_("The number of the company as the subject of its journeys."))
NAME = Column("company", Unit.TEXT, N_("Company"), N_("Its number in the register, and the domains of its addresses."))
ORDERS = Column("orders", Unit.COUNT, N_("Orders"), N_("Counted orders until now, cancelled ones not."))
NET = Column(
    "net",
    Unit.MONEY,
    N_("Net revenue"),
    N_("Of these orders: after discounts and refunds, without VAT and shipping, in the shop's currency."),
)

COLUMNS = (
    SUBJECT,
    NAME,
    Column("persons", Unit.COUNT, N_("Persons"), N_("Persons who were recognised as the company's.")),
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("The company's journeys, each towards one order.")),
    Column("touchpoints", Unit.COUNT, N_("Touchpoints"), N_("Arrivals from outside in all these journeys, of all persons.")),
    Column(
        "stage", Unit.TEXT, N_("Stage now"), N_("The stage of the latest event of the latest journey."), vocabulary="twelve"
    ),
    Column("outcome", Unit.TEXT, N_("Outcome"), N_("Of the latest journey."), vocabulary="outcome"),
    Column("last_at", Unit.INSTANT, N_("Last act"), N_("When one of its persons last did something themselves.")),
    ORDERS,
    NET,
)

PERSON_COLUMNS = (
    SUBJECT,
    NAME,
    Column("person_id", Unit.TEXT, N_("Person"), N_("The number of the person; it says nothing about who they are.")),
    Column("customer", Unit.TEXT, N_("Customer no."), N_("The shop's own key of this customer.")),
    Column("stage", Unit.TEXT, N_("Stage now"), N_("The stage of this person's latest event."), vocabulary="twelve"),
    Column("last_at", Unit.INSTANT, N_("Last act"), N_("When this person last did something themselves.")),
)

FIGURES = (
    Column("companies", Unit.COUNT, N_("Companies"), N_("Companies that were recognised.")),
    Column("customers", Unit.COUNT, N_("Customers"), N_("Companies with a counted order.")),
    ORDERS,
    NET,
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a company; beside it the persons of these companies."""
    if not shop.settings.b2b:
        text = N_("This shop sells to consumers. If it sells to companies, say so in its settings, and journeys become theirs.")
        return ReportTable(COLUMNS, [], 0, FIGURES, {}, notes=(Sentence(text, {}),))
    companies = _companies(shop)
    found, cursor = _page(db, companies, query)
    keys, members = (_keys(db, shop, (row.subject_id for row in found), kind) for kind in (COMPANY, MEMBER))
    names = {company: ", ".join(keys[company]) for company in keys}
    journeys = _journeys(db, shop, keys)
    rows: list[Row] = [
        {
            "subject_id": str(row.subject_id),
            "company": names[row.subject_id],
            "persons": len(members[row.subject_id]),
            **_progress(journeys[row.subject_id]),
            "orders": row.orders,
            "net": Money(row.net, shop.settings.currency),
        }
        for row in found
    ]
    c = companies.c
    sums = [
        int(n or 0)
        for n in db.execute(
            select(func.count(), func.sum(case((c.orders > 0, 1), else_=0)), func.sum(c.orders), func.sum(c.net))
        ).one()
    ]
    persons = _persons(db, shop, members, names)
    return ReportTable(
        COLUMNS,
        rows,
        sums[0],
        FIGURES,
        {"companies": sums[0], "customers": sums[1], "orders": sums[2], "net": Money(sums[3], shop.settings.currency)},
        beside={"persons": ReportTable(PERSON_COLUMNS, persons, len(persons))},
        next_cursor=cursor,
    )


def _companies(shop: Shop) -> Subquery:
    """Each with what it bought."""
    links, customers = t.links.c, t.customers.c
    named = (links.shop_id == shop.shop_id, links.kind == COMPANY, links.subject_id.is_not(None))
    known = select(links.subject_id).where(*named).distinct().subquery()
    orders = func.coalesce(customers.order_count, 0).label("orders")
    net = func.coalesce(customers.net_minor, 0).label("net")
    bought = and_(customers.shop_id == shop.shop_id, customers.subject_id == known.c.subject_id)
    return select(known.c.subject_id, orders, net).select_from(known.outerjoin(t.customers, bought)).subquery()


def _page(db: Connection, companies: Subquery, query: Query) -> tuple[Sequence[DbRow[Any]], str | None]:
    c = companies.c
    statement = select(companies)
    if query.cursor:
        net, subject_id = read_cursor(query.cursor, 2)
        statement = statement.where(or_(c.net < net, and_(c.net == net, c.subject_id < subject_id)))
    found = db.execute(statement.order_by(c.net.desc(), c.subject_id.desc()).limit(query.limit + 1)).all()
    if len(found) <= query.limit:
        return found, None
    last = found[query.limit - 1]
    return found[: query.limit], f"{last.net}.{last.subject_id}"


def _keys(db: Connection, shop: Shop, companies: Iterable[int], kind: str) -> dict[int, list[str]]:
    """The keys of one kind of each of these companies, sorted."""
    found: dict[int, list[str]] = {company: [] for company in companies}
    c = t.links.c
    for some in chunks(found):
        asked = select(c.subject_id, c.key).where(c.shop_id == shop.shop_id, c.subject_id.in_(some), c.kind == kind)
        for row in db.execute(asked.order_by(c.key)):
            found[row.subject_id].append(row.key)
    return found


def _journeys(db: Connection, shop: Shop, companies: Iterable[int]) -> dict[int, list[Any]]:
    """Of each company, oldest first."""
    found: dict[int, list[Any]] = {company: [] for company in companies}
    c = t.journeys.c
    for some in chunks(found):
        asked = select(c.subject_id, c.number, c.touchpoints, c.stage, c.outcome, c.last_at)
        for row in db.execute(asked.where(c.shop_id == shop.shop_id, c.subject_id.in_(some)).order_by(c.number)):
            found[row.subject_id].append(row)
    return found


def _progress(journeys: Sequence[Any]) -> Row:
    latest = journeys[-1] if journeys else None
    return {
        "journeys": len(journeys),
        "touchpoints": sum(journey.touchpoints for journey in journeys),
        "stage": stage_key(latest.stage) if latest else None,
        "outcome": latest.outcome if latest else None,
        "last_at": max((journey.last_at for journey in journeys), default=None),
    }


def _persons(db: Connection, shop: Shop, members: Mapping[int, list[str]], names: Mapping[int, str]) -> list[Row]:
    """Company by company, who was last heard of first."""
    customers = _keys(db, shop, (int(person) for persons in members.values() for person in persons), CUSTOMER)
    rows: list[Row] = []
    for company, stages in _stages(db, shop, members).items():
        told = {person: stages.get(person, (0, None)) for person in members[company]}
        for person, (stage, last_at) in sorted(told.items(), key=lambda one: (-(one[1][1] or 0), int(one[0]))):
            rows.append(
                {
                    "subject_id": str(company),
                    "company": names[company],
                    "person_id": person,
                    "customer": ", ".join(customers[int(person)]) or None,
                    "stage": stage_key(stage),
                    "last_at": last_at,
                }
            )
    return rows


def _stages(db: Connection, shop: Shop, companies: Iterable[int]) -> dict[int, Mapping[str, Sequence[int]]]:
    """company → person → stage, last own act; as the state of the company tells."""
    found: dict[int, Mapping[str, Sequence[int]]] = {company: {} for company in companies}
    c = t.subjects.c
    for some in chunks(found):
        for row in db.execute(select(c.subject_id, c.state).where(c.shop_id == shop.shop_id, c.subject_id.in_(some))):
            found[row.subject_id] = load_subject(read_bytes(row.state)).persons
    return found
