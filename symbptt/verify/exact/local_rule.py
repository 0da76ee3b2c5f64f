"""Every local rule that a model uses, at cut symbols: pulled back, pushed forward and as a matrix, against SymPy's derivative.

A node of the model gets fresh symbols for its operands, so that one identity covers all its uses.
"""

from collections.abc import Callable, Iterator
from itertools import product

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr

from symbptt.algebra import nodes
from symbptt.algebra.linear import LinearMap
from symbptt.algebra.nodes import BatchMean, CrossEntropy, is_leaf
from symbptt.derive.rules import local, rule_name
from symbptt.model.values import Model
from symbptt.verify.exact.arithmetic import Symbolic
from symbptt.verify.exact.entries import Entries, Samples
from symbptt.verify.exact.identity import Identity, proved
from symbptt.verify.report import Check

NAME = "proved: local rules"
Sizes = dict[str, int]


def check(model: Model, sizes: Sizes) -> Iterator[Check]:
    """One check for every rule, over all nodes of the model that it differentiates."""
    arithmetic = Symbolic()
    found: dict[str, list[Identity]] = {}
    for node in cut_nodes(model):
        found.setdefault(rule_name(node), []).extend(identities(node, arithmetic, sizes))
    for name, these in found.items():
        yield proved(NAME, name, these, arithmetic)


def cut_nodes(model: Model) -> tuple[MatrixExpr, ...]:
    """Every operation of the model with symbols for its operands, each form once."""
    made: dict[MatrixExpr, None] = {}
    for equation in model.all_equations:
        made.update(dict.fromkeys(_cut(node) for node in _operations(equation.value)))
    return tuple(made)


def _operations(value: MatrixExpr) -> Iterator[MatrixExpr]:
    if is_leaf(value) or not nodes.leaves(value):
        return
    yield value
    for operand in value.args:
        if isinstance(operand, MatrixExpr):
            yield from _operations(operand)


def _cut(node: MatrixExpr) -> MatrixExpr:
    """The node with a symbol for each operand that is no constant."""

    def operand(i: int, part: sp.Basic) -> sp.Basic:
        varies = isinstance(part, MatrixExpr) and nodes.leaves(part)
        return sp.MatrixSymbol(f"x{i}", *part.shape) if varies else part

    return node.func(*(operand(i, part) for i, part in enumerate(node.args)))


def identities(node: MatrixExpr, arithmetic: Symbolic, sizes: Sizes) -> Iterator[Identity]:
    """The rule of one node, with and without a symbol for the node's own value."""
    entries = Entries(arithmetic, sizes, 2 if isinstance(node, BatchMean) else 1)
    for leaf in nodes.leaves(node):
        entries.leaves[leaf] = symbols(entries, leaf, leaf.name)
    result, cotangent = sp.MatrixSymbol("value", *node.shape), sp.MatrixSymbol("c", *node.shape)
    entries.leaves[result], entries.leaves[cotangent] = entries(node), symbols(entries, cotangent, "c")
    for known in (None, result):
        rules = dict(local(node, known))
        for leaf in nodes.leaves(node):
            if isinstance(node, CrossEntropy) and leaf == node.args[1]:
                continue  # a target is a constant
            derivative = _derivative(arithmetic, entries.leaves[result], entries.leaves[leaf])
            for route, given, wanted in _routes(entries, rules.get(leaf), node, leaf, derivative):
                about = f"{node} by {leaf}, {route}"
                fits = tuple(places(given)) == tuple(places(wanted))
                yield Identity(f"{about}, number of entries", sp.Integer(fits), sp.S.One)
                for n, i, j in places(wanted) if fits else ():
                    yield Identity(f"{about}, entry {i}, {j}", given[n][i][j], wanted[n][i][j])


Derivative = dict[tuple[tuple[int, int, int], tuple[int, int, int]], sp.Expr]
"""The derivative of every entry of a value by every entry of an operand."""


def _derivative(arithmetic: Symbolic, value: Samples, by: Samples) -> Derivative:
    return {
        (p, q): arithmetic.derivative(value[p[0]][p[1]][p[2]], by[q[0]][q[1]][q[2]]) for p in places(value) for q in places(by)
    }


def _routes(
    entries: Entries, rule: LinearMap | None, node: MatrixExpr, leaf: MatrixExpr, derivative: Derivative
) -> Iterator[tuple[str, Samples, Samples]]:
    """What the rule gives and what it should: backward with a cotangent, forward with a tangent, and as a matrix.

    Without a rule the operand counts as a constant.
    """
    cotangent, tangent = sp.MatrixSymbol("c", *node.shape), sp.MatrixSymbol("d", *leaf.shape)
    entries.leaves[tangent] = symbols(entries, tangent, "d")
    c, d = entries.leaves[cotangent], entries.leaves[tangent]
    backward = _filled(d, lambda q: sp.Add(*(derivative[p, q] * c[p[0]][p[1]][p[2]] for p in places(c))))
    forward = _filled(c, lambda p: sp.Add(*(derivative[p, q] * d[q[0]][q[1]][q[2]] for q in places(d))))
    yield "backward", entries(rule.transposed().apply(cotangent) if rule else sp.ZeroMatrix(*leaf.shape)), backward
    yield "forward", entries(rule.apply(tangent) if rule else sp.ZeroMatrix(*node.shape)), forward
    jacobian = rule.matrix() if rule and node.shape[1] == leaf.shape[1] == 1 else None
    if jacobian is not None:
        yield "as a matrix", entries(sp.MatMul(jacobian, tangent)), forward


def _filled(like: Samples, entry: Callable[[tuple[int, int, int]], sp.Expr]) -> Samples:
    return [[[entry((n, i, j)) for j in range(len(row))] for i, row in enumerate(matrix)] for n, matrix in enumerate(like)]


def symbols(entries: Entries, node: MatrixExpr, name: str, shared: bool = False) -> Samples:
    """A symbol for every entry of every sample, or one for all samples."""
    rows, columns = entries.shape(node)

    def matrix(n: int) -> list[list[sp.Symbol]]:
        return [[sp.Symbol(f"{name}_{n}_{i}_{j}") for j in range(columns)] for i in range(rows)]

    return [matrix(0)] * entries.samples if shared else [matrix(n) for n in range(entries.samples)]


def places(samples: Samples) -> Iterator[tuple[int, int, int]]:
    """The index of every entry: sample, row, column."""
    return product(range(len(samples)), range(len(samples[0])), range(len(samples[0][0])))
