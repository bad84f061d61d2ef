"""Customers: where they stand, whether they leave, what they will bring, and how right such a forecast was before.

Segments and the model are explained in docs/customers.md; how the rows are read, in fitted.py.  Everything is as of now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from sqlalchemy import Connection, select

from tracker.customers.cells import Cell as Customers
from tracker.customers.cells import Customer, cell_of
from tracker.customers.forecast import MIN_CUSTOMERS, MIN_REPEATS, YEAR, Comparison, Forecast, Model, NotEnough, expect
from tracker.customers.habits import Habits, assume
from tracker.customers.segments import SEGMENTS
from tracker.reports.fitted import Fitted, Group, day_number_of, fitted, of_segment, read_groups
from tracker.reports.query import Query
from tracker.reports.table import N_, Cell, Column, Money, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop

TITLE = N_("Customers")
QUESTION = N_("Where do the customers stand, who is about to leave, and what will they bring?")
PARAMETERS = ("limit",)
FILTERS: tuple[str, ...] = ()

WORTH_KEEPING = ("cant_lose", "at_risk")  # silent unusually long, and not given up yet
MOST_LOOKED_AT = 500  # of these, those who have brought most
RISKS = 10  # classes

CUSTOMERS = Column("customers", Unit.COUNT, N_("Customers"), N_("Customers with a counted order that was not cancelled."))
NET = Column(
    "net",
    Unit.MONEY,
    N_("Net revenue"),
    N_("All their orders until now: after discounts and refunds, without VAT and shipping, in the shop's currency."),
)
EXPECTED = (
    Column(
        "expected_orders", Unit.NUMBER, N_("Orders to come"), N_("Expected in the next 365 days, if customers go on as before.")
    ),
    Column("expected_net", Unit.MONEY, N_("Revenue to come"), N_("Net revenue expected in the next 365 days.")),
    Column(
        "expected_low", Unit.MONEY, N_("Revenue, at least"), N_("Less comes one time in ten, if customers go on as before.")
    ),
    Column(
        "expected_high", Unit.MONEY, N_("Revenue, at most"), N_("More comes one time in ten, if customers go on as before.")
    ),
)
RISK = Column("risk", Unit.SHARE, N_("Risk of leaving"), N_("The chance that they have left, by their own rhythm of ordering."))
SEGMENT = Column("segment", Unit.TEXT, N_("Segment"), N_("By silence, number of orders and net revenue."), vocabulary="segment")
ORDERS = Column("orders", Unit.COUNT, N_("Orders"), N_("All their counted orders until now."))

COLUMNS = (
    SEGMENT,
    Column("meaning", Unit.TEXT, N_("Who they are"), N_("What puts a customer into this segment.")),
    CUSTOMERS,
    Column("share", Unit.SHARE, N_("Of all customers"), N_("As a share of all customers.")),
    ORDERS,
    NET,
    Column("net_share", Unit.SHARE, N_("Of net revenue"), N_("As a share of the net revenue of all customers.")),
    RISK,
    *EXPECTED,
)

FIGURES = (
    CUSTOMERS,
    ORDERS,
    NET,
    Column(
        "gap",
        Unit.NUMBER,
        N_("Days between orders"),
        N_("Days; half of the gaps between two orders of a customer are shorter."),
    ),
    Column("still", Unit.NUMBER, N_("Still customers"), N_("How many of them have not left, as far as the model can tell.")),
    *EXPECTED,
)

RISK_COLUMNS = (
    Column("above", Unit.SHARE, N_("Risk from"), N_("The lower end of the class.")),
    Column("up_to", Unit.SHARE, N_("Risk to"), N_("The upper end of the class.")),
    CUSTOMERS,
    Column("share", Unit.SHARE, N_("Of all customers"), N_("As a share of all customers.")),
    NET,
)

CHECK_COLUMNS = (
    Column(
        "fewest", Unit.COUNT, N_("Orders from"), N_("Customers who had at least so many orders when the forecast was made.")
    ),
    Column("most", Unit.COUNT, N_("Orders to"), N_("And at most so many; empty: any number more.")),
    CUSTOMERS,
    Column("expected_orders", Unit.NUMBER, N_("Orders expected"), N_("By a model of what was known then.")),
    Column("orders", Unit.COUNT, N_("Orders that came"), N_("Since then; several on one day are one.")),
    Column("expected_net", Unit.MONEY, N_("Revenue expected"), N_("Net revenue, by a model of what was known then.")),
    *EXPECTED[2:],
    Column("net", Unit.MONEY, N_("Revenue that came"), N_("Net revenue since then, in the shop's currency.")),
    Column("held", Unit.TEXT, N_("Held"), N_("Whether what came lies between the two ends."), vocabulary="held"),
)

KEEP_COLUMNS = (
    Column("subject_id", Unit.TEXT, N_("Who"), N_("The number of the person; it says nothing about who they are.")),
    SEGMENT,
    Column("last_at", Unit.INSTANT, N_("Last order"), N_("When they last ordered.")),
    ORDERS,
    NET,
    RISK,
    Column(
        "worth", Unit.MONEY, N_("Worth in a year"), N_("Net revenue to expect in the next 365 days of one who has not left.")
    ),
    Column("at_stake", Unit.MONEY, N_("At stake"), N_("This worth times the risk of leaving.")),
)


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a segment; beside it the risk of leaving, the check of the forecast, and who is most worth keeping."""
    fit = fitted(db, shop, query)
    groups = list(read_groups(db, shop, query, fit.measures))
    customers = sum(group.cell.customers for group in groups)
    currency = shop.settings.currency
    habits = fit.model.habits if isinstance(fit.model, Model) else assume(fit.measures.gap)
    return ReportTable(
        COLUMNS,
        _segments(groups, habits, fit.model, currency) if groups else [],
        customers,
        FIGURES,
        _totals(groups, habits, fit, currency),
        notes=_notes(fit),
        beside={
            "risk": ReportTable(RISK_COLUMNS, _risks(groups, habits, currency), customers),
            "check": ReportTable(CHECK_COLUMNS, _check(fit.checked, currency), customers),
            "keep": ReportTable(KEEP_COLUMNS, _worth_keeping(db, shop, query, fit, habits), customers),
        },
    )


