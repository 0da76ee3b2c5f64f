"""Spectra, bounds and the three verdicts, with the counter-examples that a bound on singular values invites."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from zoo import CLASSIC

import symbptt
from symbptt import analyze
from symbptt.analyze import bound
from symbptt.analyze.norms import norm
from symbptt.analyze.verdict import Kind, judge, rate


def _elman(W, T=30, activation="tanh", **values):
    model = symbptt.load("elman", activation=activation)
    return analyze.flow(model, T, {"H": len(W)}, values={"W_hh": np.asarray(W, dtype=float), **values})


def test_below_one_over_gamma_the_bound_decides():
    found = _elman(0.9 * np.eye(4))
    assert found.growth.verdict.kind is Kind.VANISHING and "vanishing by the bound" in found.growth.verdict.words


def test_a_sigmoid_needs_a_norm_of_four():
    for scale, kind in ((3.9, Kind.VANISHING), (4.1, Kind.UNDECIDED)):
        assert _elman(scale * np.eye(4), activation="sigmoid").growth.verdict.kind is kind


def test_above_it_the_bound_decides_nothing_and_the_rate_is_measured():
    found = analyze.published(0.5)
    assert found.spectrum.largest == pytest.approx(1.33, abs=0.005) and found.spectrum.radius == pytest.approx(0.63, abs=0.005)
    assert found.verdict.kind is Kind.UNDECIDED and found.verdict.rate == pytest.approx(found.spectrum.radius, rel=1e-3)
    assert found.norms[-1] < 1e-3


def test_a_matrix_far_from_normal_grows_before_it_vanishes():
    W = np.array([[0.5, 10.0], [0.0, 0.5]])
    one = analyze.spectrum_of("W", W)
    assert one.radius == pytest.approx(0.5) and np.linalg.norm(W @ W, 2) == pytest.approx(10, abs=0.05)
    found = analyze.backward_signal(W, 60, np.eye(2), per_sample=False, kind="2")
    assert found.verdict.kind is Kind.UNDECIDED and "grows to" in found.verdict.words
    assert found.norms.max() > 9 and found.norms[-1] < 1e-12


def test_growth_is_called_growing():
    found = analyze.published()
    assert found.verdict.kind is Kind.GROWING and found.verdict.rate == pytest.approx(found.spectrum.radius, rel=1e-3)


def test_an_orthogonal_matrix_keeps_the_size():
    found = analyze.flow(symbptt.load("elman", activation="identity"), 30, init={"W_hh": "orthogonal"})
    assert found.growth.verdict.kind is Kind.UNDECIDED and "keeps its size" in found.growth.verdict.words
    np.testing.assert_allclose(found.growth.measured, 1)


@pytest.mark.sampled(3)
@pytest.mark.parametrize("name", ["elman", "irnn", "indrnn", "linear", "scalar", "deep_feedforward", "lstm", "gru", "jordan"])
def test_the_measured_product_obeys_every_bound(name):
    for seed in range(5):
        growth = analyze.flow(name, 12, seed=seed).growth
        assert (growth.measured <= growth.jacobians * (1 + 1e-12)).all()
        if growth.closed is not None:
            assert (growth.jacobians <= growth.closed * (1 + 1e-12)).all()


def test_which_models_have_the_closed_bound():
    closed = {name for name in CLASSIC if bound.form(symbptt.load(name))}
    assert {"elman", "irnn", "indrnn", "linear", "scalar", "deep_feedforward"} <= closed
    assert not closed & {"lstm", "gru", "leaky", "residual_rnn", "jordan", "mlp", "deep_feedforward_batch_norm"}


CELLS = {
    "h = 'leaky_relu(W @ h[t-1] + U @ x, slope=3)'": 3.0, "h = 'elu(W @ h[t-1] + U @ x, alpha=2)'": 2.0,
    "h = 'elu(W @ h[t-1] + U @ x, alpha=0.5)'": 1.0, "h = 'W @ sigmoid(h[t-1]) + U @ x'": 0.25,
    "h = 'tanh(U @ x + W @ h[t-1])'": 1.0, "h = 'W @ h[t-1] + U @ x'": 1.0,
}


@pytest.mark.sampled(3)
@pytest.mark.parametrize("cell", CELLS)
def test_gamma_follows_the_numbers_of_the_activation(cell):
    """h = phi(W h + ...) and h = W phi(h) + ...; the measured product obeys the bound, which is met somewhere."""
    model = symbptt.model.read.from_text(f"""
