"""The description of /api/v1 made from the table of acts itself, so that it cannot differ from what is served."""

from __future__ import annotations

import inspect
from typing import Any

from core.doors import TABLE, Door

_BREACH = {
    "type": "object",
    "properties": {k: {"type": "string"} for k in ("rule", "article", "action", "required", "found", "field", "text")},
}
_PROOF = {
    "type": "object",
    "description": "certificate: fingerprint; text: base64 of gongheng/act/1; signature: base64 r||s",
    "properties": {"certificate": {"type": "string"}, "text": {"type": "string"}, "signature": {"type": "string"}},
}


def _refusals() -> dict[str, Any]:
    breaches = {"type": "object", "properties": {"breaches": {"type": "array", "items": _BREACH}}}
    error = {"type": "object", "properties": {"error": {"type": "string"}}}

    def reply(text: str, schema: dict[str, Any]) -> dict[str, Any]:
        return {"description": text, "content": {"application/json": {"schema": schema}}}

    return {
        "400": reply("the payload cannot be read", error),
        "403": reply("the role does not allow it", breaches),
        "409": reply("refused; every broken rule with its article", breaches),
    }


def _operation(door: Door) -> dict[str, Any]:
    roles = [str(role) for role in door.roles]
    properties: dict[str, Any] = {"case": {"type": "string"}, "payload": {"type": "object"}}
    if door.signed:
        properties["proof"] = _PROOF
    return {
        "post": {
            "operationId": door.name,
            "summary": (inspect.getdoc(door.fn) or door.name).split("\n")[0],
            "tags": [door.name.split(".")[0]],
            "x-roles": roles,
            "x-signed": door.signed,
            "parameters": [{"name": "X-Gongheng", "in": "header", "required": True, "schema": {"const": "1"}}],
            "requestBody": {"content": {"application/json": {"schema": {"type": "object", "properties": properties}}}},
            "responses": {"200": {"description": "done and durable"}, **_refusals()},
        }
    }


def _reading(summary: str, *query: str, path: str = "") -> dict[str, Any]:
    places = [(name, "query") for name in query] + ([(path, "path")] if path else [])
    return {
        "get": {
            "summary": summary,
            "parameters": [
                {"name": name, "in": place, "required": place == "path", "schema": {"type": "string"}}
                for name, place in places
            ],
            "responses": {"200": {"description": "answered"}},
        }
    }


def document() -> dict[str, Any]:
    """OpenAPI 3.1. Acts that only timers do are left out: no door leads to them."""
    paths: dict[str, Any] = {
        "/api/v1/time": _reading("the server clock"),
        "/api/v1/nonce": _reading("fields to sign for one act", "act", "case", "object"),
        "/api/v1/live/{channel}": _reading("events of a live channel after a number", "after", path="channel"),
        "/api/v1/files/{document}": _reading("a document, if its audience includes you", path="document"),
        "/api/v1/files": {
            "post": {
                "summary": "stage a file of up to 32 MiB: the raw body; answers sha256 and size",
                "requestBody": {"content": {"application/octet-stream": {}}},
                "responses": {"200": {"description": "stored"}, "413": {"description": "too large"}},
            }
        },
    }
    paths["/uploads"] = {
        "post": {
            "summary": "stage a file of any size by tus 1.0; Upload-Metadata: filename; case, purpose=bid for a bid",
            "responses": {"201": {"description": "begun; Location"}, "403": {"description": "past the deadline"}},
        }
    }
    paths["/mall/supply/import"] = {
        "post": {
            "summary": "a file of the mall's items, loaded whole or not at all: {items: [as in item.save], submit?}; "
            "answers {import, rows, faults, created, updated, unchanged, report: [{line, column, found, expected}]}",
            "responses": {"200": {"description": "checked; loaded where faults is 0"}, **_refusals()},
        }
    }
    for name in sorted(TABLE):
        if TABLE[name].roles:
            paths[f"/api/v1/acts/{name}"] = _operation(TABLE[name])
    return {"openapi": "3.1.0", "info": {"title": "公衡 Gongheng", "version": "1"}, "paths": paths}