def _segments(groups: Sequence[Group], habits: Habits, model: Model | NotEnough, currency: str) -> list[Row]:
    """All of them, in the order of their table."""
    by: dict[str, list[Group]] = defaultdict(list)
    for group in groups:
        by[group.segment].append(group)
    whole, whole_net = _sum(groups, "customers"), _sum(groups, "net")
    rows: list[Row] = []
    for segment, meaning in SEGMENTS.items():
        customers, net = _sum(by[segment], "customers"), _sum(by[segment], "net")
        cells = [group.cell for group in by[segment]]
        rows.append(
            {
                "segment": segment,
                "meaning": Sentence(meaning, {}),
                "customers": customers,
                "share": Share(customers, whole),
                "orders": sum(group.orders for group in by[segment]),
                "net": Money(net, currency),
                "net_share": Share(net, whole_net),
                "risk": 1 - _still(cells, habits) / customers if customers else None,
                **_expected(model, cells, currency),
            }
        )
    return rows


def _sum(groups: Iterable[Group], name: str) -> int:
    return sum(getattr(group.cell, name) for group in groups)


def _still(cells: Iterable[Customers], habits: Habits) -> float:
    return sum(cell.customers * habits.alive(cell) for cell in cells)


def _expected(model: Model | NotEnough, cells: Sequence[Customers], currency: str) -> Mapping[str, Cell]:
    if isinstance(model, NotEnough) or not cells:
        return {}
    forecast = expect(model, cells)
    return {"expected_orders": forecast.orders, "expected_net": Money(forecast.net, currency), **_interval(forecast, currency)}


def _interval(forecast: Forecast, currency: str) -> Mapping[str, Cell]:
    return {"expected_low": Money(forecast.net_low, currency), "expected_high": Money(forecast.net_high, currency)}


def _totals(groups: Sequence[Group], habits: Habits, fit: Fitted, currency: str) -> Row:
    cells = [group.cell for group in groups]
    return {
        "customers": _sum(groups, "customers"),
        "orders": sum(group.orders for group in groups),
        "net": Money(_sum(groups, "net"), currency),
        "gap": float(fit.measures.gap) if groups else None,
        "still": _still(cells, habits) if groups else None,
        **_expected(fit.model, cells, currency),
    }


