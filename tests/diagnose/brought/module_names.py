import numpy as np

# globals as in a script
Wxh, Whh, Why = np.zeros((4, 3)), np.zeros((4, 4)), np.zeros((5, 4))
bh, by = np.zeros((4, 1)), np.zeros((5, 1))


def loss_fun(inputs, targets, hprev):
    hs, ps, loss = {-1: hprev}, {}, 0
    for t in range(len(inputs)):
        hs[t] = np.tanh(Wxh @ inputs[t] + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        ps[t] = np.exp(y) / np.exp(y).sum()
        loss -= np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy, dbh, dby = map(np.zeros_like, (Wxh, Whh, Why, bh, by))
    dhn = np.zeros_like(hprev)
    for t in reversed(range(len(inputs))):
        dy = ps[t].copy()
        dy[targets[t]] -= 1
        dWhy += dy @ hs[t].T
        dby += dy
        dr = (Why.T @ dy + dhn) * (1 - hs[t] ** 2)
        dbh += dr
        dWxh += dr @ inputs[t].T
        dWhh += dr @ hs[t - 1].T
        dhn = Whh.T @ dr
    for d in (dWxh, dWhh, dWhy, dbh, dby):
        np.clip(d, -5, 5, out=d)
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]
