"""Complex steps of the interpreter: gradients, and their parts by loss step and source step."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace

import numpy as np
import pytest

from symbptt import data
from symbptt.model.values import Model
from symbptt.unroll.graph import steps
from symbptt.verify import complex_step, locate

Elman = Callable[..., Model]
Hand = Callable[..., SimpleNamespace]
NAMES = ("W_xh", "W_hh", "b_h", "W_ho", "b_o", "x", "h")


@pytest.mark.parametrize("options", [{}, {"loss": "squared_error"}, {"at": "last"}])
@pytest.mark.parametrize(("T", "N"), [(1, 1), (3, 2)])
def test_gradients_are_those_of_code_written_by_hand(
    elman_model: Elman, hand_made: Hand, options: dict[str, str], T: int, N: int,
) -> None:
    model = elman_model(**options)
    point = data.random(model, {"D": 2, "H": 3, "O": 4}, T, N, seed=3)
    _, expected = hand_made(model).value_and_grad(point.parameters, point.inputs, point.targets, point.states)
    for name in NAMES:
        assert complex_step.gradient(steps(model, T), point, model[name]) == pytest.approx(expected[name], rel=1e-12, abs=1e-14)


@pytest.mark.parametrize("options", [{}, {"at": "last"}, {"tied": False}, {"loss": None}])
@pytest.mark.parametrize("name", NAMES)
def test_terms_sum_to_the_gradient(elman_model: Elman, options: dict[str, str], name: str) -> None:
    model = elman_model(**options)
    graph, point = steps(model, 3), data.random(model, T=3, N=2, seed=4)
    terms = complex_step.terms(graph, point, model[name])
    whole = complex_step.gradient(graph, point, model[name])
    assert locate.total(model[name], point, terms) == pytest.approx(whole, rel=1e-12, abs=1e-14)


def test_terms_are_indexed_by_loss_step_and_source_step(elman_model: Elman) -> None:
    model = elman_model()
    graph, point = steps(model, 3), data.random(model, T=3, N=2, seed=4)
    pairs = [(1, 1), (2, 1), (2, 2), (3, 1), (3, 2), (3, 3)]
    assert list(complex_step.terms(graph, point, model["W_hh"])) == pairs
    readout = complex_step.terms(graph, point, model["W_ho"])
    assert [pair for pair in pairs if np.any(readout[pair])] == [(1, 1), (2, 2), (3, 3)]
    assert list(complex_step.terms(graph, point, model["h"])) == [(1, 1), (2, 1), (3, 1)]
    assert {part.shape for part in complex_step.terms(graph, point, model["x"]).values()} == {(2, 3)}
    last = steps(elman_model(at="last"), 3)
    assert list(complex_step.terms(last, point, model["W_hh"])) == [(3, 1), (3, 2), (3, 3)]


def test_a_term_is_the_textbook_product(elman_model: Elman) -> None:
    """Term (3, 1) of W_hh: D_1 W^T D_2 W^T D_3 V^T (s_3 - y_3) h_0^T with D = diag(1 - h^2), summed over the batch."""
    model = elman_model(loss="squared_error")
    point = data.random(model, T=3, N=2, seed=6)
    p, x, h = point.parameters, point.inputs["x"], [point.states["h"]]
    for t in range(3):
        h.append(np.tanh(x[t] @ p["W_xh"].T + h[-1] @ p["W_hh"].T + p["b_h"]))
    delta = (h[3] @ p["W_ho"].T + p["b_o"] - point.targets["y"][2]) @ p["W_ho"] * (1 - h[3] ** 2)
    for t in (2, 1):
        delta = delta @ p["W_hh"] * (1 - h[t] ** 2)
    found = complex_step.terms(steps(model, 3), point, model["W_hh"])[3, 1]
    assert found == pytest.approx(delta.T @ h[0], rel=1e-12, abs=1e-14)
