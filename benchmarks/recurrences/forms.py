"""The layers written by hand: one token, a chunk of tokens, and a pair of transitions; the same text for PyTorch and JAX."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Library:
    """What PyTorch and JAX call differently; `solve(A, B)` is A⁻¹B for a unit lower triangular A."""

    xp: Any
    solve: Any
    softplus: Any
    sigmoid: Any


def given(library: Library, name: str, p: Any, x: Any) -> dict[str, Any]:
    """What tokens give: queries, keys, values, logarithms of decays `g` and weights `b`, (..., width)."""
    made = {"q": x @ p["W_q"].T, "k": x @ p["W_k"].T, "v": x @ p["W_v"].T}
    if name == "gla":
        made["g"] = -library.softplus(x @ p["W_g"].T)
    if name == "gated_delta":
        made |= {"g": -library.softplus(x @ p["w_a"].T), "b": library.sigmoid(x @ p["w_b"].T)}
    return made


def token(library: Library, name: str, S: Any, t: dict[str, Any]) -> tuple[Any, Any]:
    """The state after a token, and what it reads."""
    if name != "linear_attention":
        S = library.xp.exp(t["g"])[..., None] * S
    v = t["v"]
    if name == "gated_delta":
        v = t["b"] * (v - (S * t["k"][..., None]).sum(-2))
    S = S + t["k"][..., None] * v[..., None, :]
    return S, (S * t["q"][..., None]).sum(-2)


def chunk(library: Library, name: str, S: Any, t: dict[str, Any]) -> tuple[Any, Any]:
    """The state after the tokens of a chunk, (N, C, width), and what they read."""
    xp, q, k, v = library.xp, t["q"], t["k"], t["v"]
    if name == "linear_attention":
        return S + k.swapaxes(-1, -2) @ v, xp.tril(q @ k.swapaxes(-1, -2)) @ v + q @ S
    c = xp.cumsum(t["g"], 1)
    grown = xp.exp(c)
    if name == "gla":
        q, k = q * grown, k / grown
        return grown[:, -1, :, None] * (S + k.swapaxes(-1, -2) @ v), xp.tril(q @ k.swapaxes(-1, -2)) @ v + q @ S
    decay = xp.exp(xp.tril(c - c.swapaxes(-1, -2)))
    lower = xp.tril(t["b"] * decay * (k @ k.swapaxes(-1, -2)), -1)
    r = library.solve(lower + xp.eye(lower.shape[-1], dtype=lower.dtype), t["b"] * (v - (grown * k) @ S))
    o = xp.tril(decay * (q @ k.swapaxes(-1, -2))) @ r + (grown * q) @ S
    late = xp.exp(c[:, -1:] - c) * k
    return grown[:, -1, :, None] * S + late.swapaxes(-1, -2) @ r, o


def transition(library: Library, name: str, t: dict[str, Any]) -> tuple[Any, Any]:
    """A and B of S_t = A S_{t−1} + B: a column for the rows, or for the delta rule a matrix."""
    added = t["k"][..., None] * t["v"][..., None, :]
    if name == "linear_attention":
        return library.xp.ones_like(t["k"])[..., None], added
    if name == "gla":
        return library.xp.exp(t["g"])[..., None], added
    a, b, k = library.xp.exp(t["g"])[..., None], t["b"][..., None], t["k"]
    eye = library.xp.eye(k.shape[-1], dtype=k.dtype)
    return a * (eye - b * k[..., None] * k[..., None, :]), b * added
