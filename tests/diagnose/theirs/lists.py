"""A network of rectified linear units for one sample, with lists of steps."""

import numpy as np


def relu(v):
    return np.maximum(v, 0)


def train_step(xs, ys, h_prev, W_xh, W_hh, b_h, W_ho, b_o):
    h = [h_prev]
    a, o = [], []
    for x in xs:
        a.append(W_xh @ x + W_hh @ h[-1] + b_h)
        h.append(relu(a[-1]))
        o.append(W_ho @ h[-1] + b_o)
    dW_xh, dW_hh, db_h = np.zeros(W_xh.shape), np.zeros(W_hh.shape), np.zeros(b_h.shape)
    dW_ho, db_o = np.zeros(W_ho.shape), np.zeros(b_o.shape)
    dh = np.zeros(b_h.shape)
    J = 0
    for t in range(len(xs) - 1, -1, -1):
        p = np.exp(o[t]) / np.exp(o[t]).sum()
        J += -np.log(p[ys[t]])
        do = p.copy()
        do[ys[t]] -= 1
        dW_ho += np.outer(do, h[t + 1])
        db_o += do
        dh = dh + W_ho.T @ do
        da = dh * (a[t] > 0)
        dW_xh += np.outer(da, xs[t])
        dW_hh += np.outer(da, h[t])
        db_h += da
        dh = W_hh.T @ da
    return J, dW_xh, dW_hh, db_h, dW_ho, db_o
