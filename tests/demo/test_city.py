"""The synthetic city is whole, repeatable and holds what was asked for."""

from __future__ import annotations

import time
from unicodedata import is_normalized

import numpy as np
import pytest
import shapely

from tests.demo.conftest import END
from twin.core.errors import BadInput
from twin.demo.city import City, generate

FORMER_WARDS = {
    "Phường 1",
    "Phường 2",
    "Phường 3",
    "Phường 4",
    "Phường 5",
    "Đông Giang",
    "Đông Thanh",
    "Đông Lễ",
    "Đông Lương",
}


def same(a: City, b: City) -> bool:
    layers = all(
        np.array_equal(table.source_id, b.layers[name].source_id)
        and np.array_equal(shapely.to_wkb(table.geometry), shapely.to_wkb(b.layers[name].geometry))
        and all(
            np.array_equal(values.astype(str), b.layers[name].columns[column].astype(str))
            for column, values in table.columns.items()
        )
        for name, table in a.layers.items()
    )
    return (
        layers
        and np.array_equal(a.dem, b.dem)
        and np.array_equal(a.baseflow.level, b.baseflow.level, equal_nan=True)
        and np.array_equal(a.observations.value, b.observations.value)
        and np.array_equal(a.observations.ts, b.observations.ts)
    )


def test_a_seed_gives_one_city_and_another_seed_another():
    first = generate(5, 1200, end=END)
    assert same(first, generate(5, 1200, end=END))
    assert not same(first, generate(6, 1200, end=END))


def test_counts(city):
    count = {name: len(table) for name, table in city.layers.items()}
    assert abs(count["buildings"] - 15_000) <= 30
    assert 15_000 <= count["parcels"] <= 20_000
    assert count["signals"] == 40
    assert count["cameras"] == 60
    assert count["sensors"] == 80
    assert count["lamps"] > 3000
    assert count["waste_routes"] > 20
    assert min(count.values()) > 0
    assert city.dem.shape == (1200, 1200)
    assert city.dem.dtype == np.float32
    assert city.grid.cell_size == (5.0, 5.0)


def test_every_shape_is_valid_and_lies_in_the_city(city):
    west, south, east, north = city.bounds
    assert west < 107.10 < east and south < 16.8163 < north
    for name, table in city.layers.items():
        assert shapely.is_valid(table.geometry).all(), name
        assert not shapely.is_empty(table.geometry).any(), name
        bounds = shapely.total_bounds(table.geometry)
        assert (bounds >= [west - 1e-6, south - 1e-6, west, south]).all(), name
        assert (bounds <= [east, north, east + 1e-6, north + 1e-6]).all(), name
        assert len(set(table.source_id.tolist())) == len(table), name


def test_texts_are_nfc_and_streets_are_named(city):
    for name, table in city.layers.items():
        for column, values in table.columns.items():
            texts = [v for v in values.tolist() if isinstance(v, str)]
            assert all(is_normalized("NFC", text) for text in texts), (name, column)
    streets = set(city.layers["roads"].columns["name"].tolist())
    assert {"Lê Duẩn", "Quốc lộ 9", "Hùng Vương", "Trần Hưng Đạo"} <= streets
    assert "" not in streets


def test_attributes_are_fields_that_the_layers_have(city):
    from twin.core.features import layer_named

    for name, table in city.layers.items():
        layer = layer_named(name)
        fields = {field.name: field for field in layer.fields}
        assert set(table.columns) <= set(fields), name
        for column, values in table.columns.items():
            choices = fields[column].choices
            if choices:
                assert set(values.tolist()) - {None} <= set(choices), (name, column)


def test_wards_are_the_nine_former_ones_and_tile_the_city(city, metric):
    wards = city.layers["wards"]
    assert set(wards.columns["name"].tolist()) == FORMER_WARDS
    assert wards.columns["former"].all()
    areas = metric("wards")
    whole = shapely.union_all(areas)
    assert abs(shapely.area(areas).sum() - whole.area) < 1.0
    assert shapely.area(whole.symmetric_difference(metric("city")[0])) < 10.0
    assert (shapely.get_num_geometries(areas) == 1).all()


@pytest.mark.parametrize(("seed", "buildings"), [(1, 10), (1, 2_000_000), (-1, 15_000)])
def test_refuses_what_it_cannot_make(seed, buildings):
    with pytest.raises(BadInput):
        generate(seed, buildings)


def test_time_grows_with_the_size():
    def seconds(buildings: int) -> float:
        start = time.process_time()
        made = generate(2, buildings, end=END)
        assert abs(len(made.layers["buildings"]) - buildings) <= 0.004 * buildings
        return time.process_time() - start

    seconds(500)
    assert seconds(18_000) / 4 < 2.2 * seconds(4_500)
