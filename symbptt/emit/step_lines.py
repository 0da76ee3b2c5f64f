"""The texts of the forward, loss and backward computations of one step, lowered from the derived templates."""

from __future__ import annotations

from dataclasses import replace

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import build
from symbptt.algebra.head_nodes import OfHeads
from symbptt.algebra.nodes import TIME
from symbptt.derive.pullback import Pullback
from symbptt.derive.recursion import recursion
from symbptt.emit import heads
from symbptt.emit.code import Code
from symbptt.emit.contraction import contracted
from symbptt.emit.layout import Layout, array_rank, shape_text
from symbptt.emit.lines import Line, Note
from symbptt.emit.lowering import Lowering, is_row, product, times_number
from symbptt.emit.tree import ADD, Items, Tree, Word, added
from symbptt.model.values import Equation, Model, Role, Variable


def forward_step(model: Model, layout: Layout, lower: Lowering) -> list[Line]:
    """The equations of the cell as lines that compute step t, each with its number."""
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
        terms: list[Tree] = []
        if variable.name in seeded:
            terms.append(Word(f"{layout.cotangent(variable)}[{layout.row(variable)}]"))
        if not build.is_zero(value):
            terms.append(lower.whole(value).tree)
        if variable.name in carried and not last:
            terms.append(Word(layout.carry(variable)))
        text = added(*terms).at(ADD) if terms else f"np.zeros_like({layout.value(variable)})"
        lines.append(Line(f"{layout.adjoint(variable)} = {text}", (Note(numbers.adjoint_number(variable.name)),)))
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
    return added(*(_reduced_term(lower, term, variable, layout) for term in terms)).at(ADD)


def _reduced_term(lower: Lowering, term: MatrixExpr, variable: Variable, layout: Layout) -> Tree:
    term = heads.plain(term)
    number, factors = build.split_number(term)
    if len(factors) == 1 and (found := heads.summed_over_samples(lower, factors[0])) is not None:
        return times_number(lower, number, found).tree
    rank = array_rank(variable)
    cut = next((i for i, f in enumerate(factors, 1) if f.shape[1] == 1 and not is_row(factors[0])), len(factors))
    if rank == 2 and cut < len(factors):
        left, right = product(lower, factors[:cut]), lower.whole(build.mul(*factors[cut:]))
        if left.batched and right.batched and left.rank == right.rank == 1:
            both = Code(left.body.then(".T") @ right.body, False, 2, negative=left.negative != right.negative)
            return times_number(lower, number, both).tree
    if rank == 2 and lower.contracts and len(factors) == 1 and isinstance(factors[0], sp.HadamardProduct):
        parts = [lower(a) for a in factors[0].args]
        if all(p.rank == 2 for p in parts) and not factors[0].has(OfHeads):
            leads = ("n" * any(p.batched for p in parts[:-1]), "n" * parts[-1].batched, "")
            found = Code(contracted(heads.multiplied(parts[:-1]), parts[-1].body, "ij", leads), False, 2)
            return times_number(lower, number, replace(found, negative=sum(p.negative for p in parts) % 2 == 1)).tree
    code = lower.whole(term)
    total = code.tree.then(".sum(axis=0)") if code.batched else Word(lower.batch) * code.tree
    return total if code.rank == rank else Items((total,)).then(f".reshape({shape_text(variable, lower.size)})")


def loss_equations(model: Model) -> tuple[Equation, ...]:
    """The equations of the loss, or none."""
    return model.loss.equations if model.loss else ()
