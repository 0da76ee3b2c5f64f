"""HIPS autograd: the same loops as by hand, forward only, differentiated by the library."""

from __future__ import annotations

from typing import Any

import autograd
import autograd.numpy as anp
import numpy as np

from benchmarks.case import Case, Subject


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + anp.exp(-x))


def _elman(p: Any, x: Any, states: Any) -> Any:
    a, h, made = anp.dot(x, p["W_xh"].T) + p["b_h"], states["h"], []
    for t in range(len(x)):
        h = anp.tanh(a[t] + anp.dot(h, p["W_hh"].T))
        made.append(h)
    return anp.stack(made)


def _lstm(p: Any, x: Any, states: Any) -> Any:
    w_x, w_h, b = (anp.concatenate([p[kind + g] for g in "ifgq"]) for kind in ("W_x", "W_h", "b_"))
    a, h, c, H, made = anp.dot(x, w_x.T) + b, states["h"], states["c"], states["h"].shape[1], []
    for t in range(len(x)):
        z = a[t] + anp.dot(h, w_h.T)
        i, f, q = (_sigmoid(z[:, k * H : (k + 1) * H]) for k in (0, 1, 3))
        c = f * c + i * anp.tanh(z[:, 2 * H : 3 * H])
        h = q * anp.tanh(c)
        made.append(h)
    return anp.stack(made)


def _gru(p: Any, x: Any, states: Any) -> Any:
    w_x, w_h = (anp.concatenate([p[f"W_{kind}{g}"] for g in "rzn"]) for kind in "xh")
    a = anp.dot(x, w_x.T) + anp.concatenate((p["b_r"], p["b_z"], p["b_xn"]))
    h, H, made = states["h"], states["h"].shape[1], []
    for t in range(len(x)):
        s = anp.dot(h, w_h.T)
        r, z = (_sigmoid(a[t, :, k * H : (k + 1) * H] + s[:, k * H : (k + 1) * H]) for k in (0, 1))
        n = anp.tanh(a[t, :, 2 * H :] + r * (s[:, 2 * H :] + p["b_hn"]))
        h = (1 - z) * n + z * h
        made.append(h)
    return anp.stack(made)


CELLS = {"elman": _elman, "lstm": _lstm, "gru_reset_after": _gru}


def make(case: Case) -> dict[str, Subject]:
    """The loss and all gradients in one backward pass."""
    cell, x, y = CELLS[case.model], case.inputs["x"], case.targets["y"].ravel()
    hot = np.eye(case.parameters["b_o"].shape[0], dtype=case.dtype)[y]

    def loss(known: Any) -> Any:
        parameters, states = known
        h = cell(parameters, x, states)
        o = anp.dot(anp.reshape(h, (-1, h.shape[2])), parameters["W_ho"].T) + parameters["b_o"]
        o = o - anp.max(o, axis=1, keepdims=True)
        return anp.sum(anp.log(anp.sum(anp.exp(o), axis=1))) - anp.sum(hot * o)

    both = autograd.value_and_grad(loss)

    def read(result: Any) -> tuple[float, dict[str, Any]]:
        value, (by_parameter, by_state) = result
        return float(value), {**by_parameter, **by_state}

    return {"HIPS autograd": Subject(lambda: both((case.parameters, case.states)), read)}
