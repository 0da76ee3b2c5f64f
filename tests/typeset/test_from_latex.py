"""LaTeX mathematics of an author: read into a tree, written by every writer, and nothing else gets through."""

from __future__ import annotations

import pytest

from symbptt import typeset
from symbptt.errors import BadInput
from symbptt.typeset.from_latex import DEEPEST, from_latex

READ = [
    (r"\partial^+ h_k/\partial\theta", "∂⁺hₖ/∂θ"), (r"J_3^\top", "J₃ᵀ"), (r"W_{hh}", "Wₕₕ"), (r"f'(x) = -x", "f′(x) = −x"),
    (r"\bar{h}_t = g_t + J_{t+1}^\top \bar{h}_{t+1}", "h̄ₜ = gₜ + Jₜ₊₁ᵀh̄ₜ₊₁"), (r"\tanh(a) \odot b", "tanh(a) ⊙ b"),
    (r"\left\|\prod_{j=k+1}^t J_j\right\| \le \gamma", "‖∏_{j=k+1..t} Jⱼ‖ ≤ γ"), (r"x \text{ if } y", "x if y"),
]


@pytest.mark.parametrize("text, meaning", READ)
def test_formulas_are_read_and_written_in_every_format(text: str, meaning: str) -> None:
    tree = from_latex(text)
    assert typeset.text(tree) == meaning
    assert typeset.mathml(tree).startswith("<math")
    again = typeset.latex(tree).replace(r"\lVert", r"\|").replace(r"\rVert", r"\|")
    assert typeset.text(from_latex(again)) == meaning


@pytest.mark.parametrize("text", [
    r"\input{/etc/passwd}", r"\write18{rm}", r"\def\x{y}", "x^2^3", "{", "}", "(", ")", "#", "a & b", "\\", r"\left(", "^", "x_",
    r"\right)",
    r"\mathbf{\frac{1}{2}}", "%", r"\begin{x}", r"\csname", "~~{", "{" * (DEEPEST + 1), r"\sqrt" * 300 + "x", "x" * 2000,
])
def test_everything_else_is_refused_in_a_sentence(text: str) -> None:
    with pytest.raises(BadInput, match=r"^\$"):
        from_latex(text)


def test_words_inside_a_formula_are_escaped() -> None:
    tree = from_latex(r"\text{a_b & <c> 100%}")
    assert typeset.latex(tree) == typeset.latex(tree) and "<c>" not in typeset.mathml(tree)
    assert r"\_" in typeset.latex(tree) and r"\&" in typeset.latex(tree) and r"\%" in typeset.latex(tree)
