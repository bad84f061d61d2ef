"""The command line: `tracker --help`."""

from __future__ import annotations

import logging
import secrets
import signal
import socket
import sys
import threading
from dataclasses import replace
from io import BytesIO
from pathlib import Path
from typing import BinaryIO
from urllib.parse import urlsplit

import click
from sqlalchemy import Connection, Engine, func, select
from sqlalchemy.exc import OperationalError, ProgrammingError

from tracker import __version__, audit, clock, money, shops, spend, surveys
from tracker import tables as t
from tracker.config import Config, ConfigError, from_env
from tracker.demo import history
from tracker.demo.past import books
from tracker.doctor import examine
from tracker.errors import TrackerError
from tracker.http import accounts, password, second_factor
from tracker.imports.command import imports, order_list
from tracker.imports.order_list import read
from tracker.order_list import kept
from tracker.outbox.message import BadAddress, build_trial
from tracker.outbox.smtp import DeliveryError, mail_server
from tracker.outbox.smtp import send as send_mail
from tracker.pipeline import leases
from tracker.pipeline.leases import LeaseLost
from tracker.pipeline.process import Hold
from tracker.pipeline.rebuild import build_slice, start_building, with_todays_rules
from tracker.run import serve
from tracker.shops import Shop, ShopSettings
from tracker.stages import STAGES
from tracker.storage import migrate as migrate_tables
from tracker.storage import open_engine, writing
from tracker.worker import Worker

DEMO_EMAIL = "owner@example.com"


class Commands(click.Group):
    """What fails for a reason that the one who typed can mend is said in a sentence, without a traceback."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except (TrackerError, ConfigError) as error:
            raise click.ClickException(str(error)) from error
        except (OperationalError, ProgrammingError) as error:
            text = f"the database refuses: {str(error.orig).splitlines()[0]}"
            raise click.ClickException(f"{text}\n`tracker migrate` makes the tables, `tracker doctor` looks closer.") from error


@click.group(cls=Commands)
@click.version_option(__version__)
def cli() -> None:
    """Kunderejse: customer-journey tracking for webshops."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")


cli.add_command(imports)
cli.add_command(order_list)


def _config() -> Config:
    return from_env()


def _engine(config: Config) -> Engine:
    return open_engine(config)


def _find_shop(db: Connection, shop_id: int) -> Shop:
    found = shops.find_shop(db, shop_id)
    if found is None:
        raise click.ClickException(f"there is no shop {shop_id}; `tracker shop list` shows them")
    return found


@cli.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8000, show_default=True)
@click.option("--processes", default=2, show_default=True, help="Web processes.")
@click.option("--demo", is_flag=True, help="Serve the demo shop, and fill it when the database is empty.")
def run(host: str, port: int, processes: int, demo: bool) -> None:
    """Start front door, worker and admin pages together, with all they need."""
    config = _config()
    _need_free_port(host, port)
    address = f"http://{host}:{port}"
    if config.public_url == Config.public_url:
        config = replace(config, public_url=address)
    config = replace(config, demo=demo or config.demo)
    engine = _engine(config)
    migrate_tables(engine)
    login = _fill_demo(engine, config) if config.demo else _first_login(engine)
    engine.dispose()
    click.echo(_welcome(config, login))
    raise SystemExit(serve(config, host, port, processes))


def _need_free_port(host: str, port: int) -> None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise click.ClickException(
                f"{host}:{port} cannot be used ({error.strerror}); choose another: --port 8001"
            ) from error


def _welcome(config: Config, login: str) -> str:
    lines = ["", "  Kunderejse is starting.", "", f"  Reports    {config.public_url}/", f"  Log in     {login}"]
    if config.demo:
        lines.append(f"  Demo shop  {config.public_url}/demo/")
    return "\n".join([*lines, "  Stop       Ctrl+C", ""])


def _first_login(engine: Engine) -> str:
    with engine.connect() as db:
        users = db.execute(select(func.count()).select_from(t.users)).scalar_one()
    return "as you are used to" if users else "first make a shop and an account: `tracker shop add`, then `tracker user add`"


