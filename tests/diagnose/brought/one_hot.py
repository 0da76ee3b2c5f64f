import numpy as np


def backprop(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    """One sequence; y has one-hot rows."""
    T = len(x)
    h = np.zeros((T + 1, len(b_h)))
    h[-1] = h0
    p = np.zeros((T, len(b_o)))
    for t in range(T):
        h[t] = np.tanh(W_xh.dot(x[t]) + W_hh.dot(h[t - 1]) + b_h)
        s = W_ho.dot(h[t]) + b_o
        p[t] = np.exp(s) / np.exp(s).sum()
    dW_xh, dW_hh, dW_ho = np.zeros(W_xh.shape), np.zeros(W_hh.shape), np.zeros(W_ho.shape)
    db_h, db_o = np.zeros(b_h.shape), np.zeros(b_o.shape)
    delta_o = p - y
    for t in np.arange(T)[::-1]:
        dW_ho += np.outer(delta_o[t], h[t])
        db_o += delta_o[t]
        delta_t = W_ho.T.dot(delta_o[t]) * (1 - h[t] ** 2)
        for k in np.arange(0, t + 1)[::-1]:
            dW_hh += np.outer(delta_t, h[k - 1])
            dW_xh += np.outer(delta_t, x[k])
            db_h += delta_t
            delta_t = W_hh.T.dot(delta_t) * (1 - h[k - 1] ** 2)
    return dW_xh, dW_hh, db_h, dW_ho, db_o
