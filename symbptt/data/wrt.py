"""What gradients are by: names that a caller gives, None for the parameters, "all" for everything that has a gradient."""

from collections.abc import Iterable
from typing import Protocol

from symbptt.checks import expected
from symbptt.errors import BadInput
from symbptt.model.complex_algebra import names as parts_of
from symbptt.model.values import Role, Variable

ALL = "all"


class HasGradients(Protocol):
    """What has variables to differentiate by: a model, or a composed one."""

    @property
    def name(self) -> str: ...
    @property
    def parameters(self) -> tuple[Variable, ...]: ...
    @property
    def with_gradient(self) -> tuple[Variable, ...]: ...
    def __getitem__(self, name: str) -> Variable: ...


def spelled(names: Iterable[str], known: Iterable[str]) -> tuple[str, ...]:
    """The names, of a complex variable those of its parts."""
    known = frozenset(known)
    return tuple(part for name in names for part in (parts_of(name) if {*parts_of(name)} <= known - {name} else (name,)))


def wanted(model: HasGradients, wrt: str) -> Variable:
    """The parameter, input or state called `wrt`; raises BadInput for anything else."""
    variable = model[expected(wrt, str, "the name of one parameter, input or state")]
    if variable.role not in (Role.PARAMETER, Role.INPUT, Role.STATE):
        raise BadInput(f"{wrt} is a {variable.role} of {model.name}; gradients are for parameters, inputs and initial states")
    if variable.classes:
        raise BadInput(f"{wrt} is an integer input and has no gradient")
    return variable


def asked(model: HasGradients, wrt: Iterable[str] | str | None) -> tuple[Variable, ...]:
    """The variables that are asked for, in that order: None for all parameters, "all" for inputs and initial states too.
    The name of a complex variable asks for its parts.

    Raises BadInput for a name that has no gradient.
    """
    if wrt is None:
        return model.parameters
    names = spelled((wrt,) if isinstance(wrt, str) else wrt, (v.name for v in model.with_gradient))
    return model.with_gradient if names == (ALL,) else tuple(wanted(model, name) for name in names)
