import numpy as np


class RNN:
    def __init__(self, input_size, hidden_size, output_size):
        self.Wxh = np.random.randn(hidden_size, input_size) * 0.01
        self.Whh = np.random.randn(hidden_size, hidden_size) * 0.01
        self.Why = np.random.randn(output_size, hidden_size) * 0.01
        self.bh = np.zeros((hidden_size, 1))
        self.by = np.zeros((output_size, 1))

    def forward(self, inputs, h_prev):
        self.xs = inputs
        self.hs = [h_prev]
        self.ps = []
        for x in inputs:
            self.hs.append(np.tanh(self.Wxh @ x + self.Whh @ self.hs[-1] + self.bh))
            y = self.Why @ self.hs[-1] + self.by
            e = np.exp(y - np.max(y))
            self.ps.append(e / e.sum())
        return self.ps

    def backward(self, targets):
        self.dWxh, self.dWhh, self.dWhy = (np.zeros_like(w) for w in (self.Wxh, self.Whh, self.Why))
        self.dbh, self.dby = np.zeros_like(self.bh), np.zeros_like(self.by)
        dh_next = np.zeros_like(self.hs[0])
        for t in reversed(range(len(self.xs))):
            dy = self.ps[t].copy()
            dy[targets[t]] -= 1
            self.dWhy += dy @ self.hs[t + 1].T
            self.dby += dy
            dh = self.Why.T @ dy + dh_next
            da = dh * (1 - self.hs[t + 1] ** 2)
            self.dbh += da
            self.dWxh += da @ self.xs[t].T
            self.dWhh += da @ self.hs[t].T
            dh_next = self.Whh.T @ da
