"""The door's routes: the collecting path, and the snippet's files.

In:  requests.
Out: answers with CORS for every page of the world: `*`, and no credentials, since the door knows nobody by a cookie.

POST  collects; text/plain bodies are as good as JSON ones, so that a beacon needs no preflight
OPTIONS answers the preflight of those who send JSON
all else 405
"""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, Response, request

from tracker import clock
from tracker.collect.door import Door
from tracker.collect.script import BUILT, Script, scripts

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
ALL_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]


def blueprint(door: Door) -> Blueprint:
    """To be registered without a prefix: the configured paths are whole ones."""
    front = Blueprint("collect", __name__)
    config = door.config

    def collect() -> Response:
        if request.method == "POST":
            answer = door.take(request.environ, clock.now())
            return Response(answer.body, answer.status, {**ANSWER, **answer.headers})
        if request.method == "OPTIONS":
            return Response(status=204, headers=PREFLIGHT)
        return Response(b'{"error":"send events by POST"}', 405, {**ANSWER, "Allow": "POST, OPTIONS"})

    front.add_url_rule(config.collect_path, view_func=collect, methods=ALL_METHODS, provide_automatic_options=False)
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
