import numpy as np


def softmax(a):
    e = np.exp(a - a.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def classifier_grads(x, label, W, U, b, V, c):
    """x (N, T, D), label (N,)"""
    N, T, _ = x.shape
    hs = np.zeros((N, T + 1, U.shape[0]))
    for t in range(T):
        hs[:, t + 1] = np.tanh(x[:, t] @ W.T + hs[:, t] @ U.T + b)
    probs = softmax(hs[:, -1] @ V.T + c)
    loss = -np.log(probs[np.arange(N), label]).sum()
    dlogits = probs.copy()
    dlogits[np.arange(N), label] -= 1
    dV, dc = dlogits.T @ hs[:, -1], dlogits.sum(axis=0)
    dh = dlogits @ V
    dW, dU, db = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b)
    for t in range(T - 1, -1, -1):
        da = dh * (1 - hs[:, t + 1] ** 2)
        dW += da.T @ x[:, t]
        dU += da.T @ hs[:, t]
        db += da.sum(axis=0)
        dh = da @ U
    return loss, dW, dU, db, dV, dc
