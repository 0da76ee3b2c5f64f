"""A careful loop in NumPy, by hand: input products and the readout over all steps, gates stacked, one loop each way."""

from __future__ import annotations

from typing import Any

import numpy as np

from benchmarks.case import Case, Subject

Result = tuple[float, dict[str, Any]]


def _sigmoid(x: Any) -> Any:
    return 1 / (1 + np.exp(-x))


def _readout(p: Any, h: Any, y: Any) -> tuple[float, Any, dict[str, Any]]:
    """The loss, its gradient by the states, and the gradients of the readout."""
    rows = h.reshape(-1, h.shape[-1])
    o = rows @ p["W_ho"].T + p["b_o"]
    o -= o.max(axis=1, keepdims=True)
    e = np.exp(o)
    total = e.sum(axis=1, keepdims=True)
    picked = np.arange(len(o)), y.ravel()
    loss = float(np.log(total).sum() - o[picked].sum())
    d = e / total
    d[picked] -= 1
    return loss, (d @ p["W_ho"]).reshape(h.shape), {"W_ho": d.T @ rows, "b_o": d.sum(axis=0)}


def _elman(p: Any, x: Any, y: Any, states: Any) -> Result:
    T = len(x)
    a = x @ p["W_xh"].T + p["b_h"]
    h = np.empty((T + 1, *states["h"].shape), a.dtype)
    h[0] = states["h"]
    for t in range(T):
        h[t + 1] = np.tanh(a[t] + h[t] @ p["W_hh"].T)
    loss, d_h, gradients = _readout(p, h[1:], y)
    d_a, carry = np.empty_like(a), np.zeros_like(h[0])
    for t in reversed(range(T)):
        d_a[t] = (d_h[t] + carry) * (1 - h[t + 1] ** 2)
        carry = d_a[t] @ p["W_hh"]
    flat = d_a.reshape(-1, d_a.shape[-1])
    return loss, {
        **gradients, "W_xh": flat.T @ x.reshape(len(flat), -1), "W_hh": flat.T @ h[:-1].reshape(len(flat), -1),
        "b_h": flat.sum(axis=0), "h": carry,
    }


def _lstm(p: Any, x: Any, y: Any, states: Any) -> Result:
    T, H = len(x), p["b_i"].shape[0]
    w_x, w_h, b = (np.concatenate([p[kind + g] for g in "ifgq"]) for kind in ("W_x", "W_h", "b_"))
    a = x @ w_x.T + b
    h, c = (np.empty((T + 1, *states["h"].shape), a.dtype) for _ in range(2))
    h[0], c[0] = states["h"], states["c"]
    gates, tanh_c = np.empty_like(a), np.empty_like(h[1:])
    for t in range(T):
        z = a[t] + h[t] @ w_h.T
        gates[t] = _sigmoid(z)
        gates[t, :, 2 * H : 3 * H] = np.tanh(z[:, 2 * H : 3 * H])
        i, f, g, q = np.split(gates[t], 4, axis=1)
        c[t + 1] = f * c[t] + i * g
        tanh_c[t] = np.tanh(c[t + 1])
        h[t + 1] = q * tanh_c[t]
    loss, d_h, gradients = _readout(p, h[1:], y)
    d_a, d_h_next, d_c = np.empty_like(a), np.zeros_like(h[0]), np.zeros_like(c[0])
    for t in reversed(range(T)):
        i, f, g, q = np.split(gates[t], 4, axis=1)
        d = d_h[t] + d_h_next
        d_c = d_c + d * q * (1 - tanh_c[t] ** 2)
        d_a[t, :, :H] = d_c * g * i * (1 - i)
        d_a[t, :, H : 2 * H] = d_c * c[t] * f * (1 - f)
        d_a[t, :, 2 * H : 3 * H] = d_c * i * (1 - g**2)
        d_a[t, :, 3 * H :] = d * tanh_c[t] * q * (1 - q)
        d_c = d_c * f
        d_h_next = d_a[t] @ w_h
    flat = d_a.reshape(-1, 4 * H)
    stacked = flat.T @ x.reshape(len(flat), -1), flat.T @ h[:-1].reshape(len(flat), -1), flat.sum(axis=0)
    for kind, whole in zip(("W_x", "W_h", "b_"), stacked, strict=True):
        gradients.update({kind + g: part for g, part in zip("ifgq", np.split(whole, 4), strict=True)})
    return loss, {**gradients, "h": d_h_next, "c": d_c}


def _gru(p: Any, x: Any, y: Any, states: Any) -> Result:
    T, H = len(x), p["b_r"].shape[0]
    w_x, w_h = (np.concatenate([p[f"W_{kind}{g}"] for g in "rzn"]) for kind in "xh")
    a = x @ w_x.T + np.concatenate((p["b_r"], p["b_z"], p["b_xn"]))
    h = np.empty((T + 1, *states["h"].shape), a.dtype)
    h[0] = states["h"]
    gates, inner = np.empty_like(a), np.empty_like(h[1:])
    for t in range(T):
        s = h[t] @ w_h.T
        gates[t, :, : 2 * H] = _sigmoid(a[t, :, : 2 * H] + s[:, : 2 * H])
        r, z = gates[t, :, :H], gates[t, :, H : 2 * H]
        inner[t] = s[:, 2 * H :] + p["b_hn"]
        n = gates[t, :, 2 * H :] = np.tanh(a[t, :, 2 * H :] + r * inner[t])
        h[t + 1] = (1 - z) * n + z * h[t]
    loss, d_h, gradients = _readout(p, h[1:], y)
    d_a, d_s, carry = np.empty_like(a), np.empty_like(a), np.zeros_like(h[0])
    for t in reversed(range(T)):
        r, z, n = np.split(gates[t], 3, axis=1)
        d = d_h[t] + carry
        d_n = d * (1 - z) * (1 - n**2)
        d_a[t, :, :H] = d_n * inner[t] * r * (1 - r)
        d_a[t, :, H : 2 * H] = d * (h[t] - n) * z * (1 - z)
        d_a[t, :, 2 * H :] = d_n
        d_s[t, :, : 2 * H] = d_a[t, :, : 2 * H]
        d_s[t, :, 2 * H :] = d_n * r
        carry = d * z + d_s[t] @ w_h
    flat, recurrent = d_a.reshape(-1, 3 * H), d_s.reshape(-1, 3 * H)
    stacked = flat.T @ x.reshape(len(flat), -1), recurrent.T @ h[:-1].reshape(len(flat), -1), flat.sum(axis=0)
    for names, whole in zip((("W_xr", "W_xz", "W_xn"), ("W_hr", "W_hz", "W_hn"), ("b_r", "b_z", "b_xn")), stacked, strict=True):
        gradients.update(zip(names, np.split(whole, 3), strict=True))
    return loss, {**gradients, "b_hn": recurrent[:, 2 * H :].sum(axis=0), "h": carry}


CELLS = {"elman": _elman, "lstm": _lstm, "gru_reset_after": _gru}


def make(case: Case) -> dict[str, Subject]:
    """One function for the loss and all gradients."""
    arguments = case.parameters, case.inputs["x"], case.targets["y"], case.states
    return {"NumPy by hand": Subject(lambda: CELLS[case.model](*arguments), lambda result: result)}
