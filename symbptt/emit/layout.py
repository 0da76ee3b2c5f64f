"""Where each value of a model lives in an emitted module: array names, and the text that reads or writes a value at a step."""

from collections.abc import Callable
from dataclasses import dataclass, field

import sympy as sp

from symbptt.algebra.nodes import TIME, Timed
from symbptt.algebra.related import Adjoint, Cotangent, Related
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.emit.code import Code, place
from symbptt.emit.names import Names
from symbptt.emit.plan.statements import (
    Carry,
    Decay,
    Gradient,
    HalfTanh,
    Hoisted,
    Key,
    LocalFactor,
    Partial,
    is_untied,
    variable_of,
)
from symbptt.model.dimensions import Source
from symbptt.model.values import Model, Role, Variable

SUFFIXES: dict[type[Related], str] = {Hoisted: "_in", LocalFactor: "_slope", HalfTanh: "_tanh", Partial: "_sum", Decay: "_decay"}
"""What follows the name of a value in the name of something on the way to it."""


@dataclass
class Layout:
    """Names for one module. `step` is None in a loop (the loop index is t, counted from 0), or the number of an unrolled step."""

    model: Model
    unrolled: bool
    names: Names = field(default_factory=Names)
    step: int | None = None

    def __post_init__(self) -> None:
        for variable in self.model.variables:
            self.names.of(variable.name)

    def array(self, variable: Variable) -> str:
        """The name of the array that holds a variable."""
        return self.names.of(variable.name)

    def dimension(self, name: str) -> str:
        """The name of a dimension's size."""
        return self.names.of("dimension " + name, name)

    def told(self, source: Source, text: str) -> str:
        """The size that a source tells, given the text of its axis' length."""
        text += "".join(f" - {self.dimension(other)}" for other in source.others)
        text += f" - {source.number}" if source.number else ""
        count = [*([str(source.count)] if source.count > 1 else []), *map(self.dimension, source.factors)]
        return f"({text}) // {count[0] if len(count) == 1 else '(' + ' * '.join(count) + ')'}" if count else text

    def adjoint(self, variable: Variable) -> str:
        """The name of a value's adjoint at the current step."""
        name = self.names.of("adjoint " + variable.name, "d_" + variable.name)
        return name if self.step is None else self.names.of(f"adjoint {variable.name} {self.step}", f"{name}_{self.step}")

    def carry(self, variable: Variable) -> str:
        """The name of what the step after passes back to a state."""
        return self.names.of("carry " + variable.name, f"d_{variable.name}_next")

    def cotangent(self, variable: Variable) -> str:
        """The name of the array of cotangents from outside."""
        return self.names.of("outside " + variable.name, "c_" + variable.name)

    def gradient(self, variable: Variable) -> str:
        """The name of a gradient's accumulator."""
        return self.names.of("gradient " + variable.name, "grad_" + variable.name)

    def variable(self, key: Key) -> Variable:
        """The variable that gives a value its shape."""
        return variable_of(self.model, key)

    def untied(self, key: Key) -> bool:
        """Whether a value has steps but no samples."""
        return is_untied(self.model, key)

    def name(self, key: Key) -> str:
        """The name of a value of a plan."""
        variable = self.variable(key)
        if not isinstance(key, Related):
            return self.array(variable)
        known = {Adjoint: self.adjoint, Carry: self.carry, Cotangent: self.cotangent, Gradient: self.gradient}
        if type(key) in known:
            return known[type(key)](variable)
        return self.names.of(key.name, self.name(key.primal) + SUFFIXES[type(key)])

    def row(self, variable: Variable, back: int = 0) -> str:
        """The index of a variable's array at the current step, or `back` steps before; states have a row for step 0."""
        ahead = (1 if variable.role is Role.STATE else 0) - back
        if self.step is not None:
            return str(self.step - 1 + ahead)
        return "t" if ahead == 0 else f"t {'+' if ahead > 0 else '-'} {abs(ahead)}"

    def handed(self, variable: Variable, text: str) -> str:
        """The name of an array inside as an array of the file's shape."""
        return handed(variable, text, "" if variable.heads is None else self.dimension(str(variable.heads)))

    def outside(self, variable: Variable, text: str) -> str:
        """The same for any expression."""
        return self.handed(variable, f"({text})" if handed_out(variable) else text)

    def value(self, variable: Variable, back: int = 0) -> str:
        """The text of a variable's value at the current step."""
        name = self.array(variable)
        if self.stores(variable):
            return f"{name}[{self.row(variable, back)}]"
        if not variable.timed or not self._straight(variable):
            return name
        at = (self.step or 0) - back
        return self.names.of(f"{variable.name} {at}", f"{name}_{at}")

    def stores(self, variable: Variable) -> bool:
        """Whether the value of the current step is a row of an array."""
        passing = variable.role is Role.LOSS or (variable.role is Role.LOCAL and self._in_loss(variable))
        return variable.timed and not self._straight(variable) and not passing

    def _straight(self, variable: Variable) -> bool:
        """Whether straight-line code has a name of its own for the value at each step."""
        return self.unrolled and self.step is not None and variable.role in (Role.STATE, Role.LOCAL, Role.LOSS)

    def _in_loss(self, variable: Variable) -> bool:
        return self.model.loss is not None and any(e.target == variable for e in self.model.loss.equations)

    def leaf(self, symbol: sp.MatrixSymbol) -> Code:
        """The code of a symbol of a template."""
        if symbol == LOSS_WEIGHT:
            return place(f"weight[{'t' if self.step is None else self.step - 1}]", True, 1)
        variable = self.variable(symbol)
        if isinstance(symbol, Cotangent):
            return place(f"{self.cotangent(variable)}[{self.row(variable)}]", True, array_rank(variable))
        if isinstance(symbol, Related):
            name = self.carry(variable) if isinstance(symbol, Carry) else self.adjoint(variable)
            return place(name, True, array_rank(variable))
        if not isinstance(symbol, Timed):
            return place(self.array(variable), False, array_rank(variable))
        back = 0 if symbol.step == TIME else 1
        batched = variable.role not in (Role.PARAMETER, Role.BUFFER)
        return place(self.value(variable, back), batched, array_rank(variable))


