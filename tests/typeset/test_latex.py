"""The LaTeX of every kind of node, as it stands in a document."""

import pytest
import sympy as sp
from sympy.matrices.expressions.special import OneMatrix

from symbptt import typeset
from symbptt.algebra import nodes, tidy
from symbptt.algebra.nodes import (
    Broadcast,
    Concat,
    Elementwise,
    Partial,
    ProductOver,
    Slice,
    Slope,
    SlopeByResult,
    SumOver,
    Timed,
)
from symbptt.algebra.related import Adjoint, LossGradient, StepAdjoint
from symbptt.errors import MissingRule
from symbptt.typeset.tree import Matrix, Number

H, D, O = sp.symbols("H D O", integer=True, positive=True)  # noqa: E741
t, k, j, T = sp.symbols("t k j T", integer=True)
W, V, b = sp.MatrixSymbol("W_hh", H, H), sp.MatrixSymbol("W_ho", O, H), sp.MatrixSymbol("b_h", H, 1)
ALPHA, LOSS = sp.MatrixSymbol("alpha", 1, 1), sp.MatrixSymbol("L", 1, 1)


def at(name, step=t, rows=H):
    return Timed(name, rows, 1, step)


h, a, o, y = at("h"), at("a"), at("o", rows=O), at("y", rows=O)
error = tidy.add(nodes.Softmax(o), tidy.scale(-1, y))
jacobian = sp.Transpose(Partial(at("h", j), at("h", j - 1), "partial"))

