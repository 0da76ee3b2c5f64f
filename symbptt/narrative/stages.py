"""Derivatives inside a step that are too long for a line: through the values of the step, one after the other."""

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt import typeset
from symbptt.algebra import linear, tidy
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import TIME, Partial
from symbptt.derive.rules import paths
from symbptt.model.values import Model, Role, Variable
from symbptt.narrative import symbols

WIDE, MANY = 125, 8
"""Characters of text of one summand, and the number of summands, up to which a derivative is written out."""
Way = tuple[sp.MatrixSymbol, LinearMap]
Stages = dict[sp.MatrixSymbol, tuple[Partial, MatrixExpr]]


def readable(value: MatrixExpr, model: Model) -> bool:
    """Whether a derivative that is written out can be read: few summands, each of which fits on a line."""
    parts = value.args if isinstance(value, sp.MatAdd) else (value,)
    return len(parts) <= MANY and all(len(typeset.text(part, model)) <= WIDE for part in parts)


def stages(model: Model, source: Variable) -> Stages:
    """The derivative of each value of a step by a state of the step before, in terms of those of the values that it reads.

    By the value, in the order of the equations: (d+a_t/ds_{t-1}, sum of da_t/db_t d+b_t/ds_{t-1}). Values without a name of
    their own are put in. Empty where a factor is no matrix.
    """
    before, found = source.at(TIME - 1), Stages()
    inlined: dict[sp.MatrixSymbol, list[Way]] = {}
    for equation in model.equations:
        target, ways = equation.target.at(), list[Way]()
        for leaf, inner in paths(equation.value, target):
            if leaf == before or leaf in found:
                ways.append((leaf, inner))
            ways += [(other, linear.compose(inner, way)) for other, way in inlined.get(leaf, ())]
        if equation.target.definition is not None:
            inlined[target] = ways
        elif ways:
            made = list[MatrixExpr]()
            for leaf in dict.fromkeys(leaf for leaf, _ in ways):
                part = _part(ways, leaf, target, None if leaf == before else found[leaf][0])
                if part is None:
                    return {}
                made.append(part)
            found[target] = Partial(target, before, "immediate"), symbols.abbreviated(tidy.add(*made), model)
    return found


def _part(ways: list[Way], leaf: sp.MatrixSymbol, target: sp.MatrixSymbol, then: Partial | None) -> MatrixExpr | None:
    """The derivative along all ways by one leaf, times that of the leaf; None where it is no matrix."""
    whole = linear.jacobian(linear.total([inner for other, inner in ways if other == leaf]), leaf.shape, target.shape)
    if whole is None or then is None:
        return whole
    return tidy.add(*(tidy.mul(factor, then) for factor in (whole.args if isinstance(whole, sp.MatAdd) else (whole,))))


def leading_to(model: Model, found: Stages, row: sp.MatrixSymbol) -> Stages:
    """The stages of intermediate values that the derivative of a state is made of, directly or through others."""
    kept, wanted = Stages(), found[row][1].atoms(Partial)
    for target, (head, value) in reversed(found.items()):
        if head in wanted and model[target.name].role is Role.LOCAL:
            kept[target] = head, value
            wanted |= value.atoms(Partial)
    return dict(reversed(kept.items()))
