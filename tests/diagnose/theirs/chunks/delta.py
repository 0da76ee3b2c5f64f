"""The gated delta rule in chunks: the WY form with U and W, its inverse kept for the backward pass."""

import numpy as np

C = 4


def tiles(T):
    return [slice(i, min(i + C, T)) for i in range(0, T, C)]


def sums(g):
    c = np.cumsum(g, 0)
    last = c[-1]
    return c, last, np.exp(last - c)


def scores(q, k, c):
    D = np.exp(c[:, None] - c[None, :])
    P = np.einsum("ink,jnk->ijn", q, k) * D
    return P * np.tri(len(q))[..., None], D


def inverse(k, b, c):
    n = len(k)
    L = np.einsum("ink,jnk->ijn", k, k) * np.exp(c[:, None] - c[None, :]) * b[:, None]
    L = L * np.tri(n, k=-1)[..., None]
    return np.moveaxis(np.linalg.inv(np.eye(n) + np.moveaxis(L, -1, 0)), 0, -1), L


def parts(k, v, b, c, S):
    A, L = inverse(k, b, c)
    U = np.einsum("ijn,jnv->inv", A, b[..., None] * v)
    W = np.einsum("ijn,jnk->ink", A, (b * np.exp(c))[..., None] * k)
    return A, L, W, U - np.einsum("ink,nkv->inv", W, S)


def forward(q, k, v, b, g, S):
    o, kept = np.zeros_like(v), []
    for s in tiles(len(q)):
        kept.append(S)
        c, last, w = sums(g[s])
        P, _ = scores(q[s], k[s], c)
        R = parts(k[s], v[s], b[s], c, S)[-1]
        o[s] = np.einsum("ijn,jnv->inv", P, R) + np.einsum("ink,nkv->inv", np.exp(c)[..., None] * q[s], S)
        S = np.exp(last)[:, None, None] * S + np.einsum("ink,inv->nkv", w[..., None] * k[s], R)
    return o, S, kept


def backward(q, k, v, b, g, S, do, dS):
    _, _, kept = forward(q, k, v, b, g, S)
    dq, dk, dv, db, dg = (np.zeros_like(x) for x in (q, k, v, b, g))
    for s, S in zip(tiles(len(q))[::-1], kept[::-1], strict=True):
        c, last, w = sums(g[s])
        P, D = scores(q[s], k[s], c)
        A, L, W, R = parts(k[s], v[s], b[s], c, S)
        # the read-out and the state
        dP = np.einsum("inv,jnv->ijn", do[s], R) * np.tri(len(P))[..., None]
        dR = np.einsum("ijn,inv->jnv", P, do[s]) + np.einsum("ink,nkv->inv", w[..., None] * k[s], dS)
        dq[s] = np.einsum("ijn,jnk->ink", dP * D, k[s])
        dq[s] += np.exp(c)[..., None] * np.einsum("inv,nkv->ink", do[s], S)
        dk[s] = np.einsum("ijn,ink->jnk", dP * D, q[s])
        late = w[..., None] * np.einsum("inv,nkv->ink", R, dS)
        dk[s] += late
        # the triangular system
        dW = -np.einsum("inv,nkv->ink", dR, S)
        bv, bk = b[s][..., None] * v[s], (b[s] * np.exp(c))[..., None] * k[s]
        dA = np.einsum("inv,jnv->ijn", dR, bv) + np.einsum("ink,jnk->ijn", dW, bk)
        dbv, dbk = np.einsum("ijn,inv->jnv", A, dR), np.einsum("ijn,ink->jnk", A, dW)
        dL = -np.einsum("ijn,iln,mln->jmn", A, dA, A) * np.tri(len(A), k=-1)[..., None]
        dv[s] = b[s][..., None] * dbv
        db[s] = (dbv * v[s]).sum(-1) + np.exp(c) * (dbk * k[s]).sum(-1)
        dk[s] += (b[s] * np.exp(c))[..., None] * dbk
        K = dL * D * b[s][:, None]
        dk[s] += np.einsum("ijn,jnk->ink", K, k[s]) + np.einsum("ijn,ink->jnk", K, k[s])
        db[s] += (dL * D * np.einsum("ink,jnk->ijn", k[s], k[s])).sum(1)
        # the gates
        X = dP * P + dL * L
        dc = X.sum(1) - X.sum(0)
        dc += np.exp(c) * np.einsum("ink,nkv,inv->in", q[s], S, do[s]) - (k[s] * late).sum(-1)
        dc += (dbk * bk).sum(-1)
        dc[-1] += (k[s] * late).sum((0, -1)) + np.exp(last) * (S * dS).sum((-2, -1))
        dg[s] = np.cumsum(dc[::-1], 0)[::-1]
        dS = np.exp(last)[:, None, None] * dS + np.einsum("ink,inv->nkv", np.exp(c)[..., None] * q[s], do[s])
        dS = dS - np.einsum("ink,inv->nkv", W, dR)
    return {"q": dq, "k": dk, "v": dv, "b": db, "g": dg, "S": dS}
