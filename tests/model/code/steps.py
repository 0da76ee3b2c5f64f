"""Step functions as people write them: the text, and how it is called with arrays by the model's names.

`call` gets the module, parameters, inputs and states of one sample as dicts, and returns the new states by name.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

Dicts = dict[str, Any]
Call = Callable[[Any, Dicts, Dicts, Dicts], Dicts]


@dataclass(frozen=True)
class Step:
    text: str
    call: Call
    function: str = ""


def row(v: Any) -> Any:
    return v[None, :]


def pair(values: Iterable[Any]) -> Dicts:
    return dict(zip("hc", values, strict=True))


STEPS: dict[str, Step] = {
    "column": Step("""
import numpy as np
def rnn_step(x, h_prev, W, U, b):
    return np.tanh(W @ x + U @ h_prev + b)
""", lambda m, p, x, s: {"h": m.rnn_step(x["x"], s["h"], p["W"], p["U"], p["b"])}),
    "row": Step("""
import numpy as np
def cell(x, h, Wx, Wh, b):
    a = x @ Wx + h @ Wh + b
    h = np.tanh(a)
    return h
""", lambda m, p, x, s: {"h": m.cell(row(x["x"]), row(s["h"]), p["Wx"], p["Wh"], p["b"])[0]}),
    "transposed weights": Step("""
import numpy as np
def step(x_t, prev_h, params):
    W_xh, W_hh, b_h = params["W_xh"], params["W_hh"], params["b_h"]
    h_t = np.tanh(np.dot(x_t, W_xh.T) + np.dot(prev_h, W_hh.T) + b_h)
    return h_t
""", lambda m, p, x, s: {"h": m.step(row(x["x"]), row(s["h"]), p)[0]}),
    "karpathy": Step("""
import numpy as np
def step(x, hprev, Wxh, Whh, Why, bh, by):
    h = np.tanh(np.dot(Wxh, x) + np.dot(Whh, hprev) + bh)
    y = np.dot(Why, h) + by
    return y, h
""", lambda m, p, x, s: {"h": m.step(x["x"], s["h"], p["Wxh"], p["Whh"], p["Why"], p["bh"], p["by"])[1]}),
    "gru": Step("""
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def gru(x, h, p):
    z = sigmoid(p["Wz"] @ x + p["Uz"] @ h + p["bz"])
    r = sigmoid(p["Wr"] @ x + p["Ur"] @ h + p["br"])
    n = np.tanh(p["Wn"] @ x + p["Un"] @ (r * h) + p["bn"])
    return (1 - z) * n + z * h
""", lambda m, p, x, s: {"h": m.gru(x["x"], s["h"], p)}, "gru"),
    "gru, reset after": Step("""
import numpy as np
from math import pi
def sigmoid(v): return 1.0 / (1.0 + np.exp(-v))
def cell(x, h, Wr, Wz, Wn, Ur, Uz, Un, bn):
    r = sigmoid(x @ Wr + h @ Ur)
    z = sigmoid(x @ Wz + h @ Uz)
    n = np.tanh(x @ Wn + r * (h @ Un + bn))
    h_new = (1 - z) * n + z * h
    return h_new
""", lambda m, p, x, s: {"h": m.cell(row(x["x"]), row(s["h"]), *(p[n] for n in ["Wr", "Wz", "Wn", "Ur", "Uz", "Un", "bn"]))[0]}),
    "lstm, slices": Step("""
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def lstm_step(x, prev_h, prev_c, Wx, Wh, b):
    N, H = prev_h.shape
    a = x @ Wx + prev_h @ Wh + b
    i = sigmoid(a[:, :H])
    f = sigmoid(a[:, H:2*H])
    o = sigmoid(a[:, 2*H:3*H])
    g = np.tanh(a[:, 3*H:4*H])
    next_c = f * prev_c + i * g
    next_h = o * np.tanh(next_c)
    return next_h, next_c
""", lambda m, p, x, s: pair(v[0] for v in m.lstm_step(row(x["x"]), row(s["h"]), row(s["c"]), p["Wx"], p["Wh"], p["b"])),
        "lstm_step"),
    "lstm, split": Step("""
import numpy as np
def sigmoid(z):
    return 1 / (1 + np.exp(-z))
