"""The row layout: every formula becomes its transpose, in value and on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy.matrices.expressions.special import OneMatrix

from symbptt import typeset
from symbptt.algebra import nodes, tidy
from symbptt.algebra.evaluate import Values, evaluate
from symbptt.algebra.nodes import Timed, leaves
from symbptt.algebra.rows import DenominatorPartial, rows
from symbptt.errors import MissingRule

SIZE = 3
J = sp.Symbol("j", integer=True)
ROW = typeset.Notation(layout="row")
COLUMNS = [sp.MatrixSymbol(c, SIZE, 1) for c in "ab"] + [Timed("h", SIZE, 1, s) for s in (1, 2)]
SQUARE = [sp.MatrixSymbol(c, SIZE, SIZE) for c in "AB"]
CHAINED = Timed("U", SIZE, SIZE, J)


def shaped(shape: str, depth: int, inside: bool = False) -> Any:
    """Formulas of a shape: a column, a square matrix or a scalar."""
    of: dict[str, list[Any]] = {"v": COLUMNS, "m": SQUARE + [CHAINED] * inside, "s": [sp.MatrixSymbol("s", 1, 1)]}
    if depth == 0:
        return st.sampled_from(of[shape])
    v, m, s, same = (shaped(k, depth - 1, inside) for k in ("v", "m", "s", shape))
    made = [
        st.sampled_from(of[shape]), st.builds(sp.MatAdd, same, same), st.builds(lambda x: sp.MatMul(sp.Integer(-2), x), same),
        st.builds(nodes.Elementwise, st.sampled_from(["tanh", "sigmoid"]), same), st.builds(sp.HadamardProduct, same, same),
        st.builds(nodes.SlopeByResult, st.just("tanh"), same), st.builds(nodes.Slope, st.just("tanh"), same),
    ]
    if shape == "v":
        made += [
            st.builds(sp.MatMul, m, v), st.builds(sp.MatMul, m, m, v), st.builds(nodes.Softmax, v),
            st.builds(nodes.CrossEntropySlope, v, v), st.builds(lambda x: nodes.Broadcast(x, SIZE, 1), s),
            st.just(OneMatrix(SIZE, 1)),
            st.builds(lambda x, y: nodes.Slice(nodes.Concat(x, y), 1, SIZE + 1), v, v), st.just(sp.ZeroMatrix(SIZE, 1)),
            st.builds(nodes.BatchMean, v), st.builds(nodes.Choice, v, v, v, v),
        ]
    elif shape == "m":
        made += [
            st.builds(sp.MatMul, m, m), st.builds(tidy.transpose, m), st.builds(nodes.Diag, v), st.just(sp.Identity(SIZE)),
            st.builds(lambda x, y: sp.MatMul(x, sp.Transpose(y)), v, v),
        ]
        if not inside:
            body = shaped("m", depth - 1, True)
            made += [st.builds(lambda b, kind=kind: kind(b, J, 1, 3), body) for kind in (nodes.ProductOver, nodes.SumOver)]
    else:
        made += [
            st.builds(lambda x, y: sp.MatMul(sp.Transpose(x), y), v, v), st.builds(nodes.SumAll, v), st.builds(nodes.SumAll, m),
            st.builds(nodes.LogSumExp, v), st.builds(nodes.CrossEntropy, v, v), st.builds(nodes.HalfSquaredNorm, m),
        ]
    return st.one_of(made)


def arrays(formula: Any, samples: int = 2) -> dict[Any, Any]:
    """Numbers for the leaves; a series reads three steps."""
    rng = np.random.default_rng(7)
    written = {leaf for leaf in leaves(nodes.expand(formula))}
    return {
        leaf: rng.uniform(0.2, 1.2, (samples, int(leaf.shape[0]), int(leaf.shape[1])))
        for leaf in sorted(written, key=str)
    }


@pytest.mark.slow
@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.one_of(shaped("v", 3), shaped("m", 2), shaped("s", 3)))
def test_the_value_is_the_transpose(formula: Any) -> None:
    given_arrays = arrays(formula)
    flipped = {rows(leaf): array.swapaxes(-1, -2) for leaf, array in given_arrays.items()}
    with np.errstate(all="ignore"):
        expected = evaluate(nodes.expand(formula), Values(given_arrays, {}))
        value = evaluate(nodes.expand(rows(formula)), Values(flipped, {}))
    assume(bool(np.all(np.isfinite(expected))))
    transposed = np.broadcast_to(expected.swapaxes(-1, -2), value.shape)
    np.testing.assert_allclose(value, transposed, rtol=1e-10, atol=1e-10 * (1 + np.abs(expected).max()))
    assert rows(formula).shape == formula.shape[::-1]


a, b, A, B = COLUMNS[0], COLUMNS[1], *SQUARE
delta, h = sp.MatrixSymbol("d", SIZE, 1), Timed("h", SIZE, 1, 1)


@pytest.mark.parametrize(("formula", "text"), [
    (sp.MatAdd(sp.MatMul(A, a), b), "a A + b"),
    (sp.MatMul(delta, sp.Transpose(h)), "h₁ᵀ d"),
    (sp.MatMul(sp.Transpose(A), delta), "d Aᵀ"),
    (nodes.Softmax(a), "softmax(a)"),
    (sp.Transpose(nodes.Softmax(a)), "softmax(a)ᵀ"),
    (nodes.CrossEntropySlope(a, b), "softmax(a) − b"),
    (nodes.CrossEntropy(a, b), "−(log softmax(a)) bᵀ"),
    (nodes.LogSumExp(a), "log(exp(a) 𝟏ᵀ)"),
    (nodes.SumAll(a), "a 𝟏ᵀ"),
    (nodes.SumAll(A), "𝟏 A 𝟏ᵀ"),
    (nodes.Diag(a), "diag(a)"),
    (nodes.Concat(a, b), "[a, b]"),
    (nodes.Slice(a, 0, 2), "a_{0:2}"),
    (nodes.ProductOver(sp.Transpose(CHAINED), J, 1, 3), "∏↶_{j=1..3} Uⱼᵀ"),
    (nodes.ProductOver(CHAINED, J, 1, 3), "∏↶_{j=1..3} Uⱼ"),
    (nodes.Partial(a, b, "partial"), "∂a/∂b"),
    (sp.Transpose(nodes.Partial(a, b, "partial")), "(∂a/∂b)ᵀ"),
])
def test_how_it_is_printed(formula: Any, text: str) -> None:
    assert typeset.text(formula, notation=ROW) == text


def test_the_transpose_of_the_transpose_is_the_formula() -> None:
    formula = sp.MatAdd(sp.MatMul(A, a), b)
    assert rows(rows(formula)) == formula


def test_a_derivative_is_in_denominator_layout() -> None:
    column, name = sp.MatrixSymbol("x", 2, 1), sp.MatrixSymbol("W", 2, 4)
    assert isinstance(rows(nodes.Partial(column, name, "total")), DenominatorPartial)
    assert rows(nodes.Partial(column, name, "total")).shape == (8, 2)


def test_every_node_type_has_a_rule() -> None:
    known = {kind for kind in nodes.NODE_TYPES if rows.dispatch(kind) is not rows.dispatch(object)}
    assert known == set(nodes.NODE_TYPES)
    with pytest.raises(MissingRule, match="row layout"):
        rows(sp.Determinant(A))
