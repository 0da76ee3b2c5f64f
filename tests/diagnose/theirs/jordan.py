"""A Jordan network: the probabilities of a step are fed back to the next one. Parameters come as a dict; no loss is returned."""

import numpy as np


def sigmoid(v):
    return 1 / (1 + np.exp(-v))


def grad(x, y, p0, params):
    T, N, _ = x.shape
    p = [p0]
    hs = []
    for t in range(T):
        hs.append(sigmoid(x[t] @ params["W_xh"].T + p[-1] @ params["W_ph"].T + params["b_h"]))
        s = hs[-1] @ params["W_ho"].T + params["b_o"]
        e = np.exp(s - s.max(1, keepdims=True))
        p.append(e / e.sum(1, keepdims=True))
    g = {k: np.zeros_like(v) for k, v in params.items()}
    dp = np.zeros_like(p0)
    for t in range(T)[::-1]:
        q = p[t + 1]
        do = q * (dp - (dp * q).sum(1, keepdims=True))
        err = q.copy()
        err[range(N), y[t]] -= 1
        do = do + err
        g["W_ho"] += do.T @ hs[t]
        g["b_o"] += do.sum(0)
        dh = do @ params["W_ho"]
        da = dh * hs[t] * (1 - hs[t])
        g["W_xh"] += da.T @ x[t]
        g["W_ph"] += da.T @ p[t]
        g["b_h"] += da.sum(0)
        dp = da @ params["W_ph"]
    return g
