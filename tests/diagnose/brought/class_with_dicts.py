import numpy as np


class Model:
    def __init__(self, n_in, n_hidden, n_out, lr=0.01):
        self.params = {
            "Wxh": np.random.randn(n_hidden, n_in), "Whh": np.random.randn(n_hidden, n_hidden),
            "Why": np.random.randn(n_out, n_hidden), "bh": np.zeros(n_hidden), "by": np.zeros(n_out),
        }
        self.lr = lr
        self.grads = {}

    def forward(self, X, h0=None):
        P = self.params
        N, T, _ = X.shape
        H = np.zeros((N, T + 1, P["Whh"].shape[0]))
        if h0 is not None:
            H[:, 0] = h0
        for t in range(T):
            H[:, t + 1] = np.tanh(X[:, t] @ P["Wxh"].T + H[:, t] @ P["Whh"].T + P["bh"])
        self.X, self.H = X, H
        Z = H[:, 1:] @ P["Why"].T + P["by"]
        E = np.exp(Z - Z.max(-1, keepdims=True))
        self.probs = E / E.sum(-1, keepdims=True)
        return self.probs

    def backward(self, Y):
        P, X, H = self.params, self.X, self.H
        N, T, _ = X.shape
        dZ = self.probs.copy()
        dZ[np.arange(N)[:, None], np.arange(T), Y] -= 1
        g = {k: np.zeros_like(v) for k, v in P.items()}
        g["Why"] = np.einsum("nto,nth->oh", dZ, H[:, 1:])
        g["by"] = dZ.sum((0, 1))
        back = np.zeros_like(H[:, 0])
        for t in reversed(range(T)):
            da = (dZ[:, t] @ P["Why"] + back) * (1 - H[:, t + 1] ** 2)
            g["Wxh"] += da.T @ X[:, t]
            g["Whh"] += da.T @ H[:, t]
            g["bh"] += da.sum(0)
            back = da @ P["Whh"]
        self.grads = g

    def step(self):
        for k in self.params:
            self.params[k] -= self.lr * self.grads[k]
