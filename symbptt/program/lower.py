"""From matrix formulas to indexed ones: a node becomes a function of (row, column). One rule for each node type."""

from collections.abc import Callable
from dataclasses import replace
from functools import singledispatch
from itertools import count
from typing import TypeAlias

import sympy as sp
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import nodes, tidy
from symbptt.algebra.functions import Z, formula
from symbptt.errors import MissingRule
from symbptt.program.ir import (
    SAMPLES,
    STEPS,
    AtMost,
    Delta,
    Expr,
    Index,
    InverseUnitLower,
    Map,
    Num,
    Reduce,
    Select,
    Subscript,
    Within,
    fixed,
)
from symbptt.program.walk import mapped, plus, substituted, times

At: TypeAlias = Callable[[Subscript, Subscript], Expr]
Leaf: TypeAlias = Callable[[sp.MatrixSymbol, Subscript, Subscript, Subscript], Expr]
"""The entry (row, column) of a symbol, of the sample that the third subscript says."""

STEP, SAMPLE = Index("t", STEPS), Index("n", SAMPLES)
"""The step and the sample of every formula."""
_NUMBER = count()
HALF, MINUS = Num(sp.Rational(1, 2)), Num(sp.S.NegativeOne)


class Lowering:
    """Entries of formulas, for one way of reading symbols."""

    def __init__(self, leaf: Leaf, sample: Subscript | None = None) -> None:
        self.leaf = leaf
        self.sample = sample or Subscript(SAMPLE)

    def __call__(self, node: MatrixExpr) -> At:
        """The entries of a formula; raises MissingRule for a node type without a rule."""
        return lower(node, self)


def over(operation: str, size: sp.Expr, body: Callable[[Subscript], Expr]) -> Expr:
    """A reduction over so many entries. Equal ones are equal as values: the index is called after its depth."""
    if size == 1:
        return body(fixed(0))
    scratch = Index(f" {next(_NUMBER)}", size)
    inner = body(Subscript(scratch))
    named = Index(f"k{_depth(inner)}", size)
    return Reduce(operation, named, substituted(inner, {scratch: Subscript(named)}))


def _depth(expression: Expr) -> int:
    """How many reductions are inside one another."""
    deepest = 0

    def look(node: Expr) -> Expr:
        nonlocal deepest
        if isinstance(node, Reduce):
            deepest = max(deepest, int(node.over.name[1:]) + 1)
        return node

    mapped(expression, look)
    return deepest


def total(size: sp.Expr, body: Callable[[Subscript], Expr]) -> Expr:
    """A sum over so many entries."""
    return over("sum", size, body)


@singledispatch
def lower(node: MatrixExpr, rule: Lowering) -> At:
    """The entries of a node."""
    raise MissingRule("indexed form", node, "symbptt/program/lower.py")


@lower.register
def _leaf(node: sp.MatrixSymbol, rule: Lowering) -> At:
    return lambda i, j: rule.leaf(node, i, j, rule.sample)


@lower.register
def _product(node: sp.MatMul, rule: Lowering) -> At:
    number, factors = tidy.split_number(node)
    entries = [rule(f) for f in factors]

    def chain(k: int, row: Subscript, column: Subscript) -> Expr:
        if k == len(factors) - 1:
            return entries[k](row, column)
        return total(factors[k].shape[1], lambda m: times(entries[k](row, m), chain(k + 1, m, column)))

    return lambda i, j: times(Num(number), chain(0, i, j))


@lower.register
def _sum(node: sp.MatAdd, rule: Lowering) -> At:
    entries = [rule(a) for a in node.args]
    return lambda i, j: plus(*(at(i, j) for at in entries))


@lower.register
def _hadamard(node: sp.HadamardProduct, rule: Lowering) -> At:
    entries = [rule(a) for a in node.args]
    return lambda i, j: times(*(at(i, j) for at in entries))


@lower.register
def _transpose(node: sp.Transpose, rule: Lowering) -> At:
    at = rule(node.arg)
    return lambda i, j: at(j, i)


@lower.register
def _identity(node: sp.Identity, rule: Lowering) -> At:
    return lambda i, j: Num(sp.S.One) if node.shape[0] == 1 else Delta(i, j)


@lower.register
def _ones(node: OneMatrix, rule: Lowering) -> At:
    return lambda i, j: Num(sp.S.One)


@lower.register
def _zeros(node: sp.ZeroMatrix, rule: Lowering) -> At:
    return lambda i, j: Num(sp.S.Zero)


@lower.register
def _lower_ones(node: nodes.LowerOnes, rule: Lowering) -> At:
    return lambda i, j: AtMost(j, i.shifted(node.args[1]))


@lower.register
def _shift(node: nodes.Shift, rule: Lowering) -> At:
    return rule(tidy.masks_of(node))


