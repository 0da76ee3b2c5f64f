"""Two directions over sequences of different lengths, filled up with padding; mask is 1 where a step counts."""

import numpy as np


def run(x, mask, W, U, b):
    h = np.zeros((x.shape[0] + 1, x.shape[1], len(b)))
    for t in range(len(x)):
        m = mask[t][:, None]
        h[t + 1] = m * np.tanh(x[t] @ W.T + h[t] @ U.T + b) + (1 - m) * h[t]
    return h


def back(x, mask, h, dh, W, U, b):
    dW, dU, db, carry = np.zeros_like(W), np.zeros_like(U), np.zeros_like(b), np.zeros_like(h[0])
    for t in reversed(range(len(x))):
        m = mask[t][:, None]
        total = dh[t] + carry
        fresh = np.tanh(x[t] @ W.T + h[t] @ U.T + b)
        da = m * total * (1 - fresh ** 2)
        dW += da.T @ x[t]
        dU += da.T @ h[t]
        db += da.sum(0)
        carry = da @ U + (1 - m) * total
    return dW, dU, db


def gradients(W_xh, W_hh, b_h, W_xb, W_bb, b_b, W_ho, W_bo, b_o, x, mask, y):
    xr, mr = x[::-1], mask[::-1]
    h = run(x, mask, W_xh, W_hh, b_h)
    b = run(xr, mr, W_xb, W_bb, b_b)
    hs, bs = h[1:], b[1:][::-1]
    o = hs @ W_ho.T + bs @ W_bo.T + b_o
    p = np.exp(o) / np.exp(o).sum(-1, keepdims=True)
    loss = -(mask * np.log((p * np.eye(len(b_o))[y]).sum(-1))).sum()
    do = (p - np.eye(len(b_o))[y]) * mask[:, :, None]
    dW_ho = np.einsum("tno,tnh->oh", do, hs)
    dW_bo = np.einsum("tno,tnh->oh", do, bs)
    db_o = do.sum((0, 1))
    dW_xh, dW_hh, db_h = back(x, mask, h, do @ W_ho, W_xh, W_hh, b_h)
    dW_xb, dW_bb, db_b = back(xr, mr, b, (do @ W_bo)[::-1], W_xb, W_bb, b_b)
    return loss, dW_xh, dW_hh, db_h, dW_xb, dW_bb, db_b, dW_ho, dW_bo, db_o
