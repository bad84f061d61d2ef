"""An answer that browsers save as a file."""

from __future__ import annotations

from flask import Response, current_app

CSV = "text/csv; charset=utf-8"
JSON = "application/json; charset=utf-8"


def as_file(body: str | bytes, name: str, content_type: str) -> Response:
    response: Response = current_app.make_response(body)
    response.headers["Content-Type"] = content_type
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
