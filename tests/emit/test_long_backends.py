"""Long sequences in JAX and PyTorch: segments that run again, and truncated modules, against the NumPy code."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import headed
import numpy as np
import pytest
from segmented import LAGGED, LEARNED, MODELS

from symbptt import data, emit, verify
from symbptt.emit.source_file import FRAMEWORKS
from symbptt.errors import BadInput
from symbptt.model import define, read
from symbptt.model.values import Model
from symbptt.verify.library import call
from symbptt.verify.load import resolve

pytestmark = pytest.mark.frameworks
BACKENDS = pytest.mark.parametrize("backend", FRAMEWORKS)
THREE = ("elman", "lstm", "gru_reset_after")
SCHEMES = ((1, 3), (1, 50), (3, 5), (4, 2), (10, 4))
LOOKS_BACK = define.model(
    name="looks_back", inputs={"x": "D"}, states={"h": "H", "c": "H"}, parameters={"W": "H H", "U": "H D", "v": "H"},
    targets={"y": "H"}, equations={"c": "sigmoid(W @ h[t-1]) * c[t-1] + U @ x", "h": "tanh(c)"},
    loss="squared_error(h + 0.5 * c[t-1], y) + 0.1 * sum(v * v)",
)
TRUNCATED = (
    *(read.load(name) for name in ("elman", "lstm", "jordan", "deep_feedforward", "scalar")), LOOKS_BACK, LAGGED, LEARNED,
    read.load("elman", loss="mse"), read.load("gru", layers=2), read.load("elman", freeze=True),
)


def emitted(model: Model | str, backend: str, **options: Any) -> Any:
    """The emitted module; skipped where the framework is missing."""
    pytest.importorskip(backend)
    return resolve(emit.source(model, backend=backend, wrt="all", **options)).module


def close(found: Any, wanted: Any, tolerance: float = 1e-10) -> bool:
    """Whether an array has the shape and the entries of another."""
    array, expected = np.asarray(found), np.asarray(wanted)
    return array.shape == expected.shape and np.abs(array - expected).max() <= tolerance * max(1.0, np.abs(expected).max())


def given(model: Model, T: int = 7, N: int = 2) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Arguments of value_and_grad, and its mask and weights."""
    drawn, random = data.random(model, T=T, N=N, seed=3), np.random.default_rng(4)
    counts = {"mask": (random.random((T, N)) < 0.8) * 1.0, "weights": random.uniform(0.5, 1.5, T)}
    return (drawn.parameters, drawn.inputs, drawn.targets, drawn.states), counts


def same(module: Any, function: str, model: Model, expected: tuple[Any, dict[str, Any]], start: Any) -> None:
    """A function's value and gradients are those expected."""
    groups, counts = given(model)
    value, gradients = call(module, function, (*groups[:3], start), counts)
    assert close(value, expected[0]) and gradients.keys() == expected[1].keys()
    assert all(close(gradients[name], wanted) for name, wanted in expected[1].items())


@pytest.mark.share(3)
@BACKENDS
@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.name + m.options)
def test_segments_give_what_the_numpy_code_gives(model: Model, backend: str) -> None:
    made, numpy = emitted(model, backend, checkpoint=True), resolve(emit.source(model, wrt="all")).module
    (*groups, states), counts = given(model)
    for start in (states, None) if groups[1] else (states,):
        same(made, "value_and_grad_in_segments", model, numpy.value_and_grad(*groups, start, **counts), start)


@pytest.mark.share(3)
@BACKENDS
@pytest.mark.parametrize("scheme", SCHEMES, ids=str)
@pytest.mark.parametrize("model", TRUNCATED, ids=lambda m: m.name + m.options)
def test_truncated_gradients_are_those_of_the_numpy_code(model: Model, scheme: tuple[int, int], backend: str) -> None:
    made = emitted(model, backend, truncation=scheme)
    numpy = resolve(emit.source(model, wrt="all", truncation=scheme)).module
    (*groups, states), counts = given(model)
    for start in (states, None) if scheme == (3, 5) and groups[1] else (states,):
        same(made, "value_and_grad", model, numpy.value_and_grad(*groups, start, **counts), start)


@BACKENDS
@pytest.mark.parametrize("scheme", [(1, 2), (3, 2)], ids=str)
@pytest.mark.parametrize("name", ["elman", "lstm", "scalar"])
def test_the_truncated_vjp_is_that_of_the_numpy_code(name: str, scheme: tuple[int, int], backend: str) -> None:
    model = read.load(name)
    drawn = data.random(model, T=7, N=2, seed=5)
    found, expected = (
        resolve(emit.source(model, wrt="all", truncation=scheme, **options)).vjp(drawn) for options in ({"backend": backend}, {})
    )
    assert found.keys() == expected.keys() and all(close(found[key], expected[key]) for key in expected)


@BACKENDS
@pytest.mark.parametrize("options", [{"checkpoint": True}, {"truncation": (1, 2)}, {"truncation": (4, 2)}], ids=str)
@pytest.mark.parametrize("name", ["lstm", "deep_feedforward_batch_norm"])
def test_the_self_check(name: str, options: dict[str, Any], backend: str) -> None:
    made = emitted(name, backend, **options)
    assert max(made.self_check().values()) < 1e-11


@pytest.mark.share(4)
@pytest.mark.parametrize("backend", ("numpy", *FRAMEWORKS))
@pytest.mark.parametrize("options", [{}, {"checkpoint": True}, {"truncation": (4, 2)}], ids=str)
@pytest.mark.parametrize("path", headed.FILES, ids=lambda p: p.stem)
def test_the_self_check_of_heads(path: Path, options: dict[str, Any], backend: str) -> None:
    made = emitted(str(path), backend, **options)
    assert max(made.self_check().values()) < 1e-11


