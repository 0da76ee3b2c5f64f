"""Attention over all states of an encoder, steps first; names of an encoder and a decoder, and the model's for the scores."""

import numpy as np


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def value_and_grad(enc_Wx, enc_Wh, enc_b, dec_Wx, dec_Wh, dec_b, W_a, W_so, W_co, b_o, x, v, y):
    S, N, _ = x.shape
    T = len(v)
    H = len(enc_b)
    h = np.zeros((S + 1, N, H))
    for t in range(S):
        h[t + 1] = np.tanh(x[t] @ enc_Wx.T + h[t] @ enc_Wh.T + enc_b)
    M = h[1:].transpose(1, 0, 2)
    s = np.zeros((T + 1, N, H))
    s[0] = h[-1]
    q, a, c = np.zeros((T, N, H)), np.zeros((T, N, S)), np.zeros((T, N, H))
    o = np.zeros((T, N, len(b_o)))
    for t in range(T):
        s[t + 1] = np.tanh(v[t] @ dec_Wx.T + s[t] @ dec_Wh.T + dec_b)
        q[t] = s[t + 1] @ W_a.T
        a[t] = softmax(np.einsum("nsh,nh->ns", M, q[t]))
        c[t] = np.einsum("nsh,ns->nh", M, a[t])
        o[t] = s[t + 1] @ W_so.T + c[t] @ W_co.T + b_o
    do = softmax(o)
    n = np.arange(N)
    loss = sum(-np.log(do[t][n, y[t]]).sum() for t in range(T))
    for t in range(T):
        do[t][n, y[t]] -= 1
    g = {"W_a": 0, "W_so": 0, "W_co": 0, "b_o": 0, "dec_Wx": 0, "dec_Wh": 0, "dec_b": 0, "enc_Wx": 0, "enc_Wh": 0, "enc_b": 0}
    dM = np.zeros_like(M)
    carry = np.zeros((N, H))
    for t in reversed(range(T)):
        g["W_so"] += do[t].T @ s[t + 1]
        g["W_co"] += do[t].T @ c[t]
        g["b_o"] += do[t].sum(0)
        dc = do[t] @ W_co
        dalpha = np.einsum("nsh,nh->ns", M, dc)
        de = a[t] * (dalpha - (a[t] * dalpha).sum(1, keepdims=True))
        dM += a[t][:, :, None] * dc[:, None] + de[:, :, None] * q[t][:, None]
        dq = np.einsum("nsh,ns->nh", M, de)
        g["W_a"] += dq.T @ s[t + 1]
        dz = (do[t] @ W_so + dq @ W_a + carry) * (1 - s[t + 1] ** 2)
        g["dec_Wx"] += dz.T @ v[t]
        g["dec_Wh"] += dz.T @ s[t]
        g["dec_b"] += dz.sum(0)
        carry = dz @ dec_Wh
    dh = carry
    for t in reversed(range(S)):
        dh = dh + dM[:, t]
        dz = dh * (1 - h[t + 1] ** 2)
        g["enc_Wx"] += dz.T @ x[t]
        g["enc_Wh"] += dz.T @ h[t]
        g["enc_b"] += dz.sum(0)
        dh = dz @ enc_Wh
    return loss, g
