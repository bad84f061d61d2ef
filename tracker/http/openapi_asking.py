"""The addresses of asking.py, as OpenAPI describes them: what is asked of the worker, and what came of it.

Settings and stage rules are checked field by field where they are sent (tracker/shop_settings.py), so their objects are not
described a second time here.
"""

from __future__ import annotations

from typing import Any

_OBJECT = {"type": "object"}
_TASK = {
    "type": "object",
    "properties": {
        "task_id": {"type": "integer"},
        "kind": {"type": "string"},
        "asked_by": {"type": "string"},
        "asked_at": {"type": "string", "format": "date-time"},
        "state": {"type": "string", "enum": ["waiting", "under_way", "done", "failed"]},
        "progress": {"type": "object", "nullable": True},
        "outcome": {"type": "object", "nullable": True},
        "error": {"type": "string", "nullable": True},
    },
}
_RULES = {"type": "object", "required": ["own"], "properties": {"own": {"type": "array", "items": _OBJECT}}}
_LINK = {"type": "object", "required": ["kind", "key"], "properties": {"kind": {"type": "string"}, "key": {"type": "string"}}}


def paths(shop_id: dict[str, Any], errors: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """path -> {method: operation}."""

    def operation(name: str, summary: str, answer: dict[str, Any], *, number: str = "", body: Any = None) -> dict[str, Any]:
        told: dict[str, Any] = {"operationId": name, "summary": summary, "security": [{"session": []}], "parameters": [shop_id]}
        if number:
            parameter = {"name": number, "in": "path", "required": True, "schema": {"type": "integer"}}
            told["parameters"] = [shop_id, parameter]
        if body is not None:
            told["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
        return {**told, "responses": {**answer, **errors}}

    def json(said: str, schema: dict[str, Any], status: str = "200") -> dict[str, Any]:
        return {status: {"description": said, "content": {"application/json": {"schema": schema}}}}

    task = json("The task that does it; ask for it until it is done.", _TASK, "202")
    tasks = {"type": "object", "properties": {"tasks": {"type": "array", "items": _TASK}}}
    return {
        "settings": {
            "get": operation("settings", "The shop's settings, and what is being counted anew", json("In force.", _OBJECT)),
            "patch": operation("change_settings", "Change settings: {name: value}", task, body=_OBJECT),
        },
        "stage-rules": {"post": operation("add_stage_rules", "The shop's own stage rules, from now on", task, body=_RULES)},
        "stage-rules/preview": {
            "post": operation(
                "preview_stage_rules", "What they would have done last week", json("Moves and examples.", _OBJECT), body=_RULES
            )
        },
        "replay": {"post": operation("replay", "Fold and tag everything anew, by today's rules", task)},
        "recount": {"post": operation("recount", "Fold everything anew, by the rules of its time", task)},
        "links/undo": {"post": operation("undo_link", "Take a key away from its person", task, body=_LINK)},
        "people/{subject_id}/erase": {
            "post": operation("erase", "Erase a person; totals stay", task, number="subject_id"),
        },
        "people/{subject_id}/export": {
            "get": operation("export_person", "All that is kept of a person", json("A file.", _OBJECT), number="subject_id"),
        },
        "tasks": {"get": operation("list_tasks", "What was asked for, the latest first", json("The last fifty.", tasks))},
        "tasks/{task_id}": {"get": operation("task", "How far a task is", json("The task.", _TASK), number="task_id")},
    }
