"""The recurrences of 2020 to 2026 once more, in PyTorch: a step takes parameters, input and states, and gives output and states.

Written from the papers and their code, with a batch in front, (N, ...); nothing is read from the model files.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import torch
import torch.nn.functional as F

Tensor = torch.Tensor
Values = dict[str, Any]
Step = Callable[[Values, Values, Values], tuple[Tensor, Values]]


def unrolled(step: Step, leaves: Values, inputs: Iterable[str], states: Iterable[str], T: int) -> Tensor:
    """The outputs of T steps, (T, N, ...): `leaves` has parameters, inputs with a step axis, and initial states by name."""
    carried, made = {k: leaves[k] for k in states}, []
    for t in range(T):
        o, new = step(leaves, {k: leaves[k][t] for k in inputs}, carried)
        carried = {k: new[k] for k in carried}
        made.append(o)
    return torch.stack(made)


def _read(matrix: Tensor, key: Tensor) -> Tensor:
    """The rows of a memory (N, V, K) against a key (N, K)."""
    return torch.einsum("nvk,nk->nv", matrix, key)


def _write(value: Tensor, key: Tensor) -> Tensor:
    return torch.einsum("nv,nk->nvk", value, key)


def _rms(x: Tensor, eps: float = 1e-5) -> Tensor:
    return x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)


def _unit(x: Tensor, eps: float = 1e-6) -> Tensor:
    return x * torch.rsqrt(x.pow(2).sum(-1, keepdim=True) + eps)


def _conv(s: Values, new: Values, name: str, x: Tensor, kernel: Tensor) -> Tensor:
    """A causal depthwise convolution; the kernel's first column meets the present value."""
    window = [x, *(s[f"{name}_lag{j}"] for j in range(1, kernel.shape[1]))]
    new.update({f"{name}_lag{j + 1}": value for j, value in enumerate(window[:-1])})
    return torch.stack(window, -1).mul(kernel).sum(-1)


