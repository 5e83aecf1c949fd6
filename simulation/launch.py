"""Run plain Python kernels on a device: the only file that knows numba, numba.cuda and cupy.

Kernels are ordinary functions of scalars and arrays. A device copies the kernel and every project
function it calls into namespaces of its own and compiles the copies, so the same source serves
`python` (as written), `numba` (CPU threads) and `cuda` in one process.

Two ways to launch:
    device.cells(f)    calls f(i, j, *args) for every cell; each device brings its own walk.
    device.loop(f)     compiles a hand-written loop; CPU only (`device.runs_loops`).
"""

from __future__ import annotations

import functools
import hashlib
import inspect
import math
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from twin.core.errors import BadInput, Unavailable

BACKENDS = ("numba", "python", "cuda")
PROJECT = ("simulation.", "vision.", "twin.")

cuda: Any = None  # numba.cuda once a CudaDevice is opened
parallel_range = range  # numba's prange in compiled copies of a loop


class Device:
    """Plain Python on the host: slow, exact to read, the truth the others are held to."""

    name = "python"
    runs_loops = False
    threads = 1

    def array(self, host: np.ndarray) -> Any:
        """A copy of `host` on the device, row after row."""
        return np.array(host, order="C")

    def host(self, array: Any) -> np.ndarray:
        """The array as numpy sees it; no copy where it already lies in the host's memory."""
        return np.asarray(array)

    def cells(self, function: Callable) -> Callable:
        """A launcher (i0, i1, j0, j1, *args) that calls function(i, j, *args) for each cell."""

        def launch(i0: int, i1: int, j0: int, j1: int, *args: Any) -> None:
            with np.errstate(all="ignore"):
                for i in range(i0, i1):
                    for j in range(j0, j1):
                        function(i, j, *args)

        return launch

    def items(self, function: Callable) -> Callable:
        """A launcher (count, *args) that calls function(k, *args) for k below count."""

        def launch(count: int, *args: Any) -> None:
            with np.errstate(all="ignore"):
                for k in range(count):
                    function(k, *args)

        return launch

    def highest(self, array: Any) -> float:
        """The greatest value of a device array, on the host."""
        return float(np.max(array))


class NumbaDevice(Device):
    """CPU threads through numba; compiled code is kept on disk between processes."""

    name = "numba"
    runs_loops = True

    def __init__(self, threads: int | None = None):
        import numba

        most = int(numba.config.NUMBA_NUM_THREADS)  # type: ignore[attr-defined]
        if threads is not None and not 1 <= threads <= most:
            raise BadInput(
                f"threads = {threads}: this machine offers 1 to {most}; "
                "choose a number in that range or leave threads out",
                field="run.threads",
            )
        self.threads = threads or most

    def loop(self, function: Callable, *, allocates: bool = True) -> Callable:
        """The hand-written loop, compiled; `parallel_range` in it runs on this device's threads.

        The compiled loop takes `threads=` to use fewer of them for a small piece of work. One that
        makes no arrays says `allocates=False`: counting references to every array of the tuples
        that it hands on would take a hundred times as long as a cell of a short list.
        """
        compiled = _compile_cpu(function, allocates)
        if not _uses(function, "parallel_range"):
            return compiled

        import numba

        def run(*args: Any, threads: int = self.threads) -> Any:
            numba.set_num_threads(threads)
            return compiled(*args)

        return run

    def cells(self, function: Callable) -> Callable:
        """A launcher over cells; rows are shared among the threads."""
        import numba

        # prange can't take a tuple of arguments apart, so they are named.
        count = len(inspect.signature(function).parameters) - 2
        names = "".join(f", a{k}" for k in range(count))
        source = (
            f"def walk(i0, i1, j0, j1{names}):\n"
            f"    for row in prange(i1 - i0):\n"
            f"        for j in range(j0, j1):\n"
            f"            cell(i0 + row, j{names})\n"
        )
        scope: dict[str, Any] = {"cell": _compile_cpu(function), "prange": numba.prange}
        exec(source, scope)
        walk = numba.njit(scope["walk"], parallel=True, error_model="numpy")

        def launch(*args: Any) -> None:
            numba.set_num_threads(self.threads)
            walk(*args)

        return launch

    def items(self, function: Callable) -> Callable:
        """A launcher over a short list, on one thread."""
        import numba

        item = _compile_cpu(function)

        @numba.njit(error_model="numpy")
        def walk(count, args):
            for k in range(count):
                item(k, *args)

        return lambda count, *args: walk(count, args)