def _fill_demo(engine: Engine, config: Config) -> str:
    """A shop, an account and some months of journeys, when there are none; how to log in."""
    password_file = Path(config.data_dir) / "demo-password"
    with writing(engine) as db:
        if not shops.all_shops(db):
            host = urlsplit(config.public_url).hostname or "127.0.0.1"
            shop = shops.add_shop(db, "Lyng & Datter", (host,), clock.now(), ShopSettings(locale="da"))
            password = secrets.token_urlsafe(9)
            accounts.add_user(db, DEMO_EMAIL, "Demo owner", password, "owner", [shop.shop_id], clock.now())
            password_file.write_text(password, encoding="utf-8")
            password_file.chmod(0o600)
    _fill_history(engine, config, config.demo_days)
    if not password_file.exists():
        return "with the account you made"
    return f"{DEMO_EMAIL}  password {password_file.read_text(encoding='utf-8').strip()}"


def _fill_history(engine: Engine, config: Config, days: int) -> None:
    with engine.connect() as db:
        shop = shops.all_shops(db)[0]
        has_events = db.execute(select(t.events.c.event_id).where(t.events.c.shop_id == shop.shop_id).limit(1)).first()
    if not has_events:
        with click.progressbar(length=days, label="Making up the past   ", file=sys.stderr) as bar:
            made = history.make_past(shop, clock.now(), days=days, on_day=lambda: bar.update(1))
        with writing(engine) as db:
            history.keep_books(db, shop, made)
        _work_through(engine, config, made.bodies)
        with writing(engine) as db:
            listed = read(db, BytesIO(books.as_file(made.orders)), shop, config, clock.now()).orders
            kept.store(db, shop, listed, config.secret_key, clock.now())


def _work_through(engine: Engine, config: Config, bodies: list[tuple[int, bytes]]) -> None:
    """Put requests into an intake file and work them in, with a progress bar."""
    history.write_intake(config.intake_dir, bodies)
    worker = Worker(engine, replace(config, batch_events=1_000), read_rows=1_000)
    with click.progressbar(length=len(bodies), label="Filling the demo shop", file=sys.stderr) as bar:
        while done := worker.step(clock.now()):
            bar.update(done)
    worker.close()


@cli.command()
@click.option("--days", default=history.DAYS, show_default=True, help="How many days of journeys to make.")
def demo(days: int) -> None:
    """Fill an empty shop with believable journeys."""
    config = _config()
    engine = _engine(config)
    migrate_tables(engine)
    with engine.connect() as db:
        if not shops.all_shops(db):
            raise click.ClickException("there is no shop yet: `tracker shop add NAME --host HOST`, or `tracker run --demo`")
    _fill_history(engine, config, days)
    click.echo("The shop has journeys to look at.")


@cli.command()
def work() -> None:
    """Work in what the front door has accepted, until stopped."""
    config = _config()
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    Worker(_engine(config), config).run(stop)


@cli.command()
def migrate() -> None:
    """Bring the database's tables to this release."""
    engine = _engine(_config())
    migrate_tables(engine)
    click.echo("The tables are up to date.")


@cli.group()
def shop() -> None:
    """Shops and their keys."""


@shop.command("add")
@click.argument("name")
@click.option("--host", "hosts", multiple=True, required=True, help="A host name of the shop; repeat for more.")
@click.option("--zone", default="Europe/Copenhagen", show_default=True)
@click.option("--currency", default="DKK", show_default=True)
@click.option("--locale", default="da", show_default=True, type=click.Choice(["da", "en", "sv"]))
def shop_add(name: str, hosts: tuple[str, ...], zone: str, currency: str, locale: str) -> None:
    """Make a shop; prints its keys and the tag for its pages."""
    config = _config()
    settings = ShopSettings(zone=zone, currency=currency.upper(), locale=locale)
    try:
        _ = settings.tz
    except (KeyError, ValueError) as error:
        raise click.ClickException(f"{zone!r} is no time zone; write one like Europe/Copenhagen") from error
    with writing(_engine(config)) as db:
        made = shops.add_shop(db, shops.clean_name(name), shops.clean_hosts(hosts), clock.now(), settings)
        audit.log(db, [made.shop_id], "shop_made", audit.COMMAND_LINE, clock.now(), about=made.name)
    click.echo(f"shop {made.shop_id}: {made.name}")
    click.echo(f"site key (public)  {made.site_key}")
    click.echo(f"secret (server)    {made.secret}")
    click.echo(
        f'tag                <script async src="{config.public_url}{config.script_path}" data-key="{made.site_key}"></script>'
    )


@shop.command("list")
def shop_list() -> None:
    """All shops."""
    with _engine(_config()).connect() as db:
        found = shops.all_shops(db)
    for one in found:
        click.echo(f"{one.shop_id:>4}  {one.name}  {one.site_key}  {', '.join(one.hosts)}")
    if not found:
        click.echo("No shops yet: `tracker shop add NAME --host HOST` makes one.")


