"""Error pages in words, and the same as JSON for the API.

They ask nothing of the database: it may be what is broken.
"""

from __future__ import annotations

import logging

from flask import Flask, Response, current_app, jsonify, render_template, request
from flask_babel import gettext
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from werkzeug.exceptions import HTTPException

from tracker.errors import Mistake, Refused
from tracker.http.gate import with_headers
from tracker.http.locale import explain
from tracker.reports.table import N_

log = logging.getLogger(__name__)

# status -> (what is the matter, what to do)
TEXTS = {
    400: (N_("That did not work"), N_("The address or the form is not as we expect it. Go back and try again.")),
    401: (N_("Please log in"), N_("You have to be logged in for this.")),
    403: (N_("Not for you"), N_("You may not do this. Ask the owner of the shop.")),
    404: (N_("Nothing here"), N_("This page does not exist, or it belongs to a shop that is not yours.")),
    405: (N_("That did not work"), N_("The address or the form is not as we expect it. Go back and try again.")),
    413: (N_("Too big"), N_("Send it in several parts.")),
    429: (N_("Too many attempts"), N_("Wait a quarter of an hour, then try again.")),
    500: (N_("Our mistake"), N_("Something went wrong on our side. It is in the log; nothing that was collected is lost.")),
    503: (
        N_("The database is away"),
        N_("Reports cannot be read right now. What visitors do is still being collected and will be here when it is back."),
    ),
}
_OTHER = TEXTS[400]


def is_ours() -> bool:
    """Whether this package answers: its own views, and addresses that no view has.  Door and demo shop speak themselves."""
    return request.endpoint is None or request.blueprint in ("admin", "api")


def is_api() -> bool:
    return request.path.startswith("/api/")


def say_error(status: int, detail: str | None = None, field: str | None = None) -> Response:
    """A page, or JSON {"error", "detail", "field"} for the API."""
    title, text = TEXTS.get(status, _OTHER)
    if is_api():
        response = jsonify({"error": gettext(title), "detail": detail or gettext(text), "field": field})
    else:
        # The frame of the page may ask who is logged in, and so the database; this template does not use it.
        response = current_app.make_response(
            render_template("admin/error.html", status=status, title=gettext(title), text=gettext(text), detail=detail)
        )
    response.status_code = status
    if status == 503:
        response.headers["Retry-After"] = "30"
    return with_headers(response)


def register_errors(app: Flask) -> None:
    """For the whole app: addresses that no view has are answered here, too."""

    @app.errorhandler(Mistake)
    def mistake(error: Mistake) -> Response:
        return say_error(400, explain(error), error.field)

    @app.errorhandler(Refused)
    def bad_signature(error: Refused) -> Response:
        return say_error(401, "; ".join(f"{name} {text}" for name, text in error.detail.items()))

    @app.errorhandler(CSRFError)
    def csrf_error(_error: CSRFError) -> Response:
        return say_error(400, gettext("The form was open for too long, or cookies are off. Load the page again and retry."))

    @app.errorhandler(HTTPException)
    def http_error(error: HTTPException) -> Response | HTTPException:
        if not is_ours() or error.code is None or error.code < 400 or error.response is not None:
            return error
        return say_error(error.code)

    @app.errorhandler(DBAPIError)
    def database_error(error: DBAPIError) -> Response:
        if not is_ours():
            raise error
        away = error.connection_invalidated or isinstance(error, OperationalError | InterfaceError)
        log.error("database error path=%s away=%s", request.path, away, exc_info=error)
        return say_error(503 if away else 500)

    @app.errorhandler(Exception)
    def our_mistake(error: Exception) -> Response:
        if not is_ours():
            raise error
        log.error("unexpected error path=%s", request.path, exc_info=error)
        return say_error(500)
