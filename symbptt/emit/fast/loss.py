"""The loss for all steps at once."""

from __future__ import annotations

from collections.abc import Iterable

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME, BatchMean, CrossEntropy, Timed
from symbptt.algebra.related import Adjoint
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.pullback import Pullback, loss_pullback
from symbptt.derive.recursion import recursion
from symbptt.emit.fast.operands import Arrays, Rows, lag_of
from symbptt.emit.layout import Layout
from symbptt.emit.lines import Line, Note
from symbptt.emit.plan.statements import is_untied, key_of, symbols
from symbptt.emit.step_lines import reduced
from symbptt.emit.tree import ADD, POWER
from symbptt.model.values import Equation, Loss, Model, Role, Variable

HELPER = "_softmax_cross_entropy"


def is_for_all_steps(model: Model) -> bool:
    """Whether a loss is one formula for all steps: no averages over samples, no parameters of a step."""
    values = [*_values(model.loss, loss_pullback(model))] if model.loss else []
    return not any(v.has(BatchMean) or any(is_untied(model, key_of(s)) for s in symbols(v) if s != LOSS_WEIGHT) for v in values)


def _values(loss: Loss, pullback: Pullback) -> Iterable[MatrixExpr]:
    yield from (e.value for e in loss.equations)
    yield from (value for _, value in pullback.adjoints)
    yield from pullback.leaves.values()


def shared_target(model: Model) -> Variable | None:
    """The target of a loss that is one softmax cross-entropy of a value of the cell; it shares work with its slope."""
    loss = model.loss
    if loss is None or len(loss.equations) != 1:
        return None
    value = loss.equations[0].value
    if type(value) is not CrossEntropy or not all(isinstance(a, Timed) and a.step == TIME for a in value.args):
        return None
    o, y = (model[a.name] for a in value.args)
    plain = o.role is Role.LOCAL and y.role is Role.TARGET and len(o.shape) == len(y.shape) == 1
    return y if plain and loss.reduction == "sum" else None


class LossRows(Rows):
    """The steps that have a loss, stacked: all of them, or the last one."""

    def __init__(self, arrays: Arrays, loss: Loss) -> None:
        self.last = loss.at == "last"
        self.own = frozenset(e.target.at() for e in loss.equations)
        self.batch = "N" if self.last else "T * N"
        super().__init__(arrays)

    def one(self, symbol: Timed) -> str:
        key, layout = key_of(symbol), self.storage.layout
        if symbol == LOSS_WEIGHT:
            return self.rows_of("weight", "1")
        if isinstance(symbol, Adjoint):
            return layout.adjoint(self.storage.layout.variable(key))
        if key in self.own:
            return layout.array(self.storage.layout.variable(key))
        if not self.last:
            return self.arrays.rows(key, lag_of(symbol))
        name = self.arrays.over_time(key, lag_of(symbol))
        return self.arrays.view(self.arrays.rows_name(key, lag_of(symbol)), f"{name}[-1]")

    def rows_of(self, name: str, shape: str) -> str:
        """The rows of an array that is no variable."""
        rows = self.storage.layout.names.of(f"rows {name}", f"{name}_rows")
        return self.arrays.view(rows, f"{name}[-1]" if self.last else f"{name}.reshape(T * N, {shape})")


