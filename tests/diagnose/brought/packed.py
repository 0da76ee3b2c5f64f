import numpy as np


def unpacked(theta, D, H, output_size):
    ends = np.cumsum([D * H, H * H, H, H * output_size])
    Wx, Wh, bh, Wo, bo = np.split(theta, ends)
    return Wx.reshape(D, H), Wh.reshape(H, H), bh, Wo.reshape(H, output_size), bo


def gradient(theta, x, y, D, H, output_size):
    Wx, Wh, bh, Wo, bo = unpacked(theta, D, H, output_size)
    N, T, _ = x.shape
    h, probabilities = [np.zeros((N, H))], []
    for t in range(T):
        h.append(np.tanh(x[:, t] @ Wx + h[-1] @ Wh + bh))
        e = np.exp(h[-1] @ Wo + bo)
        probabilities.append(e / e.sum(1, keepdims=True))
    dtheta = np.zeros_like(theta)
    dWx, dWh, dbh, dWo, dbo = unpacked(dtheta, D, H, output_size)
    carry = 0
    for t in reversed(range(T)):
        do = probabilities[t].copy()
        do[np.arange(N), y[:, t]] -= 1
        da = (do @ Wo.T + carry) * (1 - h[t + 1] ** 2)
        dWo += h[t + 1].T @ do
        dbo += do.sum(0)
        dWx += x[:, t].T @ da
        dWh += h[t].T @ da
        dbh += da.sum(0)
        carry = da @ Wh.T
    return dtheta