@shop.command("rotate-key")
@click.argument("shop_id", type=int)
def shop_rotate_key(shop_id: int) -> None:
    """A new secret; the one before stays valid until the next rotation."""
    with writing(_engine(_config())) as db:
        _find_shop(db, shop_id)
        audit.log(db, [shop_id], "secret_rotated", audit.COMMAND_LINE, clock.now())
        click.echo(shops.rotate_secret(db, shop_id, clock.now()))


@cli.group()
def user() -> None:
    """Accounts of the admin pages."""


@user.command("add")
@click.argument("email")
@click.option("--name", default="")
@click.option("--shop", "shop_ids", type=int, multiple=True, help="A shop they may see; repeat for more; none: all there are.")
@click.option("--role", default="owner", show_default=True, type=click.Choice(["owner", "marketer", "analyst"]))
@click.password_option()
def user_add(email: str, name: str, shop_ids: tuple[int, ...], role: str, password: str) -> None:
    """Make an account."""
    with writing(_engine(_config())) as db:
        every = [one.shop_id for one in shops.all_shops(db)]
        wrong = set(shop_ids) - set(every)
        if wrong or not every:
            raise click.ClickException(f"there is no shop {sorted(wrong) or ''}; `tracker shop list` shows them")
        accounts.add_user(db, email, name or email.split("@")[0], password, role, list(shop_ids) or every, clock.now())
    click.echo(f"{email} can log in.")


def _find_account(db: Connection, email: str) -> accounts.Account:
    found = accounts.find_by_email(db, email)
    if found is None:
        raise click.ClickException(f"nobody has the address {email}; `tracker user add` makes an account")
    return found


@user.command("password-link")
@click.argument("email")
def user_password_link(email: str) -> None:
    """Print a link by which a forgotten password is set anew; good for an hour."""
    config = _config()
    with writing(_engine(config)) as db:
        found = _find_account(db, email)
        audit.log(db, found.shop_ids, "password_asked", audit.COMMAND_LINE, clock.now(), about=found.email)
    click.echo(password.link(found, config.public_url, config.secret_key, clock.now()))


@user.command("two-factor-off")
@click.argument("email")
def user_two_factor_off(email: str) -> None:
    """Let somebody in with the password alone, who has lost the phone and all recovery codes."""
    with writing(_engine(_config())) as db:
        found = _find_account(db, email)
        second_factor.turn_off(db, found.user_id)
        audit.log(db, found.shop_ids, "two_factor_off", audit.COMMAND_LINE, clock.now(), about=found.email)
    click.echo(f"{found.email} can log in with the password alone.")


@cli.group()
def mail() -> None:
    """Mails that we send."""


@mail.command("test")
@click.argument("address")
def mail_test(address: str) -> None:
    """Send a trial mail at once, and say what the mail server answered."""
    config = _config()
    if not config.sends_mail:
        raise click.ClickException("mail is off: KUNDEREJSE_SMTP_URL says no mail server")
    try:
        send_mail(mail_server(config), build_trial(address, config, clock.now()))
    except (BadAddress, DeliveryError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"The mail server has taken it; look into the mailbox of {address}.")


@mail.command("list")
def mail_list() -> None:
    """Mails that wait or were given up, with the last error."""
    with _engine(_config()).connect() as db:
        rows = db.execute(select(t.mails).where(t.mails.c.sent_at.is_(None)).order_by(t.mails.c.created_at)).all()
    for row in rows:
        state = "parked" if row.parked_at else f"waits until {clock.isoformat(row.due_at)}"
        click.echo(f"{row.to}  {row.kind}  attempts {row.attempts}, {state}  {row.last_error or ''}".rstrip())
    if not rows:
        click.echo("No mail waits.")


@cli.command("survey-link")
@click.argument("shop_id", type=int)
@click.option("--type", "kind", required=True, type=click.Choice(list(surveys.LOWEST)))
@click.option("--survey-id", required=True, help="Which survey; name each round of one that is asked again.")
@click.option("--question", required=True, help="As the customer reads it.")
@click.option("--order", "transaction_id", help="The order's key; with --customer or instead of it.")
@click.option("--customer", "customer_key", help="The customer's key on the platform.")
@click.option("--item-id", help="The product's key.")
@click.option("--item-name", help="Its name, as the customer reads it.")
@click.option("--stage", type=click.Choice([stage.key for stage in STAGES]), help="The stage that it asks about.")
@click.option("--language", type=click.Choice(surveys.LANGUAGES), help="Of the page; the shop's when absent.")
def survey_link(shop_id: int, kind: str, customer_key: str | None, language: str | None, **about: str | None) -> None:
    """Print the address of a survey, to be put into a mail; with ?score=9 after it, the one for that score."""
    config = _config()
    with _engine(config).connect() as db:
        found = _find_shop(db, shop_id)
    asked = {"type": kind, **{name: value for name, value in about.items() if value is not None}}
    click.echo(surveys.link(config.survey_url, found, asked, clock.now(), customer_key=customer_key, language=language))


