"""Every page, in both languages: it is there, well-formed, accessible in the simple ways, and asks nobody else for anything."""

from __future__ import annotations

import json
from html.parser import HTMLParser
from xml.etree import ElementTree

import pytest
from flask import Flask
from flask.testing import FlaskClient

from tests.demo.shopfront import SHOP, shop_app
from tracker.config import Config
from tracker.demo.goods import CATEGORIES, PRODUCTS
from tracker.demo.views import SITE_MAP
from tracker.events.catalog import CATALOG
from tracker.events.types import PageKind

VOID = {"meta", "link", "img", "input", "br", "hr"}
NOT_NAMED_BY_LABEL = {"hidden", "submit"}


class Reader(HTMLParser):
    """Complains about what a browser would repair in silence."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.wrong: list[str] = []
        self.ids: set[str] = set()
        self.addresses: list[str] = []
        self.fields: list[dict[str, str | None]] = []
        self.labelled: set[str] = set()
        self.told: list[tuple[str, str]] = []
        self.kinds: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if len(given) != len(attrs):
            self.wrong.append(f"<{tag}> has an attribute twice")
        if (tag == "p" and "p" in self.open) or (tag in ("div", "form", "ul", "h2", "fieldset") and self.open[-1:] == ["p"]):
            self.wrong.append(f"<{tag}> within <p>")
        if tag == "form" and "form" in self.open:
            self.wrong.append("form within form")
        self._attributes(tag, given)
        if tag not in VOID:
            self.open.append(tag)

    def _attributes(self, tag: str, given: dict[str, str | None]) -> None:
        if (own := given.get("id")) is not None:
            if own in self.ids:
                self.wrong.append(f"id {own} twice")
            self.ids.add(own)
        if tag == "img" and given.get("alt") is None:
            self.wrong.append(f"img without alt: {given.get('src')}")
        if "style" in given or any(name.startswith("on") for name in given):
            self.wrong.append(f"<{tag}> has inline style or script")
        self.addresses += [value for name, value in given.items() if name in ("src", "href", "action") and value]
        if tag in ("input", "select", "textarea") and given.get("type") not in NOT_NAMED_BY_LABEL and "label" not in self.open:
            self.fields.append(given)
        if tag == "label" and given.get("for"):
            self.labelled.add(given["for"] or "")
        for way in ("view", "click", "submit"):
            if (kind := given.get(f"data-kr-{way}")) is not None:
                self.told.append((kind, given.get("data-kr") or ""))
        if "data-kr-kind" in given:
            self.kinds.append(given["data-kr-kind"] or "")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.wrong.append(f"</{tag}> closes nothing")


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    unnamed = [given for given in reader.fields if given.get("id") not in reader.labelled and "aria-label" not in given]
    reader.wrong += [f"field without label: {given}" for given in unnamed] + [f"<{tag}> never closed" for tag in reader.open]
    return reader


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return shop_app(Config(data_dir=str(tmp_path_factory.mktemp("shop")), public_url="http://localhost:1"))


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser of its own."""
    return app.test_client()


def _addresses() -> list[str]:
    examples = {"slug": None, "key": None, "step": None, "order_key": None, "code": None}
    found = []
    for lang in ("da", "en"):
        for row in SITE_MAP:
            path = getattr(row, lang)
            if row.get is not None and not any(f"<{name}>" in path for name in examples):
                found.append(f"/demo/{lang}/{path}")
        found += [f"/demo/{lang}/{'butik' if lang == 'da' else 'shop'}/{one.slug.read(lang)}" for one in CATEGORIES.values()]
        found += [f"/demo/{lang}/{'vare' if lang == 'da' else 'product'}/{key}" for key in PRODUCTS]
        found += [f"/demo/{lang}/{'anmeld' if lang == 'da' else 'review'}/freja", f"/demo/backoffice/{lang}"]
    found += [
        "/demo/da/soeg?q=h%C3%B8r", "/demo/en/search?q=zzz<script>", "/demo/da/sammenlign?items=freja,signe,nobody",
        "/demo/en/shop/dresses?colour=rust&size=38&price=above&sort=dear", "/demo/da/butik/sko?size=99",
        "/demo/en/gift-finder?who=him&feel=warm", "/demo/da/vare/freja?colour=rust&variant=freja-hav-40",
    ]  # fmt: skip
    return found


