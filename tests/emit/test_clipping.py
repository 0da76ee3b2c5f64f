"""The clipping functions of an emitted module."""

from __future__ import annotations

import types

import numpy as np
import pytest

from symbptt import emit
from symbptt.errors import BadInput


def _module(**options):
    made = types.ModuleType("clipping")
    exec(compile(emit.source("elman", clipping=True, **options).text, "clipping", "exec"), made.__dict__)
    return made


MODULE = _module()


def _published(grads, max_norm):
    """The published program, on copies."""
    grads = [g.copy() for g in grads]
    total_norm = 0
    for grad in grads:
        total_norm += np.sum(grad**2)
    total_norm = np.sqrt(total_norm)
    rate = max_norm / (total_norm + 1e-6)
    if rate < 1:
        for grad in grads:
            grad *= rate
    return grads


@pytest.mark.parametrize("max_norm", [0.1, 5.0, 17.0, 100.0])
def test_clipping_by_the_global_norm(max_norm):
    rng = np.random.default_rng(0)
    gradients = {"W": rng.random((3, 3)) * 10, "b": rng.random(3) * 10}
    before = {name: g.copy() for name, g in gradients.items()}
    clipped = MODULE.clip_by_norm(gradients, max_norm)
    for name, expected in zip(gradients, _published(gradients.values(), max_norm), strict=True):
        np.testing.assert_array_equal(clipped[name], expected)
        np.testing.assert_array_equal(gradients[name], before[name])
        assert clipped[name] is not gradients[name]
    assert MODULE.global_norm(clipped) <= max(max_norm, 0) or max_norm > MODULE.global_norm(gradients)


def test_clipping_by_value_and_normalising():
    gradients = {"W": np.array([[3.0, -4.0]]), "b": np.array([12.0]), "zero": np.zeros(2)}
    assert MODULE.clip_by_value(gradients, 3.5)["W"].tolist() == [[3.0, -3.5]]
    whole, each = MODULE.normalise(gradients), MODULE.normalise(gradients, each=True)
    assert MODULE.global_norm(whole) == pytest.approx(1) and whole["W"][0, 1] == pytest.approx(-4 / 13)
    assert each["W"].tolist() == [[0.6, -0.8]] and each["b"].tolist() == [1.0] and each["zero"].tolist() == [0.0, 0.0]


def test_clipping_goes_with_every_kind_of_module():
    for options in ({"style": "plain"}, {"T": 2, "unroll": True}, {"truncation": (1, 2)}, {"mode": "forward"}):
        made = _module(**options)
        assert "--clipping" in made.__doc__ and made.clip_by_norm({"x": np.ones(4)}, 1.0)["x"].sum() == pytest.approx(2, rel=1e-5)
    with pytest.raises(BadInput, match="clipping"):
        emit.source("elman", backend="jax", clipping=True)
