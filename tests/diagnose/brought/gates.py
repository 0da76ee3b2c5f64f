import numpy as np

ACT = {"f": lambda z: 1 / (1 + np.exp(-z)), "g": np.tanh}
ACT["i"] = ACT["o"] = ACT["f"]


def run(W, b, V, by, xs, ys, h, c):
    """A dict of weights (H, H + D) on [h, x], and one of biases."""
    H, steps = len(h), []
    for x, y in zip(xs, ys, strict=True):
        z, old = np.concatenate([h, x]), c
        a = {k: ACT[k](W[k] @ z + b[k]) for k in "fiog"}
        c = a["f"] * c + a["i"] * a["g"]
        h = a["o"] * np.tanh(c)
        p = np.exp(V @ h + by)
        steps.append((z, a, old, c, h, p / p.sum() - np.eye(len(by))[y]))
    dW, db = ({k: np.zeros_like(v) for k, v in p.items()} for p in (W, b))
    dV, dby = np.zeros_like(V), np.zeros_like(by)
    dh, dc = np.zeros(H), np.zeros(H)
    for z, a, old, c, h, e in reversed(steps):
        dV += np.outer(e, h)
        dby += e
        dh = dh + V.T @ e
        dc = dc + dh * a["o"] * (1 - np.tanh(c) ** 2)
        da = {"f": dc * old, "i": dc * a["g"], "g": dc * a["i"], "o": dh * np.tanh(c)}
        dz = 0
        for k in "fiog":
            d = da[k] * (1 - a[k] ** 2 if k == "g" else a[k] * (1 - a[k]))
            dW[k] += np.outer(d, z)
            db[k] += d
            dz = dz + W[k].T @ d
        dh, dc = dz[:H], dc * a["f"]
    return dW, db, dV, dby
