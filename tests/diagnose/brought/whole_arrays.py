import numpy as np


def grads(data, labels, theta):
    x, y = data, labels
    T, N, _ = x.shape
    W_xh, W_hh, b_h, W_ho, b_o = (theta[k] for k in ("W_xh", "W_hh", "b_h", "W_ho", "b_o"))
    h = np.zeros((T + 1, N, len(b_h)))
    for t in range(1, T + 1):
        h[t] = np.tanh(x[t - 1] @ W_xh.T + h[t - 1] @ W_hh.T + b_h)
    o = h[1:] @ W_ho.T + b_o
    p = np.exp(o) / np.exp(o).sum(-1, keepdims=True)
    p[np.arange(T)[:, None], np.arange(N), y] -= 1
    da = np.zeros_like(h)
    for t in range(T, 0, -1):
        da[t] = p[t - 1] @ W_ho
        if t < T:
            da[t] += da[t + 1] @ W_hh
        da[t] *= 1 - h[t] ** 2
    dW_ho, db_o = np.einsum("tno,tnh->oh", p, h[1:]), p.sum((0, 1))
    return np.einsum("tnh,tnd->hd", da[1:], x), np.einsum("tnh,tng->hg", da[1:], h[:-1]), da[1:].sum((0, 1)), dW_ho, db_o
