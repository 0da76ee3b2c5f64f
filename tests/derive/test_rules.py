"""Local rules against the complex step, and every linear map against its transpose."""

from __future__ import annotations

import numpy as np
import pytest
import sympy as sp
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import functions, nodes, tidy
from symbptt.algebra.evaluate import Values, evaluate
from symbptt.algebra.nodes import Timed
from symbptt.derive.rules import local, pull, push

N, H = 2, 3
X, G, W, S = Timed("x", H, 1, 1), Timed("g", H, 1, 1), sp.MatrixSymbol("W", H, H), Timed("s", 1, 1, 1)
Y = Timed("y", H, 1, 1)

EXPRESSIONS = {
    "matmul": tidy.mul(W, X),
    "scaled": tidy.scale(sp.Rational(-2, 3), tidy.mul(W, X)),
    "add": tidy.add(X, tidy.scale(-1, G)),
    "hadamard": tidy.hadamard(X, G, X),
    "transpose": tidy.mul(tidy.transpose(X), G),
    "outer": tidy.mul(X, tidy.transpose(G)),
    "softmax": nodes.Softmax(X),
    "log_sum_exp": nodes.LogSumExp(X),
    "cross_entropy": nodes.CrossEntropy(X, Y),
    "half_squared_norm": nodes.HalfSquaredNorm(tidy.add(X, G)),
    "sum_all": nodes.SumAll(X),
    "spread": tidy.hadamard(tidy.spread(S, sp.Integer(H), sp.S.One), X),
    "concat": nodes.Concat(X, G),
    "slice": nodes.Slice(X, 1, 3),
    "choice": nodes.Choice(X, G, tidy.scale(2, G), Y),
    "batch_mean": nodes.BatchMean(X),
    "inverse_unit_lower": tidy.mul(nodes.InverseUnitLower(tidy.mul(X, tidy.transpose(G))), X),
    "lower_ones": tidy.mul(nodes.LowerOnes(sp.Integer(H), 0), X),
    "one_minus": tidy.hadamard(tidy.add(OneMatrix(H, 1), tidy.scale(-1, X)), G),
    "weights": tidy.mul(tidy.transpose(W), X),
} | {name: nodes.Elementwise(name, *(d for _, d in row.arguments), X) for name, row in functions.FUNCTIONS.items()}
STATED = EXPRESSIONS.pop("stop_gradient")
"""The one derivative that is a statement and not that of the value."""


def test_nothing_goes_through_what_is_held_fixed():
    assert pull(STATED, G) == [] and push(STATED, {X: G}) == sp.ZeroMatrix(H, 1)


def _values(random):
    """Away from kinks, and positive so that log and sqrt are smooth."""
    leaves = {
        X: 0.3 + random.random((N, H, 1)),
        G: random.standard_normal((N, H, 1)),
        W: random.standard_normal((1, H, H)),
        S: random.standard_normal((N, 1, 1)),
        Y: np.tile(np.array([0.2, 0.5, 0.3])[:, None], (N, 1, 1)),
    }
    return Values(leaves, {})


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_push_is_the_directional_derivative_and_pull_its_transpose(name):
    random = np.random.default_rng(1)
    expression, values = EXPRESSIONS[name], _values(random)
    cotangent = Timed("c", *expression.shape, 1)
    values.leaves[cotangent] = random.standard_normal((N, *map(int, expression.shape)))
    for leaf in (X, G, W, S):
        if leaf not in nodes.leaves(expression):
            continue
        direction = random.standard_normal(values.leaves[leaf].shape)
        tangent = Timed("d", *leaf.shape, 1)
        values.leaves[tangent] = direction
        pushed = np.broadcast_to(evaluate(push(expression, {leaf: tangent}), values), values.leaves[cotangent].shape)
        step = 1e-6
        above, below = (
            evaluate(expression, Values({**values.leaves, leaf: values.leaves[leaf] + s * direction}, {})) for s in (step, -step)
        )
        np.testing.assert_allclose(pushed, np.broadcast_to((above - below) / (2 * step), pushed.shape), rtol=2e-7, atol=2e-8)
        pulled = sum(
            np.broadcast_to(evaluate(v, values), (N, *leaf.shape)) for found, v in pull(expression, cotangent) if found == leaf
        )
        np.testing.assert_allclose((values.leaves[cotangent] * pushed).sum(), (pulled * direction).sum(), rtol=1e-12)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_matrices_are_the_maps_they_stand_for(name):
    random = np.random.default_rng(2)
    values = _values(random)
    for operand, item in local(EXPRESSIONS[name]):
        matrix = item.matrix()
        if matrix is None or operand.shape[1] != 1:
            continue
        v = Timed("v", *operand.shape, 1)
        values.leaves[v] = random.standard_normal((N, *map(int, operand.shape)))
        np.testing.assert_allclose(evaluate(tidy.mul(matrix, v), values), evaluate(item.apply(v), values), atol=1e-12)


@pytest.mark.parametrize("name", functions.FUNCTIONS)
def test_slopes_in_terms_of_the_result_are_the_slopes(name):
    """The form by the result, and the forms that do not overflow, equal what SymPy derives."""
    row = functions.FUNCTIONS[name]
    z = functions.Z
    concrete = {functions.Sigmoid: lambda a: 1 / (1 + sp.exp(-a)), functions.Softplus: lambda a: sp.log(1 + sp.exp(a))}

    def plain(expression):
        for opaque, meaning in concrete.items():
            expression = expression.replace(opaque, meaning)
        return expression

    pairs = []
    if row.by_result is not None:
        pairs.append((row.by_result.subs(functions.Y, row.value), functions.slope(name)))
    if row.safe_value is not None:
        pairs.append((plain(row.safe_value), row.value))
    if row.safe_slope is not None:
        pairs.append((plain(row.safe_slope), functions.slope(name)))
    for written, derived in pairs:
        assert sp.simplify(written - derived) == 0
        for point in (sp.Rational(1, 3), sp.Rational(7, 5)):
            assert abs(sp.N((written - derived).subs(z, point), 30)) < 1e-25


def test_a_slope_wrong_by_a_thousandth_is_seen():
    random = np.random.default_rng(3)
    values = _values(random)
    expression = nodes.Elementwise("tanh", X)
    tangent = Timed("d", H, 1, 1)
    values.leaves[tangent] = np.ones((N, H, 1))
    pushed = 1.001 * evaluate(push(expression, {X: tangent}), values)
    moved = 1 - np.tanh(values.leaves[X]) ** 2
    with pytest.raises(AssertionError):
        np.testing.assert_allclose(pushed, moved, rtol=1e-12)
