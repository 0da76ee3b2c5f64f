"""What the header of a model declares: the names of structs, of their members, and the arguments of functions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from symbptt.algebra.nodes import dimension
from symbptt.data.arrays import leading_axes
from symbptt.data.classes import takes_classes
from symbptt.model.values import Role, Variable
from symbptt.program.buffers import buffer
from symbptt.program.builder import TANGENTS
from symbptt.program.ir import SAMPLES, STEPS, Buffer, Kind, Program
from symbptt.program.names import namespace
from symbptt.targets.c99.words import WORDS
from symbptt.typeset.equations import numbered

STRUCTS: dict[Kind, str] = {
    Kind.PARAMETER: "parameters", Kind.INPUT: "inputs", Kind.TARGET: "targets", Kind.INITIAL: "states",
    Kind.DIRECTION: "tangents", Kind.OUTPUT: "outputs", Kind.OUTPUT_TANGENT: "output_tangents", Kind.COTANGENT: "cotangents",
    Kind.GRADIENT: "gradients",
}
"""The struct that has a kind of buffer, in the order of the functions' arguments."""
OPTIONAL = frozenset((Kind.INITIAL, Kind.DIRECTION, Kind.COTANGENT))
"""Structs that may be left out, and so may each of their members."""
WRITTEN = frozenset((Kind.OUTPUT, Kind.OUTPUT_TANGENT, Kind.GRADIENT))
"""Structs whose members point to what a function writes."""
TAKES: dict[str, tuple[Kind, ...]] = {
    "forward": (Kind.PARAMETER, Kind.INPUT, Kind.INITIAL, Kind.OUTPUT),
    "backward": (Kind.PARAMETER, Kind.INPUT, Kind.INITIAL, Kind.COTANGENT, Kind.GRADIENT),
    "value_and_grad": (Kind.PARAMETER, Kind.INPUT, Kind.TARGET, Kind.INITIAL, Kind.GRADIENT),
    "weigh": (Kind.INPUT, Kind.TARGET),
    "segment": (Kind.PARAMETER, Kind.INPUT, Kind.TARGET, Kind.INITIAL, Kind.COTANGENT, Kind.GRADIENT),
    "jvp": (Kind.PARAMETER, Kind.INPUT, Kind.INITIAL, Kind.DIRECTION, Kind.OUTPUT, Kind.OUTPUT_TANGENT),
    "value_and_jvp": (Kind.PARAMETER, Kind.INPUT, Kind.TARGET, Kind.INITIAL, Kind.DIRECTION),
}
"""The structs that a function takes."""
WEIGHTS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("value_and_grad", "weigh", "value_and_jvp"), ("mask", "weights")), "segment": ("mask",),
}
"""The weights that a function takes, which may be left out."""
RESULTS: dict[str, tuple[str, ...]] = {"value_and_grad": ("loss",), "segment": ("loss",), "value_and_jvp": ("loss", "rate")}
"""The numbers that a function tells."""


AXES = (STEPS.name, SAMPLES.name)
"""The names of the first two sizes, in front of those of the model."""
CHUNKS, WHOLE_CHUNKS = dimension("chunks:of"), dimension("whole:of")
"""The number of chunks of tokens, and of those that are full."""


@dataclass(frozen=True)
class Member:
    """A member of a struct; one of `integers` has classes, and `otherwise` is the one for real numbers in their place."""

    variable: Variable
    name: str
    integers: bool
    otherwise: str = ""


