import numpy as np


def gradients(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    x, h0, W_xh, W_hh, b_h, W_ho, b_o = (a.astype(np.float32) for a in (x, h0, W_xh, W_hh, b_h, W_ho, b_o))
    hs = [h0]
    for v in x:
        hs.append(np.tanh(v @ W_xh.T + hs[-1] @ W_hh.T + b_h))
    g = [np.zeros_like(a) for a in (W_xh, W_hh, b_h, W_ho, b_o)]
    back = 0
    for t in reversed(range(len(x))):
        o = hs[t + 1] @ W_ho.T + b_o
        p = np.exp(o) / np.exp(o).sum(1, keepdims=True)
        p[np.arange(len(p)), y[t]] -= 1
        da = (p @ W_ho + back) * (1 - hs[t + 1] ** 2)
        for a, b in zip(g, (da.T @ x[t], da.T @ hs[t], da.sum(0), p.T @ hs[t + 1], p.sum(0)), strict=True):
            a += b
        back = da @ W_hh
    return g
