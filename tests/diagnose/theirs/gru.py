"""A GRU written W x + U h, samples in columns, time last; forward returns probabilities, backward takes one-hot targets."""

import numpy as np


def sig(v):
    return 1 / (1 + np.exp(-v))


def forward(x, h0, Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn, V, c):
    cache = []
    h = h0
    ys = []
    for t in range(x.shape[2]):
        xt = x[:, :, t]
        z = sig(Wz @ xt + Uz @ h + bz)
        r = sig(Wr @ xt + Ur @ h + br)
        n = np.tanh(Wn @ xt + Un @ (r * h) + bn)
        hn = z * h + (1 - z) * n
        s = V @ hn + c
        p = np.exp(s) / np.exp(s).sum(0)
        cache.append((xt, h, z, r, n, hn, p))
        h = hn
        ys.append(p)
    return np.stack(ys, 2), cache


def backward(y, cache, Wz, Uz, bz, Wr, Ur, br, Wn, Un, bn, V, c):
    T = len(cache)
    G = dict(dWz=0 * Wz, dUz=0 * Uz, dbz=0 * bz, dWr=0 * Wr, dUr=0 * Ur, dbr=0 * br, dWn=0 * Wn, dUn=0 * Un, dbn=0 * bn)
    G |= dict(dV=0 * V, dc=0 * c)
    dh_next = 0
    for t in reversed(range(T)):
        xt, h, z, r, n, hn, p = cache[t]
        ds = p - y[:, :, t]
        G["dV"] += ds @ hn.T
        G["dc"] += ds.sum(1, keepdims=True)
        dh = V.T @ ds + dh_next
        dz = dh * (h - n)
        dn = dh * (1 - z)
        dan = dn * (1 - n**2)
        drh = Un.T @ dan
        dr = drh * h
        dar = dr * r * (1 - r)
        daz = dz * z * (1 - z)
        for k, d, hh in (("z", daz, h), ("r", dar, h), ("n", dan, r * h)):
            G["dW" + k] += d @ xt.T
            G["dU" + k] += d @ hh.T
            G["db" + k] += d.sum(1, keepdims=True)
        dh_next = dh * z + drh * r + Uz.T @ daz + Ur.T @ dar
    return G
