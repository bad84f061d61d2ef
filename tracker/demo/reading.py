"""Pages to read, and the consent banner's answer.  To add a page: a template, a row in TEXTS, and its path in views.py."""

from __future__ import annotations

from flask import jsonify, request
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from tracker.demo import call as calls
from tracker.demo.call import CONSENT_COOKIE, LEVELS, VISITOR_COOKIE, YEAR_SECONDS, Call, View, given, keep_cookie
from tracker.demo.goods import Words

TEXTS: dict[str, tuple[str, Words]] = {  # template -> page kind, title
    "care": ("guide", Words("Sådan passer du på hør", "How to care for linen")),
    "journal": ("blog", Words("Fra vævestuen", "From the weaving mill")),
    "faq": ("faq", Words("Spørgsmål og svar", "Questions and answers")),
    "about": ("about", Words("Om Lyng & Datter", "About Lyng & Datter")),
    "delivery": ("delivery_info", Words("Levering og retur", "Delivery and returns")),
    "terms": ("terms", Words("Handelsbetingelser", "Terms and conditions")),
    "cookies": ("terms", Words("Cookies og privatliv", "Cookies and privacy")),
}


def text_page(name: str) -> View:
    """The view of a page of TEXTS."""
    kind, title = TEXTS[name]

    def show(call: Call) -> ResponseReturnValue:
        return call.page(f"{name}.html", kind, title.read(call.lang), ratings={})

    return show


def choose_consent(call: Call) -> ResponseReturnValue:
    """Keeps the answer in the shop's own cookie.  Below statistics the visitor's key goes, whatever the snippet did."""
    chosen = given("level")
    if chosen not in LEVELS:
        return jsonify(error="level"), 400
    is_script = request.accept_mimetypes.best == "application/json"
    response: Response = jsonify(level=LEVELS[chosen]) if is_script else call.back()
    keep_cookie(response, CONSENT_COOKIE, chosen, YEAR_SECONDS)
    if LEVELS[chosen] not in calls.JOINABLE and VISITOR_COOKIE in request.cookies and not is_script:
        response.delete_cookie(VISITOR_COOKIE, path="/")
    return response
