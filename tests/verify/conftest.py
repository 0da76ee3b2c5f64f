"""A hand-written module for an Elman network built by hand; it can be corrupted."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from by_hand import elman

from symbptt.model.values import Model

FAULTS = ("slope", "sign", "index", "term", "truncated", "transposed", "state")


def hand_written(model: Model, fault: str = "") -> SimpleNamespace:
    """The contract's functions for `elman`, written by hand; `fault` names one mistake in the backward pass."""

    def forward(parameters: Any, inputs: Any, states: Any = None) -> Any:
        p, x = parameters, inputs["x"]
        before = np.zeros((x.shape[1], len(p["b_h"]))) if states is None else states["h"]
        h = [before]
        for x_t in x:
            h.append(np.tanh(x_t @ p["W_xh"].T + h[-1] @ p["W_hh"].T + p["b_h"]))
        hidden = np.stack(h[1:])
        return {"h": hidden, "o": hidden @ p["W_ho"].T + p["b_o"]}, (x, h)

    def backward(parameters: Any, residuals: Any, cotangents: Any) -> Any:
        p, (x, h) = parameters, residuals
        do, dh = cotangents["o"], cotangents.get("h", np.zeros_like(np.stack(h[1:])))
        g = {name: np.zeros(value.shape, do.dtype) for name, value in (p | {"x": x}).items()}
        carried = np.zeros_like(h[0])
        for t in range(len(x), 0, -1):
            g["W_ho"] += do[t - 1].T @ h[t]
            g["b_o"] += do[t - 1].sum(axis=0)
            if fault == "truncated" and t == 2:
                carried = 0 * carried
            adjoint = carried + dh[t - 1] + do[t - 1] @ p["W_ho"]
            delta = adjoint * (1 - h[t] ** 2) * (1.001 if fault == "slope" else 1)
            if not (fault == "term" and t == 2):
                g["W_hh"] += delta.T @ h[t if fault == "index" else t - 1]
            g["W_xh"] += delta.T @ x[t - 1]
            g["b_h"] += (-1 if fault == "sign" else 1) * delta.sum(axis=0)
            g["x"][t - 1] = delta @ p["W_xh"]
            carried = delta @ (p["W_hh"].T if fault == "transposed" else p["W_hh"])
        return g | {"h": carried * (1.001 if fault == "state" else 1)}

    def value_and_grad(parameters: Any, inputs: Any, targets: Any, states: Any = None) -> Any:
        outputs, residuals = forward(parameters, inputs, states)
        o, y = outputs["o"], targets["y"]
        if y.ndim == 2:
            y = (y[..., None] == np.arange(o.shape[-1])).astype(float)
        used = np.arange(1, len(o) + 1)[:, None, None] == len(o) if model.loss and model.loss.at == "last" else 1
        if model.loss and model.loss.name == "squared_error":
            return (((o - y) ** 2) * used).sum() / 2, backward(parameters, residuals, {"o": (o - y) * used})
        e = np.exp(o - o.real.max(axis=-1, keepdims=True))
        s, weight = e / e.sum(axis=-1, keepdims=True), y.sum(axis=-1, keepdims=True)
        return -(y * np.log(s) * used).sum(), backward(parameters, residuals, {"o": (weight * s - y) * used})

    made = SimpleNamespace(__name__="elman.py", forward=forward, backward=backward)
    if model.loss:
        made.value_and_grad = value_and_grad
    return made


@pytest.fixture
def elman_model() -> Callable[..., Model]:
    return elman


@pytest.fixture
def hand_made() -> Callable[..., SimpleNamespace]:
    return hand_written