[inputs]
x = "D"
[states]
h = "H"
[parameters]
W = "H H"
U = "H D"
[equations]
{cell}
[loss]
step = "sum(h ** 2)"
""", "own")
    assert bound.form(model).gamma == CELLS[cell]
    closest = 0.0
    for seed in range(8):
        W = np.random.default_rng(seed).standard_normal((1, 1))
        growth = analyze.flow(model, 3, {"D": 1, "H": 1}, seed=seed, values={"W": W}).growth
        assert (growth.measured <= growth.closed * (1 + 1e-12)).all()
        closest = max(closest, growth.measured[1] / growth.closed[1])
    assert closest > 0.7, "the bound is not far too large either"


@pytest.mark.parametrize("cell", [
    "h = 'tanh(W @ h[t-1] + U @ x) + h[t-1]'", "h = 'tanh(W @ (h[t-1] * h[t-1]) + U @ x)'",
    "h = 'tanh(W @ (W @ h[t-1]) + U @ x)'",
    "h = 'gelu(W @ h[t-1] + U @ x)'", "h = 'tanh(sigmoid(W @ h[t-1] + U @ x))'",
])
def test_other_cells_have_no_closed_bound(cell):
    text = f"[inputs]\nx='D'\n[states]\nh='H'\n[parameters]\nW='H H'\nU='H D'\n[equations]\n{cell}\n[loss]\nstep='sum(h)'"
    growth = analyze.flow(symbptt.model.read.from_text(text, "own"), 4).growth
    assert growth.closed is None and (growth.measured <= growth.jacobians * (1 + 1e-12)).all()


def test_jacobians_below_one_are_said_where_the_weights_decide_nothing():
    found = _elman(1.5 * np.eye(4), T=5, b_h=np.full(4, 3.0))
    assert found.growth.verdict.kind is Kind.UNDECIDED and "each Jacobian met has a norm of at most" in found.growth.verdict.words


def test_the_norm_of_a_wide_matrix_is_that_of_its_singular_values():
    x = np.random.default_rng(0).standard_normal((3, 4, 60))
    for scale in (1.0, 1e200, 1e-200):
        np.testing.assert_allclose(norm(x * scale, "2"), np.linalg.svd(x, compute_uv=False)[:, 0] * scale, rtol=1e-12)
    assert norm(np.zeros((4, 60)), "2") == 0


def test_a_rate_needs_two_norms_and_zeros_are_exact():
    assert np.isnan(rate(np.array([1.0]))) and rate(np.array([1.0, 0.5, 0.0])) == 0
    assert rate(0.7 ** np.arange(10)) == pytest.approx(0.7)
    assert judge(np.array([1.0]), np.zeros(0)).kind is Kind.NOTHING
    assert "nan" in judge(np.array([1.0, np.nan]), np.ones(1)).words
    assert "overflows at distance 2" in judge(np.array([1.0, 2.0, np.inf]), np.ones(2)).words
    assert "exactly zero from distance 1" in judge(np.array([1.0, 0.0]), np.full(1, 2.0)).words


@given(
    st.lists(st.floats(-1e3, 1e3), min_size=6, max_size=6), st.sampled_from(("fro", "2", "1", "inf", "max")),
    st.integers(-300, 300),
)
def test_norms_scale_without_overflow_or_underflow(entries, kind, power):
    x = np.reshape(entries, (2, 3))
    plain = norm(x, kind)
    if plain < 1e-6 or not 1e-290 < plain * 10.0**power < 1e290:
        return
    with np.errstate(all="ignore"):
        assert norm(x * 10.0**power, kind) == pytest.approx(plain * 10.0**power, rel=1e-9)


def test_norms_of_what_is_not_finite():
    values = np.array([[[np.nan, 1.0]], [[np.inf, 1.0]], [[0.0, 0.0]], [[3.0, 4.0]]])
    assert np.array_equal(norm(values), [np.nan, np.inf, 0, 5], equal_nan=True)
    assert np.isnan(norm(np.array([[np.nan, 1.0], [1.0, 1.0]]), "2"))


def test_the_interval_in_which_a_sigmoid_enlarges():
    assert analyze.intervals("sigmoid", 4.0) == () == analyze.intervals("sigmoid", 0.0)
    widths = []
    for w in (4.5, 6.9, -12.0, 1e6):
        (found,) = analyze.intervals("sigmoid", w, 0.3)
        closed = 2 / abs(w) * np.log(abs(w) * (1 + np.sqrt(1 - 4 / abs(w))) / 2 - 1)  # Nielsen, chapter 5
        assert found.width == pytest.approx(closed, rel=1e-9)
        assert found.high == pytest.approx(-found.low)
        assert w * found.x_low + 0.3 == pytest.approx(found.low if w > 0 else found.high)
        widths.append(found.width)
    assert max(widths) == widths[1] == pytest.approx(0.45, abs=0.005)


@pytest.mark.parametrize("w", [1.5, -3.0, 40.0])
def test_the_interval_in_which_a_tanh_enlarges(w):
    (found,) = analyze.intervals("tanh", w)
    assert found.high == pytest.approx(np.arctanh(np.sqrt(1 - 1 / abs(w))), rel=1e-9)


def test_intervals_of_piecewise_functions():
    (relu,) = analyze.intervals("relu", 2.0)
    assert (relu.low, relu.high) == (0.0, np.inf)
    assert analyze.intervals("relu", 0.9) == ()
    (leaky,) = analyze.intervals("leaky_relu", 200.0, slope=0.01)
    assert (leaky.low, leaky.high) == (-np.inf, np.inf)
    (elu,) = analyze.intervals("elu", 2.0)
    assert elu.low == pytest.approx(np.log(0.5), rel=1e-9) and elu.high == np.inf
