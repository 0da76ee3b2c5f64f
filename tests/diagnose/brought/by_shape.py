import numpy as np


def backward(x, y, W_xh, W_hh, b_h, W_ho, b_o):
    T, N, _ = x.shape
    h = np.zeros((T + 1, N, len(b_h)))
    for t in range(T):
        h[t] = np.tanh(x[t] @ W_xh.T + h[t - 1] @ W_hh.T + b_h)
    out = [np.zeros_like(p) for p in (W_ho, b_o, W_xh, W_hh, b_h)]
    back = 0
    for t in reversed(range(T)):
        o = h[t] @ W_ho.T + b_o
        p = np.exp(o) / np.exp(o).sum(1, keepdims=True)
        p[np.arange(N), y[t]] -= 1
        da = (p @ W_ho + back) * (1 - h[t] ** 2)
        for place, new in enumerate((p.T @ h[t], p.sum(0), da.T @ x[t], da.T @ h[t - 1], da.sum(0))):
            out[place] += new
        back = da @ W_hh
    return out
