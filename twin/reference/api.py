"""docs/reference/api.md: every address of the server, read from its URL table."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from django.contrib.admindocs.views import simplify_regex
from django.urls import URLPattern

from twin import urls
from twin.reference.markdown import code, page, table

INTRO = """\
# HTTP API

One port serves pages, API, tiles and the live stream. `/api/docs` shows the same operations in the
browser and `/api/openapi.json` for programs.

- Log in with `POST /api/session`; the session cookie carries the login. Whatever writes must also
  send the header `X-CSRFToken` with the `csrf` that `GET /api/session` gives.
- What a user may not see is not in the answers; what they may not do is refused with 403.
- An error is `{"error": {"code", "message", "request_id", "field"}}` with an HTTP status of its
  kind: 400 the request can't be used, 401 not logged in, 403 not allowed, 404 not there, 409 it
  clashes with what is, 503 something the twin needs does not answer. Its message is in Vietnamese
  or English, as `Accept-Language` asks; Vietnamese without one.
- Texts in two languages are `{"en": …, "vi": …}`. Coordinates are longitude and latitude
  (EPSG:4326) unless the name says otherwise; lengths are meters, times seconds.
"""
METHODS = ("get", "post", "put", "patch", "delete")


def write() -> str:
    """The page."""
    lines = [INTRO]
    schema = urls.api.get_openapi_schema()
    tags = dict.fromkeys(tag for _, _, operation in _operations(schema) for tag in _tags(operation))
    for tag in tags:
        lines += [f"## /api · {tag}", ""]
        for method, address, operation in _operations(schema):
            if tag in _tags(operation):
                lines += _operation(method, address, operation, schema)
    lines += ["## Tiles and style", ""]
    for address, words in _views():
        lines += [f"### GET {address}", "", words, ""]
    return page(*lines)


def _tags(operation: dict[str, Any]) -> list[str]:
    return operation.get("tags") or ["other"]


def _operations(schema: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for address, operations in schema["paths"].items():
        for method in METHODS:
            if method in operations:
                yield method, address, operations[method]


def _operation(
    method: str, address: str, operation: dict[str, Any], schema: dict[str, Any]
) -> list[str]:
    lines = [f"### {method.upper()} {address}", "", operation.get("description", ""), ""]
    asked = [given for given in operation.get("parameters", []) if given["in"] == "query"]
    if asked:
        rows = (
            (
                code(given["name"]),
                _kind(given["schema"]),
                "required" if given.get("required") else given["schema"].get("default", ""),
            )
            for given in asked
        )
        lines += table(("Parameter", "Type", "Default"), rows)
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        lines += _body(body["schema"], schema)
    return lines


def _body(declared: dict[str, Any], schema: dict[str, Any]) -> list[str]:
    rows = list(_fields(declared, schema, ""))
    return table(("Body", "Type", "Default"), rows) if rows else []


def _fields(
    declared: dict[str, Any], schema: dict[str, Any], before: str
) -> Iterator[tuple[str, str, str]]:
    """Rows of an object and, named as errors name them, of the objects in it."""
    resolved = schema["components"]["schemas"].get(_reference(declared), {})
    required = set(resolved.get("required", []))
    for name, value in resolved.get("properties", {}).items():
        more = f"{before}{name}." + ("0." if value.get("type") == "array" else "")
        must = "required" if name in required else _default(value)
        yield code(before + name), _kind(value), must
        yield from _fields(value, schema, more)


def _reference(value: dict[str, Any]) -> str:
    """The name of the declared object in a schema, also of an optional one or of a list's."""
    inner = [value, value.get("items", {}), *value.get("anyOf", []), *value.get("allOf", [])]
    return next((part["$ref"].split("/")[-1] for part in inner if "$ref" in part), "")


def _default(value: dict[str, Any]) -> str:
    default = value.get("default")
    return "" if default is None or isinstance(default, dict | list) else code(default)


def _kind(value: dict[str, Any]) -> str:
    if name := _reference({"allOf": [value, *value.get("allOf", [])]}):
        return name
    if "anyOf" in value:
        kinds = [_kind(choice) for choice in value["anyOf"] if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(kinds))
    if "enum" in value:
        return ", ".join(code(choice) for choice in value["enum"])
    if value.get("type") == "array":
        return f"list of {_kind(value['items'])}" if "items" in value else "list"
    return str(value.get("format") or value.get("type") or "any")


def _views() -> Iterator[tuple[str, str]]:
    for pattern in urls.urlpatterns:
        if isinstance(pattern, URLPattern) and (words := inspect.getdoc(pattern.callback)):
            address = simplify_regex(str(pattern.pattern)).replace("\\", "")
            if address.startswith(("/tiles", "/style")):
                yield re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", address), " ".join(words.split("\n\n"))
