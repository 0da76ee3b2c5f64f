"""The expression language against NumPy: the same text, read by symbptt and run by Python on arrays."""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray
from sympy.matrices.expressions.matexpr import MatrixExpr
from sympy.matrices.expressions.special import OneMatrix

from symbptt.algebra import nodes
from symbptt.errors import BadInput
from symbptt.model import define
from symbptt.model.functions import CALLS
from symbptt.model.values import Model

Array = NDArray[Any]
Walk = Callable[..., dict[tuple[str, int], Array]]
DIMS = {"D": 2, "H": 3}


def layer_norm(x: Array, eps: float = 1e-5) -> Array:
    return (x - x.mean()) / np.sqrt(x.var() + eps)


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def logsumexp(x: Array) -> Array:
    return np.log(np.exp(x).sum(keepdims=True))


def huber(x: Array, y: Array | float | None = None, delta: float = 1.0) -> Array:
    if y is not None:
        return huber(x - y, delta=delta).sum(keepdims=True)
    return np.where(abs(x) <= delta, x**2 / 2, delta * (abs(x) - delta / 2))


NUMPY: dict[str, Callable[..., Any]] = {
    "identity": lambda x: x,
    "tanh": np.tanh,
    "sigmoid": sigmoid,
    "relu": lambda x: np.maximum(x, 0),
    "leaky_relu": lambda x, slope=0.01: np.where(x > 0, x, slope * x),
    "elu": lambda x, alpha=1: np.where(x > 0, x, alpha * np.expm1(x)),
    "softplus": lambda x: np.logaddexp(0, x),
    "silu": lambda x: x * sigmoid(x),
    "gelu": lambda x: 0.5 * x * (1 + np.tanh(np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))),
    "hard_sigmoid": lambda x, slope=1 / 6: np.clip(slope * x + 0.5, 0, 1),
    "hard_tanh": lambda x: np.clip(x, -1, 1),
    "clip": lambda x, lo=-1, hi=1: np.clip(x, lo, hi),
    "log_sigmoid": lambda x: np.log(sigmoid(x)),
    "step": lambda x: np.heaviside(x, 0),
    "stop_gradient": lambda x: x,
    "surrogate": lambda value, slope_of: value,
    "where": np.where,
    "max": lambda *xs: reduce(np.maximum, xs),
    "min": lambda *xs: reduce(np.minimum, xs),
    "sin": np.sin,
    "cos": np.cos,
    "exp": np.exp,
    "log": np.log,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "reciprocal": lambda x: 1 / x,
    "power": lambda x, n=2: x**n,
    "huber": huber,
    "softmax": lambda x: np.exp(x) / np.exp(x).sum(),
    "log_softmax": lambda x: x - logsumexp(x),
    "logsumexp": logsumexp,
    "concat": lambda *xs: np.concatenate(xs),
    "sum": lambda x: x.sum(keepdims=True),
    "mean": lambda x: x.mean(keepdims=True),
    "dot": lambda u, v: u.T @ v,
    "outer": lambda u, v: u @ v.T,
    "eye": np.eye,
    "tril": lambda x, k=0: np.tril(x, k),
    "cumsum": lambda x: np.cumsum(x, axis=0),
    "solve_unit_lower": lambda a, b: np.linalg.solve(np.eye(len(a)) + np.tril(a, -1), b),
    "ones": lambda *size: np.ones((*size, 1)[:2]),
    "zeros": lambda *size: np.zeros((*size, 1)[:2]),
    "diag": np.diagflat,
    "diagonal": lambda a: np.diagonal(a)[:, None],
    "embed": lambda table, i: table @ i,
    "layer_norm": layer_norm,
    "rms_norm": lambda x, eps=1e-5: x / np.sqrt((x**2).mean() + eps),
    "l2_norm": lambda x, eps=1e-6: x / np.sqrt((x**2).sum() + eps),
    "batch_norm": lambda x, eps=1e-5: 0 * x,
    "softmax_cross_entropy": lambda o, y: -(y * (o - logsumexp(o))).sum(keepdims=True),
    "squared_error": lambda o, y: 0.5 * ((o - y) ** 2).sum(keepdims=True),
    "mse": lambda o, y: ((o - y) ** 2).mean(keepdims=True),
    "binary_cross_entropy": lambda o, y: -(y * np.log(sigmoid(o)) + (1 - y) * np.log(sigmoid(-o))).sum(keepdims=True),
}
"""Every function of the language once more; batch_norm of one sample is zero."""


