"""The short way to lean views, as the server goes it: not through Django, with the same words."""

from __future__ import annotations

import json

import pytest
from asgiref.sync import async_to_sync
from django.contrib.gis.geos import Point

from layers.models import Hydrant
from tiles import gate
from twin.asgi import application

pytestmark = pytest.mark.django_db(transaction=True)


def ask(path: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of one ASGI connection."""
    sent: list[dict] = []
    pairs = {"host": "localhost", **headers}

    async def receive() -> dict:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: dict) -> None:
        sent.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": method,
        "path": path,
        "query_string": query.encode(),
        "headers": [(k.replace("_", "-").encode(), v.encode()) for k, v in pairs.items()],
    }
    async_to_sync(application)(scope, receive, send)
    body = b"".join(message.get("body", b"") for message in sent[1:])
    names = {k.decode().lower(): v.decode() for k, v in sent[0]["headers"]}
    return sent[0]["status"], names, body


def test_a_tile_comes_with_the_headers_of_every_response():
    gate.forget()
    Hydrant.objects.create(geom=Point(0.0001, 0.0001))
    status, headers, body = ask("/tiles/hydrants/14/8192/8191.mvt")
    assert status == 200
    assert int(headers["content-length"]) == len(body) > 0
    assert len(headers["x-request-id"]) == 12
    assert "default-src 'self'" in headers["content-security-policy"]
    assert "set-cookie" not in headers
    status, headers, body = ask("/tiles/hydrants/14/8192/8191.mvt", method="HEAD")
    assert (status, body) == (200, b"")
    status, headers, body = ask("/tiles/hydrants/14/0/0.mvt")
    assert (status, body) == (204, b"")
    assert "content-length" not in headers


def test_errors_leave_as_words_with_the_request_id():
    for path, expected in (
        ("/tiles/hydrants/99/0/0.mvt", 400),
        ("/tiles/nothing/1/0/0.mvt", 404),
        ("/tiles/parcels/1/0/0.mvt", 401),
    ):
        status, headers, body = ask(path)
        assert status == expected
        assert json.loads(body)["error"]["request_id"] == headers["x-request-id"]


def test_a_foreign_host_name_is_refused(settings):
    settings.ALLOWED_HOSTS = ["localhost"]
    assert ask("/tiles/hydrants/1/0/0.mvt", host="evil.example")[0] == 400
    assert ask("/tiles/hydrants/1/0/0.mvt")[0] == 204


def test_an_unforeseen_failure_is_500_and_says_no_secrets(monkeypatch):
    async def fail(*_: object) -> bytes:
        raise RuntimeError("password=hunter2")

    gate.forget()
    monkeypatch.setattr("tiles.api.vector_tile", fail)
    status, headers, body = ask("/tiles/hydrants/14/0/0.mvt")
    assert status == 500
    assert b"hunter2" not in body
    assert json.loads(body)["error"]["request_id"] == headers["x-request-id"]
