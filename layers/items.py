"""Features of one layer as GeoJSON or CSV: a checked question comes in, one SQL query goes out.

Pages follow a key (the sort field, then id), so page 1,000 costs as much as page 1 and rows added
meanwhile shift nothing. The database writes the JSON text; Python only joins it.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from psycopg import sql

from twin.core.declare import Field, Layer
from twin.core.errors import BadInput
from twin.core.sql import ident

MAX_LIMIT = 10_000
STAMPS = ("source", "source_id", "version", "created_at", "created_by", "updated_at", "updated_by")
CASTS = {
    "integer": "bigint",
    "number": "double precision",
    "boolean": "boolean",
    "date": "date",
    "datetime": "timestamptz",
    "text": "text",
}
SYSTEM_FIELDS = {"source": "text", "version": "integer", "updated_at": "datetime"}


@dataclass(frozen=True)
class Question:
    """Which rows and columns of a layer are asked for. All parts are checked."""

    layer: Layer
    bbox: tuple[float, float, float, float] | None = None
    limit: int = 100
    after: tuple[Any, str] | None = None
    words: str = ""
    sort: str | None = None
    descending: bool = False
    equal: Mapping[str, str] = field(default_factory=dict)
    fields: Sequence[str] = ()

    @property
    def columns(self) -> list[str]:
        """The attributes to return."""
        return list(self.fields) or [field.name for field in self.layer.fields]


def parse_bbox(text: str) -> tuple[float, float, float, float]:
    """ "west,south,east,north" [degrees] as numbers. Raises BadInput."""
    try:
        west, south, east, north = (float(part) for part in text.split(","))
    except ValueError:
        west = math.nan
        south = east = north = 0.0
    if not (-180 <= west <= east <= 180 and -90 <= south <= north <= 90):
        raise BadInput(
            f'bbox={text}: write west,south,east,north in degrees, such as "107.0,16.7,107.2,16.9"',
            vi=f"bbox={text}: hãy viết tây,nam,đông,bắc bằng độ, ví dụ 107.0,16.7,107.2,16.9",
            code="bad_bbox",
            field="bbox",
        )
    return west, south, east, north


def encode_key(value: Any, feature_id: str) -> str:
    """The key of the last row of a page, as the next page's `after`."""
    return base64.urlsafe_b64encode(json.dumps([value, feature_id]).encode()).decode()


def decode_key(text: str) -> tuple[Any, str]:
    """The opposite of encode_key. Raises BadInput."""
    try:
        value, feature_id = json.loads(base64.urlsafe_b64decode(text.encode()))
        return value, str(feature_id)
    except (ValueError, binascii.Error, TypeError) as error:
        raise BadInput(
            f"after={text} is no key of a page; follow the links of the answer",
            vi=f"after={text} không phải khóa của trang; hãy theo liên kết trong câu trả lời",
            field="after",
        ) from error


def known_field(layer: Layer, name: str, parameter: str) -> str:
    """The field type of `name`, or BadInput that lists the fields."""
    found: Field | None = layer.field(name)
    if found:
        return found.type
    if name in SYSTEM_FIELDS:
        return SYSTEM_FIELDS[name]
    names = ", ".join([*(each.name for each in layer.fields), *SYSTEM_FIELDS])
    raise BadInput(
        f'The layer "{layer.name}" has no field "{name}"; it has {names}',
        vi=f"Lớp “{layer.title.vi}” không có trường “{name}”; các trường là {names}",
        code="no_such_field",
        field=parameter,
    )


OWN_PARAMETERS = {"bbox", "limit", "after", "q", "sort", "fields", "lang", "count"}


def ask(layer: Layer, query: Mapping[str, str]) -> Question:
    """A checked question from the parameters of a request; other parameters compare fields."""
    try:
        limit = int(query.get("limit", 100))
    except ValueError:
        limit = 0
    if not 1 <= limit <= MAX_LIMIT:
        raise BadInput(
            f"limit={query['limit']}: ask for 1 to {MAX_LIMIT}",
            vi=f"limit={query['limit']}: hãy yêu cầu từ 1 đến {MAX_LIMIT}",
            field="limit",
        )
    sort = query.get("sort") or ""
    if sort:
        known_field(layer, sort.lstrip("-"), "sort")
    fields = [name for name in query.get("fields", "").split(",") if name]
    for name in fields:
        known_field(layer, name, "fields")
    equal = {name: value for name, value in query.items() if name not in OWN_PARAMETERS}
    for name in equal:
        known_field(layer, name, name)
    return Question(
        layer,
        bbox=parse_bbox(query["bbox"]) if query.get("bbox") else None,
        limit=limit,
        after=decode_key(query["after"]) if query.get("after") else None,
        words=query.get("q", "").strip(),
        sort=sort.lstrip("-") or None,
        descending=sort.startswith("-"),
        equal=equal,
        fields=fields,
    )


