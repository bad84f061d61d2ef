"""Stage views of a shop's own: checked when they are typed, then one of the views of that shop's reports, API and pages."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest
from sqlalchemy import Connection, Engine

from tests.http.site import add_user, logged_in, make_app
from tests.reports.asking import add_shop, ask, count, query
from tracker.clock import Instant
from tracker.config import Config
from tracker.errors import BadQuery
from tracker.shop_settings import BadSettings, ShopSettings
from tracker.storage import writing

THREE: dict[str, Any] = {
    "names": {"da": "Tre trin", "en": "Three steps"},
    "stages": [
        {
            "key": "before",
            "names": {"da": "Før", "en": "Before"},
            "holds": ["need", "awareness", "information", "consideration"],
        },
        {"key": "deal", "names": {"da": "Handel", "en": "Deal"}, "holds": ["decision", "purchase"]},
        {
            "key": "after",
            "names": {"da": "Efter"},
            "holds": ["delivery", "engagement", "retention", "satisfaction", "advocacy", "reactivation"],
        },
    ],
}
VIEWS = {"three": THREE}
# Sets of stages as bits, and whether these journeys ordered.
COUNTED = {"journeys": 100, "ordered": 20, "m:42.1": 20, "m:10.0": 30, "m:2.0": 50}


def test_a_view_of_ones_own_is_kept_and_read_back() -> None:
    settings = ShopSettings().changed({"stage_views": VIEWS, "stage_view": "three"})
    view = ShopSettings.load(settings.dump()).views["three"]
    assert [stage.members for stage in view.stages] == [{1, 2, 3, 4}, {5, 6}, {7, 8, 9, 10, 11, 12}]
    assert (view.approach, view.ordered, view.name("da"), view.name("sv")) == (2, True, "Tre trin", "Three steps")
    assert view.stages[2].name("en") == "Efter"  # a name in the only language there is
    assert list(settings.views) == ["twelve", "five", "webshop", "agency", "three"]
    assert not ShopSettings().changes_past(settings, 0)


def spoiled(**changes: Any) -> dict[str, Any]:
    """With other stages of the twelve in some stages of the view."""
    told = deepcopy(THREE)
    for stage in told["stages"]:
        stage["holds"] = changes.get(stage["key"], stage["holds"])
    return told


AFTER = THREE["stages"][2]["holds"]


@pytest.mark.parametrize(
    ("told", "said"),
    [
        pytest.param({"three": spoiled(before=["need", "information"])}, "awareness lies in no stage", id="none"),
        pytest.param({"three": spoiled(deal=["decision", "purchase", "need"])}, "need lies in several stages", id="twice"),
        pytest.param(
            {"three": spoiled(deal=["purchase"], after=["decision", *AFTER])},
            "decision: stages up to the purchase",
            id="too late",
        ),
        pytest.param({"three": spoiled(deal=["buying", "purchase"])}, "is none of the twelve stages", id="an unknown stage"),
        pytest.param({"five": THREE}, "always there", id="the key of a view that is there"),
        pytest.param({"My view": THREE}, "write a key in small letters", id="no key"),
        pytest.param({"three": {**THREE, "names": {}}}, "at least one language", id="no name"),
        pytest.param({"three": {**THREE, "stages": THREE["stages"] + THREE["stages"][:1]}}, "a key of its own", id="same keys"),
    ],
)
def test_what_is_no_view_is_said_in_words(told: dict[str, Any], said: str) -> None:
    with pytest.raises(BadSettings, match=said):
        ShopSettings().changed({"stage_views": told})


def test_the_view_that_reports_show_first_cannot_be_taken_away() -> None:
    settings = ShopSettings().changed({"stage_views": VIEWS, "stage_view": "three"})
    with pytest.raises(BadSettings, match="none of the stage views"):
        settings.changed({"stage_views": {}})
    assert settings.changed({"stage_views": {}, "stage_view": "five"}).stage_view == "five"


def test_what_was_counted_before_is_seen_through_it(db: Connection, now: Instant) -> None:
    shop = add_shop(db, now, stage_views=VIEWS)
    count(db, shop, 20260910, COUNTED)
    rows = ask(db, shop, now, "stages", view="three").rows
    assert [(row["stage"], row["reached"]) for row in rows] == [("before", 100), ("deal", 20), ("after", 0)]
    with pytest.raises(BadQuery):
        query(add_shop(db, now), now, view="three")


def test_it_is_one_of_the_views_of_pages_and_of_the_api(engine: Engine, config: Config, now: Instant) -> None:
    with writing(engine) as db:
        shop = add_shop(db, now, stage_views=VIEWS)
        count(db, shop, 20260910, COUNTED)
    add_user(engine, now, shop)
    client = logged_in(make_app(engine, config, now))
    page = client.get("/shops/1/stages?period=90d&view=three&live=1").text
    assert '<option value="three" selected>Three steps</option>' in page and "Deal" in page
    told = client.get("/api/v1/shops/1/reports/stages.json?period=90d&view=three").json
    assert (told["view"], [row["stage"] for row in told["rows"]]) == ("three", ["before", "deal", "after"])
    for name in ("overview", "flow", "endings", "satisfaction", "journey_map"):
        assert client.get(f"/api/v1/shops/1/reports/{name}.csv?period=90d&view=three").status_code == 200
