"""A layer's staging table: batches go in by COPY, one merge into the layer comes out.

Everything happens in the caller's transaction; the table vanishes with it. Statements are in
layers/sql/import_*.sql.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import shapely
from django.contrib.gis.db import models
from django.db import IntegrityError, connection, transaction
from psycopg import sql

from layers.report import Report
from layers.sources.batch import Batch, Finding, Findings
from twin.core.declare import Layer
from twin.core.errors import BadInput
from twin.core.sql import compose, execute, ident

EDITED = "edited here by {who}; the file's state is not taken"
DELETED = "deleted here by {who}; not brought back (--restore-deleted brings it back)"

# Features with the geometry of another source's are looked for up to so many, and said from this
# share on.
TWINS_AT_MOST = 50_000
TWINS_SHARE = 0.1


class Staging:
    """The staging table of one layer inside a transaction."""

    def __init__(self, layer: Layer, source: str):
        self.layer = layer
        self.source = source
        self.columns: dict[str, None] = {}
        self.table = ident("pg_temp", f"staging_{layer.name}")
        self.target = ident(layer.table)
        fields = sql.SQL(", ").join(map(ident, ["source_id", "geom", *self._fields()]))
        # An import before this one in the same transaction has left its table.
        execute(sql.SQL("DROP TABLE IF EXISTS {}").format(self.table))
        execute(
            sql.SQL("CREATE TEMP TABLE {} ON COMMIT DROP AS SELECT {} FROM {} WITH NO DATA").format(
                self.table, fields, self.target
            )
        )

    def _fields(self) -> list[str]:
        return [field.name for field in self.layer.fields]

    def copy(self, batch: Batch) -> None:
        """Append a batch that fits the layer (see fit) by COPY."""
        if not len(batch):
            return
        self.columns.update(dict.fromkeys(batch.columns))
        names = sql.SQL(", ").join(map(ident, ["source_id", "geom", *batch.columns]))
        command = sql.SQL("COPY {} ({}) FROM STDIN").format(self.table, names)
        wkb = shapely.to_wkb(shapely.set_srid(batch.geometries, 4326), hex=True, include_srid=True)
        rows = zip(batch.source_ids, wkb.tolist(), *batch.columns.values(), strict=True)
        with connection.cursor() as cursor, cursor.copy(command) as copy:
            for row in rows:
                copy.write_row(row)

    def check(self, findings: Findings) -> None:
        """Take out what the layer can't hold: repeated ids, and unique values that repeat or

        belong to another feature.
        """
        repeated = "SELECT 1 FROM {} GROUP BY source_id HAVING count(*) > 1 LIMIT 1"
        if execute(sql.SQL(repeated).format(self.table)):
            for [id] in self._run("import_repeated", key=ident("source_id")):
                findings.reject(self.layer.name, id, "its id is repeated")
        for key in self.unique_keys():
            words = ", ".join(key)
            for [id] in self._run("import_repeated", key=joined(key)):
                findings.reject(self.layer.name, id, f"its {words} is repeated in the file")
            taken = self._run(
                "import_taken",
                key=joined(key),
                staged_key=joined(key, "staged"),
                present_key=joined(key, "present"),
            )
            for id, source, other in taken:
                reason = f"its {words} belongs to {other} (source {source})"
                findings.reject(self.layer.name, id, reason)

    def unique_keys(self) -> list[tuple[str, ...]]:
        """Unique constraints of the layer besides (source, source_id), all of them in the file."""
        if self.layer.model is None:
            return []
        constraints = self.layer.model._meta.constraints
        keys = [tuple(c.fields) for c in constraints if isinstance(c, models.UniqueConstraint)]
        return [key for key in keys if all(name in self.columns for name in key)]

    def merge(self, report: Report, *, restore_deleted: bool = False) -> None:
        """Insert what is new, update what changed, leave the rest and what was edited here."""
        name = self.layer.name
        counts = report.of(name)
        # The joins need to know the ids; sampling geometries would take longer than the joins.
        execute(sql.SQL("ANALYZE {} (source_id)").format(self.table))
        if not restore_deleted:
            gone = self._run("import_deleted_here", history=ident("history", self.layer.table))
            for id, who in gone:
                report.findings.items.append(Finding(name, id, "kept", DELETED.format(who=who)))
            counts.kept += len(gone)
        merged = ["geom", *self.columns]
        sides: dict[str, Any] = {side: joined(merged, side) for side in ("present", "staged")}
        edited = self._run("import_kept", **sides)
        for id, who in edited:
            report.findings.items.append(Finding(name, id, "kept", EDITED.format(who=who)))
        counts.kept += len(edited)
        try:
            with transaction.atomic():
                counts.updated, counts.inserted = self._write(merged, sides)
        except IntegrityError:
            if not self.reject_invalid(report.findings):
                raise
            counts.updated, counts.inserted = self._write(merged, sides)
        [(staged,)] = execute(sql.SQL("SELECT count(*) FROM {}").format(self.table))
        counts.unchanged = staged - counts.updated - counts.inserted - len(edited)

    def note_twins(self, report: Report) -> None:
        """Say where many new features have the same geometry as those of another source."""
        [(staged,)] = execute(sql.SQL("SELECT count(*) FROM {}").format(self.table))
        if not report.of(self.layer.name).inserted or staged > TWINS_AT_MOST:
            return
        for source, count in self._run("import_twins"):
            if count >= TWINS_SHARE * staged:
                report.findings.note(
                    f"{count:,} {self.layer.name} have the same geometry as features of source "
                    f'"{source}": the same data under two names is there twice'
                )

    def _write(self, merged: list[str], sides: dict[str, Any]) -> tuple[int, int]:
        """Update and insert; how many rows each wrote."""
        assignments = sql.SQL(", ").join(
            sql.SQL("{} = staged.{}").format(ident(column), ident(column)) for column in merged
        )
        updated = self._count("import_update", assignments=assignments, **sides)
        inserted = self._count("import_insert", columns=joined(merged), staged=sides["staged"])
        return updated, inserted

    def reject_invalid(self, findings: Findings) -> bool:
        """Take out geometries that PostGIS calls invalid; whether there were any.

        The readers have checked all of them with the same rules, so this is asked only after the
        layer's own constraint has said no.
        """
        invalid = sql.SQL(
            "DELETE FROM {} WHERE NOT ST_IsValid(geom) RETURNING source_id, ST_IsValidReason(geom)"
        ).format(self.table)
        found = execute(invalid)
        for id, reason in found:
            findings.reject(self.layer.name, id, f"invalid: {reason}")
        return bool(found)

    def remove_vanished(
        self, report: Report, extent: Sequence[float] | None = None, prefix: str = ""
    ) -> None:
        """Delete what the file no longer holds, unless it was edited here.

        extent: (west, south, east, north) outside which the file says nothing. prefix: how the
        ids that the file speaks of begin.
        """
        name = self.layer.name
        rejected = [item.id for item in report.findings.of("rejected", name)]
        area = None
        if extent is not None:
            area = f"SRID=4326;{shapely.box(*extent).wkt}"
        bound = {"rejected": rejected, "extent": area, "prefix": prefix}
        vanished = self._run("import_vanished", bound)
        doomed = []
        for key, id, who in vanished:
            if (who or "").startswith("import:"):
                doomed.append(key)
                words = "no longer in the file"
                report.findings.items.append(Finding(name, id, "removed", words))
            else:
                words = f"no longer in the file, but edited here by {who}"
                report.findings.items.append(Finding(name, id, "kept", words))
                report.of(name).kept += 1
        execute(sql.SQL("DELETE FROM {} WHERE id = ANY(%s)").format(self.target), [doomed])
        report.of(name).removed = len(doomed)

    def _compose(self, name: str, parts: dict[str, Any]) -> sql.Composed:
        return compose("layers", name, table=self.target, staging=self.table, **parts)

    def _run(self, name: str, *values: dict[str, Any], **parts: Any) -> list[tuple[Any, ...]]:
        bound = {"source": self.source, **(values[0] if values else {})}
        return execute(self._compose(name, parts), bound)

    def _count(self, name: str, **parts: Any) -> int:
        with connection.cursor() as cursor:
            query = self._compose(name, parts).as_string(cursor.cursor)
            cursor.execute(query, {"source": self.source})
            return cursor.rowcount


def joined(names: Sequence[str], table: str | None = None) -> sql.Composed:
    """Column names for a statement: "a", "b" or staged."a", staged."b"."""
    parts = [ident(table, name) if table else ident(name) for name in names]
    return sql.SQL(", ").join(parts)


@contextmanager
def writing_as(source: str) -> Iterator[None]:
    """Name the import as the one who writes, and wait for another import of the same source.

    Afterwards the caller's transaction writes as whoever it did before.
    """
    if not source.strip() or len(source) > 200:
        raise BadInput("A source needs a name of 1 to 200 characters", field="source")
    if source == "twin":
        raise BadInput('"twin" is the source of what is drawn here; name another', field="source")
    name = "SELECT set_config('twin.user', %s, true)"
    [(before,)] = execute("SELECT current_setting('twin.user', true)")
    execute(name, [f"import:{source}"])
    execute("SELECT pg_advisory_xact_lock(hashtext('import'), hashtext(%s))", [source])
    yield
    if not transaction.get_rollback():  # a dry run's rollback restores it too
        execute(name, [before or ""])


def as_geometries(values: Any) -> np.ndarray:
    """Shapely geometries from shapely geometries or WKB."""
    geometries = np.asarray(values, dtype=object)
    encoded = np.array([isinstance(value, bytes | str) for value in geometries], dtype=bool)
    if encoded.any():
        geometries = geometries.copy()
        geometries[encoded] = shapely.from_wkb(geometries[encoded], on_invalid="ignore")
    return geometries
