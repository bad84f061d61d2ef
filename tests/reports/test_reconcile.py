"""Every figure of these reports is what the rows of events, orders and carts say, to the last minor unit: `recount`.

The shop: filled.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from tests.reports.filled import NOW, SINCE, UNTIL, Asked
from tests.reports.recount import Told, path, tally
from tracker import tables as t
from tracker.clock import DAY, MINUTE
from tracker.customers.cells import summarise
from tracker.customers.segments import SEGMENTS, measure, segment_of
from tracker.enrich.lists import read_list
from tracker.events.catalog.aftersales import SCALES
from tracker.events.types import Event
from tracker.journey.carts import CART_STEPS
from tracker.journey.notes import TICKET_BOUNDS
from tracker.reports.table import Money, ReportTable, Row, Sentence, Share
from tracker.stages import STAGES
from tracker.stages.tagging import is_own_act

FILTERS = ["", "channel=paid_social", "country=DK", "buyer=returning"]


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

    def step(journey: Told) -> str:
        return CART_STEPS[max(CART_STEPS.index(cart.step) for cart in journey.carts)] if journey.carts else "none"

    def ended(counts: Counter[Any]) -> dict[Any, Row]:
        return {key: {"journeys": n, "share": Share(n, len(lapsed))} for key, n in counts.items()}

    check(by(table, "page"), ended(tally(lapsed, last_page)))
    steps = tally(lapsed, step) | Counter()
    check(by(table.beside["steps"], "step"), ended(Counter({key: steps[key] for key in ("none", *CART_STEPS)})))
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
    steps: dict[str, list[Any]] = defaultdict(list)
    for cart in filled:
        steps[cart.step].append(cart)
    told = by(table.beside["steps"], "step")
    assert set(told) == set(steps)
    for step, carts in steps.items():
        ages = [NOW - cart.touched_at for cart in carts]
        values: Counter[str] = Counter()
        for cart in carts:
            values[cart.currency] += cart.value_minor
        assert {name: told[step][name] for name in ("carts", "active", "abandoned", "pieces", "value")} == {
            "carts": len(carts),
            "active": sum(age < 15 * MINUTE for age in ages),
            "abandoned": sum(age >= 60 * MINUTE for age in ages),
            "pieces": sum(cart.pieces for cart in carts),
            "value": tuple(Money(minor, currency) for currency, minor in sorted(values.items()) if minor),
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


# --- what people say, do and get


def within(asked: Asked, filter: str = "") -> Iterator[tuple[Event, int, int]]:
    """(event, stage of its journey before it, its own) of the journeys' events that happened in the period."""
    for journey in asked.recount.journeys.values():
        if journey.matches(filter):
            before = 0
            for event, stage in zip(journey.events, journey.stages, strict=True):
                if SINCE <= asked.recount.day(event.occurred_at) <= UNTIL:
                    yield event, before, stage
                before = stage


def scores(asked: Asked, filter: str = "") -> dict[str, dict[tuple[date, int], list[int]]]:
    """kind → day, stage → scores on the kind's own scale."""
    found: dict[str, dict[tuple[date, int], list[int]]] = {kind: defaultdict(list) for kind in SCALES}
    for event, before, _ in within(asked, filter):
        if event.type == "survey_submitted":
            kind, data = event.data["type"], event.data
            told_stage = next((stage.number for stage in STAGES if stage.key == data.get("stage")), before or 1)
            score = round(data["score"] * SCALES[kind] / (data.get("scale_max") or SCALES[kind]))
            found[kind][asked.recount.day(event.occurred_at), told_stage].append(score)
    return found


