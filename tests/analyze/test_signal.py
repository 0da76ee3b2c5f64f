"""The backward-signal experiment, number for number as published."""

from __future__ import annotations

import numpy as np
import pytest

from symbptt import analyze
from symbptt.errors import BadInput


def _as_published(scale):
    """The published program, kept as it stands."""
    N, H, T = 2, 3, 20
    dh = np.ones((N, H))
    np.random.seed(3)
    Wh = np.random.randn(H, H) * scale
    norm_list = []
    for _ in range(T):
        dh = np.dot(dh, Wh.T)
        norm_list.append(np.sqrt(np.sum(dh**2)) / N)
    return norm_list


@pytest.mark.parametrize(("scale", "first", "last"), [(1.0, "2.46841", "249.496"), (0.5, "1.2342", "0.000237938")])
def test_the_series_of_seed_3(scale, first, last):
    found = analyze.published(scale)
    assert len(found.norms) == 20
    assert (f"{found.norms[0]:.6g}", f"{found.norms[-1]:.6g}") == (first, last)
    np.testing.assert_allclose(found.norms, _as_published(scale), rtol=1e-13)
    assert found.start == pytest.approx(np.sqrt(6) / 2)


def test_slopes_of_the_activation_shrink_it_further():
    W = np.random.default_rng(0).standard_normal((3, 3))
    slopes = np.full((20, 3), 0.25)
    plain, damped = analyze.backward_signal(W), analyze.backward_signal(W, slopes=slopes, gamma=0.25)
    np.testing.assert_allclose(damped.norms, plain.norms * 0.25 ** np.arange(1, 21), rtol=1e-12)


@pytest.mark.parametrize(("name", "phi", "slope"), [
    ("tanh", np.tanh, lambda h: 1 - h**2), ("relu", lambda z: np.maximum(z, 0), lambda h: (h > 0) * 1.0),
])
def test_slopes_of_a_forward_pass(name, phi, slope):
    np.random.seed(5)
    W = np.random.randn(4, 4) * 0.8
    states, dh, expected = [np.zeros((3, 4))], np.ones((3, 4)), []
    for _ in range(6):
        states.append(phi(states[-1] @ W + np.random.randn(3, 4)))
    for h in states[:0:-1]:
        dh = (dh * slope(h)) @ W.T
        expected.append(np.linalg.norm(dh) / 3)
    found = analyze.published(0.8, seed=5, N=3, H=4, T=6, activation=name)
    np.testing.assert_allclose(found.norms, expected, rtol=1e-12)


@pytest.mark.parametrize("kind", ["2", "1", "inf", "max"])
def test_any_norm(kind):
    W = np.diag([0.5, 2.0])
    found = analyze.backward_signal(W, 3, np.ones((1, 2)), kind=kind)
    expected = [np.array([[0.5**t, 2.0**t]]) for t in (1, 2, 3)]
    order = {"2": 2, "1": 1, "inf": np.inf}.get(kind)
    np.testing.assert_allclose(found.norms, [abs(x).max() if kind == "max" else np.linalg.norm(x, order) for x in expected])


def test_shapes_that_do_not_fit():
    with pytest.raises(BadInput, match="square"):
        analyze.backward_signal(np.ones((2, 3)))
    with pytest.raises(BadInput, match="expected"):
        analyze.backward_signal(np.eye(2), dh=np.ones((2, 3)))
    with pytest.raises(BadInput, match="slopes"):
        analyze.backward_signal(np.eye(2), slopes=np.ones((3, 2)))


def test_overflow_is_said_in_words():
    found = analyze.backward_signal(np.eye(2) * 1e200, 4)
    assert not np.isfinite(found.norms[-1]) and "overflows" in found.verdict.words
    nothing = analyze.backward_signal(np.full((2, 2), np.nan), 4)
    assert "nan" in nothing.verdict.words
