import numpy as np


class RNNLayer:
    def __init__(self, input_dim, hidden_dim, output_dim, seed=0):
        rng = np.random.default_rng(seed)
        self.weight_ih = rng.standard_normal((hidden_dim, input_dim))
        self.weight_hh = rng.standard_normal((hidden_dim, hidden_dim))
        self.bias = np.zeros(hidden_dim)
        self.weight_out = rng.standard_normal((output_dim, hidden_dim))
        self.bias_out = np.zeros(output_dim)
        self.grad_weight_ih = None

    def loss(self, x, y, h0):
        self.x, self.y = x, y
        self.h = [h0]
        self.p = []
        total = 0
        for t in range(len(x)):
            self.h.append(np.tanh(x[t] @ self.weight_ih.T + self.h[-1] @ self.weight_hh.T + self.bias))
            o = self.h[-1] @ self.weight_out.T + self.bias_out
            p = np.exp(o - o.max(1, keepdims=True))
            p /= p.sum(1, keepdims=True)
            self.p.append(p)
            total -= np.log(p[np.arange(len(p)), y[t]]).sum()
        return total

    def backward(self):
        self.grad_weight_ih = np.zeros_like(self.weight_ih)
        self.grad_weight_hh = np.zeros_like(self.weight_hh)
        self.grad_bias = np.zeros_like(self.bias)
        self.grad_weight_out = np.zeros_like(self.weight_out)
        self.grad_bias_out = np.zeros_like(self.bias_out)
        dh = 0
        for t in reversed(range(len(self.x))):
            do = self.p[t].copy()
            do[np.arange(len(do)), self.y[t]] -= 1
            self.grad_weight_out += do.T @ self.h[t + 1]
            self.grad_bias_out += do.sum(0)
            da = (do @ self.weight_out + dh) * (1 - self.h[t + 1] ** 2)
            self.grad_weight_ih += da.T @ self.x[t]
            self.grad_weight_hh += da.T @ self.h[t]
            self.grad_bias += da.sum(0)
            dh = da @ self.weight_hh