def conditions(
    question: Question, visible: sql.Composable
) -> tuple[list[sql.Composable], dict[str, Any]]:
    """The WHERE terms, without the page's key, and their values."""
    layer = question.layer
    terms: list[sql.Composable] = [visible]
    values: dict[str, Any] = {}
    if question.bbox:
        # A literal box on the stored column: its index stays usable.
        terms.append(sql.SQL("geom && ST_MakeEnvelope(%(w)s, %(s)s, %(e)s, %(n)s, 4326)"))
        values |= dict(zip("wsen", question.bbox, strict=True))
    if question.words:
        searched = layer.search or tuple(each.name for each in layer.fields if each.type == "text")
        matches = [
            sql.SQL("twin_plain({}::text) LIKE twin_plain(%(words)s)").format(ident(name))
            for name in searched
        ]
        terms.append(
            sql.SQL("({})").format(sql.SQL(" OR ").join([*matches, sql.SQL("id::text = %(id)s")]))
        )
        escaped = question.words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        values |= {"words": f"%{escaped}%", "id": question.words}
    for number, (name, value) in enumerate(question.equal.items()):
        cast = CASTS[known_field(layer, name, name)]
        if value == "":
            terms.append(sql.SQL("{} IS NULL").format(ident(name)))
        else:
            terms.append(
                sql.SQL("{} = {}::{}").format(
                    ident(name), sql.Placeholder(f"equal{number}"), sql.SQL(cast)
                )
            )
            values[f"equal{number}"] = value
    return terms, values


def page_condition(question: Question) -> tuple[sql.Composable, dict[str, Any]] | None:
    """What comes after the last row of the former page; unknown values sort last both ways."""
    if question.after is None:
        return None
    value, feature_id = question.after
    values = {"key": value, "key_id": feature_id}
    if question.sort is None:
        return sql.SQL("id > %(key_id)s::uuid"), values
    column = ident(question.sort)
    if value is None:
        return sql.SQL("{} IS NULL AND id > %(key_id)s::uuid").format(column), values
    cast = sql.SQL(CASTS[known_field(question.layer, question.sort, "sort")])
    return (
        sql.SQL(
            "({column} {beyond} %(key)s::{cast} OR {column} IS NULL "
            "OR ({column} = %(key)s::{cast} AND id > %(key_id)s::uuid))"
        ).format(column=column, beyond=sql.SQL("<" if question.descending else ">"), cast=cast),
        values,
    )


def properties(question: Question) -> sql.Composable:
    """A JSON object of the asked attributes, then the stamps."""
    names = [*question.columns, *(() if question.fields else STAMPS)]
    pairs = sql.SQL(", ").join(
        sql.SQL("{}, {}").format(sql.Literal(name), ident(name)) for name in names
    )
    return sql.SQL("json_build_object({})").format(pairs)


def page_query(
    question: Question, visible: sql.Composable
) -> tuple[sql.Composable, dict[str, Any]]:
    """Rows (id, sort value as JSON, feature as JSON text), one more than the page holds."""
    terms, values = conditions(question, visible)
    if page := page_condition(question):
        terms.append(page[0])
        values |= page[1]
    column = ident(question.sort) if question.sort else sql.SQL("NULL::text")
    order = (
        sql.SQL("{} {} NULLS LAST, id").format(
            ident(question.sort), sql.SQL("DESC" if question.descending else "ASC")
        )
        if question.sort
        else sql.SQL("id")
    )
    query = sql.SQL(
        "SELECT id::text, to_json({column}), json_build_object('type', 'Feature', 'id', id, "
        "'geometry', ST_AsGeoJSON(geom, 7)::json, 'properties', {properties})::text "
        "FROM {table} WHERE {terms} ORDER BY {order} LIMIT %(limit)s"
    ).format(
        column=column,
        properties=properties(question),
        table=ident(question.layer.table),
        terms=sql.SQL(" AND ").join(terms),
        order=order,
    )
    return query, values | {"limit": question.limit + 1}


def count_query(
    question: Question, visible: sql.Composable
) -> tuple[sql.Composable, dict[str, Any]]:
    """How many features the question has in all."""
    terms, values = conditions(question, visible)
    query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(
        ident(question.layer.table), sql.SQL(" AND ").join(terms)
    )
    return query, values


def csv_query(question: Question, visible: sql.Composable) -> tuple[sql.Composed, dict[str, Any]]:
    """A COPY of all rows of the question: id, attributes, position (points) or WKT."""
    terms, values = conditions(question, visible)
    if question.layer.geometry == "Point":
        place = sql.SQL("ST_X(geom) AS lon, ST_Y(geom) AS lat")
    else:
        place = sql.SQL("ST_AsText(geom, 7) AS wkt")
    query = sql.SQL("COPY (SELECT id, {}, {} FROM {} WHERE {} ORDER BY id) TO STDOUT CSV HEADER")
    return query.format(
        sql.SQL(", ").join(ident(name) for name in question.columns),
        place,
        ident(question.layer.table),
        sql.SQL(" AND ").join(terms),
    ), values
