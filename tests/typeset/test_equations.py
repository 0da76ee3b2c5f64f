"""Equations, heads of derivatives and adjoints."""

import pytest
import sympy as sp

from symbptt import typeset
from symbptt.algebra import tidy
from symbptt.algebra.nodes import TIME, Elementwise, Partial, Timed
from symbptt.algebra.related import StepAdjoint
from symbptt.errors import BadInput
from symbptt.typeset.from_latex import from_latex
from symbptt.typeset.tree import Number

H = sp.Symbol("H", integer=True, positive=True)
W, L = sp.MatrixSymbol("W_hh", H, H), sp.MatrixSymbol("L", 1, 1)
h, a = Timed("h", H, 1, TIME), Timed("a", H, 1, TIME)


def test_an_equation_in_three_outputs():
    line = typeset.equation(h, Elementwise("tanh", a))
    assert typeset.latex(line) == r"\mathbf{h}_{t} = \tanh(\mathbf{a}_{t})"
    assert typeset.text(line) == "hₜ = tanh(aₜ)"
    assert "<mo>=</mo>" in typeset.mathml(line)


def test_lines_are_aligned_at_the_relation():
    lines = typeset.aligned([
        typeset.equation(typeset.derivative(L, W), tidy.mul(a, sp.Transpose(h)), W),
        typeset.equation(StepAdjoint(h), a, relation="≔"),
    ])
    assert typeset.latex(lines) == (
        r"\begin{aligned} \frac{\mathrm{d} L}{\mathrm{d} \mathbf{W}_{hh}} &= \mathbf{a}_{t} \mathbf{h}_{t}^{\top} \\ "
        r"&= \mathbf{W}_{hh} \\ \bar{\mathbf{h}}_{t} &\mathrel{:=} \mathbf{a}_{t} \end{aligned}"
    )
    assert typeset.text(lines) == "dL/dWₕₕ = aₜ hₜᵀ\n        = Wₕₕ\n     h\u0304ₜ ≔ aₜ"


def test_kinds_of_derivative_never_share_a_sign():
    heads = {kind: typeset.latex(typeset.derivative(h, W, kind)) for kind in ("immediate", "total", "partial")}
    assert len(set(heads.values())) == 3
    assert heads["immediate"] == typeset.latex(Partial(h, W, "immediate"))
    assert heads["immediate"] == r"\frac{\partial^{+} \mathbf{h}_{t}}{\partial \mathbf{W}_{hh}}"
    assert typeset.text(typeset.derivative(tidy.mul(W, h), h, "immediate")) == "∂⁺(Wₕₕ hₜ)/∂hₜ"
    with pytest.raises(BadInput, match="did you mean 'total'"):
        typeset.derivative(h, W, "totl")


def test_adjoints_of_both_kinds_look_different():
    shown = {kind: typeset.text(typeset.adjoint_symbol(h, kind)) for kind in ("node", "step", "loss")}
    assert shown == {"node": "δ_{h,t}", "step": "h\u0304ₜ", "loss": "g_{h,t}"}
    assert typeset.adjoint_of(h, "step") == StepAdjoint(h)
    assert typeset.text(typeset.adjoint_symbol(W)) == "δ_{Wₕₕ}"
    with pytest.raises(BadInput):
        typeset.adjoint_of(h, "other")


@pytest.mark.parametrize("text", ["1e5", "-1", "1; x", ""])
def test_a_number_is_digits(text):
    with pytest.raises(BadInput):
        Number(text)


@pytest.mark.parametrize("formula, text", [
    (r"\frac{1}{V + 1} x", "(1/(V+1))x"), (r"\frac{a - b}{V} x", "((a−b)/V)x"), (r"\frac{a}{V} x", "(a/V)x"),
    (r"\frac{\exp(a)}{V} x", "(exp(a)/V)x"),
])
def test_a_fraction_on_one_line_keeps_its_operands_together(formula: str, text: str) -> None:
    assert typeset.text(from_latex(formula)) == text
