import numpy as np


def sig(a):
    return 1.0 / (1.0 + np.exp(-a))


def gated_grad(p, x, y):
    """x (T, B, D); log-free sequential version, returns a dict"""
    f = sig(np.einsum("tbd,hd->tbh", x, p["Wf"]) + p["bf"])
    g = np.einsum("tbd,hd->tbh", x, p["Wh"])
    hs = []
    h = np.zeros_like(f[0])
    for t in range(len(x)):
        h = f[t] * h + (1 - f[t]) * g[t]
        hs.append(h)
    hs = np.stack(hs)
    prev = np.concatenate([np.zeros_like(hs[:1]), hs[:-1]])
    delta = hs - y
    for t in range(len(x) - 2, -1, -1):
        delta[t] += delta[t + 1] * f[t + 1]
    df = delta * (prev - g) * f * (1 - f)
    dg = delta * (1 - f)
    return {"Wf": np.einsum("tbh,tbd->hd", df, x), "bf": df.sum(axis=(0, 1)), "Wh": np.einsum("tbh,tbd->hd", dg, x)}
