"""Every row of the channel table, by whole addresses as browsers send them."""

from __future__ import annotations

import pytest

from tracker.enrich import CHANNELS, arrival
from tracker.enrich.arrival import Arrival, read
from tracker.enrich.channel import TABLE, Clues, row_of
from tracker.enrich.sources import CATEGORIES, PROOFS, ClickId, Known

SHOP = "https://www.kjoler.dk/kjole/rod"
OWN = ("kjoler.dk",)

# (sentence, labels, referrer, channel, source)
ARRIVALS: list[tuple[str, str, str | None, str, str]] = [
    # cross-network and shopping
    (
        "a cross-network campaign of Google",
        "utm_source=google&utm_medium=cpc&utm_campaign=cross-network",
        None,
        "cross_network",
        "google",
    ),
    (
        "† Performance Max by its campaign's name",
        "gclid=x&utm_campaign=PMax-DK",
        "https://www.google.com/",
        "cross_network",
        "google",
    ),
    (
        "† performance max written out",
        "utm_source=google&utm_medium=cpc&utm_campaign=Performance+Max+2",
        None,
        "cross_network",
        "google",
    ),
    ("† pmax inside another word is none", "gclid=x&utm_campaign=pmaxi", None, "paid_search", "google"),
    (
        "Google Shopping ad by its campaign",
        "utm_source=google&utm_medium=cpc&utm_campaign=shopping_dk",
        None,
        "paid_shopping",
        "google",
    ),
    ("campaign eshop counts as shop", "utm_source=google&utm_medium=cpc&utm_campaign=eshop", None, "paid_shopping", "google"),
    (
        "campaign webshop does not, as in GA4",
        "utm_source=google&utm_medium=cpc&utm_campaign=webshop",
        None,
        "paid_search",
        "google",
    ),
    ("campaign bishop does not either", "utm_source=google&utm_medium=cpc&utm_campaign=bishop", None, "paid_search", "google"),
    ("paid click from a price portal", "utm_source=pricerunner&utm_medium=cpc", None, "paid_shopping", "pricerunner"),
    ("paid click from Idealo", "utm_source=idealo.de&utm_medium=cpc", None, "paid_shopping", "idealo"),
    ("† a click id whose campaign is named shopping", "gclid=x&utm_campaign=Shopping", None, "paid_shopping", "google"),
    # paid search
    ("gclid alone is paid search", "gclid=abc", None, "paid_search", "google"),
    ("gclid with the search engine as referrer", "gclid=abc", "https://www.google.dk/", "paid_search", "google"),
    ("gclid from a search partner stays Google's", "gclid=abc", "https://www.krak.dk/", "paid_search", "google"),
    ("gbraid alone", "gbraid=abc", None, "paid_search", "google"),
    ("wbraid alone", "wbraid=abc", None, "paid_search", "google"),
    ("gad_source alone: the browser took gclid away", "gad_source=1", None, "paid_search", "google"),
    ("msclkid alone is Bing's", "msclkid=abc", None, "paid_search", "bing"),
    ("yclid alone is Yandex's", "yclid=1", None, "paid_search", "yandex"),
    ("google and cpc", "utm_source=google&utm_medium=cpc", None, "paid_search", "google"),
    ("Google and CPC in capitals", "utm_source=Google&utm_medium=CPC", None, "paid_search", "google"),
    ("google and ppc", "utm_source=google&utm_medium=ppc", None, "paid_search", "google"),
    ("google and cpm: before display, as in GA4", "utm_source=google&utm_medium=cpm", None, "paid_search", "google"),
    ("adwords is a spelling of google", "utm_source=adwords&utm_medium=paidsearch", None, "paid_search", "google"),
    ("bing ads", "utm_source=bing-ads&utm_medium=cpc", None, "paid_search", "bing"),
    ("an own source name with gclid", "utm_source=sommer-soeg&gclid=x", None, "paid_search", "sommer-soeg"),
    ("duckduckgo and cpc", "utm_source=ddg&utm_medium=cpc", None, "paid_search", "duckduckgo"),
    # paid social
    (
        "the dress buyer: Instagram ad",
        "utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer",
        "https://l.instagram.com/",
        "paid_social",
        "instagram",
    ),
    ("fb and paid", "utm_source=fb&utm_medium=paid", None, "paid_social", "facebook"),
    ("ig and cpc", "utm_source=ig&utm_medium=cpc", None, "paid_social", "instagram"),
    ("fbclid beside a paid medium", "utm_source=facebook&utm_medium=cpc&fbclid=x", None, "paid_social", "facebook"),
    ("paid medium alone, Facebook as referrer", "utm_medium=paid", "https://l.facebook.com/", "paid_social", "facebook"),
    ("retargeting on Facebook", "utm_source=facebook&utm_medium=retargeting", None, "paid_social", "facebook"),
    ("ttclid alone", "ttclid=x", None, "paid_social", "tiktok"),
    ("li_fat_id alone", "li_fat_id=x", None, "paid_social", "linkedin"),
    ("twclid alone", "twclid=x", "https://t.co/", "paid_social", "twitter"),
    ("ScCid alone", "ScCid=x", None, "paid_social", "snapchat"),
    ("sccid in small letters", "sccid=x", None, "paid_social", "snapchat"),
    ("epik alone", "epik=x", None, "paid_social", "pinterest"),
    ("rdt_cid alone", "rdt_cid=x", None, "paid_social", "reddit"),
    # paid video
    ("youtube and cpv", "utm_source=youtube&utm_medium=cpv", None, "paid_video", "youtube"),
    ("youtube and cpc", "utm_source=youtube&utm_medium=cpc", None, "paid_video", "youtube"),
    ("twitch and paid", "utm_source=twitch&utm_medium=paid_video", None, "paid_video", "twitch"),
    # affiliate
    ("† Partner-ads by referrer", "", "https://www.partner-ads.com/dk/klikbanner.php", "affiliate", "partner-ads"),
    ("† Partner-ads by click id, the blog as referrer", "paid=1&pacid=2", "https://en-blog.dk/", "affiliate", "partner-ads"),
    ("† Awin by click id", "awc=1_2_3", None, "affiliate", "awin"),
    ("† Tradedoubler by click id", "tduid=x", None, "affiliate", "tradedoubler"),
    (
        "† Tradedoubler and cpa: the name before the medium",
        "utm_source=tradedoubler&utm_medium=cpa",
        None,
        "affiliate",
        "tradedoubler",
    ),
    ("† Adtraction and affiliate", "utm_source=adtraction&utm_medium=affiliate", None, "affiliate", "adtraction"),
    ("an unknown network with medium affiliate", "utm_source=netvaerk&utm_medium=affiliate", None, "affiliate", "netvaerk"),
    ("medium affiliates", "utm_source=x-blog&utm_medium=Affiliates", None, "affiliate", "x-blog"),
    # display
    ("medium display", "utm_source=berlingske&utm_medium=display", None, "display", "berlingske"),
    ("medium banner", "utm_source=politiken.dk&utm_medium=banner", None, "display", "politiken.dk"),
    ("medium interstitial", "utm_source=x-net&utm_medium=interstitial", None, "display", "x-net"),
    ("medium cpm of an unknown source", "utm_source=avisen&utm_medium=cpm", None, "display", "avisen"),
    ("† Criteo and cpc", "utm_source=criteo&utm_medium=cpc", None, "display", "criteo"),
    ("† an ad server as referrer", "", "https://googleads.g.doubleclick.net/", "display", "google-ads-network"),
    ("† dclid alone", "dclid=x", None, "display", "display-and-video-360"),
    ("† Taboola's click id", "tblci=x", None, "display", "taboola"),
    # paid other
    ("cpc of an unknown source", "utm_source=lokalavis&utm_medium=cpc", None, "paid_other", "lokalavis"),
    ("an assistant's advertisement", "utm_source=chatgpt.com&utm_medium=paid", None, "paid_other", "chatgpt"),
    (
        "paid medium, a Danish influencer",
        "utm_source=influencer-anna&utm_medium=paid-influencer",
        None,
        "paid_other",
        "influencer-anna",
    ),
    # organic shopping
    ("† srsltid: a free listing", "srsltid=x", "https://www.google.com/", "organic_shopping", "google"),
    ("† srsltid without a referrer", "srsltid=x", None, "organic_shopping", "google-shopping"),
    ("PriceRunner by referrer", "", "https://www.pricerunner.dk/pl/1", "organic_shopping", "pricerunner"),
    ("Prisjakt by referrer", "", "https://www.prisjakt.nu/", "organic_shopping", "prisjakt"),
    ("Prisjagt, the Danish Prisjakt", "", "https://www.prisjagt.dk/", "organic_shopping", "prisjakt"),
    ("Kelkoo in any country", "", "https://www.kelkoo.co.uk/", "organic_shopping", "kelkoo"),
    ("Idealo in any country", "", "https://www.idealo.at/", "organic_shopping", "idealo"),
    ("Amazon by referrer", "", "https://www.amazon.se/", "organic_shopping", "amazon"),
    (
        "an unpaid campaign named shopping",
        "utm_source=google&utm_medium=organic&utm_campaign=shopping",
        None,
        "organic_shopping",
        "google",
    ),
    (
        "† a newsletter named shop stays e-mail",
        "utm_source=klaviyo&utm_medium=email&utm_campaign=shop-nu",
        None,
        "email",
        "klaviyo",
    ),
    (
        "† a post named shop stays social",
        "utm_source=instagram&utm_medium=social&utm_campaign=shop-nu",
        None,
        "organic_social",
        "instagram",
    ),
    # organic social
    ("Facebook by referrer", "", "https://m.facebook.com/", "organic_social", "facebook"),
    ("fbclid alone is a shared link, not paid", "fbclid=x", None, "organic_social", "facebook"),
    ("fbclid, Instagram as referrer", "fbclid=x", "https://l.instagram.com/", "organic_social", "instagram"),
    ("t.co", "", "https://t.co/abc", "organic_social", "twitter"),
    ("x.com", "", "https://x.com/", "organic_social", "twitter"),
    ("Pinterest in any country", "", "https://www.pinterest.dk/", "organic_social", "pinterest"),
    ("the Instagram app", "", "android-app://com.instagram.android/", "organic_social", "instagram"),
    ("a shared Instagram link", "igsh=x", None, "organic_social", "instagram"),
    ("medium social of an unknown source", "utm_source=forum&utm_medium=social", None, "organic_social", "forum"),
    ("medium social network with a blank", "utm_source=forum&utm_medium=social+network", None, "organic_social", "forum"),
    (
        "a post with somebody's gclid in its link",
        "utm_source=facebook&utm_medium=social&gclid=x",
        None,
        "organic_social",
        "facebook",
    ),
    ("Reddit by referrer", "", "https://www.reddit.com/r/x", "organic_social", "reddit"),
    ("TikTok by referrer", "", "https://www.tiktok.com/", "organic_social", "tiktok"),
    # organic video
    ("YouTube by referrer", "", "https://www.youtube.com/", "organic_video", "youtube"),
    ("youtu.be", "", "https://youtu.be/x", "organic_video", "youtube"),
    ("medium video of an unknown source", "utm_source=tv&utm_medium=online-video", None, "organic_video", "tv"),
    # AI assistants
    ("ChatGPT writes its own label, without a referrer", "utm_source=chatgpt.com", None, "ai_assistant", "chatgpt"),
    ("ChatGPT by referrer", "", "https://chatgpt.com/", "ai_assistant", "chatgpt"),
    ("ChatGPT by its former host", "", "https://chat.openai.com/", "ai_assistant", "chatgpt"),
    ("utm_source=perplexity without a referrer", "utm_source=perplexity", None, "ai_assistant", "perplexity"),
    ("Perplexity by referrer", "", "https://www.perplexity.ai/search/x", "ai_assistant", "perplexity"),
    ("Gemini is not Google search", "", "https://gemini.google.com/", "ai_assistant", "gemini"),
    ("NotebookLM is not Google search", "", "https://notebooklm.google.com/", "ai_assistant", "notebooklm"),
    ("Copilot by referrer", "", "https://copilot.microsoft.com/", "ai_assistant", "copilot"),
    ("Copilot inside Bing", "", "https://www.bing.com/chat?q=x", "ai_assistant", "copilot"),
    ("Claude by referrer", "", "https://claude.ai/", "ai_assistant", "claude"),
    ("Grok's own host", "", "https://grok.com/", "ai_assistant", "grok"),
    ("Grok inside X, before X", "", "https://x.com/i/grok", "ai_assistant", "grok"),
    ("a conversation of Grok inside X", "", "https://x.com/i/grok/share/1", "ai_assistant", "grok"),
    ("another page of X that begins alike", "", "https://x.com/i/grokking", "organic_social", "twitter"),
    ("Mistral by referrer", "", "https://chat.mistral.ai/", "ai_assistant", "mistral"),
    ("DeepSeek by referrer", "", "https://chat.deepseek.com/", "ai_assistant", "deepseek"),
    ("Meta AI by referrer", "", "https://www.meta.ai/", "ai_assistant", "meta-ai"),
    (
        "medium ai-assistant of an unknown source",
        "utm_source=ny-robot&utm_medium=ai-assistant",
        None,
        "ai_assistant",
        "ny-robot",
    ),
    ("† medium llm", "utm_source=ny-robot&utm_medium=llm", None, "ai_assistant", "ny-robot"),
    ("ref=chatgpt.com", "ref=chatgpt.com", None, "ai_assistant", "chatgpt"),
    # organic search
    ("Google by referrer", "", "https://www.google.com/", "organic_search", "google"),
    ("Google in Denmark", "", "https://www.google.dk/search?q=kjole", "organic_search", "google"),
    ("the Google app", "", "android-app://com.google.android.googlequicksearchbox/", "organic_search", "google"),
    ("Bing by referrer", "", "https://www.bing.com/", "organic_search", "bing"),
    ("DuckDuckGo by referrer", "", "https://duckduckgo.com/", "organic_search", "duckduckgo"),
    ("Ecosia by referrer", "", "https://www.ecosia.org/search", "organic_search", "ecosia"),
    ("Startsiden, Norwegian", "", "https://www.startsiden.no/sok", "organic_search", "startsiden"),
    ("Krak, Danish", "", "https://www.krak.dk/", "organic_search", "krak"),
    ("Eniro, Swedish", "", "https://www.eniro.se/", "organic_search", "eniro"),
    ("medium organic of an unknown source", "utm_source=maps&utm_medium=organic", None, "organic_search", "maps"),
    # e-mail
    ("medium email", "utm_source=butikken&utm_medium=email", None, "email", "butikken"),
    ("medium e-mail", "utm_source=butikken&utm_medium=E-Mail", None, "email", "butikken"),
    ("source email", "utm_source=email", None, "email", "email"),
    ("medium email, source google: Gmail's own campaign", "utm_source=google&utm_medium=email", None, "email", "google"),
    ("† medium nyhedsbrev", "utm_source=butikken&utm_medium=nyhedsbrev", None, "email", "butikken"),
    ("† source nyhetsbrev", "utm_source=nyhetsbrev", None, "email", "newsletter"),
    ("† Klaviyo without a medium", "utm_source=Klaviyo", None, "email", "klaviyo"),
    ("† a webmail as referrer", "", "https://mail.google.com/", "email", "gmail"),
    ("† Outlook on the web", "", "https://outlook.live.com/", "email", "outlook"),
    ("† the Gmail app", "", "android-app://com.google.android.gm/", "email", "gmail"),
    ("† Mailchimp's mark, read in Gmail", "mc_cid=a&mc_eid=b", "https://mail.google.com/", "email", "mailchimp"),
    ("† Klaviyo's mark alone", "_kx=x", None, "email", "klaviyo"),
    # the rest
    ("audio", "utm_source=podcast&utm_medium=audio", None, "audio", "podcast"),
    ("medium sms", "utm_source=butikken&utm_medium=sms", None, "sms", "butikken"),
    ("† a newsletter tool's sms", "utm_source=klaviyo&utm_medium=sms", None, "sms", "klaviyo"),
    ("source sms", "utm_source=sms", None, "sms", "sms"),
    ("medium ends in push", "utm_source=butikken&utm_medium=web-push", None, "push", "butikken"),
    ("medium mobile notification", "utm_source=butikken&utm_medium=notification", None, "push", "butikken"),
    ("source firebase", "utm_source=firebase", None, "push", "firebase"),
    ("another site", "", "https://en-blog.dk/indlaeg", "referral", "en-blog.dk"),
    ("another site with www", "", "https://www.en-blog.dk/", "referral", "en-blog.dk"),
    ("a shared document is no search", "", "https://docs.google.com/", "referral", "google-docs"),
    ("Trustpilot", "", "https://dk.trustpilot.com/", "referral", "trustpilot"),
    ("medium referral", "utm_source=partner&utm_medium=referral", None, "referral", "partner"),
    ("a source without a medium, another site as referrer", "utm_source=anna", "https://anna.dk/", "referral", "anna"),
    ("a host that only ends like Google's", "", "https://notgoogle.com/", "referral", "notgoogle.com"),
    ("a host that only begins like Google's", "", "https://google.evil.example/", "referral", "google.evil.example"),
    ("nothing at all", "", None, "direct", "direct"),
    ("labels that say direct", "utm_source=(direct)&utm_medium=(none)", None, "direct", "direct"),
    ("a parameter that is no label", "variant=3&ref=anna", None, "direct", "direct"),
    ("a label without a value", "utm_source=&gclid=", None, "direct", "direct"),
    ("a source that nobody knows", "utm_source=plakat", None, "unassigned", "plakat"),
    ("a medium that nobody knows", "utm_source=plakat&utm_medium=gade", None, "unassigned", "plakat"),
    ("a campaign alone", "utm_campaign=maj", None, "unassigned", "unknown"),
]


