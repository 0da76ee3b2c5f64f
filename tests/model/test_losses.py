"""Losses whose second operand is no target: exact for any y, and differentiated by y."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import verify
from symbptt.model import define
from symbptt.model.values import Model

Array = NDArray[Any]
Walk = Callable[..., dict[tuple[str, int], Array]]
DIMS = {"D": 2, "H": 3, "O": 4}


def teacher(loss: str) -> Model:
    """Two read-outs, one of which is the other's target."""
    return define.model(
        name="teacher",
        inputs={"x": "D"},
        states={"h": "H"},
        parameters={"W": "H D", "V": "O H", "U": "O H"},
        equations={"h": "tanh(W @ x + h[t-1])", "o": "V @ h", "q": "U @ h"},
        loss=loss,
    )


@pytest.mark.parametrize("second", ("sigmoid(q)", "2 * softmax(q)", "q", "q - sum(q)"))
def test_cross_entropy_is_exact_for_what_does_not_sum_to_one(second: str, walk: Walk, random: Walk) -> None:
    model = teacher(f"softmax_cross_entropy(o, {second})")
    values = walk(model, random(model, DIMS, 2, 3), DIMS, 2)
    o, q = values["o", 2], values["q", 2]
    exp = np.exp(q)
    y = {"sigmoid(q)": exp / (1 + exp), "2 * softmax(q)": 2 * exp / exp.sum(1, keepdims=True), "q": q}.get(
        second, q - q.sum(1, keepdims=True)
    )
    log_softmax = o - np.log(np.exp(o).sum(axis=1, keepdims=True))
    np.testing.assert_allclose(values["L", 2], -(y * log_softmax).sum(axis=1, keepdims=True), rtol=1e-13)


@pytest.mark.parametrize("loss", ("softmax_cross_entropy(o, sigmoid(q))", "binary_cross_entropy(o, sigmoid(q))"))
def test_the_gradient_flows_through_both_operands(loss: str) -> None:
    report = verify.gradients(teacher(loss), dims=DIMS, T=3)
    assert report.ok, report.table()


def test_a_layer_norm_of_a_scalar_is_read() -> None:
    model = define.model(name="m", inputs={"x": "D", "s": "1"}, equations={"a": "layer_norm(s) * x", "n": "layer_norm(s)"})
    assert model["n"].shape == ("1",)
