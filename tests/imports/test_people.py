"""Customers and offline contacts."""

from __future__ import annotations

from typing import Any

import pytest

from tests.imports.importing import SAMPLES, Installation, faults, lines
from tracker.clock import parse

MET = {"occurred_at": "2025-10-21 14:30", "kind": "fair", "customer_key": "318"}


def test_a_customer_is_who_has_which_key_and_address(here: Installation) -> None:
    here.bring("customers", lines({"customer_key": 318, "email": "Freja@Example.com", "occurred_at": "2024-02-11"}))
    event = here.event()
    assert (event.type, event.customer_key, event.email) == ("identify", "318", "freja@example.com")
    assert event.occurred_at == parse("2024-02-11T00:00:00+01:00")


def test_the_company_of_a_customer_or_contact_is_told(here: Installation) -> None:
    here.bring("customers", "customer_key;email;CVR\n318;a@example.com;12345678\n318;a@example.com;\n")
    here.bring("contacts", lines({**MET, "company_key": "DK12345678"}))
    assert [event.data.get("company_key") for event in here.events()].count(None) == 1
    assert len({event.event_id for event in here.events()}) == 3


def test_without_a_date_a_customer_is_known_from_today(here: Installation) -> None:
    here.bring("customers", "customer_key,email\n318,a@example.com\n")
    assert here.event().occurred_at == here.now


def test_a_customer_with_a_new_address_is_told_anew_and_one_without_change_is_the_same_event(here: Installation) -> None:
    told = [{"customer_key": "318", "email": email} for email in ("a@example.com", "a@example.com", "b@example.com")]
    here.bring("customers", lines(*told))
    first, again, changed = (event.event_id for event in here.events())
    assert first == again != changed


def test_shopifys_customers(here: Installation) -> None:
    report = here.bring("customers", SAMPLES / "shopify_customers.csv")
    assert [(event.customer_key, event.email) for event in here.events()] == [
        ("7210448301122", "freja@example.com"),
        ("7210448301123", None),
    ]
    assert {"Total Spent", "Total Orders"} <= set(report.unused)  # past orders say it


def test_a_contact_is_told_with_who_was_met_and_how(here: Installation) -> None:
    here.bring("contacts", lines({**MET, "location": "Herning", "campaign": "formland-25", "note": "asked for dresses"}))
    event = here.event()
    assert (event.type, event.customer_key, event.occurred_at) == ("offline_contact", "318", parse("2025-10-21T14:30:00+02:00"))
    assert event.data == {"kind": "fair", "location": "Herning", "campaign": "formland-25", "note": "asked for dresses"}


@pytest.mark.parametrize(
    ("word", "kind"),
    [("Phone", "phone"), ("telefon", "phone"), ("Messe", "fair"), ("shop visit", "shop_visit"), ("Butiksbesøg", "shop_visit"),
     ("butik", "shop_visit"), ("mässa", "fair"), ("other", "other")],
)  # fmt: skip
def test_a_kind_of_contact_is_found_as_people_write_it(here: Installation, word: str, kind: str) -> None:
    here.bring("contacts", f"date;type;email\n2025-10-21;{word};a@example.com\n")
    assert here.event().data["kind"] == kind


def test_the_same_contact_twice_is_one_and_an_own_id_tells_two_apart(here: Installation) -> None:
    here.bring("contacts", lines(MET, MET, {**MET, "note": "another"}, {**MET, "contact_id": 7}, {**MET, "contact_id": 7}))
    ids = [event.event_id for event in here.events()]
    assert ids[0] == ids[1] and len(set(ids)) == 3
    assert ids[3:] == ["import:contact:7"] * 2


@pytest.mark.parametrize(
    ("kind", "told", "field", "text"),
    [
        ("customers", {}, "customer_key", "is missing, and so is email"),
        ("customers", {"customer_key": "0", "email": ""}, "customer_key", "is missing, and so is email"),
        ("customers", {"customer_key": "7.2E+12"}, "customer_key", "was rounded by a spreadsheet"),
        ("customers", {"email": "a b"}, "email", "is no e-mail address"),
        ("customers", {"email": ["a@b.dk"]}, "email", "is no text"),
        ("customers", {"customer_key": "1", "occurred_at": "2036-01-01"}, "occurred_at", "lies in the future"),
        ("customers", {"customer_key": "1", "name": "Freja"}, "name", "is unknown"),
        ("contacts", {**MET, "kind": "dream"}, "kind", "is none of phone, fair, shop_visit, other"),
        ("contacts", {**MET, "kind": 5}, "kind", "is none of phone"),
        ("contacts", {**MET, "kind": None}, "kind", "is missing"),
        ("contacts", {**MET, "occurred_at": None}, "occurred_at", "is missing"),
        ("contacts", {**MET, "customer_key": None}, "customer_key", "is missing, and so is email: one of them"),
        ("contacts", {**MET, "location": {"a": 1}}, "location", "is no text"),
    ],
)  # fmt: skip
def test_a_bad_line_is_refused_in_words(here: Installation, kind: str, told: dict[str, Any], field: str, text: str) -> None:
    report = here.bring(kind, lines(told))
    assert [(line, found) for line, found, _ in faults(report)] == [(1, field)]
    assert faults(report)[0][2].startswith(text)
    assert here.events() == []
