"""The interpreter: every function and node against definitions written down here, in real and complex arithmetic."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st
from sympy.matrices.expressions.special import OneMatrix

from symbptt import data
from symbptt.algebra import nodes
from symbptt.algebra.functions import FUNCTIONS, Z
from symbptt.errors import MissingRule, UnknownName
from symbptt.model.values import Equation, Model, Role, Variable
from symbptt.unroll.graph import steps
from symbptt.verify import objective
from symbptt.verify.interpreter import evaluate
from symbptt.verify.scalar_oracle import gradients

POSITIVE = ("log", "sqrt", "reciprocal", "power")
KINKS = {"hard_sigmoid": 3.0, "hard_tanh": 1.0, "huber": 1.0}
V = Variable("v", Role.STATE, ("3",), sp.Integer(3), sp.S.One)


def model_of(value: Any, *variables: Variable) -> Model:
    rows, columns = value.shape
    out = Variable("out", Role.LOCAL, (str(rows), str(columns)), rows, columns)
    return Model("one", "", (V, *variables, out), (Equation(out, value, 1),))


def value_of(node: Any, **leaves: np.ndarray) -> np.ndarray:
    """A node over the state v at step 0, which is the leaf v, and other leaves."""
    graph = steps(model_of(node), 1)
    return evaluate(graph, {(name, 0): array for name, array in leaves.items()}, {"H": 3})["out", 1]


def symbol(name: str, rows: int, columns: int = 1) -> nodes.Timed:
    return nodes.Timed(name, rows, columns, nodes.TIME - 1)


v = symbol("v", 3)


def points(name: str) -> st.SearchStrategy[float]:
    low = 0.1 if name in POSITIVE else -5.0
    corner = KINKS.get(name, 0.0)
    # Kinks have no slope to agree on.
    return st.floats(low, 5.0).filter(lambda x: min(abs(x), abs(abs(x) - corner)) > 1e-3)


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", FUNCTIONS)
@given(st.data())
def test_functions_and_their_complex_steps_agree_with_the_table(name: str, data: st.DataObject) -> None:
    row, x = FUNCTIONS[name], data.draw(points(name))
    numbers = tuple(default for _, default in row.arguments)
    exact = row.value.subs(dict(zip(row.symbols(), numbers, strict=True)))
    array = np.full((1, 3, 1), x + 1e-200j)
    found = value_of(nodes.Elementwise(name, *numbers, v), v=array)[0, 0, 0]
    assert found.real == pytest.approx(float(exact.subs(Z, x)), rel=1e-12, abs=1e-13)
    assert found.imag / 1e-200 == pytest.approx(float(exact.diff(Z).subs(Z, x)), rel=1e-10, abs=1e-12)


RNG = np.random.default_rng(7)
X, W, Y = RNG.standard_normal((2, 3, 1)), RNG.standard_normal((2, 2, 3)), RNG.standard_normal((2, 3, 1))
w, y = symbol("w", 2, 3), symbol("y", 3)
H = sp.Symbol("H", integer=True, positive=True)
E = np.exp(X)

NODES = {
    "product": (sp.MatMul(sp.Rational(3, 2) / H, w, v), 0.5 * W @ X),
    "sum": (sp.MatAdd(v, y, v), 2 * X + Y),
    "hadamard": (sp.HadamardProduct(v, y), X * Y),
    "transpose": (sp.Transpose(w), W.swapaxes(1, 2)),
    "identity": (sp.MatMul(sp.Identity(H), v), X),
    "ones": (sp.MatMul(OneMatrix(2, H), v), np.repeat(X.sum(axis=1, keepdims=True), 2, axis=1)),
    "zeros": (sp.MatAdd(v, sp.ZeroMatrix(H, 1)), X),
    "softmax": (nodes.Softmax(v), E / E.sum(axis=1, keepdims=True)),
    "log sum exp": (nodes.LogSumExp(v), np.log(E.sum(axis=1, keepdims=True))),
    "choice": (nodes.Choice(v, y, y, sp.MatMul(2, v)), np.where(X > Y, Y, 2 * X)),
    "batch mean": (sp.MatAdd(v, sp.MatMul(-1, nodes.BatchMean(v))), X - X.mean(axis=0)),
    "diag": (sp.MatMul(nodes.Diag(v), y), X * Y),
    "sum of all": (nodes.SumAll(w), W.sum(axis=(1, 2), keepdims=True)),
    "half squared norm": (nodes.HalfSquaredNorm(w), (W**2).sum(axis=(1, 2), keepdims=True) / 2),
    "cross entropy": (nodes.CrossEntropy(v, y), -(Y * np.log(E / E.sum(axis=1, keepdims=True))).sum(axis=1, keepdims=True)),
    "spread": (nodes.Broadcast(nodes.SumAll(v), 2, H), X.sum(axis=1, keepdims=True) * np.ones((2, 3))),
    "concat": (nodes.Concat(v, y), np.concatenate([X, Y], axis=1)),
    "slice": (nodes.Slice(v, 1, H), X[:, 1:]),
}


@pytest.mark.parametrize("case", NODES)
def test_nodes(case: str) -> None:
    node, expected = NODES[case]
    assert np.broadcast_to(value_of(node, v=X, w=W, y=Y), expected.shape) == pytest.approx(expected, rel=1e-14)


@pytest.mark.parametrize("case", [c for c in NODES if c not in ("batch mean", "transpose", "spread", "zeros")])
def test_the_oracle_differentiates_every_node_as_the_complex_step_does(case: str) -> None:
    node, value = NODES[case]
    more = [Variable(s.name, Role.STATE, (str(s.rows), str(s.cols)), s.rows, s.cols) for s in (w, y)]
    model, weights = model_of(node, *more), RNG.standard_normal((1, 2, *value.shape[1:]))
    point = data.Data({"H": 3}, 1, 2, {}, {}, {}, {"v": X[..., 0], "w": W, "y": Y}, {"out": weights})
    graph = steps(model, 1)
    for name, gradient in gradients(model, point, point.states).items():
        moved = point.having(model[name], point.states[name] + 1e-200j * np.eye(gradient.size).reshape(-1, *gradient.shape))
        measured = np.broadcast_to(objective.objective(graph, moved), (gradient.size,)).imag / 1e-200
        assert gradient.ravel() == pytest.approx(measured, rel=1e-12, abs=1e-14)


def test_values_keep_perturbation_axes_and_the_precision_given() -> None:
    many = np.broadcast_to(X, (5, 2, 3, 1))
    assert value_of(nodes.Softmax(sp.MatAdd(v, y)), v=many, y=Y).shape == (5, 2, 3, 1)
    assert value_of(sp.MatAdd(v, v), v=X.astype(np.longdouble)).dtype == np.longdouble


def test_large_arguments_do_not_overflow() -> None:
    with np.errstate(all="raise", under="ignore"):
        for node in (nodes.Softmax(v), nodes.LogSumExp(v), nodes.Elementwise("softplus", v), nodes.Elementwise("sigmoid", v)):
            assert np.isfinite(value_of(node, v=1000.0 * np.array([[[1.0], [-1.0], [0.5]]]))).all()


def test_what_the_tables_do_not_know_is_refused() -> None:
    class Strange(nodes.Softmax):
        pass

    with pytest.raises(MissingRule, match=r"verify/interpreter\.py"):
        value_of(Strange(v), v=X)
    with pytest.raises(UnknownName, match="unknown function 'tan'"):
        value_of(nodes.Elementwise("tan", v), v=X)


@pytest.mark.parametrize("options", [{}, {"loss": "squared_error"}, {"at": "last"}, {"loss": "squared_error", "at": "last"}])
def test_outputs_and_loss_are_those_of_code_written_by_hand(
    elman_model: Callable[..., Model], hand_made: Callable[..., SimpleNamespace], options: dict[str, str],
) -> None:
    model = elman_model(**options)
    module, graph, point = hand_made(model), steps(model, 4), data.random(model, T=4, N=3, seed=5)
    loss, _ = module.value_and_grad(point.parameters, point.inputs, point.targets, point.states)
    assert objective.objective(graph, point) == pytest.approx(loss, rel=1e-13)
    for name, expected in module.forward(point.parameters, point.inputs, point.states)[0].items():
        assert objective.outputs(graph, point)[name] == pytest.approx(expected, rel=1e-13)