EXPECTED = [
    (sp.MatrixSymbol("X", H, D), r"\mathbf{X}"),
    (at("h", t - 1), r"\mathbf{h}_{t-1}"),
    (at("L", rows=1), r"L_{t}"),
    (at("c_f"), r"\mathbf{c}_{f,t}"),
    (Adjoint(at("a", t + 1)), r"\boldsymbol{\delta}_{a,t+1}"),
    (Adjoint(at("c_f", 2)), r"\boldsymbol{\delta}_{c_{f},2}"),
    (StepAdjoint(at("h")), r"\bar{\mathbf{h}}_{t}"),
    (LossGradient(at("h")), r"\mathbf{g}_{h,t}"),
    (tidy.add(tidy.mul(W, at("h", t - 1)), b), r"\mathbf{W}_{hh} \mathbf{h}_{t-1} + \mathbf{b}_{h}"),
    (tidy.mul(sp.MatrixSymbol("span", H, D), at("item", rows=D)), r"\mathbf{span}\, \mathbf{item}_{t}"),
    (tidy.add(h, tidy.scale(-1, tidy.mul(W, a))), r"\mathbf{h}_{t} - \mathbf{W}_{hh} \mathbf{a}_{t}"),
    (sp.MatMul(W, sp.Integer(-1), h), r"-\mathbf{W}_{hh} \mathbf{h}_{t}"),
    (sp.MatMul(sp.Rational(1, 2), W, h), r"\frac{1}{2}\, \mathbf{W}_{hh} \mathbf{h}_{t}"),
    (sp.MatMul(-1 / H, h), r"-\frac{1}{H}\, \mathbf{h}_{t}"),
    (sp.MatMul(sp.Integer(-2), sp.MatAdd(h, a)), r"-2 (\mathbf{h}_{t} + \mathbf{a}_{t})"),
    (sp.MatMul(sp.Float(0.25), h), r"\frac{1}{4}\, \mathbf{h}_{t}"),
    (sp.MatMul(sp.Rational(1, 100000), h), r"10^{-5} \mathbf{h}_{t}"),
    (sp.MatMul(1 - sp.Symbol("beta"), h), r"(1 - \beta) \mathbf{h}_{t}"),
    (tidy.mul(tidy.transpose(V), error), r"\mathbf{W}_{ho}^{\top} (\operatorname{softmax}(\mathbf{o}_{t}) - \mathbf{y}_{t})"),
    (
        tidy.hadamard(tidy.mul(tidy.transpose(W), Adjoint(at("a", t + 1))), SlopeByResult("tanh", h)),
        r"(\mathbf{W}_{hh}^{\top} \boldsymbol{\delta}_{a,t+1}) \odot (\mathbf{1} - \mathbf{h}_{t}^{\odot 2})",
    ),
    (tidy.hadamard(h, h, a), r"\mathbf{h}_{t}^{\odot 2} \odot \mathbf{a}_{t}"),
    (tidy.hadamard(h, Elementwise("reciprocal", a)), r"\mathbf{h}_{t} \oslash \mathbf{a}_{t}"),
    (
        tidy.hadamard(h, Elementwise("reciprocal", tidy.hadamard(a, y))),
        r"\mathbf{h}_{t} \oslash (\mathbf{a}_{t} \odot \mathbf{y}_{t})",
    ),
    (Broadcast(nodes.SumAll(h), H, 1), r"(\mathbf{1}^{\top} \mathbf{h}_{t}) \mathbf{1}"),
    (sp.Transpose(tidy.mul(W, h)), r"(\mathbf{W}_{hh} \mathbf{h}_{t})^{\top}"),
    (sp.Identity(H), r"\mathbf{I}"),
    (OneMatrix(H, 1), r"\mathbf{1}"),
    (OneMatrix(1, 1), "1"),
    (sp.ZeroMatrix(H, H), r"\mathbf{0}"),
    (Elementwise("tanh", a), r"\tanh(\mathbf{a}_{t})"),
    (Elementwise("sigmoid", a), r"\sigma(\mathbf{a}_{t})"),
    (Elementwise("leaky_relu", sp.Rational(1, 100), a), r"\operatorname{LeakyReLU}_{0.01}(\mathbf{a}_{t})"),
    (Elementwise("identity", a), r"\mathbf{a}_{t}"),
    (Elementwise("power", 2, a), r"\mathbf{a}_{t}^{\odot 2}"),
    (Elementwise("power", 2, ALPHA), r"\alpha^{2}"),
    (Elementwise("reciprocal", a), r"\mathbf{1} \oslash \mathbf{a}_{t}"),
    (Elementwise("sqrt", a), r"\sqrt{\mathbf{a}_{t}}"),
    (Elementwise("abs", a), r"\lvert \mathbf{a}_{t} \rvert"),
    (Slope("tanh", a), r"\tanh'(\mathbf{a}_{t})"),
    (Slope("sigmoid", a), r"\sigma'(\mathbf{a}_{t})"),
    (Slope("elu", 1, a), r"\operatorname{ELU}_{1}'(\mathbf{a}_{t})"),
    (Slope("power", 3, a), r"3 \mathbf{a}_{t}^{\odot 2}"),
    (Slope("exp", tidy.scale(-1, a)), r"\exp(-\mathbf{a}_{t})"),
    (Slope("log", a), r"\mathbf{1} \oslash \mathbf{a}_{t}"),
    (SlopeByResult("tanh", h), r"\mathbf{1} - \mathbf{h}_{t}^{\odot 2}"),
    (SlopeByResult("tanh", ALPHA), r"1 - \alpha^{2}"),
    (SlopeByResult("sigmoid", h), r"\mathbf{h}_{t} \odot (\mathbf{1} - \mathbf{h}_{t})"),
    (SlopeByResult("sigmoid", ALPHA), r"\alpha (1 - \alpha)"),
    (SlopeByResult("exp", h), r"\mathbf{h}_{t}"),
    (SlopeByResult("sqrt", h), r"\frac{1}{2}\, \mathbf{1} \oslash \mathbf{h}_{t}"),
    (SlopeByResult("reciprocal", h), r"-\mathbf{h}_{t}^{\odot 2}"),
    (nodes.Choice(h, a, h, a), r"\max(\mathbf{h}_{t}, \mathbf{a}_{t})"),
    (nodes.Choice(h, a, a, h), r"\min(\mathbf{a}_{t}, \mathbf{h}_{t})"),
    (
        nodes.Choice(h, sp.ZeroMatrix(H, 1), a, OneMatrix(H, 1)),
        r"[\mathbf{h}_{t} > \mathbf{0}] \odot \mathbf{a}_{t} + [\mathbf{h}_{t} \le \mathbf{0}]",
    ),
    (nodes.LowerOnes(H, -1), r"\mathbf{1}_{i>j}"),
    (nodes.Shift(H), r"\mathbf{1}_{i=j+1}"),
    (
        nodes.InverseUnitLower(W),
        r"(\mathbf{I} + \mathbf{1}_{i>j} \odot \mathbf{W}_{hh})^{-1}",
    ),
    (nodes.BatchMean(h), r"\operatorname{mean}_{\text{batch}}(\mathbf{h}_{t})"),
    (nodes.Diag(SlopeByResult("tanh", h)), r"\operatorname{diag}(\mathbf{1} - \mathbf{h}_{t}^{\odot 2})"),
    (nodes.LogSumExp(o), r"\log(\mathbf{1}^{\top} \exp(\mathbf{o}_{t}))"),
    (nodes.SumAll(h), r"\mathbf{1}^{\top} \mathbf{h}_{t}"),
    (nodes.SumAll(W), r"\mathbf{1}^{\top} \mathbf{W}_{hh} \mathbf{1}"),
    (nodes.HalfSquaredNorm(error), r"\frac{1}{2}\, \lVert \operatorname{softmax}(\mathbf{o}_{t}) - \mathbf{y}_{t} \rVert^{2}"),
    (nodes.CrossEntropy(o, y), r"-\mathbf{y}_{t}^{\top} \log \operatorname{softmax}(\mathbf{o}_{t})"),
    (
        sp.MatMul(-1 / H, nodes.CrossEntropy(o, y)),
        r"\frac{1}{H}\, \mathbf{y}_{t}^{\top} \log \operatorname{softmax}(\mathbf{o}_{t})",
    ),
    (nodes.CrossEntropySlope(o, y), r"\operatorname{softmax}(\mathbf{o}_{t}) - \mathbf{y}_{t}"),
    (
        tidy.mul(tidy.transpose(V), nodes.CrossEntropySlope(o, y)),
        r"\mathbf{W}_{ho}^{\top} (\operatorname{softmax}(\mathbf{o}_{t}) - \mathbf{y}_{t})",
    ),
    (Broadcast(ALPHA, H, 1), r"\alpha \mathbf{1}"),
    (tidy.hadamard(Broadcast(ALPHA, H, 1), h), r"\alpha \mathbf{h}_{t}"),
    (
        tidy.hadamard(tidy.add(OneMatrix(H, 1), tidy.scale(-1, Broadcast(ALPHA, H, 1))), h),
        r"(1 - \alpha) \mathbf{h}_{t}",
    ),
    (Concat(at("h", t - 1), at("x", rows=D)), r"\begin{bmatrix} \mathbf{h}_{t-1} \\ \mathbf{x}_{t} \end{bmatrix}"),
    (Slice(sp.MatrixSymbol("z", 2 * H, 1), H, 2 * H), r"\mathbf{z}_{H:2 H}"),
    (Slice(at("z", rows=2 * H), 0, H), r"(\mathbf{z}_{t})_{0:H}"),
    (Partial(at("h", k), W, "immediate"), r"\frac{\partial^{+} \mathbf{h}_{k}}{\partial \mathbf{W}_{hh}}"),
    (Partial(LOSS, W, "total"), r"\frac{\mathrm{d} L}{\mathrm{d} \mathbf{W}_{hh}}"),
    (Partial(h, at("h", t - 1), "partial"), r"\frac{\partial \mathbf{h}_{t}}{\partial \mathbf{h}_{t-1}}"),
    (
        SumOver(SumOver(tidy.mul(Adjoint(at("a", k)), sp.Transpose(at("h", k - 1))), k, 1, t), t, 1, T),
        r"\sum_{t=1}^{T} \sum_{k=1}^{t} \boldsymbol{\delta}_{a,k} \mathbf{h}_{k-1}^{\top}",
    ),
    (
        ProductOver(jacobian, j, k + 1, t),
        r"\overset{\curvearrowright}{\prod_{j=k+1}^{t}} "
        r"\left( \frac{\partial \mathbf{h}_{j}}{\partial \mathbf{h}_{j-1}} \right)^{\top}",
    ),
    (
        sp.MatMul(ProductOver(sp.Transpose(W), j, k + 1, t), a),
        r"\left( \overset{\curvearrowright}{\prod_{j=k+1}^{t}} \mathbf{W}_{hh}^{\top} \right) \mathbf{a}_{t}",
    ),
    (
        sp.Transpose(ProductOver(jacobian, j, k + 1, t)),
        r"\overset{\curvearrowleft}{\prod_{j=k+1}^{t}} \frac{\partial \mathbf{h}_{j}}{\partial \mathbf{h}_{j-1}}",
    ),
]


