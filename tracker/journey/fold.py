"""`advance(subject, act, terms)`: what one event does to its subject.  Read this to know how journeys come about.

A subject's events are folded in the order of Event.position.  `tick` does what falls due between two events (a journey
lapses, a cart expires), at the instant it was due, so that folding live, late or from the start gives the same.
Source: the project's design, section 4 "Journey" and section 3.
"""

from __future__ import annotations

from collections.abc import Iterable

from tracker.clock import MINUTE, Instant
from tracker.events.types import Consent, Event, Source
from tracker.journey import carts, notes, orders
from tracker.journey.state import (
    LAPSED,
    MAX_BUYS,
    MAX_KEYS,
    MAX_PERSONS,
    MAX_TOUCHES,
    MAX_VISITORS,
    OPEN,
    ORDERED,
    Act,
    Buy,
    Journey,
    Order,
    Session,
    Subject,
    Tag,
    Terms,
    Touch,
)
from tracker.stages import AWARENESS, DECISION, PURCHASE, REACTIVATION, RETENTION
from tracker.stages.tagging import Facts, is_own_act, tag

# Upper bounds of the lengths of stay, in seconds; longer ones fall in a last bucket.
STAY_BOUNDS = (10, 60, 600, 3_600, 86_400, 604_800)

MERGE_TOUCHES_WITHIN = 10 * MINUTE  # a click in our mail and the session it opens are one touchpoint


def fold(acts: Iterable[Act], terms: Terms, subject: Subject) -> list[Tag]:
    """Advance the subject by acts in order; their tags, in the same order."""
    return [advance(subject, act, terms) for act in acts]


def advance(subject: Subject, act: Act, terms: Terms) -> Tag:
    """Fold one event, which must come after the last one folded; changes the subject and answers the event's tag."""
    event, at = act.event, act.event.occurred_at
    tick(subject, at, terms)
    own = is_own_act(event) and not carts.tells_of_nothing(event, subject.journeys.get(subject.open))
    sessions_before = subject.session_count
    arrival = _open_session(subject, act, terms) if event.source is Source.BROWSER else _mail_click(subject, event)
    named = _journey_of_order(subject, event.order_key)
    found = tag(_facts(subject, act, named, terms), terms.version_at(event.received_at))
    journey = _journey_for(subject, event, named, found[0] if found else None, own, arrived=arrival is not None, terms=terms)
    touched = _add_touch(subject, journey, arrival) if arrival is not None else None
    if journey is None:
        result = Tag(AWARENESS, "continues", {}, 0)
    else:
        stage, reason, params = found or (journey.stage or AWARENESS, "continues" if journey.stage else "arrived", {})
        stage_before = journey.stage
        _enter(journey, stage, at)
        journey.session_count += subject.session_count - sessions_before
        notes.note(subject, journey, act, stage, stage_before, own=own)
        if stage == REACTIVATION:
            journey.reactivated = True
        subject.changed.add(journey.number)
        result = Tag(stage, reason, params, journey.number)
        if event.order_key is not None and event.source is Source.SERVER:
            _settle_order(subject, journey, event, terms)
        if journey.outcome == OPEN:
            carts.follow(journey, event, terms)
        _follow_subscription(subject, journey, event)
    if event.sequence is not None:
        _follow_numbers(subject, journey, act)
    if touched is not None:
        notes.note_arrival(touched, result.stage, arrival)
    if own:
        subject.last_act_at = max(subject.last_act_at, at)
    if act.person:
        _follow_person(subject, act, result.stage, own=own)
    if subject.session and event.source is Source.BROWSER and journey is not None:
        subject.session.journey = journey.number
    subject.event_count += 1
    subject.position = list(event.position)
    subject.due_at = _due(subject, terms)
    return result


def tick(subject: Subject, until: Instant, terms: Terms) -> None:
    """Do what fell due before `until`, each at its own instant.  An event at exactly the due instant still comes first."""
    while subject.due_at is not None and subject.due_at < until:
        due = subject.due_at
        journey = subject.journeys[subject.open]
        if carts.expires_at(journey, terms) == due:
            carts.expire(journey, due)
        if _lapses_at(journey, terms) == due:
            carts.expire(journey, due)  # a cart ends with its journey
            journey.outcome, journey.ended_at = LAPSED, due
            subject.open = 0
        subject.changed.add(journey.number)
        subject.ticked_at = due
        subject.due_at = _due(subject, terms)


def is_late(subject: Subject, event: Event) -> bool:
    """Whether the event comes before something already folded or ticked, so that the subject must be refolded."""
    return event.position <= tuple(subject.position) or event.occurred_at <= subject.ticked_at


