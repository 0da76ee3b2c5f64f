"""SymPy expressions in the language of formulas: one rule per node type."""

from collections.abc import Callable
from functools import singledispatch
from typing import Protocol

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import functions, nodes, tidy
from symbptt.diagnose.formula.tree import Node, binary, call, folded, number, transposed
from symbptt.errors import MissingRule

_FILE = "symbptt/diagnose/formula/spelling.py"


class Symbols(Protocol):
    """Who knows how a value or an adjoint is called."""

    def symbol(self, node: sp.MatrixSymbol) -> Node:
        """The part that a symbol stands for."""


def signed(node: Node) -> list[tuple[str, Node]]:
    """A summand with its sign in front; the summands of a sum."""
    if node.op in ("+", "-"):
        left, right = (signed(part) for part in node.parts)
        return [*left, *(right if node.op == "+" else [("+" if s == "-" else "-", n) for s, n in right])]
    return [("-", node.parts[0])] if node.op == "neg" else [("+", node)]


def _scaled(value: sp.Expr, node: Node) -> Node:
    """number * node."""
    if value == -1:
        return Node("neg", "", (node,))
    if value == 1:
        return node
    if value.is_number and value < 0:
        return Node("neg", "", (_scaled(-value, node),))
    return binary("*", scalar(value, {}), node)


def scalar(value: sp.Expr, names: dict[sp.Symbol, Node]) -> Node:
    """A scalar expression: a coefficient, a size, or a slope with its argument put in."""
    if isinstance(value, sp.Symbol):
        return names.get(value, Node("name", value.name))
    if isinstance(value, sp.Rational) and value >= 0:
        return number(str(value.p)) if value.q == 1 else binary("/", number(str(value.p)), number(str(value.q)))
    if isinstance(value, sp.Rational):
        return Node("neg", "", (scalar(-value, names),))
    if isinstance(value, sp.Float):
        return number(repr(float(value))) if value >= 0 else Node("neg", "", (number(repr(-float(value))),))
    if isinstance(value, sp.Add):
        constants_first = sorted(value.args, key=lambda a: not a.is_number)
        return folded([part for a in constants_first for part in signed(scalar(a, names))])
    if isinstance(value, sp.Mul):
        top, bottom = value.as_numer_denom()
        if bottom != 1:
            return binary("/", scalar(top, names), scalar(bottom, names))
        if value.args[0] == -1:
            return Node("neg", "", (scalar(sp.Mul(*value.args[1:]), names),))
        return folded([("*", scalar(a, names)) for a in value.args])
    if isinstance(value, sp.Pow) and isinstance(value.exp, sp.Rational) and value.exp > 0:
        return binary("**", scalar(value.base, names), scalar(value.exp, names))
    if isinstance(value, sp.Pow) and value.exp == -1:
        return binary("/", number("1"), scalar(value.base, names))
    raise MissingRule("way of writing", value, _FILE)


def _sizes(*sizes: sp.Expr) -> tuple[Node, ...]:
    kept = sizes[:1] if sizes[1:] == (sp.S.One,) else sizes
    return tuple(scalar(size, {}) for size in kept)


def _function(name: str, numbers: tuple[sp.Expr, ...], operand: Node, *, slope: bool) -> Node:
    row = functions.FUNCTIONS[name]
    given = tuple(
        Node("keyword", key, (number(repr(float(value))),))
        for (key, default), value in zip(row.arguments, numbers, strict=True) if value != default
    )
    return call("slope", Node("name", name), operand, *given) if slope else call(name, operand, *given)


@singledispatch
def spelt(node: MatrixExpr, symbols: Symbols) -> Node:
    """An expression in the language; raises MissingRule where it has no way of saying it."""
    rule = _RULES.get(type(node))
    if rule is None:
        raise MissingRule("way of writing", node, _FILE)
    return rule(node, symbols)


@spelt.register
def _symbol(node: sp.MatrixSymbol, symbols: Symbols) -> Node:
    return symbols.symbol(node)


