"""The text of a formula, read back by an independent parser, has the formula's value: no parenthesis is missing."""

import re

import numpy as np
import pytest
import sympy as sp
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sympy.matrices.expressions.special import OneMatrix

from symbptt import typeset
from symbptt.algebra import nodes
from symbptt.algebra.evaluate import Values, evaluate
from symbptt.algebra.nodes import Timed

SIZE = 3
STEPS = range(5)
SUBSCRIPTS = str.maketrans("₀₁₂₃₄ⱼ₊₋", "01234j+-")
VULGAR = {"½": 0.5, "¼": 0.25, "¾": 0.75, "⅛": 0.125}
FUNCTIONS = {
    "tanh": np.tanh, "σ": lambda z: 1 / (1 + np.exp(-z)), "tanh′": lambda z: 1 - np.tanh(z) ** 2, "exp": np.exp,
    "diag": lambda z: np.diag(z[:, 0]), "softmax": lambda z: np.exp(z) / np.exp(z).sum(),
}
TOKEN = re.compile(
    r"\s*(∑_\{j=\d\.\.\d\}|∏[↶↷]_\{j=\d\.\.\d\}|\^\{⊙−?\d\}|tanh′?|σ|exp|diag|softmax|[a-zA-Z][₀-₄ⱼ₊₋]*|[0-9]+(?:\.[0-9]+)?|.)"
)


class Reader:
    """Evaluates the text form; `leaves` maps (letter, step or None) to arrays."""

    def __init__(self, text, leaves):
        self.tokens = TOKEN.findall(text)
        self.place, self.leaves, self.index = 0, leaves, None

    def peek(self):
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def take(self, expected=None):
        token = self.peek()
        assert expected in (None, token), (expected, token, self.tokens)
        self.place += 1
        return token

    def sum(self):
        value = self.term(self.peek() == "−" and bool(self.take()))
        while self.peek() in ("+", "−"):
            value = value + self.term(self.take() == "−")
        return value

    def term(self, negative):
        value, number = None, 1.0
        if self.peek() in VULGAR or (self.peek()[:1].isdecimal() and self.peek() != "𝟏"):
            token = self.take()
            number = VULGAR.get(token) or float(token)
        kinds = set()
        while self.peek() and self.peek() not in "+−);]‖/":
            kind = self.take() if self.peek() in "⊙⊘" else " "
            operand = self.operand()
            if value is None:
                assert kind == " "
                value = operand
                continue
            kinds.add(kind == " ")
            assert len(kinds) == 1, "elementwise and matrix products side by side"
            value = _OPERATIONS[kind](value, operand)
        return (-1 if negative else 1) * number * (1.0 if value is None else value)

    def operand(self):
        value = self.atom()
        while self.peek() in ("ᵀ", "²", "³") or self.peek().startswith("^"):
            mark = self.take()
            if mark == "ᵀ":
                value = value.T
            else:
                value = value ** float({"²": "2", "³": "3"}.get(mark) or mark.strip("^{}⊙").replace("−", "-"))
        return value

    def series(self, token):
        first, last = map(int, re.findall(r"\d", token))
        start, values = self.place, []
        for self.index in range(first, last + 1):
            self.place = start
            values.append(self.term(False))
        self.index = None
        if token[0] == "∑":
            return sum(values)
        return np.linalg.multi_dot([*(values if "↷" in token else values[::-1]), np.eye(SIZE)])

    def atom(self):
        token = self.take()
        if token == "(":
            value = self.sum()
            self.take(")")
        elif token in FUNCTIONS:
            self.take("(")
            value = FUNCTIONS[token](self.sum())
            self.take(")")
        elif token[0] in "∑∏":
            value = self.series(token)
        elif token in VULGAR or (token[0].isdecimal() and token != "𝟏"):
            value = VULGAR.get(token) or float(token)
        else:
            value = self.leaf(token)
        return value

    def leaf(self, token):
        if token in ("𝟏", "I"):
            return np.ones((SIZE, 1)) if token == "𝟏" else np.eye(SIZE)
        step = token[1:].translate(SUBSCRIPTS)
        if step.startswith("j"):
            return self.leaves[token[0], self.index + int(step[1:] or 0)]
        return self.leaves[token[0], int(step) if step else None]


def scalar(value):
    return np.size(value) == 1


_OPERATIONS = {
    " ": lambda a, b: a * b if scalar(a) or scalar(b) else a @ b, "⊙": lambda a, b: a * b, "⊘": lambda a, b: a / b,
}

J = sp.Symbol("j", integer=True)
NUMBERS = st.sampled_from([sp.Integer(-1), sp.Integer(2), sp.Rational(1, 2), sp.Rational(-3, 4), sp.Float(0.125), sp.Integer(-3)])
VECTORS = [sp.MatrixSymbol(c, SIZE, 1) for c in "ab"] + [Timed("h", SIZE, 1, s) for s in (1, 2)]
MATRICES = [sp.MatrixSymbol(c, SIZE, SIZE) for c in "AB"]
SCALARS = [sp.MatrixSymbol("s", 1, 1)]
IN_SERIES = [Timed("h", SIZE, 1, J), Timed("h", SIZE, 1, J - 1)]
CHAINED = Timed("U", SIZE, SIZE, J)


