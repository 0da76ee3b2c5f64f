"""The built-in composed models against PyTorch's own layers, ragged lengths included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symbptt import compose

SIZES = {"D": 3, "H": 4, "O": 3}
LENGTHS = (5, 2, 4)
GATES = {"birnn": (("W_xh", "W_hh", "b_h"), ("W_xb", "W_bb", "b_b")), "bilstm": (("W", "U", "b"), ("V", "R", "a"))}
READOUT = {"birnn": ("W_ho", "W_bo", "b_o"), "bilstm": ("W_hz", "W_bz", "b_z")}


def _stacked(name: str, letter: str) -> list[str]:
    return [f"{letter}_{gate}" for gate in "ifgo"] if name == "bilstm" else [letter]


def _layer(torch: Any, name: str) -> Any:
    kind = {"birnn": torch.nn.RNN, "bilstm": torch.nn.LSTM}[name]
    return kind(SIZES["D"], SIZES["H"], bidirectional=True, dtype=torch.float64)


@pytest.mark.frameworks
@pytest.mark.parametrize("name", GATES)
@pytest.mark.parametrize("ragged", [False, True])
def test_bidirectional_layers(name: str, ragged: bool) -> None:
    torch = pytest.importorskip("torch")
    chain = compose.load(name, freeze=True if ragged else None)
    space: dict[str, Any] = {}
    exec(compose.source(chain, wrt="all").text, space)
    rng = np.random.default_rng(1)
    T, N = 5, 3
    parameters = {n: rng.standard_normal([SIZES[s] for s in shape]) / 2 for n, shape in space["PARAMETERS"].items()}
    x, y = rng.standard_normal((T, N, SIZES["D"])), rng.integers(0, SIZES["O"], (T, N))
    lengths = LENGTHS if ragged else (T,) * N
    mask = (np.arange(T)[:, None] < np.array(lengths)).astype(float)
    inputs = {"x": x} | ({"mask": mask} if ragged else {})
    loss, gradients = space["value_and_grad"](parameters, inputs, {"y": y})

    layer = _layer(torch, name)
    for direction, end in enumerate(("", "_reverse")):
        for letter, kind in zip(GATES[name][direction], ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), strict=True):
            with torch.no_grad():
                getattr(layer, kind + end).copy_(torch.tensor(np.concatenate([parameters[p] for p in _stacked(name, letter)])))
                getattr(layer, "bias_hh_l0" + end).zero_()
    given = torch.tensor(x, requires_grad=True)
    packed = torch.nn.utils.rnn.pack_padded_sequence(given, lengths, enforce_sorted=False)
    both, _ = torch.nn.utils.rnn.pad_packed_sequence(layer(packed)[0], total_length=T)
    forward, backward, bias = (torch.tensor(parameters[p], requires_grad=True) for p in READOUT[name])
    scores = both[..., : SIZES["H"]] @ forward.T + both[..., SIZES["H"] :] @ backward.T + bias
    each = torch.nn.functional.cross_entropy(scores.reshape(T * N, -1), torch.tensor(y.reshape(-1)), reduction="none")
    wanted = (each.reshape(T, N) * torch.tensor(mask)).sum()
    wanted.backward()

    assert abs(float(loss) - float(wanted.detach())) < 1e-10
    assert np.allclose(gradients["x"], given.grad, rtol=0, atol=1e-9)
    for names, tensor in zip(READOUT[name], (forward, backward, bias), strict=True):
        assert np.allclose(gradients[names], tensor.grad, rtol=0, atol=1e-9)
    for direction, end in enumerate(("", "_reverse")):
        for letter, kind in zip(GATES[name][direction], ("weight_ih_l0", "weight_hh_l0", "bias_ih_l0"), strict=True):
            found = np.concatenate([gradients[p] for p in _stacked(name, letter)])
            assert np.allclose(found, getattr(layer, kind + end).grad, rtol=0, atol=1e-9), (letter, end)
