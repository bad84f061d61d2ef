"""A report in a sentence or two: what an owner would want pointed out.

Says nothing where the numbers are too few to say it.  To let a report speak: a function here and its line in INSIGHTS.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tracker.reports.query import Query
from tracker.reports.sorting import sums_up
from tracker.reports.stages import REFERENCE_CONVERSION
from tracker.reports.table import ENOUGH, N_, Cell, Money, ReportTable, Row, Sentence, Share, count_of
from tracker.telling.cells import Writer

SOME = 10  # customers of a channel, from which on it may be called the best; how many there are is said with it

# Sentences in the reader's language, the most useful first.
Insight = Callable[[ReportTable, Query, Writer], list[str]]


def _say(write: Writer, text: str, **params: Any) -> str:
    return write.translate(text) % params


def of_stages(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Where most are lost, and how the conversion compares."""
    if table.sample < ENOUGH:
        return []
    found = [_loss(table, query, write), _conversion(table, write)]
    return [text for text in found if text]


def _loss(table: ReportTable, query: Query, write: Writer) -> str | None:
    rows = [
        (drop, row)
        for row in table.rows[: query.view.approach - 1]
        if isinstance(drop := row["drop_off"], Share) and drop.enough and drop.part
    ]
    if not rows:
        return None
    drop, row = max(rows, key=lambda pair: pair[0].part)
    said = _say(
        write,
        N_("Most are lost at the stage “%(stage)s”: %(count)s journeys, %(share)s of those that get there, go no further."),
        stage=write.say("stage", str(row["stage"])),
        count=write.count(drop.part),
        share=write.share(drop),
    )
    reference = row["reference_drop_off"]
    if isinstance(reference, float):
        said += " " + _say(write, N_("Webshops lose %(share)s there on average."), share=write.percent(reference))
    return said


def _conversion(table: ReportTable, write: Writer) -> str | None:
    share = table.totals["conversion"]
    if not isinstance(share, Share) or share.value is None:
        return None
    own, average = write.share(share), write.percent(REFERENCE_CONVERSION)
    if own == average:
        text = N_("%(own)s of journeys end in an order, as webshops average.")
    elif share.value > REFERENCE_CONVERSION:
        text = N_("%(own)s of journeys end in an order; webshops average %(average)s. You are above.")
    else:
        text = N_("%(own)s of journeys end in an order; webshops average %(average)s. You are below.")
    return _say(write, text, own=own, average=average)