def reached(labels: str, referrer: str | None) -> Arrival:
    found = arrival(f"{SHOP}?{labels}" if labels else SHOP, referrer, OWN)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("labels", "referrer", "channel", "source"), [row[1:] for row in ARRIVALS], ids=[row[0] for row in ARRIVALS]
)
def test_channel(labels: str, referrer: str | None, channel: str, source: str) -> None:
    found = reached(labels, referrer)
    assert (found.channel, found.source) == (channel, source)


def test_sentences_are_distinct() -> None:
    assert len({row[0] for row in ARRIVALS}) == len(ARRIVALS)


def test_every_channel_has_an_arrival_that_reaches_it() -> None:
    """`offline` and `none` are no answers to a request: imported contacts and orders without a visit carry them."""
    assert {row[3] for row in ARRIVALS} == set(CHANNELS) - {"offline", "none"}


def test_every_row_of_the_table_decides_for_some_arrival() -> None:
    """A row that an earlier one always beats would be a lie in the table."""
    readings = [read(f"{SHOP}?{labels}", referrer, OWN) for _, labels, referrer, _, _ in ARRIVALS]
    deciding = {row_of(reading.clues) for reading in readings if reading}
    assert [row.when for row in TABLE if row not in deciding] == []


# GA4's definitions, by medium and campaign alone, for a source that nobody knows: where owners will compare.
GA4 = [
    ("cpc", "paid_other"),
    ("xcpx", "paid_other"),
    ("ppc", "paid_other"),
    ("paid-anything", "paid_other"),
    ("unpaid", "unassigned"),
    ("expandable", "display"),
    ("sm", "organic_social"),
    ("social-media", "organic_social"),
    ("affiliate", "affiliate"),
    ("e_mail", "email"),
    ("e mail", "email"),
    ("app", "referral"),
    ("link", "referral"),
    ("mobile-app", "push"),
    ("organic", "organic_search"),
    ("audio", "audio"),
]


@pytest.mark.parametrize(("medium", "channel"), GA4, ids=[f"medium {medium} of an unknown source" for medium, _ in GA4])
def test_a_medium_alone_means_what_it_means_in_ga4(medium: str, channel: str) -> None:
    assert row_of(Clues(spelling="x", medium=medium, labelled=True)).channel == channel


def test_a_click_id_counts_as_paid_only_for_its_own_kind_of_source() -> None:
    gclid = ClickId("gclid", Known("google", "search"), "paid")
    assert Clues(click=gclid).paid
    assert Clues(click=gclid, source=Known("bing", "search")).paid
    assert not Clues(click=gclid, source=Known("gmail", "email")).paid
    assert not Clues(click=gclid, medium="email").paid


def test_deviations_are_marked() -> None:
    """What is not in GA4's list says so."""
    assert sum("†" in row.when for row in TABLE) >= 8
    assert {row.channel for row in TABLE} <= set(CHANNELS)
    assert len(set(CATEGORIES)) == len(CATEGORIES)
    assert PROOFS[0] == "paid"
