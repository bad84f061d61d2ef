"""The demo shop's figures, counted once more by plain means from the tables `orders`, `journeys`, `customers` and `events`.

Everything goes through the real pipeline.  One currency has rates, another has none, so that both are in the figures.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, func, insert, select

from tests.builders import HOST, work_in
from tests.reports.asking import ask
from tracker import shops
from tracker import tables as t
from tracker.attribution import LOOK_BACKS, MODELS
from tracker.clock import DAY, Instant, day_of
from tracker.collect.intake import IntakeRow
from tracker.demo import history
from tracker.journey.state import Journey, Order, Touch, load_journey
from tracker.pipeline.codec import read_bytes
from tracker.reports.table import Money, ReportTable
from tracker.shops import Shop, ShopSettings
from tracker.storage import writing

NOW: Instant = 1_789_552_800_000  # 2026-09-16T12:00+02:00
SINCE, UNTIL = date(2026, 8, 20), date(2026, 9, 14)
PERIOD = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
ALWAYS = {"since": "2024-01-01", "until": "2026-09-16"}


@dataclass
class Demo:
    """The shop, and its counted journeys as they lie in their table."""

    db: Connection
    shop: Shop
    journeys: list[Journey]

    def ask(self, name: str, **args: str) -> ReportTable:
        return ask(self.db, self.shop, NOW, name, **{**PERIOD, **args})

    def day(self, at: Instant) -> date:
        return day_of(at, self.shop.settings.tz)

    def in_period(self, at: Instant | None) -> bool:
        return at is not None and SINCE <= self.day(at) <= UNTIL

    def orders(self) -> Iterator[tuple[Journey, Order]]:
        """Live ones that came to count in the period."""
        for journey in self.journeys:
            for order in journey.orders():
                if order.is_live and self.in_period(order.counted_at):
                    yield journey, order


@pytest.fixture
def demo(engine: Engine) -> Iterator[Demo]:
    past = history.make_past(Shop(1, "", "", "", None, (HOST,), ShopSettings()), NOW, days=40, strangers_per_day=14)
    rates = [
        [f"{rate.valid_on}"[:4] + "-" + f"{rate.valid_on}"[4:6] + "-01", str(rate.rate)]
        for rate in past.rates
        if rate.currency == "SEK"
    ]
    with writing(engine) as db:
        shop = shops.add_shop(db, "Lyng & Datter", (HOST,), NOW, ShopSettings(rates={"SEK": rates}))
        db.execute(insert(t.ad_spend), [{"shop_id": shop.shop_id, **one._asdict()} for one in past.spend])
    rows = [IntakeRow("history", n, shop.shop_id, body) for n, (_, body) in enumerate(past.bodies, 1)]
    for start in range(0, len(rows), 1_000):
        work_in(engine, shop, *rows[start : start + 1_000], now=NOW)
    with engine.connect() as db:
        bodies = db.execute(
            select(t.journeys.c.body).where(t.journeys.c.shop_id == shop.shop_id, t.journeys.c.counted)
        ).scalars()
        yield Demo(db, shop, [load_journey(read_bytes(body)) for body in bodies])


def own(minor: int, rate: str | None) -> int:
    """In the shop's currency; both have hundredths."""
    return int((minor * Decimal(rate)).to_integral_value(ROUND_HALF_EVEN)) if rate is not None else 0


def money(minor: int) -> Money:
    return Money(minor, "DKK")


def test_the_demo_shops_reports_are_what_its_tables_say(demo: Demo) -> None:
    """One test, since the shop is made once: each of these is a report."""
    for check in (
        _orders,
        _refunds,
        _attribution,
        _shares,
        _channels,
        _lists,
        _paths,
        _touchpoints,
        _assistants,
        _costs,
        _payback,
    ):
        check(demo)


