"""Emitted gradients against torch.nn, and against jax.grad of a few lines that share nothing with symbptt."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from symbptt import data, emit
from symbptt.model import read
from symbptt.model.values import Model

pytestmark = pytest.mark.frameworks
Array = NDArray[Any]
Result = tuple[float, dict[str, Array]]
T, N = 6, 3
TOLERANCE = 1e-9
STYLES = pytest.mark.parametrize("options", ({}, {"style": "plain"}, {"T": T, "unroll": True}), ids=("fast", "plain", "unrolled"))
MODELS = {
    "elman": lambda: read.load("elman"),
    "lstm": lambda: read.load("lstm"),
    "gru_reset_after": lambda: read.load("gru_reset_after"),
    "elman, 2 layers": lambda: read.load("elman", layers=2),
    "lstm, 2 layers": lambda: read.load("lstm", layers=2),
    "gru_reset_after, 3 layers": lambda: read.load("gru_reset_after", layers=3),
}
CELLS = pytest.mark.parametrize("name", MODELS)


def emitted(model: Model, given: data.Data, options: dict[str, Any]) -> Result:
    module = ModuleType("emitted")
    exec(compile(emit.source(model, wrt="all", **options).text, "emitted", "exec"), module.__dict__)
    loss, gradients = module.value_and_grad(given.parameters, given.inputs, given.targets, given.states)
    return float(loss), gradients


def compare(ours: Result, theirs: Result) -> None:
    assert abs(ours[0] - theirs[0]) <= TOLERANCE * abs(theirs[0])
    assert set(ours[1]) == set(theirs[1])
    for name, wanted in theirs[1].items():
        assert np.abs(ours[1][name] - wanted).max() <= TOLERANCE * np.abs(wanted).max(), name


def layers(model: Model) -> list[str]:
    """The suffixes of the layers, the first one's empty."""
    return [state.name.removeprefix("h") for state in model.states if state.name.startswith("h")]


# ---------------------------------------------------------------- PyTorch

GATES = {"lstm": "ifgq", "gru_reset_after": "rzn"}
"""The order in which torch.nn stacks the gates."""
CLASSES = {"elman": "RNN", "lstm": "LSTM", "gru_reset_after": "GRU"}


def weights(torch: Any, name: str, p: dict[str, Any], suffix: str, layer: int) -> dict[str, Any]:
    """The parameters of a layer as torch.nn calls them; a bias that symbptt has once is torch's input bias."""
    zero = torch.zeros(p["W_ho"].shape[1], dtype=torch.float64)
    if name == "elman":
        w_x, w_h, b_x, b_h = p[f"W_xh{suffix}"], p[f"W_hh{suffix}"], p[f"b_h{suffix}"], zero
    else:
        w_x, w_h = (torch.cat([p[f"W_{side}{g}{suffix}"] for g in GATES[name]]) for side in "xh")
        two = name == "gru_reset_after"  # whose candidate has two biases that do not merge
        b_x = torch.cat([p[f"b_xn{suffix}" if two and g == "n" else f"b_{g}{suffix}"] for g in GATES[name]])
        b_h = torch.cat([p[f"b_hn{suffix}"] if two and g == "n" else zero for g in GATES[name]])
    return {f"weight_ih_l{layer}": w_x, f"weight_hh_l{layer}": w_h, f"bias_ih_l{layer}": b_x, f"bias_hh_l{layer}": b_h}


def with_torch(torch: Any, name: str, model: Model, given: data.Data) -> Result:
    """The loss and all gradients by torch.nn and autograd."""
    parts = (given.parameters, given.inputs, given.states)
    p, x, s = ({k: torch.tensor(v, requires_grad=True) for k, v in part.items()} for part in parts)
    suffixes = layers(model)
    D, H = x["x"].shape[2], s["h"].shape[1]
    cell = getattr(torch.nn, CLASSES[name])(D, H, num_layers=len(suffixes), dtype=torch.float64)
    h_0, *c_0 = (torch.stack([s[state + suffix] for suffix in suffixes]) for state in ("hc" if name == "lstm" else "h"))
    named: dict[str, Any] = {}
    for layer, suffix in enumerate(suffixes):
        named |= weights(torch, name, p, suffix, layer)
    h, _ = torch.func.functional_call(cell, named, (x["x"], (h_0, *c_0) if c_0 else h_0))
    o = h @ p["W_ho"].T + p["b_o"]
    classes = torch.tensor(given.targets["y"].reshape(-1))
    loss = torch.nn.functional.cross_entropy(o.reshape(T * N, -1), classes, reduction="sum", ignore_index=-1)
    loss.backward()
    return loss.item(), {k: v.grad.numpy() for part in (p, x, s) for k, v in part.items()}