@pytest.mark.parametrize("filter", FILTERS)
def test_satisfaction(asked: Asked, filter: str) -> None:
    table = asked("satisfaction", filter, view="twelve")
    said = scores(asked, filter)
    flat = {kind: [score for some in by_day.values() for score in some] for kind, by_day in said.items()}
    types = tally((event for event, _, _ in within(asked, filter)), lambda event: event.type)
    shown = tally((e for e, _, _ in within(asked, filter) if e.type == "survey_shown"), lambda event: event.data["type"])
    stars = [round(event.data["rating"]) for event, _, _ in within(asked, filter) if event.type == "review_submitted"]
    complaints = sum(
        event.type == "support_ticket_created" and event.data.get("topic") == "complaint"
        for event, _, _ in within(asked, filter)
    )
    nps = flat["nps"]
    promoters, detractors = sum(score >= 9 for score in nps), sum(score <= 6 for score in nps)
    totals = dict(table.totals)
    assert {totals.pop("nps_low") is None, totals.pop("nps_high") is None} == {not nps}
    assert totals == {
        "nps": pytest.approx(100 * (promoters - detractors) / len(nps)) if nps else None,
        "nps_answers": len(nps),
        "promoters": Share(promoters, len(nps)),
        "passives": Share(len(nps) - promoters - detractors, len(nps)),
        "detractors": Share(detractors, len(nps)),
        "csat": Share(sum(score >= 4 for score in flat["csat"]), len(flat["csat"])),
        "ces": pytest.approx(sum(flat["ces"]) / len(flat["ces"])) if flat["ces"] else None,
        "reviews": len(stars),
        "stars": sum(stars) / len(stars) if stars else None,
        "returns": types["return_requested"],
        "returned": types["return_completed"],
        "complaints": complaints,
    }
    assert {row["type"]: (row["answers"], row["shown"]) for row in table.rows} == {
        kind: (len(flat[kind]), shown[kind]) for kind in SCALES
    }
    for name, place in (("days", 0), ("stages", 1)):
        expected: Counter[Any] = Counter()
        for kind, by_both in said.items():
            for key, some in by_both.items():
                expected[key[0] if place == 0 else STAGES[key[1] - 1].key, kind] += len(some)
        rows = {(row[name[:-1]], row["type"]): row["answers"] for row in table.beside[name].rows}
        assert rows == dict(expected), name
    if not filter:
        assert len(nps) > 10 and stars and types["return_requested"]


