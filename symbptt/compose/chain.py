"""What a composed model is: parts in the order of computation, and the values that they hand on."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum

from symbptt.display import Formula, Summarised, counted
from symbptt.errors import BadInput, UnknownName
from symbptt.model.model_file import Translation
from symbptt.model.values import Equation, Loss, Model, Role, Variable


class How(StrEnum):
    """How a value of an earlier part is handed on."""

    STEPS = "steps"
    """At each step the value of the same step."""
    FINAL = "final"
    """The value of the last step that was computed, as the initial value of a state."""
    MEMORY = "memory"
    """The values of all steps as the rows of one matrix, the same at each step."""


@dataclass(frozen=True)
class Link:
    """The input or state `name` of a part is the value `source` of an earlier one."""

    name: str
    source: str
    how: How = How.STEPS


@dataclass(frozen=True, repr=False)
class Part(Summarised, Formula):
    """One recurrence, in its own time: with `backward` its step 1 is the last step, and its h[t-1] is the value at t + 1."""

    model: Model
    backward: bool = False
    links: tuple[Link, ...] = ()
    phase: str = ""
    steps: str = ""
    """The dimension that counts the steps, if another part reads them all; else it is T."""

    def _summary_(self) -> str:
        return f"{self.model.name}: {counted(len(self.model.states), 'state')}, {'T to 1' if self.backward else '1 to T'}"

    @property
    def linked(self) -> frozenset[str]:
        """The inputs and states whose values come from earlier parts."""
        return frozenset(link.name for link in self.links)

    @property
    def own(self) -> tuple[Variable, ...]:
        """The variables that are given from outside, and the left sides."""
        return tuple(v for v in self.model.variables
                     if v.definition is None and (v.name not in self.linked or v.role is Role.STATE))


@dataclass(frozen=True, repr=False)
class Chain(Summarised, Formula):
    """Parts in the order of computation; the last one has the loss, if there is one. `text` is the file it came from."""

    name: str
    title: str
    parts: tuple[Part, ...]
    reference: str = ""
    text: str = ""
    notes: tuple[str, ...] = ()
    translations: tuple[Translation, ...] = ()
    declared: tuple[str, ...] = ()
    """The names that the file declares, in its order."""
    options: str = field(default="", compare=False)

    def _summary_(self) -> str:
        return f"{self.name}: {counted(len(self.parts), 'part')}"

    def __getitem__(self, name: str) -> Variable:
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise UnknownName("variable", name, (v.name for v in self.variables))

    @property
    def variables(self) -> tuple[Variable, ...]:
        """Every variable once, in the order of the file."""
        found: dict[str, Variable] = {}
        for part in self.parts:
            for variable in part.own:
                found.setdefault(variable.name, variable)
        order = {name: place for place, name in enumerate(self.declared)}
        return tuple(sorted(found.values(), key=lambda v: order.get(v.name, len(order))))

    def of(self, *roles: Role) -> tuple[Variable, ...]:
        """The variables with one of these roles."""
        return tuple(v for v in self.variables if v.role in roles)

    @property
    def states(self) -> tuple[Variable, ...]:
        """What is carried from step to step, in any part."""
        return self.of(Role.STATE)

    def origin(self, link: Link) -> Part:
        """The part that computes what a link hands on; the part of its own phase that reads it, for an outer input."""
        return next(p for p in self.parts if link.source in {v.name for v in (*p.model.outputs, *p.model.of(Role.INPUT))})

    def end(self, link: Link) -> int:
        """The index of the last step that was computed of what a link hands on, 0 or -1; an input has no direction."""
        origin = self.origin(link)
        return 0 if origin.backward and link.source in {v.name for v in origin.model.outputs} else -1

    def length(self, part: Part) -> str:
        """What counts the steps of a part: T in the last phase, else the name that the file gives, or T_phase."""
        name = part.steps or f"T_{part.phase}"
        while not part.steps and name in self.dimensions:
            name += "_"
        return "T" if part.phase == self.parts[-1].phase else name

    def steps_of(self, variable: Variable) -> str:
        """What counts the steps of a variable."""
        return next(self.length(part) for part in self.parts if variable in (*part.own, *part.model.outputs))

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The equations of all parts, each in the time of its part."""
        return tuple(e for part in self.parts for e in part.model.equations if e.target.definition is None)

    @property
    def all_equations(self) -> tuple[Equation, ...]:
        """The equations of all parts followed by those of the loss."""
        return self.equations + (self.loss.equations if self.loss else ())

    @property
    def parameters(self) -> tuple[Variable, ...]:
        """The parameters."""
        return self.of(Role.PARAMETER)

    @property
    def loss(self) -> Loss | None:
        """The loss of one step."""
        return self.parts[-1].model.loss

    @property
    def given_states(self) -> tuple[Variable, ...]:
        """The states whose initial value may be given."""
        linked = {state.name for part in self.parts for state in part.model.states if state.name in part.linked}
        return tuple(v for v in self.of(Role.STATE) if v.name not in linked)

    @property
    def with_gradient(self) -> tuple[Variable, ...]:
        """The parameters, inputs and initial states that have a gradient."""
        return tuple(v for v in (*self.of(Role.PARAMETER, Role.INPUT), *self.given_states) if not v.classes)

    @property
    def outputs(self) -> tuple[Variable, ...]:
        """Every state, and every left side that nothing reads."""
        sources = {link.source for part in self.parts for link in part.links}
        found = {v.name: v for part in self.parts for v in part.model.outputs if v.role is Role.STATE or v.name not in sources}
        return tuple(found.values())

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The named dimensions, sorted."""
        return tuple(sorted({name for part in self.parts for name in part.model.dimensions}))


def beside(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The parts, each with the names of the others, dimensions too, which the letters of its derivation leave free."""
    own = [frozenset((*(v.name for v in part.model.variables if v.definition is None), *part.model.dimensions)) for part in parts]
    every = frozenset().union(*own)
    return tuple(replace(p, model=replace(p.model, beside=every - mine)) for p, mine in zip(parts, own, strict=True))


def check_truncation(truncation: tuple[int, int] | None) -> None:
    """Raises BadInput for steps (k1, k2) of a truncation that would leave out what parts hand on in between."""
    every, back = truncation or (1, 1)
    if every > back:
        raise BadInput(f"every {every} steps back over {back} leaves out what parts hand on in between; expected k1 <= k2")
