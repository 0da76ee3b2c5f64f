import numpy as np


def forward(q, k, v, a, b):
    B, T, K = k.shape
    S = np.zeros((B, T + 1, v.shape[-1], K))
    for t in range(T):
        e = v[:, t] - np.einsum("bvk,bk->bv", S[:, t], k[:, t])
        S[:, t + 1] = a[:, t, None, None] * S[:, t] + b[:, t, None, None] * np.einsum("bv,bk->bvk", e, k[:, t])
    o = np.einsum("btvk,btk->btv", S[:, 1:], q)
    return o, S


def backward(do, q, k, v, a, b, S):
    dq, dk, dv, da, db = (np.zeros_like(z) for z in (q, k, v, a, b))
    dS = np.zeros_like(S[:, 0])
    for t in range(k.shape[1] - 1, -1, -1):
        dq[:, t] = np.einsum("bvk,bv->bk", S[:, t + 1], do[:, t])
        dS = dS + np.einsum("bv,bk->bvk", do[:, t], q[:, t])
        e = v[:, t] - np.einsum("bvk,bk->bv", S[:, t], k[:, t])
        da[:, t] = (dS * S[:, t]).sum((1, 2))
        db[:, t] = np.einsum("bvk,bv,bk->b", dS, e, k[:, t])
        de = b[:, t, None] * np.einsum("bvk,bk->bv", dS, k[:, t])
        dv[:, t] = de
        dk[:, t] = b[:, t, None] * np.einsum("bvk,bv->bk", dS, e) - np.einsum("bvk,bv->bk", S[:, t], de)
        dS = a[:, t, None, None] * dS - np.einsum("bv,bk->bvk", de, k[:, t])
    return dq, dk, dv, da, db
