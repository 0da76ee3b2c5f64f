"""A bidirectional network as many write it: batches first, weights as (inputs, outputs), one function for both directions."""

import numpy as np


def rnn(x, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.zeros((N, T + 1, Wh.shape[0]))
    for t in range(T):
        h[:, t + 1] = np.tanh(x[:, t] @ Wx + h[:, t] @ Wh + b)
    return h


def rnn_back(x, h, dh, Wx, Wh):
    dWx, dWh, db, dx = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wh.shape[0]), np.zeros_like(x)
    carry = np.zeros_like(h[:, 0])
    for t in range(x.shape[1] - 1, -1, -1):
        da = (dh[:, t] + carry) * (1 - h[:, t + 1] ** 2)
        dWx += x[:, t].T @ da
        dWh += h[:, t].T @ da
        db += da.sum(0)
        dx[:, t] = da @ Wx.T
        carry = da @ Wh.T
    return dWx, dWh, db, dx


def loss_and_grads(x, y, Wx_f, Wh_f, b_f, Wx_b, Wh_b, b_b, Wy, by):
    N, T, _ = x.shape
    H = Wh_f.shape[0]
    x_rev = x[:, ::-1]
    hf = rnn(x, Wx_f, Wh_f, b_f)
    hb = rnn(x_rev, Wx_b, Wh_b, b_b)
    both = np.concatenate([hf[:, 1:], hb[:, 1:][:, ::-1]], axis=2)
    o = both @ Wy + by
    p = np.exp(o - o.max(2, keepdims=True))
    p /= p.sum(2, keepdims=True)
    n, t = np.indices((N, T))
    loss = -np.log(p[n, t, y]).sum()
    do = p.copy()
    do[n, t, y] -= 1
    dWy = both.reshape(N * T, -1).T @ do.reshape(N * T, -1)
    dby = do.sum((0, 1))
    dboth = do @ Wy.T
    dhf = dboth[:, :, :H]
    dhb = dboth[:, :, H:][:, ::-1]
    dWx_f, dWh_f, db_f, dx_f = rnn_back(x, hf, dhf, Wx_f, Wh_f)
    dWx_b, dWh_b, db_b, dx_b = rnn_back(x_rev, hb, dhb, Wx_b, Wh_b)
    dx = dx_f + dx_b[:, ::-1]
    return loss, {"dx": dx, "dWx_f": dWx_f, "dWh_f": dWh_f, "db_f": db_f, "dWx_b": dWx_b, "dWh_b": dWh_b, "db_b": db_b,
                  "dWy": dWy, "dby": dby}