class CudaDevice(Device):
    """One NVIDIA GPU through numba-cuda, or numba-cuda's simulator."""

    name = "cuda"

    def __init__(self) -> None:
        # The simulator finds `cuda` only among a kernel's globals.
        global cuda
        try:
            from numba import cuda

            present = cuda.is_available()
        except Exception as error:  # the import itself fails where the CUDA libraries are missing
            raise Unavailable(
                f'backend = "cuda" does not start here ({_first_line(error)}); '
                'install song-sinh[cuda] on a machine with an NVIDIA GPU, or use "numba"'
            ) from error
        if not present:
            raise Unavailable(
                'backend = "cuda" finds no NVIDIA GPU or driver on this machine; '
                'use backend = "numba"'
            )

    def array(self, host: np.ndarray) -> Any:
        """A copy of `host` in the GPU's memory."""
        return cuda.to_device(np.ascontiguousarray(host))

    def host(self, array: Any) -> np.ndarray:
        """A copy of the array in the host's memory."""
        return array.copy_to_host() if hasattr(array, "copy_to_host") else np.asarray(array)

    def cells(self, function: Callable) -> Callable:
        """A launcher with one GPU thread a cell."""
        cell = _compile_cuda(function)

        @cuda.jit
        def walk(i0, i1, j0, j1, args):
            j, i = cuda.grid(2)
            if i0 + i < i1 and j0 + j < j1:
                cell(i0 + i, j0 + j, *args)

        def launch(i0: int, i1: int, j0: int, j1: int, *args: Any) -> None:
            block = (32, 4)
            grid = (-(-(j1 - j0) // block[0]), -(-(i1 - i0) // block[1]))
            walk[grid, block](i0, i1, j0, j1, args)

        return launch

    def items(self, function: Callable) -> Callable:
        """A launcher with one GPU thread an item."""
        item = _compile_cuda(function)

        @cuda.jit
        def walk(count, args):
            k = cuda.grid(1)
            if k < count:
                item(k, *args)

        return lambda count, *args: walk[-(-count // 128), 128](count, args)

    def highest(self, array: Any) -> float:
        """The greatest value of a device array; only one number leaves the GPU."""
        try:
            import cupy
        except ImportError:  # the simulator, or a GPU machine without cupy
            return float(np.max(self.host(array)))
        return float(cupy.asarray(array).max())


def open_device(backend: str, threads: int | None = None) -> Device:
    """The device of that name; raises BadInput for an unknown one, Unavailable without a GPU."""
    if backend == "numba":
        return NumbaDevice(threads)
    if backend == "python":
        return Device()
    if backend == "cuda":
        return CudaDevice()
    known = ", ".join(f'"{name}"' for name in BACKENDS)
    raise BadInput(f'backend = "{backend}" is not known; use one of {known}', field="run.backend")


# -- compiling copies -------------------------------------------------------------------------


def _first_line(error: BaseException) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _is_ours(value: Any) -> bool:
    return isinstance(value, types.FunctionType) and value.__module__.startswith(PROJECT)


def _uses(function: Callable, name: str) -> bool:
    return name in function.__code__.co_names


def _callees(function: Any) -> list[Any]:
    names = function.__code__.co_names
    found = [function.__globals__.get(name) for name in names]
    return [value for value in found if _is_ours(value)]


def _digest(function: Any) -> str:
    """Of this file, the function's and those of all it calls: numba watches only the second."""
    files = {__file__}

    def visit(inner: Any) -> None:
        file = inspect.getsourcefile(inner)
        if inner not in visited:
            visited.add(inner)
            files.add(str(file))
            for callee in _callees(inner):
                visit(callee)

    visited: set[Any] = set()
    visit(function)
    text = "".join(Path(file).read_text(encoding="utf-8") for file in sorted(files))
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _copy(function: Any, replace: dict[str, Any], suffix: str) -> types.FunctionType:
    names = {**function.__globals__, **replace}
    copy = types.FunctionType(
        function.__code__, names, function.__name__, function.__defaults__, function.__closure__
    )
    copy.__module__ = function.__module__
    copy.__qualname__ = function.__qualname__ + suffix
    return copy


@functools.cache
def _compile_cpu(function: Any, allocates: bool = True) -> Any:
    import llvmlite.binding
    import numba

    # A row loop reads from more arrays than LLVM is willing to check for overlap by default (8);
    # without the checks it would not use vector instructions.
    llvmlite.binding.set_option("twin", "-runtime-memory-check-threshold=64")
    replace: dict[str, Any] = {
        name: _compile_cpu(value, allocates)
        for name, value in function.__globals__.items()
        if name in function.__code__.co_names and _is_ours(value)
    }
    parallel = _uses(function, "parallel_range")
    if parallel:
        replace["parallel_range"] = numba.prange
    copy = _copy(function, replace, f"_{_digest(function)}{'' if allocates else '_lean'}")
    words: dict[str, Any] = {"error_model": "numpy", "parallel": parallel, "_nrt": allocates}
    try:
        return numba.njit(copy, cache=True, **words)
    except RuntimeError:  # neither the package nor the user's own cache folder can be written
        return numba.njit(copy, **words)


@functools.cache
def _compile_cuda(function: Any) -> Any:
    import numba
    from numba import cuda

    replace = {
        name: _compile_cuda(value)
        for name, value in function.__globals__.items()
        if name in function.__code__.co_names and _is_ours(value)
    }
    if not numba.config.ENABLE_CUDASIM:  # type: ignore[attr-defined]
        # numba-cuda knows math's square root alone; in Python only numpy's keeps the precision.
        replace |= {
            name: math.sqrt
            for name, value in function.__globals__.items()
            if name in function.__code__.co_names and value is np.sqrt
        }
    return cuda.jit(_copy(function, replace, ""), device=True)
