"""Heads: what the language makes of them, and that they are what so many copies of one head are."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import sympy as sp

from symbptt import emit, typeset
from symbptt.data.values import Arrays
from symbptt.derive.recursion import recursion
from symbptt.emit.source_file import BACKENDS, STYLES
from symbptt.errors import BadInput
from symbptt.model.initialisers import draw
from symbptt.model.read import from_text, load
from symbptt.model.values import Model, Role
from symbptt.verify.load import resolve

KINDS = Path(__file__).parents[1] / "heads"
HEADS = (KINDS / "heads.toml").read_text(encoding="utf-8")
JOINED = (KINDS / "joined-heads.toml").read_text(encoding="utf-8")
M = 3


def _changed(*pairs: tuple[str, str]) -> Model:
    text = HEADS
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    return from_text(text, "heads.toml")


def test_a_shape_that_begins_with_the_heads_belongs_to_each() -> None:
    model = load(str(KINDS / "heads.toml"))
    assert model.heads == model["S"].heads == sp.Symbol("M", integer=True, positive=True)
    assert model["S"].shape == ("M", "K", "V") and [str(size) for size in model["S"].axes] == ["M", "K", "V"]
    assert model["k"].shape == ("M", "K") and model["o"].shape == ("O",) and model["W_v"].heads is None


@pytest.mark.parametrize(("old", "new", "said"), [
    ('heads = "M"', 'heads = "Q"', "at most two dimensions"),
    ('heads = "M"', "heads = 3", "heads: expected a string, not an integer"),
    ("tanh(W_q @ x)", "softmax(W_q @ x)", "softmax does not work within heads"),
    ("tanh(W_q @ x)", "x @ W_q", r"the shapes \(M, D\) and \(M, K, D\) do not fit"),
    ("W_v @ x + b_v", "W_v @ x + W_o", r"the shapes \(M, V\) and \(M, O, V\) do not fit; \+ expects"),
    ("tanh(W_q @ x)", "tanh((W_q @ x)[0:1])", "is not cut"),
    ("tanh(W_q @ x)", "split_heads(x)", "split_heads expects a vector such as 'M\\*K', not the shape D"),
    ("outer(k, v)", "diag(k)", "do not fit"),
    ("sigmoid(g) * S[t-1]", "k * S[t-1]", r"for each row of a matrix A write diag\(v\) @ A"),
    ("outer(k, v)", "outer(conv(k, W_q), v)", r"conv does not work within heads; convolve before split_heads\(...\)"),
    ('W_v = "V D"', 'W_v = "V D M"', r"not 3; M, which counts heads, stands in front or in a product as M\*K"),
    ("sum_heads(W_o @ u)", "sum_heads(x)", "expected a value that belongs to each head"),
    ("squared_error(o, y)", "squared_error(u, y)", "squared_error does not work within heads; merge_heads"),
    ('W_v = "V D"', 'W_v = "V*D"', "a product of dimensions counts the entries of all heads"),
    ("sigmoid(g) * S[t-1] + outer(k, v)", "outer(x, x)", "the state S belongs to each head, and its equation does not"),
])
def test_what_does_not_fit_is_said_in_one_sentence(old: str, new: str, said: str) -> None:
    with pytest.raises(BadInput, match=said):
        _changed((old, new))


def test_formulas_are_those_of_one_head() -> None:
    model = load(str(KINDS / "heads.toml"))
    shown = {e.target.name: typeset.text(e.value, model) for e in model.equations if e.target.definition is None}
    assert shown["S"] == "σ(gₜ⁽ⁿ⁾) Sₜ₋₁⁽ⁿ⁾ + kₜ⁽ⁿ⁾ vₜ⁽ⁿ⁾ᵀ"
    assert shown["o"] == "∑_{n=1..M} Wₒ⁽ⁿ⁾ uₜ⁽ⁿ⁾"
    joined = from_text(JOINED, "joined.toml")
    shown = {e.target.name: typeset.text(e.value, joined) for e in joined.equations if e.target.definition is None}
    assert shown["q"] == "(W_q xₜ)⁽ⁿ⁾" and shown["z"] == "tanh([Sₜ⁽ⁿ⁾ᵀ qₜ⁽ⁿ⁾]ₙ + b)"


def test_the_gradient_of_what_heads_share_is_a_sum_over_them() -> None:
    model = load(str(KINDS / "heads.toml"))
    shared = next(e for e in recursion(model).gradients if e.variable.name == "w")
    assert typeset.text(shared.value, model).startswith("∑_{n=1..M} ")


ONE = HEADS.replace('heads = "M"\n', "").replace('"M"', '""').replace('"M ', '"').replace("sum_heads(W_o @ u)", "W_o @ u")
"""The same equations without heads."""
SIZES = {"D": 3, "K": 2, "M": M, "O": 4, "V": 5}
T, N = 4, 2


def _run(model: Model, arrays: dict[str, Arrays], cotangents: Arrays, style: str) -> tuple[Arrays, Arrays]:
    code = resolve(emit.source(model, wrt="all", style=style)).module
    outputs, residuals = code.forward(arrays["parameters"], arrays["inputs"], arrays["states"])
    return outputs, code.backward(arrays["parameters"], residuals, cotangents)


@pytest.mark.parametrize("style", STYLES)
def test_heads_are_so_many_copies_of_one_head(style: str) -> None:
    """Outputs and gradients of head n are those of a model of one head; those of what heads share are sums over n."""
    random = np.random.default_rng(0)
    many, one = swapped(HEADS), swapped(ONE)
    lead = {"parameters": (), "inputs": (T, N), "states": (N,)}
    given = {
        group: {v.name: random.standard_normal((*axes, *(SIZES[axis] for axis in v.shape))) for v in getattr(many, group)}
        for group, axes in (("parameters", ()), ("states", (N,)))
    } | {"inputs": {v.name: random.standard_normal((T, N, *(SIZES[a] for a in v.shape))) for v in many.of(Role.INPUT)}}
    cotangents = {v.name: random.standard_normal((T, N, *(SIZES[a] for a in v.shape))) for v in many.outputs}

    def of_head(values: Arrays, axes: int, n: int) -> Arrays:
        return {k: np.take(v, n, axes) if many[k].heads is not None else v for k, v in values.items()}

    outputs, gradients = _run(many, given, cotangents, style)
    alone = [
        _run(one, {g: of_head(part, len(lead[g]), n) for g, part in given.items()}, of_head(cotangents, 2, n), style)
        for n in range(M)
    ]
    for name in ("S", "z"):
        np.testing.assert_allclose(outputs[name], np.stack([out[name] for out, _ in alone], axis=2), rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(outputs["o"], sum(out["o"] for out, _ in alone), rtol=1e-13, atol=1e-13)
    for name, gradient in gradients.items():
        parts, variable = [found[name] for _, found in alone], many[name]
        axis = len(lead[variable.role.group])
        expected = np.stack(parts, axis=axis) if variable.heads is not None else sum(parts)
        np.testing.assert_allclose(gradient, expected, rtol=1e-12, atol=1e-13, err_msg=name)


def swapped(text: str) -> Model:
    """The model of a file, without its loss."""
    return from_text(text.partition("[loss]")[0], "heads.toml")


@pytest.mark.parametrize("backend", BACKENDS)
def test_sixteen_heads_are_no_more_code_than_one(backend: str) -> None:
    lines = [len(emit.source(from_text(text, "heads.toml"), backend=backend).text.splitlines()) for text in (HEADS, ONE)]
    assert lines[0] <= (1.3 if backend == "c" else 1.1) * lines[1]  # in C an axis is a loop, which has two lines of its own


def test_first_values_are_drawn_head_by_head() -> None:
    drawn = draw(load(str(KINDS / "heads.toml")), SIZES, seed=1)
    assert drawn["W_q"].shape == (M, 2, 3) and drawn["b_v"].shape == (M, 5) and not drawn["b_v"].any()
    assert np.abs(drawn["W_q"]).max() <= (6 / 5) ** 0.5 and len(np.unique(drawn["W_q"])) == drawn["W_q"].size


def test_sizes_are_read_off_products_of_dimensions() -> None:
    code = resolve(emit.source(from_text(JOINED, "joined.toml"))).module
    random = np.random.default_rng(0)
    sizes = SIZES | {"M*K": M * 2, "M*V": M * 5}
    parameters, inputs = (
        {name: random.standard_normal((*axes, *(sizes[a] for a in shape))) for name, shape in table.items()}
        for table, axes in ((code.PARAMETERS, ()), (code.INPUTS, (T, N)))
    )
    outputs, _ = code.forward(parameters, inputs)
    assert outputs["S"].shape == (T, N, M, 2, 5) and outputs["z"].shape == (T, N, M * 5)


def test_what_is_not_emitted_is_said() -> None:
    with pytest.raises(BadInput, match="heads, which are emitted in reverse mode, not in forward mode"):
        emit.source(from_text(HEADS, "heads.toml"), mode="forward")


def test_vectors_of_all_heads_fit_their_number() -> None:
    code = resolve(emit.source(from_text(JOINED, "joined.toml"))).module
    sizes = SIZES | {"M*K": M * 2, "M*V": M * 5}
    parameters = {name: np.zeros([sizes[a] for a in axes]) for name, axes in code.PARAMETERS.items()}
    inputs = {"x": np.zeros((T, N, 3))}
    with pytest.raises(ValueError, match=r"W_q has 7 entries where M\*K is expected, with M = 3$"):
        code.forward(parameters | {"W_q": np.zeros((7, 3))}, inputs)
    with pytest.raises(ValueError, match=r"W_v has 15 entries where M\*V is expected, with M = 3, V = 6$"):
        code.forward(parameters, inputs, {"S": np.zeros((N, M, 2, 6))})
