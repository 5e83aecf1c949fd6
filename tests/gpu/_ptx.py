"""Compile the flood's cell functions to PTX without a GPU; print how many float64 lines each has.

numba-cuda asks the current GPU for its architecture even where one is named, so a stand-in that
knows nothing else answers.
"""

import json
import re
import types

from numba import cuda
from numba import types as nb
from numba.cuda import dispatcher

from simulation.flood import cells
from simulation.launch import _compile_cuda

ARCHITECTURE = (8, 0)
dispatcher.get_current_device = lambda: types.SimpleNamespace(compute_capability=ARCHITECTURE)

grid = nb.float32[:, ::1]
items, reals = nb.int64[::1], nb.float32[::1]
state = nb.NamedTuple([grid] * len(cells.State._fields), cells.State)
params = nb.NamedTuple([nb.float32] * len(cells.Params._fields), cells.Params)
peaks = nb.NamedTuple([grid] * len(cells.Peaks._fields), cells.Peaks)
sources = nb.NamedTuple([items, items, reals], cells.Sources)
whole = {"i": items, "j": items, "inner_i": items, "inner_j": items}
flags = {"is_stage": nb.int32[::1], "side": nb.int32[::1]}
edges = nb.NamedTuple(
    [{**whole, **flags}.get(name, reals) for name in cells.Edges._fields], cells.Edges
)
i, f = nb.int64, nb.float32
SIGNATURES = {
    cells.update_faces: (i, i, state, params),
    cells.update_depth: (i, i, state, params),
    cells.observe: (i, i, state, peaks, f, f, f),
    cells.add_water: (i, state, sources),
    cells.drain: (i, state, edges, params, f),
    cells.exchange: (i, state, edges, params),
}

found = {}
for function, signature in SIGNATURES.items():
    device = _compile_cuda(function)
    ptx, _ = cuda.compile_ptx(device.py_func, signature, device=True, cc=ARCHITECTURE)
    lines = [line for line in ptx.splitlines() if line.startswith("\t")]
    wide = [line.strip() for line in lines if re.search(r"\.f64\b", line)]
    found[function.__name__] = {"instructions": len(lines), "float64": wide}
print(json.dumps(found))
