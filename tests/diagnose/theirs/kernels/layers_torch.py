"""Layers as PyTorch has them: heads in front, and two biases that are added."""

from __future__ import annotations

import torch

from .gla_torch import Right


def heads(q, k, v, g, b):
    return Right.apply(q, k, v, g, b, None, 0.5, False)[0]


class ForgottenBias(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x, h0, weight_ih, weight_hh, bias_ih, bias_hh):
        h = [h0]
        for t in range(x.size(1)):
            h.append(torch.tanh(x[:, t] @ weight_ih.t() + bias_ih + h[-1] @ weight_hh.t() + bias_hh))
        ctx.save_for_backward(x, weight_ih, weight_hh, *h)
        return torch.stack(h[1:], 1)

    @staticmethod
    def backward(ctx, dout):
        x, weight_ih, weight_hh, *h = ctx.saved_tensors
        dx, dwi, dwh, db = torch.zeros_like(x), 0.0, 0.0, 0.0
        dh = torch.zeros_like(h[0])
        for t in reversed(range(x.size(1))):
            da = (dh + dout[:, t]) * (1 - h[t + 1] ** 2)
            dx[:, t] = da @ weight_ih
            dwi, dwh, db = dwi + da.t() @ x[:, t], dwh + da.t() @ h[t], db + da.sum(0)
            dh = da @ weight_hh
        return dx, dh, dwi, dwh, db, None
