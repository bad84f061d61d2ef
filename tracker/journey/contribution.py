"""What a journey adds to the counters, and the difference to what it has booked.

`contribution(journey, basis)` is pure.  A counter is the sum of the booked contributions of all journeys of a shop; when a
journey changes, the difference to what *it* booked is added, so replays, late events and undo leave totals right.

Counters come in families.  A family has its own rows, so that a report reads only what it shows, and its own filters: "" (the
total) and one for each value of the kinds it names.  Each amount lies on a day of the shop: that on which the journey began,
unless the family says otherwise.  A name is a metric, or "metric:key" where the key is a product, a code, a channel …
Money is in the shop's currency where nothing else is said (`net`), or in that of the order (`net.SEK`); an order whose rate is
unknown has only the latter and is counted as `unrated`.

To add something counted: a line in one of the functions of FAMILIES, or a family with its function; then raise VERSION, so that
every shop's counters are built anew.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tracker import attribution
from tracker.clock import DAY, Instant, day_of
from tracker.journey.carts import CART_STEPS
from tracker.journey.orders import given_back, in_shop_currency, net_by_product
from tracker.journey.state import EMPTIED, EXPIRED, FILLED, LAPSED, MAX_KEY, OPEN, ORDERED, Cart, Journey, Order, Subject
from tracker.stages import bits_of

VERSION = 3  # of what is counted; counters of another version are built anew beside the old ones

FILTER_KINDS = ("channel", "device", "country", "consent", "buyer", "campaign")
_MOST = ("channel", "device", "country", "buyer")
MAX_PATH = 6  # channels of a path; longer ones keep both ends

Names = Mapping[str, int]
Told = Iterator[tuple[Instant, str, int]]  # when, name, amount


@dataclass(frozen=True, slots=True)
class Basis:
    """By what a journey is counted: the shop's days and its currency."""

    zone: ZoneInfo
    currency: str


@dataclass(frozen=True, slots=True)
class Family:
    """Counters that are read together."""

    tell: Callable[[Journey, Basis], Told]
    kinds: tuple[str, ...] = _MOST  # of filters
    free_text: bool = False  # names hold what people typed, which is not kept of the erased


RowKey = tuple[str, str, int]  # family, filter, day as YYYYMMDD
Rows = dict[RowKey, dict[str, int]]
Change = tuple[str, int, tuple[str, ...], Names]  # family, day, filters, name -> amount to add under each of them


def contribution(journey: Journey, basis: Basis, *, counted: bool = True) -> dict[str, Any]:
    """{"filters": […], "rows": [[family, day, {name: amount}], …]}; empty when the journey does not count.

    Bots do not count, nor do anonymous sessions whose visitor became known (`counted`).  A counted order is the shop's word
    and does, whatever a browser called itself: no user agent can take money out of the totals.
    """
    is_ordered = journey.order is not None and journey.order.counted_at is not None
    if not counted or (journey.bot and not is_ordered):
        return {}
    return {
        "filters": _filters(journey),
        "rows": [
            [family, day, names]
            for family, of in FAMILIES.items()
            for day, names in sorted(_by_day(of.tell(journey, basis), basis.zone).items())
        ],
    }


def difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[Change]:
    """What to add to which counters to go from one contribution to the other."""
    if before == after:
        return []
    if before and after and before["filters"] == after["filters"]:
        filters = tuple(after["filters"])
        old = {(family, day): names for family, day, names in before["rows"]}
        new = {(family, day): names for family, day, names in after["rows"]}
        found: list[Change] = []
        for family, day in {**old, **new}:
            changes = _less(old.get((family, day), {}), new.get((family, day), {}))
            if changes:
                found.append((family, day, filters, changes))
        return found
    return [*_changes(before, -1), *_changes(after, 1)]


