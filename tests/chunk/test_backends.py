"""Chunk forms in JAX and PyTorch: equal to the step form in NumPy, whole under jit, and with autograd of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from chunkable import KERNELS, SHIFTED, SMALL, kernel, layer

from symbptt import data, verify
from symbptt.emit import chunk_source
from symbptt.errors import UnknownName
from symbptt.model.values import Model
from symbptt.verify.library import call
from symbptt.verify.load import resolve

BACKENDS = pytest.mark.parametrize("backend", ["jax", "torch"])
EVERY_MODEL = True
BUILT_IN = ("linear_attention", "retnet", "gla", "hgrn2")
CLOSE = 1e-11


def agree(given: Model | str, chunk: int, backend: str, T: int) -> None:
    pytest.importorskip(backend)
    report = verify.in_chunks(given, chunk, T=T, backend=backend)
    assert max(check.worst_error for check in report.checks) < CLOSE, report


@pytest.mark.frameworks
@BACKENDS
@pytest.mark.parametrize("name", KERNELS)
def test_a_kernel_with_an_end_that_fills_no_chunk(name: str, backend: str) -> None:
    agree(kernel(name), 3, backend, T=7)


@pytest.mark.frameworks
@BACKENDS
@pytest.mark.parametrize("name", BUILT_IN)
def test_layers_of_the_zoo(name: str, backend: str) -> None:
    agree(name, 4, backend, T=9)


@pytest.mark.frameworks
@BACKENDS
@pytest.mark.parametrize("T", [1, 2, 3])
def test_fewer_tokens_than_a_chunk(T: int, backend: str) -> None:
    agree(kernel("gated delta rule"), 3, backend, T)


@pytest.mark.frameworks
@BACKENDS
def test_heads_and_values_of_earlier_tokens(backend: str) -> None:
    agree(SHIFTED, 3, backend, T=7)


@pytest.mark.frameworks
@pytest.mark.parametrize("given", [kernel("gated delta rule"), SHIFTED], ids=lambda given: given.name)
@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_no_token_leaves_the_states_as_they_were(backend: str, given: Model) -> None:
    pytest.importorskip(backend)
    module, drawn = resolve(chunk_source(given, 3, "all", backend)).module, data.random(given, T=1)
    nothing = {name: array[:0] for name, array in drawn.inputs.items()}
    outputs, residuals = call(module, "forward", (dict(drawn.parameters), nothing, dict(drawn.states)), {})
    after = {name: drawn.cotangents[name][-1] for name in drawn.states}
    found = call(module, "backward", (dict(drawn.parameters), residuals, after), {})
    for name, state in drawn.states.items():
        np.testing.assert_array_equal(outputs[name], state)
        np.testing.assert_array_equal(found[name], after[name])
    assert all(found[name].shape == array.shape for name, array in nothing.items())


@pytest.mark.frameworks
@BACKENDS
@pytest.mark.parametrize("at", ["every", "last"])
def test_a_loss_outside_of_the_chunks(at: str, backend: str) -> None:
    agree(layer(at=at), 3, backend, T=7)


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_scalars_and_names(backend: str) -> None:
    agree(SMALL, 3, backend, T=7)


@pytest.mark.frameworks
@BACKENDS
def test_a_file_checks_itself_by_the_autograd_of_its_library(backend: str, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    space: dict[str, Any] = {"__name__": "module"}
    source = chunk_source(layer(), 3, ("W_q", "x", "S"), backend)
    assert source.path == f"layer_chunk_{backend}.py" and f"emit layer --backend {backend} --chunk 3 --wrt W_q,x,S" in source.text
    exec(compile(source.text, "module", "exec"), space)
    assert set(space["WRT"]) == {"W_q", "x", "S"} and max(space["self_check"]().values()) < CLOSE


@pytest.mark.frameworks
def test_gradients_of_jax_through_a_scan_over_chunks_under_jit() -> None:
    jax = pytest.importorskip("jax")
    given = layer()
    module = resolve(chunk_source(given, 3, "all", "jax")).module
    drawn = data.random(given, None, 7, 2, 0)
    loss = jax.jit(jax.grad(module.loss, (0, 1)))
    with jax.enable_x64(True):
        found = loss(dict(drawn.parameters), dict(drawn.inputs), dict(drawn.targets), dict(drawn.states))
        text = str(jax.make_jaxpr(module.loss)(dict(drawn.parameters), dict(drawn.inputs), dict(drawn.targets)))
    assert "scan[" in text and "length=3" in text
    wanted = call(module, "value_and_grad", tuple(map(dict, drawn.groups)), {})[1]
    for name, array in {**found[0], **found[1]}.items():
        np.testing.assert_allclose(array, wanted[name], rtol=1e-11, atol=1e-13)


@pytest.mark.frameworks
def test_a_module_of_pytorch_has_the_layer_in_chunks() -> None:
    torch = pytest.importorskip("torch")
    made = resolve(chunk_source(layer(), 3, backend="torch")).module
    loss = made.Loss(D=3, K=2, O=4, V=3, dtype=torch.float64)
    x = torch.randn(7, 2, 3, dtype=torch.float64, requires_grad=True)
    loss({"x": x}, {"target": torch.randint(4, (7, 2))}).backward()
    assert x.grad is not None and all(p.grad is not None and torch.isfinite(p.grad).all() for p in loss.parameters())


@pytest.mark.frameworks
@pytest.mark.parametrize("backend", ["numpy", "jax", "torch"])
def test_a_file_is_verified_in_chunks(backend: str, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    report = verify.file(chunk_source(layer(), 3, backend=backend).write(tmp_path / "layer.py"), T=4)
    assert report.ok and {check.name for check in report.checks} == {"outputs, T = 4", "vjp, T = 4", "loss, T = 4"}


def test_other_backends_are_refused() -> None:
    with pytest.raises(UnknownName, match="c, jax, numpy, torch"):
        chunk_source(layer(), 3, backend="fortran")
