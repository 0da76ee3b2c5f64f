import numpy as np


def attend(q, k, v, g, beta):
    S, states, updates = np.zeros((len(q), q.shape[-1], v.shape[-1])), [], []
    for t in range(q.shape[1]):
        states.append(S)
        S = np.exp(g[:, t])[:, None, None] * S
        updates.append(beta[:, t, None] * (v[:, t] - np.einsum("bkv,bk->bv", S, k[:, t])))
        S = S + np.einsum("bk,bv->bkv", k[:, t], updates[-1])
    return states, updates


def attend_backward(q, k, v, g, beta, do):
    B, T, K = q.shape
    states, updates = attend(q, k, v, g, beta)
    dq, dk, dv, dg, dbeta = (np.zeros_like(x) for x in (q, k, v, g, beta))
    dS = np.zeros((B, K, v.shape[-1]))
    for t in range(T - 1, -1, -1):
        decay = np.exp(g[:, t])[:, None, None]
        before = decay * states[t]
        after = before + np.einsum("bk,bv->bkv", k[:, t], updates[t])
        dq[:, t] = np.einsum("bkv,bv->bk", after, do[:, t])
        dS = dS + np.einsum("bk,bv->bkv", q[:, t], do[:, t])
        du = np.einsum("bkv,bk->bv", dS, k[:, t])
        dr = beta[:, t, None] * du
        dbeta[:, t] = (du * (v[:, t] - np.einsum("bkv,bk->bv", before, k[:, t]))).sum(-1)
        dv[:, t] = dr
        dk[:, t] = np.einsum("bkv,bv->bk", dS, updates[t]) - np.einsum("bkv,bv->bk", before, dr)
        dbefore = dS - np.einsum("bk,bv->bkv", k[:, t], dr)
        dg[:, t] = (dbefore * before).sum((1, 2))
        dS = decay * dbefore
    return dq, dk, dv, dg, dbeta
