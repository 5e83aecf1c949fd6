"""Run a small flood on the CUDA backend and in plain Python; exit 1 where they differ.

Started by test_cuda.py in a process of its own: numba's simulator can't share one with compiled
code (it needs NUMBA_ENABLE_CUDASIM=1 and NUMBA_DISABLE_JIT=1 from the start).
"""

import sys

import numpy as np

from tests.simulation.flood.test_agreement import WORDS, fingerprint
from tests.simulation.flood.tools import hills, run

tolerance = float(sys.argv[1])
for precision in ("float32", "float64"):
    words = {**WORDS, "steps": 6, "precision": precision}
    python = fingerprint(run(hills(8, 9), backend="python", **words))
    cuda = fingerprint(run(hills(8, 9), backend="cuda", **words))
    for expected, found in zip(python, cuda, strict=True):
        np.testing.assert_allclose(found, expected, rtol=tolerance, atol=tolerance)
print("agree")
