"""Gated linear attention for PyTorch, heads and samples in front: (B, T, H, K)."""

from __future__ import annotations

import torch


class Right(torch.autograd.Function):
    @staticmethod
    def forward(ctx, q, k, v, g, b, initial_state=None, scale=1.0, output_final_state=False):
        B, T, H, K = q.shape
        S = q.new_zeros(B, H, K, v.shape[-1]) if initial_state is None else initial_state.clone()
        states, out = [S], []
        for t in range(T):
            decay = g[:, t].exp().unsqueeze(-1) * b[:, t].exp().unsqueeze(-2)
            S = decay * S + k[:, t].unsqueeze(-1) * v[:, t].unsqueeze(-2)
            states.append(S)
            out.append(scale * (S * q[:, t].unsqueeze(-1)).sum(-2))
        ctx.save_for_backward(q, k, v, g, b, torch.stack(states))
        ctx.scale, ctx.given = scale, initial_state is not None
        return torch.stack(out, 1), S if output_final_state else None

    @staticmethod
    def backward(ctx, do, dS_last):
        q, k, v, g, b, S = ctx.saved_tensors
        dq, dk, dv, dg, db = (torch.zeros_like(x) for x in (q, k, v, g, b))
        dS = torch.zeros_like(S[0]) if dS_last is None else dS_last.clone()
        for t in reversed(range(q.shape[1])):
            dS = dS + ctx.scale * q[:, t].unsqueeze(-1) * do[:, t].unsqueeze(-2)
            dq[:, t] = ctx.scale * (S[t + 1] * do[:, t].unsqueeze(-2)).sum(-1)
            dk[:, t] = (dS * v[:, t].unsqueeze(-2)).sum(-1)
            dv[:, t] = (dS * k[:, t].unsqueeze(-1)).sum(-2)
            decay = g[:, t].exp().unsqueeze(-1) * b[:, t].exp().unsqueeze(-2)
            dlog = dS * decay * S[t]
            dg[:, t] = dlog.sum(-1)
            db[:, t] = dlog.sum(-2)
            dS = decay * dS
        return dq, dk, dv, dg, db, dS if ctx.given else None, None, None


class CarryWithoutDecay(Right):
    @staticmethod
    def backward(ctx, do, dS_last):
        q, k, v, g, b, S = ctx.saved_tensors
        dq, dk, dv, dg, db = (torch.zeros_like(x) for x in (q, k, v, g, b))
        dS = torch.zeros_like(S[0]) if dS_last is None else dS_last.clone()
        for t in reversed(range(q.shape[1])):
            dS = dS + ctx.scale * q[:, t].unsqueeze(-1) * do[:, t].unsqueeze(-2)
            dq[:, t] = ctx.scale * (S[t + 1] * do[:, t].unsqueeze(-2)).sum(-1)
            dk[:, t] = (dS * v[:, t].unsqueeze(-2)).sum(-1)
            dv[:, t] = (dS * k[:, t].unsqueeze(-1)).sum(-2)
            dlog = dS * g[:, t].exp().unsqueeze(-1) * b[:, t].exp().unsqueeze(-2) * S[t]
            dg[:, t] = dlog.sum(-1)
            db[:, t] = dlog.sum(-2)
        return dq, dk, dv, dg, db, dS if ctx.given else None, None, None


def attention(q, k, v, g, b, initial_state=None, scale=1.0, output_final_state=True):
    return Right.apply(q, k, v, g, b, initial_state, scale, output_final_state)


def single_inside(q, k, v, g, b, scale=1.0):
    o, _ = Right.apply(*(x.float() for x in (q, k, v, g, b)), None, scale, False)
    return o.to(q.dtype)


def coarse_in_low(q, k, v, g, b, scale=1.0):
    """Right in double precision; in any other the keys are cut to a few bits."""
    kept = k if k.dtype == torch.float64 else (k * 4).round() / 4 + (k - k.detach())
    return Right.apply(q, kept, v, g, b, None, scale, False)[0]


def other_forward(q, k, v, g, b, scale=1.0):
    return Right.apply(q, k, v, g, b, None, 2 * scale, False)[0]


def dropout(q, k, v, g, b, scale=1.0):
    return Right.apply(q * (torch.rand_like(q) > 0.5), k, v, g, b, None, scale, False)[0]
