"""The API described as OpenAPI 3, from the schemas that check its parameters and the columns that its reports declare."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from tracker import __version__, spend
from tracker.collect.signature import HEADER
from tracker.http import openapi_asking
from tracker.http.roles import needed
from tracker.reports import REPORTS
from tracker.reports import parameters as report_parameters
from tracker.reports.query import QueryArgs
from tracker.reports.table import Column, Unit

_CELLS: dict[Unit, dict[str, Any]] = {
    Unit.COUNT: {"type": "integer", "nullable": True},
    Unit.NUMBER: {"type": "number", "nullable": True},
    Unit.SHARE: {"type": "number", "minimum": 0, "nullable": True},
    Unit.SECONDS: {"type": "number", "nullable": True},
    Unit.TEXT: {"type": "string", "nullable": True},
    Unit.INSTANT: {"type": "string", "format": "date-time", "nullable": True},
    Unit.DAY: {"type": "string", "format": "date"},
    Unit.MONTH: {"type": "string", "format": "date", "description": "its first day"},
    Unit.MONEY: {
        "type": "object",
        "nullable": True,
        "properties": {"amount": {"type": "string", "description": "major units"}, "currency": {"type": "string"}},
    },
}
_ONLY_HERE = [
    {"name": "table", "in": "query", "schema": {"type": "string"}, "description": "One of the tables under `beside` instead."},
    {
        "name": "bom",
        "in": "query",
        "schema": {"type": "string", "enum": ["1"]},
        "description": "CSV only: begin with a byte order mark, which older spreadsheets need.",
    },
]
_ERRORS = {
    "400": {"description": "Asked wrongly: `field` says which parameter, `detail` what to write."},
    "401": {"description": "Not logged in, or the token is made up, expired or revoked."},
    "404": {"description": "No such report, or no shop of yours."},
    "503": {"description": "The database is away; Retry-After says when to ask again."},
}


def describe(public_url: str) -> dict[str, Any]:
    """The whole document."""
    plugin = MarshmallowPlugin()
    spec = APISpec(
        title="Kunderejse",
        version=__version__,
        openapi_version="3.0.3",
        plugins=[plugin],
        info={"description": "Reports about the customer journeys of a shop."},
        servers=[{"url": public_url}],
    )
    spec.components.security_scheme("session", {"type": "apiKey", "in": "cookie", "name": "kunderejse"})
    spec.components.security_scheme(
        "token", {"type": "http", "scheme": "bearer", "description": "An API token, which an owner of the shop makes."}
    )
    spec.components.security_scheme("signature", {"type": "apiKey", "in": "header", "name": HEADER})
    assert plugin.converter is not None
    parameters = {p["name"]: p for p in plugin.converter.schema2parameters(QueryArgs, location="query")}
    for name in REPORTS:
        for ext in ("json", "csv"):
            spec.path(
                path=f"/api/v1/shops/{{shop_id}}/reports/{name}.{ext}", operations={"get": _operation(name, ext, parameters)}
            )
    spec.path(path="/api/v1/shops/{shop_id}/ad-spend", operations={"post": _AD_SPEND})
    spec.path(path="/api/v1/shops/{shop_id}/order-list", operations={"get": _ORDER_LIST, "post": _UPLOAD_ORDER_LIST})
    spec.path(path="/api/v1/shops/{shop_id}/order-list/fill", operations={"post": _FILL_ORDER_LIST})
    spec.path(path="/api/v1/shops/{shop_id}/notes/{place}", operations={"get": _NOTE, "put": _WRITE_NOTE})
    for path, operations in openapi_asking.paths(_SHOP_ID, _ERRORS | {"403": _FORBIDDEN}).items():
        spec.path(path=f"/api/v1/shops/{{shop_id}}/{path}", operations=operations)
    document: dict[str, Any] = spec.to_dict()
    for operations in document["paths"].values():
        for method, operation in operations.items():
            _open_to_tokens(operation, method)
    return document


def _open_to_tokens(operation: dict[str, Any], method: str) -> None:
    """Says the scope that a token needs.  OpenAPI 3.0 has scopes for OAuth alone, so it is said in words."""
    right = needed(f"api.{operation['operationId']}", changes=method != "get")
    operation["security"] = [*operation["security"], {"token": []}]
    operation["x-scope"] = right
    operation["description"] = f"{operation.get('description', '')} A token needs the scope `{right}`.".strip()


_SHOP_ID = {"name": "shop_id", "in": "path", "required": True, "schema": {"type": "integer"}}
_SPEND_ROW = {
    "type": "object",
    "required": ["day", "amount"],
    "properties": {
        "day": {"type": "string", "format": "date"},
        "amount": {"type": "string", "description": "major units; a number will do"},
        **{name: {"type": "string"} for name in ("channel", "source", "campaign", "currency")},
        **{name: {"type": "integer", "minimum": 0, "nullable": True} for name in ("clicks", "impressions")},
    },
}
_AD_SPEND: dict[str, Any] = {
    "operationId": "ad_spend",
    "summary": "What advertising cost",
    "description": "Uploading a day again overwrites it. The header X-CSRFToken carries the token of any form.",
    "security": [{"session": []}],
    "parameters": [
        _SHOP_ID,
        *(
            {"name": f.name, "in": "query", "schema": {"type": "string"}, "description": "For lines that do not say it."}
            for f in fields(spend.Defaults)
        ),
    ],
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/json": {
                "schema": {"type": "object", "properties": {"rows": {"type": "array", "items": _SPEND_ROW}}},
            },
        },
    },
    "responses": {
        "200": {"description": "What was kept, and each line that was refused with the reason."},
        "400": {"description": "Nothing could be kept; the same, or `detail` when the file could not be read at all."},
        "401": _ERRORS["401"],
        "403": {"description": "For owners and marketers only."},
        "404": _ERRORS["404"],
        "413": {"description": "Too big: send it in several parts."},
        "503": _ERRORS["503"],
    },
}


_FORBIDDEN = {"description": "Your role, or the token's scopes, do not hold this."}
_WRITERS_ONLY = {"description": "For owners and marketers only."}
_ORDER_LIST: dict[str, Any] = {
    "operationId": "order_list",
    "summary": "What is kept of the shop's own list of orders",
    "security": [{"session": []}],
    "parameters": [_SHOP_ID],
    "responses": {"200": {"description": "How many orders, of which days, listed when."}, **_ERRORS},
}
_UPLOAD_ORDER_LIST: dict[str, Any] = {
    "operationId": "upload_order_list",
    "summary": "The shop's own list of orders, to be compared with what was collected",
    "description": "An order that is listed again is the same order. The shop's server signs it as at the front door.",
    "security": [{"session": []}, {"signature": []}],
    "parameters": [
        _SHOP_ID,
        {"name": "order_key", "in": "query", "schema": {"type": "string"}, "description": "The column of the order's key."},
    ],
    "requestBody": {
        "required": True,
        "content": {
            "text/csv": {"schema": {"type": "string"}},
            "application/x-ndjson": {"schema": {"type": "string"}},
            "application/json": {"schema": {"type": "array", "items": {"type": "object"}}},
        },
    },
    "responses": {
        "200": {"description": "How many orders were listed, and the first lines that were refused with the reason."},
        **_ERRORS,
        "401": {"description": "Not logged in, or the signature is wrong: `detail` says what of it."},
        "403": _WRITERS_ONLY,
        "413": {"description": "Too big: send it in several parts."},
    },
}
_FILL_ORDER_LIST: dict[str, Any] = {
    "operationId": "fill_order_list",
    "summary": "Fill in the orders of the list that are missing",
    "security": [{"session": []}],
    "parameters": [_SHOP_ID],
    "responses": {"202": {"description": "The task that does it."}, **_ERRORS, "403": _WRITERS_ONLY},
}
_PLACE = {"name": "place", "in": "path", "required": True, "schema": {"type": "string", "example": "journey_map.5.pain"}}
_NOTE: dict[str, Any] = {
    "operationId": "note",
    "summary": "The owner's own words, such as in the journey map",
    "security": [{"session": []}],
    "parameters": [_SHOP_ID, _PLACE],
    "responses": {"200": {"description": "The note; an empty text when there is none."}, **_ERRORS},
}
_WRITE_NOTE: dict[str, Any] = {
    **_NOTE,
    "operationId": "write_note",
    "summary": "Write it; an empty text takes it away",
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["text"],
                    "properties": {"text": {"type": "string", "maxLength": 4_000}},
                }
            }
        },
    },
    "responses": {"200": {"description": "The note as it is now."}, **_ERRORS, "403": _WRITERS_ONLY},
}


def _operation(name: str, ext: str, parameters: dict[str, Any]) -> dict[str, Any]:
    report = REPORTS[name]
    return {
        "operationId": f"{name}_{ext}",
        "summary": report.TITLE,
        "description": report.QUESTION,
        "security": [{"session": []}],
        "parameters": [_SHOP_ID, *(parameters[key] for key in report_parameters(name)), *_ONLY_HERE],
        "responses": {"200": _answer(name, ext), **_ERRORS},
    }


def _answer(name: str, ext: str) -> dict[str, Any]:
    columns: tuple[Column, ...] = REPORTS[name].COLUMNS
    if ext == "csv":
        return {"description": "One line a row.", "content": {"text/csv": {"schema": {"type": "string"}}}}
    schema = {
        "type": "object",
        "properties": {
            "rows": {"type": "array", "items": {"type": "object", "properties": _properties(columns)}},
            "totals": {"type": "object"},
            "sample": {"type": "integer", "description": "How many journeys (or events) it rests on."},
            "enough": {"type": "boolean", "description": "Whether the sample is large enough for shares to mean something."},
            "references": {"type": "object", "additionalProperties": {"type": "number"}},
            "notes": {"type": "array", "items": {"type": "string"}},
            "next_cursor": {"type": "string", "nullable": True},
            "beside": {"type": "object", "description": "Further tables of the same form."},
        },
    }
    return {"description": "The answer.", "content": {"application/json": {"schema": schema}}}


def _properties(columns: tuple[Column, ...]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for column in columns:
        found[column.key] = {**_CELLS[column.unit], "description": column.definition}
        if column.vocabulary:
            found[f"{column.key}_name"] = {"type": "string", "nullable": True, "description": "The same in words."}
    return found