@CELLS
@STYLES
def test_torch_nn(name: str, options: dict[str, Any]) -> None:
    torch = pytest.importorskip("torch")
    model = MODELS[name]()
    given = data.random(model, T=T, N=N, seed=3)
    assert (given.targets["y"] < 0).any()
    compare(emitted(model, given, options), with_torch(torch, name.split(",")[0], model, given))


# ---------------------------------------------------------------- JAX


def elman(jnp: Any, sigmoid: Any, p: Any, x: Any, h: Any, c: Any, e: str) -> Any:
    return jnp.tanh(x @ p["W_xh" + e].T + h @ p["W_hh" + e].T + p["b_h" + e]), c


def lstm(jnp: Any, sigmoid: Any, p: Any, x: Any, h: Any, c: Any, e: str) -> Any:
    i, f, g, q = (x @ p[f"W_x{k}{e}"].T + h @ p[f"W_h{k}{e}"].T + p[f"b_{k}{e}"] for k in "ifgq")
    c = sigmoid(f) * c + sigmoid(i) * jnp.tanh(g)
    return sigmoid(q) * jnp.tanh(c), c


def gru(jnp: Any, sigmoid: Any, p: Any, x: Any, h: Any, c: Any, e: str) -> Any:
    r, z = (sigmoid(x @ p[f"W_x{k}{e}"].T + h @ p[f"W_h{k}{e}"].T + p[f"b_{k}{e}"]) for k in "rz")
    n = jnp.tanh(x @ p["W_xn" + e].T + p["b_xn" + e] + r * (h @ p["W_hn" + e].T + p["b_hn" + e]))
    return (1 - z) * n + z * h, c


STEPS: dict[str, Callable[..., Any]] = {"elman": elman, "lstm": lstm, "gru_reset_after": gru}


@pytest.fixture
def jax() -> Iterator[Any]:
    found = pytest.importorskip("jax")
    before = found.config.jax_enable_x64
    found.config.update("jax_enable_x64", True)
    yield found
    found.config.update("jax_enable_x64", before)


def with_jax(jax: Any, name: str, model: Model, given: data.Data) -> Result:
    """The loss and all gradients by jax.grad of the plain recurrence."""
    jnp, suffixes, y = jax.numpy, layers(model), given.targets["y"]

    def loss(p: Any, inputs: Any, states: Any) -> Any:
        h = {e: states["h" + e] for e in suffixes}
        c = {e: states.get("c" + e) for e in suffixes}
        total = 0.0
        for t in range(T):
            below = inputs["x"][t]
            for e in suffixes:
                h[e], c[e] = STEPS[name](jnp, jax.nn.sigmoid, p, below, h[e], c[e], e)
                below = h[e]
            log_p = jax.nn.log_softmax(below @ p["W_ho"].T + p["b_o"])
            total -= sum(log_p[n, y[t, n]] for n in range(N) if y[t, n] >= 0)
        return total

    parts = [{k: jnp.asarray(v) for k, v in part.items()} for part in (given.parameters, given.inputs, given.states)]
    value, gradients = jax.value_and_grad(loss, argnums=(0, 1, 2))(*parts)
    return float(value), {k: np.asarray(v) for part in gradients for k, v in part.items()}


@CELLS
def test_jax_grad(name: str, jax: Any) -> None:
    model = MODELS[name]()
    given = data.random(model, T=T, N=N, seed=4)
    compare(emitted(model, given, {}), with_jax(jax, name.split(",")[0], model, given))


def test_a_wrong_gradient_is_refused() -> None:
    """A bias in the wrong place, as in a GRU that merges its two, is seen."""
    torch = pytest.importorskip("torch")
    model = read.load("gru_reset_after")
    given = data.random(model, T=T, N=N, seed=3)
    loss, gradients = with_torch(torch, "gru_reset_after", model, given)
    with pytest.raises(AssertionError, match="b_hn"):
        compare((loss, {**gradients, "b_hn": gradients["b_xn"]}), (loss, gradients))
    with pytest.raises(AssertionError, match="W_hh"):
        compare((1.0, {"W_hh": np.ones(3) + 1e-8}), (1.0, {"W_hh": np.ones(3)}))
