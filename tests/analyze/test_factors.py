"""The factors of the terms: their norms, and that the matrices themselves put the terms together again."""

from __future__ import annotations

import json

import numpy as np
import pytest
from zoo import CLASSIC

import symbptt
from symbptt import analyze, unroll
from symbptt.analyze import emitted, immediate
from symbptt.analyze.data import evaluated
from symbptt.analyze.jacobian import Jacobians, coupled
from symbptt.cli import main
from symbptt.derive.walk import visits
from symbptt.errors import BadInput
from symbptt.model.values import Role

T = 4
STATED = [name for name in CLASSIC if symbptt.load(name).states and not coupled(symbptt.load(name))]


@pytest.mark.parametrize("name", STATED)
def test_the_factors_times_the_signals_are_the_terms(name):
    """(d+s_k/d theta)^T dL_t/ds_k is the term (t, k) for k < t, where nothing of L_t is direct."""
    model = symbptt.load(name)
    data = analyze.point(model, T, seed=2)
    done = evaluated(unroll.steps(model, T), data)
    jacobians, table = Jacobians(done), analyze.tabulate(model, data, entries=True)
    plain = [v for v in model.parameters if not model.starting(v)]
    compared = 0
    for visit in visits(done, ()):
        matrices = jacobians.immediate(visit.k, plain)
        signals = np.concatenate([visit.signals[s.name].reshape(len(visit.losses), done.N, -1) for s in model.states], axis=-1)
        for i, t in enumerate(visit.losses):
            for v in plain if t > visit.k else ():
                entries = table[v.name].entries[t, visit.k]
                matrix = matrices.get(v.name, np.zeros((done.N, signals.shape[-1], entries.size)))
                made = np.einsum("nsp,ns->p", matrix, signals[i])
                np.testing.assert_allclose(made, entries.ravel(), rtol=1e-10, atol=1e-13)
                compared += 1
    assert compared


def test_the_factor_of_an_outer_product_has_the_norm_of_slope_times_state():
    found = analyze.flow("elman", T, wrt=["W_hh"], N=1)
    code = emitted.module(found.model, T)
    data = found.data
    h = code.forward(dict(data.parameters), dict(data.inputs), dict(data.states))[0]["h"][:, 0]
    before = np.concatenate([np.zeros((1, 4)), h[:-1]])
    expected = np.linalg.norm(1 - h**2, axis=-1) * np.linalg.norm(before, axis=-1)
    np.testing.assert_allclose(found.immediate[0].norms, expected, rtol=1e-12)


def test_samples_that_are_coupled_share_one_factor():
    model = symbptt.load("deep_feedforward_batch_norm")
    data = analyze.point(model, 2, N=3)
    jacobians = Jacobians(evaluated(unroll.steps(model, 2), data))
    found = jacobians.immediate(1, [v for v in model.of(Role.PARAMETER) if v.name == "gamma"])
    assert found["gamma"].shape == (1, 3 * data.dims["H"], data.dims["H"])


@pytest.mark.parametrize("kind", ["fro", "2", "inf"])
def test_norms_of_the_jacobians_are_those_of_neighbouring_steps(kind):
    found = analyze.flow("lstm", T, norm=kind)
    whole = found.blocks[0].norms
    np.testing.assert_allclose(found.growth.long.sizes, [whole[k, k - 1] for k in range(1, T + 1)], rtol=1e-12)
    assert found.growth.long.singular.shape == (T, 2, 8)
    np.testing.assert_allclose(found.growth.long.factors, found.growth.long.singular[:, :, 0].max(axis=1))


def test_they_are_left_out_where_they_are_too_many(monkeypatch):
    monkeypatch.setattr(immediate, "ENTRIES", 10)
    short = analyze.flow("elman", T)
    assert short.immediate == () and "left out" in analyze.as_text(short)
    assert len(analyze.flow("elman", T, every=True).immediate) == 5


def test_entries_of_the_terms_add_up_to_the_gradient(capsys):
    assert main(["analyze", "elman", "-T", "4", "--wrt", "W_xh", "--entries", "--format", "json", "--per-sample"]) == 0
    data = json.loads(capsys.readouterr().out)
    model = symbptt.load("elman")
    point = analyze.point(model, 4)
    _, gradients = emitted.value_and_grad(emitted.module(model, 4), point)
    entries = np.array([term["entries"] for term in data["terms"]])
    assert entries.shape == (10, 4, 3)
    np.testing.assert_allclose(entries.sum(axis=0), gradients["W_xh"], rtol=1e-12)
    np.testing.assert_allclose([term["norm"] for term in data["terms"]], np.linalg.norm(entries, axis=(1, 2)), rtol=1e-12)
    assert {f["factor"] for f in data["factors"]} == {"loss", "jacobian", "immediate"}
    assert [len(j["singular_values"]) for j in data["jacobians"]] == [2] * 4


def test_too_many_entries_are_refused(capsys):
    with pytest.raises(BadInput, match="entries"):
        analyze.tabulate(symbptt.load("elman"), analyze.point(symbptt.load("elman"), 200, {"H": 64}), entries=True)
    for layout in ("text", "csv"):
        assert main(["analyze", "elman", "-T", "2", "--entries", "--format", layout]) == 2
    assert "--entries" in capsys.readouterr().err