def linear_attention(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, k, v = (F.linear(x["x"], p[f"W_{c}"]) for c in "qkv")
    q, k = F.elu(q) + 1, F.elu(k) + 1
    S, z = s["S"] + _write(v, k), s["z"] + k
    return F.linear(_read(S, q) / (z * q).sum(-1, keepdim=True), p["W_o"]), {"S": S, "z": z}


def retnet(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, k, v, g = (F.linear(x["x"], p[f"W_{c}"]) for c in "qkvg")
    S = s["S"] * (1 - 2.0**-5) + _write(k / k.shape[-1] ** 0.5, v)
    return F.linear(F.silu(g) * p["w_n"] * _rms(_read(S.mT, q)), p["W_o"]), {"S": S}


def gla(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, k, v, g = (F.linear(x["x"], p[f"W_{c}"]) for c in "qkvg")
    decay = F.logsigmoid(x["x"] @ p["W_a1"].T @ p["W_a2"].T + p["b_a"]) / 16
    S = decay.exp()[:, :, None] * s["S"] + _write(k, v)
    return F.linear(p["w_n"] * _rms(_read(S.mT, q * k.shape[-1] ** -0.5)) * F.silu(g), p["W_o"]), {"S": S}


def hgrn(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    i, f, g = (F.linear(x["x"], p[f"W_{c}"]) for c in "ifg")
    low = p["lower"].sigmoid()
    f = low + (1 - low) * f.sigmoid()
    h = f * s["h"] + (1 - f) * F.silu(i)
    return F.linear(_rms(h) * p["w_n"] * F.silu(g), p["W_o"]), {"h": h}


def hgrn2(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, f, v = (F.linear(x["x"], p[f"W_{c}"]) for c in "qfv")
    low = p["lower"].sigmoid()
    f = low + (1 - low) * f.sigmoid()
    S = f[:, :, None] * s["S"] + _write(1 - f, v)
    return F.linear(_rms(_read(S.mT, F.silu(q))) * p["w_n"], p["W_o"]), {"S": S}


def _projected(p: Values, x: Values, s: Values, new: Values) -> tuple[Tensor, Tensor, Tensor]:
    q, k, v = (F.silu(_conv(s, new, f"p_{c}", F.linear(x["x"], p[f"W_{c}"]), p[f"c_{c}"])) for c in "qkv")
    return _unit(q), _unit(k), v


def deltanet(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    q, k, v = _projected(p, x, s, new)
    beta = F.linear(x["x"], p["w_b"]).sigmoid()
    new["S"] = s["S"] - _write(beta * _read(s["S"], k), k) + _write(beta * v, k)
    return F.linear(_rms(_read(new["S"], q) / k.shape[-1] ** 0.5) * p["w_n"], p["W_o"]), new


def gated_deltanet(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    q, k, v = _projected(p, x, s, new)
    beta = F.linear(x["x"], p["w_b"]).sigmoid()
    log_decay = -p["A_log"].exp() * F.softplus(F.linear(x["x"], p["w_a"]) + p["dt_bias"])
    S = s["S"] * log_decay.exp()[:, :, None]
    new["S"] = S + _write((v - _read(S, k)) * beta, k)
    out = _rms(_read(new["S"], q * k.shape[-1] ** -0.5)) * p["w_n"] * F.silu(F.linear(x["x"], p["W_g"]))
    return F.linear(out, p["W_o"]), new


def delta_product(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    S = s["S"] * F.linear(x["x"], p["w_a"]).sigmoid()[:, :, None]
    for j in "12":
        k, v = _unit(F.silu(F.linear(x["x"], p[f"W_k{j}"]))), F.silu(F.linear(x["x"], p[f"W_v{j}"]))
        beta = 2 * F.linear(x["x"], p[f"w_b{j}"]).sigmoid()
        S = S + _write(beta * (v - _read(S, k)), k)
    q = _unit(F.silu(F.linear(x["x"], p["W_q"])))
    return F.linear(_rms(_read(S, q) * q.shape[-1] ** -0.5) * p["w_n"], p["W_o"]), {"S": S}


def kda(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    q, k, v = _projected(p, x, s, new)
    beta = F.linear(x["x"], p["w_b"]).sigmoid()
    log_decay = -p["A_log"].exp() * F.softplus(x["x"] @ p["W_a1"].T @ p["W_a2"].T + p["dt_bias"])
    S = s["S"] * log_decay.exp()[:, :, None]
    new["S"] = S + _write(beta * k, v - torch.einsum("nk,nkv->nv", k, S))
    gate = (x["x"] @ p["W_g1"].T @ p["W_g2"].T).sigmoid()
    return F.linear(_rms(torch.einsum("nk,nkv->nv", q, new["S"]) / k.shape[-1] ** 0.5) * p["w_n"] * gate, p["W_o"]), new


def mamba(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    u = F.silu(_conv(s, new, "u", F.linear(x["x"], p["W_x"]), p["c_x"]) + p["b_x"])
    dt = F.softplus(u @ p["W_dt1"].T @ p["W_dt2"].T + p["dt_bias"])
    B, C = F.linear(u, p["W_B"]), F.linear(u, p["W_C"])
    new["h"] = torch.exp(dt[:, :, None] * -torch.exp(p["A_log"])) * s["h"] + dt[:, :, None] * B[:, None] * u[:, :, None]
    out = (new["h"] * C[:, None]).sum(-1) + p["D_skip"] * u
    return F.linear(out * F.silu(F.linear(x["x"], p["W_z"])), p["W_o"]), new


def mamba2(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    u, B, C = (F.silu(_conv(s, new, f"p_{c}", F.linear(x["x"], p[f"W_{c}"]), p[f"c_{c}"]) + p[f"b_{c}"]) for c in "xBC")
    dt = F.softplus(F.linear(x["x"], p["w_dt"]) + p["dt_bias"])
    new["h"] = torch.exp(-dt * p["A_log"].exp())[:, :, None] * s["h"] + dt[:, :, None] * _write(u, B)
    out = _read(new["h"], C) + p["D_skip"] * u
    return F.linear(_rms(out * F.silu(F.linear(x["x"], p["W_z"]))) * p["w_n"], p["W_o"]), new


def rwkv4(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    r, k, v = (F.linear(x["x"] * p[f"mu_{c}"] + s["x_lag1"] * (1 - p[f"mu_{c}"]), p[f"W_{c}"]) for c in "rkv")
    with_bonus = torch.maximum(s["top"], p["u"] + k)
    old, now = torch.exp(s["top"] - with_bonus), torch.exp(p["u"] + k - with_bonus)
    wkv = (old * s["num"] + now * v) / (old * s["den"] + now)
    decayed = s["top"] - p["decay"].exp()
    top = torch.maximum(decayed, k)
    old, now = torch.exp(decayed - top), torch.exp(k - top)
    new = {"num": old * s["num"] + now * v, "den": old * s["den"] + now, "top": top, "x_lag1": x["x"]}
    return F.linear(r.sigmoid() * wkv, p["W_o"]), new


def rwkv6(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    now, d = x["x"], s["x_lag1"] - x["x"]
    r, k, v = (F.linear(torch.lerp(now, s["x_lag1"], p[f"mu_{c}"]), p[f"W_{c}"]) for c in "rkv")
    dynamic = torch.tanh(F.linear(now + d * p["mu_x"], p["A_w"])) @ p["B_w"].T
    low_rank = torch.tanh(F.linear(now + d * (p["mu_w"] + dynamic), p["A_d"])) @ p["B_d"].T
    w = torch.exp(-torch.exp(p["w_0"] + low_rank))
    kv = _write(k, v)
    wkv = torch.einsum("nk,nkv->nv", r, s["S"] + p["u"][:, None] * kv)
    out = F.layer_norm(wkv, wkv.shape[-1:], p["w_n"], p["b_n"], 6.4e-4) * F.silu(F.linear(now, p["W_g"]))
    return F.linear(out, p["W_o"]), {"S": w[:, :, None] * s["S"] + kv, "x_lag1": now}


def rwkv7(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    now = x["x"]
    mixed = {c: torch.lerp(now, s["x_lag1"], p[f"mu_{c}"]) for c in "rkvwa"}
    r, k, v = (F.linear(mixed[c], p[f"W_{c}"]) for c in "rkv")
    w = torch.exp(-0.606531 * torch.sigmoid(p["w_0"] + torch.tanh(mixed["w"] @ p["A_d"].T) @ p["B_d"].T))
    a = torch.sigmoid(p["a_0"] + mixed["a"] @ p["A_a"].T @ p["B_a"].T)
    removal = _unit(k * p["k_k"])
    k = k + k * (a - 1) * p["k_a"]
    transition = torch.diag_embed(w) - _write(removal, removal * a)
    S = s["S"] @ transition + _write(v, k)
    out = F.layer_norm(_read(S, r), v.shape[-1:], p["w_n"], p["b_n"], 6.4e-4) + (r * k * p["r_k"]).sum(-1, keepdim=True) * v
    return F.linear(out, p["W_o"]), {"S": S, "x_lag1": now}


def mlstm(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    q, k, v = (F.linear(x["x"], p[f"W_{c}"]) for c in "qkv")
    k = k / k.shape[-1] ** 0.5
    log_i, log_f = F.linear(x["x"], p["w_i"], p["b_i"]), F.logsigmoid(F.linear(x["x"], p["w_f"], p["b_f"]))
    m = torch.maximum(log_f + s["m"], log_i)
    i, f = torch.exp(log_i - m), torch.exp(log_f + s["m"] - m)
    C, n = f[:, :, None] * s["C"] + i[:, :, None] * _write(v, k), f * s["n"] + i * k
    below = torch.maximum((n * q).sum(-1, keepdim=True).abs(), torch.exp(-m))
    return F.linear(F.linear(x["x"], p["W_g"], p["b_g"]).sigmoid() * _read(C, q) / below, p["W_o"]), {"C": C, "n": n, "m": m}


def slstm(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    z, i, f, q = (F.linear(x["x"], p[f"W_{g}"], p[f"b_{g}"]) + F.linear(s["h"], p[f"R_{g}"]) for g in "zifq")
    log_f = F.logsigmoid(f) + s["m"]
    m = torch.maximum(log_f, i)
    c = torch.exp(log_f - m) * s["c"] + torch.exp(i - m) * z.tanh()
    n = torch.exp(log_f - m) * s["n"] + torch.exp(i - m)
    h = q.sigmoid() * (c / n)
    return F.linear(h, p["W_o"]), {"h": h, "c": c, "n": n, "m": m}


def _g(a: Tensor) -> Tensor:
    return torch.where(a >= 0, a + 0.5, a.sigmoid())


def mingru(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    h = torch.lerp(s["h"], _g(F.linear(x["x"], p["W_h"], p["b_h"])), F.linear(x["x"], p["W_z"], p["b_z"]).sigmoid())
    return F.linear(h, p["W_o"]), {"h": h}


def minlstm(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    f, i = (F.linear(x["x"], p[f"W_{c}"], p[f"b_{c}"]).sigmoid() for c in "fi")
    share = i / (f + i)
    h = (1 - share) * s["h"] + share * _g(F.linear(x["x"], p["W_h"], p["b_h"]))
    return F.linear(h, p["W_o"]), {"h": h}


def rg_lru(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    new: Values = {}
    u = _conv(s, new, "u", F.linear(x["x"], p["W_x"]), p["c_x"]) + p["b_x"]
    i, r = (F.linear(u, p[f"W_{c}"], p[f"b_{c}"]).sigmoid() for c in "ia")
    a = torch.exp(-8 * r * F.softplus(p["rate"]))
    new["h"] = a * s["h"] + torch.sqrt(1 - a**2) * i * u
    return F.linear(F.gelu(F.linear(x["x"], p["W_z"]), approximate="tanh") * new["h"], p["W_o"]), new


def lru(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    pole = torch.exp(torch.complex(-torch.exp(p["nu_log"]), torch.exp(p["theta_log"])))
    B, C = torch.complex(p["B_re"], p["B_im"]), torch.complex(p["C_re"], p["C_im"])
    h = pole * torch.complex(s["h_re"], s["h_im"]) + p["gamma_log"].exp() * (x["x"].to(B.dtype) @ B.T)
    return (h @ C.T).real + F.linear(x["x"], p["D_skip"]), {"h_re": h.real, "h_im": h.imag}


def s5(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    pole = torch.complex(-p["A_log"].exp(), p["A_im"])
    B, C = torch.complex(p["B_re"], p["B_im"]), torch.complex(p["C_re"], p["C_im"])
    discrete = torch.exp(pole * p["dt_log"].exp())
    h = discrete * torch.complex(s["h_re"], s["h_im"]) + (discrete - 1) / pole * (x["x"].to(B.dtype) @ B.T)
    return 2 * (h @ C.T).real + F.linear(x["x"], p["D_skip"]), {"h_re": h.real, "h_im": h.imag}


def cfc(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    backbone = 1.7159 * torch.tanh(0.666 * F.linear(torch.cat([x["x"], s["h"]], -1), p["W_b"], p["b_b"]))
    early, late, rate, offset = (F.linear(backbone, p[f"W_{c}"], p[f"b_{c}"]) for c in "fgac")
    share = torch.sigmoid(rate * x["dt"][:, None] + offset)
    h = early.tanh() * (1 - share) + share * late.tanh()
    return F.linear(h, p["W_o"]), {"h": h}


def cornn(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    force = torch.tanh(F.linear(s["h"], p["W_h"]) + F.linear(s["z"], p["W_z"]) + F.linear(x["x"], p["W_x"], p["b"]))
    z = s["z"] + 0.1 * (force - 2.7 * s["h"] - 4.7 * s["z"])
    h = s["h"] + 0.1 * z
    return F.linear(h, p["W_o"]), {"h": h, "z": z}


def lem(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    def mixed(name: str, state: Tensor) -> Tensor:
        return F.linear(state, p[f"W_{name}"]) + F.linear(x["x"], p[f"V_{name}"], p[f"b_{name}"])

    z = torch.lerp(s["z"], mixed("z", s["h"]).tanh(), mixed("1", s["h"]).sigmoid())
    h = torch.lerp(s["h"], mixed("h", z).tanh(), mixed("2", s["h"]).sigmoid())
    return F.linear(h, p["W_o"]), {"h": h, "z": z}


def linoss(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    """The implicit step (z, p) solves M (z, p) = (z, p of the step before + force), a two by two system for each unit."""
    dt, stiffness = p["dt_log"].sigmoid(), p["A"].relu()
    one = torch.ones_like(dt)
    system = torch.stack([torch.stack([one, dt * stiffness], -1), torch.stack([-dt, one], -1)], -2)
    right = torch.stack([s["z"] + dt * F.linear(x["x"], p["B"]), s["p"]], -1)
    z, position = torch.linalg.solve(system, right[..., None])[..., 0].unbind(-1)
    return F.linear(position, p["C"]) + F.linear(x["x"], p["D_skip"]), {"z": z, "p": position}


class _Spike(torch.autograd.Function):
    @staticmethod
    def forward(context: Any, v: Tensor) -> Tensor:
        context.save_for_backward(v)
        return (v > 0).to(v.dtype)

    @staticmethod
    def backward(context: Any, gradient: Tensor) -> Tensor:
        (v,) = context.saved_tensors
        return gradient / (1 + 10 * v.abs()) ** 2


def lif(p: Values, x: Values, s: Values) -> tuple[Tensor, Values]:
    i = 0.8 * s["i"] + F.linear(x["x"], p["W_x"]) + F.linear(s["s"], p["W_h"])
    u = 0.9 * s["u"] * (1 - s["s"].detach()) + i
    spikes = _Spike.apply(u - 1)
    return F.linear(spikes, p["W_o"]), {"i": i, "u": u, "s": spikes}


STEPS: dict[str, Step] = {step.__name__: step for step in (
    linear_attention, retnet, gla, hgrn, hgrn2, deltanet, gated_deltanet, delta_product, kda, mamba, mamba2, rwkv4, rwkv6, rwkv7,
    mlstm, slstm, mingru, minlstm, rg_lru, lru, s5, cfc, cornn, lem, linoss, lif,
)}
