"""What the door knows by heart, with the database there and away."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from sqlalchemy import Engine, create_engine, insert, select, update

from tracker import storage
from tracker import tables as t
from tracker.clock import DAY, HOUR, Instant
from tracker.collect.directory import Directory
from tracker.errors import Unavailable
from tracker.shops import Shop, ShopSettings, add_shop

AWAY = "postgresql+psycopg://nobody@127.0.0.1:1/none"


@pytest.fixture
def shop(engine: Engine, now: Instant) -> Shop:
    with storage.writing(engine) as db:
        return add_shop(db, "Kjoler", ("shop.dk",), now, ShopSettings(zone="Europe/Stockholm", page_kinds={"/hjælp": "faq"}))


def salts(engine: Engine) -> dict[int, str]:
    with storage.reading(engine) as db:
        return {row.day_on: row.salt for row in db.execute(select(t.salts))}


def test_knows_the_shops_of_the_database(tmp_path: Path, engine: Engine, shop: Shop, now: Instant) -> None:
    directory = Directory(tmp_path / "directory.json", engine)
    with pytest.raises(Unavailable):
        directory.shop(shop.site_key)
    directory.refresh(now)
    assert directory.shop(shop.site_key) == shop
    assert directory.shop("pk_other") is None


def test_sees_new_shops_and_changed_secrets(tmp_path: Path, engine: Engine, shop: Shop, now: Instant) -> None:
    directory = Directory(tmp_path / "directory.json", engine)
    directory.refresh(now)
    with storage.writing(engine) as db:
        db.execute(update(t.shops).where(t.shops.c.shop_id == shop.shop_id).values(previous_secret=shop.secret, secret="new"))
        new = add_shop(db, "Sko", (), now)
    directory.refresh(now)
    known = directory.shop(shop.site_key)
    assert known is not None
    assert known.secrets == ("new", shop.secret)
    assert directory.shop(new.site_key) == new


def test_the_snapshot_stands_in_for_a_database_that_is_away(tmp_path: Path, engine: Engine, shop: Shop, now: Instant) -> None:
    path = tmp_path / "directory.json"
    before = Directory(path, engine)
    before.refresh(now)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600

    after = Directory(path, create_engine(AWAY))
    assert after.is_known
    after.refresh(now)  # away: nothing is forgotten
    assert after.shop(shop.site_key) == shop
    assert after.salt(now) == before.salt(now)
    assert Directory(path, None).shop(shop.site_key) == shop


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"version":99}', b'{"version":1,"shops":[{}],"salts":{}}', b"\xff"])
def test_a_broken_snapshot_is_as_none(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "directory.json"
    path.write_bytes(content)
    assert not Directory(path, None).is_known


def test_a_snapshot_that_cannot_be_written_stops_nothing(tmp_path: Path, engine: Engine, shop: Shop, now: Instant) -> None:
    (tmp_path / "file").touch()
    directory = Directory(tmp_path / "file" / "directory.json", engine)
    directory.refresh(now)
    assert directory.shop(shop.site_key) == shop


def test_all_processes_use_one_salt_a_day(tmp_path: Path, engine: Engine, now: Instant) -> None:
    one, other = Directory(tmp_path / "1", engine), Directory(tmp_path / "2", engine)
    one.refresh(now)
    other.refresh(now)
    assert one.salt(now) == other.salt(now)
    assert len(one.salt(now)) == 32


def test_tomorrows_salt_is_there_before_midnight_and_todays_gone_after_it(tmp_path: Path, engine: Engine, now: Instant) -> None:
    directory = Directory(tmp_path / "directory.json", engine)
    midnight = now - now % DAY + DAY
    directory.refresh(midnight - 7 * HOUR)
    assert len(salts(engine)) == 1
    directory.refresh(midnight - 5 * HOUR)
    today, tomorrow = sorted(salts(engine))
    old = directory.salt(midnight - 1)
    new = directory.salt(midnight)
    assert old != new
    directory.refresh(midnight)
    assert sorted(salts(engine)) == [tomorrow]
    assert directory.salt(midnight) == new
    assert old.hex() not in (tmp_path / "directory.json").read_text()
    assert str(today) not in (tmp_path / "directory.json").read_text()


def test_old_salts_go_from_the_snapshot_also_while_the_database_is_away(tmp_path: Path, engine: Engine, now: Instant) -> None:
    path = tmp_path / "directory.json"
    Directory(path, engine).refresh(now)
    away = Directory(path, create_engine(AWAY))
    old = away.salt(now)
    assert away.salt(now + 3 * DAY) != old  # made on its own
    away.refresh(now + 3 * DAY)
    assert old.hex() not in path.read_text()


def test_a_salt_that_another_process_made_in_between_is_taken(tmp_path: Path, engine: Engine, now: Instant) -> None:
    directory = Directory(tmp_path / "directory.json", engine)
    own = directory.salt(now)
    with storage.writing(engine) as db:
        db.execute(insert(t.salts), {"day_on": 20260916, "salt": "ab" * 32})
    directory.refresh(now)
    assert directory.salt(now) == bytes.fromhex("ab" * 32) != own
