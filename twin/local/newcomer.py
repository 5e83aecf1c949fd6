"""A restore into a folder without a twin leaves nothing when it fails: folders come in and go.

Root makes the data folder and the account of the services fills it; each takes away what it made.
"""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from twin.local import changeover, paths


@contextlib.contextmanager
def removed_on_failure() -> Iterator[None]:
    """Remove what appeared in (and as) the data folder if it held no cluster and we fail."""
    data, runtime = paths.data_dir(), paths.runtime_dir()
    made = _missing(data)
    before = set(data.iterdir()) if data.is_dir() else set()
    had_runtime = runtime.exists()
    try:
        yield
    except BaseException:
        if data / "postgres" not in before and not changeover.note_file().exists():
            for path in set(data.iterdir()) - before if data.is_dir() else ():
                _remove(path)
            if not had_runtime:
                shutil.rmtree(runtime, ignore_errors=True)
            _remove_empty(made)
        raise


def wait_as_root() -> int | None:
    """For root: go on in a child, wait for it, remove the empty folders of a failure.

    Returns the exit code in the parent, None in the child and to those who are not root.
    """
    if os.geteuid() != 0:
        return None
    data = paths.data_dir()
    made, fresh = _missing(data), not (data / "postgres").exists()
    had_code = (data / "app").exists()
    child = os.fork()
    if child == 0:
        return None
    while True:
        try:
            _, status = os.waitpid(child, 0)
            break
        except KeyboardInterrupt:
            continue  # the terminal told the child too; it cleans up
    code = os.waitstatus_to_exitcode(status)
    if code != 0 and fresh and not (data / "postgres").exists():
        if not had_code:
            shutil.rmtree(data / "app", ignore_errors=True)
        _remove_empty(made)
    return code if code >= 0 else 128 - code


def _missing(folder: Path) -> list[Path]:
    return [path for path in (folder, *folder.parents) if not path.exists()]


def _remove(path: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


def _remove_empty(folders: list[Path]) -> None:
    for path in folders:
        with contextlib.suppress(OSError):
            path.rmdir()
