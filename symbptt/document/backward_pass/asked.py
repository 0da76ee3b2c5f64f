"""The function that is to be written, what it is given, and how it is right."""

from __future__ import annotations

from dataclasses import dataclass, field

from symbptt import emit
from symbptt.data.arrays import leading_axes
from symbptt.data.classes import takes_classes
from symbptt.data.values import GROUPS
from symbptt.document.backward_pass.cutting import Source
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative.voice import Voice

STEPS = 3
"""The number of steps at which a function is checked."""
_INDENT = "    "


@dataclass(frozen=True)
class Asked:
    """The backward pass of a model with a loss; `gradients` are asked for."""

    model: Model
    gradients: tuple[str, ...]
    source: Source = field(repr=False)
    language: str = field(default="en", kw_only=True)

    @property
    def voice(self) -> Voice:
        """How it speaks."""
        return Voice(self.language)

    def word(self, key: str, **values: str) -> str:
        """One of the words of assignments."""
        return self.voice.word(f"assignment.{key}", **values)

    @property
    def steps(self) -> int | None:
        """The number of steps, where no array tells it."""
        return None if emit.loops(self.model) else STEPS

    @property
    def given(self) -> str:
        """The forward pass and the loss."""
        return f"import numpy as np\n\n\n{self.source.given}"

    @property
    def prompt(self) -> str:
        """The body of the function to write, as students get it."""
        names = ", ".join(f'"{name}"' for name in self.gradients)
        return f"{_INDENT}residuals = forward(parameters, inputs, states)\n" \
               f"{_INDENT}gradients = dict.fromkeys([{names}])\n" \
               f"{_INDENT}# {self.word('code.prompt')}\n{_INDENT}return gradients\n"

    @property
    def head(self) -> str:
        """The first lines of the function to write, with what it takes and returns."""
        lines = ["def backward(parameters, inputs, targets, states=None):",
                 f'{_INDENT}"""{self.word("code.head")}', ""]
        for group in GROUPS:
            named = [f"{v.name} {shape(v, self.model)}" for v in self.model.variables if v.role.group == group]
            lines += [f"{_INDENT}{group}: {', '.join(named)}"] * bool(named)
        return "\n".join([*lines, f'{_INDENT}"""\n'])

    @property
    def body(self) -> str:
        """The body of the function as it is right."""
        return f"{_INDENT}residuals = forward(parameters, inputs, states)\n" \
               f"{_INDENT}_, cotangents, direct = _loss(parameters, residuals, targets)\n" \
               f"{_INDENT}gradients = _backward(parameters, residuals, cotangents)\n" \
               f"{_INDENT}return {{name: value + direct.get(name, 0) for name, value in gradients.items()}}\n"

    @property
    def student(self) -> str:
        """The module that students fill in."""
        return f"{self.given}\n\n{self.head}{self.prompt}"

    @property
    def solution(self) -> str:
        """The module as it is right."""
        return f"{self.given}\n\n{self.source.solution}\n\n{self.head}{self.body}"


def cut(model: Model, gradients: tuple[str, ...]) -> Source:
    """The emitted module in the plain style, to be cut."""
    return Source(emit.for_steps(model, STEPS, wrt=gradients, style="plain").text)


def has_classes(variable: Variable, model: Model) -> bool:
    """Whether a variable is given as integer classes."""
    return variable.classes or (variable.role is Role.TARGET and takes_classes(model, variable))


def shape(variable: Variable, model: Model) -> str:
    """The shape of a variable's array, as (T, N, D)."""
    axes = (*leading_axes(variable), *(() if has_classes(variable, model) else variable.shape))
    return f"({', '.join(axes)}{',' if len(axes) == 1 else ''})" if axes else "()"
