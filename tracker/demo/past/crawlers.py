"""Machines that read the shop, as its server reports them: now and then one walks through many pages for training, others look
after their search index, and some fetch a page or two because somebody asked.

After all else, so that it changes nothing of what people did.
"""

from __future__ import annotations

from typing import NamedTuple

from tracker.clock import DAY, HOUR, SECOND, Instant
from tracker.demo.goods import CATEGORIES
from tracker.demo.past import shelf
from tracker.demo.past.world import World

_LOOKS = "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; {})"


class Machine(NamedTuple):
    """`every` so many days it comes, and then for so many pages."""

    user_agent: str
    every: float
    fewest: int
    most: int


# To add one: a row.
MACHINES = (
    Machine(_LOOKS.format("ChatGPT-User/1.0; +https://openai.com/bot"), 0.8, 1, 2),
    Machine(_LOOKS.format("OAI-SearchBot/1.3; +https://openai.com/searchbot"), 2, 1, 3),
    Machine(_LOOKS.format("GPTBot/1.2; +https://openai.com/gptbot"), 14, 8, 18),
    Machine(_LOOKS.format("Perplexity-User/1.0; +https://perplexity.ai/perplexity-user"), 2, 1, 2),
    Machine(_LOOKS.format("PerplexityBot/1.0; +https://perplexity.ai/perplexitybot"), 5, 1, 5),
    Machine(_LOOKS.format("Claude-User/1.0; +Claude-User@anthropic.com"), 5, 1, 2),
    Machine(_LOOKS.format("ClaudeBot/1.0; +claudebot@anthropic.com"), 22, 5, 14),
    Machine("meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)", 18, 3, 9),
    Machine("CCBot/2.0 (https://commoncrawl.org/faq/)", 40, 6, 12),
    Machine("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", 4, 1, 4),
)


def report_all(world: World) -> None:
    """What came since the opening, one request of the shop's server for each time that a machine came."""
    for machine in MACHINES:
        at = world.calendar.opened_at + _pause(world, machine)
        while at < world.now - HOUR:
            _report(world, at, machine)
            at += _pause(world, machine)


def _pause(world: World, machine: Machine) -> Instant:
    return round(world.dice.expovariate(1 / (machine.every * DAY))) + SECOND


def _report(world: World, at: Instant, machine: Machine) -> None:
    visits = []
    for _ in range(world.dice.randint(machine.fewest, machine.most)):
        page = {"url": f"https://{world.shop.hosts[0]}/demo/{_path(world)}"}
        event = {"event_id": world.key(), "type": "crawler_visit", "occurred_at": at, "page": page}
        visits.append({**event, "user_agent": machine.user_agent})
        at += world.between(SECOND, 20 * SECOND)
    world.send(*visits)


def _path(world: World) -> str:
    """A page, mostly in the shop's own language, and mostly of goods that people like."""
    lang = "da" if world.chance(0.8) else "en"
    category = world.dice.choice(list(CATEGORIES))
    product = shelf.choose_product(world.dice, category)
    if lang == "da":
        goods, words = f"/vare/{product.key}", ("/guide/hoer", "/journal/vaevestuen")
    else:
        goods, words = f"/product/{product.key}", ("/guide/linen", "/journal/weaving-mill")
    return lang + world.pick({"": 1, goods: 6, shelf.category_path(category, lang): 2, **dict.fromkeys(words, 1)})