def _orders(demo: Demo) -> None:
    c = t.orders.c
    days: dict[date, Counter[str]] = defaultdict(Counter)
    currencies: dict[str, Counter[str]] = defaultdict(Counter)
    for row in demo.db.execute(select(t.orders).where(c.shop_id == demo.shop.shop_id, c.counted_at.is_not(None))):
        if not demo.in_period(row.counted_at):
            continue
        live = row.cancelled_at is None
        for counter in (days[demo.day(row.counted_at)], currencies[row.currency]):
            counter.update(
                orders=1, cancelled=1 - live, net=own(row.net_minor, row.rate), unrated=int(live and row.rate is None)
            )
        currencies[row.currency]["own_net"] += row.net_minor
    table = demo.ask("orders")
    assert {r["day"]: (r["orders"], r["cancelled"], r["net"]) for r in table.rows} == {
        day: (found["orders"], found["cancelled"], money(found["net"])) for day, found in days.items()
    }
    assert {r["currency"]: (r["orders"], r["unrated"], r["net"].minor) for r in table.beside["currencies"].rows} == {
        currency: (found["orders"], found["unrated"], found["own_net"]) for currency, found in currencies.items()
    }
    assert {r["rate_state"] for r in table.beside["currencies"].rows} >= {"own", "known", "missing"}
    assert (table.totals["unrated"], table.sample) == (
        sum(found["unrated"] for found in days.values()), sum(found["orders"] for found in days.values())
    )  # fmt: skip
    for part in ("payments", "ways_in"):
        rows = table.beside[part].rows
        assert money(sum(r["net"].minor for r in rows)) == table.totals["net"]
        assert sum(r["orders"] for r in rows) == table.sample - table.totals["cancelled"]


def _refunds(demo: Demo) -> None:
    """Wherever refunds lie, each row adds up and all of them come to the same."""
    nets = []
    for revenue_on in ("order", "refund"):
        table = demo.ask("orders", revenue_on=revenue_on, **ALWAYS)
        for r in table.rows:
            assert r["revenue"].minor - r["refunded"].minor - r["given_up"].minor == r["net"].minor
        assert table.totals["refunded"].minor > 0 < table.totals["given_up"].minor
        nets.append(table.totals["net"])
    assert nets[0] == nets[1]
    days: Counter[date] = Counter()
    for journey in demo.journeys:
        for order in journey.orders():
            if order.counted_at and order.currency == "DKK" and order.cancelled_at is None:
                left = order.revenue
                for refund in sorted(order.refunds.values(), key=lambda one: one.at):
                    days[demo.day(refund.at)] += min(left, refund.value)
                    left -= min(left, refund.value)
    found = {r["day"]: r["refunded"].minor for r in demo.ask("orders", revenue_on="refund", **ALWAYS).rows}
    assert days and all(found[day] >= minor for day, minor in days.items())


def _net_of(table: ReportTable, column: str) -> Counter[tuple[Any, ...]]:
    return Counter({(r["channel"], r["source"], r["campaign"]): r[column].minor for r in table.rows if r[column].minor})


def _attribution(demo: Demo) -> None:
    """Every column of every look-back and level, and under a filter, adds up to the net revenue of the orders."""
    net = sum(own(order.net, order.rate) for _, order in demo.orders())
    count = sum(1 for _ in demo.orders())
    assert count > 40
    for look_back in LOOK_BACKS:
        for level in ("channel", "source", "campaign"):
            table = demo.ask("attribution", look_back=str(look_back), level=level)
            assert (table.totals["net"], table.totals["orders"]) == (money(net), count)
            for model in [*MODELS, "removal"] if level == "channel" else MODELS:
                assert sum(_net_of(table, f"{model}_net").values()) == net, (model, look_back, level)
                assert sum(round(r[f"{model}_orders"] * 1_000_000) for r in table.rows) == count * 1_000_000
    filtered = demo.ask("attribution", filter="device=mobile")
    of_mobile = sum(own(order.net, order.rate) for journey, order in demo.orders() if journey.device == "mobile")
    assert 0 < of_mobile < net
    assert {sum(_net_of(filtered, f"{model}_net").values()) for model in [*MODELS, "removal"]} == {of_mobile}


def _taking_part(journey: Journey, order: Order, look_back: int) -> list[Touch]:
    assert order.counted_at is not None
    return [touch for touch in journey.touches if order.counted_at - look_back * DAY <= touch.at <= order.counted_at]