def cell(text: str) -> Model:
    """A model whose only equation is a = text, over vectors x, z (D), h (H), a scalar s and matrices W (H, D), V (D, H)."""
    return define.model(
        name="cell",
        inputs={"x": "D", "z": "D", "h": "H", "i": "index D"},
        parameters={"W": "H D", "V": "D H", "s": ""},
        equations={"a": text},
    )


def one(values: dict[tuple[str, int], Array], model: Model) -> dict[str, Array]:
    """The given values as plain matrices."""
    return {name: value[0] for (name, _), value in values.items()}


def check(text: str, walk: Walk, random: Walk) -> Model:
    """Read a text, compare its value with Python's, and check the single-assignment form."""
    model = cell(text)
    values = random(model, DIMS, 1, 1, seed=3)
    values["i", 1] = np.array([[[0.0], [1.0]]])
    expected = eval(text.strip().replace("\n", " "), {**NUMPY, **DIMS, **one(values, model)})
    found = walk(model, values, DIMS)["a", 1][0]
    np.testing.assert_allclose(found, np.broadcast_to(expected, found.shape), rtol=1e-9, atol=1e-9)
    check_form(model)
    return model


ALONE = (nodes.Elementwise, nodes.Softmax, nodes.Choice, nodes.LogSumExp, nodes.CrossEntropy, nodes.BatchMean)


def is_atom(value: MatrixExpr) -> bool:
    inner = value.arg if isinstance(value, sp.Transpose) else value
    if isinstance(value, sp.Transpose) and isinstance(inner, nodes.Slice):  # a column of a matrix: V.T[0:1].T
        return isinstance(inner.args[0], sp.Transpose) and isinstance(inner.args[0].arg, sp.MatrixSymbol)
    return isinstance(inner, sp.MatrixSymbol) or isinstance(value, (OneMatrix, sp.Identity, sp.ZeroMatrix, nodes.LowerOnes))


def check_term(value: MatrixExpr) -> None:
    """Inside a right-hand side there is no nonlinear node, and products are of atoms."""
    assert not isinstance(value, ALONE), value
    if isinstance(value, sp.MatMul):
        factors = [a for a in value.args if isinstance(a, MatrixExpr)]
        if len(factors) == 1:
            check_term(factors[0])
        else:
            assert all(is_atom(f) for f in factors), value
    elif isinstance(value, (nodes.Concat, nodes.Slice, nodes.Broadcast, sp.Transpose)):
        assert is_atom(value) or all(is_atom(a) for a in value.args if isinstance(a, MatrixExpr)), value
    elif isinstance(value, sp.HadamardProduct):
        assert not any(
            len([f for f in m.args if isinstance(f, MatrixExpr)]) > 1 for a in value.args for m in a.atoms(sp.MatMul)
        ), value
        for a in value.args:
            check_term(a)
    elif not is_atom(value):
        for a in value.args:
            check_term(a)


def check_form(model: Model) -> None:
    read: set[str] = set()
    for equation in reversed(model.all_equations):
        value = equation.value
        alone = isinstance(value, ALONE)
        if alone:
            assert all(is_atom(a) or not nodes.leaves(a) for a in value.args if isinstance(a, MatrixExpr)), value
        elif isinstance(value, nodes.HalfSquaredNorm):
            check_term(value.args[0])
        else:
            check_term(value)
        if equation.target.definition is not None:
            assert equation.target.definition == value
            assert equation.target.name in read, "an intermediate is read later"
        read |= {leaf.name for leaf in nodes.leaves(value)}
    definitions = [v.definition for v in model.variables if v.definition is not None]
    assert len(set(definitions)) == len(definitions), "equal sub-expressions share one intermediate"


UNARY = ("tanh", "sigmoid", "softmax", "layer_norm", "relu", "log_softmax", "sin", "-")


