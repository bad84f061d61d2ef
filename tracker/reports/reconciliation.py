"""What the collector has of the shop's own orders: how many are captured, which are missing and why, and what differs.

Days are those on which orders were placed.  Only orders that count by the shop's setting are compared; trial orders, cancelled
ones and those of the erased are left out.  Missing orders can be filled in from the list: tracker/order_list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, select

from tracker import tables as t
from tracker.clock import Instant
from tracker.money import convert
from tracker.order_list import compare
from tracker.order_list.compare import Group, Missing
from tracker.order_list.kept import TEST, is_counted
from tracker.pipeline.frames import midnight, terms_of
from tracker.reports import counters
from tracker.reports.query import Query
from tracker.reports.table import N_, Cell, Column, Money, ReportTable, Sentence, Share, Unit
from tracker.reports.table import Row as Cells
from tracker.shops import Shop

TITLE = N_("Captured orders")
QUESTION = N_("Are all orders here, and if not, why?")
PARAMETERS = ("period", "since", "until")
FILTERS: tuple[str, ...] = ()

MOST_ROWS = 500  # of the single orders shown

_COUNTS = (
    Column("listed", Unit.COUNT, N_("On the list"), N_("Orders of the shop's own list that count.")),
    Column("captured", Unit.COUNT, N_("Captured"), N_("Of these, orders that are here.")),
    Column("missing", Unit.COUNT, N_("Missing"), N_("Of these, orders that are not here.")),
    Column(
        "captured_share", Unit.SHARE, N_("Captured share"), N_("Captured, as a share of the orders in the list that count.")
    ),
    Column(
        "value_share",
        Unit.SHARE,
        N_("Captured value"),
        N_("The same by value: goods after discounts, without VAT and shipping, in the shop's currency."),
    ),
)

COLUMNS = (
    Column("day", Unit.DAY, N_("Day"), N_("The day on which the orders were placed, in the shop's time zone.")),
    *_COUNTS,
)

PAYMENT_COLUMNS = (
    Column("payment", Unit.TEXT, N_("Payment"), N_("How the order is paid, in the list's words."), "payment"),
    *_COUNTS,
)
WAY_COLUMNS = (
    Column(
        "via", Unit.TEXT, N_("Came in by"), N_("How the order came in, in the list's words: checkout, phone, till …"), "way_in"
    ),
    *_COUNTS,
)

_CAUSE = Column("cause", Unit.TEXT, N_("Likely cause"), N_("What fits best of what is known of that day."), vocabulary="cause")

CAUSE_COLUMNS = (
    _CAUSE,
    Column("missing", Unit.COUNT, N_("Missing"), N_("Orders that are missing for this cause.")),
    Column("share", Unit.SHARE, N_("Share"), N_("As a share of all missing orders.")),
    Column("advice", Unit.TEXT, N_("What to do"), N_("What helps against this cause.")),
)

_KEY = Column("order_key", Unit.TEXT, N_("Order"), N_("The order's number in the shop."))
_PLACED = Column("placed_at", Unit.INSTANT, N_("Placed"), N_("When it was placed, in the shop's time zone."))
_STATE = Column("state", Unit.TEXT, N_("State on the list"), N_("The order's state, as the list says."))
_TOTAL = Column("total", Unit.MONEY, N_("Total in the list"), N_("What the buyer pays, all in, as the list says."))

MISSING_COLUMNS = (
    _KEY,
    _PLACED,
    _STATE,
    PAYMENT_COLUMNS[0],
    WAY_COLUMNS[0],
    Column("value", Unit.MONEY, N_("Value"), N_("Goods after discounts, without VAT and shipping.")),
    _CAUSE,
)

DIFFERING_COLUMNS = (
    _KEY,
    _PLACED,
    Column("difference", Unit.TEXT, N_("Difference"), N_("What the list says otherwise."), vocabulary="difference"),
    _STATE,
    Column("our_state", Unit.TEXT, N_("State here"), N_("The order's state, as we were told.")),
    _TOTAL,
    Column("our_total", Unit.MONEY, N_("Total here"), N_("What the buyer pays, all in, as we were told.")),
)

UNLISTED_COLUMNS = (
    _KEY,
    _PLACED,
    Column("our_state", Unit.TEXT, N_("State here"), N_("The order's state, as we were told.")),
    Column("our_total", Unit.MONEY, N_("Total here"), N_("What the buyer pays, all in, as we were told.")),
)

FIGURES = (
    *_COUNTS,
    Column(
        "value_missing",
        Unit.MONEY,
        N_("Missing value"),
        N_("Of the missing orders: goods after discounts, without VAT and shipping."),
    ),
    Column("differing", Unit.COUNT, N_("Differing"), N_("Orders that are here with another amount or state than in the list.")),
    Column(
        "unlisted",
        Unit.COUNT,
        N_("Not in the list"),
        N_("Orders that count here and are not in the list, though it has others of that day."),
    ),
    Column(
        "uncounted",
        Unit.COUNT,
        N_("Not counting"),
        N_("Orders of the list in a state that the shop does not count, cancelled ones among them."),
    ),
    Column("tests", Unit.COUNT, N_("Trial orders"), N_("Trial orders of the list.")),
    Column(
        "erased",
        Unit.COUNT,
        N_("Erased"),
        N_("Orders of people who were erased or forgotten: they were collected and are counted."),
    ),
    Column("listed_at", Unit.INSTANT, N_("List from"), N_("When the list was last uploaded.")),
)

ADVICE = {
    "fresh": N_("Wait an hour."),
    "other_key": N_("Upload the list with the column that the shop's server names orders by; it is not filled in."),
    "before_collecting": N_("Fill it in from the list."),
    "by_hand": N_("Let the shop's server tell orders that are made by hand or at the till, and fill this one in."),
    "nothing_arrived": N_("See whether the shop, its network or this installation was down then, and fill it in."),
    "payment_untold": N_("Look at this payment method's notifications in the shop, and fill the order in."),
    "hour_missing": N_("See whether the shop's server or its queue of jobs stood still then, and fill it in."),
    "news_only": N_("Let the shop's server tell new orders, too, and fill this one in."),
    "seen_only": N_("Let the shop's server tell new orders: look at the plugin's log, and fill this one in."),
    "refused": N_("Check the secret and the clock of the shop's server, and fill it in."),
    "unknown": N_("Look at the order's notes in the shop and at the plugin's log, and fill it in."),
}


@dataclass(frozen=True)
class Captured:
    """Sums over orders of the list that count; values in the shop's currency."""

    listed: int
    captured: int
    value: int
    value_captured: int

    @property
    def cells(self) -> dict[str, Cell]:
        return {
            "listed": self.listed,
            "captured": self.captured,
            "missing": self.listed - self.captured,
            "captured_share": Share(self.captured, self.listed),
            "value_share": Share(self.value_captured, self.value),
        }


