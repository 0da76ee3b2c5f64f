import numpy as np


def train(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o, lr=0.1):
    h = [h0]
    for v in x:
        h.append(np.tanh(v @ W_xh.T + h[-1] @ W_hh.T + b_h))
    dW_xh, dW_hh, db_h = np.zeros_like(W_xh), np.zeros_like(W_hh), np.zeros_like(b_h)
    dW_ho, db_o, carry = np.zeros_like(W_ho), np.zeros_like(b_o), 0
    for t in reversed(range(len(x))):
        o = h[t + 1] @ W_ho.T + b_o
        p = np.exp(o) / np.exp(o).sum(axis=1, keepdims=True)
        p[np.arange(len(p)), y[t]] -= 1
        dW_ho += p.T @ h[t + 1]
        db_o += p.sum(0)
        da = (p @ W_ho + carry) * (1 - h[t + 1] ** 2)
        dW_xh += da.T @ x[t]
        dW_hh += da.T @ h[t]
        db_h += da.sum(0)
        carry = da @ W_hh
    W_hh -= lr * dW_hh
    b_h -= lr * db_h
    return dW_xh, dW_hh, db_h, dW_ho, db_o
