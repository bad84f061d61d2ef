"""The pages behind survey links: whoever opened a mail answers here, without a login and without a cookie.

In:  GET <survey path>/<token>, with ?score= when the mail has a link for each score; POST of the form on that page.
Out: small pages in the link's language; an answer goes through the door into the intake, as durable as any other event.

What mails are scanned with opens links, so a GET keeps nothing.  Its page sends the score by itself once a person can see it,
and has a button for browsers without scripts.  The page after it asks why; what is sent there, or chosen anew, is told as
another event about the same answer.

The pages stand alone: their templates, texts and headers are not those of the admin pages, since the door is served without.
"""

from __future__ import annotations

import hashlib
import re
import secrets
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from flask import Blueprint, Response, request
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from werkzeug.exceptions import RequestEntityTooLarge

from tracker import clock, surveys
from tracker.clock import Instant
from tracker.collect.door import RETRY_SECONDS, Door
from tracker.enrich import bot
from tracker.errors import Refused, RefusedReason, Unavailable
from tracker.shops import Shop
from tracker.surveys import LANGUAGES, Survey

MAX_BODY = 16 * 1024  # bytes of a form: 1,000 characters of four bytes, each written as %F0%9F%98%80
TEMPLATES = Path(__file__).parent.parent / "templates" / "survey"
STYLE, SCRIPT = ((TEMPLATES / name).read_text("utf-8") for name in ("page.css", "page.js"))


def _digest(text: str) -> str:
    return f"'sha256-{b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src {_digest(STYLE)}; script-src {_digest(SCRIPT)}; form-action 'self'; "
        "base-uri 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
}
REFUSED = {  # status, and which of the Words to say
    RefusedReason.UNKNOWN_KEY: (404, "bad_link"),
    RefusedReason.BAD_LINK: (404, "bad_link"),
    RefusedReason.EXPIRED_LINK: (410, "expired"),
    RefusedReason.INVALID: (400, "choose"),
    RefusedReason.TOO_BIG: (413, "too_long"),
    RefusedReason.RATE_LIMITED: (429, "later"),
}


class Words(NamedTuple):
    """Of one language; the link names it, so they are data and not translations of the reader's."""

    send: str
    thanks: str
    why: str
    correct: str
    close: str
    choose: str
    later: str
    too_long: str
    bad_link: str
    expired: str
    ends: dict[str, tuple[str, str]]  # what the lowest and the highest score mean


WORDS = {
    "da": Words(
        send="Send",
        thanks="Tak for dit svar.",
        why="Vil du fortælle os hvorfor? Det er frivilligt.",
        correct="Dit svar kan rettes her, eller ved at vælge et andet tal i mailen. Det sidste gælder.",
        close="Du kan lukke siden nu.",
        choose="Vælg et tal.",
        later="Vi kan ikke tage imod dit svar lige nu. Prøv igen om et øjeblik.",
        too_long="Teksten er for lang. Skriv lidt kortere.",
        bad_link="Linket virker ikke. Måske er det ikke kommet helt med; åbn det fra mailen igen.",
        expired="Linket er udløbet, så der kan ikke svares mere.",
        ends={
            "nps": ("Slet ikke sandsynligt", "Meget sandsynligt"),
            "csat": ("Meget utilfreds", "Meget tilfreds"),
            "ces": ("Meget svært", "Meget let"),
        },
    ),
    "sv": Words(
        send="Skicka",
        thanks="Tack för ditt svar.",
        why="Vill du berätta varför? Det är frivilligt.",
        correct="Du kan ändra ditt svar här, eller genom att välja en annan siffra i mejlet. Det sista gäller.",
        close="Du kan stänga sidan nu.",
        choose="Välj en siffra.",
        later="Vi kan inte ta emot ditt svar just nu. Försök igen om en stund.",
        too_long="Texten är för lång. Skriv lite kortare.",
        bad_link="Länken fungerar inte. Kanske kom den inte med helt; öppna den från mejlet igen.",
        expired="Länken har gått ut, så det går inte att svara längre.",
        ends={
            "nps": ("Inte alls troligt", "Mycket troligt"),
            "csat": ("Mycket missnöjd", "Mycket nöjd"),
            "ces": ("Mycket svårt", "Mycket lätt"),
        },
    ),
    "en": Words(
        send="Send",
        thanks="Thank you for your answer.",
        why="Would you like to tell us why? You need not.",
        correct="You can correct your answer here, or by choosing another number in the mail. The last one counts.",
        close="You can close this page now.",
        choose="Choose a number.",
        later="We cannot take your answer just now. Please try again in a moment.",
        too_long="The text is too long. Please make it shorter.",
        bad_link="This link does not work. Perhaps it was cut off; open it from the mail again.",
        expired="This link has expired, so it can no longer be answered.",
        ends={
            "nps": ("Not at all likely", "Very likely"),
            "csat": ("Very dissatisfied", "Very satisfied"),
            "ces": ("Very difficult", "Very easy"),
        },
    ),
}

