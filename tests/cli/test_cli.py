"""The command line: what each command does and prints, and what it says when it cannot."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import Engine, func, select, update

from tests.builders import START, add_shop, counters, event, intake_row, look, purchase, work_in
from tests.cli.conftest import Tracker
from tests.outbox.server import mail_server
from tests.worker.intake import waiting
from tracker import __version__, audit, clock, shops, storage, surveys
from tracker import tables as t
from tracker.cli import cli
from tracker.clock import DAY, MINUTE, Instant
from tracker.config import Config
from tracker.http import accounts, admin, second_factor
from tracker.outbox.compose import Letter
from tracker.outbox.enqueue import enqueue
from tracker.pipeline import leases
from tracker.shops import Shop, find_shop
from tracker.storage import writing
from tracker.worker import Worker

PASSWORD = "correct horse battery"


@pytest.fixture
def shop(engine: Engine) -> Shop:
    return add_shop(engine)


def said(result: Result, code: int = 0) -> str:
    """All it printed; a traceback is never an answer."""
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.output


def all_shops(engine: Engine) -> list[Shop]:
    with engine.connect() as db:
        return shops.all_shops(db)


def test_help_and_version() -> None:
    assert "Start front door, worker and admin pages" in said(CliRunner().invoke(cli, ["--help"]))
    assert __version__ in said(CliRunner().invoke(cli, ["--version"]))


@pytest.mark.parametrize("command", ["shop list", "migrate", "doctor", "demo", "work", "run", "rebuild 1", "user add a@b.dk"])
def test_a_wrong_setting_is_said_by_every_command(tracker: Tracker, command: str) -> None:
    result = tracker(*command.split(), typed=f"{PASSWORD}\n" * 2, max_events="many")
    assert "Error: KUNDEREJSE_MAX_EVENTS must be a whole number, not 'many'" in said(result, 1)


# --- shops


def test_a_shop_is_made_and_its_keys_and_tag_are_printed(tracker: Tracker, engine: Engine) -> None:
    words = ["--host", "Shop.Example", "--host", "www.shop.example", "--currency", "sek", "--locale", "sv"]
    printed = said(tracker("shop", "add", "Nordlys", *words, "--zone", "Europe/Stockholm", public_url="https://t.example"))
    [made] = all_shops(engine)
    assert made.hosts == ("shop.example", "www.shop.example")
    assert (made.settings.currency, made.settings.locale, made.settings.zone) == ("SEK", "sv", "Europe/Stockholm")
    assert made.site_key in printed and made.secret in printed
    assert f'<script async src="https://t.example/k.js" data-key="{made.site_key}"></script>' in printed


@pytest.mark.parametrize(
    ("words", "error"),
    [
        (["--zone", "Europe/Nowhere", "--host", "a.dk"], "'Europe/Nowhere' is no time zone; write one like Europe/Copenhagen"),
        (["--zone", "../etc/passwd", "--host", "a.dk"], "'../etc/passwd' is no time zone; write one like Europe/Copenhagen"),
        (["--zone", "Europe", "--host", "a.dk"], "'Europe' is no time zone; write one like Europe/Copenhagen"),
        (["--locale", "fi", "--host", "a.dk"], "'fi' is not one of"),
        ([], "Missing option '--host'"),
    ],
)
def test_a_shop_that_cannot_be_is_refused(tracker: Tracker, engine: Engine, words: list[str], error: str) -> None:
    result = tracker("shop", "add", "Nordlys", *words)
    assert error in said(result, result.exit_code)
    assert result.exit_code != 0
    assert all_shops(engine) == []


def test_shops_are_listed(tracker: Tracker, engine: Engine) -> None:
    assert "No shops yet" in said(tracker("shop", "list"))
    made = [add_shop(engine), add_shop(engine)]
    lines = said(tracker("shop", "list")).splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2"]
    assert all(shop.site_key in line and shop.secret not in line for shop, line in zip(made, lines, strict=True))


def test_a_rotated_key_is_printed_and_the_one_before_stays(tracker: Tracker, engine: Engine, shop: Shop) -> None:
    new = said(tracker("shop", "rotate-key", str(shop.shop_id))).strip()
    [rotated] = all_shops(engine)
    assert rotated.secrets == (new, shop.secret)


@pytest.mark.parametrize(
    "command",
    ["shop rotate-key 7", "rebuild 7", "replay 7", "survey-link 7 --type nps --survey-id a --question b --order c"],
)
def test_a_shop_that_is_not_there_is_said(tracker: Tracker, command: str) -> None:
    assert "there is no shop 7; `tracker shop list` shows them" in said(tracker(*command.split()), 1)


# --- surveys

ASKED = ["--type", "nps", "--survey-id", "efter-levering", "--question", "Vil du anbefale os?"]


def test_a_survey_link_is_printed_and_says_what_was_asked(tracker: Tracker, shop: Shop) -> None:
    more = ["--order", "10042", "--customer", "318", "--item-id", "a", "--item-name", "A", "--stage", "delivery"]
    words = ["survey-link", str(shop.shop_id), *ASKED, *more, "--language", "en"]
    printed = said(tracker(*words, public_url="https://t.example/", survey_path="/svar")).strip()
    assert printed.startswith(f"https://t.example/svar/{shop.site_key}~")
    survey = surveys.read(printed.rsplit("/", 1)[1], shop, clock.now())
    assert (survey.customer_key, survey.language) == ("318", "en")
    assert survey.about == {
        "survey_id": "efter-levering",
        "type": "nps",
        "question": "Vil du anbefale os?",
        "transaction_id": "10042",
        "item_id": "a",
        "item_name": "A",
        "stage": "delivery",
    }


@pytest.mark.parametrize(
    ("words", "error"),
    [
        ([*ASKED], "names nobody: give the order"),
        ([*ASKED, "--customer", "freja@example.com"], "customer_key looks like an e-mail address"),
        ([*ASKED, "--order", "1", "--stage", "five"], "'five' is not one of"),
        ([*ASKED, "--order", "x" * 200], "transaction_id is longer than 128 characters"),
    ],
)
def test_a_survey_that_cannot_be_asked_is_refused(tracker: Tracker, shop: Shop, words: list[str], error: str) -> None:
    result = tracker("survey-link", str(shop.shop_id), *words)
    assert error in said(result, result.exit_code)
    assert result.exit_code != 0


# --- what advertising cost


def test_spend_is_read_from_a_file_and_wrong_lines_are_said(
    tracker: Tracker, engine: Engine, shop: Shop, tmp_path: Path
) -> None:
    file = tmp_path / "google.csv"
    file.write_text("Day,Campaign,Cost\n2026-09-01,brand,10.50\n2026-09-02,brand,much\nTotal: Account,,10.50\n")
    printed = said(tracker("spend", str(file), "--shop", str(shop.shop_id), "--source", "google"), 1)
    assert "line 3 refused: much is no amount" in printed
    assert "1 rows kept: 10.50 DKK; 1 of 3 lines refused." in printed
    assert "1 lines name no day and were left out" in printed
    file.write_text('{"rows": [{"day": "2026-09-01", "amount": 7}]}')
    rows = ["--channel", "paid_search", "--campaign", "brand", "--currency", "EUR"]
    said(tracker("spend", str(file.rename(tmp_path / "rows.json")), "--shop", str(shop.shop_id), *rows))
    with engine.connect() as db:
        found = db.execute(select(t.ad_spend.c.source, t.ad_spend.c.currency, t.ad_spend.c.amount_minor)).all()
    assert sorted(map(tuple, found)) == [("", "EUR", 700), ("google", "DKK", 1_050)]


def test_spend_that_cannot_be_read_is_said(tracker: Tracker, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "spend.csv"
    file.write_text("Day,Cost\n2026-09-01,1\n")
    assert "say which channel or source the file belongs to" in said(tracker("spend", str(file), "--shop", "1"), 1)
    assert "there is no shop 7" in said(tracker("spend", str(file), "--shop", "7"), 1)
    assert "No such file" in said(tracker("spend", "nowhere.csv", "--shop", "1"), 2)


# --- accounts


def test_an_account_can_log_in_afterwards(tracker: Tracker, engine: Engine, shop: Shop) -> None:
    other = add_shop(engine)
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    assert "Anna@shop.example can log in." in said(tracker("user", "add", "Anna@shop.example", typed=typed))
    words = ["--shop", str(other.shop_id), "--role", "analyst", "--name", "Bo"]
    said(tracker("user", "add", "bo@shop.example", *words, typed=typed))
    with engine.connect() as db:
        anna = accounts.check_login(db, "anna@shop.example", PASSWORD)
        bo = accounts.check_login(db, "bo@shop.example", PASSWORD)
    assert anna is not None and anna.roles == {shop.shop_id: "owner", other.shop_id: "owner"} and anna.name == "Anna"
    assert bo is not None and bo.roles == {other.shop_id: "analyst"} and bo.name == "Bo"
    assert PASSWORD not in said(tracker("shop", "list"))


@pytest.mark.parametrize(
    ("words", "password", "error"),
    [
        (["a@b.dk"], "short", "at least ten characters"),
        (["nobody"], PASSWORD, "no e-mail address"),
        (["a@b.dk", "--shop", "7"], PASSWORD, "there is no shop [7]; `tracker shop list` shows them"),
        (["a@b.dk", "--role", "king"], PASSWORD, "'king' is not one of"),
    ],
)
def test_an_account_that_cannot_be_is_refused(
    tracker: Tracker, engine: Engine, shop: Shop, words: list[str], password: str, error: str
) -> None:
    result = tracker("user", "add", *words, typed=f"{password}\n{password}\n")
    assert error in said(result, result.exit_code)
    assert result.exit_code != 0
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(t.users)).scalar_one() == 0


def test_an_account_needs_a_shop_and_its_own_address(tracker: Tracker, engine: Engine) -> None:
    typed = f"{PASSWORD}\n{PASSWORD}\n"
    assert "there is no shop" in said(tracker("user", "add", "a@b.dk", typed=typed), 1)
    add_shop(engine)
    said(tracker("user", "add", "a@b.dk", typed=typed))
    assert "somebody has this e-mail address already" in said(tracker("user", "add", "A@b.dk", typed=typed), 1)


# --- tables


def test_migrate_makes_the_tables_of_an_empty_folder(tracker: Tracker, tmp_path: Path) -> None:
    address = f"sqlite:///{tmp_path}/new/k.db"
    for _ in range(2):
        assert "The tables are up to date." in said(tracker("migrate", database_url=address))
    engine = storage.open_engine(Config(database_url=address))
    assert storage.current_revision(engine) == storage.head_revision()
    engine.dispose()
    assert "No shops yet" in said(tracker("shop", "list", database_url=address))


def test_before_migrate_commands_say_what_to_do(tracker: Tracker, tmp_path: Path) -> None:
    printed = said(tracker("shop", "list", database_url=f"sqlite:///{tmp_path}/empty.db"), 1)
    assert "tracker migrate" in printed


def test_a_database_that_does_not_answer_is_said(tracker: Tracker, tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    for command in ("shop list", "migrate", "demo"):
        printed = said(tracker(*command.split(), database_url=f"sqlite:///{tmp_path}/folder"), 1)
        assert "unable to open database file" in printed and "tracker doctor" in printed


def test_a_database_of_a_newer_release_is_left_alone(tracker: Tracker, engine: Engine) -> None:
    with writing(engine) as db:
        db.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    assert "a newer release has been at work here" in said(tracker("migrate"), 1)


# --- demo


def test_demo_fills_an_empty_shop_once(tracker: Tracker, engine: Engine, config: Config, shop: Shop) -> None:
    assert "The shop has journeys to look at." in said(tracker("demo", "--days", "1"))
    with engine.connect() as db:
        names = counters(db, shop)
        kept = db.execute(select(func.count()).select_from(t.events)).scalar_one()
        spent = db.execute(select(func.sum(t.ad_spend.c.amount_minor)).where(t.ad_spend.c.shop_id == shop.shop_id)).scalar_one()
        assert "SEK" in shops.all_shops(db)[0].settings.rates
    assert names["journeys"] > 10 and kept > names["journeys"] and spent > 0
    assert waiting(config, engine) == 0
    said(tracker("demo", "--days", "1"))
    with engine.connect() as db:
        assert db.execute(select(func.count()).select_from(t.events)).scalar_one() == kept


def test_demo_without_a_shop_says_how_to_make_one(tracker: Tracker) -> None:
    assert "there is no shop yet: `tracker shop add NAME --host HOST`" in said(tracker("demo"), 1)


# --- folding again


@pytest.mark.parametrize("command", ["rebuild", "replay"])
def test_folding_again_leaves_right_totals_and_mends_wrong_states(
    tracker: Tracker, engine: Engine, shop: Shop, command: str
) -> None:
    looks = [look("dress", START + i * MINUTE, visitor_key=f"v{i}") for i in range(5)]
    work_in(engine, shop, intake_row(shop, *looks, purchase(START + DAY, visitor_key="v1")))
    with engine.connect() as db:
        before = counters(db, shop)
    with writing(engine) as db:
        db.execute(update(t.subjects).values(set_aside="ValueError: a fault mended since"))
    assert "5 subjects folded again." in said(tracker(command, str(shop.shop_id)))
    with engine.connect() as db:
        after = counters(db, shop)
        assert db.execute(select(func.count()).where(t.subjects.c.set_aside.is_not(None))).scalar_one() == 0
        assert db.execute(select(t.leases.c.token).where(t.leases.c.shop_id == shop.shop_id)).scalar_one() is None
    started = {name: before[name] for name in ("journeys", "ordered", "net")}
    assert {name: after[name] for name in started} == started


def test_more_subjects_than_one_transaction_takes(tracker: Tracker, engine: Engine, shop: Shop) -> None:
    rows = [event(at=START + i, visitor_key=f"v{i}") for i in range(205)]
    work_in(engine, shop, intake_row(shop, *rows))
    assert "205 subjects folded again." in said(tracker("rebuild", str(shop.shop_id)))
    with engine.connect() as db:
        assert counters(db, shop)["journeys"] == 205


def test_a_shop_that_another_process_holds_is_waited_for_and_then_said(tracker: Tracker, engine: Engine, shop: Shop) -> None:
    with writing(engine) as db:
        leases.hold(db, shop.shop_id, "worker", START, 10**15)
    printed = said(tracker("rebuild", str(shop.shop_id), lease_seconds="0"), 1)
    assert f"another process holds shop {shop.shop_id} and does not let go; is a worker running?" in printed


# --- doctor


def test_doctor_lists_what_is_fine_and_what_to_do(tracker: Tracker, shop: Shop) -> None:
    printed = said(tracker("doctor", public_url="http://127.0.0.1:9"), 1)
    assert re.search(r"^ok   The tables fit this release\.$", printed, re.MULTILINE)
    assert "FIX  0 account(s).\n     Make one: `tracker user add EMAIL`." in printed


def test_a_rebuild_uses_the_shops_settings_of_today(tracker: Tracker, engine: Engine, shop: Shop) -> None:
    work_in(engine, shop, intake_row(shop, purchase(START, visitor_key="v1", status="pending")))
    with engine.connect() as db:
        assert "ordered" not in counters(db, shop)
    settings = replace(shop.settings, counted_states=("pending",)).dump()
    with writing(engine) as db:
        db.execute(update(t.shops).values(settings=settings))
    said(tracker("rebuild", str(shop.shop_id)))
    with engine.connect() as db:
        assert counters(db, shop)["ordered"] == 1
        assert find_shop(db, shop.shop_id) is not None


# --- the shop's own list of orders


def test_the_shops_own_list_is_read_and_filled_in_by_a_worker(
    tracker: Tracker, shop: Shop, engine: Engine, config: Config, tmp_path: Path
) -> None:
    file = tmp_path / "orders.csv"
    lines = ["name;date;status;total;tax;colour", "1;2026-09-10 12:00;paid;125,00;25,00;red", "2;10/09/2026;paid;1.234;0;"]
    file.write_text("\n".join(lines), encoding="utf-8")
    printed = said(tracker("order-list", str(file), "--shop", str(shop.shop_id), "--fill"), 1)
    assert "CSV, separated by semicolon: 2 lines read, 1 orders listed, 1 lines refused" in printed
    assert "line 3" in printed
    assert "Not used: colour" in printed
    worker = Worker(engine, config)
    while worker.step(clock.now()):
        pass
    worker.close()
    with engine.connect() as db:
        orders = db.execute(select(t.orders.c.order_key, t.orders.c.total_minor)).all()
        assert [tuple(row) for row in orders] == [("1", 12_500)]
        assert db.execute(select(t.tasks.c.error).where(t.tasks.c.kind == "fill_orders")).all() == [(None,)]


def test_a_list_that_is_none_is_said(tracker: Tracker, shop: Shop, tmp_path: Path) -> None:
    file = tmp_path / "orders.csv"
    file.write_text("colour\nred\n", encoding="utf-8")
    assert "A column is missing" in said(tracker("order-list", str(file), "--shop", str(shop.shop_id)), 1)
    assert "there is no shop 7" in said(tracker("order-list", str(file), "--shop", "7"), 1)


# --- accounts and mail


def add_account(tracker: Tracker, email: str = "ida@shop.example") -> None:
    said(tracker("user", "add", email, typed=f"{PASSWORD}\n" * 2))


def test_a_forgotten_password_can_be_set_by_a_printed_link(
    tracker: Tracker, engine: Engine, shop: Shop, config: Config
) -> None:
    add_account(tracker)
    link = said(tracker("user", "password-link", "IDA@shop.example", public_url="https://k.example/")).strip()
    assert link.startswith("https://k.example/password/new/")
    app = Flask("tracker")
    admin.register(app, engine, config)
    assert app.test_client().get(link.removeprefix("https://k.example")).status_code == 200
    with engine.connect() as db:
        assert [(entry.kind, entry.who) for entry in audit.read(db, shop.shop_id)] == [("password_asked", "command line")]


def test_nobody_has_no_password_link(tracker: Tracker, shop: Shop) -> None:
    assert "nobody has the address" in said(tracker("user", "password-link", "nobody@shop.example"), 1)
    assert "nobody has the address" in said(tracker("user", "two-factor-off", "nobody@shop.example"), 1)


def test_who_lost_the_phone_is_let_in_again(tracker: Tracker, engine: Engine, shop: Shop) -> None:
    add_account(tracker)
    with writing(engine) as db:
        second_factor.turn_on(db, 1, second_factor.new_secret(), 1, "key")
    said(tracker("user", "two-factor-off", "ida@shop.example"))
    with engine.connect() as db:
        found = accounts.find_by_email(db, "ida@shop.example")
    assert found is not None
    assert not found.has_second_factor


def test_a_trial_mail_says_what_the_server_answered(tracker: Tracker) -> None:
    with mail_server() as (box, url):
        mailing = {"smtp_url": url, "mail_from": "Kunderejse <journeys@shop.example>"}
        assert "has taken it" in said(tracker("mail", "test", "ida@shop.example", **mailing))
        assert box.mails[0]["Subject"] == "Mail works"
        box.answers = ["550 no such person"]
        assert "550 no such person" in said(tracker("mail", "test", "ida@shop.example", **mailing), 1)
        assert "is no e-mail address" in said(tracker("mail", "test", "nobody", **mailing), 1)
        assert "MAIL_FROM" in said(tracker("mail", "test", "ida@shop.example", smtp_url=url), 1)
    assert "mail is off" in said(tracker("mail", "test", "ida@shop.example"), 1)


def test_mails_that_wait_are_listed(tracker: Tracker, engine: Engine, now: Instant) -> None:
    assert said(tracker("mail", "list")) == "No mail waits.\n"
    with writing(engine) as db:
        enqueue(db, 0, "trial", "ida@shop.example", Letter("s", "t", "h"), "cause", now)
    assert "ida@shop.example  trial  attempts 0, waits until 2026-09-16" in said(tracker("mail", "list"))
