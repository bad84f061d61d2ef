"""What is an arrival, and what it carries; hostile addresses."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from tracker.enrich import CHANNELS, arrival, page_kind
from tracker.enrich.address import MAX_ADDRESS, read_address

OWN = ("kjoler.dk",)
PAGE = "https://www.kjoler.dk/kjole/rod?farve=2"

NO_ARRIVAL = [
    ("from another page of the shop", "https://www.kjoler.dk/"),
    ("from the shop without www", "https://kjoler.dk/"),
    ("from a host below the shop's", "https://se.kjoler.dk/"),
    ("from the shop on another port", "https://kjoler.dk:8443/"),
    ("from the shop, spelled with capitals and a final dot", "https://WWW.Kjoler.DK./"),
    ("back from PayPal", "https://www.paypal.com/checkoutnow"),
    ("back from Klarna", "https://pay.klarna.com/"),
    ("back from Klarna's playground", "https://js.playground.klarna.com/"),
    ("back from Stripe", "https://checkout.stripe.com/c/pay/x"),
    ("back from Stripe's hooks", "https://hooks.stripe.com/"),
    ("back from MobilePay", "https://products.mobilepay.dk/"),
    ("back from Vipps", "https://api.vipps.no/"),
    ("back from Swish's app", "android-app://se.bankgirot.swish/"),
    ("back from QuickPay", "https://payment.quickpay.net/"),
    ("back from Nets Easy", "https://checkout.dibspayment.eu/"),
    ("back from Adyen", "https://checkoutshopper-live.adyen.com/"),
    ("back from Shopify's checkout", "https://checkout.shopify.com/"),
    ("back from Shop Pay", "https://shop.app/"),
    ("back from ePay", "https://ssl.ditonlinebetalingssystem.epay.dk/"),
    ("back from a card check by Cardinal", "https://centinelapi.cardinalcommerce.com/"),
    ("back from a bank's card check", "https://3dsecure.enbank.dk/acs"),
    ("back from a bank's card check of version 2", "https://3ds2.enbank.se/"),
    ("back from a bank's acs host", "https://acs.enbank.no/"),
    ("back from MitID", "https://www.mitid.dk/"),
    ("back from BankID", "https://app.bankid.com/"),
    ("back from signing in with Google", "https://accounts.google.com/"),
    ("back from signing in with Apple", "https://appleid.apple.com/"),
]


@pytest.mark.parametrize("referrer", [row[1] for row in NO_ARRIVAL], ids=[row[0] for row in NO_ARRIVAL])
def test_no_arrival_without_labels(referrer: str) -> None:
    assert arrival(PAGE, referrer, OWN) is None


@pytest.mark.parametrize("referrer", [row[1] for row in NO_ARRIVAL], ids=[row[0] for row in NO_ARRIVAL])
def test_labels_make_an_arrival_of_it_that_is_marked_as_internal(referrer: str) -> None:
    found = arrival(PAGE + "&utm_source=klaviyo&utm_medium=email", referrer, OWN)
    assert found is not None
    assert (found.channel, found.source, found.internal, found.referrer_host) == ("email", "klaviyo", True, None)


SOURCES = [
    ("a learned society is no bank", "https://www.acs.org/", "acs.org"),
    ("a firm that is named like the card check", "https://www.3ds.com/", "3ds.com"),
    ("a host that ends in a payment's name", "https://notpaypal.com/", "notpaypal.com"),
    ("a host that ends in the shop's name", "https://andre-kjoler.dk/", "andre-kjoler.dk"),
    ("a host above the shop's", "https://dk/", "dk"),
]


@pytest.mark.parametrize(("referrer", "source"), [row[1:] for row in SOURCES], ids=[row[0] for row in SOURCES])
def test_these_are_arrivals(referrer: str, source: str) -> None:
    found = arrival(PAGE, referrer, OWN)
    assert found is not None
    assert (found.channel, found.source, found.internal) == ("referral", source, False)


def test_the_pages_own_host_is_the_shops_even_when_nobody_named_it() -> None:
    assert arrival("https://ny.example/", "https://www.ny.example/", ()) is None
    assert arrival("http://127.0.0.1:8000/demo", "http://127.0.0.1:8000/", ()) is None
    assert arrival("http://[::1]:8000/demo", "http://[::1]:8000/", ()) is None


@pytest.mark.parametrize("own", ["https://www.smykkeværk.dk/", "SMYKKEVÆRK.dk", "xn--smykkevrk-m3a.dk", "smykkeværk.dk:443"])
def test_a_host_may_be_written_in_any_way(own: str) -> None:
    other = "https://butik.example/"
    assert arrival(other, "https://www.xn--smykkevrk-m3a.dk/", (own,)) is None
    assert arrival(other, "https://smykkeværk.dk/", (own,)) is None


def test_everything_an_arrival_carries() -> None:
    found = arrival(
        "https://kjoler.dk/R%C3%B8d?utm_source=Instagram&utm_medium=Paid_Social&utm_campaign=Sommer+2026"
        "&utm_term=r%C3%B8d%20kjole&utm_content=video-3&fbclid=IwAR123",
        "https://l.instagram.com/?u=x",
        OWN,
    )
    assert found is not None
    assert (found.channel, found.source, found.medium) == ("paid_social", "instagram", "paid_social")
    assert (found.campaign, found.term, found.content) == ("Sommer 2026", "rød kjole", "video-3")
    assert (found.click_id_kind, found.referrer_host, found.landing_path) == ("fbclid", "l.instagram.com", "/R%C3%B8d")


def test_the_value_of_a_click_id_is_not_kept() -> None:
    found = arrival("https://kjoler.dk/?gclid=geheim123&fbclid=geheim123", "https://google.com/geheim123", OWN)
    assert "geheim123" not in repr(found)


WRITTEN = [
    ("names in capitals", "UTM_Source=google&UTM_MEDIUM=cpc", "paid_search"),
    ("an & escaped once too often", "utm_source=google&amp;utm_medium=cpc", "paid_search"),
    ("the first of a name wins", "utm_source=google&utm_medium=cpc&utm_medium=email", "paid_search"),
    ("labels behind a fragment are none", "a=1#?utm_source=google&utm_medium=cpc", "direct"),
    ("utm_id stands in for the campaign", "utm_source=google&utm_medium=cpc&utm_id=cross-network", "cross_network"),
    ("blanks around a value", "utm_source=%20google%20&utm_medium=cpc+", "paid_search"),
    ("a macro that nobody filled in", "utm_source=%7B%7Bsite%7D%7D&utm_medium=paid", "paid_other"),
    ("undefined is no value", "utm_source=undefined&utm_medium=null", "direct"),
]


@pytest.mark.parametrize(("query", "channel"), [row[1:] for row in WRITTEN], ids=[row[0] for row in WRITTEN])
def test_labels_are_read_as_people_write_them(query: str, channel: str) -> None:
    found = arrival(f"https://kjoler.dk/?{query}", None, OWN)
    assert found is not None
    assert found.channel == channel


def test_texts_are_fit_to_be_stored() -> None:
    found = arrival("https://kjoler.dk/a\x00b\ud800?utm_source=x\ud800&utm_campaign=%00%1b[31m" + "y" * 500, None, OWN)
    assert found is not None
    assert found.campaign == "[31m" + "y" * 196
    assert "\x00" not in found.landing_path
    repr(found).encode("utf-8")


ADDRESSES = [
    ("a port that is no number", "https://kjoler.dk:port/a", "kjoler.dk", "/a"),
    ("a bracket that is not closed", "https://[::1/a", "::1", "/a"),
    ("an IPv6 host with a port", "http://[2001:db8::1]:8000/a?b", "2001:db8::1", "/a"),
    ("a user with a password", "https://u:p@kjoler.dk/a", "kjoler.dk", "/a"),
    ("no scheme", "//kjoler.dk/a", "kjoler.dk", "/a"),
    ("a path alone", "/a/b?c=https://x.dk/", "", "/a/b"),
    ("nothing", "", "", "/"),
    ("a host alone", "https://kjoler.dk", "kjoler.dk", "/"),
    ("a query without a path", "https://kjoler.dk?a=1", "kjoler.dk", "/"),
    ("a blank page", "about:blank", "", "about:blank"),
    ("a backslash ends the host", "https://kjoler.dk\\@evil.example/", "kjoler.dk", "\\@evil.example/"),
]


@pytest.mark.parametrize(("text", "host", "path"), [row[1:] for row in ADDRESSES], ids=[row[0] for row in ADDRESSES])
def test_an_address_is_taken_apart(text: str, host: str, path: str) -> None:
    found = read_address(text)
    assert (found.host, found.path) == (host, path)


def test_what_is_too_long_is_not_read() -> None:
    long = "https://kjoler.dk/" + "a" * 10_000 + "?utm_source=google"
    found = arrival(long, long, ())
    assert found is None  # its own host
    found = arrival(long, None, ())
    assert found is not None
    assert (found.channel, len(found.landing_path)) == ("direct", 500)
    assert len(read_address(long).path) < MAX_ADDRESS


pieces = st.sampled_from(
    [
        "http",
        "https://",
        "://",
        "//",
        "@",
        "[",
        "]",
        ":",
        ":99999999",
        "%",
        "%zz",
        "%00",
        "%ed%a0%80",
        "\ud800",
        "\x00",
        "?",
        "&",
        "=",
        "#",
        "utm_source=",
        "utm_medium=",
        "gclid=",
        "fbclid=x",
        "ref=",
        "amp;",
        "kjoler.dk",
        "x.com/i/grok",
        "google.",
        ".",
        "..",
        "xn--",
        "xn--\u00e6",
        "ß",
        "İ",
        "\u202e",
        "ø" * 70,
        "a" * 3000,
        "[::1]",
        "\\",
        "\n",
        " ",
        "paypal.com",
        "3ds.",
        "acs.",
        "android-app://",
        "/da/",
        "/kurv",
    ]
)
texts = st.one_of(
    st.text(max_size=200),
    st.lists(pieces, max_size=12).map("".join),
    st.lists(pieces, max_size=6).map(lambda p: "https://" + "".join(p)),
)


@given(url=texts, referrer=st.none() | texts, own=st.lists(texts, max_size=2).map(tuple))
@example(url="http://[", referrer="http://]", own=("[",))
@example(url="http://x:y:z/", referrer="http://\ud800/", own=("\ud800",))
@example(url="https://a/?" + "utm_source=" * 900, referrer="https://" + "a." * 5000, own=("." * 300,))
def test_no_address_makes_it_raise_and_all_it_says_can_be_stored(url: str, referrer: str | None, own: tuple[str, ...]) -> None:
    page_kind(url, {url: "cart", "/x": "nonsense"})
    found = arrival(url, referrer, own)
    assert arrival(url, referrer, own) == found
    if found is None:
        return
    assert found.channel in CHANNELS
    assert found.source
    for text in (
        found.source,
        found.medium,
        found.campaign,
        found.term,
        found.content,
        found.referrer_host,
        found.landing_path,
    ):
        if text is not None:
            assert len(text) <= 500
            text.encode("utf-8")
            assert not any(ord(letter) < 32 or 127 <= ord(letter) < 160 for letter in text)
