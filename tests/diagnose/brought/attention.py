import numpy as np


def backward(q, k, v, do):
    """(B, T, K) and (B, T, V)."""
    B, T, K = q.shape
    V = v.shape[-1]
    S = np.zeros((B, T, V, K))
    state = np.zeros((B, V, K))
    for t in range(T):
        state = state + v[:, t, :, None] * k[:, t, None, :]
        S[:, t] = state
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    dS = np.zeros((B, V, K))
    for t in reversed(range(T)):
        dq[:, t] = np.einsum("bv,bvk->bk", do[:, t], S[:, t])
        dS += do[:, t, :, None] * q[:, t, None, :]
        dk[:, t] = np.einsum("bvk,bv->bk", dS, v[:, t])
        dv[:, t] = np.einsum("bvk,bk->bv", dS, k[:, t])
    return dq, dk, dv
