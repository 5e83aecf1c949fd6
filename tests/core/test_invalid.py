"""What pydantic refuses is told in Vietnamese for every kind of mistake a request can make."""

from __future__ import annotations

from typing import Literal

import pytest
from django.test import Client
from pydantic import BaseModel, Field, ValidationError

from twin.core.invalid import what_is_wrong


class Form(BaseModel):
    size: float = Field(2, gt=0, lt=10)
    count: int = Field(2, ge=1, le=5)
    kind: Literal["pipe", "culvert"] = "pipe"


@pytest.mark.parametrize(
    ("given", "vi"),
    [
        ({"size": 0}, "size: phải lớn hơn 0.0"),
        ({"size": 10}, "size: phải nhỏ hơn 10.0"),
        ({"size": "wide"}, "size: phải là một số"),
        ({"size": None}, "size: phải là một số"),
        ({"count": 0}, "count: phải từ 1 trở lên"),
        ({"count": 9}, "count: không được lớn hơn 5"),
        ({"count": 1.5}, "count: phải là một số nguyên"),
        ({"kind": "sewer"}, "kind: phải là 'pipe' hoặc 'culvert'"),
    ],
)
def test_each_kind_has_its_words(given, vi):
    with pytest.raises(ValidationError) as caught:
        Form(**given)
    [error] = caught.value.errors()
    said = what_is_wrong(error, next(iter(given)))
    assert said.vi == vi
    assert said.en == f"{next(iter(given))}: {error['msg']}"


def test_a_kind_without_words_still_says_that_it_is_wrong():
    said = what_is_wrong({"type": "url_scheme", "msg": "no such scheme", "ctx": {}}, "link")
    assert said == ("link: no such scheme", "link: giá trị không hợp lệ")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("vi", "username: thiếu giá trị này"),
        ("en-US,en;q=0.8,vi;q=0.5", "username: Field required"),
    ],
)
def test_the_api_asks_for_what_is_missing(language, words):
    client = Client(HTTP_ACCEPT_LANGUAGE=language)
    answer = client.post("/api/session", '{"password": "x"}', "application/json")
    assert answer.status_code == 400
    assert answer.json()["error"] == {
        "code": "invalid",
        "message": words,
        "request_id": answer["X-Request-Id"],
        "field": "username",
    }