@pytest.mark.parametrize("scheme", [(1, 3), (3, 2)])
def test_the_self_check_of_truncated_heads_without_a_loss(scheme: tuple[int, int]) -> None:
    """Outputs of each head are handed out with an axis for the heads."""
    text = headed.FILES[0].read_text(encoding="utf-8").partition("[loss]")[0]
    model = read.from_text(text.replace("sum_heads", ""), "heads.toml")
    made = emitted(model, "numpy", truncation=scheme)
    assert max(made.self_check().values()) < 1e-11


@BACKENDS
def test_the_self_check_of_a_truncated_module_without_a_loss(backend: str) -> None:
    made = emitted(read.load("elman", loss="none"), backend, truncation=(2, 3))
    assert max(made.self_check().values()) < 1e-11


@BACKENDS
@pytest.mark.parametrize(("options", "right", "wrong"), [
    ({"checkpoint": True}, "return {\"h\": h_0}", "return {\"h\": 1.001 * h_0}"),
    ({"truncation": (1, 2)}, "d_h_prev = d_a @ W_hh", "d_h_prev = 1.001 * d_a @ W_hh"),
    ({"truncation": (1, 2)}, "if name in STATES", "if name in PER_STEP"),
])
def test_the_self_check_objects_to_corrupt_code(options: dict[str, Any], right: str, wrong: str, backend: str) -> None:
    pytest.importorskip(backend)
    source = emit.source("elman", backend=backend, wrt="all", **options)
    assert right in source.text
    made: dict[str, Any] = {"__name__": "corrupt"}
    exec(source.text.replace(right, wrong), made)  # our own text, with a mistake
    assert max(made["self_check"]().values()) > 1e-6


@BACKENDS
def test_verify_reads_segments_and_refuses_a_truncated_module(backend: str, tmp_path: Path) -> None:
    pytest.importorskip(backend)
    made = emit.source("elman", backend=backend, checkpoint=True).write(tmp_path / "segments.py")
    assert verify.file(made, T=3).ok
    with pytest.raises(BadInput, match="truncated on purpose"):
        verify.file(emit.source("elman", backend=backend, truncation=(1, 2)).write(tmp_path / "cut.py"))


def test_files_say_what_they_are() -> None:
    source = emit.source("lstm", backend="jax", truncation=(2, 4))
    assert source.path == "lstm_jax_k2_4.py" and "--backend jax --k1 2 --k2 4" in source.text
    assert "--backend torch --checkpoint" in emit.source("lstm", backend="torch", checkpoint=True).text
    with pytest.raises(BadInput, match="k2 must be a positive"):
        emit.source("lstm", backend="jax", truncation=(1, 0))


@pytest.mark.parametrize("name", THREE)
def test_jax_differentiates_segments_in_less_memory(name: str) -> None:
    model = read.load(name)
    made = emitted(model, "jax", checkpoint=True)
    jax = made.jax
    with jax.enable_x64(True):
        p, x, y, s = jax.tree.map(jax.numpy.asarray, given(model, T=144, N=4)[0])
        segmented = partial(made.loss_in_segments, segments=9)
        whole, pieces = (jax.jit(jax.grad(f, (0, 1, 3))).lower(p, x, y, s).compile() for f in (made.loss, segmented))
        for one, other in zip(jax.tree.leaves(whole(p, x, y, s)), jax.tree.leaves(pieces(p, x, y, s)), strict=True):
            assert close(one, other)
        assert 2 * pieces.memory_analysis().temp_size_in_bytes < whole.memory_analysis().temp_size_in_bytes
        mapped = jax.vmap(jax.grad(segmented), (0, None, None, None))({k: v[None] for k, v in p.items()}, x, y, s)
        assert all(close(mapped[k][0], v) for k, v in whole(p, x, y, s)[0].items())


@pytest.mark.parametrize("name", ["lstm", "jordan"])
def test_torch_differentiates_segments(name: str) -> None:
    model = read.load(name)
    made = emitted(model, "torch", checkpoint=True)
    torch = made.torch
    p, x, y, s = ({k: torch.as_tensor(v) for k, v in group.items()} for group in given(model, T=5, N=1)[0])
    keys = [*p, *s]

    def loss(*leaves: Any) -> Any:
        table = dict(zip(keys, leaves, strict=True))
        return made.loss_in_segments({k: table[k] for k in p}, x, y, {k: table[k] for k in s}, segments=2)

    assert torch.autograd.gradcheck(loss, [value.clone().requires_grad_() for value in (*p.values(), *s.values())])


@BACKENDS
def test_the_frameworks_differentiate_a_truncated_loss_as_value_and_grad_does(backend: str) -> None:
    model = read.load("lstm")
    made = emitted(model, backend, truncation=(2, 3))
    groups, _ = given(model)
    _, expected = call(made, "value_and_grad", groups, {})
    if backend == "jax":
        with made.jax.enable_x64(True):
            found = made.jax.jit(made.jax.grad(made.loss))(*groups)
    else:
        p, *others = ({k: made.torch.tensor(v) for k, v in group.items()} for group in groups)
        made.loss({k: v.requires_grad_() for k, v in p.items()}, *others).backward()
        found = {k: v.grad for k, v in p.items()}
    assert all(close(found[k], expected[k]) for k in found)


@pytest.mark.parametrize("model", TRUNCATED, ids=lambda m: m.name + m.options)
def test_torch_goes_back_in_blocks_of_steps(model: Model) -> None:
    made, numpy = emitted(model, "torch"), resolve(emit.source(model, wrt="all")).module
    made.ROWS = 4
    (*groups, states), counts = given(model)
    for start in (states, None) if groups[1] else (states,):
        same(made, "value_and_grad", model, numpy.value_and_grad(*groups, start, **counts), start)
