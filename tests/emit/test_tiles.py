"""Products in tiles: sizes at which they are cut, and those around them, give what whole products give."""

from __future__ import annotations

import numpy as np
import pytest

import symbptt
from symbptt import data, emit
from symbptt.verify.load import resolve

SIZES = [(1, 64), (4, 64), (5, 64), (32, 128), (48, 512), (33, 512), (20, 70)]
"""N and H: side by side, whole, in columns, in rows and columns, and without a tile that fits."""


def _gradients(model, N, H, dtype, **options):
    loaded = symbptt.load(model)
    drawn = data.random(loaded, {"D": 64, "H": H, "O": 7}, T=3, N=N)
    arrays = [{k: v.astype(dtype) for k, v in part.items()} for part in (drawn.parameters, drawn.inputs, drawn.states)]
    module = resolve(emit.source(loaded, wrt="all", **options)).module
    targets = {k: np.maximum(v, 0) for k, v in drawn.targets.items()}
    return module.value_and_grad(arrays[0], arrays[1], targets, arrays[2])


@pytest.mark.sampled(8)
@pytest.mark.parametrize(("N", "H"), SIZES)
@pytest.mark.parametrize("model", ["elman", "lstm", "gru_reset_after"])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float32", 1e-4), ("float64", 1e-11), ("complex128", 1e-11)])
def test_tiles_and_whole_products_agree(model, N, H, dtype, tolerance):
    loss, found = _gradients(model, N, H, dtype)
    expected, wanted = _gradients(model, N, H, dtype, style="plain")
    np.testing.assert_allclose(loss, expected, rtol=tolerance)
    for name, gradient in wanted.items():
        assert found[name].dtype == gradient.dtype
        np.testing.assert_allclose(found[name], gradient, rtol=0, atol=tolerance * max(1.0, abs(gradient).max()))


def test_without_the_pass_products_are_whole():
    loss, found = _gradients("lstm", 32, 128, "float64", without=("tiles",))
    expected, wanted = _gradients("lstm", 32, 128, "float64")
    np.testing.assert_allclose(loss, expected, rtol=1e-12)
    for name, gradient in wanted.items():
        np.testing.assert_allclose(found[name], gradient, rtol=1e-10, atol=1e-12)