def _shares(demo: Demo) -> None:
    """The models that share nothing give what the journeys say; equal parts differ from fractions by rounding alone."""
    for look_back in LOOK_BACKS:
        table = demo.ask("attribution", look_back=str(look_back), level="campaign")
        expected: dict[str, Counter[tuple[Any, ...]]] = defaultdict(Counter)
        linear: dict[tuple[Any, ...], Fraction] = defaultdict(Fraction)
        for journey, order in demo.orders():
            touches = _taking_part(journey, order, look_back)
            keys = [(touch.channel, touch.source or None, touch.campaign or None) for touch in touches] or [
                ("none", None, None)
            ]
            indirect = [key for key in keys if key[0] != "direct"] or keys
            net = own(order.net, order.rate)
            for model, key in (("first", keys[0]), ("last", keys[-1]), ("last_non_direct", indirect[-1])):
                expected[model][key] += net
            for key in keys:
                linear[key] += Fraction(net, len(keys))
        for model, sums in expected.items():
            assert _net_of(table, f"{model}_net") == Counter({key: minor for key, minor in sums.items() if minor}), model
        rounded = _net_of(table, "linear_net")
        assert all(abs(rounded[key] - share) <= table.sample for key, share in linear.items())
        assert len(linear) > 15


def _channels(demo: Demo) -> None:
    c = t.journeys.c
    groups = (
        c.channel,
        func.count().label("journeys"),
        func.sum(c.net_own_minor).label("net"),
        func.sum(c.touchpoints).label("touches"),
    )
    of = (c.shop_id == demo.shop.shop_id, c.counted, c.began_on.between(20260820, 20260914))
    found = {row.channel: row for row in demo.db.execute(select(*groups).where(*of).group_by(c.channel))}
    ordered = dict(demo.db.execute(select(c.channel, func.count()).where(*of, c.ordered).group_by(c.channel)).all())  # type: ignore[arg-type]
    reached = dict(demo.db.execute(select(c.channel, func.count()).where(*of, c.highest >= 4).group_by(c.channel)).all())  # type: ignore[arg-type]
    table = demo.ask("channels")
    assert {
        r["channel"]: (r["journeys"], r["ordered"], r["net"].minor, r["considered"].part) for r in table.rows if r["journeys"]
    } == {
        channel: (row.journeys, ordered.get(channel, 0), int(row.net), reached.get(channel, 0))
        for channel, row in found.items()
    }
    assert sum(r["touchpoints"] for r in table.rows) == sum(int(row.touches) for row in found.values())
    began = [journey for journey in demo.journeys if demo.in_period(journey.began_at)]
    assert table.totals["orders"] == sum(order.is_live for journey in began for order in journey.orders())
    assert len(found) > 8


def _lists(demo: Demo) -> None:
    """Campaigns and landing pages."""
    began = [journey for journey in demo.journeys if demo.in_period(journey.began_at) and journey.touches]
    campaigns, pages = Counter[Any](), Counter[Any]()
    for journey in began:
        first, net = journey.touches[0], sum(own(order.net, order.rate) for order in journey.orders())
        if first.campaign:
            campaigns.update(
                {
                    (first.channel, first.source, first.campaign, "journeys"): 1,
                    (first.channel, first.source, first.campaign, "net"): net,
                }
            )
        if first.landing:
            pages.update({(first.landing, "journeys"): 1, (first.landing, "net"): net})
    table = demo.ask("campaigns", limit="500")
    for r in table.rows:
        key = (r["channel"], r["source"], r["campaign"])
        assert (r["journeys"], r["net"].minor) == (campaigns[(*key, "journeys")], campaigns[(*key, "net")])
    assert len(table.rows) == sum(key[-1] == "journeys" for key in campaigns) == table.totals["campaigns"] > 5
    table = demo.ask("landing_pages", limit="500")
    for r in table.rows:
        assert (r["journeys"], r["net"].minor) == (pages[r["page"], "journeys"], pages[r["page"], "net"])
    assert len(table.rows) == sum(key[-1] == "journeys" for key in pages) > 20


def _paths(demo: Demo) -> None:
    ended = [journey for journey in demo.journeys if journey.outcome != "open" and demo.in_period(journey.ended_at)]
    table = demo.ask("paths", limit="500")
    assert table.totals["journeys"] == len(ended) == sum(r["journeys"] for r in table.rows)
    assert table.totals["net"] == money(sum(own(order.net, order.rate) for journey in ended for order in journey.orders()))
    alone = [journey for journey in ended if {touch.channel for touch in journey.touches} == {"paid_social"}]
    assert next(r["journeys"] for r in table.rows if r["path"] == "paid_social") == len(alone) > 0


