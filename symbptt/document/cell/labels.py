"""What stands in and at the nodes of a step's picture: the operation, and what it multiplies with on the way back."""

from collections import Counter

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import linear, nodes
from symbptt.algebra.functions import FUNCTIONS
from symbptt.document.cell.operations import Operation, flows
from symbptt.document.cell.walk import Pass, factor, right_factor
from symbptt.model.values import Model
from symbptt.narrative.presentation import Presentation
from symbptt.typeset.dispatch import Setting
from symbptt.typeset.functions import function
from symbptt.typeset.tree import Fenced, Fraction, Number, Operator, Row, Script, Tree

_NAMES: dict[type, str] = {
    nodes.SumAll: "sum", nodes.CrossEntropy: "CE", nodes.BatchMean: "mean",
}
"""Names of operations that are not those of their types."""
_FORMULAS: dict[type, Tree] = {
    sp.Transpose: Operator("⊤", prefix=True),
    nodes.HalfSquaredNorm: Row((
        Fraction(Number("1"), Number("2")), Operator("\u2009"),
        Script(Fenced(Operator("·", prefix=True), "‖"), None, Number("2")),
    )),
}
_SIGNS: dict[type, str] = {sp.MatAdd: "+", sp.HadamardProduct: "⊙", sp.MatMul: "·"}


def label(model: Model, presentation: Presentation, node: Operation) -> Tree:
    """What an operation does, with the parameters inside it; a given value is its symbol."""
    if node.given:
        return presentation.tree(node.value, model)
    if type(node.value) in _FORMULAS:
        return _FORMULAS[type(node.value)]
    sign = _SIGNS.get(type(node.value))
    if sign is None:
        kind = type(node.value)
        name = node.value.name if isinstance(node.value, nodes.Elementwise) else _NAMES.get(kind, kind.__name__.lower())
        return function(name, (), Setting(presentation.notation))
    inside = [a for a in node.value.args if not (isinstance(a, MatrixExpr) and flows(model, a))]
    slot = Operator(sign, prefix=True)
    if not inside:
        repeated = sign == "⊙" and len(node.reads) < len(node.value.args)
        return _repeated(node.value) if repeated else Operator(sign if sign != "·" else "×")
    if sign == "+":
        return _added([presentation.tree(a, model) for a in inside])
    written = {a: Fenced(presentation.tree(a, model)) if isinstance(a, sp.MatAdd) else presentation.tree(a, model)
        for a in inside}
    # Of a product of matrices what arrives stands at its place, of one entry by entry behind the rest.
    placed = [written.get(a, slot) for a in node.value.args] if sign == "·" else [*written.values(), slot]
    items = [part for tree in placed for part in (Operator("\u2009"), tree)][1:]
    return Row(tuple(items[::-1] if presentation.notation.layout == "row" else items))


def _repeated(value: MatrixExpr) -> Tree:
    """The square of what arrives, or a product in which one of several occurs more than once."""
    counts = Counter(value.args)
    above = {count: Row((Operator("⊙", prefix=True), Number(str(count)))) for count in counts.values()}
    slot = Fenced(Operator("·", prefix=True))
    factors = [Script(slot, None, above[count]) if count > 1 else slot for count in counts.values()]
    return Row(tuple(part for factor in factors for part in (Operator("⊙"), factor))[1:])


def _on_the_right(model: Model, presentation: Presentation, item: Pass) -> Tree | None:
    """A number, and a matrix that stands behind what arrives: 2 · q^T; in the row layout in front of it."""
    number, matrix = right_factor(item) or (sp.S.One, None)
    parts = [] if number == 1 else [presentation.tree(number, model)]
    if matrix is not None:
        parts += presentation.ordered([Operator("·", prefix=True), presentation.tree(matrix, model)])
    return Row(tuple(parts)) if parts else None


def _added(written: list[Tree]) -> Tree:
    """+ b, or − y where the summand has a minus of its own."""
    made: list[Tree] = []
    for tree in written:
        negative = isinstance(tree, Row) and tree.items[0] == Operator("−", prefix=True)
        made += [tree] if negative else [Operator("+", prefix=True), tree]
    return Row(tuple(made))


def rule(model: Model, presentation: Presentation, item: Pass) -> Tree | None:
    """The factor of what flows back to an operand; None where it is passed on as it is."""
    found = factor(item)
    if found is None:
        return _on_the_right(model, presentation, item)
    tree = presentation.tree(found, model)
    if not isinstance(item.rule, linear.Hadamard):
        return tree
    slope = isinstance(found, nodes.SlopeByResult) and isinstance(FUNCTIONS[found.name].by_result, sp.Add)
    shown = Fenced(tree) if slope or isinstance(found, sp.MatAdd) else tree
    return Row((Operator("⊙", prefix=True), Operator("\u2009"), shown))
