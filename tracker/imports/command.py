"""`tracker import events|orders|customers|contacts FILE --shop ID`, and `tracker order-list FILE --shop ID`."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

import click
from sqlalchemy import Engine

from tracker import audit, clock, shops, tasks
from tracker.config import from_env
from tracker.imports.importer import import_file
from tracker.imports.order_list import read
from tracker.imports.report import ImportReport
from tracker.order_list import kept
from tracker.shops import Shop
from tracker.storage import open_engine, writing


@click.group("import")
def imports() -> None:
    """Bring in a shop's past: events, orders, customers, offline contacts."""


def _options(command: Any) -> Any:
    for option in (
        click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)),
        click.option("--shop", "shop_id", type=int, required=True, help="The shop's number; `tracker shop list` shows it."),
        click.option("--dry-run", is_flag=True, help="Only look at the file and say what would be refused."),
        click.option("--again", is_flag=True, help="Also when this file has been imported before."),
    ):
        command = option(command)
    return command


@imports.command("events")
@_options
def import_events(**given: Any) -> None:
    """Past events: NDJSON in the wire format."""
    _run("events", **given)


@imports.command("orders")
@_options
@click.option("--order-key", help="The column with the key by which the shop's server names an order.")
def import_orders(**given: Any) -> None:
    """Past orders: NDJSON, or CSV as WooCommerce and Shopify export them."""
    _run("orders", **given)


@imports.command("customers")
@_options
def import_customers(**given: Any) -> None:
    """Customers: NDJSON or CSV."""
    _run("customers", **given)


@imports.command("contacts")
@_options
def import_contacts(**given: Any) -> None:
    """Offline contacts, on the phone, at a fair, in the shop: CSV or NDJSON."""
    _run("contacts", **given)


@click.command("order-list")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, readable=True, path_type=Path))
@click.option("--shop", "shop_id", type=int, required=True, help="The shop's number; `tracker shop list` shows it.")
@click.option("--order-key", help="The column with the key by which the shop's server names an order.")
@click.option("--fill", is_flag=True, help="Fill in the orders that are missing; a worker does it.")
def order_list(file: Path, shop_id: int, order_key: str | None, fill: bool) -> None:
    """Compare the shop's own list of orders with what was collected."""
    config = from_env()
    engine = open_engine(config)
    shop, now = _find_shop(engine, shop_id), clock.now()
    with file.open("rb") as stream, engine.connect() as db:
        orders, report = read(db, stream, shop, config, now, order_key)
    with writing(engine) as db:
        kept.store(db, shop, orders, config.secret_key, now)
        if fill:
            tasks.ask(db, shop_id, "fill_orders", {}, audit.COMMAND_LINE, now)
    lines = [f"{report.form}: {report.lines} lines read, {len(orders)} orders listed, {report.refused_lines} lines refused"]
    lines += [f"  {finding}" for finding in report.findings]
    lines += [f"Not used: {', '.join(report.unused)}"] if report.unused else []
    lines.append(
        "A worker fills in what is missing." if fill else "The report “Captured orders” says what is missing, and why."
    )
    click.echo("\n".join(lines))
    raise SystemExit(1 if report.refused else 0)


def _find_shop(engine: Engine, shop_id: int) -> Shop:
    with engine.connect() as db:
        shop = shops.find_shop(db, shop_id)
    if shop is None:
        raise click.ClickException(f"there is no shop {shop_id}; `tracker shop list` shows them")
    return shop


def _run(kind: str, file: Path, shop_id: int, dry_run: bool, again: bool, order_key: str | None = None) -> None:
    config = from_env()
    engine = open_engine(config)
    shop = _find_shop(engine, shop_id)
    try:
        with file.open("rb") as stream, _progress_bar(file) as bar:
            report = import_file(
                kind,
                stream,
                shop,
                config=config,
                engine=engine,
                now=clock.now(),
                refused_file=file.with_name(f"{file.stem}.refused{file.suffix}"),
                order_key=order_key,
                dry_run=dry_run,
                again=again,
                on_progress=lambda done: bar.update(done - bar.pos),
            )
            bar.update(bar.length - bar.pos)
    except OSError as error:
        raise click.ClickException(f"{error.filename or file}: {error.strerror}") from error
    click.echo(_said(report))
    raise SystemExit(1 if report.refused else 0)


def _progress_bar(file: Path) -> Any:
    return click.progressbar(length=os.path.getsize(file), label=file.name, file=sys.stderr)


def _said(report: ImportReport) -> str:
    if report.is_dry_run:
        return f"{report.text()}\nNothing was imported: leave out --dry-run for that."
    if report.is_repeat or not report.events:
        return report.text()
    return f"{report.text()}\nA worker works them in now; `tracker doctor` says how much still waits."