class Interface:
    """The names of a program in C."""

    def __init__(
        self, program: Program, steps: Mapping[str, sp.Expr] | None = None, equations: Sequence[str] | None = None,
        chunk: int | None = None, windows: tuple[int, int] | None = None,
    ) -> None:
        self.program, self.model = program, program.model
        self.chunk = chunk
        """The tokens that a step takes, if they are several: then outputs have of a state what is behind the last one."""
        self.windows = windows
        """(k1, k2), if the program itself is truncated, each of its parts; else templates join runs of all of it."""
        self.steps = steps or {}
        """The number of steps of variables, by name, where it is not T."""
        self.equations = tuple(numbered(program.model) if equations is None else equations)
        """What is computed, as plain text."""
        plain = "".join(c if c.isascii() and c.isalnum() else "_" for c in self.model.name) or "model"
        self.prefix = namespace(WORDS).fresh(plain if plain[0].isalpha() else "model_" + plain)
        own = namespace(WORDS)
        self.dimensions = {name: own.fresh(name.partition(":")[0]) for name in (*AXES, *self.model.dimensions)}
        tokens = f"sizes->{self.dimensions[STEPS.name]}"
        self.derived = {} if chunk is None else {
            WHOLE_CHUNKS.name: f"{tokens} / {chunk}", CHUNKS.name: f"{tokens} / {chunk} + ({tokens} % {chunk} != 0)",
        }
        """Sizes that are computed from those of the struct, in C."""
        self.members = {kind: self._members(kind) for kind in STRUCTS}
        self.functions = tuple(f.name for f in program.functions)

    @property
    def public(self) -> tuple[str, ...]:
        """The functions over all steps, which the header declares."""
        further = (name for name in TANGENTS if name in self.functions)
        return ("forward", "backward", *(("value_and_grad",) if self.model.loss else ()), *further)

    @property
    def macro(self) -> str:
        """The prefix of macros."""
        return self.prefix.upper()

    def variables(self, kind: Kind) -> tuple[Variable, ...]:
        """What has a member in a struct."""
        match kind:
            case Kind.PARAMETER:
                return (*self.model.parameters, *self.model.buffers)
            case Kind.INPUT:
                return self.model.of(Role.INPUT)
            case Kind.TARGET:
                return self.model.of(Role.TARGET) if self.model.loss else ()
            case Kind.INITIAL:
                return self.model.states
            case Kind.GRADIENT:
                return self.program.wanted
            case Kind.DIRECTION:
                return self.model.with_gradient
        return self.model.outputs

    def _members(self, kind: Kind) -> tuple[Member, ...]:
        own = namespace(WORDS)
        names = {v.name: own.fresh(v.name) for v in self.variables(kind)}
        made = []
        for v in self.variables(kind):
            either = kind is Kind.TARGET and takes_classes(self.model, v)
            otherwise = own.fresh(f"{v.name}_distribution") if either else ""
            made.append(Member(v, names[v.name], either or (kind is Kind.INPUT and v.classes), otherwise))
        return tuple(made)

    def buffer(self, kind: Kind, v: Variable) -> Buffer:
        """The caller's buffer of a variable."""
        made = buffer(kind, v, final=self.chunk is not None)
        return replace(made, axes=tuple(axis.xreplace({STEPS: self.steps.get(v.name, STEPS)}) for axis in made.axes))

    def lengths(self, v: Variable, steps: str, samples: str) -> tuple[str, ...]:
        """What the axes in front of a variable's shape are called, given names for T and N."""
        names = {"T": str(self.steps.get(v.name, steps)), "N": samples}
        return tuple(names[axis] for axis in leading_axes(v))

    def size(self, name: str) -> str:
        """A named size in C."""
        return self.derived.get(name) or f"sizes->{self.dimensions[name]}"

    def member(self, buffer: Buffer) -> Member:
        """The member that holds a buffer."""
        return next(m for m in self.members[buffer.kind] if m.variable == buffer.variable)

    def structs(self, function: str) -> tuple[Kind, ...]:
        """The structs that a function of this model takes: none is empty."""
        return tuple(kind for kind in TAKES[function] if self.members[kind])

    def declared(self, function: str, fixed: bool) -> str:
        """The arguments in parentheses; of a file of fixed sizes a macro adds the first and the last."""
        arguments = self.arguments(function)
        return f" {self.macro}_TAKES({', '.join(arguments[1:-1])})" if fixed else f"({', '.join(arguments)})"

    def arguments(self, function: str) -> tuple[str, ...]:
        """The arguments of a function, as C declares them."""
        real = f"{self.prefix}_real"
        made = [f"const {self.prefix}_sizes *sizes"]
        made += [f"const {self.prefix}_{STRUCTS[kind]} *{STRUCTS[kind]}" for kind in self.structs(function)]
        made += [f"const {real} *{name}" for name in WEIGHTS.get(function, ())]
        made += [f"{real} *{name}" for name in RESULTS.get(function, ())]
        return (*made, f"{real} *workspace")
