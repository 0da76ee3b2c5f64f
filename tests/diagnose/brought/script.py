import numpy as np

# sizes as in a script, of a text that is read first
vocab_size, hidden_size = 65, 100
Wxh, Whh, Why = np.zeros((100, 65)), np.zeros((100, 100)), np.zeros((65, 100))
bh, by = np.zeros((100, 1)), np.zeros((65, 1))


def one_hot(i):
    x = np.zeros((vocab_size, 1))
    x[i] = 1
    return x


def loss_fun(inputs, targets, hprev):
    hs, ps, loss = {-1: hprev}, {}, 0
    for t in range(len(inputs)):
        hs[t] = np.tanh(Wxh @ one_hot(inputs[t]) + Whh @ hs[t - 1] + bh)
        y = Why @ hs[t] + by
        ps[t] = np.exp(y) / np.exp(y).sum()
        loss -= np.log(ps[t][targets[t], 0])
    dWxh, dWhh, dWhy, dbh, dby = map(np.zeros_like, (Wxh, Whh, Why, bh, by))
    dhn = np.zeros((hidden_size, 1))
    for t in range(len(inputs) - 1, -1, -1):
        dy = ps[t] - one_hot(targets[t])
        dWhy += dy @ hs[t].T
        dby += dy
        dr = (Why.T @ dy + dhn) * (1 - hs[t] ** 2)
        dbh += dr
        dWxh += dr @ one_hot(inputs[t]).T
        dWhh += dr @ hs[t - 1].T
        dhn = Whh.T @ dr
    return loss, dWxh, dWhh, dWhy, dbh, dby, hs[len(inputs) - 1]
