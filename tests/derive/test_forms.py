"""The three forms of the gradient are one gradient, for every built-in model."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt.model.read as read
from symbptt import data, derive, unroll
from symbptt.algebra.evaluate import evaluate
from symbptt.derive.numeric import run
from symbptt.derive.recursion import recursion
from symbptt.errors import BadInput
from symbptt.model.define import model
from symbptt.model.values import Role

DIMS = {"D": 2, "H": 3, "O": 2}


def _data(model, T, N, seed=0):
    dims = {name: size for name, size in DIMS.items() if name in model.dimensions}
    return data.random(model, dims=dims, T=T, N=N, seed=seed)


def _groups(drawn):
    return drawn.parameters, drawn.inputs, drawn.targets, drawn.states


def _close(a, b):
    scale = max(1.0, float(np.abs(b).max(initial=0.0)))
    assert float(np.abs(a - b).max(initial=0.0)) <= 1e-12 * scale


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", read.names())
@pytest.mark.parametrize(("T", "N"), [(1, 1), (3, 3)])
def test_sum_recursion_and_nested_agree(name, T, N):
    model = read.load(name)
    graph = unroll.steps(model, T)
    values = _groups(_data(model, T, N))
    for wrt, gradient in derive.adjoints(graph).evaluate(*values).items():
        _close(derive.gradient(graph, wrt).total(*values), gradient)
        _close(derive.sensitivities(graph, wrt).evaluate(*values), gradient)


@pytest.mark.parametrize("T", [1, 2, 5])
def test_terms_of_elman(T):
    graph = unroll.steps(read.load("elman"), T)
    counts = {v.name: len(derive.gradient(graph, v.name).terms) for v in graph.model.parameters}
    triangle = T * (T + 1) // 2
    assert counts == {"W_xh": triangle, "W_hh": triangle, "b_h": triangle, "W_ho": T, "b_o": T}


def test_every_pair_is_listed_zeros_included():
    model = read.load("elman")
    graph = unroll.steps(model, 3)
    drawn = _data(model, 3, 2)
    terms = derive.gradient(graph, "W_hh").evaluate(drawn.parameters, drawn.inputs, drawn.targets)
    assert list(terms) == [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]
    assert not terms[1, 1].any() and not terms[3, 1].any(), "h_0 = 0"
    assert terms[3, 2].any()


def test_terms_of_an_input_keep_their_samples():
    model = read.load("elman")
    graph = unroll.steps(model, 3)
    drawn = _data(model, 3, 2)
    terms = derive.gradient(graph, "x").evaluate(*_groups(drawn))
    assert {value.shape for value in terms.values()} == {(2, DIMS["D"])}


def test_the_written_product_is_the_term():
    """D_1 W' D_2 W' D_3 V' (p_3 - y_3) h_0', evaluated as printed, is the value of the term (3, 1)."""
    for name in ("elman", "irnn", "jordan", "leaky", "linear", "residual_rnn", "mgu"):
        model = read.load(name)
        if len(model.states) != 1:
            continue
        graph = unroll.steps(model, 3)
        values = _groups(_data(model, 3, 1))
        done = run(graph, *values)
        for v in model.of(Role.PARAMETER):
            gradient = derive.gradient(graph, v.name)
            terms = gradient.evaluate(*values)
            for term in gradient.terms:
                written = done.batch(evaluate(term.value, done.values))[0]
                _close(written.reshape(terms[term.loss_step, term.source_step].shape), terms[term.loss_step, term.source_step])


def test_elman_term_reads_like_the_textbook():
    gradient = derive.gradient(unroll.steps(read.load("elman"), 3), "W_hh")
    term = next(t for t in gradient.terms if (t.loss_step, t.source_step) == (3, 1))
    kinds = [factor.kind for factor in term.factors]
    assert kinds == ["immediate", "state_jacobian", "state_jacobian", "loss"]
    text = str(term.value)
    assert text == (
        "Diag(SlopeByResult(tanh, h[1]))*W_hh.T*Diag(SlopeByResult(tanh, h[2]))*W_hh.T*"
        "Diag(SlopeByResult(tanh, h[3]))*W_ho.T*CrossEntropySlope(o[3], y[3])*h[0].T"
    )


@pytest.mark.parametrize("bad", ["o", "a", "y", "nobody"])
def test_only_leaves_have_gradients(bad):
    graph = unroll.steps(read.load("elman"), 2)
    with pytest.raises(BadInput):
        derive.gradient(graph, bad)


def test_without_a_loss_there_is_no_gradient():
    graph = unroll.steps(read.load("elman", loss="none"), 2)
    for form in (derive.adjoints, lambda g: derive.gradient(g, "W_hh"), lambda g: derive.sensitivities(g, "W_hh")):
        with pytest.raises(BadInput, match="no loss"):
            form(graph)


def test_missing_and_misshapen_arrays_are_named():
    model = read.load("elman")
    graph = unroll.steps(model, 2)
    drawn = _data(model, 2, 2)
    with pytest.raises(BadInput, match="no value for the input x"):
        derive.adjoints(graph).evaluate(drawn.parameters, {}, drawn.targets)
    with pytest.raises(BadInput, match="x has 3 steps"):
        derive.adjoints(graph).evaluate(drawn.parameters, {"x": np.zeros((3, 2, 2))}, drawn.targets)


def test_adjoints_grow_linearly():
    """Four times the steps make four times the equations, and each is of bounded size."""
    model = read.load("lstm")
    small, large = (derive.adjoints(unroll.steps(model, T)) for T in (5, 20))
    assert len(large.equations) == 4 * len(small.equations)
    assert max(len(e.terms) for e in large.equations) == max(len(e.terms) for e in small.equations)


def test_what_constants_alone_make_has_no_adjoint():
    given = model(name="m", inputs={"x": "H"}, states={"h": "H"}, constants={"tau": ""}, parameters={"w": "H"},
                  equations={"a": "exp(-1 / tau)", "h": "a * h[t-1] + (1 - a) * w * x"}, loss="sum(h)")
    found = recursion(given)
    assert given.fixed > {"a"} and found.adjoint_number("a") == 0 < found.adjoint_number("h")
    assert not {e.variable.name for e in derive.adjoints(unroll.steps(given, 2)).equations} & given.fixed
