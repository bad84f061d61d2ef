"""Every finding of the doctor, as it is when all is well and when it is not."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from werkzeug.serving import make_server

from tests.builders import START, add_shop, intake_row, look, work_in
from tests.collect.serving import build, opened
from tests.worker.intake import accept, away
from tracker import doctor, shops
from tracker import tables as t
from tracker.clock import DAY, MINUTE
from tracker.config import Config
from tracker.doctor import Finding, examine
from tracker.http import accounts
from tracker.pipeline import leases
from tracker.storage import writing

NOW = START + 10 * MINUTE


@pytest.fixture
def config(config: Config) -> Config:
    """Nobody serves at the discard port."""
    return replace(config, public_url="http://127.0.0.1:9")


def about(config: Config, words: str, now: int = NOW) -> Finding:
    """The one finding that speaks of it."""
    found = [finding for finding in examine(config, now) if words in finding.text]
    assert len(found) == 1, [finding.text for finding in examine(config, now)]
    return found[0]


@contextmanager
def served(config: Config) -> Iterator[Config]:
    with opened(config) as door:
        server = make_server("127.0.0.1", 0, build(config, door), threaded=True)
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield replace(config, public_url=f"http://127.0.0.1:{server.server_port}")
        finally:
            server.shutdown()
            thread.join()


def test_an_installation_that_works_has_nothing_to_mend(config: Config, engine: Engine) -> None:
    shop = add_shop(engine)
    with writing(engine) as db:
        accounts.add_user(db, "a@b.dk", "A", "correct horse battery", "owner", [shop.shop_id], NOW)
    work_in(engine, shop, intake_row(shop, look("dress", NOW - 5 * MINUTE)), now=NOW)
    with served(config) as running:
        findings = examine(running, NOW)
    assert [finding for finding in findings if not finding.ok] == []
    assert [finding.advice for finding in findings if finding.advice] == []
    assert "Nordlys: the last event came 5 minutes ago." in [finding.text for finding in findings]


def test_a_folder_that_is_none(config: Config, engine: Engine, tmp_path: Path) -> None:
    finding = about(replace(config, data_dir=str(tmp_path / "nowhere")), "cannot be written")
    assert not finding.ok and "KUNDEREJSE_DATA_DIR" in finding.advice
    assert str(tmp_path / "nowhere") in finding.text


def test_a_disk_that_is_nearly_full(config: Config, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "FREE_BYTES", 2**62)
    finding = about(config, "MB are free")
    assert not finding.ok and "make room" in finding.advice


def test_tables_that_were_never_made_or_are_of_another_release(config: Config, engine: Engine, tmp_path: Path) -> None:
    empty = examine(replace(config, database_url=f"sqlite:///{tmp_path}/empty.db"), NOW)
    [wrong] = [finding for finding in empty if not finding.ok]  # one cause, one finding
    assert wrong.text.startswith("The tables are at nothing, this release needs")
    assert wrong.advice == "Run `tracker migrate`."
    with writing(engine) as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '0000'")
    finding = about(config, "The tables are at 0000, this release needs")
    assert not finding.ok


def test_a_database_that_is_away(config: Config, engine: Engine) -> None:
    engine.dispose()
    with away(config):
        finding = about(config, "The database does not answer")
    assert not finding.ok and "KUNDEREJSE_DATABASE_URL" in finding.advice


def test_without_shops_and_accounts_it_says_how_to_make_them(config: Config, engine: Engine) -> None:
    assert about(config, "shop(s)").advice == "Make one: `tracker shop add NAME --host HOST`."
    assert about(config, "account(s)").advice == "Make one: `tracker user add EMAIL`."
    add_shop(engine)
    assert about(config, "1 shop(s).").ok


def test_a_shop_that_names_no_hosts(config: Config, engine: Engine) -> None:
    with writing(engine) as db:
        shops.add_shop(db, "Anywhere", (), NOW)
    assert not about(config, "Shop Anywhere names no hosts").ok


def test_requests_that_wait_while_no_worker_runs(config: Config, engine: Engine) -> None:
    shop = add_shop(engine)
    assert about(config, "0 accepted requests wait").ok
    accept(config, *([intake_row(shop, look("dress"))] * 3))
    with writing(engine) as db:
        row = {"shop_id": shop.shop_id, "file": "f", "body": b"{}"}
        db.execute(t.intake.insert(), [row | {"row": number} for number in range(997)])
    finding = about(config, "1000 accepted requests wait for a worker.")
    assert not finding.ok and finding.advice == "Start one: `tracker work`."
    with writing(engine) as db:
        leases.hold(db, shop.shop_id, "worker", NOW - MINUTE, NOW)
    assert about(config, "1000 accepted requests wait for a worker.").ok  # one works at it


def test_a_shop_whose_events_have_stopped(config: Config, engine: Engine) -> None:
    shop = add_shop(engine)
    assert "Put the tag on the shop's pages" in about(config, "Nordlys: no event yet.").advice
    work_in(engine, shop, intake_row(shop, look("dress")), now=NOW)
    assert about(config, "Nordlys: the last event came", START + DAY - 1).ok
    finding = about(config, "Nordlys: the last event came 1440 minutes ago.", START + DAY)
    assert not finding.ok and "Data health" in finding.advice


def test_subjects_that_are_set_aside(config: Config, engine: Engine) -> None:
    shop = add_shop(engine)
    work_in(engine, shop, intake_row(shop, look("dress")), now=NOW)
    with writing(engine) as db:
        db.execute(update(t.subjects).values(set_aside="ValueError: ours"))
    finding = about(config, "Nordlys: 1 subject(s) are set aside")
    assert not finding.ok and f"`tracker replay {shop.shop_id}`" in finding.advice


def test_a_door_that_does_not_answer_or_is_somebody_elses(config: Config, engine: Engine) -> None:
    assert not about(config, "http://127.0.0.1:9/k.js does not answer").ok
    with served(config) as running:
        assert about(running, f"The snippet is served at {running.public_url}/k.js.").ok
        elsewhere = replace(running, script_path="/other.js")
        assert not about(elsewhere, "/other.js does not answer: HTTP Error 404").ok
