import numpy as np


def rnn_forward(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    prev = h0
    for t in range(T):
        h[:, t, :] = np.tanh(x[:, t, :].dot(Wx) + prev.dot(Wh) + b)
        prev = h[:, t, :]
    cache = (x, h0, h, Wx, Wh, b)
    return h, cache


def rnn_step_backward(dnext_h, cache):
    x, prev_h, next_h, Wx, Wh = cache
    dtanh = dnext_h * (1 - next_h ** 2)
    return dtanh.dot(Wx.T), dtanh.dot(Wh.T), x.T.dot(dtanh), prev_h.T.dot(dtanh), dtanh.sum(axis=0)


def rnn_backward(dh_last, cache):
    x, h0, h, Wx, Wh, b = cache
    _, T, _ = x.shape
    dx, dWx, dWh, db = np.zeros_like(x), np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(b)
    dprev = dh_last
    for t in range(T - 1, -1, -1):
        prev = h[:, t - 1, :] if t else h0
        dxt, dprev, a, c, e = rnn_step_backward(dprev, (x[:, t, :], prev, h[:, t, :], Wx, Wh))
        dx[:, t, :] = dxt
        dWx += a
        dWh += c
        db += e
    return dx, dprev, dWx, dWh, db
