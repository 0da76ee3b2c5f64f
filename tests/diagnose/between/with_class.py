"""An encoder and a decoder with a fixed context, as a class that is made of its parameters; steps first."""

import numpy as np


class Seq2Seq:
    def __init__(self, W_xh, W_hh, b_h, W_vs, W_ss, b_s, W_so, b_o):
        self.enc = W_xh, W_hh, b_h
        self.dec = W_vs, W_ss, b_s
        self.out = W_so, b_o

    def forward(self, x, v):
        self.x, self.v = x, v
        self.h = [np.zeros((x.shape[1], len(self.enc[2])))]
        for xt in x:
            self.h.append(np.tanh(xt @ self.enc[0].T + self.h[-1] @ self.enc[1].T + self.enc[2]))
        self.s = [self.h[-1]]
        for vt in v:
            self.s.append(np.tanh(vt @ self.dec[0].T + self.s[-1] @ self.dec[1].T + self.dec[2]))
        self.o = np.stack([s @ self.out[0].T + self.out[1] for s in self.s[1:]])
        return self.o

    def backward(self, y):
        p = np.exp(self.o) / np.exp(self.o).sum(-1, keepdims=True)
        do = p - np.eye(p.shape[-1])[y]
        g = {name: 0 for name in ("W_xh", "W_hh", "b_h", "W_vs", "W_ss", "b_s", "W_so", "b_o")}
        carry = np.zeros_like(self.s[0])
        for t in reversed(range(len(self.v))):
            g["W_so"] += do[t].T @ self.s[t + 1]
            g["b_o"] += do[t].sum(0)
            da = (do[t] @ self.out[0] + carry) * (1 - self.s[t + 1] ** 2)
            g["W_vs"] += da.T @ self.v[t]
            g["W_ss"] += da.T @ self.s[t]
            g["b_s"] += da.sum(0)
            carry = da @ self.dec[1]
        for t in reversed(range(len(self.x))):
            da = carry * (1 - self.h[t + 1] ** 2)
            g["W_xh"] += da.T @ self.x[t]
            g["W_hh"] += da.T @ self.h[t]
            g["b_h"] += da.sum(0)
            carry = da @ self.enc[1]
        return g
