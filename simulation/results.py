"""Snapshots go in, a chunked zarr store that xarray opens comes out, whole or not at all.

A run writes to `results.zarr.partial` and renames it when done, then writes `summary.json`: a
folder without a summary holds no result, whatever else lies in it. A folder may be a path or any
fsspec URL (s3://, memory://, file://).
"""

from __future__ import annotations

import contextlib
import json
import warnings
from typing import TYPE_CHECKING, Any

import fsspec
import numpy as np
import zarr

from twin.core.errors import BadInput, NotFound, TwinError
from twin.core.grid import Grid
from twin.core.variables import Variable, by_name

if TYPE_CHECKING:
    import xarray

RESULTS = "results.zarr"
PARTIAL = "results.zarr.partial"
SUMMARY = "summary.json"
CHUNK = 512  # cells along each side of a chunk


class Folder:
    """A folder of results on this machine or in an object store."""

    def __init__(self, url: str):
        """Raises BadInput where no file system serves the URL."""
        self.url = str(url).rstrip("/")
        try:
            self.fs, self.path = fsspec.core.url_to_fs(self.url)
        except (ImportError, ValueError) as error:
            raise BadInput(
                f"The output folder {self.url} can't be used: {error}. "
                "Give a path, or a URL whose file system is installed (song-sinh[s3] for s3://)"
            ) from error
        self.is_local = "file" in np.atleast_1d(self.fs.protocol)

    def name(self, name: str) -> str:
        """The path of a file in the folder, as its file system knows it."""
        return f"{self.path}/{name}"

    def store(self, name: str) -> str:
        """The path or URL of a zarr store in the folder, as zarr and xarray take it."""
        return self.name(name) if self.is_local else self.fs.unstrip_protocol(self.name(name))

    def make(self) -> None:
        """Create the folder; raises BadInput where that is not allowed."""
        try:
            self.fs.makedirs(self.path, exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"The output folder {self.url} can't be made: {error.strerror or error}. "
                "Name one that you may write to"
            ) from error

    def write(self, name: str, content: bytes) -> None:
        """Write a file in one piece."""
        with self.fs.open(self.name(name), "wb") as file:
            file.write(content)

    def write_json(self, name: str, value: Any) -> None:
        """Write a value as JSON for people: indented, with a last line break."""
        self.write(name, (json.dumps(value, indent=2) + "\n").encode())

    def read(self, name: str) -> bytes:
        """The content of a file; raises NotFound."""
        try:
            with self.fs.open(self.name(name), "rb") as file:
                return file.read()
        except FileNotFoundError as error:
            raise NotFound(
                f"{self.url} holds no {name}", vi=f"{self.url} không có {name}"
            ) from error

    def remove(self, name: str) -> None:
        """Remove a file or a store, if it is there."""
        with contextlib.suppress(FileNotFoundError):
            self.fs.rm(self.name(name), recursive=True)

    def rename(self, old: str, new: str) -> None:
        """Move a store to its final name."""
        self.fs.mv(self.name(old), self.name(new), recursive=True)


