"""Which person each event belongs to.

A link ties a key (visitor, customer, e-mail, order, anonymous session) to a person.  An event comes in under one of its keys
and keeps it; whose it is, the link says.  Keys are asked in this order: customer, e-mail, order, visitor.
Links are decided once, in order of arrival, with their evidence, and never by address or user agent:
- a signed event that names several keys ties those that belong to nobody to the person of the first that belongs to somebody;
- a guest whose e-mail turns out to be a customer's is that customer; an address of more than MAX_CUSTOMERS customers is
  nobody's;
- a second customer on one visitor's browser is a second visitor from that session on (a shared device): the key gets a further
  link, under which the events since then lie; a browser with too many of them says nothing of anybody any more;
- signed news about an order that we do not know waits under the order's key until its purchase, or whose it is, is told;
- a crawler's visit lies under the crawler's name, which is never tied;
- a browser's sighting of a receipt ties its visitor to the order's person, and never makes an order known.  Order keys are
  easily guessed, so only a first sighting does, by no machine, of an order that named no visitor and may be joined to browsing;
- what somebody has undone is not tied again (table `apart`).
In B2B mode persons are members of a company, which then is the subject of their journeys; persons stay what they are.
Each decision about somebody known is written to the link log.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import BindParameter, Connection, bindparam, select

from tracker import tables as t
from tracker.clock import MINUTE, Instant
from tracker.events.types import Consent, Event, Source
from tracker.pipeline.identity import (
    ANONYMOUS,
    CRAWLER,
    CUSTOMER,
    EMAIL,
    MEMBER,
    ORDER,
    VISITOR,
    LinkKey,
    companies_of,
    keys_of,
)
from tracker.shop_settings import ShopSettings
from tracker.tables import links as table

SUPERSEDED = "superseded"  # evidence of an anonymous link whose visitor became known: its session ends uncounted
SIGHTED = "sighted by "  # evidence of an unknown order's link, followed by the visitor's key
BUYER_KNOWN = ", buyer known"  # ends the evidence of an order's link whose visitor is known
NOT_JOINED = ", not joined"  # … or that must not be joined to browsing, since consent was below statistics
MAX_SHARERS = 5  # persons on one visitor's browser; with more it is a till or a library
MAX_CUSTOMERS = 3  # customer keys of one person; an e-mail that would bring more is not one person's
_KNOWN = frozenset({CUSTOMER, EMAIL})
_ALIAS = "\x1f"  # between a visitor's key and the number of a further link; no key from outside can hold it
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
    aliases: int = 0  # of a visitor: how many further links its key has
    since_at: Instant = 0  # of such a further link: from when on events lie under it

    @property
    def named(self) -> LinkKey:
        return (self.kind, self.key)


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One line of the link log."""

    entry_id: int
    kind: str
    key: str
    from_subject_id: int | None
    subject_id: int
    act: str
    evidence: str
    event_id: str
    logged_at: Instant


@dataclass(slots=True)
class Resolved:
    """What a batch did to the links."""

    link_of: list[Link] = field(default_factory=list)  # of each event, in the order given
    written: dict[LinkKey, Link] = field(default_factory=dict)  # links that are new or changed
    log: list[LogEntry] = field(default_factory=list)
    refold: set[int] = field(default_factory=set)  # subjects that got or lost links with events of before
    dissolved: set[int] = field(default_factory=set)  # subjects that have no events of their own any more
    superseded: set[int] = field(default_factory=set)  # anonymous subjects whose visitor became known
    moved: list[tuple[int, int, Instant]] = field(default_factory=list)  # events of a link since then go to another link
    company_of: dict[int, int] = field(default_factory=dict)  # person -> the company whose journey it is

    def subject_of(self, link: Link) -> int | None:
        """Whose journey an event under this link belongs to."""
        person = link.subject_id
        return None if person is None else self.company_of.get(person, person)


