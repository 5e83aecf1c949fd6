"""Batches of features come in; a layer that holds them, and a report, go out.

Source -> staging -> validated upsert, in one transaction: a file that can't be read to its end, or
a database that dies, changes nothing. A second import of the same file changes nothing either.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import psycopg
from django.db import DataError, IntegrityError, transaction

from layers.report import Report
from layers.sources.attributes import estimate_heights, fit_attributes
from layers.sources.batch import BATCH_SIZE, Batch, Findings
from layers.sources.geometry import fit_geometries
from layers.staging import Staging, as_geometries, writing_as
from twin.core.declare import Layer
from twin.core.errors import BadInput, Conflict
from twin.core.features import layer_named

Progress = Callable[[int], None]
# COPY raises psycopg's own errors, past Django.
REFUSALS = (IntegrityError, DataError, psycopg.IntegrityError, psycopg.DataError)


def run_import(
    batches: Iterable[Batch],
    report: Report,
    *,
    layers: Mapping[str, Layer],
    sync: bool = False,
    extent: Sequence[float] | None = None,
    restore_deleted: bool = False,
    id_prefix: str = "",
) -> Report:
    """Merge batches into their layers by (source, source_id) in one transaction.

    layers: every layer that the file can speak of; with `sync` features of the source that vanished
    from the file are removed in each of them, inside `extent` (west, south, east, north) if given,
    and only those whose id begins with `id_prefix` (one table of a file).
    Raises what the reader of the batches raises, after rolling back.
    """
    findings = report.findings
    staged: dict[str, Staging] = {}
    try:
        with transaction.atomic(), writing_as(report.source):
            for batch in batches:
                layer = layers[batch.layer]
                report.of(layer.name).read += len(batch)
                if layer.name not in staged:
                    staged[layer.name] = Staging(layer, report.source)
                staged[layer.name].copy(fit(batch, layer, findings))
            if sync:
                refuse_empty(report)
                for name, layer in layers.items():
                    if name not in staged:
                        staged[name] = Staging(layer, report.source)
            for staging in staged.values():
                staging.check(findings)
                staging.merge(report, restore_deleted=restore_deleted)
                staging.note_twins(report)
                if sync:
                    staging.remove_vanished(report, extent, id_prefix)
            if report.dry_run:
                transaction.set_rollback(True)
    except REFUSALS as error:
        words = str(error).splitlines()[0]
        raise Conflict(f"Nothing was imported, the database refused a feature: {words}") from error
    return report.finish()


def fit(batch: Batch, layer: Layer, findings: Findings) -> Batch:
    """The features of a batch that the layer can hold, in the form that it holds."""
    batch = fit_attributes(
        batch, layer.fields, findings, not_null_defaults(layer), wide_integers=layer.custom
    )
    return fit_geometries(estimate_heights(batch), layer.geometry, findings)


def not_null_defaults(layer: Layer) -> dict[str, Any]:
    """What stands for an empty value in columns that can't be null: False for a flag."""
    if layer.model is None:
        return {}
    return {
        field.column: field.get_default()
        for field in layer.model._meta.concrete_fields
        if hasattr(field, "twin") and not field.null and field.has_default()
    }


def refuse_empty(report: Report) -> None:
    """A file without features must not empty the layers."""
    if not any(counts.read for counts in report.layers.values()):
        raise BadInput(
            f"{report.file or report.source} holds no features; --sync would remove all that came "
            "from it before. Import without --sync, or delete the features on purpose",
            field="sync",
        )


def upsert(
    layer_name: str,
    source: str,
    columns: Mapping[str, Any],
    geometries: Any,
    *,
    sync: bool = False,
    restore_deleted: bool = False,
    progress: Progress | None = None,
) -> Report:
    """Merge features held in memory into a layer.

    columns: field name -> values (list or array, shape (n,)), with "source_id" among them.
    geometries: shapely geometries or WKB in EPSG:4326, shape (n,). progress: told how many features
    were read since its last call. restore_deleted: bring back what somebody deleted here. Raises
    BadInput where lengths or names do not fit.
    """
    layer = layer_named(layer_name)
    shapes = as_geometries(geometries)
    check_columns(layer, columns, len(shapes))
    report = Report(source=source)

    def batches() -> Iterator[Batch]:
        for start in range(0, len(shapes), BATCH_SIZE):
            part = slice(start, start + BATCH_SIZE)
            cut = {name: plain(values[part]) for name, values in columns.items()}
            ids = [str(id) for id in cut.pop("source_id")]
            yield Batch(layer.name, ids, shapes[part], cut)
            if progress:
                progress(len(ids))

    return run_import(
        batches(),
        report,
        layers={layer.name: layer},
        sync=sync,
        restore_deleted=restore_deleted,
    )


def check_columns(layer: Layer, columns: Mapping[str, Any], count: int) -> None:
    """Raise BadInput unless every column is a field of the layer and has `count` values."""
    if "source_id" not in columns:
        raise BadInput(f"Features for {layer.name} need a source_id each")
    known = {field.name for field in layer.fields} | {"source_id"}
    for name, values in columns.items():
        if name not in known:
            raise BadInput(f'The layer {layer.name} has no field "{name}"')
        if len(values) != count:
            raise BadInput(f"{layer.name}.{name} has {len(values)} values for {count} geometries")


def plain(values: Any) -> list[Any]:
    """A column as Python values; NaN and NaT stand for nothing."""
    if not isinstance(values, np.ndarray):
        return list(values)
    found = values.tolist()
    if values.dtype.kind == "f":
        return [None if value != value else value for value in found]
    return found
