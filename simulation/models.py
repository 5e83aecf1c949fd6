"""Every model of the simulation app, so that Django knows it."""

from simulation.scenarios import Impact, Run, Scenario

__all__ = ["Impact", "Run", "Scenario"]
