"""Layers, their features and search, all from the declarations."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from asgiref.sync import sync_to_async
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from ninja import Router
from psycopg import AsyncClientCursor, DataError, sql

from layers import items, observations, search
from twin.core import permissions
from twin.core.db import connection, fetch
from twin.core.declare import GROUP_TITLES, Cluster, Grid, Layer
from twin.core.errors import BadInput, NotFound
from twin.core.features import layer_named, layers
from twin.core.legend import legend
from twin.core.models import LayerVersion
from twin.core.sql import ident

router = Router(tags=["layers"])
GROUP_ORDER = list(GROUP_TITLES)

# (layer, version) -> (count, bounds): counting a million rows for each page load would be felt.
_extents: dict[tuple[str, int], tuple[int, list[float] | None]] = {}


async def extent(layer: Layer, version: int) -> tuple[int, list[float] | None]:
    """Number of features and their bounds [west, south, east, north] at a version of the layer."""
    key = (layer.name, version)
    if key not in _extents:
        [(count, west, south, east, north)] = await fetch(
            sql.SQL(
                "SELECT n, ST_XMin(box), ST_YMin(box), ST_XMax(box), ST_YMax(box) FROM "
                "(SELECT count(*) AS n, ST_Extent(geom) AS box FROM {}) AS whole"
            ).format(ident(layer.table))
        )
        for old in [known for known in _extents if known[0] == layer.name]:
            _extents.pop(old, None)
        _extents[key] = (count, [west, south, east, north] if count else None)
    return _extents[key]


def describe(layer: Layer, version: int, count: int, bounds: Any, can_edit: bool) -> dict[str, Any]:
    """A layer as the viewer's catalog knows it."""
    lowzoom = None
    if isinstance(layer.lowzoom, Grid | Cluster):
        kind = "grid" if isinstance(layer.lowzoom, Grid) else "cluster"
        lowzoom = {"below": layer.lowzoom.below, "kind": kind}
    return {
        "name": layer.name,
        "title": layer.title.as_dict(),
        "group": layer.group,
        "group_title": GROUP_TITLES[layer.group].as_dict(),
        "geometry": layer.geometry,
        "minzoom": layer.zoom[0],
        "maxzoom": layer.zoom[1],
        "version": version,
        "count": count,
        "bounds": bounds,
        "legend": legend(layer),
        "fields": [
            {
                "name": field.name,
                "title": field.title.as_dict(),
                "unit": field.unit,
                "type": field.type,
                "help": field.help.as_dict() if field.help else None,
                "choices": [
                    {"value": value, "title": title.as_dict()}
                    for value, title in field.choices.items()
                ]
                if field.choices
                else None,
            }
            for field in layer.fields
        ],
        "label_field": layer.labels,
        "lowzoom": lowzoom,
        "can_edit": can_edit,
        "custom": layer.custom,
    }


def readable(user: Any) -> tuple[dict[str, Layer], set[str], dict[str, int]]:
    """The layers this user may see, the names they may edit, and the versions of all."""
    seen = permissions.allowed_layers(user)
    versions = dict(LayerVersion.objects.values_list("layer", "version"))
    known = {name: layer for name, layer in layers().items() if name in seen}
    return known, permissions.allowed_layers(user, "edit"), versions


@router.get("/layers")
async def catalog(request: HttpRequest) -> list[dict[str, Any]]:
    """Every layer that the user may see, in the order of the layer tree."""
    user = await request.auser()
    known, editable, versions = await sync_to_async(readable)(user)
    answer = []
    for layer in sorted(known.values(), key=lambda layer: GROUP_ORDER.index(layer.group)):
        version = versions.get(layer.name, 1)
        count, bounds = await extent(layer, version)
        answer.append(describe(layer, version, count, bounds, layer.name in editable))
    return answer


def open_layer(name: str, user: Any) -> tuple[Layer, sql.Composable]:
    """The layer and the predicate of its rows for this user; raises where it is closed to them."""
    layer = layer_named(name)
    permissions.require(user, "view", layer)
    return layer, permissions.visible_to(user, layer)


async def asked(request: HttpRequest, name: str) -> tuple[items.Question, sql.Composable]:
    """The checked question of a request about one layer."""
    layer, visible = await sync_to_async(open_layer)(name, await request.auser())
    return items.ask(layer, request.GET.dict()), visible


@router.get("/layers/{name}/items")
async def features(request: HttpRequest, name: str) -> HttpResponse:
    """A page of features as GeoJSON.

    bbox=w,s,e,n; limit; after (from the next link); q (words); sort=field or -field; fields=a,b;
    count=1 adds numberMatched; any field's name compares it: use=residential.
    """
    question, visible = await asked(request, name)
    query, values = items.page_query(question, visible)
    try:
        rows = await fetch(query, values)
        matched = None
        if request.GET.get("count"):
            [(matched,)] = await fetch(*items.count_query(question, visible))
    except DataError as error:
        reason = str(error).splitlines()[0]
        raise BadInput(
            f"A value does not fit its field: {reason}",
            vi=f"Có giá trị không hợp với trường của nó: {reason}",
        ) from error
    page = rows[: question.limit]
    links = []
    if len(rows) > question.limit:
        parameters = request.GET.copy()
        parameters["after"] = items.encode_key(page[-1][1], page[-1][0])
        links.append({"rel": "next", "href": f"{request.path}?{parameters.urlencode()}"})
    head: dict[str, Any] = {"type": "FeatureCollection", "numberReturned": len(page)}
    head["links"] = links
    if matched is not None:
        head["numberMatched"] = matched
    # The features are JSON text already: parsing them here would only cost time.
    body = f'{json.dumps(head)[:-1]}, "features": [{",".join(row[2] for row in page)}]}}'
    return HttpResponse(body, content_type="application/geo+json")


