"""An Elman network with the batch first, samples in rows, and the loss averaged over steps and samples."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def loss_and_grads(X, Y, h0, Wx, Wh, bh, Wy, by):
    N, T, _ = X.shape
    H = Wh.shape[0]
    hs = np.zeros((N, T + 1, H))
    hs[:, 0] = h0
    ps = []
    loss = 0.0
    for t in range(T):
        hs[:, t + 1] = np.tanh(X[:, t].dot(Wx) + hs[:, t].dot(Wh) + bh)
        p = softmax(hs[:, t + 1].dot(Wy) + by)
        ps.append(p)
        loss += -np.log(p[np.arange(N), Y[:, t]]).sum()
    loss /= N * T
    grads = {k: np.zeros_like(v) for k, v in dict(Wx=Wx, Wh=Wh, bh=bh, Wy=Wy, by=by).items()}
    dh_next = np.zeros((N, H))
    for t in range(T - 1, -1, -1):
        dscores = ps[t].copy()
        dscores[np.arange(N), Y[:, t]] -= 1
        dscores /= N * T
        grads["Wy"] += hs[:, t + 1].T.dot(dscores)
        grads["by"] += dscores.sum(0)
        dh = dscores.dot(Wy.T) + dh_next
        dz = dh * (1 - hs[:, t + 1] ** 2)
        grads["Wx"] += X[:, t].T.dot(dz)
        grads["Wh"] += hs[:, t].T.dot(dz)
        grads["bh"] += dz.sum(0)
        dh_next = dz.dot(Wh.T)
    return loss, grads
