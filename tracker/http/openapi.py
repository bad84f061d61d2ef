"""The API described as OpenAPI 3, from the schemas that check its parameters and the columns that its reports declare."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from apispec import APISpec
from apispec.ext.marshmallow import MarshmallowPlugin

from tracker import __version__, spend
from tracker.reports import REPORTS
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
    "401": {"description": "Not logged in."},
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
    assert plugin.converter is not None
    parameters = {p["name"]: p for p in plugin.converter.schema2parameters(QueryArgs, location="query")}
    for name in REPORTS:
        for ext in ("json", "csv"):
            spec.path(
                path=f"/api/v1/shops/{{shop_id}}/reports/{name}.{ext}", operations={"get": _operation(name, ext, parameters)}
            )
    spec.path(path="/api/v1/shops/{shop_id}/ad-spend", operations={"post": _AD_SPEND})
    document: dict[str, Any] = spec.to_dict()
    return document


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


def _operation(name: str, ext: str, parameters: dict[str, Any]) -> dict[str, Any]:
    report = REPORTS[name]
    return {
        "operationId": f"{name}_{ext}",
        "summary": report.TITLE,
        "description": report.QUESTION,
        "security": [{"session": []}],
        "parameters": [_SHOP_ID, *(parameters[key] for key in report.PARAMETERS), *_ONLY_HERE],
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