def _vectors(size: str, depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from({"D": ["x", "z"], "H": ["h"]}[size])
    if depth == 0:
        return leaves
    vector, scalar, other = _vectors(size, depth - 1), _scalars(depth - 1), _vectors({"D": "H", "H": "D"}[size], depth - 1)
    matrix = {"D": "V", "H": "W"}[size]
    pair = {"D": "concat({1}, {0})[H:H+D]", "H": "concat({0}, {1})[0:H]"}[size]
    return st.one_of(
        leaves,
        st.builds("({} {} {})".format, vector, st.sampled_from("+-*"), vector),
        st.builds("({} / (2 + {} ** 2))".format, vector, vector),
        st.builds("{}({})".format, st.sampled_from(UNARY), vector),
        st.builds("({} {} {})".format, scalar, st.sampled_from("+-*"), vector),
        st.builds(f"({matrix} @ ({{}}))".format, other),
        st.builds("(outer({}, {}) @ {})".format, vector, other, other),
        st.builds("({}).T.T".format, vector),
        st.builds(pair.format, vector, other),
    )


def _scalars(depth: int) -> st.SearchStrategy[str]:
    leaves = st.sampled_from(["s", "0.25", "2"])
    if depth == 0:
        return leaves
    vector, scalar = _vectors("D", depth - 1), _scalars(depth - 1)
    return st.one_of(
        leaves,
        st.builds("dot({}, {})".format, vector, vector),
        st.builds("{}({})".format, st.sampled_from(["sum", "mean", "logsumexp"]), vector),
        st.builds("{}({}, {})".format, st.sampled_from(["squared_error", "mse", "softmax_cross_entropy"]), vector, vector),
        st.builds("({} {} {})".format, scalar, st.sampled_from("+-*"), scalar),
    )


@given(text=_vectors("D", 3))
def test_any_expression_means_what_python_means(text: str, walk: Walk, random: Walk) -> None:
    try:
        check(text, walk, random)
    except BadInput as error:
        assert "constant" in str(error), "what is multiplied by (2 - 2) is refused"


OF_HEADS = {"split_heads", "merge_heads", "sum_heads", "mean_heads"}
"""Functions of values of each head: see test_heads.py, where heads are compared with copies of one head."""


def test_every_function_has_an_oracle() -> None:
    assert set(NUMPY) == set(CALLS) - OF_HEADS


_OTHERS = {
    "concat": "concat(h, x, s)", "dot": "dot(x, z)", "outer": "outer(x, h)", "eye": "eye(D) @ x", "ones": "outer(h, ones(D)) @ x",
    "zeros": "concat(zeros(2), x)", "diag": "diag(x) @ V", "diagonal": "diagonal(outer(x, z))", "embed": "embed(W, i)",
    "where": "where(x > z, x, 2 * z)", "max": "max(x, 0.3, z)", "min": "min(s, x)", "surrogate": "surrogate(step(x), sigmoid(z))",
    "log": "log(abs(x))", "sqrt": "sqrt(exp(x))", "huber": "huber(3 * x, z, delta=0.5)",
    "tril": "tril(outer(x, z), k=-1)", "solve_unit_lower": "solve_unit_lower(outer(x, z), x)",
} | {name: f"{name}(x, z)" for name in ("softmax_cross_entropy", "squared_error", "mse", "binary_cross_entropy")}


@pytest.mark.parametrize("name", sorted(CALLS.keys() - OF_HEADS))
def test_a_function_has_its_value(name: str, walk: Walk, random: Walk) -> None:
    check(_OTHERS.get(name, f"{name}(x)"), walk, random)
    check(_OTHERS.get(name, f"2 * {name}(x - z) + s"), walk, random)


@pytest.mark.parametrize(
    "text",
    (
        "1 - x", "x - 1", "-x", "+x", "x / 3", "1 / x", "x / z", "x / s", "x ** 2", "x ** -1", "exp(x) ** 0.5", "x ** 0 * z",
        "x ** 1", "2 ** 3 * x", "(1 - 0.1) * x", "1e-3 * x", ".5 * x + 1.",
        "s * s", "s + 1", "W.T @ h", "(W @ x).T @ h", "x.T @ z",
        "(V @ W) @ x", "V @ W @ x", "(V + W.T) @ h", "tanh(W) @ x", "(1 - s) * x", "(s * s + 1) * x", "(x + W.T @ h) * z",
        "leaky_relu(x, slope=0.3)", "elu(x, alpha=2)", "hard_sigmoid(x, slope=1/2)",
        "huber(x, delta=0.1)", "power(x, n=3)", "layer_norm(x, eps=0.1)",
        "W @ diag(x)", "diag(h) @ W @ diag(x) @ z", "diag(x) + eye(D)", "2 * diag(x) @ diag(z)", "diag(x) * outer(z, x)",
        "diag(s) * s",
        "outer(ones(D), h) * V", "outer(x, 2 * ones(H)) + ones(D, H)", "dot(ones(D), x)", "concat(x, ones(2), zeros(H))",
        "diag(ones(D)) @ x",
        "W[0:1]", "concat(x, h)[D:] * 2", "V[:, 0:1] + x", "(outer(x, ones(3)) @ eye(3)[:, 1:])[:, 0:1]",
        "outer(x, concat(h, z))[:, H:] @ z",
        "D * x", "D ** -0.5 * x", "x / (H + 1) ** 2", "(1 - 1 / D) * x + H", "where(x > 1 / H, x, D)", "s * (D + 1)",
        "clip(x, -0.5, 0.2)", "clip(x, hi=0.1)", "where(x >= 0.2, x, 0)", "where(0.2 <= x, 0, 1)",
        "where(s < 0, x, z)", "where(x < s, W.T @ h, 3)", "max(x, x)", "max(W, V.T) @ x", "step(max(s, 0) - x)",
        "concat(x, h)[:D]", "concat(x, h)[D:]", "concat(x, h)[1:D+1]", "x[:]", "concat(h, h)[0:2*H]",
        "x[t] + x", "  x\n + z", "sum(W)", "mean(W)", "eye(H) + outer(h, h)", "x * (z * x) * 2 * z",
    ),
)
def test_operators_and_slices(text: str, walk: Walk, random: Walk) -> None:
    check(text.replace("x[t]", "x"), walk, random)
    assert cell(text).equations[-1].target.name == "a"


def test_batch_norm_centres_and_scales_over_the_samples(walk: Walk, random: Walk) -> None:
    model = cell("batch_norm(x, eps=0.01)")
    values = random(model, DIMS, 1, 5)
    x = values["x", 1]
    expected = (x - x.mean(axis=0)) / np.sqrt(x.var(axis=0) + 0.01)
    np.testing.assert_allclose(walk(model, values, DIMS)["a", 1], expected, rtol=1e-12)
    check_form(model)


@pytest.mark.parametrize(
    ("text", "shape"),
    (
        ("W @ x", ("H",)), ("W", ("H", "D")), ("W.T", ("D", "H")), ("concat(x, h)", ("D+H",)), ("sum(x)", ()), ("s", ()),
        ("s * x", ("D",)), ("x.T", ("1", "D")), ("outer(x, x)", ("D", "D")), ("dot(x, x)", ()), ("concat(x, x, s)", ("D+D+1",)),
        ("concat(h, x)[0:1]", ("1",)), ("concat(h, x)[2:H+1]", None), ("concat(h, x)[1:H+1]", ("H",)),
    ),
)
def test_shapes_are_inferred(text: str, shape: tuple[str, ...] | None) -> None:
    if shape is None:
        with pytest.raises(BadInput, match="for every size of the dimensions"):
            cell(text)
    else:
        assert cell(text)["a"].shape == shape


def test_a_sum_of_dimensions_is_written_as_the_file_writes_it() -> None:
    model = define.model(name="m", inputs={"x": "D", "h": "H", "b": "H+D"}, equations={"a": "tanh(concat(h, x)) + b"})
    assert model["a"].shape == model["a_1"].shape == model["b"].shape == ("H+D",)


def test_a_readout_of_one_is_an_array_of_one() -> None:
    equations = {"o": "W @ x + b", "p": "sigmoid(o)"}
    model = define.model(name="m", inputs={"x": "D"}, parameters={"W": "1 D", "b": "1"}, equations=equations)
    assert model["o"].shape == model["p"].shape == ("1",)


def test_numbers_are_exact() -> None:
    value = cell("0.1 * x + 1e-5 * z").equations[0].value
    assert sp.Rational(1, 10) in value.atoms(sp.Rational) and sp.Rational(1, 100_000) in value.atoms(sp.Rational)


def test_lags_above_one_augment_the_state(walk: Walk, random: Walk) -> None:
    equations = {"h": "tanh(x + 0.5 * h[t-1] - 0.25 * h[t-3])", "o": "h[t-2] + h[t]"}
    model = define.model(name="lagged", inputs={"x": "D"}, states={"h": "D"}, equations=equations)
    assert [v.name for v in model.states] == ["h", "h_lag2", "h_lag3"]
    assert [(e.number, e.target.name) for e in model.equations[-2:]] == [(3, "h_lag2"), (4, "h_lag3")]
    given_values = random(model, DIMS, 5, 2)
    values = walk(model, given_values, DIMS, 5)
    h = {0: given_values["h", 0], -1: given_values["h_lag2", 0], -2: given_values["h_lag3", 0]}
    for t in range(1, 6):
        h[t] = np.tanh(given_values["x", t] + 0.5 * h[t - 1] - 0.25 * h[t - 3])
        np.testing.assert_allclose(values["h", t], h[t], rtol=1e-13)
        np.testing.assert_allclose(values["o", t], h[t - 2] + h[t], rtol=1e-13)


def test_inputs_and_intermediates_have_earlier_values(walk: Walk, random: Walk) -> None:
    equations = {"u": "2 * x - x[t-1]", "o": "conv(u, w) + x[t-2]"}
    model = define.model(name="lagged", inputs={"x": "D"}, parameters={"w": "D 3"}, equations=equations)
    assert [v.name for v in model.states] == ["x_lag1", "x_lag2", "u_lag1", "u_lag2"]
    given_values = random(model, DIMS, 4, 2)
    values = walk(model, given_values, DIMS, 4)
    w = given_values["w", 0]
    x = {0: given_values["x_lag1", 0], -1: given_values["x_lag2", 0]} | {t: given_values["x", t] for t in range(1, 5)}
    u = {0: given_values["u_lag1", 0], -1: given_values["u_lag2", 0]} | {t: 2 * x[t] - x[t - 1] for t in range(1, 5)}
    for t in range(1, 5):
        expected = sum(w[..., j : j + 1] * u[t - j] for j in range(3)) + x[t - 2]
        np.testing.assert_allclose(values["o", t], expected, rtol=1e-13)


def test_constants_are_given_with_the_parameters_and_have_no_gradient() -> None:
    model = define.model(name="m", inputs={"x": "D"}, constants={"C": "D D", "c": "D"}, equations={"a": "C @ x + c[t]"})
    assert [(v.name, v.timed, v.role.group) for v in model.buffers] == [("C", False, "parameters"), ("c", True, "parameters")]
    assert [v.name for v in model.with_gradient] == ["x"]
    with pytest.raises(BadInput, match="C is a constant"):
        define.model(name="m", inputs={"x": "D"}, constants={"C": "D D"}, equations={"a": "C[t-1] @ x"})


def test_a_matrix_state_and_a_scalar_that_fills_a_state(walk: Walk, random: Walk) -> None:
    equations = {"A": "0.9 * A[t-1] + outer(x, x)", "m": "sum(x)", "o": "A @ x"}
    model = define.model(name="fast", inputs={"x": "D"}, states={"A": "D D", "m": "D"}, equations=equations)
    values = walk(model, random(model, DIMS, 2, 2), DIMS, 2)
    assert values["A", 2].shape == (2, 2, 2)
    np.testing.assert_allclose(values["m", 2], np.broadcast_to(values["x", 2].sum(axis=1, keepdims=True), (2, 2, 1)))


def test_a_class_target_keeps_its_node_and_another_value_does_not() -> None:
    def loss(expression: str) -> MatrixExpr:
        model = define.model(
            name="m", inputs={"x": "D", "q": "D"}, targets={"y": "D"}, equations={"o": "tanh(x)"}, loss=expression
        )
        assert model.loss is not None
        return model.loss.equations[-1].value

    assert isinstance(loss("softmax_cross_entropy(o, y)"), nodes.CrossEntropy)
    assert not loss("softmax_cross_entropy(o, q)").has(nodes.CrossEntropy)


def test_intermediates_avoid_the_names_of_the_file() -> None:
    model = define.model(name="m", inputs={"x": "D", "a_1": "D"}, equations={"a": "x * tanh(a_1)", "a_2": "a"})
    assert [v.name for v in model.variables if v.definition is not None] == ["a_3"]


def test_a_parameter_that_nothing_reads_is_allowed() -> None:
    model = define.model(name="m", inputs={"x": "D"}, parameters={"W": "D D"}, equations={"a": "x"})
    assert [v.name for v in model.parameters] == ["W"]
