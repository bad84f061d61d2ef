"""Who changed what, and when: one entry in the transaction of the change, so that neither is there without the other.

What concerns an account (a login, its password) stands under each shop of the account, or under 0 when it has none; so every
owner reads what their people did, and nothing of other shops.  Nothing secret goes in: names and settings, never keys, codes or
addresses of the shop's customers.  Kept for KEEP: whoever writes takes away what is older, and so does the weekly chore.
To add a kind: its line in KINDS.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, delete, insert, select

from tracker import tables as t
from tracker.clock import DAY, Instant
from tracker.texts import N_

KEEP = 2 * 365 * DAY
NO_SHOP = 0
COMMAND_LINE, SHOPS_SERVER = N_("command line"), N_("shop's server")  # who is no person
_RANDOM_BITS = 20  # entry_id: milliseconds, then these; so it rises with time and two writers do not meet


KINDS = {
    "login": N_("Logged in"),
    "login_failed": N_("Wrong password or code"),
    "password": N_("Password changed"),
    "password_asked": N_("Forgotten password: link asked for"),
    "two_factor_on": N_("Two-factor login turned on"),
    "two_factor_off": N_("Two-factor login turned off"),
    "recovery_codes": N_("New recovery codes"),
    "invited": N_("Invited"),
    "invitation_withdrawn": N_("Invitation withdrawn"),
    "joined": N_("Joined"),
    "role": N_("Role changed"),
    "removed": N_("Removed from the shop"),
    "token_made": N_("Token made"),
    "token_revoked": N_("Token revoked"),
    "shop_made": N_("Shop made"),
    "shop": N_("Shop changed"),
    "secret_rotated": N_("Server secret renewed"),
    "secret_ended": N_("Old server secret ended"),
    "change_settings": N_("Settings changed"),
    "add_stage_rules": N_("Own stage rules set"),
    "replay": N_("Everything tagged again"),
    "recount": N_("Everything counted again"),
    "undo_link": N_("Link undone"),
    "erase": N_("Person erased"),
    "export": N_("Person's data handed out"),
    "note": N_("Note written"),
    "spend": N_("Advertising costs uploaded"),
    "order_list": N_("Order list uploaded"),
    "fill_orders": N_("Missing orders filled in"),
}


@dataclass(frozen=True)
class Entry:
    """One thing that somebody did."""

    entry_id: int
    logged_at: Instant
    kind: str
    who: str
    about: str
    changed: Mapping[str, Any]


def log(
    db: Connection,
    shop_ids: Iterable[int],
    kind: str,
    who: str,
    now: Instant,
    *,
    about: str = "",
    changed: Mapping[str, Any] | None = None,
) -> None:
    """In the transaction of the change.  Raises KeyError for a kind that there is not."""
    _ = KINDS[kind]
    told = {"logged_at": now, "kind": kind, "who": who, "about": about, "changed": dict(changed or {})}
    for shop_id in tuple(shop_ids) or (NO_SHOP,):
        entry_id = now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        db.execute(insert(t.audit), {"shop_id": shop_id, "entry_id": entry_id, **told})
        forget_old(db, shop_id, now)


def forget_old(db: Connection, shop_id: int, now: Instant) -> None:
    """Entries older than KEEP go."""
    c = t.audit.c
    db.execute(delete(t.audit).where(c.shop_id == shop_id, c.entry_id < (now - KEEP) << _RANDOM_BITS))


def read(db: Connection, shop_id: int, *, kind: str = "", before: int | None = None, limit: int = 50) -> list[Entry]:
    """The latest first: those of the kind, if one is named, and below the entry `before`."""
    c = t.audit.c
    query = select(t.audit).where(c.shop_id == shop_id).order_by(c.entry_id.desc()).limit(limit)
    if kind:
        query = query.where(c.kind == kind)
    if before is not None:
        query = query.where(c.entry_id < before)
    return [Entry(row.entry_id, row.logged_at, row.kind, row.who, row.about, row.changed) for row in db.execute(query)]
