"""What kind of machine somebody used.

In:  the User-Agent header.
Out: Device.  An iPad says it is a Mac since iPadOS 13; it is counted as desktop.
Source: user-agents decides what is a phone, a tablet, a computer; ua-parser reads the text.  `user_agents.parse` uses
        ua-parser's old interface, which tries 1,000 patterns in Python (1,100–1,700 µs); the same class filled from the new one
        takes 50 µs, and knows more crawlers.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from tracker.enrich.address import clean
from tracker.enrich.bots import MAX_USER_AGENT, bot

DeviceKind = Literal["desktop", "mobile", "tablet", "tv", "bot", "unknown"]

# user-agents has no word for it.  Consoles are browsed on a television.
_TV = re.compile(
    r"Smart-?TV|SMART-TV|HbbTV|Apple ?TV|Google ?TV|Android ?TV|NetCast|Web0S|BRAVIA|CrKey|Roku|VIDAA|AFT[A-Z0-9]+ |"
    r"Tizen.+TV|Viera|PlayStation|Xbox|Nintendo (?:Switch|WiiU)"
)


@dataclass(frozen=True, slots=True)
class Device:
    """`browser` and `os` are families ("Mobile Safari", "iOS") without version, or None."""

    kind: DeviceKind
    browser: str | None
    os: str | None


_UNKNOWN = Device("unknown", None, None)


def device(user_agent: str | None) -> Device:
    """Unknown when nothing was sent: a server's event need not name the buyer's browser."""
    if user_agent is None or not user_agent.strip():
        return _UNKNOWN
    return _device(user_agent[:MAX_USER_AGENT])


@lru_cache(maxsize=50_000)
def _device(user_agent: str) -> Device:
    parsed = _parse(user_agent)
    return Device(_kind(user_agent, parsed), _family(parsed.browser.family), _family(parsed.os.family))


def _kind(user_agent: str, parsed: Any) -> DeviceKind:
    if bot(user_agent) is not None or parsed.is_bot:
        return "bot"
    if _TV.search(user_agent):
        return "tv"
    if parsed.is_tablet:
        return "tablet"
    if parsed.is_mobile:
        return "mobile"
    return "desktop" if parsed.is_pc or "X11;" in user_agent else "unknown"  # X11: the BSDs


def _family(name: str) -> str | None:
    return clean(name, 60) if name and name != "Other" else None


@cache
def _libraries() -> tuple[Any, Any]:
    """user_agents.parsers and a ua-parser without its own cache, since Devices are cached.  Imported when first asked: it takes
    0.3 s and 30 MB, of which the front door, which asks for `bot` alone, has no need."""
    from ua_parser import BestAvailableResolver, Parser, load_lazy_builtins
    from user_agents import parsers

    return parsers, Parser(BestAvailableResolver(load_lazy_builtins()))


def _parse(user_agent: str) -> Any:
    """What `user_agents.parse` answers."""
    parsers, parser = _libraries()
    result = parser.parse(user_agent).with_defaults()
    browser, system, machine = result.user_agent, result.os, result.device
    parsed = parsers.UserAgent.__new__(parsers.UserAgent)
    parsed.ua_string = user_agent
    parsed.browser = parsers.parse_browser(browser.family, browser.major, browser.minor, browser.patch)
    parsed.os = parsers.parse_operating_system(system.family, system.major, system.minor, system.patch)
    parsed.device = parsers.parse_device(machine.family, machine.brand, machine.model)
    return parsed