@spelt.register
def _matmul(node: sp.MatMul, symbols: Symbols) -> Node:
    numbers = [a for a in node.args if not getattr(a, "is_Matrix", False)]
    factors = [spelt(a, symbols) for a in node.args if getattr(a, "is_Matrix", False)]
    return _scaled(sp.Mul(*numbers), folded([("@", factor) for factor in factors]))


@spelt.register
def _matadd(node: sp.MatAdd, symbols: Symbols) -> Node:
    # Beside a matrix, a number stands for a matrix full of it.
    parts = [number("1") if isinstance(a, OneMatrix) else spelt(a, symbols) for a in node.args]
    return folded([part for a in parts for part in signed(a)])


@spelt.register
def _hadamard(node: sp.HadamardProduct, symbols: Symbols) -> Node:
    return folded([("*", spelt(a, symbols)) for a in node.args])


@spelt.register
def _elementwise(node: nodes.Elementwise, symbols: Symbols) -> Node:
    return _function(node.name, node.numbers, spelt(node.operand, symbols), slope=False)


@spelt.register
def _slope(node: nodes.Slope, symbols: Symbols) -> Node:
    return _function(node.name, node.numbers, spelt(node.operand, symbols), slope=True)


@spelt.register
def _slope_by_result(node: nodes.SlopeByResult, symbols: Symbols) -> Node:
    row = functions.FUNCTIONS[node.name]
    assert row.by_result is not None
    given = row.by_result.subs(dict(zip(row.symbols(), node.numbers, strict=True)))
    return scalar(given, {functions.Y: spelt(node.operand, symbols)})


@spelt.register
def _cross_entropy_slope(node: nodes.CrossEntropySlope, symbols: Symbols) -> Node:
    o, y = (spelt(a, symbols) for a in node.args)
    return binary("-", call("softmax", o), y)


@spelt.register
def _choice(node: nodes.Choice, symbols: Symbols) -> Node:
    """u where a > b, else v, with the step function in the place of a comparison."""
    a, b, u, v = (spelt(part, symbols) for part in node.args)
    above = call("step", binary("-", a, b))
    return binary("+", binary("*", above, u), binary("*", binary("-", number("1"), above), v))


@spelt.register
def _half_squared_norm(node: nodes.HalfSquaredNorm, symbols: Symbols) -> Node:
    x = spelt(node.args[0], symbols)
    return binary("/", call("sum", binary("*", x, x)), number("2"))


@spelt.register
def _spread(node: nodes.Broadcast, symbols: Symbols) -> Node:
    return binary("*", spelt(node.args[0], symbols), call("ones", *_sizes(*node.shape)))


@spelt.register
def _slice(node: nodes.Slice, symbols: Symbols) -> Node:
    return call("rows", spelt(node.args[0], symbols), *(scalar(a, {}) for a in node.args[1:]))


def _of_operands(name: str) -> Callable[[MatrixExpr, Symbols], Node]:
    return lambda node, symbols: call(name, *(spelt(a, symbols) for a in node.args))


def _of_size(name: str) -> Callable[[MatrixExpr, Symbols], Node]:
    return lambda node, symbols: call(name, *_sizes(*node.shape))


_RULES: dict[type, Callable[[MatrixExpr, Symbols], Node]] = {
    sp.Transpose: lambda node, symbols: transposed(spelt(node.arg, symbols)),
    sp.Identity: lambda node, symbols: call("eye", scalar(node.shape[0], {})),
    OneMatrix: _of_size("ones"),
    sp.ZeroMatrix: _of_size("zeros"),
    nodes.LowerOnes: lambda node, symbols: call("tril", call("ones", *_sizes(*node.shape)), number(str(node.args[1]))),
    nodes.Shift: lambda node, symbols: spelt(tidy.masks_of(node), symbols),
    nodes.InverseUnitLower: _of_operands("inverse_unit_lower"),
    nodes.Softmax: _of_operands("softmax"),
    nodes.Diag: _of_operands("diag"),
    nodes.LogSumExp: _of_operands("logsumexp"),
    nodes.SumAll: _of_operands("sum"),
    nodes.Concat: _of_operands("concat"),
}