def answer(db: Connection, shop: Shop, query: Query) -> ReportTable:
    """One row a day on which the list has orders that count; beside it payments, ways, causes and single orders."""
    since, until = counters.day_number(query.since), counters.day_number(query.until)
    listed = compare.groups(db, shop, since, until)
    counted = counted_groups(shop, listed)
    unlisted = compare.unlisted(db, shop, since, until)
    missing = compare.missing(db, shop, since, until, query.now, listed, unlisted)
    differing = list(compare.differing(db, shop, since, until, MOST_ROWS))
    whole = captured(shop, counted)
    return ReportTable(
        columns=COLUMNS,
        rows=[{"day": counters.day_from_number(int(day)), **sums.cells} for day, sums in _by(shop, counted, "placed_on")],
        sample=whole.listed,
        figures=FIGURES,
        totals={
            **whole.cells,
            "value_missing": _value_missing(counted),
            "differing": len(differing),
            "unlisted": len(unlisted),
            "uncounted": sum(g.orders for g in listed if not is_counted(shop, g.state) and g.state != TEST),
            "tests": sum(g.orders for g in listed if g.state == TEST),
            "erased": sum(g.orders for g in listed if g.is_erased and is_counted(shop, g.state)),
            "listed_at": last_upload(db, shop),
        },
        notes=tuple(_notes(db, shop, whole, missing, unlisted, differing)),
        beside={
            "payments": ReportTable(
                PAYMENT_COLUMNS, [{"payment": key, **sums.cells} for key, sums in _by(shop, counted, "payment")], whole.listed
            ),
            "ways": ReportTable(
                WAY_COLUMNS, [{"via": key, **sums.cells} for key, sums in _by(shop, counted, "via")], whole.listed
            ),
            "causes": ReportTable(CAUSE_COLUMNS, _causes(missing), len(missing)),
            "missing": ReportTable(MISSING_COLUMNS, [_missing_row(one) for one in missing[:MOST_ROWS]], len(missing)),
            "differing": ReportTable(DIFFERING_COLUMNS, [_differing_row(*one) for one in differing], len(differing)),
            "unlisted": ReportTable(UNLISTED_COLUMNS, [_unlisted_row(row) for row in unlisted[:MOST_ROWS]], len(unlisted)),
        },
    )


