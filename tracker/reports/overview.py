"""The shop in a few figures: against the period before, today against this weekday last week, each stage by its measures.

Journeys, visits and conversion are those of journeys that began in the period; orders, sales and what customers say count on
their own days.  Reach is counted in journeys, not in people: who begins two in the period is counted twice, and without consent
every visit is a journey.  Counting people would need a list of them, or an estimate, and neither adds up over days.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from tracker import tables as t
from tracker.clock import Instant, from_datetime, to_datetime
from tracker.journey.contribution import FAMILIES
from tracker.reports import counters
from tracker.reports.advocacy import count_customers
from tracker.reports.query import Query
from tracker.reports.scores import Summary, given, summarize
from tracker.reports.table import ENOUGH, N_, Cell, Column, Money, ReportTable, Row, Sentence, Share, Unit
from tracker.shops import Shop
from tracker.stages import ADVOCACY, PURCHASE, RETENTION, SATISFACTION, StageView

TITLE = N_("Overview")
QUESTION = N_("How is the shop doing, and what has changed?")
PARAMETERS = ("period", "since", "until", "filter", "view")
FILTERS = FAMILIES["acts"].kinds

COLUMNS = (
    Column("stage", Unit.TEXT, N_("Stage"), N_("A place in the customer journey, by the chosen stage view."), "stage"),
    Column("reach", Unit.COUNT, N_("Reach"), N_("Journeys that began in the period and reached this stage.")),
    Column("visits", Unit.COUNT, N_("Arrivals"), N_("Arrivals from outside that led into this stage.")),
    Column("pages", Unit.COUNT, N_("Pages seen"), N_("Pages looked at in this stage.")),
    Column(
        "time_on_page",
        Unit.SECONDS,
        N_("Time on page"),
        N_("How long pages were in sight in this stage, divided by pages seen. Too low where leaving a page is not told."),
    ),
    Column(
        "click_rate",
        Unit.SHARE,
        N_("Click rate"),
        N_("Products and promotions chosen in this stage, as a share of the lists and promotions seen in it."),
    ),
    Column(
        "conversion", Unit.SHARE, N_("Conversion"), N_("With an order, as a share of the journeys that reached this stage.")
    ),
    Column("sales", Unit.MONEY, N_("Sales"), N_("Net revenue of the orders of the period, at the stage of the purchase.")),
    Column(
        "repeat_share",
        Unit.SHARE,
        N_("Repeat purchases"),
        N_("Orders by people who had bought before, as a share of all orders of the period, at the stage of retention."),
    ),
    Column(
        "csat",
        Unit.SHARE,
        N_("Satisfied"),
        N_("Gave 4 or 5 of 5, as a share of the answers on satisfaction, at the stage of satisfaction."),
    ),
    Column("nps", Unit.NUMBER, N_("NPS"), N_("Net promoter score, −100 to 100, at the stage of advocacy.")),
    Column(
        "referral_rate",
        Unit.SHARE,
        N_("Referral rate"),
        N_("Referral links made, divided by customers with an order in the period, at the stage of advocacy."),
    ),
)

FIGURES = (
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began in the period, whoever's they are.")),
    Column("visits", Unit.COUNT, N_("Visits"), N_("Sessions of these journeys.")),
    Column(
        "conversion",
        Unit.SHARE,
        N_("Conversion rate"),
        N_("Journeys with an order, as a share of the journeys that began in the period."),
        reference=N_("Webshops average 2.9%"),
    ),
    Column("orders", Unit.COUNT, N_("Orders"), N_("Counted orders of the period that were not cancelled.")),
    Column(
        "net",
        Unit.MONEY,
        N_("Net revenue"),
        N_("Of the orders of the period: after discounts and refunds, without VAT and shipping, in the shop's currency."),
    ),
    Column(
        "order_value",
        Unit.MONEY,
        N_("Average order value"),
        N_("Net revenue divided by orders, in the shop's currency; without orders whose rate is unknown."),
    ),
    Column("new_customers", Unit.COUNT, N_("New customers"), N_("First orders of the period.")),
    Column(
        "repeat_share",
        Unit.SHARE,
        N_("Repeat purchases"),
        N_("Orders by people who had bought before, as a share of all orders of the period."),
    ),
    Column("csat", Unit.SHARE, N_("Satisfied"), N_("Gave 4 or 5 of 5, as a share of the answers on satisfaction.")),
    Column("nps", Unit.NUMBER, N_("NPS"), N_("Net promoter score, −100 to 100.")),
    Column(
        "referral_rate",
        Unit.SHARE,
        N_("Referral rate"),
        N_("Referral links made, divided by customers with an order in the period."),
    ),
)

_SPAN = Column("span", Unit.TEXT, N_("When"), N_("Which of the times compared."), vocabulary="span")

PERIOD_COLUMNS = (
    _SPAN,
    Column("since", Unit.DAY, N_("From"), N_("First day.")),
    Column("until", Unit.DAY, N_("To"), N_("Last day, included.")),
    *FIGURES,
)

CHANGE_COLUMNS = (
    Column("figure", Unit.TEXT, N_("Figure"), N_("One of the figures of this report."), vocabulary="figure"),
    Column("change", Unit.NUMBER, N_("Change"), N_("Counts and money, in per cent of the period before.")),
    Column("points", Unit.NUMBER, N_("Points"), N_("Shares and scores: this period less the period before, in points.")),
)

TODAY_COLUMNS = (
    _SPAN,
    Column("until", Unit.INSTANT, N_("Until"), N_("The day is counted until then; last week until the same time of the day.")),
    Column("journeys", Unit.COUNT, N_("Journeys"), N_("Journeys that began on the day until then.")),
    Column("orders", Unit.COUNT, N_("Orders"), N_("Counted orders placed on the day until then and not cancelled since.")),
    Column("net", Unit.MONEY, N_("Net revenue"), N_("Of these orders, in the shop's currency; after discounts and refunds.")),
)


@dataclass(frozen=True)
class _Read:
    """What the counters say of one period."""

    journeys: Counter[str]
    orders: Counter[str]
    acts: Counter[str]
    nps: Summary
    csat: Summary
    links: int
    customers: int


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a stage of the view; beside it the periods compared, the changes, and today until now."""
    return compared(db, shop, query, None)[0]


