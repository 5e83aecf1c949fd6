"""The encoding of a Shapefile's text: the file comes in, a codec and decoded words go out.

GDAL takes a .dbf without .cpg for Latin-1, so that "Lê Lợi" in UTF-8 becomes "LÃª Lá»£i", and loses
the last letter of text in Vietnamese Windows (CP1258). So GDAL is told Latin-1, which keeps every
byte, and the bytes are decoded here: as the .cpg or `--encoding` says, else as UTF-8, strictly.
"""

from __future__ import annotations

import codecs
import re
import zipfile
from pathlib import Path
from typing import Any

from twin.core.errors import BadInput

BYTES_KEPT = "ISO-8859-1"


def encoding_of(path: Path, asked: str | None) -> str:
    """The codec of a Shapefile's text (a .shp, or a .zip with one)."""
    if asked:
        return codec(asked) or _unknown(asked)
    return codec(declared(path)) or "utf-8"


def declared(path: Path) -> str:
    """What the .cpg beside the .dbf says; empty without one."""
    if path.suffix.casefold() == ".zip":
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if name.casefold().endswith(".cpg")]
            return archive.read(names[0]).decode("ascii", "replace") if names else ""
    for sidecar in (path.with_suffix(".cpg"), path.with_suffix(".CPG")):
        if sidecar.is_file():
            return sidecar.read_text("ascii", "replace")
    return ""


def codec(words: str) -> str | None:
    """The Python codec that "UTF-8", "1258", "ANSI 1258" or "CP1258" means; None if unknown."""
    plain = words.strip().casefold()
    number = re.fullmatch(r"(?:ansi|windows|oem|cp)?[ _-]?(\d{3,5})", plain)
    for name in (plain, f"cp{number[1]}" if number else "", f"iso-{plain[:4]}-{plain[4:]}"):
        try:
            return codecs.lookup(name).name
        except LookupError:
            continue
    return None


def decode(value: Any, encoding: str, file: str) -> Any:
    """Text that GDAL read as Latin-1 in its real encoding; other values as they are."""
    if not isinstance(value, str) or value.isascii():
        return value
    try:
        return value.encode("latin-1").decode(encoding)
    except UnicodeError as error:
        raise BadInput(
            f"{file}: its text is not {encoding}; name its encoding, such as --encoding CP1258 "
            "(Vietnamese Windows) or --encoding latin-1",
            field="encoding",
        ) from error


def _unknown(asked: str) -> str:
    raise BadInput(f'"{asked}" is no known encoding; CP1258 and UTF-8 are', field="encoding")