def cell(x, state, W, U, b):
    h, c = state
    i, f, g, o = np.split(W @ x + U @ h + b, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    h = sigmoid(o) * np.tanh(c)
    return h, (h, c)
""", lambda m, p, x, s: dict(zip("hc", m.cell(x["x"], (s["h"], s["c"]), p["W"], p["U"], p["b"])[1], strict=True))),
    "lstm, concatenated": Step("""
import numpy as np
def sig(z):
    return 1 / (1 + np.exp(-z))
def lstm_cell(xt, a_prev, c_prev, p):
    raise NotImplementedError
def step(x, h, c, Wf, Wi, Wc, Wo, bf, bi, bc, bo):
    xh = np.concatenate([h, x])
    f = sig(Wf @ xh + bf)
    i = sig(Wi @ xh + bi)
    g = np.tanh(Wc @ xh + bc)
    o = sig(Wo @ xh + bo)
    c_next = f * c + i * g
    h_next = o * np.tanh(c_next)
    return h_next, c_next
""", lambda m, p, x, s: pair(m.step(x["x"], s["h"], s["c"], *(p[n] for n in ("Wf", "Wi", "Wc", "Wo", "bf", "bi", "bc", "bo"))))),
    "leaky": Step("""
import numpy as np
ALPHA = 0.25
def step(x, h, W, U):
    return (1 - ALPHA) * h + ALPHA * np.tanh(W @ x + U @ h)
""", lambda m, p, x, s: {"h": m.step(x["x"], s["h"], p["W"], p["U"])}),
    "relu": Step("""
import numpy as np
def step(x, h, W, U, b):
    z = W @ x
    z += U @ h
    z += b
    return np.maximum(0, z)
""", lambda m, p, x, s: {"h": m.step(x["x"], s["h"], p["W"], p["U"], p["b"])}),
    "diagonal": Step("""
import numpy as np
def step(h, x, a, B, C):
    h = a * h + B @ x
    y = C @ h
    return h, y
""", lambda m, p, x, s: {"h": m.step(s["h"], x["x"], p["a"], p["B"], p["C"])[0]}),
    "einsum": Step("""
import numpy as np
def step(x, h, W, U, b):
    return np.tanh(np.einsum("nd,hd->nh", x, W) + np.einsum("kh,nk->nh", U, h) + b)
""", lambda m, p, x, s: {"h": m.step(row(x["x"]), row(s["h"]), p["W"], p["U"], p["b"])[0]}),
    "class": Step("""
import numpy as np
class Cell:
    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b
    def forward(self, x, h):
        return np.tanh(np.matmul(x, self.W) + np.matmul(h, self.U) + self.b)
""", lambda m, p, x, s: {"h": m.Cell(p["W"], p["U"], p["b"]).forward(row(x["x"]), row(s["h"]))[0]}),
    "annotated": Step("""
import numpy as np
def step(x: np.ndarray, hidden: np.ndarray, *, W_in: np.ndarray, W_rec: np.ndarray) -> np.ndarray:
    "One step of an echo state network."
    pre: np.ndarray = W_in @ x + W_rec @ hidden
    return np.tanh(pre)
""", lambda m, p, x, s: {"hidden": m.step(x["x"], s["hidden"], W_in=p["W_in"], W_rec=p["W_rec"])}),
    "two layers": Step("""
import numpy as np
def step(x, h0, h1, W0, U0, W1, U1):
    raise NotImplementedError
def cell(x, h, s, W, U, V, R):
    h = np.tanh(W @ x + U @ h)
    s = np.tanh(V @ h + R @ s)
    return h, s
""", lambda m, p, x, s: dict(zip("hs", m.cell(x["x"], s["h"], s["s"], p["W"], p["U"], p["V"], p["R"]), strict=True)), "cell"),
    "params unpacked": Step("""
import numpy as np
def step(params, h, x):
    W, U, b = params
    return np.tanh(W @ x + U @ h + b)
""", lambda m, p, x, s: {"h": m.step((p["W"], p["U"], p["b"]), s["h"], x["x"])}),
    "no input": Step("""
import numpy as np
def step(h, W):
    h_next = np.tanh(W @ h)
    return h_next
""", lambda m, p, x, s: {"h": m.step(s["h"], p["W"])}),
    "fast weights": Step("""
import numpy as np
def step(x, S, Wk, Wv):
    k, v = Wk @ x, Wv @ x
    S = S + np.outer(v, k)
    return S
""", lambda m, p, x, s: {"S": m.step(x["x"], s["S"], p["Wk"], p["Wv"])}),
    "delta rule": Step("""
import numpy as np
def step(x, S, Wk, Wv):
    k, v = Wk @ x, Wv @ x
    S = S + np.outer(v - S @ k, k)
    return S
""", lambda m, p, x, s: {"S": m.step(x["x"], s["S"], p["Wk"], p["Wv"])}),
}