def add_up(changes: Iterable[Change]) -> Rows:
    """Changes of many journeys as amounts to add to rows; zeros left out.

    Journeys of one day with the same filters are summed by name first, since each filter multiplies the work.
    """
    groups: dict[tuple[str, int, tuple[str, ...]], dict[str, int]] = {}
    for family, day, filters, names in changes:
        group = groups.setdefault((family, day, filters), {})
        for name, amount in names.items():
            group[name] = group.get(name, 0) + amount
    rows: Rows = {}
    for (family, day, filters), group in groups.items():
        for which in _filters_of(family, filters):
            row = rows.setdefault((family, which, day), {})
            for name, amount in group.items():
                row[name] = row.get(name, 0) + amount
    return {key: kept for key, row in rows.items() if (kept := {name: amount for name, amount in row.items() if amount})}


def rows_of(family: str, changes: Iterable[Change]) -> tuple[set[str], set[int]]:
    """The filters and the days under which changes of the family are added up."""
    filters: set[str] = set()
    days: set[int] = set()
    for _, day, some, _ in changes:
        filters.update(some)
        days.add(day)
    return set(_filters_of(family, tuple(filters))), days


def _changes(told: Mapping[str, Any], sign: int) -> Iterator[Change]:
    for family, day, names in told.get("rows", ()):
        yield family, day, tuple(told["filters"]), names if sign > 0 else {name: -amount for name, amount in names.items()}


def _less(old: Names, new: Names) -> dict[str, int]:
    changes = {name: amount - old.get(name, 0) for name, amount in new.items() if amount != old.get(name)}
    changes |= {name: -amount for name, amount in old.items() if name not in new}
    return changes


def _by_day(told: Told, zone: ZoneInfo) -> dict[int, dict[str, int]]:
    days: dict[int, dict[str, int]] = {}
    last_at, names = None, {}
    for at, name, amount in told:
        if not amount:
            continue
        if at != last_at:
            names = days.setdefault(day_on(at, zone), {})
            last_at = at
        names[name] = names.get(name, 0) + amount
    return days


