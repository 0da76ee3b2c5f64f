import numpy as np


def elman_backward(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o, dW_xh, dW_hh, db_h, dW_ho, db_o):
    """Adds to the last five arguments."""
    h = [h0]
    for t in range(len(x)):
        h.append(np.tanh(x[t] @ W_xh.T + h[t] @ W_hh.T + b_h))
    dh = np.zeros_like(h0)
    for t in range(len(x) - 1, -1, -1):
        o = h[t + 1] @ W_ho.T + b_o
        p = np.exp(o) / np.exp(o).sum(axis=1)[:, None]
        p[range(len(p)), y[t]] -= 1
        dW_ho += p.T @ h[t + 1]
        db_o += p.sum(axis=0)
        da = (p @ W_ho + dh) * (1 - h[t + 1] ** 2)
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ h[t]
        db_h += da.sum(axis=0)
        dh = da @ W_hh