def array_rank(variable: Variable) -> int:
    """The number of axes behind the batch axis; what is no matrix has one: a scalar is kept as (1,), a row "1 K" as (K,)."""
    return 2 if variable.rows != 1 and variable.columns != 1 else 1


def inner_axes(variable: Variable) -> tuple[int, ...]:
    """The axes of the file's shape that the array has inside."""
    if array_rank(variable) == len(variable.shape):
        return tuple(range(len(variable.shape)))
    return (1,) if len(variable.shape) == 2 and variable.columns != 1 else (0,)


def taken_in(variable: Variable) -> str:
    """What turns an array of the file's shape into the array inside, behind any leading axes."""
    if not variable.shape:
        return "[..., None]"
    if variable.heads is not None or array_rank(variable) == len(variable.shape):
        return ""
    return "[..., 0]" if variable.columns == 1 else "[..., 0, :]"


def taken(variable: Variable, text: str) -> str:
    """The text of an array of the file's shape as the array inside (see `taken_in`), where heads lie below each other."""
    return f"_merge_heads({text}, {len(variable.shape)})" if joins_heads(variable) else text + taken_in(variable)


def handed(variable: Variable, text: str, heads: str) -> str:
    """The way back from `taken`; `heads` is the text of the number of heads."""
    if joins_heads(variable):
        return f"_split_heads({text}, {heads}, {len(variable.shape)})"
    return text + handed_out(variable)


def residual(model: Model, variable: Variable, rows: str = "", residuals: str = "residuals") -> str:
    """The text of what NumPy's residuals hold of a variable, as an array of the file's shape; they tell the sizes of heads."""
    heads = "" if model.heads is None else f'{residuals}["_sizes"][{model.dimensions.index(str(model.heads))}]'
    return handed(variable, f'{residuals}["{variable.name}"]{rows}', heads)


def joins_heads(variable: Variable) -> bool:
    """Whether two axes of a variable's shape are one inside."""
    return variable.heads is not None and len(variable.shape) > 1


def handed_out(variable: Variable) -> str:
    """The way back from `taken_in`."""
    return {"": "", "[..., None]": "[..., 0]", "[..., 0]": "[..., None]", "[..., 0, :]": "[..., None, :]"}[taken_in(variable)]


def shape_text(variable: Variable, size: Callable[[sp.Expr], str]) -> str:
    """The trailing shape of a variable's array, as 'H' or 'H, D'."""
    if array_rank(variable) == 2:
        return f"{size(variable.rows)}, {size(variable.columns)}"
    return size(variable.rows if variable.columns == 1 else variable.columns)


def given_shape_text(variable: Variable, size: Callable[[sp.Expr], str]) -> str:
    """The same for the file's shape, with a comma behind each size."""
    return "".join(f", {size(d)}" for d in variable.axes)
