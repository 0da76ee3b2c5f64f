"""Products of Jacobians: the right one gives the right gradients, so a wrong one is wrong for its order alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from symbptt.diagnose.interpret import interpret
from symbptt.diagnose.routes import Chain

from .conftest import Bench

RIGHT = Chain(lambda t, k: range(t, k, -1))


@pytest.mark.parametrize("name", ["elman", "lstm", "gru", "jordan", "leaky"])
def test_the_right_product_gives_the_right_terms(bench: Callable[..., Bench], name: str) -> None:
    known = bench(name).case
    found = interpret(replace(known.backward, chain=RIGHT), known.point)
    for gradient, terms in known.terms.arrays.items():
        np.testing.assert_allclose(found.arrays[gradient], terms, rtol=1e-10, atol=1e-13)


def test_reversed_jacobians_are_named(bench: Callable[..., Bench]) -> None:
    """Written without routes: dL_t/dh_k by products of matrices, in the order of time."""
    made = bench("elman")
    p, x, y = made.point["parameters"], made.point["inputs"]["x"], made.point["targets"]["y"]
    grads = {n: np.zeros_like(a) for n, a in p.items()}
    for n in range(x.shape[1]):
        h = [made.point["states"]["h"][n]]
        for t in range(len(x)):
            h.append(np.tanh(p["W_xh"] @ x[t, n] + p["W_hh"] @ h[t] + p["b_h"]))
        for t in range(len(x)):
            if y[t, n] < 0:
                continue
            o = p["W_ho"] @ h[t + 1] + p["b_o"]
            do = np.exp(o) / np.exp(o).sum() - np.eye(len(o))[y[t, n]]
            grads["W_ho"] += np.outer(do, h[t + 1])
            grads["b_o"] += do
            for k in range(t + 1):
                product = np.eye(len(h[0]))
                for j in range(k + 1, t + 1):
                    product = product @ ((1 - h[j + 1] ** 2)[:, None] * p["W_hh"])
                da = (1 - h[k + 1] ** 2) * (product.T @ p["W_ho"].T @ do)
                grads["W_xh"] += np.outer(da, x[k, n])
                grads["W_hh"] += np.outer(da, h[k])
                grads["b_h"] += da
    found = made.diagnose(grads)
    assert found["W_ho"].right and found["b_o"].right
    for name in ("W_xh", "W_hh", "b_h"):
        assert found[name].certain and found[name].causes == ("order-wrong",)
