"""The owner's own words, such as in the journey map: read by every member, written by those who may change something.

GET  /api/v1/shops/<id>/notes/<place>  {"place", "text", "written_at", "written_by"}
PUT  the same, {"text": "…"}: the last one wins; an empty text takes the note away

The page of the journey map writes them by a form (journey_map_page.py).
"""

from __future__ import annotations

from flask import Blueprint, jsonify, request
from flask.typing import ResponseReturnValue
from sqlalchemy import Connection, delete, select
from werkzeug.exceptions import NotFound, RequestEntityTooLarge

from tracker import audit
from tracker import tables as t
from tracker.clock import Instant, isoformat
from tracker.errors import BadQuery
from tracker.http.deps import actor, deps, shop
from tracker.pipeline.upsert import upsert
from tracker.reports.journey_map import PLACES
from tracker.reports.table import N_
from tracker.storage import reading, writing

MAX_TEXT = 4_000  # characters
MAX_BODY = 64 * 1024

c = t.notes.c


def add_views(api: Blueprint) -> None:
    api.add_url_rule("/shops/<int:shop_id>/notes/<place>", "note", note)
    api.add_url_rule("/shops/<int:shop_id>/notes/<place>", "write_note", write_note, methods=["PUT"])


def note(place: str) -> ResponseReturnValue:
    """Raises NotFound for a place that there is not."""
    _check_place(place)
    with reading(deps().engine) as db:
        return _answer(db, place)


def write_note(place: str) -> ResponseReturnValue:
    """Raises NotFound, BadQuery, RequestEntityTooLarge."""
    _check_place(place)
    if (request.content_length or 0) > MAX_BODY:
        raise RequestEntityTooLarge
    told = request.get_json(silent=True)
    text = told.get("text") if isinstance(told, dict) else None
    if not isinstance(text, str):
        raise BadQuery("text", N_('send the note as JSON, with the type application/json: {"text": "…"}'))
    keep_note(place, text)
    with reading(deps().engine) as db:
        return _answer(db, place)


class Overtaken(Exception):
    """Somebody else has written there since."""


def keep_note(place: str, text: str, seen_at: Instant | None = None) -> None:
    """In place of the one before; an empty text takes it away.  Raises NotFound, BadQuery.

    `seen_at`: when the note that the writer had before them was written, 0 for none; another one by now raises Overtaken.
    """
    _check_place(place)
    text = _cleaned(text)
    with writing(deps().engine) as db:
        if seen_at is not None and seen_at != _written_at(db, place):
            raise Overtaken
        if text:
            row = {"shop_id": shop().shop_id, "place": place, "text": text}
            upsert(db, t.notes, [{**row, "written_at": deps().now(), "written_by": actor()}])
        else:
            db.execute(delete(t.notes).where(c.shop_id == shop().shop_id, c.place == place))
        audit.log(db, [shop().shop_id], "note", actor(), deps().now(), about=place, changed={"characters": len(text)})


def _written_at(db: Connection, place: str) -> Instant:
    return db.execute(select(c.written_at).where(c.shop_id == shop().shop_id, c.place == place)).scalar() or 0


def _check_place(place: str) -> None:
    if place not in PLACES:
        raise NotFound


def _cleaned(text: str) -> str:
    """Raises BadQuery."""
    text = "".join(sign for sign in text.replace("\r\n", "\n") if sign.isprintable() or sign in "\n\t").strip()
    if len(text) > MAX_TEXT:
        raise BadQuery("text", N_("write 4000 characters at most"))
    return text


def _answer(db: Connection, place: str) -> ResponseReturnValue:
    row = db.execute(select(t.notes).where(c.shop_id == shop().shop_id, c.place == place)).first()
    written = {"written_at": isoformat(row.written_at), "written_by": row.written_by} if row else {}
    return jsonify({"place": place, "text": row.text if row else "", "written_at": None, "written_by": None, **written})
