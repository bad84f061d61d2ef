"""Every figure of these reports is what the rows of events, orders and carts say, to the last minor unit: `recount`.

The demo shop's past goes through the real pipeline; the period begins and ends within a month and holds a whole one.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, select

from tests.builders import HOLD, add_shop, work_in
from tests.reports.recount import Recount, Told, path, tally
from tracker import shops
from tracker import tables as t
from tracker.clock import DAY, MINUTE, Instant
from tracker.collect.intake import IntakeRow
from tracker.config import Config
from tracker.customers.cells import summarise
from tracker.customers.segments import SEGMENTS, measure, segment_of
from tracker.demo import history
from tracker.journey.carts import CART_STEPS
from tracker.pipeline.process import tick_shop
from tracker.reports import REPORTS
from tracker.reports.query import read_query
from tracker.reports.table import Money, ReportTable, Row, Sentence, Share
from tracker.shops import Shop
from tracker.storage import open_engine, writing

NOW: Instant = 1_789_552_800_000  # 2026-09-16T12:00+02:00
SINCE, UNTIL = date(2026, 7, 20), date(2026, 9, 14)
FILTERS = ["", "channel=paid_social", "country=DK", "buyer=returning"]


@dataclass
class Asked:
    """The demo shop, worked in."""

    db: Connection
    shop: Shop
    recount: Recount

    def __call__(self, name: str, filter: str = "", **args: str) -> ReportTable:
        days = {"since": SINCE.isoformat(), "until": UNTIL.isoformat()}
        return REPORTS[name].answer(
            self.db, self.shop, read_query({**days, "limit": "500", "filter": filter, **args}, self.shop, NOW)
        )

    def began(self, filter: str = "") -> list[Told]:
        return self.recount.began(SINCE, UNTIL, filter)

    def money(self, minor: int) -> Money:
        return Money(minor, self.shop.settings.currency)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory, _new_database: Callable[[Path], str]) -> Iterator[Asked]:
    folder = tmp_path_factory.mktemp("reconcile")
    engine = open_engine(Config(data_dir=str(folder), database_url=_new_database(folder)))
    shop = add_shop(engine, NOW)
    rows = [IntakeRow("history", n, shop_id, body) for n, (shop_id, body) in enumerate(history.make(shop, NOW, 60), 1)]
    for start in range(0, len(rows), 2_000):
        work_in(engine, shop, *rows[start : start + 2_000], now=NOW)
    with writing(engine) as db:
        while tick_shop(db, shop, HOLD, NOW):
            pass
    with engine.connect() as db:
        found = shops.find_shop(db, shop.shop_id)
        assert found is not None
        yield Asked(db, found, Recount(db, found))
    engine.dispose()


def by(table: ReportTable, *columns: str) -> dict[Any, Row]:
    """Rows by a key; that of what has none is told in words."""
    found = {tuple("" if isinstance(row[c], Sentence) else row[c] for c in columns): row for row in table.rows}
    assert len(found) == len(table.rows)
    return {key[0] if len(key) == 1 else key: row for key, row in found.items()}


def check(told: Mapping[Any, Row], expected: Mapping[Any, Row]) -> None:
    """Each of the expected cells; and no row more or less."""
    assert set(told) == set(expected)
    for key, row in expected.items():
        assert {name: told[key][name] for name in row} == row, key


@pytest.mark.parametrize("filter", FILTERS)
@pytest.mark.parametrize("name", ["products", "categories"])
def test_goods(asked: Asked, name: str, filter: str) -> None:
    table = asked(name, filter)
    key = name.replace("ies", "y").removesuffix("s")
    found = asked.recount.goods(asked.began(filter), by_category=name == "categories")
    ratings = asked.recount.ratings(SINCE, UNTIL, filter) if name == "products" else {}
    net = sum(counts["net"] for counts in found.values())
    expected: dict[str, dict[str, Any]] = {}
    for product in found.keys() | ratings.keys():
        c = found.get(product, Counter())
        expected[product] = {
            **{metric: c[metric] for metric in ("looked", "carted", "bought", "units", "returned")},
            "cart_share": Share(c["looked_carted"], c["looked"]),
            "order_share": Share(c["carted_bought"], c["carted"]),
            "conversion": Share(c["looked_bought"], c["looked"]),
            "return_share": Share(c["returned"], c["units"]),
            "net": asked.money(c["net"]),
            "net_share": Share(c["net"], net),
        }
        if name == "products":
            stars = ratings.get(product, [])
            expected[product] |= {"ratings": len(stars), "rating": sum(stars) / len(stars) if stars else None}
    check(by(table, key), expected)
    journeys = asked.began(filter)
    assert net == sum(asked.recount.net(order) for journey in journeys for order in journey.orders) > 0
    assert table.totals["net"] == asked.money(net)


@pytest.mark.parametrize("filter", FILTERS)
def test_coupons(asked: Asked, filter: str) -> None:
    table = asked("coupons", filter)
    codes: dict[str, Counter[str]] = defaultdict(Counter)
    orders = []
    for journey in asked.began(filter):
        for type, metric in (("apply_coupon", "applied"), ("coupon_denied", "denied")):
            for code in {event.data["coupon"].strip().upper() for event in journey.of_type(type)}:
                codes[code][metric] += 1
        orders += [order for order in journey.orders if order.is_live]
    for order in orders:
        if order.coupon:
            own = asked.recount.own(order.discount, order.currency, order.placed_at) or 0
            codes[order.coupon.strip().upper()].update(ordered=1, net=asked.recount.net(order), discount=own)
    expected: dict[str, Row] = {
        code: {
            **{metric: c[metric] for metric in ("applied", "denied", "ordered")},
            "order_share": Share(c["ordered"], len(orders)),
            "discount": asked.money(c["discount"]),
            "net": asked.money(c["net"]),
        }
        for code, c in codes.items()
    }
    check(by(table, "code"), expected)
    assert table.totals["with_coupon"] == Share(sum(bool(order.coupon) for order in orders), len(orders))
    assert expected or filter


@pytest.mark.parametrize("filter", FILTERS)
def test_searches(asked: Asked, filter: str) -> None:
    table = asked("searches", filter)
    words: dict[str, Counter[str]] = defaultdict(Counter)
    searching: list[tuple[Told, dict[str, bool]]] = []
    for journey in asked.began(filter):
        found: dict[str, bool] = {}
        for event in journey.of_type("search"):
            term = " ".join(str(event.data.get("search_term") or "").lower().split())
            if term:
                found[term] = found.get(term, False) or event.data.get("results_count") == 0
        for term, nothing in found.items():
            words[term].update(journeys=1, nothing=int(nothing), ordered=int(journey.ordered))
        if found:
            searching.append((journey, found))
    expected = {
        term: {
            **{metric: c[metric] for metric in ("journeys", "nothing", "ordered")},
            "nothing_share": Share(c["nothing"], c["journeys"]),
            "conversion": Share(c["ordered"], c["journeys"]),
        }
        for term, c in words.items()
    }
    check(by(table, "words"), expected)
    check(by(table.beside["nothing"], "words"), {term: row for term, row in expected.items() if row["nothing"]})
    assert table.totals == {
        "searches": len(words),
        "journeys": len(searching),
        "nothing": Share(sum(any(found.values()) for _, found in searching), len(searching)),
        "conversion": Share(sum(journey.ordered for journey, _ in searching), len(searching)),
    }
    assert expected or filter


@pytest.mark.parametrize("filter", FILTERS)
def test_endings(asked: Asked, filter: str) -> None:
    table = asked("endings", filter, view="twelve")
    lapsed = asked.recount.lapsed(SINCE, UNTIL, filter)

    def last_page(journey: Told) -> str:
        pages = [event.page.url for event in journey.of_type("page_view") if event.page]
        return path(pages[-1])[:80] if pages else ""

    def step(journey: Told) -> str | None:
        return CART_STEPS[max(CART_STEPS.index(cart.step) for cart in journey.carts)] if journey.carts else None

    def ended(counts: Counter[Any]) -> dict[Any, Row]:
        return {key: {"journeys": n, "share": Share(n, len(lapsed))} for key, n in counts.items()}

    check(by(table, "page"), ended(tally(lapsed, last_page)))
    steps = tally(lapsed, step) | Counter()
    check(by(table.beside["steps"], "step"), ended(Counter({key: steps[key] for key in (None, *CART_STEPS)})))
    stages = tally(lapsed, lambda journey: journey.row.stage)
    assert [row["journeys"] for row in table.beside["stages"].rows] == [stages[stage] for stage in range(1, 13)]
    errors: dict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    erring = []
    for journey in asked.began(filter):
        met = {
            (event.data.get("step") or "checkout", event.data.get("code") or event.data.get("message") or "?")
            for event in journey.of_type("checkout_error")
        }
        for error in met:
            errors[error].update(journeys=1, lost=int(journey.row.outcome == "lapsed"))
        if met:
            erring.append(journey)
    check(by(table.beside["errors"], "step", "error"), {error: dict(counts) for error, counts in errors.items()})
    lost = sum(journey.row.outcome == "lapsed" for journey in erring)
    assert (table.totals["lapsed"], table.totals["erring"]) == (len(lapsed), len(erring))
    assert table.totals["erring_lost"] == Share(lost, len(erring))
    assert lapsed or filter


@pytest.mark.parametrize("filter", FILTERS)
def test_checkouts(asked: Asked, filter: str) -> None:
    table, recount = asked("checkouts", filter), asked.recount
    carts = [
        (cart, recount.own(cart.value_minor, cart.currency, cart.began_at) or 0)
        for journey in recount.journeys.values()
        for cart in journey.carts
        if journey.matches(filter) and SINCE <= recount.day(cart.began_at) <= UNTIL
    ]
    expected: dict[str, Row] = {}
    for i, step in enumerate(CART_STEPS):
        reached = [cart for cart, _ in carts if CART_STEPS.index(cart.step) >= i]
        here = [(cart, value) for cart, value in carts if cart.step == step]
        stopped = [value for cart, value in here if cart.state in ("emptied", "expired")]
        still = sum(cart.state == "filled" for cart, _ in here)
        ordered = sum(cart.state == "ordered" for cart in reached)
        expected[step] = {
            "reached": len(reached), "share": Share(len(reached), len(carts)), "went_on": len(reached) - still - len(stopped),
            "ordered": ordered, "conversion": Share(ordered, len(reached)), "open": still, "stopped": len(stopped),
            "lost": asked.money(sum(stopped)),
        }  # fmt: skip
    check(by(table, "step"), expected)
    outcomes: dict[str, Row] = {}
    for state in ("ordered", "filled", "emptied", "expired"):
        values = [value for cart, value in carts if cart.state == state]
        outcomes[state] = {"carts": len(values), "share": Share(len(values), len(carts)), "value": asked.money(sum(values))}
    check(by(table.beside["outcomes"], "outcome"), outcomes)
    assert carts or filter


def test_carts_now(asked: Asked) -> None:
    table = asked("carts")
    filled = [cart for cart in asked.recount.cart_rows if cart.state == "filled"]
    steps: dict[tuple[str, str], list[Any]] = defaultdict(list)
    for cart in filled:
        steps[cart.step, cart.currency].append(cart)
    told = {(row["step"], row["value"].currency): row for row in table.beside["steps"].rows if isinstance(row["value"], Money)}
    assert set(told) == set(steps)
    for (step, currency), carts in steps.items():
        ages = [NOW - cart.touched_at for cart in carts]
        assert {name: told[step, currency][name] for name in ("carts", "active", "abandoned", "pieces", "value")} == {
            "carts": len(carts),
            "active": sum(age < 15 * MINUTE for age in ages),
            "abandoned": sum(age >= 60 * MINUTE for age in ages),
            "pieces": sum(cart.pieces for cart in carts),
            "value": Money(sum(cart.value_minor for cart in carts), currency),
        }
    days = Counter((NOW - cart.touched_at) // DAY for cart in filled if NOW - cart.touched_at >= 60 * MINUTE)
    abandoned: Counter[Any] = Counter()
    for row in table.beside["ages"].rows:
        if row["age"] == "abandoned":
            abandoned[row["days"]] += row["carts"]  # type: ignore[operator]
    assert abandoned == days
    latest = sorted(filled, key=lambda cart: (-cart.touched_at, -cart.subject_id))
    assert [row["subject_id"] for row in table.rows] == [str(cart.subject_id) for cart in latest[:500]]
    assert len(filled) > 5


def test_customers(asked: Asked) -> None:
    table, recount = asked("customers"), asked.recount
    today = recount.day(NOW).toordinal()
    bought = recount.customers()
    known = {
        subject: summarise([(recount.day(at).toordinal(), net) for at, net, *_ in orders], today)
        for subject, orders in bought.items()
    }
    customers = {subject: customer for subject, customer in known.items() if customer}
    measures = measure(customers.values())
    expected: dict[str, dict[str, Any]] = {segment: {"customers": 0, "orders": 0, "net": 0} for segment in SEGMENTS}
    for subject, customer in customers.items():
        row = expected[segment_of(today - customer.last_day, customer.order_count, customer.net, measures)]
        row["customers"] += 1
        row["orders"] += len(bought[subject])
        row["net"] += customer.net
    check(by(table, "segment"), {key: {**row, "net": asked.money(row["net"])} for key, row in expected.items()})
    assert table.totals["gap"] == measures.gap
    rows = asked.db.execute(select(t.customers).where(t.customers.c.shop_id == asked.shop.shop_id)).all()
    assert {row.subject_id: (row.order_days, row.square) for row in rows} == {
        subject: (customer.order_count, float(customer.square)) for subject, customer in customers.items()
    }
    assert len(customers) > 20


@pytest.mark.parametrize("filter", ["", "channel=direct", "country=DK"])
def test_cohorts_and_lifetime_value(asked: Asked, filter: str) -> None:
    since, until = "2024-01-01", "2026-09-16"
    cohorts, clv = (by(asked(name, filter, since=since, until=until), "cohort") for name in ("cohorts", "clv"))
    kind, _, value = filter.partition("=")
    members: dict[date, list[list[Any]]] = defaultdict(list)
    for orders in asked.recount.customers().values():
        at, _, channel, country = orders[0]
        if not kind or value == {"channel": channel, "country": country}[kind]:
            members[asked.recount.day(at).replace(day=1)].append(orders)
    assert set(cohorts) == set(clv) == set(members)
    assert len(members) > 2 or filter

    def months(first: date, at: int) -> int:
        day = asked.recount.day(at)
        return (day.year - first.year) * 12 + day.month - first.month

    for first, customers in members.items():
        count, age = len(customers), months(first, NOW)
        row = cohorts[first]
        net = sum(net for orders in customers for _, net, *_ in orders)
        assert (row["customers"], row["orders"]) == (count, sum(map(len, customers)))
        assert row["net"] == clv[first]["net"] == asked.money(net)
        assert row["again"] == Share(sum(len(orders) > 1 for orders in customers), count)
        for k in range(1, 13):
            again = sum(any(months(first, at) == k for at, *_ in orders) for orders in customers)
            assert row[f"m{k}"] == (Share(again, count) if k <= age else None)
        for k in range(13):
            so_far = sum(net for orders in customers for at, net, *_ in orders if months(first, at) <= k)
            told = clv[first][f"m{k}"]
            if k > age:
                assert told is None
            else:
                assert isinstance(told, Money) and abs(told.minor * count - so_far) * 2 <= count
