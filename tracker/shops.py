"""A shop: its keys, hosts and settings.  What an owner may decide is in tracker/shop_settings.py."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import Connection, Row, insert, select, update

from tracker import tables as t
from tracker.clock import Instant
from tracker.errors import Mistake
from tracker.events.types import Consent
from tracker.journey.contribution import VERSION
from tracker.shop_settings import ShopSettings
from tracker.storage import next_number
from tracker.texts import N_

__all__ = [
    "BadShop", "Building", "Shop", "ShopSettings", "add_shop", "all_shops", "clean_hosts", "clean_name", "end_old_secret",
    "find_shop", "rotate_secret", "rotated_at", "write_shop",
]  # fmt: skip

_HOST = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")


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
    shop_id = next_number(db, t.shops.c.shop_id)
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


class BadShop(Mistake):
    """The shop cannot be like that."""


def clean_name(text: str) -> str:
    """Raises BadShop."""
    name = " ".join(text.split())
    if not 0 < len(name) <= 100:
        raise BadShop(N_("give the shop a name of at most 100 characters"))
    return name


def clean_hosts(texts: Iterable[str]) -> tuple[str, ...]:
    """Host names in lower case, of what may be whole addresses.  Raises BadShop."""
    hosts = []
    for text in texts:
        try:
            host = urlsplit(text if "//" in text else f"//{text}").hostname or ""
        except ValueError:
            host = ""
        if not _HOST.fullmatch(host):
            raise BadShop(N_("write host names such as www.example.com, one a line"))
        hosts.append(host)
    if not hosts:
        raise BadShop(N_("name at least one host: without it any page may send events in the shop's name"))
    return tuple(dict.fromkeys(hosts))


def rotated_at(db: Connection, shop_id: int) -> Instant | None:
    found: Instant | None = db.execute(select(t.shops.c.rotated_at).where(t.shops.c.shop_id == shop_id)).scalar()
    return found


def end_old_secret(db: Connection, shop_id: int) -> None:
    """What is signed with the secret before the present one is refused from now on."""
    db.execute(update(t.shops).where(t.shops.c.shop_id == shop_id).values(previous_secret=None))


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