def counted_groups(shop: Shop, listed: Iterable[Group]) -> list[Group]:
    """What is compared: orders of the list that count."""
    return [group for group in listed if is_counted(shop, group.state) and not group.is_erased]


def captured(shop: Shop, counted: Iterable[Group]) -> Captured:
    """Of currencies whose rate is unknown only the number of orders is known."""
    terms, zone = terms_of(shop.settings), shop.settings.tz
    listed = there = value = value_there = 0
    for group in counted:
        rate = terms.rate_at(group.currency, midnight(counters.day_from_number(group.placed_on).isoformat(), zone))
        worth = 0 if rate is None else convert(group.value, group.currency, terms.currency, rate)
        listed += group.orders
        value += worth
        if group.is_there:
            there += group.orders
            value_there += worth
    return Captured(listed, there, value, value_there)


def last_upload(db: Connection, shop: Shop) -> Instant | None:
    """None: the shop has uploaded no list."""
    c = t.order_list.c
    found: Instant | None = db.execute(select(func.max(c.listed_at)).where(c.shop_id == shop.shop_id)).scalar()
    return found


def _by(shop: Shop, counted: Iterable[Group], field: str) -> list[tuple[str, Captured]]:
    """Sums by a field of the groups: days in order, else those with most orders first."""
    parts: dict[str, list[Group]] = {}
    for group in counted:
        parts.setdefault(str(getattr(group, field) or ""), []).append(group)
    sums = [(key, captured(shop, some)) for key, some in parts.items()]
    return sorted(sums, key=lambda one: one[0] if field == "placed_on" else (-one[1].listed, one[0]))


def _value_missing(counted: Iterable[Group]) -> tuple[Money, ...]:
    sums: Counter[str] = Counter()
    for group in counted:
        if not group.is_there:
            sums[group.currency] += group.value
    return tuple(Money(minor, currency) for currency, minor in sorted(sums.items()))


def _causes(missing: list[Missing]) -> list[Cells]:
    counts = Counter(one.cause for one in missing)
    return [
        {"cause": cause, "missing": count, "share": Share(count, len(missing)), "advice": Sentence(ADVICE[cause], {})}
        for cause, count in sorted(counts.items(), key=lambda entry: (-entry[1], compare.CAUSES.index(entry[0])))
    ]


def _missing_row(one: Missing) -> Cells:
    order = one.order
    return {
        "order_key": order.order_key,
        "placed_at": order.placed_at,
        "state": order.state,
        "payment": order.payment,
        "via": order.via,
        "value": Money(order.value_minor, order.currency),
        "cause": one.cause,
    }


def _differing_row(difference: str, row: Row[Any]) -> Cells:
    return {
        "order_key": row.order_key,
        "placed_at": row.placed_at,
        "difference": difference,
        "state": row.state,
        "our_state": row.our_state,
        "total": None if row.total_minor is None else Money(row.total_minor, row.currency),
        "our_total": Money(row.our_total, row.our_currency),
    }


def _unlisted_row(row: Row[Any]) -> Cells:
    return {
        "order_key": row.order_key,
        "placed_at": row.placed_at,
        "our_state": row.state,
        "our_total": Money(row.total_minor, row.currency),
    }


def _notes(
    db: Connection, shop: Shop, whole: Captured, missing: list[Missing], unlisted: list[Any], differing: list[Any]
) -> Iterable[Sentence]:
    if not whole.listed and last_upload(db, shop) is None:
        yield Sentence(N_("There is no list yet: upload the shop's own orders, as a file or by the plugin."), {})
    if whole.listed and not whole.captured and unlisted:
        text = N_(
            "None of the orders here is in the list under its key: upload it with the column that the shop's server uses."
        )
        yield Sentence(text, {})
    if len(missing) >= compare.MOST or len(unlisted) >= compare.MOST:
        yield Sentence(N_("Only the latest %(count)s orders are looked at one by one."), {"count": compare.MOST})
    elif max(len(missing), len(unlisted), len(differing)) >= MOST_ROWS:
        yield Sentence(N_("Only the latest %(count)s orders are looked at one by one."), {"count": MOST_ROWS})
