"""Addresses of published rasters: /tiles/terrain/…png, /tiles/products/{id}/…png and …/frames."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from pathlib import Path

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import re_path

from tiles.gate import REMEMBERED_S
from tiles.http import caching, takes_gzip, unchanged
from tiles.raster import local_file, raster_tile
from tiles.tile import TileId
from twin.core.errors import NotFound, NotLoggedIn, Unavailable
from twin.core.express import in_thread, lean, user_of
from twin.core.products import RasterProduct

PIECE = 1 << 20  # bytes sent at once
_known: dict[str, tuple[float, RasterProduct | None]] = {}


async def product_of(request: HttpRequest, name: str, asked: str | None = None) -> RasterProduct:
    """The product of that id, or the newest terrain for "terrain", if the asker may see it.

    asked: the version in a terrain's address; another than the remembered one is looked up anew.
    """
    until, product = _known.get(name, (0.0, None))
    newer = product is not None and name == "terrain" and asked != terrain_version(product)
    if product is None or until < time.monotonic() or newer:
        product = await in_thread(_find, name)
        if len(_known) > 1000:
            _known.clear()
        _known[name] = (time.monotonic() + REMEMBERED_S, product)
    if product is None:
        raise NotFound(
            "This twin has no terrain; import one with `twin import dem FILE`"
            if name == "terrain"
            else f"There is no product {name}",
            vi="Chưa có địa hình; hãy nhập mô hình độ cao bằng `twin import dem TỆP`"
            if name == "terrain"
            else f"Không có bản đồ {name}",
        )
    if not product.public and not (await user_of(request)).is_authenticated:
        raise NotLoggedIn("Log in to see this product", vi="Hãy đăng nhập để xem bản đồ này")
    return product


def _find(name: str) -> RasterProduct | None:
    if name == "terrain":
        found = RasterProduct.objects.filter(kind=RasterProduct.TERRAIN)
        return found.order_by("-created_at", "-id").first()
    try:
        return RasterProduct.objects.filter(id=uuid.UUID(name)).first()
    except ValueError:
        return None


def terrain_version(product: RasterProduct) -> str:
    """What stands for a terrain in `?v=`."""
    return product.id.hex[:12]


@lean
async def terrain_tile(request: HttpRequest, z: str, x: str, y: str) -> HttpResponseBase:
    """A Terrarium tile of the newest terrain."""
    tile = TileId.parse(z, x, y)
    asked = request.GET.get("v")
    product = await product_of(request, "terrain", asked)
    return await _tile(request, product, tile, current=asked == terrain_version(product))


@lean
async def product_tile(request: HttpRequest, name: str, z: str, x: str, y: str) -> HttpResponseBase:
    """A tile of a product. Products never change, so it holds for ever."""
    tile = TileId.parse(z, x, y)
    product = await product_of(request, name)
    if product.encoding == "float16":
        raise NotFound(
            "This product has no tiles; its frames are at …/frames",
            vi="Bản đồ này không có ô ảnh; các khung của nó ở …/frames",
        )
    return await _tile(request, product, tile, current=True)


async def _tile(
    request: HttpRequest, product: RasterProduct, tile: TileId, *, current: bool
) -> HttpResponseBase:
    etag = f'W/"{product.id.hex}-{tile.z}-{tile.x}-{tile.y}"'
    response: HttpResponseBase
    if unchanged(request, etag):
        response = HttpResponse(status=304)
    else:
        content, kind = await raster_tile(product, tile)
        response = HttpResponse(content, content_type=kind)
    return caching(response, etag=etag, public=product.public, current=current)


@lean
async def frames(request: HttpRequest, name: str) -> HttpResponseBase:
    """All frames of a product as one array; its shape is in the product's `frames`."""
    product = await product_of(request, name)
    if product.encoding != "float16":
        raise NotFound("This product has no frames", vi="Bản đồ này không có khung thời gian")
    etag = f'W/"{product.id.hex}-frames"'
    rules = {"etag": etag, "public": product.public, "current": True}
    if unchanged(request, etag):
        return caching(HttpResponse(status=304), **rules)  # type: ignore[arg-type]
    zipped = takes_gzip(request)
    try:
        path = Path(await asyncio.to_thread(local_file, product, ".gz" if zipped else ""))
        size = path.stat().st_size
    except OSError as error:
        raise Unavailable(
            f"The file of {product} is gone; run the storm again",
            vi=f"Tệp của {product} không còn; hãy chạy lại mô phỏng",
        ) from error
    response = StreamingHttpResponse(_pieces(path), content_type="application/octet-stream")
    response["Content-Length"] = str(size)
    if zipped:
        response["Content-Encoding"] = "gzip"
    return caching(response, **rules)  # type: ignore[arg-type]


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, PIECE):
            yield piece


TILE = r"(?P<z>[^/]+)/(?P<x>[^/]+)/(?P<y>[^/]+)"
urlpatterns = [
    re_path(rf"^tiles/terrain/{TILE}\.png$", terrain_tile),
    re_path(rf"^tiles/products/(?P<name>[^/]+)/{TILE}\.png$", product_tile),
    re_path(r"^tiles/products/(?P<name>[^/]+)/frames$", frames),
]
