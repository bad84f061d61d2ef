"""A survey by a link in a mail: what the link says, and what an answer to it becomes.

In:  a shop, and what is asked of whom about what, in the words of the wire format.
Out: `link`, the address to put into the mail; `read`, what its token says; `Survey.answer`, the event in wire form.

A token is `<site key>~<payload>.<signature>`: itsdangerous with the shop's secret, in a form that a shop can make in a few
lines of its own language (docs/surveys.md).  Whoever has the link can read it, so it names people by the shop's keys alone.

One survey about one order and product to one person has one answer: `answer_id` is made of these.  So it does not matter
whether a template makes one link or one for each score, nor whether a reminder asks again.
"""

from __future__ import annotations

import hashlib
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson
from itsdangerous import BadData, URLSafeSerializer

from tracker.clock import DAY, SECOND, Instant
from tracker.config import Config
from tracker.errors import Refused, RefusedReason, TrackerError
from tracker.events import wire
from tracker.events.catalog.aftersales import SCALES
from tracker.events.types import Consent, Source
from tracker.shops import Shop

VALID_DAYS = 90
LANGUAGES = ("da", "sv", "en")
LOWEST = {"nps": 0, "csat": 1, "ces": 1}  # the scores that are offered; SCALES has the highest
SALT = "kunderejse.survey"
MAX_TOKEN = 3_000  # characters; servers take addresses of about 4,000
_LIMITS = Config()  # a survey has no time of its own, so any do


class BadSurvey(TrackerError):
    """It cannot be asked like this; the text says what to write."""


@dataclass(frozen=True, slots=True)
class Survey:
    """One survey put to one person.

    `about` is the data of survey_shown on the wire: survey_id, type, question, transaction_id, item_id, item_name, stage.
    """

    about: dict[str, Any]
    customer_key: str | None
    language: str

    @property
    def scores(self) -> range:
        kind = self.about["type"]
        return range(LOWEST[kind], SCALES[kind] + 1)

    @property
    def answer_id(self) -> str:
        """96 bits of who is asked what."""
        named = [self.about.get(name) for name in ("survey_id", "type", "transaction_id", "item_id")]
        whole = orjson.dumps([None if key is None else str(key) for key in (*named, self.customer_key)])
        return urlsafe_b64encode(hashlib.blake2b(whole, digest_size=12).digest()).decode()

    def answer(self, score: int, words: str, form_id: str) -> dict[str, Any]:
        """One event for each form that was shown: sent twice it is the same, and a new form corrects the one before."""
        return {
            "event_id": f"survey:{self.answer_id}:{form_id}",
            "type": "survey_submitted",
            "customer_key": self.customer_key,
            "data": {**self.about, "score": score, "answer": words, "answer_id": self.answer_id},
        }


def link(
    address: str,
    shop: Shop,
    about: Mapping[str, Any],
    now: Instant,
    *,
    customer_key: str | None = None,
    language: str | None = None,
) -> str:
    """The address to put into a mail, valid for VALID_DAYS; with `?score=9` after it, the one for that score.

    `address` is where links are answered: Config.survey_url.  `language` is the shop's unless given.  Raises BadSurvey.
    """
    survey = Survey(dict(about), customer_key, language or shop.settings.locale)
    _check(survey, now)
    payload = {"at": now // SECOND, "survey": survey.about, "customer_key": customer_key, "language": survey.language}
    token = f"{shop.site_key}~{_serializer(shop).dumps(payload)}"
    if len(token) > MAX_TOKEN:
        raise BadSurvey(f"the link would have {len(token)} characters; shorten the question and the product's name")
    return f"{address}/{token}"


def read(token: str, shop: Shop, now: Instant) -> Survey:
    """What a link of this shop asks.  Raises Refused bad_link, expired_link."""
    try:
        payload = _serializer(shop).loads(token[: MAX_TOKEN + 1].partition("~")[2])
        survey = Survey(payload["survey"], payload.get("customer_key"), payload.get("language") or shop.settings.locale)
        age = now - int(payload["at"]) * SECOND
        _check(survey, now)
    except BadData as error:
        raise Refused(RefusedReason.BAD_LINK, {"link": "is not whole, or no secret of this shop has signed it"}) from error
    except BadSurvey as error:
        raise Refused(RefusedReason.BAD_LINK, {"link": str(error)}) from error
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise Refused(RefusedReason.BAD_LINK, {"link": "does not say `survey` and `at`, in seconds"}) from error
    if age < -DAY:
        raise Refused(RefusedReason.BAD_LINK, {"link": "`at` lies in the future; give it in seconds"})
    if age > VALID_DAYS * DAY:
        raise Refused(RefusedReason.EXPIRED_LINK, {"link": f"is older than {VALID_DAYS} days"})
    return survey


def _serializer(shop: Shop) -> URLSafeSerializer:
    """Signs with the newest secret, reads what any valid one has signed."""
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(list(reversed(shop.secrets)), salt=SALT, signer_kwargs=how)


def _check(survey: Survey, now: Instant) -> None:
    """Raises BadSurvey: by the catalogue's own word, and by what a link needs besides."""
    shown = {"event_id": "-", "type": "survey_shown", "customer_key": survey.customer_key, "data": survey.about}
    try:
        event = wire.load(
            shown, shown, Source.SERVER, received_at=now, currency="DKK", default_consent=Consent.STATISTICS, limits=_LIMITS
        ).event
    except Refused as refusal:
        fields: Any = refusal.detail.get("fields", {})
        wrong = [f"{name.removeprefix('data.')} {what}" for name, what in fields.items()]
        raise BadSurvey("; ".join(wrong) or refusal.reason) from refusal
    for name in ("survey_id", "question"):
        if name not in event.data:
            raise BadSurvey(f"{name} is missing")
    keys = {"transaction_id": event.order_key, "customer_key": event.customer_key}
    if not any(keys.values()):
        raise BadSurvey("names nobody: give the order (transaction_id) or the customer (customer_key)")
    for name, key in keys.items():
        if key and "@" in key:
            raise BadSurvey(f"{name} looks like an e-mail address, which whoever has the link could read; give a number")
    if survey.language not in LANGUAGES:
        raise BadSurvey(f"language is none of {', '.join(LANGUAGES)}")
