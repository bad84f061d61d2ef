"""The past of a large shop, quickly: intake bodies of whole visitors, evenly over a year.

In:  how many journeys, when they end, a seed.
Out: bodies as the door writes them, one a visitor (all their visits, orders and what followed), about ten events a journey.
Products, search words, campaigns and landing pages follow Zipf's law, as those of shops do; four of five visitors come once,
the others up to six times, on one day or over weeks; one journey in thirty-three orders.  The events are written as the door
would
have packed them, since checking ten million of them takes longer than working them in.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import accumulate
from random import Random
from typing import Any

import orjson

from bench.traffic import AGENTS, HOST
from tracker.clock import DAY, HOUR, MINUTE, SECOND, Instant

Wire = dict[str, Any]

DAYS = 365
PRODUCTS, WORDS, LANDINGS = 2_000, 1_500, 300
CATEGORIES = ("kjoler", "sko", "strik", "bukser", "tasker", "smykker", "jakker", "toppe")
COUNTRIES = ("DK",) * 16 + ("SE",) * 3 + ("DE",)
WAYS = (
    *[("", None)] * 4,
    *[("", "https://www.google.com/")] * 6,
    *[(f"?utm_source=instagram&utm_medium=paid_social&utm_campaign=c{i}", "https://l.instagram.com/") for i in range(8)],
    *[(f"?utm_source=google&utm_medium=cpc&utm_campaign=s{i}", "https://www.google.com/") for i in range(12)],
    *[(f"?utm_source=nyhedsbrev&utm_medium=email&utm_campaign=uge{i}", None) for i in range(20)],
    ("?utm_source=chatgpt.com", "https://chatgpt.com/"),
    ("", "https://www.perplexity.ai/"),
    ("", "https://modebloggen.example/"),
)
STEPS = ("begin_checkout", "add_contact_info", "add_shipping_info", "add_payment_info")


def bodies(journeys: int, until: Instant, seed: int = 1) -> Iterator[bytes]:
    """About that many journeys."""
    maker = _Maker(Random(seed), until)
    while maker.journeys < journeys:
        yield maker.visitor()


class _Maker:
    def __init__(self, dice: Random, until: Instant) -> None:
        self.dice, self.until = dice, until
        self.journeys = self.numbered = 0
        self.products = [
            {
                "item_id": f"P{i:04}",
                "item_name": f"Vare nummer {i}",
                "item_category": CATEGORIES[i % len(CATEGORIES)],
                "price": 9_900 + i % 40 * 2_500,
                "quantity": 1,
            }
            for i in range(PRODUCTS)
        ]
        self._zipf = {n: list(accumulate(1 / (rank + 3) for rank in range(n))) for n in (PRODUCTS, WORDS, LANDINGS)}

    def _of(self, count: int) -> int:
        return self.dice.choices(range(count), cum_weights=self._zipf[count])[0]

    def visitor(self) -> bytes:
        dice = self.dice
        self.numbered += 1
        key = f"{self.numbered:08x}{dice.getrandbits(48):012x}"
        about: Wire = {"visitor_key": key, "user_agent": dice.choice(AGENTS), "country": dice.choice(COUNTRIES)}
        visits = 1 if dice.random() < 0.8 else dice.randint(2, 6)
        at = self.until - dice.randrange(DAYS * DAY) - 2 * HOUR
        events: list[Wire] = []
        for _ in range(visits):
            if at > self.until - 2 * HOUR:
                break
            self._visit(events, about, at)
            at += dice.choice((HOUR, 3 * HOUR, DAY, 5 * DAY, 40 * DAY)) + dice.randrange(HOUR)
        return orjson.dumps({"received_at": events[-1]["received_at"], "events": events})

    def _add(self, events: list[Wire], about: Wire, at: Instant, type_: str, page: Wire | None, data: Wire | None) -> None:
        event = {"event_id": f"{about['visitor_key'][:14]}{len(events):x}", "type": type_, "occurred_at": at, **about}
        event |= {"received_at": at + 700, "sequence": len(events)}
        if page:
            event["page"] = page
        if data:
            event["data"] = data
        events.append(event)

    def _visit(self, events: list[Wire], about: Wire, at: Instant) -> None:
        dice = self.dice
        self.journeys += 1  # of those who come again within the window, several visits are one journey: a few per cent
        labels, referrer = dice.choice(WAYS)
        landing = self._of(LANDINGS)
        page: Wire = {"url": f"https://{HOST}/side/{landing}{labels}", "title": f"Side {landing} | Havblik", "kind": "category"}
        if referrer:
            page["referrer"] = referrer
        self._add(events, about, at, "page_view", page, None)
        if dice.random() < 0.12:
            word = self._of(WORDS)
            found = {"search_term": f"ord {word}", "results_count": 0 if word % 9 == 0 else 12}
            self._add(events, about, at + 5 * SECOND, "search", page, found)
        looked = []
        for _ in range(dice.randint(1, 4)):
            at += dice.randrange(8, 90) * SECOND
            item = self.products[self._of(PRODUCTS)]
            looked.append(item)
            page = {"url": f"https://{HOST}/p/{item['item_id']}", "title": item["item_name"], "kind": "product"}
            self._add(events, about, at, "page_view", page, None)
            self._add(events, about, at + 300, "view_item", page, {"currency": "DKK", "items": [item]})
            seen = {"visible_seconds": dice.randint(3, 90), "scroll_share": 0.6}
            self._add(events, about, at + 60 * SECOND, "page_engaged", page, seen)
        at += 2 * MINUTE
        if dice.random() < 0.14:
            item = looked[-1]
            told = {"currency": "DKK", "value": item["price"], "items": [item]}
            self._add(events, about, at, "add_to_cart", page, told)
            if dice.random() < 0.45:
                for step in STEPS[: dice.randint(1, 4)]:
                    at += 20 * SECOND
                    self._add(events, about, at, step, None, {"currency": "DKK", "value": item["price"]})
                if dice.random() < 0.5:
                    self._order(events, about, at + 30 * SECOND, item)

    def _order(self, events: list[Wire], about: Wire, at: Instant, item: Wire) -> None:
        dice = self.dice
        key = f"{about['visitor_key'][:8]}-{len(events)}"
        who = {"source": "server", "visitor_key": about["visitor_key"], "customer_key": about["visitor_key"][:10]}
        net = item["price"] * 4 // 5
        money: Wire = {"currency": "DKK", "value": net, "tax": net // 4, "shipping": 3_120, "total_value": net + net // 4}
        money |= {"status": "paid", "payment_type": dice.choice(("card", "mobilepay", "klarna")), "created_via": "checkout"}
        if dice.random() < 0.2:
            money |= {"coupon": f"KODE{dice.randrange(12)}", "discount": net // 10}
        told = (
            ("purchase", 0, {**money, "items": [{**item, "price": net}]}),
            ("order_shipped", 20 * HOUR, {"parcel_id": "1"}),
            ("order_delivered", 50 * HOUR, {"parcel_id": "1"}),
            *([("refund", 9 * DAY, {"refund_id": "r", "value": net, "items": [item]})] if dice.random() < 0.08 else []),
            *([("survey_submitted", 6 * DAY, {"type": "nps", "score": dice.randint(3, 10)})] if dice.random() < 0.2 else []),
            *([("review_submitted", 8 * DAY, {"rating": dice.randint(2, 5)})] if dice.random() < 0.1 else []),
        )
        for type_, later, data in told:
            if at + later < self.until:
                self._add(events, who, at + later, type_, None, data)
                events[-1]["order_key"] = key
                events[-1].pop("sequence")
