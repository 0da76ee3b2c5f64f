import numpy as np


def grad(x, y, h0, A):
    return sum(
        np.outer(np.linalg.matrix_power(A.T, t - k) @ y[t, n], (np.linalg.matrix_power(A, k) @ h0[n] + sum(
            np.linalg.matrix_power(A, k - 1 - j) @ x[j, n] for j in range(k))))
        for n in range(len(h0)) for t in range(len(x)) for k in range(t + 1))
