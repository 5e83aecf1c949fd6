"""What a simulation is: declared quantities and four verbs; and the registry that finds one.

The driver owns time, output, progress and cancelling, so a simulation holds nothing but its
state. To add one: a folder with a class that satisfies `Simulation`, and a line in `SIMULATIONS`.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, runtime_checkable

from simulation.launch import Device
from twin.core.errors import NotFound
from twin.core.grid import Grid
from twin.core.variables import Variable

if TYPE_CHECKING:
    import xarray

    from simulation.results import Folder


class RunParams(Protocol):
    """What the driver itself must know of a run's parameters; simulations add their own."""

    @property
    def duration(self) -> float:
        """Simulated time [s]."""

    @property
    def output_interval(self) -> float:
        """Time between snapshots [s]."""

    @property
    def backend(self) -> str:
        """Name of the device, see `simulation.launch`."""

    @property
    def threads(self) -> int | None:
        """CPU threads; None for all."""


class RunState(Protocol):
    """What the driver reads and sets in a simulation's state."""

    time: float  # s since the start
    steps: int


@runtime_checkable
class Simulation(Protocol):
    """A model that the driver can run."""

    name: ClassVar[str]
    inputs: ClassVar[tuple[Variable, ...]]
    outputs: ClassVar[tuple[Variable, ...]]

    def start(self, inputs: Any, params: Any, device: Device) -> Any:
        """The state at time 0, on the device."""

    def grid(self, state: Any) -> Grid:
        """The grid of the outputs with dimensions y and x."""

    def stable_dt(self, state: Any) -> float:
        """The longest time step [s] that the state allows; finite and above 0."""

    def step(self, state: Any, dt: float) -> None:
        """Advance the state by dt [s], its `time` and `steps` included."""

    def snapshot(self, state: Any) -> xarray.Dataset:
        """The outputs of this moment, without their `time` dimension."""

    def finish(self, state: Any) -> xarray.Dataset:
        """The outputs that belong to the whole run, such as the greatest depth."""

    def summary(self, state: Any) -> dict[str, Any]:
        """The run in a few numbers, ready for JSON."""

    def publish(self, state: Any, results: xarray.Dataset, out: Folder) -> None:
        """Write further files beside the results; `results` holds what is small enough to read."""


SIMULATIONS = {"flood": "simulation.flood.model:Flood"}


def find(name: str) -> Simulation:
    """The simulation of that name; raises NotFound with the names there are."""
    if name not in SIMULATIONS:
        known = ", ".join(sorted(SIMULATIONS))
        raise NotFound(f'There is no simulation "{name}"; there are: {known}')
    module, _, attribute = SIMULATIONS[name].partition(":")
    return getattr(importlib.import_module(module), attribute)()
