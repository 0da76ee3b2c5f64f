import numpy as np


def loss_and_grad(p, x, y):
    T, N, _ = x.shape
    h = np.zeros((T + 1, N, p.bh.size))
    for t in range(T):
        h[t + 1] = np.tanh(x[t] @ p.Wxh.T + h[t] @ p.Whh.T + p.bh)
    z = h[1:] @ p.Why.T + p.by
    q = np.exp(z) / np.exp(z).sum(-1, keepdims=True)
    loss = -np.log(np.take_along_axis(q, y[..., None], -1)).sum()
    np.put_along_axis(q, y[..., None], np.take_along_axis(q, y[..., None], -1) - 1, -1)
    d = {"Why": np.einsum("tno,tnh->oh", q, h[1:]), "by": q.sum((0, 1)), "Wxh": 0, "Whh": 0, "bh": 0}
    back = 0
    for t in reversed(range(T)):
        da = (q[t] @ p.Why + back) * (1 - h[t + 1] ** 2)
        d["Wxh"] = d["Wxh"] + da.T @ x[t]
        d["Whh"] = d["Whh"] + da.T @ h[t]
        d["bh"] = d["bh"] + da.sum(0)
        back = da @ p.Whh
    return loss, d