def of_channels(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Which channel brings most orders, and which converts best."""
    rows = [row for row in table.rows if row["channel"] != "none"]
    ordering = max(rows, key=_orders, default=None)
    if ordering is None or not _orders(ordering):
        return []
    said = [
        _say(
            write,
            N_("Of the orders with a visit before them most came from %(channel)s: %(count)s."),
            channel=_channel(ordering, write),
            count=write.count(_orders(ordering)),
        )
    ]
    likely = [(share, row) for row in rows if isinstance(share := row["conversion"], Share) and share.enough]
    if likely:
        best, row = max(likely, key=lambda pair: pair[0].value or 0)
        said.append(
            _say(
                write,
                N_("%(channel)s converts best: %(share)s of its %(count)s journeys end in an order."),
                channel=_channel(row, write),
                share=write.share(best),
                count=write.count(best.whole),
            )
        )
    return said


def _orders(row: Row) -> int:
    """With several filters only how many journeys have one is known."""
    return count_of(row.get("orders")) or count_of(row["ordered"])


def of_clv(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Which channel won the best customers, of those that won some."""
    won = [row for row in table.beside["channels"].rows if row["channel"] != "none"]
    rows = [row for row in won if count_of(row["customers"]) >= SOME and isinstance(row["per_customer"], Money)]
    customers = sum(count_of(row["customers"]) for row in won)
    if len(rows) < 2 or customers < ENOUGH:
        return []
    best = max(rows, key=lambda row: _minor(row["per_customer"]))
    average = Money(sum(_minor(row["net"]) for row in won) // customers, _currency(best["net"]))
    return [
        _say(
            write,
            N_(
                "The best customers came from %(channel)s: each of these %(count)s has brought %(each)s so far, against "
                "%(average)s over all channels, phone and till left out."
            ),
            channel=_channel(best, write),
            count=write.count(count_of(best["customers"])),
            each=_cell(best["per_customer"], write),
            average=write.money(average),
        )
    ]


def of_searches(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """What people look for that the shop does not have."""
    missed = [row for row in table.beside["nothing"].rows if not sums_up(row)][:3]
    total = table.totals["nothing"]
    if not missed or not isinstance(total, Share) or not total.part:
        return []
    words = ", ".join(f"“{row['words']}” ({write.count(count_of(row['nothing']))})" for row in missed)
    return [
        _say(
            write,
            N_("%(count)s journeys searched for something that the shop did not find. Most often: %(words)s."),
            count=write.count(total.part),
            words=words,
        )
    ]


def of_data_health(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Which alarms ring."""
    ringing = [row for row in table.beside["alarms"].rows if row["state"] != "ok" and row["advice"]]
    if not table.sample:
        return []
    if not ringing:
        return [write.translate(N_("Nothing stands out: what was sent was measured."))]
    return [f"{write.say('alarm', str(row['alarm']))}. {_cell(row['advice'], write)}" for row in ringing]


def of_reconciliation(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """How many orders are missing, and most likely why."""
    share = table.totals["captured_share"]
    if not isinstance(share, Share) or not share.whole:
        return []
    missing = share.whole - share.part
    if not missing:
        return [_say(write, N_("All %(count)s orders of the shop's list are here."), count=write.count(share.whole))]
    said = [
        _say(
            write,
            N_("%(missing)s of %(count)s orders on the shop's list are missing here."),
            missing=write.count(missing),
            count=write.count(share.whole),
        )
    ]
    for row in table.beside["causes"].rows[:1]:
        said.append(
            f"{write.say('cause', str(row['cause']))}: {write.count(count_of(row['missing']))}. {_cell(row['advice'], write)}"
        )
    return said


def of_checkouts(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """At which step most carts stop."""
    stopped = max(table.rows, key=lambda row: count_of(row["stopped"]) + count_of(row["open"]), default=None)
    share = stopped["went_on_share"] if stopped else None
    if stopped is None or not isinstance(share, Share) or not share.enough:
        return []
    return [
        _say(
            write,
            N_("Most carts stop at “%(step)s”: %(count)s of %(whole)s have gone no further."),
            step=write.say("cart_step", str(stopped["step"])),
            count=write.count(share.whole - share.part),
            whole=write.count(share.whole),
        )
    ]


def of_attribution(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Which channel the first and the last touchpoint see most differently."""
    if table.sample < ENOUGH:
        return []

    def gap(row: Row) -> int:
        first, last = row["first_net"], row["last_net"]
        return first.minor - last.minor if isinstance(first, Money) and isinstance(last, Money) else 0

    row = max(table.rows, key=lambda row: abs(gap(row)), default=None)
    if row is None or not gap(row):
        return [write.translate(N_("First and last touchpoint agree: hardly anybody came by more than one channel."))]
    text = (
        N_("%(channel)s begins journeys that others end: %(first)s as first touchpoint, %(last)s as last.")
        if gap(row) > 0
        else N_("%(channel)s ends journeys that others began: %(first)s as first touchpoint, %(last)s as last.")
    )
    first, last = (_cell(row[key], write) for key in ("first_net", "last_net"))
    return [_say(write, text, channel=_channel(row, write), first=first, last=last)]


def of_products(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """What is looked at much and bought little."""
    average = table.totals["conversion"]
    if not isinstance(average, Share) or not average.value:
        return []
    rows = [
        (average.value * share.whole - share.part, share, row)
        for row in table.rows
        if not sums_up(row) and isinstance(share := row["conversion"], Share) and share.enough
    ]
    missed, share, row = max(rows, key=lambda found: found[0], default=(0.0, average, {}))
    if missed < 1:
        return []
    return [
        _say(
            write,
            N_(
                "%(name)s is looked at a lot and rarely bought: %(share)s of those who look buy it, against "
                "%(average)s overall."
            ),
            name=_cell(row["name"], write),
            share=write.share(share),
            average=write.share(average),
        )
    ]


def of_carts(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """What lies in abandoned carts."""
    left, all_of_them = count_of(table.totals["abandoned"]), count_of(table.totals["carts"])
    if not left:
        return []
    text = N_("%(left)s of %(count)s filled carts are abandoned; all together hold %(value)s.")
    value = table.totals["value"]
    told = " + ".join(write.money(money) for money in value if isinstance(money, Money)) if isinstance(value, tuple) else ""
    return [_say(write, text, left=write.count(left), count=write.count(all_of_them), value=told)]


def of_customers(table: ReportTable, query: Query, write: Writer) -> list[str]:
    """Who brings the money, and what is about to be lost."""
    if table.sample < ENOUGH:
        return []
    said = []
    best = max(table.rows, key=lambda row: _part(row["net_share"]), default=None)
    if best and isinstance(best["net_share"], Share):
        text = N_("“%(segment)s” are %(share)s of the customers and brought %(net)s of the revenue.")
        shares = {"share": _cell(best["share"], write), "net": write.percent(best["net_share"].value or 0)}
        said.append(_say(write, text, segment=write.say("segment", str(best["segment"])), **shares))
    keep = table.beside["keep"].rows
    if keep:
        text = N_("%(count)s good customers may be about to leave: write to them first.")
        said.append(_say(write, text, count=write.count(len(keep))))
    return said


INSIGHTS: dict[str, Insight] = {
    "stages": of_stages,
    "channels": of_channels,
    "clv": of_clv,
    "searches": of_searches,
    "data_health": of_data_health,
    "reconciliation": of_reconciliation,
    "checkouts": of_checkouts,
    "attribution": of_attribution,
    "products": of_products,
    "carts": of_carts,
    "customers": of_customers,
}


def of_sales(table: ReportTable, before: ReportTable | None, write: Writer) -> list[str]:
    """What was sold, against the days before, and today so far; the table is the report `overview`."""
    orders, net = count_of(table.totals["orders"]), table.totals["net"]
    said = []
    if orders and isinstance(net, Money):
        told = {"net": write.money(net, whole=True), "orders": write.count(orders)}
        then = _minor(before.totals["net"]) if before and min(table.sample, before.sample) >= ENOUGH else 0
        change = net.minor / then - 1 if then > 0 else None
        if change is None:
            said.append(_say(write, N_("Sold for %(net)s in %(orders)s orders."), **told))
        else:
            more = N_("Sold for %(net)s in %(orders)s orders: %(change)s more than before.")
            less = N_("Sold for %(net)s in %(orders)s orders: %(change)s less than before.")
            said.append(_say(write, more if change >= 0 else less, **told, change=write.percent(abs(change))))
    return [*said, *_today(table, write)]


def _today(table: ReportTable, write: Writer) -> Iterator[str]:
    """Against the same weekday last week until the same time of the day."""
    today, then = table.beside["today"].rows
    if count_of(today["journeys"]) + count_of(then["journeys"]) == 0:
        return
    yield _say(
        write,
        N_("Today so far: %(net)s (orders: %(orders)s). A week ago at this time: %(net_then)s (orders: %(orders_then)s)."),
        net=_cell(today["net"], write),
        orders=write.count(count_of(today["orders"])),
        net_then=_cell(then["net"], write),
        orders_then=write.count(count_of(then["orders"])),
    )


def reasons_of_change(now: ReportTable, before: ReportTable, write: Writer) -> Iterator[str]:
    """Which channel did most to change the number of orders; both tables are the report `channels`."""
    then = {row["channel"]: row for row in before.rows}
    gaps = [(count_of(row["orders"]) - count_of(then.get(row["channel"], {}).get("orders")), row) for row in now.rows]
    gaps += [
        (-count_of(row["orders"]), row) for row in before.rows if row["channel"] not in {one["channel"] for one in now.rows}
    ]
    moved = [pair for pair in gaps if pair[0] and pair[1]["channel"] != "none"]
    if min(now.sample, before.sample) < ENOUGH or not moved:
        return
    for gap, row in _extremes(moved):
        more = N_("%(channel)s brought %(count)s more orders than before.")
        text = more if gap > 0 else N_("%(channel)s brought %(count)s fewer orders than before.")
        yield _say(write, text, channel=_channel(row, write), count=write.count(abs(gap)))


def _extremes(moved: Sequence[tuple[int, Row]]) -> list[tuple[int, Row]]:
    """What rose most and what fell most."""
    most, least = (pick(moved, key=lambda pair: pair[0]) for pick in (max, min))
    return [pair for pair, is_so in ((most, most[0] > 0), (least, least[0] < 0)) if is_so]


def _channel(row: Row, write: Writer) -> str:
    return write.say("channel", str(row["channel"]))


def _cell(cell: Cell, write: Writer) -> str:
    match cell:
        case Money():
            return write.money(cell)
        case Share():
            return write.share(cell)
        case Sentence():
            return write.sentence(cell)
    return str(cell or "")


def _part(cell: Cell) -> float:
    return cell.value or 0 if isinstance(cell, Share) else 0


def _minor(cell: Cell) -> int:
    return cell.minor if isinstance(cell, Money) else 0


def _currency(cell: Cell) -> str:
    return cell.currency if isinstance(cell, Money) else ""
