"""Survey links: what they say, who may have made them, how long they are good, and which answers are one."""

from __future__ import annotations

import base64
import json
import re
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tracker import surveys
from tracker.clock import DAY, HOUR, SECOND, Instant
from tracker.errors import Refused, RefusedReason
from tracker.shops import Shop, ShopSettings
from tracker.surveys import BadSurvey, Survey, link, read

NOW: Instant = 1_789_000_000_000
ADDRESS = "https://stats.example/q"
SHOP = Shop(1, "Nordlys", "pk_one", "sk_one", None, ("shop.example",), ShopSettings())
OTHER = Shop(2, "Sko", "pk_two", "sk_two", None, ("sko.example",), ShopSettings(locale="sv"))
ABOUT = {
    "survey_id": "efter-levering",
    "type": "nps",
    "question": "Vil du anbefale os til en ven?",
    "transaction_id": "10042",
    "item_id": "KJ-1042-38",
    "item_name": "Sommerkjole Vilma",
    "stage": "delivery",
}


def token(at: Instant = NOW, shop: Shop = SHOP, about: dict[str, Any] | None = None, **named: str | None) -> str:
    made = link(ADDRESS, shop, ABOUT if about is None else about, at, **{"customer_key": "318", **named})
    assert made.startswith(f"{ADDRESS}/{shop.site_key}~")
    return made.removeprefix(f"{ADDRESS}/")


def refused(text: str, shop: Shop = SHOP, at: Instant = NOW) -> RefusedReason:
    with pytest.raises(Refused) as caught:
        read(text, shop, at)
    assert caught.value.detail["link"]
    return caught.value.reason


def signed(payload: Any, shop: Shop = SHOP) -> str:
    """As a shop makes it that does so itself."""
    return f"{shop.site_key}~{surveys._serializer(shop).dumps(payload)}"


# --- what a link says


def test_a_link_says_what_was_put_into_it() -> None:
    assert read(token(), SHOP, NOW) == Survey(ABOUT, "318", "da")
    assert read(token(language="en", customer_key=None), SHOP, NOW) == Survey(ABOUT, None, "en")


def test_the_language_is_the_shops_unless_given() -> None:
    assert read(token(shop=OTHER), OTHER, NOW).language == "sv"


def test_a_link_fits_into_an_address_and_has_nothing_to_be_written_otherwise_there() -> None:
    made = token(about={**ABOUT, "question": "Hvor sandsynligt er det, på en skala? " * 7, "item_name": "ÆØÅ & <b>" * 20})
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", made)
    assert len(made) < 1_000