def _touchpoints(demo: Demo) -> None:
    began = [journey for journey in demo.journeys if demo.in_period(journey.began_at)]
    counts = sorted(journey.touch_count for journey in began)
    ordered = [journey for journey in began if journey.order and journey.order.is_live]
    led = [(j.order.counted_at - j.touches[0].at) // DAY for j in ordered if j.touches and j.order and j.order.counted_at]
    table = demo.ask("touchpoints")
    assert {r["touchpoints"]: r["journeys"] for r in table.rows} == Counter(counts)
    assert table.totals["mean"] == sum(counts) / len(counts)
    assert table.totals["median"] == (counts[(len(counts) - 1) // 2] + counts[len(counts) // 2]) / 2
    assert table.totals["ordered_mean"] == sum(journey.touch_count for journey in ordered) / len(ordered)
    assert (table.totals["mean_days"], table.beside["days"].sample) == (sum(led) / len(led), len(led))
    both = demo.ask("touchpoints", filter="device=mobile,country=DK")
    assert {r["touchpoints"]: r["journeys"] for r in both.rows} == Counter(
        journey.touch_count for journey in began if (journey.device, journey.country) == ("mobile", "DK")
    )


def _assistants(demo: Demo) -> None:
    began = [journey for journey in demo.journeys if demo.in_period(journey.began_at)]
    landed = Counter(
        (touch.source, touch.landing) for journey in began for touch in journey.touches if touch.channel == "ai_assistant"
    )
    table = demo.ask("ai_assistants")
    assert {(r["source"], r["page"]): r["arrivals"] for r in table.beside["pages"].rows} == landed
    assert table.totals["arrivals"] == sum(landed.values()) > 10
    on_page: Counter[str | None] = Counter()
    for (_, page), arrivals in landed.items():
        on_page[page] += arrivals
    read = {r["page"]: r["arrivals"] for r in table.beside["read"].rows}
    assert read == {page: on_page[page] for page in read} and sum(read.values()) > 10
    first = [journey for journey in began if journey.channel == "ai_assistant"]
    assert table.totals["journeys"] == len(first)
    assert table.totals["decided"].part == sum(journey.highest >= 5 for journey in first)


def _costs(demo: Demo) -> None:
    spent: Counter[str] = Counter()
    missing: Counter[str] = Counter()
    for row in demo.db.execute(select(t.ad_spend).where(t.ad_spend.c.shop_id == demo.shop.shop_id)):
        day = date(row.day_on // 10_000, row.day_on // 100 % 100, row.day_on % 100)
        if SINCE <= day <= UNTIL:
            rate = demo.shop.settings.rate_on(row.currency, day)
            (missing if rate is None else spent)[row.channel] += (
                row.amount_minor if rate is None else own(row.amount_minor, str(rate))
            )
    for model in MODELS:
        table, credited = demo.ask("costs", model=model), _net_of(demo.ask("attribution"), f"{model}_net")
        assert {r["channel"]: r["spend"].minor for r in table.rows if r["spend"]} == {
            c: m for c, m in spent.items() if c not in missing
        }
        assert {r["channel"] for r in table.rows if r["missing"]} == set(missing)
        assert _net_of(table, "net") == credited
        assert table.totals["net"] == demo.ask("orders").totals["net"]
        assert table.totals["first"] == sum(not (order.repeat or order.renewal) for _, order in demo.orders())
        for r in table.rows:
            if r["spend"]:
                assert r["profit"].minor == r["net"].minor - r["spend"].minor


def _payback(demo: Demo) -> None:
    """All customers there ever were, by the month and channel of their first order."""
    c = t.customers.c
    customers: Counter[tuple[date, str]] = Counter()
    nets: Counter[tuple[date, str]] = Counter()
    for row in demo.db.execute(select(c.first_at, c.channel, c.net_minor).where(c.shop_id == demo.shop.shop_id)):
        place = (demo.day(row.first_at).replace(day=1), row.channel)
        customers[place] += 1
        nets[place] += row.net_minor
    table = demo.ask("payback", **ALWAYS)
    rows = {(r["cohort"], r["channel"]): r for r in table.rows if r["customers"]}
    assert {place: (r["customers"], r["net"].minor) for place, r in rows.items()} == {
        place: (count, nets[place]) for place, count in customers.items()
    }
    assert sum(r["net"].minor for r in table.beside["together"].rows) == sum(nets.values())
    for r in rows.values():
        until = [
            m["net"].minor for m in table.beside["months"].rows if (m["cohort"], m["channel"]) == (r["cohort"], r["channel"])
        ]
        paid = [month for month, net in enumerate(until) if r["spend"] and net >= r["spend"].minor]
        assert r["paid_back_in"] == (paid[0] if paid else None)
    assert len(customers) > 10