class Ids:
    """Hands out the shop's ids; the worker that holds the lease keeps the next one in the lease row."""

    def __init__(self, next_id: int) -> None:
        self.next = next_id

    def take(self) -> int:
        self.next += 1
        return self.next - 1


def resolve(
    db: Connection, shop_id: int, events: Sequence[Event], ids: Ids, secret: str, settings: ShopSettings | None = None
) -> Resolved:
    """Decide the link of each event, in order of arrival.  Reads links; writes nothing (save.py does)."""
    settings = settings or ShopSettings()
    keys = [keys_of(event, settings, secret) for event in events]
    companies = [companies_of(event) if settings.b2b else [] for event in events]
    book = _Book(ids, _History(db, shop_id, settings.idle_minutes * MINUTE))
    book.add(_read_by_key(db, shop_id, {key for named in (*keys, *companies) for key in named}))
    book.add(_read_by_key(db, shop_id, book.sighted_visitors() | book.alias_keys()))
    # Whether a subject is somebody can only be told from all of its links; they matter where an event names several keys.
    several = {key for event_keys in keys if len(event_keys) > 1 for key in event_keys} | book.sighted_visitors()
    doubtful: set[int | None] = {one.subject_id for key in several for one in book.all_of(key) if one.subject_id is not None}
    book.add(_read_by_subject(db, shop_id, doubtful))
    if several:
        book.apart = _read_apart(db, shop_id)
    if settings.b2b:
        persons = {link.subject_id for link in book.links.values() if link.subject_id is not None}
        book.add(_read_by_key(db, shop_id, {(MEMBER, str(person)) for person in persons}))
    for event, event_keys, named in zip(events, keys, companies, strict=True):
        link = book.browser(event, event_keys) if event.source is Source.BROWSER else book.server(event, event_keys)
        book.result.link_of.append(link)
        book.times.append(event.occurred_at)
        book.history.told(event, link)
        if named and link.subject_id is not None:
            book.join(event, link.subject_id, named)
    book.finish()
    return book.result


class _History:
    """When the session in which something was shown began: from stored events, and those of the batch."""

    def __init__(self, db: Connection, shop_id: int, idle: int) -> None:
        self.db, self.shop_id, self.idle = db, shop_id, idle
        self.of_link: dict[int, list[Instant]] = defaultdict(list)

    def told(self, event: Event, link: Link) -> None:
        if event.source is Source.BROWSER and link.kind == VISITOR:
            self.of_link[link.link_id].append(event.occurred_at)

    def session_start(self, link: Link, at: Instant) -> Instant:
        """Of the visitor's session that goes on at `at`; `at` itself when there is none."""
        c = t.events.c
        query = (
            select(c.occurred_at)
            .where(c.shop_id == self.shop_id, c.link_id == link.link_id, c.occurred_at <= at, c.source == 0)
            .order_by(c.occurred_at.desc())
            .limit(500)
        )
        times = sorted({*self.db.execute(query).scalars(), *(x for x in self.of_link[link.link_id] if x <= at)}, reverse=True)
        start = at
        for earlier in times:
            if start - earlier > self.idle:
                break
            start = earlier
        return start