@cli.command()
@click.argument("shop_id", type=int)
def rebuild(shop_id: int) -> None:
    """Fold all of a shop's stored events again; totals stay unless something was wrong."""
    _refold(shop_id, replay=False)


@cli.command()
@click.argument("shop_id", type=int)
def replay(shop_id: int) -> None:
    """Like rebuild, and tag every event by today's rules."""
    _refold(shop_id, replay=True)


def _refold(shop_id: int, *, replay: bool) -> None:
    config = _config()
    engine = _engine(config)
    with engine.connect() as db:
        found = _find_shop(db, shop_id)
    hold = Hold(secrets.token_urlsafe(12), config.lease_seconds * 1000, config.secret_key)
    _wait_for_lease(engine, found, hold)
    with writing(engine) as db:
        hold.on(db, found, clock.now())
        found = start_building(db, found, with_todays_rules(found.settings) if replay else found.settings, clock.now())
    building = found.building
    count, done = building.total if building else 0, 0
    with click.progressbar(length=count, label=f"Folding {found.name} again", file=sys.stderr) as bar:
        while building is not None:
            with writing(engine) as db:
                found = build_slice(db, found, hold, clock.now())
            building = found.building
            bar.update((building.done if building else count) - done)
            done = building.done if building else count
    with writing(engine) as db:
        leases.release(db, found.shop_id, hold.token)
    click.echo(f"{count} subjects folded again.")


def _wait_for_lease(engine: Engine, shop: Shop, hold: Hold) -> None:
    for _ in range(hold.milliseconds // 500 + 4):
        try:
            with writing(engine) as db:
                hold.on(db, shop, clock.now())
            return
        except LeaseLost:
            threading.Event().wait(0.5)
    raise click.ClickException(f"another process holds shop {shop.shop_id} and does not let go; is a worker running?")


@cli.command("spend")
@click.argument("file", type=click.File("rb"))
@click.option("--shop", "shop_id", type=int, required=True, help="Whose advertising it was.")
@click.option("--channel", default="", help="Of lines that name none; without it that of a paid click by the source.")
@click.option("--source", default="", help="Who was paid, such as google or facebook, where lines do not say it.")
@click.option("--campaign", default="", help="Where lines do not say it.")
@click.option("--currency", default="", help="Where neither lines nor headings say it; without it the shop's own.")
def upload_spend(file: BinaryIO, shop_id: int, **defaults: str) -> None:
    """Read what advertising cost from a CSV or JSON file: our own columns, or an export of Google Ads or Meta."""
    engine = _engine(_config())
    with writing(engine) as db:
        found = shops.find_shop(db, shop_id)
        if found is None:
            raise click.ClickException(f"there is no shop {shop_id}; `tracker shop list` shows them")
        read = spend.upload_json if file.name.endswith(".json") else spend.upload_csv
        upload = read(db, found, file.read(), spend.Defaults(**defaults), clock.now())
    for line, said in upload.refused:
        click.echo(f"line {line} refused: {said}", err=True)
    sums = ", ".join(f"{money.from_minor(minor, currency)} {currency}" for minor, currency in upload.amounts)
    click.echo(f"{upload.kept} rows kept{f': {sums}' if sums else ''}; {len(upload.refused)} of {upload.lines} lines refused.")
    if upload.totals:
        click.echo(f"{upload.totals} lines name no day and were left out: they sum up others.")
    raise SystemExit(1 if upload.refused else 0)


@cli.command()
def doctor() -> None:
    """Say in plain words what is wrong with this installation."""
    findings = examine(_config(), clock.now())
    for finding in findings:
        click.echo(f"{'ok  ' if finding.ok else 'FIX '} {finding.text}")
        if finding.advice:
            click.echo(f"     {finding.advice}")
    raise SystemExit(0 if all(finding.ok for finding in findings) else 1)
