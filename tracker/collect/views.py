"""The door's routes: the collecting path, and the snippet's files.

In:  requests.
Out: answers with CORS for every page of the world: `*`, and no credentials, since the door knows nobody by a cookie.

POST  collects; text/plain bodies are as good as JSON ones, so that a beacon needs no preflight
OPTIONS answers the preflight of those who send JSON
all else 405

A POST goes to the door before Flask sees it: routing, contexts and a Response cost more than twice what the door itself does.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING

from flask import Blueprint, Flask, Response, request

from tracker import clock
from tracker.collect.door import Answer, Door
from tracker.collect.script import BUILT, Script, scripts

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

CORS = {"Access-Control-Allow-Origin": "*"}
PREFLIGHT = {
    **CORS,
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Content-Type, X-Kunderejse-Signature",
    "Access-Control-Max-Age": "86400",
}
ANSWER = {
    **CORS,
    "Access-Control-Expose-Headers": "Retry-After",  # else a page's script could not read it
    "Content-Type": "application/json",
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
SCRIPT = {
    **CORS,
    "Content-Type": "text/javascript; charset=utf-8",
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "cross-origin",  # for shops that isolate their pages
    "Vary": "Accept-Encoding",
}
OTHER_METHODS = ["GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"]


def register(app: Flask, door: Door) -> None:
    """The configured paths are whole ones."""
    app.register_blueprint(_blueprint(door))
    app.wsgi_app = _collecting(door, app.wsgi_app)  # type: ignore[assignment, method-assign]


def _collecting(door: Door, rest: WSGIApplication) -> WSGIApplication:
    """Gives the door its POSTs, and all else to the rest."""
    path = door.config.collect_path

    def serve(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("PATH_INFO") != path or environ["REQUEST_METHOD"] != "POST":
            return rest(environ, start_response)
        try:
            answer = door.take(environ, clock.now())
        except Exception:  # a fault of ours: the sender keeps its events and tries again
            log.exception("taking a request in")
            answer = Answer(500, b'{"error":"internal"}')
        headers = {**ANSWER, **answer.headers, "Content-Length": str(len(answer.body))}
        start_response(f"{answer.status} {HTTPStatus(answer.status).phrase}", list(headers.items()))
        return (answer.body,)

    return serve


def _blueprint(door: Door) -> Blueprint:
    front = Blueprint("collect", __name__)
    config = door.config

    def collect() -> Response:
        if request.method == "OPTIONS":
            return Response(status=204, headers=PREFLIGHT)
        return Response(b'{"error":"send events by POST"}', 405, {**ANSWER, "Allow": "POST, OPTIONS"})

    front.add_url_rule(config.collect_path, view_func=collect, methods=OTHER_METHODS, provide_automatic_options=False)
    for number, (path, script) in enumerate(scripts(config.script_path, config.collect_path, BUILT).items()):
        front.add_url_rule(path, f"script{number}", _script_view(script))
    front.after_request(_allow_all_origins)
    return front


def _script_view(script: Script) -> Callable[[], Response]:
    def send() -> Response:
        headers = {**SCRIPT, "ETag": script.etag}
        if request.if_none_match.contains_weak(script.etag.strip('"')):
            return Response(status=304, headers=headers)
        if request.accept_encodings.quality("gzip") > 0:
            return Response(script.gzipped, headers={**headers, "Content-Encoding": "gzip"})
        return Response(script.body, headers=headers)

    return send


def _allow_all_origins(response: Response) -> Response:
    """Also on an answer 500: without it the sender's page could not read that it shall try again."""
    response.headers.setdefault("Access-Control-Allow-Origin", "*")
    return response