def _lapses_at(journey: Journey, terms: Terms) -> Instant:
    """An anonymous session is known by nobody afterwards, so its journey can only go on within the session."""
    is_anonymous = journey.consent is not None and journey.consent <= Consent.ANONYMOUS
    return journey.last_at + (terms.idle if is_anonymous else terms.window)


def _due(subject: Subject, terms: Terms) -> Instant | None:
    if not subject.open:
        return None
    journey = subject.journeys[subject.open]
    lapses, expires = _lapses_at(journey, terms), carts.expires_at(journey, terms)
    return lapses if expires is None else min(lapses, expires)


def _facts(subject: Subject, act: Act, named: Journey | None, terms: Terms) -> Facts:
    latest = subject.journeys.get(subject.latest_order)
    journey = named or subject.journeys.get(subject.open)
    told = named.order_named(act.event.order_key) if named and act.event.order_key else None
    return Facts(
        event=act.event,
        kind=act.kind,
        journey=journey,
        # An order told again must not count itself among those before it.
        orders_before=int(told.repeat) if told and act.event.type == "purchase" else subject.order_count,
        cart_items=carts.pieces(subject.journeys.get(subject.open)),
        silent=act.event.occurred_at - subject.last_act_at if subject.last_act_at else 0,
        lapse=terms.lapse,
        delivered=bool(latest and latest.order and latest.order.delivered_at),
        has_order=bool((latest and latest.order) or (journey and journey.order)),
    )


# --- sessions and touchpoints


def _open_session(subject: Subject, act: Act, terms: Terms) -> Touch | None:
    """Go on with the visitor's session or open one; the touchpoint when one was opened by an arrival."""
    event, session = act.event, subject.session
    # Leaving a page, perhaps hours later, tells its address again and is no arrival.
    arrival = act.arrival if event.type != "page_engaged" else None
    at = event.occurred_at
    label = None
    if arrival is not None and (arrival.campaign or arrival.medium or arrival.click_id_kind):
        label = f"{arrival.source}/{arrival.medium}/{arrival.campaign}"
    if session is not None and at - session.last_at <= terms.idle and label in (None, session.campaign):
        session.last_at = at
        return None
    subject.session_count += 1
    subject.session = Session(subject.session_count, at, at, label)
    if arrival is None:
        return None
    return Touch(at, "session", arrival.channel, arrival.source, arrival.medium, arrival.campaign, arrival.landing_path)


def _mail_click(subject: Subject, event: Event) -> Touch | None:
    if event.type == "email_clicked":
        return Touch(event.occurred_at, "email_click", "email", campaign=event.data.get("campaign"))
    if event.type == "offline_contact":
        return Touch(event.occurred_at, "offline", "offline", source=event.data.get("kind"))
    return None


def _add_touch(subject: Subject, journey: Journey | None, touch: Touch) -> Journey | None:
    """To the open journey, which is answered; else it waits for the next one opened within the window."""
    if journey is None or journey.number != subject.open:
        journey = subject.journeys.get(subject.open)
    if journey is None:
        subject.waiting = [*subject.waiting[-(MAX_TOUCHES - 1) :], touch]
        return None
    last = journey.touches[-1] if journey.touches else None
    if (
        last is not None
        and {last.kind, touch.kind} == {"session", "email_click"}
        and last.channel == touch.channel
        and touch.at - last.at <= MERGE_TOUCHES_WITHIN
    ):
        return None
    if journey.touch_count == 0:
        _mark(journey, AWARENESS, touch.at)
    journey.touch_count += 1
    if len(journey.touches) < MAX_TOUCHES:
        journey.touches.append(touch)
    subject.changed.add(journey.number)
    return journey


# --- which journey an event belongs to


def _journey_of_order(subject: Subject, order_key: str | None) -> Journey | None:
    if order_key is None:
        return None
    return next((j for j in subject.journeys.values() if j.order_named(order_key)), None)


def _journey_for(
    subject: Subject, event: Event, named: Journey | None, stage: int | None, own: bool, *, arrived: bool, terms: Terms
) -> Journey | None:
    """The journey an event belongs to; opens one where an own act needs it; None for news about somebody without a journey.

    An event that names an order belongs to that order's journey; other after-sales news to the latest order's; what a person
    does towards an order to the open one.  What says nothing new stays where the session is.
    """
    if named is not None:
        return named
    opened = subject.journeys.get(subject.open)
    latest = subject.journeys.get(subject.latest_order)
    if (subscribed := _journey_of_subscription(subject, event)) is not None:
        return subscribed
    if event.order_key is not None and event.source is Source.SERVER and event.type in orders.FACTS:
        return opened or _begin(subject, event, terms)
    if stage is not None and stage >= PURCHASE and stage != REACTIVATION and latest is not None:
        return latest
    if stage is None and not arrived:
        here = subject.journeys.get(subject.session.journey) if subject.session and event.source is Source.BROWSER else None
        staying = here or opened or latest
        if staying is not None or event.type == "page_engaged":
            return staying
    if opened is not None:
        return opened
    return _begin(subject, event, terms) if own else latest


