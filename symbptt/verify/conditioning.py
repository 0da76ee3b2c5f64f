"""Small disagreements at a point where rounding is large, as behind a norm of values that hardly differ, are no mistakes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from symbptt.data.values import Data
from symbptt.model.values import Role
from symbptt.unroll.graph import UnrolledGraph
from symbptt.verify.compare import Scale
from symbptt.verify.report import Check
from symbptt.verify.rounding import Truth, outputs, truths

_LARGEST = 1e-6
"""No larger error is put down to rounding: a slope that is wrong by 0.1 % does not get through."""
_ENTRIES = 20_000_000
"""The most numbers that the perturbed values may have together; the question is asked only where a check objects."""


@dataclass(frozen=True)
class Conditioning:
    """A graph at a point; what rounding may do there is found out when it is asked for."""

    graph: UnrolledGraph
    data: Data

    def judged(self, check: Check) -> Check:
        """The check, with the tolerance that rounding asks for where its own is exceeded by little."""
        if check.ok or not check.worst_error <= _LARGEST:
            return check
        allowed = self._relative.get(check.subject, 0.0)
        if check.worst_error > allowed:
            return check
        return replace(check, tolerance=min(allowed, _LARGEST), where="")

    @cached_property
    def _relative(self) -> Mapping[str, float]:
        """For every gradient, every output and the objective: the error that rounding explains, as checks count it."""
        variables = self.graph.model.of(Role.PARAMETER, Role.INPUT, Role.STATE)
        entries = sum(self.data.value(v).size for v in variables if not v.classes)
        if entries * sum(self.data.value(v).size for v in variables) * self.graph.T > _ENTRIES:
            return {}
        objective, gradients = truths(self.graph, self.data)
        families: tuple[Mapping[str, Truth], ...] = (
            gradients, outputs(self.graph, self.data), {"loss": objective, "<cotangents, outputs>": objective},
        )
        return {name: error for family in families for name, error in _errors(family)}


def _errors(family: Mapping[str, Truth]) -> list[tuple[str, float]]:
    scale = Scale.of(truth.value for truth in family.values())
    return [(name, truth.rounding / scale.size(truth.value)) for name, truth in family.items()]
