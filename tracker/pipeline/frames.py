"""By whose settings a subject is folded and counted.

While a generation of counters is built beside the one that reports read, subjects that are done already live by the new
settings and the others by the old: `frames.of(generation)` answers which.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property, lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from tracker.clock import DAY, MINUTE, Instant, from_datetime
from tracker.journey.contribution import Basis
from tracker.journey.state import Rate, Terms
from tracker.shop_settings import ShopSettings
from tracker.shops import Shop
from tracker.stages import STAGES
from tracker.stages.tagging import OwnRule, Version


def terms_of(settings: ShopSettings) -> Terms:
    """The shop's settings as the core needs them."""
    return Terms(
        idle=settings.idle_minutes * MINUTE,
        window=settings.journey_window_days * DAY,
        lapse=settings.lapse_days * DAY,
        cart_expiry=settings.cart_expiry_days * DAY,
        counted_states=frozenset(settings.counted_states),
        revenue=frozenset(settings.revenue_includes),
        currency=settings.currency,
        rates={currency: tuple(_rate(rate, settings.tz) for rate in table) for currency, table in settings.rates.items()},
        versions=tuple(_version(version) for version in settings.stage_versions),
    )


def _rate(told: list[str], zone: ZoneInfo) -> Rate:
    return Rate(midnight(told[0], zone), Decimal(told[1]))


@lru_cache(maxsize=4_096)
def midnight(day: str, zone: ZoneInfo) -> Instant:
    from datetime import datetime

    return from_datetime(datetime.fromisoformat(day).replace(tzinfo=zone))


_NUMBERS = {stage.key: stage.number for stage in STAGES}


def _version(told: Any) -> Version:
    return Version(told["since_at"], tuple(own_rule(rule) for rule in told["own"]), told["table"])


def own_rule(told: Any) -> OwnRule:
    return OwnRule(**{**told, "stage": _NUMBERS[told["stage"]]})


@dataclass(frozen=True)
class Frame:
    """One set of settings at work."""

    shop: Shop
    settings: ShopSettings
    generation: int

    @cached_property
    def terms(self) -> Terms:
        return terms_of(self.settings)

    @cached_property
    def basis(self) -> Basis:
        return Basis(self.settings.tz, self.settings.currency)

    @property
    def counts_into(self) -> tuple[int, ...]:
        """The generations to which a change of a subject of this frame is added: that which reports read, and its own.

        What a subject already done adds to the old one is counted by the new settings: a figure that is off by that for as
        long as the build lasts, in a generation that then is thrown away.
        """
        return (self.shop.generation,) if self.generation == self.shop.generation else (self.shop.generation, self.generation)


@dataclass(frozen=True)
class Frames:
    """The shop's settings in force, and those being built."""

    current: Frame
    next: Frame | None

    def of(self, generation: int) -> Frame:
        return self.next if self.next is not None and self.next.generation == generation else self.current

    @property
    def newest(self) -> Frame:
        """That of a subject which begins now."""
        return self.next or self.current


def frames_of(shop: Shop) -> Frames:
    current = Frame(shop, shop.settings, shop.generation)
    if shop.building is None:
        return Frames(current, None)
    return Frames(current, Frame(shop, shop.building.settings, shop.building.generation))
