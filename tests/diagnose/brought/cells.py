import numpy as np


class Cell:
    def __init__(self, W, U, b):
        self.W, self.U, self.b = W, U, b

    def forward(self, x, h):
        self.x, self.h_prev = x, h
        self.h = np.tanh(x @ self.U.T + h @ self.W.T + self.b)
        return self.h

    def backward(self, dh):
        dz = dh * (1 - self.h ** 2)
        return dz @ self.U, dz @ self.W, dz.T @ self.h_prev, dz.T @ self.x, dz.sum(0)


def gradients(x, y, h0, U, W, b, V, c):
    """The mean loss over batch and time; every cell keeps its own h, which the backward pass meets from the last to the first."""
    B, T, _ = x.shape
    cells = [Cell(W, U, b) for _ in range(T)]
    h, ps = h0, []
    loss = 0
    for t in range(T):
        h = cells[t].forward(x[:, t], h)
        z = h @ V.T + c
        z = z - z.max(1, keepdims=True)
        p = np.exp(z) / np.exp(z).sum(1, keepdims=True)
        loss += -np.log(p[np.arange(B), y[:, t]]).sum() / (B * T)
        ps.append(p)
    dU = dW = db = dV = dc = 0
    dh = np.zeros_like(h0)
    for t in range(T - 1, -1, -1):
        dz = ps[t].copy()
        dz[np.arange(B), y[:, t]] -= 1
        dz /= B * T
        dV = dV + dz.T @ cells[t].h
        dc = dc + dz.sum(0)
        _, dh, gW, gU, gb = cells[t].backward(dz @ V + dh)
        dW, dU, db = dW + gW, dU + gU, db + gb
    return loss, {"U": dU, "W": dW, "b": db, "V": dV, "c": dc}
