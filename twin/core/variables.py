"""A quantity said once: name, unit, dimensions and CF names. No Django.

A simulation declares its inputs and outputs as Variables; result files, legends, the API and the
docs read them.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Variable:
    """A quantity on named dimensions.

    `units` are UDUNITS text ("m", "m s-1", "1"); `standard_name` is a name of the CF table, None
    where the table has none; `dims` are outermost first, such as ("time", "y", "x").
    """

    name: str
    units: str
    dims: tuple[str, ...]
    standard_name: str | None = None
    long_name: str = ""

    def attributes(self) -> dict[str, str]:
        """The CF attributes of a variable that holds this quantity."""
        known = {
            "units": self.units,
            "standard_name": self.standard_name,
            "long_name": self.long_name or self.name.replace("_", " "),
        }
        return {key: value for key, value in known.items() if value}


def by_name(variables: tuple[Variable, ...]) -> dict[str, Variable]:
    """The variables under their names; raises ValueError where two share one."""
    found = {variable.name: variable for variable in variables}
    if len(found) != len(variables):
        raise ValueError("two variables share a name")
    return found
