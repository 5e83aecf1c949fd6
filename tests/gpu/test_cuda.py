"""The CUDA path agrees with plain Python, and its float32 holds no float64."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def child(module: str, *words: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", f"tests.gpu.{module}", *words],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_simulator_agrees_with_plain_python_to_the_last_bit():
    simulator = {"NUMBA_ENABLE_CUDASIM": "1", "NUMBA_DISABLE_JIT": "1"}
    assert "agree" in child("_agree", "0", **simulator)


def test_float32_kernels_compile_to_ptx_without_float64():
    kernels = json.loads(child("_ptx"))
    assert set(kernels) >= {"update_faces", "update_depth", "drain", "exchange"}
    for name, code in kernels.items():
        assert code["instructions"] > 100, name
        assert code["float64"] == [], name


def gpu_is_here() -> bool:
    try:
        from numba import cuda

        return bool(cuda.is_available())
    except Exception:  # no CUDA libraries
        return False


if gpu_is_here():

    def test_a_gpu_agrees_with_plain_python():
        assert "agree" in child("_agree", "1e-5")