@router.get("/layers/{name}/items.csv")
async def table(request: HttpRequest, name: str) -> StreamingHttpResponse:
    """All features of a question as CSV, streamed; a byte-order mark makes Excel read UTF-8."""
    question, visible = await asked(request, name)
    query, values = items.csv_query(question, visible)

    async def chunks() -> AsyncIterator[bytes]:
        yield b"\xef\xbb\xbf"
        async with connection() as link:
            # COPY takes no bound values, so the client quotes them into the statement.
            statement = AsyncClientCursor(link).mogrify(query, values)
            async with link.cursor().copy(statement.encode()) as copy:
                async for chunk in copy:
                    yield bytes(chunk)

    response = StreamingHttpResponse(chunks(), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return response


@router.get("/layers/{name}/items/{feature_id}")
async def feature(request: HttpRequest, name: str, feature_id: UUID) -> HttpResponse:
    """One feature as GeoJSON."""
    layer, visible = await sync_to_async(open_layer)(name, await request.auser())
    question = items.Question(layer)
    rows = await fetch(
        sql.SQL(
            "SELECT json_build_object('type', 'Feature', 'id', id, "
            "'geometry', ST_AsGeoJSON(geom, 9)::json, 'properties', {})::text "
            "FROM {} WHERE id = %s AND {}"
        ).format(items.properties(question), ident(layer.table), visible),
        [feature_id],
    )
    if not rows:
        raise NotFound(
            f"There is no {name} feature {feature_id}",
            vi=f"Lớp “{layer.title.vi}” không có đối tượng {feature_id}",
            code="no_such_feature",
        )
    return HttpResponse(rows[0][0], content_type="application/geo+json")


@router.get("/sensors/{sensor_id}/observations")
async def series(
    request: HttpRequest,
    sensor_id: UUID,
    first: datetime | None = None,
    last: datetime | None = None,
    limit: int = 5000,
) -> dict[str, Any]:
    """The newest values of one sensor, oldest first; a week back from `last` unless said."""
    layer, visible = await sync_to_async(open_layer)("sensors", await request.auser())
    found = await fetch(
        sql.SQL("SELECT unit, alarm_1, alarm_2, alarm_3 FROM {} WHERE id = %s AND {}").format(
            ident(layer.table), visible
        ),
        [sensor_id],
    )
    if not found:
        raise NotFound(
            f"There is no sensor {sensor_id}",
            vi=f"Không có cảm biến {sensor_id}",
            code="no_such_feature",
        )
    if not 1 <= limit <= 50_000:
        raise BadInput(
            f"limit={limit}: ask for 1 to 50000",
            vi=f"limit={limit}: hãy yêu cầu từ 1 đến 50000",
            field="limit",
        )
    last = last or datetime.now(UTC)
    first = first or last - timedelta(days=7)
    rows = await fetch(*observations.series_query(sensor_id, first, last, limit))
    return {
        "unit": found[0][0],
        "alarms": list(found[0][1:]),
        "times": [ts.isoformat() for ts, _ in reversed(rows)],
        "values": [value for _, value in reversed(rows)],
    }


def searchable(user: Any) -> list[tuple[Layer, sql.Composable]]:
    """The layers that this user may search, with their predicates."""
    seen = permissions.allowed_layers(user)
    return [
        (layer, permissions.visible_to(user, layer))
        for layer in layers().values()
        if layer.name in seen
    ]


@router.get("/search")
async def find(request: HttpRequest, q: str, limit: int = 20) -> dict[str, Any]:
    """Places whose name or code holds the words, accents or not; "12/45" finds a parcel."""
    words = q.strip()
    if not words:
        return {"results": []}
    if not 1 <= limit <= 100:
        raise BadInput(
            f"limit={limit}: ask for 1 to 100",
            vi=f"limit={limit}: hãy yêu cầu từ 1 đến 100",
            field="limit",
        )
    known = await sync_to_async(searchable)(await request.auser())
    query = search.search_query(words, limit, known)
    if query is None:
        return {"results": []}
    [(plain,)] = await fetch("SELECT twin_plain(%s)", [words])
    escaped = plain.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    values = query[1] | {"plain": plain, "like": f"%{escaped}%", "start": f"{escaped}%"}
    titles = {layer.name: layer.title.as_dict() for layer, _ in known}
    return {
        "results": [
            {
                "layer": layer,
                "id": feature_id,
                "title": title,
                "subtitle": titles[layer],
                "center": center,
                "bbox": bbox,
            }
            for layer, feature_id, title, _, center, bbox in await fetch(query[0], values)
        ]
    }
