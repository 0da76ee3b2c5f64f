"""The built-in composed models against PyTorch's own layers, ragged lengths included."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from symbptt import compose

from .test_grid import ragged

SIZES = {"D": 3, "H": 4, "O": 3}
LENGTHS = (5, 2, 4)
grid = pytest.mark.parametrize(("T", "N"), [(T, N) for T in (1, 2, 5) for N in (1, 3)])
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
@grid
def test_bidirectional_layers(name: str, ragged: bool, T: int, N: int) -> None:
    torch = pytest.importorskip("torch")
    chain = compose.load(name, freeze=True if ragged else None)
    space: dict[str, Any] = {}
    exec(compose.source(chain, wrt="all").text, space)
    rng = np.random.default_rng(1)
    parameters = {n: rng.standard_normal([SIZES[s] for s in shape]) / 2 for n, shape in space["PARAMETERS"].items()}
    x, y = rng.standard_normal((T, N, SIZES["D"])), rng.integers(0, SIZES["O"], (T, N))
    lengths = np.minimum(LENGTHS[-N:], T) if ragged else (T,) * N
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


class _Cells:
    """The phases of the sequence-to-sequence models, written down step by step for autograd."""

    def __init__(self, torch: Any, p: dict[str, Any], mask: np.ndarray) -> None:
        self.torch, self.p, self.mask = torch, p, mask

    def rnn(self, x: Any, h: Any, W: str, U: str, b: str) -> Any:
        return self.torch.tanh(x @ self.p[W].T + h @ self.p[U].T + self.p[b])

    def lstm(self, x: Any, h: Any, c: Any, letters: tuple[str, str, str]) -> tuple[Any, Any]:
        W, U, b = letters
        i, f, g, o = (x @ self.p[f"{W}_{k}"].T + h @ self.p[f"{U}_{k}"].T + self.p[f"{b}_{k}"] for k in "ifgo")
        c = self.torch.sigmoid(f) * c + self.torch.sigmoid(i) * self.torch.tanh(g)
        return self.torch.sigmoid(o) * self.torch.tanh(c), c

    def encoder(self, x: Any) -> Any:
        h, found = self.torch.zeros(x.shape[1], SIZES["H"], dtype=x.dtype), []
        for x_t, counts in zip(x, self.mask, strict=True):
            h = self.torch.where(self.torch.tensor(counts > 0)[:, None], self.rnn(x_t, h, "W_xh", "W_hh", "b_h"), h)
            found.append(h)
        return self.torch.stack(found, 1)

    def seq2seq(self, x: Any, v: Any) -> Any:
        s, scores = self.encoder(x)[:, -1], []
        for v_t in v:
            s = self.rnn(v_t, s, "W_vs", "W_ss", "b_s")
            scores.append(s @ self.p["W_so"].T + self.p["b_o"])
        return self.torch.stack(scores)

    def context(self, M: Any, e: Any) -> Any:
        return (self.torch.softmax(e, 1)[:, None] @ M)[:, 0]

    def seq2seq_attention_multiplicative(self, x: Any, v: Any) -> Any:
        M, scores = self.encoder(x), []
        s = M[:, -1]
        for v_t in v:
            s = self.rnn(v_t, s, "W_vs", "W_ss", "b_s")
            c = self.context(M, self.torch.einsum("nsh,hk,nk->ns", M, self.p["W_a"], s))
            scores.append(s @ self.p["W_so"].T + c @ self.p["W_co"].T + self.p["b_o"])
        return self.torch.stack(scores)

    def seq2seq_attention_additive(self, x: Any, v: Any) -> Any:
        M, scores = self.encoder(x), []
        s = M[:, -1]
        for v_t in v:
            hidden = self.torch.tanh(M @ self.p["W_m"].T + (s @ self.p["W_q"].T)[:, None])
            c = self.context(M, hidden @ self.p["w_e"])
            s = self.torch.tanh(v_t @ self.p["W_vs"].T + s @ self.p["W_ss"].T + c @ self.p["W_cs"].T + self.p["b_s"])
            scores.append(s @ self.p["W_so"].T + self.p["b_o"])
        return self.torch.stack(scores)

    def seq2seq_bilstm(self, x: Any, v: Any) -> Any:
        """Sample by sample, each with its own length, so that nothing is masked."""
        torch, p, every = self.torch, self.p, []
        for n, length in enumerate(self.mask.sum(0).astype(int)):
            ends, memories = [], []
            for letters, order in ((("W", "U", "b"), range(length)), (("V", "R", "a"), range(length - 1, -1, -1))):
                h = c = torch.zeros(1, SIZES["H"], dtype=x.dtype)
                rows = {}
                for t in order:
                    h, c = self.lstm(x[t, n : n + 1], h, c, letters)
                    rows[t] = h
                memories.append(torch.cat([rows[t] for t in range(length)]))
                ends.append((h, c))
            m, state, scores = ends[0][0], ends[1][1], []
            for v_t in v[:, n : n + 1]:
                state = 0.5 * state + torch.tanh(v_t @ p["W_n"].T + m @ p["U_n"].T + p["b_n"])
                m = torch.tanh(state @ p["W_m"].T)
                e = m @ p["W_a"].T @ memories[0].T + m @ p["W_b"].T @ memories[1].T
                a = torch.softmax(e, 1)
                scores.append(m @ p["W_mz"].T + a @ memories[0] @ p["W_uz"].T + a @ memories[1] @ p["W_wz"].T + p["b_z"])
            every.append(torch.stack(scores))
        return torch.cat(every, 1)


@pytest.mark.frameworks
@pytest.mark.parametrize("name", [name for name in compose.names() if name.startswith("seq2seq")])
@pytest.mark.parametrize("cut", [False, True])
@grid
def test_encoders_and_decoders(name: str, cut: bool, T: int, N: int) -> None:
    """The encoder has a step more than the decoder; its samples are as long as it, or shorter."""
    torch = pytest.importorskip("torch")
    space: dict[str, Any] = {}
    exec(compose.source(ragged(name) if cut else compose.load(name), wrt="all").text, space)
    rng = np.random.default_rng(2)
    S = T + 1
    sizes = SIZES | {"E": 2, "A": 5, "S": S}
    parameters = {n: rng.standard_normal([sizes[s] for s in shape]) / 2 for n, shape in space["PARAMETERS"].items()}
    x, v = rng.standard_normal((S, N, sizes["D"])), rng.standard_normal((T, N, sizes["E"]))
    lengths = np.minimum(LENGTHS[-N:], T) if cut else np.full(N, S)
    mask = (np.arange(S)[:, None] < lengths).astype(float)
    y = rng.integers(0, sizes["O"], (T, N))
    inputs = {"x": x, "v": v} | ({"mask": mask} if "mask" in space["INPUTS"] else {})
    loss, gradients = space["value_and_grad"](parameters, inputs, {"y": y})

    given = {n: torch.tensor(a, requires_grad=True) for n, a in (parameters | {"x": x, "v": v}).items()}
    scores = getattr(_Cells(torch, given, mask), name)(given["x"], given["v"])
    wanted = torch.nn.functional.cross_entropy(scores.reshape(T * N, -1), torch.tensor(y.reshape(-1)), reduction="sum")
    wanted.backward()
    # A score lower by 50 leaves a masked step a share of e^-50.
    assert abs(float(loss) - float(wanted.detach())) < 1e-10
    for n, tensor in given.items():
        assert np.allclose(gradients[n], tensor.grad, rtol=0, atol=1e-9), n
