"""Folders of runs: a scratch folder on this machine while one computes, a results folder after.

Results are moved whole: renamed on one disk, else copied under a hidden name first. In an object
store nothing can be renamed; there the row in the database makes a folder count, and it is
written last.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import zipfile
from collections.abc import Iterable
from pathlib import Path

import fsspec
from django.conf import settings

from simulation.results import Folder
from twin.core.errors import Unavailable


def scratch_root() -> Path:
    """Where this machine's runs compute."""
    return Path(settings.TWIN_DATA) / "cache" / "runs"


def make_scratch(name: str) -> Path:
    """An empty folder for one attempt."""
    folder = scratch_root() / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def zip_case(folder: Path, target: Path) -> None:
    """Pack a case folder so that an officer can take it along."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as packed:
        for file in sorted(folder.iterdir()):
            if file.suffix in {".toml", ".tif", ".csv"}:
                packed.write(file, f"{folder.name}/{file.name}")


def store(folder: Path, url: str) -> None:
    """Move a finished folder to `url`; raises Unavailable where the place can't be written."""
    target = Folder(url)
    try:
        if target.is_local:
            _move(folder, Path(target.path))
        else:
            target.fs.put(f"{folder}/", target.path, recursive=True)
    except OSError as error:
        remove(url)
        if "No space left" in str(error):
            raise
        raise Unavailable(
            f"The results can't be stored in {url} ({error})",
            vi=f"Không lưu được kết quả vào {url} ({error})",
        ) from error


def _move(folder: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    hidden = target.with_name(f".{target.name}")
    shutil.rmtree(hidden, ignore_errors=True)
    try:
        shutil.move(folder, hidden)  # a rename, or a copy from another disk
        hidden.rename(target)
    except BaseException:
        shutil.rmtree(hidden, ignore_errors=True)
        raise


def remove(url: str) -> None:
    """Remove a run's folder, and its hidden half, if they are there."""
    with contextlib.suppress(OSError, ImportError, ValueError):
        fs, path = fsspec.core.url_to_fs(url)
        for name in (path, f"{os.path.dirname(path)}/.{os.path.basename(path)}"):  # noqa: PTH119, PTH120  # a URL's path
            with contextlib.suppress(FileNotFoundError):
                fs.rm(name, recursive=True)


def scratch_names() -> Iterable[str]:
    """Names of the scratch folders on this machine."""
    root = scratch_root()
    return [path.name for path in root.iterdir()] if root.is_dir() else []


def remove_scratch(name: str) -> None:
    """Remove a scratch folder."""
    shutil.rmtree(scratch_root() / name, ignore_errors=True)
