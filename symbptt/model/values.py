"""What a model is: variables, equations of one step, and a loss. Plain values; nothing here reads files or derives."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, Timed
from symbptt.display import Formula, Summarised, counted
from symbptt.errors import UnknownName
from symbptt.model.model_file import Translation


class Role(StrEnum):
    """What a variable is for.

    LOCAL is a left side that is no state: an intermediate or an output. BUFFER is given with the parameters and not learned.
    """

    INPUT = "input"
    STATE = "state"
    PARAMETER = "parameter"
    BUFFER = "buffer"
    TARGET = "target"
    LOCAL = "local"
    LOSS = "loss"

    @property
    def group(self) -> str:
        """The dict of values that holds what has this role."""
        return "parameters" if self is Role.BUFFER else f"{self}s"

    @property
    def section(self) -> str:
        """The section of a model file that declares what has this role."""
        return "constants" if self is Role.BUFFER else self.group


@dataclass(frozen=True, repr=False)
class Variable(Summarised):
    """A named quantity.

    `shape` is the file's, as strings: ("H", "D"), ("O",), ("H", "H+D"), ("1",), (); `rows` and `columns` are the same
    as a SymPy matrix shape, where a vector is a column and a scalar is 1x1.
    `tied` is False for a parameter or a buffer with one value per step (`W[t]`).
    `definition` is set for an intermediate that symbptt named itself: printers show the definition instead of the name.
    `classes` is true for an integer-valued input that stands for a one-hot column.
    `mask` is true for the input that says which steps a sample has.
    `initial` names the parameter that a state starts from where no initial state is given.
    `heads` is the first dimension of a shape that belongs to each head: ("M", "K", "V") is the matrix (M K, V).
    """

    name: str
    role: Role
    shape: tuple[str, ...]
    rows: sp.Expr
    columns: sp.Expr
    tied: bool = True
    definition: MatrixExpr | None = None
    latex: str | None = None
    description: tuple[tuple[str, str], ...] = ()
    init: str | None = None
    classes: bool = False
    mask: bool = False
    initial: str | None = None
    heads: sp.Expr | None = None

    def _summary_(self) -> str:
        return f"{self.name}: {self.role}, {' '.join(self.shape) or 'scalar'}"

    @property
    def axes(self) -> tuple[sp.Expr, ...]:
        """The sizes of the axes of `shape`."""
        if self.heads is None:
            return (self.rows, self.columns)[: len(self.shape)]
        return (self.heads, sp.expand(self.rows / self.heads), self.columns)[: len(self.shape)]

    @property
    def rank(self) -> int:
        """The number of axes of a value of one head: 0 for a scalar, 1 for a vector, 2 for a matrix."""
        return len(self.shape) - (self.heads is not None)

    @property
    def timed(self) -> bool:
        """Whether the variable has one value per step."""
        return not (self.role in (Role.PARAMETER, Role.BUFFER) and self.tied)

    def at(self, step: sp.Expr | int = TIME) -> sp.MatrixSymbol:
        """The variable's symbol at a step (a tied parameter has only one)."""
        if not self.timed:
            return sp.MatrixSymbol(self.name, self.rows, self.columns)
        return Timed(self.name, self.rows, self.columns, step)


@dataclass(frozen=True, repr=False)
class Equation(Summarised, Formula):
    """target_t = value, where value is written in t and t-1. `number` is the equation's number in documents."""

    target: Variable
    value: MatrixExpr
    number: int

    def _summary_(self) -> str:
        return f"{self.number}: {self.target.name}"


@dataclass(frozen=True, repr=False)
class Loss(Summarised):
    """The loss of one step: equations of which the last defines the scalar L_t.

    `at` is "every" or "last".
    """

    name: str
    equations: tuple[Equation, ...]
    at: str = "every"
    reduction: str = "sum"
    """"sum", or "mean" over the steps and samples that count."""
    mask: str | None = None
    """The input that is 1 where a step of a sample counts, else 0; the equations have it as a factor."""

    def _summary_(self) -> str:
        return f"{self.name} at {self.at}: {counted(len(self.equations), 'equation')}"

    @property
    def target(self) -> Variable:
        """The scalar L, the left side of the last equation."""
        return self.equations[-1].target


