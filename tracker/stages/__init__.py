"""The twelve stages of the customer journey, and the views that roll them up into fewer.

To add a stage view: one entry of VIEWS; a test holds that every one of the twelve lies in exactly one of its stages.  A shop's
own views (`own_view`) are a setting; counters hold sets of the twelve, so that a view needs nothing counted anew.
Names are data, not translations: the same English word has different Danish names in different views.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any


def _in_locale(names: Mapping[str, str], locale: str) -> str:
    return names.get(locale[:2]) or names.get("en") or next(iter(names.values()))


@dataclass(frozen=True)
class Stage:
    """One of twelve places in the journey."""

    number: int
    key: str
    names: Mapping[str, str]

    def name(self, locale: str) -> str:
        return _in_locale(self.names, locale)


@dataclass(frozen=True)
class ViewStage:
    """One stage of a view: which of the twelve it holds."""

    key: str
    members: frozenset[int]
    names: Mapping[str, str]

    def name(self, locale: str) -> str:
        return _in_locale(self.names, locale)


@dataclass(frozen=True)
class StageView:
    """A roll-up of the twelve, in order."""

    key: str
    names: Mapping[str, str]
    stages: tuple[ViewStage, ...]
    ordered: bool = True  # whether going on to a later stage makes sense beyond the approach

    def name(self, locale: str) -> str:
        return _in_locale(self.names, locale)

    @cached_property
    def position_of(self) -> dict[int, int]:
        """Stage number -> 1-based position in this view."""
        return {member: i for i, stage in enumerate(self.stages, 1) for member in stage.members}

    @cached_property
    def approach(self) -> int:
        """How many of its stages lead up to the order, the order's own included."""
        return self.position_of[PURCHASE]

    @cached_property
    def goes_on(self) -> int:
        """Up to which position going on to a later stage means something."""
        return len(self.stages) if self.ordered else self.approach

    def beyond(self, position: int) -> frozenset[int]:
        """Which of the twelve are going on from a position.  Every arrival reaches awareness, so that is no going on."""
        later = self.stages[position : self.goes_on]
        return frozenset().union(*(stage.members for stage in later if AWARENESS not in stage.members))


def bits_of(stages: Iterable[int]) -> int:
    """Some of the twelve as one number: stage n is bit n - 1."""
    return sum(1 << stage - 1 for stage in stages)


NEED, AWARENESS, INFORMATION, CONSIDERATION, DECISION, PURCHASE = range(1, 7)
DELIVERY, ENGAGEMENT, RETENTION, SATISFACTION, ADVOCACY, REACTIVATION = range(7, 13)


def _stage(number: int, key: str, da: str, sv: str, en: str) -> Stage:
    return Stage(number, key, {"da": da, "sv": sv, "en": en})


STAGES: tuple[Stage, ...] = (
    _stage(NEED, "need", "Behovsidentifikation", "Behovsidentifiering", "Need identification"),
    _stage(AWARENESS, "awareness", "Bevidsthed", "Medvetenhet", "Awareness"),
    _stage(INFORMATION, "information", "Informationsindsamling", "Informationsinsamling", "Information gathering"),
    _stage(CONSIDERATION, "consideration", "Overvejelse", "Övervägande", "Consideration"),
    _stage(DECISION, "decision", "Beslutning", "Beslut", "Decision"),
    _stage(PURCHASE, "purchase", "Købsoplevelsen", "Köpupplevelse", "Purchase experience"),
    _stage(DELIVERY, "delivery", "Levering og onboarding", "Leverans och onboarding", "Delivery and onboarding"),
    _stage(ENGAGEMENT, "engagement", "Brug og engagement", "Användning och engagemang", "Use and engagement"),
    _stage(RETENTION, "retention", "Fastholdelse", "Lojalitet", "Retention"),
    _stage(SATISFACTION, "satisfaction", "Tilfredshed", "Nöjdhet", "Satisfaction"),
    _stage(ADVOCACY, "advocacy", "Advokering", "Ambassadörskap", "Advocacy"),
    _stage(REACTIVATION, "reactivation", "Reaktivering", "Återaktivering", "Reactivation"),
)


def _view_stage(key: str, members: set[int], da: str, sv: str, en: str) -> ViewStage:
    return ViewStage(key, frozenset(members), {"da": da, "sv": sv, "en": en})


VIEWS: dict[str, StageView] = {
    "twelve": StageView(
        "twelve",
        {"en": "Twelve stages", "da": "Tolv faser", "sv": "Tolv faser"},
        tuple(ViewStage(s.key, frozenset({s.number}), s.names) for s in STAGES),
        ordered=False,
    ),
    "five": StageView(
        "five",
        {"en": "Five stages", "da": "Fem faser", "sv": "Fem faser"},
        (
            _view_stage("awareness", {1, 2}, "Bevidsthed", "Medvetenhet", "Awareness"),
            _view_stage("consideration", {3, 4}, "Overvejelse", "Övervägande", "Consideration"),
            _view_stage("purchase", {5, 6}, "Køb", "Köp", "Purchase"),
            _view_stage("retention", {7, 8, 9, 10, 12}, "Fastholdelse", "Lojalitet", "Retention"),
            _view_stage("advocacy", {11}, "Fortalervirksomhed", "Ambassadörskap", "Advocacy"),
        ),
    ),
    "webshop": StageView(
        "webshop",
        {"en": "Webshop", "da": "Webshop", "sv": "Webbutik"},
        (
            _view_stage("attention", {1, 2}, "Opmærksomhed", "Uppmärksamhet", "Attention"),
            _view_stage("consideration", {3, 4}, "Overvejelse", "Övervägande", "Consideration"),
            _view_stage("purchase", {5, 6}, "Køb", "Köp", "Purchase"),
            _view_stage("retention", {7, 8, 10, 12}, "Fastholdelse", "Kundvård", "Retention"),
            _view_stage("loyalty", {9, 11}, "Loyalitet", "Lojalitet", "Loyalty"),
        ),
    ),
    "agency": StageView(
        "agency",
        {"en": "Agency", "da": "Bureau", "sv": "Byrå"},
        (
            _view_stage("awareness", {1, 2}, "Bevidsthed", "Medvetenhet", "Awareness"),
            _view_stage("consideration", {3}, "Overvejelse", "Övervägande", "Consideration"),
            _view_stage("decision", {4, 5}, "Beslutning", "Beslut", "Decision"),
            _view_stage("purchase", {6}, "Køb", "Köp", "Purchase"),
            _view_stage("loyalty", {7, 8, 9, 10, 11, 12}, "Loyalitet", "Lojalitet", "Loyalty"),
        ),
    ),
}


_NUMBER_OF = {stage.key: stage.number for stage in STAGES}


def own_view(key: str, told: Mapping[str, Any]) -> StageView:
    """As a shop's settings hold it: {"names": {locale: …}, "stages": [{"key", "names", "holds": [keys of the twelve]}]}."""
    return StageView(
        key,
        told["names"],
        tuple(ViewStage(s["key"], frozenset(_NUMBER_OF[held] for held in s["holds"]), s["names"]) for s in told["stages"]),
        told.get("ordered", True),
    )
