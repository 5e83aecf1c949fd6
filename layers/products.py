"""Files of published rasters: an input comes in, a file named by its content goes out, whole.

A product is written beside its place and renamed into it, so a killed import leaves no half file.
"""

from __future__ import annotations

import hashlib
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from twin.local.paths import hand_over


def content_name(path: Path, *parameters: object) -> str:
    """A name for what is made of a file's bytes with these parameters (24 hex digits)."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256")
    digest.update(repr(parameters).encode())
    return digest.hexdigest()[:24]


@contextmanager
def whole_file(folder: str, name: str, *, keep: bool = True) -> Iterator[tuple[Path, Path]]:
    """(place to write, final place) of a file in the data folder; renamed on leaving in peace.

    keep: False for a dry run, whose file goes again.
    """
    place = settings.TWIN_DATA / folder / name
    place.parent.mkdir(parents=True, exist_ok=True)
    part = place.with_name(f".{uuid.uuid4().hex}.{name}")
    try:
        yield part, place
        if not keep:
            return
        with part.open("rb") as file:
            os.fsync(file.fileno())
        part.chmod(0o644)
        part.replace(place)
        hand_over(place.parent)
    finally:
        for leftover in place.parent.glob(f"{part.name}*"):
            leftover.unlink(missing_ok=True)
