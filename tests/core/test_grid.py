"""Grids: cells, centers, bounds and lines."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.core.errors import BadInput
from twin.core.grid import Grid

GRID = Grid((10, 0, 500, 0, -5, 200), "EPSG:9212", (4, 3))


def test_a_grid_knows_its_place():
    assert GRID.bounds == (500, 180, 530, 200)
    assert GRID.cell_size == (10, 5)
    assert GRID.cell_area == 50
    assert GRID.x.tolist() == [505, 515, 525]
    assert GRID.y.tolist() == [197.5, 192.5, 187.5, 182.5]
    assert tuple(GRID.affine())[:6] == GRID.transform


@given(st.integers(0, 3), st.integers(0, 2), st.floats(0, 0.999), st.floats(0.001, 1))
def test_a_cell_contains_its_points(row, col, right, down):
    assert GRID.cell(500 + 10 * (col + right), 200 - 5 * (row + 1 - down)) == (row, col)


@pytest.mark.parametrize("point", [(499.9, 190), (530.1, 190), (510, 200.1), (510, 179.9)])
def test_points_outside_have_no_cell(point):
    assert GRID.cell(*point) is None


def test_the_far_edges_belong_to_the_last_cells():
    assert GRID.cell(530, 180) == (3, 2)


def test_a_line_crosses_neighbouring_cells_once():
    assert GRID.cells_along([(501, 181), (529, 181)]) == [(3, 0), (3, 1), (3, 2)]
    diagonal = GRID.cells_along([(501, 199), (529, 181)])
    assert diagonal[0] == (0, 0)
    assert diagonal[-1] == (3, 2)
    steps = [abs(a - c) + abs(b - d) for (a, b), (c, d) in pairwise(diagonal)]
    assert max(steps) == 1


def test_bounds_snap_outward_to_whole_cells():
    grid = Grid.from_bounds((103, 21, 118, 38), 10)
    assert grid.bounds == (100, 20, 120, 40)
    assert Grid.from_bounds(grid.bounds, 10) == grid


@pytest.mark.parametrize(
    ("transform", "shape", "word"),
    [
        ((1, 0.1, 0, 0, -1, 0), (2, 2), "rotated"),
        ((1, 0, 0, 0, 1, 0), (2, 2), "north"),
        ((0, 0, 0, 0, -1, 0), (2, 2), "above 0"),
        ((1, 0, 0, 0, -1, 0), (0, 2), "0 rows"),
    ],
)
def test_grids_that_can_not_be_are_refused(transform, shape, word):
    with pytest.raises(BadInput, match=word):
        Grid(transform, None, shape)
