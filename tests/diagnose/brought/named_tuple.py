from collections import namedtuple

import numpy as np

Grads = namedtuple("Grads", "W_xh W_hh b_h W_ho b_o")


def value_and_gradient(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    T, N = x.shape[:2]
    hs = np.empty((T + 1, N, len(b_h)))
    hs[0] = h0
    for t in range(T):
        hs[t + 1] = np.tanh(x[t] @ W_xh.T + hs[t] @ W_hh.T + b_h)
    logits = hs[1:] @ W_ho.T + b_o
    z = logits - logits.max(axis=-1, keepdims=True)
    logp = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    loss = -np.take_along_axis(logp, y[..., None], axis=-1).mean()
    do = np.exp(logp)
    np.put_along_axis(do, y[..., None], np.take_along_axis(do, y[..., None], -1) - 1, -1)
    do /= T * N
    dh = np.zeros((N, len(b_h)))
    gx, gh, gb = 0, 0, 0
    for t in range(T)[::-1]:
        da = (do[t] @ W_ho + dh) * (1 - hs[t + 1] ** 2)
        gx = gx + da.T @ x[t]
        gh = gh + da.T @ hs[t]
        gb = gb + da.sum(0)
        dh = da @ W_hh
    return loss, Grads(gx, gh, gb, np.einsum("tno,tnh->oh", do, hs[1:]), do.sum((0, 1)))
