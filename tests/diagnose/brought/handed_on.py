import numpy as np


def forward(x, h0, Wx, Wh, b, Wy, by):
    hs, ys = [h0], []
    for xt in x:
        hs.append(np.tanh(xt @ Wx + hs[-1] @ Wh + b))
        ys.append(hs[-1] @ Wy + by)
    return hs, ys


def backward(x, hs, ys, targets, Wx, Wh, Wy):
    dWx, dWh, dWy = np.zeros_like(Wx), np.zeros_like(Wh), np.zeros_like(Wy)
    db, dby = 0, 0
    dnext = 0
    for t in reversed(range(len(x))):
        p = np.exp(ys[t] - ys[t].max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        p[np.arange(len(p)), targets[t]] -= 1
        dWy += hs[t + 1].T @ p
        dby = dby + p.sum(axis=0)
        dh = p @ Wy.T + dnext
        dz = dh * (1 - hs[t + 1] ** 2)
        dWx += x[t].T @ dz
        dWh += hs[t].T @ dz
        db = db + dz.sum(axis=0)
        dnext = dz @ Wh.T
    return dWx, dWh, db, dWy, dby
