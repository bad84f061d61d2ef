"""The shop's own list of orders, read from a file: CSV or NDJSON like that of past orders, or a JSON array of the same objects.

In:  a seekable binary stream, the shop.
Out: read() -> Listed orders and a report of what was refused; raises FileRefused when nothing of it can be read.

What an order of the file would have been as events is what is kept of it, so that it can be filled in: orders.py says how.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, BinaryIO, NamedTuple

import orjson
from sqlalchemy import Connection

from tracker.clock import Instant
from tracker.collect.reduce import reduce
from tracker.config import Config
from tracker.errors import Refused
from tracker.events import wire
from tracker.events.codec import pack
from tracker.events.types import Consent, Event, Source
from tracker.imports import orders
from tracker.imports.judge import Limits
from tracker.imports.kinds import NO_REQUEST, Told
from tracker.imports.known import has_refund
from tracker.imports.lines import BOM, Entry, FileRefused, digest_of, no_json, says_nothing
from tracker.imports.report import ImportReport
from tracker.imports.source import Source as File
from tracker.order_list.kept import CANCELLED, TEST, Listed
from tracker.shops import Shop
from tracker.texts import N_

KIND = "order_list"


class Read(NamedTuple):
    """What a file holds."""

    orders: list[Listed]
    report: ImportReport


def read(db: Connection, stream: BinaryIO, shop: Shop, config: Config, now: Instant, order_key: str | None = None) -> Read:
    """`order_key` is the title of the column that holds the orders' key.  Raises FileRefused."""
    digest_of(stream)  # refuses what is no text at all
    file = None if _is_array(stream) else File(orders, stream, config.max_body_bytes, order_key)
    header = file.header if file else None
    report = ImportReport(KIND, file.form if file else "JSON", unused=header.unused if header else [])
    found: dict[str, Listed] = {}
    for entry in file.entries() if file else _array(stream):
        report.lines += len(entry.texts)
        try:
            listed = _listed(db, entry, shop, config, now)
        except Refused as refusal:
            report.refuse(entry, refusal, header)
        else:
            report.accepted += len(entry.texts)
            found[listed.order_key] = listed
    if not report.lines:
        raise says_nothing(header is not None)
    return Read(list(found.values()), report)


def _is_array(stream: BinaryIO) -> bool:
    stream.seek(0)
    return stream.read(1_000).removeprefix(BOM).lstrip().startswith(b"[")


def _array(stream: BinaryIO) -> Iterator[Entry]:
    """Each object an entry; the number of its line is its place."""
    stream.seek(0)
    try:
        told = orjson.loads(stream.read().removeprefix(BOM))
    except orjson.JSONDecodeError as error:
        raise no_json(error) from None
    for number, given in enumerate(told, 1):
        if not isinstance(given, dict):
            raise FileRefused(N_("Entry %(number)s is no JSON object: write {…}."), number=number)
        yield Entry(0, [(number, b"")], given=given)


def _listed(db: Connection, entry: Entry, shop: Shop, config: Config, now: Instant) -> Listed:
    """Raises Refused."""
    if entry.refusal is not None:
        raise entry.refusal
    told = orders.tell(entry, shop)
    events = [_load(one, shop, config, now) for one in told]
    purchase = events[0]
    assert purchase.order_key is not None
    data = purchase.data
    state = TEST if data.get("is_test") else data["status"]
    if any(event.type == "order_cancelled" for event in events):
        state = CANCELLED
    kept = [event for one, event in zip(told, events, strict=True) if not _is_known(db, shop, one)]
    return Listed(
        order_key=purchase.order_key,
        placed_at=purchase.occurred_at,
        state=state,
        currency=data["currency"],
        value=data["value"],
        tax=data.get("tax"),
        shipping=data.get("shipping"),
        total=data.get("total_value"),
        payment=data.get("payment_type"),
        via=data.get("created_via"),
        events=[pack(event) for event in kept],
    )


def _load(told: Told, shop: Shop, config: Config, now: Instant) -> Event:
    """By the door's own stations.  Raises Refused."""
    named: dict[str, Any] = {**told.wire, "event_id": "list:" + told.wire["event_id"].removeprefix("import:")}
    event = wire.load(
        named,
        named,
        Source.SERVER,
        received_at=now,
        currency=shop.settings.currency,
        default_consent=Consent.STATISTICS,
        limits=Limits(config.max_future_seconds),
    ).event
    kept = reduce(event, NO_REQUEST, shop.shop_id, b"")
    assert kept is not None  # a server's event always is
    return kept


def _is_known(db: Connection, shop: Shop, told: Told) -> bool:
    return told.sums_refunds_of is not None and has_refund(db, shop.shop_id, told.sums_refunds_of)
