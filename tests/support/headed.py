"""Models with heads for tests: those of tests/heads, and one with values per step, per head and of both kinds."""

from __future__ import annotations

from pathlib import Path

from symbptt.model.read import from_text, load

FILES = tuple(sorted((Path(__file__).parents[1] / "heads").glob("*.toml")))
MIXED = from_text('''
title = "Parameters per step and per head"
heads = "M"
[inputs]
k = "M K"
v = "M V"
x = "D"
[states]
S = "M K V"
n = "M"
[parameters]
a = "M"
b = "M K"
W = "M K K"
c = "K"
P = "M V D"
Q = "K V"
[equations]
n = "a[t] * n[t-1] + dot(b[t], k)"
S = "diag(sigmoid(b[t] + c)) @ S[t-1] + outer(W @ k, v * a[t]) + Q[t] / (1 + exp(a[t]))"
o = "sum_heads(P[t].T @ (S.T @ k)) * x"
m = "sum_heads(n)"
[loss]
step = "sum(tanh(o)) + sum(m)"
''', "mixed.toml")
MODELS = (*(load(str(path)) for path in FILES), MIXED)