def _notes(fit: Fitted) -> tuple[Sentence, ...]:
    takes = {"customers": MIN_CUSTOMERS, "repeats": MIN_REPEATS}
    if isinstance(fit.model, NotEnough):
        text = N_(
            "Not enough yet for a forecast: it takes %(customers)s customers and %(repeats)s orders that are not their first."
            " Risks are guessed from the usual gap."
        )
        return (Sentence(text, takes),)
    if isinstance(fit.checked, NotEnough):
        text = N_(
            "The forecast could not be checked yet: %(days)s days ago there were not %(customers)s customers with %(repeats)s"
            " orders that are not their first."
        )
        return (Sentence(text, {**takes, "days": fit.days}),)
    return (Sentence(N_("The check looks back %(days)s days."), {"days": fit.days}),)


def _risks(groups: Sequence[Group], habits: Habits, currency: str) -> list[Row]:
    """Classes of a tenth each."""
    customers, net = [0] * RISKS, [0] * RISKS
    for group in groups:
        place = min(int(habits.leaving(group.cell) * RISKS), RISKS - 1)
        customers[place] += group.cell.customers
        net[place] += group.cell.net
    return [
        {
            "above": i / RISKS,
            "up_to": (i + 1) / RISKS,
            "customers": customers[i],
            "share": Share(customers[i], sum(customers)),
            "net": Money(net[i], currency),
        }
        for i in range(RISKS)
        if groups
    ]


def _check(checked: Sequence[Comparison] | NotEnough, currency: str) -> list[Row]:
    """First of all customers, then by how many orders they had."""
    if isinstance(checked, NotEnough):
        return []
    return [
        {
            "fewest": found.min_orders,
            "most": found.max_orders,
            "customers": found.forecast.customers,
            "expected_orders": found.forecast.orders,
            "orders": found.orders,
            "expected_net": Money(found.forecast.net, currency),
            **_interval(found.forecast, currency),
            "net": Money(found.net, currency),
            "held": _held(found),
        }
        for found in checked
    ]


def _held(found: Comparison) -> str:
    if found.net < found.forecast.net_low:
        return "less"
    return "more" if found.net > found.forecast.net_high else "within"


def _worth_keeping(db: Connection, shop: Shop, query: Query, fit: Fitted, habits: Habits) -> list[Row]:
    """Of those who have been silent unusually long, who has most at stake; without a forecast, who has brought most."""
    c = of_segment(shop, query.now, fit.measures).c
    silent = select(*c).where(c.segment.in_(WORTH_KEEPING)).order_by(c.net_minor.desc(), c.subject_id).limit(MOST_LOOKED_AT)
    currency, today = shop.settings.currency, day_number_of(shop, query.now, query.now)
    found: list[tuple[float, Row]] = []
    for row in db.execute(silent):
        first, last = (day_number_of(shop, at, query.now) for at in (row.first_at, row.last_at))
        cell = cell_of(Customer(row.order_days, first, last, row.net_minor, int(row.square)), today)
        worth, risk = _worth(fit.model, cell), habits.leaving(cell)
        told: Row = {
            "subject_id": str(row.subject_id),
            "segment": row.segment,
            "last_at": row.last_at,
            "orders": row.order_count,
            "net": Money(row.net_minor, currency),
            "risk": risk,
            "worth": None if worth is None else Money(round(worth), currency),
            "at_stake": None if worth is None else Money(round(worth * risk), currency),
        }
        found.append((0.0 if worth is None else worth * risk, told))
    found.sort(key=lambda one: -one[0])  # among equals, who brought most stays first
    return [told for _, told in found[: query.limit]]


def _worth(model: Model | NotEnough, cell: Customers) -> float | None:
    """What a customer of the cell who has not left brings in a year."""
    if isinstance(model, NotEnough):
        return None
    alive = model.habits.alive(cell)
    return sum(model.habits.exceeding(cell, YEAR)) / alive * model.spending.expected(cell) if alive else 0.0
