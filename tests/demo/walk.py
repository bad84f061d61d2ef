"""The dress buyer: walks the demo shop in a browser from the advertisement to the loyalty programme.

`dress_buyer(page, base_url)` needs a running installation with the demo shop and nothing else; what it returns is what a report
must know afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

LANDING = "/demo/da/vare/freja?utm_source=instagram&utm_medium=paid_social&utm_campaign=sommer"
EMAIL = "freja.madsen@example.com"
PRICE_MINOR = 89_900
NET_MINOR = 64_728  # 899.00 less 10 % = 809.10, less the VAT in it, a fifth


@dataclass(frozen=True)
class DressBuyer:
    """What the walk left behind."""

    order_key: str
    net_minor: int  # goods after the 10 %, without VAT and shipping
    visitor_key: str
    email: str
    coupon: str


def dress_buyer(page: Page, base_url: str, email: str = EMAIL) -> DressBuyer:
    """From a page wide enough for the shop's menu; `email` may be varied where several walks share an installation."""
    base_url = base_url.rstrip("/")
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=base_url)
    page.goto(base_url + LANDING)
    accept_statistics(page)
    look_around(page)
    read_up(page)
    page.locator("label", has=page.locator("input[name=colour][value=rust]")).click()
    page.locator("label", has=page.locator("input[name=size][value='38']")).click()
    follow(page.get_by_role("button", name="Læg i kurven"))
    coupon = take_coupon(page, email)
    order_key = order(page, email)
    refuse_survey(page)
    visitor_key = visitor_key_of(page)
    deliver(page, base_url, order_key)
    follow(page.get_by_role("link", name="Følg din ordre"))
    expect(page.get_by_role("heading", name="Den er hos dig")).to_be_visible()
    share(page)
    review(page)
    join_club(page)
    return DressBuyer(order_key, NET_MINOR, visitor_key, email, coupon)


def accept_statistics(page: Page) -> None:
    """Once the landing is told without consent: what is granted before anything went out is no change, and not told as one."""
    answered(page)
    page.get_by_role("button", name="Også statistik").click()
    expect(page.locator("#consent")).to_have_count(0)
    _until(page, "document.cookie.includes('_kr=')")


def look_around(page: Page) -> None:
    """Scrolls through two collections and comes back to the dress."""
    for collection in ("Strik & skjorter", "Kjoler"):
        follow(page.get_by_role("navigation", name="Varer").get_by_role("link", name=collection))
        expect(page.get_by_role("heading", name=collection, level=1)).to_be_visible()
        scroll(page)
    follow(page.get_by_role("main").get_by_role("link", name="Freja").first)
    expect(page.get_by_role("heading", name="Freja", level=1)).to_be_visible()


def read_up(page: Page) -> None:
    """The size guide, then the reviews for long enough to count as read."""
    page.get_by_role("link", name="Størrelsesguide").first.click()
    expect(page.get_by_role("dialog", name="Størrelsesguide")).to_be_visible()
    page.keyboard.press("Escape")
    page.locator("#reviews").scroll_into_view_if_needed()
    page.mouse.wheel(0, 300)
    _until(page, "kr.log.some(([, event]) => event && event.type === 'view_reviews')")


def take_coupon(page: Page, email: str) -> str:
    """The pop-up comes by itself on the cart's page; its code is used at once."""
    popup = page.get_by_role("dialog", name="Få 10 %")
    expect(popup).to_be_visible(timeout=15_000)
    popup.get_by_label("Din e-mail").fill(email)
    popup.get_by_role("button", name="Giv mig koden").click()
    use = popup.get_by_role("button", name="Brug den i kurven")
    expect(use).to_be_visible()
    code = popup.locator("[data-code]").inner_text()
    follow(use)
    expect(page.get_by_role("main")).to_contain_text("809,10 kr.")
    return code


def order(page: Page, email: str) -> str:
    """Through the four steps, paid by card.  The order's key."""
    follow(page.get_by_role("link", name="Til kassen"))
    page.get_by_role("textbox", name="E-mail").fill(email)
    follow(page.get_by_role("button", name="Fortsæt"))
    for label, value in (("Navn", "Freja Madsen"), ("Vej og nummer", "Nørregade 4"), ("Postnummer", "6760"), ("By", "Ribe")):
        page.get_by_label(label, exact=True).fill(value)
    follow(page.get_by_role("button", name="Fortsæt"))
    expect(page.get_by_text("Hvordan vil du have pakken?")).to_be_visible()
    follow(page.get_by_role("button", name="Fortsæt"))
    follow(page.get_by_role("button", name="Bestil for 809,10 kr."))
    expect(page.get_by_role("heading", name="Tak for din ordre")).to_be_visible()
    return page.locator("[data-order]").inner_text()


def refuse_survey(page: Page) -> None:
    """The receipt's page asks in its corner; what this buyer thinks she says in her review."""
    box = page.get_by_role("dialog", name="anbefale os")
    box.get_by_role("button", name="Nej tak").click()
    expect(box).to_have_count(0)


def visitor_key_of(page: Page) -> str:
    return next(cookie["value"] for cookie in page.context.cookies() if cookie.get("name") == "_kr")


def deliver(page: Page, base_url: str, order_key: str) -> None:
    """The shop's staff, in a browser of their own: ship, then mark as delivered."""
    browser = page.context.browser
    assert browser is not None
    staff = browser.new_page()
    try:
        staff.goto(f"{base_url}/demo/backoffice")
        card = staff.locator(f"[data-order='{order_key}']")
        for act in ("ship", "deliver"):
            card.locator(f"[data-act={act}]").click()
            expect(card.locator(f"[data-act={act}]")).to_have_count(0)
    finally:
        staff.close()


def share(page: Page) -> None:
    page.get_by_role("button", name="Kopiér link").click()
    expect(page.get_by_role("button", name="Kopieret")).to_be_visible()


def review(page: Page) -> None:
    follow(page.get_by_role("link", name="Skriv en anmeldelse"))
    page.locator("label[for=r5]").click()
    page.get_by_label("Hvad synes du?").fill("Falder smukt, og lommerne er dybe nok til en telefon.")
    page.get_by_label("Navn, som det vises").fill("Freja M.")
    follow(page.get_by_role("button", name="Send anmeldelsen"))
    expect(page.get_by_text("Tak for din anmeldelse")).to_be_visible()


def join_club(page: Page) -> None:
    follow(page.get_by_role("contentinfo").get_by_role("link", name="Lyngklubben"))
    follow(page.get_by_role("button", name="Meld mig ind"))
    expect(page.get_by_text("Velkommen i Lyngklubben")).to_be_visible()


def follow(link: Locator) -> None:
    """To the next page, until all of it is loaded: one that is left before its script has come can tell nothing of itself."""
    with link.page.expect_navigation():
        link.click()


def answered(page: Page) -> None:
    """Until something that this page sent was answered."""
    _until(page, "kr.log.some(([code]) => code === 6)")


def scroll(page: Page) -> None:
    """To the end, as a thumb does."""
    height = int(page.evaluate("document.documentElement.scrollHeight"))
    for _ in range(0, height, 400):
        page.mouse.wheel(0, 400)
    _until(page, "scrollY + innerHeight >= document.documentElement.scrollHeight - 2")


def _until(page: Page, condition: str) -> None:
    """`page.wait_for_function` needs eval in the page, which the shop's content security policy forbids."""
    for _ in range(200):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(f"never true: {condition}")
