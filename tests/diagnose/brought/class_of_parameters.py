import numpy as np


class Elman:
    """Batch first."""

    def __init__(self, W_xh, W_hh, b_h, W_ho, b_o):
        self.p = dict(W_xh=W_xh, W_hh=W_hh, b_h=b_h, W_ho=W_ho, b_o=b_o)

    def forward(self, x, h0):
        p = self.p
        _, T, _ = x.shape
        self.x, self.h = x, [h0]
        out = []
        for t in range(T):
            self.h.append(np.tanh(x[:, t] @ p["W_xh"].T + self.h[-1] @ p["W_hh"].T + p["b_h"]))
            out.append(self.h[-1] @ p["W_ho"].T + p["b_o"])
        return np.stack(out, axis=1)

    def backward(self, grad_out):
        p = self.p
        g = {k: np.zeros_like(v) for k, v in p.items()}
        dx = np.zeros_like(self.x)
        carry = np.zeros_like(self.h[0])
        for t in range(grad_out.shape[1] - 1, -1, -1):
            do = grad_out[:, t]
            g["W_ho"] += do.T @ self.h[t + 1]
            g["b_o"] += do.sum(0)
            da = (do @ p["W_ho"] + carry) * (1 - self.h[t + 1] ** 2)
            g["W_xh"] += da.T @ self.x[:, t]
            g["W_hh"] += da.T @ self.h[t]
            g["b_h"] += da.sum(0)
            dx[:, t] = da @ p["W_xh"]
            carry = da @ p["W_hh"]
        return dx, g
