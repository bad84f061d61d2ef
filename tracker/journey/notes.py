"""What an event leaves in its journey beside stage, order and cart: looks, words, scores, deeds.  All of it bounded.

To add something counted on its own day: a line in _DEEDS, or a branch in `_count_on_its_day`; its meaning in contribution.py.
"""

from __future__ import annotations

from tracker.clock import Instant
from tracker.events.catalog.aftersales import SCALES
from tracker.events.types import Event, Source
from tracker.journey.state import (
    MAX_ACTS,
    MAX_KEY,
    MAX_KEYS,
    MAX_NOTES,
    MAX_PRODUCTS,
    OPEN,
    Act,
    Journey,
    Note,
    Subject,
    Touch,
)
from tracker.stages import STAGES
from tracker.stages.tagging import category_of, path_of, product_of

TICKET_BOUNDS = (3_600, 14_400, 86_400, 259_200)  # seconds to the answer; longer ones fall in a last bucket
MAX_VISIBLE_SECONDS = 1_800  # of one page: longer, it was left open
_MAX_TEXT = 80
_STAGE_NUMBERS = {stage.key: stage.number for stage in STAGES}
_MAX_NAME = MAX_KEY + 20  # of what is counted: a metric and a key


def note(subject: Subject, journey: Journey, act: Act, stage: int, stage_before: int, *, own: bool) -> None:
    """`stage` is the event's, `stage_before` that of the journey when it happened; `own`: the person did it."""
    event = act.event
    journey.event_count += 1
    _tally(journey.acts, f"{stage}.{event.type}", MAX_ACTS)
    if own and journey.outcome == OPEN:
        journey.last_at = max(journey.last_at, event.occurred_at)
    journey.country = journey.country or event.country
    if event.source is Source.BROWSER:
        journey.bot = journey.bot or event.bot is not None
        journey.device = journey.device or act.device
        journey.consent = max(journey.consent or 0, event.consent)
    match event.type:
        case "page_view":
            journey.page_count += 1
            if event.page is not None:
                journey.last_page = path_of(event.page.url)[:_MAX_TEXT]
        case "page_engaged":
            seconds = min(int(event.data.get("visible_seconds") or 0), MAX_VISIBLE_SECONDS)
            journey.visible_seconds += seconds
            _tally(journey.acts, f"{stage}.~seconds", MAX_ACTS, seconds)
        case "view_item":
            if product := product_of(event):
                _look_at(journey, product, category_of(event))
        case "search":
            found_nothing = int(event.data.get("results_count") == 0)
            _add(journey.searches, _words(event), [1, found_nothing])
        case "apply_coupon":
            _add(journey.coupons, _code(event), [1, 0])
        case "coupon_denied":
            _add(journey.coupons, _code(event), [0, 1])
        case "checkout_error":
            what = event.data.get("code") or event.data.get("message") or "?"
            _tally(journey.errors, f"{event.data.get('step') or 'checkout'}: {what}"[:_MAX_TEXT], MAX_KEYS)
        case _ if event.bot is None:
            _count_on_its_day(subject, journey, event, stage_before)


def note_arrival(journey: Journey, stage: int, touch: Touch | None) -> None:
    """Which channel led into which stage."""
    if touch is not None:
        _tally(journey.acts, f"{stage}.@{touch.channel}", MAX_ACTS)


# type -> (family, name, field of the event that the name ends in)
_DEEDS: dict[str, tuple[str, str, str | None]] = {
    "share": ("advocacy", "share", "method"),
    "referral_link_created": ("advocacy", "link", None),
    "loyalty_joined": ("advocacy", "loyalty", None),
    "return_requested": ("satisfaction", "return_requested", None),
    "return_completed": ("satisfaction", "return_completed", None),
    "survey_shown": ("satisfaction", "shown", "type"),
}


