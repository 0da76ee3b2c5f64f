"""The function that is to be written, what it is given, and how it is right."""

from collections.abc import Callable
from dataclasses import dataclass, field

from symbptt.compose.chain import Chain
from symbptt.compose.either import Subject
from symbptt.data.arrays import leading_axes
from symbptt.data.classes import takes_classes
from symbptt.data.values import GIVEN, GROUPS
from symbptt.document.backward_pass.of_parts import PassOfParts, quoted
from symbptt.document.backward_pass.one import OnePass
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative.presentation import Presentation

_INDENT = "    "
_PASSES: dict[type, Callable[..., OnePass | PassOfParts]] = {Model: OnePass.of, Chain: PassOfParts.of}


@dataclass(frozen=True)
class Asked:
    """The backward pass of a model with a loss, of one recurrence or of several; `gradients` are asked for."""

    model: Subject
    gradients: tuple[str, ...]
    source: OnePass | PassOfParts = field(repr=False)
    language: str = field(default="en", kw_only=True)

    @property
    def presentation(self) -> Presentation:
        """How it speaks."""
        return Presentation(self.language)

    def word(self, key: str, **values: str) -> str:
        """One of the words of assignments."""
        return self.presentation.text(f"assignment.{key}", **values)

    @property
    def steps(self) -> int | None:
        """The number of steps, where no array tells it."""
        return self.source.steps

    @property
    def arguments(self) -> tuple[Variable, ...]:
        """What the function is given, by groups."""
        states = self.model.states if isinstance(self.model, Model) else self.model.given_states
        given = [v for v in self.model.variables if v.role in GIVEN and (v.role is not Role.STATE or v in states)]
        return tuple(v for group in GROUPS for v in given if v.role.group == group)

    @property
    def given(self) -> str:
        """The forward pass and the loss."""
        return f"import numpy as np\n\n\n{self.source.given}"

    @property
    def prompt(self) -> str:
        """The body of the function to write, as students get it."""
        asked = (f"gradients = dict.fromkeys([{quoted(self.gradients)}])", f"# {self.word('code.prompt')}", "return gradients")
        return _inside(*self.source.blanks(self.presentation), *asked)

    @property
    def head(self) -> str:
        """The first lines of the function to write, with what it takes and returns."""
        lines = ["def backward(parameters, inputs, targets, states=None):",
                 f'{_INDENT}"""{self.word("code.head")}', ""]
        for group in GROUPS:
            named = [f"{v.name} {shape(v, self.model)}" for v in self.arguments if v.role.group == group]
            lines += [f"{_INDENT}{group}: {', '.join(named)}"] * bool(named)
        return "\n".join([*lines, f'{_INDENT}"""\n'])

    @property
    def body(self) -> str:
        """The body of the function as it is right."""
        return _inside(*self.source.body)

    @property
    def student(self) -> str:
        """The module that students fill in."""
        return f"{self.given}\n\n{self.head}{self.prompt}"

    @property
    def solution(self) -> str:
        """The module as it is right."""
        return f"{self.given}\n\n{self.source.solution}\n\n{self.head}{self.body}"


def _inside(*lines: str) -> str:
    """The body of the function, which begins with the forward pass."""
    return "".join(f"{_INDENT}{line}\n" for line in ("residuals = forward(parameters, inputs, states)", *lines))


def cut(model: Subject, gradients: tuple[str, ...]) -> OnePass | PassOfParts:
    """The emitted module in the plain style, to be cut."""
    return _PASSES[type(model)](model, gradients)


def has_classes(variable: Variable, model: Subject) -> bool:
    """Whether a variable is given as integer classes."""
    owner = model if isinstance(model, Model) else model.parts[-1].model
    return variable.classes or (variable.role is Role.TARGET and takes_classes(owner, variable))


def axes_of(variable: Variable, model: Subject) -> tuple[str, ...]:
    """The axes of a variable's array."""
    return (*leading_axes(variable), *(() if has_classes(variable, model) else variable.shape))


def shaped(*axes: str) -> str:
    """The shape of an array as Python writes it."""
    return f"({', '.join(axes)}{',' * (len(axes) == 1)})"


def shape(variable: Variable, model: Subject) -> str:
    """The shape of a variable's array, as (T, N, D)."""
    steps = "T" if isinstance(model, Model) else model.steps_of(variable)
    return shaped(*(steps if axis == "T" else axis for axis in axes_of(variable, model)))
