import numpy as np


def bptt(x, y, W, U, V, b, c, h0=None):
    T = len(x)
    h = [np.zeros(len(b)) if h0 is None else h0]
    for t in range(T):
        h.append(np.tanh(b + W @ h[t] + U @ x[t]))
    dW, dU, dV, db, dc = (np.zeros_like(a) for a in (W, U, V, b, c))
    g = np.zeros_like(b)
    for t in range(T, 0, -1):
        o = c + V @ h[t]
        yhat = np.exp(o) / sum(np.exp(o))
        do = yhat - y[t - 1]
        dV += np.outer(do, h[t])
        dc += do
        g = V.T @ do + g
        a = (1 - h[t] ** 2) * g
        db += a
        dW += np.outer(a, h[t - 1])
        dU += np.outer(a, x[t - 1])
        g = W.T @ a
    return dW, dU, dV, db, dc
