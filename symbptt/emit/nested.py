"""Real-time recurrent learning: the nested form as code, forward in time (Williams and Zipser 1989), and a jvp.

ds_t/d theta = d+s_t/d theta + J_t ds_{t-1}/d theta is carried for one direction per entry of theta; the gradient collects
g_t^T ds_t/d theta on the way. The tangents of a step are derived, and lowered like every other formula: arrays get one axis
more in front, for the directions.
"""

from dataclasses import replace
from typing import Any

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra.nodes import TIME, BatchMean, Concat
from symbptt.algebra.related import Tangent
from symbptt.derive.step import step_jvp
from symbptt.emit.code import Code, place
from symbptt.emit.layout import array_rank, handed_out, taken_in
from symbptt.emit.lines import Body, Line, Note, reads
from symbptt.emit.lowering import Lowering
from symbptt.emit.plain import Parts, PlainWriter, Variant
from symbptt.emit.tree import ADD, ATOM, Items, call
from symbptt.model.values import Role, Variable


class TangentLowering(Lowering):
    """Lowers formulas that mix values (N, ...) with tangents (P, N, ...) along P directions."""

    def __init__(self, writer: PlainWriter) -> None:
        super().__init__(self._code, writer.layout.dimension, batch="_P, N")
        self.writer = writer

    def name(self, variable: Variable, back: int = 0) -> str:
        """The name of a tangent at the present step, or one step before."""
        names = self.writer.layout.names
        wish = f"t_{variable.name}"
        return names.of(f"tangent {variable.name} {back}", f"{wish}_before" if back else wish)

    def _code(self, symbol: sp.MatrixSymbol) -> Code:
        if not isinstance(symbol, Tangent):
            return self.writer.layout.leaf(symbol)
        variable = self.writer.model[symbol.primal.name]
        name = self.name(variable, 0 if symbol.step == TIME else 1)
        given = variable.role in (Role.PARAMETER, Role.INPUT)
        return place(f"{name}[:, t]" if given and variable.timed else name, True, array_rank(variable))

    def __call__(self, expression: MatrixExpr) -> Code:
        if isinstance(expression, BatchMean):
            inner = self.whole(expression.operand)
            return replace(inner.then(f".mean(axis={-1 - (inner.rank or 0)}, keepdims=True)", inner.rank), batched=True)
        if isinstance(expression, Concat):
            parts = [call("broadcast_to", self.whole(a).tree, f"(_P, N, {self.size(a.shape[0])})") for a in expression.args]
            return Code(call("concatenate", Items(tuple(parts)), "axis=-1"), True, 1)
        return super().__call__(expression)


def _extend(writer: PlainWriter, values: dict[str, Any], parts: Parts) -> None:
    """The tangents of all steps as a generator, and for every gradient a run along its unit directions."""
    model, lower = writer.model, TangentLowering(writer)
    given = [v for v in model.of(Role.PARAMETER, Role.INPUT) if not v.classes]
    starts, step = _learned_starts(lower), _step(lower)
    read = reads((*starts, *step))
    before = [Line(_opening(lower, v)) for v in (*given, *model.states) if v in model.states or lower.name(v) in read]
    parts["tangents"] = (Body((*before, *starts, _yields(lower, model.states)), tuple(step), ()), "range(T)")
    # Everything that the residuals hold may be read; what is not needed goes when the text is known.
    values["tangents_open"] = values["residuals_open"]
    parts["backward"] = (Body(tuple(_gradient(writer, v) for v in writer.wanted), (), ()), "")
    values["direction_lines"] = [_direction(v) for v in (*given, *model.states)]
    values["tangent_output_lines"] = [
        f'"{v.name}": np.stack([_full(step["{v.name}"], N)[0] for step in steps[1:]]){handed_out(v)},' for v in model.outputs
    ]


NESTED = Variant("numpy/nested.py.jinja", "--mode forward", "_forward", _extend)
"""The nested form in place of the backward recursion."""


def _opening(lower: TangentLowering, variable: Variable) -> str:
    """The directions of a variable; a parameter, which the samples share, gets an axis for them."""
    array = lower.writer.layout.array(variable)
    shape = f"{array}.shape[1:]" if variable.role is Role.STATE else f"{array}.shape"
    axis = "" if variable.role is not Role.PARAMETER else "[:, :, None]" if variable.timed else "[:, None]"
    return f'{lower.name(variable)} = _tangent(directions, "{variable.name}", {shape}, dtype){axis}'


def _learned_starts(lower: TangentLowering) -> list[Line]:
    """A state that is not given moves with the parameter it starts from."""
    lines = []
    for s in lower.writer.model.states:
        if s.initial is not None:
            moved = Line(f"{lower.name(s)} = {lower.name(s)} + {lower.name(lower.writer.model[s.initial])}")
            lines.append(Line(f'if "{s.name}" in residuals["_started"]:', body=(moved,)))
    return lines


def _step(lower: TangentLowering) -> list[Line]:
    """The tangents of one step, each named after the equation that it is the tangent of."""
    model = lower.writer.model
    numbers = {e.target.name: e.number for e in model.equations}
    lines = [Line(f"{lower.name(s, 1)} = {lower.name(s)}") for s in model.states]
    for target, value in step_jvp(model, False).assignments:
        variable = model[target.primal.name]
        code = lower.whole(value)
        text = code.at(ADD) if code.batched else f"{code.at(ATOM)}[None, None]"  # zeros, along no direction and of no sample
        lines.append(Line(f"{lower.name(variable)} = {text}", (Note(numbers[variable.name], "tangent of "),)))
    return [*lines, _yields(lower, lower.writer.cell_values())]


def _yields(lower: TangentLowering, variables: tuple[Variable, ...]) -> Line:
    return Line("yield {" + ", ".join(f'"{v.name}": {lower.name(v)}' for v in variables) + "}")


def _gradient(writer: PlainWriter, variable: Variable) -> Line:
    array = writer.layout.array(variable) + ("[0]" if variable.role is Role.STATE else "")
    called = f'_along(parameters, residuals, cotangents, "{variable.name}", {array})'
    return Line(f"{writer.layout.gradient(variable)} = {called}")


def _direction(variable: Variable) -> str:
    given = f'np.asarray(tangents["{variable.name}"]){taken_in(variable)}[None]'
    return f'**({{"{variable.name}": {given}}} if "{variable.name}" in tangents else {{}}),'