@pytest.mark.parametrize("address", _addresses())
def test_a_page_is_well_formed_and_asks_nobody_else(client: FlaskClient, address: str) -> None:
    answer = client.get(address)
    assert answer.status_code == 200
    reader = read(answer.text)
    assert reader.wrong == []
    outside = [one for one in reader.addresses if not one.startswith(("/demo", "#", "mailto:", "http://localhost:1/k.js"))]
    assert outside == []
    if "/backoffice" not in address:
        assert reader.kinds[0] in set(PageKind)
        assert f'data-key="{SHOP.site_key}" data-consent="anonymous"' in answer.text


@pytest.mark.parametrize("address", _addresses())
def test_what_a_page_tells_is_in_the_catalogue(client: FlaskClient, address: str) -> None:
    for kind, data in read(client.get(address).text).told:
        assert kind in CATALOG
        json.loads(data)


@pytest.mark.parametrize(("key", "colour"), [(key, colour) for key, product in PRODUCTS.items() for colour in product.colours])
def test_a_picture_is_an_svg_of_that_colour(client: FlaskClient, key: str, colour: str) -> None:
    answer = client.get(f"/demo/picture/{key}-{colour}.svg")
    assert answer.mimetype == "image/svg+xml"
    assert ElementTree.fromstring(answer.data).tag == "{http://www.w3.org/2000/svg}svg"
    assert "http" not in answer.text.replace("http://www.w3.org/", "")


@pytest.mark.parametrize(
    "address", ["/demo/da/vare/nobody", "/demo/da/butik/nowhere", "/demo/picture/freja-pink.svg", "/demo/de/"]
)
def test_what_is_not_there_is_404(client: FlaskClient, address: str) -> None:
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(("accepted", "lang"), [("en-GB,en;q=0.9", "en"), ("da", "da"), ("sv", "da"), ("", "da")])
def test_the_language_is_the_browsers(client: FlaskClient, accepted: str, lang: str) -> None:
    answer = client.get("/demo/?utm_source=x", headers={"Accept-Language": accepted})
    assert answer.location == f"/demo/{lang}/?utm_source=x"


def test_the_switcher_leads_to_the_same_page(client: FlaskClient) -> None:
    assert 'href="/demo/en/shop/shoes?colour=sort"' in client.get("/demo/da/butik/sko?colour=sort").text
    assert 'href="/demo/da/vare/freja"' in client.get("/demo/en/product/freja").text


def test_filters_and_order(client: FlaskClient) -> None:
    text = client.get("/demo/da/butik?colour=marine&sort=cheap").text
    assert 'data-kr-view="filter_item_list"' in text
    assert text.index("/vare/havn") < text.index("/vare/boelge") < text.index("/vare/alma")
    assert "/vare/freja" not in text


def test_without_hits_the_search_says_so(client: FlaskClient) -> None:
    kind, data = read(client.get("/demo/en/search?q=umbrella").text).told[0]
    assert (kind, json.loads(data)) == ("search", {"search_term": "umbrella", "results_count": 0})


def test_consent_is_the_shops_own_cookie(client: FlaskClient) -> None:
    for chosen, level in (("marketing", "marketing"), ("statistics", "statistics"), ("necessary", "none")):
        answer = client.post("/demo/da/cookies", data={"level": chosen}, headers={"Accept": "application/json"})
        assert answer.json == {"level": level}
        page = client.get("/demo/da/").text
        assert f'data-consent="{level}"' in page
        assert 'id="consent"' not in page
    assert client.post("/demo/da/cookies", data={"level": "everything"}).status_code == 400


def test_nothing_is_stored_on_the_device_by_looking(client: FlaskClient) -> None:
    for address in ("/demo/da/", "/demo/da/vare/freja", "/demo/da/kurv"):
        assert "Set-Cookie" not in client.get(address).headers


def test_a_form_leads_back_into_the_shop_only(client: FlaskClient) -> None:
    for back in ("https://evil.example/", "//evil.example", "/\\evil.example", "/admin"):
        answer = client.post("/demo/da/nyhedsbrev", data={"email": "a@example.com", "back": back})
        assert answer.location == "/demo/da/"
    assert (
        client.post("/demo/da/nyhedsbrev", data={"email": "a@example.com", "back": "/demo/da/sommer"}).location
        == "/demo/da/sommer"
    )


def test_pages_forbid_everything_foreign(client: FlaskClient) -> None:
    policy = client.get("/demo/da/").headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
