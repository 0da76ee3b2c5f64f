"""Gated linear attention for JAX, with a backward pass of its own: samples in front, (B, T, K)."""

from __future__ import annotations

import functools

import jax
import jax.numpy as jnp


def _forward(q, k, v, g, b, S0, scale):
    def step(S, x):
        q, k, v, g, b = x
        S = jnp.exp(g)[..., None] * jnp.exp(b)[..., None, :] * S + k[..., None] * v[..., None, :]
        return S, (scale * jnp.einsum("nkv,nk->nv", S, q), S)

    first = jax.tree.map(lambda x: jnp.swapaxes(x, 0, 1), (q, k, v, g, b))
    last, (o, S) = jax.lax.scan(step, S0, first)
    return jnp.swapaxes(o, 0, 1), last, S


@functools.partial(jax.custom_vjp, nondiff_argnums=(6,))
def right(q, k, v, g, b, S0, scale):
    return _forward(q, k, v, g, b, S0, scale)[:2]


def _right_forward(q, k, v, g, b, S0, scale):
    o, last, S = _forward(q, k, v, g, b, S0, scale)
    return (o, last), (q, k, v, g, b, S0, S)


def _backward(scale, saved, cotangents, shift):
    q, k, v, g, b, S0, S = saved
    do, dS = cotangents
    before = jnp.concatenate([S0[None], S[:-1]])
    grads = []
    for t in reversed(range(q.shape[1])):
        dS = dS + scale * q[:, t, :, None] * do[:, t, None]
        decay = jnp.exp(g[:, t])[..., None] * jnp.exp(b[:, t])[:, None]
        dlog = dS * decay * (S[t] if shift else before[t])
        dq = scale * jnp.einsum("nkv,nv->nk", S[t], do[:, t])
        dk, dv = jnp.einsum("nkv,nv->nk", dS, v[:, t]), jnp.einsum("nkv,nk->nv", dS, k[:, t])
        grads.append((dq, dk, dv, dlog.sum(-1), dlog.sum(-2)))
        dS = decay * dS
    return (*(jnp.stack(parts[::-1], 1) for parts in zip(*grads, strict=True)), dS)


right.defvjp(_right_forward, lambda scale, saved, cotangents: _backward(scale, saved, cotangents, False))


@functools.partial(jax.custom_vjp, nondiff_argnums=(6,))
def state_after(q, k, v, g, b, S0, scale):
    return _forward(q, k, v, g, b, S0, scale)[:2]


state_after.defvjp(_right_forward, lambda scale, saved, cotangents: _backward(scale, saved, cotangents, True))