def compared(db: Connection, shop: Shop, query: Query, then: Query | None) -> tuple[ReportTable, ReportTable | None]:
    """The answer, and that of other days to compare with, without what stands beside it.  No days are read twice."""
    now, before = _read(db, shop, query), _read(db, shop, query.before())
    table = _answer(db, shop, query, now, before)
    if then is None:
        return table, None
    same = (then.since, then.until) == (query.before().since, query.before().until)
    return table, _table(before if same else _read(db, shop, then), then, shop)


def _answer(db: Connection, shop: Shop, query: Query, now: _Read, before: _Read) -> ReportTable:
    table, totals_before = _table(now, query, shop), _figures(before, shop)
    sample = table.sample
    periods: list[Row] = [
        {"span": "now", "since": query.since, "until": query.until, **table.totals},
        {"span": "before", "since": query.before().since, "until": query.before().until, **totals_before},
    ]
    enough = min(sample, before.journeys["journeys"]) >= ENOUGH
    return replace(
        table,
        notes=_notes(query, shop, enough=enough) + counters.unrated_note(now.orders),
        beside={
            "periods": ReportTable(PERIOD_COLUMNS, periods, sample),
            "changes": ReportTable(CHANGE_COLUMNS, _changes(table.totals, totals_before) if enough else [], sample),
            "today": ReportTable(TODAY_COLUMNS, _today(db, shop, query), sample),
        },
    )


def _table(read: _Read, query: Query, shop: Shop) -> ReportTable:
    return ReportTable(
        COLUMNS, _stages(read, query.view, shop), read.journeys["journeys"], figures=FIGURES, totals=_figures(read, shop)
    )


def _read(db: Connection, shop: Shop, query: Query) -> _Read:
    said = counters.read_amounts(db, shop, query, "satisfaction")
    return _Read(
        journeys=counters.read_amounts(db, shop, query, "journeys"),
        orders=counters.read_amounts(db, shop, query, "orders"),
        acts=counters.read_amounts(db, shop, query, "acts"),
        nps=summarize("nps", given(said, "nps")),
        csat=summarize("csat", given(said, "csat")),
        links=counters.read_amounts(db, shop, query, "advocacy")["link"],
        customers=count_customers(db, shop, query),
    )


def _figures(read: _Read, shop: Shop) -> dict[str, Cell]:
    orders = read.orders["orders"] - read.orders["cancelled"]
    rated = orders - read.orders["unrated"]
    return {
        "journeys": read.journeys["journeys"],
        "visits": read.journeys["sessions"],
        "conversion": Share(read.journeys["ordered"], read.journeys["journeys"]),
        "orders": orders,
        "net": Money(read.orders["net"], shop.settings.currency) if rated else None,
        "order_value": Money(round(read.orders["net"] / rated), shop.settings.currency) if rated else None,
        "new_customers": read.orders["first"],
        "repeat_share": _repeat_share(read),
        "csat": Share(read.csat.good, read.csat.answers),
        "nps": read.nps.value,
        "referral_rate": Share(read.links, read.customers),
    }