_FORM_ID = re.compile(r"[A-Za-z0-9_-]{8}", re.ASCII)
_pages = Environment(loader=FileSystemLoader(TEMPLATES), autoescape=True, undefined=StrictUndefined)
_pages.globals |= {"style": Markup(STYLE), "script": Markup(SCRIPT)}  # noqa: S704 – our own files, as their digests say


def _new_form_id() -> str:
    """Of one page's form, whose answer is one event however often it is sent."""
    return secrets.token_urlsafe(6)


@dataclass(slots=True)
class _Page:
    """What is to be shown.  `survey` is None while nobody knows what is asked."""

    shop: Shop | None = None
    survey: Survey | None = None
    score: int | None = None
    said: str | None = None  # None: not asked yet
    is_kept: bool = False
    sends_itself: bool = False
    form_id: str = field(default_factory=_new_form_id)

    def response(self, status: int = 200, notice: str = "", wait_seconds: object = None) -> Response:
        """`notice` names one of the Words."""
        words = WORDS[self.language]
        said = getattr(words, notice) if notice else ""
        html = _pages.get_template("page.html").render(page=self, words=words, notice=said)
        return Response(html, status, HEADERS if wait_seconds is None else {**HEADERS, "Retry-After": str(wait_seconds)})

    @property
    def language(self) -> str:
        """The link's; while that is not known what the browser asks for, else the shop's."""
        if self.survey:
            return self.survey.language
        return request.accept_languages.best_match(LANGUAGES, self.shop.settings.locale if self.shop else "en")


def blueprint(door: Door) -> Blueprint:
    """To be registered without a prefix: the configured path is a whole one."""
    pages = Blueprint("survey", __name__)

    def serve(token: str) -> Response:
        """Whatever is wrong is counted, and said on a page from which one can go on."""
        page = _Page()
        try:
            return _serve(door, token, page, clock.now())
        except Refused as refusal:
            door.count(page.shop.shop_id if page.shop else 0, refusal)
            status, notice = REFUSED[refusal.reason]
            return page.response(status, notice, refusal.detail.get("retry_after_seconds"))
        except Unavailable:
            return page.response(503, "later", RETRY_SECONDS)

    pages.add_url_rule(f"{door.config.survey_path}/<token>", view_func=serve, methods=["GET", "POST"])
    return pages


def _serve(door: Door, token: str, page: _Page, now: Instant) -> Response:
    door.limit(request.environ, now)
    page.shop = door.shop(token.partition("~")[0])
    page.survey = surveys.read(token, page.shop, now)
    if request.method != "POST":
        page.score = _score(page.survey, request.args.get("score"))
        page.sends_itself = page.score is not None and bot(request.user_agent.string) is None
        return page.response()
    form = _form()
    page.score, page.said = _score(page.survey, form.get("score")), form.get("answer")
    if page.score is None:
        raise Refused(RefusedReason.INVALID, {"score": "is none of the scale's"})
    form_id = form.get("form_id", "")
    if not _FORM_ID.fullmatch(form_id):
        form_id = _new_form_id()
    door.tell(page.shop, page.survey.answer(page.score, page.said or "", form_id), request.environ, now)
    page.is_kept = True
    return page.response()


def _form() -> Mapping[str, str]:
    request.max_content_length = MAX_BODY
    try:
        return request.form
    except RequestEntityTooLarge:
        raise Refused(RefusedReason.TOO_BIG, {"body": f"more than {MAX_BODY} bytes"}) from None


def _score(survey: Survey, text: str | None) -> int | None:
    return next((score for score in survey.scores if str(score) == text), None)
