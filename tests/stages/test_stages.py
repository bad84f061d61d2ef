"""The twelve stages and their views."""

from __future__ import annotations

import pytest

from tracker.events.catalog import aftersales
from tracker.stages import STAGES, VIEWS, StageView


def test_there_are_twelve_in_order() -> None:
    assert [stage.number for stage in STAGES] == list(range(1, 13))


def test_a_survey_may_be_about_each_of_them() -> None:
    """Said twice, since events are below the stages."""
    assert tuple(stage.key for stage in STAGES) == aftersales.STAGES


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_each_stage_lies_in_exactly_one_stage_of_the_view(view: StageView) -> None:
    members = [member for stage in view.stages for member in stage.members]
    assert sorted(members) == list(range(1, 13))


@pytest.mark.parametrize("view", VIEWS.values(), ids=VIEWS)
def test_the_approach_ends_with_the_stage_of_the_purchase(view: StageView) -> None:
    assert view.position_of[6] == view.approach


@pytest.mark.parametrize("locale", ["en", "da", "sv", "da_DK"])
def test_every_stage_has_a_name_in_every_language(locale: str) -> None:
    for view in VIEWS.values():
        assert view.name(locale)
        assert all(stage.names.keys() >= {"en", "da", "sv"} and stage.name(locale) for stage in view.stages)


def test_names_of_the_five_in_danish() -> None:
    names = [stage.name("da") for stage in VIEWS["five"].stages]
    assert names == ["Bevidsthed", "Overvejelse", "Køb", "Fastholdelse", "Fortalervirksomhed"]