def _repeat_share(read: _Read) -> Share:
    again = read.orders["repeat"] + read.orders["renewals"]
    return Share(again, again + read.orders["first"])


def _stages(read: _Read, view: StageView, shop: Shop) -> list[Row]:
    places = counters.of_view(read.journeys, view)
    acts: dict[int, Counter[str]] = {i: Counter() for i in places}
    for name, times in read.acts.items():
        number, _, act = name.partition(".")
        acts[view.position_of[int(number)]]["visits" if act.startswith("@") else act] += times
    rows: list[Row] = []
    for i, stage in enumerate(view.stages, 1):
        done, reached = acts[i], places[i]["reached"]
        holds = stage.members.__contains__
        rows.append(
            {
                "stage": stage.key,
                "reach": reached,
                "visits": done["visits"],
                "pages": done["page_view"],
                "time_on_page": done["~seconds"] / done["page_view"] if done["page_view"] else None,
                "click_rate": Share(
                    done["select_item"] + done["select_promotion"], done["view_item_list"] + done["view_promotion"]
                ),
                "conversion": Share(places[i]["ordered"], reached) if i <= view.approach else None,
                "sales": Money(read.orders["net"], shop.settings.currency) if holds(PURCHASE) else None,
                "repeat_share": _repeat_share(read) if holds(RETENTION) else None,
                "csat": Share(read.csat.good, read.csat.answers) if holds(SATISFACTION) else None,
                "nps": read.nps.value if holds(ADVOCACY) else None,
                "referral_rate": Share(read.links, read.customers) if holds(ADVOCACY) else None,
            }
        )
    return rows


def _changes(now: Mapping[str, Cell], before: Mapping[str, Cell]) -> list[Row]:
    """Of figures that both periods have; nothing is said of growth from nothing."""
    rows: list[Row] = []
    for column in FIGURES:
        this, that = _number(now[column.key]), _number(before[column.key])
        if this is None or that is None:
            continue
        if column.unit in (Unit.COUNT, Unit.MONEY):
            if that:
                rows.append({"figure": column.key, "change": 100 * (this / that - 1), "points": None})
        else:
            rows.append({"figure": column.key, "change": None, "points": this - that})
    return rows


def _number(cell: Cell) -> float | None:
    """Shares in per cent."""
    match cell:
        case Share():
            return None if cell.value is None else 100 * cell.value
        case Money():
            return float(cell.minor)
        case int() | float():
            return float(cell)
    return None


def _notes(query: Query, shop: Shop, *, enough: bool) -> tuple[Sentence, ...]:
    notes = []
    if query.until >= to_datetime(query.now).astimezone(shop.settings.tz).date():
        notes.append(Sentence(N_("Today is not over: the period before is longer by the rest of the day."), {}))
    if not enough:
        notes.append(Sentence(N_("There are too few journeys in one of the periods to speak of changes."), {}))
    return tuple(notes)


# --- today until now, from compact rows


def _today(db: Connection, shop: Shop, query: Query) -> list[Row]:
    here = to_datetime(query.now).astimezone(shop.settings.tz)
    then = datetime.combine(here.date() - timedelta(days=7), here.time(), shop.settings.tz)
    return [_until(db, shop, query, "today", here), _until(db, shop, query, "last_week", then)]


def _until(db: Connection, shop: Shop, query: Query, span: str, moment: datetime) -> Row:
    """A day of the shop from its beginning to the moment."""
    until = from_datetime(moment)
    since = from_datetime(moment.replace(hour=0, minute=0, second=0, microsecond=0, fold=0))
    j = t.journeys.c
    begun = select(func.count()).where(
        j.shop_id == shop.shop_id,
        j.began_on == counters.day_number(moment.date()),
        j.counted.is_(True),
        j.began_at < until,
        *counters.conditions(query),
    )
    orders, net = _orders(db, shop, query, since, until)
    return {
        "span": span,
        "until": until,
        "journeys": int(db.execute(begun).scalar_one()),
        "orders": orders,
        "net": Money(net, shop.settings.currency),
    }


def _orders(db: Connection, shop: Shop, query: Query, since: Instant, until: Instant) -> tuple[int, int]:
    """How many, and their net revenue in the shop's currency."""
    sums = (func.count(), func.sum(t.orders.c.net_own_minor))
    count, net = db.execute(counters.live_orders(shop, query, since, until, *sums)).one()
    return int(count), int(net or 0)
