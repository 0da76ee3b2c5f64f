"""Recurrences that have a chunk form: kernels by what their state is like, and a layer with weights and a loss."""

from __future__ import annotations

import re

from symbptt.model.define import model

SIZES = {"q": "K", "k": "K", "v": "V", "b": "", "g": "", "w": "K", "u": "K"}
ROW = "outer(exp(-softplus(w)), v - v + 1)"
KERNELS = {
    "linear attention": {"S": "S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "values in rows": {"S": "S[t-1] + outer(v, k)", "o": "S @ q"},
    "fixed decay": {"S": "0.9 * S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "sigmoid decay": {"S": "sigmoid(g) * S[t-1] + b * outer(k, v)", "o": "2 * (S.T @ q)"},
    "one minus a gate": {"z": "sigmoid(g)", "S": "(1 - z) * S[t-1] + z * outer(k, v)", "o": "S.T @ q + v"},
    "a gate with a lower bound": {"z": "sigmoid(b)", "S": "(z + (1 - z) * sigmoid(g)) * S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "decay of each key": {"S": f"{ROW} * S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "decay of each key, in columns": {"S": "outer(v - v + 1, exp(-softplus(w))) * S[t-1] + outer(v, k)", "o": "S @ q"},
    "diagonal matrices": {"S": "diag(exp(-softplus(w))) @ S[t-1] + outer(k, v)", "o": "S.T @ q"},
    "two summands": {"S": f"{ROW} * S[t-1] + outer(k, v) - b * outer(u, v * v)", "o": "S.T @ q"},
    "read before, with a bonus": {
        "kv": "outer(k, v)", "o": "(S[t-1] + outer(u, v - v + 1) * kv).T @ q", "S": f"{ROW} * S[t-1] + kv",
    },
    "delta rule": {"S": "S[t-1] + outer(k, b * (v - S[t-1].T @ k))", "o": "S.T @ q"},
    "gated delta rule": {"a": "sigmoid(g)", "S": "a * S[t-1] + outer(b * (v - a * (S[t-1] @ k)), k)", "o": "S @ q"},
    "decayed state by name": {"E": f"{ROW} * S[t-1]", "r": "b * (v - E.T @ k)", "S": "E + outer(k, r)", "o": "S.T @ q"},
    "error before the decay": {"r": "b * (v - S[t-1].T @ k)", "S": "exp(-softplus(g)) * S[t-1] + outer(k, r)", "o": "S.T @ q"},
    "identity minus an outer product": {"S": "S[t-1] @ (eye(K) - b * outer(k, k)) + outer(v, k)", "o": "S @ q"},
}
"""The K V or V K state S by what it is like; reads with q."""


def kernel(name, heads=None):
    equations = KERNELS[name]
    each = f"{heads} " if heads else ""
    shape = "V K" if "S @ q" in equations["o"] else "K V"
    words = {word for text in equations.values() for word in re.findall(r"\w+", text)}
    inputs = {n: (each + s).strip() for n, s in SIZES.items() if n in words}
    return model(name="kernel", inputs=inputs, states={"S": each + shape}, equations=equations, heads=heads)


LAYER = {
    "q": "W_q @ x", "k": "tanh(W_k @ x)", "v": "W_v @ x + b_v", "a": "sigmoid(w_a @ x)",
    "S": "a * S[t-1] + outer(k, v)", "n": "a * n[t-1] + k",
    "y": "S.T @ q / (abs(dot(n, q)) + 1)", "m": "y * (mean(y * y) + 1e-5) ** (-0.5)", "o": "W_o @ m",
}


def layer(loss="softmax_cross_entropy(o, target)", at="every"):
    return model(
        name="layer", inputs={"x": "D"}, states={"S": "K V", "n": "K"}, targets={"target": "O"}, equations=LAYER,
        loss=loss, at=at,
        parameters={"W_q": "K D", "W_k": "K D", "W_v": "V D", "b_v": "V", "w_a": "1 D", "W_o": "O V"},
    )


SHIFTED = model(
    name="shifted", heads="M", inputs={"x": "M*K", "g": "M"}, states={"S": "M K V"}, parameters={"c": "M*K 3", "W": "V K"},
    equations={
        "k": "split_heads(conv(x, c))", "a": "sigmoid(g + g[t-1])", "S": "a * S[t-1] + outer(k, W @ k[t-1])", "o": "S.T @ k",
        "m": "sum_heads(W.T @ o)", "y": "merge_heads(o)",
    },
)
"""A convolution, and what heads have of the token before, as vectors and as scalars."""

ENTRIES = model(
    name="entries", inputs={"x": "D"}, states={"h": "E N", "m": "E"}, targets={"y": "E"}, initial={"m": "m_0"},
    parameters={"W": "E D", "A": "E N", "B": "N D", "m_0": "E", "r": "E"},
    equations={"u": "W @ x", "d": "softplus(u - W @ x[t-1])", "m": "sigmoid(r) * m[t-1] + u",
               "h": "exp(-diag(d) @ exp(A)) * h[t-1] + outer(d * m, B @ x)", "o": "h @ (B @ x) + m"},
    loss="squared_error(o, y)",
)
"""States of single entries: a matrix, a vector with a learned start, a value of the token before; and exp(A), one for all."""

SMALL = model(
    name="small", inputs={"real": "", "length": "1"}, states={"given": "K V", "chunks": "K"}, parameters={"u": "K", "w": "V"},
    equations={"k": "u * real", "v": "w * length", "given": "given[t-1] + outer(k, v)", "chunks": "0.5 * chunks[t-1] + k",
               "values": "given.T @ k", "T_1": "dot(chunks, k)"},
)
"""Inputs and an output of one entry, and names that the code around the chunks has, too."""