@lower.register
def _inverse_unit_lower(node: nodes.InverseUnitLower, rule: Lowering) -> At:
    rows, columns = (Index(name, node.shape[1]) for name in ("row", "column"))
    at = rule(node.operand)
    return lambda i, j: InverseUnitLower((i, j), rows, columns, at(replace(i, index=rows), Subscript(columns)))


@lower.register
def _elementwise(node: nodes.Elementwise, rule: Lowering) -> At:
    at, value = rule(node.operand), formula(node)
    value = value.xreplace({s: Z for s in value.free_symbols})
    return lambda i, j: Map(value, at(i, j))


@lower.register
def _choice(node: nodes.Choice, rule: Lowering) -> At:
    entries = [rule(a) for a in node.args]
    return lambda i, j: Select(*(at(i, j) for at in entries))


def _exponentials(at: At, size: sp.Expr) -> tuple[Expr, Expr]:
    """The largest entry of a column, and the sum of exp(entry - largest)."""
    largest = over("max", size, lambda k: at(k, fixed(0)))
    return largest, total(size, lambda k: Map(sp.exp(Z), plus(at(k, fixed(0)), times(MINUS, largest))))


def _softmax_at(at: At, size: sp.Expr) -> At:
    largest, sum_of_exponentials = _exponentials(at, size)
    share = Map(1 / Z, sum_of_exponentials)
    return lambda i, j: times(Map(sp.exp(Z), plus(at(i, j), times(MINUS, largest))), share)


def _log_sum_exp_at(at: At, size: sp.Expr) -> Expr:
    largest, sum_of_exponentials = _exponentials(at, size)
    return plus(largest, Map(sp.log(Z), sum_of_exponentials))


@lower.register
def _softmax(node: nodes.Softmax, rule: Lowering) -> At:
    return _softmax_at(rule(node.operand), node.shape[0])


@lower.register
def _log_sum_exp(node: nodes.LogSumExp, rule: Lowering) -> At:
    value = _log_sum_exp_at(rule(node.args[0]), node.args[0].shape[0])
    return lambda i, j: value


@lower.register
def _cross_entropy(node: nodes.CrossEntropy, rule: Lowering) -> At:
    o, y = (rule(a) for a in node.args)
    size, zero = node.args[0].shape[0], fixed(0)
    mass = total(size, lambda k: y(k, zero))
    value = plus(
        times(mass, _log_sum_exp_at(o, size)), times(MINUS, total(size, lambda k: times(o(k, zero), y(k, zero))))
    )
    return lambda i, j: value


@lower.register
def _cross_entropy_slope(node: nodes.CrossEntropySlope, rule: Lowering) -> At:
    o, y = (rule(a) for a in node.args)
    size = node.args[0].shape[0]
    mass, softmax = total(size, lambda k: y(k, fixed(0))), _softmax_at(o, size)
    return lambda i, j: plus(times(mass, softmax(i, j)), times(MINUS, y(i, j)))


@lower.register
def _batch_mean(node: nodes.BatchMean, rule: Lowering) -> At:
    def at(i: Subscript, j: Subscript) -> Expr:
        mean = total(SAMPLES, lambda n: Lowering(rule.leaf, n)(node.operand)(i, j))
        return times(Num(1 / SAMPLES), mean)

    return at


@lower.register
def _diag(node: nodes.Diag, rule: Lowering) -> At:
    at = rule(node.args[0])
    return lambda i, j: times(Delta(i, j), at(i, fixed(0)))


@lower.register
def _sum_all(node: nodes.SumAll, rule: Lowering) -> At:
    at, (rows, columns) = rule(node.args[0]), node.args[0].shape
    value = total(rows, lambda r: total(columns, lambda c: at(r, c)))
    return lambda i, j: value


@lower.register
def _half_squared_norm(node: nodes.HalfSquaredNorm, rule: Lowering) -> At:
    at, (rows, columns) = rule(node.args[0]), node.args[0].shape
    value = times(HALF, total(rows, lambda r: total(columns, lambda c: Map(Z**2, at(r, c)))))
    return lambda i, j: value


@lower.register
def _broadcast(node: nodes.Broadcast, rule: Lowering) -> At:
    at, (rows, columns) = rule(node.args[0]), node.args[0].shape
    return lambda i, j: at(fixed(0) if rows == 1 else i, fixed(0) if columns == 1 else j)


@lower.register
def _slice(node: nodes.Slice, rule: Lowering) -> At:
    at = rule(node.args[0])
    return lambda i, j: at(i.shifted(node.args[1]), j)


@lower.register
def _concat(node: nodes.Concat, rule: Lowering) -> At:
    entries = [rule(a) for a in node.args]

    def at(i: Subscript, j: Subscript) -> Expr:
        made: list[Expr] = []
        start: sp.Expr = sp.S.Zero
        for part, operand in zip(entries, node.args, strict=True):
            stop = start + operand.shape[0]
            body = part(i.shifted(-start) if operand.shape[0] != 1 else fixed(0), j)
            if body != Num(sp.S.Zero):
                made.append(Within(i, start, stop, body))
            start = stop
        return plus(*made)

    return at
