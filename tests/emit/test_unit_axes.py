"""Scalars, rows such as "1 K", and values that the samples share: in code they keep one layout, whatever the file's shape."""

from __future__ import annotations

import pytest

from symbptt import emit, verify
from symbptt.model.define import model
from symbptt.model.values import Model
from symbptt.verify.load import resolve

FILES = {
    "a row and a scalar among the parameters": dict(
        inputs={"x": "K"}, parameters={"W": "1 K", "s": "", "r": "1", "V": "K 1"},
        equations={"a": "concat(s, W.T * x)", "v": "V.T * W", "b": "s * x + r * V"}, loss="mean(a) + sum(b) + (v @ x) * r",
    ),
    "rows and scalars as inputs, states and targets": dict(
        inputs={"x": "1 K", "u": "K 1", "s": ""}, states={"h": "1 K", "c": "1 1"}, parameters={"w": "K"}, targets={"y": "1 K"},
        equations={"h": "tanh(h[t-1] + x + s) * w.T", "c": "c[t-1] * (h @ u)"}, loss="squared_error(h, y) + sum(c)",
    ),
    "what the samples share": dict(
        inputs={"x": "K"}, parameters={"b": "K", "V": "H K"},
        equations={"a": "tanh(b)", "n": "batch_norm(b)", "q": "concat(a, x)", "m": "V.T @ V", "v": "logsumexp(b)"},
        loss="(tanh(b).T @ b) * sum(m) + dot(n, x) + sum(q) * v",
    ),
    "untied rows and scalars": dict(
        parameters={"W": "1 K", "s": "", "b": "K"}, states={"h": "K"}, equations={"h": "tanh(W[t].T * s[t] + h[t-1] * b)"},
        loss="sum(h)",
    ),
    "a product with an outer product": dict(
        inputs={"u": "K"}, states={"c": "O K"}, parameters={"b": "K", "e": "O"}, equations={"c": "c[t-2] @ outer(b, sigmoid(u))"},
        loss="sum(tanh(c) @ b + e)",
    ),
    "the mean of a transposed matrix": dict(
        inputs={"x": "H"}, parameters={"W": "H K"}, equations={"v": "mean(W.T)"}, loss="v * sum(x)",
    ),
    "gates with a number, a scalar and a bias": dict(
        inputs={"x": "H"}, states={"h": "H"}, parameters={"W": "H H", "U": "H H", "V": "H H", "p": "", "b": "H"},
        equations={
            "a": "tanh(W @ h[t-1] + 0.3)", "c": "sigmoid(U @ h[t-1] + p)", "h": "a * c * x + tanh(V @ h[t-1] + b)",
        },
        loss="sum(h)",
    ),
    "one product in two sums, one of them with a number": dict(
        states={"c": "H"}, parameters={"W": "H H", "V": "H H", "p": "", "q": "H"},
        equations={"c": "hard_tanh(p / (W @ c[t-1]) + W @ c[t-1] + 0.0123)", "v": "V[t] @ q"},
    ),
    "a mean of ones and others": dict(
        inputs={"x": "K"}, parameters={"W": "K 2"}, equations={"v": "mean(W ** 0 + W ** 2)", "u": "x * x"}, loss="sum(u)",
    ),
    "a part of a sum that the loss reads as well": dict(
        inputs={"W": "1 H", "b": "H+1"}, parameters={"p": "H", "q": ""}, equations={"v": "q + concat(W @ p, b)"},
        loss="(W @ p) * q + sum(v)",
    ),
    "a transpose and a copy that the loss reads as well": dict(
        inputs={"x": "H K"}, parameters={"W": "H K", "q": ""}, equations={"a": "W * x", "b": "a.T", "c": "b", "v": "q + tanh(c)"},
        loss="sum(a) * q + sum(b * b) + sum(c) * q + sum(v)",
    ),
    "two products that no sample tells apart": dict(
        states={"c": "H"}, parameters={"W": "H K", "b": "K", "p": "H"},
        equations={"v": "W @ b[t]", "c": "(0.6 * (W @ b[t])) ** 2 + 0.5 * c[t-1]"}, loss="dot(p, c) + sum(sin(v))",
    ),
}  # fmt: skip


def made(name: str) -> Model:
    return model(name="shapes", **FILES[name])  # type: ignore[arg-type]


@pytest.mark.sampled(5)
@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("T", [None, 3])
def test_gradients_keep_the_shapes_of_the_file(name: str, T: int | None) -> None:
    code = emit.source(made(name), T=T, unroll=T is not None, wrt="all")
    report = verify.gradients(code, dims={d: 3 if d == "K" else 2 for d in code.model.dimensions}, T=3, N=2)
    assert report.ok, report.table()


CHECKED = {
    "an index below a number": dict(
        inputs={"i": "index 3"}, parameters={"E": "K 3"}, equations={"h": "embed(E, i)"}, loss="sum(h)",
    ),
    "a gradient that is zero by cancellation": dict(
        inputs={"x": "K"}, parameters={"b": "", "W": "K K"}, equations={"p": "softmax(W @ x + b)"}, loss="mean(p)",
    ),
    "nothing that shows more than one sample": dict(
        parameters={"b": "H", "c_0": "H"}, states={"c": "H"}, equations={"c": "c[t-1] * b[t]"}, loss="huber(c, y)",
        targets={"y": "H"}, initial={"c": "c_0"},
    ),
    "a parameter that the loss does not read": dict(
        inputs={"x": "D"}, parameters={"W": "H D", "V": "H H"}, equations={"o": "W @ x", "v": "V"}, targets={"y": "H"},
        loss="softmax_cross_entropy(o, y)",
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CHECKED)
@pytest.mark.parametrize("options", [{}, {"style": "plain"}, {"mode": "forward"}], ids=str)
def test_the_modules_own_check(name: str, options: dict[str, str]) -> None:
    code = resolve(emit.source(model(name="checked", **CHECKED[name]), wrt="all", **options))  # type: ignore[arg-type]
    assert max(code.module.self_check().values()) < 1e-11
