import math


def backprop(x, y, h0, W_xh, W_hh, b_h, W_ho, b_o):
    H, D, K, T = len(b_h), len(x[0]), len(b_o), len(x)
    h = [list(h0)]
    probs = []
    for t in range(T):
        row = []
        for i in range(H):
            a = b_h[i]
            for j in range(D):
                a += W_xh[i][j] * x[t][j]
            for j in range(H):
                a += W_hh[i][j] * h[t][j]
            row.append(math.tanh(a))
        h.append(row)
        o = [b_o[i] + sum(W_ho[i][j] * row[j] for j in range(H)) for i in range(K)]
        m = max(o)
        e = [math.exp(v - m) for v in o]
        probs.append([v / sum(e) for v in e])
    gx = [[0.0] * D for _ in range(H)]
    gh = [[0.0] * H for _ in range(H)]
    gb = [0.0] * H
    go = [[0.0] * H for _ in range(K)]
    gc = [0.0] * K
    back = [0.0] * H
    for t in range(T - 1, -1, -1):
        do = [probs[t][i] - (1 if i == y[t] else 0) for i in range(K)]
        dh = [back[j] + sum(W_ho[i][j] * do[i] for i in range(K)) for j in range(H)]
        da = [dh[j] * (1 - h[t + 1][j] ** 2) for j in range(H)]
        for i in range(K):
            gc[i] += do[i]
            for j in range(H):
                go[i][j] += do[i] * h[t + 1][j]
        for i in range(H):
            gb[i] += da[i]
            for j in range(D):
                gx[i][j] += da[i] * x[t][j]
            for j in range(H):
                gh[i][j] += da[i] * h[t][j]
        back = [sum(W_hh[i][j] * da[i] for i in range(H)) for j in range(H)]
    return gx, gh, gb, go, gc