def shaped(shape, depth, inside=False):
    """Formulas of a shape: a column, a square matrix or a scalar."""
    leaves = {"v": VECTORS + IN_SERIES * inside, "m": MATRICES + [CHAINED] * inside, "s": SCALARS}[shape]
    if depth == 0:
        return st.sampled_from(leaves)
    v, m, s, same = (shaped(k, depth - 1, inside) for k in ("v", "m", "s", shape))
    made = [
        st.sampled_from(leaves), st.builds(sp.MatAdd, same, same),
        st.builds(lambda a, b, c: sp.MatAdd(a, b, c), same, same, same),
        st.builds(lambda n, x: sp.MatMul(n, x), NUMBERS, same),
    ]
    power = st.builds(lambda n, x: nodes.Elementwise("power", n, x), st.sampled_from([2, 3]), same)
    if shape == "v":
        by_result = st.sampled_from(["tanh", "sigmoid", "exp", "reciprocal"])
        made += [
            st.builds(sp.MatMul, m, v), st.builds(lambda n, a, b, x: sp.MatMul(n, a, b, x), NUMBERS, m, m, v),
            st.builds(sp.HadamardProduct, v, v), st.builds(lambda a, b, c: sp.HadamardProduct(a, b, c), v, v, v), power,
            st.builds(nodes.Elementwise, st.sampled_from(["tanh", "sigmoid", "exp", "identity", "reciprocal"]), v),
            st.builds(nodes.Slope, st.sampled_from(["tanh", "identity", "exp", "reciprocal"]), v),
            st.builds(nodes.SlopeByResult, by_result, v), st.builds(nodes.Softmax, v), st.just(OneMatrix(SIZE, 1)),
            st.builds(lambda x, y: sp.HadamardProduct(nodes.Broadcast(x, SIZE, 1), y), s, v),
            st.builds(lambda x: nodes.Broadcast(x, SIZE, 1), s), st.builds(sp.MatMul, v, s),
        ]
    elif shape == "m":
        made += [
            st.builds(sp.MatMul, m, m), st.builds(sp.Transpose, m), st.builds(nodes.Diag, v), st.just(sp.Identity(SIZE)),
            st.builds(lambda x, y: sp.MatMul(x, sp.Transpose(y)), v, v),
        ]
    else:
        made += [st.builds(lambda x, y: sp.MatMul(sp.Transpose(x), y), v, v), st.builds(nodes.SumAll, v), power]
        made += [st.builds(nodes.Elementwise, st.just("tanh"), s)]
    if not inside and shape != "s":
        made.append(st.builds(lambda b: nodes.SumOver(b, J, 1, 3), shaped(shape, depth - 1, True)))
    if not inside and shape == "m":
        chain = st.builds(lambda b: nodes.ProductOver(b, J, 1, 3), shaped("m", depth - 1, True))
        made += [chain, st.builds(sp.Transpose, chain)]
    return st.one_of(made)


def arrays():
    rng = np.random.default_rng(5)
    found = {(x.name, None): rng.uniform(0.2, 1.2, x.shape) for x in VECTORS[:2] + MATRICES + SCALARS}
    found |= {("h", s): rng.uniform(0.2, 1.2, (SIZE, 1)) for s in STEPS}
    return found | {("U", s): rng.uniform(0.2, 1.2, (SIZE, SIZE)) for s in STEPS}


ARRAYS = arrays()
LEAVES = {
    Timed(c, *a.shape, s) if s is not None else sp.MatrixSymbol(c, *a.shape): a[None] for (c, s), a in ARRAYS.items()
}


@pytest.mark.slow
@settings(max_examples=400, deadline=None, derandomize=True)
@given(st.one_of(shaped("v", 3), shaped("m", 2), shaped("s", 3)))
def test_the_text_has_the_value_of_the_formula(formula):
    with np.errstate(all="ignore"):
        expected = evaluate(nodes.expand(formula), Values(LEAVES, {}))[0]
        assume(np.all(np.isfinite(expected)) and np.abs(expected).max() < 1e12)
        text = typeset.text(formula)
        reader = Reader(text, ARRAYS)
        value = reader.sum()
    assert not reader.peek(), text
    scale = np.abs(expected).max()
    assert np.allclose(np.broadcast_to(value, expected.shape), expected, rtol=1e-9, atol=1e-9 * scale), text


NEEDED = ["a − (a + b)", "A (a + b)", "(A a) ⊙ b", "(∑_{j=1..3} Uⱼ) (A + B)", "(a + b)^{⊙2}", "2 (a + b)"]


@pytest.mark.parametrize("corrupt", NEEDED)
def test_the_reader_notices_a_lost_parenthesis(corrupt):
    right = Reader(corrupt, ARRAYS).sum()
    try:
        wrong = Reader(corrupt.replace("(", "").replace(")", ""), ARRAYS).sum()
    except AssertionError:
        return
    assert np.shape(wrong) != np.shape(right) or not np.allclose(wrong, right)
