"""One default city for all tests of the generator, and its layers in metres."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray
from pyproj import Transformer

from twin.demo.city import City, generate

END = dt.datetime(2026, 3, 2, tzinfo=dt.timezone(dt.timedelta(hours=7)))


@pytest.fixture(scope="session")
def city() -> City:
    return generate(1, 15_000, end=END)


@pytest.fixture(scope="session")
def metric(city: City) -> Callable[[str], NDArray]:
    """Shapes of a layer in the city's metric CRS."""
    transformer = Transformer.from_crs("EPSG:4326", city.crs, always_xy=True)
    known: dict[str, NDArray] = {}

    def shapes(layer: str) -> NDArray:
        if layer not in known:
            known[layer] = shapely.transform(
                city.layers[layer].geometry,
                lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1])),
            )
        return known[layer]

    return shapes
