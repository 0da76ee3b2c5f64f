"""The layers with several heads once more, in PyTorch: a step takes parameters, input and states, (N, M, ...).

Written from the papers and their code; nothing is read from the model files.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from recurrences import Step, Tensor, Values, _conv, _rms, _unit


def _heads(x: Tensor, like: Tensor) -> Tensor:
    """(N, M * K) -> (N, M, K), with as many heads as another array has."""
    return x.unflatten(-1, (like.shape[0], -1))


def _against(matrix: Tensor, key: Tensor) -> Tensor:
    """The rows of the memories (N, M, V, K) against the keys (N, M, K)."""
    return torch.einsum("nmvk,nmk->nmv", matrix, key)


def _outer(value: Tensor, key: Tensor) -> Tensor:
    return torch.einsum("nmv,nmk->nmvk", value, key)


def gated_deltanet(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    q, k, v = (_heads(F.silu(_conv(s, new, f"p_{c}", F.linear(x["x"], p[f"W_{c}"]), p[f"c_{c}"])), p["A_log"]) for c in "qkv")
    q, k, beta = _unit(q), _unit(k), F.linear(x["x"], p["w_b"]).sigmoid()
    log_decay = -p["A_log"].exp() * F.softplus(F.linear(x["x"], p["w_a"]) + p["dt_bias"])
    S = s["S"] * log_decay.exp()[..., None, None]
    new["S"] = S + _outer((v - _against(S, k)) * beta[..., None], k)
    out = (_rms(_against(new["S"], q * k.shape[-1] ** -0.5)) * p["w_n"]).flatten(1)
    return F.linear(out * F.silu(F.linear(x["x"], p["W_g"])), p["W_o"]), new


def mamba2(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    u, B, C = (F.silu(_conv(s, new, f"p_{c}", F.linear(x["x"], p[f"W_{c}"]), p[f"c_{c}"]) + p[f"b_{c}"]) for c in "xBC")
    u, dt = _heads(u, p["A_log"]), F.softplus(F.linear(x["x"], p["w_dt"]) + p["dt_bias"])
    written = torch.einsum("nm,nmp,ns->nmps", dt, u, B)
    new["h"] = torch.exp(-dt * p["A_log"].exp())[..., None, None] * s["h"] + written
    out = torch.einsum("nmps,ns->nmp", new["h"], C) + p["D_skip"][:, None] * u
    return F.linear(_rms(out.flatten(1) * F.silu(F.linear(x["x"], p["W_z"]))) * p["w_n"], p["W_o"]), new


def gla(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    M = s["S"].shape[1]
    q, k, v = (F.linear(x["x"], p[f"W_{c}"]).unflatten(-1, (M, -1)) for c in "qkv")
    g = (F.logsigmoid(F.linear(F.linear(x["x"], p["W_a1"]), p["W_a2"], p["b_a"])) / 16).unflatten(-1, (M, -1))
    S = g.exp()[..., None] * s["S"] + torch.einsum("nmk,nmv->nmkv", k, v)
    out = _rms(torch.einsum("nmkv,nmk->nmv", S, q) * k.shape[-1] ** -0.5) * p["w_n"]
    return F.linear(out.flatten(1) * F.silu(F.linear(x["x"], p["W_g"])), p["W_o"]), {"S": S}


def retnet(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, k, v = (_heads(F.linear(x["x"], p[f"W_{c}"]), p["log_decay"]) for c in "qkv")
    S = p["log_decay"].exp()[:, None, None] * s["S"] + torch.einsum("nmk,nmv->nmkv", k * k.shape[-1] ** -0.5, v)
    out = _rms(torch.einsum("nmkv,nmk->nmv", S, q)) * p["w_n"]
    return F.linear(out.flatten(1) * F.silu(F.linear(x["x"], p["W_g"])), p["W_o"]), {"S": S}


def mlstm(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, k, v = (_heads(F.linear(x["x"], p[f"W_{c}"]), p["b_i"]) for c in "qkv")
    k = k / k.shape[-1] ** 0.5
    log_i, log_f = F.linear(x["x"], p["w_i"], p["b_i"]), F.logsigmoid(F.linear(x["x"], p["w_f"], p["b_f"]))
    m = torch.maximum(log_f + s["m"], log_i)
    i, f = torch.exp(log_i - m), torch.exp(log_f + s["m"] - m)
    C = f[..., None, None] * s["C"] + i[..., None, None] * _outer(v, k)
    n = f[..., None] * s["n"] + i[..., None] * k
    size = torch.maximum((n * q).sum(-1).abs(), torch.exp(-m))
    out = F.linear(x["x"], p["W_g"], p["b_g"]).sigmoid() * (_against(C, q) / size[..., None]).flatten(1)
    return F.linear(out, p["W_o"]), {"C": C, "n": n, "m": m}


def rwkv7(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    now, before, M = x["x"], s["x_lag1"], p["k_k"].shape[0]
    mixed = {c: torch.lerp(now, before, p[f"mu_{c}"]) for c in "rkvwa"}
    r, p_k, v = (F.linear(mixed[c], p[f"W_{c}"]).unflatten(-1, (M, -1)) for c in "rkv")
    w = torch.exp(-0.606531 * (p["w_0"] + torch.tanh(mixed["w"] @ p["A_d"].T) @ p["B_d"].T).sigmoid()).unflatten(-1, (M, -1))
    a = (p["a_0"] + mixed["a"] @ p["A_a"].T @ p["B_a"].T).sigmoid().unflatten(-1, (M, -1))
    removed, k = _unit(p_k * p["k_k"]), p_k * (1 + (a - 1) * p["k_a"])
    S = s["S"] * w[:, :, None, :] - _outer(_against(s["S"], removed), a * removed) + _outer(v, k)
    normed = F.layer_norm(_against(S, r), (v.shape[-1],), eps=6.4e-4) * p["w_n"] + p["b_n"]
    out = normed + (r * k * p["r_k"]).sum(-1, keepdim=True) * v
    return F.linear(out.flatten(1), p["W_o"]), {"S": S, "x_lag1": now}


STEPS: dict[str, Step] = {
    "gated_deltanet": gated_deltanet, "mamba2": mamba2, "gla": gla, "retnet": retnet, "mlstm": mlstm, "rwkv7": rwkv7,
}
"""By the names of the files."""