class LossWriter:
    """Writes the loss, its cotangents for the cell's values, and its direct gradients."""

    def __init__(self, model: Model, arrays: Arrays, wanted: frozenset[str]) -> None:
        assert model.loss is not None
        self.model, self.arrays, self.wanted, self.loss = model, arrays, wanted, model.loss
        self.place = LossRows(arrays, self.loss)
        self.pullback = loss_pullback(model)
        self.lines: list[Line] = []

    @property
    def layout(self) -> Layout:
        """The names."""
        return self.arrays.storage.layout

    def write(self, reads: tuple[Variable, ...], direct: tuple[Variable, ...], zeros: dict[str, str]) -> list[Line]:
        """All lines; `zeros` tells how gradients of the `direct` variables start."""
        if shared_target(self.model) is not None:
            self._shared()
        else:
            self._equations()
            self._cotangents(reads)
        self._direct(direct, zeros)
        return [Line(text) for text in self.arrays.views.values() if text] + self.lines

    def _shared(self) -> None:
        o, y = self.loss.equations[0].value.args
        variable = self.model[o.name]
        name = self.layout.array(self.model[y.name])
        rows = f"{name}[-1]" if self.place.last else f"{name}.reshape(T * N, *{name}.shape[2:])"
        notes = (Note(self.loss.equations[0].number), Note(recursion(self.model).adjoint_number(o.name)))
        slope = self.layout.names.of(f"slope {o.name}", f"slope_{variable.name}")
        arguments = f"{self.place.one(o)}, {rows}, {self.place.one(LOSS_WEIGHT)}"
        self.lines.append(Line(f"loss, {slope} = {HELPER}({arguments})", notes))
        self._stored(variable, slope)

    def _stored(self, variable: Variable, text: str) -> None:
        """Cotangents of a value without a row for step 0."""
        name, shape = self.layout.cotangent(variable), self.arrays.shape(variable.at())
        if self.place.last:
            self.lines.append(Line(f"{name} = np.zeros((T, N, {shape}), dtype)"))
            self.lines.append(Line(f"{name}[-1] = {text}"))
        else:
            self.lines.append(Line(f"{name} = {text}.reshape(T, N, {shape})"))

    def _assigned(self, variable: Variable, name: str, value: MatrixExpr, number: int) -> None:
        code = self.place.lower.whole(value)
        text = code.at(ADD)
        if not (code.batched and code.full):
            text = f"np.broadcast_to({text}, ({self.place.batch}, {self.arrays.shape(variable.at())}))"
        self.lines.append(Line(f"{name} = {text}", (Note(number),)))

    def _equations(self) -> None:
        numbers = recursion(self.model)
        for e in self.loss.equations[:-1]:
            self._assigned(e.target, self.layout.array(e.target), e.value, e.number)
        self._total(self.loss.equations[-1])
        for variable, value in self.pullback.adjoints:
            self._assigned(variable, self.layout.adjoint(variable), value, numbers.adjoint_number(variable.name))

    def _total(self, last: Equation) -> None:
        text = self.place.lower(last.value).at(POWER)
        formulas = (*dict(self.pullback.adjoints).values(), *self.pullback.leaves.values())
        if any(last.target.at() in formula.atoms(sp.MatrixSymbol) for formula in formulas):
            self._assigned(last.target, self.layout.array(last.target), last.value, last.number)
            text = self.layout.array(last.target)
        self.lines.append(Line(f"loss = ({self.place.one(LOSS_WEIGHT)} * {text}).sum()", (Note(last.number),)))

    def _cotangents(self, reads: tuple[Variable, ...]) -> None:
        numbers = recursion(self.model)
        for variable in reads:
            shape, name = self.arrays.shape(variable.at()), self.layout.cotangent(variable)
            extra = variable.role is Role.STATE
            self.lines.append(Line(f"{name} = np.zeros((T{' + 1' if extra else ''}, N, {shape}), dtype)"))
            for leaf, value in self.pullback.leaves.items():
                if leaf.name == variable.name:
                    lag = lag_of(leaf)
                    steps = {0: "[1:]", -1: "[:-1]"}[int(lag)] if extra else ""
                    row = ("[-1]" if lag == 0 else "[-2]") if self.place.last else steps
                    text = self.place.lower.whole(value).at(ADD)
                    text = text if self.place.last else f"({text}).reshape(T, N, {shape})"
                    notes = (Note(numbers.adjoint_number(variable.name)),)
                    self.lines.append(Line(f"{name}{row} += {text}", notes))

    def _direct(self, direct: tuple[Variable, ...], zeros: dict[str, str]) -> None:
        numbers = recursion(self.model)
        for v in direct:
            name, value = self.layout.gradient(v), self.pullback.leaves[v.at()]
            self.lines.append(Line(f"{name} = {zeros[v.name]}"))
            if build.is_zero(value):
                continue
            if v.role is Role.PARAMETER:
                target, text = name, reduced(self.place.lower, value, v, self.layout)
            else:
                target = f"{name}[-1]" if self.place.last else name
                text = f"({self.place.lower.whole(value).at(ADD)})"
                text += "" if self.place.last else f".reshape(T, N, {self.arrays.shape(v.at())})"
            self.lines.append(Line(f"{target} += {text}", (Note(numbers.gradient_number(v.name)),)))
