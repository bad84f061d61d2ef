"""Writes what others hold us to: tests/contract/events.json and docs/wire-format.md, both made from the catalogue.

`python -m tracker.events.contract` writes them; with `--check` it writes nothing and fails when they are stale.
The Python, JavaScript and PHP tests all read events.json: one entry an event type, `wire` as `source` sends it, `event` as it
then lies in the intake.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tracker.clock import Instant
from tracker.events.catalog import CATALOG
from tracker.events.codec import pack
from tracker.events.types import Consent, Source
from tracker.events.wire import WIRE_VERSION, load
from tracker.events.wire_page import wire_page

ROOT = Path(__file__).resolve().parents[2]

OCCURRED_AT: Instant = 1_780_308_000_000  # 2026-06-01T10:00:00Z
RECEIVED_AT: Instant = OCCURRED_AT + 400
CURRENCY = "DKK"


@dataclass(frozen=True)
class ExampleLimits:
    """The default settings, as far as wire.load asks."""

    max_age_days: int = 30
    max_future_seconds: int = 300


def example_source(name: str) -> Source:
    """Who sends the type's example: a browser where it may tell all of it, else the shop's server."""
    event_type = CATALOG[name]
    whole = Source.BROWSER in event_type.sent_by and event_type.browser_keeps is None
    return Source.BROWSER if whole else Source.SERVER


def example_event(name: str) -> dict[str, Any]:
    """The type's example as one complete event on the wire, without an envelope."""
    event: dict[str, Any] = {"event_id": f"example-{name}", "type": name, "occurred_at": OCCURRED_AT}
    if example_source(name) is Source.BROWSER:
        event |= {"visitor_key": "v-3xJq0pX2n8", "consent": "statistics", "sequence": 7}
    return {**event, **CATALOG[name].example}


def contract() -> dict[str, Any]:
    """What events.json says."""
    return {
        "wire_version": WIRE_VERSION,
        "received_at": RECEIVED_AT,
        "shop_currency": CURRENCY,
        "events": [_entry(name) for name in CATALOG],
    }


def _entry(name: str) -> dict[str, Any]:
    source, wire = example_source(name), example_event(name)
    loaded = load(
        wire,
        wire,
        source,
        received_at=RECEIVED_AT,
        currency=CURRENCY,
        default_consent=Consent.ANONYMOUS,
        limits=ExampleLimits(),
    )
    return {
        "type": name,
        "sent_by": sorted(sender.value for sender in CATALOG[name].sent_by),
        "source": source.value,
        "wire": wire,
        "event": pack(loaded.event),
    }


def made() -> dict[Path, str]:
    """Each made file and what it must say."""
    return {
        ROOT / "tests/contract/events.json": json.dumps(contract(), ensure_ascii=False, indent=2) + "\n",
        ROOT / "docs/wire-format.md": wire_page(example_event),
    }


def stale() -> list[str]:
    """The made files that do not say what they must."""
    return [
        str(path.relative_to(ROOT))
        for path, text in made().items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    ]


def main(arguments: list[str]) -> int:
    """The command; 1 when `--check` finds a stale file."""
    if arguments == ["--check"]:
        found = stale()
        for name in found:
            print(f"{name} is stale: run `python -m tracker.events.contract`", file=sys.stderr)
        return 1 if found else 0
    if arguments:
        print("usage: python -m tracker.events.contract [--check]", file=sys.stderr)
        return 2
    for path, text in made().items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
