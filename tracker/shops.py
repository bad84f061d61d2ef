"""A shop: its keys, hosts and settings.  What an owner may decide is in tracker/shop_settings.py."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from sqlalchemy import Connection, Row, func, insert, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.events.types import Consent
from tracker.journey.contribution import VERSION
from tracker.shop_settings import ShopSettings

__all__ = ["Building", "Shop", "ShopSettings", "add_shop", "all_shops", "find_shop", "rotate_secret", "write_shop"]


@dataclass(frozen=True)
class Building:
    """A generation of counters that is being built beside the one that reports read."""

    generation: int
    settings: ShopSettings  # in force once it is complete
    after: int = 0  # the last subject done
    done: int = 0  # how many
    total: int = 0
    began_at: Instant = 0

    def dump(self) -> dict[str, Any]:
        return {**asdict(self), "settings": self.settings.dump()}


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
    version: int = 0  # rises with each change of settings, generation and build
    generation: int = 1  # of the counters that reports read
    counted_by: int = VERSION  # the version of contribution.py that made them
    building: Building | None = None

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
        version=row.version,
        generation=row.generation,
        counted_by=row.counted_by,
        building=_building(row.building) if row.building else None,
    )


def _building(stored: Mapping[str, Any]) -> Building:
    return Building(**{**stored, "settings": ShopSettings.load(stored["settings"])})


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
        "counted_by": VERSION,
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


def write_shop(db: Connection, shop: Shop, **values: Any) -> Shop:
    """Change columns of the shop's row, and make everybody who knows the old one look again; answers the shop as it is then."""
    version = shop.version + 1
    db.execute(update(t.shops).where(t.shops.c.shop_id == shop.shop_id).values(version=version, **values))
    db.execute(update(t.leases).where(t.leases.c.shop_id == shop.shop_id).values(version=version))
    found = find_shop(db, shop.shop_id)
    assert found is not None
    return found