def test_a_link_can_be_read_by_everybody_and_names_people_by_keys_alone() -> None:
    for name in ("customer_key", "transaction_id"):
        with pytest.raises(BadSurvey, match=f"{name} looks like an e-mail address"):
            token(about={**ABOUT, name: "freja@example.com"}) if name in ABOUT else token(**{name: "freja@example.com"})


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"type": "mood"}, "type is none of nps, csat, ces"),
        ({"type": None}, "type is missing"),
        ({"survey_id": ""}, "survey_id is missing"),
        ({"question": " "}, "question is missing"),
        ({"stage": "five"}, "stage is none of need, awareness"),
        ({"score": 9}, "score is unknown"),
        ({"scale_max": 100}, "scale_max is unknown"),
        ({"transaction_id": "1\n2"}, "transaction_id contains a control character"),
    ],
)
def test_what_cannot_be_asked_is_said(change: dict[str, Any], error: str) -> None:
    about = {**ABOUT, **change}
    with pytest.raises(BadSurvey, match=error):
        token(about=about)
    at = {"at": NOW // SECOND, "survey": about, "customer_key": "318"}
    assert refused(signed(at)) == RefusedReason.BAD_LINK


def test_a_link_names_somebody_and_a_language_that_there_is() -> None:
    with pytest.raises(BadSurvey, match="names nobody"):
        token(about={**ABOUT, "transaction_id": None}, customer_key=None)
    with pytest.raises(BadSurvey, match="language is none of da, sv, en"):
        token(language="fi")


def test_a_link_that_would_be_too_long_for_an_address_is_not_made() -> None:
    long = "".join(map(str, range(3_000)))
    with pytest.raises(BadSurvey, match="shorten the question"):
        token(about={**ABOUT, "question": long})


# --- who made it, and when


def test_nothing_of_a_link_can_be_changed() -> None:
    made = token()
    start = made.index("~") + 1
    for place in range(start, len(made) - 1):  # the last one holds two bits that mean nothing
        other = "A" if made[place] != "A" else "B"
        assert refused(made[:place] + other + made[place + 1 :]) == RefusedReason.BAD_LINK


@pytest.mark.parametrize("text", ["", "pk_one", "pk_one~", "pk_one~.", "pk_one~a.b", "pk_one~ø.ø", "pk_one~\x00", "x" * 10_000])
def test_what_is_no_link(text: str) -> None:
    assert refused(text) == RefusedReason.BAD_LINK


def test_another_shops_secret_does_not_sign() -> None:
    assert refused(token(shop=OTHER)) == RefusedReason.BAD_LINK
    renamed = SHOP.site_key + token(shop=OTHER).removeprefix(OTHER.site_key)
    assert refused(renamed) == RefusedReason.BAD_LINK


def test_a_signature_for_something_else_does_not_sign() -> None:
    from itsdangerous import URLSafeSerializer

    payload = {"at": NOW // SECOND, "survey": ABOUT, "customer_key": "318"}
    assert refused(f"pk_one~{URLSafeSerializer(SHOP.secret, salt='other').dumps(payload)}") == RefusedReason.BAD_LINK


def test_both_secrets_are_good_during_a_rotation_and_the_one_before_is_not() -> None:
    made = token()
    rotated = replace(SHOP, secret="sk_new", previous_secret=SHOP.secret)
    assert read(made, rotated, NOW) == read(token(shop=rotated), rotated, NOW)
    assert refused(token(shop=rotated)) == RefusedReason.BAD_LINK  # the newest secret signs
    assert refused(made, replace(SHOP, secret="sk_newest", previous_secret="sk_new")) == RefusedReason.BAD_LINK


def test_a_link_is_good_for_ninety_days() -> None:
    made = token()
    assert read(made, SHOP, NOW + 90 * DAY)
    assert refused(made, at=NOW + 90 * DAY + 1) == RefusedReason.EXPIRED_LINK
    assert read(made, SHOP, NOW - 12 * HOUR)  # the clock of a shop that makes its own links is a little fast


@pytest.mark.parametrize(
    "payload",
    [
        [],
        "text",
        {},
        {"at": NOW // SECOND},
        {"survey": ABOUT, "customer_key": "318"},
        {"at": "soon", "survey": ABOUT},
        {"at": float("inf"), "survey": ABOUT},
        {"at": float("nan"), "survey": ABOUT},
        {"at": NOW, "survey": ABOUT},  # in milliseconds: it would be good for ever
        {"at": NOW // SECOND, "survey": [["survey_id", "x"]]},
        {"at": NOW // SECOND, "survey": ABOUT, "customer_key": {"a": 1}},
        {"at": NOW // SECOND, "survey": ABOUT, "language": ["da"]},
    ],
)
def test_what_is_signed_but_says_nonsense(payload: Any) -> None:
    assert refused(signed(payload)) == RefusedReason.BAD_LINK


def test_a_shop_may_make_links_in_the_way_that_the_page_of_the_documentation_shows() -> None:
    page = (Path(__file__).parent.parent / "docs" / "surveys.md").read_text("utf-8")
    (script,) = re.findall(r"^```sh\n(key=.*?)^```", page, flags=re.M | re.S)
    done = subprocess.run(["bash", "-euc", script + '\necho "$link"'], capture_output=True, text=True, check=True)
    text = done.stdout.strip().rsplit("/", 1)[1]
    key = re.search("^key=(pk_[a-z]+) secret=(sk_[a-z]+)$", script, flags=re.M)
    assert key
    shop = replace(SHOP, site_key=key[1], secret=key[2])
    made = json.loads(base64.urlsafe_b64decode(text.partition("~")[2].partition(".")[0] + "=="))
    survey = read(text, shop, made["at"] * SECOND)
    assert (survey.language, survey.customer_key, survey.about) == (made["language"], made["customer_key"], made["survey"])


# --- which answers are one


def test_the_scores_of_a_survey() -> None:
    scores = {kind: list(read(token(about={**ABOUT, "type": kind}), SHOP, NOW).scores) for kind in ("nps", "csat", "ces")}
    assert scores == {"nps": list(range(11)), "csat": [1, 2, 3, 4, 5], "ces": [1, 2, 3, 4, 5, 6, 7]}


def answer_id(customer_key: str | None = "318", **change: Any) -> str:
    return Survey({**ABOUT, **change}, customer_key, "da").answer_id


def test_the_same_question_about_the_same_to_the_same_person_has_one_answer() -> None:
    """Whenever, in whatever words and language, and whether a shop's system gives numbers or texts."""
    one = answer_id()
    assert one == answer_id(question="Would you?", item_name="Vilma") == answer_id(transaction_id=10042)
    assert re.fullmatch(r"[A-Za-z0-9_-]{16}", one)


def test_another_survey_order_product_or_person_has_another_answer() -> None:
    others = [
        answer_id(survey_id="q3"),
        answer_id(type="csat"),
        answer_id(transaction_id="10043"),
        answer_id(transaction_id=None),
        answer_id(item_id=None),
        answer_id(customer_key="319"),
        answer_id(customer_key=None),
    ]
    assert len({answer_id(), *others}) == len(others) + 1


def test_an_answer_is_one_event_for_each_form_that_was_shown() -> None:
    survey = Survey(ABOUT, "318", "da")
    first = survey.answer(9, "", "form-1")
    assert first["event_id"] == f"survey:{survey.answer_id}:form-1"
    assert survey.answer(3, "", "form-2")["event_id"] != first["event_id"] == survey.answer(9, "", "form-1")["event_id"]
    assert first["data"] == {**ABOUT, "score": 9, "answer": "", "answer_id": survey.answer_id}
    assert first["customer_key"] == "318"
