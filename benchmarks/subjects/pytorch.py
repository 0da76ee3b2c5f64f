"""PyTorch: its own recurrent layers, and a loop over the steps, both with autograd."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks import peak
from benchmarks.case import Case, Subject

GATES = {
    "elman": (("W_xh",), ("W_hh",), ("b_h",)),
    "lstm": tuple(tuple(kind + gate for gate in "ifgq") for kind in ("W_x", "W_h", "b_")),
    "gru_reset_after": (("W_xr", "W_xz", "W_xn"), ("W_hr", "W_hz", "W_hn"), ("b_r", "b_z", "b_xn")),
}
"""The parameters in the order in which a layer stacks them: input weights, recurrent weights, input biases."""
LAYERS: dict[str, type[torch.nn.RNNBase]] = {"elman": torch.nn.RNN, "lstm": torch.nn.LSTM, "gru_reset_after": torch.nn.GRU}


def make(case: Case) -> dict[str, Subject]:
    """`nn`: nn.RNN, nn.LSTM or nn.GRU; `loop`: one step after another, gates stacked, input products outside the loop."""
    return {"PyTorch nn": _subject(case, layer(case)), "PyTorch loop": _subject(case, _loop(case))}


def _leaf(array: Any) -> torch.Tensor:
    return torch.from_numpy(array.copy()).requires_grad_()


class _Weights:
    """The stacked weights as leaves, and how their gradients are read back."""

    def __init__(self, case: Case) -> None:
        self.case, self.names = case, GATES[case.model]
        self.w_x, self.w_h, self.b = (_leaf(case.stacked(names)) for names in self.names)
        second = np.zeros_like(case.stacked(self.names[2]))
        if case.model == "gru_reset_after":
            second[-case.parameters["b_hn"].shape[0] :] = case.parameters["b_hn"]
        self.b_h = _leaf(second)
        self.w_o, self.b_o = _leaf(case.parameters["W_ho"]), _leaf(case.parameters["b_o"])
        self.states = {name: _leaf(case.states[name]) for name in (("h", "c") if case.model == "lstm" else ("h",))}
        self.x = torch.from_numpy(case.inputs["x"])
        self.y = torch.from_numpy(case.targets["y"]).reshape(-1)

    def leaves(self) -> list[torch.Tensor]:
        return [self.w_x, self.w_h, self.b, self.b_h, self.w_o, self.b_o, *self.states.values()]

    def read(self, result: Any) -> tuple[float, dict[str, Any]]:
        loss, gradients = result
        found: dict[str, Any] = {}
        for names, gradient in zip(self.names, gradients[:3], strict=True):
            found.update(zip(names, np.split(gradient.numpy(), len(names)), strict=True))
        if self.case.model == "gru_reset_after":
            found["b_hn"] = np.split(gradients[3].numpy(), 3)[2]
        found.update({"W_ho": gradients[4].numpy(), "b_o": gradients[5].numpy()})
        found.update({name: g.numpy() for name, g in zip(self.states, gradients[6:], strict=True)})
        return float(loss.detach()), found


def objective(weights: _Weights, hidden: Callable[[], torch.Tensor]) -> torch.Tensor:
    """The loss."""
    o = torch.nn.functional.linear(hidden().flatten(0, 1), weights.w_o, weights.b_o)
    return torch.nn.functional.cross_entropy(o, weights.y, reduction="sum")


def _subject(case: Case, run: tuple[_Weights, Callable[[], torch.Tensor]]) -> Subject:
    weights, hidden = run
    leaves = weights.leaves()

    def call() -> Any:
        loss = objective(weights, hidden)
        return loss, torch.autograd.grad(loss, leaves)

    return Subject(call, weights.read, lambda: peak.by_torch(call))


def layer(case: Case) -> tuple[_Weights, Callable[[], torch.Tensor]]:
    """The weights in a layer of PyTorch, and what gives its states."""
    weights = _Weights(case)
    _, _, D, H, _ = case.size
    made = LAYERS[case.model](D, H, dtype=weights.x.dtype)
    given = {"weight_ih_l0": weights.w_x, "weight_hh_l0": weights.w_h, "bias_ih_l0": weights.b, "bias_hh_l0": weights.b_h}
    made.load_state_dict({name: value.detach() for name, value in given.items()})
    weights.w_x, weights.w_h, weights.b, weights.b_h = (made.get_parameter(name) for name in given)

    def hidden() -> torch.Tensor:
        first = tuple(s[None] for s in weights.states.values())
        return made(weights.x, first if case.model == "lstm" else first[0])[0]  # type: ignore[no-any-return]

    return weights, hidden


def _elman(p: torch.Tensor, w: _Weights, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    return (torch.tanh(torch.addmm(p, state[0], w.w_h.T)),)


def _lstm(p: torch.Tensor, w: _Weights, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    i, f, g, q = torch.addmm(p, state[0], w.w_h.T).chunk(4, 1)
    c = torch.sigmoid(f) * state[1] + torch.sigmoid(i) * torch.tanh(g)
    return torch.sigmoid(q) * torch.tanh(c), c


def _gru(p: torch.Tensor, w: _Weights, state: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...]:
    x_r, x_z, x_n = p.chunk(3, 1)
    h_r, h_z, h_n = torch.addmm(w.b_h, state[0], w.w_h.T).chunk(3, 1)
    z, n = torch.sigmoid(x_z + h_z), torch.tanh(x_n + torch.sigmoid(x_r + h_r) * h_n)
    return ((1 - z) * n + z * state[0],)


STEPS = {"elman": _elman, "lstm": _lstm, "gru_reset_after": _gru}


def _loop(case: Case) -> tuple[_Weights, Callable[[], torch.Tensor]]:
    weights, step = _Weights(case), STEPS[case.model]
    extra = case.model != "gru_reset_after"

    def hidden() -> torch.Tensor:
        product = torch.nn.functional.linear(weights.x, weights.w_x, weights.b + weights.b_h if extra else weights.b)
        state, made = tuple(weights.states.values()), []
        for row in product.unbind(0):
            state = step(row, weights, state)
            made.append(state[0])
        return torch.stack(made)

    return weights, hidden
