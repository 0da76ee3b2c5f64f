"""An LSTM with one weight matrix for [x, h] and all gates, in the order i, f, g, o, samples in rows."""

import numpy as np


def sigm(v):
    return 1.0 / (1.0 + np.exp(-v))


def value_and_grad(x, y, h0, c0, W, b, W_ho, b_o):
    T, N, D = x.shape
    H = h0.shape[1]
    h, c = h0, c0
    tape = []
    loss = 0
    for t in range(T):
        z = np.hstack([x[t], h])
        a = z @ W + b
        i, f, g, o = sigm(a[:, :H]), sigm(a[:, H : 2 * H]), np.tanh(a[:, 2 * H : 3 * H]), sigm(a[:, 3 * H :])
        c_old = c
        c = f * c + i * g
        tc = np.tanh(c)
        h = o * tc
        s = h @ W_ho + b_o
        e = np.exp(s - s.max(1, keepdims=True))
        p = e / e.sum(1, keepdims=True)
        loss -= np.log(p[np.arange(N), y[t]]).sum()
        tape.append((z, i, f, g, o, c_old, c, tc, h, p))
    dW, db, dWo, dbo = np.zeros_like(W), np.zeros_like(b), np.zeros_like(W_ho), np.zeros_like(b_o)
    dh_next, dc_next = np.zeros_like(h0), np.zeros_like(c0)
    for t in reversed(range(T)):
        z, i, f, g, o, c_old, c, tc, h, p = tape[t]
        ds = p.copy()
        ds[np.arange(N), y[t]] -= 1
        dWo += h.T @ ds
        dbo += ds.sum(0)
        dh = ds @ W_ho.T + dh_next
        do = dh * tc
        dc = dh * o * (1 - tc**2) + dc_next
        di, df, dg = dc * g, dc * c_old, dc * i
        dc_next = dc * f
        da = np.hstack([di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)])
        dW += z.T @ da
        db += da.sum(0)
        dz = da @ W.T
        dh_next = dz[:, D:]
    return loss, dW, db, dWo, dbo
