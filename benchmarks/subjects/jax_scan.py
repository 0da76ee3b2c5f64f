"""JAX: jit(value_and_grad) with lax.scan, gates stacked, input products and readout outside the scan."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from benchmarks import peak
from benchmarks.case import Case, Subject

jax.config.update("jax_enable_x64", True)

Step = Callable[[Any, Any, Any], Any]


def _stack(p: Any, names: tuple[str, ...]) -> Any:
    return jnp.concatenate([p[name] for name in names])


def _elman(p: Any, x: Any, states: Any) -> Any:
    def step(state: Any, a: Any) -> Any:
        h = jnp.tanh(state @ p["W_hh"].T + a)
        return h, h

    return jax.lax.scan(step, states["h"], x @ p["W_xh"].T + p["b_h"])[1]


def _lstm(p: Any, x: Any, states: Any) -> Any:
    w_h = _stack(p, tuple(f"W_h{g}" for g in "ifgq"))
    w_x = _stack(p, tuple(f"W_x{g}" for g in "ifgq"))

    def step(state: Any, a: Any) -> Any:
        h, c = state
        i, f, g, q = jnp.split(h @ w_h.T + a, 4, axis=1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        h = jax.nn.sigmoid(q) * jnp.tanh(c)
        return (h, c), h

    a = x @ w_x.T + _stack(p, tuple(f"b_{g}" for g in "ifgq"))
    return jax.lax.scan(step, (states["h"], states["c"]), a)[1]


def _gru(p: Any, x: Any, states: Any) -> Any:
    w_h = _stack(p, ("W_hr", "W_hz", "W_hn"))
    zero = jnp.zeros_like(p["b_r"])
    b_h = jnp.concatenate((zero, zero, p["b_hn"]))

    def step(h: Any, a: Any) -> Any:
        x_r, x_z, x_n = jnp.split(a, 3, axis=1)
        h_r, h_z, h_n = jnp.split(h @ w_h.T + b_h, 3, axis=1)
        z = jax.nn.sigmoid(x_z + h_z)
        n = jnp.tanh(x_n + jax.nn.sigmoid(x_r + h_r) * h_n)
        h = (1 - z) * n + z * h
        return h, h

    a = x @ _stack(p, ("W_xr", "W_xz", "W_xn")).T + _stack(p, ("b_r", "b_z", "b_xn"))
    return jax.lax.scan(step, states["h"], a)[1]


CELLS = {"elman": _elman, "lstm": _lstm, "gru_reset_after": _gru}


def loss(model: str, parameters: Any, states: Any, x: Any, y: Any) -> Any:
    """The loss of a model."""
    o = CELLS[model](parameters, x, states) @ parameters["W_ho"].T + parameters["b_o"]
    picked = jnp.take_along_axis(jax.nn.log_softmax(o), y[..., None], axis=-1)
    return -picked.sum()


def make(case: Case) -> dict[str, Subject]:
    """One compiled function for the loss and all gradients; it is compiled here, outside the timing."""
    parameters, states = ({k: jnp.asarray(v) for k, v in d.items()} for d in (case.parameters, case.states))
    x, y = jnp.asarray(case.inputs["x"]), jnp.asarray(case.targets["y"])
    compiled = jax.jit(jax.value_and_grad(partial(loss, case.model), argnums=(0, 1))).lower(parameters, states, x, y).compile()

    def call() -> Any:
        return jax.block_until_ready(compiled(parameters, states, x, y))

    def read(result: Any) -> tuple[float, dict[str, Any]]:
        value, (by_parameter, by_state) = result
        return float(value), {k: np.asarray(v) for k, v in {**by_parameter, **by_state}.items()}

    return {"JAX scan": Subject(call, read, lambda: peak.by_xla(compiled))}
