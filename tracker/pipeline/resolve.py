"""Which person each event belongs to.

A link ties a key (visitor, customer, e-mail, order, anonymous session) to a subject.  An event comes in under one of its keys
and keeps it; whose it is, the link says, so that events never move.  Keys are asked in this order: order, customer,
e-mail, visitor.
Links are decided once, in order of arrival, with their evidence, and never by address or user agent:
- a signed event that names several keys ties those that belong to nobody to the person of the first that belongs to somebody;
- a visitor who is somebody already (has a customer key or e-mail of their own) is not tied to somebody else: a shared device;
- signed news about an order that we do not know waits under the order's key until its purchase, or whose it is, is told;
- a browser's sighting of a receipt ties its visitor to the order's person, and never makes an order known.  Order keys are
  easily guessed, so only a first sighting does, by no machine, of an order that named no visitor and may be joined to browsing.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from tracker.clock import Instant
from tracker.events.types import Consent, Event, Source
from tracker.tables import links as table

LinkKey = tuple[str, str]
VISITOR, CUSTOMER, EMAIL, ORDER, ANONYMOUS, NOBODY = "visitor", "customer", "email", "order", "anonymous", "nobody"
SUPERSEDED = "superseded"  # evidence of an anonymous link whose visitor became known: its session ends uncounted
SIGHTED = "sighted by "  # evidence of an unknown order's link, followed by the visitor's key
BUYER_KNOWN = ", buyer known"  # ends the evidence of an order's link whose visitor is known
NOT_JOINED = ", not joined"  # … or that must not be joined to browsing, since consent was below statistics
_KNOWN = frozenset({CUSTOMER, EMAIL})
_MAX_IN = 500  # keys in one IN list


@dataclass(slots=True)
class Link:
    """A key and whose it is; `subject_id` None while nobody knows."""

    kind: str
    key: str
    link_id: int
    subject_id: int | None
    evidence: str | None
    linked_at: Instant | None


@dataclass(slots=True)
class Resolved:
    """What a batch did to the links."""

    link_of: list[Link] = field(default_factory=list)  # of each event, in the order given
    written: dict[LinkKey, Link] = field(default_factory=dict)  # links that are new or changed
    refold: set[int] = field(default_factory=set)  # subjects that got links with events of before
    dissolved: set[int] = field(default_factory=set)  # subjects that have no links any more
    superseded: set[int] = field(default_factory=set)  # anonymous subjects whose visitor became known


class Ids:
    """Hands out the shop's ids; the worker that holds the lease keeps the next one in the lease row."""

    def __init__(self, next_id: int) -> None:
        self.next = next_id

    def take(self) -> int:
        self.next += 1
        return self.next - 1


def hash_email(email: str, secret: str) -> str:
    """Keyed, so that the table of links gives no addresses away."""
    return blake2b(email.encode(), key=secret.encode()[:64], digest_size=16).hexdigest()


def resolve(db: Connection, shop_id: int, events: Sequence[Event], ids: Ids, secret: str) -> Resolved:
    """Decide the link of each event, in order of arrival.  Reads links; writes nothing (save.py does)."""
    keys = [_keys_of(event, secret) for event in events]
    book = _Book(ids)
    book.add(_read_by_key(db, shop_id, {key for event_keys in keys for key in event_keys}))
    book.add(_read_by_key(db, shop_id, book.sighted_visitors()))
    # Whether a subject is somebody can only be told from all of its links; they matter where an event names several keys.
    doubtful = {
        link.subject_id
        for event_keys in keys
        if len(event_keys) > 1
        for key in event_keys
        if (link := book.links.get(key)) and link.subject_id is not None
    } | {book.links[key].subject_id for key in book.sighted_visitors() if key in book.links}
    book.add(_read_by_subject(db, shop_id, doubtful))
    for event, event_keys in zip(events, keys, strict=True):
        link = book.sighting(event, event_keys) if event.source is Source.BROWSER else book.server(event, event_keys)
        book.result.link_of.append(link)
    return book.result


