"""The backward pass of a model of one recurrence: one function, with one gap."""

from __future__ import annotations

from dataclasses import dataclass

from symbptt import emit
from symbptt.document.backward_pass.cutting import Source
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation

STEPS = 3
"""The number of steps at which a function is checked."""


@dataclass(frozen=True)
class OnePass:
    """The passes of a model, cut out of its module."""

    model: Model
    source: Source

    @classmethod
    def of(cls, model: Model, gradients: tuple[str, ...]) -> OnePass:
        """The passes with these gradients."""
        return cls(model, Source(emit.for_steps(model, STEPS, wrt=gradients, style="plain").text))

    @property
    def steps(self) -> int | None:
        """The number of steps, where no array tells it."""
        return None if emit.loops(self.model) else STEPS

    @property
    def given(self) -> str:
        """The forward pass and the loss."""
        return self.source.given()

    @property
    def solution(self) -> str:
        """The functions that the solution calls."""
        return self.source.solution

    @property
    def kept(self) -> tuple[str, ...]:
        """The names of what the forward pass returns."""
        return self.source.kept("_forward")

    def blanks(self, presentation: Presentation) -> tuple[str, ...]:
        """What stands where something is missing, before the gap of the gradients themselves."""
        return ()

    @property
    def body(self) -> tuple[str, ...]:
        """The lines of the solution that follow the forward pass."""
        return (
            "_, cotangents, direct = _loss(parameters, residuals, targets)",
            "gradients = _backward(parameters, residuals, cotangents)",
            "return {name: value + direct.get(name, 0) for name, value in gradients.items()}",
        )
