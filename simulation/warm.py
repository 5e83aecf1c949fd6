"""Compile the flood's loops before the first officer waits for them.

A fresh data folder has no compiled code, and compiling takes a core some 20 s. A worker that
starts runs one tiny case in the background, once for each version of the source.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

from simulation.child import PROJECT, child_environment
from simulation.rasters import write_on
from twin.core.grid import Grid
from twin.local.account import tethered

CASE = """[grid]
dem = "dem.tif"
[run]
duration = 60
output_interval = 30
[rain]
rate = 50
[[inflow]]
name = "warm"
x = 500050
y = 1799950
discharge = 1
[[boundary]]
edge = "south"
kind = "open"
"""
PATIENCE_S = 600


def warm(cache: Path) -> bool:
    """Fill the compiler's cache unless `cache` says it is done for this source; whether it ran.

    Nothing happens where there is no such folder, as in tests.
    """
    stamp = cache / "flood-compiled"
    now = fingerprint()
    if not cache.is_dir() or (stamp.is_file() and stamp.read_text() == now):
        return False
    for left_over in cache.glob("warm-*"):
        shutil.rmtree(left_over, ignore_errors=True)
    with tempfile.TemporaryDirectory(dir=cache, prefix="warm-") as name:
        folder = Path(name)
        bed = np.linspace(2, 0, 400, dtype=np.float32).reshape(20, 20)
        write_on(folder / "dem.tif", bed, Grid((10, 0, 5e5, 0, -10, 1.8e6), "EPSG:32648", (20, 20)))
        (folder / "CASE.toml").write_text(CASE)
        command = [sys.executable, "-P", "-m", "simulation.run", str(folder / "CASE.toml")]
        subprocess.run(
            tethered(["nice", "-n", "15", *command, "--out", str(folder / "out")], "KILL"),
            check=True,
            cwd=folder,
            env=child_environment(),
            capture_output=True,
            timeout=PATIENCE_S,
        )
    stamp.write_text(now)
    return True


def fingerprint() -> str:
    """Of all source that is compiled."""
    files = [
        PROJECT / "simulation" / "launch.py",
        *sorted((PROJECT / "simulation/flood").glob("*.py")),
    ]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
