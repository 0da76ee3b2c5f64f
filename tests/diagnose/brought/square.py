import numpy as np


def grad(x, y, h0, A):
    h = [h0]
    for v in x:
        h.append(np.tanh(h[-1] @ A + v))
    dA, back = np.zeros_like(A), 0
    for t in range(len(x) - 1, -1, -1):
        d = (h[t + 1] - y[t] + back) * (1 - h[t + 1] ** 2)
        dA += h[t].T @ d
        back = d @ A.T
    return dA
