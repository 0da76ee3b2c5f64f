"""The texts of the forward, loss and backward computations of one step, lowered from the derived templates."""

from __future__ import annotations

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.nodes import TIME
from symbptt.derive.pullback import Pullback
from symbptt.derive.recursion import recursion
from symbptt.emit import heads
from symbptt.emit.code import Code
from symbptt.emit.layout import Layout, array_rank, shape_text
from symbptt.emit.lines import Line, Note
from symbptt.emit.lowering import Lowering, is_row, product, times_number
from symbptt.emit.scalars import ADD, ATOM, POWER
from symbptt.model.values import Equation, Model, Role, Variable


def forward_step(model: Model, layout: Layout, lower: Lowering) -> list[Line]:
    """The cell's equations."""
    return [Line(f"{layout.value(e.target)} = {computed(e, layout, lower)}", (Note(e.number),)) for e in model.equations]


def computed(equation: Equation, layout: Layout, lower: Lowering) -> str:
    """A right side; where the result is no row of an array, it gets its full shape, one value per sample."""
    code = lower(equation.value)
    if layout.stores(equation.target) or (code.full and code.batched):
        return code.at(ADD)
    return f"np.broadcast_to({code.at(ADD)}, (N, {shape_text(equation.target, lower.size)}))"


def backward_step(
    model: Model, layout: Layout, lower: Lowering, pullback: Pullback, seeded: frozenset[str], last: bool = False
) -> list[Line]:
    """The adjoints of one step; `seeded` names have cotangents from outside; at an unrolled last step nothing is carried."""
    numbers = recursion(model)
    carried = {leaf.name for leaf in pullback.leaves if model[leaf.name].role is Role.STATE}
    lines = []
    for variable, value in pullback.adjoints:
        terms = []
        if variable.name in seeded:
            terms.append(f"{layout.cotangent(variable)}[{layout.row(variable)}]")
        code = None if build.is_zero(value) else lower.whole(value)
        if code is not None:
            terms.append(code.at(ADD))
        if variable.name in carried and not last:
            terms.append(layout.carry(variable))
        text = " + ".join(terms) or f"np.zeros_like({layout.value(variable)})"
        lines.append(
            Line(f"{layout.adjoint(variable)} = {text}".replace("+ -", "- "), (Note(numbers.adjoint_number(variable.name)),))
        )
    return lines


def accumulate(
    model: Model, layout: Layout, lower: Lowering, leaves: dict[sp.MatrixSymbol, MatrixExpr], wanted: frozenset[str]
) -> list[Line]:
    """What one step adds to the gradients of parameters and inputs, in file order."""
    numbers = recursion(model)
    lines = []
    for variable in model.of(Role.PARAMETER, Role.INPUT):
        value = leaves.get(variable.at())
        if variable.name not in wanted or value is None or build.is_zero(value):
            continue
        row = f"[{layout.row(variable)}]" if variable.timed else ""
        text = reduced(lower, value, variable, layout) if variable.role is Role.PARAMETER else lower(value).at(ADD)
        lines.append(Line(f"{layout.gradient(variable)}{row} += {text}", (Note(numbers.gradient_number(variable.name)),)))
    return lines


def carries(model: Model, layout: Layout, lower: Lowering, leaves: dict[sp.MatrixSymbol, MatrixExpr]) -> list[Line]:
    """What one step passes back to the states of the step before."""
    numbers = recursion(model)
    found = [(s, leaves[s.at(TIME - 1)]) for s in model.states if s.at(TIME - 1) in leaves]
    return [
        Line(f"{layout.carry(s)} = {lower.whole(v).at(ADD)}", (Note(numbers.adjoint_number(s.name), after=", t -> t-1"),))
        for s, v in found
    ]


def reduced(lower: Lowering, value: MatrixExpr, variable: Variable, layout: Layout) -> str:
    """A contribution to a parameter, summed over the batch, in the parameter's shape."""
    terms = value.args if isinstance(value, sp.MatAdd) else (value,)
    texts = [_reduced_term(lower, term, variable, layout) for term in terms]
    return " + ".join(texts).replace("+ -", "- ")


def _reduced_term(lower: Lowering, term: MatrixExpr, variable: Variable, layout: Layout) -> str:
    term = heads.plain(term)
    number, factors = build.split_number(term)
    if len(factors) == 1 and (found := heads.summed_over_samples(lower, factors[0])) is not None:
        return times_number(lower, number, found).at(ADD)
    rank = array_rank(variable)
    if rank == 2 and number in (1, -1) and len(factors) > 1 and is_row(factors[-1]) and not is_row(factors[0]):
        left, right = product(lower, factors[:-1]), lower.whole(factors[-1])
        if left.batched and right.batched and left.rank == right.rank == 1:
            sign = "-" if (number == -1) != (left.negative != right.negative) else ""
            return f"{sign}{_positive(left).at(ATOM)}.T @ {_positive(right).at(POWER)}"
    code = lower.whole(term)
    text = f"{code.at(ATOM)}.sum(axis=0)" if code.batched else f"{lower.batch} * {code.at(POWER)}"
    if code.rank != rank:
        text = f"({text}).reshape({shape_text(variable, lower.size)})"
    return text


def _positive(code: Code) -> Code:
    return Code(code.text, code.strength, code.batched, code.rank, code.full)


def loss_equations(model: Model) -> tuple[Equation, ...]:
    """The equations of the loss, or none."""
    return model.loss.equations if model.loss else ()
