import numpy as np


class Net:
    def __init__(self, input_size, hidden_size, output_size):
        D, H, K = input_size, hidden_size, output_size
        for part, shape in (("xh", (H, D)), ("hh", (H, H)), ("ho", (K, H))):
            setattr(self, "W_" + part, np.random.randn(*shape))
        for name, size in (("b_h", H), ("b_o", K)):
            setattr(self, name, np.zeros(size))

    def forward(self, x):
        self.x, self.h, self.p = x, [np.zeros((x.shape[1], self.W_hh.shape[0]))], []
        for t in range(len(x)):
            self.h.append(np.tanh(x[t] @ self.W_xh.T + self.h[-1] @ self.W_hh.T + self.b_h))
            e = np.exp(self.h[-1] @ self.W_ho.T + self.b_o)
            self.p.append(e / e.sum(1, keepdims=True))
        return self.p

    def backward(self, y):
        g = {k: np.zeros_like(v) for k, v in vars(self).items() if k[:2] in ("W_", "b_")}
        carry = 0
        for t in reversed(range(len(self.x))):
            do = self.p[t] - np.eye(self.W_ho.shape[0])[y[t]]
            da = (do @ self.W_ho + carry) * (1 - self.h[t + 1] ** 2)
            for part, d, read in (("xh", da, self.x[t]), ("hh", da, self.h[t]), ("ho", do, self.h[t + 1])):
                g["W_" + part] += d.T @ read
            g["b_h"] += da.sum(0)
            g["b_o"] += do.sum(0)
            carry = da @ self.W_hh
        for k, v in g.items():
            setattr(self, "d" + k, v)
