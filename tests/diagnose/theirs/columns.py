"""Recurrent layers in the style of a well-known course: samples in columns, time last, [a; x] stacked, gates f, i, c, o."""

import numpy as np


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_cell_forward(xt, a_prev, c_prev, parameters):
    concat = np.concatenate([a_prev, xt])
    ft = sigmoid(parameters["Wf"] @ concat + parameters["bf"])
    it = sigmoid(parameters["Wi"] @ concat + parameters["bi"])
    cct = np.tanh(parameters["Wc"] @ concat + parameters["bc"])
    c_next = ft * c_prev + it * cct
    ot = sigmoid(parameters["Wo"] @ concat + parameters["bo"])
    a_next = ot * np.tanh(c_next)
    return a_next, c_next, (a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters)


def lstm_forward(x, a0, parameters):
    _, m, T_x = x.shape
    n_a = a0.shape[0]
    a, c, caches = np.zeros((n_a, m, T_x)), np.zeros((n_a, m, T_x)), []
    a_next, c_next = a0, np.zeros_like(a0)
    for t in range(T_x):
        a_next, c_next, cache = lstm_cell_forward(x[:, :, t], a_next, c_next, parameters)
        a[:, :, t], c[:, :, t] = a_next, c_next
        caches.append(cache)
    return a, c, (caches, x)


def lstm_cell_backward(da_next, dc_next, cache):
    a_next, c_next, a_prev, c_prev, ft, it, cct, ot, xt, parameters = cache
    n_a = a_next.shape[0]
    dc = dc_next + ot * (1 - np.tanh(c_next) ** 2) * da_next
    dot = da_next * np.tanh(c_next) * ot * (1 - ot)
    dcct = dc * it * (1 - cct**2)
    dit = dc * cct * it * (1 - it)
    dft = dc * c_prev * ft * (1 - ft)
    concat = np.concatenate([a_prev, xt])
    gates = {"f": dft, "i": dit, "c": dcct, "o": dot}
    da_prev = sum(parameters["W" + g][:, :n_a].T @ d for g, d in gates.items())
    dxt = sum(parameters["W" + g][:, n_a:].T @ d for g, d in gates.items())
    gradients = {"dxt": dxt, "da_prev": da_prev, "dc_prev": dc * ft}
    for g, d in gates.items():
        gradients["dW" + g] = d @ concat.T
        gradients["db" + g] = d.sum(axis=1, keepdims=True)
    return gradients


def lstm_backward(da, caches, carry=True):
    caches, x = caches
    n_a, m, T_x = da.shape
    dx, da_prevt, dc_prevt = np.zeros_like(x), np.zeros((n_a, m)), np.zeros((n_a, m))
    total = {}
    for t in reversed(range(T_x)):
        gradients = lstm_cell_backward(da[:, :, t] + da_prevt, dc_prevt, caches[t])
        if carry:
            da_prevt, dc_prevt = gradients["da_prev"], gradients["dc_prev"]
        dx[:, :, t] = gradients["dxt"]
        for name in ("dWf", "dWi", "dWc", "dWo", "dbf", "dbi", "dbc", "dbo"):
            total[name] = total.get(name, 0) + gradients[name]
    return {"dx": dx, "da0": gradients["da_prev"], **total}


def lstm_backward_without_carry(da, caches):
    return lstm_backward(da, caches, carry=False)