def _keys_of(event: Event, secret: str) -> list[LinkKey]:
    """The keys that an event names, the one it comes in under first."""
    if event.source is Source.BROWSER:
        if event.visitor_key is None or event.consent < Consent.STATISTICS:
            return [(ANONYMOUS, event.anonymous_key) if event.anonymous_key else (NOBODY, event.event_id)]
        keys: list[LinkKey] = [(VISITOR, event.visitor_key)]
        # Machines open the links of order mails; what they saw says nothing of who bought.
        if event.type == "purchase" and event.order_key and event.bot is None:
            keys.append((ORDER, event.order_key))
        if event.type == "consent_update" and event.anonymous_key:
            keys.append((ANONYMOUS, event.anonymous_key))
        return keys
    keys = []
    if event.order_key:
        keys.append((ORDER, event.order_key))
    if event.customer_key:
        keys.append((CUSTOMER, event.customer_key))
    if event.email:
        keys.append((EMAIL, hash_email(event.email, secret)))
    # Order facts are kept at every level of consent, but joined to what the browser did only from statistics up.
    if event.visitor_key and event.consent >= Consent.STATISTICS:
        keys.append((VISITOR, event.visitor_key))
    return keys or [(NOBODY, event.event_id)]


class _Book:
    """The links a batch works with, as they are after each of its events."""

    def __init__(self, ids: Ids) -> None:
        self.ids = ids
        self.first_id = ids.next  # links with a smaller id were there before this batch
        self.links: dict[LinkKey, Link] = {}
        self.of_subject: dict[int, dict[LinkKey, Link]] = defaultdict(dict)
        self.result = Resolved()

    def add(self, found: Iterable[Link]) -> None:
        for link in found:
            key = (link.kind, link.key)
            if key not in self.links:
                self.links[key] = link
                if link.subject_id is not None:
                    self.of_subject[link.subject_id][key] = link

    def sighted_visitors(self) -> set[LinkKey]:
        """The visitors who saw the receipts of orders that were not known then."""
        evidence = [link.evidence or "" for link in self.links.values() if link.kind == ORDER and link.subject_id is None]
        return {(VISITOR, text.removeprefix(SIGHTED)) for text in evidence if text.startswith(SIGHTED)}

    def sighting(self, event: Event, keys: list[LinkKey]) -> Link:
        """A browser's event: under its visitor; a receipt seen ties the visitor to the order's person."""
        link = self._link(keys[0])
        if link.subject_id is None:
            self._tie(link, self.ids.take(), event, "first seen")
        for key in keys[1:]:
            if key[0] == ANONYMOUS:
                if (anonymous := self.links.get(key)) and anonymous.subject_id is not None:
                    anonymous.evidence = SUPERSEDED
                    self.result.written[key] = anonymous
                    self.result.superseded.add(anonymous.subject_id)
                continue
            order = self._link(key)
            if order.subject_id is None:
                # Whose order it is, a signed event must say; until then the sighting waits in the link's evidence.
                order.evidence = SIGHTED + link.key
                self.result.written[key] = order
            elif order.subject_id != link.subject_id and not self._is_somebody(link.subject_id) and _may_be_sighted(order):
                self._merge(link.subject_id, order.subject_id, event, "sighting")
                order.evidence = (order.evidence or "") + BUYER_KNOWN
                self.result.written[key] = order
        return link

    def server(self, event: Event, keys: list[LinkKey]) -> Link:
        """A signed event: find whose it is, and tie the keys that belonged to nobody."""
        own = [self._link(key) for key in keys]
        first = own[0]
        sighted = self._sighted(first)
        if sighted is not None and all(link.kind != VISITOR for link in own) and event.consent >= Consent.STATISTICS:
            own.append(sighted)
        if first.kind == ORDER and first.subject_id is None and len(own) == 1 and event.type != "purchase":
            return first  # nobody told us of this order yet; it waits
        subject_id = self._whose(own)
        if subject_id is None:
            subject_id = self.ids.take()
        for link in own:
            if link.subject_id is None:
                self._tie(link, subject_id, event, event.type + _closing(event, own) if link.kind == ORDER else event.type)
            elif link.subject_id != subject_id and link.kind in (VISITOR, ORDER) and not self._is_somebody(link.subject_id):
                self._merge(link.subject_id, subject_id, event, event.type)
        return first

    def _whose(self, own: list[Link]) -> int | None:
        """The subject of the customer key, else e-mail, else order, else of a visitor who is not somebody else already."""
        named = {link.kind: link.subject_id for link in own if link.subject_id is not None}
        for kind in (CUSTOMER, EMAIL):
            if kind in named:
                return named[kind]
        if (order := named.get(ORDER)) is not None:
            return order
        visitor = named.get(VISITOR)
        names_somebody = any(link.kind in _KNOWN for link in own)
        if visitor is not None and names_somebody and self._is_somebody(visitor):
            return None
        return visitor

    def _sighted(self, order: Link) -> Link | None:
        """The visitor who saw the receipt of an order that was not known then."""
        if order.kind != ORDER or order.subject_id is not None or not (order.evidence or "").startswith(SIGHTED):
            return None
        return self._link((VISITOR, (order.evidence or "").removeprefix(SIGHTED)))

    def _is_somebody(self, subject_id: int | None) -> bool:
        return subject_id is not None and any(link.kind in _KNOWN for link in self.of_subject[subject_id].values())

    def _link(self, key: LinkKey) -> Link:
        link = self.links.get(key)
        if link is None:
            link = self.links[key] = self.result.written[key] = Link(*key, self.ids.take(), None, None, None)
        return link

    def _tie(self, link: Link, subject_id: int, event: Event, evidence: str) -> None:
        key = (link.kind, link.key)
        if link.link_id < self.first_id:  # it was there before, so events may have waited under it
            self.result.refold.add(subject_id)
        link.subject_id, link.evidence, link.linked_at = subject_id, evidence, event.received_at
        self.of_subject[subject_id][key] = self.result.written[key] = link

    def _merge(self, gone: int | None, subject_id: int, event: Event, evidence: str) -> None:
        """All links of a subject that is nobody in particular go to another."""
        assert gone is not None
        for key, link in self.of_subject.pop(gone).items():
            link.subject_id, link.linked_at = subject_id, event.received_at
            if link.kind != ORDER:  # whether an order may be sighted stays as it is
                link.evidence = evidence
            self.of_subject[subject_id][key] = self.result.written[key] = link
        self.result.dissolved.add(gone)
        self.result.refold.discard(gone)
        self.result.refold.add(subject_id)