def _journey_of_subscription(subject: Subject, event: Event) -> Journey | None:
    """A renewal belongs to the journey in which its subscription began; without its id, to that of the latest one."""
    if event.source is not Source.SERVER or not subject.subscriptions:
        return None
    key = event.data.get("subscription_id")
    if key is not None:
        number = subject.subscriptions.get(str(key), 0)
    elif orders.is_renewal(event):
        number = next(reversed(subject.subscriptions.values()))
    else:
        return None
    return subject.journeys.get(number)


def _begin(subject: Subject, event: Event, terms: Terms) -> Journey:
    at = event.occurred_at
    subject.journey_count += 1
    journey = Journey(number=subject.journey_count, began_at=at, last_at=at, since_at=at)
    journey.returning = subject.order_count > 0
    subject.journeys[journey.number] = journey
    subject.open = journey.number
    waiting, subject.waiting = subject.waiting, []
    for touch in waiting:
        if at - touch.at <= terms.window:
            _add_touch(subject, journey, touch)
    return journey


# --- what an event leaves in its journey


def _mark(journey: Journey, stage: int, at: Instant) -> None:
    """The stage was reached, whether or not the journey stands there now."""
    reached = journey.reached.setdefault(str(stage), [at, at, 0])
    reached[1] = max(reached[1], at)
    reached[2] += 1
    if stage != REACTIVATION:
        journey.highest = max(journey.highest, stage)


def _enter(journey: Journey, stage: int, at: Instant) -> None:
    _mark(journey, stage, at)
    if journey.stage == stage:
        return
    if journey.stage:
        move = f"{journey.stage}.{stage}"
        journey.moves[move] = journey.moves.get(move, 0) + 1
        seconds = (at - journey.since_at) // 1000
        stay = journey.stays.setdefault(str(journey.stage), [0, 0] + [0] * (len(STAY_BOUNDS) + 1))
        stay[0] += 1
        stay[1] += seconds
        stay[2 + sum(seconds > bound for bound in STAY_BOUNDS)] += 1
    journey.stage, journey.since_at = stage, at


# --- orders


def _settle_order(subject: Subject, journey: Journey, event: Event, terms: Terms) -> None:
    """Apply what the shop's server says of an order, and what follows for its journey, its cart and the customer's record."""
    assert event.order_key is not None
    order = journey.order_named(event.order_key)
    if order is None:
        if event.type not in orders.FACTS:
            return
        order = _attach_order(journey, event)
    was_live = order.is_live
    was = _buy(journey, order, terms) if was_live else None
    orders.apply(order, event, terms)
    if order.is_live and not was_live:
        journey = _convert(subject, journey, order)
    elif was_live and not order.is_live:
        subject.order_count -= 1
    if event.type == "purchase" or order.is_live:
        carts.order(journey, order)
    _remember(subject, journey, order, terms, was)


def _attach_order(journey: Journey, event: Event) -> Order:
    """A new order of the open journey.  An earlier one that was never counted becomes an attempt."""
    assert event.order_key is not None
    order = Order(key=event.order_key, placed_at=event.occurred_at, currency=event.data.get("currency") or "")
    if journey.order is not None and journey.order.counted_at is not None:
        order.renewal = True
        journey.renewals.append(order)
        return order
    if journey.order is not None:
        journey.attempts.append(journey.order)
    journey.order = order
    return order


def _convert(subject: Subject, journey: Journey, order: Order) -> Journey:
    """A counted order converts its journey, which is answered.  An attempt that is paid after all gets one of its own."""
    assert order.counted_at is not None
    at = order.counted_at
    if order in journey.attempts:
        journey.attempts.remove(order)
        subject.changed.add(journey.number)
        subject.journey_count += 1
        journey = Journey(number=subject.journey_count, began_at=order.placed_at, last_at=at, since_at=at, order=order)
        journey.returning = subject.order_count > 0
        subject.journeys[journey.number] = journey
        _enter(journey, PURCHASE, at)
    before = subject.journeys.get(subject.latest_order)
    order.repeat = subject.order_count > 0
    subject.order_count += 1
    subject.changed.add(journey.number)
    if order.renewal:
        _mark(journey, RETENTION, at)
        return journey
    if order.repeat and before is not None and before is not journey:
        _mark(before, RETENTION, at)
        subject.changed.add(before.number)
    _mark(journey, PURCHASE, at)
    carts.order(journey, order)
    journey.outcome, journey.ended_at = ORDERED, at
    if subject.open == journey.number:
        subject.open = 0
    subject.latest_order = journey.number
    if journey.cart is not None:
        _go_on(subject, journey)
    return journey