def day_on(at: Instant, zone: ZoneInfo) -> int:
    """The shop's day as YYYYMMDD.  Days change only on quarters of an hour, whatever the zone."""
    return _day_of_quarter(at // 900_000, zone)


@lru_cache(maxsize=8_192)
def _day_of_quarter(quarter: int, zone: ZoneInfo) -> int:
    day = day_of(quarter * 900_000, zone)
    return day.year * 10_000 + day.month * 100 + day.day


@lru_cache(maxsize=8_192)
def _filters_of(family: str, filters: tuple[str, ...]) -> tuple[str, ...]:
    kinds = FAMILIES[family].kinds
    return tuple(which for which in filters if not which or which.partition("=")[0] in kinds)


def consent_of(journey: Journey) -> str:
    return "none" if journey.consent is None else "anonymous" if journey.consent <= 1 else "statistics"


def _filters(journey: Journey) -> list[str]:
    filters = [
        "",
        f"channel={journey.channel}",
        f"consent={consent_of(journey)}",
        f"buyer={'returning' if journey.returning else 'new'}",
    ]
    if journey.device:
        filters.append(f"device={journey.device}")
    if journey.country:
        filters.append(f"country={journey.country}")
    if journey.campaign:
        filters.append(f"campaign={journey.campaign[:MAX_KEY]}")
    return filters


# --- the families


def is_ordered(journey: Journey) -> bool:
    """With a counted order that was not cancelled."""
    return journey.order is not None and journey.order.is_live


def net(journey: Journey, basis: Basis) -> int:
    """Of all its orders, in the shop's currency; those whose rate is unknown are left out."""
    return sum(in_shop_currency(order, order.net, basis.currency) or 0 for order in journey.orders() if order.net)


def _unrated(journey: Journey, basis: Basis) -> int:
    """Its live orders whose net revenue is in no figure in the shop's currency, since their rate is unknown."""
    return sum(order.is_live and not _is_rated(order, basis) for order in journey.orders())


def _is_rated(of: Order | Cart, basis: Basis) -> bool:
    return in_shop_currency(of, 0, basis.currency) is not None


def mask_of(journey: Journey) -> int:
    """The stages it reached."""
    return bits_of(map(int, journey.reached))


def _journeys(journey: Journey, basis: Basis) -> Told:
    """journeys, open, ordered, touchpoints and ordered_touchpoints (of those that ordered), sessions, pages, seconds (looked
    at), numbered and lost (events, by the visitors' own numbering), touches:<n> and ordered_touches:<n> (journeys with n
    touchpoints, the last for all with more); net, unrated; m:<mask>.<ordered> (journeys that reached these stages:
    every view is worked out from it); stay.<stage>.count|seconds|b<k>
    (completed stays, by length, STAY_BOUNDS); move.<from>.<to>; lead:<k> (whole days from the first touchpoint to the order, by
    LEAD_BOUNDS) and lead_days, their sum.
    """
    at, ordered = journey.began_at, int(is_ordered(journey))
    yield at, "journeys", 1
    yield at, "open", int(journey.outcome == OPEN)
    yield at, "ordered", ordered
    yield at, "touchpoints", journey.touch_count
    yield at, f"touches:{min(journey.touch_count, MOST_TOUCHES)}", 1
    yield at, "sessions", journey.session_count
    yield at, "pages", journey.page_count
    yield at, "seconds", journey.visible_seconds
    yield at, "numbered", journey.numbered
    yield at, "lost", journey.lost
    yield at, f"m:{mask_of(journey)}.{ordered}", 1
    if ordered:
        yield at, "ordered_touchpoints", journey.touch_count
        yield at, f"ordered_touches:{min(journey.touch_count, MOST_TOUCHES)}", 1
    if ordered and journey.touches:
        assert journey.order is not None and journey.order.counted_at is not None
        days = (journey.order.counted_at - journey.touches[0].at) // DAY
        yield at, f"lead:{_class(days, LEAD_BOUNDS)}", 1
        yield at, "lead_days", days
    for order in journey.orders():
        yield at, "net", in_shop_currency(order, order.net, basis.currency) or 0
    yield at, "unrated", _unrated(journey, basis)
    for stage, stay in journey.stays.items():
        yield at, f"stay.{stage}.count", stay[0]
        yield at, f"stay.{stage}.seconds", stay[1]
        for i, times in enumerate(stay[2:]):
            yield at, f"stay.{stage}.b{i}", times
    for move, times in journey.moves.items():
        yield at, f"move.{move}", times


MOST_TOUCHES = 50  # of a journey told apart; those with more are counted with these
LEAD_BOUNDS = (0, 1, 3, 7, 14, 30)  # days to the order; longer ones fall in a last bucket


def _class(value: int, bounds: tuple[int, ...]) -> int:
    return sum(value > bound for bound in bounds)


def arrival_key(channel: str, source: str | None, campaign: str | None) -> str:
    """Where a journey or a touchpoint came from, as counters name it: channel|source|campaign."""
    return "|".join((channel, _safe(source), _safe(campaign)))


def _safe(text: str | None) -> str:
    return (text or "").replace("|", "/")[:MAX_KEY]


def _arrivals(journey: Journey, basis: Basis) -> Told:
    """By first arrival (channel|source|campaign): journeys, ordered, first (orders of new customers), orders (with renewals),
    unrated (of these), net, got:<highest>.<key>.  By channel: touches (touchpoints), assists (ordered journeys it took part in
    without being last).  Of AI assistants, whose visits are few and whose pages say what they recommend, also each arrival:
    landed:<source>|<path>.
    """
    at, first = journey.began_at, journey.touches[0] if journey.touches else None
    key = arrival_key(first.channel, first.source, first.campaign) if first else "none||"
    ordered = int(is_ordered(journey))
    yield at, f"journeys:{key}", 1
    yield at, f"ordered:{key}", ordered
    yield at, f"first:{key}", int(ordered and journey.order is not None and not journey.order.repeat)
    for order in journey.orders():
        yield at, f"orders:{key}", int(order.is_live)
        yield at, f"unrated:{key}", int(order.is_live and in_shop_currency(order, 0, basis.currency) is None)
    yield at, f"net:{key}", net(journey, basis)
    yield at, f"got:{journey.highest}.{key}", 1
    for touch in journey.touches:
        yield at, f"touches:{touch.channel}", 1
        if touch.channel == "ai_assistant":
            yield at, f"landed:{_safe(touch.source)}|{(touch.landing or '')[:MAX_KEY]}", 1
    if ordered and len(journey.touches) > 1:
        for channel in {touch.channel for touch in journey.touches} - {journey.touches[-1].channel}:
            yield at, f"assists:{channel}", 1


def _landings(journey: Journey, basis: Basis) -> Told:
    """By path of the first arrival's page: journeys, bounced (one page, nothing else), ordered, net."""
    if not journey.touches or not journey.touches[0].landing:
        return
    at, path = journey.began_at, journey.touches[0].landing[:MAX_KEY]
    yield at, f"journeys:{path}", 1
    yield at, f"bounced:{path}", int(journey.page_count <= 1 and journey.highest <= 3)
    yield at, f"ordered:{path}", int(is_ordered(journey))
    yield at, f"net:{path}", net(journey, basis)


def path_of(channels: Iterable[str]) -> tuple[str, ...]:
    """Arrivals in a row from one channel are one step; of long paths the middle is left out."""
    steps: list[str] = []
    for channel in channels:
        if not steps or steps[-1] != channel:
            steps.append(channel)
    if len(steps) > MAX_PATH:
        steps = [*steps[: MAX_PATH // 2], "…", *steps[-(MAX_PATH // 2) :]]
    return tuple(steps)


def _paths(journey: Journey, basis: Basis) -> Told:
    """Closed journeys, on the day they ended: journeys, ordered and net by path (a>b>c), and t:<from>><to>, the transitions
    of the removal effect.
    """
    if journey.outcome == OPEN or journey.ended_at is None:
        return
    at, channels = journey.ended_at, [touch.channel for touch in journey.touches]
    ordered = is_ordered(journey)
    path = ">".join(path_of(channels)) or "none"
    yield at, f"journeys:{path}", 1
    yield at, f"ordered:{path}", int(ordered)
    yield at, f"net:{path}", net(journey, basis)
    for source, target in attribution.transitions(channels, ordered):
        yield at, f"t:{source}>{target}", 1


CREDIT_UNIT = 1_000_000  # an order is shared out in millionths
CREDIT_KINDS = ("device", "country", "buyer")  # of filters: a channel or a campaign is what the rows stand for


def _credits(days: int, name: Callable[[str], str]) -> Callable[[Journey, Basis], Told]:
    """On the day of each order, by model and by who is credited within this look-back: orders, first and net of <model>:<name>.

    The shares are those of channel|source|campaign; `name` puts them together under fewer names, which adds up to the same.
    """

    def tell(journey: Journey, basis: Basis) -> Told:
        for order in journey.orders():
            if order.is_live:
                for metric, key, share in _shares(order, journey, basis, days):
                    yield order.counted_at or 0, f"{metric}:{name(key)}", share

    return tell


def _shares(order: Order, journey: Journey, basis: Basis, days: int) -> Iterator[tuple[str, str, int]]:
    at = order.counted_at
    assert at is not None
    touches = [
        attribution.Touchpoint(touch.at, arrival_key(touch.channel, touch.source, touch.campaign), touch.channel == "direct")
        for touch in journey.touches
        if touch.at <= at
    ]
    amounts = {"orders": CREDIT_UNIT, "net": in_shop_currency(order, order.net, basis.currency) or 0}
    if not order.repeat and not order.renewal:
        amounts["first"] = CREDIT_UNIT
    for what, amount in amounts.items():
        for model, shares in attribution.credit(touches, at, days, amount).items():
            for key, share in shares.items():
                yield f"{what}.{model}", "none||" if key == attribution.NONE else key, share


def _channel_of(key: str) -> str:
    return key.partition("|")[0]


def _whole(key: str) -> str:
    return key


def _orders(journey: Journey, basis: Basis) -> Told:
    """On the day of the order: orders (counted), cancelled (of these), first, repeat, renewals, pieces, revenue, net, tax,
    shipping, discount, total, unrated; order_refunded and order_given_up (what refunds and cancellations took of it since); by
    payment:<type> and payment_net:<type>, via:<way> and via_net:<way>; orders.<CUR>, unrated.<CUR>, revenue.<CUR>, net.<CUR>.
    On their own days: refunds, refunded, cancellations, given_up (revenue of cancelled orders), refunded.<CUR>, given_up.<CUR>.
    """
    for order in journey.orders():
        if order.counted_at is not None:
            yield from _order(order, order.counted_at, basis)


def _order(order: Order, at: Instant, basis: Basis) -> Told:
    live, currency = int(order.is_live), order.currency
    unrated = int(live and in_shop_currency(order, 0, basis.currency) is None)
    amounts = {"revenue": order.revenue, "net": order.net}
    if live:
        amounts |= {"tax": order.tax, "shipping": order.shipping, "discount": order.discount, "total": order.total}
    own = {name: in_shop_currency(order, amount, basis.currency) or 0 for name, amount in amounts.items()}
    yield at, "orders", 1
    yield at, "cancelled", 1 - live
    yield at, "renewals" if order.renewal else "repeat" if order.repeat else "first", live
    yield at, "pieces", sum(item.quantity for item in order.items) * live
    yield at, "unrated", unrated
    for name, amount in own.items():
        yield at, name, amount
    for metric, told in (("payment", order.payment), ("via", order.via)):
        key = (told or "unknown")[:MAX_KEY]
        yield at, f"{metric}:{key}", live
        yield at, f"{metric}_net:{key}", own["net"]
    yield at, f"orders.{currency}", 1
    yield at, f"unrated.{currency}", unrated
    yield at, f"revenue.{currency}", order.revenue
    yield at, f"net.{currency}", order.net
    # Each part is the difference of rounded sums, so that the parts add up to the rounded whole.
    left, rest = order.revenue, own["revenue"]
    for day_at, kind, amount in given_back(order):
        name = "refunded" if kind == "refunded" else "given_up"
        left -= amount
        part, rest = rest, in_shop_currency(order, left, basis.currency) or 0
        part -= rest
        yield day_at, "refunds" if kind == "refunded" else "cancellations", 1
        yield day_at, f"{name}.{currency}", amount
        yield day_at, name, part
        yield at, f"order_{name}", part


def _products(journey: Journey, basis: Basis) -> Told:
    """By product: looked, carted, bought (journeys), looked_carted, looked_bought, carted_bought (both), units, net, returned
    (pieces); unrated.  On their own day: ratings, stars.
    """
    yield from _goods(journey, basis, journey.products, journey.carted, {})
    yield from _noted("products")(journey, basis)


def _categories(journey: Journey, basis: Basis) -> Told:
    """The same by category, "" for what has none."""
    of_product = {item.product: item.category or "" for order in journey.orders() for item in order.items}
    yield from _goods(journey, basis, journey.categories, filter(None, journey.carted.values()), of_product)


def _goods(
    journey: Journey, basis: Basis, looked: Iterable[str], carted: Iterable[str], category_of: Mapping[str, str]
) -> Told:
    """What was looked at, put in the cart, bought and sent back: by product, or by the category that `category_of` knows."""
    at = journey.began_at
    units: dict[str, int] = {}
    for order in journey.orders():
        if not order.is_live:
            continue
        for item in order.items:
            key = category_of.get(item.product, item.product)[:MAX_KEY]
            units[key] = units.get(key, 0) + item.quantity
        net = in_shop_currency(order, order.net, basis.currency) or 0
        for product, amount in net_by_product(order, net).items():
            yield at, f"net:{category_of.get(product, product)[:MAX_KEY]}", amount
        for product, pieces in _returned(order).items():
            yield at, f"returned:{category_of.get(product, product)[:MAX_KEY]}", pieces
    for key, pieces in units.items():
        yield at, f"units:{key}", pieces
    did = {
        "looked": {key[:MAX_KEY] for key in looked},
        "carted": {key[:MAX_KEY] for key in carted if key},
        "bought": units.keys(),
    }
    for name, keys in did.items():
        for key in keys:
            yield at, f"{name}:{key}", 1
    for first, then in (("looked", "carted"), ("looked", "bought"), ("carted", "bought")):
        for key in did[first] & did[then]:
            yield at, f"{first}_{then}:{key}", 1
    yield at, "unrated", _unrated(journey, basis)


def _returned(order: Order) -> dict[str, int]:
    """Pieces that came back: told by returns or, where a platform has none, by the items of refunds; never both for one
    product."""
    by_return: dict[str, int] = {}
    by_refund: dict[str, int] = {}
    for back in order.returns.values():
        for item in back.items if back.completed_at else ():
            by_return[item.product] = by_return.get(item.product, 0) + item.quantity
    for refund in order.refunds.values():
        for item in refund.items:
            by_refund[item.product] = by_refund.get(item.product, 0) + item.quantity
    return {p: max(by_return.get(p, 0), by_refund.get(p, 0)) for p in {**by_return, **by_refund}}


def _coupons(journey: Journey, basis: Basis) -> Told:
    """By code: applied, denied (journeys), ordered (orders), net, discount.  Of all: orders, with_coupon, unrated."""
    at = journey.began_at
    for code, (applied, denied) in journey.coupons.items():
        yield at, f"applied:{code}", int(applied > 0)
        yield at, f"denied:{code}", int(denied > 0)
    for order in journey.orders():
        if not order.is_live:
            continue
        yield at, "orders", 1
        code = (order.coupon or "").strip().upper()[:MAX_KEY]
        if not code:
            continue
        yield at, "with_coupon", 1
        yield at, "unrated", int(not _is_rated(order, basis))
        yield at, f"ordered:{code}", 1
        yield at, f"net:{code}", in_shop_currency(order, order.net, basis.currency) or 0
        yield at, f"discount:{code}", in_shop_currency(order, order.discount, basis.currency) or 0


def _searches(journey: Journey, basis: Basis) -> Told:
    """By words: journeys, nothing (journeys in which nothing was found), ordered.  Of all that searched: searching,
    searching_nothing, searching_ordered.
    """
    at, ordered = journey.began_at, int(is_ordered(journey))
    for words, (_, nothing) in journey.searches.items():
        yield at, f"journeys:{words}", 1
        yield at, f"nothing:{words}", int(nothing > 0)
        yield at, f"ordered:{words}", ordered
    if journey.searches:
        yield at, "searching", 1
        yield at, "searching_nothing", int(any(nothing for _, nothing in journey.searches.values()))
        yield at, "searching_ordered", ordered


def _endings(journey: Journey, basis: Basis) -> Told:
    """Journeys that lapsed, on the day they ended: lapsed, page:<path>, step:<how far the cart got>, stage:<n>.
    On the day they began, of the checkout's errors: errors:<step: what>, and errors_lost of those that lapsed without an order;
    of journeys with any error: erring, erring_lost.
    """
    lost = int(journey.outcome == LAPSED)
    for what in journey.errors:
        yield journey.began_at, f"errors:{what}", 1
        yield journey.began_at, f"errors_lost:{what}", lost
    if journey.errors:
        yield journey.began_at, "erring", 1
        yield journey.began_at, "erring_lost", lost
    if journey.outcome != LAPSED or journey.ended_at is None:
        return
    at = journey.ended_at
    yield at, "lapsed", 1
    yield at, f"stage:{journey.stage}", 1
    if journey.last_page:
        yield at, f"page:{journey.last_page}", 1
    if journey.carts:
        yield at, f"step:{max((cart.step for cart in journey.carts), key=CART_STEPS.index)}", 1


def _carts(journey: Journey, basis: Basis) -> Told:
    """On the day a cart began: carts, value, <state> and <state>_value, messaged, recovered, recovered_value, unrated (carts
    whose value is in none of these); reached:<step>, how many got so far at least, and of these ordered_from:<step>; how many
    got no further and are open:<step> still, or stopped:<step> (emptied or expired) with stopped_value:<step>.  Values are as
    shown to the buyer.
    """
    for cart in journey.carts:
        at = cart.began_at
        value = in_shop_currency(cart, cart.value, basis.currency) or 0
        yield at, "carts", 1
        yield at, "value", value
        yield at, cart.state, 1
        yield at, f"{cart.state}_value", value
        yield at, "messaged", int(cart.messaged_at is not None)
        yield at, "recovered", int(cart.recovered)
        yield at, "recovered_value", value * cart.recovered
        yield at, "unrated", int(not _is_rated(cart, basis))
        for step in CART_STEPS[: CART_STEPS.index(cart.step) + 1]:
            yield at, f"reached:{step}", 1
            yield at, f"ordered_from:{step}", int(cart.state == ORDERED)
        yield at, f"open:{cart.step}", int(cart.state == FILLED)
        if cart.state in (EMPTIED, EXPIRED):
            yield at, f"stopped:{cart.step}", 1
            yield at, f"stopped_value:{cart.step}", value


def _acts(journey: Journey, basis: Basis) -> Told:
    """<stage>.<type>: how often people did what, in which stage; <stage>.@<channel>: arrivals that led into it;
    <stage>.~seconds: for how long pages were in sight."""
    for act, times in journey.acts.items():
        yield journey.began_at, act, times


def _noted(family: str) -> Callable[[Journey, Basis], Told]:
    """What the journey noted for the family, each on its own day: journey/notes.py."""

    def tell(journey: Journey, basis: Basis) -> Told:
        for note in journey.notes:
            if note.family == family:
                yield note.at, note.name, note.amount

    return tell


def _nothing(journey: Journey, basis: Basis) -> Told:
    """Not of journeys: `cohort` below is of customers, the rest is counted by pipeline/told.py."""
    yield from ()


FAMILIES: dict[str, Family] = {
    "journeys": Family(_journeys, FILTER_KINDS),
    "arrivals": Family(_arrivals, FILTER_KINDS),
    "landings": Family(_landings),
    "paths": Family(_paths),
    # By look-back, and by channel alone as well, since there are many campaigns and all names of a row are read at once.
    **{f"credits_{days}": Family(_credits(days, _whole), CREDIT_KINDS) for days in attribution.LOOK_BACKS},
    **{f"channel_credits_{days}": Family(_credits(days, _channel_of), CREDIT_KINDS) for days in attribution.LOOK_BACKS},
    "orders": Family(_orders, FILTER_KINDS),
    "products": Family(_products),
    "categories": Family(_categories),
    "coupons": Family(_coupons),
    "searches": Family(_searches, free_text=True),
    "endings": Family(_endings),
    "carts": Family(_carts),
    "acts": Family(_acts, ("channel", "buyer")),
    "satisfaction": Family(_noted("satisfaction")),
    "support": Family(_noted("support")),
    "advocacy": Family(_noted("advocacy")),
    "mail": Family(_nothing, ()),
    "crawlers": Family(_nothing, ()),
    "crawled": Family(_nothing, ()),
    "cohorts": Family(_nothing, ("channel", "country")),
}


# --- customers


def cohort(subject: Subject, basis: Basis) -> dict[str, Any]:
    """What a customer's live orders add to the family `cohorts`, in the form of a contribution.

    On the first day of the month of the first order: customers, again (that ordered more than once), unrated (orders without a
    known rate); <k>.customers, <k>.orders, <k>.net by whole months k since then; filters: the channel and country of the
    journey that brought the first order.
    """
    buys = list(subject.buys.values())
    if not buys:
        return {}
    first = buys[0]
    start = day_on(first.at, basis.zone) // 100
    names = {"customers": 1, "again": int(len(buys) > 1), "unrated": sum(buy.net is None for buy in buys)}
    seen = set()
    for buy in buys:
        month = day_on(buy.at, basis.zone) // 100
        k = (month // 100 - start // 100) * 12 + month % 100 - start % 100
        if k not in seen:
            seen.add(k)
            names[f"{k}.customers"] = 1
        names[f"{k}.orders"] = names.get(f"{k}.orders", 0) + 1
        names[f"{k}.net"] = names.get(f"{k}.net", 0) + (buy.net or 0)
    filters = ["", f"channel={first.channel}"] + ([f"country={first.country}"] if first.country else [])
    told = {name: amount for name, amount in names.items() if amount}
    return {"filters": filters, "rows": [["cohorts", start * 100 + 1, told]]}
