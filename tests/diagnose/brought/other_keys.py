import numpy as np


def bptt(params, X, Y, h_init):
    """Gradients as a dict with the names of the lecture notes."""
    Wxh, Whh, Why, bh, by = params["Wxh"], params["Whh"], params["Why"], params["bh"], params["by"]
    H = {0: h_init}
    P = {}
    for t in range(1, len(X) + 1):
        H[t] = np.tanh(X[t - 1] @ Wxh.T + H[t - 1] @ Whh.T + bh)
        S = H[t] @ Why.T + by
        P[t] = np.exp(S - S.max(-1, keepdims=True))
        P[t] = P[t] / P[t].sum(-1, keepdims=True)
    grads = {"d" + k: np.zeros_like(v) for k, v in params.items()}
    delta_next = np.zeros_like(h_init)
    for t in range(len(X), 0, -1):
        e = P[t].copy()
        e[np.arange(len(e)), Y[t - 1]] -= 1
        grads["dWhy"] += e.T @ H[t]
        grads["dby"] += e.sum(0)
        delta = (e @ Why + delta_next @ Whh) * (1 - H[t] ** 2)
        grads["dWxh"] += delta.T @ X[t - 1]
        grads["dWhh"] += delta.T @ H[t - 1]
        grads["dbh"] += delta.sum(0)
        delta_next = delta
    return grads
