"""A shop: its keys, hosts and settings, and the directory by which the front door knows them.

To add a setting of a shop: one field of ShopSettings.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, Row, func, insert, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.events.types import Consent


@dataclass(frozen=True)
class ShopSettings:
    """What a shop's owner decides.  Days in the shop's zone, money reports in its currency."""

    zone: str = "Europe/Copenhagen"
    currency: str = "DKK"
    locale: str = "da"
    stage_view: str = "twelve"
    idle_minutes: int = 30  # a session's longest gap; exactly this long continues
    journey_window_days: int = 30  # without an own act for longer, a journey lapses
    lapse_days: int = 180  # a customer silent for longer who comes back is reactivated
    counted_states: tuple[str, ...] = ("paid", "placed_cod", "completed", "processing")  # order states that count
    consent_unknown: str = "anonymous"  # the level of a browser that no consent platform speaks for
    page_kinds: Mapping[str, str] = field(default_factory=dict)  # path prefix -> PageKind, before the guesses

    @property
    def tz(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @classmethod
    def load(cls, stored: Mapping[str, Any]) -> ShopSettings:
        """From the shop's row; fields that this release does not know are left alone there."""
        known = {f.name for f in fields(cls)}
        values = {name: value for name, value in stored.items() if name in known}
        if "counted_states" in values:
            values["counted_states"] = tuple(values["counted_states"])
        return cls(**values)

    def dump(self) -> dict[str, Any]:
        """For the shop's row."""
        return {**asdict(self), "counted_states": list(self.counted_states)}


@dataclass(frozen=True)
class Shop:
    """One webshop, the tenant."""

    shop_id: int
    name: str
    site_key: str
    secret: str
    previous_secret: str | None
    hosts: tuple[str, ...]
    settings: ShopSettings

    @property
    def secrets(self) -> tuple[str, ...]:
        """The secrets that sign for this shop now: two during a rotation."""
        return (self.secret, self.previous_secret) if self.previous_secret else (self.secret,)

    @property
    def consent_unknown(self) -> Consent:
        return Consent[self.settings.consent_unknown.upper()]


def _shop(row: Row[Any]) -> Shop:
    return Shop(
        shop_id=row.shop_id,
        name=row.name,
        site_key=row.site_key,
        secret=row.secret,
        previous_secret=row.previous_secret,
        hosts=tuple(row.hosts),
        settings=ShopSettings.load(row.settings),
    )


def all_shops(db: Connection) -> list[Shop]:
    """Every shop, by id."""
    return [_shop(row) for row in db.execute(select(t.shops).order_by(t.shops.c.shop_id))]


def find_shop(db: Connection, shop_id: int) -> Shop | None:
    row = db.execute(select(t.shops).where(t.shops.c.shop_id == shop_id)).first()
    return _shop(row) if row else None


def add_shop(db: Connection, name: str, hosts: tuple[str, ...], now: Instant, settings: ShopSettings | None = None) -> Shop:
    """A new shop with fresh keys, and its lease row."""
    shop_id = (db.execute(select(func.max(t.shops.c.shop_id))).scalar() or 0) + 1
    row = {
        "shop_id": shop_id,
        "name": name,
        "site_key": "pk_" + secrets.token_urlsafe(12),
        "secret": "sk_" + secrets.token_urlsafe(32),
        "hosts": list(hosts),
        "settings": (settings or ShopSettings()).dump(),
        "created_at": now,
    }
    db.execute(insert(t.shops), row)
    db.execute(insert(t.leases), {"shop_id": shop_id, "held_until_at": 0, "next_id": 1})
    found = find_shop(db, shop_id)
    assert found is not None
    return found


def rotate_secret(db: Connection, shop_id: int, now: Instant) -> str:
    """A new secret; the one before stays valid until the next rotation, so that no event is refused meanwhile."""
    new = "sk_" + secrets.token_urlsafe(32)
    db.execute(
        update(t.shops).where(t.shops.c.shop_id == shop_id).values(previous_secret=t.shops.c.secret, secret=new, rotated_at=now)
    )
    return new