def _closing(event: Event, own: Sequence[Link]) -> str:
    """What to add to the evidence of an order's link so that no sighting ties another visitor to it."""
    if event.consent < Consent.STATISTICS:
        return NOT_JOINED
    return BUYER_KNOWN if any(link.kind == VISITOR for link in own) else ""


def _may_be_sighted(order: Link) -> bool:
    """Order keys are easily guessed: only the first sighting counts, and none where the shop named the visitor."""
    return not (order.evidence or "").endswith((BUYER_KNOWN, NOT_JOINED))


_names: BindParameter[Any] = bindparam("names", expanding=True)
_BY_KEY = select(table).where(
    table.c.shop_id == bindparam("of_shop"), table.c.kind == bindparam("of_kind"), table.c.key.in_(_names)
)
_BY_SUBJECT = select(table).where(table.c.shop_id == bindparam("of_shop"), table.c.subject_id.in_(_names))


def _read_by_key(db: Connection, shop_id: int, keys: set[LinkKey]) -> list[Link]:
    by_kind: dict[str, list[str]] = defaultdict(list)
    for kind, key in keys:
        by_kind[kind].append(key)
    found = []
    for kind, names in by_kind.items():
        names.sort()
        for i in range(0, len(names), _MAX_IN):
            asked = {"of_shop": shop_id, "of_kind": kind, "names": names[i : i + _MAX_IN]}
            found += [Link(*row[1:]) for row in db.execute(_BY_KEY, asked)]
    return found


def _read_by_subject(db: Connection, shop_id: int, subjects: set[int | None]) -> list[Link]:
    wanted = sorted(s for s in subjects if s is not None)
    found = []
    for i in range(0, len(wanted), _MAX_IN):
        asked = {"of_shop": shop_id, "names": wanted[i : i + _MAX_IN]}
        found += [Link(*row[1:]) for row in db.execute(_BY_SUBJECT, asked)]
    return found
