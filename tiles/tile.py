"""A tile of the web-map pyramid: words of an address come in, a checked TileId goes out.

Also cells: the same pyramid continued below the tiles, so that a cell of level L lies in exactly
one tile of every zoom up to L, and counts by cell add up tile by tile.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from twin.core.errors import BadInput

HALF_WORLD_M = 20037508.342789244  # half the side of EPSG:3857's square world
MAX_ZOOM = 22
EXTENT = 4096  # units along a tile's side
BUFFER = 64  # units around a tile that its neighbors hold too: wide lines end outside the view


class TileId(NamedTuple):
    """Zoom, column from the west and row from the north."""

    z: int
    x: int
    y: int

    @classmethod
    def parse(cls, z: str, x: str, y: str) -> TileId:
        """A tile from the words of an address. Raises BadInput for one that is not in the world."""
        numbers = []
        for name, word in (("z", z), ("x", x), ("y", y)):
            # int() would take "१", "1_0" and " 1" too
            if not (word.isascii() and word.isdigit() and len(word) <= 8):
                raise BadInput(
                    f'Tile {name} is "{word}"; it must be a whole number',
                    code="bad_tile",
                    field=name,
                )
            numbers.append(int(word))
        tile = cls(*numbers)
        if tile.z > MAX_ZOOM:
            raise BadInput(
                f"Tile zoom {tile.z} is too deep; zooms run from 0 to {MAX_ZOOM}",
                code="bad_tile",
                field="z",
            )
        last = (1 << tile.z) - 1
        for name, value in (("x", tile.x), ("y", tile.y)):
            if value > last:
                raise BadInput(
                    f"Tile {name} is {value}; at zoom {tile.z} it runs from 0 to {last}",
                    code="bad_tile",
                    field=name,
                )
        return tile

    @property
    def bounds_3857(self) -> tuple[float, float, float, float]:
        """West, south, east, north [m, EPSG:3857]."""
        side = side_m(self.z)
        west = self.x * side - HALF_WORLD_M
        north = HALF_WORLD_M - self.y * side
        return west, north - side, west + side, north


def side_m(level: int) -> float:
    """Side of a tile, or of a cell of that level [m, EPSG:3857]."""
    return 2 * HALF_WORLD_M / (1 << level)


def level_for(cell_m: float) -> int:
    """The level whose cells come nearest to `cell_m` meters."""
    return max(0, min(26, round(math.log2(2 * HALF_WORLD_M / cell_m))))


def cell_range(level: int, bounds: tuple[float, float, float, float]) -> tuple[int, int, int, int]:
    """First and last column, first and last row of the cells that touch `bounds` (3857), and of

    one more around them, so that rounding in a centroid never leaves a cell behind.
    """
    side, last = side_m(level), (1 << level) - 1
    west, south, east, north = bounds

    def clip(value: float) -> int:
        return max(0, min(last, math.floor(value)))

    return (
        clip((west + HALF_WORLD_M) / side - 1),
        clip((east + HALF_WORLD_M) / side + 1),
        clip((HALF_WORLD_M - north) / side - 1),
        clip((HALF_WORLD_M - south) / side + 1),
    )