class Results:
    """Writes one run's store: `write` each snapshot, then `finish`."""

    def __init__(self, out: Folder, variables: tuple[Variable, ...], grid: Grid):
        self.out = out
        self.variables = by_name(variables)
        self.grid = grid
        self.chunk_times = _chunk_times(grid)
        self._waiting: list[xarray.Dataset] = []
        self._started = False
        out.make()
        # The summary goes first and comes back last: it vouches for the rest.
        for name in (SUMMARY, PARTIAL, RESULTS):
            out.remove(name)

    def write(self, time: float, snapshot: xarray.Dataset) -> None:
        """Add a snapshot taken at `time` [s]; it reaches the store when its chunk is full."""
        self._waiting.append(snapshot.expand_dims(time=[float(time)]))
        if len(self._waiting) == self.chunk_times:
            self._flush()

    def _flush(self) -> None:
        import xarray

        if not self._waiting:
            return
        dataset = self._described(xarray.concat(self._waiting, "time"))
        self._waiting = []
        target = self.out.store(PARTIAL)
        if self._started:
            # Arrays keep the encoding and attributes of the first write.
            timeless = [name for name, v in dataset.variables.items() if "time" not in v.dims]
            dataset = dataset.drop_vars(timeless)
            for variable in dataset.variables.values():
                variable.attrs = {}
            dataset.to_zarr(target, append_dim="time", consolidated=False, zarr_format=3)
            return
        dataset = dataset.assign_coords(self._coordinates())
        dataset["time"].attrs.update(
            {"units": "s", "long_name": "time since the start of the run", "axis": "T"}
        )
        encoding = self._encoding(dataset) | {"time": {"chunks": (1024,)}}
        dataset.to_zarr(target, mode="w", consolidated=False, zarr_format=3, encoding=encoding)
        self._started = True

    def finish(self, rest: xarray.Dataset, attributes: dict[str, Any]) -> None:
        """Add what belongs to the whole run, and give the store its final name."""
        self._flush()
        rest = self._described(rest)
        rest.attrs.update({"Conventions": "CF-1.11", "source": "Song Sinh", **attributes})
        rest.to_zarr(
            self.out.store(PARTIAL),
            mode="a",
            consolidated=False,
            zarr_format=3,
            encoding=self._encoding(rest),
        )
        with warnings.catch_warnings():
            # One file for all metadata makes a store on S3 quick to open; readers may ignore it.
            warnings.filterwarnings("ignore", "Consolidated metadata")
            zarr.consolidate_metadata(self.out.store(PARTIAL))
        self.out.rename(PARTIAL, RESULTS)

    def discard(self) -> None:
        """Remove what a run that did not finish has written."""
        self.out.remove(PARTIAL)

    def _described(self, dataset: xarray.Dataset) -> xarray.Dataset:
        for name, array in dataset.data_vars.items():
            variable = self.variables[str(name)]
            if variable.dims != array.dims:
                raise TwinError(f"{name} has dimensions {array.dims}, declared {variable.dims}")
            array.attrs = variable.attributes()
            if {"y", "x"} <= set(array.dims):
                array.attrs["grid_mapping"] = "spatial_ref"
        return dataset

    def _encoding(self, dataset: xarray.Dataset) -> dict[str, Any]:
        encoding: dict[str, Any] = {}
        for name, array in dataset.data_vars.items():
            if {"y", "x"} <= set(array.dims):
                chunks = [min(CHUNK, array.sizes[dim]) for dim in array.dims]
                if array.dims[0] == "time":
                    chunks[0] = self.chunk_times
            else:
                chunks = [1024 if dim == "time" else array.sizes[dim] for dim in array.dims]
            encoding[str(name)] = {"chunks": tuple(chunks)} if chunks else {}
        return encoding

    def _coordinates(self) -> dict[str, Any]:
        a, b, c, d, e, f = self.grid.transform
        mapping: dict[str, Any] = {"GeoTransform": f"{c} {a} {b} {f} {d} {e}"}
        if self.grid.crs:
            from pyproj import CRS

            crs = CRS.from_user_input(self.grid.crs)
            mapping = {**crs.to_cf(), **mapping, "spatial_ref": crs.to_wkt()}
        axes = {
            "x": (self.grid.x, "projection_x_coordinate", "X"),
            "y": (self.grid.y, "projection_y_coordinate", "Y"),
        }
        coordinates: dict[str, Any] = {
            name: (name, values, {"units": "m", "standard_name": standard_name, "axis": axis})
            for name, (values, standard_name, axis) in axes.items()
        }
        coordinates["spatial_ref"] = ((), np.int32(0), mapping)
        return coordinates


def _chunk_times(grid: Grid) -> int:
    """Snapshots in a chunk: about 4 MB of it, so that a hydrograph reads few files."""
    rows, cols = grid.shape
    if rows * cols > 1 << 24:  # they wait in memory
        return 1
    return max(1, min(32, (1 << 20) // (min(CHUNK, rows) * min(CHUNK, cols))))


def open_results(url: str) -> xarray.Dataset:
    """The finished results in folder `url`, read lazily; NotFound where the run did not finish."""
    import xarray

    out = Folder(url)
    out.read(SUMMARY)
    return xarray.open_zarr(out.store(RESULTS), chunks=None)