class _Book:
    """The links a batch works with, as they are after each of its events."""

    def __init__(self, ids: Ids, history: _History) -> None:
        self.ids = ids
        self.history = history
        self.first_id = ids.next  # links with a smaller id were there before this batch
        self.links: dict[LinkKey, Link] = {}
        self.of_subject: dict[int, dict[LinkKey, Link]] = defaultdict(dict)
        self.apart: set[tuple[LinkKey, LinkKey]] = set()
        self.times: list[Instant] = []  # of the events resolved so far
        self.result = Resolved()

    def add(self, found: Iterable[Link]) -> None:
        for link in found:
            if link.named not in self.links:
                self.links[link.named] = link
                if link.subject_id is not None:
                    if link.kind == MEMBER:
                        self.result.company_of[int(link.key)] = link.subject_id
                    else:
                        self.of_subject[link.subject_id][link.named] = link

    def sighted_visitors(self) -> set[LinkKey]:
        """The visitors who saw the receipts of orders that were not known then."""
        evidence = [link.evidence or "" for link in self.links.values() if link.kind == ORDER and link.subject_id is None]
        return {(VISITOR, text.removeprefix(SIGHTED)) for text in evidence if text.startswith(SIGHTED)}

    def alias_keys(self) -> set[LinkKey]:
        """The further links of shared browsers."""
        return {
            (VISITOR, f"{link.key}{_ALIAS}{number}") for link in self.links.values() for number in range(1, link.aliases + 1)
        }

    def all_of(self, key: LinkKey) -> list[Link]:
        """The key's link and its further ones, oldest first; none when it is new."""
        first = self.links.get(key)
        if first is None:
            return []
        return [
            first,
            *(self.links[kind, name] for kind, name in sorted(self._alias_keys(first)) if (kind, name) in self.links),
        ]

    def _alias_keys(self, first: Link) -> list[LinkKey]:
        return [(VISITOR, f"{first.key}{_ALIAS}{number}") for number in range(1, first.aliases + 1)]

    def browser(self, event: Event, keys: list[LinkKey]) -> Link:
        """A browser's event: under its visitor; a receipt seen ties the visitor to the order's person."""
        link = self._link(keys[0], event.occurred_at)
        if link.subject_id is None:
            self._tie(link, self.ids.take(), event, "first seen")
        for key in keys[1:]:
            if key[0] == ANONYMOUS:
                if (anonymous := self.links.get(key)) and anonymous.subject_id is not None:
                    anonymous.evidence = SUPERSEDED
                    self.result.written[key] = anonymous
                    self.result.superseded.add(anonymous.subject_id)
                continue
            self._sight(event, link, self._link(key, event.occurred_at))
        return link

    def _sight(self, event: Event, visitor: Link, order: Link) -> None:
        if order.subject_id is None:
            # Whose order it is, a signed event must say; until then the sighting waits in the link's evidence.
            order.evidence = SIGHTED + visitor.key
            self.result.written[order.named] = order
        elif (
            order.subject_id != visitor.subject_id
            and not self._is_somebody(visitor.subject_id)
            and _may_be_sighted(order)
            and not self._is_apart(visitor.subject_id, order.subject_id)
        ):
            self._merge(visitor.subject_id, order.subject_id, event, "sighting")
            order.evidence = (order.evidence or "") + BUYER_KNOWN
            self.result.written[order.named] = order

    def server(self, event: Event, keys: list[LinkKey]) -> Link:
        """A signed event: find whose it is, and tie the keys that belonged to nobody."""
        own = [self._link(key, event.occurred_at) for key in keys]
        first = own[0]
        sighted = self._sighted(first)
        if sighted is not None and all(link.kind != VISITOR for link in own) and event.consent >= Consent.STATISTICS:
            own.append(sighted)
        if first.kind == CRAWLER:
            return first  # nobody's for good
        if first.kind == ORDER and first.subject_id is None and len(own) == 1 and event.type != "purchase":
            return first  # nobody told us of this order yet; it waits
        subject_id = self._whose(own)
        if subject_id is None:
            subject_id = self.ids.take()
        names_somebody = any(link.kind in _KNOWN for link in own)
        for link in own:
            if link.subject_id == subject_id:
                continue
            if self._is_apart(link, subject_id):
                if link.subject_id is None:
                    self._tie(link, self.ids.take(), event, event.type)
            elif link.subject_id is None:
                self._tie(link, subject_id, event, event.type + _closing(event, own) if link.kind == ORDER else event.type)
            elif link.kind == EMAIL:
                self._merge_guest(link, subject_id, event)
            elif link.kind in (VISITOR, ORDER) and not self._is_somebody(link.subject_id):
                self._merge(link.subject_id, subject_id, event, event.type)
            elif link.kind == VISITOR and names_somebody:
                self._share(link, subject_id, event)
        return first

    def _whose(self, own: list[Link]) -> int | None:
        """The subject of the customer key, else e-mail, else order, else of a visitor who is not somebody else already."""
        named = {link.kind: link for link in own if link.subject_id is not None}
        if CUSTOMER in named:
            return named[CUSTOMER].subject_id
        if EMAIL in named and self._takes(named[EMAIL].subject_id, own):
            return named[EMAIL].subject_id
        if ORDER in named and self._takes(named[ORDER].subject_id, own):
            return named[ORDER].subject_id
        visitor = named.get(VISITOR)
        if visitor is None:
            return None
        names_somebody = any(link.kind in _KNOWN for link in own)
        if names_somebody and (
            self._is_somebody(visitor.subject_id) or any(self._is_apart(k, visitor.subject_id) for k in own)
        ):
            return None
        return visitor.subject_id

    def _takes(self, subject_id: int | None, own: list[Link]) -> bool:
        """Whether a new customer key may be this person's: an e-mail or order of many customers is nobody's in particular."""
        new = next((link for link in own if link.kind == CUSTOMER and link.subject_id is None), None)
        if new is None or subject_id is None:
            return True
        customers = [key for kind, key in self.of_subject[subject_id] if kind == CUSTOMER]
        return len(customers) < MAX_CUSTOMERS and not self._is_apart(new, subject_id)

    def _sighted(self, order: Link) -> Link | None:
        """The visitor who saw the receipt of an order that was not known then."""
        if order.kind != ORDER or order.subject_id is not None or not (order.evidence or "").startswith(SIGHTED):
            return None
        return self.links.get((VISITOR, (order.evidence or "").removeprefix(SIGHTED)))

    def _is_somebody(self, subject_id: int | None) -> bool:
        return subject_id is not None and any(kind in _KNOWN for kind, _ in self.of_subject[subject_id])

    def _is_apart(self, one: Link | int | None, subject_id: int | None) -> bool:
        """Whether somebody has said that this key, or one of this person's, is never that person's."""
        if not self.apart or one is None or subject_id is None:
            return False
        mine = [one.named] if isinstance(one, Link) else list(self.of_subject[one])
        theirs = list(self.of_subject[subject_id])
        return any((a, b) in self.apart or (b, a) in self.apart for a in mine for b in theirs)

    def _link(self, key: LinkKey, at: Instant) -> Link:
        """The key's link; of a shared browser that which holds the instant."""
        for link in reversed(self.all_of(key)):
            if link.since_at <= at or not link.since_at:
                return link
        made = self.links[key] = self.result.written[key] = Link(*key, self.ids.take(), None, None, None)
        return made

    def _tie(self, link: Link, subject_id: int, event: Event, evidence: str) -> None:
        if link.link_id < self.first_id:  # it was there before, so events may have waited under it
            self.result.refold.add(subject_id)
        if self.of_subject[subject_id]:
            self._log(link, subject_id, "tied", event, evidence)
        link.subject_id, link.evidence, link.linked_at = subject_id, evidence, event.received_at
        self.of_subject[subject_id][link.named] = self.result.written[link.named] = link

    def _merge_guest(self, email: Link, subject_id: int, event: Event) -> None:
        """The person of an e-mail is the customer who names it, unless that would be too many customers."""
        gone = email.subject_id
        assert gone is not None
        theirs = {key for kind, key in self.of_subject[gone] if kind == CUSTOMER}
        ours = {key for kind, key in self.of_subject[subject_id] if kind == CUSTOMER}
        if len(theirs | ours) > MAX_CUSTOMERS or self._is_apart(gone, subject_id):
            self._log(email, subject_id, "refused", event, "an address of too many customers")
        else:
            self._merge(gone, subject_id, event, event.type)

    def _merge(self, gone: int | None, subject_id: int, event: Event, evidence: str) -> None:
        """All links of a subject go to another."""
        assert gone is not None
        for key, link in self.of_subject.pop(gone).items():
            self._log(link, subject_id, "merged", event, evidence)
            link.subject_id, link.linked_at = subject_id, event.received_at
            if link.kind != ORDER:  # whether an order may be sighted stays as it is
                link.evidence = evidence
            self.of_subject[subject_id][key] = self.result.written[key] = link
        company = self.result.company_of.pop(gone, None)
        if company is not None:
            member = self.links[MEMBER, str(gone)]
            member.subject_id = None
            self.result.written[member.named] = member
            self.result.refold.add(company)
        self.result.dissolved.add(gone)
        self.result.refold.add(subject_id)

    def _share(self, visitor: Link, subject_id: int, event: Event) -> None:
        """Somebody else on a known person's browser: from this session on the key's events are theirs."""
        first = self.links[VISITOR, visitor.key.partition(_ALIAS)[0]]
        if first.aliases >= MAX_SHARERS:
            self._log(visitor, subject_id, "refused", event, "too many persons on this browser")
            return
        was = visitor.subject_id
        since = self.history.session_start(visitor, event.occurred_at)
        if since <= (visitor.linked_at or 0) <= event.occurred_at:
            since = (visitor.linked_at or 0) + 1  # what was known of the other one in this session stays theirs
        first.aliases += 1
        self.result.written[first.named] = first
        key = (VISITOR, f"{first.key}{_ALIAS}{first.aliases}")
        link = Link(*key, self.ids.take(), None, None, None, since_at=since)
        self.links[key] = link
        self._log(link, subject_id, "split", event, event.type)
        link.subject_id, link.evidence, link.linked_at = subject_id, event.type, event.received_at
        self.of_subject[subject_id][key] = self.result.written[key] = link
        self.result.moved.append((visitor.link_id, link.link_id, since))
        for number, earlier in enumerate(self.result.link_of):
            if earlier is visitor and self.times[number] >= since:
                self.result.link_of[number] = link
        self.result.refold |= {subject_id, *([was] if was is not None else [])}

    def join(self, event: Event, person: int, named: list[LinkKey]) -> None:
        """The person is of this company, unless they are of one already."""
        if person in self.result.company_of:
            company: int | None = self.result.company_of[person]
        else:
            own = [self._link(key, event.occurred_at) for key in named]
            company = next((link.subject_id for link in own if link.subject_id is not None), None)
            if any(((MEMBER, str(person)), link.named) in self.apart for link in own):
                return
            company = company or self.ids.take()
            member = self._link((MEMBER, str(person)), event.occurred_at)
            self._log(member, company, "tied", event, named[0][1])
            member.subject_id, member.evidence, member.linked_at = company, named[0][1], event.received_at
            self.result.written[member.named] = member
            self.result.company_of[person] = company
            self.result.dissolved.add(person)
            self.result.refold.add(company)
        for key in named:
            link = self._link(key, event.occurred_at)
            if link.subject_id is None:
                link.subject_id, link.evidence, link.linked_at = company, event.type, event.received_at
                self.result.written[key] = link

    def finish(self) -> None:
        """A company stands for its members, and what was dissolved is folded no more."""
        result = self.result
        result.refold = {result.company_of.get(subject, subject) for subject in result.refold} - (
            result.dissolved - set(result.company_of.values())
        )

    def _log(self, link: Link, subject_id: int, act: str, event: Event, evidence: str) -> None:
        self.result.log.append(
            LogEntry(
                self.ids.take(),
                link.kind,
                link.key,
                link.subject_id,
                subject_id,
                act,
                evidence,
                event.event_id,
                event.received_at,
            )
        )


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
_APART = select(t.apart).where(t.apart.c.shop_id == bindparam("of_shop"))


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


def _read_apart(db: Connection, shop_id: int) -> set[tuple[LinkKey, LinkKey]]:
    return {((row.kind, row.key), (row.other_kind, row.other_key)) for row in db.execute(_APART, {"of_shop": shop_id})}
