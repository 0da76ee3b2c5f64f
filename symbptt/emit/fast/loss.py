"""The loss for all steps at once."""

from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, CrossEntropy, Timed
from symbptt.algebra.related import Adjoint, Cotangent
from symbptt.derive.numeric import LOSS_WEIGHT
from symbptt.derive.recursion import recursion
from symbptt.emit.fast.operands import Arrays, Rows, lag_of
from symbptt.emit.layout import Layout
from symbptt.emit.lines import Line, Note
from symbptt.emit.plan import equations
from symbptt.emit.plan.statements import Gradient, Lagged, Statement, key_of
from symbptt.emit.reduced import reduced
from symbptt.emit.tree import ADD, POWER
from symbptt.model.values import Loss, Model, Role, Variable

HELPER = "_softmax_cross_entropy"


def is_for_all_steps(model: Model) -> bool:
    """Whether a loss is one formula for all steps: no averages over samples, no parameters of a step."""
    return model.loss is None or not equations.loss(model).each


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

    def __init__(self, model: Model, arrays: Arrays) -> None:
        assert model.loss is not None
        self.model, self.arrays, self.loss = model, arrays, model.loss
        self.place = LossRows(arrays, self.loss)
        self.statements = equations.loss(model).statements
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

    def _assigned(self, statement: Statement) -> None:
        code = self.place.lower.whole(statement.values[0])
        text = code.at(ADD)
        if not (code.batched and code.full):
            text = f"np.broadcast_to({text}, ({self.place.batch}, {self.arrays.shape(statement.key)}))"
        self.lines.append(Line(f"{self.layout.name(statement.key)} = {text}", statement.numbers))

    def _equations(self) -> None:
        """The values and their adjoints; the loss itself has a name where another statement reads it."""
        target = self.loss.target.at()
        named = any(read == target for s in self.statements for read, _ in s.reads)
        for s in self.statements:
            if not isinstance(s.key, (Cotangent, Lagged, Gradient)) and (s.key != target or named):
                self._assigned(s)
            if s.key == target:
                text = self.layout.name(s.key) if named else self.place.lower(s.values[0]).at(POWER)
                self.lines.append(Line(f"loss = ({self.place.one(LOSS_WEIGHT)} * {text}).sum()", s.numbers))

    def _cotangents(self, reads: tuple[Variable, ...]) -> None:
        for variable in reads:
            shape, name = self.arrays.shape(variable.at()), self.layout.cotangent(variable)
            extra = variable.role is Role.STATE
            self.lines.append(Line(f"{name} = np.zeros((T{' + 1' if extra else ''}, N, {shape}), dtype)"))
            for s in (s for s in self.statements if s.key in (Cotangent(variable.at()), Lagged(variable.at()))):
                now = isinstance(s.key, Cotangent)
                steps = ("[1:]" if now else "[:-1]") if extra else ""
                row = ("[-1]" if now else "[-2]") if self.place.last else steps
                text = self.place.lower.whole(s.values[0]).at(ADD)
                text = text if self.place.last else f"({text}).reshape(T, N, {shape})"
                self.lines.append(Line(f"{name}{row} += {text}", s.numbers))

    def _direct(self, direct: tuple[Variable, ...], zeros: dict[str, str]) -> None:
        made = {s.key: s for s in self.statements}
        for v in direct:
            name, s = self.layout.gradient(v), made[Gradient(v.at())]
            self.lines.append(Line(f"{name} = {zeros[v.name]}"))
            if tidy.is_zero(s.values[0]):
                continue
            if v.role is Role.PARAMETER:
                target, text = name, reduced(self.place.lower, s.values[0], v, self.layout)
            else:
                target = f"{name}[-1]" if self.place.last else name
                text = f"({self.place.lower.whole(s.values[0]).at(ADD)})"
                text += "" if self.place.last else f".reshape(T, N, {self.arrays.shape(v.at())})"
            self.lines.append(Line(f"{target} += {text}", s.numbers))
