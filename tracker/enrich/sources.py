"""Recognise who sent an arrival: by host, by the spelling of `utm_source`, by click id.

In:  a referrer's host and path, the value of a label, the names of a query's parameters.
Out: Known(name, category), ClickId, or None.
Lists: data/sources.csv (a host stands for what is below it too; `name.*` for that name in every country's domain;
       `host/path` for the pages below that path), data/source_aliases.csv, data/click_ids.csv, data/payment_hosts.csv.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from tracker.enrich.address import bare, belongs
from tracker.enrich.lists import read_list

CATEGORIES = ("search", "social", "video", "shopping", "ai", "email", "affiliate", "display", "push", "referral")

PROOFS = (
    "paid",  # only what is paid for carries it: advertisements, affiliates' links
    "sent",  # written by the tool that sent a mail
    "link",  # any link of that platform may carry it
)


@dataclass(frozen=True, slots=True)
class Known:
    """A sender we know by name.  Every name has one category."""

    name: str
    category: str  # of CATEGORIES


@dataclass(frozen=True, slots=True)
class ClickId:
    """A parameter by which a platform recognises its own clicks.  Only its kind is kept: the value is personal data."""

    parameter: str
    source: Known
    proof: str  # of PROOFS


# A country's domain: google.dk, google.com, amazon.co.uk.  Not every ending: anybody may register google.shop.
_COUNTRY = re.compile(r"(?:com|[a-z]{2}|(?:com?|org|net)\.[a-z]{2})")
# Banks let buyers confirm a card on hosts of their own, thousands of them, that carry the procedure's name.
_CARD_CHECK = re.compile(r"(?:^|[.-])(?:3-?d-?s(?:ecure)?\d?|acs\d?|securecode|verifiedbyvisa|vbv)[.-].+\.[a-z]+$")


@dataclass(frozen=True, slots=True)
class _Hosts:
    exact: dict[str, Known]
    anywhere: dict[str, Known]  # first label of `name.*`
    paths: dict[str, tuple[tuple[str, Known], ...]]


@cache
def _hosts() -> _Hosts:
    exact: dict[str, Known] = {}
    anywhere: dict[str, Known] = {}
    paths: dict[str, tuple[tuple[str, Known], ...]] = {}
    for row in read_list("sources"):
        known = Known(row["name"], row["category"])
        host, slash, path = row["host"].partition("/")
        if slash:
            paths[host] = (*paths.get(host, ()), (slash + path, known))
        elif host.endswith(".*"):
            anywhere[host.removesuffix(".*")] = known
        else:
            exact[host] = known
    return _Hosts(exact, anywhere, paths)


@cache
def _names() -> dict[str, Known]:
    """Every name and every spelling."""
    hosts = _hosts()
    below = (known for rules in hosts.paths.values() for _, known in rules)
    names = {known.name: known for known in (*hosts.exact.values(), *hosts.anywhere.values(), *below)}
    return names | {row["spelling"]: Known(row["name"], row["category"]) for row in read_list("source_aliases")}


@cache
def click_parameters() -> dict[str, ClickId]:
    """By parameter in lower case, in the order in which they are believed: an advertisement before a mere link."""
    rows = sorted(read_list("click_ids"), key=lambda row: PROOFS.index(row["proof"]))
    return {
        row["parameter"].lower(): ClickId(row["parameter"], Known(row["name"], row["category"]), row["proof"]) for row in rows
    }


@cache
def _passing() -> frozenset[str]:
    return frozenset(row["host"] for row in read_list("payment_hosts"))


def source_of_host(host: str, path: str = "/") -> Known | None:
    """The longest known host that `host` is or lies below; a rule for the path comes before."""
    hosts = _hosts()
    for prefix, known in hosts.paths.get(bare(host), ()):
        if path == prefix or path.startswith(prefix + "/"):
            return known
    rest = host
    while rest:
        label, _, parent = rest.partition(".")
        if rest in hosts.exact:
            return hosts.exact[rest]
        if label in hosts.anywhere and _COUNTRY.fullmatch(parent):
            return hosts.anywhere[label]
        rest = parent
    return None


def source_of_name(spelling: str) -> Known | None:
    """What `utm_source` means: a name, one of its spellings, or a host."""
    text = spelling.lower().strip()
    names = _names()
    found = names.get(text) or names.get(re.sub(r"[\s_]+", "-", text))
    if found is None and "." in text:
        found = source_of_host(text.partition("://")[2].partition("/")[0] or text.partition("/")[0])
    return found


def is_passing(host: str) -> bool:
    """Whether people only pass through it and come back: payment, card check, signing in, proving who they are."""
    parts = host.split(".")
    passing = _passing()
    return any(".".join(parts[i:]) in passing for i in range(len(parts) - 1)) or _CARD_CHECK.search(host) is not None


def is_own(host: str, own_hosts: tuple[str, ...]) -> bool:
    """Whether it is one of the shop's hosts, or lies below one."""
    return any(belongs(host, owner) for owner in own_hosts)