@dataclass(frozen=True, repr=False)
class Model(Summarised, Formula):
    """A recurrence: `equations` compute the values of step t in order. `text` is the file it came from, if any."""

    name: str
    title: str
    variables: tuple[Variable, ...]
    equations: tuple[Equation, ...]
    loss: Loss | None = None
    reference: str = ""
    text: str = ""
    notes: tuple[str, ...] = field(default=())
    translations: tuple[Translation, ...] = ()
    options: str = field(default="", compare=False)
    """What the command line takes to make the model from `name`, such as "--layers 2"."""
    beside: frozenset[str] = frozenset()
    """Names that stand beside those of the model, which letters of the derivation leave free: those of a composed model's other
    parts."""

    def __hash__(self) -> int:
        """A quick one, from the texts: caches ask for it at every symbol that they typeset."""
        return hash((self.name, self.title, self.text))

    def __getitem__(self, name: str) -> Variable:
        for variable in self.variables:
            if variable.name == name:
                return variable
        raise UnknownName("variable", name, (v.name for v in self.variables if v.definition is None))

    def _summary_(self) -> str:
        parts = (len(self.states), "state"), (len(self.parameters), "parameter"), (len(self.all_equations), "equation")
        return f"{self.name}: {', '.join(counted(*part) for part in parts)}"

    def of(self, *roles: Role) -> tuple[Variable, ...]:
        """The variables with one of these roles, in file order."""
        return tuple(v for v in self.variables if v.role in roles)

    @property
    def states(self) -> tuple[Variable, ...]:
        """What is carried from step to step."""
        return self.of(Role.STATE)

    @property
    def parameters(self) -> tuple[Variable, ...]:
        """What is learned."""
        return self.of(Role.PARAMETER)

    @property
    def buffers(self) -> tuple[Variable, ...]:
        """What is given with the parameters and not learned: constants, and moving averages, one value per step."""
        return self.of(Role.BUFFER)

    @property
    def with_gradient(self) -> tuple[Variable, ...]:
        """The parameters, inputs and states that have a gradient: all but inputs that are classes."""
        return tuple(v for v in self.of(Role.PARAMETER, Role.INPUT, Role.STATE) if not v.classes)

    @cached_property
    def fixed(self) -> frozenset[str]:
        """The left sides of equations that no variable with a gradient reaches: they are made of constants."""
        reached = {v.name for v in self.with_gradient}
        for e in self.all_equations:
            if reached & {s.name for s in e.value.atoms(sp.MatrixSymbol)}:
                reached.add(e.target.name)
        return frozenset(e.target.name for e in self.all_equations) - reached

    def starting(self, parameter: Variable) -> tuple[Variable, ...]:
        """The states that start from a parameter."""
        return tuple(s for s in self.states if s.initial == parameter.name)

    @property
    def heads(self) -> sp.Expr | None:
        """The dimension that counts heads, if there are any."""
        return next((v.heads for v in self.variables if v.heads is not None), None)

    @property
    def all_equations(self) -> tuple[Equation, ...]:
        """The cell's equations followed by those of the loss."""
        return self.equations + (self.loss.equations if self.loss else ())

    @cached_property
    def outputs(self) -> tuple[Variable, ...]:
        """Every state, and every left side that no other equation of the cell reads."""
        read = {s.name for e in self.equations for s in e.value.atoms(sp.MatrixSymbol)}
        computed = tuple(e.target for e in self.equations)
        return tuple(v for v in computed if v.role is Role.STATE or v.name not in read)

    @property
    def unread(self) -> tuple[Variable, ...]:
        """The inputs and parameters, and of a model with a loss the targets, that nothing reads: mostly a slip of the pen."""
        roles = (Role.INPUT, Role.PARAMETER, *([Role.TARGET] if self.loss else []))
        read = {s.name for e in self.all_equations for s in e.value.atoms(sp.MatrixSymbol)} | {s.initial for s in self.states}
        return tuple(v for v in self.of(*roles) if v.name not in read)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The named dimensions, sorted."""
        free: set[sp.Symbol] = set()
        for v in self.variables:
            free |= v.rows.free_symbols | v.columns.free_symbols
        return tuple(sorted(s.name for s in free))