@pytest.mark.parametrize("filter", FILTERS)
def test_support(asked: Asked, filter: str) -> None:
    table = asked("support", filter)
    opened: Counter[str] = Counter()
    waits = []
    closed = 0
    for event, _, _ in within(asked, filter):
        if event.type == "support_ticket_created":
            opened[event.data.get("topic") or "other"] += 1
        elif event.type == "support_ticket_closed":
            closed += 1
            waits.append(event.data["first_response_seconds"])
    assert {row["topic"]: row["opened"] for row in table.rows} == dict(opened)
    median = table.totals["median_wait"]
    assert {name: value for name, value in table.totals.items() if name != "median_wait"} == {
        "opened": opened.total(),
        "closed": closed,
        "timed": len(waits),
        "mean_wait": sum(waits) / len(waits) if waits else None,
        "within_4h": Share(sum(wait <= 14_400 for wait in waits), len(waits)),
        "within_24h": Share(sum(wait <= 86_400 for wait in waits), len(waits)),
    }
    if waits:  # estimated: in the class in which it lies
        middle = sorted(waits)[(len(waits) - 1) // 2]
        low, high = max((b for b in (0, *TICKET_BOUNDS) if b < middle), default=0), min(b for b in TICKET_BOUNDS if b >= middle)
        assert low <= median <= high


@pytest.mark.parametrize("filter", FILTERS)
def test_advocacy(asked: Asked, filter: str) -> None:
    table = asked("advocacy", filter)
    deeds: Counter[Any] = Counter()
    for event, _, _ in within(asked, filter):
        if event.type == "share":
            deeds["share", event.data.get("method") or "other"] += 1
        elif event.type == "referral_link_created":
            deeds["link", None] += 1
        elif event.type in ("referral_visit", "referral_converted") and event.data.get("role") == "advocate":
            deeds["friend_arrived" if event.type == "referral_visit" else "friend_bought", None] += 1
        elif event.type == "loyalty_joined":
            deeds["loyalty", None] += 1
        elif event.type == "review_submitted" and round(event.data["rating"]) >= 4:
            deeds["good_review", None] += 1
    assert {(row["deed"], row["way"]): row["times"] for row in table.rows if row["times"]} == dict(deeds)
    buyers = {
        row.subject_id
        for row in asked.recount.order_rows
        if row.counted_at is not None
        and row.cancelled_at is None
        and SINCE <= asked.recount.day(row.placed_at) <= UNTIL
        and asked.recount.journeys[row.subject_id, row.number].matches(filter)
    }
    assert table.totals["customers"] == len(buyers) > 0
    assert table.totals["referral_rate"] == Share(deeds["link", None], len(buyers))


MAILS = {
    "email_sent": "sent", "email_opened": "opened", "email_clicked": "clicked", "email_bounced": "bounced",
    "email_complained": "complained",
}  # fmt: skip


def test_mail(asked: Asked) -> None:
    """Of everybody, on a journey or not."""
    table = asked("mail")
    purposes: dict[str, Counter[str]] = defaultdict(Counter)
    lists: Counter[str] = Counter()
    for event in asked.recount.events:
        if event.bot is None and SINCE <= asked.recount.day(event.occurred_at) <= UNTIL:
            if event.type in MAILS:
                purposes[event.data.get("purpose") or "other"][MAILS[event.type]] += 1
            lists[event.type] += 1
    assert {row["purpose"]: {name: row[name] for name in MAILS.values()} for row in table.rows} == {
        purpose: {name: counts[name] for name in MAILS.values()} for purpose, counts in purposes.items()
    }
    assert table.totals["subscribed"] == lists["newsletter_subscribe"]
    assert table.totals["unsubscribed"] == lists["newsletter_unsubscribe"]
    assert sum(row["sent"] for row in table.beside["days"].rows) == table.totals["sent"] > 100  # type: ignore[misc]


def test_crawlers(asked: Asked) -> None:
    """Each visit once, with what the list says of its machine."""
    table = asked("ai_assistants")
    lists = {row["name"]: row for row in read_list("crawlers")}
    crawlers: dict[str, dict[str, Any]] = {}
    paths: dict[str, set[str]] = defaultdict(set)
    reads: dict[str, Counter[str]] = defaultdict(Counter)
    for event in asked.recount.events:
        day = asked.recount.day(event.occurred_at)
        if event.type == "crawler_visit" and SINCE <= day <= UNTIL:
            assert event.bot is not None and event.page is not None
            kind, _, name = event.bot.partition(":")
            row = crawlers.setdefault(name, {"visits": 0, "last": day})
            row |= {"visits": row["visits"] + 1, "last": max(row["last"], day)}
            paths[name].add(path(event.page.url))
            if kind == "ai":
                answers = lists[name]["purpose"] == "answer"
                reads[path(event.page.url)].update({"reads": 1, "answers": int(answers)})
    for name, row in crawlers.items():
        known = lists.get(name)
        row |= {"maker": known["maker"], "reads_for": known["purpose"]} if known else {"maker": None, "reads_for": "other"}
        row |= {"source": known["assistant"] or None if known else None, "pages": len(paths[name])}
    check(by(table.beside["crawlers"], "crawler"), crawlers)
    check(by(table.beside["read"], "page"), {page: {"answers": 0, **counts} for page, counts in reads.items()})
    assert {"ChatGPT-User", "GPTBot", "Googlebot"} <= crawlers.keys() and len(reads) > 20


@pytest.mark.parametrize("filter", ["", "channel=paid_social", "buyer=returning"])
def test_overview(asked: Asked, filter: str) -> None:
    table = asked("overview", filter, view="twelve")
    began = asked.began(filter)
    orders = [
        order
        for journey in asked.recount.journeys.values()
        if journey.matches(filter)
        for order in journey.orders
        if order.is_live and SINCE <= asked.recount.day(order_day(asked, order.key)) <= UNTIL
    ]
    assert table.totals["journeys"] == len(began)
    assert table.totals["conversion"] == Share(sum(journey.row.ordered for journey in began), len(began))
    assert table.totals["orders"] == len(orders)
    unrated = sum(asked.recount.own(1, order.currency, order.placed_at) is None for order in orders)
    net = sum(asked.recount.net(order) for order in orders)
    rated = len(orders) - unrated
    assert table.totals["order_value"] == (asked.money(round(net / rated)) if rated else None)
    done: Counter[Any] = Counter()
    for journey in began:
        for event, stage in zip(journey.events, journey.stages, strict=True):
            done[stage, event.type] += 1
            if event.type == "page_engaged":
                done[stage, "seconds"] += min(int(event.data.get("visible_seconds") or 0), 1_800)
    for stage, row in zip(STAGES, table.rows, strict=True):
        n = stage.number
        assert row["reach"] == sum(journey.row.mask >> (n - 1) & 1 for journey in began)
        assert row["pages"] == done[n, "page_view"]
        assert row["time_on_page"] == (done[n, "seconds"] / done[n, "page_view"] if done[n, "page_view"] else None)
        clicks, lists = ("select_item", "select_promotion"), ("view_item_list", "view_promotion")
        assert row["click_rate"] == Share(sum(done[n, t] for t in clicks), sum(done[n, t] for t in lists))


def order_day(asked: Asked, key: str) -> int:
    """When the order began to count, on which day it lies."""
    return next(row.counted_at for row in asked.recount.order_rows if row.order_key == key)


@pytest.mark.parametrize("filter", ["", "channel=paid_social"])
def test_journey_map(asked: Asked, filter: str) -> None:
    table = asked("journey_map", filter, view="twelve")
    actions: dict[int, Counter[str]] = defaultdict(Counter)
    words: Counter[str] = Counter()
    nothing: Counter[str] = Counter()
    for journey in asked.began(filter):
        for event, stage in zip(journey.events, journey.stages, strict=True):
            if is_own_act(event) and event.type != "page_engaged":
                actions[stage][event.type] += 1
        found = {" ".join(event.data["search_term"].lower().split()) for event in journey.of_type("search")}
        words.update(found)
        nothing.update(
            {
                " ".join(event.data["search_term"].lower().split())
                for event in journey.of_type("search")
                if event.data.get("results_count") == 0
            }
        )
    shown: dict[tuple[Any, Any], dict[Any, Any]] = defaultdict(dict)
    for row in table.rows:
        shown[row["stage"], row["field"]][row["key"]] = (row["times"], row["share"])
    for stage in STAGES:
        check_top(shown[stage.key, "actions"], actions[stage.number])
    check_top(shown["need", "questions"], words)
    lapsed = tally(asked.recount.lapsed(SINCE, UNTIL, filter), lambda journey: journey.row.stage)
    stopped = {key: told["stopped"][0] for (key, field), told in shown.items() if field == "pain" and "stopped" in told}
    assert stopped == {STAGES[n - 1].key: count for n, count in lapsed.items()}
    pain = {key.removeprefix("nothing."): times for key, (times, _) in shown["need", "pain"].items() if key != "stopped"}
    assert set(pain.items()) <= set(nothing.items())


def check_top(shown: Mapping[Any, Any], counts: Counter[str]) -> None:
    """The five most frequent, as a share of all."""
    most = sorted(counts.items(), key=lambda entry: (-entry[1], entry[0]))[:5]
    assert list(shown.items()) == [(key, (times, Share(times, counts.total()))) for key, times in most]