def _go_on(subject: Subject, journey: Journey) -> None:
    """What was put into a cart after the order, before the order counted, begins a journey of its own."""
    assert journey.cart is not None
    at = journey.cart.began_at
    subject.journey_count += 1
    after = Journey(number=subject.journey_count, began_at=at, last_at=journey.last_at, since_at=at, returning=True)
    after.device, after.country, after.consent = journey.device, journey.country, journey.consent
    carts.carry(journey, after)
    subject.carts_moved = True
    _enter(after, DECISION, at)
    subject.journeys[after.number] = after
    subject.open = after.number
    subject.changed.add(after.number)


def _remember(subject: Subject, journey: Journey, order: Order, terms: Terms, was: Buy | None) -> None:
    """Keep the customer's record of live orders as it is after this order's news; `was`: what it was worth before."""
    before = subject.buys.get(order.key)
    if was is not None and before is None:
        _remember_early(subject, order, was, terms)
        return
    if not order.is_live:
        if before is not None:
            del subject.buys[order.key]
            subject.buys_changed = True
        return
    now = _buy(journey, order, terms)
    if now == before:
        return
    subject.buys[order.key] = now
    subject.buys_changed = True
    if before is None:
        subject.buys = dict(sorted(subject.buys.items(), key=lambda entry: (entry[1].at, entry[0])))
        if len(subject.buys) > MAX_BUYS:
            oldest = next(iter(subject.buys))
            gone = subject.buys.pop(oldest)
            count, net = subject.bought_before or (0, 0)
            subject.bought_before = [count + 1, net + (gone.net or 0)]


def _buy(journey: Journey, order: Order, terms: Terms) -> Buy:
    assert order.counted_at is not None
    net = orders.in_shop_currency(order, order.net, terms.currency)
    return Buy(order.counted_at, net, journey.number, journey.channel, journey.country)


def _remember_early(subject: Subject, order: Order, was: Buy, terms: Terms) -> None:
    """News about an order that is only added up any more."""
    count, net = subject.bought_before or (0, 0)
    now = orders.in_shop_currency(order, order.net, terms.currency)
    subject.bought_before = [count - (not order.is_live), net + (now or 0) - (was.net or 0)]
    subject.buys_changed = True


# --- what was lost on the way


_LONGEST_GAP = 1_000  # a visitor's numbering that jumps further, or back further, began anew


def _follow_numbers(subject: Subject, journey: Journey | None, act: Act) -> None:
    """A visitor numbers what it tells; numbers left out were lost, until they arrive after all."""
    number, event = act.event.sequence, act.event
    if number is None or not act.link or event.source is not Source.BROWSER or event.consent < Consent.STATISTICS:
        return  # without consent every page begins at 0
    key = str(act.link)
    last = subject.numbers.get(key)
    if last is None and len(subject.numbers) >= MAX_VISITORS:
        return
    gap = 0 if last is None else number - last - 1
    subject.numbers[key] = number if last is None or abs(gap) > _LONGEST_GAP else max(number, last)
    if journey is not None:
        journey.numbered += 1
        if 0 < gap <= _LONGEST_GAP:
            journey.lost += gap
        elif -_LONGEST_GAP <= gap < -1 and journey.lost:
            journey.lost -= 1


# --- subscriptions, and the persons of a company


_BEGINS = frozenset({"subscription_started", "subscription_trial_started"})


def _follow_subscription(subject: Subject, journey: Journey, event: Event) -> None:
    key = event.data.get("subscription_id")
    if event.type in _BEGINS and key is not None and event.source is Source.SERVER:
        subject.subscriptions.setdefault(str(key), journey.number)
        while len(subject.subscriptions) > MAX_KEYS:
            del subject.subscriptions[next(iter(subject.subscriptions))]


def _follow_person(subject: Subject, act: Act, stage: int, *, own: bool) -> None:
    """A company's journey is told of by several persons, each with a stage of their own."""
    known = subject.persons.get(str(act.person))
    if known is None and len(subject.persons) >= MAX_PERSONS:
        return
    last_at = act.event.occurred_at if own or known is None else known[1]
    subject.persons[str(act.person)] = [stage, last_at]
