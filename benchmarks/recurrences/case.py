"""One layer of linear attention, gated linear attention or the gated delta rule, with numbers for every subject."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from symbptt import data
from symbptt.model.define import model
from symbptt.model.values import Model

STATES = {
    "linear_attention": {"S": "S[t-1] + outer(k, v)"},
    "gla": {"S": "diag(exp(-softplus(W_g @ x))) @ S[t-1] + outer(k, v)"},
    "gated_delta": {
        "a": "exp(-softplus(w_a @ x))", "r": "sigmoid(w_b @ x) * (v - a * (S[t-1].T @ k))", "S": "a * S[t-1] + outer(k, r)",
    },
}
GATES = {"linear_attention": {}, "gla": {"W_g": "K D"}, "gated_delta": {"w_a": "1 D", "w_b": "1 D"}}
CHUNK = {"linear_attention": 64, "gla": 32, "gated_delta": 32}
SIZES = ((512, 4, 64, 32, 32), (2048, 2, 128, 64, 64))
"""T, N, D, K, V."""


@dataclass(frozen=True)
class Case:
    """A layer at a size, with its arrays in single precision."""

    model: str
    size: tuple[int, int, int, int, int]
    parameters: dict[str, Any]
    x: Any
    y: Any
    dtype: str = "float32"

    @property
    def label(self) -> str:
        """gla 512x4x64x32x32."""
        return f"{self.model} {'x'.join(map(str, self.size))}"

    @property
    def chunk(self) -> int:
        """The tokens of a chunk."""
        return min(CHUNK[self.model], self.size[0])


def layer(name: str) -> Model:
    """The layer as a model of one token."""
    weights = {"W_q": "K D", "W_k": "K D", "W_v": "V D", **GATES[name]}
    inner = {"q": "W_q @ x", "k": "W_k @ x", "v": "W_v @ x", **STATES[name], "o": "S.T @ q"}
    return model(name=name, inputs={"x": "D"}, states={"S": "K V"}, targets={"y": "V"}, parameters=weights, equations=inner,
                 loss="squared_error(o, y)")


def make(name: str, size: tuple[int, int, int, int, int], dtype: str = "float32", seed: int = 0) -> Case:
    """Random numbers, small enough that states stay of the size of one."""
    T, N, D, K, V = size
    drawn = data.random(layer(name), {"D": D, "K": K, "V": V}, T=T, N=N, seed=seed)
    rng = np.random.default_rng(seed)
    parameters = {n: (rng.normal(size=a.shape) / D).astype(dtype) for n, a in drawn.parameters.items()}
    return Case(name, size, parameters, drawn.inputs["x"].astype(dtype), drawn.targets["y"].astype(dtype), dtype)
