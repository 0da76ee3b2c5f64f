"""Jacobians and their products against complex steps of the cell, and against each other."""

from __future__ import annotations

import numpy as np
import pytest
from zoo import CLASSIC

import symbptt
from symbptt import analyze, unroll
from symbptt.analyze import emitted, products
from symbptt.analyze.data import evaluated
from symbptt.analyze.jacobian import Jacobians, coupled, direct_routes

T = 4


def _jacobians(name, T=T, **options):
    model = symbptt.load(name)
    data = analyze.point(model, T, **options)
    return Jacobians(evaluated(unroll.steps(model, T), data)), data


def _complex_step(model, data):
    """d s_T / d s_0 of every sample, by complex steps of the emitted forward pass."""
    code = emitted.module(model, data.T)
    states = {s.name: data.states[s.name] for s in model.states}
    columns = []
    for s in model.states:
        for i in range(states[s.name].shape[-1]):
            moved = {name: value.astype(complex) for name, value in states.items()}
            moved[s.name][:, i] += 1e-30j
            outputs, _ = code.forward(dict(data.parameters), dict(data.inputs), moved)
            columns.append(np.concatenate([outputs[r.name][-1].imag / 1e-30 for r in model.states], axis=-1))
    return np.stack(columns, axis=-1)


@pytest.mark.parametrize("name", [n for n in CLASSIC if symbptt.load(n).states and not coupled(symbptt.load(n))
                                  and all(s.shape for s in symbptt.load(n).states)])
def test_the_long_product_is_the_derivative_of_the_last_state(name):
    jacobians, data = _jacobians(name)
    product = np.eye(jacobians.entries)
    for k in range(T, 0, -1):
        product = product @ jacobians.at(k).jacobian
    np.testing.assert_allclose(product, _complex_step(jacobians.model, data), rtol=1e-10, atol=1e-14)
    blocks, long = products.products(jacobians)
    assert long.norms[T] == pytest.approx(np.linalg.norm(product, 2, axis=(-2, -1)).max(), rel=1e-10)
    np.testing.assert_allclose(blocks[0].norms[T, 0], np.linalg.norm(product, axis=(-2, -1)).max(), rtol=1e-10)


def test_a_batch_norm_couples_the_samples():
    jacobians, data = _jacobians("deep_feedforward_batch_norm", N=3)
    assert jacobians.entries == 3 * data.dims["H"] and jacobians.at(1).jacobian.shape == (1, 12, 12)
    base = emitted.module(jacobians.model, T)
    moved = data.states["h"].astype(complex)
    moved[1, 2] += 1e-30j
    column = base.forward(dict(data.parameters), {}, {"h": moved})[0]["h"][0].imag / 1e-30
    np.testing.assert_allclose(jacobians.at(1).jacobian[0][:, 4 + 2], column.ravel(), rtol=1e-10, atol=1e-14)
    assert abs(column[0]).max() > 0, "another sample moves"


def test_blocks_of_an_lstm_and_the_route_of_forget_gates():
    jacobians, _ = _jacobians("lstm", T=6)
    blocks = {(b.row, b.column, b.direct): b for b in products.products(jacobians, samples=True)[0]}
    assert set(blocks) == {("s", "s", False), *((r, c, False) for r in "hc" for c in "hc"), ("c", "c", True)}
    parts = np.sqrt(sum(blocks[r, c, False].by_sample ** 2 for r in "hc" for c in "hc"))
    np.testing.assert_allclose(parts, blocks["s", "s", False].by_sample, rtol=1e-12)
    gates = [np.asarray(jacobians.done.values.leaves[jacobians.model["f"].at(j)])[..., 0] for j in range(1, 7)]
    np.testing.assert_allclose(
        blocks["c", "c", True].by_sample[:, 6, 2], np.linalg.norm(np.prod(gates[2:], axis=0), axis=-1), rtol=1e-12
    )
    one, two = blocks["c", "c", False].norms, blocks["c", "c", True].norms
    assert one[3, 2] == pytest.approx(two[3, 2]), "one step: the block is the forget gate"
    assert abs(one[6, 0] - two[6, 0]) > 1e-3 * one[6, 0], "several steps: the product of gates is one summand of it"


def test_peepholes_add_to_the_forget_gate_within_one_step():
    jacobians, _ = _jacobians("lstm_peephole", T=3, seed=1, values={"p_f": np.ones(4), "p_i": -np.ones(4)})
    blocks = {(b.row, b.column, b.direct): b.norms for b in products.products(jacobians)[0]}
    assert abs(blocks["c", "c", False][3, 2] - blocks["c", "c", True][3, 2]) > 1e-6


def test_direct_routes_of_the_built_in_models():
    found = {name: set(direct_routes(symbptt.load(name))) for name in CLASSIC if "layer" not in name}
    with_route = {name for name, routes in found.items() if routes}
    assert {"gru", "lstm", "lstm_peephole", "residual_rnn", "leaky"} <= with_route
    assert not with_route & {"elman", "irnn", "linear", "scalar", "indrnn", "deep_feedforward"}


def test_blocks_of_steps_give_the_same_table(monkeypatch):
    jacobians, _ = _jacobians("lstm", T=7)
    whole, long = products.products(jacobians, samples=True)
    monkeypatch.setattr(products, "STACK_ENTRIES", 3 * 2 * 64)
    parts, other = products.products(jacobians, samples=True)
    for a, b in zip(whole, parts, strict=True):
        np.testing.assert_allclose(a.by_sample, b.by_sample, rtol=1e-12)
    np.testing.assert_allclose(long.exponents, other.exponents)


def test_only_the_last_row_is_made_where_all_pairs_are_too_much(monkeypatch):
    jacobians, _ = _jacobians("elman", T=5)
    complete = products.products(jacobians)[0][0]
    monkeypatch.setattr(products, "WORK", 0)
    short = products.products(jacobians)[0][0]
    assert not short.complete and short.pairs == [(5, k) for k in range(6)]
    np.testing.assert_allclose(short.norms[5], complete.norms[5])
    assert products.products(jacobians, every=True)[0][0].complete


def test_the_product_is_empty_at_k_equal_to_t():
    jacobians, _ = _jacobians("elman", T=3)
    norms = products.products(jacobians, "2")[0][0].norms
    np.testing.assert_allclose(np.diagonal(norms), 1)


@pytest.mark.slow
def test_lyapunov_exponents_of_a_fixed_matrix_are_the_logs_of_its_eigenvalues():
    A = np.array([[0.9, 5.0, 0.0], [0.0, 0.5, 1.0], [0.0, 0.0, 0.1]])
    values = {"A": A, "B": np.zeros((3, 2)), "C": np.zeros((2, 3))}
    found = analyze.flow("linear", 400, {"D": 2, "H": 3, "O": 2}, N=1, values=values)
    np.testing.assert_allclose(found.growth.long.exponents[0], np.log([0.9, 0.5, 0.1]), atol=0.02)
    assert found.growth.verdict.rate == pytest.approx(0.9, rel=1e-6)