@pytest.mark.parametrize(("formula", "expected"), EXPECTED, ids=[e[:50] for _, e in EXPECTED])
def test_latex(formula, expected):
    assert typeset.latex(formula) == expected


def test_every_node_type_is_in_the_table_and_prints_everywhere():
    printed = {type(node) for formula, _ in EXPECTED for node in sp.preorder_traversal(formula)}
    assert set(nodes.NODE_TYPES) <= printed
    for formula, _ in EXPECTED:
        assert typeset.mathml(formula).startswith("<math ") and typeset.text(formula)


@pytest.mark.parametrize("node", [sp.Inverse(W), sp.MatPow(W, 2), sp.HadamardPower(W, 2), sp.Trace(W)])
def test_an_unknown_node_is_refused_and_the_file_named(node):
    with pytest.raises(MissingRule, match=f"{type(node).__name__}; add one to symbptt/typeset/operations.py"):
        typeset.latex(tidy.add(W, node) if node.is_Matrix else node)


def test_scalar_expressions_of_indices():
    shown = {t + 1: "t + 1", T - t + 1: "T - t + 1", H * D / 2: r"\frac{D H}{2}", sp.Max(1, t - k): r"\max(1, t - k)", -t: "-t"}
    shown |= {H**2: "H^{2}", sp.sqrt(H): r"\sqrt{H}", 1 / H**2: r"\frac{1}{H^{2}}", 2 - k: "2 - k"}
    assert {typeset.latex(e): e for e in shown} == {latex: e for e, latex in shown.items()}


def test_a_matrix_may_have_more_columns_than_a_bmatrix():
    row = tuple(Number(str(i)) for i in range(11))
    assert typeset.latex(Matrix((row[:10],))).startswith(r"\begin{bmatrix}")
    assert typeset.latex(Matrix((row,))).startswith(r"\left[ \begin{array}{ccccccccccc} 0 & 1")