def _count_on_its_day(subject: Subject, journey: Journey, event: Event, stage_before: int) -> None:
    at, data = event.occurred_at, event.data
    if event.type in _DEEDS:
        family, name, ending = _DEEDS[event.type]
        _keep(journey, at, family, name if ending is None else f"{name}:{data.get(ending) or 'other'}")
    elif event.type == "survey_submitted" and data.get("score") is not None:
        _score(journey, event, stage_before)
    elif event.type == "review_submitted" and data.get("rating") is not None:
        stars = round(data["rating"])
        _keep(journey, at, "satisfaction", f"review:{stars}")
        if product := str(data.get("item_id") or data.get("item_name") or "")[:MAX_KEY]:
            _keep(journey, at, "products", f"ratings:{product}")
            _keep(journey, at, "products", f"stars:{product}", stars)
    elif event.type in ("referral_visit", "referral_converted") and data.get("role") == "advocate":
        _keep(journey, at, "advocacy", "friend_arrived" if event.type == "referral_visit" else "friend_bought")
    elif event.type == "support_ticket_created":
        _keep(journey, at, "support", f"opened:{data.get('topic') or 'other'}")
        if data.get("ticket_id") is not None and len(subject.tickets) < MAX_KEYS:
            subject.tickets.setdefault(str(data["ticket_id"]), at)
    elif event.type == "support_ticket_closed":
        opened_at = subject.tickets.pop(str(data.get("ticket_id")), None)
        _keep(journey, at, "support", "closed")
        seconds = data.get("first_response_seconds")
        if seconds is None and opened_at is not None:
            seconds = (at - opened_at) // 1000
        if seconds is not None:
            _answered(journey, at, seconds)


def _score(journey: Journey, event: Event, stage_before: int) -> None:
    """An answer that is told again, corrected or with words, counts once, on its first day: its last score."""
    kind = str(event.data.get("type"))
    scale = SCALES.get(kind, 10)
    told = event.data.get("scale_max") or scale  # scores are counted on our scale, whatever theirs is
    score = round(event.data["score"] * scale / told)
    stage = _STAGE_NUMBERS.get(str(event.data.get("stage")), stage_before or 1)
    names = (f"{kind}:{score}", f"{kind}_at:{stage}.{score}")
    answer = str(event.data.get("answer_id") or "")
    if answer in journey.answers:
        for place, name in enumerate(names, journey.answers[answer]):
            journey.notes[place] = journey.notes[place]._replace(name=name)
        return
    if len(journey.notes) > MAX_NOTES - len(names):
        return
    if answer and len(journey.answers) < MAX_KEYS:
        journey.answers[answer] = len(journey.notes)
    for name in names:
        _keep(journey, event.occurred_at, "satisfaction", name)


def _answered(journey: Journey, at: Instant, seconds: int) -> None:
    _keep(journey, at, "support", "timed")
    _keep(journey, at, "support", "seconds", seconds)
    _keep(journey, at, "support", f"b:{sum(seconds > bound for bound in TICKET_BOUNDS)}")


def _keep(journey: Journey, at: Instant, family: str, name: str, amount: int = 1) -> None:
    note = Note(at, family, name[:_MAX_NAME], amount)
    if len(journey.notes) < MAX_NOTES:
        journey.notes.append(note)
        return
    for place, known in reversed(list(enumerate(journey.notes))):  # the count goes on, on the day of the last one kept
        if (known.family, known.name) == (note.family, note.name):
            journey.notes[place] = known._replace(amount=known.amount + amount)
            return


def _look_at(journey: Journey, product: str, category: str | None) -> None:
    is_new = product not in journey.products
    if is_new and len(journey.products) >= MAX_PRODUCTS:
        return
    journey.products[product] = journey.products.get(product, 0) + 1
    if is_new and category:
        journey.categories[category] = journey.categories.get(category, 0) + 1


def _words(event: Event) -> str:
    return " ".join(str(event.data.get("search_term") or "").lower().split())[:_MAX_TEXT]


def _code(event: Event) -> str:
    return str(event.data.get("coupon") or "").strip().upper()[:MAX_KEY]


def _tally(counts: dict[str, int], key: str, most: int, more: int = 1) -> None:
    if key in counts or len(counts) < most:
        counts[key] = counts.get(key, 0) + more


def _add(counts: dict[str, list[int]], key: str, more: list[int]) -> None:
    if key and (key in counts or len(counts) < MAX_KEYS):
        counts[key] = [a + b for a, b in zip(counts.get(key, [0, 0]), more, strict=True)]
