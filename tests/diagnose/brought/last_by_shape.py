import numpy as np


def backward(x, dh, h0, W_xh, W_hh, b_h):
    h = [h0]
    for v in x:
        h.append(np.tanh(v @ W_xh.T + h[-1] @ W_hh.T + b_h))
    gx, gh, gb = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    for t in range(len(x), 0, -1):
        da = dh * (1 - h[t] ** 2)
        gx += da.T @ x[t - 1]
        gh += da.T @ h[t - 1]
        gb += da.sum(0)
        dh = da @ W_hh
    return gx, gh, gb
