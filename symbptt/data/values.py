"""The values of a model's variables, as dicts of arrays in the shapes of the emitted code's contract."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from symbptt.model.values import Model, Role, Variable

Array = NDArray[Any]
Arrays = Mapping[str, Array]

GIVEN = (Role.PARAMETER, Role.BUFFER, Role.INPUT, Role.TARGET, Role.STATE)
"""The roles of what is given from outside."""
GROUPS = tuple(dict.fromkeys(role.group for role in GIVEN))
"""The dicts that hold it, in the order of the emitted functions' arguments."""


def grouped(values: Mapping[str, Array], model: Model) -> tuple[Arrays, Arrays, Arrays, Arrays]:
    """Values by name, sorted into their groups; a group is in the order of the model."""
    names = ([v.name for v in model.of(*GIVEN) if v.role.group == group] for group in GROUPS)
    parameters, inputs, targets, states = ({name: values[name] for name in known if name in values} for known in names)
    return parameters, inputs, targets, states


@dataclass(frozen=True)
class Data:
    """Values for every variable: inputs and targets (T, N, ...), states (N, ...), parameters as in the file, untied (T, ...).

    Integer arrays (T, N) stand for classes; a target below 0 counts nothing. `cotangents` (T, N, ...) weigh the outputs.
    `mask` (T, N) and `weights` (T,) say what samples and steps count in the loss; None means one.
    `source` says where the values come from.
    """

    dims: Mapping[str, int]
    T: int
    N: int
    parameters: Arrays
    inputs: Arrays
    targets: Arrays
    states: Arrays
    cotangents: Arrays = field(default_factory=dict)
    mask: Array | None = None
    weights: Array | None = None
    source: str = field(default="", compare=False)

    @property
    def groups(self) -> tuple[Arrays, Arrays, Arrays, Arrays]:
        """Parameters, inputs, targets and states."""
        return self.parameters, self.inputs, self.targets, self.states

    def arrays(self) -> dict[str, Array]:
        """The values of variables by name."""
        return {name: array for group in self.groups for name, array in group.items()}

    def value(self, variable: Variable) -> Array:
        """The value given for a variable; a state that is not given has that of the parameter it starts from."""
        group: Arrays = getattr(self, variable.role.group)
        if variable.name not in group and variable.initial is not None:
            start = self.parameters[variable.initial]
            return np.broadcast_to(start, (self.N, *start.shape))
        return group[variable.name]

    def having(self, variable: Variable, value: Array) -> Data:
        """The same data with another value for one variable."""
        group = variable.role.group
        changed: dict[str, Any] = {group: {**getattr(self, group), variable.name: value}}
        return replace(self, **changed)

    def first(self, model: Model, T: int) -> Data:
        """The data of the first T steps."""
        untied = {v.name for v in model.of(Role.PARAMETER, Role.BUFFER) if v.timed}
        parameters = {name: value[:T] if name in untied else value for name, value in self.parameters.items()}
        inputs, targets, cotangents = (
            {name: value[:T] for name, value in part.items()} for part in (self.inputs, self.targets, self.cotangents)
        )
        mask, weights = (None if part is None else part[:T] for part in (self.mask, self.weights))
        return replace(
            self, T=T, parameters=parameters, inputs=inputs, targets=targets, cotangents=cotangents, mask=mask, weights=weights
        )
