"""Shops: kept and found again, their settings through the years, and the rotation of their secrets."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Connection, Engine, select, update

from tests.builders import START
from tracker import shops
from tracker import tables as t
from tracker.events.types import Consent
from tracker.shop_settings import BadSettings
from tracker.shops import ShopSettings
from tracker.storage import reading, writing

OTHER = ShopSettings(
    zone="Europe/Stockholm", currency="SEK", counted_states=("paid",), page_kinds={"/kassa": "checkout"}, consent_unknown="none"
)


def test_a_shop_is_found_as_it_was_made(db: Connection) -> None:
    made = shops.add_shop(db, "Nordlys", ("shop.example", "www.shop.example"), START, OTHER)
    assert shops.find_shop(db, made.shop_id) == made
    assert made.settings == OTHER
    assert made.hosts == ("shop.example", "www.shop.example")
    assert shops.find_shop(db, 99) is None


def test_shops_that_are_made_at_once_have_each_an_id(engine: Engine) -> None:
    """Each maker reads the highest id and writes the next; in between the others wait."""
    together = threading.Barrier(6)

    def make() -> None:
        together.wait()
        with writing(engine) as db:
            shops.add_shop(db, "Havblik", (), START)
            time.sleep(0.02)  # before it is committed

    with ThreadPoolExecutor(6) as makers:
        for one in [makers.submit(make) for _ in range(6)]:
            one.result()
    with reading(engine) as db:
        assert [shop.shop_id for shop in shops.all_shops(db)] == [1, 2, 3, 4, 5, 6]


def test_each_shop_has_an_id_keys_and_a_lease_of_its_own(db: Connection) -> None:
    assert shops.all_shops(db) == []
    made = [shops.add_shop(db, name, (), START) for name in ("a", "b", "c")]
    assert [shop.shop_id for shop in made] == [1, 2, 3]
    assert shops.all_shops(db) == made
    assert len({shop.site_key for shop in made}) == len({shop.secret for shop in made}) == 3
    assert all(shop.site_key.startswith("pk_") and shop.secret.startswith("sk_") for shop in made)
    found = db.execute(select(t.leases.c.shop_id, t.leases.c.token, t.leases.c.next_id).order_by(t.leases.c.shop_id)).all()
    assert [tuple(lease) for lease in found] == [(1, None, 1), (2, None, 1), (3, None, 1)]


def test_settings_survive_the_row() -> None:
    assert ShopSettings.load(OTHER.dump()) == OTHER
    assert ShopSettings.load(ShopSettings().dump()) == ShopSettings()


def test_settings_of_an_older_or_newer_release_are_read() -> None:
    assert ShopSettings.load({"currency": "EUR"}) == ShopSettings(currency="EUR")
    assert ShopSettings.load({"currency": "EUR", "invented_later": 1}) == ShopSettings(currency="EUR")


def test_what_settings_mean(db: Connection) -> None:
    shop = shops.add_shop(db, "Nordlys", (), START, OTHER)
    assert shop.settings.tz == ZoneInfo("Europe/Stockholm")
    assert shop.consent_unknown is Consent.NONE
    assert replace(shop, settings=ShopSettings()).consent_unknown is Consent.ANONYMOUS


def test_a_rate_holds_from_its_day_on() -> None:
    settings = ShopSettings(rates={"EUR": [["2026-01-01", "7.45"], ["2026-02-01", "7.46"]]})
    asked = [date(2025, 12, 31), date(2026, 1, 1), date(2026, 1, 31), date(2026, 2, 1), date(2030, 1, 1)]
    assert [settings.rate_on("EUR", day) for day in asked] == [None, *map(Decimal, ("7.45", "7.45", "7.46", "7.46"))]
    assert (settings.rate_on("DKK", asked[0]), settings.rate_on("SEK", asked[-1])) == (Decimal(1), None)


def test_the_owners_word_on_a_channel_is_the_first_that_matches() -> None:
    overrides = ({"source": "Ven", "campaign": "a", "channel": "referral"}, {"source": "ven", "channel": "affiliate"})
    settings = ShopSettings(channel_overrides=overrides)
    told = {"host": "", "medium": "cpc"}
    found = [settings.override_channel(source=s, campaign=c, **told) for s, c in (("ven", "A"), ("VEN", "b"), ("x", "a"))]
    assert found == ["referral", "affiliate", None]


@pytest.mark.parametrize(
    "settings",
    [
        {"channel_overrides": [{"source": "ven"}]},
        {"stage_views": {"mine": {"names": {"en": "Mine"}}}},
        {"stage_versions": [{"since_at": 0, "table": 1, "own": [{"path": "/"}]}]},
    ],
    ids=lambda settings: next(iter(settings)),
)
def test_a_setting_that_says_only_half_is_none(settings: dict[str, Any]) -> None:
    with pytest.raises(BadSettings):
        ShopSettings().changed(settings)


def test_during_a_rotation_two_secrets_sign(db: Connection) -> None:
    shop = shops.add_shop(db, "Nordlys", (), START)
    other = shops.add_shop(db, "Other", (), START)
    assert shop.secrets == (shop.secret,)
    second = shops.rotate_secret(db, shop.shop_id, START + 1)
    rotated = shops.find_shop(db, shop.shop_id)
    assert rotated is not None and rotated.secrets == (second, shop.secret)
    third = shops.rotate_secret(db, shop.shop_id, START + 2)
    again = shops.find_shop(db, shop.shop_id)
    assert again is not None and again.secrets == (third, second)
    assert shops.find_shop(db, other.shop_id) == other


def test_a_shop_whose_row_was_changed_is_read_anew(db: Connection) -> None:
    shop = shops.add_shop(db, "Nordlys", (), START)
    db.execute(update(t.shops).values(name="Sydlys", hosts=["a.example"]))
    found = shops.find_shop(db, shop.shop_id)
    assert found is not None and (found.name, found.hosts) == ("Sydlys", ("a.example",))
