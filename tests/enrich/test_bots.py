"""Who is no person, and why."""

from __future__ import annotations

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA
from hypothesis import given
from hypothesis import strategies as st

from tests.enrich.test_device import PEOPLE
from tracker.enrich import bot, device

SENT = [
    ("nothing sent", None, "empty_user_agent"),
    ("an empty text", "", "empty_user_agent"),
    ("blanks", "  ", "empty_user_agent"),
    ("Googlebot", "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "crawler:Googlebot"),
    ("Bing", "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)", "crawler:bingbot"),
    (
        "a link preview",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "crawler:facebookexternalhit",
    ),
    (
        "headless Chromium",
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/131.0.0.0 Safari/537.36",
        "headless",
    ),
    ("curl", "curl/8.5.0", "library"),
    ("python-requests", "python-requests/2.32.3", "library"),
    ("Go", "Go-http-client/2.0", "library"),
    ("okhttp", "okhttp/4.12.0", "library"),
    (
        "OpenAI's trainer",
        "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; +https://openai.com/gptbot)",
        "ai:GPTBot",
    ),
    ("a crawler that the list does not know yet", "Mozilla/5.0 (compatible; FlunkyBot/0.1)", "crawler:FlunkyBot"),
    ("one that only says spider", "my-spider 1.0", "crawler:my-spider"),
    ("one that only says bot", "bot", "crawler:bot"),
]


@pytest.mark.parametrize(("user_agent", "reason"), [row[1:] for row in SENT], ids=[row[0] for row in SENT])
def test_reason(user_agent: str | None, reason: str) -> None:
    assert bot(user_agent) == reason


# As their makers write them: most name a machine once more in the address of what they explain.
PUBLISHED = {
    "ChatGPT-User": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko); compatible; ChatGPT-User/1.0; +https://openai.com/bot",
    "OAI-SearchBot": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 "
    "Safari/537.36; compatible; OAI-SearchBot/1.3; +https://openai.com/searchbot",
    "MistralAI-Index": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; MistralAI-Index/1.0; "
    "+https://docs.mistral.ai/robots)",
    "Google-Agent": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; Google-Agent; "
    "+https://developers.google.com/crawling/docs/crawlers-fetchers/google-agent) Chrome/138.0.0.0 Safari/537.36",
    "Google-GeminiNotebook": "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 "
    "Mobile Safari/537.36 (compatible; Google-GeminiNotebook; "
    "+https://developers.google.com/crawling/docs/crawlers-fetchers/google-gemininotebook)",
    "Amazonbot": "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_10_1) AppleWebKit/600.2.5 (KHTML, like Gecko) Version/8.0.2 "
    "Safari/600.2.5 (Amazonbot/0.1; +https://developer.amazon.com/support/amazonbot)",
    "Amzn-User": "Mozilla/5.0 (compatible; Amzn-User/0.1; +https://developer.amazon.com/amazonbot)",
    "meta-externalagent": "meta-externalagent/1.1 (+https://developers.facebook.com/docs/sharing/webmasters/crawler)",
    "meta-externalfetcher": "Meta-ExternalFetcher/1.1",
    "ClaudeBot": "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; ClaudeBot/1.0; +claudebot@anthropic.com)",
}


@pytest.mark.parametrize(("name", "user_agent"), PUBLISHED.items(), ids=PUBLISHED)
def test_a_machine_that_reads_for_ai_has_its_makers_spelling(name: str, user_agent: str) -> None:
    assert bot(user_agent) == bot(user_agent.lower()) == f"ai:{name}"


ASSISTANTS = [
    "ChatGPT-User",
    "Perplexity-User",
    "Claude-User",
    "MistralAI-User",
    "Gemini-Deep-Research",
    "Google-NotebookLM",
    "Amzn-User",
    "meta-externalfetcher",
    "DuckAssistBot",
    "OAI-SearchBot",
    "PerplexityBot",
    "Claude-SearchBot",
    "Amzn-SearchBot",
    "AzureAI-SearchBot",
    "YouBot",
    "Applebot",
    "GPTBot",
    "ClaudeBot",
    "anthropic-ai",
    "Claude-Web",
    "CCBot",
    "Google-CloudVertexBot",
    "meta-externalagent",
    "FacebookBot",
    "Bytespider",
    "DeepSeekBot",
    "cohere-ai",
    "Amazonbot",
    "AI2Bot",
    "ChatGLM-Spider",
    "GoogleAgent-Mariner",
]


@pytest.mark.parametrize("name", ASSISTANTS)
def test_readers_for_assistants_are_told_apart(name: str) -> None:
    assert (
        bot(f"Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; {name}/1.0; +https://example.com/)")
        == f"ai:{name}"
    )


@pytest.mark.parametrize("user_agent", PEOPLE)
def test_people_are_no_bots(user_agent: str) -> None:
    assert bot(user_agent) is None


def test_every_example_of_the_list_is_found_and_none_is_a_persons_device() -> None:
    examples = [text for entry in CRAWLER_USER_AGENTS_DATA for text in entry["instances"]]
    assert len(examples) > 1_000
    assert [text for text in examples if bot(text[:512]) is None and len(text) <= 512] == []
    assert {device(text).kind for text in examples[::20]} == {"bot"}


@given(st.text(max_size=700))
def test_no_text_makes_it_raise_and_the_reason_can_be_stored(user_agent: str) -> None:
    reason = bot(user_agent)
    found = device(user_agent)
    assert reason is None or reason in ("empty_user_agent", "headless", "library") or reason.startswith(("ai:", "crawler:"))
    for text in (reason, found.browser, found.os):
        assert text is None or len(text.encode("utf-8")) < 300
