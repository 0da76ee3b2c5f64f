import numpy as np


def grads(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    """One gradient for each step, in lists."""
    h = [h0]
    for v in x:
        h.append(np.tanh(v @ W_xh.T + h[-1] @ W_hh.T + b_h))
    out = {"W_xh": [], "W_hh": [], "b_h": [], "W_ho": [], "b_o": []}
    carry = 0
    for t in reversed(range(len(x))):
        o = h[t + 1] @ W_ho.T + b_o
        p = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        p[np.arange(len(p)), y[t]] -= 1
        da = (p @ W_ho + carry) * (1 - h[t + 1] ** 2)
        out["W_ho"].append(p.T @ h[t + 1])
        out["b_o"].append(p.sum(0))
        out["W_xh"].append(da.T @ x[t])
        out["W_hh"].append(da.T @ h[t])
        out["b_h"].append(da.sum(0))
        carry = da @ W_hh
    return out
