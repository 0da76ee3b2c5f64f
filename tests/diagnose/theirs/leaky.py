"""A leaky network with a squared error: its model file is leaky.toml."""

import numpy as np


def bptt(x, y, h0, W_xh, W_hh, b_h, leak, W_ho):
    T, N = x.shape[0], x.shape[1]
    h = np.zeros((T + 1, N, h0.shape[1]))
    h[0] = h0
    u = np.zeros((T, N, h0.shape[1]))
    o = []
    for t in range(T):
        u[t] = np.tanh(x[t] @ W_xh.T + h[t] @ W_hh.T + b_h)
        h[t + 1] = (1 - leak) * h[t] + leak * u[t]
        o.append(h[t + 1] @ W_ho.T)
    dW_xh, dW_hh, db_h, dleak, dW_ho = (np.zeros_like(v) for v in (W_xh, W_hh, b_h, leak, W_ho))
    delta = np.zeros((N, h0.shape[1]))
    for t in reversed(range(T)):
        e = o[t] - y[t]
        dW_ho += e.T @ h[t + 1]
        delta = delta + e @ W_ho
        dleak += (delta * (u[t] - h[t])).sum()
        da = delta * leak * (1 - u[t] ** 2)
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ h[t]
        db_h += da.sum(axis=0)
        delta = (1 - leak) * delta + da @ W_hh
    return dW_xh, dW_hh, db_h, dleak, dW_ho
