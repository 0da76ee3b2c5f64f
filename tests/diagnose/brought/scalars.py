import math


def loss_and_grads(x, y, w, u, b):
    h = [0.0]
    loss = 0.0
    for t in range(len(x)):
        h.append(math.tanh(w * x[t] + u * h[t] + b))
        loss += 0.5 * (h[t + 1] - y[t]) ** 2
    dw = du = db = 0.0
    back = 0.0
    for t in range(len(x) - 1, -1, -1):
        dh = h[t + 1] - y[t] + back
        da = dh * (1 - h[t + 1] * h[t + 1])
        dw += da * x[t]
        du += da * h[t]
        db += da
        back = da * u
    return loss, {"w": dw, "u": du, "b": db}
