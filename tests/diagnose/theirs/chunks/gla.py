"""Gated linear attention, a decay for each key, in chunks: anchored exponents, the gate's gradient from those of q and k."""

import numpy as np

C = 4


def tiles(T):
    return [slice(i, min(i + C, T)) for i in range(0, T, C)]


def sums(g):
    c = np.cumsum(g, 0)
    last = c[-1]
    return c, last, np.exp(last - c)


def anchored(q, k, c):
    r = c[len(c) // 2]
    up, down = np.exp(c - r), np.exp(r - c)
    P = np.einsum("ink,jnk->ijn", q * up, k * down)
    return P * np.tri(len(q))[..., None], up, down


def forward(q, k, v, g, S):
    o, kept = np.zeros_like(v), []
    for s in tiles(len(q)):
        kept.append(S)
        c, last, w = sums(g[s])
        P, _, _ = anchored(q[s], k[s], c)
        o[s] = np.einsum("ijn,jnv->inv", P, v[s]) + np.einsum("ink,nkv->inv", np.exp(c) * q[s], S)
        S = np.exp(last)[..., None] * S + np.einsum("ink,inv->nkv", w * k[s], v[s])
    return o, S, kept


def backward(q, k, v, g, S, do, dS):
    _, _, kept = forward(q, k, v, g, S)
    dq, dk, dv, dg = (np.zeros_like(x) for x in (q, k, v, g))
    for s, S in zip(tiles(len(q))[::-1], kept[::-1], strict=True):
        c, last, w = sums(g[s])
        P, up, down = anchored(q[s], k[s], c)
        dP = np.einsum("inv,jnv->ijn", do[s], v[s]) * np.tri(len(P))[..., None]
        dv[s] = np.einsum("ijn,inv->jnv", P, do[s]) + np.einsum("ink,nkv->inv", w * k[s], dS)
        dq[s] = np.einsum("ijn,jnk->ink", dP, k[s] * down) * up
        dq[s] += np.exp(c) * np.einsum("inv,nkv->ink", do[s], S)
        dk[s] = np.einsum("ijn,ink->jnk", dP, q[s] * up) * down
        late = w * np.einsum("inv,nkv->ink", v[s], dS)
        dk[s] += late
        dc = q[s] * dq[s] - k[s] * dk[s]
        dc[-1] += (k[s] * late).sum(0) + np.exp(last) * (S * dS).sum(-1)
        dg[s] = np.cumsum(dc[::-1], 0)[::-1]
        dS = np.exp(last)[..., None] * dS + np.einsum("ink,inv->nkv", np.exp(c) * q[s], do[s])
    return {"q": dq, "k": dk, "v": dv, "g": dg, "S": dS}
