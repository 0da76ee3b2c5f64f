import numpy as np


def attention_bwd(q, k, v, grad_o):
    """Everything is (B, T, H, K)."""
    B, T, H, K = q.shape
    dq, dk, dv = np.zeros_like(q), np.zeros_like(k), np.zeros_like(v)
    for b in range(B):
        for h in range(H):
            S = np.zeros((T + 1, v.shape[-1], K))
            for t in range(T):
                S[t + 1] = S[t] + np.outer(v[b, t, h], k[b, t, h])
            dS = np.zeros_like(S[0])
            for t in range(T - 1, -1, -1):
                dq[b, t, h] = S[t + 1].T @ grad_o[b, t, h]
                dS = dS + np.outer(grad_o[b, t, h], q[b, t, h])
                dk[b, t, h] = dS.T @ v[b, t, h]
                dv[b, t, h] = dS @ k[b, t, h]
    return dq, dk, dv
