"""Affine components: every verdict is compared with the Jacobian of one step, taken by differences, which are exact for them."""

from __future__ import annotations

import numpy as np
import pytest
from zoo import CLASSIC

from symbptt import unroll
from symbptt.algebra.nodes import dimension
from symbptt.derive.affine import components
from symbptt.derive.transition import Kind
from symbptt.model.define import model
from symbptt.model.read import load
from symbptt.verify import interpreter

MATRIX = {
    "S[t-1] + outer(k, v)": (Kind.IDENTITY, 0),
    "0.5 * S[t-1] + outer(k, v)": (Kind.SCALAR, 0),
    "S[t-1] + S[t-1]": (Kind.SCALAR, 0),
    "exp(g) * S[t-1] + outer(k, v)": (Kind.SCALAR, 0),
    "outer(exp(k), v - v + 1) * S[t-1]": (Kind.DIAGONAL, 0),
    "exp(outer(k, v)) * S[t-1] + outer(k, v)": (Kind.DIAGONAL, 0),
    "S[t-1] + outer(k, g * (v - S[t-1].T @ k))": (Kind.LOW_RANK, 1),
    "outer(exp(k), v - v + 1) * S[t-1] + outer(k, v - (outer(exp(k), v - v + 1) * S[t-1]).T @ k)": (Kind.LOW_RANK, 1),
    "(eye(K) - outer(k, k)) @ S[t-1]": (Kind.LOW_RANK, 1),
    "S[t-1] @ (eye(V) - g * outer(v, u)) - S[t-1] @ outer(u, v)": (Kind.LOW_RANK, 2),
    "S[t-1] @ (eye(V) - outer(v, v)) @ (eye(V) - outer(u, u))": (Kind.LOW_RANK, 2),
    "outer(k, v) * sum(S[t-1])": (Kind.DENSE, 0),
    "A @ S[t-1] + outer(k, v)": (Kind.DENSE, 0),
    "S[t-1] - outer(k, S[t-1].T @ k) - outer(S[t-1] @ v, v)": (Kind.DENSE, 0),
}
VECTOR = {
    "h[t-1] + x": Kind.IDENTITY,
    "(1 - sigmoid(x)) * h[t-1] + x": Kind.DIAGONAL,
    "g * (h[t-1] - x)": Kind.SCALAR,
    "h[t-1] - outer(x, x) @ h[t-1]": Kind.LOW_RANK,
    "h[t-1] - 0.5 * mean(h[t-1])": Kind.LOW_RANK,
    "W @ h[t-1] + x": Kind.DENSE,
    "concat(h[t-1][1:3], h[t-1][0:1])": Kind.DENSE,
}


def matrix_state(equation):
    sizes = {"k": "K", "v": "V", "u": "V", "g": "1"}
    return model(name="m", inputs=sizes, states={"S": "K V"}, parameters={"A": "K K"}, equations={"S": equation})


def vector_state(equation):
    return model(name="m", inputs={"x": "3", "g": ""}, states={"h": "3"}, parameters={"W": "3 3"}, equations={"h": equation})


def jacobian(given, before):
    """The Jacobian of the one state by itself at `before`, by differences of size one."""
    dims, rng = {"K": 3, "V": 4}, np.random.default_rng(5)
    (state,) = given.states
    others = [v for v in given.variables if v.role in ("input", "parameter")]
    leaves = {(v.name, 1): rng.normal(size=(1, *shape(v, dims))) for v in others}
    size = before.size
    states = before.reshape(-1) + np.vstack([np.zeros(size), np.eye(size)])
    leaves[state.name, 0] = states.reshape(-1, 1, *shape(state, dims))
    after = interpreter.evaluate(unroll.steps(given, 1), leaves, dims)[state.name, 1].reshape(size + 1, size)
    return (after[1:] - after[0]).T


def shape(variable, dims):
    return tuple(int(size.subs({dimension(name): n for name, n in dims.items()})) for size in (variable.rows, variable.columns))


@pytest.mark.parametrize("equation", MATRIX)
def test_a_matrix_state(equation):
    (found,) = components(given := matrix_state(equation))
    kind, rank = MATRIX[equation]
    assert found.affine and (found.transition.kind, found.transition.rank) == (kind, rank)
    first, second = (jacobian(given, before) for before in (np.zeros((3, 4)), np.arange(12.0).reshape(3, 4)))
    assert np.allclose(first, second, atol=1e-12)
    agrees(found.transition, first.reshape(3, 4, 3, 4))


def agrees(transition, J):
    """Whether the Jacobian, with the axes (row, column) twice, is what the transition says."""
    weights = np.einsum("ijij->ij", J)
    rest = J - np.einsum("ij,ik,jl->ijkl", weights, np.eye(3), np.eye(4))
    if transition.kind <= Kind.DIAGONAL:
        assert not rest.any()
        assert np.allclose(weights, 1) == (transition.kind is Kind.IDENTITY)
        assert (np.ptp(weights, axis=0).max() > 1e-9) == ("rows" in transition.axes)
        assert (np.ptp(weights, axis=1).max() > 1e-9) == ("columns" in transition.axes)
    elif transition.kind is Kind.LOW_RANK:
        mixed = {"rows": "ijkj->jik", "columns": "ijil->ijl"}[transition.side]
        other = {"rows": np.einsum("ijkl,jl->ijkl", J, 1 - np.eye(4)), "columns": np.einsum("ijkl,ik->ijkl", J, 1 - np.eye(3))}
        assert not other[transition.side].any()
        for block in np.einsum(mixed, J):
            assert ranks(block) <= transition.rank


def ranks(block):
    """The least rank beside a diagonal: of the entries off the diagonal, completed by that of a 2 x 2 minor without it."""
    n = len(block)
    off = [np.linalg.matrix_rank(np.delete(block[i : i + 1], i, axis=1), tol=1e-9) for i in range(n)]
    if n < 4:
        return max(off)
    return max(np.linalg.matrix_rank(block[np.ix_([a, b], [c for c in range(n) if c not in (a, b)])], tol=1e-9)
               for a in range(n) for b in range(a))


@pytest.mark.parametrize("equation", VECTOR)
def test_a_vector_state(equation):
    (found,) = components(given := vector_state(equation))
    assert found.affine and found.transition.kind is VECTOR[equation]
    assert np.allclose(jacobian(given, np.zeros((3, 1))), jacobian(given, np.ones((3, 1))), atol=1e-12)


def test_what_is_affine_among_the_built_in_models():
    found = {name: part.transition.kind for name in CLASSIC for part in components(load(name)) if part.transition}
    assert found == {"linear": Kind.DENSE}


def test_components_come_behind_those_that_they_read():
    given = model(
        name="m",
        inputs={"x": "H"},
        states={"c": "H", "u": "H", "z": "H", "p": "H", "m": "H"},
        equations={
            "u": "x", "m": "tanh(m[t-1] + u[t-1])", "c": "m * c[t-1] + x", "z": "m * z[t-1] - c * p[t-1]",
            "p": "0.5 * z[t-1] + p[t-1]",
        },
    )
    found = components(given)
    assert [part.states for part in found] == [("u",), ("m",), ("c",), ("z", "p")]
    assert [part.recurrent for part in found] == [False, True, True, True]
    assert [part.nonlinear for part in found] == [(), ("m",), (), ()]
    assert (found[3].transition.kind, found[3].transition.size) == (Kind.BLOCKS, 2)
