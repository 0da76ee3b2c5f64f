"""A bidirectional network for one sequence: columns, lists of steps, a dict of parameters under the names of the model."""

import numpy as np


def forward(p, x):
    T = len(x)
    h = {-1: np.zeros_like(p["b_h"])}
    b = {T: np.zeros_like(p["b_b"])}
    for t in range(T):
        h[t] = np.tanh(p["W_xh"] @ x[t] + p["W_hh"] @ h[t - 1] + p["b_h"])
    for t in reversed(range(T)):
        b[t] = np.tanh(p["W_xb"] @ x[t] + p["W_bb"] @ b[t + 1] + p["b_b"])
    o = [p["W_ho"] @ h[t] + p["W_bo"] @ b[t] + p["b_o"] for t in range(T)]
    return o, (x, h, b)


def backward(p, x, y):
    o, (x, h, b) = forward(p, x)
    T = len(x)
    g = {name: np.zeros_like(value) for name, value in p.items()}
    do = []
    for t in range(T):
        e = np.exp(o[t] - o[t].max())
        do.append(e / e.sum())
        do[t][y[t]] -= 1
        g["W_ho"] += np.outer(do[t], h[t])
        g["W_bo"] += np.outer(do[t], b[t])
        g["b_o"] += do[t]
    dnext = np.zeros_like(h[0])
    for t in reversed(range(T)):
        dh = p["W_ho"].T @ do[t] + dnext
        da = dh * (1 - h[t] ** 2)
        g["W_xh"] += np.outer(da, x[t])
        g["W_hh"] += np.outer(da, h[t - 1])
        g["b_h"] += da
        dnext = p["W_hh"].T @ da
    dlast = np.zeros_like(b[0])
    for t in range(T):
        db = p["W_bo"].T @ do[t] + dlast
        dz = db * (1 - b[t] ** 2)
        g["W_xb"] += np.outer(dz, x[t])
        g["W_bb"] += np.outer(dz, b[t + 1])
        g["b_b"] += dz
        dlast = p["W_bb"].T @ dz
    return g
