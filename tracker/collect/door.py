"""The front door, put together: read `Door.take` first.

In:  a WSGI environ and now.
Out: Answer(status, body, headers), after what was accepted has reached the disk.

One Door a process, opened after any fork.  It owns a native thread that tends what no request may wait for: the directory, and
the counts of refusals.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

import orjson
from sqlalchemy import Engine

from tracker import clock
from tracker.clock import SECOND, Instant
from tracker.collect import native
from tracker.collect.authenticate import Sender, authenticate, find_shop
from tracker.collect.directory import Directory
from tracker.collect.intake import IntakeWriter, write_body
from tracker.collect.rates import Rate
from tracker.collect.receive import Facts, Receipt, facts, is_within, rate_key, receive
from tracker.collect.reduce import reduce
from tracker.collect.signature import Replays
from tracker.collect.tally import FieldNames, Tally
from tracker.config import Config
from tracker.enrich import STAFF
from tracker.errors import Refused, RefusedReason, Unavailable
from tracker.events import wire
from tracker.events.codec import pack
from tracker.events.types import Consent, Source
from tracker.shops import Shop

log = logging.getLogger(__name__)

REFRESH = 5 * SECOND
RETRY_SECONDS = 5  # for a sender whom the intake could not serve
FIRST_LOOK_SECONDS = 5.0  # how long opening waits for the database when no snapshot is there

STATUS = {  # of a refusal of the whole request
    RefusedReason.TOO_BIG: 413,
    RefusedReason.UNKNOWN_KEY: 401,
    RefusedReason.BAD_SIGNATURE: 401,
    RefusedReason.STALE_SIGNATURE: 401,
    RefusedReason.WRONG_ORIGIN: 403,
    RefusedReason.RATE_LIMITED: 429,
}


class Answer(NamedTuple):
    """To be sent as it is."""

    status: int
    body: bytes
    headers: Mapping[str, str] = {}


@dataclass(slots=True)
class Taken:
    """What one request comes to."""

    events: list[dict[str, Any]] = field(default_factory=list)
    counted: Counter[str] = field(default_factory=Counter)  # consent none: by type, nothing else
    refused: list[dict[str, Any]] = field(default_factory=list)
    reasons: Counter[str] = field(default_factory=Counter)
    ignored: list[str] = field(default_factory=list)  # with the event's index, for the answer
    ignored_names: list[str] = field(default_factory=list)  # without, for the counts
    corrected: int = 0  # events whose time was moved, since their sender's clock is wrong

    def refuse(self, index: int, item: Any, refusal: Refused) -> None:
        event_id = item.get("event_id") if isinstance(item, dict) else None
        named = {"event_id": event_id} if isinstance(event_id, str) and len(event_id) <= 64 else {}
        self.refused.append({"index": index, **named, "reason": refusal.reason, "detail": refusal.detail})
        self.reasons[refusal.reason.value] += 1

    def ignore(self, names: tuple[str, ...], path: str) -> None:
        self.ignored += [path + name for name in names]
        self.ignored_names += names


class Door:
    """Takes requests in.  Its methods are for the thread that serves requests; tending has a native one of its own."""

    def __init__(self, config: Config, directory: Directory, intake: IntakeWriter) -> None:
        self.config = config
        self._directory = directory
        self._intake = intake
        self._country_header = "HTTP_" + config.country_header.upper().replace("-", "_")
        self._per_address = Rate(config.rate_per_address)
        self._per_key = Rate(config.rate_per_key)
        self._replays = Replays(config.signature_window_seconds)
        self._tally = Tally()
        self._field_names = FieldNames()
        self._is_asked = False  # an unknown key came by: perhaps its shop is new
        self._looked, self._closing, self._ended = native.held(), native.held(), native.held()
        native.start(self._tend)

    @classmethod
    def open(cls, config: Config, engine: Engine | None) -> Door:
        """Without an engine the door knows the shops from the snapshot alone."""
        directory = Directory(Path(config.data_dir) / "directory.json", engine)
        was_known = directory.is_known
        door = cls(config, directory, IntakeWriter(config.intake_dir, config.commit_linger_ms))
        if not was_known:
            door._looked.acquire(timeout=FIRST_LOOK_SECONDS)
        return door

    def close(self) -> None:
        """Writes what waits, and ends both threads."""
        self._closing.release()
        self._ended.acquire()
        self._intake.close()

    def take(self, environ: Mapping[str, Any], now: Instant) -> Answer:
        """One request.  Bad input and a bad disk are answers, never exceptions."""
        told = facts(environ, self._country_header, self.config.trusted_proxies)
        shop_id = 0
        try:
            self._limit_address(told, now)
            receipt = receive(environ, self.config.max_body_bytes, self.config.max_events)
            shop = find_shop(receipt.envelope.get("key"), self._find)
            shop_id = shop.shop_id
            sender = authenticate(receipt, told, shop, now, self.config.signature_window_seconds)
            self._limit_key(sender, now)
            return self._take_once(sender, receipt, told, now)
        except Refused as refusal:
            return self._refuse(shop_id, refusal, told, now)
        except Unavailable:
            return Answer(503, b'{"error":"unavailable"}', {"Retry-After": str(RETRY_SECONDS)})

    # --- for another way in, which has its own proof of whose it is: survey_pages.py

    def limit(self, environ: Mapping[str, Any], now: Instant) -> None:
        """Counts a request of this address.  Raises Refused rate_limited."""
        told = facts(environ, self._country_header, self.config.trusted_proxies)
        _limit(self._per_address.hit(rate_key(told.address), now))

    def shop(self, key: str) -> Shop:
        """By its site key.  Raises Refused unknown_key; Unavailable while nobody knows which shops there are."""
        return find_shop(key, self._find)

    def tell(self, shop: Shop, event: Mapping[str, Any], environ: Mapping[str, Any], now: Instant) -> None:
        """Takes in one event, in wire form, as if the shop's server had signed it.  Returns when it has reached the disk.

        Has a rate of its own: what others may set off must not silence the shop's server.  What the shop's own people say of
        themselves (`environ` is of their browser) is flagged.  Raises Refused, Unavailable.
        """
        _limit(self._per_key.hit((shop.shop_id, "told"), now))
        loaded = wire.load(
            event,
            event,
            Source.SERVER,
            received_at=now,
            currency=shop.settings.currency,
            default_consent=Consent.STATISTICS,
            limits=self.config,
        )
        is_staff = _is_staff(facts(environ, self._country_header, self.config.trusted_proxies), shop)
        told = replace(loaded.event, bot=STAFF) if is_staff else loaded.event
        self._intake.append(shop.shop_id, self._row(shop.shop_id, Taken(events=[pack(told)]), now))

    def count(self, shop_id: int, refusal: Refused) -> None:
        """A refusal that was answered elsewhere; shop 0 when nobody knows whose it was."""
        self._tally.add(shop_id, {refusal.reason.value: 1})

    # --- the stations that need the door's memory

    def _limit_address(self, told: Facts, now: Instant) -> None:
        """A server sends all its shop's events from one address: a good signature is not counted against it, a bad one is."""
        count = self._per_address.hit if told.signature is None else self._per_address.wait_seconds
        _limit(count(rate_key(told.address), now))

    def _limit_key(self, sender: Sender, now: Instant) -> None:
        """Apart for browser and server: the key is public, and who floods it must not silence the shop's own server."""
        _limit(self._per_key.hit((sender.shop.shop_id, sender.source), now))

    def _find(self, key: str) -> Shop | None:
        shop = self._directory.shop(key)
        if shop is None:
            self._is_asked = True
        return shop

    def _take_once(self, sender: Sender, receipt: Receipt, told: Facts, now: Instant) -> Answer:
        """A signature is used up only by an answer 202."""
        if sender.signature is None:
            return self._keep(sender, receipt, told, now)
        self._replays.claim(sender.shop.shop_id, sender.signature, now)
        try:
            return self._keep(sender, receipt, told, now)
        except (Refused, Unavailable):
            self._replays.release(sender.shop.shop_id, sender.signature)
            raise

    def _keep(self, sender: Sender, receipt: Receipt, told: Facts, now: Instant) -> Answer:
        """Checks and reduces each event, and writes one row.  A request of which nothing is kept writes none."""
        shop_id = sender.shop.shop_id
        taken = self._check(sender, receipt, told, now)
        if taken.events or taken.counted:
            self._intake.append(shop_id, self._row(shop_id, taken, now))
        else:
            self._tally.add(shop_id, taken.reasons)
        accepted = len(taken.events) + taken.counted.total()
        return Answer(202, orjson.dumps({"accepted": accepted, "refused": taken.refused, "ignored_fields": taken.ignored}))

    def _check(self, sender: Sender, receipt: Receipt, told: Facts, now: Instant) -> Taken:
        shop, taken, salt = sender.shop, Taken(), self._directory.salt(now)
        default = shop.consent_unknown if sender.source is Source.BROWSER else Consent.STATISTICS
        currency = shop.settings.currency
        is_staff = _is_staff(told, shop)
        if receipt.is_batch:
            taken.ignore(wire.check_envelope(receipt.envelope, sender.source), "")
        for index, item in enumerate(receipt.items):
            try:
                event, ignored = wire.load(
                    item,
                    receipt.envelope,
                    sender.source,
                    received_at=now,
                    currency=currency,
                    default_consent=default,
                    limits=self.config,
                )
                kept = reduce(event, told, shop.shop_id, salt, is_staff=is_staff)
            except Refused as refusal:
                taken.refuse(index, item, refusal)
                continue
            if ignored:
                taken.ignore(ignored, f"events[{index}]." if receipt.is_batch else "")
            if kept is None:
                taken.counted[event.type] += 1
            else:
                taken.events.append(pack(kept))
        if wire.is_clock_off(receipt.envelope, now):
            taken.corrected = len(taken.events)
        return taken

    def _row(self, shop_id: int, taken: Taken, now: Instant) -> bytes:
        ignored = self._field_names.count(shop_id, taken.ignored_names) if taken.ignored_names else None
        counts = {"refused": taken.reasons, "ignored": ignored, "counted": taken.counted, "corrected": taken.corrected}
        return write_body(now, events=taken.events, **counts)

    def _refuse(self, shop_id: int, refusal: Refused, told: Facts, now: Instant) -> Answer:
        self.count(shop_id, refusal)
        if refusal.reason in (RefusedReason.BAD_SIGNATURE, RefusedReason.STALE_SIGNATURE):
            self._per_address.hit(rate_key(told.address), now)
        body = orjson.dumps({"refused": [{"reason": refusal.reason, "detail": refusal.detail}]})
        wait = refusal.detail.get("retry_after_seconds")
        return Answer(STATUS.get(refusal.reason, 400), body, {} if wait is None else {"Retry-After": str(wait)})

    # --- the tending thread

    def _tend(self) -> None:
        """Every second the refusals, every five the directory; in the next second when an unknown key came by."""
        refreshed_at = 0
        while True:
            now = clock.now()
            try:
                if self._is_asked or abs(now - refreshed_at) >= REFRESH:
                    self._is_asked, refreshed_at = False, now
                    self._directory.refresh(now)
                self._flush(now)
            except Exception:  # whatever it is, it will be tried again in a second
                log.exception("tending the door")
            if self._looked.locked():
                self._looked.release()
            if self._closing.acquire(timeout=1.0):
                break
        self._flush(clock.now())
        self._ended.release()

    def _flush(self, now: Instant) -> None:
        if self._intake.is_down:
            return
        for shop_id, body in self._tally.take(now):
            self._intake.append_later(shop_id, body)


def _is_staff(told: Facts, shop: Shop) -> bool:
    """Whether a request comes from one of the shop's own networks."""
    return bool(shop.settings.excluded_networks) and is_within(told.address, shop.settings.excluded_networks)


def _limit(wait_seconds: int) -> None:
    if wait_seconds:
        raise Refused(RefusedReason.RATE_LIMITED, {"retry_after_seconds": wait_seconds})
