"""What each role may: one table for roles, one for addresses.  The gate asks them before every view of a shop.

A right is also a scope of an API token (SCOPES).  To add a view that changes something: its line in NEEDS; without one it is
closed to everybody.  What only reads needs no line: every member may read reports.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

from tracker.reports.table import N_

Right = Literal[
    "reports", "notes", "spend", "order_list", "rules", "settings", "replay", "undo", "erase", "accounts", "secrets", "tokens",
    "audit",
]  # fmt: skip
RIGHTS: tuple[Right, ...] = get_args(Right)

_WRITES: frozenset[Right] = frozenset({"notes", "spend", "order_list", "rules"})
MAY: Mapping[str, frozenset[Right]] = {
    "owner": frozenset(RIGHTS),
    "marketer": frozenset({"reports", *_WRITES}),
    "analyst": frozenset({"reports"}),
}

# What a token may be given, and what that is.  Accounts, secrets and tokens are for people alone.
SCOPES: Mapping[Right, str] = {
    "reports": N_("Read reports, settings, notes and tasks"),
    "notes": N_("Write notes"),
    "spend": N_("Upload advertising costs"),
    "order_list": N_("Upload the order list, and fill in missing orders"),
    "settings": N_("Change settings and stage rules"),
    "replay": N_("Count or tag everything again"),
    "undo": N_("Undo links between visitors and people"),
    "erase": N_("Hand out and erase a person's data"),
}

# endpoint -> what it takes; for every view of a shop that changes something, and those that not every member may read
NEEDS: Mapping[str, Right] = {
    "api.write_note": "notes",
    "admin.write_map_note": "notes",
    "api.ad_spend": "spend",
    "api.upload_order_list": "order_list",
    "api.fill_order_list": "order_list",
    "api.change_settings": "settings",
    "api.add_stage_rules": "settings",
    "api.preview_stage_rules": "reports",
    "api.replay": "replay",
    "api.recount": "replay",
    "api.undo_link": "undo",
    "api.erase": "erase",
    "api.export_person": "erase",
    "admin.settings": "settings",
    "admin.upload_spend": "spend",
    "admin.upload_list": "order_list",
    "admin.fill_orders": "order_list",
    "admin.stage_rules": "settings",
    "admin.replay": "replay",
    "admin.recount": "replay",
    "admin.undo": "undo",
    "admin.erase": "erase",
    "admin.choose_mails": "reports",
    "admin.send_weekly": "reports",
    "admin.members": "accounts",
    "admin.invite": "accounts",
    "admin.resend_invitation": "accounts",
    "admin.withdraw_invitation": "accounts",
    "admin.change_role": "accounts",
    "admin.remove_member": "accounts",
    "admin.tokens": "tokens",
    "admin.make_token": "tokens",
    "admin.revoke_token": "tokens",
    "admin.audit_log": "audit",
    "admin.audit_file": "audit",
    "admin.shop": "secrets",
    "admin.change_shop": "secrets",
    "admin.rotate_secret": "secrets",
    "admin.end_old_secret": "secrets",
}


def may(role: str, right: Right) -> bool:
    return right in MAY[role]


def needed(endpoint: str | None, *, changes: bool) -> Right | None:
    """The right that the view takes; None: nobody's, since it changes something and NEEDS does not name it."""
    return NEEDS.get(endpoint or "", None if changes else "reports")
