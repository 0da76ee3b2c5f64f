"""Gates side by side, samples as rows; the forward pass is called as the backward one without its ending."""
import numpy as np


def squash(v):
    return 1.0 / (1.0 + np.exp(-v))

def cell(x, prev_h, Wx, Wh, b):
    H = prev_h.shape[1]
    a = x.dot(Wx[:, :2 * H]) + prev_h.dot(Wh[:, :2 * H]) + b[:2 * H]
    z, r = squash(a[:, :H]), squash(a[:, H:])
    n = np.tanh(x.dot(Wx[:, 2 * H:]) + (r * prev_h).dot(Wh[:, 2 * H:]) + b[2 * H:])
    next_h = z * prev_h + (1 - z) * n
    return next_h, (x, prev_h, Wx, Wh, z, r, n)

def cell_gradients(dnext_h, cache):
    x, prev_h, Wx, Wh, z, r, n = cache
    H = prev_h.shape[1]
    dz = dnext_h * (prev_h - n)
    dn = dnext_h * (1 - z)
    dan = dn * (1 - n ** 2)
    drh = dan.dot(Wh[:, 2 * H:].T)
    dr = drh * prev_h
    daz = dz * z * (1 - z)
    dar = dr * r * (1 - r)
    da = np.hstack([daz, dar, dan])
    dx = da.dot(Wx.T)
    dWx = x.T.dot(da)
    dWh = np.hstack([prev_h.T.dot(daz), prev_h.T.dot(dar), (r * prev_h).T.dot(dan)])
    db = da.sum(axis=0)
    dprev_h = dnext_h * z + drh * r + daz.dot(Wh[:, :H].T) + dar.dot(Wh[:, H:2 * H].T)
    return dx, dprev_h, dWx, dWh, db

def layer(x, h0, Wx, Wh, b):
    N, T, _ = x.shape
    h = np.zeros((N, T, h0.shape[1]))
    caches = []
    prev = h0
    for t in range(T):
        prev, c = cell(x[:, t], prev, Wx, Wh, b)
        h[:, t] = prev
        caches.append(c)
    return h, caches

def layer_backward(dh, cache):
    N, T, H = dh.shape
    x0, _, Wx, Wh = cache[0][:4]
    dx = np.zeros((N, T, x0.shape[1]))
    dWx, dWh, db = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros(Wx.shape[1])
    dprev = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dx[:, t], dprev, dWx_t, dWh_t, db_t = cell_gradients(dh[:, t] + dprev, cache[t])
        dWx += dWx_t
        dWh += dWh_t
        db += db_t
    return dx, dprev, dWx, dWh, db
