"""A function of NumPy that returns gradients, in a package: (T, N, entries), weights (inputs, outputs)."""

from __future__ import annotations

import numpy as np

from .helpers import slope


def backward(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    T, N = x.shape[:2]
    h = [h0]
    for t in range(T):
        h.append(np.tanh(x[t] @ W_xh + h[-1] @ W_hh + b_h))
    grads = {n: 0 for n in ("W_xh", "W_hh", "b_h", "W_ho", "b_o")}
    carry = 0
    for t in reversed(range(T)):
        o = h[t + 1] @ W_ho + b_o
        do = np.exp(o - o.max(axis=1, keepdims=True))
        do /= do.sum(axis=1, keepdims=True)
        do[range(N), y[t]] -= 1
        grads["W_ho"] += h[t + 1].T @ do
        grads["b_o"] += do.sum(axis=0)
        da = (do @ W_ho.T + carry) * slope(h[t + 1])
        grads["W_xh"] += x[t].T @ da
        grads["W_hh"] += h[t].T @ da
        grads["b_h"] += da.sum(axis=0)
        carry = da @ W_hh.T
    return grads
